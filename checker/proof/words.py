"""The words of a proof: truth values about the state and one block, from which invariants are put together.

They come from the declaration: each value of a variable, each named predicate, which block a processor holds, and
which data equals which. Nothing is chosen by hand; a design whose proof lacks a word declares a predicate.
"""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Leaf, Predicate
from splitproof.model.evaluation import UNKNOWN, evaluate
from splitproof.model.expressions import At, Const, Eq, Every, Expr, Param, Some, Var, all_of, key, walk
from splitproof.model.machine import Machine
from splitproof.model.state import State, derive
from splitproof.model.types import BLOCK, BOOL, DATA, EnumType, Int

__all__ = ["Word", "words_of"]

_PLAIN, _ABOUT_ANOTHER, _HELD, _EQUALITY = 2, 14, 3, 4
"""What kinds of words ask of a reader. What a processor that holds a block is at says nothing about the block in
question unless it is that one, so it is dear by itself."""


@dataclass(frozen=True, eq=False)
class Word:
    """A truth value about the state, and about `BLOCK_PARAMETER` if it is per block.

    `text`: as a designer would write it. `positive`, `negative`: as a sentence. `cost`: how much it asks of a reader.
    """

    text: str
    positive: str
    negative: str
    node: Expr
    cost: int
    is_equality: bool = False

    @property
    def per_block(self) -> bool:
        return any(isinstance(part, Param) and part.name == BLOCK_PARAMETER.name for part in walk(self.node))

    @property
    def leaves(self) -> frozenset[str]:
        """The variables that it speaks of."""
        return frozenset(part.name for part in walk(self.node) if isinstance(part, Var | At))


def words_of(machine: Machine) -> tuple[Word, ...]:
    """Every word of the machine, each truth value once, named predicates first."""
    found: dict[tuple[object, ...], Word] = {}
    for word in itertools.chain(
        _predicates(machine), _variables(machine), _held(machine), _equalities(machine)
    ):
        if not isinstance(word.node, Const) and key(~word.node) not in found:
            found.setdefault(key(word.node), word)
    return tuple(found.values())


def _reading(machine: Machine, predicate: Predicate) -> Expr:
    return derive(State(machine), predicate.name, *([BLOCK_PARAMETER] if predicate.per_block else []))


def _predicates(machine: Machine) -> Iterator[Word]:
    """Those that do not quantify: what is said of all blocks, an invariant says of each."""
    for predicate in machine.predicates.values():
        node = _reading(machine, predicate)
        if not any(isinstance(part, Every | Some) for part in walk(node)):
            shown = f"{predicate.name}[b]" if predicate.per_block else predicate.name
            yield from _values(shown, predicate.name, predicate.meaning, node, _PLAIN)


def _variables(machine: Machine) -> Iterator[Word]:
    holders = {_record(leaf) for leaf in machine.leaves.values() if leaf.type is BLOCK}
    for leaf in machine.leaves.values():
        is_about_another = _record(leaf) in holders and not leaf.per_block
        cost = _ABOUT_ANOTHER if is_about_another else _PLAIN
        yield from _values(_shown(leaf), leaf.name, leaf.meaning, _read(leaf), cost)


def _values(shown: str, name: str, meaning: str, node: Expr, cost: int) -> Iterator[Word]:
    """A truth value, or each value of an enumeration or of a few numbers."""
    type_ = node.type
    if type_ is BOOL:
        said = _clause(meaning)
        yield Word(shown, said, _negated(said), node, cost)
    elif isinstance(type_, EnumType | Int):
        for value in type_.values(1):
            said = _said(value)
            text = f"{shown} = {getattr(value, 'name', value)}"
            is_it = node == Const(value, type_)
            yield Word(text, f"{name} is {said}", f"{name} is not {said}", is_it, cost)


def _clause(meaning: str) -> str:
    """A meaning as a clause of a sentence: without the numeral before it, and what is added to it."""
    return re.split(r"; |, as | \[", re.sub(r"^\d+: ", "", meaning))[0]


_VERB = re.compile(r" (is|was|has|are|were|have)( a)? ")
_NESTED = re.compile(r"\b(and|or|while|until|unless|if|whether|exactly|only)\b")
_NOUN_CLAUSE = re.compile(r"\b(what|who|that|which|where|each|every|no|not)\b")


def _negated(clause: str) -> str:
    """What says the opposite, if the clause is so simple that its verb can be negated."""
    verb = _VERB.search(clause)
    if verb is None or _NESTED.search(clause) or _NOUN_CLAUSE.search(clause[: verb.start()]):
        return f"not ({clause})"
    word, article = verb.groups()
    not_so = " no " if word in ("has", "have") and article else f" not{article or ''} "
    return f"{clause[: verb.start()]} {word}{not_so}{clause[verb.end() :]}"


def _said(value: object) -> str:
    return f"'{value.value}'" if isinstance(value, enum.Enum) else str(value)


def _shown(leaf: Leaf) -> str:
    return f"{leaf.name}[b]" if leaf.per_block else leaf.name


def _read(leaf: Leaf) -> Expr:
    return At(leaf.name, BLOCK_PARAMETER, leaf.type) if leaf.per_block else Var(leaf.name, leaf.type)


def _record(leaf: Leaf) -> str:
    return leaf.name.partition(".")[0]


def _held(machine: Machine) -> Iterator[Word]:
    """A reference is to this block; and how far the work on this block is."""
    for leaf in machine.leaves.values():
        meant = machine.while_of(leaf.name) if leaf.type is BLOCK else None
        if meant is None:
            continue
        is_here = _read(leaf) == BLOCK_PARAMETER
        is_it = f"{leaf.name} is the block"
        yield Word(f"{leaf.name} = b", is_it, f"not ({is_it})", all_of(meant, is_here), _HELD)
        for other in machine.leaves.values():
            if _record(other) == _record(leaf) and not other.per_block and isinstance(other.type, EnumType):
                yield from _phases(other, meant, is_here)


def _phases(leaf: Leaf, meant: Expr, is_here: Expr) -> Iterator[Word]:
    assert isinstance(leaf.type, EnumType)
    for value in leaf.type.members:
        if _implies(leaf.name, value, meant):
            said = f"{leaf.name} is {_said(value)} for the block"
            node = all_of(_read(leaf) == value, is_here)
            yield Word(f"{leaf.name} = {value.name} for b", said, f"not ({said})", node, _HELD)


def _implies(name: str, value: object, condition: Expr) -> bool:
    """Whether a condition holds wherever a variable has a value."""
    return evaluate(condition, lambda leaf, block, after: value if leaf == name else UNKNOWN, 0) is True


def _equalities(machine: Machine) -> Iterator[Word]:
    """Two places hold the same data."""
    places: dict[tuple[object, ...], tuple[str, str, Expr]] = {}
    for predicate in machine.predicates.values():
        node = _reading(machine, predicate)
        if node.type is DATA and not isinstance(node, Var | At):
            shown = f"{predicate.name}[b]" if predicate.per_block else predicate.name
            places.setdefault(key(node), (shown, predicate.meaning, node))
    for leaf in machine.leaves.values():
        if leaf.type is DATA:
            places.setdefault(key(_read(leaf)), (_shown(leaf), leaf.name, _read(leaf)))
    for (text, name, node), (other_text, other_name, other) in itertools.combinations(places.values(), 2):
        yield Word(
            f"{text} = {other_text}",
            f"{name} equals {other_name}",
            f"{name} differs from {other_name}",
            Eq(node, other),
            _EQUALITY,
            is_equality=True,
        )
