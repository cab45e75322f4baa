"""The counterexample page: one HTML file that needs no network, and without JavaScript is a table."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from splitproof.checker.counterexamples.explorer import explored
from splitproof.checker.counterexamples.traces import Trace
from splitproof.checker.quantities import count
from splitproof.spec.properties import Property

__all__ = ["html_page", "page_environment", "stylesheet"]


def html_page(trace: Trace, violated: Property, source: str) -> str:
    """The page of a counterexample. `source`: the design as the command line names it."""
    page = explored(trace, violated, source)
    return _template().render(
        page=page,
        data=_embedded(page),
        css=stylesheet(),
        script=_text("page.js"),
        length=_length(trace),
        shared=_shared(page),
        failed=_ends(page["ends"]),
        passed=_ends(page["passing"]["ends"]) if page["passing"] else "",
    )


@cache
def _template() -> jinja2.Template:
    """Compiled once a process: that takes longer than to fill it in."""
    environment = page_environment()
    environment.filters |= {"value": _value, "number": lambda number: f"{number:,}"}
    return environment.from_string(_text("page.html"))


def page_environment() -> jinja2.Environment:
    """For the templates of pages: what is put in is escaped, and what is missing is an error."""
    return jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )


def stylesheet() -> str:
    """The CSS that all pages share."""
    return _text("page.css")


def _text(name: str) -> str:
    return files("splitproof.checker.counterexamples").joinpath(name).read_text(encoding="utf-8")


def _embedded(page: dict[str, Any]) -> str:
    """The object as JSON that no element of HTML can end early."""
    text = json.dumps(page, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _length(trace: Trace) -> str:
    if trace.loop is None:
        return count(len(trace.steps), "step")
    return f"{count(trace.loop, 'step')}, then {len(trace.steps) - trace.loop} for ever"


def _shared(page: dict[str, Any]) -> int:
    """How many steps the nearest run that passes has in common with this one."""
    shared = page["passing"]["shared"] if page["passing"] else 0
    return page["steps"][shared - 1]["number"] if shared else 0


def _value(value: list[Any]) -> str:
    shown, version = value
    return ("\u2013" if shown is None else str(shown)) + ("" if version is None else f" ({version})")


def _ends(cells: list[list[Any]]) -> str:
    """`at the end tape.data[0] is b (w2), image[0] is a (w1)`."""
    return "at the end " + ", ".join(f"{name} is {_value(value)}" for name, *value in cells)
