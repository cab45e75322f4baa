"""502: accepts backups, splits where one command does both, hands backups to 503, and knows how they end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.protocol.adapter import BackupState, BackupStatus, Rejected
from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.common_memory import Job
from splitproof.conformance.reference.host_port import split_pair
from splitproof.conformance.reference.policy import AcceptCheck, Backup, Response, TargetViewSet
from splitproof.conformance.reference.processors import Lane, Request, Shared, Task
from splitproof.spec.vocabulary import PairState

if TYPE_CHECKING:
    from splitproof.conformance.reference.tape_port import TapePort

__all__ = ["CommandPort"]


class CommandPort:
    """One command at a time; what 503 has done is closed whatever command is under way [R61]."""

    def __init__(self, shared: Shared, tape_port: TapePort) -> None:
        self.shared, self.tape_port = shared, tape_port
        self.policy, self.memory = shared.policy, shared.memory
        self.commands = Lane()
        self.done: deque[Job] = deque()

    def step(self, kind: PumpKind) -> bool:
        """Closing a backup is a step of the backup; what is left of commands that are answered, one of a command."""
        if kind in (PumpKind.BACKUP, PumpKind.ANY) and self.done:
            self.close(self.done.popleft())
            return True
        return kind in (PumpKind.COMMAND, PumpKind.ANY) and self.commands.step()

    # ---- commands ------------------------------------------------------------------------------------

    def back_up(self, request: Request, extents: Extents) -> Task:
        """Check, write the parameters, notify 503, answer [R59, R60]."""
        with self.memory.lock:
            if self.policy.accept_check is AcceptCheck.VERIFIES_SPLIT and not self.memory.is_split:
                raise Rejected("the pair is not split")
            if self.policy.backup is Backup.HOST_POLLS and self.memory.target_view is PairState.SPLIT_PENDING:
                raise Rejected("the target view is not SPLIT yet; ask for the state of the pair")
            job = self.accept(extents)
        yield True
        self.tape_port.notify(job)
        request.answer(job.identifier)

    def split_and_back_up(self, request: Request, extents: Extents) -> Task:
        """The single command: its steps are ordered as Fig. 10 or Fig. 11 has it [R94, R101, G21, G23]."""
        with self.memory.lock:
            if self.policy.accept_check is AcceptCheck.VERIFIES_SPLIT and self.memory.is_split:
                raise Rejected("the pair is split already")
            job = self.accept(extents)
        yield True
        for step in self.order():
            match step:
                case "split":
                    yield from self.split(job)
                case "command copy":
                    self.command_copy()
                case "set target view":
                    self.set_target_view()
                case "notify":
                    self.tape_port.notify(job)
                case "answer":
                    request.answer(job.identifier)
            yield True

    def order(self) -> tuple[str, ...]:
        """The steps of a split and the beginning of its backup; if 502 answers first, the rest comes afterwards."""
        if self.policy.target_view_set is TargetViewSet.AFTER_COMMAND:
            steps = ["command copy", "split", "set target view", "notify"]
        else:
            steps = ["split", "command copy", "notify"]
        at = len(steps) if self.policy.response is Response.AFTER_SPLIT else steps.index("split")
        return (*steps[:at], "answer", *steps[at:])

    def split(self, job: Job) -> Task:
        """As 501 does it; if the pair cannot be split, there is no backup."""
        try:
            while not split_pair(self.shared):
                yield False
        except Rejected:
            with self.memory.lock:
                del self.memory.jobs[job.identifier]
            raise

    def command_copy(self) -> None:
        """Tell 508, through the management area, to copy what the table says."""
        with self.memory.lock:
            self.memory.copy_commanded = True

    def set_target_view(self) -> None:
        """Set 517 in a step of its own."""
        with self.memory.lock:
            self.memory.target_view = PairState.SPLIT_PENDING

    def accept(self, extents: Extents) -> Job:
        """Store source, destination and range as the parameters of a backup (511)."""
        job = Job(f"backup {len(self.memory.jobs) + 1}", extents)
        self.memory.jobs[job.identifier] = job
        return job

    # ---- the end -------------------------------------------------------------------------------------

    def close(self, job: Job) -> None:
        """503 has written the tape: the backup is over."""
        with self.memory.lock:
            job.state = BackupState.COMPLETED

    def status(self, identifier: str) -> BackupStatus:
        """As Receive Copy Results tells it [R97]."""
        with self.memory.lock:
            job = self.job(identifier)
            state, done = job.state, set(job.records())
        return BackupStatus(state, sum(blocks_of([part]) <= done for part in job.extents))

    def job(self, identifier: str) -> Job:
        """The backup of this identifier.

        Raises:
            Rejected: there is none.
        """
        if identifier not in self.memory.jobs:
            raise Rejected(f"there is no {identifier}")
        return self.memory.jobs[identifier]
