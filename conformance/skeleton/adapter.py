"""An adapter for splitproof's conformance suite. It drives a toy controller: put yours in its place, method by method.

    splitproof conform adapter.py:make --profile core

It runs at once, and fails: the toy has the mistake that the document calls known (its backup begins although the split
is still being carried out). README.md says how to mend it, and how to go on. What each operation has to do is said in
docs/adapter-protocol.md of splitproof; times are seconds, data is bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from splitproof.conformance import BackupState, BackupStatus, Capabilities, PairState, PairViews, Rejected

__all__ = ["Adapter", "make"]

BLOCK_BYTES = 512


def make() -> Adapter:
    """What the suite calls to open a controller. Yours may have to be started first, and ended by a method `close`."""
    return Adapter()


class Adapter:
    """Returns when an operation is done, or raises `Rejected` (it did not happen) or `Indefinite` (it may have)."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # several clients call at once

    def capabilities(self) -> Capabilities:
        """TODO: what your controller is. What is declared in `operations` is tested, too: see README.md."""
        return Capabilities(
            block_size_bytes=BLOCK_BYTES,
            block_count_max=64,
            operations=frozenset(),
            call_seconds_max=5.0,  # within which each call returns
            settle_seconds_max=10.0,  # within which copying, or a backup, ends when nothing is written
            name="a toy controller",
        )

    def reset(self, block_count: int) -> None:
        """TODO: an unpaired source of so many blocks, a target whose contents differ from it, and no backup."""
        with self.lock:
            self.source = [bytes([block]) * BLOCK_BYTES for block in range(block_count)]
            self.target = [b"\xff" * BLOCK_BYTES] * block_count
            self.differs: set[int] = set()  # the blocks that are not copied to the target yet
            self.state = PairState.SIMPLEX
            self.tapes: dict[str, dict[int, bytes]] = {}

    # ---- host I/O --------------------------------------------------------------------------------------

    def write(self, block: int, data: bytes) -> None:
        """TODO: a host write of one block; return when it is acknowledged."""
        with self.lock:
            if self.state is PairState.SPLIT_PENDING and block in self.differs:
                self.copy(block)  # the image is kept before it is overwritten
            self.source[block] = data
            if self.state in (PairState.DUPLEX_PENDING, PairState.DUPLEX):
                self.differs.add(block)

    def read(self, block: int) -> bytes:
        """TODO: a host read of one block."""
        with self.lock:
            return self.source[block]

    # ---- the pair --------------------------------------------------------------------------------------

    def create_pair(self) -> None:
        """TODO: form the pair; return when the command is acknowledged, copying goes on."""
        with self.lock:
            if self.state is not PairState.SIMPLEX:
                raise Rejected("there is a pair")
            self.state, self.differs = PairState.DUPLEX_PENDING, set(range(len(self.source)))

    def split(self) -> None:
        """TODO: split the pair; return when the command is acknowledged, copying goes on."""
        with self.lock:
            if self.state is not PairState.DUPLEX:
                raise Rejected("only a pair in DUPLEX can be split")
            self.state = PairState.SPLIT_PENDING

    def pair_state(self) -> PairViews:
        """TODO: the state of the pair, as the source and as the target show it."""
        with self.lock:
            self.work()
            is_split = self.state in (PairState.SPLIT_PENDING, PairState.SPLIT)
            return PairViews(source=PairState.SPLIT if is_split else self.state, target=self.state)

    # ---- the backup ------------------------------------------------------------------------------------

    def backup(self, extents: tuple[tuple[int, int], ...]) -> str:
        """TODO: back up these extents (first block, number of blocks) of the split's image; return an identifier."""
        with self.lock:
            if self.state not in (PairState.SPLIT_PENDING, PairState.SPLIT):
                raise Rejected("the pair is not split")
            tape: dict[int, bytes] = {}
            for first, count in extents:
                for block in range(first, first + count):
                    tape[block] = self.target[block]
            name = f"tape {len(self.tapes) + 1}"
            self.tapes[name] = tape
            return name

    def backup_status(self, backup: str) -> BackupStatus:
        """TODO: how far the backup is. COMPLETED says that every block of it is on the tape."""
        return BackupStatus(BackupState.COMPLETED)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        """TODO: what is on the tape, read past the controller if that can be: this is what is judged."""
        with self.lock:
            return dict(self.tapes[backup])

    # ---- the toy's own work: a block is copied whenever somebody asks for the state ----------------------

    def work(self) -> None:
        if self.differs:
            self.copy(min(self.differs))
        elif self.state is PairState.DUPLEX_PENDING:
            self.state = PairState.DUPLEX
        elif self.state is PairState.SPLIT_PENDING:
            self.state = PairState.SPLIT

    def copy(self, block: int) -> None:
        self.target[block] = self.source[block]
        self.differs.discard(block)
