"""Why 101 resumes its I/O when it has paused: its write is acknowledged, the pair is split or not, and it is told."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import AcceptCheck, Pause, PostSplitWrite, Servers, Split
from splitproof.model.controller.backup_progress import before_the_split, is_unmirrored
from splitproof.model.controller.command_port import answered_phases
from splitproof.model.controller.copying_progress import Of, copying, one_after_the_other, to_copy
from splitproof.model.controller.phases import ClientPhase, CommandPhase, EndReport, ServerPhase
from splitproof.model.controller.split_progress import taking_the_steps
from splitproof.model.controller.write_progress import (
    left_of_the_slot,
    taking_the_write,
    writing_phases,
)
from splitproof.model.design import Design
from splitproof.model.expressions import TRUE, all_of, none
from splitproof.model.machine import Machine
from splitproof.model.ranking import Helps
from splitproof.spec.split_backup import CLIENT_RESUMES
from splitproof.spec.vocabulary import PairState

__all__ = ["argue_for_resumption"]

_Places = list[tuple[str, Of]]


def argue_for_resumption(machine: Machine, design: Design) -> None:
    """Where one command splits and backs up, and is refused if the pair is split: otherwise 101 may wait for ever."""
    is_answered = design.split is Split.COMBINED and design.accept_check is AcceptCheck.VERIFIES_SPLIT
    if not is_answered or design.post_split_write is PostSplitWrite.HELD_AT_STORE:
        return  # a write that 101 waits for may wait for a copy
    machine.argue(
        CLIENT_RESUMES.id,
        rank=[
            *one_after_the_other([*_of_the_write(design), *_of_the_pause(design), *_of_the_answer(design)]),
            *left_of_the_slot(design),
            *before_the_split(),
            *to_copy(design, lambda s: s.job & (s.pair.source_view != PairState.SPLIT)),
        ],
        helpful=[
            *_resuming(design),
            *taking_the_steps(design),
            *_mirroring(design),
            *_deciding(design),
            *_pausing(design),
            Helps("receive_acknowledgement", lambda s: s.write_done),
            *taking_the_write(design),
            Helps("receive_write", lambda s: s.write_request.sent),
        ],
    )


def _of_the_write(design: Design) -> _Places:
    """101 has issued it before it paused."""

    def is_at(phase: Any) -> Of:
        return lambda s: s.write.phase == phase

    return [
        ("the write of 101 is on its way", lambda s: s.write_request.sent),
        *((f"the write is '{phase.value}'", is_at(phase)) for phase in writing_phases(design)),
        ("101 has not learned that its write is complete", lambda s: s.write_done),
    ]


def _of_the_pause(design: Design) -> _Places:
    """From the pause to the command."""
    is_on_its_way = ("the command is on its way", lambda s: s.backup_command)
    if design.servers is Servers.ONE:
        return [("102 has not commanded the split", lambda s: s.server == ServerPhase.STARTED), is_on_its_way]
    return [
        ("101 has not reported its pause", lambda s: s.client == ClientPhase.PAUSING),
        ("102 has not learned of the pause", lambda s: s.lan_paused),
        ("102 has not commanded the split", lambda s: s.server == ServerPhase.CLEARED),
        is_on_its_way,
    ]


def _of_the_answer(design: Design) -> _Places:
    """From the receipt of the command to the message that 101 is to resume."""

    def is_at(phase: CommandPhase) -> Of:
        return lambda s: s.command == phase

    places: _Places = [
        *(
            (f"502 has not got beyond '{phase.value}'", is_at(phase))
            for phase in (*answered_phases(design), CommandPhase.SPLIT_REFUSED)
        ),
        ("102 has not received the answer", lambda s: s.split_report != EndReport.NONE),
    ]
    if design.servers is Servers.TWO:
        answered = (ServerPhase.RESPONDED, ServerPhase.REFUSED)
        places.append(("102 has not told 101 to resume", lambda s: s.server.isin(*answered)))
    return places


def _resuming(design: Design) -> list[Helps]:
    """102 takes the answer and tells 101; one server resumes by itself. The last step first."""
    receiving = [
        Helps("receive_response", lambda s: s.split_report == EndReport.GOOD),
        Helps("receive_refusal", lambda s: s.split_report == EndReport.REFUSED),
    ]
    if design.servers is Servers.ONE:
        return receiving
    return [
        Helps("receive_resume", lambda s: s.lan_resume),
        Helps("send_resume", lambda s: s.server == ServerPhase.RESPONDED),
        Helps("send_resume_after_refusal", lambda s: s.server == ServerPhase.REFUSED),
        *receiving,
    ]


def _mirroring(design: Design) -> list[Helps]:
    """A pair that is not mirrored yet is, before 502 can split it."""
    return [
        Helps("complete_mirror", lambda s: all_of(is_unmirrored(s), none(lambda b: s.uncopied[b]))),
        *copying(design, lambda s, b: is_unmirrored(s) & s.uncopied[b], is_unmirrored),
        Helps("create_pair", lambda s: s.job & (s.pair.source_view == PairState.SIMPLEX)),
    ]


def _deciding(design: Design) -> list[Helps]:
    """A pair that is split may be joined before 502 has refused to split it, but not the other way round."""

    def is_received(s: Any) -> Any:
        return s.command == CommandPhase.RECEIVED

    return [
        Helps("answer_refusal", lambda s: s.command == CommandPhase.SPLIT_REFUSED),
        Helps("accept_backup", lambda s: is_received(s) & (s.pair.source_view != PairState.SPLIT)),
        Helps("refuse_split", lambda s: is_received(s) & (s.pair.source_view == PairState.SPLIT)),
        Helps("receive_backup_command", lambda s: s.backup_command),
    ]


def _pausing(design: Design) -> list[Helps]:
    """101 reports its pause once its write is complete, where it waits for that, and 102 commands the split."""

    def is_drained(s: Any) -> Any:
        return ~s.writing if design.pause is Pause.DRAINS else TRUE

    if design.servers is Servers.ONE:
        return [
            Helps(
                "command_split_and_backup",
                lambda s: all_of(s.server == ServerPhase.STARTED, is_drained(s)),
            )
        ]
    return [
        Helps("command_split_and_backup", lambda s: s.server == ServerPhase.CLEARED),
        Helps("receive_pause", lambda s: s.lan_paused),
        Helps("report_pause", lambda s: all_of(s.client == ClientPhase.PAUSING, is_drained(s))),
    ]
