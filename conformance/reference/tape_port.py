"""503: checks the difference tables, reads what is to be backed up, and writes the tape: one backup after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.common_memory import Job
from splitproof.conformance.reference.policy import Backup, CheckUnit, CopyReads, Staging
from splitproof.conformance.reference.processors import Shared, Task
from splitproof.conformance.reference.volumes import Tape

__all__ = ["TapePort"]


class TapePort:
    """Its own memory is which backups it was notified of, and which one is under way."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.policy, self.memory = shared.policy, shared.memory
        self.notices: deque[Job] = deque()
        self.report: Callable[[Job], None] = lambda _: None
        """To 502, set by whoever connects the two."""
        self.task: Task | None = None

    def notify(self, job: Job) -> None:
        """From 502: the parameters of a backup are there [R60]."""
        self.notices.append(job)

    def step(self, kind: PumpKind) -> bool:
        """Go on with the backup, or begin the next."""
        if kind not in (PumpKind.BACKUP, PumpKind.ANY):
            return False
        if self.task is None:
            if not self.notices:
                return False
            self.task = self.back_up(self.notices.popleft())
        try:
            return next(self.task)
        except StopIteration:
            self.task = None
            return True

    def back_up(self, job: Job) -> Task:
        """A fresh tape, the range, the end, and the report [R62-R68]."""
        job.tape = Tape(job.identifier)
        job.staged.clear()
        yield True
        match self.policy.backup:
            case Backup.ON_DEMAND:
                yield from self.copy_on_demand(job)
            case Backup.WAIT_ALL:
                yield from self.wait_for_all(job)
            case Backup.STAGE:
                yield from self.stage(job)
            case _:
                yield from self.transfer(job, job.blocks)
        job.tape.append_file_marks()
        yield True
        self.report(job)

    # ---- where the data comes from -------------------------------------------------------------------

    def transfer(self, job: Job, blocks: tuple[int, ...]) -> Task:
        """From the target to the tape, block by block."""
        for block in blocks:
            data = self.shared.target.read(block)
            yield True
            self.record(job, block, data)
            yield True

    def copy_on_demand(self, job: Job) -> Task:
        """The first embodiment: 508 is asked for what differs in the range; then the target is read [R64-R67]."""
        units: list[tuple[int, ...]] = [(block,) for block in job.blocks]
        if self.policy.check_unit is CheckUnit.RANGE:
            units = [job.blocks]
        for unit in units:
            for block in unit:
                self.request_copy(block)
                yield True
            while not self.is_copied(unit):
                yield False
            yield from self.transfer(job, unit)

    def request_copy(self, block: int) -> None:
        """Ask for the copy of a block that differs."""
        with self.memory.lock:
            self.memory.rows[block].requested |= self.memory.uncopied(block)

    def is_copied(self, blocks: tuple[int, ...]) -> bool:
        """Whether 508 has done everything that it was asked for among these."""
        with self.memory.lock:
            return not any(self.memory.rows[block].requested for block in blocks)

    def wait_for_all(self, job: Job) -> Task:
        """The second embodiment: nothing is read before nothing differs any more, anywhere [R72, R75, G11]."""
        while self.differs_anywhere():
            yield False
        yield True
        yield from self.transfer(job, job.blocks)

    def differs_anywhere(self) -> bool:
        """Whether anything is left to copy."""
        with self.memory.lock:
            return self.memory.any_uncopied()

    def stage(self, job: Job) -> Task:
        """The third embodiment: what differs from the source, the rest from the target, through 515 [R82-R88]."""
        for block in job.blocks:
            yield from self.stage_block(job, block)
            if self.policy.check_unit is CheckUnit.UNIT:
                self.record(job, block, job.staged.pop(block))
                yield True
        for block in sorted(job.staged):
            self.record(job, block, job.staged.pop(block))
            yield True

    def stage_block(self, job: Job, block: int) -> Task:
        """One block into the staging area."""
        while True:
            while (found := self.look(block)) is None:
                yield False
            differs, data = found
            yield True
            if not differs:
                job.staged[block] = self.shared.target.read(block)
                yield True
                return
            if data is None:
                data = self.shared.source.read(block)
                yield True
            if self.policy.staging is Staging.UNLOCKED or self.still_differs(block):
                job.staged[block] = data
                if self.policy.staging is Staging.RECHECKED:
                    yield True
                return
            yield True

    def look(self, block: int) -> tuple[bool, bytes | None] | None:
        """Whether the block differs, with the slot from before the split if it is read there; None to wait for it."""
        with self.memory.lock:
            if not self.memory.uncopied(block):
                return False, None
            slot = self.memory.rows[block].before
            if slot is None or self.policy.copy_reads is CopyReads.SOURCE:
                return True, None
            if self.policy.copy_reads is CopyReads.AFTER_DESTAGE:
                return None
            return True, self.memory.cache.load(slot)

    def still_differs(self, block: int) -> bool:
        """A second look: what was read is good if nobody has copied the block since the first [G08]."""
        with self.memory.lock:
            return self.memory.uncopied(block)

    def record(self, job: Job, block: int, data: bytes) -> None:
        """Write the record of a block."""
        assert job.tape is not None
        job.tape.append(block, data)
