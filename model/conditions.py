"""Conditions over the state that are declared with it: when a variable means something, and how a machine
starts.
"""

from __future__ import annotations

from collections.abc import Callable

from splitproof.model.expressions import Expr, Param, all_of, truth
from splitproof.model.source import check_parameters, check_source
from splitproof.model.tracing import looking
from splitproof.model.types import BLOCK

__all__ = ["BLOCK_PARAMETER", "Condition", "Part"]

BLOCK_PARAMETER = Param("b", BLOCK)
"""The block that a condition, predicate or property per block speaks of."""

Part = tuple[Callable[..., object], tuple[object, ...]]
"""A function of the design, and what it is handed."""


class Condition:
    """The conjunction of some functions of the state, traced once."""

    def __init__(self, what: str, *parts: Part) -> None:
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
