"""A design as a model for Spin: one process, one `d_step` for each step, as many states as the design has.

Source: the semantics of `d_step`, which is one transition whatever it does (Holzmann, The Spin Model Checker, 2003).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from splitproof.checker.export.effects import Effect, Forgetting, effect_of, leaves_read, over_step
from splitproof.checker.export.names import Names
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
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Leaf
from splitproof.model.expressions import TRUE
from splitproof.model.layout import Layout
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.state import default_of
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, EnumType, Int, Type
from splitproof.spec.properties import Kind, Property

__all__ = ["promela"]

_KEYWORDS = """
active assert atomic bit block bool break byte c_code c_decl c_expr c_state c_track chan d_step do else empty
enabled end eval false fi for full get_priority hidden if in init inline int len local ltl mtype nempty never
nfull notrace np_ od of pc_value pid print printf printm priority proctype provided return run select
set_priority short show skip step system timeout trace true typedef unless unsigned xr xs was
auto case char const continue default double enum extern float goto long register restrict signed sizeof static
struct switch union void volatile while
uchar uint ulong ushort now main trpt assert memcpy memset memcmp exit malloc free
"""
"""Of Promela, of C (Spin writes a C program), and of that program."""

_HOW_TO = (
    "",
    "    spin -a -o2 FILE && gcc -O2 -DSAFETY -w -o pan pan.c && ./pan -c0 -m1000000",
    "",
    "One d_step is one step of the design. Spin stores as many states as the design has and one more, in which no",
    "initial state has been chosen yet. It counts the transitions of the design, one for each initial state, and one",
    "to begin with.",
    "With -o2 Spin keeps variables that only properties read; without it, it would count other states.",
    "./pan -A counts states without judging anything. Spin reports the number of a violated assertion:",
    "",
)


def promela(machine: Machine, blocks: int, properties: Sequence[Property], data_values: int = 2) -> str:
    """The model, with these properties as assertions (those of kind always and step; others are named as left out).

    Raises:
        ModelError: there are no blocks, or the machine names what was never declared.
    """
    return "\n".join(_Promela(machine, blocks, properties, data_values).lines()) + "\n"


class _PromelaNotation(Notation):
    negation, conjunction, disjunction, equal, unequal = "!", "&&", "||", "==", "!="

    def __init__(self, names: Names, blocks: int) -> None:
        self._names, self._blocks = names, blocks

    def constant(self, value: Any, type_: Type) -> str:
        return self._names.member(type_, value) if isinstance(type_, EnumType) else str(value).lower()

    def ite(self, condition: str, yes: str, no: str) -> str:
        return f"({condition} -> {yes} : {no})"

    def member(self, chosen: str, block: str) -> str:
        return f"({chosen} >> {block}) & 1"

    def quantified(self, is_every: bool, body: Callable[[str], str]) -> str:
        joined = f" {self.conjunction if is_every else self.disjunction} "
        return f"({joined.join(body(str(block)) for block in range(self._blocks))})"


class _Promela:
    def __init__(
        self, machine: Machine, blocks: int, properties: Sequence[Property], data_values: int
    ) -> None:
        self._machine, self._blocks, self._data_values = machine, blocks, data_values
        self._layout = Layout(machine, blocks, data_values)
        self._names = Names(machine, [*_KEYWORDS.split(), "PerBlock", "Before", "BLOCKS"])
        self._notation = _PromelaNotation(self._names, blocks)
        self._asked = judged_by(properties, blocks)
        self._steps = [trace_property(machine, item) for item in self._asked if item.kind is Kind.STEP]
        self._was = {name for item in self._steps for name in leaves_read(item.for_all_blocks, after=False)}
        self._unjudged = [item for item in properties if item not in self._asked]
        self._effects = {action.label: effect_of(machine, action) for action in machine.actions}
        self._now = Writer(self._notation, self._read)

    def lines(self) -> Iterator[str]:
        yield from self._heading()
        yield from self._types()
        yield from self._state()
        for action in self._machine.actions:
            yield ""
            yield from self._inline(action)
        yield ""
        yield from self._process()

    # -- declarations ------------------------------------------------------------------------------------------

    def _heading(self) -> Iterator[str]:
        yield "/*"
        for line in (*heading(self._machine, self._blocks, "Spin 6"), *_HOW_TO):
            yield f" * {line}".rstrip()
        for number, item in enumerate(self._asked, start=1):
            yield f" *   !({number})  {item.id}: {plain(item.statement)}"
        for item in self._unjudged:
            yield f" *   left out: {item.id} ({item.kind.value})"
        yield " */"

    def _types(self) -> Iterator[str]:
        yield f"#define BLOCKS {self._blocks}"
        for number, item in enumerate(self._asked, start=1):
            yield f"#define {self._names.property_name(item.id)} {number}"
        for type_ in self._names.enums:
            yield ""
            for value, member in enumerate(type_.members):
                yield f"#define {self._names.member(type_, member)} {value}"

    def _state(self) -> Iterator[str]:
        leaves = self._machine.leaves.values()
        of_block = [leaf for leaf in leaves if leaf.per_block]
        if of_block:
            yield ""
            yield "/* What there is of each block. */"
            yield "typedef PerBlock {"
            for leaf in of_block:
                yield f"  {self._declared(leaf, self._names.leaf(leaf.name))};  /* {leaf_note(leaf)} */"
            yield "};"
            yield "PerBlock block[BLOCKS];"
        yield ""
        for leaf in leaves:
            if not leaf.per_block:
                yield f"{self._declared(leaf, self._names.leaf(leaf.name))};  /* {leaf_note(leaf)} */"
        yield from self._scratch()

    def _scratch(self) -> Iterator[str]:
        """Variables that are 0 before and after each step."""
        saved = max((len(self._kept_places(effect)) for effect in self._effects.values()), default=0)
        was = [self._machine.leaves[name] for name in self._machine.leaves if name in self._was]
        if saved or was:
            yield ""
            yield "/* What a step sets aside while it is taken; 0 between steps. */"
        for number in range(saved):
            yield f"int aside_{number};"
        if any(leaf.per_block for leaf in was):
            yield "typedef Before {"
            for leaf in was:
                if leaf.per_block:
                    yield f"  {self._declared(leaf, self._names.leaf(leaf.name))};"
            yield "};"
            yield "Before was[BLOCKS];"
        for leaf in was:
            if not leaf.per_block:
                yield f"{self._declared(leaf, self._was_name(leaf.name))};"

    def _declared(self, leaf: Leaf, name: str) -> str:
        low, high = self._span(leaf.type)
        if low < 0:
            return f"{'short' if low >= -(1 << 15) and high < 1 << 15 else 'int'} {name}"
        return f"unsigned {name} : {max(high.bit_length(), 1)}"

    def _span(self, type_: Type) -> tuple[int, int]:
        if isinstance(type_, Int):
            return type_.low, type_.high
        return 0, len(type_.values(self._blocks)) - 1

    # -- reading and writing -----------------------------------------------------------------------------------

    def _read(self, leaf: str, index: str | None, after: bool = False) -> str:
        name = self._names.leaf(leaf)
        return name if index is None else f"block[{index}].{name}"

    def _was_name(self, leaf: str) -> str:
        return f"was_{self._names.leaf(leaf)}"

    def _places(self, leaf: str) -> list[str | None]:
        return [str(b) for b in range(self._blocks)] if self._machine.leaves[leaf].per_block else [None]

    def _kept_places(self, effect: Effect) -> list[tuple[Update, str | None]]:
        """Each value to set aside: an update, and the block if it is one of all blocks."""
        return [
            (update, str(block) if update.bound is not None else None)
            for update in effect.kept
            for block in (range(self._blocks) if update.bound is not None else (0,))
        ]

    # -- steps -------------------------------------------------------------------------------------------------

    def _inline(self, action: Action) -> Iterator[str]:
        names = self._names
        parameters = {p.name: names.parameter(p.name) for p in action.parameters}
        write = self._now.knowing(**parameters)
        yield from (f"/* {line} */" for line in step_note(action))
        yield f"inline {names.action(action)}({', '.join(parameters.values())}) {{"
        yield "  ("
        for number, clause in enumerate(action.clauses):
            joined = "&& " if number else ""
            yield f"    {joined}{write.part(clause.condition)}  /* {clause_note(clause)} */"
        if not action.clauses:
            yield "    true"
        yield "  ) ->"
        statements = list(self._statements(self._effects[action.label], write))
        yield from (f"  {statement};" for statement in statements[:-1])
        yield f"  {statements[-1]}"
        yield "}"

    def _statements(self, effect: Effect, write: Writer) -> Iterator[str]:
        watched = [name for name in self._machine.leaves if name in self._was & effect.changed]
        for name in watched:
            for place in self._places(name):
                yield f"{self._before(name, place)} = {self._read(name, place)}"
        kept = self._kept_places(effect)
        for number, (update, block) in enumerate(kept):
            yield f"aside_{number} = {self._value(update, block, write)}"
        for update in effect.ordered:
            for block in self._places(update.name) if update.bound is not None else [None]:
                yield f"{self._target(update, block, write)} = {self._value(update, block, write)}"
        for number, (update, block) in enumerate(kept):
            yield f"{self._target(update, block, write)} = aside_{number}"
            yield f"aside_{number} = 0"
        for item in effect.forgotten:
            yield from self._forget(item, write)
        yield from self._judge_step(effect, write)
        for name in watched:
            for place in self._places(name):
                yield f"{self._before(name, place)} = 0"

    def _value(self, update: Update, block: str | None, write: Writer) -> str:
        if update.bound is not None and block is not None:
            write = write.knowing(**{update.bound.name: block})
        return write(update.value)

    def _target(self, update: Update, block: str | None, write: Writer) -> str:
        return self._read(update.name, block if update.index is None else write(update.index))

    def _forget(self, item: Forgetting, write: Writer) -> Iterator[str]:
        leaf = self._machine.leaves[item.leaf]
        default = self._notation.constant(default_of(leaf.type).value, leaf.type)
        for place in self._places(item.leaf) if item.index is None else [write(item.index)]:
            target = self._read(item.leaf, place)
            if item.condition is None:
                yield f"{target} = {default}"
            else:
                known = self._now if place is None else self._now.knowing(**{BLOCK_PARAMETER.name: place})
                yield f"{target} = ({known.part(item.condition)} -> {target} : {default})"

    def _before(self, leaf: str, place: str | None) -> str:
        return self._was_name(leaf) if place is None else f"was[{place}].{self._names.leaf(leaf)}"

    def _judge_step(self, effect: Effect, write: Writer) -> Iterator[str]:
        def read(leaf: str, index: str | None, after: bool) -> str:
            is_old = not after and leaf in effect.changed
            return self._before(leaf, index) if is_old else self._read(leaf, index)

        judged = Writer(self._notation, read)
        for item in self._steps:
            holds = over_step(item.for_all_blocks, effect.changed)
            if holds is not TRUE:
                yield f"if :: {judged(~holds)} -> assert(!{self._names.property_name(item.property.id)}) :: else fi"

    # -- the process -------------------------------------------------------------------------------------------

    def _process(self) -> Iterator[str]:
        yield "active proctype design() {"
        yield "  if"
        for state in initial_states(self._machine, self._layout):
            yield f"  :: d_step {{ {'; '.join(self._start(state)) or 'skip'} }}"
        yield "  fi;"
        yield "end:"
        yield "  do"
        for action in self._machine.actions:
            for arguments in itertools.product(*(self._arguments(p.type) for p in action.parameters)):
                yield f"  :: d_step {{ {self._names.action(action)}({', '.join(arguments)}) }}"
        for item in self._asked:
            if item.kind is Kind.ALWAYS:
                holds = trace_property(self._machine, item).for_all_blocks
                yield f"  :: d_step {{ {self._now(~holds)} -> assert(!{self._names.property_name(item.id)}) }}"
        yield "  od"
        yield "}"

    def _start(self, state: tuple[Any, ...]) -> Iterator[str]:
        """Assignments of what does not start as 0."""
        for slot in self._layout.slots:
            text = self._notation.constant(state[slot.position], slot.leaf.type)
            place = None if slot.block is None else str(slot.block)
            starts_as_zero = state[slot.position] == (
                0 if isinstance(slot.leaf.type, Int) else slot.values[0]
            )
            if not starts_as_zero:
                yield f"{self._read(slot.leaf.name, place)} = {text}"

    def _arguments(self, type_: Type) -> list[str]:
        if type_ == BLOCK_SET:
            return [str(mask) for mask in range(1 << self._blocks)]
        count = self._data_values if type_ == DATA else len(type_.values(self._blocks))
        assert type_ in (BLOCK, DATA)
        return [str(value) for value in range(count)]
