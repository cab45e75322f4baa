"""Results for machines that show them to people: JUnit, SARIF, Markdown, and annotations of GitHub.

All are made from one object, a list of `Report`s, and agree: what fails in one fails in all. A verdict that is not the
declared one fails. Unknown and vacuous are errors: neither is a pass, and neither is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

from splitproof.checker.texts import count, vacuity_sentences

__all__ = ["REPORTS", "Finding", "Report", "findings", "junit_lines", "report_lines", "sarif_json"]


@dataclass(frozen=True)
class Report:
    """A check: the design as it was named, the JSON form, and the lines of the story of each violated property."""

    source: str
    result: dict[str, Any]
    stories: dict[str, list[str]]

    @property
    def title(self) -> str:
        return f"{self.result['design']}, {count(self.result['blocks'], 'block')}"


@dataclass(frozen=True)
class Finding:
    """One line of a report: a property of a design, or an action that is never taken.

    `status`: `pass`, `failure` or `error`. `places`: where to look, each `(path, line, words)`, the likeliest first.
    """

    title: str
    name: str
    status: str
    message: str
    story: tuple[str, ...] = ()
    places: tuple[tuple[str, int, str], ...] = ()


def findings(report: Report) -> Iterator[Finding]:
    """What a check found, line by line."""
    result = report.result
    for item in result["properties"]:
        status, message = _status(item)
        story = tuple(report.stories.get(item["id"], ()))
        places = [
            (*_place(step["where"], report.source), f"{step['by']} {step['action']}, step {step['step']}")
            for step in item["guilty"]
        ]
        places.append((*_place(item["defined"], report.source), item["id"]))
        yield Finding(report.title, item["id"], status, message, story, tuple(places))
    yield from _vacuous(report)
    if not result["properties"]:
        yield Finding(report.title, "nothing selected", "error", "no property can be checked at this size")


_PACKAGES = ("splitproof.model.controller", "splitproof.spec")
"""Where the lines of the designs of the catalogue are."""


def _place(where: str, source: str) -> tuple[str, int]:
    """The path and the line of a `file:line`: of the design's own file, as it was named, or of ours."""
    name, _, line = where.rpartition(":")
    design = source.partition(".py:")[0] + ".py"
    if PurePath(design).name == name:
        return PurePath(design).as_posix(), int(line)
    for package in _PACKAGES:
        file = Path(str(files(package))) / name
        if file.is_file():
            inside = file.is_relative_to(Path.cwd()) and "site-packages" not in file.parts
            found = file.relative_to(Path.cwd()) if inside else PurePath(*package.split("."), name)
            return found.as_posix(), int(line)
    return name, int(line)


def _vacuous(report: Report) -> Iterator[Finding]:
    """Steps and clauses without meaning, each an error of its own."""
    result = report.result
    clauses = [f"dead clause: {clause['action']}: {clause['text']}" for clause in result["dead_clauses"]]
    names = [f"never fired: {label}" for label in result["never_fired"]]
    names += [f"misdeclared: {number}" for number, _ in enumerate(result["misdeclared"], 1)]
    places = [()] * len(names) + [
        ((*_place(clause["where"], report.source), clause["action"]),) for clause in result["dead_clauses"]
    ]
    for name, sentence, where in zip([*names, *clauses], vacuity_sentences(result), places, strict=True):
        yield Finding(report.title, name, "error", f"VACUOUS: {sentence}", places=where)


def _status(item: dict[str, Any]) -> tuple[str, str]:
    verdict, declared = item["verdict"], item["expected"] or "holds"
    if verdict == "unknown":
        return "error", f"UNKNOWN: {item['limit']} ended the search"
    if verdict != declared:
        if verdict == "violated":
            return "failure", f"VIOLATED in {count(item['depth'], 'step')}: {item['sentence']}"
        return "failure", f"HOLDS, but is declared {declared}"
    if item["vacuous"] is not None:
        return "error", f"VACUOUS: {item['vacuous']}"
    if verdict == "violated":
        return "pass", f"violated in {count(item['depth'], 'step')}, as declared: {item['sentence']}"
    return "pass", "holds"


def report_lines(kind: str, reports: Sequence[Report]) -> list[str]:
    """The lines of a report. `kind`: one of `REPORTS`."""
    return list(REPORTS[kind](reports))


# -- JUnit


def junit_lines(reports: Sequence[Report]) -> Iterator[str]:
    """JUnit XML as Jenkins, GitLab and GitHub's actions read it: a suite a check, a case a property. No times."""
    from xml.sax.saxutils import quoteattr  # which loads an HTTP client

    suites = [(report.title, list(findings(report))) for report in reports]
    total = [finding for _, found in suites for finding in found]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="splitproof" {_totals(total)}>'
    for title, found in suites:
        yield f"  <testsuite name={quoteattr(title)} {_totals(found)}>"
        for finding in found:
            yield from _case(finding)
        yield "  </testsuite>"
    yield "</testsuites>"


def _totals(found: Sequence[Finding]) -> str:
    failures, errors = (sum(finding.status == status for finding in found) for status in ("failure", "error"))
    return f'tests="{len(found)}" failures="{failures}" errors="{errors}" skipped="0"'


def _case(finding: Finding) -> Iterator[str]:
    from xml.sax.saxutils import escape, quoteattr

    head = (
        f"    <testcase classname={quoteattr('splitproof.' + finding.title)} name={quoteattr(finding.name)}"
    )
    if finding.status == "pass" and not finding.story:
        yield head + "/>"
        return
    story = escape("\n".join(finding.story))
    yield head + ">"
    if finding.status == "pass":
        yield f"      <system-out>{story}</system-out>"
    else:
        message = quoteattr(finding.message)
        yield f'      <{finding.status} type="splitproof" message={message}>{story}</{finding.status}>'
    yield "    </testcase>"


# -- SARIF


def sarif_json(reports: Sequence[Report]) -> dict[str, Any]:
    """SARIF 2.1.0 (OASIS): a rule a property, a result for whatever is no pass."""
    found = [finding for report in reports for finding in findings(report)]
    statements = {item["id"]: item["statement"] for report in reports for item in report.result["properties"]}
    failed = [finding for finding in found if finding.status != "pass"]
    names = list(dict.fromkeys(finding.name for finding in found))
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "splitproof",
                        "version": version("splitproof"),
                        "rules": [
                            {"id": name, "shortDescription": {"text": statements.get(name, name)}}
                            for name in names
                        ],
                    }
                },
                "results": [_sarif_result(finding, names.index(finding.name)) for finding in failed],
            }
        ],
    }


def _sarif_result(finding: Finding, rule: int) -> dict[str, Any]:
    locations = [_sarif_location(*place) for place in finding.places]
    result: dict[str, Any] = {
        "ruleId": finding.name,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": f"{finding.title}: {finding.message}"},
        "partialFingerprints": {"splitproof/v1": f"{finding.title}/{finding.name}"},
    }
    if locations:
        result["locations"] = locations[:1]
    if len(locations) > 1:
        result["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(locations[1:])]
    return result


def _sarif_location(path: str, line: int, words: str) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}},
        "message": {"text": words},
    }


def _sarif_lines(reports: Sequence[Report]) -> Iterator[str]:
    yield from json.dumps(sarif_json(reports), indent=1, ensure_ascii=False).splitlines()


# -- Markdown, and annotations


_MARKS = {"pass": "\u2713", "failure": "\u2717", "error": "?"}


def _markdown_lines(reports: Sequence[Report]) -> Iterator[str]:
    """A table a check, and the story of whatever fails, folded."""
    for report in reports:
        found = list(findings(report))
        yield from (f"### {report.title}", "", "| | property | result |", "|---|---|---|")
        for finding in found:
            message = finding.message.replace("|", "\\|")
            yield f"| {_MARKS[finding.status]} | {finding.name} | {message} |"
        yield ""
        for finding in found:
            if finding.status != "pass" and finding.story:
                yield from (
                    f"<details><summary>{finding.name}</summary>",
                    "",
                    "```",
                    *finding.story,
                    "```",
                    "",
                )
                yield from ("</details>", "")


def _github_lines(reports: Sequence[Report]) -> Iterator[str]:
    """Workflow commands: each failure is shown at the line of the guilty step, or of the property."""
    for report in reports:
        for finding in findings(report):
            if finding.status == "pass":
                continue
            options = {"title": f"{finding.name}: {finding.title}"}
            if finding.places:
                path, line, _ = finding.places[0]
                options = {"file": path, "line": str(line), **options}
            shown = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in options.items())
            text = "\n".join([finding.message, *finding.story])
            yield f"::error {shown}::{_escaped(text)}"


def _escaped(text: str, further: str = "") -> str:
    for character in "%\r\n" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


REPORTS: dict[str, Callable[[Sequence[Report]], Iterator[str]]] = {
    "junit": junit_lines,
    "sarif": _sarif_lines,
    "markdown": _markdown_lines,
    "github": _github_lines,
}
"""The kinds of reports."""
