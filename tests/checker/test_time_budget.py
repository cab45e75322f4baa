"""`max_seconds` is one budget: what it ends after a complete search is Unknown, and says so, with what was achieved."""

import functools
import time

import pytest

from splitproof.checker import check as deciding
from splitproof.checker.check import Options, check
from splitproof.checker.check_report import check_report
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.search.engine import OutOfTimeError
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.search.successors import successors_of
from splitproof.checker.search.vacuity import vacuity_of
from splitproof.checker.symbolic import data as symbolic_data
from splitproof.checker.symbolic.data import check_symbolic_data
from splitproof.checker.texts import check_lines
from splitproof.checker.verdicts import Holds
from tests.checker.test_symbolic_data import COPIED_IS_EQUAL, copying
from tests.checker.test_vacuity import archive


def late() -> Limits:
    """Limits whose time was up a second ago."""
    return Limits(max_seconds=2, began=time.perf_counter() - 3)


def test_symbolic_data_ends_with_the_time() -> None:
    machine = copying(COPIED_IS_EQUAL)
    oracle = Oracle(machine, 1)
    found = oracle.explore()
    graph = successors_of(oracle, found)
    assert check_symbolic_data(machine, 1, graph, found.findings, limits=Limits(max_seconds=900)).queries
    with pytest.raises(OutOfTimeError, match="2 seconds"):
        check_symbolic_data(machine, 1, graph, found.findings, limits=late())


def test_the_look_at_guard_clauses_ends_with_the_time() -> None:
    oracle = Oracle(archive(), 1, [])
    space = oracle.explore()
    whole, cut = vacuity_of(oracle, space, Limits(max_seconds=900)), vacuity_of(oracle, space, late())
    assert (whole.limit, cut.limit) == (None, "2 seconds")
    assert cut.dead_clauses == ()
    assert cut.never_fired == whole.never_fired


@pytest.mark.parametrize(
    ("module", "name", "sentence"),
    [
        (deciding, "vacuity_of", "2 seconds, while asking which guard clauses are dead"),
        (symbolic_data, "check_symbolic_data", "2 seconds, while z3 followed data of any kind"),
    ],
)
def test_a_check_that_was_cut_short_is_no_pass(
    module: object, name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(module, name)

    @functools.wraps(real)
    def without_time(*arguments: object) -> object:
        return real(*arguments[:-1], late())

    whole = check(copying(COPIED_IS_EQUAL), 1, options=Options(limits=Limits(max_seconds=900)))
    monkeypatch.setattr(module, name, without_time)
    cut = check(copying(COPIED_IS_EQUAL), 1, options=Options(limits=Limits(max_seconds=900)))
    assert whole.unfinished == ()
    assert (cut.exit_code, cut.unfinished, cut.as_declared) == (ExitCode.UNKNOWN, (sentence,), False)
    assert f"UNKNOWN   {sentence}" in list(check_lines(cut))
    told = {finding.message: finding.status for finding in check_report("copying", cut.json(), {}).findings}
    assert told[f"UNKNOWN: {sentence}"] == "error"
    assert [type(item.verdict) for item in cut.properties] == [
        type(item.verdict) for item in whole.properties
    ]
    assert all(isinstance(item.verdict, Holds) for item in cut.properties)
