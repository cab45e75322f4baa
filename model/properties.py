"""Properties traced over a machine: from the functions of `spec` to the expression tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from splitproof.model.checks import check_references
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Declarations, TracedProperty
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE, Expr, lift, truth
from splitproof.model.source import check_parameters, check_source, place_of
from splitproof.model.state import State
from splitproof.model.tracing import looking
from splitproof.model.types import DATA
from splitproof.spec.properties import Kind, Property

__all__ = ["trace_property"]


_NAMES = {kind: ("before", "after", "b") if kind is Kind.STEP else ("s", "b") for kind in Kind}


def trace_property(machine: Declarations, item: Property) -> TracedProperty:
    """The property over the machine's variables and predicates.

    Raises:
        ModelError: it speaks of a variable that the machine does not have, or is no truth value.
    """
    known = machine.traced.get(item.id)
    if known is not None and known.property is item:
        return known
    holds = _trace(machine, item, item.holds, "it")
    trigger = TRUE if item.trigger is None else _trace(machine, item, item.trigger, "its trigger")
    carries = None if item.carries is None else _trace(machine, item, item.carries, "what it carries")
    return TracedProperty(item, holds, trigger, carries)


def _trace(machine: Declarations, item: Property, function: Callable[..., Any], what: str) -> Expr:
    states = (State(machine), State(machine, after=True)) if item.kind is Kind.STEP else (State(machine),)
    arguments = (*states, BLOCK_PARAMETER) if item.per_block else states
    where = place_of(function)
    try:
        accepted = [name for name, _ in zip(_NAMES[item.kind], arguments, strict=False)]
        check_parameters(what, function, f"({', '.join(accepted)})")
        check_source(function)
        with looking(f"property {item.id}"):
            result = function(*arguments)
            if isinstance(result, bool) and what == "it":
                raise ModelError(
                    f"it is {result} whatever the state; compare values of the state with == or !=", where
                )
            node = lift(result, DATA) if what == "what it carries" else truth(result, "a property")
        check_references(machine, "it", node, [], where)
    except ModelError as error:
        raise ModelError(
            f"{item.id} cannot be asked of {machine.name}: {error.message}", error.where
        ) from error
    return node
