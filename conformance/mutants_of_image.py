"""Broken controllers that lose the image: each with the fault that one gap of the document invites."""

from __future__ import annotations

import time

from splitproof.conformance.adapter import BackupState
from splitproof.conformance.history import Extents
from splitproof.conformance.mutants import RACE, TAPE, mutant
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.reference_memory import Copy, Destage, Job, Phase
from splitproof.spec.split_backup import (
    END_REPORT_IS_TRUE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)

__all__: list[str] = []


@mutant(
    "tapes-live-source",
    "the tape is read from the source as it is now",
    "R08",
    "G02",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _TapesTheLiveSource(ReferenceController):
    def advance(self, job: Job) -> bool:
        if job.at < len(job.blocks) and job.phase is Phase.READ_TARGET:
            job.data, job.phase = self.logical(job.blocks[job.at]), Phase.KEEP
            return True
        return super().advance(job)


@mutant(
    "target-unchecked",
    "503 reads the target without checking the difference table",
    "R04",
    "R62",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _TapesTheTargetUnchecked(ReferenceController):
    def check(self, job: Job, block: int) -> bool:
        job.phase = Phase.READ_TARGET
        return True


@mutant(
    "marked-late",
    "a difference is marked after the acknowledgement",
    "G01",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _MarksAtTheNextWrite(ReferenceController):
    def store(self, block: int, data: bytes) -> None:
        late, self.late = getattr(self, "late", None), block
        was = self.rows[block].difference
        super().store(block, data)
        self.rows[block].difference = was
        if late is not None and late < len(self.rows):
            self.rows[late].difference |= not self.is_split


@mutant(
    "marked-at-destage",
    "a difference is marked when the data is destaged",
    "G05",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _MarksAtDestage(ReferenceController):
    def store(self, block: int, data: bytes) -> None:
        was = self.rows[block].difference
        super().store(block, data)
        self.rows[block].difference = was

    def clean_slot(self, hand: Destage) -> None:
        if not self.is_split:
            self.rows[hand.block].difference = True
        super().clean_slot(hand)


@mutant(
    "copied-beneath-cache",
    "a copy reads the source volume beneath a dirty slot",
    "G04",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[copied-beneath-a-slot]",
    how=("pumped",),
)
class _CopiesBeneathTheCache(ReferenceController):
    def read_for_copy(self, block: int) -> bytes:
        return self.source[block]


@mutant(
    "cleared-after-writing",
    "a difference is cleared after the copy, whatever came meanwhile",
    "G07",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[written-while-copied]",
    how=("pumped",),
)
class _ClearsAfterWriting(ReferenceController):
    def claim(self) -> bool:
        if not super().claim():
            return False
        assert self.copy is not None
        self.rows[self.copy.block].difference = True
        return True

    def release(self, hand: Copy) -> None:
        self.rows[hand.block].difference = False
        super().release(hand)


@mutant(
    "in-flight-invisible",
    "a block in copy counts as reflected",
    "G06",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[split-while-copied]",
    how=("pumped",),
)
class _ForgetsWhatIsInFlight(ReferenceController):
    def uncopied(self, block: int) -> bool:
        return self.rows[block].difference


@mutant(
    "slot-overwritten",
    "a write after the split overwrites a dirty slot from before it",
    "G03",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[slot-rewritten-after-the-split]",
    how=("pumped",),
)
class _OverwritesThePreSplitSlot(ReferenceController):
    def store(self, block: int, data: bytes) -> None:
        row = self.rows[block]
        if self.is_split and row.before is not None:
            row.before, row.post_difference = data, True
        else:
            super().store(block, data)


@mutant(
    "image-destaged-over",
    "a write after the split is destaged over an uncopied block",
    "G02",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[destaged-after-the-split]",
    how=("pumped",),
)
class _DestagesOverTheImage(ReferenceController):
    def may_destage_after(self, block: int) -> bool:
        return True


@mutant(
    "same-table",
    "writes after the split are marked, and copied, like any other",
    "G09",
    violates=TARGET_IS_IMAGE,
    test="test_r44_the_target_is_the_image_while_its_view_is_split",
    how=("pumped",),
)
class _MarksTheSameTable(ReferenceController):
    def store(self, block: int, data: bytes) -> None:
        super().store(block, data)
        self.rows[block].difference |= self.is_split

    def image_of(self, block: int) -> bytes:
        after = self.rows[block].after
        return super().image_of(block) if after is None else after


@mutant(
    "staged-unchecked",
    "what is staged from the source is not checked again",
    "G08",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[overtaken-between-check-and-read]",
    how=(
        "pumped",
        "staging",
    ),
)
class _StagesWithoutASecondLook(ReferenceController):
    def advance(self, job: Job) -> bool:
        if job.at < len(job.blocks) and job.phase is Phase.RECHECK:
            job.phase = Phase.KEEP
        return super().advance(job)


@mutant(
    "created-unmarked",
    "the difference table is empty when the pair is formed",
    "G32",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _CreatesWithoutMarking(ReferenceController):
    def mark_all(self) -> None:
        pass


@mutant(
    "split-in-halves",
    "the split takes one half of the volume later than the other",
    "R55",
    "G20",
    violates=TAPE_IS_IMAGE,
    test=RACE,
)
class _SplitsBlockByBlock(ReferenceController):
    """The instant of the split is another for each half, and lies within the call for both."""

    def split(self) -> None:
        with self.lock:
            super().split()
            half = len(self.rows) // 2
            self.first_half = [self.logical(block) for block in range(half)]
        time.sleep(0.005)
        with self.lock:
            for block, row in enumerate(self.rows):
                if block >= half and row.after is not None:
                    row.before, row.after, row.difference = row.after, None, True


@mutant(
    "resync-unguarded",
    "a resync is accepted while a backup reads the target",
    "G12",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[resync-under-a-backup]",
    how=("pumped",),
)
class _ResyncsUnderABackup(ReferenceController):
    def refuse_while_backing_up(self) -> None:
        pass


@mutant(
    "resync-forgets",
    "a resync forgets what was written after the split",
    "G09",
    violates=TAPE_IS_IMAGE,
    test="test_g12_each_cycle_has_an_image_of_its_own",
    how=("pumped",),
)
class _ResyncForgetsLaterWrites(ReferenceController):
    def merge(self) -> None:
        for row in self.rows:
            row.post_difference = False
        super().merge()


@mutant(
    "range-shifted",
    "the tape has each block's neighbour",
    "G16",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    how=("pumped",),
)
class _ShiftsTheRange(ReferenceController):
    def advance(self, job: Job) -> bool:
        if job.at < len(job.blocks) and job.phase is Phase.READ_TARGET:
            job.data = self.target[(job.blocks[job.at] + 1) % len(self.target)]
            job.phase = Phase.KEEP
            return True
        return super().advance(job)


@mutant(
    "backups-mixed",
    "a second backup overwrites the parameters of the first",
    "G27",
    violates=END_REPORT_IS_TRUE,
    test="test_g27_backups_under_way_together_do_not_mix",
    how=("pumped",),
)
class _MixesBackups(ReferenceController):
    def accept(self, extents: Extents) -> str:
        identifier = super().accept(extents)
        for job in self.jobs.values():
            if job.state is BackupState.IN_PROGRESS:
                job.blocks = list(self.jobs[identifier].blocks)
        return identifier
