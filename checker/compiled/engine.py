"""The compiled engine: what the oracle does, at the speed of C.

Its levels keep the order of discovery; everything else that it finds is what the oracle finds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from splitproof.checker.compiled import walks
from splitproof.checker.compiled.kernel import search_kernel
from splitproof.checker.compiled.kernels import SearchCode, WalkCode
from splitproof.checker.compiled.lowering import word_count
from splitproof.checker.compiled.ownership import OFFENCE
from splitproof.checker.compiled.program import judge_function, successors_function
from splitproof.checker.compiled.questions import Questions
from splitproof.checker.compiled.search import CompiledExploration, Search
from splitproof.checker.compiled.space import Level
from splitproof.checker.compiled.symmetry import Symmetry, UnsoundSymmetryError
from splitproof.checker.compiled.table import common
from splitproof.checker.ground.cone import Cone
from splitproof.checker.ground.grounding import GroundProperty
from splitproof.checker.search.engine import Arrival, Engine, Exploration, Finding, Limits, Path, Progress
from splitproof.checker.search.oracle import Oracle
from splitproof.model.expressions import TRUE, Expr
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property

__all__ = ["CompiledEngine"]


class CompiledEngine(Engine):
    """The engine in machine code.

    `symmetry`: keep one of the states that differ in the names of blocks only; `data_symmetry`: of those that differ in
    the values of a block's data only; each where that is sound, and `symmetry` says why it is not. Then `states`
    counts representatives, and `concrete` gives blocks and data their names back.
    """

    name = "compiled"

    def __init__(
        self,
        machine: Machine,
        blocks: int,
        properties: Sequence[Property] | None = None,
        folded: bool = False,
        data_values: int = 2,
        cone: Cone | None = None,
        *,
        like: Engine | None = None,
        symmetry: bool = False,
        data_symmetry: bool = False,
    ) -> None:
        super().__init__(machine, blocks, properties, folded, data_values, cone, like=like)
        self.symmetry = Symmetry(self, blocks=symmetry, data=data_symmetry)
        self.is_block_symmetric = self.symmetry.blocks is not None
        self.is_data_symmetric = self.symmetry.data is not None
        if self.is_symmetric:
            self._named = {self.symmetry.canonical(state): state for state in reversed(self.initial)}
            self.initial = sorted(self._named)

    @cached_property
    def _common(self) -> str:
        return self.symmetry.function() + common(word_count(self.packing))

    @cached_property
    def _questions(self) -> Questions:
        assumption = self.grounding.terms.and_(*self.symmetry.obligations)
        return Questions(self.grounding.terms, self.properties, assumption)

    @cached_property
    def _code(self) -> SearchCode:
        words = word_count(self.packing)
        parts = (
            self._common,
            successors_function(self, self._questions),
            judge_function(self, self._questions),
            search_kernel(words),
        )
        return SearchCode("".join(parts))

    @cached_property
    def _arrival_code(self) -> WalkCode:
        return walks.arrival_code(self, self._common)

    def explore(
        self,
        limits: Limits | None = None,
        progress: Callable[[Progress], None] | None = None,
        threads: int | None = None,
    ) -> CompiledExploration:
        """As `Engine.explore`. `threads`: one for each core unless given; small levels take one all the same.

        Raises:
            UnsoundSymmetryError: the values of data turn out not to be interchangeable.
        """
        try:
            return Search(self, self._questions, self._code, limits or Limits(), progress, threads).run()
        except UnsoundSymmetryError as met:
            obligations = self.symmetry.obligations.items()
            whom = next(who for needed, who in obligations if not self.oracle.holds_in(needed, met.state))
            sentence = f"{whom} {OFFENCE}, {met.depth} steps from the start"
            raise UnsoundSymmetryError(sentence, met.state, met.depth) from met

    def select(self, node: Expr, level: Sequence[int]) -> list[int]:
        return walks.select(self, self._common, node, _level(level))

    def holds_somewhere(self, node: Expr, exploration: Exploration) -> bool:
        assert isinstance(exploration, CompiledExploration)
        return walks.holds_somewhere(self, self._common, node, exploration)

    def arrivals(self, level: Sequence[int], goals: Collection[int]) -> list[Arrival]:
        return walks.arrivals(self, self._arrival_code, _level(level), goals)

    def first_stuck(
        self, exploration: Exploration, items: Mapping[str, GroundProperty], limits: Limits
    ) -> dict[str, Finding]:
        assert isinstance(exploration, CompiledExploration)
        return walks.first_stuck(self, self._common, exploration, items, limits)

    def code(self, functions: Sequence[str], states: int) -> WalkCode:
        """Functions that look at so many states of this engine, behind what every module begins with."""
        return WalkCode(self._common + "".join(functions), states)

    def concrete(self, path: Path, finding: Finding) -> Path:
        """The same run with blocks and data keeping their names: the representatives are followed by real states."""
        if not self.is_symmetric:
            return path
        canonical, oracle = self.symmetry.canonical, self.oracle
        required = oracle.properties[finding.property_id].steps
        start = state = self._named[path.start]
        steps = []
        for place, (taken, after) in enumerate(path.steps, 1):
            is_violating = place == len(path.steps) and finding.step is not None
            wanted = canonical(after)
            index, state = min(
                (index, real)
                for index, real in oracle.successors(state)
                if oracle.steps[index].action is taken.action
                and canonical(real) == wanted
                and not (is_violating and oracle.holds_in(required.get(index, TRUE), state))
            )
            steps.append((self.steps[index], state))
        return Path(start, tuple(steps))

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.machine, self.blocks, None, self.folded, self.data_values, self.cone, like=self)


def _level(level: Sequence[int]) -> Level:
    """The level as this engine makes them.

    Raises:
        TypeError: another engine found it.
    """
    if not isinstance(level, Level):
        raise TypeError(f"a level of a compiled search is asked for, and this is a {type(level).__name__}")
    return level
