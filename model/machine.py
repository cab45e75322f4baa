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

import enum
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.model.cells import GHOST, Cell
from splitproof.model.checks import check_action, check_leaf
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE, Expr, Param, all_of, every, lift, show
from splitproof.model.records import ANY, Field, Record, as_type
from splitproof.model.state import Clause, State, Update, _Fields, _Row, tracing
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, Type
from splitproof.spec.properties import Expectation, Property
from splitproof.spec.vocabulary import Processor, StepKind

__all__ = ["Action", "Fairness", "Leaf", "Machine", "Predicate", "Variable"]


class Fairness(enum.Enum):
    """What is promised of an action that stays, or comes back, enabled."""

    WEAK = "weak"
    STRONG = "strong"


@dataclass(frozen=True)
class Leaf:
    """One variable of the state.

    `word_of`: the cell through which all its blocks can be read or written as one word.
    `also_in`: a cell whose steps may read it besides its own.
    """

    name: str
    type: Type
    per_block: bool
    cell: Cell
    meaning: str
    numeral: int | None = None
    word_of: Cell | None = None
    also_in: Cell | None = None
    initial: object = None

    @property
    def is_ghost(self) -> bool:
        return self.cell.is_ghost


@dataclass(frozen=True)
class Variable:
    """A declared name: one leaf, or a record of leaves."""

    name: str
    record: type[Record] | None
    per_block: bool


@dataclass(frozen=True)
class Predicate:
    """A word the design thinks in; read like a variable, in steps, properties and proofs."""

    name: str
    meaning: str
    holds: Callable[..., Any]
    per_block: bool


@dataclass(frozen=True)
class Action:
    """A guarded action, traced.

    `folds`: why the step, once enabled, may be taken before all others (it commutes with every other step and no
    property sees it); None for a step that must be interleaved.
    """

    name: str
    by: Processor
    narration: str
    parameters: tuple[Param, ...]
    clauses: tuple[Clause, ...]
    updates: tuple[Update, ...]
    kind: StepKind
    fairness: Fairness | None
    folds: str | None
    cites: tuple[str, ...]
    where: str

    @property
    def guard(self) -> Expr:
        """The conjunction of its clauses."""
        return all_of(*(clause.condition for clause in self.clauses))

    @property
    def label(self) -> str:
        return f"{self.by} {self.name}"


class Machine:
    """A design being declared, and then explored, proved and exported for any number of blocks."""

    def __init__(self, name: str, meaning: str = "") -> None:
        self.name = name
        self.meaning = meaning
        self.variables: dict[str, Variable] = {}
        self.leaves: dict[str, Leaf] = {}
        self.predicates: dict[str, Predicate] = {}
        self.actions: list[Action] = []
        self.properties: dict[str, Property] = {}
        self.expects: dict[str, Expectation] = {}
        self._while: dict[str, Callable[[], Expr]] = {}
        self._constraints: list[tuple[Callable[..., Any], str]] = []

    # -- state ----------------------------------------------------------------------------------------------------

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
        `while_`: `lambda s: ...` (`lambda s, b: ...` if per block): while false, the variable means nothing and holds
        the type's first value. Of a record, it holds for every field besides the field's own.
        """
        if name in self.variables or name in self.predicates:
            raise ModelError(f"{name} is declared twice in {self.name}; choose another name")
        if isinstance(declared, type) and issubclass(declared, Record):
            self.variables[name] = Variable(name, declared, per_block)
            for field_name, item in declared.fields.items():
                leaf_name, per_block_leaf = f"{name}.{field_name}", per_block or item.per_block
                leaf = Leaf(
                    leaf_name, as_type(item.declared), per_block_leaf, cell, item.meaning, numeral, word_of, also_in, item.initial
                )
                self._add(leaf, _both(while_, _condition_of(item, name, per_block)))
        else:
            self.variables[name] = Variable(name, None, per_block)
            leaf = Leaf(name, as_type(declared), per_block, cell, meaning, numeral, word_of, also_in, initial)
            self._add(leaf, while_)

    def memory(self, name: str, declared: object, meaning: str, *, cell: Cell, **options: Any) -> None:
        """Declare variables of a processor's own memory; `cell` is its `memory(...)`."""
        if cell.owner is None:
            raise ModelError(f"{cell} is nobody's memory; declare {name} with machine.shared, or give cell=memory(processor)")
        self.shared(name, declared, meaning, cell=cell, **options)

    def ghost(self, name: str, declared: object, meaning: str, **options: Any) -> None:
        """Declare what only properties may read; any step may update it."""
        self.shared(name, declared, meaning, cell=GHOST, **options)

    def predicate(self, name: str, meaning: str, holds: Callable[..., Any]) -> None:
        """Name a truth value or value of the state: `lambda s: ...`, or `lambda s, b: ...` for one per block."""
        if name in self.variables or name in self.predicates:
            raise ModelError(f"{name} is declared twice in {self.name}; choose another name")
        per_block = _arity(holds) == 2
        self.predicates[name] = Predicate(name, meaning, holds, per_block)

    def initially(self, holds: Callable[..., Any]) -> None:
        """Constrain the initial states: `lambda s: ...`, or `lambda s, b: ...` for every block."""
        where = f"{Path(holds.__code__.co_filename).name}:{holds.__code__.co_firstlineno}"
        self._constraints.append((holds, where))

    # -- steps ----------------------------------------------------------------------------------------------------

    def action(
        self,
        *,
        by: Processor,
        kind: StepKind = StepKind.OTHER,
        fair: Fairness | None = None,
        folds: str | None = None,
        cites: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Declare the decorated function as an action that `by` takes.

        Its parameters after `s` are annotated `Block`, `Data` or `BlockSet`; the action can be taken for each of
        their values. The first line of its docstring tells the step in stories.
        """

        def declare(function: Callable[..., None]) -> Callable[..., None]:
            self._declare(function, by, kind, fair, folds, cites)
            return function

        return declare

    def _declare(
        self,
        function: Callable[..., None],
        by: Processor,
        kind: StepKind,
        fair: Fairness | None,
        folds: str | None,
        cites: tuple[str, ...],
    ) -> None:
        code = function.__code__
        where = f"{Path(code.co_filename).name}:{code.co_firstlineno}"
        name = function.__name__
        if any(action.name == name and action.by == by for action in self.actions):
            raise ModelError(f"{by} has two actions named {name}; give the second another name", where)
        if not function.__doc__:
            raise ModelError(f"{name} has no docstring; its first line tells the step in stories", where)
        parameters = _parameters(function, where)
        with tracing() as trace:
            function(State(self), *parameters)
        if not trace.updates:
            raise ModelError(f"{name} changes nothing; a step writes at least one variable", where)
        action = Action(
            name,
            by,
            " ".join(function.__doc__.strip().splitlines()[0].split()),
            tuple(parameters),
            tuple(trace.clauses),
            tuple(trace.updates),
            kind,
            fair,
            folds,
            cites,
            where,
        )
        check_action(self, action)
        self.actions.append(action)

    # -- what it should satisfy -------------------------------------------------------------------------------------

    def check(self, *properties: Property, expects: Mapping[str, str | Expectation] | None = None) -> None:
        """Say which properties the design is checked for, and which verdicts are expected.

        `expects`: property id to "holds" or "violated"; what is not named is expected to hold.
        """
        for item in properties:
            if item.id in self.properties:
                raise ModelError(f"property {item.id} is declared twice in {self.name}")
            self.properties[item.id] = item
        for name, expected in (expects or {}).items():
            if name not in self.properties:
                known = ", ".join(self.properties) or "none"
                raise ModelError(f"{self.name} expects a verdict for {name}, which it is not checked for; checked are {known}")
            self.expects[name] = expected if isinstance(expected, Expectation) else Expectation.parse(name, expected)

    # -- what lowerings read ---------------------------------------------------------------------------------------

    def while_of(self, leaf: str) -> Expr | None:
        """The condition under which the leaf means something, over `Param('b')` if per block; None if always."""
        traced = self._while.get(leaf)
        return None if traced is None else traced()

    @property
    def constraint(self) -> Expr:
        """What initial states satisfy besides their initial values."""
        nodes = []
        for holds, where in self._constraints:
            node = lift(every(lambda b, h=holds: h(State(self), b)) if _arity(holds) == 2 else holds(State(self)))
            if node.type is not BOOL:
                raise ModelError(f"initially() takes a truth value; `{show(node)}` is a {node.type.name}", where)
            nodes.append(node)
        return all_of(*nodes) if nodes else TRUE

    def _add(self, leaf: Leaf, condition: Callable[..., Any] | None) -> None:
        check_leaf(self, leaf, has_condition=condition is not None)
        self.leaves[leaf.name] = leaf
        if condition is None:
            return
        bound = Param("b", BLOCK)
        cache: list[Expr] = []

        def traced() -> Expr:
            if not cache:
                node = lift(condition(State(self), bound) if leaf.per_block else condition(State(self)))
                cache.append(node)
            return cache[0]

        self._while[leaf.name] = traced

    def __repr__(self) -> str:
        return f"Machine({self.name!r}, {len(self.leaves)} variables, {len(self.actions)} actions)"


def _condition_of(item: Field, record: str, per_block: bool) -> Callable[..., Any] | None:
    """The `while_` of a field, as a function of the state (and of the block, for a per-block field)."""
    condition = item.while_
    if condition is None:
        return None
    if per_block:
        return lambda s, b: condition(_Row(s, record, b))
    if item.per_block:
        return lambda s, b: condition(_Unit(_Fields(s, record), b))
    return lambda s: condition(_Fields(s, record))


def _both(outer: Callable[..., Any] | None, inner: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The conjunction of a record's `while_` and a field's, either of which may be missing."""
    if outer is None or inner is None:
        return outer if inner is None else inner
    return lambda *state: lift(outer(*state)) & inner(*state)


class _Unit:
    """A record with per-block fields, seen for one block: what `while_` of such a field is handed."""

    def __init__(self, fields: _Fields, block: Param) -> None:
        self._fields, self._block = fields, block

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._fields, name)
        return value if isinstance(value, Expr) else value[self._block]


_PARAMETER_TYPES: dict[str, Type] = {"Block": BLOCK, "Data": DATA, "BlockSet": BLOCK_SET}


def _parameters(function: Callable[..., Any], where: str) -> list[Param]:
    names = list(inspect.signature(function).parameters)
    if not names:
        raise ModelError(f"{function.__name__} takes no state; its first parameter is `s`", where)
    found = []
    for name in names[1:]:
        annotation = function.__annotations__.get(name)
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", repr(annotation))
        declared = _PARAMETER_TYPES.get(text.rpartition(".")[2])
        if declared is None:
            raise ModelError(
                f"parameter {name} of {function.__name__} is annotated {text}; annotate it Block, Data or BlockSet", where
            )
        found.append(Param(name, declared))
    return found


def _arity(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)
