"""The compiled engine: what the oracle does, at the speed of C.

Its levels keep the order of discovery; everything else that it finds is what the oracle finds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from splitproof.checker.compiled import walks
from splitproof.checker.compiled.kernel import common, search_kernel
from splitproof.checker.compiled.kernels import SearchCode, WalkCode
from splitproof.checker.compiled.lowering import word_count
from splitproof.checker.compiled.program import judge_function, successors_function
from splitproof.checker.compiled.questions import Questions
from splitproof.checker.compiled.search import CompiledExploration, Search
from splitproof.checker.compiled.space import Level
from splitproof.checker.engine import Arrival, Engine, Exploration, Finding, Limits, Progress
from splitproof.checker.grounding import GroundProperty
from splitproof.model.expressions import Expr

__all__ = ["CompiledEngine"]


class CompiledEngine(Engine):
    """The engine in machine code."""

    name = "compiled"

    @cached_property
    def _questions(self) -> Questions:
        return Questions(self.grounding.terms, self.properties)

    @cached_property
    def _code(self) -> SearchCode:
        words = word_count(self.packing)
        parts = (
            common(words),
            successors_function(self, self._questions),
            judge_function(self, self._questions),
            search_kernel(words),
        )
        return SearchCode("".join(parts))

    @cached_property
    def _arrival_code(self) -> WalkCode:
        return walks.arrival_code(self)

    def explore(
        self,
        limits: Limits | None = None,
        progress: Callable[[Progress], None] | None = None,
        threads: int | None = None,
    ) -> CompiledExploration:
        """As `Engine.explore`. `threads`: one for each core unless given; small levels take one all the same."""
        return Search(self, self._questions, self._code, limits or Limits(), progress, threads).run()

    def select(self, node: Expr, level: Sequence[int]) -> list[int]:
        return walks.select(self, node, _level(level))

    def arrivals(self, level: Sequence[int], goals: Collection[int]) -> list[Arrival]:
        return walks.arrivals(self, self._arrival_code, _level(level), goals)

    def first_stuck(
        self, exploration: Exploration, items: Mapping[str, GroundProperty]
    ) -> dict[str, Finding]:
        assert isinstance(exploration, CompiledExploration)
        return walks.first_stuck(self, exploration, items)


def _level(level: Sequence[int]) -> Level:
    """The level as this engine makes them.

    Raises:
        TypeError: another engine found it.
    """
    if not isinstance(level, Level):
        raise TypeError(f"a level of a compiled search is asked for, and this is a {type(level).__name__}")
    return level
