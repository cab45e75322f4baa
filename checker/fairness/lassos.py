"""The lasso to tell: the shortest way into a fair cycle, and the shortest fair cycle from there.

A run violates `leads to` if it comes to a state in which the trigger holds and goes on for ever through states in
which the goal does not. Of all such runs, those whose cycle begins after the fewest steps are told; among them, one
whose cycle has the fewest steps, and of the ways to it the one with the fewest changes of processor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from splitproof.checker.counterexamples.calm import Choices, best_choices, calmest_walk, parties_of
from splitproof.checker.fairness.runs import Runs, Waiting

__all__ = ["Lasso", "shortest_lasso"]

CYCLE_PLACES_MAX = 1_000_000
"""How much of the search for the shortest cycle is done; beyond, a cycle is walked from promise to promise."""


@dataclass(frozen=True)
class Lasso:
    """A run: from the state `start` by the steps of `stem`, then those of `cycle` for ever. States are packed.

    A step is a ground step's index with the state after it. An empty cycle: the run stays where the stem ends.
    `is_shortest`: whether the search for the shortest cycle was not given up.
    """

    start: int
    stem: tuple[tuple[int, int], ...]
    cycle: tuple[tuple[int, int], ...]
    is_shortest: bool = True

    @property
    def length(self) -> tuple[int, int]:
        """Steps of the stem and of the cycle."""
        return len(self.stem), len(self.cycle)


def shortest_lasso(graph: Runs, waiting: Waiting) -> Lasso | None:
    """A run that is fair and never gets what it once asked for; None if there is none."""
    depth, entries = waiting.entries()
    if not entries:
        return None
    entries.sort(key=graph.packed)
    shortest = _shortest_cycle(graph, waiting, entries)
    entry, cycle = shortest or (entries[0], _walked_cycle(graph, waiting, entries[0]))
    start, stem = _calmest_stem(graph, waiting, depth, graph.packed(entry))
    packed = tuple((step, graph.packed(state)) for step, state in cycle)
    return Lasso(start, stem, packed, shortest is not None)


def _calmest_stem(
    graph: Runs, waiting: Waiting, depth: int, entry: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """From an initial state to `entry`, which lies in the level of this depth; by places, see `Waiting.arrivals`.

    A state that is asked in and as deep as its level is two places.
    """
    parties = parties_of(graph.engine)
    choices: list[Choices] = [{2 * entry + 1: {"": (0, -1, 2 * entry + 1, "")}}]
    _begin(choices[0], waiting, depth)
    for before in reversed(range(depth)):
        later = choices[-1]
        choices.append(best_choices(waiting.arrivals(before, later.keys()), later, parties))
        _begin(choices[-1], waiting, before)
    choices[-1] = {place: best for place, best in choices[-1].items() if place % 2 == 0}
    start, steps = calmest_walk(choices)
    return start // 2, tuple((step, place // 2) for step, place in steps)


def _begin(choices: Choices, waiting: Waiting, depth: int) -> None:
    """Let what is asked in a state count from there on; the places are so deep."""
    for place in [place for place in choices if place % 2 and waiting.begins(depth, place // 2)]:
        known = choices.setdefault(place - 1, {})
        for party, choice in choices[place].items():
            known[party] = min(choice, known.get(party, choice))


_Settled = tuple[int, int, int]
"""Of the promises, as bits: weak ones that are due in every state so far and not kept; of the strong ones, those due in
some state and not kept, and those kept."""


@dataclass(slots=True)
class _Place:
    """Where the search for a cycle is: the entry it set out from, the state, what is settled, and how it came there."""

    entry: int
    state: int
    settled: _Settled
    before: _Place | None = None
    step: int = -1

    @property
    def steps(self) -> tuple[tuple[int, int], ...]:
        found, place = [], self
        while place.before is not None:
            found.append((place.step, place.state))
            place = place.before
        return tuple(reversed(found))


def _shortest_cycle(
    graph: Runs, waiting: Waiting, entries: Sequence[int]
) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """A shortest fair cycle through one of the entries; None if the search for it grows too large.

    What comes to the same state from the same entry as another place, no sooner and with no promise settled that the
    other has not, is not followed: whatever makes it a fair cycle does so there, in as many steps.
    """
    strong = graph.strong
    level = []
    for entry in entries:
        due = graph.due(entry)
        if not due:
            return entry, ()
        level.append(_Place(entry, entry, (due & ~strong, due & strong, 0)))
    known = {(place.entry, place.state): [place.settled] for place in level}
    count = len(level)
    while level:
        following = []
        for place in level:
            owed, missed, kept = place.settled
            for step, after in graph.edges(place.state):
                if waiting.part(after) != waiting.part(place.entry):
                    continue
                due, now = graph.due(after), graph.kept[step]
                now_kept = kept | now & strong
                settled = owed & due & ~now, (missed | due & strong) & ~now_kept, now_kept
                others = known.setdefault((place.entry, after), [])
                if any(_is_as_good(other, settled) for other in others):
                    continue
                others.append(settled)
                reached = _Place(place.entry, after, settled, place, step)
                if after == place.entry and not settled[0] and not settled[1]:
                    return place.entry, reached.steps
                following.append(reached)
            if count + len(following) > CYCLE_PLACES_MAX:
                return None
        count += len(following)
        level = following
    raise AssertionError("a fair part has a fair cycle through each of its states")


def _is_as_good(one: _Settled, other: _Settled) -> bool:
    """Whether whatever settles the rest of the other settles the rest of this one."""
    return not (one[0] & ~other[0] or one[1] & ~other[1] or other[2] & ~one[2])


def _walked_cycle(graph: Runs, waiting: Waiting, entry: int) -> tuple[tuple[int, int], ...]:
    """A fair cycle through the entry: to the nearest step or state that settles a promise, until none is left."""
    state, cycle = entry, list[tuple[int, int]]()
    owed, kept = graph.due(entry), 0

    def settled(step: int, after: int) -> int:
        """Of what is owed, what is kept by a step or, if it is weak, cannot be done in the state after it."""
        return owed & (graph.kept[step] | ~(graph.due(after) | graph.strong))

    while owed or state != entry:
        is_home = (lambda _, after: after == entry) if not owed else settled
        for step, after in _way(graph, waiting, state, is_home):
            kept |= graph.kept[step]
            owed = owed & ~settled(step, after) | graph.due(after) & graph.strong & ~kept
            cycle.append((step, after))
            state = after
    return tuple(cycle)


def _way(graph: Runs, waiting: Waiting, start: int, ends: Callable[[int, int], int]) -> list[tuple[int, int]]:
    """The shortest way inside a fair part whose last step, or the state after it, is what `ends` asks for."""
    came_from: dict[int, tuple[int, int]] = {}
    level = [start]
    while True:
        following = []
        for state in level:
            for step, after in graph.edges(state):
                if waiting.part(after) != waiting.part(start):
                    continue
                if ends(step, after):
                    return [*_way_back(came_from, start, state), (step, after)]
                if after not in came_from and after != start:
                    came_from[after] = (state, step)
                    following.append(after)
        level = following


def _way_back(came_from: dict[int, tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    steps = []
    while end != start:
        before, step = came_from[end]
        steps.append((step, end))
        end = before
    return steps[::-1]
