"""Conditions over the state that are declared with it: when a variable means something, and how a machine
starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from splitproof.model.expressions import Expr, Param, all_of, truth
from splitproof.model.source import check_parameters, check_source
from splitproof.model.state import State, looking, view_of
from splitproof.model.types import BLOCK

if TYPE_CHECKING:
    from splitproof.model.machine import Leaf, Machine
    from splitproof.model.records import Field

__all__ = ["BLOCK_PARAMETER", "Condition", "while_of_field", "while_of_variable"]

BLOCK_PARAMETER = Param("b", BLOCK)
"""The block that a condition, predicate or property per block speaks of."""

_Part = tuple[Callable[..., object], tuple[object, ...]]
"""A function of the design, and what it is handed."""


class Condition:
    """The conjunction of some functions of the state, traced once."""

    def __init__(self, what: str, *parts: _Part) -> None:
        self._what = what
        self._parts = parts
        self._node: Expr | None = None
        for function, arguments in parts:
            check_parameters(what, function, "(s, b)" if len(arguments) == 2 else "(s)")
            check_source(function)

    def node(self) -> Expr:
        """The tree. Every name in it must be declared by now."""
        if self._node is None:
            with looking(self._what):
                found = [truth(function(*arguments), self._what) for function, arguments in self._parts]
            self._node = all_of(*found)
        return self._node


def while_of_variable(
    machine: Machine, leaf: Leaf, condition: Callable[..., object] | None
) -> Condition | None:
    """`while_=lambda s: ...`, or `lambda s, b: ...` of a variable per block."""
    if condition is None:
        return None
    return Condition(f"while_ of {leaf.name}", _part(machine, condition, leaf.per_block))


def while_of_field(
    machine: Machine, leaf: Leaf, item: Field, per_block: bool, outer: Callable[..., object] | None
) -> Condition | None:
    """A field's own `while_` and that of its record, `outer`. `per_block`: whether the record is."""
    parts = [] if outer is None else [_part(machine, outer, per_block)]
    if item.while_ is not None:
        record = leaf.name.partition(".")[0]
        block = BLOCK_PARAMETER if leaf.per_block else None
        parts.append((item.while_, (view_of(State(machine), record, block),)))
    return Condition(f"while_ of {leaf.name}", *parts) if parts else None


def _part(machine: Machine, function: Callable[..., object], per_block: bool) -> _Part:
    return function, (State(machine), BLOCK_PARAMETER) if per_block else (State(machine),)
