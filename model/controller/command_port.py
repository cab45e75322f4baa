"""502: receives the backup command, checks it, writes its parameters, hands it to 503, reports the end."""

from __future__ import annotations

from splitproof.model.controller.phases import CommandPhase, EndReport
from splitproof.model.design import AcceptCheck, Design
from splitproof.model.expressions import some
from splitproof.model.machine import Fairness, Machine
from splitproof.model.records import BlockSet
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import COMMAND_PORT, PairState, StepKind

__all__ = ["declare_command_port"]

_WEAK, _MESSAGE = Fairness.WEAK, StepKind.MESSAGE
_HANDOVER = "a hand-over between processors: it alone empties its channel, and no property sees it"


def declare_command_port(machine: Machine, design: Design) -> None:
    """The steps of 502."""

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R19", "R59"))
    def receive_backup_command(s: State) -> None:
        """502 receives the backup command."""
        when(s.backup_command)
        when(s.command == CommandPhase.IDLE)
        s.backup_command = False
        s.command = CommandPhase.RECEIVED

    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("R59", "G26"))
    def accept_backup(s: State, chosen: BlockSet) -> None:
        """502 accepts the backup and stores its range in the parameters."""
        when(s.command == CommandPhase.RECEIVED)
        when(some(lambda b: chosen[b]))
        if design.accept_check is AcceptCheck.VERIFIES_SPLIT:
            when(s.pair.source_view == PairState.SPLIT)
        s.command = CommandPhase.ACCEPTED
        s.job = True
        s.job_range.each(lambda b: chosen[b])

    if design.accept_check is AcceptCheck.VERIFIES_SPLIT:

        @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("G26",))
        def refuse_backup(s: State) -> None:
            """502 refuses the backup: the pair is not split."""
            when(s.command == CommandPhase.RECEIVED)
            when(s.pair.source_view != PairState.SPLIT)
            s.command = CommandPhase.REFUSED

        @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("G26",))
        def report_refusal(s: State) -> None:
            """502 reports the refusal to 102."""
            when(s.command == CommandPhase.REFUSED)
            when(s.end_report == EndReport.NONE)
            s.command = CommandPhase.IDLE
            s.end_report = EndReport.REFUSED

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R60",))
    def notify_tape(s: State) -> None:
        """502 notifies 503 of the backup."""
        when(s.command == CommandPhase.ACCEPTED)
        when(~s.backup_notice)
        s.command = CommandPhase.RUNNING
        s.backup_notice = True

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R68",))
    def receive_done(s: State) -> None:
        """502 learns from 503 that the backup is done."""
        when(s.backup_done)
        when(s.command == CommandPhase.RUNNING)
        s.backup_done = False
        s.command = CommandPhase.ENDED

    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("R68",))
    def close_backup(s: State) -> None:
        """502 clears the parameters: no backup is accepted any more."""
        when(s.command == CommandPhase.ENDED)
        s.command = CommandPhase.CLOSED
        s.job = False

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R68",))
    def report_end(s: State) -> None:
        """502 reports the good end to 102."""
        when(s.command == CommandPhase.CLOSED)
        when(s.end_report == EndReport.NONE)
        s.command = CommandPhase.IDLE
        s.end_report = EndReport.GOOD
