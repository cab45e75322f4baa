"""Arrays outside of Python's heap: reserved in full, taken from the system as they are written."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
from pathlib import Path

from splitproof.checker.search.memory import peak_memory_bytes

__all__ = ["Array", "resident_bytes"]

_HUGE_FROM = 4 << 20
"""Bytes from which 2 MiB pages are asked for; the table is read at random, and a miss of the TLB is a miss more."""


class Array:
    """Zeroed memory of `size` bytes at `address`; the first `small` bytes lie in small pages whatever the size.

    Raises:
        MemoryError: the system does not even reserve that much.
    """

    def __init__(self, size: int, small: int = 0) -> None:
        self.size = max(size, mmap.PAGESIZE)
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        if sys.platform == "linux":
            flags |= 0x4000  # MAP_NORESERVE, which the module names from Python 3.14 on
        try:
            self._map = mmap.mmap(-1, self.size, flags=flags)
        except (OSError, ValueError, OverflowError) as error:
            raise MemoryError(f"{self.size:,} bytes cannot be reserved") from error
        if self.size - small >= _HUGE_FROM and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):  # a kernel without them is slower, no more
                self._map.madvise(mmap.MADV_HUGEPAGE, small)
        view = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(view)
        del view  # it would keep the map from being closed

    def read(self, offset: int, count: int) -> bytes:
        """Bytes from an offset on."""
        return self._map[offset : offset + count]

    def write(self, offset: int, data: bytes) -> None:
        self._map[offset : offset + len(data)] = data

    def free(self) -> None:
        """Give the memory back; nothing may use it afterwards."""
        self._map.close()


def resident_bytes() -> int:
    """What this process takes now, as far as the system says; the most that it has taken otherwise."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * mmap.PAGESIZE
    return peak_memory_bytes()
