"""Results for machines that show them to people: JUnit, SARIF, Markdown, and annotations of GitHub.

All are made from one object, a list of `Report`s, and agree: what fails in one fails in all. Whoever finds something
makes the reports: `checker.check_report`, `checker.proof.proof_report`, `conformance.suite_report`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

__all__ = ["REPORTS", "Finding", "Report", "junit_lines", "report_lines", "sarif_json"]


@dataclass(frozen=True)
class Finding:
    """One line of a report: a property of a design, an action that is never taken, a test of a controller.

    `status`: `pass`, `failure`, `error`, or `skipped` for what does not apply: unknown and vacuous are errors, for
    neither is a pass, and neither is skipped. `statement`: what is required. `places`: where to look, each `(path,
    line, words)`, the likeliest first. `flow`: the steps that lead there, in order, likewise.
    """

    name: str
    status: str
    message: str
    statement: str = ""
    story: tuple[str, ...] = ()
    places: tuple[tuple[str, int, str], ...] = ()
    flow: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Report:
    """What a check, a proof or a run of the suite comes to. `title`: of what, and how far. `place`: where that is
    declared; a finding without places is shown there, since GitHub refuses a whole file with one that is nowhere.
    """

    title: str
    findings: tuple[Finding, ...]
    place: tuple[str, int, str]


_FAILED = ("failure", "error")


def report_lines(kind: str, reports: Sequence[Report]) -> list[str]:
    """The lines of a report. `kind`: one of `REPORTS`."""
    return list(REPORTS[kind](reports))


# -- JUnit


def junit_lines(reports: Sequence[Report]) -> Iterator[str]:
    """JUnit XML as Jenkins, GitLab and GitHub's actions read it: a suite a check, a case a property. No times."""
    from xml.sax.saxutils import quoteattr  # which loads an HTTP client

    total = [finding for report in reports for finding in report.findings]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    # Only a suite says how many it skipped: Jenkins' schema knows no such attribute of the whole.
    yield f'<testsuites name="splitproof" {_totals(total)}>'
    for report in reports:
        skipped = sum(finding.status == "skipped" for finding in report.findings)
        totals = f'{_totals(report.findings)} skipped="{skipped}"'
        yield f"  <testsuite name={quoteattr(report.title)} {totals}>"
        for finding in report.findings:
            yield from _case(report.title, finding)
        yield "  </testsuite>"
    yield "</testsuites>"


def _totals(found: Sequence[Finding]) -> str:
    statuses = [finding.status for finding in found]
    failures, errors = statuses.count("failure"), statuses.count("error")
    return f'tests="{len(found)}" failures="{failures}" errors="{errors}"'


def _case(title: str, finding: Finding) -> Iterator[str]:
    from xml.sax.saxutils import escape, quoteattr

    head = f"    <testcase classname={quoteattr('splitproof.' + title)} name={quoteattr(finding.name)}"
    if finding.status == "pass" and not finding.story:
        yield head + "/>"
        return
    story = escape(_printable("\n".join(finding.story)))
    yield head + ">"
    if finding.status == "pass":
        yield f"      <system-out>{story}</system-out>"
    elif finding.status == "skipped":
        yield f"      <skipped message={quoteattr(_printable(finding.message))}/>"
    else:
        message = quoteattr(_printable(finding.message))
        yield f'      <{finding.status} type="splitproof" message={message}>{story}</{finding.status}>'
    yield "    </testcase>"


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(character if character.isprintable() or character in "\n\t" else "?" for character in text)


# -- SARIF


def sarif_json(reports: Sequence[Report]) -> dict[str, Any]:
    """SARIF 2.1.0 (OASIS): a rule a property, a result for whatever is no pass."""
    found = [(report, finding) for report in reports for finding in report.findings]
    statements = {finding.name: finding.statement or finding.name for _, finding in found}
    names = list(statements)
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
                            {"id": name, "shortDescription": {"text": text}}
                            for name, text in statements.items()
                        ],
                    }
                },
                "results": [
                    _sarif_result(report, finding, names.index(finding.name))
                    for report, finding in found
                    if finding.status in _FAILED
                ],
            }
        ],
    }


def _sarif_result(report: Report, finding: Finding, rule: int) -> dict[str, Any]:
    locations = [_sarif_location(*place) for place in finding.places or (report.place,)]
    sentence = f"{report.title}: {finding.message}"
    message = {"text": sentence}
    if finding.story:
        message = {
            "text": "\n".join([sentence, "", *finding.story]),
            "markdown": "\n".join([_plain(sentence), "", *_fenced(finding.story)]),
        }
    result: dict[str, Any] = {
        "ruleId": finding.name,
        "ruleIndex": rule,
        "level": "error",
        "message": message,
        "locations": locations[:1],
        "partialFingerprints": {"splitproof/v1": f"{report.title}/{finding.name}"},
    }
    if len(locations) > 1:
        result["relatedLocations"] = [{"id": number, **place} for number, place in enumerate(locations[1:])]
    if finding.flow:
        steps = [{"location": _sarif_location(*place)} for place in finding.flow]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _sarif_location(path: str, line: int, words: str) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path, errors="surrogateescape")},
            "region": {"startLine": line},
        },
        "message": {"text": words},
    }


def _sarif_lines(reports: Sequence[Report]) -> Iterator[str]:
    yield from json.dumps(sarif_json(reports), indent=1, ensure_ascii=False).splitlines()


# -- Markdown, and annotations


_MARKS = {"pass": "\u2713", "failure": "\u2717", "error": "?", "skipped": "\u2013"}


def _markdown_lines(reports: Sequence[Report]) -> Iterator[str]:
    """A table a report, and the story of whatever fails, folded."""
    for report in reports:
        yield from (f"### {report.title}", "", "| | property | result |", "|---|---|---|")
        for finding in report.findings:
            yield f"| {_MARKS[finding.status]} | {_plain(finding.name)} | {_plain(finding.message)} |"
        yield ""
        for finding in report.findings:
            if finding.status in _FAILED and finding.story:
                yield from (f"<details><summary>{finding.name}</summary>", "", *_fenced(finding.story), "")
                yield from ("</details>", "")


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """Lines as they are, whatever they hold: the fence is longer than any in them."""
    longest = max((len(found[1]) for line in lines if (found := re.match(r"\s*(`{3,})", line))), default=2)
    fence = "`" * (longest + 1)
    yield from (fence, *lines, fence)


def _plain(text: str) -> str:
    """Without what Markdown would take for its own."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", " ".join(text.split()))


def _github_lines(reports: Sequence[Report]) -> Iterator[str]:
    """Workflow commands: each failure is shown at the line of the guilty step, or of the property."""
    for report in reports:
        for finding in report.findings:
            if finding.status not in _FAILED:
                continue
            options = {"title": f"{finding.name}: {report.title}"}
            path, line, _ = finding.places[0] if finding.places else report.place
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
