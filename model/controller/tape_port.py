"""503: checks the difference table, reads the backup data and writes the tape."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import Backup, CheckUnit, CopyReads, Device, Staging
from splitproof.model.controller.memory import locks_rows
from splitproof.model.controller.phases import AtBlock, TapePhase
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.expressions import ite, none, some
from splitproof.model.machine import Machine
from splitproof.model.records import Block
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import TAPE_PORT, Event, StepKind

__all__ = ["declare_tape_port"]

_WEAK, _MESSAGE, _BACKUP = Fairness.WEAK, StepKind.MESSAGE, StepKind.BACKUP
_HANDOVER = (
    "503 alone touches its memory and the tape, and nobody writes the parameters while a backup is accepted"
)


def declare_tape_port(machine: Machine, design: Design, lean: bool) -> None:
    """The steps of 503; which of them there are depends on where the backup data comes from."""
    _declare_begin(machine, lean)
    checks = {
        Backup.ON_DEMAND: _declare_request,
        Backup.WAIT_ALL: _declare_wait,
        Backup.STAGE: _declare_staging,
    }
    if design.backup in checks:
        checks[design.backup](machine, design)
    _declare_transfer(machine, design)


def _declare_begin(machine: Machine, lean: bool) -> None:
    @machine.action(by=TAPE_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R60",))
    def receive_notice(s: State) -> None:
        """503 is notified of the backup."""
        when(s.backup_notice)
        s.backup_notice = False
        s.backup.phase = TapePhase.NOTIFIED

    @machine.action(by=TAPE_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R59",))
    def rewind_tape(s: State) -> None:
        """503 starts a fresh tape."""
        when(s.backup.phase == TapePhase.NOTIFIED)
        s.backup.phase = TapePhase.REWOUND
        s.tape.each(written=False)
        if not lean:
            s.backup_image.each(lambda b: s.image[b])

    @machine.action(by=TAPE_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R59", "R62"))
    def read_parameters(s: State) -> None:
        """503 reads the range from the parameters."""
        when(s.backup.phase == TapePhase.REWOUND)
        s.backup.phase = TapePhase.RUNNING
        s.backup.at.each(lambda b: ite(s.job_range[b], AtBlock.TODO, AtBlock.OUT))


def _declare_request(machine: Machine, design: Design) -> None:
    """The first embodiment: what differs is copied on demand [R64-R67]."""

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R46", "R62", "R64"))
    def check_block(s: State, b: Block) -> None:
        """503 checks the block in the difference table, and asks 508 for a copy if it differs."""
        when(s.backup.at[b] == AtBlock.TODO)
        s.backup.at[b] = ite(s.uncopied[b], AtBlock.REQUESTED, AtBlock.CLEAN)
        s.row[b].requested = s.row[b].requested | s.uncopied[b]

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R47", "R66", "R67"))
    def see_copied(s: State, b: Block) -> None:
        """503 sees that 508 has copied the requested block."""
        when(s.backup.at[b] == AtBlock.REQUESTED)
        when(~s.row[b].requested)
        s.backup.at[b] = AtBlock.CLEAN


def _declare_wait(machine: Machine, design: Design) -> None:
    """The second embodiment: nothing is read before all is copied [R72, R75]; G11 is answered by waiting for all."""

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R71", "R72", "R75", "G11"))
    def see_all_copied(s: State) -> None:
        """503 sees that no difference is left anywhere."""
        when(some(lambda b: s.backup.at[b] == AtBlock.TODO))
        when(none(lambda b: s.uncopied[b]))
        s.backup.at.each(lambda b: ite(s.backup.at[b] == AtBlock.TODO, AtBlock.CLEAN, s.backup.at[b]))


def _declare_staging(machine: Machine, design: Design) -> None:
    """The third embodiment: what differs is read from the source, through 515 [R82-R88]."""
    locks = locks_rows(design)
    fetched = AtBlock.STAGED if design.staging is Staging.UNLOCKED else AtBlock.FETCHED
    through_cache = design.copy_reads is CopyReads.THROUGH_CACHE

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R81", "R62"))
    def check_block(s: State, b: Block) -> None:
        """503 checks the block in the difference table."""
        row = s.row[b]
        found: Any = AtBlock.DIFFERING
        when(s.backup.at[b] == AtBlock.TODO)
        if design.copy_reads is CopyReads.AFTER_DESTAGE:
            when(~(s.uncopied[b] & s.slot_before_split[b]))
        if locks:
            when(~(s.uncopied[b] & row.owned))
            row.owned = row.owned | s.uncopied[b]
        if through_cache:
            found = ite(s.slot_before_split[b], fetched, AtBlock.DIFFERING)
            s.backup.data[b] = row.data
        s.backup.at[b] = ite(s.uncopied[b], found, AtBlock.CLEAN)

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R82",), counts=(Event.SOURCE_READ,))
    def read_source_into_staging(s: State, b: Block) -> None:
        """503 reads the differing block from the source volume into the staging area."""
        when(s.backup.at[b] == AtBlock.DIFFERING)
        s.backup.data[b] = s.source[b]
        s.backup.at[b] = fetched

    if design.staging is Staging.RECHECKED:

        @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("G08",))
        def recheck_block(s: State, b: Block) -> None:
            """503 checks the block again; if it was copied meanwhile, it starts over."""
            when(s.backup.at[b] == AtBlock.FETCHED)
            s.backup.at[b] = ite(s.uncopied[b], AtBlock.STAGED, AtBlock.TODO)

    if locks:
        holds_all = design.staging is Staging.RANGE_LOCKED

        @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("G08",))
        def unlock_block(s: State, b: Block) -> None:
            """503 gives the block back."""
            when(s.backup.at[b] == AtBlock.FETCHED)
            if holds_all:
                when(none(lambda x: s.backup.at[x].isin(AtBlock.TODO, AtBlock.DIFFERING, AtBlock.CLEAN)))
            s.row[b].owned = False
            s.backup.at[b] = AtBlock.STAGED


def _declare_transfer(machine: Machine, design: Design) -> None:
    stages = design.backup is Backup.STAGE
    whole_range = design.check_unit is CheckUnit.RANGE
    unread = (AtBlock.TODO, AtBlock.REQUESTED)
    unstaged = (AtBlock.TODO, AtBlock.DIFFERING, AtBlock.FETCHED, AtBlock.CLEAN)
    readable = AtBlock.TODO if design.backup in (Backup.UNCHECKED, Backup.HOST_POLLS) else AtBlock.CLEAN

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R63", "R67", "R83", "R88"))
    def read_target(s: State, b: Block) -> None:
        """503 reads the block from the target volume."""
        when(s.backup.at[b] == readable)
        if not stages:
            when(none(lambda x: s.backup.at[x] == AtBlock.STAGED), needs_blocks=2)
        if design.backup is Backup.ON_DEMAND and whole_range:
            when(none(lambda x: s.backup.at[x].isin(*unread)), needs_blocks=2)
        s.backup.data[b] = s.target[b]
        s.backup.at[b] = AtBlock.STAGED

    @machine.action(by=TAPE_PORT, kind=_BACKUP, fair=_WEAK, cites=("R67", "R84", "R87"))
    def write_tape(s: State, b: Block) -> None:
        """503 writes the block to the tape."""
        when(s.backup.at[b] == AtBlock.STAGED)
        if stages and whole_range:
            when(none(lambda x: s.backup.at[x].isin(*unstaged)), needs_blocks=2)
        s.tape[b].written = True
        s.tape[b].data = s.backup.data[b]
        s.backup.at[b] = AtBlock.WRITTEN

    if design.device is Device.DISK:

        @machine.action(by=TAPE_PORT, kind=_BACKUP, cites=("R112",))
        def rewrite_block(s: State, b: Block) -> None:
            """503 is to write the record of the block again."""
            when(s.backup.at[b] == AtBlock.WRITTEN)
            when(~s.backup.again[b])  # once: without a bound a backup never ends
            s.backup.again[b] = True
            s.backup.at[b] = AtBlock.TODO

    at_once = (
        None if design.device is Device.DISK else _HANDOVER
    )  # a disk's record may be written again instead

    @machine.action(by=TAPE_PORT, kind=_MESSAGE, fair=_WEAK, folds=at_once, cites=("R68",))
    def report_done(s: State) -> None:
        """503 reports to 502 that the range is on the tape."""
        when(s.backup.phase == TapePhase.RUNNING)
        when(none(lambda b: ~s.backup.at[b].isin(AtBlock.OUT, AtBlock.WRITTEN)))
        s.backup.phase = TapePhase.IDLE
        s.backup_done = True
