"""Which actions every counterexample has: without one of them, no violating state can be reached.

A data-flow analysis rather than a search without each action: what occurs on every path to a state is what occurs on
every path to a predecessor, or just before it. Each state holds a set of bits, one an action; steps take bits away
until nothing changes any more. No transition is stored, as in `sweeps.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Exploration
from splitproof.checker.search.reachability import require_complete

if TYPE_CHECKING:
    from splitproof.checker.search.oracle import Oracle

__all__ = ["ActionsOnEveryPath"]

_EVERYTHING = -1


class ActionsOnEveryPath:
    """For each reachable state, the action labels that occur on every path to it.

    Raises:
        ValueError: the exploration is not complete, or the oracle folds, which hides paths.
    """

    def __init__(self, oracle: Oracle, exploration: Exploration) -> None:
        require_complete(exploration)
        if oracle.folded:
            raise ValueError("folding hides paths; search without folding")
        self._bits: dict[str, int] = {}
        for step in oracle.steps:
            self._bits.setdefault(step.action.label, 1 << len(self._bits))
        self._occurring = dict.fromkeys(chain.from_iterable(exploration.levels), _EVERYTHING)
        self._occurring |= dict.fromkeys(oracle.initial, 0)
        visit = oracle.program(Template("found, change", self._leaf))
        pending: Collection[int] = oracle.initial
        while pending:
            changed: dict[int, None] = {}
            visit(list(pending), self._occurring, lambda state, changed=changed: changed.setdefault(state))
            pending = changed

    def to(self, states: Iterable[int]) -> frozenset[str]:
        """The labels on every path to any of the states; none if there are no states."""
        known = [self._occurring[state] for state in states]
        shared = _EVERYTHING if known else 0
        for bits in known:
            shared &= bits
        return frozenset(label for label, bit in self._bits.items() if shared & bit)

    def _leaf(self, step: GroundStep, after: str) -> list[str]:
        occurring = f"found[s] | {self._bits[step.action.label]}"
        return [
            f"t = {after}",
            "k = found[t]",
            f"m = k & ({occurring})",
            "if m != k:",
            " found[t] = m",
            " change(t)",
        ]
