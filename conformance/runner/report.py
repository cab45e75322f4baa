"""The report of a run: its verdict, as text and JSON; see also `report_page` and `suite_report`."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from splitproof.checker.exit_codes import ExitCode
from splitproof.conformance.lab.coverage import Coverage
from splitproof.conformance.levels.declarations import under_declared_line
from splitproof.conformance.protocol.adapter import Capabilities
from splitproof.conformance.runner.results import TestResult
from splitproof.conformance.verdicts import Verdict

__all__ = ["Report"]

_CORE: Final = "core"
_PRECEDENCE: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNKNOWN, Verdict.PARTIAL, Verdict.VACUOUS)
_EXIT: Final = {
    Verdict.ERROR: ExitCode.USAGE,
    Verdict.FAIL: ExitCode.VIOLATED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
    Verdict.PARTIAL: ExitCode.UNKNOWN,
    Verdict.VACUOUS: ExitCode.VACUOUS,
    Verdict.PASS: ExitCode.HOLDS,
}


@dataclass(frozen=True)
class Report:
    """What a run came to; `capabilities` is None if the controller never said what it is.

    `coverage`: None if no single client worked with it. `under_declared`: operations that it has and does not declare.
    `command`: what the run was started with, as words of a command line. `saved`: test to the file of its history.
    `tests`: those that were asked for by name, whatever the profile. `undecided`: of a run that was interrupted, those
    without a verdict, the one under way first; None of a run that came to its end.
    """

    subject: str
    profile: str
    seed: int | None
    capabilities: Capabilities | None
    results: tuple[TestResult, ...]
    coverage: Coverage | None = None
    under_declared: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    saved: Mapping[str, Path] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    undecided: tuple[str, ...] | None = None

    @property
    def verdict(self) -> Verdict:
        """Of the profile: the gravest of those not as expected; what was interrupted is unknown at best."""
        found = {result.verdict for result in self.results if result.expected is None}
        if self.core_skipped or self.untested:
            found.add(Verdict.PARTIAL)
        if self.undecided is not None:
            found.add(Verdict.UNKNOWN)
        return next((verdict for verdict in _PRECEDENCE if verdict in found), Verdict.PASS)

    @property
    def core_skipped(self) -> bool:
        """Whether something was left out that every controller has to offer."""
        return any(
            result.verdict is Verdict.SKIPPED and result.about.level.value == _CORE for result in self.results
        )

    @property
    def untested(self) -> str:
        """Why nothing was tested of what was asked for: the level that the profile is named for, or tests by name.

        Empty if something was, or if not all of it was tried.
        """
        asked = [one for one in self.results if self.tests or one.about.level.value == self.profile]
        if (
            not asked
            or self.undecided is not None
            or any(one.verdict is not Verdict.SKIPPED for one in asked)
        ):
            return ""
        what = "of the tests named" if self.tests else f"at the level {self.profile}"
        reasons = dict.fromkeys(one.text for one in asked)
        return f"nothing {what} was tested: {'; '.join(reasons)}"

    @property
    def exit_code(self) -> ExitCode:
        """Zero only for a pass."""
        if self.undecided is not None:
            return ExitCode.INTERRUPTED
        return _EXIT[self.verdict] if self.results else ExitCode.NOTHING_SELECTED

    @property
    def requirements(self) -> Mapping[str, str]:
        """Each requirement or gap that a test cites, and the gravest verdict of its tests."""
        order = (*_PRECEDENCE, Verdict.SKIPPED, Verdict.PASS)
        cited: dict[str, set[Verdict]] = {}
        for result in self.results:
            for identifier in result.about.cites:
                cited.setdefault(identifier, set()).add(result.verdict)
        words: dict[str, str] = {}
        for identifier in sorted(cited):
            verdicts = cited[identifier]
            if Verdict.PASS in verdicts:
                verdicts = verdicts - {Verdict.SKIPPED}  # part of it was seen, and that passed
            words[identifier] = next(verdict for verdict in order if verdict in verdicts).value
        return words

    def again(self, result: TestResult) -> Iterator[str]:
        """Commands that show it again: the test by itself, and its history judged without the controller."""
        if self.command and result.verdict not in (Verdict.PASS, Verdict.SKIPPED):
            yield f"again: {shlex.join([*self.command, '--test', result.test])}"
        if result.test in self.saved and result.failure is not None and result.failure.timeline is not None:
            path = shlex.quote(str(self.saved[result.test]))
            yield f"judge: splitproof judge {path}"
            yield f"look:  splitproof trace {path} --format html --output history.html"

    # ---- forms ---------------------------------------------------------------------------------------

    def json(self) -> dict[str, Any]:
        """Everything but `timing` is the same on every run of a controller that repeats itself."""
        return {
            "subject": self.subject,
            "profile": self.profile,
            "tests": list(self.tests),
            "seed": self.seed,
            "capabilities": _capabilities(self.capabilities),
            "verdict": self.verdict.value,
            "exit_code": int(self.exit_code),
            "undecided": None if self.undecided is None else list(self.undecided),
            "results": [
                {
                    "test": result.test,
                    "verdict": result.verdict.value,
                    "expected": result.expected is not None,
                    "level": result.about.level.value,
                    "property": result.about.property.id,
                    "cites": list(result.about.cites),
                    "kind": result.kind,
                    "text": result.text,
                    "again": list(self.again(result)),
                    "failure": None if result.failure is None else result.failure.json(),
                }
                for result in self.results
            ],
            "requirements": dict(self.requirements),
            "under_declared": list(self.under_declared),
            "coverage": None if self.coverage is None else self.coverage.json(),
            "timing": {"seconds": round(sum(result.seconds for result in self.results), 3)},
        }

    def lines(self) -> Iterator[str]:
        """For people: what is not a pass first said whole, then the table, then the verdict.

        What several tests came to in the same words, such as a controller that does not start, is said once.
        """
        told: dict[str, list[TestResult]] = {}
        for result in self.results:
            if result.verdict not in (Verdict.PASS, Verdict.SKIPPED) and result.expected is None:
                told.setdefault(result.text, []).append(result)
        for text, alike in told.items():
            yield from (result.test for result in alike)
            yield from (f"  {line}" for line in text.splitlines())
            yield from (f"  {line}" for line in self.again(alike[0]))
            yield ""
        rows = list(self._rows())
        width = max((len(name) for _, _, name, _ in rows), default=0)
        for word, level, name, why in rows:
            yield f"{word:<18}{level:<12}{name:<{width}}{why}".rstrip()
        yield ""
        if self.coverage is not None:
            yield from self.coverage.lines()
        if self.under_declared:
            yield under_declared_line(self.under_declared)
        yield from self.remarks
        yield self.summary

    @property
    def remarks(self) -> Iterator[str]:
        """Why it is less than what was asked for, beyond what the tests themselves say."""
        if self.untested:
            yield self.untested
        if self.interruption:
            yield self.interruption

    @property
    def interruption(self) -> str:
        """What is not known as the run was interrupted; empty if it was not."""
        if self.undecided is None:
            return ""
        if not self.undecided:
            when = (
                "after the last test, before it was known what was reached"
                if self.results
                else "before the first test"
            )
            return f"interrupted {when}"
        first, *others = self.undecided
        not_begun = f"; not begun: {', '.join(others)}" if others else ""
        return f"interrupted during {first}{not_begun}"

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Of the table: a verdict, the level, the name of a test, why it is skipped.

        One for all cases of a test that are skipped for the same reason: a case for each of a hundred schedules.
        """
        skipped = Counter(_skipped_as(result) for result in self.results if result.verdict is Verdict.SKIPPED)
        for result in self.results:
            word = f"{result.verdict.value} (expected)" if result.expected else result.verdict.value
            level = result.about.level.value
            if result.verdict is not Verdict.SKIPPED:
                yield word, level, result.test, ""
                continue
            cases = skipped.pop(_skipped_as(result), 0)
            if cases:
                name = f"{_base(result)}[{cases} cases]" if cases > 1 else result.test
                yield word, level, name, f"  {result.text}"

    @property
    def selection(self) -> str:
        """What was to be run."""
        return "tests by name" if self.tests else f"profile {self.profile}"

    @property
    def summary(self) -> str:
        """One line, the verdict first."""
        counts = Counter(result.verdict.value for result in self.results)
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        seed = "the same examples every time" if self.seed is None else f"seed {self.seed}"
        name = self.capabilities.name if self.capabilities else self.subject
        listed = listed or ("nothing was decided" if self.undecided else "nothing was tested")
        partial = "" if self.undecided is None else f"; interrupted, {len(self.undecided)} not decided"
        return f"{self.verdict.name}  {name}, {self.selection}: {listed} ({seed}){partial}"


def _base(result: TestResult) -> str:
    """The name of a test without that of its case."""
    return result.test.partition("[")[0]


def _skipped_as(result: TestResult) -> tuple[str, bool, str]:
    return _base(result), result.expected is None, result.text


def _capabilities(value: Capabilities | None) -> dict[str, Any] | None:
    if value is None:
        return None
    record = {item.name: getattr(value, item.name) for item in fields(value)}
    return record | {"operations": sorted(value.operations)}
