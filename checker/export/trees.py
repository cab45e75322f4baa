"""Everything that a machine says, tree by tree."""

from __future__ import annotations

from collections.abc import Iterator

from splitproof.checker.export.effects import conditions_of
from splitproof.model.expressions import Expr
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property

__all__ = ["trees_of"]


def trees_of(machine: Machine) -> Iterator[Expr]:
    """The trees of its conditions, its initial states, its actions and its properties."""
    yield from conditions_of(machine).values()
    yield machine.constraint
    for action in machine.actions:
        yield from (clause.condition for clause in action.clauses)
        for update in action.updates:
            yield from (tree for tree in (update.index, update.value) if tree is not None)
    for item in machine.properties.values():
        traced = trace_property(machine, item)
        yield from (traced.trigger, traced.holds)
