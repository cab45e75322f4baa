"""When a variable means something: its `while_`, and that of the record of which it is a field."""

from __future__ import annotations

from collections.abc import Callable

from splitproof.model.conditions import BLOCK_PARAMETER, Condition, Part
from splitproof.model.declarations import Declarations, Leaf
from splitproof.model.records import Field
from splitproof.model.state import State, view_of

__all__ = ["while_of_field", "while_of_variable"]


def while_of_variable(
    machine: Declarations, leaf: Leaf, condition: Callable[..., object] | None
) -> Condition | None:
    """`while_=lambda s: ...`, or `lambda s, b: ...` of a variable per block."""
    if condition is None:
        return None
    return Condition(f"while_ of {leaf.name}", _part(machine, condition, leaf.per_block))


def while_of_field(
    machine: Declarations, leaf: Leaf, item: Field, per_block: bool, outer: Callable[..., object] | None
) -> Condition | None:
    """A field's own `while_` and that of its record, `outer`. `per_block`: whether the record is."""
    parts = [] if outer is None else [_part(machine, outer, per_block)]
    if item.while_ is not None:
        record = leaf.name.partition(".")[0]
        block = BLOCK_PARAMETER if leaf.per_block else None
        parts.append((item.while_, (view_of(State(machine), record, block),)))
    return Condition(f"while_ of {leaf.name}", *parts) if parts else None


def _part(machine: Declarations, function: Callable[..., object], per_block: bool) -> Part:
    return function, (State(machine), BLOCK_PARAMETER) if per_block else (State(machine),)
