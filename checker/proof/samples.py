"""Reachable states at small sizes, as rows of truth values: what a search for an invariant may hope for.

A row says which of some atoms hold in a reachable state, for one of its blocks. All states at 1 block are there, and a
walk at more: with one block, the block that a worker holds is every block.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from splitproof.checker.ground.decision import function
from splitproof.checker.search.oracle import Exploration, Oracle
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import FALSE, TRUE, Expr, Var, walk
from splitproof.model.machine import Machine

__all__ = ["WALKS", "Samples"]

WALKS: Final[Mapping[int, int]] = {2: 150_000, 3: 120_000}
"""By the number of blocks, the steps of the walk. A state that no walk shows may be excluded by a clause that is tried
for long and then given up: with a third of these steps, the search for one design took 200 seconds instead of 10."""

_STEPS_OF_ONE_PACE = 150
_CHANCE_OF_SLOW_STEP = 0.05

_BITS_LOOKED_UP = 14
"""Bits of a state that are looked up at once: few enough for the same ones to come up again and again."""

_PATIENCE = 5_000
"""Steps without a new state after which a walk has seen enough."""


class Samples:
    """Rows over `atoms`, trees about `BLOCK_PARAMETER`.

    `rows`: how many different ones. `true`, `false`: by atom, the rows where it holds, and where not, as bits.
    """

    def __init__(
        self,
        machine: Machine,
        atoms: Sequence[Expr],
        oracle: Oracle,
        space: Exploration,
        walks: Mapping[int, int] = WALKS,
    ) -> None:
        rows: set[int] = set()
        one_block = _Reader(oracle, atoms, rows)
        for level in space.levels:
            one_block.read(level)
        for blocks, steps in walks.items():
            walker = Oracle(machine, blocks, [])
            _Reader(walker, atoms, rows).read(_walk(walker, steps))
        self.rows = len(rows)
        self.everything = (1 << self.rows) - 1
        self.true = _columns(sorted(rows), len(atoms))
        self.false = [self.everything & ~bits for bits in self.true]


def _walk(oracle: Oracle, steps: int) -> list[int]:
    """States on a random run; the same on every run of the program.

    For some steps at a time, half of the actions are taken only where nothing else can be, or seldom: so each processor
    is now and then far behind the others (swarm testing, Groce 2012).
    """
    chance = random.Random(oracle.blocks)
    actions = [step.action.label for step in oracle.steps]
    labels = list(dict.fromkeys(actions))
    slow: set[str] = set()
    seen: set[int] = set()
    last_new = 0
    if not oracle.initial:
        return []
    state = chance.choice(oracle.initial)
    for taken in range(steps):
        if taken % _STEPS_OF_ONE_PACE == 0:
            slow = {label for label in labels if chance.random() < 0.5}
        if state not in seen:
            seen.add(state)
            last_new = taken
        elif taken - last_new > _PATIENCE:
            break
        following: dict[str, list[int]] = {}
        for step, after in oracle.successors(state):
            following.setdefault(actions[step], []).append(after)
        quick = [label for label in following if label not in slow]
        if not quick or chance.random() < _CHANCE_OF_SLOW_STEP:
            quick = list(following)
        state = chance.choice(following[chance.choice(quick)] if quick else oracle.initial)
    return sorted(seen)


class _Reader:
    """Reads the rows of states, one for each block, into `rows`."""

    def __init__(self, oracle: Oracle, atoms: Sequence[Expr], rows: set[int]) -> None:
        self._rows = rows
        self._readers = [_reader(oracle, atoms, block) for block in range(oracle.blocks)]

    def read(self, states: Sequence[int]) -> None:
        for read in self._readers:
            read(states, self._rows.add)


def _reader(oracle: Oracle, atoms: Sequence[Expr], block: int) -> Callable[..., None]:
    """A function that adds the rows of states for one block.

    Atoms that look at few bits between them are looked up together: states that agree in those bits agree in them.
    """
    grounding = oracle.grounding
    always = 0
    asked: list[tuple[int, str]] = []
    for place, atom in enumerate(atoms):
        node = grounding.expression(atom, {BLOCK_PARAMETER.name: block})
        ground = grounding.terms.under(node, grounding.terms.nothing_known)
        if ground is TRUE:
            always |= 1 << place
        elif ground is not FALSE:
            read = {part.name for part in walk(ground) if isinstance(part, Var)}
            mask = sum(oracle.packing.fields[name].mask for name in read)
            asked.append((mask, f"if {oracle.source.truth(ground)}: r |= {1 << place:#x}"))
    groups = list(_grouped(asked))
    lines = ["def run(states, add):"]
    lines += [f" g{number} = {{}}" for number in range(len(groups))]
    lines += [" for s in states:", f"  row = {always:#x}"]
    for number, (mask, tests) in enumerate(groups):
        lines += [f"  r = g{number}.get(s & {mask:#x})", "  if r is None:", "   r = 0"]
        lines += [f"   {test}" for test in tests]
        lines += [f"   g{number}[s & {mask:#x}] = r", "  row |= r"]
    return function("\n".join([*lines, "  add(row)", ""]))


def _grouped(asked: Sequence[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Tests that read few bits between them, with those bits; each test stands with the bits that it reads."""
    left = sorted(asked, key=lambda item: -item[0].bit_count())  # stable
    while left:
        mask, tests, rest = left[0][0], [], []
        for bits, test in left:
            if (mask | bits).bit_count() <= max(_BITS_LOOKED_UP, mask.bit_count()):
                mask |= bits
                tests.append(test)
            else:
                rest.append((bits, test))
        yield mask, tests
        left = rest


def _columns(rows: list[int], atoms: int) -> list[int]:
    """Bit r of column a is bit a of row r."""
    text = "".join([f"{row:0{atoms}b}" for row in reversed(rows)])
    return [int(text[atoms - 1 - place :: atoms] or "0", 2) for place in range(atoms)]
