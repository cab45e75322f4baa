"""What a machine declares: its variables, its words, its steps, and the properties asked of it, as trees."""

from __future__ import annotations

import builtins
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from splitproof.model.cells import Cell
from splitproof.model.conditions import BLOCK_PARAMETER, Condition
from splitproof.model.expressions import Every, Expr, Param, all_of
from splitproof.model.records import Record
from splitproof.model.tracing import Clause, Update
from splitproof.model.types import Type
from splitproof.spec.properties import Property
from splitproof.spec.vocabulary import Event, Processor, StepKind

__all__ = ["Action", "Declarations", "Fairness", "Leaf", "Predicate", "TracedProperty", "Variable"]


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
    where: str = ""

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
    where: str = ""


@dataclass(frozen=True)
class Action:
    """A guarded action, traced.

    `counts`: the events that the step is, for properties of the kind `count`.
    `needs_blocks`: the least number of blocks at which it can be taken. `idle`: why it never is, where the design
    keeps it all the same; a design with other actions that are never taken is reported as vacuous.
    `folds`: why the step, once enabled, may be taken before all others (it commutes with every other step and
    no property sees it); None for a step that must be interleaved.
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
    counts: tuple[Event, ...] = ()
    needs_blocks: int = 1
    idle: str | None = None

    @property
    def guard(self) -> Expr:
        """The conjunction of its clauses."""
        return all_of(*(clause.condition for clause in self.clauses))

    @property
    def label(self) -> str:
        return f"{self.by} {self.name}"


@dataclass(frozen=True)
class TracedProperty:
    """A property as trees, which have `BLOCK_PARAMETER` free if the property is per block.

    `carries`: data; None if the property does not name any.
    """

    property: Property  # the word for it
    holds: Expr
    trigger: Expr
    carries: Expr | None = None

    @builtins.property
    def for_all_blocks(self) -> Expr:
        """`holds`, closed."""
        return Every(BLOCK_PARAMETER, self.holds) if self.property.per_block else self.holds


class Declarations:
    """What has been declared of a machine so far, by name and in that order.

    `conditions`: when a leaf means something, for those that do not always. `is_settled`: whether nothing was declared,
    and no predicate read, since `Machine.settle` went through.
    """

    is_settled: bool = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.variables: dict[str, Variable] = {}
        self.leaves: dict[str, Leaf] = {}
        self.predicates: dict[str, Predicate] = {}
        self.actions: list[Action] = []
        self.properties: dict[str, Property] = {}
        self.traced: dict[str, TracedProperty] = {}
        self.conditions: dict[str, Condition] = {}
        self._constraints: list[tuple[Condition, bool, str]] = []

    def while_of(self, leaf: str) -> Expr | None:
        """When the leaf means something, over `BLOCK_PARAMETER` if it is per block; None if always."""
        condition = self.conditions.get(leaf)
        return None if condition is None else condition.node()

    @property
    def constraints(self) -> tuple[tuple[Expr, str], ...]:
        """What initial states satisfy besides their initial values: each condition, closed, and where it stands."""
        return tuple(
            (Every(BLOCK_PARAMETER, condition.node()) if per_block else condition.node(), where)
            for condition, per_block, where in self._constraints
        )

    @property
    def constraint(self) -> Expr:
        """The conjunction of `constraints`."""
        return all_of(*(condition for condition, _ in self.constraints))
