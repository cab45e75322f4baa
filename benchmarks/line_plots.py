"""Line plots side by side, as SVG text: one logarithmic axis for all, steps at equal distances, spread as a bar."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

__all__ = ["Panel", "Point", "svg"]

WIDTH, HEIGHT = 300, 250
LEFT, TOP, GAP, BOTTOM = 60, 70, 34, 52
SHIFT = 5
"""Lines stand beside each other, so that their bars do not hide one another."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by everybody (Okabe and Ito)."""


class Point(NamedTuple):
    """A value, with the lowest and the highest that there were."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """`steps`: what stands under the axis; `lines`: name to a point for each step."""

    title: str
    axis: str
    steps: Sequence[str]
    lines: dict[str, list[Point]]


def svg(title: str, unit: str, panels: Sequence[Panel]) -> str:
    """The picture. All values are above 0."""
    points = [point for panel in panels for line in panel.lines.values() for point in line]
    low = math.floor(math.log10(min(point.low for point in points)))
    high = math.ceil(math.log10(max(point.high for point in points)))
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    colours = dict(zip(names, COLOURS, strict=False))
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        "<style>text { font: 12px sans-serif; fill: #222 } .title { font-size: 15px }</style>",
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" class="title">{escape(title)}</text>',
        *_legend(colours),
        f'<text transform="translate(16 {TOP + HEIGHT / 2:g}) rotate(-90)" text-anchor="middle">{escape(unit)}</text>',
    ]
    for number, panel in enumerate(panels):
        lines += _panel(panel, LEFT + number * (WIDTH + GAP), range(low, high + 1), colours, number == 0)
    return "\n".join([*lines, "</svg>", ""])


def _legend(colours: Mapping[str, str]) -> Iterator[str]:
    at = LEFT
    for name, colour in colours.items():
        yield f'<circle cx="{at + 5}" cy="38" r="4" fill="{colour}"/>'
        yield f'<text x="{at + 14}" y="42">{escape(name)}</text>'
        at += 34 + 7 * len(name)


def _panel(
    panel: Panel, left: int, decades: range, colours: Mapping[str, str], labelled: bool
) -> Iterator[str]:
    def height(value: float) -> float:
        share = (math.log10(value) - decades[0]) / (decades[-1] - decades[0])
        return round(TOP + HEIGHT * (1 - share), 1)

    yield f'<text x="{left + WIDTH / 2:g}" y="{TOP - 8}" text-anchor="middle">{escape(panel.title)}</text>'
    for decade in decades:
        y = height(10**decade)
        yield f'<path d="M{left} {y}h{WIDTH}" stroke="#ddd"/>'
        if labelled:
            yield f'<text x="{left - 6}" y="{y + 4:g}" text-anchor="end">{10**decade:g}</text>'
    bottom = TOP + HEIGHT
    yield f'<text x="{left + WIDTH / 2:g}" y="{bottom + 38}" text-anchor="middle">{escape(panel.axis)}</text>'
    places = [left + WIDTH * (number + 0.5) / len(panel.steps) for number in range(len(panel.steps))]
    for place, step in zip(places, panel.steps, strict=True):
        yield f'<text x="{place:g}" y="{bottom + 18}" text-anchor="middle">{escape(step)}</text>'
    for number, (name, line) in enumerate(panel.lines.items()):
        shift = SHIFT * (number - (len(panel.lines) - 1) / 2)
        spots = [(round(place + shift, 1), point) for place, point in zip(places, line, strict=True)]
        path = "L".join(f"{x:g} {height(point.middle):g}" for x, point in spots)
        yield f'<g stroke="{colours[name]}" fill="{colours[name]}">'
        yield f'<path d="M{path}" fill="none" stroke-width="1.5"/>'
        for x, point in spots:
            yield f'<path d="M{x:g} {height(point.low):g}V{height(point.high):g}" stroke-opacity="0.45"/>'
            yield f'<circle cx="{x:g}" cy="{height(point.middle):g}" r="3"/>'
        yield "</g>"
