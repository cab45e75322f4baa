"""What holds for every test: in CI a skip is a failure, and Hypothesis repeats the same examples."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

CI_SKIPS = Path(__file__).with_name("ci_skips.txt")

in_ci = pytest.StashKey[bool]()
may_skip = pytest.StashKey[frozenset[str]]()


@pytest.hookimpl(
    tryfirst=True
)  # so that --hypothesis-profile, read by Hypothesis' own hook, has the last word
def pytest_configure(config: pytest.Config) -> None:
    config.stash[in_ci] = os.environ.get("CI", "").lower() in {"1", "true"}
    lines = (line.strip() for line in CI_SKIPS.read_text(encoding="utf-8").splitlines())
    config.stash[may_skip] = frozenset(line for line in lines if line and not line.startswith("#"))

    # A machine's speed is no property of the code: time limits belong to the tests that are about time.
    settings.register_profile("dev", deadline=None, print_blob=True, derandomize=False)
    settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
    settings.load_profile("ci" if config.stash[in_ci] else "dev")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected_failure = hasattr(report, "wasxfail")  # pytest reports these as skipped, too
    if not expected_failure:
        fail_if_skipped(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Modules skip while they are collected (importorskip), before any of their tests exists."""
    report = yield
    fail_if_skipped(report, collector.config)
    return report


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    if not (report.skipped and config.stash[in_ci]) or report.nodeid in config.stash[may_skip]:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = (
        f"{report.nodeid} was skipped in CI ({reason}): give CI what it needs in .ci/run, "
        f"or list the test, with the reason, in tests/{CI_SKIPS.name}"
    )
