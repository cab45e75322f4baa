"""The command line: exit codes, sentences, and what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from splitproof.__main__ import run
from splitproof.checker.disagreements import EngineDisagreement
from splitproof.checker.symbolic import data as symbolic_data

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
RACE = "third-embodiment-closed+staging=unlocked"

DESIGN = '''
import enum
from splitproof.model import Bool, Cell, Machine, Processor, State, when
from splitproof.spec.properties import always

P = Processor("keeper")
DOOR = Cell("door")

def door(name, properties, dead=False):
    machine = Machine(name)
    machine.shared("open", Bool, "the door is open", cell=DOOR)
    machine.shared("locked", Bool, "never set", cell=DOOR)

    @machine.action(by=P)
    def swing(s: State) -> None:
        """The keeper opens or shuts the door."""
        s.open = ~s.open

    if dead:
        @machine.action(by=P)
        def unlock(s: State) -> None:
            """The keeper unlocks the door."""
            when(s.locked)
            s.locked = False

    machine.check(*properties)
    return machine

shut = always("always-shut", "the door is shut", holds=lambda s: ~s.open)
sound = always("sound", "an open door is not locked", holds=lambda s: ~(s.open & s.locked))
idle = always("idle", "a locked door is shut", trigger=lambda s: s.locked, holds=lambda s: ~s.locked | ~s.open)

holds = door("holds", [sound])
violated = door("violated", [shut])
declared = door("declared", [shut])
declared.check(expects={"always-shut": "violated"})
wrongly = door("wrongly", [sound])
wrongly.check(expects={"sound": "violated"})
vacuous = door("vacuous", [idle])
dead = door("dead", [sound], dead=True)
nothing = door("nothing", [])
number = 7
'''


@pytest.fixture(scope="module")
def design_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("designs") / "door.py"
    path.write_text(DESIGN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], Path]:
    """The check of a design that loses the image: its exit code, its JSON and its saved counterexample."""
    folder = tmp_path_factory.mktemp("race")
    report, trace = folder / "report.json", folder / "race.json"
    code = run(["check", RACE, "--format", "json", "--output", str(report), "--trace", str(trace)])
    return code, json.loads(report.read_text(encoding="utf-8")), trace


def test_a_lost_image_is_told_in_at_most_thirty_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", RACE, "--property", "tape-is-image"]) == 1
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert out == (GOLDEN / "staging-race.txt").read_text(encoding="utf-8"), (
        "see whether the new story is better"
    )
    assert len(lines) <= 30
    assert lines[0].startswith("VIOLATED  tape-is-image")
    steps = [line.split()[3] if line.split()[1] in ("disk", "tape") else "" for line in lines[2:-3]]
    assert steps[-2:] == ["read_source_into_staging(block", "write_tape(block"]
    assert sum(" messages " in line for line in lines) <= 4, "a run of messages is one line"


def test_the_json_of_a_check_says_what_scripts_rely_on(race: tuple[int, dict[str, Any], Path]) -> None:
    code, report, _ = race
    assert code == 1
    assert report["design"] == RACE
    assert report["blocks"] == 1
    assert report["complete"] is True
    assert set(report["timing"]) == {"seconds", "states_per_second", "peak_memory_bytes"}
    tape = next(item for item in report["properties"] if item["id"] == "tape-is-image")
    assert tape["verdict"] == "violated"
    assert tape["depth"] == len(tape["trace"]["steps"])
    assert set(tape["trace"]["steps"][0]) >= {"action", "by", "block", "narration", "changed", "state"}
    assert [step["action"] for step in tape["trace"]["steps"]][-2:] == [
        "read_source_into_staging",
        "write_tape",
    ]


def test_a_saved_counterexample_is_replayed(
    race: tuple[int, dict[str, Any], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", str(race[2])]) == 0
    out = capsys.readouterr().out
    assert "tape-is-image" in out
    assert "write_tape" in out


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda saved: saved["steps"].pop(), "does not see tape-is-image violated"),
        (lambda saved: saved["steps"].pop(0), "cannot be taken"),
        (lambda saved: saved["steps"][0].update(action="nothing"), "has no action nothing"),
        (lambda saved: saved["initial"].pop("source[0]"), "lacks the initial value of source[0]"),
        (lambda saved: saved["initial"].update({"source[0]": "q"}), "accepted are a, b"),
        (lambda saved: saved.pop("steps"), "has no steps"),
        (lambda saved: saved.update(property="nothing"), "is not checked for"),
    ],
)
def test_a_spoilt_counterexample_is_refused(
    race: tuple[int, dict[str, Any], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Any,
    sentence: str,
) -> None:
    saved = json.loads(race[2].read_text(encoding="utf-8"))
    spoil(saved)
    file = tmp_path / "spoilt.json"
    file.write_text(json.dumps(saved), encoding="utf-8")
    assert run(["trace", str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_truncated_counterexample_is_refused(
    race: tuple[int, dict[str, Any], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cut.json"
    file.write_text(race[2].read_text(encoding="utf-8")[:1000], encoding="utf-8")
    assert run(["trace", str(file)]) == 2
    assert "no saved counterexample" in capsys.readouterr().err


def test_a_limit_is_never_a_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "second-embodiment-closed", "--max-states", "1000"]) == 3
    out = capsys.readouterr().out
    assert "UNKNOWN   tape-is-image" in out
    assert "1,000 states" in out
    assert "HOLDS" not in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "third-embodiment-close"], "did you mean third-embodiment-closed"),
        (["check", "third-embodiment+staging=lock"], "staging has no value"),
        (["check", "first-embodiment+staging=unlocked"], "first-embodiment has staging=unlocked already"),
        (["check", "first-embodiment", "--property", "tape-is-imag"], "did you mean tape-is-image"),
        (["check", "no/such/file.py:NAME"], "there is no file"),
        (["check", "first-embodiment", "--blocks", "0"], "--blocks"),
        (["check", "first-embodiment", "--format", "xml"], "--format"),
        (["check"], "DESIGN"),
        (["chek"], "chek"),
        (["requirement", "R200"], "R200"),
        (["designs", "nothing"], "there is no design"),
    ],
)
def test_a_usage_error_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert not captured.out
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("holds", 0, "HOLDS     sound"),
        ("violated", 1, "VIOLATED  always-shut"),
        ("declared", 1, "VIOLATED  always-shut"),
        ("vacuous", 4, "VACUOUS"),
        ("dead", 4, "keeper unlock never happens"),
        ("nothing", 5, "no property"),
    ],
)
def test_the_exit_code_of_a_check_of_ones_own_design(
    design_file: Path, name: str, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", f"{design_file}:{name}"]) == code
    assert says in capsys.readouterr().out


def test_verify_holds_a_known_violation(design_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", f"{design_file}:declared", f"{design_file}:holds", "--jobs", "1"]) == 0
    assert "2 of 2 verdicts as declared" in capsys.readouterr().out


def test_verify_fails_where_a_declared_violation_holds(
    design_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", f"{design_file}:wrongly", "--jobs", "1"]) == 1
    assert "sound is holds, declared violated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1 +\n", "SyntaxError"),
        ("import nothing_of_the_kind\n", "ModuleNotFoundError"),
        ("1 / 0\n", "ZeroDivisionError"),
        (
            "from splitproof.model import Machine\nNAME = Machine('m').shared('x', 7, 'seven', cell=None)\n",
            "x",
        ),
    ],
)
def test_a_broken_design_file_is_one_sentence(
    tmp_path: Path, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.py"
    file.write_text(text, encoding="utf-8")
    assert run(["check", f"{file}:NAME"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "broken.py" in error
    assert "Traceback" not in error


def test_a_name_that_is_no_machine_is_refused(design_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", f"{design_file}:number"]) == 2
    assert "is a int" in capsys.readouterr().err
    assert run(["check", f"{design_file}:numbr"]) == 2
    assert "its designs are" in capsys.readouterr().err
    assert run(["check", f"{design_file}"]) == 2
    assert f"say which design of {design_file}: {design_file}:" in capsys.readouterr().err


def test_of_a_file_without_a_name_its_designs_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "examples/lock.py"]) == 2
    assert "examples/lock.py:lock or examples/lock.py:broken_lock\n" in capsys.readouterr().err
    assert run(["check", "examples/lock.py:lok"]) == 2
    assert "has no lok; its designs are lock, broken_lock\n" in capsys.readouterr().err


def test_a_file_without_designs_says_what_one_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text("def helper(size: int) -> int:\n    return size\n", encoding="utf-8")
    assert run(["check", f"{empty}"]) == 2
    assert "empty.py has no designs; a design is a Machine" in capsys.readouterr().err


def test_engines_that_disagree_are_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, design_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def disagree(*_: object) -> None:
        raise EngineDisagreement("two engines differ")

    monkeypatch.setattr(symbolic_data, "check_symbolic_data", disagree)
    assert run(["check", f"{design_file}:holds"]) == 70
    assert "two engines differ" in capsys.readouterr().err


def test_output_does_not_depend_on_the_hash_seed(design_file: Path) -> None:
    def report(seed: int) -> Any:
        command = [sys.executable, "-m", "splitproof", "check", f"{design_file}:violated", "--format", "json"]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        value = json.loads(done.stdout)
        del value["timing"]
        return json.dumps(value)

    assert report(1) == report(2) == report(3)


def test_a_requirement_is_shown_with_what_checks_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirement", "r44"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("R44")
    assert "checked by property target-is-image" in out
    assert run(["requirement", "tape-is-image"]) == 0
    assert "checks R114" in capsys.readouterr().out
    assert run(["requirement", "R17"]) == 0
    assert "nothing checks it" in capsys.readouterr().out
    assert run(["requirement", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 114 + 39


def test_designs_are_listed_with_their_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["designs"]) == 0
    assert "third-embodiment-two-slots" in capsys.readouterr().out
    assert run(["designs", "third-embodiment-closed"]) == 0
    out = capsys.readouterr().out
    assert "staging=rechecked" in out
    assert "write-never-waits            violated  [G03, G35]" in out
    assert run(["designs", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 23


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["designs", "--output", str(tmp_path / "no" / "such" / "folder.txt")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_version_and_the_help_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("splitproof ")
    assert run(["--help"]) == 0
    assert "verify" in capsys.readouterr().out
