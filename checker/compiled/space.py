"""The states that a compiled search has found, and the table that finds them again."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from splitproof.checker.compiled.control import BATCH, RECENT, SLOT_BYTES, Control, Word
from splitproof.checker.compiled.memory import Array

__all__ = ["Buffers", "Level", "Space"]

SLOTS_MIN = 1 << 16
"""Slots of the first table."""

_SLOTS_FAST = (1 << 20, 1 << 23)
"""Slots of the second and the third table, of 4 and 32 MiB: to enter states anew takes longer than to clear memory."""

_SMALL_PAGES = 128 << 20
"""Bytes of states in small pages. They are written in order, and so many are read again nearly as fast as from huge
pages; but a virtual machine gives free huge pages back to its host, and to get one again takes milliseconds."""

_SLICE = 4096
"""States turned into integers together."""


class Space:
    """States by number, in the order of their discovery.

    `count`: of states. `numbered`: of numbers given, of which a limit may have dropped the last. `capacity`: of
    states that there is memory for. `slots`: of the table, a power of 2.
    """

    def __init__(self, words: int, capacity: int) -> None:
        self.words = words
        self.count = 0
        self._numbered = 0
        while True:
            try:
                self._states = Array(8 * words * capacity, _SMALL_PAGES)
                break
            except MemoryError:
                if capacity < SLOTS_MIN:
                    raise
                capacity //= 2
        self.capacity = capacity
        self.slots = SLOTS_MIN
        self._table = Array(SLOT_BYTES * self.slots)

    @property
    def numbered(self) -> int:
        return max(self._numbered, self.count)

    def truncate(self, count: int) -> None:
        """Drop the states that were found last; the table still knows them, so that no search goes on from here."""
        self._numbered = self.count
        self.count = count

    @property
    def room(self) -> int:
        """States that the table holds before it must grow: at four fifths, probes are still short."""
        return min(self.slots // 5 * 4, self.capacity)

    @property
    def table_bytes(self) -> int:
        return SLOT_BYTES * self.slots

    @property
    def bytes(self) -> int:
        """Memory that the states and the table take."""
        return 8 * self.words * self.count + self.table_bytes

    def larger(self) -> int:
        """The next size of the table; where memory is for many more states, small ones grow fast."""
        fast = (slots for slots in _SLOTS_FAST if self.slots < slots <= self.capacity // 4)
        return next(fast, self.slots * 2)

    def replace_table(self, slots: int) -> None:
        """An empty table; the old one is gone before there are two."""
        self._table.free()
        self.slots = slots
        self._table = Array(SLOT_BYTES * slots)

    def attach(self, control: ctypes.Array[ctypes.c_uint64]) -> None:
        """Point a control record here."""
        control[Word.STATES] = self._states.address
        control[Word.TABLE] = self._table.address
        control[Word.SLOT_BITS] = self.slots.bit_length() - 1

    def append(self, states: Sequence[int]) -> None:
        """States that are known to be new; they are not in the table yet."""
        data = b"".join(state.to_bytes(8 * self.words, "little") for state in states)
        self._states.write(8 * self.words * self.count, data)
        self.count += len(states)

    def read(self, first: int, end: int) -> list[int]:
        """States as packed integers."""
        width = 8 * self.words
        values = memoryview(self._states.read(width * first, width * (end - first))).cast("Q").tolist()
        found = values[self.words - 1 :: self.words]
        for word in reversed(range(self.words - 1)):
            found = [high << 64 | low for high, low in zip(found, values[word :: self.words], strict=True)]
        return found


@dataclass(frozen=True)
class Level(Sequence[int]):
    """The states `first` to `end` of a space, as packed integers; in no particular order."""

    space: Space
    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self.space.read(self.first + start, self.first + max(start, stop))
            return [self[number] for number in range(start, stop, step)]
        place = range(len(self))[index]
        return self.space.read(self.first + place, self.first + place + 1)[0]

    def __iter__(self) -> Iterator[int]:
        for first in range(self.first, self.end, _SLICE):
            yield from self.space.read(first, min(first + _SLICE, self.end))


class Buffers:
    """What one thread writes to: its control record, and room for a batch of successors.

    `steps`: of the machine; a batch may be exceeded by the successors of one state. `notes`: words for the answers to
    questions.
    """

    def __init__(self, words: int, steps: int, notes: int) -> None:
        self.control = Control()
        batch = BATCH + steps
        self._arrays: dict[Word, ctypes.Array[Any]] = {
            Word.AFTER: (ctypes.c_uint64 * (batch * words))(),
            Word.HASHES: (ctypes.c_uint64 * batch)(),
            Word.PLACES: (ctypes.c_uint64 * batch)(),
            Word.LABELS: (ctypes.c_uint32 * batch)(),
            Word.ORIGINS: (ctypes.c_uint64 * batch)(),
            Word.RECENT: (ctypes.c_uint64 * (RECENT * words))(),
        }
        self.counts = (ctypes.c_uint64 * max(steps, 1))()
        self.best = (ctypes.c_uint64 * max(notes, 1))()
        for word, array in self._arrays.items():
            self.control[word] = ctypes.addressof(array)
        self.control[Word.COUNTS] = ctypes.addressof(self.counts)
        self.control[Word.BEST] = ctypes.addressof(self.best)

    def remember(self, state: Sequence[int]) -> None:
        """Begin a search: a state that is known, as words, fills RECENT, so that nothing there is taken for known."""
        recent = self._arrays[Word.RECENT]
        recent[:] = [*state] * (len(recent) // len(state))
