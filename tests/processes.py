"""Processes that adapters start: waiting for them, and whether they are still there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def until(reached: Callable[[], bool]) -> None:
    """Wait for it; half a minute means that it never comes."""
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def running(pid: int) -> bool:
    """A zombie whose new parent has not looked yet is not running."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def assert_ends_with_its_starter(code: str) -> None:
    """`code` starts a process, prints its number and waits; what it started ends when it is killed."""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        assert running(started)
        process.kill()
    until(lambda: not running(started))
