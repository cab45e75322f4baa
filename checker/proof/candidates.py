"""Clauses over the words that are true of everything known to be reachable, cheapest first.

A clause is a tuple of literals, a literal a word and whether it is affirmed. Short clauses are listed once; longer ones
are looked for when a state has to be told from all samples.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence

from splitproof.checker.proof.samples import Samples
from splitproof.checker.proof.words import Word

__all__ = ["Candidates", "Clause", "Cube", "Literal"]

Literal = tuple[int, bool]
Clause = tuple[Literal, ...]
Cube = Mapping[int, bool]
"""What some words say of a state and one of its blocks; words that are left out may say anything."""

_Entry = tuple[float, int, Clause]
"""Cost, literals as bits, clause."""

_THIN_ROWS = 3000
"""Rows that a clause is tried on before all of them are."""

_LITERALS_MAX = 5
"""Longer clauses only tell single states apart, and nobody reads them."""

_TRIPLE = 3

_ORDERS = 80
"""Orders in which literals are left out of a long clause."""


class Candidates:
    """The clauses that samples allow, until a state is added that falsifies them."""

    def __init__(self, words: Sequence[Word], samples: Samples) -> None:
        self._words = words
        self._bits = samples.rows
        thinned = random.Random(0).sample(range(samples.rows), min(samples.rows, _THIN_ROWS))
        self._thin_bits = len(thinned)
        literals = [(place, sign) for place in range(len(words)) for sign in (True, False)]
        self._place = {literal: index for index, literal in enumerate(literals)}
        self._false = {
            (place, sign): samples.false[place] if sign else samples.true[place] for place, sign in literals
        }
        self._thin = {literal: _thin(bits, samples.rows, thinned) for literal, bits in self._false.items()}
        self._thin_rows = _rows(list(self._thin.values()), len(thinned))
        self._costs = {literal: self._cost(literal) for literal in literals}
        self._units = {literal for literal in literals if not self._false[literal]}
        single = sorted(self._entry((literal,)) for literal in self._units)
        self._pools: list[list[_Entry]] = [single, sorted(self._pairs()), []]

    def _cost(self, literal: Literal) -> float:
        """What it asks of a reader, and how often it is true: a clause of seldom true literals says more."""
        share = 1 - self._false[literal].bit_count() / self._bits
        return 1 + self._words[literal[0]].cost / 4 + 4 * share

    def cost(self, clause: Clause) -> float:
        """Cheap clauses are short, simple and strong."""
        return sum(self._costs[literal] for literal in clause)

    def _entry(self, clause: Clause) -> _Entry:
        return (self.cost(clause), self._mask(clause), clause)

    def _mask(self, literals: Collection[Literal]) -> int:
        mask = 0
        for literal in literals:
            mask |= 1 << self._place[literal]
        return mask

    def _pairs(self) -> Iterator[_Entry]:
        settled = {place for place, _ in self._units}
        literals = [literal for literal in self._place if literal[0] not in settled]
        for index, one in enumerate(literals):
            false, thin = self._false[one], self._thin[one]
            for other in literals[index + 1 :]:
                if not thin & self._thin[other] and one[0] != other[0] and not false & self._false[other]:
                    yield self._entry((one, other))

    def add(self, cube: Cube) -> None:
        """A state that has to be taken for reachable: the clauses that it falsifies are none any more."""
        falsified = [(place, not value) for place, value in cube.items()]
        for literal in falsified:
            self._false[literal] |= 1 << self._bits
            self._thin[literal] |= 1 << self._thin_bits
        self._bits += 1
        self._thin_bits += 1
        mask = self._mask(falsified)
        self._thin_rows.append(((1 << len(self._place)) - 1) & ~mask)
        self._pools = [[entry for entry in pool if entry[1] & mask != entry[1]] for pool in self._pools]
        self._units = {literal for literal in self._units if not self._false[literal]}

    def separating(
        self, cubes: Sequence[Cube], given_up: Collection[Clause], most: int, focus: Collection[int]
    ) -> list[Clause]:
        """The cheapest clauses that one of the cubes falsifies: as short as possible, `most` at most.

        `focus`: the words that long clauses should be made of.
        """
        masks = [self._mask([(place, not value) for place, value in cube.items()]) for cube in cubes]
        for pool in self._pools:
            found = [
                clause
                for _, mask, clause in pool
                if any(mask & falsified == mask for falsified in masks) and clause not in given_up
            ]
            if found:
                return found[:most]
        triples = {self._entry(clause) for cube in cubes for clause in self._triples(cube)}
        self._pools[2] = sorted(triples.union(self._pools[2]))
        alive = [clause for _, _, clause in sorted(triples) if clause not in given_up]
        if alive:
            return alive[:most]
        longer = sorted({self._entry(clause) for cube in cubes for clause in self._longer(cube, focus)})
        return [clause for _, _, clause in longer if clause not in given_up][:1]

    def _open(self, cube: Cube) -> list[Literal]:
        """The literals that the cube falsifies, but for those that nothing falsifies or affirms."""
        settled = {place for place, _ in self._units}
        return [(place, not value) for place, value in cube.items() if place not in settled]

    def _triples(self, cube: Cube) -> Iterator[Clause]:
        """Those of which the first two literals are not enough by themselves.

        A clause has to hit each row: take the row that the fewest literals hit, one of these literals, the same again
        among the rows that it leaves, and then whatever hits all that are left.
        """
        literals = self._open(cube)
        opened = self._mask(literals)
        rows = sorted({row & opened for row in self._thin_rows}, key=lambda row: (row.bit_count(), row))
        by_bit = {1 << self._place[literal]: literal for literal in literals}
        for found in {mask for mask in _hitting(rows, opened) if mask.bit_count() == _TRIPLE}:
            first, second, third = (by_bit[bit] for bit in _bits(found))
            if self._thin[first] & self._thin[second]:  # otherwise a pair does it, or is given up
                clause = (first, second, third)
                if self._is_true(clause) and self._is_general(clause):
                    yield clause

    def _is_true(self, clause: Clause) -> bool:
        bits = (1 << self._bits) - 1
        for literal in clause:
            bits &= self._false[literal]
        return not bits

    def _is_general(self, clause: Collection[Literal]) -> bool:
        """Of three places that hold two values, two hold the same; samples tell no more values of data apart."""
        return sum(sign and self._words[place].is_equality for place, sign in clause) < 3

    def _longer(self, cube: Cube, focus: Collection[int]) -> Iterator[Clause]:
        """Clauses of which no literal can be left out; dear ones are left out first, in several orders."""
        literals = self._open(cube)
        choose = random.Random(len(literals))
        dear = {literal: self._costs[literal] * (1 if literal[0] in focus else 3) for literal in literals}
        for _ in range(_ORDERS):
            weights = {literal: -dear[literal] * choose.uniform(0.2, 1.8) for literal in literals}
            clause = self._irredundant(sorted(literals, key=weights.__getitem__))
            if clause is not None and len(clause) <= _LITERALS_MAX and self._is_general(clause):
                yield tuple(sorted(clause, key=self._place.__getitem__))

    def _irredundant(self, order: Sequence[Literal]) -> Clause | None:
        rest = [(1 << self._bits) - 1]
        for literal in reversed(order):
            rest.append(rest[-1] & self._false[literal])
        rest.reverse()
        if rest[0]:
            return None
        kept: list[Literal] = []
        bits = (1 << self._bits) - 1
        for index, literal in enumerate(order):
            if bits & rest[index + 1]:
                kept.append(literal)
                bits &= self._false[literal]
        return tuple(kept)


def _thin(bits: int, rows: int, kept: Sequence[int]) -> int:
    text = f"{bits:0{rows}b}"
    return int("".join(map(text.__getitem__, [rows - 1 - row for row in kept])) or "0", 2)


def _rows(columns: Sequence[int], rows: int) -> list[int]:
    """By row, the columns that do not have its bit."""
    texts = [f"{bits:0{rows}b}" for bits in reversed(columns)]
    every = (1 << len(columns)) - 1
    return [every & ~int("".join(row), 2) for row in reversed(list(zip(*texts, strict=True)))]


def _bits(mask: int) -> Iterator[int]:
    """Its bits, from the lowest on."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def _hitting(rows: Sequence[int], opened: int) -> Iterator[int]:
    """Every choice of three of the open bits, at least once, that has a bit of each row; the same bit may be repeated.

    `rows`: those with few bits first.
    """
    for one in _bits(rows[0]):
        left = [row for row in rows if not row & one]
        for two in _bits(left[0] if left else opened):
            common = opened
            for row in left:
                if not row & two:
                    common &= row
                    if not common:
                        break
            for three in _bits(common):
                yield one | two | three
