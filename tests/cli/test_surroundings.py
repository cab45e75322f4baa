"""Where the command runs, and how files are named, is not its choice: encodings, spaces, bytes that are no text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from splitproof.__main__ import run

DESIGN = '''
from splitproof.model import Bool, Cell, Machine, Processor, State
from splitproof.model.catalogue import CATALOGUE
from splitproof.spec.properties import always

P = Processor("k\u00e9\u00e9per\u2026")
DOOR = Cell("door")


def door(name, meaning):
    machine = Machine(name, meaning)
    machine.shared("open", Bool, "the door is open", cell=DOOR)

    @machine.action(by=P)
    def swing(s: State) -> None:
        """Opens or shuts the door."""
        s.open = ~s.open

    machine.check(always("shut", "the door is shut", holds=lambda s: ~s.open))
    return machine


bad = door("bad", "a door")
choices = CATALOGUE["third-embodiment-closed"].design.but(staging="unlocked")


def fails() -> Machine:
    return door("fails", 1 / 0)
'''


@pytest.fixture
def design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A design in a file whose name has to be quoted, in the current directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's a d\u00e9sign.py").write_text(DESIGN, encoding="utf-8")
    return "it's a d\u00e9sign.py"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252:strict", "utf-8"])
def test_an_output_that_cannot_hold_a_character_gets_its_number(design: str, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "splitproof", "check", f"{design}:bad"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (1, b"")
    shown = (
        b"per\\u2026"
        if encoding == "latin-1"
        else b"per\x85"
        if "cp1252" in encoding
        else "per\u2026".encode()
    )
    assert shown in done.stdout


def test_a_name_that_is_no_text_is_shown_and_reported(tmp_path: Path) -> None:
    name = os.fsdecode(b"d\xffr.py")
    (tmp_path / name).write_text(DESIGN, encoding="utf-8")
    command = [sys.executable, "-m", "splitproof", "verify", f"{name}:bad", "--jobs", "1"]
    reports = ["--report", "sarif=s.sarif", "--report", "junit=j.xml", "--report", "json=v.json"]
    done = subprocess.run([*command, *reports], capture_output=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"d\\udcffr.py:bad" in done.stdout
    log = json.loads((tmp_path / "s.sarif").read_text(encoding="utf-8"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "d%FFr.py"


def test_the_command_that_is_told_can_be_given(design: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", f"{design}:bad", "--trace", "a trace.json"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "replay:   splitproof trace 'a trace.json'"
    assert run(["trace", "a trace.json", "--format", "html"]) == 0
    page = capsys.readouterr().out
    told = "splitproof check 'it'\"'\"'s a d\u00e9sign.py:bad' --blocks 1 --property shut"
    assert json.dumps(told, ensure_ascii=False)[1:-1] in page.replace("\\u0027", "'")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["check", "{}:door"],
            "10: door of {} takes name, meaning; a design is a Machine, a Design, or a function",
        ),
        (
            ["check", "{}:fails"],
            "28: fails of {} fails when it is called: ZeroDivisionError: division by zero",
        ),
        (["repair", "{}:bad"], "{}:bad is a Machine, which has no choices to take back or to change"),
        (["ablate", "{}:bad"], "{}:bad is a Machine, which has no choices to take back or to change"),
        (["designs", "{}:bad"], "{}:bad is a Machine, which has no choices to take back or to change"),
        (["check", "sign:bad"], "sign:bad names no file of Python; write path/to/file.py:NAME"),
    ],
)
def test_what_a_name_stands_for_and_cannot_be_used_for_is_a_usage_error(
    design: str, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run([argument.format(design) for argument in arguments]) == 2
    assert sentence.format(design) in capsys.readouterr().err


def test_choices_of_a_file_can_be_shown_as_those_of_the_catalogue(
    design: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["designs", f"{design}:choices"]) == 0
    assert "staging=unlocked" in capsys.readouterr().out
