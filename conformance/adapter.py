"""What a controller shows to the suite: the operations that a client and a backup server have, and the tape.

This is the smallest interface under which TAPE = IMAGE can be judged. Everything is synchronous: an operation
has happened when it returns, has not happened when it raises `Rejected`, and any other exception ends the run
as an error of the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["Controller", "Rejected"]


class Rejected(Exception):  # noqa: N818  # an answer of the controller, named as the protocol names it
    """The operation definitely did not happen; the message is the controller's reason."""


class Controller(Protocol):
    """A storage controller with one pair of volumes, both views DUPLEX, and an empty tape.

    Blocks are numbered 0 to `block_count - 1`. Data is `bytes`, always a whole block; what the source holds
    at the start is arbitrary.
    """

    @property
    def block_count(self) -> int:
        """How many blocks the source volume has; at least 1, and the same throughout."""
        ...

    def write(self, block: int, data: bytes) -> None:
        """Write a block of the source; returns when the write is acknowledged.

        Raises:
            Rejected: nothing was written.
        """
        ...

    def read(self, block: int) -> bytes:
        """What a host read of the block returns.

        Raises:
            Rejected: the read was refused.
        """
        ...

    def split(self) -> None:
        """Split the pair; returns when the split is acknowledged. Its instant lies within the call.

        Raises:
            Rejected: the pair is as it was, for instance because it is split and cannot be split again.
        """
        ...

    def backup(self, blocks: frozenset[int]) -> None:
        """Write the given blocks of the image to a fresh tape; returns with a good end report.

        `blocks`: one at least. The image is that of the last split.

        Raises:
            Rejected: no backup was started, and the tape is as it was.
        """
        ...

    def tape(self) -> Mapping[int, bytes]:
        """The record of each block that has one.

        A back door for the judge: it is not the path under test.
        """
        ...
