"""examples/controller.c: another language plugs in, and one wrong line in it is caught."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.lab.session import Session
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.runner.opening import command
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import END_REPORT_IS_TRUE, TAPE_IS_IMAGE

SOURCE = Path(__file__).resolve().parent.parent.parent / "examples" / "controller.c"
MISTAKES: dict[int, tuple[Property, str]] = {
    1: (TAPE_IS_IMAGE, "test_r08_the_tape_is_the_source_at_the_split"),
    2: (TAPE_IS_IMAGE, "test_r08_the_tape_is_the_source_at_the_split"),
    3: (TAPE_IS_IMAGE, "test_r08_the_tape_is_the_source_at_the_split"),
    4: (END_REPORT_IS_TRUE, "test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape"),
}

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None, reason="a controller in C is built with gcc, which is not here"
)
Build = Callable[..., str]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compiles the controller without a warning, with a mistake in it or (0) none; the command that starts it."""
    folder = tmp_path_factory.mktemp("controller")

    def build(mistake: int = 0) -> str:
        program = folder / f"controller{mistake}"
        flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", f"-DMISTAKE={mistake}"]
        subprocess.run(["gcc", *flags, "-o", str(program), str(SOURCE)], check=True)
        return str(program)

    return build


@pytest.mark.slow
def test_a_controller_in_c_passes_the_core_profile(build: Build, tmp_path: Path) -> None:
    arguments = ["--controller-command", build(), "--controller-profile", "core"]
    suite = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "splitproof.conformance"]
    finished = subprocess.run(
        [*suite, *arguments], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, finished.stdout
    assert re.search(r"^=+ 11 passed, \d+ deselected in", finished.stdout, re.MULTILINE), finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_wrong_line_in_it_is_caught(build: Build, mistake: int) -> None:
    item, test = MISTAKES[mistake]
    outcome = outcome_of(suite_tests()[test], command(build(mistake)), Limits(shrink_seconds_max=0.5))
    assert isinstance(outcome, PropertyViolated), outcome
    assert outcome.property is item


def test_the_mistakes_of_the_source_are_those_that_are_tested() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert {int(number) for number in re.findall(r"MISTAKE == (\d)", text)} == set(MISTAKES)


def test_it_answers_what_it_is_and_refuses_what_it_has_not(build: Build) -> None:
    session = Session(command(build()))
    assert session.capabilities.name == "a controller in C"
    assert session.capabilities.operations == {"resync", "hold_copy", "release_copy"}
    session.reset(8)
    session.close()
