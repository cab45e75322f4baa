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
    """What the machine has left for this process, as far as it says; 8 GiB otherwise."""
    found = [_left_of_machine(), _left_of_group()]
    return min((left for left in found if left is not None), default=8 << 30)


def _left_of_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _left_of_group() -> int | None:
    """Of a container's limit, in version 2 of control groups."""
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        return max(limit - used, 0)
    return None
