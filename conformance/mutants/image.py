"""Broken controllers that lose the image because one of their processors does its work wrongly."""

from __future__ import annotations

import time
from dataclasses import replace

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.levels.schedules import schedule_of
from splitproof.conformance.mutants.mutant import FIRST, RACE, READ, TAPE, mutant
from splitproof.conformance.protocol.adapter import BackupState
from splitproof.conformance.reference.command_port import CommandPort
from splitproof.conformance.reference.common_memory import Job, Slot
from splitproof.conformance.reference.controller import ReferenceController
from splitproof.conformance.reference.host_port import HostPort
from splitproof.conformance.reference.policy import Ownership, Workers
from splitproof.conformance.reference.processors import Request, Task
from splitproof.conformance.reference.tape_port import TapePort
from splitproof.conformance.reference.volume_worker import VolumeWorker
from splitproof.spec.split_backup import END_REPORT_IS_TRUE, READ_LATEST_WRITE, TAPE_IS_IMAGE

__all__: list[str] = []

_REWRITTEN_WHILE_DESTAGED = schedule_of("read-latest-write of first-embodiment")
_WRITTEN_WHILE_COPIED = schedule_of(
    "tape-is-image of first-embodiment-two-slots+difference_cleared=after-write"
)


@mutant(
    "tapes-live-source",
    "the tape is read from the source as it is now",
    "R08",
    "G02",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    pumped=True,
)
class _TapesTheLiveSource(TapePort):
    def transfer(self, job: Job, blocks: tuple[int, ...]) -> Task:
        for block in blocks:
            with self.memory.lock:
                data = self.memory.cached(block)
            self.record(job, block, self.shared.source.read(block) if data is None else data)
            yield True


@mutant(
    "cleared-after-reading",
    "a difference is cleared between reading the source and writing the target",
    "G07",
    violates=TAPE_IS_IMAGE,
    test=f"{TAPE}_in_every_interleaving[{_WRITTEN_WHILE_COPIED.name}]",
    pumped=True,
)
class _ClearsAfterReading(VolumeWorker):
    def claim(self) -> bool:
        marked = [row.difference for row in self.memory.rows]
        if not super().claim():
            return False
        for row, was in zip(self.memory.rows, marked, strict=True):
            row.difference = was
        return True

    def copy(self, block: int, data: bytes | None) -> Task:
        if data is None:
            data = self.shared.source.read(block)
        yield True
        self.shared.target.write(block, data)
        with self.memory.lock:
            self.memory.rows[block].difference = False
        yield True
        with self.memory.lock:
            self.release(self.memory.rows[block])


@mutant(
    "split-in-halves",
    "the split takes one half of the volume later than the other",
    "R55",
    "G20",
    violates=TAPE_IS_IMAGE,
    test=RACE,
)
class _SplitsByHalves(HostPort):
    """The instant of the split is another for each half, and lies within the call for both."""

    half_is_late = False
    stored = 0

    def store(self, block: int, data: bytes, with_mark: bool) -> bool:
        with self.memory.lock:
            late = self.half_is_late and block >= len(self.memory.rows) // 2
            after_split = self.memory.is_split and not late
            self.memory.store(block, data, after_split)
            self.memory.mark(block, after_split)
            self.stored += 1
        return True

    def split(self, request: Request) -> Task:
        self.half_is_late, self.stored = True, 0
        task = super().split(request)
        yield next(task)
        later = time.monotonic() + 0.1
        while self.stored < 16 and time.monotonic() < later:  # 501 goes on with its writes meanwhile
            yield True
        self.half_is_late = False
        yield from task


class _WorksAtItsOwnSpeed(VolumeWorker):
    is_slow = False

    def destage(self, block: int, slot: Slot, version: int, data: bytes, after_split: bool) -> Task:
        for _ in range(30 if self.is_slow else 0):
            yield True
        yield from super().destage(block, slot, version, data, after_split)


@mutant(
    "two-workers-unowned",
    "two volume workers take the same block at once, and the slower one destages what is older",
    "G18",
    "R110",
    violates=READ_LATEST_WRITE,
    test=f"{READ}_in_every_interleaving[{_REWRITTEN_WHILE_DESTAGED.name}]",
    policy=replace(FIRST, workers=Workers.TWO, ownership=Ownership.NONE),
    pumped=True,
)
class _HasASlowerWorker(ReferenceController):
    worker_type = _WorksAtItsOwnSpeed

    def reset(self, block_count: int) -> None:
        super().reset(block_count)
        for worker in self.workers[:1]:
            assert isinstance(worker, _WorksAtItsOwnSpeed)
            worker.is_slow = True


@mutant(
    "range-shifted",
    "the tape has each block's neighbour",
    "G16",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    pumped=True,
)
class _ShiftsTheRange(TapePort):
    def record(self, job: Job, block: int, data: bytes) -> None:
        super().record(job, block, self.shared.target.read((block + 1) % self.shared.target.block_count))


@mutant(
    "backups-mixed",
    "a second backup overwrites the parameters of the first",
    "G27",
    violates=END_REPORT_IS_TRUE,
    test="test_g27_backups_under_way_together_do_not_mix",
    pumped=True,
)
class _MixesBackups(CommandPort):
    def accept(self, extents: Extents) -> Job:
        last = super().accept(extents)
        for job in self.memory.jobs.values():
            if job.state is BackupState.IN_PROGRESS:
                job.blocks = last.blocks
        return last
