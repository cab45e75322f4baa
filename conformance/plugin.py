"""The suite's part of pytest: the lab, and the verdict of each test in place of passed and failed."""

from __future__ import annotations

import datetime
import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.adapter import AdapterFault, Capabilities
from splitproof.conformance.concurrent import race
from splitproof.conformance.expected import Expected, ExpectedError, check_known, load_expected
from splitproof.conformance.history import History, save_history
from splitproof.conformance.lab import Lab, Limits
from splitproof.conformance.opening import AdapterNotFound, adapter, command
from splitproof.conformance.suite.requirement import MARK, About, Level
from splitproof.conformance.verdicts import PropertyViolated, Verdict, verdict_of

__all__ = ["RESULT", "SUITE", "Suite", "TestResult", "histories", "lab"]

RESULT = "splitproof result"
"""The user property of a report that holds its `TestResult`."""


@dataclass(frozen=True)
class TestResult:
    """What a test came to. `expected`: the entry that says so, if it is as expected."""

    test: str
    about: About
    verdict: Verdict
    text: str
    kind: str | None
    seconds: float
    expected: Expected | None = None


SUITE = "splitproof suite"
"""The name under which `Suite` is registered."""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Where the controller is tested."""
    suite: Any = request.config.pluginmanager.get_plugin(SUITE)
    yield suite.lab
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
        self.subject = f"--controller {named}" if named else f"--controller-command {started!r}"
        self.seed = limits.seed
        self.lab = Lab(opens, limits)
        self.level = Level(config.getoption("--controller-profile"))
        self.capabilities: Capabilities | None = None

    # ---- hooks ---------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Those of the profile, in the order of the levels."""
        levels = list(Level)
        upto = levels.index(self.level)
        ours = {item: about for item in items if (about := _about(item)) is not None}
        try:
            check_known(self.expected, [item.name for item in ours])
        except ExpectedError as error:
            raise pytest.UsageError(str(error)) from error
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
        text = self._text(item, verdict, error)
        entry = self.expected.get(item.name)
        as_expected = entry is not None and entry.verdict is verdict
        kind = error.kind if isinstance(error, PropertyViolated) else None
        if entry is not None and not as_expected:
            text = (
                f"expected {entry.verdict.value} ({entry.reason}), and it comes to {verdict.value}: "
                f"take the entry out, or correct it\n{text}"
            )
            verdict = Verdict.FAIL if verdict in (Verdict.PASS, Verdict.SKIPPED) else verdict
        result = TestResult(
            item.name, about, verdict, text, kind, report.duration, entry if as_expected else None
        )
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
        if self.lab.session_or_none is not None:
            self.capabilities = self.lab.session_or_none.capabilities

    def _text(self, item: pytest.Item, verdict: Verdict, error: BaseException | None) -> str:
        """What there is to say; the stack of the suite is not the cause, that of an adapter may be."""
        if error is None or verdict is Verdict.SKIPPED:
            return "" if error is None else str(error)
        seed = "" if self.seed is None else f" --controller-seed {self.seed}"
        lines = [str(error)]
        if verdict is not Verdict.FAIL:
            kind = f" ({error.kind.value})" if isinstance(error, AdapterFault) else ""
            lines[0] = f"{verdict.name}{kind}  {error}"
        if verdict is Verdict.ERROR:
            cause = error.__cause__ if isinstance(error, AdapterFault) else error
            lines += [line.rstrip() for line in traceback.format_exception(cause)] if cause else []
        again = f"pytest --pyargs splitproof.conformance {self.subject}{seed} -k {item.name}"
        return "\n".join([*lines, f"again: {again}"])

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """The word for a verdict that pytest has none for."""
        result = next((value for name, value in report.user_properties if name == RESULT), None)
        if not isinstance(result, TestResult) or not report.failed:
            return None
        return "failed", result.verdict.value[0].upper(), result.verdict.name


def _about(item: pytest.Item) -> About | None:
    marker = item.get_closest_marker(MARK)
    return marker.args[0] if marker is not None else None
