"""A design as a module of TLA+ with a configuration for TLC: one definition for each action, `Init`, `Next`, `Spec`.

Source: Lamport, Specifying Systems, 2002; the order of conjuncts is the one in which TLC evaluates them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from splitproof.checker.export.effects import Effect, Forgetting, conditions_of, effect_of
from splitproof.checker.export.names import Names
from splitproof.checker.export.notation import Writer
from splitproof.checker.export.prose import clause_note, heading, leaf_note, plain, step_note
from splitproof.checker.export.tla_notation import KEYWORDS, TlaNotation, module_name
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Fairness, Leaf, TracedProperty
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE, Expr, Param
from splitproof.model.layout import Layout
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.records import ANY
from splitproof.model.state import default_of
from splitproof.model.types import BLOCK, DATA_VALUES
from splitproof.spec.properties import Kind, Property

__all__ = ["tla", "tla_configuration"]

_EXPORTED = (Kind.ALWAYS, Kind.STEP, Kind.LEADS_TO)
_FAIRNESS = {Fairness.WEAK: "WF_vars", Fairness.STRONG: "SF_vars"}


def tla(machine: Machine, blocks: int, properties: Sequence[Property], module: str = "") -> str:
    """The module. Its blocks and data are constants; `blocks` says which properties can be asked.

    `module`: its name, which TLC wants to be the file's; from the machine's name unless given.

    Raises:
        ModelError: that is no name of a module.
    """
    name = module or module_name(machine)
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise ModelError(
            f"{name!r} is no name of a TLA+ module, which is that of its file; accepted are letters, digits and _",
            "",
        )
    return "\n".join(_Tla(machine, blocks, properties, name).lines()) + "\n"


def tla_configuration(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    data_values: int = DATA_VALUES,
    *,
    says_deadlock: bool = True,
) -> str:
    """What TLC is to check of the module, with so many blocks and values of data.

    `says_deadlock`: that a design may come to its end. TLC before 1.7 has no such word, and wants `-deadlock`.
    """
    written = _Tla(machine, blocks, properties, module_name(machine))
    return "\n".join(written.configuration(data_values, says_deadlock=says_deadlock)) + "\n"


class _Tla:
    def __init__(self, machine: Machine, blocks: int, properties: Sequence[Property], module: str) -> None:
        Layout(machine, blocks)  # which settles the machine, and refuses 0 blocks
        self._machine, self._blocks, self._module = machine, blocks, module
        self._names = Names(machine, [*KEYWORDS.split(), module])
        self._notation = TlaNotation(self._names)
        askable = [item for item in properties if item.needs_blocks <= blocks]
        self._asked = [trace_property(machine, item) for item in askable if item.kind in _EXPORTED]
        exported = {item.property.id for item in self._asked}
        self._left_out = [item for item in properties if item.id not in exported]
        self._now = Writer(self._notation, lambda leaf, index, after: self._read(leaf, index))
        self._conditions = conditions_of(machine)

    def lines(self) -> Iterator[str]:
        yield f"{'-' * 30} MODULE {self._module} {'-' * 30}"
        yield from self._heading()
        yield "EXTENDS Integers"
        yield ""
        yield "CONSTANTS"
        yield "  Block,  \\* the blocks of the volumes"
        yield "  Data  \\* what a block can hold"
        yield ""
        yield "\\* What a variable holds while it means nothing."
        yield "FirstBlock == CHOOSE block \\in Block : TRUE"
        yield "FirstData == CHOOSE data \\in Data : TRUE"
        yield ""
        yield from self._variables()
        yield ""
        yield from self._initial()
        for action in self._machine.actions:
            yield ""
            yield from self._action(action)
        yield ""
        yield from self._behaviour()
        yield from self._properties()
        yield "=" * (70 + len(self._module))

    def configuration(self, data_values: int, *, says_deadlock: bool) -> Iterator[str]:
        yield "\\* For TLC. SYMMETRY would be unsound with the properties over time, and is not declared."
        yield "SPECIFICATION Spec"
        yield "CONSTANTS"
        yield f"  Block = {{{', '.join(f'block{number}' for number in range(self._blocks))}}}"
        yield f"  Data = {{{', '.join(f'data{number}' for number in range(data_values))}}}"
        if says_deadlock:
            yield "CHECK_DEADLOCK FALSE"
        yield "INVARIANTS"
        yield "  TypeOK"
        names: dict[Kind, list[str]] = {kind: [] for kind in _EXPORTED}
        for item in self._asked:
            names[item.property.kind].append(self._names.property_name(item.property.id))
        yield from (f"  {name}" for name in names[Kind.ALWAYS])
        over_time = [*names[Kind.STEP], *names[Kind.LEADS_TO]]
        if over_time:
            yield "PROPERTIES"
            yield from (f"  {name}" for name in over_time)

    # -- declarations ------------------------------------------------------------------------------------------

    def _heading(self) -> Iterator[str]:
        for line in (
            *heading(self._machine, self._blocks, "TLC"),
            "",
            "A step of the module is a step of the design. Fairness is of each choice of an action's blocks by itself.",
            "A step that changes nothing is no step here, so that properties of steps do not judge it.",
            *(f"left out: {item.id} ({item.kind.value})" for item in self._left_out),
        ):
            yield f"\\* {line}".rstrip()

    def _variables(self) -> Iterator[str]:
        leaves = list(self._machine.leaves.values())
        yield "VARIABLES"
        for leaf in leaves:
            comma = "," if leaf is not leaves[-1] else ""
            yield f"  {self._names.leaf(leaf.name)}{comma}  \\* {leaf_note(leaf)}"
        yield ""
        yield f"vars == <<{', '.join(self._names.leaf(leaf.name) for leaf in leaves)}>>"
        yield ""
        yield "TypeOK =="
        for leaf in leaves:
            yield f"  /\\ {self._names.leaf(leaf.name)} \\in {self._domain(leaf)}"

    def _domain(self, leaf: Leaf) -> str:
        values = self._notation.values(leaf.type)
        return f"[Block -> {values}]" if leaf.per_block else values

    def _read(self, leaf: str, index: str | None, suffix: str = "") -> str:
        name = self._names.leaf(leaf) + suffix
        return name if index is None else f"{name}[{index}]"

    # -- initial states ----------------------------------------------------------------------------------------

    def _initial(self) -> Iterator[str]:
        """Variables without a condition first, then the others in the order in which they are settled."""
        yield "Init =="
        for name, leaf in self._machine.leaves.items():
            if name not in self._conditions:
                yield f"  /\\ {self._names.leaf(name)} {self._starts_as(leaf)}"
        for name, condition in self._conditions.items():
            yield f"  /\\ {self._names.leaf(name)} {self._settled_start(self._machine.leaves[name], condition)}"
        constraint = self._machine.constraint
        if constraint is not TRUE:
            yield f"  /\\ {self._now(constraint)}"

    def _starts_as(self, leaf: Leaf) -> str:
        if leaf.initial is ANY:
            return f"\\in {self._domain(leaf)}"
        return f"= {self._of_each(leaf, self._first(leaf))}"

    def _first(self, leaf: Leaf) -> str:
        value = default_of(leaf.type).value if leaf.initial is None else leaf.initial
        return self._notation.constant(value, leaf.type)

    def _of_each(self, leaf: Leaf, value: str) -> str:
        return f"[block \\in Block |-> {value}]" if leaf.per_block else value

    def _settled_start(self, leaf: Leaf, condition: Expr) -> str:
        """What a variable with a condition starts as: its initial value where that holds."""
        default = self._notation.constant(default_of(leaf.type).value, leaf.type)
        if leaf.initial is not ANY and self._first(leaf) == default:
            return f"= {self._of_each(leaf, default)}"
        with self._notation.bound.fresh() as function, self._notation.bound.fresh() as each:
            means = self._now.knowing(**{BLOCK_PARAMETER.name: each}).part(condition)
            if leaf.initial is not ANY:
                value = f"IF {means} THEN {self._first(leaf)} ELSE {default}"
                return f"= [{each} \\in Block |-> {value}]" if leaf.per_block else f"= {value}"
            if not leaf.per_block:
                return f"\\in IF {means} THEN {self._notation.values(leaf.type)} ELSE {{{default}}}"
            kept = f"\\A {each} \\in Block : {means} \\/ {function}[{each}] = {default}"
            return f"\\in {{{function} \\in {self._domain(leaf)} : {kept}}}"

    # -- steps -------------------------------------------------------------------------------------------------

    def _action(self, action: Action) -> Iterator[str]:
        names = self._names
        parameters = {p.name: names.parameter(p.name) for p in action.parameters}
        write = self._now.knowing(**parameters)
        effect = effect_of(self._machine, action)
        yield from (f"\\* {line}" for line in step_note(action))
        listed = f"({', '.join(parameters.values())})" if parameters else ""
        yield f"{names.action(action)}{listed} =="
        for clause in action.clauses:
            yield f"  /\\ {write.part(clause.condition)}  \\* {clause_note(clause)}"
        yield from self._writes(action, effect, write)
        unchanged = [names.leaf(name) for name in self._machine.leaves if name not in effect.changed]
        if unchanged:
            yield f"  /\\ UNCHANGED <<{', '.join(unchanged)}>>"

    def _writes(self, action: Action, effect: Effect, write: Writer) -> Iterator[str]:
        """What is never forgotten first, since conditions read the values after the step."""
        forgotten = {item.leaf for item in effect.forgotten}
        for name in self._machine.leaves:
            if name in effect.changed and name not in forgotten:
                yield f"  /\\ {self._names.leaf(name)}' = {self._written(name, action, write)}"
        for item in effect.forgotten:
            yield f"  /\\ {self._names.leaf(item.leaf)}' = {self._settled(item, effect, action, write)}"

    def _written(self, name: str, action: Action, write: Writer) -> str:
        """What the action writes into a variable, before anything is forgotten."""
        updates = [update for update in action.updates if update.name == name]
        if not updates:
            return self._names.leaf(name)
        if not self._machine.leaves[name].per_block:
            return write.part(updates[0].value)
        if updates[0].bound is not None:
            with self._notation.bound.fresh() as each:
                value = write.knowing(**{updates[0].bound.name: each})(updates[0].value)
                return f"[{each} \\in Block |-> {value}]"
        places = (
            f"![{write(update.index)}] = {write.part(update.value)}"
            for update in updates
            if update.index is not None
        )
        return f"[{self._names.leaf(name)} EXCEPT {', '.join(places)}]"

    def _written_at(self, name: str, each: str, action: Action, write: Writer) -> str:
        """What the action writes into a variable for one block, before anything is forgotten."""
        text = self._read(name, each)
        for update in action.updates:
            if update.name == name and update.bound is not None:
                text = write.knowing(**{update.bound.name: each}).part(update.value)
            elif update.name == name and update.index is not None:
                text = f"(IF {each} = {write(update.index)} THEN {write.part(update.value)} ELSE {text})"
        return text

    def _settled(self, item: Forgetting, effect: Effect, action: Action, write: Writer) -> str:
        """What a variable holds after the step if it means something, else its first value."""
        leaf = self._machine.leaves[item.leaf]
        default = self._notation.constant(default_of(leaf.type).value, leaf.type)
        after_step = Writer(
            self._notation,
            lambda name, index, _after: self._read(name, index, "'" if name in effect.changed else ""),
        )
        if not leaf.per_block:
            if item.condition is None:
                return default
            written = self._written(item.leaf, action, write)
            return f"IF {after_step(item.condition)} THEN {written} ELSE {default}"
        with self._notation.bound.fresh() as each:
            own = self._written_at(item.leaf, each, action, write)
            if item.condition is not None:
                means = after_step.knowing(**{BLOCK_PARAMETER.name: each})
                value = f"IF {means(item.condition)} THEN {own} ELSE {default}"
            elif item.index is None:
                value = default
            else:
                value = f"IF {each} = {write(item.index)} THEN {default} ELSE {own}"
            return f"[{each} \\in Block |-> {value}]"

    # -- behaviour and properties ------------------------------------------------------------------------------

    def _behaviour(self) -> Iterator[str]:
        yield "Next =="
        for action in self._machine.actions:
            yield f"  \\/ {self._taken(action, action.parameters)}"
        yield ""
        yield "Spec =="
        yield "  /\\ Init"
        yield "  /\\ [][Next]_vars"
        for action in self._machine.actions:
            if action.fairness is not None:
                yield f"  /\\ {self._promise(action, action.fairness)}"

    def _promise(self, action: Action, fairness: Fairness) -> str:
        """Fairness for each choice of its blocks by itself, and any choice of its data (`model.fairness`)."""
        blocks = [parameter for parameter in action.parameters if parameter.type == BLOCK]
        others = [parameter for parameter in action.parameters if parameter.type != BLOCK]
        promise = f"{_FAIRNESS[fairness]}({self._taken(action, others)})"
        return f"\\A {self._bounds(blocks)} : {promise}" if blocks else promise

    def _taken(self, action: Action, chosen: Sequence[Param]) -> str:
        """The action for some choice of these of its parameters."""
        names = [self._names.parameter(parameter.name) for parameter in action.parameters]
        call = f"{self._names.action(action)}({', '.join(names)})" if names else self._names.action(action)
        return f"\\E {self._bounds(chosen)} : {call}" if chosen else call

    def _bounds(self, parameters: Sequence[Param]) -> str:
        return ", ".join(
            f"{self._names.parameter(p.name)} \\in {self._notation.values(p.type)}" for p in parameters
        )

    def _properties(self) -> Iterator[str]:
        for item in self._asked:
            yield ""
            yield f"\\* {plain(item.property.statement)}"
            yield f"{self._names.property_name(item.property.id)} == {self._property(item)}"

    def _property(self, item: TracedProperty) -> str:
        if item.property.kind is Kind.ALWAYS:
            return self._now(item.for_all_blocks)
        if item.property.kind is Kind.STEP:
            over = Writer(self._notation, lambda leaf, i, after: self._read(leaf, i, "'" if after else ""))
            return f"[][{over(item.for_all_blocks)}]_vars"
        if not item.property.per_block:
            return f"{self._now.part(item.trigger)} ~> {self._now.part(item.holds)}"
        with self._notation.bound.fresh() as each:
            write = self._now.knowing(**{BLOCK_PARAMETER.name: each})
            return f"\\A {each} \\in Block : {write.part(item.trigger)} ~> {write.part(item.holds)}"
