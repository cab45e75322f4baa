"""QEMU configured wrong: the adapter with one thing as somebody might set it up, which the suite must find.

Each names the property, the test, and the kind of the finding. docs/real-controllers.md has the table.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from splitproof.conformance.adapters.qemu import (
    BITMAP,
    CREATING,
    FIRST,
    MIRRORED,
    PENDING,
    SPLIT,
    QemuController,
)
from splitproof.conformance.adapters.qemu_group import QemuGroupController
from splitproof.conformance.adapters.qemu_mirror import QemuMirrorController
from splitproof.conformance.adapters.volume_files import BLOCK_SIZE_BYTES, file_node
from splitproof.conformance.histories.findings import FindingKind
from splitproof.conformance.mutants.mutant import RACE, TAPE, Mutant
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    Controller,
    PairViews,
)
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import (
    END_REPORT_IS_TRUE,
    SPLIT_DOES_NOT_WAIT,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

__all__ = ["MISCONFIGURATIONS", "Misconfiguration"]

_LATE_SECONDS: Final = 0.02
_POLL_SECONDS: Final = 0.002


@dataclass(frozen=True)
class Misconfiguration(Mutant):
    """`kind`: of the finding that the judge of histories must come to; None where the property says it all."""

    kind: FindingKind | None = None


MISCONFIGURATIONS: Final[list[Misconfiguration]] = []
"""In the order of declaration."""

C = TypeVar("C", bound=Callable[[], Controller])


def _wrong(
    name: str,
    what: str,
    *cites: str,
    violates: Property = TAPE_IS_IMAGE,
    test: str = RACE,
    kind: FindingKind | None = None,
) -> Callable[[C], C]:
    def declare(made: C) -> C:
        MISCONFIGURATIONS.append(Misconfiguration(name, what, cites, made, violates, test, kind=kind))
        return made

    return declare


@_wrong(
    "qemu-tapes-live-source",
    "the backup reads the source: its file is opened a second time, with locking off",
    "R08",
    "G02",
    test=TAPE,
    kind=FindingKind.LEAKED,
)
class _TapesTheLiveSource(QemuController):
    """QEMU refuses a backup job on the node itself, which others write."""

    def image_node(self) -> dict[str, object]:
        return file_node(self.path("source"))


@_wrong(
    "qemu-tapes-target-early",
    "the backup reads the target, likewise, while the differential copy is under way",
    "R04",
    "R62",
    test=TAPE,
    kind=FindingKind.STALE,
)
class _TapesTheTargetEarly(QemuController):
    def image_node(self) -> dict[str, object]:
        return file_node(self.path("target"))


@_wrong(
    "qemu-filter-late",
    "the split is acknowledged, and the filter inserted 20 ms later",
    "R07",
    "G20",
    kind=FindingKind.LEAKED,
)
class _InsertsTheFilterLate(QemuController):
    def split_pair(self) -> PairViews:
        split = super().split_pair

        def late() -> None:
            time.sleep(_LATE_SECONDS)
            split()

        self.inserting = threading.Thread(target=late, daemon=True)
        self.inserting.start()
        return PENDING

    def look(self) -> None:
        """Whoever needs the image waits for it."""
        if self.views == PENDING:
            self.inserting.join()
        super().look()

    def pair_state(self) -> PairViews:
        return self.views if self.views == PENDING and self.inserting.is_alive() else super().pair_state()


@_wrong(
    "qemu-bitmap-disabled",
    "the dirty bitmap is disabled while the pair is in DUPLEX, and enabled for the split",
    "R13",
    "G01",
    test=TAPE,
    kind=FindingKind.STALE,
)
class _DisablesTheBitmap(QemuController):
    def look(self) -> None:
        before = self.views
        super().look()
        if before != MIRRORED and self.views == MIRRORED:
            self.daemon.execute("block-dirty-bitmap-disable", node=self.node("source"), name=BITMAP)

    def split_pair(self) -> PairViews:
        self.daemon.execute("block-dirty-bitmap-enable", node=self.node("source"), name=BITMAP)
        return super().split_pair()


@_wrong(
    "qemu-created-empty",
    "the creation copy is sync=bitmap with the new, empty bitmap: nothing is copied",
    "G32",
    test=TAPE,
    kind=FindingKind.PHANTOM,
)
class _CreatesWithAnEmptyBitmap(QemuController):
    def creation_copy(self) -> list[dict[str, object]]:
        options = self.copy_options(sync="bitmap", bitmap=BITMAP, **{"bitmap-mode": "on-success"})
        return [{"type": "blockdev-backup", "data": options}]


@_wrong(
    "qemu-copied-by-host",
    "the split is a copy that a host program makes, block by block, with writes going on",
    "R55",
    "G20",
    kind=FindingKind.TORN,
)
class _CopiesLikeDd(QemuController):
    """The host that copies keeps requests for a block apart, so that each is whole, and of an instant of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.request = threading.Lock()

    def write(self, block: int, data: bytes) -> None:
        with self.request:
            super().write(block, data)

    def split_pair(self) -> PairViews:
        with self.path("target").open("r+b") as target:
            for block in range(self.block_count):
                with self.request:
                    data = self.read(block)
                os.pwrite(target.fileno(), data, (FIRST + block) * BLOCK_SIZE_BYTES)
                time.sleep(_POLL_SECONDS)
        return SPLIT


@_wrong(
    "qemu-resync-clears-bitmap",
    "the bitmap is cleared when the pair is joined again, before the update copy",
    "G09",
    test="test_g12_each_cycle_has_an_image_of_its_own",
    kind=FindingKind.STALE,
)
class _ClearsTheBitmap(QemuController):
    def join_pair(self) -> None:
        self.daemon.execute("block-dirty-bitmap-clear", node=self.node("source"), name=BITMAP)
        super().join_pair()


@_wrong(
    "qemu-tape-shifted",
    "the raw node over the image lacks the offset of the volume's first block",
    "G16",
    test=TAPE,
    kind=FindingKind.PHANTOM,
)
class _ForgetsTheOffset(QemuController):
    def image_offset(self, block: int) -> int:
        return block * BLOCK_SIZE_BYTES


@_wrong(
    "qemu-split-waits",
    "the split is acknowledged when the backup job has completed",
    "R06",
    "R07",
    violates=SPLIT_DOES_NOT_WAIT,
    test="test_r07_a_split_returns_while_nothing_is_copied",
)
class _AcknowledgesTheCopy(QemuController):
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), call_seconds_max=1.0)

    def split(self) -> None:
        super().split()
        while self.pair_state().target is not PairState.SPLIT:
            time.sleep(_POLL_SECONDS)


@_wrong(
    "qemu-split-at-once",
    "the target view shows SPLIT while the backup job is running",
    "R44",
    "R45",
    violates=TARGET_IS_IMAGE,
    test="test_r44_the_target_is_the_image_while_its_view_is_split",
)
class _ShowsSplitAtOnce(QemuController):
    def pair_state(self) -> PairViews:
        views = super().pair_state()
        return SPLIT if views == PENDING else views


@_wrong(
    "qemu-end-reported-early",
    "a good end is reported when the backup job has been started; the tape takes a block a second",
    "R68",
    "G17",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
)
class _ReportsTheEndEarly(QemuController):
    tape_bytes_per_second = BLOCK_SIZE_BYTES

    def backup_status(self, backup: str) -> BackupStatus:
        return replace(super().backup_status(backup), state=BackupState.COMPLETED)


@_wrong(
    "qemu-mirror-not-ready",
    "the mirror job, limited to a block a second, counts as DUPLEX when it has been started, and is ended before READY",
    "R36",
    "G32",
    test=TAPE,
    kind=FindingKind.PHANTOM,
)
class _EndsTheMirrorBeforeItIsReady(QemuMirrorController):
    def copy_options(self, **options: object) -> dict[str, object]:
        slow = {"speed": BLOCK_SIZE_BYTES, "buf-size": BLOCK_SIZE_BYTES}
        return {**super().copy_options(**options), **slow}

    def follow_copy(self, status: str) -> None:
        if self.views == CREATING:
            self.views = MIRRORED

    def split_pair(self) -> PairViews:
        """QEMU says that the job was cancelled, and nobody looks."""
        assert self.copy_job is not None
        self.daemon.cancel(self.copy_job)
        self.copy_job = None
        return SPLIT


@_wrong(
    "qemu-mirror-not-completed",
    "the split is acknowledged when the command to end the mirror job returns; the backup opens the file itself",
    "R07",
    "G20",
    kind=FindingKind.LEAKED,
)
class _AcknowledgesTheCommand(QemuMirrorController):
    def form_pair(self) -> None:
        options = self.copy_options(sync="full", **{"copy-mode": "background"})
        del options["x-perf"]
        self.daemon.execute("blockdev-mirror", **options)

    def split_pair(self) -> PairViews:
        self.end_mirror()
        return SPLIT

    def follow_copy(self, status: str) -> None:
        super().follow_copy(status)
        if self.views == SPLIT and status == "concluded":
            self.end_copy()

    def image_node(self) -> dict[str, object]:
        return file_node(self.path("target"))


@_wrong(
    "qemu-group-one-by-one",
    "the pairs of a group are split one after the other, each in a transaction of its own",
    "R07",
    "R08",
    test="test_r08_the_tapes_of_a_group_show_one_instant",
    kind=FindingKind.TORN,
)
class _SplitsOneByOne(QemuGroupController):
    def split_pairs(self) -> None:
        for pair in self.pairs:
            pair.split()
