"""The files that stand for volumes and tapes under QEMU: their nodes, their first contents, and their back door."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["BLOCK_SIZE_BYTES", "blocks_of_file", "file_node", "filled"]

BLOCK_SIZE_BYTES: Final = 65536
"""QEMU's backup copies clusters of 64 KiB."""


def file_node(path: Path) -> dict[str, object]:
    """A node for a file that nobody else uses; nothing here outlives the daemon, so nothing need reach a disk."""
    cache = {"direct": False, "no-flush": True}
    return {"driver": "file", "filename": str(path), "locking": "off", "cache": cache}


def filled(role: str, block: int) -> bytes:
    """Contents that differ in every block, and between volumes."""
    piece = f"{role} {block:+08d}".encode().ljust(32, b".")
    return piece * (BLOCK_SIZE_BYTES // len(piece))


def blocks_of_file(path: Path) -> Iterator[bytes | None]:
    """The data of each block; None for a hole, where nothing was ever written."""
    with path.open("rb") as volume:
        for offset in range(0, path.stat().st_size, BLOCK_SIZE_BYTES):
            yield _at(volume.fileno(), offset)


def _at(number: int, offset: int) -> bytes | None:
    try:
        found = os.lseek(number, offset, os.SEEK_DATA)
    except OSError:  # no data from there to the end
        return None
    return os.pread(number, BLOCK_SIZE_BYTES, offset) if found < offset + BLOCK_SIZE_BYTES else None
