"""The suite is tested itself: it passes what conforms, finds what does not, and says what it did not see."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.mutants.kill_table import catch, kill_table, outcome_of, suite_tests
from splitproof.conformance.mutants.mutant import MUTANTS, Mutant
from splitproof.conformance.protocol.adapter import POLLED, Rejected
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import EMBODIMENTS, ReferenceController
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import NotOffered, Undecided, Vacuous
from splitproof.spec.catalogue import entry
from splitproof.spec.distinctions import DISTINCTIONS
from splitproof.spec.split_backup import TAPE_IS_IMAGE

ROOT = Path(__file__).resolve().parent.parent.parent
ONLY_WHEN_PUMPED = {name for name, test in suite_tests().items() if about(test).level is Level.SCHEDULED}


IN_FULL = "first-embodiment"
"""Every test of the suite against the others, too, takes six minutes: `make test-long`. `make test` takes what is about
the tape, and what distinguishes an embodiment."""


def _cases() -> Iterator[Any]:
    for name, test in suite_tests().items():
        level, item = about(test).level, about(test).property
        is_telling = item in (TAPE_IS_IMAGE, *DISTINCTIONS) and level not in (Level.SCHEDULED, Level.FAULTS)
        for embodiment in EMBODIMENTS:
            for pumped in (False, True):
                marks = [] if embodiment == IN_FULL or is_telling else [pytest.mark.long]
                driver = "pumped" if pumped else "threads"
                yield pytest.param(name, embodiment, pumped, marks=marks, id=f"{embodiment}-{driver}-{name}")


@pytest.mark.parametrize(("name", "embodiment", "pumped"), [*_cases()])
def test_a_controller_that_conforms_passes(name: str, embodiment: str, pumped: bool) -> None:
    policy = EMBODIMENTS[embodiment]
    outcome = outcome_of(
        suite_tests()[name], lambda: LocalTransport(ReferenceController(policy, pumped=pumped)), Limits()
    )
    if isinstance(outcome, NotOffered):
        assert name in not_offered(embodiment, pumped)
    else:
        assert outcome is None, outcome


def not_offered(embodiment: str, pumped: bool) -> set[str]:
    """The tests that an embodiment leaves out, as it has no such thing."""
    left_out = set() if pumped else set(ONLY_WHEN_PUMPED)
    if not embodiment.startswith("fourth"):
        left_out |= {name for name in suite_tests() if name.startswith(("test_r90", "test_r94"))}
    if not embodiment.endswith(("third-embodiment", "stage")):
        left_out |= {name for name in suite_tests() if name.startswith("test_r89")}
    if embodiment == POLLED:
        left_out |= {name for name in suite_tests() if name.startswith(("test_r48", "test_r65", "test_r82"))}
    if embodiment == "prior-art-wait":
        left_out |= {name for name in suite_tests() if name.startswith(NEEDS_A_PENDING_SPLIT)}
    return left_out


NEEDS_A_PENDING_SPLIT = (
    "test_r07_a_split_returns",
    "test_r29_a_write_is_acknowledged",
    "test_r38",
    "test_r48",
    "test_r49",
    "test_r65",
    "test_r70",
    "test_r82",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_controller_is_caught_by_the_property_that_it_names(mutant: Mutant) -> None:
    caught = catch(mutant, Limits(shrink_seconds_max=0.5))
    assert caught.as_declared, caught


@pytest.mark.slow
def test_the_published_kill_table_is_current() -> None:
    published = (ROOT / "docs" / "kill-table.md").read_text(encoding="utf-8")
    made = "".join(f"{line}\n" for line in kill_table())
    assert made == published, "run: python -m splitproof.conformance.mutants.kill_table > docs/kill-table.md"


def test_every_property_of_the_suite_has_a_mutant() -> None:
    caught = {mutant.property for mutant in MUTANTS}
    assert {about(test).property for test in suite_tests().values()} <= caught


def test_the_tests_of_the_suite_cite_entries_that_exist_and_have_names_of_their_own() -> None:
    for name, test in suite_tests().items():
        assert about(test).cites
        for cited in about(test).cites:
            entry(cited)
        assert name.split("_")[1].upper() in {*about(test).cites, *about(test).property.cites}, name


class RefusesSplits(ReferenceController):
    def split(self) -> None:
        raise Rejected("not today")


def test_a_run_in_which_nothing_could_go_wrong_is_vacuous_and_says_what_it_missed() -> None:
    test = suite_tests()["test_r08_the_tape_is_the_source_at_the_split"]
    outcome = outcome_of(test, lambda: LocalTransport(RefusesSplits(pumped=True)), Limits(examples=5))
    assert isinstance(outcome, Vacuous)
    assert (
        "a block written before a split and again after it, on the tape of a backup of that split"
        in outcome.missing
    )


def test_what_the_time_budget_leaves_undecided_is_unknown() -> None:
    test = suite_tests()["test_r08_the_tape_is_the_source_at_the_split"]
    outcome = outcome_of(test, lambda: LocalTransport(ReferenceController()), Limits(deadline=0.0))
    assert isinstance(outcome, Undecided)
    assert "time budget" in str(outcome)


# ---- under pytest --------------------------------------------------------------------------------


def run(*arguments: str, cwd: Path) -> tuple[int, str]:
    """The suite, as a vendor runs it."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "splitproof.conformance"]
    finished = subprocess.run(
        [*command, *arguments], check=False, cwd=cwd, capture_output=True, text=True, timeout=300
    )
    return finished.returncode, finished.stdout + finished.stderr


ADAPTER = """
from splitproof.conformance.reference import ReferenceController

def make():
    return ReferenceController()

class Wrong(ReferenceController):
    def read(self, block):
        return b"?" * 64

class Raises(ReferenceController):
    def read(self, block):
        return self.no_such_thing
"""


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """A folder with an adapter, beside a package that is called `model`."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "__init__.py").write_text("VENDOR = True\n")
    (tmp_path / "adapter.py").write_text(f"import model\nassert model.VENDOR\n{ADAPTER}")
    return tmp_path


READS = ("-k", "test_r32_a_read_returns_the_last_acknowledged_write", "--controller-profile", "core")


@pytest.mark.slow
def test_a_vendor_runs_the_suite_with_pytest(vendor: Path) -> None:
    code, output = run("--controller", "adapter.py:make", cwd=vendor)
    assert code == 0, output
    assert f"{len(not_offered('first-embodiment', pumped=False))} skipped" in output
    assert "profile faults, the same examples every time" in output


def test_without_a_controller_the_suite_says_what_to_give(vendor: Path) -> None:
    code, output = run(cwd=vendor)
    assert code == 4
    assert (
        "tests need a controller: give --controller MODULE:FACTORY or --controller-command COMMAND" in output
    )


def test_a_failure_says_what_is_wrong_and_how_to_see_it_again(vendor: Path) -> None:
    code, output = run("--controller", "adapter.py:Wrong", *READS, cwd=vendor)
    assert code == 1
    assert "VIOLATED  read-latest-write" in output
    assert (
        f"again: pytest --pyargs splitproof.conformance --controller adapter.py:Wrong --controller-test {READS[1]}"
        in output
    )
    assert "Traceback" not in output


def test_an_error_of_the_adapter_is_no_verdict_on_the_controller_and_shows_its_traceback(
    vendor: Path,
) -> None:
    code, output = run("--controller", "adapter.py:Raises", *READS, cwd=vendor)
    assert code == 1
    assert "ERROR (raised)  read raised AttributeError" in output
    assert "no_such_thing" in output
    assert "adapter.py" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--controller", "adapter.py"), "names no factory"),
        (("--controller", "adapter.py:mak"), "has no function or class mak"),
        (("--controller", "no.such.module:make"), "cannot be loaded: ModuleNotFoundError"),
        (("--controller", "a:b", "--controller-command", "c"), "not both"),
    ],
)
def test_an_adapter_that_is_not_there_is_a_usage_error(
    vendor: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, output = run(*arguments, cwd=vendor)
    assert code == 4
    assert message in output


EXPECTED = """
[[expected]]
test = "test_r32_a_read_returns_the_last_acknowledged_write"
verdict = "fail"
reason = "it reads question marks"
link = "https://example.org/1"
expires = 2999-01-01
"""


def test_an_expected_failure_is_no_failure_and_an_unexpected_pass_is_one(vendor: Path) -> None:
    (vendor / "expected.toml").write_text(EXPECTED)
    code, output = run(
        "--controller", "adapter.py:Wrong", *READS, "--controller-expected", "expected.toml", cwd=vendor
    )
    assert code == 0, output
    assert "1 xfailed" in output
    code, output = run(
        "--controller", "adapter.py:make", *READS, "--controller-expected", "expected.toml", cwd=vendor
    )
    assert code == 1
    assert "expected fail (it reads question marks), and it comes to pass: take the entry out" in output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("test_r32_a_read", "test_r32_a_red"), "there is no test test_r32_a_red"),
        (("2999", "1999"), "expired on 1999-01-01"),
        (('"fail"', '"pass"'), "verdict is 'pass'; there are fail, unknown, skipped"),
        (("link", "url"), "each has test, verdict, reason, link, expires"),
    ],
)
def test_an_expected_failure_that_fits_nothing_is_an_error(
    vendor: Path, change: tuple[str, str], message: str
) -> None:
    (vendor / "expected.toml").write_text(EXPECTED.replace(*change))
    code, output = run(
        "--controller", "adapter.py:make", *READS, "--controller-expected", "expected.toml", cwd=vendor
    )
    assert code == 4
    assert message in output
