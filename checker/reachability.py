"""Whether something can still be reached: properties of kind `possible`, for millions of states.

No transition is stored. A state can reach the goal if a step leads to one that can; all states that are not
known to are asked, level by level, alternately from the deepest level up and from the initial states down,
until a sweep finds no more. Most steps lead to a neighbouring level, so that a sweep follows whole paths and
few are needed.
"""

from __future__ import annotations

from splitproof.checker.decision import Template
from splitproof.checker.grounding import GroundProperty, GroundStep
from splitproof.checker.oracle import Exploration, Finding, Oracle
from splitproof.spec.properties import Kind

__all__ = ["possible_findings", "require_complete", "require_unfolded"]


def possible_findings(oracle: Oracle, exploration: Exploration) -> dict[str, Finding]:
    """The violations of the oracle's `possible` properties, by id; those that hold are left out.

    A violation is the shallowest, among those the smallest, state where the trigger holds and from which the
    goal cannot be reached by the steps that the property allows.

    Raises:
        ValueError: the exploration is not complete, or folding hides steps that a property forbids.
    """
    require_complete(exploration)
    found = {}
    for name, item in oracle.properties.items():
        if item.property.kind is Kind.POSSIBLE:
            require_unfolded(oracle, item)
            violation = _first_stuck(oracle, exploration, item)
            if violation is not None:
                found[name] = violation
    return found


def require_complete(exploration: Exploration) -> None:
    """Nothing if all states are known; what can be reached beyond a limit is not.

    Raises:
        ValueError: the exploration is not complete.
    """
    if not exploration.complete:
        raise ValueError(
            f"the search ended at its limit ({exploration.limit}); whether something can be reached is known "
            "only after a complete one: raise the limit, or take the verdict as Unknown"
        )


def require_unfolded(oracle: Oracle, item: GroundProperty) -> None:
    """Nothing if folding never forces a step of a kind that the property does without.

    Raises:
        ValueError: it may.
    """
    if not oracle.folded:
        return
    for action in oracle.machine.actions:
        if action.folds is not None and action.kind in item.property.without:
            raise ValueError(
                f"{item.property.id} does without {action.kind.value} steps, but folding may force "
                f"{action.label}; search without folding"
            )


def _first_stuck(oracle: Oracle, exploration: Exploration, item: GroundProperty) -> Finding | None:
    is_goal, is_triggered = oracle.selection(item.holds), oracle.selection(item.trigger)
    allowed = [step for step in oracle.steps if step.action.kind not in item.property.without]
    visit = oracle.program(Template("reaching, add", _join), allowed)
    reaching = {state for level in exploration.levels for state in is_goal(level)}
    suspects = [(depth, is_triggered(level)) for depth, level in enumerate(exploration.levels)]
    levels, known = exploration.levels, -1
    while len(reaching) > known:
        suspects = [(depth, left) for depth, level in suspects if (left := _without(level, reaching))]
        if not suspects:
            return None
        known = len(reaching)
        levels = [_without(level, reaching) for level in reversed(levels)]  # each sweep turns back
        for level in levels:
            visit(level, reaching, reaching.add)
    depth, stuck = suspects[0]
    return Finding(item.property.id, depth, stuck[0])


def _without(states: list[int], known: set[int]) -> list[int]:
    return [state for state in states if state not in known]


def _join(_step: GroundStep, after: str) -> list[str]:
    return [f"if {after} in reaching:", " add(s)", " continue"]
