"""The suite's part of pytest: the lab, and the verdict of each test in place of passed and failed."""

from __future__ import annotations

import datetime
import re
import shlex
import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.histories.history import History, save_history
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.levels.declarations import under_declared, under_declared_line
from splitproof.conformance.protocol.adapter import AdapterFault, Capabilities
from splitproof.conformance.runner.expected import ExpectedError, check_known, load_expected
from splitproof.conformance.runner.opening import AdapterNotFound, adapter, command
from splitproof.conformance.runner.results import TestResult
from splitproof.conformance.suite.requirement import MARK, About, Level, comes_with_suite
from splitproof.conformance.timelines.stories import Failure, failure_of
from splitproof.conformance.verdicts import PropertyViolated, Verdict, verdict_of

__all__ = ["RESULT", "SUITE", "Suite", "histories", "lab"]

RESULT = "splitproof result"
"""The user property of a report that holds its `TestResult`."""


SUITE = "splitproof suite"
"""The name under which `Suite` is registered."""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Where the controller is tested."""
    suite: Any = request.config.pluginmanager.get_plugin(SUITE)
    yield suite.lab
    suite.under_declared = () if suite.only or suite.interrupted else under_declared(suite.lab)
    suite.lab.close()


@pytest.fixture(scope="session")
def histories(request: pytest.FixtureRequest, lab: Lab) -> list[History]:
    """What several clients did to the controller at once."""
    recorded = race(lab)
    folder = request.config.getoption("--controller-histories")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, history in enumerate(recorded, start=1):
            save_history(history, Path(folder) / f"history-{number}.ndjson")
    return recorded


class Suite:
    """Registered when a controller is given."""

    def __init__(self, config: pytest.Config) -> None:
        named, started = config.getoption("--controller"), config.getoption("--controller-command")
        seconds = config.getoption("--controller-seconds")
        limits = Limits(
            examples=config.getoption("--controller-examples"),
            seed=config.getoption("--controller-seed"),
            deadline=None if seconds is None else time.monotonic() + seconds,
        )
        expected = config.getoption("--controller-expected")
        try:
            opens = adapter(named) if named else command(started)
            today = datetime.datetime.now(tz=datetime.UTC).date()
            self.expected = load_expected(Path(expected), today) if expected else {}
        except (AdapterNotFound, ExpectedError) as error:
            raise pytest.UsageError(str(error)) from error
        self.subject = shlex.join(["--controller", named] if named else ["--controller-command", started])
        self.seed = limits.seed
        self.lab = Lab(opens, limits)
        self.level = Level(config.getoption("--controller-profile"))
        self.only: list[str] = config.getoption("--controller-test")
        self.histories: str | None = config.getoption("--controller-histories")
        self.options = _options(limits, self.histories)
        self.capabilities: Capabilities | None = None
        self.under_declared: tuple[str, ...] = ()
        self.saved: dict[str, Path] = {}
        self.interrupted = False

    def pytest_keyboard_interrupt(self) -> None:
        """Nothing more is asked of the controller; what is open is closed."""
        self.interrupted = True
        self._know()

    def _know(self) -> None:
        """What the controller says that it is; it may be gone when the run is over."""
        if self.lab.session_or_none is not None:
            self.capabilities = self.lab.session_or_none.capabilities

    # ---- hooks ---------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Those of the profile, in the order of the levels."""
        levels = list(Level)
        upto = levels.index(self.level)
        ours = {item: about for item in items if (about := _about(item)) is not None}
        names = [item.name for item in ours]
        try:
            check_known(self.expected, names, "expected failures")
            check_known(self.only, names, "--controller-test")
        except ExpectedError as error:
            raise pytest.UsageError(str(error)) from error
        if self.only:
            beyond = [item for item in ours if item.name not in self.only]
        else:
            beyond = [item for item, about in ours.items() if levels.index(about.level) > upto]
        config.hook.pytest_deselected(items=beyond)
        items[:] = [item for item in items if item not in beyond]
        items.sort(key=lambda item: levels.index(ours[item].level) if item in ours else -1)

    def pytest_report_header(self) -> list[str]:
        """What is tested, and with which seed."""
        seed = "the same examples every time" if self.seed is None else f"seed {self.seed}"
        return [f"splitproof: {self.subject}, profile {self.level.value}, {seed}"]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A verdict for each test."""
        report = yield
        about = _about(item)
        error = call.excinfo.value if call.excinfo is not None else None
        if about is not None and (call.when == "call" or (call.when == "setup" and error is not None)):
            self._judge(item, about, report, error)
        return report

    def _judge(
        self, item: pytest.Item, about: About, report: pytest.TestReport, error: BaseException | None
    ) -> None:
        if error is not None and not isinstance(error, Exception):
            return  # an interrupt, or pytest's own
        verdict = verdict_of(error)
        failure = self._failure(item, about, error)
        text = "\n".join(failure.lines()) if failure else self._text(verdict, error)
        entry = self.expected.get(item.name)
        as_expected = entry is not None and entry.verdict is verdict
        kind = None if failure is None or failure.finding is None else failure.finding.kind.value
        if entry is not None and not as_expected:
            text = (
                f"expected {entry.verdict.value} ({entry.reason}), and it comes to {verdict.value}: "
                f"take the entry out, or correct it\n{text}"
            )
            verdict = Verdict.FAIL if verdict in (Verdict.PASS, Verdict.SKIPPED) else verdict
        result = TestResult(
            item.name, about, verdict, text, kind, report.duration, entry if as_expected else None, failure
        )
        if text and verdict is not Verdict.SKIPPED:
            text = "\n".join([text, *self._again(item, result)])
        report.user_properties.append((RESULT, result))
        report.outcome = "passed" if verdict is Verdict.PASS else "failed"
        report.longrepr = text or None
        if as_expected and entry is not None:
            report.outcome = "skipped"
            report.wasxfail = f"{entry.reason} ({entry.link}, until {entry.expires})"
        elif entry is not None:
            report.outcome = "failed"
            report.longrepr = text
        elif verdict is Verdict.SKIPPED:
            report.outcome = "skipped"
            path, line, _ = item.location
            report.longrepr = (path, (line or 0) + 1, text)
        self._know()

    def _failure(self, item: pytest.Item, about: About, error: BaseException | None) -> Failure | None:
        """The story of a violation; its history is saved if that was asked for."""
        if not isinstance(error, PropertyViolated):
            return None
        session = self.lab.session_or_none
        if error.history is None and session is not None and about.level is not Level.FAULTS:
            error.history = session.history()
        failure = failure_of(error)
        if self.histories is not None and failure.history is not None:
            named = {"test": item.name, "property": failure.item.id, "seed": self.seed}
            path = Path(self.histories) / f"{_file_name(item.name)}.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            save_history(replace(failure.history, about={**failure.history.about, **named}), path)
            self.saved[item.name] = path
        return failure

    def _text(self, verdict: Verdict, error: BaseException | None) -> str:
        """What there is to say; the stack of the suite is not the cause, that of an adapter may be."""
        if error is None or verdict is Verdict.SKIPPED:
            return "" if error is None else str(error)
        kind = f" ({error.kind.value})" if isinstance(error, AdapterFault) else ""
        lines = [f"{verdict.name}{kind}  {error}"]
        if isinstance(error, AdapterFault) and error.call not in str(error):
            lines.append(f"in {error.call}")
        if verdict is Verdict.ERROR:
            cause = error.__cause__ if isinstance(error, AdapterFault) else error
            lines += [line.rstrip() for line in traceback.format_exception(cause)] if cause else []
        return "\n".join(lines)

    def _again(self, item: pytest.Item, result: TestResult) -> Iterator[str]:
        """How to see it again, under pytest: in the suite, or in the file of its own that it is in."""
        where = (
            "--pyargs splitproof.conformance"
            if comes_with_suite(item.path)
            else shlex.quote(item.location[0])
        )
        words = [*self.options, "--controller-test", result.test]
        yield f"again: pytest {where} {self.subject} {shlex.join(words)}"
        if result.test in self.saved and result.failure is not None and result.failure.timeline is not None:
            yield f"judge: splitproof judge {shlex.quote(str(self.saved[result.test]))}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What was reached, and what the controller can do beyond what it declares."""
        if self.lab.coverage.states:
            terminalreporter.section("splitproof")
            for line in self.lab.coverage.lines():
                terminalreporter.write_line(line)
        if self.under_declared:
            terminalreporter.write_line(under_declared_line(self.under_declared))

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """The word for a verdict that pytest has none for."""
        result = next((value for name, value in report.user_properties if name == RESULT), None)
        if not isinstance(result, TestResult) or not report.failed:
            return None
        return "failed", result.verdict.value[0].upper(), result.verdict.name


def _options(limits: Limits, histories: str | None) -> list[str]:
    """Those without which a test would try something else."""
    options = [] if limits.seed is None else ["--controller-seed", str(limits.seed)]
    if limits.examples != Limits().examples:
        options += ["--controller-examples", str(limits.examples)]
    return options + ([] if histories is None else ["--controller-histories", histories])


def _file_name(test: str) -> str:
    return re.sub(r"[^\w-]+", "-", test).strip("-")


def _about(item: pytest.Item) -> About | None:
    marker = item.get_closest_marker(MARK)
    return marker.args[0] if marker is not None else None
