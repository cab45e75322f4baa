"""Properties traced over a machine: from the functions of `spec` to the expression tree."""

from __future__ import annotations

from dataclasses import dataclass

from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE, Every, Expr, Param, lift, show
from splitproof.model.machine import Machine
from splitproof.model.state import State
from splitproof.model.types import BLOCK, BOOL
from splitproof.spec.properties import Kind, Property

__all__ = ["BLOCK_PARAMETER", "TracedProperty", "trace_property"]

BLOCK_PARAMETER = Param("b", BLOCK)
"""The block over which a per-block property is quantified."""


@dataclass(frozen=True)
class TracedProperty:
    """A property as trees. `holds` and `trigger` have `BLOCK_PARAMETER` free if the property is per block."""

    property: Property
    holds: Expr
    trigger: Expr

    @property
    def for_all_blocks(self) -> Expr:
        """`holds`, closed."""
        return Every(BLOCK_PARAMETER, self.holds) if self.property.per_block else self.holds


def trace_property(machine: Machine, item: Property) -> TracedProperty:
    """The property over the machine's variables and predicates.

    Raises:
        ModelError: it speaks of a variable that the machine does not have, or is no truth value.
    """
    states = (State(machine), State(machine, after=True)) if item.kind is Kind.STEP else (State(machine),)
    blocks = (BLOCK_PARAMETER,) if item.per_block else ()
    try:
        holds = lift(item.holds(*states, *blocks))
        trigger = TRUE if item.trigger is None else lift(item.trigger(*states, *blocks))
    except ModelError as error:
        raise ModelError(f"{item.id} cannot be asked of {machine.name}: {error.message}", error.where) from error
    for node in (holds, trigger):
        if node.type is not BOOL:
            raise ModelError(f"{item.id} is no truth value: `{show(node)}` is a {node.type.name}")
    return TracedProperty(item, holds, trigger)
