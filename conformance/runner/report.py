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
    `tests`: those that were asked for by name, whatever the profile.
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

    @property
    def verdict(self) -> Verdict:
        """Of the profile: the gravest of those not as expected; partial if some of the core was skipped."""
        found = {result.verdict for result in self.results if result.expected is None}
        if any(
            result.verdict is Verdict.SKIPPED and result.about.level.value == _CORE for result in self.results
        ):
            found.add(Verdict.PARTIAL)
        return next((verdict for verdict in _PRECEDENCE if verdict in found), Verdict.PASS)

    @property
    def exit_code(self) -> ExitCode:
        """Zero only for a pass."""
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
        yield self.summary

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
        return f"{self.verdict.name}  {name}, {self.selection}: {listed or 'nothing was tested'} ({seed})"


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
