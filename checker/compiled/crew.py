"""Several threads on one level: they share the table, the frontier and the numbers for new states.

Each takes portions of the frontier and chunks of numbers from two counters. What is left of the chunks is closed
behind them, so that the states are numbered without gaps, and levels stay ranges of numbers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from splitproof.checker.compiled.control import Word
from splitproof.checker.compiled.kernels import SearchCode

__all__ = ["Crew"]

_NEXT = 8
"""The place of the second counter, a cache line away from the first."""

_Range = tuple[int, int]


class Crew:
    """Threads, by their control records; the calling thread is the first of them."""

    def __init__(self, controls: Sequence[ctypes.Array[ctypes.c_uint64]], code: SearchCode) -> None:
        self._controls, self._code = controls, code
        self._counters = (ctypes.c_uint64 * (2 * _NEXT))()
        self._pool = ThreadPoolExecutor(max(len(controls) - 1, 1))

    def _together(self, function: Callable[[ctypes.Array[ctypes.c_uint64]], None]) -> None:
        """Call a function with each record, in a thread each."""
        others = [self._pool.submit(function, control) for control in self._controls[1:]]
        function(self._controls[0])
        for other in others:
            other.result()

    def rehash(self, count: int) -> None:
        """Enter the first `count` states into an empty table."""
        part = -(-count // len(self._controls))
        for number, control in enumerate(self._controls):
            control[Word.HEAD], control[Word.END] = number * part, min((number + 1) * part, count)
        self._together(self._code.rehash_shared)

    def begin(self, count: int) -> None:
        """Number new states from `count` on."""
        self._counters[_NEXT] = count
        for control in self._controls:
            control[Word.NEXT] = control[Word.CHUNK_END] = count

    @property
    def numbered(self) -> int:
        """Numbers given to threads so far."""
        return int(self._counters[_NEXT])

    @property
    def states(self) -> int:
        """States found so far."""
        return self.numbered - sum(end - first for first, end in self._gaps())

    def expand(self, head: int, end: int, limit: int) -> int:
        """Expand states until `end`, or until more than `limit` numbers are given; the first state that is left."""
        self._counters[0] = head
        for control in self._controls:
            control[Word.HEAD] = ctypes.addressof(self._counters)
            control[Word.SHARED] = ctypes.addressof(self._counters) + 8 * _NEXT
            control[Word.END], control[Word.LIMIT] = end, limit
        self._together(self._code.expand_shared)
        return min(int(self._counters[0]), end)

    def compact(self) -> int:
        """Give the last states the numbers of the gaps; how many states there are."""
        count, total = self.states, self.numbered
        gaps = self._gaps()
        free = [(first, min(end, count)) for first, end in gaps if first < count]
        used = _between(count, total, gaps)
        while free:
            (to, to_end), (source, source_end) = free.pop(), used.pop()
            length = min(to_end - to, source_end - source)
            self._code.relocate(self._controls[0], source, to, length)
            if to + length < to_end:
                free.append((to + length, to_end))
            if source + length < source_end:
                used.append((source + length, source_end))
        self.begin(count)
        return count

    def _gaps(self) -> list[_Range]:
        """Numbers that were given to a thread and not used, in order."""
        found = [(int(control[Word.NEXT]), int(control[Word.CHUNK_END])) for control in self._controls]
        return sorted((first, end) for first, end in found if first < end)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def _between(first: int, end: int, gaps: Sequence[_Range]) -> list[_Range]:
    """The numbers from `first` to `end` that are in no gap."""
    found = []
    for gap_first, gap_end in gaps:
        if first < gap_first:
            found.append((first, gap_first))
        first = max(first, gap_end)
    if first < end:
        found.append((first, end))
    return found
