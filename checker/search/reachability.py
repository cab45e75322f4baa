"""Whether something can still be reached: properties of kind `possible`, judged once all states are known."""

from __future__ import annotations

from splitproof.checker.ground.grounding import GroundProperty
from splitproof.checker.search.engine import Engine, Exploration, Finding, Limits
from splitproof.spec.properties import Kind

__all__ = ["possible_findings", "require_complete"]


def possible_findings(
    engine: Engine, exploration: Exploration, limits: Limits | None = None
) -> dict[str, Finding]:
    """The violations of the engine's `possible` properties, by id; those that hold are left out.

    A violation is the shallowest, among those the smallest, state where the trigger holds and from which the
    goal cannot be reached by the steps that the property allows.

    Raises:
        ValueError: the exploration is not complete, or folding hides steps that a property forbids.
        OutOfTimeError: the limits' time was up before.
    """
    require_complete(exploration)
    items = {name: item for name, item in engine.properties.items() if item.property.kind is Kind.POSSIBLE}
    for item in items.values():
        _require_unfolded(engine, item)
    return engine.first_stuck(exploration, items, (limits or Limits()).started())


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


def _require_unfolded(engine: Engine, item: GroundProperty) -> None:
    """Nothing if folding never forces a step of a kind that the property does without.

    Raises:
        ValueError: it may.
    """
    if not engine.folded:
        return
    for action in engine.actions:
        if action.folds is not None and action.kind in item.property.without:
            raise ValueError(
                f"{item.property.id} does without {action.kind.value} steps, but folding may force "
                f"{action.label}; search without folding"
            )
