"""`repair`: the smallest sets of changed choices that make a violated property hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.quantities import count
from splitproof.checker.variants.repair import (
    Lattice,
    Repairs,
    asked_to_repair,
    closed_of,
    failing_sets,
    repairs_of,
    violated_in,
)
from splitproof.model.choices import Choice
from splitproof.model.design import Design
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_choices
from splitproof.output import json_text, status, write
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import TAPE_IS_IMAGE

__all__ = ["Request", "repair"]


@dataclass(frozen=True)
class Request:
    """What `repair` was asked for. `every`: repair everything that the closed design declares to hold."""

    design: str
    blocks: int
    properties: tuple[str, ...]
    every: bool
    beyond: int
    confirm: bool


def repair(request: Request, format: str, output: Path | None) -> int:
    """Find the repairs of a design, and say what each breaks and mends besides."""
    design = load_choices(request.design)
    asked = _asked(design, request)
    lattice = Lattice(design, asked, request.blocks)
    if lattice.counterexample(design) is None:
        write(
            [
                f"{design.name} violates none of {', '.join(item.id for item in asked)}; there is nothing to repair"
            ],
            None,
        )
        return ExitCode.NOTHING_SELECTED
    with status(f"repair: {design.name}") as say:
        found = repairs_of(lattice, request.beyond, lambda text: say(f"repair: {text}"))
        say("repair: what each repair changes besides")
        before = violated_in(design, request.blocks)
        rows = [_row(lattice, changes, before, request, say) for changes in found.found]
        closed = closed_of(design)
        say("repair: which safeguards the closed design needs")
        left_out = [] if closed is None else failing_sets(lattice, closed)
    result = {
        "design": design.name,
        "blocks": request.blocks,
        "properties": [item.id for item in asked],
        "cost_max": found.cost_max,
        "searches": found.searches,
        "counterexamples": found.counterexamples,
        "repairs": rows,
        "closed": None if closed is None else closed.name,
        "fails_without": [{key: str(getattr(closed, key)) for key in keys} for keys in left_out],
    }
    write(json_text(result) if format == "json" else _lines(result, found), output)
    if not rows or any(row["confirmed"] is False for row in rows):
        return ExitCode.VIOLATED
    return ExitCode.HOLDS


def _asked(design: Design, request: Request) -> Sequence[Property]:
    known = {item.id: item for item in asked_to_repair(design)}
    if request.every:
        return list(known.values())
    for name in request.properties:
        if name not in known:
            raise ModelError(
                f"repair takes no property {name!r} of {design.name}; accepted are {', '.join(known)}", ""
            )
    return [known[name] for name in dict.fromkeys(request.properties)] or [TAPE_IS_IMAGE]


def _row(
    lattice: Lattice, changes: Mapping[str, Choice], before: Sequence[str], request: Request, say: Any
) -> dict[str, Any]:
    design = lattice.with_changes(changes)
    after = violated_in(design, request.blocks)
    confirmed = None
    if request.confirm:
        say(f"repair: {design.name} with {count(request.blocks + 1, 'block')}")
        larger = Lattice(design, lattice.properties, request.blocks + 1)
        confirmed = larger.counterexample(design) is None
    return {
        "changes": {key: str(value) for key, value in changes.items()},
        "breaks": [name for name in after if name not in before],
        "leaves": [name for name in after if name in before],
        "confirmed": confirmed,
    }


def _lines(result: Mapping[str, Any], found: Repairs) -> Iterator[str]:
    asked = ", ".join(result["properties"])
    size = count(result["blocks"], "block")
    yield f"{result['design']}, {size}: {asked}"
    if not found.found:
        yield f"no set of changes repairs it ({found.searches} searches)"
    for row in result["repairs"]:
        changes = " ".join(f"+{key}={value}" for key, value in row["changes"].items())
        notes = [f"breaks {', '.join(row['breaks'])}"] if row["breaks"] else []
        notes += [f"leaves violated {', '.join(row['leaves'])}"] if row["leaves"] else []
        if row["confirmed"] is not None:
            more = count(result["blocks"] + 1, "block")
            notes.append(f"{'holds' if row['confirmed'] else 'FAILS'} with {more}")
        yield f"  {count(len(row['changes']), 'change')}: {changes}"
        yield from (f"      {note}" for note in notes)
    known = (
        "these are all there are"
        if found.cost_max is None
        else f"all up to {count(found.cost_max, 'change')}"
    )
    yield f"{known}; {found.searches} searches, {found.counterexamples} counterexamples"
    if result["closed"] is not None:
        yield f"{result['closed']} fails without"
        for keys in result["fails_without"]:
            yield "  " + " and ".join(f"{key}={value}" for key, value in keys.items())
