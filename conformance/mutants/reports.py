"""Broken controllers whose host I/O, states or reports are wrong."""

from __future__ import annotations

import time
from dataclasses import replace

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.mutants.mutant import FIRST, READ, TAPE, mutant
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    PairViews,
    Rejected,
)
from splitproof.conformance.reference.command_port import CommandPort
from splitproof.conformance.reference.common_memory import Job, Slot
from splitproof.conformance.reference.controller import ReferenceController
from splitproof.conformance.reference.host_port import HostPort
from splitproof.conformance.reference.policy import Acknowledge
from splitproof.conformance.reference.processors import Request, Task
from splitproof.conformance.reference.tape_port import TapePort
from splitproof.conformance.reference.volume_worker import VolumeWorker
from splitproof.conformance.verdicts import Verdict
from splitproof.spec.split_backup import (
    BACKUP_ENDS,
    DIFFERENCE_IS_SOUND,
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    READ_LATEST_WRITE,
    SPLIT_COMPLETES,
    SPLIT_DOES_NOT_WAIT,
    SPLIT_LIES_IN_ITS_COMMAND,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

__all__: list[str] = []

_PENDING = PairViews(PairState.SPLIT, PairState.SPLIT_PENDING)


@mutant(
    "cleaned-early",
    "a slot is marked clean when it is taken, before it is on the source",
    "G33",
    "R31",
    violates=READ_LATEST_WRITE,
    test=READ,
    pumped=True,
)
class _CleansEarly(VolumeWorker):
    def destage(self, block: int, slot: Slot, version: int, data: bytes, after_split: bool) -> Task:
        self.memory.clean(block, slot)
        return super().destage(block, slot, version, data, after_split)


@mutant(
    "reads-volume",
    "a host read does not look into the cache",
    "R32",
    "G14",
    violates=READ_LATEST_WRITE,
    test=READ,
    pumped=True,
)
class _ReadsTheVolume(HostPort):
    def read(self, request: Request, block: int) -> Task:
        request.answer(self.shared.source.read(block))
        yield from ()


@mutant(
    "reads-image",
    "a host read returns the image after the split",
    "R32",
    violates=READ_LATEST_WRITE,
    test=READ,
    pumped=True,
)
class _ReadsTheImage(HostPort):
    def read(self, request: Request, block: int) -> Task:
        slot = self.memory.rows[block].before
        request.answer(self.shared.source.read(block) if slot is None else self.memory.cache.load(slot))
        yield from ()


@mutant(
    "rejected-and-done",
    "a write is rejected, and happens all the same",
    "R29",
    violates=READ_LATEST_WRITE,
    test=READ,
    pumped=True,
)
class _RejectsAndWrites(ReferenceController):
    def write(self, block: int, data: bytes) -> None:
        super().write(block, data)
        if self.pair_state() == _PENDING:
            raise Rejected("busy")


@mutant(
    "racing-writes-lost",
    "of two writes at once, one is acknowledged and lost",
    "R29",
    violates=READ_LATEST_WRITE,
    test="test_r32_a_read_returns_the_last_acknowledged_write_among_several_clients",
)
class _LosesRacingWrites(ReferenceController):
    racing = False

    def write(self, block: int, data: bytes) -> None:
        if self.racing:
            return
        self.racing = True
        time.sleep(0.0005)
        self.racing = False
        super().write(block, data)


@mutant(
    "split-waits",
    "the split is acknowledged when everything is copied",
    "R06",
    "R07",
    violates=SPLIT_DOES_NOT_WAIT,
    test="test_r07_a_split_returns_while_nothing_is_copied",
    policy=replace(FIRST, acknowledge=Acknowledge.AFTER_COPYING),
    hasty=True,
)
class _SaysThatItDoesNotWait(ReferenceController):
    def capabilities(self) -> Capabilities:
        told = super().capabilities()
        return replace(
            told, split_is_immediate=True, operations=told.operations | {"hold_copy", "release_copy"}
        )


@mutant(
    "split-at-once",
    "the target view shows SPLIT before the differences are reflected",
    "R44",
    "R45",
    violates=TARGET_IS_IMAGE,
    test="test_r38_the_target_view_is_pending_while_differences_are_left",
    pumped=True,
)
class _ShowsSplitAtOnce(ReferenceController):
    def pair_state(self) -> PairViews:
        views = super().pair_state()
        return PairViews(PairState.SPLIT, PairState.SPLIT) if views == _PENDING else views


@mutant(
    "stays-pending",
    "the target view never becomes SPLIT",
    "R44",
    "G21",
    violates=SPLIT_COMPLETES,
    test="test_r44_the_target_view_becomes_split_when_the_differences_are_reflected",
    hasty=True,
)
class _StaysPending(VolumeWorker):
    def complete(self) -> bool:
        return self.memory.views != _PENDING and super().complete()


@mutant(
    "source-pending",
    "the source view shows SPLIT PENDING",
    "R43",
    violates=LEGAL_PAIR_STATES,
    test="test_r34_the_views_are_one_of_the_documents_states",
    pumped=True,
)
class _ShowsTheSourcePending(ReferenceController):
    def pair_state(self) -> PairViews:
        views = super().pair_state()
        return PairViews(PairState.SPLIT_PENDING, PairState.SPLIT_PENDING) if views == _PENDING else views


@mutant(
    "splits-by-itself",
    "a backup of a pair in DUPLEX splits it",
    "G26",
    violates=SPLIT_LIES_IN_ITS_COMMAND,
    test="test_r43_the_source_view_becomes_split_within_the_command",
    pumped=True,
)
class _SplitsByItself(ReferenceController):
    def backup(self, extents: Extents) -> str:
        if self.pair_state().source is PairState.DUPLEX:
            self.split()
        return super().backup(extents)


@mutant(
    "joins-by-itself",
    "after a backup the pair is in DUPLEX again without a command",
    "R69",
    violates=LEGAL_PAIR_TRANSITIONS,
    test="test_r39_the_views_change_as_the_documents_states_allow",
    pumped=True,
)
class _JoinsByItself(CommandPort):
    def close(self, job: Job) -> None:
        super().close(job)
        if self.memory.target_view is PairState.SPLIT:
            self.memory.join()
            self.memory.set_views(PairState.DUPLEX, PairState.DUPLEX)


@mutant(
    "difference-hidden",
    "the difference table lacks a block",
    "R13",
    "R55",
    violates=DIFFERENCE_IS_SOUND,
    test="test_r13_what_the_target_lacks_of_the_image_is_marked",
    pumped=True,
)
class _HidesADifference(ReferenceController):
    def differences(self) -> frozenset[int]:
        return super().differences() - {0}


@mutant(
    "end-reported-early",
    "a good end is reported while the tape is being written",
    "R68",
    "G17",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
    pumped=True,
)
class _ReportsTheEndEarly(ReferenceController):
    def backup_status(self, backup: str) -> BackupStatus:
        return replace(super().backup_status(backup), state=BackupState.COMPLETED)


@mutant(
    "end-before-last-record",
    "503 reports the end with the last record still in its hands",
    "R68",
    "G30",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
    pumped=True,
)
class _ReportsBeforeTheLastRecord(TapePort):
    def back_up(self, job: Job) -> Task:
        behind: list[tuple[int, bytes]] = []

        def record(job: Job, block: int, data: bytes) -> None:
            behind.append((block, data))
            if len(behind) > 1:
                TapePort.record(self, job, *behind.pop(0))

        self.record = record  # type: ignore[method-assign]  # one record behind, for this backup
        yield from super().back_up(job)
        yield True
        for block, data in behind:
            TapePort.record(self, job, block, data)


@mutant(
    "last-block-skipped",
    "the last block of a range is not backed up",
    "G16",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
    pumped=True,
)
class _SkipsTheLastBlock(CommandPort):
    def accept(self, extents: Extents) -> Job:
        job = super().accept(extents)
        job.blocks = job.blocks[:-1] or job.blocks
        return job


@mutant(
    "tapes-more",
    "the tape has blocks that nobody asked for",
    "G16",
    violates=END_REPORT_IS_TRUE,
    test="test_g16_a_tape_has_a_record_of_each_block_of_its_range_and_of_no_other",
    pumped=True,
)
class _TapesMore(CommandPort):
    def accept(self, extents: Extents) -> Job:
        job = super().accept(extents)
        job.blocks = tuple(range(len(self.memory.rows)))
        return job


@mutant(
    "backup-never-ends",
    "a backup is never reported as ended",
    "R68",
    violates=BACKUP_ENDS,
    test="test_r68_an_accepted_backup_ends",
    hasty=True,
)
class _NeverEnds(CommandPort):
    def close(self, job: Job) -> None:
        """It forgets to."""


@mutant(
    "splits-never",
    "every split is rejected: nothing is violated, and nothing shown",
    "R07",
    violates=None,
    test=TAPE,
    verdict=Verdict.VACUOUS,
)
class _NeedsNoSplit(ReferenceController):
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), operations=frozenset())

    def split(self) -> None:
        raise Rejected("not today")
