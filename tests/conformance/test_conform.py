"""`splitproof conform`: exit codes, and the report in each of its forms."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from splitproof.checker.exit_codes import ExitCode
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.suite.requirement import Level, about

ADAPTER = """
import os, signal, time
from dataclasses import replace
from splitproof.conformance import Rejected
from splitproof.conformance.reference import ReferenceController

class Good(ReferenceController):
    pass

class Small(ReferenceController):
    def capabilities(self):
        return replace(super().capabilities(), operations=frozenset())

class OneExtent(ReferenceController):
    def backup(self, extents):
        if len(extents) > 1:
            raise Rejected("one extent, please")
        return super().backup(extents)

class Wrong(ReferenceController):
    def read(self, block):
        return b"?" * 64

class Hangs(ReferenceController):
    def capabilities(self):
        return replace(super().capabilities(), call_seconds_max=0.1)
    def read(self, block):
        time.sleep(1)
        return super().read(block)

class NeverSplits(ReferenceController):
    def split_pair(self):
        raise Rejected("never")

class Interrupts(ReferenceController):
    made = 0
    def reset(self, block_count):
        Interrupts.made += 1
        if Interrupts.made == 2:
            os.kill(os.getpid(), signal.SIGINT)
        super().reset(block_count)

def swallows():
    if not Interrupts.made:
        Interrupts.made = 1
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        except KeyboardInterrupt:
            raise RuntimeError("taken for an error")
    return Good()

def takes(something):
    return Good()

class Picky(ReferenceController):
    def backup(self, extents):
        raise ValueError("not these")

def absent():
    raise OSError("no such device")
"""


def conform(folder: Path, *arguments: str) -> tuple[int, str, str]:
    (folder / "vendor.py").write_text(ADAPTER)
    finished = subprocess.run(
        [sys.executable, "-m", "splitproof", "conform", *arguments],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return finished.returncode, finished.stdout, finished.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code", "last"),
    [
        ("Good", 0, "PASS  reference controller, profile core: 11 pass (the same examples every time)"),
        ("OneExtent", 3, "PARTIAL  reference controller, profile core: 10 pass, 1 skipped"),
        ("Wrong", 1, "FAIL  reference controller, profile core"),
        ("Hangs", 2, "ERROR  reference controller, profile core"),
    ],
)
def test_conform_exits_with_the_verdict(tmp_path: Path, name: str, code: int, last: str) -> None:
    exit_code, output, errors = conform(tmp_path, f"vendor:{name}", "--profile", "core")
    assert (exit_code, errors) == (code, "")
    assert output.splitlines()[-1].startswith(last)


def test_a_time_budget_that_is_over_at_once_is_unknown(tmp_path: Path) -> None:
    code, output, _ = conform(tmp_path, "vendor:Good", "--time-budget", "0.001", "--seed", "7")
    assert code == 3
    assert output.splitlines()[-1].endswith("32 unknown (seed 7)")


@pytest.mark.slow
def test_what_works_and_is_not_declared_is_reported_and_the_split_stays_unknown(tmp_path: Path) -> None:
    test = "test_r07_a_split_returns_while_nothing_is_copied"
    code, output, _ = conform(tmp_path, "vendor:Small", "--profile", "sequential", "--examples", "10")
    assert code == 3, output
    lines = output.splitlines()
    assert f"unknown           sequential  {test}" in lines
    assert (
        "under-declared: resync, delete_pair, target_image, differences, hold_copy, crash works, and is not declared; "
        "what is declared is tested"
    ) in lines
    assert lines[-1].startswith("UNKNOWN  reference controller, profile sequential")


@pytest.mark.slow
def test_the_report_is_written_in_every_form(tmp_path: Path) -> None:
    paths = ["--report", "html=report.html", "--output", "report.json", "--format", "json"]
    code, output, _ = conform(tmp_path, "vendor:Wrong", "--profile", "core", *paths)
    assert (code, output) == (1, "")
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["verdict"], report["exit_code"], report["profile"]) == ("fail", 1, "core")
    failed = [result for result in report["results"] if result["verdict"] == "fail"]
    assert "read-latest-write" in {result["property"] for result in failed}
    assert report["requirements"]["R32"] == "fail"
    page = (tmp_path / "report.html").read_text()
    assert "VIOLATED  read-latest-write" in page
    assert "http" not in page.replace('xmlns="http://www.w3.org/2000/svg"', ""), (
        "nothing is loaded from elsewhere"
    )
    assert report["coverage"]["states"]["reached"] > 20
    assert "What was reached" in page
    assert all(result["failure"] is not None for result in failed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one controller: MODULE:FACTORY, or --command COMMAND"),
        (("vendor:Good", "--command", "x"), "name one controller"),
        (("vendor:None",), "has no function or class None; it has"),
        (
            ("vendor:takes",),
            "takes of vendor takes something; a factory is a function or class without parameters",
        ),
        (("vendor:Good", "--expected", "none.toml"), "none.toml cannot be read"),
    ],
)
def test_what_means_nothing_is_a_usage_error(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, _, errors = conform(tmp_path, *arguments)
    assert code == 2
    assert message in errors


def test_a_command_that_cannot_be_started_is_an_error_of_the_adapter(tmp_path: Path) -> None:
    code, output, _ = conform(tmp_path, "--command", "./nothing-here", "--profile", "core")
    assert code == 2
    assert "cannot be started" in output


def test_a_factory_that_fails_is_an_error_of_the_adapter_and_told_without_our_stack(tmp_path: Path) -> None:
    code, output, _ = conform(tmp_path, "vendor:absent", "--test", "test_r68_an_accepted_backup_ends")
    assert code == 2
    assert "  ERROR (raised)  vendor:absent raised OSError: no such device" in output.splitlines()
    assert "what happened" not in output
    assert "_pytest" not in output


def test_a_call_that_fails_outside_a_story_is_told_with_its_arguments(tmp_path: Path) -> None:
    test = "test_g16_a_tape_has_a_record_of_each_block_of_its_range_and_of_no_other"
    code, output, _ = conform(tmp_path, "vendor:Picky", "--test", test)
    assert code == 2
    assert output.splitlines()[1:3] == [
        "  ERROR (raised)  backup raised ValueError: not these",
        "  in backup(((2, 1),))",
    ]


def test_nothing_is_left_where_the_command_is_given(tmp_path: Path) -> None:
    """A single client is what Hypothesis chooses for."""
    test = "test_r32_a_read_returns_the_last_acknowledged_write"
    code, _, _ = conform(tmp_path, "vendor:Good", "--test", test, "--examples", "2")
    assert code in (0, 4)
    assert {path.name for path in tmp_path.iterdir()} <= {"vendor.py", "__pycache__"}


# ---- interrupted --------------------------------------------------------------------------------

STUBBORN = """
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "capabilities":
        declared = {"block_size_bytes": 64, "block_count_max": 8, "call_seconds_max": 600}
        print(json.dumps({"id": request["id"], "ok": declared}), flush=True)
        continue
    print(os.getpid(), file=open("pid.part", "w"), flush=True)
    os.rename("pid.part", "pid")
    while True:
        time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_is_unknown_and_leaves_no_controller(
    tmp_path: Path, sent: signal.Signals
) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    adapter = shlex.join([sys.executable, "stubborn.py"])
    command = [sys.executable, "-m", "splitproof", "conform", "--command", adapter, "--profile", "core"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        while not (tmp_path / "pid").exists():
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(sent)
        output, errors = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert output.splitlines()[-1] == (
        "UNKNOWN  a controller, profile core: nothing was decided (the same examples every time); "
        "interrupted, 11 not decided"
    )
    assert errors == "splitproof: interrupted; what was not decided by then has no verdict\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


FIRST, SECOND = (
    "test_r68_an_accepted_backup_ends",
    "test_r43_the_source_view_becomes_split_within_the_command",
)


def test_what_was_decided_before_an_interrupt_is_reported(tmp_path: Path) -> None:
    reports = ["--report", "json=report.json", "--report", "junit=report.xml"]
    named = ["--test", FIRST, "--test", SECOND]
    code, output, errors = conform(tmp_path, "vendor:Interrupts", *named, *reports)
    assert (code, errors) == (130, "splitproof: interrupted; what was not decided by then has no verdict\n")
    whole = "reference controller, tests by name: 1 pass (the same examples every time)"
    assert output.splitlines() == [
        f"pass              core        {FIRST}",
        "",
        f"interrupted during {SECOND}",
        f"UNKNOWN  {whole}; interrupted, 1 not decided",
    ]
    saved = json.loads((tmp_path / "report.json").read_text())
    assert (saved["verdict"], saved["exit_code"], saved["undecided"]) == ("unknown", 130, [SECOND])
    assert [one["verdict"] for one in saved["results"]] == ["pass"]
    (suite,) = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [(case.get("name"), [one.tag for one in case]) for case in suite] == [
        (FIRST, []),
        ("unfinished", ["error"]),
    ]


def test_an_interrupt_that_an_adapter_takes_for_an_error_of_its_own_ends_the_run(tmp_path: Path) -> None:
    code, output, _ = conform(tmp_path, "vendor:swallows", "--test", FIRST, "--test", SECOND)
    assert code == 130
    assert output.splitlines()[-1].endswith("interrupted, 2 not decided")


# ---- what was asked for, and not tested ----------------------------------------------------------


@pytest.mark.slow
def test_a_controller_that_declares_no_crash_does_not_pass_the_faults(tmp_path: Path) -> None:
    at_faults = next(name for name, test in suite_tests().items() if about(test).level is Level.FAULTS)
    code, output, _ = conform(tmp_path, "vendor:Small", "--test", at_faults)
    assert code == 3
    assert "nothing of the tests named was tested: the controller does not declare crash" in output


# ---- while it runs -------------------------------------------------------------------------------


def test_on_a_terminal_it_says_which_test_it_is_at(tmp_path: Path) -> None:
    """Although pytest has the standard error of a test lead elsewhere; nothing of it gets into the result."""
    (tmp_path / "vendor.py").write_text(ADAPTER + SLOWLY)
    reading, terminal = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "splitproof",
        "conform",
        "vendor:Slowly",
        "--test",
        FIRST,
        "--test",
        SECOND,
    ]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, "TERM": "xterm"}
    ) as run:
        os.close(terminal)
        said = b""
        with contextlib.suppress(OSError):  # which is how a terminal ends
            while chunk := os.read(reading, 65536):
                said += chunk
        assert run.stdout is not None
        output = run.stdout.read()
    os.close(reading)
    assert f"conform: 1 of 2, {FIRST}".encode() in said
    assert output.startswith(f"pass              core        {FIRST}".encode())
    assert b"\x1b" not in output


SLOWLY = """
class Slowly(ReferenceController):
    def reset(self, block_count):
        time.sleep(1.0)
        super().reset(block_count)
"""
