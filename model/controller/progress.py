"""Why a split is completed and a backup ends, however many blocks there are: what falls, and which steps help.

Of one volume worker; of several, a step that helps one may be in another's way. `prove` sees whether each argument
holds of the design: what a design with an open race argues here is refused there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from splitproof.model.choices import (
    Backup,
    CheckUnit,
    CopyReads,
    Device,
    End,
    Lan,
    Servers,
    Split,
    Staging,
)
from splitproof.model.controller.command_port import last_phase, phase_before
from splitproof.model.controller.memory import locks_rows, shares_volumes
from splitproof.model.controller.phases import (
    AtBlock,
    BackupAnswer,
    CommandPhase,
    DestageOf,
    EndReport,
    HostTask,
    ServerPhase,
    TapePhase,
    WorkerPhase,
)
from splitproof.model.design import Design
from splitproof.model.expressions import FALSE, TRUE, Expr, all_of, any_of, none, some
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps
from splitproof.spec.split_backup import BACKUP_ENDS, SPLIT_COMPLETES
from splitproof.spec.vocabulary import PairState

__all__ = ["declare_progress"]

_Of = Callable[[Any], Any]
_OfBlock = Callable[[Any, Any], Any]
_BUSY = (
    ("release", WorkerPhase.COPIED),
    ("write_target", WorkerPhase.READ),
    ("read_source", WorkerPhase.CLAIMED),
    ("finish_destage", WorkerPhase.DESTAGED),
    ("write_source", WorkerPhase.TAKEN),
)
"""What a volume worker goes on with once it has begun, the last step first."""


def declare_progress(machine: Machine, design: Design) -> None:
    """The arguments for the design, where there are any."""
    if shares_volumes(design) or locks_rows(design) or design.lan is Lan.DUPLICATING:
        return
    _argue_for_split(machine, design)
    if design.device is Device.TAPE:
        _argue_for_backup(machine, design)


# -- copying


def _waits_for_destage(design: Design) -> bool:
    return design.copy_reads is CopyReads.AFTER_DESTAGE


def _to_copy(design: Design, while_: _Of) -> list[Falls]:
    """What copying leaves less of, under a condition that only falls."""
    falls = [
        Falls("blocks that are marked as different", lambda s, b: while_(s) & s.row[b].difference),
        Falls("blocks that are not copied", lambda s, b: while_(s) & s.uncopied[b]),
    ]
    if _waits_for_destage(design):
        slots = Falls(
            "dirty slots from before the split that nobody destages",
            lambda s, b: while_(s) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
        )
        falls.insert(0, slots)
    return falls


def _destaging(needed: _OfBlock) -> list[Helps]:
    """Destaging the slots of needed blocks, while something else may be destaged before."""
    return [
        Helps(
            "take_slot",
            lambda s, b: needed(s, b) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
        )
    ]


def _going_on(while_: _Of) -> list[Helps]:
    """The worker gets its hands free, whatever it has in them, while it is needed."""
    return [
        Helps(name, lambda s, phase=phase: all_of(s.disk.phase == phase, while_(s))) for name, phase in _BUSY
    ]


def _copying(design: Design, needed: _OfBlock, while_: _Of, requested_only: bool = False) -> list[Helps]:
    """Copying needed blocks, which are uncopied. `while_`: the worker is needed with its hands free."""

    def waiting(s: Any, b: Any) -> Expr:
        found: Expr = needed(s, b) & s.row[b].difference
        return found

    def ready(s: Any, b: Any) -> Expr:
        return all_of(waiting(s, b), ~s.slot_before_split[b]) if _waits_for_destage(design) else waiting(s, b)

    asked = design.backup is Backup.ON_DEMAND
    claiming = [Helps("claim", lambda s, b: ready(s, b) & ~s.requested[b])]
    polling = [
        Helps("poll_requests", lambda s: none(lambda b: s.row[b].requested) & some(lambda b: ready(s, b)))
    ]
    return [
        *([] if requested_only else claiming),
        *([Helps("claim_requested", lambda s, b: ready(s, b) & s.row[b].requested)] if asked else []),
        *(_destaging(waiting) if _waits_for_destage(design) else []),
        *(polling if asked and not requested_only else []),
        *_going_on(while_),
    ]


# -- the split


def _argue_for_split(machine: Machine, design: Design) -> None:
    asked = design.backup is Backup.ON_DEMAND
    rank = [Falls("the copy is not commanded", lambda s: ~s.pair.copy_commanded)]
    if asked:
        rank.append(
            Falls(
                "blocks that are not copied and not requested",
                lambda s, b: s.uncopied[b] & ~s.row[b].requested,
            )
        )
    helpful = [Helps("complete_split", lambda s: none(lambda b: s.uncopied[b]))]
    helpful += _commanding_the_copy(design)
    helpful += _copying(design, lambda s, b: s.uncopied[b], lambda s: TRUE)
    machine.argue(
        SPLIT_COMPLETES.id, rank=[*rank, *_to_copy(design, lambda s: s.pair.copy_commanded)], helpful=helpful
    )


def _commanding_the_copy(design: Design) -> list[Helps]:
    if design.split is not Split.SEPARATE:
        return [Helps("command_copy", lambda s: s.command == CommandPhase.SPLIT)]
    return [
        Helps("command_copy", lambda s: s.task == HostTask.REPORTED),
        Helps("report_split", lambda s: s.task == HostTask.SPLIT),
    ]


# -- the backup


def _argue_for_backup(machine: Machine, design: Design) -> None:
    """From its acceptance to the moment when 102 learns of the end. A command that also splits waits for the mirror."""
    splits = design.split is Split.COMBINED
    reading = _reading(design)
    rank = [
        Falls("a backup is accepted", lambda s: s.job),
        *(_before_the_split() if splits else []),
        Falls("503 has not begun", lambda s: s.job & _is_before_503(s)),
        Falls("the copy is not commanded", lambda s: s.job & ~s.pair.copy_commanded),
        *_stages(reading.stages),
        *_to_copy(design, lambda s: s.job),
    ]
    helpful = [
        *_telling_the_end(design),
        *reading.helpful,
        *(_splitting(design) if splits else _commanding_the_copy(design)),
        *_copying_for(design, reading.waits_for),
        *_handing_over(design),
    ]
    if splits:
        helpful += [
            Helps("answer_split", lambda s: s.command == phase_before("answer", design)),
            Helps("create_pair", lambda s: s.job & (s.pair.source_view == PairState.SIMPLEX)),
        ]
    machine.argue(BACKUP_ENDS.id, rank=rank, helpful=helpful, pending=lambda s: _is_pending(s, design))


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


def _before_the_split() -> list[Falls]:
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
            lambda s: (
                s.job & (s.pair.source_view == PairState.DUPLEX_PENDING) & none(lambda b: s.uncopied[b])
            ),
        ),
    ]


def _copying_for(design: Design, waits_for: _OfBlock | None) -> list[Helps]:
    """What 503 waits for, and before the split of the same command, the mirror."""

    def is_unmirrored(s: Any) -> Expr:
        return all_of(s.job, s.pair.source_view == PairState.DUPLEX_PENDING)

    def waits(s: Any, b: Any) -> Any:
        return FALSE if waits_for is None else waits_for(s, b)

    def is_waiting(s: Any) -> Any:
        return FALSE if waits_for is None else some(lambda b: waits_for(s, b))

    if design.split is Split.COMBINED:
        return _copying(
            design,
            lambda s, b: any_of(is_unmirrored(s) & s.uncopied[b], waits(s, b)),
            lambda s: any_of(is_unmirrored(s), is_waiting(s)),
        )
    if waits_for is None:
        return []
    if design.backup is Backup.STAGE:
        return [*_destaging(waits), *_going_on(is_waiting)]
    return _copying(design, waits, is_waiting, requested_only=design.backup is Backup.ON_DEMAND)


def _stages(stages: list[tuple[str, _OfBlock]]) -> list[Falls]:
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


# -- what 503 does with each block


@dataclass(frozen=True)
class _Reading:
    """What 503 does: the stages of a block, the first one first; the steps that help, the last one first.

    `waits_for(s, b)`: that 503 waits until the block is destaged or copied; None if it never does.
    """

    stages: list[tuple[str, _OfBlock]]
    helpful: list[Helps]
    waits_for: _OfBlock | None


def _at(at: AtBlock) -> _OfBlock:
    return lambda s, b: s.backup.at[b] == at


def _reading(design: Design) -> _Reading:
    stages, checking, waits_for = _CHECKS[design.backup](design)
    whole_range = design.check_unit is CheckUnit.RANGE
    is_staging = design.backup is Backup.STAGE
    first = design.backup in (Backup.UNCHECKED, Backup.HOST_POLLS)
    readable = AtBlock.TODO if first else AtBlock.CLEAN

    def is_read(s: Any, b: Any) -> Expr:
        conditions = [s.backup.at[b] == readable]
        if not is_staging:
            conditions.append(none(lambda x: s.backup.at[x] == AtBlock.STAGED))
        if design.backup is Backup.ON_DEMAND and whole_range:
            conditions.append(none(lambda x: s.backup.at[x].isin(AtBlock.TODO, AtBlock.REQUESTED)))
        return all_of(*conditions)

    def is_written(s: Any, b: Any) -> Expr:
        staged: Expr = s.backup.at[b] == AtBlock.STAGED
        if is_staging and whole_range:
            return all_of(staged, none(lambda x: s.backup.at[x].isin(*_UNSTAGED)))
        return staged

    def is_done(s: Any) -> Expr:
        over = none(lambda b: ~s.backup.at[b].isin(AtBlock.OUT, AtBlock.WRITTEN))
        return all_of(s.backup.phase == TapePhase.RUNNING, over)

    stages = [*stages, *([] if first else [("found reflected", _at(AtBlock.CLEAN))])]
    helpful = [
        Helps("report_done", is_done),
        Helps("write_tape", is_written),
        Helps("read_target", is_read),
        *checking,
    ]
    return _Reading([*stages, ("staged", _at(AtBlock.STAGED))], helpful, waits_for)


_UNSTAGED = (AtBlock.TODO, AtBlock.DIFFERING, AtBlock.FETCHED, AtBlock.CLEAN)
_Checked = tuple[list[tuple[str, _OfBlock]], list[Helps], _OfBlock | None]
"""The stages before a block is readable, the steps that help on the way, and what 503 waits for."""


def _unchecked(design: Design) -> _Checked:
    return [("to do", _at(AtBlock.TODO))], [], None


def _on_demand(design: Design) -> _Checked:
    helpful = [
        Helps("see_copied", lambda s, b: (s.backup.at[b] == AtBlock.REQUESTED) & ~s.row[b].requested),
        Helps("check_block", _at(AtBlock.TODO)),
    ]
    stages = [("to do", _at(AtBlock.TODO)), ("copy requested", _at(AtBlock.REQUESTED))]
    return stages, helpful, lambda s, b: (s.backup.at[b] == AtBlock.REQUESTED) & s.row[b].requested


def _wait_all(design: Design) -> _Checked:
    def is_over(s: Any) -> Expr:
        return all_of(some(lambda b: s.backup.at[b] == AtBlock.TODO), none(lambda b: s.uncopied[b]))

    return (
        [("to do", _at(AtBlock.TODO))],
        [Helps("see_all_copied", is_over)],
        lambda s, b: (s.backup.phase == TapePhase.RUNNING) & s.uncopied[b],
    )


def _staging(design: Design) -> _Checked:
    """What is found differing is read from the source; if it was copied meanwhile, it is to do again, once."""
    waits = design.copy_reads is CopyReads.AFTER_DESTAGE

    def waits_for(s: Any, b: Any) -> Expr:
        return all_of(s.backup.at[b] == AtBlock.TODO, s.uncopied[b], s.slot_before_split[b])

    def is_checked(s: Any, b: Any) -> Expr:
        to_do: Expr = s.backup.at[b] == AtBlock.TODO
        return all_of(to_do, ~(s.uncopied[b] & s.slot_before_split[b])) if waits else to_do

    def uncopied(at: AtBlock) -> _OfBlock:
        return lambda s, b: (s.backup.at[b] == at) & s.uncopied[b]

    helpful = [
        Helps("read_source_into_staging", _at(AtBlock.DIFFERING)),
        Helps("check_block", is_checked),
    ]
    if design.staging is Staging.RECHECKED:
        helpful.insert(0, Helps("recheck_block", _at(AtBlock.FETCHED)))
    stages = [
        *(
            (f"{at.value} and not copied", uncopied(at))
            for at in (AtBlock.TODO, AtBlock.DIFFERING, AtBlock.FETCHED)
        ),
        ("found differing", _at(AtBlock.DIFFERING)),
        ("read from source", _at(AtBlock.FETCHED)),
        ("to do", _at(AtBlock.TODO)),
    ]
    return stages, helpful, waits_for if waits else None


_CHECKS: dict[Backup, Callable[[Design], _Checked]] = {
    Backup.UNCHECKED: _unchecked,
    Backup.HOST_POLLS: _unchecked,
    Backup.ON_DEMAND: _on_demand,
    Backup.WAIT_ALL: _wait_all,
    Backup.STAGE: _staging,
}
