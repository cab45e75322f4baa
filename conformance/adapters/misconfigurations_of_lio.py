"""The Linux SCSI target and dm-snapshot configured wrong: each must be caught, as those of QEMU."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from splitproof.conformance.adapters.lio import BLOCK_SECTORS, SOURCE, LioController
from splitproof.conformance.adapters.misconfigurations import Misconfiguration
from splitproof.conformance.histories.findings import FindingKind
from splitproof.conformance.mutants.mutant import RACE
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import BACKUP_ENDS, END_REPORT_IS_TRUE, TAPE_IS_IMAGE

__all__ = ["MISCONFIGURATIONS_OF_LIO"]

_LATE_SECONDS: Final = 0.02
_CYCLES: Final = "test_g12_each_cycle_has_an_image_of_its_own"

MISCONFIGURATIONS_OF_LIO: Final[list[Misconfiguration]] = []
"""In the order of declaration."""

C = TypeVar("C", bound=type[LioController])


def _wrong(
    name: str, what: str, *cites: str, test: str, violates: Property = TAPE_IS_IMAGE, kind: FindingKind | None
) -> Callable[[C], C]:
    def declare(made: C) -> C:
        found = Misconfiguration(name, what, cites, made, violates, test, kind=kind)
        MISCONFIGURATIONS_OF_LIO.append(found)
        return made

    return declare


@_wrong(
    "lio-tapes-live-source",
    "EXTENDED COPY names the logical unit of the source, not that of the snapshot",
    "R08",
    "G02",
    test=_CYCLES,
    kind=FindingKind.LEAKED,
)
class _TapesTheLiveSource(LioController):
    backup_reads = SOURCE


@_wrong(
    "lio-origin-bypassed",
    "the target exports the disk below the snapshot's origin: no write is copied away first",
    "R04",
    "G20",
    test=_CYCLES,
    kind=FindingKind.LEAKED,
)
class _BypassesTheOrigin(LioController):
    def take_snapshot(self) -> None:
        self.machine.run('dmsetup suspend source; table source "linear /dev/ram0 0"')
        super().take_snapshot()


@_wrong(
    "lio-snapshot-late",
    "the split is acknowledged, and the snapshot taken 20 ms later",
    "R07",
    "G20",
    test=RACE,
    kind=FindingKind.LEAKED,
)
class _SnapshotsLate(LioController):
    def take_snapshot(self) -> None:
        take = super().take_snapshot

        def late() -> None:
            time.sleep(_LATE_SECONDS)
            take()

        self.taking = threading.Thread(target=late, daemon=True)
        self.taking.start()

    def copy(self, first: int, count: int, tape: int) -> None:
        """Whoever needs the snapshot waits for it."""
        self.taking.join()
        super().copy(first, count, tape)

    def forget_snapshot(self) -> None:
        self.taking.join()
        super().forget_snapshot()


@_wrong(
    "lio-snapshot-stays",
    "the pair is joined and split again with the snapshot of the first split",
    "R69",
    "G12",
    test=_CYCLES,
    kind=FindingKind.STALE,
)
class _KeepsTheSnapshot(LioController):
    taken = False

    def take_snapshot(self) -> None:
        if not self.taken:
            super().take_snapshot()
        self.taken = True

    def forget_snapshot(self) -> None:
        """Only `reset` does."""

    def reset(self, block_count: int) -> None:
        if self.taken:
            super().forget_snapshot()
        self.taken = False
        super().reset(block_count)


@_wrong(
    "lio-store-full",
    "the store of the snapshot has no room for a whole block",
    "R68",
    test=_CYCLES,
    violates=BACKUP_ENDS,
    kind=None,
)
class _HasNoRoom(LioController):
    """It is full at the first write, and the kernel gives the snapshot up."""

    def take_snapshot(self) -> None:
        store = f"dmsetup create store --table '0 {BLOCK_SECTORS // 2} linear /dev/ram1 0'"
        snapshot = f'table snapshot "snapshot /dev/ram0 /dev/mapper/store N {BLOCK_SECTORS}"'
        self.machine.run(f"dmsetup suspend source && {store} && {snapshot}; dmsetup resume source")

    def forget_snapshot(self) -> None:
        super().forget_snapshot()
        self.machine.run("dmsetup remove store")


@_wrong(
    "lio-one-tape",
    "every EXTENDED COPY goes to the first tape of the library",
    "R68",
    "G27",
    test=_CYCLES,
    violates=END_REPORT_IS_TRUE,
    kind=FindingKind.MISSING,
)
class _WritesToOneTape(LioController):
    def copy(self, first: int, count: int, tape: int) -> None:
        super().copy(first, count, 0)
