"""`verify --prove`: every design that is to be proved, as a table of verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from splitproof.catalogue_commands import families, short_name
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.batch import PROVED_DESIGNS, ProofJob, ProofOutcome, prove_all
from splitproof.checker.proof.certify import SOLVERS
from splitproof.checker.proof.results import SCOPE
from splitproof.output import Destination, json_text, status
from splitproof.settings import read_settings

__all__ = ["verify_proofs"]


def verify_proofs(
    names: Sequence[str],
    max_seconds: float | None,
    processes: int | None,
    destination: Destination,
) -> int:
    """Prove the designs named, else those of the project's settings, else the closed ones of the catalogue."""
    settings = None if names else read_settings(Path.cwd())
    if settings is not None:
        destination = destination.and_to(settings.reports)
        names, processes = settings.designs, processes or settings.jobs
        max_seconds = max_seconds or settings.limits.max_seconds
    jobs = [ProofJob(name, max_seconds) for name in names or PROVED_DESIGNS]
    with status(f"verify: {len(jobs)} proofs") as say:
        finished = 0

        def done(outcome: ProofOutcome) -> None:
            nonlocal finished
            finished += 1
            say(f"verify: {finished} of {len(jobs)} proofs; {outcome.job.design}")

        outcomes = prove_all(jobs, processes, done)
    code = _exit_code(outcomes)
    own: dict[str, Callable[[], Iterable[str]]] = {
        "text": lambda: _lines(outcomes),
        "json": lambda: json_text({"exit_code": code, "results": [item.result for item in outcomes]}),
    }
    destination.show([outcome.report for outcome in outcomes], own)
    return code


def _exit_code(outcomes: Sequence[ProofOutcome]) -> int:
    """Decided otherwise than declared is violated, undecided is unknown; a vacuous proof is none."""
    properties = [item for outcome in outcomes for item in outcome.result["properties"]]
    if any(item["verdict"] not in ("unknown", _declared(item)) for item in properties):
        return ExitCode.VIOLATED
    if any(item["verdict"] == "unknown" for item in properties):
        return ExitCode.UNKNOWN
    if any(_vacuities(outcome.result) for outcome in outcomes):
        return ExitCode.VACUOUS
    return ExitCode.HOLDS if properties else ExitCode.NOTHING_SELECTED


def _declared(item: Mapping[str, Any]) -> str:
    return "violated" if item["expected"] == "violated" else "proved"


def _vacuities(result: Mapping[str, Any]) -> list[str]:
    return [
        *(
            f"{item['id']} never has anything to say at 1 block"
            for item in result["properties"]
            if item["vacuous"]
        ),
        *(f"{label} never happens at 1 block" for label in result["never_fired"]),
    ]


def _lines(outcomes: Sequence[ProofOutcome]) -> Iterator[str]:
    by_design = {outcome.job.design: outcome for outcome in outcomes}
    for family, names in families().items():
        columns = [by_design.pop(name) for name in names if name in by_design]
        if columns:
            yield from _table(family, columns)
            yield ""
    for outcome in by_design.values():  # variations, and users' own
        yield _line(outcome)
    if by_design:
        yield ""
    yield from _exceptions(outcomes)
    yield from _summary(outcomes)


def _table(family: str, columns: Sequence[ProofOutcome]) -> Iterator[str]:
    """A row a property, a column a design; then what was needed for it."""
    yield f"{family}: {SCOPE}; `proved`, and the number of clauses that it takes"
    heads = [short_name(outcome.job.design) for outcome in columns]
    for part in (0, 1):
        yield f"{'':<28}" + "".join(f"{head[part]:>11}" for head in heads)
    listed = dict.fromkeys(item["id"] for outcome in columns for item in outcome.result["properties"])
    for name in listed:
        yield f"{name:<28}" + "".join(f"{_cell(outcome.result, name):>11}" for outcome in columns)
    for title, figures in (
        ("clauses in all", [f"{outcome.result['clauses']}" for outcome in columns]),
        ("obligations confirmed", [f"{_confirmed(outcome.result)}" for outcome in columns]),
        ("seconds", [f"{outcome.result['timing']['seconds']:.1f}" for outcome in columns]),
    ):
        yield f"{title:<28}" + "".join(f"{figure:>11}" for figure in figures)


def _cell(result: Mapping[str, Any], name: str) -> str:
    for item in result["properties"]:
        if item["id"] == name:
            needs = "" if item["clauses"] is None else f" {item['clauses']}"
            said = {"violated": f"{item['depth']} steps", "proved": f"proved{needs}"}
            shown = said.get(item["verdict"], str(item["verdict"]))
            return shown if item["verdict"] == _declared(item) else f"{shown} (!)"
    return "-"


def _confirmed(result: Mapping[str, Any]) -> int:
    certificate = result["certificate"]
    return 0 if certificate is None or certificate["faults"] else int(certificate["files"])


def _line(outcome: ProofOutcome) -> str:
    result = outcome.result
    verdicts = [item["verdict"] for item in result["properties"]]
    said = (
        ", ".join(f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts)) or "nothing to prove"
    )
    return f"{outcome.job.design}: {said}; {result['clauses']} clauses; {result['timing']['seconds']:.1f} s"


def _exceptions(outcomes: Sequence[ProofOutcome]) -> Iterator[str]:
    """The whole report of each design that is not proved as declared."""
    for outcome in outcomes:
        if any(item["verdict"] != _declared(item) for item in outcome.result["properties"]):
            yield f"{outcome.job.design}:"
            yield from outcome.lines
            yield ""
        yield from (f"VACUOUS   {outcome.job.design}: {text}" for text in _vacuities(outcome.result))


def _summary(outcomes: Sequence[ProofOutcome]) -> Iterator[str]:
    properties = [item for outcome in outcomes for item in outcome.result["properties"]]
    as_declared = sum(item["verdict"] == _declared(item) for item in properties)
    confirmed = sum(_confirmed(outcome.result) for outcome in outcomes)
    yield f"{as_declared} of {len(properties)} verdicts as declared: {SCOPE}"
    yield f"{confirmed} obligations, each confirmed by {' and by '.join(SOLVERS)}"
