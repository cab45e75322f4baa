"""What a run of the suite comes to, as a report beside those of checks and proofs."""

from __future__ import annotations

from collections.abc import Iterable

from splitproof.checker.check_report import place_in_sources
from splitproof.checker.reports import Finding
from splitproof.checker.reports import Report as CheckReport
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.results import TestResult
from splitproof.conformance.suite.requirement import Level
from splitproof.conformance.verdicts import Verdict
from splitproof.model.source import place_of
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import TAPE_IS_IMAGE

__all__ = ["suite_report"]


def suite_report(run: Report) -> CheckReport:
    """What a run comes to. It has a failure or an error exactly if the profile does not pass."""
    found = [_finding(result, run.again(result)) for result in run.results]
    if run.untested:
        found.append(Finding(run.selection, "error", f"PARTIAL: {run.untested}"))
    if run.interruption:
        found.append(Finding("unfinished", "error", f"UNKNOWN: {run.interruption}"))
    if not found:
        found.append(Finding("nothing selected", "error", "no test was run"))
    return CheckReport(f"{run.subject}, {run.selection}", tuple(found), _place(TAPE_IS_IMAGE))


def _place(item: Property) -> tuple[str, int, str]:
    """Where a property is declared: the code of a controller is not known, whatever its language."""
    return (*place_in_sources(place_of(item.holds), ""), item.id)


_STATUS = {Verdict.PASS: "pass", Verdict.FAIL: "failure", Verdict.SKIPPED: "skipped"}
"""Of a test; what is not here is an error."""


def _finding(result: TestResult, again: Iterable[str]) -> Finding:
    lines = result.text.splitlines() or [""]
    word = result.verdict.value
    status = _STATUS.get(result.verdict, "error")
    message = lines[0] if lines[0].startswith(result.verdict.name) else f"{result.verdict.name}: {lines[0]}"
    if result.verdict is Verdict.SKIPPED and result.about.level is Level.CORE:
        status, message = "error", f"PARTIAL: the core was skipped: {lines[0]}"
    elif result.expected is not None:
        entry = result.expected
        status, message = "pass", f"{word}, as expected: {entry.reason} ({entry.link}, until {entry.expires})"
    elif result.verdict is Verdict.PASS:
        message = "passes"
    asked = result.about.property
    return Finding(result.test, status, message, asked.statement, (*lines[1:], *again), (_place(asked),))
