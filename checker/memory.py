"""How much memory there is, and how much this process takes."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

__all__ = ["available_bytes", "peak_memory_bytes"]


def peak_memory_bytes() -> int:
    """The most that this process has taken so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def available_bytes() -> int:
    """What the machine has left, as far as it says; 8 GiB otherwise."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 8 << 30
