"""Running the suite from the command line: pytest, quietly, with its verdicts collected."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from splitproof.conformance import suite
from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.runner.plugin import RESULT, SUITE
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.results import TestResult

__all__ = ["Request", "run_suite"]


@dataclass(frozen=True)
class Request:
    """What to run: `adapter` (module:factory) or `command`; `tests`: only these; the rest as the options of pytest."""

    adapter: str | None
    command: str | None
    profile: str
    seed: int | None
    examples: int
    time_budget_seconds: float | None
    expected: Path | None
    histories: Path | None
    tests: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """For pytest."""
        options = {
            "--controller": self.adapter,
            "--controller-command": self.command,
            "--controller-profile": self.profile,
            "--controller-seed": self.seed,
            "--controller-examples": self.examples,
            "--controller-seconds": self.time_budget_seconds,
            "--controller-expected": self.expected,
            "--controller-histories": self.histories,
        }
        given = [f"{name}={value}" for name, value in options.items() if value is not None]
        return given + [f"--controller-test={test}" for test in self.tests]

    def words(self) -> tuple[str, ...]:
        """The command that tries the same again, without what decides only how much of it."""
        words = ["splitproof", "conform"]
        words += ["--command", self.command] if self.command is not None else [self.adapter or ""]
        words += [] if self.seed is None else ["--seed", str(self.seed)]
        words += [] if self.examples == Limits().examples else ["--examples", str(self.examples)]
        words += [] if self.histories is None else ["--histories", str(self.histories)]
        return tuple(words)


class _Collector:
    """Keeps the verdict of each test. `interrupt`: set once somebody has ended the run; `say`: what is being done."""

    def __init__(self, interrupt: threading.Event, say: Callable[[str], None]) -> None:
        self.interrupt = interrupt
        self.say = say
        self.begun = 0
        self.results: list[TestResult] = []
        self.broken: list[str] = []
        self.config: pytest.Config | None = None
        self.selected: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.selected = [item.name for item in session.items]

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        self.begun += 1
        self.say(f"conform: {self.begun} of {len(self.selected)}, {location[2]}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.interrupt.is_set():  # and taken for an error: of an import, or by an adapter
            raise KeyboardInterrupt
        found = [value for name, value in report.user_properties if name == RESULT]
        if report.when != "teardown":  # a report of the teardown repeats what the call said
            self.results += [value for value in found if isinstance(value, TestResult)]
        elif report.failed:
            self.broken.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(f"{report.nodeid}: {report.longreprtext}")


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """SIGTERM, by which CI ends a job, lets the controller go as Ctrl-C does: it may be one that nothing else ends."""
    interrupt = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt  # only the main thread can say what a signal does
        return

    def handler(*_: object) -> None:
        interrupt.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


@contextlib.contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """What Hypothesis keeps, though it is told of no database, would be in the folder where the command is given."""
    with tempfile.TemporaryDirectory(prefix="splitproof-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def run_suite(request: Request, say: Callable[[str], None]) -> Report:
    """Run the tests of the profile against the controller. Interrupted, it reports what was decided by then.

    `say`: is told which test begins.

    Raises:
        ValueError: what was asked for means nothing; pytest has said why on standard error.
        RuntimeError: the suite itself broke.
    """
    folder = Path(next(iter(suite.__path__)))
    sys.path.insert(0, str(Path.cwd()))  # the adapter is looked for where the command is given
    arguments = [
        "-c",
        os.devnull,  # somebody's settings for their own tests are not for these
        f"--rootdir={folder.parent}",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        *request.arguments(),
        str(folder),
    ]
    with _interruptible() as interrupt, _nothing_left_behind():
        collector = _Collector(interrupt, say)
        code = pytest.main(arguments, plugins=[collector])
    if code == pytest.ExitCode.USAGE_ERROR:
        raise ValueError("nothing was tested")
    if collector.broken or code == pytest.ExitCode.INTERNAL_ERROR:
        raise RuntimeError("the suite broke: " + "; ".join(collector.broken or [str(code)]))
    assert collector.config is not None
    used = collector.config.pluginmanager.get_plugin(SUITE)
    assert used is not None
    undecided = None
    if code == pytest.ExitCode.INTERRUPTED:
        decided = {result.test for result in collector.results}
        undecided = tuple(name for name in collector.selected if name not in decided)
    whole = undecided is None and not request.tests
    return Report(
        subject=request.adapter or request.command or "",
        profile=request.profile,
        seed=request.seed,
        capabilities=used.capabilities,
        results=tuple(collector.results),
        coverage=used.lab.coverage if used.lab.coverage.states and whole else None,
        under_declared=used.under_declared,
        command=request.words(),
        saved=used.saved,
        tests=request.tests,
        undecided=undecided,
    )
