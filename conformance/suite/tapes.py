"""Whether a tape is what it has to be, put to the trees of the properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Session, tagged
from splitproof.conformance.observation import Cell, Observation, Violated, judge, judge_step
from splitproof.conformance.protocol.adapter import BackupState
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.split_backup import BACKUP_ENDS, END_REPORT_IS_TRUE, TAPE_IS_IMAGE

__all__ = ["check_tape"]


def check_tape(
    lab: Lab,
    session: Session,
    initial: Sequence[bytes],
    written: Mapping[int, int],
    backup: str,
    blocks: frozenset[int] | None = None,
) -> None:
    """Wait for the end of a backup, and judge its tape.

    `written`: block to the number of the last write of it before the split. `blocks`: the range; None for all.

    Raises:
        PropertyViolated: it does not end well within the declared time, or the tape is not the image.
    """
    count = len(initial)
    state = lab.ends(session, backup)
    if state is not BackupState.COMPLETED:
        limit = session.capabilities.settle_seconds_max
        how = "it failed" if state else f"it does not end within the declared {limit:g} s"
        raise PropertyViolated.because(BACKUP_ENDS, f"{backup}: {how}")
    records = session.tape_image(backup)
    size = session.capabilities.block_size_bytes
    cells: dict[Cell, object] = {("end_reported", None): False}
    for block in range(count):
        number = written.get(block)
        cells["tape.written", block] = block in records
        cells["in_range", block] = blocks is None or block in blocks
        cells["backup_image", block] = initial[block] if number is None else tagged(number, size)
    cells |= {("tape.data", block): data for block, data in records.items()}
    observed = Observation(count, cells)
    reported = judge_step(END_REPORT_IS_TRUE, observed, Observation(count, {("end_reported", None): True}))
    for verdict in (reported, judge(TAPE_IS_IMAGE, observed)):
        if isinstance(verdict, Violated):
            raise PropertyViolated.of(verdict)
