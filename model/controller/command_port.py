"""502: receives the backup command, checks it, writes its parameters, hands it to 503, reports the end.

With `split=combined` (one command) and `split=two-commands` it splits the pair, too; the order of its steps then
depends on two readings of the document: whether the copy is commanded before the views are set (L163, L176; G21), and
whether 502 answers before or after it has split (Fig. 10, Fig. 11; G23).
"""

from __future__ import annotations

from splitproof.model.choices import AcceptCheck, Backup, End, Response, Split, TargetViewSet
from splitproof.model.controller.host_port import split_pair
from splitproof.model.controller.memory import keeps_backup_image
from splitproof.model.controller.phases import BackupAnswer, CommandPhase, EndReport, PairAnswer
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.expressions import FALSE, ite, some
from splitproof.model.machine import Machine
from splitproof.model.records import BlockSet
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import COMMAND_PORT, Event, PairState, StepKind

__all__ = ["answered_phases", "declare_command_port", "last_phase", "phase_before", "unsplit_phases"]

_WEAK, _MESSAGE = Fairness.WEAK, StepKind.MESSAGE
_HANDOVER = "a hand-over between processors: it alone empties its channel, and no property sees it"
_ONE_AT_A_TIME = "102 commands nothing more before it has learned of the end"

_AFTER = {
    "split": CommandPhase.SPLIT,
    "set view": CommandPhase.VIEW_SET,
    "command copy": CommandPhase.COPY_COMMANDED,
    "answer": CommandPhase.ANSWERED,
}
"""The steps with which 502 splits the pair, each with the phase that it leaves 502 in."""


def declare_command_port(machine: Machine, design: Design, lean: bool) -> None:
    """The steps of 502."""
    if design.split is Split.TWO_COMMANDS:
        _declare_receipt_of_split(machine)
    if design.split is not Split.SEPARATE:
        _declare_split(machine, design, lean)
    if design.backup is Backup.HOST_POLLS:
        _declare_pair_answer(machine, design)
    _declare_acceptance(machine, design, lean)
    if _checks(design):
        _declare_refusal(machine, design)
    _declare_backup(machine, design)
    if design.end is End.POLLED:
        _declare_backup_answer(machine, design)
    else:
        _declare_end_report(machine)


# -- the split


def _order(design: Design) -> tuple[str, ...]:
    """The steps of the split, as the design orders them."""
    sets_view_late = design.target_view_set is TargetViewSet.AFTER_COMMAND
    order = ["command copy", "split", "set view"] if sets_view_late else ["split", "command copy"]
    if design.response is Response.AFTER_SPLIT:
        return (*order, "answer")
    order.insert(order.index("split"), "answer")
    return tuple(order)


def _received(design: Design) -> CommandPhase:
    return CommandPhase.ACCEPTED if design.split is Split.COMBINED else CommandPhase.SPLIT_RECEIVED


def phase_before(step: str, design: Design) -> CommandPhase:
    """The phase in which 502 takes this step of the split."""
    order = _order(design)
    place = order.index(step)
    return _AFTER[order[place - 1]] if place else _received(design)


def last_phase(design: Design) -> CommandPhase:
    """The phase after the last step of the split."""
    return _AFTER[_order(design)[-1]]


def _then(step: str, design: Design) -> CommandPhase:
    """The phase after a step; the last one ends a command to split alone."""
    if design.split is Split.TWO_COMMANDS and step == _order(design)[-1]:
        return CommandPhase.IDLE
    return _AFTER[step]


def unsplit_phases(design: Design) -> tuple[CommandPhase, ...]:
    """The phases in which 502 has received a command to split and not carried it out."""
    first = [CommandPhase.RECEIVED] if design.split is Split.COMBINED else []
    return (*first, *_phases_before("split", design))


def answered_phases(design: Design) -> tuple[CommandPhase, ...]:
    """The phases in which 502 has received a command to split and not answered it."""
    first = [CommandPhase.RECEIVED] if design.split is Split.COMBINED else []
    return (*first, *_phases_before("answer", design))


def _phases_before(step: str, design: Design) -> tuple[CommandPhase, ...]:
    order = _order(design)
    return (_received(design), *(_AFTER[earlier] for earlier in order[: order.index(step)]))


def _declare_receipt_of_split(machine: Machine) -> None:
    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R99", "G24"))
    def receive_split_command(s: State) -> None:
        """502 receives the split command."""
        when(s.split_command)
        when(s.command == CommandPhase.IDLE, idle=_ONE_AT_A_TIME)
        s.split_command = False
        s.command = CommandPhase.SPLIT_RECEIVED


def _declare_split(machine: Machine, design: Design, lean: bool) -> None:
    keeps = design.split is Split.COMBINED and lean and keeps_backup_image(design, lean)

    @machine.action(
        by=COMMAND_PORT, kind=StepKind.PAIR, fair=_WEAK, cites=("R13", "R43", "R94", "R100", "R101")
    )
    def split(s: State) -> None:
        """502 splits the pair: the difference table stands, and the image is what hosts read now."""
        when(s.command == phase_before("split", design))
        split_pair(s, design)
        s.command = _then("split", design)
        if keeps:
            s.backup_image.each(lambda b: s.logical[b])

    if design.target_view_set is TargetViewSet.AFTER_COMMAND:

        @machine.action(by=COMMAND_PORT, kind=StepKind.PAIR, fair=_WEAK, cites=("R101", "G21"))
        def set_target_view(s: State) -> None:
            """502 sets the target view to SPLIT_PENDING."""
            when(s.command == phase_before("set view", design))
            s.command = _then("set view", design)
            s.pair.target_view = PairState.SPLIT_PENDING

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R100",))
    def command_copy(s: State) -> None:
        """502 commands 508, through the management record, to copy what the table says."""
        when(s.command == phase_before("command copy", design))
        s.command = _then("command copy", design)
        s.pair.copy_commanded = True

    @machine.action(
        by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R94", "R101", "G23"), counts=(Event.REPORT,)
    )
    def answer_split(s: State) -> None:
        """502 answers to 102 that the pair is split."""
        when(s.command == phase_before("answer", design))
        s.command = _then("answer", design)
        s.split_report = EndReport.GOOD

    if design.accept_check is AcceptCheck.VERIFIES_SPLIT:
        _declare_refusal_of_split(machine, design)


def _declare_refusal_of_split(machine: Machine, design: Design) -> None:
    """A pair that is split already may stay so for ever, with 101 paused and the job in the way of a resync."""
    received = CommandPhase.RECEIVED if design.split is Split.COMBINED else CommandPhase.SPLIT_RECEIVED

    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("G12", "G27", "G39"))
    def refuse_split(s: State) -> None:
        """502 refuses to split a pair that is split."""
        when(s.command == received)
        when(s.pair.source_view == PairState.SPLIT)
        s.command = CommandPhase.SPLIT_REFUSED

    @machine.action(
        by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("G12", "G27", "G39"), counts=(Event.REPORT,)
    )
    def answer_refusal(s: State) -> None:
        """502 answers to 102 that it refuses the split."""
        when(s.command == CommandPhase.SPLIT_REFUSED)
        s.command = CommandPhase.IDLE
        s.split_report = EndReport.REFUSED


# -- questions about the pair


def _declare_pair_answer(machine: Machine, design: Design) -> None:
    """502 answers from 516 and 517; the question stays in its channel until it is answered [R78]."""
    checks = design.accept_check is AcceptCheck.VERIFIES_SPLIT

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R78",))
    def receive_pair_question(s: State) -> None:
        """502 receives the question about the state of the pair."""
        when(s.pair_question == PairAnswer.ASKED)
        when(s.asked == PairAnswer.NONE)
        s.asked = PairAnswer.ASKED

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R45", "R77", "R78"))
    def read_pair_state(s: State) -> None:
        """502 reads the state of the pair."""
        when(s.asked == PairAnswer.ASKED)
        is_joined = (s.pair.source_view != PairState.SPLIT) if checks else FALSE
        unsplit = ite(is_joined, PairAnswer.JOINED, PairAnswer.PENDING)
        s.asked = ite(s.pair.target_view == PairState.SPLIT, PairAnswer.SPLIT, unsplit)

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R77", "R78"))
    def answer_pair_question(s: State) -> None:
        """502 answers what it has read."""
        when(~s.asked.isin(PairAnswer.NONE, PairAnswer.ASKED))
        s.pair_question = ite(s.asked == PairAnswer.PENDING, PairAnswer.NONE, s.asked)
        s.asked = PairAnswer.NONE


# -- the backup


def _checks(design: Design) -> bool:
    """Whether a backup may be refused; a command that also splits needs no split before it."""
    return design.accept_check is AcceptCheck.VERIFIES_SPLIT and design.split is not Split.COMBINED


def _declare_acceptance(machine: Machine, design: Design, lean: bool) -> None:
    keeps = design.split is not Split.COMBINED and lean and keeps_backup_image(design, lean)

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R19", "R59"))
    def receive_backup_command(s: State) -> None:
        """502 receives the backup command."""
        when(s.backup_command)
        when(s.command == CommandPhase.IDLE, idle=_ONE_AT_A_TIME)
        s.backup_command = False
        s.command = CommandPhase.RECEIVED

    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("R59", "G26"))
    def accept_backup(s: State, chosen: BlockSet) -> None:
        """502 accepts the backup and stores its range in the parameters."""
        when(s.command == CommandPhase.RECEIVED)
        when(some(lambda b: chosen[b]))
        if design.accept_check is AcceptCheck.VERIFIES_SPLIT:
            is_split = s.pair.source_view == PairState.SPLIT
            when(~is_split if design.split is Split.COMBINED else is_split)
        s.command = CommandPhase.ACCEPTED
        s.job = True
        s.job_range.each(lambda b: chosen[b])
        if keeps:
            s.backup_image.each(lambda b: s.image[b])


def _declare_refusal(machine: Machine, design: Design) -> None:
    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("G26",))
    def refuse_backup(s: State) -> None:
        """502 refuses the backup: the pair is not split."""
        when(s.command == CommandPhase.RECEIVED)
        when(s.pair.source_view != PairState.SPLIT)
        s.command = CommandPhase.REFUSED

    if design.end is End.REPORTED:

        @machine.action(
            by=COMMAND_PORT,
            kind=_MESSAGE,
            fair=_WEAK,
            folds=_HANDOVER,
            cites=("G26",),
            counts=(Event.REPORT,),
        )
        def report_refusal(s: State) -> None:
            """502 reports the refusal to 102."""
            when(s.command == CommandPhase.REFUSED)
            s.command = CommandPhase.IDLE
            s.end_report = EndReport.REFUSED


def _declare_backup(machine: Machine, design: Design) -> None:
    ready = CommandPhase.ACCEPTED
    if design.split is Split.COMBINED:
        ready = last_phase(design)

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R60", "R102"))
    def notify_tape(s: State) -> None:
        """502 notifies 503 of the backup."""
        when(s.command == ready)
        s.command = CommandPhase.RUNNING
        s.backup_notice = True

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R68",))
    def receive_done(s: State) -> None:
        """502 learns from 503 that the backup is done."""
        when(s.backup_done)
        s.backup_done = False
        s.command = CommandPhase.ENDED

    @machine.action(by=COMMAND_PORT, kind=StepKind.BACKUP, fair=_WEAK, cites=("R68",))
    def close_backup(s: State) -> None:
        """502 clears the parameters: no backup is accepted any more."""
        when(s.command == CommandPhase.ENDED)
        s.command = CommandPhase.CLOSED
        s.job = False


def _declare_end_report(machine: Machine) -> None:
    @machine.action(
        by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, folds=_HANDOVER, cites=("R68",), counts=(Event.REPORT,)
    )
    def report_end(s: State) -> None:
        """502 reports the good end to 102."""
        when(s.command == CommandPhase.CLOSED)
        s.command = CommandPhase.IDLE
        s.end_report = EndReport.GOOD


def _declare_backup_answer(machine: Machine, design: Design) -> None:
    """502 answers from its own memory, while 503 is at work [R61, R97]."""
    last = (CommandPhase.CLOSED, CommandPhase.REFUSED) if _checks(design) else (CommandPhase.CLOSED,)

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R61", "R97"))
    def answer_under_way(s: State) -> None:
        """502 answers that the backup is under way."""
        when(s.backup_question == BackupAnswer.ASKED)
        when(~s.command.isin(*last))
        s.backup_question = BackupAnswer.NONE

    @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R68", "R97"))
    def answer_ended(s: State) -> None:
        """502 answers that the backup has ended."""
        when(s.backup_question == BackupAnswer.ASKED)
        when(s.command == CommandPhase.CLOSED)
        s.backup_question = BackupAnswer.ENDED
        s.command = CommandPhase.IDLE

    if _checks(design):

        @machine.action(by=COMMAND_PORT, kind=_MESSAGE, fair=_WEAK, cites=("R97", "G26"))
        def answer_refused(s: State) -> None:
            """502 answers that the backup is refused."""
            when(s.backup_question == BackupAnswer.ASKED)
            when(s.command == CommandPhase.REFUSED)
            s.backup_question = BackupAnswer.REFUSED
            s.command = CommandPhase.IDLE
