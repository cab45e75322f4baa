"""A counterexample as a test: of its design, and of controllers, which are led through the same story."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from splitproof.__main__ import run

RACE = "third-embodiment-closed+staging=unlocked"
CONTROLLERS = f'''
from splitproof.conformance.derivation.derived_schedules import policy_of
from splitproof.conformance.reference import ReferenceController
from splitproof.model.catalogue import design_named

def controller(design, pumped=True):
    return ReferenceController(policy_of(design_named(design)), pumped=pumped)

def faulty():
    return controller("{RACE}")

def sound():
    return controller("third-embodiment-closed")

def free():
    return controller("third-embodiment-closed", pumped=False)
'''
REPLAY = "test_third_embodiment_closed_staging_unlocked_violates_tape_is_image"
STORY = "test_a_controller_does_not_do_as_third_embodiment_closed_staging_unlocked"


def made(folder: Path, design: str, property: str, *options: str) -> Path:
    """The test of a counterexample, as the commands make it."""
    saved, test = folder / "race.json", folder / "test_race.py"
    assert run(["check", design, "--property", property, "--trace", str(saved), *options]) == 1
    assert run(["trace", str(saved), "--format", "pytest", "--output", str(test)]) == 0
    return test


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("race")
    (folder / "controllers.py").write_text(CONTROLLERS, encoding="utf-8")
    return made(folder, RACE, "tape-is-image")


def pytest_on(test: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of pytest as a user calls it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", test.name, *options],
        cwd=test.parent,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_without_a_controller_the_model_alone_is_replayed(race: Path) -> None:
    code, output = pytest_on(race)
    assert code == 0
    assert f"PASSED test_race.py::{REPLAY}" in output
    assert "it needs a controller: give --controller MODULE:FACTORY or --controller-command COMMAND" in output
    assert "1 passed, 1 skipped" in output


def test_a_sound_controller_passes(race: Path) -> None:
    code, output = pytest_on(race, "--controller", "controllers.py:sound")
    assert code == 0
    assert "2 passed" in output


def test_a_controller_with_the_fault_fails_by_the_same_property_and_the_command_shows_it_again(
    race: Path,
) -> None:
    code, output = pytest_on(race, "--controller", "controllers.py:faulty")
    assert code == 1
    assert "VIOLATED  tape-is-image  block 0" in output
    assert "1 failed, 1 passed" in output
    again = next(line for line in output.splitlines() if line.startswith("again: pytest "))
    assert again == f"again: pytest test_race.py --controller controllers.py:faulty --controller-test {STORY}"
    code, output = pytest_on(race, *again.split()[3:])
    assert code == 1
    assert "1 failed, 1 passed" in output


def test_a_controller_that_is_not_pumped_does_not_offer_the_test(race: Path) -> None:
    code, output = pytest_on(race, "--controller", "controllers.py:free")
    assert code == 0
    assert "1 passed, 1 skipped" in output
    assert "pump" in output


@pytest.mark.parametrize(
    ("design", "property", "options", "reason"),
    [
        (
            "examples/lock.py:broken_lock",
            "mutual-exclusion",
            (),
            "examples/lock.py:broken_lock is a machine of its own, whose steps have no words for controllers",
        ),
        (
            "third-embodiment",
            "tape-is-image",
            ("--blocks", "2"),
            "it has 2 blocks, and which one a controller copies next nobody can say; check the design at 1 block",
        ),
        (
            "third-embodiment-closed",
            "write-never-waits",
            (),
            "a controller does not show what write-never-waits speaks of",
        ),
    ],
)
def test_a_story_that_no_controller_can_be_led_through_says_why(
    design: str,
    property: str,
    options: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = made(tmp_path, design, property, *options).read_text(encoding="utf-8")
    assert text.endswith(f"# No controller can be led through this story: {reason}.\n")
    assert "SCHEDULE" not in text
    assert f"the test replays the design only: {reason}" in capsys.readouterr().err
