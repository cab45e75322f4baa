"""Time against states, both logarithmic, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from statistics import median

from benchmarks.contenders import CONTENDERS, Run, Space

__all__ = ["plot"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 440, 64, 230, 24, 52
# Okabe and Ito's colours, which people who see few colours can tell apart.
COLOURS = (
    "#D55E00",
    "#E69F00",
    "#999999",
    "#000000",
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#CC79A7",
    "#7F3C8D",
    "#661100",
)


def plot(runs: Mapping[Space, Mapping[str, Sequence[Run]]]) -> str:
    """Wall seconds of the whole process, start-up included, against the states that it searched."""
    points: dict[str, list[tuple[int, float]]] = {}
    for of_space in runs.values():
        for name, done in of_space.items():
            whole = median(run.start_up + run.wall for run in done)
            points.setdefault(name, []).append((done[0].states, whole))
    across = [states for line in points.values() for states, _ in line]
    up = [seconds for line in points.values() for _, seconds in line]
    x0, x1 = floor(log10(min(across))), ceil(log10(max(across)))
    y0, y1 = floor(log10(min(up))), ceil(log10(max(up)))

    def x(states: float) -> float:
        return LEFT + (log10(states) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        return HEIGHT - BOTTOM - (log10(seconds) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        "<title>Wall seconds of the whole process against states</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for power in range(x0, x1 + 1):
        at = x(10**power)
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>'
        )
    for power in range(y0, y1 + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">states searched</text>'
    )
    for index, name in enumerate(name for name in CONTENDERS if name in points):
        colour = COLOURS[index % len(COLOURS)]
        line = sorted(points[name])
        path = " ".join(f"{x(states):.1f},{y(seconds):.1f}" for states, seconds in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [
            f'<circle cx="{x(states):.1f}" cy="{y(seconds):.1f}" r="3.5" fill="{colour}"/>'
            for states, seconds in line
        ]
        at = TOP + 16 + index * 20
        parts.append(f'<circle cx="{WIDTH - RIGHT + 18}" cy="{at - 4}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{at}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
