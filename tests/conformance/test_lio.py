"""The Linux SCSI target under the suite, in a virtual machine: `make test-vm` gets what it needs and runs these."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from splitproof.conformance.adapters import lio, scsi
from splitproof.conformance.adapters.catching import wrong_table
from splitproof.conformance.adapters.initramfs import archive
from splitproof.conformance.adapters.iscsi import CheckCondition
from splitproof.conformance.adapters.lio import (
    BLOCK_SIZE_BYTES,
    LIBRARY,
    SNAPSHOT,
    SOURCE,
    LioController,
    absent,
    make,
)
from splitproof.conformance.adapters.misconfigurations_of_lio import MISCONFIGURATIONS_OF_LIO
from splitproof.conformance.adapters.virtual_machine import CommandFailed
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.protocol.adapter import AdapterFault, BackupState, FaultKind, Rejected
from splitproof.conformance.runner.opening import adapter
from splitproof.conformance.suite.requirement import Level, about
from splitproof.spec.vocabulary import PairState
from tests.processes import assert_ends_with_its_starter, until
from tests.whole_suite import COPIED_OR_GROUPED, EXPLORED, OF_EMBODIMENTS, not_offered_by

_MISSING = absent()
pytestmark = [
    pytest.mark.vm,
    pytest.mark.slow,
    pytest.mark.skipif(_MISSING is not None, reason=_MISSING or ""),
]

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
TESTED = [
    name
    for name, test in suite_tests().items()
    if about(test).level in (Level.CORE, Level.SEQUENTIAL, Level.CONCURRENT) and name not in EXPLORED
]
"""All, but for what takes hundreds of scenarios: `splitproof conform lio` runs those, too."""


def test_the_linux_target_passes() -> None:
    assert not_offered_by(Lab(adapter("lio")), TESTED) == (OF_EMBODIMENTS & set(TESTED)) | COPIED_OR_GROUPED


def test_each_misconfiguration_is_caught_and_the_published_table_is_current() -> None:
    page = (DOCS / "real-controllers.md").read_text(encoding="utf-8")
    made = "".join(f"{line}\n" for line in wrong_table(MISCONFIGURATIONS_OF_LIO))
    assert made in page, (
        "put what python -m splitproof.conformance.adapters.catching lio prints into the page"
    )


# ---- the adapter ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def controller() -> Iterator[LioController]:
    made = make()
    yield made
    made.close()


def data(mark: bytes) -> bytes:
    return mark * BLOCK_SIZE_BYTES


def ended(controller: LioController, backup: str) -> BackupState:
    until(lambda: controller.backup_status(backup).state is not BackupState.IN_PROGRESS)
    return controller.backup_status(backup).state


def test_a_snapshot_keeps_what_is_overwritten_and_extended_copy_reads_it(controller: LioController) -> None:
    controller.reset(8)
    before = [controller.read(block) for block in range(8)]
    assert len(set(before)) == 8
    controller.create_pair()
    controller.write(2, data(b"w"))
    controller.split()
    controller.write(2, data(b"x"))
    controller.write(5, data(b"y"))
    backup = controller.backup(((1, 2), (5, 1)))
    assert ended(controller, backup) is BackupState.COMPLETED
    assert controller.backup_status(backup).segments_done == 2
    assert controller.tape_image(backup) == {1: before[1], 2: data(b"w"), 5: before[5]}
    assert controller.target_image() == [*before[:2], data(b"w"), *before[3:]]
    assert controller.read(2) == data(b"x")


def test_a_volume_starts_with_blank_tapes_and_no_snapshot(controller: LioController) -> None:
    for _ in range(2):
        controller.reset(8)
        controller.create_pair()
        controller.split()
        backup = controller.backup(((3, 1),))
        assert ended(controller, backup) is BackupState.COMPLETED
        assert set(controller.tape_image(backup)) == {3}
    controller.reset(64)
    assert controller.pair_state().source is PairState.SIMPLEX
    with pytest.raises(Rejected, match="the pair is not split"):
        controller.backup(((0, 1),))
    assert "snapshot: 0 512 error" in controller.machine.run("dmsetup table")


def test_the_target_copies_but_knows_no_copy_status(controller: LioController) -> None:
    with pytest.raises(CheckCondition) as refused:
        controller.portal.command(SOURCE, scsi.copy_status(1))
    assert (refused.value.key, refused.value.code) == (5, 0x2400)  # illegal request, invalid field in CDB
    parameters = controller.portal.command(SOURCE, scsi.operating_parameters())
    assert scsi.segment_sectors_max(parameters) == 0xFFFF  # 256 MiB, and what its field holds


def test_a_copy_from_a_volume_that_is_not_there_fails_and_says_so(controller: LioController) -> None:
    controller.reset(8)
    pages = [controller.portal.command(unit, scsi.device_identification()) for unit in (SNAPSHOT, LIBRARY)]
    snapshot, library = map(scsi.designator_of, pages)
    with pytest.raises(CheckCondition, match="EXTENDED COPY: CHECK CONDITION, sense key Ah") as failed:
        controller.portal.command(SNAPSHOT, scsi.extended_copy(snapshot, library, (0, 0), 8))
    assert failed.value.key == 0xA  # copy aborted


def test_a_command_that_fails_in_the_machine_says_what_it_printed(controller: LioController) -> None:
    with pytest.raises(CommandFailed, match=r"^no such thing$"):
        controller.machine.run("echo no such thing; false")


def test_a_machine_that_does_not_come_up_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lio, "initramfs", lambda *_: archive({"init": (0o100755, b"#!/no/such/shell")}))
    with pytest.raises(AdapterFault, match=r"ended with code 0 during its start: .*Kernel panic") as lost:
        make()
    assert lost.value.kind is FaultKind.DIED


def test_the_machine_ends_with_the_process_that_started_it() -> None:
    code = (
        "import time; from splitproof.conformance.adapters.lio import make; "
        "print(make().machine.pid, flush=True); time.sleep(60)"
    )
    assert_ends_with_its_starter(code)


def test_a_machine_that_is_killed_is_an_error_that_says_so(controller: LioController) -> None:
    """The last of this file: the machine is gone afterwards."""
    controller.reset(8)
    os.kill(controller.machine.pid, signal.SIGKILL)
    assert controller.machine.ends()
    for call in (controller.pair_state, lambda: controller.read(0)):
        with pytest.raises(AdapterFault, match=r"^qemu-system-x86_64 was killed by signal 9 during") as lost:
            call()
        assert lost.value.kind is FaultKind.DIED
