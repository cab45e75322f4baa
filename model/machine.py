"""A machine: typed finite state, guarded actions, named predicates. This is what a design declares.

```python
machine = Machine("lock")
machine.shared("door", Door, "open or shut", cell=DOOR)

@machine.action(by=KEEPER)
def shut(s: State) -> None:
    \"\"\"The keeper shuts the door.\"\"\"      # the first line is the narration in stories
    when(s.door == Door.OPEN)
    s.door = Door.SHUT
```
Everything is checked as soon as it is declared; `ModelError` says what, where, and what would be accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import UnionType
from typing import Any, cast

from splitproof.model.cells import GHOST, Cell
from splitproof.model.checks import check_action, check_conditions, check_leaf, check_references
from splitproof.model.conditions import BLOCK_PARAMETER, Condition
from splitproof.model.declarations import Action, Declarations, Fairness, Leaf, Predicate, Variable
from splitproof.model.errors import ModelError, UndeclaredError, source_line
from splitproof.model.expressions import TRUE, Expr, same, show
from splitproof.model.misuse import describe, nearest
from splitproof.model.properties import trace_property
from splitproof.model.ranking import Falls, Helps, RankingArgument, trace_ranking
from splitproof.model.records import Record, as_type, check_name
from splitproof.model.signatures import narration_of, parameters_of
from splitproof.model.source import check_source, place_of, required_parameters
from splitproof.model.state import State, derive
from splitproof.model.tracing import tracing
from splitproof.model.validity import while_of_field, while_of_variable
from splitproof.spec.properties import Expectation, Property
from splitproof.spec.vocabulary import Event, Processor, StepKind

__all__ = ["Machine"]


_OPTIONS: dict[str, tuple[type | UnionType, str]] = {
    "by": (Processor, "a Processor"),
    "kind": (StepKind, "a StepKind"),
    "fair": (Fairness | None, "Fairness.WEAK or Fairness.STRONG"),
    "folds": (str | None, "a sentence that says why"),
    "cites": (tuple, 'a tuple of identifiers, such as ("R29",)'),
    "counts": (tuple, "a tuple of Events"),
    "needs_blocks": (int, "a number of blocks"),
    "idle": (str | None, "a sentence that says why"),
}
"""What the options of an action take."""


class Machine(Declarations):
    """A design being declared, and then explored, proved and exported for any number of blocks."""

    def __init__(self, name: str, meaning: str = "") -> None:
        super().__init__(name)
        self.meaning = meaning
        self.expects: dict[str, Expectation] = {}
        self.arguments: dict[str, RankingArgument] = {}
        self._first_readings: dict[str, Expr] = {}
        self._leaves_checked = 0

    # -- state

    def shared(
        self,
        name: str,
        declared: object,
        meaning: str,
        *,
        cell: Cell,
        per_block: bool = False,
        numeral: int | None = None,
        initial: object = None,
        word_of: Cell | None = None,
        also_in: Cell | None = None,
        while_: Callable[..., object] | None = None,
    ) -> None:
        """Declare a variable or a record of them in a cell.

        `per_block`: one for each block. `initial`: the first value of the type unless given; `ANY` for all.
        `word_of`: the cell through which it can be read and written for all blocks at once.
        `also_in`: a cell whose steps may read it too.
        `while_`: `lambda s: ...` (`lambda s, b: ...` if per block): while false, the variable means nothing
        and holds the type's first value. Of a record, it holds for every field besides the field's own.
        """
        self._check_declaration(name, "a variable", meaning)
        if not isinstance(cell, Cell):
            raise ModelError(
                f"{name} lies in {describe(cell)}; cell= takes a Cell, a memory(...) or a channel(...)"
            )
        where = source_line()
        if isinstance(declared, type) and issubclass(declared, Record):
            if not declared.fields or initial is not None:
                offence = "no fields" if not declared.fields else "no initial value of its own"
                raise ModelError(
                    f"{name} is a {declared.__name__}, which has {offence}; give them with field(...)"
                )
            self.variables[name] = Variable(name, declared, per_block)
            for field_name, item in declared.fields.items():
                type_, is_per_block = as_type(item.declared), per_block or item.per_block
                leaf = Leaf(
                    f"{name}.{field_name}", type_, is_per_block, cell, item.meaning, numeral, word_of, also_in
                )
                leaf = replace(leaf, initial=item.initial, where=item.where or where)
                self._add(leaf, while_of_field(self, leaf, item, per_block, while_))
            if while_ is None:  # its fields speak of each other only, and all of them are there
                for field_name in declared.fields:
                    self.while_of(f"{name}.{field_name}")
        else:
            self.variables[name] = Variable(name, None, per_block)
            leaf = Leaf(
                name, as_type(declared), per_block, cell, meaning, numeral, word_of, also_in, initial, where
            )
            self._add(leaf, while_of_variable(self, leaf, while_))

    def memory(self, name: str, declared: object, meaning: str, *, cell: Cell, **options: Any) -> None:
        """Declare variables of a processor's own memory; `cell` is its `memory(...)`."""
        if getattr(cell, "owner", cell) is None:
            remedy = f"declare {name} with machine.shared, or give cell=memory(processor)"
            raise ModelError(f"the cell {cell} is nobody's memory; {remedy}")
        self.shared(name, declared, meaning, cell=cell, **options)

    def ghost(self, name: str, declared: object, meaning: str, **options: Any) -> None:
        """Declare what only properties may read; any step may update it."""
        self.shared(name, declared, meaning, cell=GHOST, **options)

    def grant(self, processor: Processor, *names: str, write: bool = False) -> None:
        """Let a further processor read the cells of the variables named, and write them if `write`.

        The access rules of a design are part of it: a processor that is added to one must be let in by name.

        Raises:
            ModelError: there is no such variable, or it lies in another processor's own memory.
        """
        for name in names:
            cells = {leaf.cell for leaf in self.leaves.values() if leaf.name.partition(".")[0] == name}
            if not cells:
                raise ModelError(f"{self.name} has no variable {name}; there are {', '.join(self.variables)}")
            for cell in cells:
                if cell.owner is not None:
                    raise ModelError(
                        f"{name} lies in the {cell}, which nobody else may touch; send a message"
                    )
                self._replace_cell(cell, cell.granting(processor, write=write))

    def _replace_cell(self, old: Cell, new: Cell) -> None:
        for leaf in list(self.leaves.values()):
            places = {role: getattr(leaf, role) for role in ("cell", "word_of", "also_in")}
            changed: dict[str, Any] = {role: new for role, cell in places.items() if cell == old}
            self.leaves[leaf.name] = replace(leaf, **changed) if changed else leaf

    def predicate(self, name: str, meaning: str, holds: Callable[..., Any]) -> None:
        """Name a value of the state, most often a truth value: `lambda s: ...` or `lambda s, b: ...`."""
        self._check_declaration(name, "a predicate", meaning)
        required = required_parameters(holds)
        if len(required) not in (1, 2):
            raise ModelError(
                f"predicate {name} takes ({', '.join(required)}); accepted are (s) and (s, b)",
                place_of(holds),
            )
        check_source(holds)
        self.predicates[name] = Predicate(name, meaning, holds, len(required) == 2, place_of(holds))
        with suppress(UndeclaredError):  # what it names may be declared later
            self._first_readings[name] = self._reading(name)

    def initially(self, holds: Callable[..., Any]) -> None:
        """Constrain the initial states: `lambda s: ...`, or `lambda s, b: ...` for every block."""
        is_per_block = len(required_parameters(holds)) == 2
        condition = Condition(
            "initially()", (holds, (State(self), BLOCK_PARAMETER) if is_per_block else (State(self),))
        )
        where = place_of(holds)
        check_references(self, "initially()", condition.node(), [], where)
        self._constraints.append((condition, is_per_block, where))

    # -- steps

    def action(
        self,
        *,
        by: Processor,
        kind: StepKind = StepKind.OTHER,
        fair: Fairness | None = None,
        folds: str | None = None,
        cites: tuple[str, ...] = (),
        counts: tuple[Event, ...] = (),
        needs_blocks: int = 1,
        idle: str | None = None,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare the decorated function as an action that `by` takes.

        Its parameters after `s` are annotated `Block`, `Data` or `BlockSet`; the action can be taken for each
        of their values. The first line of its docstring tells the step in stories.
        """

        def declare(function: Callable[..., None]) -> Callable[..., None]:
            self._declare(
                function,
                by=by,
                kind=kind,
                fair=fair,
                folds=folds,
                cites=cites,
                counts=counts,
                needs_blocks=needs_blocks,
                idle=idle,
            )
            return function

        return declare

    def _declare(self, function: Callable[..., None], *, by: Processor, **options: Any) -> None:
        name, where = function.__name__, place_of(function)
        options["by"] = by
        for option, (kinds, accepted) in _OPTIONS.items():
            if not isinstance(options[option], kinds):
                offence = f"{name} has {option}={describe(options[option])}"
                raise ModelError(f"{offence}; accepted is {accepted}", where)
        if any(action.name == name and action.by == by for action in self.actions):
            raise ModelError(f"{by} has two actions named {name}; give the second another name", where)
        narration, parameters = narration_of(function, where), parameters_of(function, where)
        check_source(function)
        if self._leaves_checked != len(self.leaves):
            check_conditions(self, is_complete=False)
            self._leaves_checked = len(self.leaves)
        with tracing() as trace:
            result: object = cast(Callable[..., object], function)(State(self), *parameters)
        if result is not None:
            raise ModelError(
                f"{name} returns {describe(result)}; a step assigns to the state and returns nothing", where
            )
        if not trace.updates:
            raise ModelError(f"{name} changes nothing; a step writes at least one variable", where)
        clauses = tuple(clause for clause in trace.clauses if not same(clause.condition, TRUE))
        action = Action(
            name=name,
            narration=narration,
            parameters=parameters,
            clauses=clauses,
            updates=tuple(trace.updates),
            fairness=options.pop("fair"),
            where=where,
            **options,
        )
        check_action(self, action)
        self.actions.append(action)

    # -- what it should satisfy

    def check(self, *properties: Property, expects: Mapping[str, str | Expectation] | None = None) -> None:
        """Say which properties the design is checked for, and which verdicts are expected.

        `expects`: property id to "holds" or "violated"; what is not named is expected to hold.
        """
        for item in properties:
            if not isinstance(item, Property):
                raise ModelError(
                    f"{describe(item)} is no property; accepted are always(...), step(...), possible(...), "
                    "leads_to(...), count(...)"
                )
            if item.id in self.properties:
                raise ModelError(
                    f"property {item.id} is declared twice in {self.name}; give the second another id"
                )
            self.traced[item.id] = trace_property(self, item)
            self.properties[item.id] = item
        for name, expected in (expects or {}).items():
            if name not in self.properties:
                checked = f"it is checked for {', '.join(self.properties) or 'nothing'}"
                near = nearest(name, self.properties) or checked
                raise ModelError(
                    f"{self.name} expects a verdict for {name}, and is not checked for it; {near}"
                )
            try:
                given = expected if isinstance(expected, Expectation) else Expectation.parse(name, expected)
            except ValueError as error:
                raise ModelError(str(error)) from error
            self.expects[name] = given

    def argue(
        self,
        property_id: str,
        *,
        rank: Sequence[Falls],
        helpful: Sequence[Helps],
        pending: Callable[..., Any] | None = None,
        per_block: bool = False,
    ) -> None:
        """Say why a property of the kind *leads to* or *possible* holds for every number of blocks, in the terms of
        `ranking`. `per_block`: whether the property is, and the functions take its block after the state.
        """
        if property_id in self.arguments:
            raise ModelError(f"{self.name} argues for {property_id} twice; give one argument for a property")
        self.arguments[property_id] = trace_ranking(self, property_id, rank, helpful, pending, per_block)

    def settle(self) -> None:
        """Check what could not be checked while names were still missing. Grounding a machine calls this.

        A machine is grounded several times for one verdict; what was checked once is checked again only when something
        was declared, or a predicate read, that may not be what it was.

        Raises:
            ModelError: a name was never declared, a predicate changed its meaning, or a `while_` comes too
            early.
        """
        if self.is_settled:
            return
        for name, predicate in self.predicates.items():
            now = self._reading(name)
            first = self._first_readings.setdefault(name, now)
            if not same(first, now):
                raise ModelError(
                    f"predicate {name} said `{show(first)}` when it was declared and says `{show(now)}` now; "
                    "bind the Python variable that has changed: lambda s, x=x: ...",
                    predicate.where,
                )
        check_conditions(self, is_complete=True)
        self.is_settled = True

    def _reading(self, name: str) -> Expr:
        return derive(State(self), name, *([BLOCK_PARAMETER] if self.predicates[name].per_block else []))

    def _check_declaration(self, name: str, what: str, meaning: object) -> None:
        self.is_settled = False
        check_name(name, what)
        if name in self.variables or name in self.predicates:
            raise ModelError(f"{name} is declared twice in {self.name}; choose another name")
        if not isinstance(meaning, str) or not meaning.strip():
            raise ModelError(f"{name} has the meaning {describe(meaning)}; say in words what it stands for")

    def _add(self, leaf: Leaf, condition: Condition | None) -> None:
        check_leaf(self, leaf, has_condition=condition is not None)
        self.leaves[leaf.name] = leaf
        if condition is not None:
            self.conditions[leaf.name] = condition

    def __repr__(self) -> str:
        return f"Machine({self.name!r}, {len(self.leaves)} variables, {len(self.actions)} actions)"
