"""The expression tree: what every guard, effect, property and named predicate is made of.

Declaring a design calls its Python functions once with symbolic values; what they compute with those values
is a tree of the node kinds of `nodes`, and this tree is the only meaning the design has. Interpreter, search
engines, proofs and exports are lowerings of it.

The operators are `& | ~` for truth values, `== !=` for everything but data inside a step, `< <= > >= + -` for
whole numbers, `ite(condition, yes, no)`, and `every`, `some` and `none` of the blocks. Python's `and`, `or`,
`not` and `if` look at a truth value that does not exist yet; they fail loudly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from splitproof.model.errors import ModelError, with_block_names
from splitproof.model.misuse import Incomplete, describe
from splitproof.model.nodes import (
    FALSE,
    TRUE,
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
    all_of,
    any_of,
    children,
    key,
    lift,
    same,
    truth,
)
from splitproof.model.types import BLOCK, is_comparable

__all__ = [
    "FALSE",
    "TRUE",
    "And",
    "At",
    "Const",
    "Eq",
    "Every",
    "Expr",
    "Ite",
    "Less",
    "Member",
    "Not",
    "Or",
    "Param",
    "Plus",
    "Some",
    "Var",
    "all_of",
    "any_of",
    "children",
    "every",
    "fresh_block",
    "implies",
    "ite",
    "key",
    "lift",
    "none",
    "rewrite",
    "same",
    "show",
    "some",
    "truth",
    "walk",
    "with_children",
]


def ite(condition: object, yes: object, no: object) -> Expr:
    """`yes` where the condition holds, `no` elsewhere; both of one type."""
    test, left, right = truth(condition, "ite()"), lift(yes), lift(no)
    if not is_comparable(left.type, right.type):
        raise ModelError(
            f"ite() chooses between `{left}`, {left.type.noun}, and `{right}`, {right.type.noun}; both "
            "branches need one type"
        )
    if isinstance(test, Const):
        return left if test.value else right
    return left if same(left, right) else Ite(test, left, right)


def implies(premise: object, conclusion: object) -> Expr:
    """`conclusion` holds wherever `premise` does."""
    return any_of(~truth(premise, "implies()"), conclusion)


def every(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for every block: `every(lambda b: ~s.difference[b])`."""
    bound = fresh_block()
    return Every(bound, _of_block("every", holds, bound))


def some(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for at least one block."""
    bound = fresh_block()
    return Some(bound, _of_block("some", holds, bound))


def none(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for no block."""
    bound = fresh_block()
    return Every(bound, ~_of_block("none", holds, bound))


def _of_block(quantifier: str, holds: object, bound: Param) -> Expr:
    if isinstance(holds, Incomplete) or not callable(holds):
        raise ModelError(f"{quantifier}() is given {describe(holds)}; write {quantifier}(lambda b: ...)")
    return truth(holds(bound), f"{quantifier}()")


_fresh = itertools.count()


def fresh_block() -> Param:
    """A block parameter that nothing else is named after."""
    return Param(f"_{next(_fresh)}", BLOCK)


def show(node: Expr) -> str:
    """The tree as a designer would write it; bound blocks are called b1, b2 and so on."""
    return with_block_names(str(node))


def walk(node: Expr) -> Iterator[Expr]:
    """The node and everything below it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def rewrite(node: Expr, replaced: Callable[[Expr], Expr | None]) -> Expr:
    """The tree with every topmost node for which `replaced` gives another one exchanged for that.

    Names of bound blocks are unique, so that what is put in cannot be captured by a quantifier above it.
    """
    found = replaced(node)
    if found is not None:
        return found
    return with_children(node, [rewrite(child, replaced) for child in children(node)])


def with_children(node: Expr, parts: Sequence[Expr]) -> Expr:
    """The node with other nodes directly below it, as many as it has; itself, if they are the ones that it has."""
    if all(new is old for new, old in zip(parts, children(node), strict=True)):
        return node
    match node:
        case And() | Or():
            return type(node)(tuple(parts))
        case At():
            return At(node.name, parts[0], node.type, node.after)
        case Not():
            return Not(parts[0])
        case Every() | Some():
            return type(node)(node.bound, parts[0])
        case Member():
            return Member(*parts)
        case Ite():
            return Ite(*parts)
        case Eq() | Less():
            return type(node)(*parts)
        case Plus():
            return Plus(parts[0], parts[1], node.sign)
        case _:
            raise TypeError(type(node))
