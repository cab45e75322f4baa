"""Evaluating the expression tree, node by node: the reference against which every engine is compared.

It imports no engine and no generator. A value that is not known (a cell of a real controller that cannot be
observed) is `UNKNOWN`, and truth is three-valued after Kleene: `UNKNOWN & False` is False, `UNKNOWN & True`
is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Less,
    Member,
    Not,
    Or,
    Param,
    Plus,
    Some,
    Var,
)

__all__ = ["UNKNOWN", "Lookup", "evaluate"]


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false; compare with `is UNKNOWN`")


UNKNOWN: Final = _Unknown()
"""What is not known. It is not false: a verdict that needs it is Unknown."""

Lookup = Callable[[str, int | None, bool], Any]
"""(leaf, block or None, after the step?) to its value, or UNKNOWN."""

_NOTHING: Mapping[str, Any] = {}


def evaluate(node: Expr, lookup: Lookup, blocks: int, known: Mapping[str, Any] = _NOTHING) -> Any:
    """The value of a tree in a state.

    `blocks`: how many blocks quantifiers range over. `known`: values of parameters by name.
    """
    match node:
        case Const(value):
            return value
        case Var(name, _, after):
            return lookup(name, None, after)
        case Param(name):
            return known[name]
        case At(name, index, _, after):
            block = evaluate(index, lookup, blocks, known)
            return UNKNOWN if block is UNKNOWN else lookup(name, block, after)
        case Member(chosen, block):
            members, one = (evaluate(part, lookup, blocks, known) for part in (chosen, block))
            return UNKNOWN if members is UNKNOWN or one is UNKNOWN else one in members
        case Not(operand):
            value = evaluate(operand, lookup, blocks, known)
            return UNKNOWN if value is UNKNOWN else not value
        case And(operands) | Or(operands):
            values = (evaluate(operand, lookup, blocks, known) for operand in operands)
            return _kleene(isinstance(node, Or), values)
        case Every(bound, body) | Some(bound, body):
            values = (evaluate(body, lookup, blocks, {**known, bound.name: b}) for b in range(blocks))
            return _kleene(isinstance(node, Some), values)
        case Ite(condition, yes, no):
            test = evaluate(condition, lookup, blocks, known)
            if test is UNKNOWN:
                left, right = (evaluate(branch, lookup, blocks, known) for branch in (yes, no))
                return left if left is not UNKNOWN and left == right else UNKNOWN
            return evaluate(yes if test else no, lookup, blocks, known)
        case Eq() | Less() | Plus():
            left, right = (evaluate(part, lookup, blocks, known) for part in (node.left, node.right))
            if left is UNKNOWN or right is UNKNOWN:
                return UNKNOWN
            if isinstance(node, Eq):
                return left == right
            return left < right if isinstance(node, Less) else left + node.sign * right
        case _:
            raise TypeError(type(node))


def _kleene(decisive: bool, values: Iterable[Any]) -> Any:
    """Kleene's or (`decisive` True) and and (`decisive` False): one decisive value decides, whatever the
    others.
    """
    unknown = False
    for value in values:
        if value is UNKNOWN:
            unknown = True
        elif value is decisive:
            return decisive
    return UNKNOWN if unknown else not decisive
