"""508 and, in designs that have one, a second volume worker: destaging, copying, and completing what is copied.

What a worker does next when it is free is its own choice, and fair strongly: whatever it finds to be done again and
again it does at last, even if it was busy or did something else each time before. Without that a host that writes
steadily keeps it destaging, and the split is never completed, or keeps it copying, and a slot is never destaged
[G10, G34, R31]. What it has begun it goes on with; there weak fairness is enough.
"""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import (
    Backup,
    CopyReads,
    DestageClean,
    DifferenceCleared,
    DifferenceMarked,
    Ownership,
    PostSplitWrite,
    PreSplitSlot,
    Report,
)
from splitproof.model.controller.host_port import mark
from splitproof.model.controller.memory import locks_rows, shares_volumes, workers_of
from splitproof.model.controller.narration import Declare, told_as
from splitproof.model.controller.phases import DestageOf, WorkerPhase
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.expressions import Expr, ite, none
from splitproof.model.machine import Machine
from splitproof.model.records import Block
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import PairState, Processor, StepKind

__all__ = ["declare_completion", "declare_volume_worker"]

_WEAK, _STRONG = Fairness.WEAK, Fairness.STRONG
_FREE = (WorkerPhase.IDLE, WorkerPhase.POLLED)
_COMMANDED_BEFORE = "where the copy is commanded before the backup begins, or the split finds nothing to copy"


def declare_volume_worker(machine: Machine, design: Design, name: str, worker: Processor) -> None:
    """The steps of one worker; `name` is its memory."""
    action = _told_of(machine, worker)
    _declare_destage(action, design, name, worker)
    _declare_claim(action, design, name, worker)
    _declare_copy(action, design, name, worker)


def _told_of(machine: Machine, worker: Processor) -> Declare:
    return told_as(machine, {"508": str(worker.numeral)})


def _declare_destage(action: Declare, design: Design, name: str, worker: Processor) -> None:
    owns = _owns(design, Ownership.DESTAGE)
    two_slots = design.pre_split_slot is PreSplitSlot.TWO_SLOTS
    at_destage = design.difference_marked is DifferenceMarked.AT_DESTAGE

    def take(s: Any, b: Any, which: DestageOf, data: Expr, after: Any) -> None:
        own, row = s[name], s.row[b]
        when(own.phase.isin(*_FREE), needs_blocks=2)
        if owns:
            when(~row.owned)
            row.owned = True
        row.destage = which
        own.phase = WorkerPhase.TAKEN
        own.block = b
        own.data = data
        if at_destage:
            own.after = after

    @action(by=worker, kind=StepKind.DESTAGE, fair=_STRONG, cites=("R23", "R31"))
    def take_slot(s: State, b: Block) -> None:
        """508 takes the dirty slot of the block for destaging."""
        row = s.row[b]
        when(row.present)
        if design.post_split_write is PostSplitWrite.COPIED_FIRST and not two_slots:
            when(~(row.after & s.uncopied[b]))
        take(s, b, DestageOf.SLOT, row.data, False if two_slots else row.after)

    if two_slots:

        @action(by=worker, kind=StepKind.DESTAGE, fair=_STRONG, cites=("R23", "R31"))
        def take_later_version(s: State, b: Block) -> None:
            """508 takes the version from after the split for destaging."""
            row = s.row[b]
            when(row.next_present)
            when(~row.present)
            if design.post_split_write is PostSplitWrite.COPIED_FIRST:
                when(~s.uncopied[b])
            take(s, b, DestageOf.NEXT, row.next_data, True)

    @action(by=worker, kind=StepKind.DESTAGE, fair=_WEAK, cites=("R11", "R28"))
    def write_source(s: State) -> None:
        """508 writes the taken data to the source volume."""
        own = s[name]
        when(own.phase == WorkerPhase.TAKEN)
        s.source[own.block] = own.data
        own.phase = WorkerPhase.DESTAGED

    @action(by=worker, kind=StepKind.DESTAGE, fair=_WEAK, cites=("R31", "G33"))
    def finish_destage(s: State) -> None:
        """508 marks the row clean."""
        own = s[name]
        b = own.block
        row = s.row[b]
        when(own.phase == WorkerPhase.DESTAGED)
        _clean(row, design)
        row.destage = DestageOf.NONE
        if at_destage:
            mark(s, b, design, after_split=own.after & (s.pair.source_view == PairState.SPLIT))
        if owns:
            row.owned = False
        own.phase = WorkerPhase.IDLE


def _clean(row: Any, design: Design) -> None:
    """The destaged version is clean: at any rate if the design is blind, otherwise unless it was rewritten."""
    blind = design.destage_clean is DestageClean.BLIND
    if design.pre_split_slot is PreSplitSlot.TWO_SLOTS:
        row.present = row.present & (row.destage != DestageOf.SLOT)
        row.next_present = row.next_present & (row.destage != DestageOf.NEXT)
    else:
        row.present = False if blind else row.present & (row.destage == DestageOf.NONE)


def _declare_claim(action: Declare, design: Design, name: str, worker: Processor) -> None:
    asked = design.backup is Backup.ON_DEMAND

    if asked:

        @action(by=worker, kind=StepKind.COPY, fair=_STRONG, cites=("R65",))
        def poll_requests(s: State) -> None:
            """508 sees that no copy is requested."""
            when(s[name].phase == WorkerPhase.IDLE)
            when(none(lambda b: s.row[b].requested))
            s[name].phase = WorkerPhase.POLLED

        @action(by=worker, kind=StepKind.COPY, fair=_STRONG, cites=("R64", "R65"))
        def claim_requested(s: State, b: Block) -> None:
            """508 claims a block whose copy is requested."""
            when(s[name].phase.isin(*_FREE), needs_blocks=2)
            when(s.row[b].requested)
            _claim(s, b, design, name)

    @action(by=worker, kind=StepKind.COPY, fair=_STRONG, cites=("R12", "R54"))
    def claim(s: State, b: Block) -> None:
        """508 claims a differing block for copying."""
        when(s[name].phase == (WorkerPhase.POLLED if asked else WorkerPhase.IDLE), needs_blocks=2)
        if asked:
            when(~s.row[b].requested)
        _claim(s, b, design, name)


def _claim(s: Any, b: Any, design: Design, name: str) -> None:
    own, row = s[name], s.row[b]
    when(row.difference, idle="a block that is requested and not in copy is marked")
    when((s.pair.source_view != PairState.SPLIT) | s.pair.copy_commanded, idle=_COMMANDED_BEFORE)
    if design.copy_reads is CopyReads.AFTER_DESTAGE:
        when(~s.slot_before_split[b])
    if _owns(design, Ownership.COPY):
        when(
            ~row.owned, idle="where a copy waits for the destage, what another worker has is not to be copied"
        )
        row.owned = True
    row.in_flight = True
    if design.difference_cleared is DifferenceCleared.BEFORE_READ:
        row.difference = False
    if design.difference_cleared.remembers_marks:
        row.remarked = False
    own.block = b
    if design.copy_reads is CopyReads.THROUGH_CACHE:
        own.phase = ite(s.slot_before_split[b], WorkerPhase.READ, WorkerPhase.CLAIMED)
        own.data = row.data
    else:
        own.phase = WorkerPhase.CLAIMED


def _declare_copy(action: Declare, design: Design, name: str, worker: Processor) -> None:
    owns = _owns(design, Ownership.COPY)

    @action(by=worker, kind=StepKind.COPY, fair=_WEAK, cites=("R12", "R54"))
    def read_source(s: State) -> None:
        """508 reads the block from the source volume."""
        own = s[name]
        when(own.phase == WorkerPhase.CLAIMED)
        own.phase = WorkerPhase.READ
        own.data = s.source[own.block]

    @action(by=worker, kind=StepKind.COPY, fair=_WEAK, cites=("R12", "R54"))
    def write_target(s: State) -> None:
        """508 writes the block to the target volume."""
        own = s[name]
        when(own.phase == WorkerPhase.READ)
        s.target[own.block] = own.data
        own.phase = WorkerPhase.COPIED

    @action(by=worker, kind=StepKind.COPY, fair=_WEAK, cites=("R54", "R66"))
    def release(s: State) -> None:
        """508 releases the block: it is copied."""
        own = s[name]
        row = s.row[own.block]
        when(own.phase == WorkerPhase.COPIED)
        marked = _still_marked(row, design)
        row.in_flight = False
        row.difference = marked
        if design.backup is Backup.ON_DEMAND:
            row.requested = row.requested & marked if design.report is Report.WHEN_REFLECTED else False
        if owns:
            row.owned = False
        own.phase = WorkerPhase.IDLE


def _still_marked(row: Any, design: Design) -> Any:
    """Whether the block is marked once its copy is done."""
    if design.difference_cleared is DifferenceCleared.AFTER_WRITE:
        return False
    return row.remarked if design.difference_cleared.remembers_marks else row.difference


def declare_completion(machine: Machine, design: Design) -> None:
    """508 sees in the table when the mirror or the split is complete."""

    worker = workers_of(design)["disk"]
    action = _told_of(machine, worker)

    @action(by=worker, kind=StepKind.COPY, fair=_STRONG, cites=("R36",))
    def complete_mirror(s: State) -> None:
        """508 sees no difference left: the pair is mirrored."""
        when(
            s.disk.phase.isin(*_FREE), idle="where copies are visible and wait, what a worker has is uncopied"
        )
        when(s.pair.source_view == PairState.DUPLEX_PENDING)
        when(none(lambda b: s.uncopied[b]))
        s.pair.source_view = PairState.DUPLEX
        s.pair.target_view = PairState.DUPLEX

    @action(by=worker, kind=StepKind.COPY, fair=_STRONG, cites=("R44", "R54"))
    def complete_split(s: State) -> None:
        """508 sees no difference left: the target view becomes SPLIT."""
        when(s.disk.phase.isin(*_FREE))
        when(
            s.pair.source_view == PairState.SPLIT,
            idle="where both views are set before the copy is commanded",
        )
        when(s.pair.target_view != PairState.SPLIT)
        when(s.pair.copy_commanded)
        when(none(lambda b: s.uncopied[b]), idle="where the split waits until nothing is left to copy")
        s.pair.target_view = PairState.SPLIT


def _owns(design: Design, what: Ownership) -> bool:
    """Whether a worker takes the row to itself for this: among workers, or as 503 locks rows."""
    among_workers = shares_volumes(design) and design.ownership in (what, Ownership.FULL)
    return among_workers or locks_rows(design)
