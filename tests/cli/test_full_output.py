"""A full disk beneath standard output is an error of its own, not the exit code of a violation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_a_full_standard_output_is_said_and_exits_with_2() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "splitproof", "explain", "vacuous"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == "splitproof: standard output cannot be written: No space left on device\n"
    assert done.returncode == 2
