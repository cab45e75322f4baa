"""Ctrl-C reaches every process of a terminal: all of them end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from splitproof.checker.exit_codes import ExitCode
from tests.processes import until


def workers(process: subprocess.Popen[bytes]) -> int:
    return len(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


def has_ended(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_an_interrupt_ends_verify_and_its_workers(seconds: float) -> None:
    """While the workers start, and while they work."""
    running = subprocess.Popen(
        [sys.executable, "-m", "splitproof", "verify", "--jobs", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until(lambda: workers(running) >= 2)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == ExitCode.INTERRUPTED, said
    assert b"interrupted; what was not decided by then has no verdict" in said
    until(lambda: has_ended(running.pid))
