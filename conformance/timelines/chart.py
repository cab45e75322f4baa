"""A scene as an SVG: time runs down, not to scale; a lane for each client, a bar from each call to its return.

Beside the clients stand the blocks in question: a bar for the time in which each showed the value that was read of it.
That bar and the band of the split share no instant, or two such bars do not: this is what is wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from splitproof.conformance.histories.cuts import Place
from splitproof.conformance.histories.findings import milliseconds, shown
from splitproof.conformance.histories.history import Operation, Outcome
from splitproof.conformance.timelines.timeline import Scene, Span, Timeline

__all__ = ["BY_WIDTH", "STYLE", "both_lines", "chart_lines", "svg_lines"]

_TOP, _CALL, _RETURN, _BAR, _GAP = 46, 24, 11, 14, 20


@dataclass(frozen=True)
class _Layout:
    """How wide a chart is, in pixels: the times at the left, the lane of a client, that of a block, the words.

    `folds`: the times stand with the words, and what an operation has to do with the finding on a line of its own.
    """

    name: str
    left: int
    lane: int
    place: int
    words: int
    folds: bool


_WIDE: Final = _Layout("wide", 76, 78, 78, 430, folds=False)
_NARROW: Final = _Layout("narrow", 4, 24, 52, 248, folds=True)
"""For the width of a telephone: two or three clients and a block, or two, need no scrolling sideways."""

STYLE: Final = (
    ".chart text{font:12px sans-serif;fill:#1b1f24}.chart .dim{fill:#6a7178}.chart .axis{stroke:#d5d9de}"
    ".chart .bar{fill:#9fc1f0;stroke:#1f5fbf}.chart .write{fill:#c9d4e3;stroke:#6a7178}"
    ".chart .doubtful{stroke-dasharray:4 3}.chart .rejected{fill:none;stroke-dasharray:1 3}"
    ".chart .witness{fill:#f3a8a2;stroke:#b3261e;stroke-width:2}.chart .role{fill:#b3261e;font-weight:bold}"
    ".chart .window{fill:#dceafe;opacity:.75}.chart .span{fill:#f6dd8a;stroke:#9a6b00}"
    ".chart .link,.chart .instant{fill:none;stroke:#b3261e;stroke-dasharray:3 3}"
    ".chart .instant{stroke:#1b6e3a;stroke-width:2}.chart .wrong{fill:#b3261e;font-weight:bold}"
)
"""For a chart on its own; the page has colours of its own."""


class _Axis:
    """Where an instant of the history stands: each call has a row, each return a part of one."""

    def __init__(self, scene: Scene, skipped: dict[int, int]) -> None:
        calls = {one.call for one in scene.operations}
        times = calls | {one.returned for one in scene.operations if one.returned is not None}
        times |= {int(time) for _, time in scene.instants if math.isfinite(time)}
        self._times = sorted(times)
        self._at: list[float] = []
        self.row: dict[int, float] = {}
        y = float(_TOP)
        by_time: dict[int, list[Operation]] = {}
        for one in scene.operations:
            by_time.setdefault(one.call, []).append(one)
        for time in self._times:
            here = by_time.get(time, [])
            y += _GAP if any(skipped[one.id] for one in here) else 0
            y += _CALL if here else _RETURN
            self._at.append(y)
            for number, one in enumerate(here):
                self.row[one.id] = y + _CALL * number
            y += _CALL * max(0, len(here) - 1)
        self.end = y + _CALL

    def y(self, time: float) -> float:
        """Of any time: that of the event, or between two."""
        if not self._times or time < self._times[0]:
            return _TOP
        if time > self._times[-1]:
            return self.end
        index = bisect_left(self._times, time)
        if self._times[index] == time:
            return self._at[index]
        return (self._at[index - 1] + self._at[index]) / 2


def svg_lines(told: Timeline) -> Iterator[str]:
    """The lines of an SVG image of the first scene."""
    yield from chart_lines(told, told.scenes[0], STYLE)


BY_WIDTH: Final = (
    ".chart.narrow{display:none}"
    "@media(max-width:640px){.chart.wide{display:none}.chart.narrow{display:block}}"
)
"""For a page that has both charts of a scene: which of them is seen."""


def both_lines(told: Timeline, scene: Scene, style: str | None = None) -> Iterator[str]:
    """The lines of both SVGs of a scene, for wide screens and for narrow ones."""
    for layout in (_WIDE, _NARROW):
        yield from chart_lines(told, scene, style, layout)


def chart_lines(
    told: Timeline, scene: Scene, style: str | None = None, layout: _Layout = _WIDE
) -> Iterator[str]:
    """The lines of the SVG of a scene. `style`: its own, where no page has one for it."""
    clients = sorted({one.client for one in scene.operations})
    places = list(dict.fromkeys(span.place for span in scene.spans))
    skipped = _skipped(told, scene)
    axis = _Axis(scene, skipped)
    left, right = layout.left, layout.left + layout.lane * len(clients) + layout.place * len(places)
    width, height = right + layout.words, round(axis.end + 30)
    xs = {client: left + layout.lane * number + layout.lane // 2 for number, client in enumerate(clients)}
    beside = left + layout.lane * len(clients) + layout.place // 2
    at = {place: beside + layout.place * number for number, place in enumerate(places)}
    title = scene.finding.sentence if scene.finding else f"{told.source}: {told.judgement.word}"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    labelled = f'class="chart {layout.name}" {size} role="img" aria-label={quoteattr(title)}'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {labelled}>'
    yield f"<title>{escape(title)}</title>"
    if style is not None:
        yield f"<style>{style}</style>"
        yield f'<rect width="{width}" height="{height}" fill="#fff"/>'
    yield from _heads(scene, xs, at, height, layout)
    yield from _windows(scene, axis, left, right - left)
    for place, x in at.items():
        yield from _spans([span for span in scene.spans if span.place == place], axis, x, height)
    for one in scene.operations:
        yield from _operation(one, scene, axis, xs[one.client], right + 8, layout)
        if skipped[one.id]:
            y = axis.row[one.id] - (6 if layout.folds else _CALL - 6)
            yield _text(right + 8, y, f"\u2026 {skipped[one.id]:,} not shown here", "dim")
    yield from _link(scene, axis, xs)
    for name, instant in scene.instants:
        if math.isfinite(instant):
            y = axis.y(int(instant))
            yield f'<path class="instant" d="M{left},{y} H{right}"/>'
            yield _text(left + 4, y - 4, f"{name} shows this instant", "dim")
    yield "</svg>"


def _skipped(told: Timeline, scene: Scene) -> dict[int, int]:
    """Before each operation of a scene, how many of the history the scene leaves out."""
    seen, ranks = 0, {}
    for place, (one, before) in enumerate(zip(told.operations, told.skipped, strict=False)):
        seen += before
        ranks[one.id] = seen + place
    last, found = -1, {}
    for one in scene.operations:
        found[one.id] = ranks[one.id] - last - 1
        last = ranks[one.id]
    return found


def _heads(
    scene: Scene, xs: dict[int, int], at: dict[Place, int], height: int, layout: _Layout
) -> Iterator[str]:
    if layout.folds:
        yield _text(4, 18, "client" if len(xs) == 1 else "clients", "dim")
    else:
        yield _text(4, 30, "ms", "dim")
    for client, x in xs.items():
        yield _text(x, 30, str(client) if layout.folds else f"client {client}", anchor="middle")
        yield f'<path class="axis" d="M{x},{_TOP - 8} V{height - 24}"/>'
    for place, x in at.items():
        value = next(span.value for span in scene.spans if span.place == place)
        yield _text(x, 18, shown(place), anchor="middle")
        yield _text(x, 32, f"held {value}", "wrong", anchor="middle")


def _windows(scene: Scene, axis: _Axis, left: int, width: int) -> Iterator[str]:
    for low, high in scene.windows:
        if low <= high:  # of a group: the splits of its volumes may have no instant in common
            top, height = axis.y(low), max(3.0, axis.y(high) - axis.y(low))
            yield f'<rect class="window" x="{left}" y="{top}" width="{width}" height="{height}">'
            yield "<title>an instant of it is what is to be shown</title></rect>"


def _spans(spans: list[Span], axis: _Axis, x: int, height: int) -> Iterator[str]:
    yield f'<path class="axis" d="M{x},{_TOP - 8} V{height - 24}"/>'
    for span in spans:
        top, bottom = axis.y(span.low), axis.y(span.high)
        words = f"{shown(span.place)} held {span.value} {_period(span)}"
        yield f'<rect class="span" x="{x - _BAR}" y="{top}" width="{2 * _BAR}" height="{max(3.0, bottom - top)}">'
        yield f"<title>{escape(words)}</title></rect>"


def _period(span: Span) -> str:
    start = "from the start" if math.isinf(span.low) else f"from {milliseconds(span.low)} at the earliest"
    return start + (
        ", to the end" if math.isinf(span.high) else f", to {milliseconds(span.high)} at the latest"
    )


def _operation(
    one: Operation, scene: Scene, axis: _Axis, x: int, left: int, layout: _Layout
) -> Iterator[str]:
    top = axis.row[one.id]
    bottom = axis.end if one.returned is None else max(axis.y(one.returned), top + 3)
    kinds = ["bar", "write" if one.kind in ("write", "read") else "", _CERTAINTY[one.outcome]]
    kinds.append("witness" if one.id in scene.witnesses else "")
    yield f'<g class="operation" data-op="{one.id}">'
    box = f'x="{x - _BAR // 2}" y="{top}" width="{_BAR}" height="{bottom - top}" rx="3"'
    yield f'<rect class="{" ".join(filter(None, kinds))}" {box}>'
    yield f"<title>{escape(_words(one))}</title></rect>"
    role = f"\u25c0 {scene.roles[one.id]}" if one.id in scene.roles else ""
    marked = "role" if one.id in scene.witnesses else ""
    told, time = f"{one}{_FATE[one.outcome]}", milliseconds(one.call)
    if layout.folds:
        yield _text(left, top + 8, told, marked)
        yield _text(left, top + 20, f"{time} {role}".rstrip(), marked or "dim")
    else:
        yield _text(4, top + 9, time.removesuffix(" ms"), "dim")
        yield _text(left, top + 9, f"{told}  {role}".rstrip(), marked)
    yield "</g>"


_CERTAINTY: Final = {Outcome.OK: "", Outcome.REJECTED: "rejected", Outcome.INDEFINITE: "doubtful"}
_FATE: Final = {Outcome.OK: "", Outcome.REJECTED: ", rejected", Outcome.INDEFINITE: ", may have happened"}


def _words(one: Operation) -> str:
    returned = "never returned" if one.returned is None else f"returned {milliseconds(one.returned)}"
    return f"{one}: called {milliseconds(one.call)}, {returned}"


def _link(scene: Scene, axis: _Axis, xs: dict[int, int]) -> Iterator[str]:
    """A line from the first witness to the second."""
    if scene.finding is None or len(scene.finding.operations) != 2:
        return
    one, two = scene.finding.operations
    (x, y), (u, w) = ((xs[each.client], axis.row[each.id] + 3) for each in (one, two))
    side = _BAR if x == u else 0
    yield f'<path class="link" d="M{x + side},{y} C{x + side + 30},{y} {u + side + 30},{w} {u + side},{w}">'
    yield "<title>the two operations contradict each other</title></path>"


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    attributes = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x}" y="{y}"{attributes}>{escape(words)}</text>'
