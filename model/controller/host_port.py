"""501: host writes, and the pair commands: create, split (also for 502 where that splits), resync."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import (
    Acknowledge,
    Creation,
    DestageClean,
    DifferenceCleared,
    DifferenceMarked,
    HostIo,
    PostSplitTable,
    PostSplitWrite,
    PreSplitSlot,
    Resync,
    Split,
    SplitWhen,
    TargetViewSet,
)
from splitproof.model.controller.messages import issues_writes
from splitproof.model.controller.phases import DestageOf, EndReport, HostTask, WritePhase
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.expressions import ite, none
from splitproof.model.machine import Machine
from splitproof.model.records import Block, Data
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import HOST_PORT, Event, PairState, StepKind

__all__ = ["declare_host_writes", "declare_pair_commands", "mark", "split_pair"]

_WEAK = Fairness.WEAK
_PAIRED = (PairState.DUPLEX_PENDING, PairState.DUPLEX)
_MARKED_BETWEEN = {
    DifferenceMarked.BEFORE_STORE: (WritePhase.ACCEPTED, WritePhase.MARKED),
    DifferenceMarked.BEFORE_ACK: (WritePhase.UNMARKED, WritePhase.STORED),
    DifferenceMarked.AFTER_ACK: (WritePhase.ACKNOWLEDGED, WritePhase.NONE),
}
"""Where the mark is a step of its own: the phases of the write before and after it."""


def declare_host_writes(machine: Machine, design: Design) -> None:
    """A write is accepted, stored into its row and acknowledged; its difference is marked on the way [R29]."""
    _declare_acceptance(machine, design)
    marked = design.difference_marked
    ready = WritePhase.MARKED if marked is DifferenceMarked.BEFORE_STORE else WritePhase.ACCEPTED
    late = marked in (DifferenceMarked.BEFORE_ACK, DifferenceMarked.AFTER_ACK)

    @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO, fair=_WEAK, cites=("R29",))
    def store(s: State) -> None:
        """501 stores the data of the write into the cache."""
        b = s.write.block
        when(s.write.phase == ready)
        _when_row_is_free(s, b, design)
        _put(s, b, design)
        if marked is DifferenceMarked.WITH_STORE:
            mark(s, b, design, after_split=s.pair.source_view == PairState.SPLIT)
        s.write.phase = WritePhase.UNMARKED if late else WritePhase.STORED

    @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO, fair=_WEAK, cites=("R29", "R30"))
    def acknowledge(s: State) -> None:
        """501 reports the write complete to the host."""
        last = marked is DifferenceMarked.AFTER_ACK
        when(s.write.phase == (WritePhase.UNMARKED if last else WritePhase.STORED))
        s.write.phase = WritePhase.ACKNOWLEDGED if last else WritePhase.NONE
        s.last_acknowledged[s.write.block] = s.write.data
        if issues_writes(design):
            s.write_done = True

    if marked in _MARKED_BETWEEN:
        _declare_marking(machine, design)


def _declare_acceptance(machine: Machine, design: Design) -> None:
    if issues_writes(design):

        @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO, fair=_WEAK, cites=("R29", "G22"))
        def receive_write(s: State) -> None:
            """501 receives a write of 101."""
            when(s.write.phase == WritePhase.NONE, idle="101 issues no write before the last is acknowledged")
            when(s.write_request.sent)
            s.write.phase = WritePhase.ACCEPTED
            s.write.block = s.write_request.block
            s.write.data = s.write_request.data
            s.write_request.sent = False

    else:

        @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO, cites=("R29",))
        def accept_write(s: State, b: Block, data: Data) -> None:
            """501 accepts a host write of the block."""
            when(s.write.phase == WritePhase.NONE)
            s.write.phase = WritePhase.ACCEPTED
            s.write.block = b
            s.write.data = data


def _declare_marking(machine: Machine, design: Design) -> None:
    """The mark as a step of its own [G01]."""
    before, after = _MARKED_BETWEEN[design.difference_marked]

    @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO, fair=_WEAK, cites=("G01",))
    def mark_difference(s: State) -> None:
        """501 marks the block of the write in the difference table."""
        when(s.write.phase == before)
        mark(s, s.write.block, design, after_split=s.pair.source_view == PairState.SPLIT)
        s.write.phase = after


def _when_row_is_free(s: Any, b: Any, design: Design) -> None:
    """What a write after the split waits for, in designs that protect the image at the store."""
    split = s.pair.source_view == PairState.SPLIT
    if design.pre_split_slot is PreSplitSlot.PROTECTED:
        when(~(split & s.slot_before_split[b]))
    if design.post_split_write is PostSplitWrite.HELD_AT_STORE:
        when(~(split & s.uncopied[b]))


def _put(s: Any, b: Any, design: Design) -> None:
    """The write's data into the row; a version that is being destaged is no longer the latest."""
    split = s.pair.source_view == PairState.SPLIT
    row = s.row[b]
    if design.pre_split_slot is PreSplitSlot.TWO_SLOTS:
        row.present = row.present | ~split
        row.data = ite(split, row.data, s.write.data)
        row.next_present = row.next_present | split
        row.next_data = ite(split, s.write.data, row.next_data)
        if design.destage_clean is DestageClean.COMPARED:
            rewritten = row.destage == ite(split, DestageOf.NEXT, DestageOf.SLOT)
            row.destage = ite(rewritten, DestageOf.NONE, row.destage)
    else:
        row.present = True
        row.data = s.write.data
        row.after = split
        row.destage = DestageOf.NONE


def mark(s: Any, b: Any, design: Design, after_split: Any) -> None:
    """Mark block b as different: in 514, or after the split in the table that the design keeps for it.

    `after_split`: whether the data was written after the split that the pair is in.
    """
    row = s.row[b]
    marked = s.pair.source_view != PairState.SIMPLEX
    if design.post_split_table is not PostSplitTable.SAME:
        row.post_difference = row.post_difference | after_split
        marked = marked & ~after_split
    row.difference = row.difference | marked
    if design.difference_cleared.remembers_marks:
        row.remarked = row.remarked | marked


def declare_pair_commands(machine: Machine, design: Design) -> None:
    """Create, split and resync; each name in one step what becomes of the tables and of both views."""
    _declare_create(machine, design)
    if design.split is Split.SEPARATE:
        _declare_split(machine, design)
        _declare_split_messages(machine, design)
    _declare_resync(machine, design)


def _declare_create(machine: Machine, design: Design) -> None:
    @machine.action(by=HOST_PORT, kind=StepKind.PAIR, fair=_WEAK, cites=("R35", "R40"))
    def create_pair(s: State) -> None:
        """501 forms the pair; the creation copy begins."""
        when(s.pair.source_view == PairState.SIMPLEX)
        s.pair.source_view = PairState.DUPLEX_PENDING
        s.pair.target_view = PairState.DUPLEX_PENDING
        if design.creation is Creation.MARKS_ALL:
            s.row.difference.each(True)


def _declare_split(machine: Machine, design: Design) -> None:
    """Strongly fair: between two writes 501 chooses what to do next, and does not pass over a split for ever."""

    @machine.action(by=HOST_PORT, kind=StepKind.PAIR, fair=Fairness.STRONG, cites=("R13", "R43", "R51"))
    def split(s: State) -> None:
        """501 splits the pair: the difference table stands, and the image is what hosts read now."""
        when(s.task == HostTask.ORDERED)
        if design.host_io is HostIo.SERIAL:
            when(s.write.phase == WritePhase.NONE)
        split_pair(s, design)
        s.task = HostTask.SPLIT


def split_pair(s: Any, design: Design) -> None:
    """The split step, whoever takes it: the views change, and ghosts remember what the source is."""
    when(
        s.pair.source_view.isin(*((PairState.DUPLEX,) if design.split_when is SplitWhen.DUPLEX else _PAIRED))
    )
    if design.acknowledge is Acknowledge.AFTER_COPYING:
        when(none(lambda b: s.uncopied[b] | s.cached[b]))
    s.pair.source_view = PairState.SPLIT
    if design.target_view_set is TargetViewSet.BEFORE_COMMAND:
        s.pair.target_view = PairState.SPLIT_PENDING
    s.image.each(lambda b: s.logical[b])
    s.split_in_run = True


def _declare_split_messages(machine: Machine, design: Design) -> None:
    @machine.action(by=HOST_PORT, kind=StepKind.MESSAGE, fair=_WEAK, cites=("R51",))
    def receive_split_command(s: State) -> None:
        """501 receives the split command."""
        when(s.split_command)
        when(s.task == HostTask.NONE, idle="where 102 waits for the split, 501 is done before the next run")
        s.split_command = False
        s.task = HostTask.ORDERED

    @machine.action(
        by=HOST_PORT, kind=StepKind.MESSAGE, fair=_WEAK, cites=("R07", "R52"), counts=(Event.REPORT,)
    )
    def report_split(s: State) -> None:
        """501 reports the end of the split to 101."""
        when(s.task == HostTask.SPLIT)
        s.task = HostTask.REPORTED
        s.split_report = EndReport.GOOD

    sets_view_late = design.target_view_set is TargetViewSet.AFTER_COMMAND

    @machine.action(by=HOST_PORT, kind=StepKind.MESSAGE, fair=_WEAK, cites=("R53",))
    def command_copy(s: State) -> None:
        """501 commands 508, through the management record, to copy what the table says."""
        when(s.task == HostTask.REPORTED)
        s.task = HostTask.COMMANDED if sets_view_late else HostTask.NONE
        s.pair.copy_commanded = True

    if sets_view_late:

        @machine.action(by=HOST_PORT, kind=StepKind.PAIR, fair=_WEAK, cites=("G21",))
        def set_target_view(s: State) -> None:
            """501 sets the target view to SPLIT_PENDING."""
            when(s.task == HostTask.COMMANDED)
            s.task = HostTask.NONE
            s.pair.target_view = PairState.SPLIT_PENDING


def _declare_resync(machine: Machine, design: Design) -> None:
    @machine.action(by=HOST_PORT, kind=StepKind.PAIR, cites=("G12",))
    def resync(s: State) -> None:
        """501 joins the pair again: what was written since the split is to be copied."""
        when(s.pair.source_view == PairState.SPLIT)
        if design.split is Split.SEPARATE:
            when(s.task.isin(HostTask.NONE, HostTask.ORDERED))
        if design.resync is Resync.GUARDED:
            when(~s.job)
        s.pair.source_view = PairState.DUPLEX_PENDING
        s.pair.target_view = PairState.DUPLEX_PENDING
        s.pair.copy_commanded = False
        if design.post_split_table is PostSplitTable.OWN:
            s.row.difference.each(lambda b: s.row[b].difference | s.row[b].post_difference)
            if design.difference_cleared is DifferenceCleared.GENERATION:
                s.row.remarked.each(lambda b: s.row[b].remarked | s.row[b].post_difference)
        if design.post_split_table is not PostSplitTable.SAME:
            s.row.post_difference.each(False)
        if design.pre_split_slot is PreSplitSlot.TWO_SLOTS:
            _rename_versions(s)
        else:
            s.row.after.each(False)


def _rename_versions(s: Any) -> None:
    """The later version of each row becomes its only one; a destage of it goes on under the new name."""

    def destage_of_next(b: Any) -> Any:
        return ite(s.row[b].destage == DestageOf.NEXT, DestageOf.SLOT, DestageOf.NONE)

    s.row.each(
        present=lambda b: s.row[b].present | s.row[b].next_present,
        data=lambda b: ite(s.row[b].next_present, s.row[b].next_data, s.row[b].data),
        next_present=False,
        destage=lambda b: ite(s.row[b].next_present, destage_of_next(b), s.row[b].destage),
    )
