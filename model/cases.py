"""Small case analysis: what a guard says about values, decided by trying every combination of them.

A tree is a function of its *atoms*: the variables, quantified parts and comparisons of blocks or data in it.
Atoms are taken as independent of each other, so that what is shown for all combinations holds in every state.
The converse may fail: a question may stay open that is settled in fact.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import (
    And,
    At,
    Eq,
    Every,
    Expr,
    Less,
    Member,
    Param,
    Some,
    Var,
    all_of,
    children,
    key,
    rewrite,
    walk,
)
from splitproof.model.types import BLOCK, DATA, Int

__all__ = ["conjuncts", "contradiction", "entails", "value_outside"]

_CASES_MAX = 4096
"""Combinations tried. Beyond that a question stays open."""

_ENTAILED: dict[tuple[Any, ...], bool] = {}
"""What was decided; designs that differ in little ask the same."""

_Atoms = dict[tuple[Any, ...], Var]
"""By the key of an atom, the variable that stands for it."""


def conjuncts(conditions: Iterable[Expr]) -> list[Expr]:
    """The conditions, with conjunctions taken apart."""
    return [part for node in conditions for part in (node.operands if isinstance(node, And) else (node,))]


def contradiction(conditions: Iterable[Expr]) -> tuple[Expr, ...]:
    """Conjuncts over one and the same atom that exclude each other; empty if none are found."""
    by_atom: dict[tuple[Any, ...], list[Expr]] = {}
    for node in conjuncts(conditions):
        atoms = _atoms(node)
        if len(atoms) == 1:
            by_atom.setdefault(next(iter(atoms)), []).append(node)
    for nodes in by_atom.values():
        is_plain = len(nodes) == 1 and not any(isinstance(part, Less) for part in walk(nodes[0]))
        if not is_plain and entails((), ~all_of(*nodes)):
            return tuple(nodes)
    return ()


def entails(facts: Iterable[Expr], goal: Expr) -> bool:
    """Whether the goal holds wherever the facts do, as far as facts about nothing but its atoms tell."""
    parts = conjuncts(facts)
    known = {key(fact) for fact in parts}
    if all(key(part) in known for part in conjuncts((goal,))):
        return True
    atoms = _atoms(goal)
    helpful = [fact for fact in parts if _atoms(fact).keys() <= atoms.keys()]
    question = (
        frozenset(map(key, helpful)),
        key(goal),
        tuple((name, atom.type.values(1)) for name, atom in atoms.items()),
    )
    if question not in _ENTAILED:
        cases = _cases(atoms, all_of(*helpful), goal)
        _ENTAILED[question] = cases is not None and all(holds for is_possible, holds in cases if is_possible)
    return _ENTAILED[question]


def value_outside(node: Expr, low: int, high: int, guard: Iterable[Expr]) -> int | None:
    """A number below `low` or above `high` that the node may be where the guard holds; else None."""
    atoms = _atoms(node)
    helpful = []
    for fact in conjuncts(guard):
        wider = _atoms(fact) | atoms
        is_related = not atoms.keys().isdisjoint(_atoms(fact))
        if is_related and _count(wider) <= _CASES_MAX:
            atoms = wider
            helpful.append(fact)
    cases = _cases(atoms, all_of(*helpful), node)
    if cases is None:
        assert isinstance(node.type, Int)
        return node.type.high if node.type.high > high else node.type.low
    return next((value for is_possible, value in cases if is_possible and not low <= value <= high), None)


def _is_atom(node: Expr) -> bool:
    if isinstance(node, Eq):
        return node.left.type in (BLOCK, DATA)
    return isinstance(node, Var | At | Param | Member | Every | Some)


def _atoms(node: Expr) -> _Atoms:
    if _is_atom(node):
        name = key(node)
        return {name: Var(str(name), node.type)}
    found: _Atoms = {}
    for child in children(node):
        found |= _atoms(child)
    return found


def _count(atoms: _Atoms) -> int:
    return math.prod(len(atom.type.values(1)) for atom in atoms.values())


def _cases(atoms: _Atoms, *nodes: Expr) -> list[tuple[Any, ...]] | None:
    """The values of the nodes for each combination of values of the atoms; None if there are too many."""
    if _count(atoms) > _CASES_MAX:
        return None
    abstract = [rewrite(node, lambda part: atoms[key(part)] if _is_atom(part) else None) for node in nodes]
    names = [atom.name for atom in atoms.values()]
    found = []
    for values in itertools.product(*(atom.type.values(1) for atom in atoms.values())):
        known = dict(zip(names, values, strict=True))
        found.append(tuple(evaluate(node, lambda name, *_: known[name], 1) for node in abstract))  # noqa: B023
    return found
