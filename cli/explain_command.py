"""`explain`: what a verdict, an exit code, an error or a property means, and what to do about it."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from splitproof.checker.exit_codes import ExitCode
from splitproof.model.errors import ModelError
from splitproof.model.misuse import nearest
from splitproof.model.source import place_of
from splitproof.output import json_text, write
from splitproof.requirement_command import requirement
from splitproof.spec.catalogue import gaps, requirements
from splitproof.spec.distinctions import DISTINCTIONS, PAUSE_DOES_NOT_WAIT
from splitproof.spec.properties import Kind, Property
from splitproof.spec.split_backup import PROPERTIES, WITH_PAUSE

__all__ = ["Explanation", "explain", "explanations"]

_KINDS = {
    Kind.ALWAYS: "in every reachable state",
    Kind.STEP: "of every step",
    Kind.POSSIBLE: "from every reachable state, what it asks for can still be reached",
    Kind.LEADS_TO: "on every fair run",
    Kind.COUNT: "on every run, events are counted",
}


@dataclass(frozen=True)
class Explanation:
    """A verdict, an exit code or an error. `says`: what the messages of an error have in common."""

    id: str
    kind: str
    title: str
    text: str
    says: tuple[str, ...] = ()


@cache
def explanations() -> dict[str, Explanation]:
    """All that are not of a property, by identifier."""
    text = files("splitproof").joinpath("explanations.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["entry"]
    found = [Explanation(**{**entry, "says": tuple(entry.get("says", ()))}) for entry in entries]
    return {item.id: item for item in found}


def _properties() -> dict[str, Property]:
    return {item.id: item for item in (*PROPERTIES, *WITH_PAUSE, *DISTINCTIONS, PAUSE_DOES_NOT_WAIT)}


def explain(identifier: str | None, format: str, output: Path | None) -> int:
    """Print what an identifier means, or an error message that contains its words; a list if none is given.

    Raises:
        ModelError: there is no such identifier.
    """
    known, properties = explanations(), _properties()
    if identifier is None:
        values: list[Explanation | Property] = [*known.values(), *properties.values()]
        told = json_text([_json(item) for item in values]) if format == "json" else list(map(_line, values))
        write(told, output)
        return ExitCode.HOLDS
    if identifier.upper() in (*requirements(), *gaps()):
        return requirement(identifier, format, output)
    found = _found(identifier, {**known, **properties})
    write(json_text(_json(found)) if format == "json" else _lines(found), output)
    return ExitCode.HOLDS


def _found(asked: str, known: dict[str, Explanation | Property]) -> Explanation | Property:
    word = asked.strip().lower().replace(" ", "-")
    if word in known:
        return known[word]
    for item in known.values():
        if isinstance(item, Explanation) and any(words in asked for words in item.says):
            return item
    hint = nearest(word, known) or "`splitproof explain` lists what there is"
    raise ModelError(f"nothing is called {asked!r}; {hint}", "")


def _json(item: Explanation | Property) -> dict[str, Any]:
    if isinstance(item, Explanation):
        value = {"id": item.id, "kind": item.kind, "title": item.title, "text": item.text}
        return value | {"says": list(item.says)}
    text = f"Asked {_KINDS[item.kind]}. Defined at {place_of(item.holds)}."
    return {
        "id": item.id,
        "kind": "property",
        "title": item.statement,
        "text": text,
        "cites": list(item.cites),
    }


def _line(item: Explanation | Property) -> str:
    told = _json(item)
    return f"{told['id']:<30} {told['kind']:<10} {textwrap.shorten(told['title'], 76, placeholder=' …')}"


def _lines(item: Explanation | Property) -> Iterator[str]:
    told = _json(item)
    yield f"{told['id']}  {told['kind']}: {told['title']}"
    yield from textwrap.wrap(told["text"], 100, initial_indent="  ", subsequent_indent="  ")
    if told.get("says"):
        yield "  messages say: " + "; ".join(told["says"])
    if isinstance(item, Property):
        yield f"  checks {', '.join(item.cites)}; `splitproof requirement {item.id}` shows what they say"
