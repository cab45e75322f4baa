"""Reachable states at small sizes, as rows of truth values: what a search for an invariant may hope for.

A row says which of some atoms hold in a reachable state, for one of its blocks. All states at 1 block are there, and a
walk at more: with one block, the block that a worker holds is every block.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from splitproof.checker.decision import function
from splitproof.checker.oracle import Exploration, Oracle
from splitproof.model.expressions import Expr
from splitproof.model.machine import Machine
from splitproof.model.properties import BLOCK_PARAMETER

__all__ = ["Samples"]

_WALKS = ((2, 40_000), (3, 40_000))
"""Blocks, and steps of the walk."""

_RESTART = 400
"""Steps after which a walk starts over."""


class Samples:
    """Rows over `atoms`, trees about `BLOCK_PARAMETER`.

    `rows`: how many different ones. `true`, `false`: by atom, the rows where it holds, and where not, as bits.
    """

    def __init__(self, machine: Machine, atoms: Sequence[Expr], oracle: Oracle, space: Exploration) -> None:
        found = set(_rows(oracle, atoms, [state for level in space.levels for state in level]))
        for blocks, steps in _WALKS:
            walker = Oracle(machine, blocks, [])
            found |= set(_rows(walker, atoms, _walk(walker, steps)))
        self.rows = len(found)
        self.true = _columns(sorted(found), len(atoms))
        everything = (1 << self.rows) - 1
        self.false = [everything & ~bits for bits in self.true]
        self.everything = everything


def _walk(oracle: Oracle, steps: int) -> list[int]:
    """States on random runs; the same on every run of the program."""
    choose = random.Random(oracle.blocks).choice
    seen: set[int] = set()
    state = oracle.initial[0]
    for count in range(steps):
        following = oracle.successors(state) if count % _RESTART else []
        state = choose(following)[1] if following else choose(oracle.initial)
        seen.add(state)
    return sorted(seen)


def _rows(oracle: Oracle, atoms: Sequence[Expr], states: list[int]) -> set[int]:
    found: set[int] = set()
    for block in range(oracle.blocks):
        _reader(oracle, atoms, block)(states, found.add)
    return found


def _reader(oracle: Oracle, atoms: Sequence[Expr], block: int) -> Callable[..., None]:
    terms = oracle.grounding
    bits = []
    for place, atom in enumerate(atoms):
        ground = terms.terms.under(
            terms.expression(atom, {BLOCK_PARAMETER.name: block}), terms.terms.nothing_known
        )
        bits.append(f"  if {oracle.source.truth(ground)}: r |= {1 << place:#x}")
    text = "\n".join(["def run(states, add):", " for s in states:", "  r = 0", *bits, "  add(r)", ""])
    return function(text)


def _columns(rows: list[int], atoms: int) -> list[int]:
    """Bit r of column a is bit a of row r."""
    texts = [f"{row:0{atoms}b}" for row in reversed(rows)]
    return [int("".join(text[atoms - 1 - place] for text in texts) or "0", 2) for place in range(atoms)]
