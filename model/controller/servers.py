"""What the servers, or the one that does what both do, ask of the controller: the split, the backup, its state.

With `split=separate` 101 commands the split and 102 the backup; otherwise 102 commands both, while 101 is paused.
"""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import AcceptCheck, Backup, End, Pause, Servers, Split
from splitproof.model.controller.lan import AT_ONCE, HANDOVER
from splitproof.model.controller.messages import backup_server, client_server, issues_writes
from splitproof.model.controller.narration import Declare, told_as
from splitproof.model.controller.phases import (
    BackupAnswer,
    ClientPhase,
    EndReport,
    PairAnswer,
    ServerPhase,
)
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.expressions import Expr
from splitproof.model.machine import Machine
from splitproof.model.records import Block, Data
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import Event, StepKind

__all__ = ["declare_servers", "is_paused"]

_WEAK, _MESSAGE = Fairness.WEAK, StepKind.MESSAGE


def declare_servers(machine: Machine, design: Design) -> None:
    """The steps of both servers, but for what they tell each other."""
    one = design.servers is Servers.ONE
    action = told_as(machine, {"101": "the server", "102": "the server"} if one else {})
    if design.split is Split.SEPARATE:
        _declare_split_by_client(action, design)
    else:
        _declare_split_by_backup_server(action, design)
    if design.backup is Backup.HOST_POLLS:
        _declare_pair_question(action, design)
    if design.split is not Split.COMBINED:
        _declare_backup_command(action, design)
    if design.end is End.POLLED:
        _declare_backup_question(action, design)
    else:
        _declare_end(action, design)
    if issues_writes(design):
        _declare_writes(action, design)


def is_paused(s: Any, design: Design) -> Expr:
    """101 issues no write."""
    paused: Expr
    if design.servers is Servers.TWO:
        paused = s.client.isin(ClientPhase.PAUSING, ClientPhase.PAUSED)
    else:
        paused = s.server.isin(ServerPhase.STARTED, ServerPhase.SPLITTING)
    return paused


def _declare_split_by_client(action: Declare, design: Design) -> None:
    """101 commands the split at 501 and takes its end [R51, R52]."""
    by = client_server(design)
    counts = (Event.COMMAND,)

    if design.servers is Servers.TWO:

        @action(by=by, kind=_MESSAGE, fair=_WEAK, folds=HANDOVER, cites=("R51", "R19"), counts=counts)
        def command_split(s: State) -> None:
            """101 commands the split at 501."""
            when(s.client == ClientPhase.ORDERED)
            s.client = ClientPhase.WAITING
            s.split_command = True

        @action(by=by, kind=_MESSAGE, fair=_WEAK, folds=HANDOVER, cites=("R52",))
        def receive_split_report(s: State) -> None:
            """101 receives the end of the split."""
            when(s.split_report == EndReport.GOOD)
            s.split_report = EndReport.NONE
            s.client = ClientPhase.RELAYING

    else:

        @action(by=by, kind=_MESSAGE, folds=AT_ONCE, cites=("R20", "R51", "R113"), counts=counts)
        def start_split(s: State) -> None:
            """101 starts a run, and commands the split at 501."""
            when(s.server == ServerPhase.IDLE)
            s.server = ServerPhase.STARTED
            s.split_command = True

        @action(by=by, kind=_MESSAGE, fair=_WEAK, folds=HANDOVER, cites=("R52", "R113"))
        def receive_own_split_report(s: State) -> None:
            """101 receives the end of the split."""
            when(s.split_report == EndReport.GOOD)
            s.split_report = EndReport.NONE
            s.server = ServerPhase.CLEARED


def _declare_split_by_backup_server(action: Declare, design: Design) -> None:
    """102 commands the split at 502 once 101 is paused, and takes the answer [R90, R93, R99]."""
    by = backup_server(design)
    one = design.servers is Servers.ONE
    resumed = ServerPhase.COMMANDED if design.split is Split.COMBINED else ServerPhase.RESUMED
    counts = (Event.COMMAND,)

    if one:

        @action(by=by, kind=_MESSAGE, cites=("R20", "R92", "R113"), counts=(Event.PAUSE,))
        def pause(s: State) -> None:
            """102 starts a run, and issues no write any more."""
            when(s.server == ServerPhase.IDLE)
            s.server = ServerPhase.STARTED

    if design.split is Split.COMBINED:

        @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R90", "R93", "R19"), counts=counts)
        def command_split_and_backup(s: State) -> None:
            """102 commands split and backup at 502, with one command."""
            _when_paused(s, design)
            s.server = ServerPhase.SPLITTING
            s.backup_command = True

    else:

        @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R99", "R19", "G24"), counts=counts)
        def command_split(s: State) -> None:
            """102 commands the split at 502."""
            _when_paused(s, design)
            s.server = ServerPhase.SPLITTING
            s.split_command = True

    @action(by=by, kind=_MESSAGE, fair=_WEAK, folds=None if one else HANDOVER, cites=("R94", "R101"))
    def receive_response(s: State) -> None:
        """102 receives the answer: the pair is split."""
        when(s.split_report == EndReport.GOOD)
        s.split_report = EndReport.NONE
        s.server = resumed if one else ServerPhase.RESPONDED

    if design.accept_check is AcceptCheck.VERIFIES_SPLIT:

        @action(by=by, kind=_MESSAGE, fair=_WEAK, folds=None if one else HANDOVER, cites=("G27", "G39"))
        def receive_refusal(s: State) -> None:
            """102 receives the answer: the pair is split already, and cannot be split."""
            when(s.split_report == EndReport.REFUSED)
            s.split_report = EndReport.NONE
            s.server = ServerPhase.IDLE if one else ServerPhase.REFUSED


def _when_paused(s: Any, design: Design) -> None:
    if design.servers is Servers.TWO:
        when(s.server == ServerPhase.CLEARED)
    else:
        when(s.server == ServerPhase.STARTED)
        if design.pause is Pause.DRAINS:
            when(~s.writing)


def _declare_pair_question(action: Declare, design: Design) -> None:
    """102 asks for the state of the pair until it is split on both sides [R76-R79].

    The answer that it is not split yet changes nothing in 102, so it is not a step of its own.
    """
    by = backup_server(design)

    @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R76", "R78", "R80"), counts=(Event.PAIR_QUERY,))
    def ask_pair_state(s: State) -> None:
        """102 asks for the state of the pair."""
        when(s.server == ServerPhase.CLEARED)
        when(s.pair_question == PairAnswer.NONE)
        s.pair_question = PairAnswer.ASKED

    @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R79",))
    def hear_split(s: State) -> None:
        """102 hears that the pair is split on both sides."""
        when(s.pair_question == PairAnswer.SPLIT)
        s.pair_question = PairAnswer.NONE
        s.server = ServerPhase.CONFIRMED

    if design.accept_check is AcceptCheck.VERIFIES_SPLIT:

        @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R78", "G12", "G26"))
        def hear_joined(s: State) -> None:
            """102 hears that the pair is joined again, and gives up."""
            when(s.pair_question == PairAnswer.JOINED)
            s.pair_question = PairAnswer.NONE
            s.server = ServerPhase.IDLE
            s.split_in_run = False


def _declare_backup_command(action: Declare, design: Design) -> None:
    ready = ServerPhase.CONFIRMED if design.backup is Backup.HOST_POLLS else ServerPhase.CLEARED
    if design.split is not Split.SEPARATE:
        ready = ServerPhase.RESUMED

    @action(
        by=backup_server(design),
        kind=_MESSAGE,
        fair=_WEAK,
        folds=HANDOVER,
        cites=("R58", "R79", "R19"),
        counts=(Event.COMMAND,),
    )
    def command_backup(s: State) -> None:
        """102 commands the backup at 502."""
        when(s.server == ready)
        s.server = ServerPhase.COMMANDED
        s.backup_command = True


def _declare_end(action: Declare, design: Design) -> None:
    answers_twice = design.split is Split.COMBINED

    @action(by=backup_server(design), kind=_MESSAGE, fair=_WEAK, cites=("R68", "G24", "G26"))
    def receive_end(s: State) -> None:
        """102 receives the end of the backup, good or refused."""
        when(s.end_report != EndReport.NONE)
        if (
            answers_twice
        ):  # one command is answered twice, and the end may overtake the answer that the pair is split
            when(s.server == ServerPhase.COMMANDED)
        s.end_report = EndReport.NONE
        s.server = ServerPhase.IDLE
        s.split_in_run = False


def _declare_backup_question(action: Declare, design: Design) -> None:
    """102 asks for the state of the backup until it has ended [R97].

    The answer that it is under way changes nothing in 102, so it is not a step of its own.
    """
    by = backup_server(design)

    @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R97",), counts=(Event.BACKUP_QUERY,))
    def ask_backup_state(s: State) -> None:
        """102 asks for the state of the backup."""
        when(s.server == ServerPhase.COMMANDED)
        when(s.backup_question == BackupAnswer.NONE)
        s.backup_question = BackupAnswer.ASKED

    @action(by=by, kind=_MESSAGE, fair=_WEAK, cites=("R97", "G26"))
    def hear_end(s: State) -> None:
        """102 hears that the backup has ended, or is refused."""
        when(s.backup_question.isin(BackupAnswer.ENDED, BackupAnswer.REFUSED))
        s.backup_question = BackupAnswer.NONE
        s.server = ServerPhase.IDLE
        s.split_in_run = False


def _declare_writes(action: Declare, design: Design) -> None:
    """101 issues one write at a time, and none while it is paused [R92, G22]."""
    by = client_server(design)

    @action(by=by, kind=StepKind.HOST_IO, cites=("R29", "R92"))
    def issue_write(s: State, b: Block, data: Data) -> None:
        """101 issues a write of the block."""
        when(~is_paused(s, design))
        when(~s.writing)
        s.writing = True
        s.write_request.sent = True
        s.write_request.block = b
        s.write_request.data = data

    @action(by=by, kind=StepKind.HOST_IO, fair=_WEAK, cites=("R29",))
    def receive_acknowledgement(s: State) -> None:
        """101 learns that its write is complete."""
        when(s.write_done)
        s.write_done = False
        s.writing = False
