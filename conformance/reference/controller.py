"""The controller (301) as the suite sees it: its parts put together, and the operations of the adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.protocol.adapter import (
    BackupStatus,
    Capabilities,
    Indefinite,
    PairViews,
    Unsupported,
)
from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.command_port import CommandPort
from splitproof.conformance.reference.common_memory import CommonMemory, Job
from splitproof.conformance.reference.drivers import Driver, Scheduler, Threads
from splitproof.conformance.reference.host_port import HostPort
from splitproof.conformance.reference.policy import (
    EMBODIMENTS,
    Acknowledge,
    Policy,
    Split,
    Workers,
    embodiment_of,
)
from splitproof.conformance.reference.processors import Lane, Processor, Request, Shared, Task
from splitproof.conformance.reference.tape_port import TapePort
from splitproof.conformance.reference.volume_worker import VolumeWorker
from splitproof.conformance.reference.volumes import Volume

__all__ = ["BLOCK_SIZE_BYTES", "ReferenceController"]

BLOCK_SIZE_BYTES = 64


class ReferenceController:
    """Conforms, unless its policy does not. `pumped`: it works only in `pump`, under the deterministic scheduler.

    A broken controller puts parts of its own in place of the five that are named first.
    """

    memory_type: ClassVar[type[CommonMemory]] = CommonMemory
    host_port_type: ClassVar[type[HostPort]] = HostPort
    command_port_type: ClassVar[type[CommandPort]] = CommandPort
    tape_port_type: ClassVar[type[TapePort]] = TapePort
    worker_type: ClassVar[type[VolumeWorker]] = VolumeWorker
    call_seconds_max: ClassVar[float] = 5.0
    settle_seconds_max: ClassVar[float] = 5.0
    claims: ClassVar[str] = ""

    def __init__(self, policy: Policy = EMBODIMENTS["first-embodiment"], *, pumped: bool = False) -> None:
        self.policy = policy
        self.pumped = pumped
        self._installing = threading.Lock()
        self.driver: Driver | None = None
        self._install(0)

    def _install(self, block_count: int) -> None:
        """A fresh controller with fresh volumes."""
        with self._installing:
            self._shut_down()
            source = [b"source %07d" % block for block in range(block_count)]
            shared = Shared(
                self.policy,
                self.memory_type(self.policy, block_count, BLOCK_SIZE_BYTES),
                Volume([data.ljust(BLOCK_SIZE_BYTES, b"\0") for data in source]),
                Volume([b"\xff" * BLOCK_SIZE_BYTES] * block_count),
            )
            self._start(shared, [])

    def _start(self, shared: Shared, backups: Sequence[Job]) -> None:
        """Processors that know nothing yet but the backups that are to go on."""
        self.shared, self.memory = shared, shared.memory
        self.host_port = self.host_port_type(shared)
        self.tape_port = self.tape_port_type(shared)
        self.command_port = self.command_port_type(shared, self.tape_port)
        self.tape_port.report = self.command_port.done.append
        for job in backups:
            self.tape_port.notify(job)
        count = 2 if self.policy.workers is Workers.TWO else 1
        self.workers = [self.worker_type(shared) for _ in range(count)]
        processors: list[Processor] = [self.host_port, self.command_port, *self.workers, self.tape_port]
        self.driver = Scheduler(processors) if self.pumped else Threads(processors)

    def _shut_down(self) -> None:
        if self.driver is not None:
            self.driver.close()
            for lane in (*self.host_port.lanes, self.command_port.commands):
                lane.abandon(Indefinite("the controller was reset or closed before it answered"))
            self.driver = None

    def close(self) -> None:
        """End its threads, and answer what is under way."""
        with self._installing:
            self._shut_down()

    def _carry_out(self, lane: Lane, work: Callable[[Request], Task]) -> Any:
        if self.driver is None:
            raise Indefinite("the controller is closed")
        return self.driver.carry_out(lane, Request(work))

    # ---- the operations ------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """What the policy allows; a controller that waits with its split for its copies cannot hold them."""
        splits_at_once = self.policy.acknowledge is Acknowledge.AT_ONCE
        operations = {
            "resync",
            "delete_pair",
            "target_image",
            "reset_group",
            "differences",
            "crash",
            "recover",
        }
        if splits_at_once:
            operations |= {"hold_copy", "release_copy"}
        if self.policy.split is Split.COMBINED:
            operations |= {"split_and_backup"}
        if self.pumped:
            operations |= {"pump"}
        return Capabilities(
            block_size_bytes=BLOCK_SIZE_BYTES,
            block_count_max=1024,
            operations=frozenset(operations),
            split_is_immediate=splits_at_once,
            writes_survive_crash=True,
            call_seconds_max=self.call_seconds_max,
            settle_seconds_max=self.settle_seconds_max,
            name="reference controller",
            embodiment=self.claims or embodiment_of(self.policy),
        )

    def reset(self, block_count: int) -> None:
        self._install(block_count)

    def reset_group(self, pair_count: int, block_count: int) -> None:
        """One memory: whatever happens to it at one instant happens to all pairs."""
        self.reset(pair_count * block_count)

    def write(self, block: int, data: bytes) -> None:
        port = self.host_port
        self._carry_out(port.writes, lambda request: port.write(request, block, data))

    def read(self, block: int) -> bytes:
        port = self.host_port
        data: bytes = self._carry_out(port.reads, lambda request: port.read(request, block))
        return data

    def create_pair(self) -> None:
        self._carry_out(self.host_port.commands, self.host_port.create_pair)

    def split(self) -> None:
        self._carry_out(self.host_port.commands, self.host_port.split)

    def resync(self) -> None:
        self._carry_out(self.host_port.commands, self.host_port.resync)

    def delete_pair(self) -> None:
        self._carry_out(self.host_port.commands, self.host_port.delete_pair)

    def pair_state(self) -> PairViews:
        with self.memory.lock:
            return self.memory.views

    def backup(self, extents: Extents) -> str:
        port = self.command_port
        identifier: str = self._carry_out(port.commands, lambda request: port.back_up(request, extents))
        return identifier

    def split_and_backup(self, extents: Extents) -> str:
        if self.policy.split is Split.SEPARATE:
            raise Unsupported("in this embodiment two servers command the split and the backup")
        port = self.command_port
        identifier: str = self._carry_out(
            port.commands, lambda request: port.split_and_back_up(request, extents)
        )
        return identifier

    def backup_status(self, backup: str) -> BackupStatus:
        return self.command_port.status(backup)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        return self.command_port.job(backup).records()

    def target_image(self) -> Sequence[bytes]:
        return self.shared.target.contents()

    def differences(self) -> frozenset[int]:
        with self.memory.lock:
            return frozenset(filter(self.memory.uncopied, range(len(self.memory.rows))))

    def hold_copy(self) -> None:
        """No copy is begun any more, and those that are under way come to their end."""
        with self.memory.lock:
            self.memory.copy_held = True
        assert self.driver is not None
        self.driver.wait_until(lambda: not any(one.is_copying for one in self.workers), PumpKind.COPY)

    def release_copy(self) -> None:
        with self.memory.lock:
            self.memory.copy_held = False
        assert self.driver is not None
        self.driver.wake()

    def crash(self) -> None:
        """Lose power: 507, the volumes and the tapes keep what they hold."""
        self.close()

    def recover(self) -> None:
        with self._installing:
            self._start(self.shared, self.memory.recover())

    def pump(self, kind: str, steps: int) -> int:
        if not isinstance(self.driver, Scheduler):
            raise Unsupported("it works by itself; make it with pumped=True")
        return self.driver.pump(PumpKind(kind), steps)
