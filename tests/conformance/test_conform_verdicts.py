"""What a run of the suite comes to: the verdict of a profile, and what its reports say."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.reports import junit_lines
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.runner.expected import Expected
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.report_page import report_page
from splitproof.conformance.runner.results import TestResult as Result
from splitproof.conformance.runner.suite_report import suite_report
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import Verdict

# ---- the verdict of a profile --------------------------------------------------------------------

TESTS = suite_tests()
CORE = next(name for name, test in TESTS.items() if about(test).level is Level.CORE)
BEYOND = next(name for name, test in TESTS.items() if about(test).level is Level.SEQUENTIAL)


def result(verdict: Verdict, test: str = CORE, **more: Any) -> Result:
    return Result(test, about(TESTS[test]), verdict, "why", None, 0.5, **more)


def report(*results: Result) -> Report:
    return Report("vendor:Good", "core", None, ReferenceController(pumped=True).capabilities(), results)


@pytest.mark.parametrize(
    ("verdicts", "expected", "code"),
    [
        ((), Verdict.PASS, 5),
        ((Verdict.PASS,), Verdict.PASS, 0),
        ((Verdict.PASS, Verdict.VACUOUS), Verdict.VACUOUS, 4),
        ((Verdict.VACUOUS, Verdict.UNKNOWN), Verdict.UNKNOWN, 3),
        ((Verdict.UNKNOWN, Verdict.FAIL), Verdict.FAIL, 1),
        ((Verdict.FAIL, Verdict.ERROR), Verdict.ERROR, 2),
        ((Verdict.PASS, Verdict.SKIPPED), Verdict.PARTIAL, 3),
    ],
)
def test_the_gravest_verdict_is_that_of_the_profile(
    verdicts: tuple[Verdict, ...], expected: Verdict, code: int
) -> None:
    found = report(*map(result, verdicts))
    assert (found.verdict, int(found.exit_code)) == (expected, code)
    failed = any(one.status in ("failure", "error") for one in suite_report(found).findings)
    assert failed == (code != 0)


def test_every_report_says_whether_a_profile_was_run_or_tests_by_name() -> None:
    whole = report(result(Verdict.PASS))
    by_name = dataclasses.replace(whole, tests=(CORE,))
    for run, selection in ((whole, "profile core"), (by_name, "tests by name")):
        assert selection in run.summary
        assert suite_report(run).title.endswith(f", {selection}")
        assert f"<td>{selection}</td>" in report_page(run)


def test_what_several_tests_say_in_the_same_words_is_said_once() -> None:
    lost, other = (
        Result(test, about(TESTS[test]), Verdict.ERROR, "lost", None, 0.5) for test in (CORE, BEYOND)
    )
    run = dataclasses.replace(report(lost, other), command=("splitproof", "conform", "vendor:Make"))
    assert list(run.lines())[:5] == [
        CORE,
        BEYOND,
        "  lost",
        f"  again: splitproof conform vendor:Make --test {CORE}",
        "",
    ]


def test_cases_that_are_skipped_for_the_same_reason_are_a_row_of_the_table() -> None:
    def case(name: str, verdict: Verdict, text: str) -> Result:
        return Result(f"{BEYOND}[{name}]", about(TESTS[BEYOND]), verdict, text, None, 0.5)

    run = report(
        case("a", Verdict.SKIPPED, "no pump"),
        case("b", Verdict.PASS, ""),
        case("c", Verdict.SKIPPED, "no pump"),
        case("d", Verdict.SKIPPED, "no crash"),
    )
    rows = [line.split(maxsplit=2) for line in run.lines() if line.startswith(("skipped", "pass "))]
    assert [(row[0], row[2]) for row in rows] == [
        ("skipped", f"{BEYOND}[2 cases]  no pump"),
        ("pass", f"{BEYOND}[b]"),
        ("skipped", f"{BEYOND}[d]        no crash"),
    ]
    assert run.summary.startswith("PASS")
    assert "1 pass, 3 skipped" in run.summary


def test_what_is_beyond_the_core_may_be_skipped() -> None:
    assert report(result(Verdict.PASS), result(Verdict.SKIPPED, BEYOND)).exit_code == 0


def test_an_expected_failure_does_not_count_and_a_skipped_core_does() -> None:
    entry = Expected(CORE, Verdict.FAIL, "known", "https://example.org/1", datetime.date(2999, 1, 1))
    found = report(result(Verdict.FAIL, expected=entry), result(Verdict.PASS, BEYOND))
    assert found.exit_code == 0
    assert "fail (expected)" in "\n".join(found.lines())
    (known, _) = suite_report(found).findings
    assert (known.status, known.message) == (
        "pass",
        "fail, as expected: known (https://example.org/1, until 2999-01-01)",
    )
    assert report(result(Verdict.SKIPPED, expected=entry)).verdict is Verdict.PARTIAL


def test_the_report_escapes_what_a_controller_says() -> None:
    nasty = Result(CORE, about(TESTS[CORE]), Verdict.FAIL, "<script>\x00</script>", None, 0.5)
    assert "<script>" not in report_page(report(nasty))
    ElementTree.fromstring("\n".join(junit_lines([suite_report(report(nasty))])))


# ---- what was asked for, and not tested ----------------------------------------------------------

AT_FAULTS = [name for name, test in TESTS.items() if about(test).level is Level.FAULTS]


def at_faults(*verdicts: Verdict) -> Report:
    found = [result(verdict, test) for verdict, test in zip(verdicts, AT_FAULTS, strict=False)]
    return dataclasses.replace(report(result(Verdict.PASS), *found), profile="faults")


def test_a_profile_whose_own_level_was_left_out_is_no_pass() -> None:
    found = at_faults(Verdict.SKIPPED, Verdict.SKIPPED)
    assert (found.verdict, found.exit_code) == (Verdict.PARTIAL, ExitCode.UNKNOWN)
    assert "nothing at the level faults was tested: why" in list(found.lines())
    last = suite_report(found).findings[-1]
    assert (last.name, last.status, last.message) == (
        "profile faults",
        "error",
        "PARTIAL: nothing at the level faults was tested: why",
    )


def test_a_profile_of_whose_own_level_something_was_tested_passes() -> None:
    assert at_faults(Verdict.SKIPPED, Verdict.PASS).exit_code == 0


def test_a_level_below_that_of_the_profile_may_be_left_out() -> None:
    assert dataclasses.replace(at_faults(Verdict.SKIPPED), profile="core").exit_code == 0


def test_tests_by_name_that_are_all_left_out_are_no_pass() -> None:
    by_name = dataclasses.replace(report(result(Verdict.SKIPPED, BEYOND)), tests=(BEYOND,))
    assert (by_name.verdict, by_name.exit_code) == (Verdict.PARTIAL, ExitCode.UNKNOWN)
    assert by_name.untested == "nothing of the tests named was tested: why"


def test_a_failure_before_an_interrupt_stays_one() -> None:
    found = dataclasses.replace(report(result(Verdict.FAIL)), undecided=(BEYOND,))
    assert (found.verdict, found.exit_code) == (Verdict.FAIL, ExitCode.INTERRUPTED)
    assert f"interrupted during {BEYOND}" in report_page(found)
