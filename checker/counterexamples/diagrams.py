"""A counterexample as a sequence diagram: SVG for a README, Mermaid for a pull request.

Both show what the page shows: the steps of the causal chain, the arrows between them, and the guilty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["mermaid_lines", "svg_lines"]

_LANE, _ROW, _LEFT, _TOP = 92, 26, 30, 74
_WORDS = {
    "check": "checks",
    "change": "makes it stale",
    "made": "makes it differ",
    "lost": "loses it",
    "ended": "ends without it",
    "read": "takes it",
}


def _told(page: dict[str, Any]) -> list[int]:
    """The steps of the diagram."""
    return [index for index, step in enumerate(page["steps"]) if step["core"]]


def _roles(page: dict[str, Any], index: int) -> str:
    return ", ".join(_WORDS[role] for role, step in page["roles"].items() if step == index)


def _call(step: dict[str, Any]) -> str:
    return f"{step['action']}({step['arguments']})"


# -- mermaid


def mermaid_lines(page: dict[str, Any]) -> Iterator[str]:
    """The lines of a Mermaid `sequenceDiagram`. Input: the object of `explorer.explored`."""
    told = _told(page)
    yield "sequenceDiagram"
    for place, lane in enumerate(page["lanes"]):
        if any(page["steps"][index]["lane"] == place for index in told) or not lane["acts"]:
            yield f"    participant L{place} as {_plain(lane['name'])}"
    for index in told:
        step, roles = page["steps"][index], _roles(page, index)
        if roles:
            yield "    rect rgba(200, 40, 30, 0.18)"
        for start, _, kind, what in _arrows_into(page, index, told):
            sender = f"L{page['steps'][start]['lane']}"
            yield f"    {sender}{'-)' if kind == 'message' else '-->>'}L{step['lane']}: {_plain(str(what))}"
        text = f"{step['number']} {_call(step)}" + (f": {roles}" if roles else "")
        yield f"    Note over L{step['lane']}: {_plain(text)}"
        for _, _, _, lane in _stores_of(page, index):
            yield f"    L{step['lane']}->>L{lane}: {_plain(_call(step))}"
        if roles:
            yield "    end"


def _plain(text: str) -> str:
    """Without what ends a label in Mermaid."""
    return text.replace(";", ",").replace("#", "")


def _arrows_into(page: dict[str, Any], index: int, told: list[int]) -> list[list[Any]]:
    """Those from a step that is told, one for each."""
    found: dict[int, list[Any]] = {}
    for arrow in page["arrows"]:
        if arrow[1] == index and arrow[2] != "store" and arrow[0] in told:
            found.setdefault(arrow[0], arrow)
    return list(found.values())


def _stores_of(page: dict[str, Any], index: int) -> list[list[Any]]:
    return [arrow for arrow in page["arrows"] if arrow[2] == "store" and arrow[0] == index]


# -- svg


def svg_lines(page: dict[str, Any]) -> Iterator[str]:
    """The lines of an SVG image. Input: the object of `explorer.explored`."""
    told = _told(page)
    rows = {index: place for place, index in enumerate(told)}
    lanes = len(page["lanes"])
    width, height = _LEFT + _LANE * lanes + 400, _TOP + _ROW * len(told) + 34
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">'
    )
    yield f"<title>{escape(page['property']['id'])} is violated by {escape(page['design'])}</title>"
    yield f"<desc>{escape(page['sentence'])}</desc>"
    yield '<defs><marker id="head" viewBox="0 0 8 8" refX="13" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    yield '<path d="M1,1 L7,4 L1,7" fill="none" stroke="#1f5fbf"/></marker></defs>'
    yield f'<rect width="{width}" height="{height}" fill="#fff"/>'
    statement = escape(page["property"]["statement"])
    yield f'<text x="10" y="20" font-weight="bold" fill="#b3261e">&#x2717; {statement}</text>'
    for place, lane in enumerate(page["lanes"]):
        x = _x(place)
        yield f'<text x="{x}" y="48" text-anchor="middle" fill="#1b1f24">{escape(lane["name"])}</text>'
        yield f'<line x1="{x}" y1="56" x2="{x}" y2="{height - 30}" stroke="#d5d9de"/>'
    for index in told:
        yield from _svg_row(page, index, rows)
    yield f'<text x="10" y="{height - 10}" fill="#1b1f24">{escape(_ending(page))}</text>'
    yield "</svg>"


def _x(lane: int) -> int:
    return _LEFT + _LANE * lane + _LANE // 2


def _y(row: int) -> int:
    return _TOP + _ROW * row


def _svg_row(page: dict[str, Any], index: int, rows: dict[int, int]) -> Iterator[str]:
    step, roles = page["steps"][index], _roles(page, index)
    x, y = _x(step["lane"]), _y(rows[index])
    color = "#b3261e" if roles else "#1b1f24"
    for start, _, _, what in _arrows_into(page, index, list(rows)):
        u, w = _x(page["steps"][start]["lane"]), _y(rows[start])
        yield (
            f'<path d="M{u},{w} L{x},{y}" fill="none" stroke="#1f5fbf" marker-end="url(#head)">'
            f"<title>{escape(str(what))}</title></path>"
        )
    for _, _, _, lane in _stores_of(page, index):
        yield f'<path d="M{x},{y} L{_x(lane)},{y}" fill="none" stroke="#1f5fbf" marker-end="url(#head)"/>'
    yield f'<circle cx="{x}" cy="{y}" r="5" fill="{color}"/>'
    text = f"{step['number']}  {_call(step)}" + (f"  \u25c0 {roles}" if roles else "")
    left = _LEFT + _LANE * len(page["lanes"]) + 10
    yield f'<text x="{left}" y="{y + 4}" fill="{color}">{escape(text)}</text>'


def _ending(page: dict[str, Any]) -> str:
    if page["loop"] is not None:
        first = page["steps"][page["loop"]]["number"] if page["loop"] < len(page["steps"]) else page["length"]
        return f"steps {first} to {page['length']} are repeated for ever"
    return "at the end " + ", ".join(
        f"{name} is {shown} ({version})" for name, shown, version in page["ends"]
    )
