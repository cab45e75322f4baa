"""Host I/O to one block that is under way together: only with controllers that declare it atomic."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.lab.session import Session
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import AdapterFault, Capabilities, FaultKind
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.split_backup import READ_LATEST_WRITE

READ = "test_r32_a_read_returns_the_last_acknowledged_write_among_several_clients"
PAUSE_SECONDS = 0.0002


class WritesByHalves(ReferenceController):
    """A write is two, as one of 64 KiB is many to a page cache. `together`: how many requests a block had at most."""

    def __init__(self, atomic: bool) -> None:
        super().__init__()
        self.atomic = atomic
        self.counting = threading.Lock()
        self.under_way: dict[int, int] = {}
        self.together = 0

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), atomic_block_io=self.atomic)

    def _count(self, block: int, change: int) -> None:
        with self.counting:
            self.under_way[block] = self.under_way.get(block, 0) + change
            self.together = max(self.together, self.under_way[block])

    def write(self, block: int, data: bytes) -> None:
        self._count(block, 1)
        half = len(data) // 2
        super().write(block, data[:half] + super().read(block)[half:])
        time.sleep(PAUSE_SECONDS)
        super().write(block, data)
        self._count(block, -1)

    def read(self, block: int) -> bytes:
        self._count(block, 1)
        found = super().read(block)
        self._count(block, -1)
        return found


def test_a_controller_that_wrongly_declares_atomic_io_is_caught() -> None:
    found = outcome_of(suite_tests()[READ], lambda: LocalTransport(WritesByHalves(atomic=True)), Limits())
    assert isinstance(found, PropertyViolated), found
    assert found.property is READ_LATEST_WRITE
    assert found.kind == "phantom"


@pytest.mark.parametrize("atomic", [True, False])
def test_requests_for_one_block_are_together_if_that_is_declared_atomic_and_only_then(atomic: bool) -> None:
    controller = WritesByHalves(atomic)
    lab = Lab(lambda: LocalTransport(controller))
    try:
        race(lab)
    finally:
        lab.close()
    assert (controller.together > 1) is atomic


def test_the_declaration_is_true_or_false() -> None:
    class Vague(ReferenceController):
        def capabilities(self) -> Capabilities:
            return replace(super().capabilities(), atomic_block_io="mostly")  # type: ignore[arg-type]

    with pytest.raises(
        AdapterFault, match="atomic_block_io is 'mostly'; accepted are True and False"
    ) as raised:
        Session(lambda: LocalTransport(Vague()))
    assert raised.value.kind is FaultKind.GARBAGE
