"""Broken controllers whose host I/O, states or reports are wrong."""

from __future__ import annotations

import time
from dataclasses import replace

from splitproof.conformance.adapter import BackupState, BackupStatus, Capabilities, PairViews, Rejected
from splitproof.conformance.history import Extents
from splitproof.conformance.mutants import READ, TAPE, Hasty, mutant
from splitproof.conformance.reference import PENDING, SPLIT, ReferenceController
from splitproof.conformance.reference_memory import Copy, Destage, Job
from splitproof.conformance.verdicts import Verdict
from splitproof.spec.split_backup import (
    BACKUP_ENDS,
    BACKUP_FOLLOWS_ITS_SPLIT,
    DIFFERENCE_IS_SOUND,
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    READ_LATEST_WRITE,
    SPLIT_COMPLETES,
    SPLIT_DOES_NOT_WAIT,
    SPLIT_LIES_IN_ITS_COMMAND,
    TARGET_IS_IMAGE,
    WRITE_NEVER_WAITS,
)
from splitproof.spec.vocabulary import PairState

__all__: list[str] = []


@mutant(
    "cleaned-blindly",
    "a slot is marked clean although it was rewritten during destage",
    "G33",
    violates=READ_LATEST_WRITE,
    test="test_g33_a_read_returns_the_last_write_in_every_interleaving_with_destage",
    how=("pumped",),
)
class _CleansBlindly(ReferenceController):
    def clean_slot(self, hand: Destage) -> None:
        row = self.rows[hand.block]
        if row.before is not None:
            row.before = None
        else:
            row.after = None


@mutant(
    "reads-volume",
    "a host read does not look into the cache",
    "R32",
    "G14",
    violates=READ_LATEST_WRITE,
    test=READ,
    how=("pumped",),
)
class _ReadsTheVolume(ReferenceController):
    def logical(self, block: int) -> bytes:
        return self.source[block]


@mutant(
    "reads-image",
    "a host read returns the image after the split",
    "R32",
    violates=READ_LATEST_WRITE,
    test=READ,
    how=("pumped",),
)
class _ReadsTheImage(ReferenceController):
    def logical(self, block: int) -> bytes:
        return self.image_of(block)


@mutant(
    "rejected-and-done",
    "a write is rejected, and happens all the same",
    "R29",
    violates=READ_LATEST_WRITE,
    test=READ,
    how=("pumped",),
)
class _RejectsAndWrites(ReferenceController):
    def write(self, block: int, data: bytes) -> None:
        super().write(block, data)
        if self.views == PENDING:
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
    "write-held",
    "a write after the split waits for the copy of its block",
    "R29",
    "G35",
    violates=WRITE_NEVER_WAITS,
    test="test_r29_a_write_is_acknowledged_while_nothing_is_copied",
)
class _HoldsTheWrite(Hasty):
    def write(self, block: int, data: bytes) -> None:
        with self.lock:
            self.lock.wait_for(lambda: not (self.is_split and self.uncopied(block)))
            super().write(block, data)

    def release(self, hand: Copy) -> None:
        super().release(hand)
        self.lock.notify_all()


@mutant(
    "split-waits",
    "the split is acknowledged when everything is copied",
    "R06",
    "R07",
    violates=SPLIT_DOES_NOT_WAIT,
    test="test_r07_a_split_returns_while_nothing_is_copied",
)
class _WaitsForTheCopy(Hasty):
    def split(self) -> None:
        with self.lock:
            self.lock.wait_for(lambda: not any(map(self.uncopied, range(len(self.rows)))))
            super().split()

    def release(self, hand: Copy) -> None:
        super().release(hand)
        self.lock.notify_all()


@mutant(
    "split-at-once",
    "the target view shows SPLIT before the differences are reflected",
    "R44",
    "R45",
    violates=TARGET_IS_IMAGE,
    test="test_r38_the_target_view_is_pending_while_differences_are_left",
    how=("pumped",),
)
class _ShowsSplitAtOnce(ReferenceController):
    def pair_state(self) -> PairViews:
        views = super().pair_state()
        return SPLIT if views == PENDING else views


@mutant(
    "stays-pending",
    "the target view never becomes SPLIT",
    "R44",
    "G21",
    violates=SPLIT_COMPLETES,
    test="test_r44_the_target_view_becomes_split_when_the_differences_are_reflected",
)
class _StaysPending(Hasty):
    def settle(self) -> bool:
        return self.views != PENDING and super().settle()


@mutant(
    "source-pending",
    "the source view shows SPLIT PENDING",
    "R43",
    violates=LEGAL_PAIR_STATES,
    test="test_r34_the_views_are_one_of_the_documents_states",
    how=("pumped",),
)
class _ShowsTheSourcePending(ReferenceController):
    def pair_state(self) -> PairViews:
        views = super().pair_state()
        return PairViews(PairState.SPLIT_PENDING, PairState.SPLIT_PENDING) if views == PENDING else views


@mutant(
    "splits-by-itself",
    "a backup of a pair in DUPLEX splits it",
    "G26",
    violates=SPLIT_LIES_IN_ITS_COMMAND,
    test="test_r43_the_source_view_becomes_split_within_the_command",
    how=("pumped",),
)
class _SplitsByItself(ReferenceController):
    def backup(self, extents: Extents) -> str:
        with self.lock:
            if self.views.source is PairState.DUPLEX:
                self.split_pair()
            return super().backup(extents)


@mutant(
    "joins-by-itself",
    "after a backup the pair is in DUPLEX again without a command",
    "R69",
    violates=LEGAL_PAIR_TRANSITIONS,
    test="test_r39_the_views_change_as_the_documents_states_allow",
    how=("pumped",),
)
class _JoinsByItself(ReferenceController):
    def finish(self, job: Job) -> bool:
        super().finish(job)
        if job.state is BackupState.COMPLETED and self.views == SPLIT:
            self.merge()
            self.views = PairViews(PairState.DUPLEX, PairState.DUPLEX)
        return True


@mutant(
    "difference-hidden",
    "the difference table lacks a block",
    "R13",
    "R55",
    violates=DIFFERENCE_IS_SOUND,
    test="test_r13_what_the_target_lacks_of_the_image_is_marked",
    how=("pumped",),
)
class _HidesADifference(ReferenceController):
    def differences(self) -> frozenset[int]:
        return super().differences() - {0}


@mutant(
    "accepts-unsplit",
    "a backup is accepted of a pair that is not split",
    "G26",
    violates=BACKUP_FOLLOWS_ITS_SPLIT,
    test="test_r58_a_backup_is_accepted_only_of_a_pair_that_is_split",
    how=("pumped",),
)
class _AcceptsUnsplit(ReferenceController):
    def backup(self, extents: Extents) -> str:
        with self.lock:
            return self.accept(extents)


@mutant(
    "end-reported-early",
    "a good end is reported while the tape is being written",
    "R68",
    "G17",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
    how=("pumped",),
)
class _ReportsTheEndEarly(ReferenceController):
    def backup_status(self, backup: str) -> BackupStatus:
        status = super().backup_status(backup)
        return replace(status, state=BackupState.COMPLETED)


@mutant(
    "last-block-skipped",
    "the last block of a range is not backed up",
    "G16",
    violates=END_REPORT_IS_TRUE,
    test="test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape",
    how=("pumped",),
)
class _SkipsTheLastBlock(ReferenceController):
    def accept(self, extents: Extents) -> str:
        identifier = super().accept(extents)
        job = self.jobs[identifier]
        job.blocks = job.blocks[:-1] or job.blocks
        return identifier


@mutant(
    "tapes-more",
    "the tape has blocks that nobody asked for",
    "G16",
    violates=END_REPORT_IS_TRUE,
    test="test_g16_a_tape_has_a_record_of_each_block_of_its_range_and_of_no_other",
    how=("pumped",),
)
class _TapesMore(ReferenceController):
    def accept(self, extents: Extents) -> str:
        identifier = super().accept(extents)
        self.jobs[identifier].blocks = list(range(len(self.rows)))
        return identifier


@mutant(
    "backup-never-ends",
    "a backup is never reported as ended",
    "R68",
    violates=BACKUP_ENDS,
    test="test_r68_an_accepted_backup_ends",
)
class _NeverEnds(Hasty):
    def finish(self, job: Job) -> bool:
        return False


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
