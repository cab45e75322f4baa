"""A design as a model for Rumur, in the language of Murphi: one rule for each action, with its parameters as rulesets.

Source: Ip and Dill, Better verification through symmetry, 1996, for scalarsets.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from splitproof.checker.export.effects import Effect, Forgetting, effect_of, leaves_read, over_step
from splitproof.checker.export.names import BoundNames, Names
from splitproof.checker.export.notation import Notation, Writer
from splitproof.checker.export.prose import (
    clause_note,
    heading,
    initial_states,
    judged_by,
    leaf_note,
    plain,
    step_note,
)
from splitproof.checker.export.trees import trees_of
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Leaf
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE, Const, Expr, Plus, walk
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Layout, Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.state import default_of
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Int, Type
from splitproof.spec.properties import Kind, Property

__all__ = ["murphi"]

_KEYWORDS = """
alias array assert assume begin boolean by case clear const cover do else elsif elseif end endalias endexists
endfor endforall endfunction endif endprocedure endrecord endrule endruleset endstartstate endswitch endwhile
enum error exists export false for forall from function if import in include invariant ismember isundefined
liveness map multiset multisetadd multisetcount multisetremove of others print procedure process program put
real record return rule ruleset scalarset smt startstate string switch symmetry_size then to traceuntil true type
undefined undefine union var while
"""

_HOW_TO = (
    "",
    "    rumur --deadlock-detection off {symmetry}-o model.c FILE",
    "    gcc -O3 -mcx16 -w -o model model.c -lpthread && ./model",
    "",
)


def murphi(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    *,
    symmetry: bool = False,
    covers: bool = False,
    data_values: int = 2,
) -> str:
    """The model, with these properties (those of kind always and step; others are named as left out).

    `symmetry`: blocks are a scalarset, so that Rumur counts states up to renaming blocks. `covers`: violations are
    counted with `cover`; otherwise properties are invariants and assertions, and Rumur goes no further where one fails.

    Raises:
        ModelError: there are no blocks; or with `symmetry`, a state starts with a certain block named in it.
    """
    model = _Murphi(machine, blocks, properties, symmetry, covers, data_values)
    return "\n".join(model.lines()) + "\n"


class _MurphiNotation(Notation):
    negation, conjunction, disjunction, equal, unequal = "!", "&", "|", "=", "!="

    def __init__(self, names: Names, symmetry: bool) -> None:
        self._names, self._symmetry = names, symmetry
        self.bound = BoundNames(names)

    def constant(self, value: Any, type_: Type) -> str:
        return self._names.member(type_, value) if isinstance(type_, EnumType) else str(value).lower()

    def ite(self, condition: str, yes: str, no: str) -> str:
        return f"({condition} ? {yes} : {no})"

    def member(self, chosen: str, block: str) -> str:
        place = f"place_of({block})" if self._symmetry else block
        return f"(({chosen} >> {place}) & 1) = 1"

    def quantified(self, is_every: bool, body: Callable[[str], str]) -> str:
        kind = "forall" if is_every else "exists"
        with self.bound.fresh() as name:
            return f"({kind} {name}: Block do {body(name)} end{kind})"


class _Murphi:
    def __init__(
        self,
        machine: Machine,
        blocks: int,
        properties: Sequence[Property],
        symmetry: bool,
        covers: bool,
        data_values: int,
    ) -> None:
        self._machine, self._blocks, self._data_values = machine, blocks, data_values
        self._symmetry, self._covers = symmetry, covers
        self._layout = Layout(machine, blocks, data_values)
        reserved = [*_KEYWORDS.split(), "Block", "Blocks", "Data", "place_of", "place", "start"]
        self._names = Names(machine, reserved)
        self._sums = self._names.new("Sums")
        self._notation = _MurphiNotation(self._names, symmetry)
        self._asked = judged_by(properties, blocks)
        self._steps = [trace_property(machine, item) for item in self._asked if item.kind is Kind.STEP]
        self._unjudged = [item for item in properties if item not in self._asked]
        self._now = Writer(self._notation, self._read)

    def lines(self) -> Iterator[str]:
        yield from self._heading()
        yield ""
        yield from self._types()
        yield ""
        yield "var"
        for leaf in self._machine.leaves.values():
            yield f"  {self._declared(leaf, self._names.leaf(leaf.name))}  -- {leaf_note(leaf)}"
        if self._symmetry:
            yield from _PLACE_OF
        yield ""
        yield from self._starts()
        for action in self._machine.actions:
            yield ""
            yield from self._rule(action)
        yield from self._properties()

    # -- declarations ------------------------------------------------------------------------------------------

    def _heading(self) -> Iterator[str]:
        how_to = [
            line.format(symmetry="" if self._symmetry else "--symmetry-reduction off ") for line in _HOW_TO
        ]
        for line in (*heading(self._machine, self._blocks, "Rumur"), *how_to):
            yield f"-- {line}".rstrip()
        if self._symmetry:
            yield "-- States are counted up to renaming blocks; a block that means nothing is undefined."
        else:
            yield "-- Rumur counts the states of the design, and as many rules fired as it has transitions."
        for item in self._unjudged:
            yield f"-- left out: {item.id} ({item.kind.value})"

    def _types(self) -> Iterator[str]:
        yield "type"
        of_block = f"scalarset({self._blocks})" if self._symmetry else f"0..{self._blocks - 1}"
        yield f"  Block: {of_block};"
        yield f"  Blocks: 0..{(1 << self._blocks) - 1};  -- a set of blocks, a bit for each"
        yield f"  Data: 0..{self._data_values - 1};"
        for type_ in self._names.enums:
            members = ", ".join(self._names.member(type_, member) for member in type_.members)
            yield f"  {self._enum(type_)}: enum {{ {members} }};"
        nodes = itertools.chain.from_iterable(map(walk, trees_of(self._machine)))
        sums = [node.type for node in nodes if isinstance(node, Plus) and isinstance(node.type, Int)]
        if sums:  # Rumur calculates in the narrowest type that holds all that are declared
            low, high = min(type_.low for type_ in sums), max(type_.high for type_ in sums)
            yield f"  {self._sums}: {low}..{high};  -- of no variable: how far sums reach on the way"

    def _enum(self, type_: EnumType) -> str:
        return self._names.type(type_)

    def _type(self, type_: Type) -> str:
        match type_:
            case EnumType():
                return self._enum(type_)
            case Int(low=low, high=high):
                return f"{low}..{high}"
        return {BOOL: "boolean", BLOCK: "Block", DATA: "Data", BLOCK_SET: "Blocks"}[type_]

    def _declared(self, leaf: Leaf, name: str) -> str:
        array = "array [Block] of " if leaf.per_block else ""
        return f"{name}: {array}{self._type(leaf.type)};"

    def _starts(self) -> Iterator[str]:
        states = initial_states(self._machine, self._layout)
        for number, state in enumerate(states, start=1):
            yield f'startstate "initial state {number}"'
            if self._symmetry and any(leaf.per_block for leaf in self._machine.leaves.values()):
                yield "var place: 0..BLOCKS;".replace("BLOCKS", str(self._blocks))
            yield "begin"
            yield from (f"  {line}" for line in self._start(state))
            yield "end;"

    def _start(self, state: Valuation) -> Iterator[str]:
        slots = self._layout.slots
        for slot in slots:
            if slot.block is None:
                yield self._start_of(slot, state, self._names.leaf(slot.leaf.name))
        of_block = [slot for slot in slots if slot.block is not None]
        if not self._symmetry:
            for slot in of_block:
                yield self._start_of(slot, state, self._read(slot.leaf.name, str(slot.block)))
        elif of_block:
            yield "place := 0;"
            with self._notation.bound.fresh() as name:
                yield f"for {name}: Block do"
                for block in range(self._blocks):
                    yield f"  {'if' if block == 0 else 'elsif'} place = {block} then"
                    for slot in of_block:
                        if slot.block == block:
                            yield f"    {self._start_of(slot, state, self._read(slot.leaf.name, name))}"
                yield "  endif;"
                yield "  place := place + 1;"
                yield "endfor;"

    def _start_of(self, slot: Slot, state: Valuation, target: str) -> str:
        value = state[slot.position]
        if slot.leaf.type == BLOCK and self._symmetry:
            self._refuse_if_named(slot, state)
            return f"undefine {target};"
        return f"{target} := {self._notation.constant(value, slot.leaf.type)};"

    def _refuse_if_named(self, slot: Slot, state: Valuation) -> None:
        condition = self._machine.while_of(slot.leaf.name)
        known = {} if slot.block is None else {BLOCK_PARAMETER.name: slot.block}
        interpreter = Interpreter(self._machine, self._blocks)
        if condition is None or interpreter.value(condition, state, known):
            raise ModelError(
                f"{self._machine.name} starts with a certain block in {slot.name}; export it without symmetry",
                "",
            )

    # -- reading and writing -----------------------------------------------------------------------------------

    def _read(self, leaf: str, index: str | None, after: bool = False) -> str:
        name = self._names.leaf(leaf)
        return name if index is None else f"{name}[{index}]"

    # -- steps -------------------------------------------------------------------------------------------------

    def _rule(self, action: Action) -> Iterator[str]:
        names = self._names
        parameters = {p.name: names.parameter(p.name) for p in action.parameters}
        write = self._now.knowing(**parameters)
        effect = effect_of(self._machine, action)
        yield from (f"-- {line}" for line in step_note(action))
        if parameters:
            quantified = (f"{parameters[p.name]}: {self._type(p.type)}" for p in action.parameters)
            yield f"ruleset {'; '.join(quantified)} do"
        yield f'rule "{names.action(action)}"'
        for number, clause in enumerate(action.clauses):
            joined = "& " if number else ""
            yield f"  {joined}{write.part(clause.condition)}  -- {clause_note(clause)}"
        if not action.clauses:
            yield "  true"
        yield "==>"
        yield from self._locals(effect)
        yield "begin"
        yield from (f"  {line}" for line in self._statements(effect, write))
        yield "endrule;"
        if parameters:
            yield "endruleset;"

    def _judged_steps(self, effect: Effect) -> list[tuple[str, Expr]]:
        found = ((item.property.id, over_step(item.for_all_blocks, effect.changed)) for item in self._steps)
        return [(name, holds) for name, holds in found if holds is not TRUE]

    def _watched(self, effect: Effect) -> list[str]:
        """What is read as it was before the step, after the step has changed it."""
        read = {name for _, holds in self._judged_steps(effect) for name in leaves_read(holds, after=False)}
        return [name for name in self._machine.leaves if name in read & effect.changed]

    def _locals(self, effect: Effect) -> Iterator[str]:
        leaves = self._machine.leaves
        for number, update in enumerate(effect.kept):
            array = "array [Block] of " if update.bound is not None else ""
            yield f"var aside_{number}: {array}{self._type(leaves[update.name].type)};"
        for name in self._watched(effect):
            yield f"var {self._declared(leaves[name], self._was(name))}"

    def _was(self, leaf: str) -> str:
        return f"was_{self._names.leaf(leaf)}"

    def _statements(self, effect: Effect, write: Writer) -> Iterator[str]:
        for name in self._watched(effect):
            yield f"{self._was(name)} := {self._names.leaf(name)};"
        for number, update in enumerate(effect.kept):
            yield from self._assign(update, f"aside_{number}", write)
        for update in effect.ordered:
            yield from self._assign(update, None, write)
        for number, update in enumerate(effect.kept):
            index = None if update.index is None else write(update.index)
            yield f"{self._read(update.name, index)} := aside_{number};"
        for item in effect.forgotten:
            yield from self._forget(item, write)
        yield from self._judge_step(effect, write)

    def _assign(self, update: Update, aside: str | None, write: Writer) -> Iterator[str]:
        if update.bound is None:
            index = None if update.index is None else write(update.index)
            yield self._put(aside or self._read(update.name, index), update.value, write)
            return
        with self._notation.bound.fresh() as name:
            target = self._read(update.name, name) if aside is None else f"{aside}[{name}]"
            value = self._put(target, update.value, write.knowing(**{update.bound.name: name}))
        yield f"for {name}: Block do {value} endfor;"

    def _put(self, target: str, value: Expr, write: Writer) -> str:
        if self._symmetry and isinstance(value, Const) and value.type == BLOCK:
            return f"undefine {target};"
        if self._symmetry and any(isinstance(node, Const) and node.type == BLOCK for node in walk(value)):
            raise ModelError(
                f"{self._machine.name} writes {value} to {target}, which names a certain block; "
                "export it without symmetry",
                "",
            )
        return f"{target} := {write(value)};"

    def _forget(self, item: Forgetting, write: Writer) -> Iterator[str]:
        leaf = self._machine.leaves[item.leaf]
        default = default_of(leaf.type)
        if not leaf.per_block or item.index is not None:
            place = None if item.index is None else write(item.index)
            yield self._forget_at(item, place, default)
            return
        with self._notation.bound.fresh() as name:
            statement = self._forget_at(item, name, default)
        yield f"for {name}: Block do {statement} endfor;"

    def _forget_at(self, item: Forgetting, place: str | None, default: Const) -> str:
        known = self._now if place is None else self._now.knowing(**{BLOCK_PARAMETER.name: place})
        statement = self._put(self._read(item.leaf, place), default, self._now)
        if item.condition is None:
            return statement
        return f"if {known(~item.condition)} then {statement} endif;"

    def _judge_step(self, effect: Effect, write: Writer) -> Iterator[str]:
        watched = self._watched(effect)

        def read(leaf: str, index: str | None, after: bool) -> str:
            name = self._was(leaf) if not after and leaf in watched else self._names.leaf(leaf)
            return name if index is None else f"{name}[{index}]"

        judged = Writer(self._notation, read)
        for name, holds in self._judged_steps(effect):
            yield f'cover "{name}" {judged(~holds)};' if self._covers else f'assert "{name}" {judged(holds)};'

    # -- properties --------------------------------------------------------------------------------------------

    def _properties(self) -> Iterator[str]:
        for item in self._asked:
            if item.kind is Kind.ALWAYS:
                holds = trace_property(self._machine, item).for_all_blocks
                yield ""
                yield f"-- {plain(item.statement)}"
                is_bad, is_good = self._now(~holds), self._now(holds)
                yield f'cover "{item.id}" {is_bad};' if self._covers else f'invariant "{item.id}" {is_good};'


_PLACE_OF = (
    "",
    "function place_of(block: Block): 0..63;  -- which bit of a set of blocks stands for the block",
    "var place: 0..63;",
    "begin",
    "  place := 0;",
    "  for other: Block do",
    "    if other = block then return place; endif;",
    "    place := place + 1;",
    "  endfor;",
    "end;",
)
