"""Which slice of a machine is searched for some properties, and why not, where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from splitproof.checker.ground.cone import Cone, cone_of
from splitproof.checker.ground.grounding import Grounding
from splitproof.model.expressions import FALSE, TRUE, Expr, Var
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property

__all__ = ["slice_for"]


def slice_for(
    machine: Machine, blocks: int, properties: Sequence[Property], say: Callable[[str], None]
) -> Cone | None:
    """What of a machine the properties depend on; None if that is all of it.

    `say` is told why nothing can be left out, where something could.
    """
    cone = cone_of(machine, properties)
    if cone.keeps_all(machine):
        return None
    obstacle = _obstacle(Grounding(machine, blocks, cone=cone), properties)
    if obstacle is not None:
        say(f"nothing is left out: {obstacle}")
        return None
    return cone


def _obstacle(grounding: Grounding, properties: Sequence[Property]) -> str | None:
    """Why a slice could differ from the whole: a step that is left out is not the same as none."""
    if grounding.unsettled:
        return f"{grounding.unsettled[0]} may be forgotten by a step that does nothing else"
    for item in properties:
        if item.kind is not Kind.STEP:
            continue
        ground = grounding.property(item)
        if _standing_still(grounding, ground.holds) is not TRUE:
            return f"{item.id} may be violated by a step that changes nothing of what it reads"
        if item.trigger is not None and _standing_still(grounding, ground.trigger) is not FALSE:
            return f"{item.id} may be triggered by a step that changes nothing of what it reads"
    return None


def _standing_still(grounding: Grounding, node: Expr) -> Expr:
    """What a tree over both states of a step says where the second is the first."""
    terms = grounding.terms
    before: dict[Var, Expr] = {
        variable: grounding.variable(grounding.slots[variable.name])
        for variable in terms.free(node)
        if variable.after
    }
    return terms.under(terms.substitute(node, before), terms.nothing_known)
