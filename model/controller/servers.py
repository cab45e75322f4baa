"""The two servers and the LAN between them: 102 starts a run, 101 has the pair split, 102 commands the backup."""

from __future__ import annotations

from splitproof.model.controller.phases import ClientPhase, EndReport, ServerPhase
from splitproof.model.machine import Fairness, Machine
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import BACKUP_SERVER, CLIENT_SERVER, StepKind

__all__ = ["declare_backup_server", "declare_client_server"]

_WEAK, _MESSAGE = Fairness.WEAK, StepKind.MESSAGE
_AT_ONCE = (
    "when 102 starts does not matter: the split waits for its own guard, and no property sees the start"
)
_HANDOVER = (
    "a hand-over between servers: it alone empties its channel and fills the next, and no property sees it"
)


def declare_backup_server(machine: Machine) -> None:
    """102: start, wait for the relay, command the backup, take its end."""

    @machine.action(by=BACKUP_SERVER, kind=_MESSAGE, folds=_AT_ONCE, cites=("R50", "R18"))
    def start_run(s: State) -> None:
        """102 tells 101 over the LAN to start."""
        when(s.server == ServerPhase.IDLE)
        when(~s.lan_start)
        s.server = ServerPhase.STARTED
        s.lan_start = True

    @machine.action(by=BACKUP_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R57", "R58"))
    def receive_relay(s: State) -> None:
        """102 learns from 101 that the split is complete."""
        when(s.lan_split)
        when(s.server == ServerPhase.STARTED)
        s.lan_split = False
        s.server = ServerPhase.CLEARED

    @machine.action(by=BACKUP_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R58", "R19"))
    def command_backup(s: State) -> None:
        """102 commands the backup at 502."""
        when(s.server == ServerPhase.CLEARED)
        when(~s.backup_command)
        s.server = ServerPhase.COMMANDED
        s.backup_command = True

    @machine.action(by=BACKUP_SERVER, kind=_MESSAGE, fair=_WEAK, cites=("R68", "G26"))
    def receive_end(s: State) -> None:
        """102 receives the end of the backup, good or refused."""
        when(s.end_report != EndReport.NONE)
        s.end_report = EndReport.NONE
        s.server = ServerPhase.IDLE
        s.split_in_run = False


def declare_client_server(machine: Machine) -> None:
    """101: order the split when 102 says so, relay its end."""

    @machine.action(by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R50",))
    def receive_start(s: State) -> None:
        """101 receives the start."""
        when(s.lan_start)
        when(s.client == ClientPhase.IDLE)
        s.lan_start = False
        s.client = ClientPhase.ORDERED

    @machine.action(by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R51", "R19"))
    def command_split(s: State) -> None:
        """101 commands the split at 501."""
        when(s.client == ClientPhase.ORDERED)
        when(~s.split_command)
        s.client = ClientPhase.WAITING
        s.split_command = True

    @machine.action(by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R52",))
    def receive_split_report(s: State) -> None:
        """101 receives the end of the split."""
        when(s.split_report)
        when(s.client == ClientPhase.WAITING)
        s.split_report = False
        s.client = ClientPhase.RELAYING

    @machine.action(by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R57",))
    def relay_split(s: State) -> None:
        """101 relays over the LAN that the split is complete."""
        when(s.client == ClientPhase.RELAYING)
        when(~s.lan_split)
        s.client = ClientPhase.IDLE
        s.lan_split = True
