"""The graph of runs in Python: flat arrays, in canonical order. The compiled one is compared with it.

States are numbered level by level, each level sorted; edges lie in the order of the states they leave, then of their
steps.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence

from splitproof.checker.fairness.fair_components import fair_components
from splitproof.checker.fairness.runs import Runs, Waiting
from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Arrival
from splitproof.checker.search.oracle import Exploration, Oracle, slices
from splitproof.model.expressions import Expr
from splitproof.model.fairness import Promise

__all__ = ["RunGraph"]


class RunGraph(Runs):
    """`states`: packed. `depths`: steps from an initial state. The edges of state i are `first[i]` to `first[i + 1]`;
    `targets` are numbers of states, `steps` indices of ground steps. `enabled[i]`: the promises due in state i.
    """

    def __init__(
        self, oracle: Oracle, exploration: Exploration, promises: Sequence[Promise] | None = None
    ) -> None:
        super().__init__(oracle, exploration, promises)
        self.oracle = oracle
        self.states: list[int] = []
        self.depths = array("i")
        for depth, level in enumerate(exploration.levels):
            self.states += level
            self.depths.extend([depth] * len(level))
        self.numbers = {state: place for place, state in enumerate(self.states)}
        self.first, self.targets, self.steps = array("q", [0]), array("i"), array("i")
        self.enabled: list[int] = []
        self.is_exact = self._read_edges()

    def _read_edges(self) -> bool:
        stays: set[int] = set()
        visit = self.oracle.program(Template("edge, stays", self._leaf))
        kept = self.kept
        for states in slices(self.states):
            found: dict[int, list[tuple[int, int]]] = {state: [] for state in states}
            visit(states, lambda s, step, t, found=found: found[s].append((step, t)), stays.add)
            for edges in found.values():
                due = 0
                for step, after in sorted(edges):
                    self.targets.append(self.numbers[after])
                    self.steps.append(step)
                    due |= kept[step]
                self.first.append(len(self.targets))
                self.enabled.append(due)
        return not stays

    def _leaf(self, step: GroundStep, after: str) -> list[str]:
        lines = [f"t = {after}", f"if t != s: edge(s, {step.index}, t)"]
        return [*lines, f"else: stays({step.index})"] if self.kept[step.index] else lines

    def packed(self, state: int) -> int:
        return self.states[state]

    def edges(self, state: int) -> Iterator[tuple[int, int]]:
        start, end = self.first[state], self.first[state + 1]
        return zip(self.steps[start:end], self.targets[start:end], strict=True)

    def due(self, state: int) -> int:
        return self.enabled[state]

    def after(self, state: int) -> array[int]:
        """The states after the steps of a state."""
        return self.targets[self.first[state] : self.first[state + 1]]

    def waiting(self, asked: Expr, open_: Expr) -> Waiting:
        return _Waiting(self, self._where(asked), self._where(open_))

    def _where(self, node: Expr) -> bytearray:
        """For each state, whether a ground tree holds."""
        chosen = bytearray(len(self.states))
        for state in self.oracle.selection(node)(self.states):
            chosen[self.numbers[state]] = 1
        return chosen


class _Waiting(Waiting):
    def __init__(self, graph: RunGraph, asked: bytearray, open_: bytearray) -> None:
        self._graph, self._asked = graph, asked
        self._levels = _levels(graph, asked, open_)
        self._by_depth: list[list[int]] = [[] for _ in self._levels]
        for state, depth in enumerate(graph.depths):
            if depth < len(self._levels):
                self._by_depth[depth].append(state)
        self._part: dict[int, int] = {}
        components = fair_components(graph, [state for level in self._levels for state in level])
        for number, component in enumerate(components, 1):
            self._part.update(dict.fromkeys(component, number))

    def entries(self) -> tuple[int, list[int]]:
        for depth, level in enumerate(self._levels):
            found = [state for state in level if state in self._part]
            if found:
                return depth, found
        return len(self._levels), []

    def part(self, state: int) -> int:
        return self._part.get(state, 0)

    def arrivals(self, depth: int, places: Collection[int]) -> list[Arrival]:
        graph = self._graph
        return [
            (2 * graph.states[state] + is_open, step, 2 * graph.states[after] + is_open)
            for is_open, states in enumerate((self._by_depth[depth], self._levels[depth]))
            for state in states
            for step, after in graph.edges(state)
            if 2 * graph.states[after] + is_open in places
        ]

    def begins(self, depth: int, state: int) -> bool:
        number = self._graph.numbers[state]
        return bool(self._asked[number]) and self._graph.depths[number] == depth


def _levels(graph: RunGraph, asked: bytearray, open_: bytearray) -> list[list[int]]:
    waiting: dict[int, list[int]] = {}
    for state, depth in enumerate(graph.depths):
        if asked[state]:
            waiting.setdefault(depth, []).append(state)
    seen = bytearray(len(asked))
    levels: list[list[int]] = []
    reached: list[int] = []
    while waiting or reached:
        level = []
        for state in [*waiting.pop(len(levels), ()), *reached]:
            if not seen[state]:
                seen[state] = 1
                level.append(state)
        levels.append(level)
        reached = [after for state in level for after in graph.after(state) if open_[after]]
    return levels
