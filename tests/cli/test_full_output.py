"""An output that cannot be written is an error of its own, not the exit code of a violation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from splitproof import explain_command
from splitproof.__main__ import run

FULL = Path("/dev/full")
FULL_SENTENCE = "splitproof: standard output cannot be written: No space left on device\n"
has_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "splitproof", *arguments]


@has_full
@pytest.mark.parametrize("arguments", [("explain", "vacuous"), ("--version",), ("--help",)])
def test_a_full_standard_output_is_said_and_exits_with_2(arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            command(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == FULL_SENTENCE
    assert done.returncode == 2


@has_full
def test_an_error_that_nobody_can_read_keeps_its_exit_code() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(command("check", "nope"), stderr=full, check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("arguments", [("requirement",), ("--version",), ("--help",)])
def test_a_reader_that_has_gone_is_no_violation(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command(*arguments), stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.stderr, done.returncode) == ("", 2)


def test_a_reader_that_goes_in_the_middle_is_no_violation() -> None:
    code = (
        "import sys; from splitproof.__main__ import main; import splitproof.explain_command as explained\n"
        "explained.explain = lambda *_: explained.write(['x' * 99] * 300_000, None)\n"
        "main(['explain'])"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert started.stdout is not None
    assert started.stderr is not None
    # Python without a buffer takes a write that ends halfway for a whole one: it is to have one.
    assert started.stdout.read(1) == b"x"
    started.stdout.close()
    assert started.stderr.read() == b""
    started.stderr.close()
    assert started.wait() == 2


def test_an_error_of_the_program_itself_is_no_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explain(*_: object) -> int:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(explain_command, "explain", explain)
    assert run(["explain"]) == 70
    told = capsys.readouterr().err
    assert told.startswith("splitproof: internal error, there is no verdict\nTraceback")
    assert told.endswith("ZeroDivisionError: planted\n")
