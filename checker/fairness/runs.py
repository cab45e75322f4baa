"""The graph on which infinite runs are judged: states, steps that change them, and the promises that are due.

States are numbered in canonical order (level by level, each level sorted), edges in the order of the states they
leave, then of their steps; all are kept in flat arrays. The graph is never folded: folding takes a step before
all others, and what may be put off for ever would not be seen.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.oracle import Exploration, Oracle, slices
from splitproof.checker.search.reachability import require_complete
from splitproof.model.expressions import Expr
from splitproof.model.fairness import Promise, promises_of

__all__ = ["RunGraph"]


class RunGraph:
    """Every reachable state and every step that changes it.

    `states`: packed. `depths`: steps from an initial state. The edges of state i are `first[i]` to `first[i + 1]`;
    `targets` are numbers of states, `steps` indices of ground steps. Promises are bits: `enabled[i]` are those for
    which a step can be taken in state i, `kept[step]` is the one that a ground step keeps (0 if none), `strong` are
    the strong ones. `is_exact`: whether no fair step leads from a state to itself; where data is left out, such a
    step may change data, and does not count as one that changes nothing.

    `promises`: those of the machine unless others are given.

    Raises:
        ValueError: the exploration is not complete, or the oracle folds.
    """

    def __init__(
        self, oracle: Oracle, exploration: Exploration, promises: Sequence[Promise] | None = None
    ) -> None:
        require_complete(exploration)
        if oracle.folded:
            raise ValueError("folding hides what may be put off for ever; search without folding")
        self.oracle = oracle
        self.promises = promises_of(oracle.machine, oracle.blocks) if promises is None else tuple(promises)
        self.strong = sum(1 << place for place, item in enumerate(self.promises) if item.is_strong)
        self.kept = [
            sum(1 << place for place, item in enumerate(self.promises) if item.covers(step.step))
            for step in oracle.steps
        ]
        self.states: list[int] = []
        self.depths = array("i")
        for depth, level in enumerate(exploration.levels):
            self.states += level
            self.depths.extend([depth] * len(level))
        self.first, self.targets, self.steps = array("q", [0]), array("i"), array("i")
        self.enabled: list[int] = []
        self.is_exact = self._read_edges()

    def _read_edges(self) -> bool:
        stays: set[int] = set()
        visit = self.oracle.program(Template("edge, stays", self._leaf))
        number = {state: place for place, state in enumerate(self.states)}
        kept = self.kept
        for states in slices(self.states):
            found: dict[int, list[tuple[int, int]]] = {state: [] for state in states}
            visit(states, lambda s, step, t, found=found: found[s].append((step, t)), stays.add)
            for edges in found.values():
                due = 0
                for step, after in sorted(edges):
                    self.targets.append(number[after])
                    self.steps.append(step)
                    due |= kept[step]
                self.first.append(len(self.targets))
                self.enabled.append(due)
        return not stays

    def _leaf(self, step: GroundStep, after: str) -> list[str]:
        lines = [f"t = {after}", f"if t != s: edge(s, {step.index}, t)"]
        return [*lines, f"else: stays({step.index})"] if self.kept[step.index] else lines

    def edges(self, state: int) -> Iterator[tuple[int, int]]:
        """The steps of a state, each with the state after it."""
        start, end = self.first[state], self.first[state + 1]
        return zip(self.steps[start:end], self.targets[start:end], strict=True)

    def after(self, state: int) -> array[int]:
        """The states after those steps."""
        return self.targets[self.first[state] : self.first[state + 1]]

    def where(self, node: Expr) -> bytearray:
        """For each state, whether a ground tree holds."""
        chosen = bytearray(len(self.states))
        holding = set(self.oracle.selection(node)(self.states))
        for place, state in enumerate(self.states):
            if state in holding:
                chosen[place] = 1
        return chosen
