"""Very long runs: the steps that matter are shown, and the nearest others; the rest is counted, in rows of their own.

A row of several steps has what they changed together, so that the state after it is the state of the run. No step of
the causal chain is lost, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["STEPS_MAX", "nearest", "shortened"]

STEPS_MAX = 240
"""Rows of a page; with more, it is no page of 200 KB any more."""


def nearest(length: int, wanted: Iterable[int], most: int) -> list[int]:
    """The places wanted of a sequence, all of them, and those nearest to them, up to a number of all; the last places
    if none is wanted."""
    kept = {place for place in wanted if 0 <= place < length} or set(range(max(0, length - most), length))
    marks, distance = sorted(kept), 1
    while len(kept) < min(most, length):
        for mark in marks:
            for place in (mark - distance, mark + distance):
                if 0 <= place < length and len(kept) < most:
                    kept.add(place)
        distance += 1
    return sorted(kept)


def shortened(page: dict[str, Any], steps_max: int = STEPS_MAX) -> dict[str, Any]:
    """The object of a page (`explorer.explored`) with at most so many rows, or with every step that matters."""
    steps = page["steps"]
    if len(steps) <= steps_max:
        return page
    kept = set(nearest(len(steps), _essential(page), steps_max))
    runs = _runs(len(steps), kept)
    row_of = {step: row for row, run in enumerate(runs) for step in run}

    def state(before: int) -> int:
        """After the row of the last step that was taken."""
        return row_of[before - 1] + 1 if before else 0

    passing, ticks = page["passing"], page["ticks"]
    return {
        **page,
        "folded": len(steps) - len(kept),
        "steps": [_row(page, run, row_of) for run in runs],
        "arrows": [[row_of[start], row_of[end], *rest] for start, end, *rest in page["arrows"] if {start, end} <= kept],
        "ticks": {name: [state(t) for t in at] if isinstance(at, list) else state(at) for name, at in ticks.items()},
        "opens": state(page["opens"]),
        "pair": [row_of[step] for step in page["pair"]],
        "roles": {role: row_of[step] for role, step in page["roles"].items()},
        "loop": None if page["loop"] is None else state(page["loop"]),
        "passing": None if passing is None else _beginning(passing, state(passing["shared"]), steps_max),
    }  # fmt: skip


def _essential(page: dict[str, Any]) -> set[int]:
    """The causal chain, the guilty, and the steps on both sides of whatever the page has a mark for."""
    found = {place for place, step in enumerate(page["steps"]) if step["core"]}
    found |= {*page["pair"], *page["roles"].values()}
    marks = [*page["ticks"]["split"], page["ticks"]["divergence"], page["ticks"]["violation"], page["opens"]]
    marks += [] if page["loop"] is None else [page["loop"]]
    marks += [] if page["passing"] is None else [page["passing"]["shared"]]
    return found | {place for mark in marks for place in (mark - 1, mark)}


def _beginning(passing: dict[str, Any], shared: int, steps_max: int) -> dict[str, Any]:
    """The run that passes, which parts early where it is long: the first steps of its own."""
    steps = passing["steps"]
    return {
        **passing,
        "shared": shared,
        "steps": steps[:steps_max],
        "omitted": max(0, len(steps) - steps_max),
    }


def _runs(length: int, kept: set[int]) -> list[range]:
    """Each step that is kept on its own, those between them together."""
    runs, place = [], 0
    while place < length:
        end = place + 1
        while place not in kept and end < length and end not in kept:
            end += 1
        runs.append(range(place, end))
        place = end
    return runs


def _row(page: dict[str, Any], run: range, row_of: dict[int, int]) -> dict[str, Any]:
    steps = page["steps"][run.start : run.stop]
    if len(steps) == 1:
        (step,) = steps
        causes = {slot: sorted({row_of[cause] for cause in chain}) for slot, chain in step["causes"].items()}
        return {**step, "causes": causes}
    return {
        "number": run.stop,
        "count": len(run),
        "lane": None,
        "action": "",
        "arguments": "",
        "tells": f"{len(run):,} steps that have no part in it",
        "core": False,
        "touches": any(step["touches"] for step in steps),
        "changes": _together(steps),
        "causes": _chains(steps, row_of),
    }


def _together(steps: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """What steps change, the first old and the last new value of each slot."""
    first: dict[int, Any] = {}
    last: dict[int, Any] = {}
    for step in steps:
        for slot, old, new in step["changes"]:
            first.setdefault(slot, old)
            last[slot] = new
    return [[slot, first[slot], last[slot]] for slot in sorted(first) if first[slot] != last[slot]]


def _chains(steps: Sequence[dict[str, Any]], row_of: dict[int, int]) -> dict[str, list[int]]:
    """Why each slot holds what it holds after the last of some steps."""
    chains = {slot: chain for step in steps for slot, chain in step["causes"].items()}
    return {slot: sorted({row_of[cause] for cause in chain}) for slot, chain in chains.items()}
