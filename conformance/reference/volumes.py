"""What data lies on: volumes and tapes, each a file without a name, which is gone when it is closed."""

from __future__ import annotations

import os
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

__all__ = ["Tape", "TapeError", "Volume"]


def _unnamed_file(owner: object) -> int:
    """A descriptor that is closed when its owner is collected, at the latest."""
    descriptor, path = tempfile.mkstemp(prefix="splitproof-")
    Path(path).unlink()
    weakref.finalize(owner, os.close, descriptor)
    return descriptor


class Volume:
    """Blocks of a fixed size (601, 602). One transfer at a time, as a drive does it."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        self._file = _unnamed_file(self)
        self._size = len(contents[0]) if contents else 0
        self._busy = threading.Lock()
        self.block_count = len(contents)
        _write_all(self._file, b"".join(contents), 0)

    def read(self, block: int) -> bytes:
        """What the block holds."""
        with self._busy:
            return os.pread(self._file, self._size, block * self._size)

    def write(self, block: int, data: bytes) -> None:
        """Store the data of a whole block."""
        with self._busy:
            _write_all(self._file, data, block * self._size)

    def contents(self) -> list[bytes]:
        """All blocks, in order."""
        with self._busy:
            image = os.pread(self._file, self._size * self.block_count, 0)
        return [image[at : at + self._size] for at in range(0, len(image), self._size)]


def _write_all(file: int, data: bytes, at: int) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(file, data[written:], at + written)


class TapeError(Exception):
    """What is on the tape is no whole record."""


class Tape:
    """Records one after another (303): a header that names the backup, a record a block, two file marks at the end.

    A record is its length, its data, and its length again, so that it can be read in both directions and a part of
    one is recognised; a file mark is a length of zero.
    """

    _LENGTH: Final = struct.Struct("<I")
    _BLOCK: Final = struct.Struct("<I")

    def __init__(self, label: str) -> None:
        self._file = _unnamed_file(self)
        self._end = 0
        self._append_record(label.encode())

    def append(self, block: int, data: bytes) -> None:
        """Write the record of a block."""
        self._append_record(self._BLOCK.pack(block) + data)

    def append_file_marks(self) -> None:
        """End the tape: nothing comes after two marks in a row."""
        self._append(self._LENGTH.pack(0) * 2)

    def records(self) -> dict[int, bytes]:
        """Each block that there is a record of; the last record where there are several.

        Raises:
            TapeError: the tape ends within a record.
        """
        found = {}
        for record in list(self._records())[1:]:
            (block,) = self._BLOCK.unpack_from(record)
            found[block] = record[self._BLOCK.size :]
        return found

    def _records(self) -> Iterator[bytes]:
        image, at, width = os.pread(self._file, self._end, 0), 0, self._LENGTH.size
        while at < len(image):
            (length,) = self._LENGTH.unpack_from(image, at)
            if not length:
                return
            record = image[at + width : at + width + length]
            if image[at + width + length :][:width] != self._LENGTH.pack(length):
                raise TapeError(f"the tape ends within the record at byte {at}")
            yield record
            at += length + 2 * width

    def _append_record(self, record: bytes) -> None:
        length = self._LENGTH.pack(len(record))
        self._append(length + record + length)

    def _append(self, data: bytes) -> None:
        """The end moves when all of it is there: a reader sees whole records only."""
        _write_all(self._file, data, self._end)
        self._end += len(data)
