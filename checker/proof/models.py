"""What a model of z3 says of the state, read variable by variable, so that many trees can be asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from splitproof.checker.proof.lowering import Sorts
from splitproof.model.evaluation import UNKNOWN, evaluate
from splitproof.model.expressions import Eq, Expr, Param
from splitproof.model.types import BLOCK, BOOL, DATA, EnumType, Int, Type

__all__ = ["Reading"]

_LEFT, _RIGHT = Param("left", BOOL), Param("right", BOOL)
_SAME = Eq(_LEFT, _RIGHT)


class Reading:
    """The state in a model.

    Blocks and data are the identities of terms: equal in the model where the numbers are. What the model leaves open
    is unknown.
    """

    def __init__(self, sorts: Sorts, model: Any) -> None:
        self._sorts = sorts
        self._model = model
        self._universe = {
            value.get_id(): value
            for sort in (sorts.block, sorts.data)
            for value in (model.get_universe(sort) or ())
        }
        self._read: dict[tuple[str, int | None], Any] = {}
        self._sides: dict[tuple[Any, ...], tuple[Expr, Any]] = {}
        """By identity, and the block; the tree is kept, as its `id` is its key."""

    def block(self, term: Any) -> Any:
        """Which block a term is."""
        return self._value(term, BLOCK)

    def truth(self, node: Expr, known: Mapping[str, Any]) -> bool | None:
        """Whether a tree holds that does not quantify; None if the model leaves it open.

        Words compare few terms, each with each other: what a side of a comparison is, is found out once.
        """
        if isinstance(node, Eq):
            sides = {_LEFT.name: self._side(node.left, known), _RIGHT.name: self._side(node.right, known)}
            found = evaluate(_SAME, self._leaf, 0, sides)
        else:
            found = evaluate(node, self._leaf, 0, known)
        return None if found is UNKNOWN else bool(found)

    def _side(self, node: Expr, known: Mapping[str, Any]) -> Any:
        at = id(node), *known.values()
        if at not in self._sides:
            self._sides[at] = node, evaluate(node, self._leaf, 0, known)
        return self._sides[at][1]

    def _leaf(self, name: str, block: int | None, after: bool) -> Any:
        at = name, block
        if at not in self._read:
            type_ = self._sorts.machine.leaves[name].type
            if block is None:
                term = self._sorts.symbol(name, type_)
            else:
                term = self._sorts.function(name)(self._universe[block])
            self._read[at] = self._value(term, type_)
        return self._read[at]

    def _value(self, term: Any, type_: Type) -> Any:
        value = self._model.eval(term)
        if type_ is BOOL:
            return z3.is_true(value) or (not z3.is_false(value) and UNKNOWN)
        if type_ is BLOCK or type_ is DATA:
            return value.get_id() if value.get_id() in self._universe else UNKNOWN
        if isinstance(type_, Int):
            return value.as_long() if z3.is_int_value(value) else UNKNOWN
        assert isinstance(type_, EnumType)
        return self._sorts.members(type_).get(value.get_id(), UNKNOWN)
