"""`requirement`: what the document says, what was decided, and what checks it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from splitproof.checker.citations import citations
from splitproof.checker.exit_codes import ExitCode
from splitproof.model.errors import ModelError
from splitproof.output import json_text, write
from splitproof.spec.catalogue import Entry, Gap, Requirement, UnknownIdentifier, entry, gaps, requirements
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import PROPERTIES

__all__ = ["requirement"]


def requirement(identifier: str | None, format: str, output: Path | None) -> int:
    """Print one entry or property whole, or all entries a line each."""
    asked = {item.id: item for item in PROPERTIES}.get(identifier or "")
    if asked is not None:
        write(json_text(_property_json(asked)) if format == "json" else _property_lines(asked), output)
        return ExitCode.HOLDS
    if identifier is None:
        entries: list[Entry] = [*requirements().values(), *gaps().values()]
    else:
        try:
            entries = [entry(identifier.upper())]
        except UnknownIdentifier as error:
            raise ModelError(str(error.args[0]), "") from error
    if format == "json":
        values = [_json(item) for item in entries]
        write(json_text(values if identifier is None else values[0]), output)
    elif identifier is None:
        write((_line(item) for item in entries), output)
    else:
        write(_lines(entries[0]), output)
    return ExitCode.HOLDS


def _property_json(item: Property) -> dict[str, Any]:
    return {"id": item.id, "statement": item.statement, "kind": item.kind.value, "cites": list(item.cites)}


def _property_lines(item: Property) -> Iterator[str]:
    yield f"{item.id}  a property of kind {item.kind.value}"
    yield f"  {item.statement}"
    for cited in item.cites:
        yield f"  checks {_line(entry(cited))}"


def _json(item: Entry) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": item.id,
        "lines": item.lines,
        "section": item.section,
        "figure": item.figure,
    }
    if isinstance(item, Requirement):
        value |= {
            "text": item.text,
            "kinds": [kind.long_name for kind in item.kinds],
            "embodiments": [embodiment.value for embodiment in item.embodiments],
        }
    if isinstance(item, Gap):
        value |= {"title": item.title, "text": item.text, "closing": item.closing}
    return value | {"checked_by": citations().get(item.id, []), "why_not": item.why_not}


def _line(item: Entry) -> str:
    text = item.title if isinstance(item, Gap) else getattr(item, "text", "")
    checked = "checked" if item.id in citations() else "not checked"
    return f"{item.id:<5} {checked:<12} {textwrap.shorten(text, 90, placeholder=' …')}"


def _lines(item: Entry) -> Iterator[str]:
    place = f"{item.section}, {item.lines}" + (f", {item.figure}" if item.figure else "")
    if isinstance(item, Requirement):
        yield f"{item.id}  {', '.join(kind.long_name for kind in item.kinds)}  ({place})"
        yield from textwrap.wrap(item.text, 100, initial_indent="  ", subsequent_indent="  ")
        yield f"  embodiments: {', '.join(embodiment.value for embodiment in item.embodiments)}"
    if isinstance(item, Gap):
        yield f"{item.id}  {item.title}  ({place})"
        yield from textwrap.wrap(item.text, 100, initial_indent="  ", subsequent_indent="  ")
        yield from textwrap.wrap(f"answer: {item.closing}", 100, initial_indent="  ", subsequent_indent="  ")
    checks = citations().get(item.id, [])
    for check in checks:
        yield f"  checked by {check}"
    if item.why_not:
        yield from textwrap.wrap(
            f"nothing checks it: {item.why_not}", 100, initial_indent="  ", subsequent_indent="  "
        )
