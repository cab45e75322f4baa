"""Whether a goal can still be reached, in generated Python, for up to a few million states.

No transition is stored. A state can reach the goal if a step leads to one that can; all states that are not
known to are asked, level by level, alternately from the deepest level up and from the initial states down,
until a sweep finds no more. Most steps lead to a neighbouring level, so that a sweep follows whole paths and
few are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundProperty, GroundStep
from splitproof.checker.search.engine import Exploration, Finding, Limits, OutOfTimeError

if TYPE_CHECKING:
    from splitproof.checker.search.oracle import Oracle

__all__ = ["first_stuck"]


def first_stuck(
    oracle: Oracle, exploration: Exploration, item: GroundProperty, limits: Limits
) -> Finding | None:
    """As `Engine.first_stuck`, for one property."""
    is_goal, is_triggered = oracle.selection(item.holds), oracle.selection(item.trigger)
    allowed = [step for step in oracle.steps if step.action.kind not in item.property.without]
    visit = oracle.program(Template("reaching, add", _join), allowed)
    reaching = {state for level in exploration.levels for state in is_goal(level)}
    suspects = [(depth, is_triggered(level)) for depth, level in enumerate(exploration.levels)]
    levels: Sequence[Sequence[int]] = exploration.levels
    known = -1
    while len(reaching) > known:
        suspects = [(depth, left) for depth, level in suspects if (left := _without(level, reaching))]
        if not suspects:
            return None
        known = len(reaching)
        levels = [_without(level, reaching) for level in reversed(levels)]  # each sweep turns back
        for level in levels:
            if limits.time_is_up:
                raise OutOfTimeError(limits.time_text)
            visit(level, reaching, reaching.add)
    depth, stuck = suspects[0]
    return Finding(item.property.id, depth, stuck[0])


def _without(states: Sequence[int], known: set[int]) -> list[int]:
    return [state for state in states if state not in known]


def _join(_step: GroundStep, after: str) -> list[str]:
    return [f"if {after} in reaching:", " add(s)", " continue"]
