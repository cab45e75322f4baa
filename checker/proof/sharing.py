"""Parts that trees have in common, so that they are written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from splitproof.model.expressions import At, Const, Every, Expr, Param, Plus, Some, Var, children, key
from splitproof.model.types import BOOL

__all__ = ["Parts"]

_NODES_MIN = 8
"""Smaller parts are read sooner than looked up."""


class Parts:
    """Truth values that occur more than once in some trees, those first that others are made of."""

    def __init__(self, trees: Sequence[Expr]) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._known: dict[int, tuple[Expr, int]] = {}
        """By identity; the tree is kept, as its `id` is its key."""
        self._sizes: list[int] = []
        self._free: list[frozenset[str]] = []
        self._found: list[Expr] = []
        self._uses: Counter[int] = Counter()
        self._bound: set[str] = set()
        for tree in trees:
            self._uses[self.number(tree)] += 1

    def __iter__(self) -> Iterator[tuple[int, Expr, frozenset[str]]]:
        """Each with its number and the parameters that it speaks of."""
        for number, node in enumerate(self._found):
            free = self._free[number]
            is_often = self._uses[number] > 1 and self._sizes[number] >= _NODES_MIN
            if is_often and node.type is BOOL and not free & self._bound:
                yield number, node, free

    def number(self, node: Expr) -> int:
        """The same for trees that are the same, names of bound blocks apart."""
        known = self._known.get(id(node))
        if known is not None:
            return known[1]
        if isinstance(node, Every | Some):
            self._bound.add(node.bound.name)
        below = [self.number(child) for child in children(node)]
        at = _shape(node, below)
        number = self._numbers.get(at)
        if number is None:
            number = self._numbers[at] = len(self._found)
            self._found.append(node)
            self._sizes.append(1 + sum(self._sizes[child] for child in below))
            self._free.append(self._free_of(node, below))
            self._uses.update(below)
        self._known[id(node)] = node, number
        return number

    def _free_of(self, node: Expr, below: Sequence[int]) -> frozenset[str]:
        if isinstance(node, Param):
            return frozenset((node.name,))
        free: frozenset[str] = frozenset().union(*(self._free[child] for child in below))
        if isinstance(node, Every | Some):
            return free - {node.bound.name}
        return free


def _shape(node: Expr, below: Sequence[int]) -> tuple[Any, ...]:
    match node:
        case Const() | Var() | Param() | Every() | Some():
            return key(node)
        case At():
            return ("At", node.name, node.after, *below)
        case Plus():
            return ("Plus", node.sign, *below)
        case _:
            return (type(node).__name__, *below)
