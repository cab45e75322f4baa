"""The lanes of a failure as one inline SVG: who did what, from call to return, and which two operations contradict.

Instants are drawn in their order, not to scale: what overlaps and what precedes matters, and a second of waiting would
hide it.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

from splitproof.conformance.findings import line_of
from splitproof.conformance.history import Operation
from splitproof.conformance.stories import Failure

__all__ = ["failure_svg"]

_STEP: Final = 46
"""Pixels from one instant to the next."""
_LEFT: Final = 90
_LANE: Final = 54
_BAR: Final = 16
_CHARACTERS_MAX: Final = 15
_PAIR: Final = (
    "reset",
    "create_pair",
    "split",
    "split_and_backup",
    "resync",
    "delete_pair",
    "crash",
    "recover",
)
_TAPE: Final = ("backup", "completed", "tape", "target")


def failure_svg(failure: Failure) -> str:
    """The lanes; nothing where there is no history that shows the failure."""
    told = failure.told
    if not told or failure.finding is None:
        return ""
    lanes = _lanes(told)
    instants = sorted(
        {instant for one in told for instant in (one.call, one.returned) if instant is not None}
    )
    at = {instant: _LEFT + _STEP * index for index, instant in enumerate(instants)}
    width, height = _LEFT + _STEP * (len(instants) + 2), _LANE * len(lanes) + 24
    guilty = {one.id for one in failure.finding.operations}
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} class="lanes">',
        f"<title>{html.escape(failure.finding.sentence)}</title>",
        *_windows(told, at, height),
    ]
    for row, name in enumerate(lanes):
        y = _LANE * row + 30
        parts.append(f'<text x="4" y="{y + 13}" class="lane">{html.escape(name)}</text>')
        parts.append(f'<line x1="{_LEFT}" y1="{y + 8}" x2="{width}" y2="{y + 8}" class="axis"/>')
    previous: dict[str, bool] = {}
    for one in told:
        lane = _lane(one)
        above = previous[lane] = not previous.get(lane, False)  # labels of neighbours do not collide
        y = _LANE * lanes.index(lane) + 30
        end = at[one.returned] if one.returned is not None else width - 8
        parts.extend(_bar(one, at[one.call], end, y, above=above, guilty=one.id in guilty))
    parts.append("</svg>")
    return "\n".join(parts)


def _lane(operation: Operation) -> str:
    if operation.kind in _PAIR:
        return "pair"
    return "backup" if operation.kind in _TAPE else f"client {operation.client}"


def _lanes(told: Sequence[Operation]) -> list[str]:
    """Clients by number, then the pair, then the backup."""
    clients = sorted({one.client for one in told if _lane(one).startswith("client")})
    others = [name for name in ("pair", "backup") if any(_lane(one) == name for one in told)]
    return [f"client {client}" for client in clients] + others


def _windows(told: Sequence[Operation], at: dict[int, int], height: int) -> list[str]:
    """The instants at which each split may have happened."""
    windows = [
        (at[one.call], at[one.returned])
        for one in told
        if one.kind in ("split", "split_and_backup") and one.happened and one.returned is not None
    ]
    return [
        f'<rect x="{low}" y="0" width="{high - low}" height="{height}" class="split"/>'
        for low, high in windows
    ]


def _bar(operation: Operation, start: int, end: int, y: int, *, above: bool, guilty: bool) -> list[str]:
    style = "bar" + (" guilty" if guilty else "") + ("" if operation.happened else " refused")
    label = _label(operation)
    label = label if len(label) <= _CHARACTERS_MAX else label[: _CHARACTERS_MAX - 1] + "…"
    return [
        f"<g><title>{html.escape(line_of(operation))}</title>",
        f'<rect x="{start}" y="{y}" width="{max(end - start, 4)}" height="{_BAR}" rx="3" class="{style}"/>',
        f'<text x="{start}" y="{y - 3 if above else y + _BAR + 11}" class="{style}">{html.escape(label)}</text></g>',
    ]


def _label(operation: Operation) -> str:
    block = f"{operation.volume} {operation.block}".strip()
    match operation.kind:
        case "write":
            return f"{block} := {operation.value}"
        case "read":
            return f"{block} = {operation.value}"
        case "completed":
            return f"good end of {operation.backup}"
        case "tape":
            return f"tape of {operation.backup}"
        case "backup":
            return f"backup {operation.backup}"
        case kind:
            return kind.replace("_", " ")
