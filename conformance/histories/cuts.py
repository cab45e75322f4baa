"""Which instants show these values: the arithmetic of the judge, on intervals of one clock.

A write took effect at one instant between its call and its return. If a block shows the value of the write [c, r], the
instant shown lies at or after c, and no later than the return of any write of the block that was called after r, since
that one took effect after the first. So a value is shown throughout [c, d], d the earliest such return, and a value
that several writes wrote in the union of their intervals. Values of several blocks are shown together at an instant
that all of their unions have in common: O(n log n) in the number of writes.

Intervals are closed: operations that touch in one tick of the clock may have happened in either order, and the judge
accuses only where every order is wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from splitproof.conformance.histories.history import Operation, Outcome

__all__ = ["Interval", "Place", "Writes", "common_instant", "merged"]

Place = tuple[str, int]
"""A block: volume and number."""


_CALL: Final = attrgetter("call")


class Interval(NamedTuple):
    """When a value is shown: from the call of `writer` (None: from the start) to the return of `overwriter`."""

    low: float
    high: float
    writer: Operation | None = None
    overwriter: Operation | None = None


class _Block:
    """The writes of one block by call, `earliest` the earliest return among those from each on, with its write."""

    def __init__(self, writes: list[Operation]) -> None:
        writes.sort(key=_CALL)
        self.calls = list(map(_CALL, writes))
        best: tuple[float, Operation | None] = (math.inf, None)
        earliest = [best]
        by_value: dict[str | None, Operation | list[Operation]] = {}
        for write in reversed(writes):
            returned = _returned(write)
            if returned < best[0]:
                best = (returned, write)
            earliest.append(best)
            known = by_value.setdefault(write.value, write)
            if known is not write:  # rare, and a list for each of a million values is not cheap
                if isinstance(known, list):
                    known.append(write)
                else:
                    by_value[write.value] = [known, write]
        earliest.reverse()
        self.earliest = earliest
        self._by_value = by_value

    def writers(self, value: str) -> list[Operation]:
        """The writes of a value."""
        found = self._by_value.get(value, [])
        return found if isinstance(found, list) else [found]


class Writes:
    """The writes of a history, by block. A rejected write did not happen; an indefinite one has no return."""

    def __init__(self, initial: Mapping[str, Sequence[str]], operations: Iterable[Operation]) -> None:
        self._initial = initial
        self._lists: dict[Place, list[Operation]] = defaultdict(list)
        self._blocks: dict[Place, _Block] = {}
        lists, rejected = self._lists, Outcome.REJECTED
        for operation in operations:
            if operation.kind == "write" and operation.outcome is not rejected:
                assert operation.block is not None
                lists[operation.volume, operation.block].append(operation)

    def between(self, place: Place, start: float, end: float) -> bool:
        """Whether the block had a write that was called after `start` and returned before `end`."""
        block = self._block(place)
        return block.earliest[bisect_right(block.calls, start)][0] < end

    def _block(self, place: Place) -> _Block:
        if place not in self._blocks:
            self._blocks[place] = _Block(self._lists.get(place, []))
        return self._blocks[place]

    def elsewhere(self, value: str, place: Place) -> Operation | None:
        """A write of the value to another block."""
        others = (write for other, writes in self._lists.items() if other != place for write in writes)
        return next((write for write in others if write.value == value), None)

    def shown(self, place: Place, value: str) -> list[Interval]:
        """When the block shows the value, an interval for each origin; none if it was never there."""
        block = self._block(place)
        intervals = []
        for write in block.writers(value):
            high, overwriter = block.earliest[bisect_right(block.calls, _returned(write))]
            intervals.append(Interval(write.call, high, write, overwriter))
        volume, number = place
        if self._initial[volume][number] == value:
            high, overwriter = block.earliest[0]
            intervals.append(Interval(-math.inf, high, None, overwriter))
        return intervals


def _returned(write: Operation) -> float:
    if write.outcome is Outcome.INDEFINITE or write.returned is None:
        return math.inf
    return write.returned


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Their union, as disjoint intervals by time."""
    result: list[Interval] = []
    for interval in sorted(intervals, key=lambda one: (one.low, one.high)):
        if result and interval.low <= result[-1].high:
            if interval.high > result[-1].high:
                result[-1] = result[-1]._replace(high=interval.high, overwriter=interval.overwriter)
        else:
            result.append(interval)
    return result


def common_instant(unions: Sequence[Sequence[Interval]]) -> tuple[float, int]:
    """The first instant that lies in as many of the unions as any, and in how many it lies.

    `unions`: each as `merged` returns it.
    """
    edges = [
        edge for union in unions for interval in union for edge in ((interval.low, 0), (interval.high, 1))
    ]
    edges.sort()  # starts before ends of the same instant: intervals are closed
    depth = best = 0
    instant = -math.inf
    for time, is_end in edges:
        depth += -1 if is_end else 1
        if depth > best:
            best, instant = depth, time
    return instant, best
