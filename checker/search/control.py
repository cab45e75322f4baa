"""The control of a machine: everything of its state but data.

No step looks at data, so what never compares data can be decided on states in which all data is alike; there are a
tenth as many of them. A ghost or a `while_` may compare data, and then control is no machine of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from splitproof.checker.search.oracle import Oracle
from splitproof.model.expressions import Eq, Expr, walk
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.types import DATA, DATA_VALUES
from splitproof.spec.properties import Property

__all__ = ["control_oracle", "is_about_control"]


def control_oracle(
    machine: Machine, blocks: int, properties: Sequence[Property] = (), *, folded: bool = False
) -> Oracle:
    """An oracle for the properties, over control alone where that settles them."""
    data_values = 1 if is_about_control(machine, properties) else DATA_VALUES
    return Oracle(machine, blocks, properties, folded, data_values)


def is_about_control(machine: Machine, properties: Sequence[Property]) -> bool:
    """Whether no property, no ghost and no `while_` compares data."""
    trees = _trees(machine, properties)
    return not any(isinstance(node, Eq) and node.left.type is DATA for tree in trees for node in walk(tree))


def _trees(machine: Machine, properties: Sequence[Property]) -> Iterator[Expr]:
    for item in properties:
        traced = trace_property(machine, item)
        yield from (traced.holds, traced.trigger)
    for action in machine.actions:
        yield from (update.value for update in action.updates)
    for name in machine.leaves:
        condition = machine.while_of(name)
        if condition is not None:
            yield condition
