"""Running an outside checker: one command, to its end, and what it took."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finished", "PeerError", "first_line", "found", "missing_tools", "require", "run_command"]


class PeerError(Exception):
    """A peer is not installed, refuses the model, or did not finish."""


def missing_tools(tools: Sequence[str]) -> list[str]:
    """Those of the tools that are not installed."""
    return [tool for tool in dict.fromkeys(tools) if shutil.which(tool) is None]


def require(tools: Sequence[str]) -> None:
    """See that all are installed.

    Raises:
        PeerError: one is not.
    """
    missing = missing_tools(tools)
    if missing:
        raise PeerError(f"{' and '.join(missing)} cannot be found; install the package of that name")


@dataclass(frozen=True)
class Finished:
    """What a command printed, what it exited with, and what it took."""

    text: str
    status: int
    seconds: float
    cpu_seconds: float
    memory_bytes: int


def run_command(
    folder: Path, timeout_s: float, *command: str, accepted: Sequence[int] | None = (0,)
) -> Finished:
    """Run a command to its end.

    `accepted`: what it may exit with; None: anything.

    Raises:
        PeerError: it fails, or takes too long.
    """
    said = folder / "said.txt"
    started = time.perf_counter()
    with said.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(timeout_s, stop)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # which says what this process took, and no other
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
    seconds = time.perf_counter() - started
    text = said.read_text(encoding="utf-8", errors="replace")
    if is_late.is_set():
        raise PeerError(f"{command[0]} took more than {timeout_s:g} seconds")
    if accepted is not None and process.returncode not in accepted:
        raise PeerError(f"{command[0]} failed: {first_line(text)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Finished(
        text, process.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit
    )


def found(pattern: str, text: str) -> str:
    """The first group of the first match.

    Raises:
        PeerError: there is none.
    """
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise PeerError(f"the answer has no line like {pattern!r}")
    return match[1]


def first_line(text: str) -> str:
    """The first that is not empty, for a sentence about what went wrong."""
    return next((line for line in text.splitlines() if line.strip()), "nothing was said")
