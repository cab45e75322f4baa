"""`distinguish`: what tells the embodiments apart, as a table for a terminal or for the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.jobs import Outcome, distinction_jobs
from splitproof.model.catalogue import CATALOGUE, DISTINGUISHED
from splitproof.output import json_text, run_jobs, write
from splitproof.spec.distinctions import DISTINCTIONS, PAUSE_DOES_NOT_WAIT
from splitproof.spec.properties import Property

__all__ = ["distinguish"]

_ASKED = (*DISTINCTIONS, PAUSE_DOES_NOT_WAIT)

_HEADING = (
    "# What distinguishes the embodiments",
    "",
    "Made by `splitproof distinguish --format markdown` from verdicts: *yes* holds in every reachable state; *no, n*",
    "is violated, and the shortest run that shows it has n steps. Neither is a fault. 1 block, any number of writes;",
    "what speaks of blocks outside of the range, or of the whole range, 2 blocks.",
)

_Verdicts = dict[tuple[str, str], dict[str, Any]]
"""The JSON form of a property's result, by design and property."""


def distinguish(format: str, output: Path | None, processes: int | None) -> int:
    """Check what distinguishes the embodiments, and hold each verdict against what the document says."""
    outcomes = run_jobs(distinction_jobs(), "distinguish", processes)
    verdicts: _Verdicts = {
        (outcome.job.design, item["id"]): item
        for outcome in outcomes
        for item in outcome.result["properties"]
    }
    match format:
        case "json":
            write(json_text(_json(verdicts)), output)
        case "markdown":
            write(_markdown(verdicts), output)
        case _:
            write(_lines(verdicts), output)
    return _code(outcomes)


def _code(outcomes: Sequence[Outcome]) -> int:
    if any(item["verdict"] == "unknown" for outcome in outcomes for item in outcome.result["properties"]):
        return ExitCode.UNKNOWN
    if not all(outcome.as_declared for outcome in outcomes):
        return ExitCode.VIOLATED
    vacuous = any(outcome.result["vacuous"] or outcome.result["never_fired"] for outcome in outcomes)
    return ExitCode.VACUOUS if vacuous else ExitCode.HOLDS


def _json(verdicts: _Verdicts) -> list[dict[str, Any]]:
    kept = ("id", "verdict", "depth", "expected", "because")
    return [
        {"design": design, "properties": [{key: item[key] for key in kept} for item in _of(design, verdicts)]}
        for design in DISTINGUISHED
    ]


def _of(design: str, verdicts: _Verdicts) -> list[dict[str, Any]]:
    return [found for item in _ASKED if (found := verdicts.get((design, item.id))) is not None]


def _cell(design: str, item: Property, verdicts: _Verdicts) -> str:
    found = verdicts.get((design, item.id))
    if found is None:
        return "-"
    shown = (
        f"no, {found['depth']}"
        if found["verdict"] == "violated"
        else {"holds": "yes"}.get(str(found["verdict"]), "?")
    )
    return shown if found["verdict"] == found["expected"] else f"{shown} (!)"


def _families() -> Iterator[tuple[str, dict[str, str]]]:
    """A heading, and the designs of a table, each with the head of its column."""
    prior = {
        name: name.replace("prior-art-", "prior art, ") for name in DISTINGUISHED if name.startswith("prior")
    }
    for suffix, heading in (("-closed", "closed"), ("-two-slots", "closed with two slots")):
        named = {
            name: name.removesuffix(suffix).replace("-embodiment", "").replace("-", ", ", 1)
            for name in DISTINGUISHED
            if name.endswith(suffix)
        }
        yield heading, {**prior, **named} if suffix == "-closed" else named


def _lines(verdicts: _Verdicts) -> Iterator[str]:
    for heading, columns in _families():
        yield f"{heading}: yes in all states, or no, with the steps of a shortest run that shows it"
        for name, head in columns.items():
            yield f"  {head}: {name}"
        for item in _ASKED:
            cells = "".join(f"{_cell(name, item, verdicts):>9}" for name in columns)
            yield f"{item.id:<32}{cells}"
        yield ""
    wrong = [key for key, item in verdicts.items() if item["verdict"] != item["expected"]]
    yield from (f"NOT AS DECLARED  {design}: {name}" for design, name in wrong)
    yield f"{len(verdicts) - len(wrong)} of {len(verdicts)} as the document says"


def _markdown(verdicts: _Verdicts) -> Iterator[str]:
    yield from _HEADING
    for heading, columns in _families():
        yield ""
        yield f"## {heading.capitalize()}"
        yield ""
        yield f"| | {' | '.join(columns.values())} |"
        yield f"|---|{'---|' * len(columns)}"
        for item in _ASKED:
            cells = " | ".join(_cell(name, item, verdicts) for name in columns)
            yield f"| {item.statement} [{', '.join(item.cites)}] | {cells} |"
    for name in DISTINGUISHED:
        yield ""
        yield f"## {name}"
        yield ""
        yield f"{CATALOGUE[name].meaning[:1].upper()}{CATALOGUE[name].meaning[1:]}."
        yield ""
        for found in _of(name, verdicts):
            item = next(asked for asked in _ASKED if asked.id == found["id"])
            because = ", ".join(found["because"])
            holds = found["verdict"] == "holds"
            yield f"- {'' if holds else 'not: '}{item.statement} [{because}]"
