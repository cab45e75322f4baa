"""The lasso to tell: the shortest way into a fair cycle, and the shortest fair cycle from there.

A run violates `leads to` if it comes to a state in which the trigger holds and goes on for ever through states in
which the goal does not. Of all such runs, those whose cycle begins after the fewest steps are told; among them, one
whose cycle has the fewest steps, and of the ways to it the one with the fewest changes of processor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from splitproof.checker.counterexamples.calm import Choices, best_choices, calmest_walk, parties_of
from splitproof.checker.fairness.fair_components import fair_components
from splitproof.checker.fairness.runs import RunGraph

__all__ = ["Lasso", "shortest_lasso"]

CYCLE_PLACES_MAX = 300_000
"""How much of the search for the shortest cycle is done; beyond, a cycle is walked from promise to promise."""


@dataclass(frozen=True)
class Lasso:
    """A run by states of a `RunGraph`: from `start` by the steps of `stem`, then those of `cycle` for ever.

    A step is a ground step's index with the state after it. An empty cycle: the run stays where the stem ends.
    """

    start: int
    stem: tuple[tuple[int, int], ...]
    cycle: tuple[tuple[int, int], ...]

    @property
    def length(self) -> tuple[int, int]:
        """Steps of the stem and of the cycle."""
        return len(self.stem), len(self.cycle)


def shortest_lasso(graph: RunGraph, asked: bytearray, open_: bytearray) -> Lasso | None:
    """A run that is fair and never comes out of `open_` once it was in a state of `asked`; None if there is none.

    `asked`: the states in which the trigger holds and the goal does not; `open_`: those in which the goal does not.
    """
    levels = _open_levels(graph, asked, open_)
    number: dict[int, int] = {}
    components = fair_components(graph, [state for level in levels for state in level])
    for place, component in enumerate(components):
        number.update(dict.fromkeys(component, place))
    if not number:
        return None
    depth = next(d for d, level in enumerate(levels) if any(state in number for state in level))
    entries = sorted(state for state in levels[depth] if state in number)
    entry, cycle = _shortest_cycle(graph, entries, number) or _walked_cycle(graph, entries[0], number)
    start, stem = _calmest_stem(graph, levels[: depth + 1], asked, entry)
    return Lasso(start, stem, cycle)


def _open_levels(graph: RunGraph, asked: bytearray, open_: bytearray) -> list[list[int]]:
    """The states in which what was asked for is still to come, by the least number of steps."""
    waiting: dict[int, list[int]] = {}
    for state, depth in enumerate(graph.depths):
        if asked[state]:
            waiting.setdefault(depth, []).append(state)
    seen = bytearray(len(asked))
    levels: list[list[int]] = []
    reached: list[int] = []
    while waiting or reached:
        level = []
        for state in [*waiting.pop(len(levels), ()), *reached]:
            if not seen[state]:
                seen[state] = 1
                level.append(state)
        levels.append(level)
        reached = [after for state in level for after in graph.after(state) if open_[after]]
    return levels


def _calmest_stem(
    graph: RunGraph, levels: list[list[int]], asked: bytearray, entry: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """From an initial state to `entry`, which lies in the last of the levels.

    Places are states twice over: before anything is asked (even), and after (odd); a state of `asked` that is as
    deep as its level is both.
    """
    parties = parties_of(graph.oracle)
    by_depth: list[list[int]] = [[] for _ in levels]
    for state, depth in enumerate(graph.depths):
        if depth < len(levels):
            by_depth[depth].append(state)
    choices: list[Choices] = [{2 * entry + 1: {"": (0, -1, 2 * entry + 1, "")}}]
    _begin(choices[0], by_depth[-1], asked)
    for before, level in zip(reversed(by_depth[:-1]), reversed(levels[:-1]), strict=True):
        later = choices[-1]
        found = [
            (2 * state + is_open, step, 2 * after + is_open)
            for is_open, states in enumerate((before, level))
            for state in states
            for step, after in graph.edges(state)
            if 2 * after + is_open in later
        ]
        choices.append(best_choices(found, later, parties))
        _begin(choices[-1], before, asked)
    choices[-1] = {place: best for place, best in choices[-1].items() if place % 2 == 0}
    start, steps = calmest_walk(choices)
    return start // 2, tuple((step, place // 2) for step, place in steps)


def _begin(choices: Choices, states: Sequence[int], asked: bytearray) -> None:
    """Let what is asked in a state count from there on; `states` are as deep as the level of the choices."""
    for state in states:
        if asked[state] and 2 * state + 1 in choices:
            known = choices.setdefault(2 * state, {})
            for party, choice in choices[2 * state + 1].items():
                known[party] = min(choice, known.get(party, choice))


_Place = tuple[int, int, int, int, int]
"""Where the search for a cycle is: the entry it set out from, the state, and of the promises, as bits: those due in
every state so far and not kept, the strong ones due in some state, and those kept."""


def _shortest_cycle(
    graph: RunGraph, entries: Sequence[int], number: dict[int, int]
) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """A shortest fair cycle through one of the entries; None if the search for it grows too large."""
    enabled, strong = graph.enabled, graph.strong
    level: list[_Place] = [(entry, entry, enabled[entry], enabled[entry] & strong, 0) for entry in entries]
    for place in level:
        if not place[2] and not place[3]:
            return place[0], ()
    came_from: dict[_Place, tuple[_Place, int] | None] = dict.fromkeys(level)
    while level:
        following = []
        for place in level:
            entry, state, owed, due, kept = place
            for step, after in graph.edges(state):
                if number.get(after) != number[entry]:
                    continue
                now_kept = kept | graph.kept[step]
                now_due = due | enabled[after] & strong
                reached = (entry, after, owed & enabled[after] & ~now_kept, now_due, now_kept & strong)
                if reached in came_from:
                    continue
                came_from[reached] = (place, step)
                if after == entry and not reached[2] and not now_due & ~now_kept:
                    return entry, _steps_to(came_from, reached)
                following.append(reached)
            if len(came_from) > CYCLE_PLACES_MAX:
                return None
        level = following
    raise AssertionError("a fair component has a fair cycle through each of its states")


def _steps_to(
    came_from: dict[_Place, tuple[_Place, int] | None], place: _Place
) -> tuple[tuple[int, int], ...]:
    steps = []
    known = came_from[place]
    while known is not None:
        before, step = known
        steps.append((step, place[1]))
        place, known = before, came_from[before]
    return tuple(reversed(steps))


def _walked_cycle(
    graph: RunGraph, entry: int, number: dict[int, int]
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """A fair cycle through the entry: to the nearest step or state that settles a promise, until none is left."""
    inside = number[entry]
    members = [state for state, component in number.items() if component == inside]
    kept_here = 0
    for state in members:
        for step, after in graph.edges(state):
            if number.get(after) == inside:
                kept_here |= graph.kept[step]
    owed = graph.enabled[entry] | graph.strong & kept_here
    state, cycle = entry, list[tuple[int, int]]()

    def settled(step: int, after: int) -> int:
        """Of what is owed, what is kept by a step or, if it is weak, cannot be done in the state after it."""
        return owed & (graph.kept[step] | ~(graph.enabled[after] | graph.strong))

    while owed or state != entry:
        is_home = (lambda _, after: after == entry) if not owed else settled
        for step, after in _way(graph, state, number, is_home):
            owed &= ~settled(step, after)
            cycle.append((step, after))
            state = after
    return entry, tuple(cycle)


def _way(
    graph: RunGraph, start: int, number: dict[int, int], ends: Callable[[int, int], int]
) -> list[tuple[int, int]]:
    """The shortest way inside a component whose last step, or the state after it, is what `ends` asks for."""
    came_from: dict[int, tuple[int, int]] = {}
    level = [start]
    while True:
        following = []
        for state in level:
            for step, after in graph.edges(state):
                if number.get(after) != number[start]:
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
