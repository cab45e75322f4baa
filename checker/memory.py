"""How much memory this process takes."""

from __future__ import annotations

import resource
import sys

__all__ = ["peak_memory_bytes"]


def peak_memory_bytes() -> int:
    """The most that this process has taken so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
