"""The options that pytest gets when splitproof is installed. Everything else is loaded only where they are used."""

from __future__ import annotations

import pytest

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """All of them begin with --controller, so that they are nobody else's."""
    group = parser.getgroup("splitproof", "conformance of storage controllers (splitproof)")
    add = group.addoption
    add(
        "--controller",
        metavar="MODULE:FACTORY",
        help="the adapter: package.module:factory, file.py:factory, or one that comes with the suite (qemu)",
    )
    add("--controller-command", metavar="COMMAND", help="the adapter, as a command that speaks JSON lines")
    add(
        "--controller-profile",
        default="faults",
        choices=["core", "sequential", "concurrent", "scheduled", "faults"],
        help="how much is tested; each profile includes those before it (default: %(default)s)",
    )
    add("--controller-seed", type=int, metavar="N", help="other examples; without it, the same every time")
    add(
        "--controller-examples",
        type=int,
        default=30,
        metavar="N",
        help="examples a property (default: %(default)s)",
    )
    add(
        "--controller-seconds",
        type=float,
        metavar="S",
        help="time budget; what is not decided by then is unknown",
    )
    add(
        "--controller-test",
        action="append",
        default=[],
        metavar="TEST",
        help="this test only, whatever the profile; may be given several times",
    )
    add("--controller-expected", metavar="FILE", help="a TOML file of expected failures")
    add(
        "--controller-histories",
        metavar="DIR",
        help="save the histories of concurrent tests, and of every failure, there, as NDJSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the suite's own part if a controller is given."""
    config.addinivalue_line("markers", "splitproof(about): a test of the conformance suite")
    given = [config.getoption("--controller"), config.getoption("--controller-command")]
    if all(given):
        raise pytest.UsageError("give --controller or --controller-command, not both")
    if any(given):
        from splitproof.conformance.runner import plugin

        config.pluginmanager.register(plugin)
        config.pluginmanager.register(plugin.Suite(config), plugin.SUITE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The suite cannot run without a controller; a story put to controllers beside other tests can wait for one."""
    if config.pluginmanager.has_plugin("splitproof suite"):
        return
    needed = "a controller: give --controller MODULE:FACTORY or --controller-command COMMAND"
    ours = [item for item in items if item.get_closest_marker("splitproof")]
    if not ours:
        return
    from splitproof.conformance.suite.requirement import comes_with_suite

    suite = [item for item in ours if comes_with_suite(item.path)]
    if suite:
        raise pytest.UsageError(f"{len(suite)} tests need {needed}")
    for item in ours:
        item.add_marker(pytest.mark.skip(reason=f"it needs {needed}"))
