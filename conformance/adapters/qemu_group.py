"""Several pairs of QEMU in one daemon, split in one transaction; the blocks of all are numbered one pair after another.

QEMU begins a transaction by holding back what is new on every node of it, and waits for what is under way: when the
last one is still, all are, and that is the instant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from splitproof.conformance.adapters.qemu import MIRRORED, QemuController
from splitproof.conformance.adapters.storage_daemon import StorageDaemon, absent
from splitproof.conformance.histories.groups import parts_of
from splitproof.conformance.histories.history import Extents
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    PairViews,
    Rejected,
)
from splitproof.spec.vocabulary import PairState

__all__ = ["QemuGroupController", "absent", "make"]

_PROGRESS: Final = (
    PairState.SIMPLEX,
    PairState.DUPLEX_PENDING,
    PairState.DUPLEX,
    PairState.SPLIT_PENDING,
    PairState.SPLIT,
)
"""The group has come as far as the pair that is last."""


def make() -> QemuGroupController:
    """Start one."""
    return QemuGroupController()


@dataclass(frozen=True)
class _Part:
    """The backup of a part of an extent, by the pair that it is of."""

    pair: int
    backup: str


class QemuGroupController:
    """Starts a daemon, which serves until `close`. A volume of its own is a group of one pair.

    Raises:
        AdapterFault: it does not start.
    """

    def __init__(self) -> None:
        self.daemon = StorageDaemon()
        self.lock = threading.RLock()
        self.members: list[QemuController] = []
        self.pairs: list[QemuController] = []
        """The members that are in use."""
        self.block_count = 0
        self.backups: dict[str, list[list[_Part]]] = {}
        """By identifier: of each extent, its parts."""
        self._member(0)

    def _member(self, number: int) -> QemuController:
        if number == len(self.members):
            self.members.append(QemuController(self.daemon, f"p{number}"))
        return self.members[number]

    def capabilities(self) -> Capabilities:
        declared = self.members[0].capabilities()
        return replace(declared, operations=declared.operations | {"reset_group"})

    def close(self) -> None:
        """End the daemon, whatever it is doing."""
        for member in self.members:
            member.close()

    # ---- volumes -------------------------------------------------------------------------------------

    def reset(self, block_count: int) -> None:
        self.reset_group(1, block_count)

    def reset_group(self, pair_count: int, block_count: int) -> None:
        with self.lock:
            for member in self.pairs[pair_count:]:
                member.remove_volumes()
            self.backups = {}
            self.block_count = block_count
            self.pairs = [self._member(number) for number in range(pair_count)]
            for member in self.pairs:
                member.reset(block_count)

    def _at(self, block: int) -> tuple[QemuController, int]:
        if not self.pairs:
            raise Rejected("there is no volume before the first reset")
        pair, own = divmod(block, self.block_count)
        return self.pairs[pair], own

    def write(self, block: int, data: bytes) -> None:
        pair, own = self._at(block)
        pair.write(own, data)

    def read(self, block: int) -> bytes:
        pair, own = self._at(block)
        return pair.read(own)

    def target_image(self) -> Sequence[bytes]:
        with self.lock:
            return [data for pair in self.pairs for data in pair.target_image()]

    # ---- the pairs -----------------------------------------------------------------------------------

    def pair_state(self) -> PairViews:
        with self.lock:
            views = [pair.pair_state() for pair in self.pairs or self.members[:1]]
            sources, targets = ([getattr(one, side) for one in views] for side in ("source", "target"))
            return PairViews(min(sources, key=_PROGRESS.index), min(targets, key=_PROGRESS.index))

    def _each(self, operation: Callable[[QemuController], Any]) -> None:
        """All pairs answer alike: they are in the same state."""
        with self.lock:
            for pair in self.pairs:
                operation(pair)

    def create_pair(self) -> None:
        self._each(QemuController.create_pair)

    def resync(self) -> None:
        with self.lock:
            for pair in self.pairs:
                pair.refuse_while_backing_up()
            self._each(QemuController.resync)

    def delete_pair(self) -> None:
        with self.lock:
            for pair in self.pairs:
                pair.refuse_while_backing_up()
            self._each(QemuController.delete_pair)

    def hold_copy(self) -> None:
        self._each(QemuController.hold_copy)

    def release_copy(self) -> None:
        self._each(QemuController.release_copy)

    def split(self) -> None:
        with self.lock:
            if self.pair_state() != MIRRORED:
                raise Rejected("only a pair in DUPLEX can be split")
            self.split_pairs()

    def split_pairs(self) -> None:
        """In one transaction: all of it happens, or nothing."""
        self.daemon.execute("transaction", actions=[pair.split_action() for pair in self.pairs])
        for pair in self.pairs:
            pair.views = pair.split_begun()

    # ---- backups -------------------------------------------------------------------------------------

    def backup(self, extents: Extents) -> str:
        with self.lock:
            if not self.pairs or self.pair_state().source is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            identifier = f"backup {len(self.backups) + 1}"
            self.backups[identifier] = [
                [
                    _Part(pair, self.pairs[pair].backup(((first, count),)))
                    for pair, first, count in parts_of((extent,), self.block_count)
                ]
                for extent in extents
            ]
            return identifier

    def backup_status(self, backup: str) -> BackupStatus:
        with self.lock:
            states = [
                {self.pairs[part.pair].backup_status(part.backup).state for part in parts}
                for parts in self._backup(backup)
            ]
            done = sum(found == {BackupState.COMPLETED} for found in states)
            every = set().union(*states)
            for state in (BackupState.IN_PROGRESS, BackupState.FAILED):
                if state in every:
                    return BackupStatus(state, done)
            return BackupStatus(BackupState.COMPLETED, done)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        with self.lock:
            return {
                part.pair * self.block_count + block: data
                for parts in self._backup(backup)
                for part in parts
                for block, data in self.pairs[part.pair].tape_image(part.backup).items()
            }

    def _backup(self, backup: str) -> list[list[_Part]]:
        if backup not in self.backups:
            raise Rejected(f"there is no {backup}")
        return self.backups[backup]
