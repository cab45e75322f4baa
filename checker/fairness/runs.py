"""What infinite runs are judged on: states, the steps that change them, and the promises that are due.

The graph is never folded: folding takes a step before all others, and what may be put off for ever would not be
seen. It is never up to the names of blocks either: a promise is made for each block by itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence

from splitproof.checker.search.engine import Arrival, Engine, Exploration
from splitproof.checker.search.reachability import require_complete
from splitproof.model.expressions import Expr
from splitproof.model.fairness import Promise, promises_of

__all__ = ["Runs", "Waiting"]


class Runs(ABC):
    """Every reachable state of an engine, by number, and every step that changes it.

    Promises are bits: `kept[step]` are those that a ground step keeps, `strong` are the strong ones. `is_exact`:
    whether no fair step leads from a state to itself; where data is left out, such a step may change data, and does
    not count as one that changes nothing.

    `promises`: those of the machine unless others are given.

    Raises:
        ValueError: the exploration is not complete, or the engine folds or drops the names of blocks.
    """

    is_exact: bool

    def __init__(
        self, engine: Engine, exploration: Exploration, promises: Sequence[Promise] | None = None
    ) -> None:
        require_complete(exploration)
        if engine.folded:
            raise ValueError("folding hides what may be put off for ever; search without folding")
        if engine.is_symmetric:
            raise ValueError("a promise is made for each block by itself; search without symmetry")
        self.engine = engine
        self.promises = promises_of(engine.machine, engine.blocks) if promises is None else tuple(promises)
        self.strong = sum(1 << place for place, item in enumerate(self.promises) if item.is_strong)
        self.kept = [
            sum(1 << place for place, item in enumerate(self.promises) if item.covers(step.step))
            for step in engine.steps
        ]

    @abstractmethod
    def packed(self, state: int) -> int:
        """A state, packed."""

    @abstractmethod
    def edges(self, state: int) -> Iterable[tuple[int, int]]:
        """The steps of a state in canonical order, each with the state after it."""

    def due(self, state: int) -> int:
        """The promises for which a step can be taken."""
        found = 0
        for step, _ in self.edges(state):
            found |= self.kept[step]
        return found

    @abstractmethod
    def waiting(self, asked: Expr, open_: Expr) -> Waiting:
        """The runs on which what was asked for is still to come.

        Ground trees: `asked` holds where the trigger does and the goal does not, `open_` where the goal does not.
        """


class Waiting(ABC):
    """The states in which what was asked for is still to come, by the least number of steps: the *levels*.

    Among them lie *fair parts*: the largest sets of states in which a fair run can go round for ever.
    """

    @abstractmethod
    def entries(self) -> tuple[int, list[int]]:
        """The first level with states of fair parts, and those states; no states if there are none."""

    @abstractmethod
    def part(self, state: int) -> int:
        """Which fair part a state lies in; 0 if in none."""

    @abstractmethod
    def arrivals(self, depth: int, places: Collection[int]) -> list[Arrival]:
        """Steps to places from those of the level of this depth, and of the states that are as deep, in any order.

        A place is a packed state twice over: before anything is asked (even), and in a level (odd).
        """

    @abstractmethod
    def begins(self, depth: int, state: int) -> bool:
        """Whether a packed state is asked in, and can be reached in so many steps and no fewer."""
