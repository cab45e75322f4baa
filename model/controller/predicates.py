"""The words that the controller thinks in: named predicates, in which its properties and proofs speak."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import Backup, DirtyCounts, End, InFlight, PreSplitSlot, Servers, Split
from splitproof.model.controller.command_port import answered_phases, phase_before, unsplit_phases
from splitproof.model.controller.memory import workers_of
from splitproof.model.controller.messages import issues_writes
from splitproof.model.controller.orders import declare_orders
from splitproof.model.controller.phases import (
    COPYING,
    DESTAGING,
    AtBlock,
    BackupAnswer,
    ClientPhase,
    CommandPhase,
    DestageOf,
    EndReport,
    HostTask,
    PairAnswer,
    ServerPhase,
    TapePhase,
    WorkerPhase,
    WritePhase,
)
from splitproof.model.controller.servers import is_paused
from splitproof.model.design import Design
from splitproof.model.expressions import FALSE, Expr, all_of, any_of, ite, some
from splitproof.model.machine import Machine
from splitproof.spec.pair_states import legal_views
from splitproof.spec.vocabulary import PairState

__all__ = ["declare_predicates", "marking_outstanding"]


def declare_predicates(machine: Machine, design: Design) -> None:
    """Declare them all; what they mean depends on the design's choices."""
    _declare_cache_words(machine, design)
    _declare_copy_words(machine, design)
    _declare_write_words(machine, design)
    _declare_tape_words(machine)
    _declare_split_words(machine, design)
    _declare_run_words(machine, design)
    _declare_backup_words(machine, design)
    declare_orders(machine, design)


def _declare_cache_words(machine: Machine, design: Design) -> None:
    two_slots = design.pre_split_slot is PreSplitSlot.TWO_SLOTS

    def cached(s: Any, b: Any) -> Expr:
        return any_of(s.row[b].present, s.row[b].next_present if two_slots else FALSE)

    def logical(s: Any, b: Any) -> Expr:
        older = ite(s.row[b].present, s.row[b].data, s.source[b])
        return ite(s.row[b].next_present, s.row[b].next_data, older) if two_slots else older

    def slot_before_split(s: Any, b: Any) -> Expr:
        present: Expr = s.row[b].present
        return present if two_slots else present & ~s.row[b].after

    def uncopied(s: Any, b: Any) -> Expr:
        return any_of(
            s.row[b].difference,
            s.row[b].in_flight if design.in_flight is InFlight.VISIBLE else FALSE,
            s.slot_before_split[b] if design.dirty_counts is DirtyCounts.YES else FALSE,
        )

    machine.predicate("cached", "a slot of the block is dirty", cached)
    machine.predicate("logical", "what a host read of the block returns", logical)
    machine.predicate(
        "slot_before_split",
        "the block has a dirty slot that was not written after the split",
        slot_before_split,
    )
    machine.predicate("uncopied", "a copy of the block is outstanding, as the controller sees it", uncopied)
    machine.predicate(
        "to_copy",
        "what a copy of the block is to bring",
        lambda s, b: ite(s.slot_before_split[b], s.row[b].data, s.source[b]),
    )
    machine.predicate(
        "to_mirror",
        "what the target is to hold",
        lambda s, b: ite(s.pair.source_view == PairState.SPLIT, s.image[b], s.logical[b]),
    )
    machine.predicate(
        "marked",
        "the block is marked as different",
        lambda s, b: (
            s.row[b].difference
            | (s.slot_before_split[b] if design.dirty_counts is DirtyCounts.YES else FALSE)
        ),
    )


def _declare_copy_words(machine: Machine, design: Design) -> None:
    workers = tuple(workers_of(design))
    machine.predicate(
        "in_copy",
        "a worker is copying the block",
        lambda s, b: any_of(*(s[w].phase.isin(*COPYING) & (s[w].block == b) for w in workers)),
    )
    machine.predicate(
        "copy_shown",
        "the row shows a copy exactly while a worker is copying the block",
        lambda s, b: s.row[b].in_flight == s.in_copy[b],
    )
    machine.predicate(
        "in_destage",
        "a worker is destaging the block",
        lambda s, b: any_of(*(s[w].phase.isin(*DESTAGING) & (s[w].block == b) for w in workers)),
    )
    _declare_words_on_the_way(machine, design)
    machine.predicate(
        "being_written",
        "a write of the block is accepted and not acknowledged",
        lambda s, b: s.write_outstanding & (s.write.block == b),
    )
    machine.predicate(
        "copy_written",
        "a worker has written the block to the target and not released it",
        lambda s, b: any_of(*((s[w].phase == WorkerPhase.COPIED) & (s[w].block == b) for w in workers)),
    )
    machine.predicate(
        "destage_written",
        "a worker has written the block to the source and not marked its row clean",
        lambda s, b: any_of(*((s[w].phase == WorkerPhase.DESTAGED) & (s[w].block == b) for w in workers)),
    )
    machine.predicate(
        "requested",
        "503 has asked for a copy of the block",
        lambda s, b: s.row[b].requested if design.backup is Backup.ON_DEMAND else FALSE,
    )


def _declare_write_words(machine: Machine, design: Design) -> None:
    machine.predicate("incoming", "what the host write holds", lambda s, b: s.write.data)
    machine.predicate(
        "write_outstanding",
        "a host write is accepted and not acknowledged",
        lambda s: ~s.write.phase.isin(WritePhase.NONE, WritePhase.ACKNOWLEDGED),
    )
    machine.predicate(
        "write_in_flight",
        "a host write is issued and not acknowledged",
        lambda s: any_of(s.write_outstanding, s.write_request.sent if issues_writes(design) else FALSE),
    )
    machine.predicate(
        "mark_outstanding",
        "data of the block is stored and its difference not marked yet",
        lambda s, b: marking_outstanding(s) & (s.write.block == b),
    )


def _declare_tape_words(machine: Machine) -> None:
    machine.predicate("tape_begun", "a record is on the tape", lambda s: some(lambda b: s.tape[b].written))
    machine.predicate("staging", "what was read for the tape", lambda s, b: s.backup.data[b])
    machine.predicate(
        "staged", "the block is ready for the tape", lambda s, b: s.backup.at[b] == AtBlock.STAGED
    )


def _declare_words_on_the_way(machine: Machine, design: Design) -> None:
    """Where the data of a block is while a worker carries it from one place to another."""
    workers = tuple(workers_of(design))
    two_slots = design.pre_split_slot is PreSplitSlot.TWO_SLOTS

    def carried(s: Any, b: Any, phase: WorkerPhase, otherwise: Any) -> Any:
        for worker in reversed(workers):
            holds = (s[worker].phase == phase) & (s[worker].block == b)
            otherwise = ite(holds, s[worker].data, otherwise)
        return otherwise

    def shown(s: Any, b: Any) -> Expr:
        row = s.row[b]
        is_later = row.destage == DestageOf.NEXT
        return all_of(
            any_of(row.destage == DestageOf.NONE, s.in_destage[b]),
            any_of(~s.in_destage[b], s.cached[b]),
            any_of(~is_later, row.next_present & ~row.present) if two_slots else ~is_later,
            any_of(row.destage != DestageOf.SLOT, row.present),
        )

    machine.predicate(
        "destage_shown",
        "the row shows a destage only while a worker is destaging the block, and of a version that is dirty",
        shown,
    )
    machine.predicate(
        "destaging",
        "the version of the block that is being destaged",
        lambda s, b: (
            ite(s.row[b].destage == DestageOf.NEXT, s.row[b].next_data, s.row[b].data)
            if two_slots
            else s.row[b].data
        ),
    )
    machine.predicate(
        "destaged",
        "what a destage of the block carries, or has written",
        lambda s, b: carried(s, b, WorkerPhase.TAKEN, s.source[b]),
    )
    machine.predicate(
        "copied",
        "what a copy of the block is to read, carries, or has written",
        lambda s, b: carried(s, b, WorkerPhase.READ, ite(s.copy_written[b], s.target[b], s.to_copy[b])),
    )


def marking_outstanding(s: Any) -> Expr:
    """501 holds a write that is stored and not marked."""
    outstanding: Expr = s.write.phase.isin(WritePhase.UNMARKED, WritePhase.ACKNOWLEDGED)
    return outstanding


def _declare_split_words(machine: Machine, design: Design) -> None:
    by_501 = design.split is Split.SEPARATE
    machine.predicate(
        "split_received",
        f"{501 if by_501 else 502} has received a split command and not carried it out",
        lambda s: s.task == HostTask.ORDERED if by_501 else s.command.isin(*unsplit_phases(design)),
    )
    machine.predicate(
        "split_outstanding",
        "a split is commanded and its end not reported",
        lambda s: _split_outstanding(s, design),
    )
    machine.predicate(
        "target_view_outstanding",
        "the source view is set and the target view is still to be set",
        lambda s: (s.pair.source_view == PairState.SPLIT) & (s.pair.target_view == PairState.DUPLEX),
    )
    machine.predicate(
        "copy_arranged",
        "where the pair is split, the copy is commanded, or whoever has split it is about to command it",
        lambda s: any_of(
            s.pair.source_view != PairState.SPLIT,
            s.pair.copy_commanded,
            s.task.isin(HostTask.SPLIT, HostTask.REPORTED)
            if by_501
            else s.command == phase_before("command copy", design),
        ),
    )
    machine.predicate(
        "views_agree",
        "the two views of the pair are one of the document's states",
        lambda s: any_of(
            s.target_view_outstanding,
            *(
                (s.pair.source_view == source) & (s.pair.target_view == target)
                for source, target in legal_views()
            ),
        ),
    )


def _declare_run_words(machine: Machine, design: Design) -> None:
    by_501 = design.split is Split.SEPARATE
    machine.predicate(
        "run_under_way", "102 has started a run that has not ended", lambda s: s.server != ServerPhase.IDLE
    )
    machine.predicate(
        "backup_outstanding",
        "102 is to command a backup, or has commanded one that has not ended",
        lambda s: (
            ~s.server.isin(
                ServerPhase.IDLE,
                ServerPhase.STARTED,
                *([] if by_501 else [ServerPhase.CLEARED, ServerPhase.REFUSED]),
            )
        ),
    )
    machine.predicate(
        "split_remembered",
        "a split is remembered from the moment that it is carried out to the end of the run",
        lambda s: s.split_in_run == _is_past_split(s, design),
    )
    machine.predicate(
        "parameters_in_use",
        "502 has stored the parameters of a backup and not cleared them",
        lambda s: s.command.isin(*_phases_with_parameters(design)),
    )
    machine.predicate(
        "rests_on_split",
        "502 has a backup under way that rests on the split",
        lambda s: (
            s.parameters_in_use if by_501 else s.parameters_in_use & ~s.command.isin(*unsplit_phases(design))
        ),
    )
    if design.backup is Backup.HOST_POLLS:
        machine.predicate(
            "split_seen",
            "it was seen in this run that the pair is split on both sides",
            lambda s: any_of(
                s.asked == PairAnswer.SPLIT,
                s.pair_question == PairAnswer.SPLIT,
                s.server.isin(ServerPhase.CONFIRMED, ServerPhase.COMMANDED),
            ),
        )


def _declare_backup_words(machine: Machine, design: Design) -> None:
    machine.predicate("backup_accepted", "502 has accepted a backup that has not ended", lambda s: s.job)
    machine.predicate(
        "backup_running",
        "503 is told to back up and has not done so",
        lambda s: s.backup_notice | (s.backup.phase != TapePhase.IDLE),
    )
    machine.predicate("backup_notified", "503 is told to back up", lambda s: s.backup_notice)
    machine.predicate(
        "end_reported",
        "a good end of the backup is reported to 102",
        lambda s: (
            s.backup_question == BackupAnswer.ENDED
            if design.end is End.POLLED
            else s.end_report == EndReport.GOOD
        ),
    )
    machine.predicate("in_range", "the block is in the range of the backup", lambda s, b: s.job_range[b])
    if issues_writes(design):
        machine.predicate("paused", "101 issues no write", lambda s: is_paused(s, design))


def _phases_with_parameters(design: Design) -> tuple[CommandPhase, ...]:
    """Of 502, from the acceptance of a backup to its end; one command that also splits has the split in between."""
    work = (CommandPhase.ACCEPTED, CommandPhase.RUNNING, CommandPhase.ENDED)
    if design.split is not Split.COMBINED:
        return work
    split = (CommandPhase.COPY_COMMANDED, CommandPhase.SPLIT, CommandPhase.VIEW_SET, CommandPhase.ANSWERED)
    return (*work, *split)


def _is_past_split(s: Any, design: Design) -> Expr:
    """Until 102 learns of its end."""
    reported = s.split_report == EndReport.GOOD
    if design.split is Split.SEPARATE:
        relayed = [s.client == ClientPhase.RELAYING, s.lan_split] if design.servers is Servers.TWO else []
        at_102 = ~s.server.isin(ServerPhase.IDLE, ServerPhase.STARTED)
        return any_of(s.task == HostTask.SPLIT, reported, *relayed, at_102)
    phases = (CommandPhase.IDLE, CommandPhase.SPLIT_REFUSED, *unsplit_phases(design))
    at_102 = s.server.isin(ServerPhase.RESPONDED, ServerPhase.RESUMED, ServerPhase.COMMANDED)
    return any_of(~s.command.isin(*phases), reported, at_102)


def _split_outstanding(s: Any, design: Design) -> Expr:
    if design.split is Split.SEPARATE:
        return any_of(s.split_command, s.task.isin(HostTask.ORDERED, HostTask.SPLIT))
    command = s.backup_command if design.split is Split.COMBINED else s.split_command
    return any_of(command, s.command.isin(*answered_phases(design)))
