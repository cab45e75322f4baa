"""Why a backup ends, and why one that 102 is to command can: from the first order to the end that 102 learns of."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import AcceptCheck, Backup, Device, End, Servers, Split
from splitproof.model.controller.command_port import last_phase, phase_before
from splitproof.model.controller.copying_progress import (
    Of,
    OfBlock,
    commanding_the_copy,
    copying,
    destaging,
    going_on,
    one_after_the_other,
    to_copy,
)
from splitproof.model.controller.phases import (
    BackupAnswer,
    CommandPhase,
    EndReport,
    PairAnswer,
    ServerPhase,
    TapePhase,
)
from splitproof.model.controller.reading_progress import reading
from splitproof.model.controller.split_progress import completing_the_split, left_of_the_split
from splitproof.model.design import Design
from splitproof.model.expressions import FALSE, Expr, all_of, any_of, none, some
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps
from splitproof.spec.split_backup import BACKUP_CAN_END, BACKUP_ENDS
from splitproof.spec.vocabulary import PairState

__all__ = ["argue_for_backup", "before_the_split", "is_unmirrored"]


def argue_for_backup(machine: Machine, design: Design) -> None:
    """That it ends, and that it can. A tape that is a disk is written otherwise, and nobody has argued for that."""
    if design.device is not Device.TAPE:
        return
    rank, helpful = _left_of_the_backup(design), _ending_the_backup(design)
    machine.argue(BACKUP_ENDS.id, rank=rank, helpful=helpful, pending=lambda s: _is_pending(s, design))
    if design.accept_check is AcceptCheck.VERIFIES_SPLIT and design.split is not Split.TWO_COMMANDS:
        left, steps = _before_acceptance(design)
        machine.argue(BACKUP_CAN_END.id, rank=[*left, *rank], helpful=[*helpful, *steps])


def _left_of_the_backup(design: Design) -> list[Falls]:
    return [
        Falls("a backup is accepted", lambda s: s.job),
        *(before_the_split() if design.split is Split.COMBINED else []),
        Falls("503 has not begun", lambda s: s.job & _is_before_503(s)),
        Falls("the copy is not commanded", lambda s: s.job & ~s.pair.copy_commanded),
        *_stages(reading(design).stages),
        *to_copy(design, lambda s: s.job),
    ]


def _ending_the_backup(design: Design) -> list[Helps]:
    """From its acceptance to the moment when 102 learns of the end. A command that also splits waits for the mirror."""
    splits = design.split is Split.COMBINED
    tape = reading(design)
    helpful = [
        *_telling_the_end(design),
        *tape.helpful,
        *(_splitting(design) if splits else commanding_the_copy(design, lambda s: s.job)),
        *_copying_for(design, tape.waits_for),
        *_handing_over(design),
    ]
    if splits:
        helpful += [
            Helps("answer_split", lambda s: s.command == phase_before("answer", design)),
            Helps("create_pair", lambda s: s.job & (s.pair.source_view == PairState.SIMPLEX)),
        ]
    return helpful


def _is_pending(s: Any, design: Design) -> Any:
    return any_of(s.job, s.command == CommandPhase.CLOSED, s.end_reported)


def _is_before_503(s: Any) -> Any:
    at_502 = s.command.isin(
        CommandPhase.ACCEPTED,
        CommandPhase.SPLIT,
        CommandPhase.COPY_COMMANDED,
        CommandPhase.VIEW_SET,
        CommandPhase.ANSWERED,
    )
    return any_of(at_502, s.backup_notice, s.backup.phase.isin(TapePhase.NOTIFIED, TapePhase.REWOUND))


def before_the_split() -> list[Falls]:
    """What is left until a backup whose command also splits finds the pair split."""
    unmirrored = (PairState.SIMPLEX, PairState.DUPLEX_PENDING)
    return [
        Falls("the pair is not formed", lambda s: s.job & (s.pair.source_view == PairState.SIMPLEX)),
        Falls("the pair is not mirrored", lambda s: s.job & s.pair.source_view.isin(*unmirrored)),
        Falls("the pair is not split", lambda s: s.job & (s.pair.source_view != PairState.SPLIT)),
    ]


def _splitting(design: Design) -> list[Helps]:
    """502 splits once the pair is mirrored."""
    before = phase_before("split", design)
    return [
        Helps("command_copy", lambda s: s.command == phase_before("command copy", design)),
        Helps("split", lambda s: (s.command == before) & (s.pair.source_view == PairState.DUPLEX)),
        Helps(
            "complete_mirror",
            lambda s: is_unmirrored(s) & none(lambda b: s.uncopied[b]),
        ),
    ]


def is_unmirrored(s: Any) -> Expr:
    """A backup whose command also splits waits for the mirror."""
    return all_of(s.job, s.pair.source_view == PairState.DUPLEX_PENDING)


def _copying_for(design: Design, waits_for: OfBlock | None) -> list[Helps]:
    """What 503 waits for, and before the split of the same command, the mirror."""

    def waits(s: Any, b: Any) -> Any:
        return FALSE if waits_for is None else waits_for(s, b)

    def is_waiting(s: Any) -> Any:
        return FALSE if waits_for is None else some(lambda b: waits_for(s, b))

    if design.split is Split.COMBINED:
        return copying(
            design,
            lambda s, b: any_of(is_unmirrored(s) & s.uncopied[b], waits(s, b)),
            lambda s: any_of(is_unmirrored(s), is_waiting(s)),
        )
    if waits_for is None:
        return []
    if design.backup is Backup.STAGE:
        return [*destaging(design, waits), *going_on(design, waits, is_waiting)]
    return copying(design, waits, is_waiting, requested_only=design.backup is Backup.ON_DEMAND)


def _stages(stages: list[tuple[str, OfBlock]]) -> list[Falls]:
    """The blocks that have not got beyond each stage."""
    return [
        Falls(
            f"blocks that have not got beyond '{name}'",
            lambda s, b, up_to=stages[: place + 1]: any_of(*(holds(s, b) for _, holds in up_to)),
        )
        for place, (name, _) in enumerate(stages)
    ]


def _handing_over(design: Design) -> list[Helps]:
    """From 502 to 503, the last step first."""
    ready = CommandPhase.ACCEPTED if design.split is not Split.COMBINED else last_phase(design)
    return [
        Helps("read_parameters", lambda s: s.backup.phase == TapePhase.REWOUND),
        Helps("rewind_tape", lambda s: s.backup.phase == TapePhase.NOTIFIED),
        Helps("receive_notice", lambda s: s.backup_notice),
        Helps("notify_tape", lambda s: s.command == ready),
    ]


def _telling_the_end(design: Design) -> list[Helps]:
    """From 503 by 502 to 102, the last step first."""
    if design.end is End.POLLED:
        asking = [
            Helps("hear_end", lambda s: s.backup_question == BackupAnswer.ENDED),
            Helps(
                "answer_ended",
                lambda s: (s.command == CommandPhase.CLOSED) & (s.backup_question == BackupAnswer.ASKED),
            ),
            Helps(
                "ask_backup_state",
                lambda s: (
                    (s.command == CommandPhase.CLOSED)
                    & (s.backup_question == BackupAnswer.NONE)
                    & (s.server == ServerPhase.COMMANDED)
                ),
            ),
        ]
    else:
        is_at_102 = design.split is Split.COMBINED
        asking = [
            Helps(
                "receive_end",
                lambda s: (
                    (s.end_report == EndReport.GOOD)
                    & any_of(s.server == ServerPhase.COMMANDED, not is_at_102)
                ),
            ),
            Helps("report_end", lambda s: s.command == CommandPhase.CLOSED),
        ]
    return [
        *asking,
        *(_taking_the_answer(design) if design.split is Split.COMBINED else []),
        Helps("close_backup", lambda s: s.command == CommandPhase.ENDED),
        Helps("receive_done", lambda s: s.backup_done),
    ]


def _taking_the_answer(design: Design) -> list[Helps]:
    """102 learns that the pair is split, which may be after the backup has ended."""
    taking = [Helps("receive_response", lambda s: ~s.job & (s.split_report == EndReport.GOOD))]
    if design.servers is Servers.TWO:
        taking.insert(0, Helps("send_resume", lambda s: ~s.job & (s.server == ServerPhase.RESPONDED)))
    return taking


# -- before a backup is accepted


def _before_acceptance(design: Design) -> tuple[list[Falls], list[Helps]]:
    """102 commands the backup, and 502 accepts or refuses it."""
    steps = [*_deciding(design), Helps("receive_backup_command", lambda s: s.backup_command)]
    if design.split is Split.COMBINED:
        return _left_before_acceptance(design, lambda s: FALSE), steps
    polls = design.backup is Backup.HOST_POLLS
    ready = ServerPhase.CONFIRMED if polls else ServerPhase.CLEARED
    steps.append(Helps("command_backup", lambda s: s.server == ready))
    left = _left_before_acceptance(design, lambda s: s.server.isin(ServerPhase.CLEARED, ready))
    if polls:
        left = [*_left_of_the_question(design), *left]
        steps += _asking_for_the_pair(design)
    return left, steps


def _left_before_acceptance(design: Design, is_uncommanded: Of) -> list[Falls]:
    """What is left until 502 has decided, and in case it refuses, until 102 knows that."""
    combined = design.split is Split.COMBINED
    refused = CommandPhase.SPLIT_REFUSED if combined else CommandPhase.REFUSED

    def is_told(s: Any) -> Any:
        if combined:
            return s.split_report == EndReport.REFUSED
        if design.end is End.POLLED:
            return s.backup_question == BackupAnswer.REFUSED
        return s.end_report == EndReport.REFUSED

    places: list[tuple[str, Of]] = [
        ("102 has not commanded the backup", is_uncommanded),
        ("the command is on its way", lambda s: s.backup_command),
        ("502 has not decided", lambda s: s.command == CommandPhase.RECEIVED),
    ]
    if design.end is End.POLLED and not combined:
        places.append(
            (
                "102 has not asked what is refused",
                lambda s: all_of(s.command == refused, s.backup_question == BackupAnswer.NONE),
            )
        )
    places += [("the refusal is not told", lambda s: s.command == refused), ("102 has not heard it", is_told)]
    return one_after_the_other(places)


def _deciding(design: Design) -> list[Helps]:
    """502 accepts or refuses, and 102 hears of a refusal: the last step first."""

    def is_received(s: Any) -> Any:
        return s.command == CommandPhase.RECEIVED

    if design.split is Split.COMBINED:
        return [
            Helps("receive_refusal", lambda s: s.split_report == EndReport.REFUSED),
            Helps("answer_refusal", lambda s: s.command == CommandPhase.SPLIT_REFUSED),
            Helps("refuse_split", lambda s: is_received(s) & (s.pair.source_view == PairState.SPLIT)),
            Helps("accept_backup", lambda s: is_received(s) & (s.pair.source_view != PairState.SPLIT)),
        ]
    return [
        *_telling_the_refusal(design),
        Helps("refuse_backup", lambda s: is_received(s) & (s.pair.source_view != PairState.SPLIT)),
        Helps("accept_backup", lambda s: is_received(s) & (s.pair.source_view == PairState.SPLIT)),
    ]


def _telling_the_refusal(design: Design) -> list[Helps]:
    def is_refused(s: Any) -> Any:
        return s.command == CommandPhase.REFUSED

    if design.end is End.REPORTED:
        return [
            Helps("receive_end", lambda s: s.end_report == EndReport.REFUSED),
            Helps("report_refusal", is_refused),
        ]
    return [
        Helps("hear_end", lambda s: s.backup_question == BackupAnswer.REFUSED),
        Helps("answer_refused", lambda s: is_refused(s) & (s.backup_question == BackupAnswer.ASKED)),
        Helps("ask_backup_state", lambda s: is_refused(s) & (s.backup_question == BackupAnswer.NONE)),
    ]


# -- 102 asks until the pair is split on both sides


def _is_asking(s: Any) -> Any:
    return s.server == ServerPhase.CLEARED


def _is_half_split(s: Any) -> Any:
    """The answer would be that it is not split yet."""
    return all_of(_is_asking(s), s.pair.source_view == PairState.SPLIT, s.pair.target_view != PairState.SPLIT)


def _left_of_the_question(design: Design) -> list[Falls]:
    return [
        Falls("the pair is not split on both sides", _is_half_split),
        *left_of_the_split(design, _is_half_split),
        Falls(
            "502 is about to answer that it is not split yet",
            lambda s: _is_asking(s) & (s.asked == PairAnswer.PENDING),
        ),
        *one_after_the_other(
            [
                (
                    "102 has not asked",
                    lambda s: all_of(
                        _is_asking(s), s.pair_question == PairAnswer.NONE, s.asked == PairAnswer.NONE
                    ),
                ),
                (
                    "502 has not received the question",
                    lambda s: all_of(
                        _is_asking(s), s.pair_question == PairAnswer.ASKED, s.asked == PairAnswer.NONE
                    ),
                ),
                ("502 has not looked", lambda s: _is_asking(s) & (s.asked == PairAnswer.ASKED)),
                ("502 has not answered", lambda s: _is_asking(s) & (s.asked != PairAnswer.NONE)),
            ]
        ),
    ]


def _asking_for_the_pair(design: Design) -> list[Helps]:
    """Once it is split on both sides, or joined again: the last step first. Until then, who completes the split."""

    def may_ask(s: Any) -> Any:
        return all_of(_is_asking(s), ~_is_half_split(s))

    return [
        Helps("hear_split", lambda s: s.pair_question == PairAnswer.SPLIT),
        Helps("hear_joined", lambda s: s.pair_question == PairAnswer.JOINED),
        Helps(
            "answer_pair_question",
            lambda s: _is_asking(s) & ~s.asked.isin(PairAnswer.NONE, PairAnswer.ASKED),
        ),
        Helps("read_pair_state", lambda s: may_ask(s) & (s.asked == PairAnswer.ASKED)),
        Helps(
            "receive_pair_question",
            lambda s: all_of(may_ask(s), s.pair_question == PairAnswer.ASKED, s.asked == PairAnswer.NONE),
        ),
        Helps(
            "ask_pair_state",
            lambda s: all_of(may_ask(s), s.pair_question == PairAnswer.NONE, s.asked == PairAnswer.NONE),
        ),
        *completing_the_split(design, _is_half_split),
    ]
