"""The words of a proof: truth values about the state and one block, from which invariants are put together.

They come from the declaration: each value of a variable, each named predicate, which block a processor holds, and
which data equals which. Nothing is chosen by hand; a design whose proof lacks a word declares a predicate.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from splitproof.model.expressions import (
    At,
    Const,
    Eq,
    Every,
    Expr,
    Some,
    Var,
    all_of,
    key,
    walk,
)
from splitproof.model.machine import Leaf, Machine
from splitproof.model.properties import BLOCK_PARAMETER
from splitproof.model.state import State, derive
from splitproof.model.types import BLOCK, BOOL, DATA, EnumType, Int, Type

__all__ = ["Word", "words_of"]


@dataclass(frozen=True, eq=False)
class Word:
    """A truth value about the state, and about `BLOCK_PARAMETER` if it is per block.

    `text`: as a designer would write it. `cost`: how much it asks of a reader; cheaper words are preferred.
    `leaves`: the variables that it speaks of.
    """

    text: str
    node: Expr
    per_block: bool
    cost: int
    leaves: frozenset[str]
    subject: str
    value: str | None = None
    is_equality: bool = False


def words_of(machine: Machine) -> tuple[Word, ...]:
    """Every word of the machine, each truth value once, named predicates first."""
    found: dict[tuple[object, ...], Word] = {}
    for word in itertools.chain(_predicates(machine), _variables(machine), _held(machine), _equalities(machine)):
        if not isinstance(word.node, Const):
            found.setdefault(key(word.node), word)
            negated = key(~word.node)
            if negated in found and negated != key(word.node):
                del found[key(word.node)]
    return tuple(found.values())


def _word(text: str, node: Expr, cost: int, subject: str, value: str | None = None, eq: bool = False) -> Word:
    parts = list(walk(node))
    per_block = any(part is BLOCK_PARAMETER or (getattr(part, "name", None) == "b") for part in parts)
    leaves = frozenset(part.name for part in parts if isinstance(part, Var | At))
    return Word(text, node, per_block, cost, leaves, subject, value, eq)


def _predicates(machine: Machine) -> Iterator[Word]:
    for name, predicate in machine.predicates.items():
        block = [BLOCK_PARAMETER] if predicate.per_block else []
        node = derive(State(machine), name, *block)
        if any(isinstance(part, Every | Some) for part in walk(node)):
            continue
        shown = f"{name}[b]" if predicate.per_block else name
        yield from _values(shown, node, node.type, 2, name)


def _variables(machine: Machine) -> Iterator[Word]:
    references = {leaf.name.partition(".")[0] for leaf in machine.leaves.values() if leaf.type is BLOCK}
    for leaf in machine.leaves.values():
        holds_block = leaf.name.partition(".")[0] in references
        yield from _values(_shown(leaf), _read(leaf), leaf.type, 14 if holds_block and not leaf.per_block else 2, leaf.name)


def _values(shown: str, node: Expr, type_: Type, cost: int, subject: str) -> Iterator[Word]:
    """A truth value, or each value of the rest but blocks and data."""
    if type_ is BOOL:
        yield _word(shown, node, cost, subject)
    elif isinstance(type_, EnumType | Int):
        for value in type_.values(1):
            name = getattr(value, "name", str(value))
            yield _word(f"{shown} = {name}", node == Const(value, type_), cost, subject, name)


def _shown(leaf: Leaf) -> str:
    return f"{leaf.name}[b]" if leaf.per_block else leaf.name


def _read(leaf: Leaf) -> Expr:
    return At(leaf.name, BLOCK_PARAMETER, leaf.type) if leaf.per_block else Var(leaf.name, leaf.type)


def _held(machine: Machine) -> Iterator[Word]:
    """A reference is to this block; and how far the work is that is about it."""
    for leaf in machine.leaves.values():
        if leaf.type is not BLOCK:
            continue
        reference = _read(leaf)
        meant = machine.while_of(leaf.name)
        assert meant is not None  # the language asks for one
        yield _word(f"{leaf.name} = b", all_of(meant, reference == BLOCK_PARAMETER), 3, leaf.name, "b")
        record = leaf.name.partition(".")[0]
        for other in machine.leaves.values():
            if other.name.partition(".")[0] != record or other.per_block or not isinstance(other.type, EnumType):
                continue
            for value in other.type.members:
                node = all_of(_read(other) == value, meant, reference == BLOCK_PARAMETER)
                simpler = all_of(_read(other) == value, reference == BLOCK_PARAMETER)
                if _can_hold(meant, other.name, value):
                    yield _word(f"{other.name} = {value.name} for b", simpler, 3, other.name, value.name)
                del node


def _can_hold(condition: Expr, name: str, value: object) -> bool:
    """Whether a condition about one variable holds for a value of it."""
    from splitproof.model.evaluation import UNKNOWN, evaluate

    return evaluate(condition, lambda leaf, block, after: value if leaf == name else UNKNOWN, 0) is True


def _equalities(machine: Machine) -> Iterator[Word]:
    """Two places hold the same data."""
    terms: dict[tuple[object, ...], tuple[str, Expr]] = {}
    for name, predicate in machine.predicates.items():
        block = [BLOCK_PARAMETER] if predicate.per_block else []
        node = derive(State(machine), name, *block)
        if node.type is DATA and not isinstance(node, Var | At):
            terms.setdefault(key(node), (f"{name}[b]" if predicate.per_block else name, node))
    for leaf in machine.leaves.values():
        if leaf.type is DATA:
            node = _read(leaf)
            terms.setdefault(key(node), (_shown(leaf), node))
    for (left, one), (right, other) in itertools.combinations(terms.values(), 2):
        yield _word(f"{left} = {right}", Eq(one, other), 4, left, right, True)
