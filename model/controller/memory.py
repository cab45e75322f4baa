"""The state of the controller and its servers: every variable, its cell, and who may touch it.

Cells follow the document: 504, 505, 506 and 509 are individual memories [R25]; 507 holds a row for each block and the
management record 510 [R24, R41]; 601 and 602 are volumes [R28]; 303 is the tape; messages lie in channels.
"""

from __future__ import annotations

from typing import Any

from splitproof.model.cells import Cell, memory
from splitproof.model.choices import (
    Backup,
    Device,
    DifferenceMarked,
    Lan,
    Ownership,
    PostSplitTable,
    PreSplitSlot,
    Servers,
    Split,
    Staging,
    VolumeIo,
    Workers,
)
from splitproof.model.controller.messages import (
    backup_server,
    client_server,
    declare_messages,
    issues_writes,
)
from splitproof.model.controller.phases import (
    COPYING,
    DESTAGING,
    AtBlock,
    ClientPhase,
    CommandPhase,
    DestageOf,
    HostTask,
    PairAnswer,
    ServerPhase,
    TapePhase,
    WorkerPhase,
    WritePhase,
)
from splitproof.model.design import Design
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data, Record, field
from splitproof.spec.vocabulary import (
    CLIENT_SERVER,
    COMMAND_PORT,
    HOST_PORT,
    SECOND_VOLUME_WORKER,
    TAPE_PORT,
    VOLUME_WORKER,
    PairState,
    Processor,
)

__all__ = [
    "MANAGEMENT",
    "ROW",
    "declare_memory",
    "keeps_backup_image",
    "locks_rows",
    "shares_volumes",
    "workers_of",
]

_PROCESSORS = frozenset({HOST_PORT, COMMAND_PORT, TAPE_PORT, VOLUME_WORKER, SECOND_VOLUME_WORKER})
_MEMORIES = {
    HOST_PORT: memory(HOST_PORT, 504),
    COMMAND_PORT: memory(COMMAND_PORT, 505, ("R25", "R61")),
    TAPE_PORT: memory(TAPE_PORT, 506, ("R25", "R42", "R61")),
    VOLUME_WORKER: memory(VOLUME_WORKER, 509),
    SECOND_VOLUME_WORKER: memory(SECOND_VOLUME_WORKER, 509),
}
"""Each processor's own memory [R25]."""

ROW = Cell(
    "row of the cache",
    507,
    per_block=True,
    readers=_PROCESSORS,
    writers=_PROCESSORS,
    cites=("R21", "R24", "R26"),
)
MANAGEMENT = Cell("management record", 510, readers=_PROCESSORS, writers=_PROCESSORS, cites=("R40", "R41"))
TAPE_DEVICE = Cell(
    "tape device", 303, readers=frozenset({TAPE_PORT}), writers=frozenset({TAPE_PORT}), cites=("R59",)
)
TAPE_RECORD = Cell(
    "tape record",
    303,
    per_block=True,
    readers=frozenset({TAPE_PORT}),
    writers=frozenset({TAPE_PORT}),
    cites=("R59",),
)


class Pair(Record):
    source_view = field(
        PairState, "516; every access to a row sees it, as it selects the table that writes mark"
    )
    target_view = field(PairState, "517: SPLIT_PENDING until the differences are reflected [R44]")
    copy_commanded = field(Bool, "501 has commanded 508 to copy what the table says [R53]")


class Write(Record):
    phase = field(WritePhase, "how far the host write is")
    block = field(Block, "its block", while_=lambda r: r.phase != WritePhase.NONE)
    data = field(
        Data, "what it writes", while_=lambda r: ~r.phase.isin(WritePhase.NONE, WritePhase.ACKNOWLEDGED)
    )


class Tape(Record):
    written = field(Bool, "there is a record of the block")
    data = field(Data, "what it holds", while_=lambda r: r.written)


def workers_of(design: Design) -> dict[str, Processor]:
    """The volume workers, by the name of their memory."""
    if design.volume_io is VolumeIo.PORTS:
        return {"disk": HOST_PORT, "second_disk": COMMAND_PORT, "third_disk": TAPE_PORT}
    workers = {"disk": VOLUME_WORKER}
    if design.workers is Workers.TWO:
        workers["second_disk"] = SECOND_VOLUME_WORKER
    return workers


def shares_volumes(design: Design) -> bool:
    """Whether several processors do volume I/O."""
    return len(workers_of(design)) > 1


def locks_rows(design: Design) -> bool:
    """Whether 503 locks rows while it stages."""
    return design.backup is Backup.STAGE and design.staging in (Staging.UNIT_LOCKED, Staging.RANGE_LOCKED)


def declare_memory(machine: Machine, design: Design, lean: bool) -> None:
    """Every variable of the design; only those that its choices need.

    `lean`: forget the tape, its range and the image once nobody judges them any more; see `docs/foldings.md`.
    """
    _declare_servers(machine, design)
    declare_messages(machine, design)
    _declare_processors(machine, design)
    _declare_cache(machine, design)
    _declare_backup(machine, lean)
    _declare_volumes(machine, design)
    _declare_ghosts(machine, design, lean)


def _declare_servers(machine: Machine, design: Design) -> None:
    machine.memory(
        "server", ServerPhase, "where the backup is in its run", cell=memory(backup_server(design))
    )
    if design.servers is Servers.TWO:
        machine.memory("client", ClientPhase, "what 101 does about a backup", cell=memory(CLIENT_SERVER))
    if issues_writes(design):
        machine.memory(
            "writing", Bool, "a write of its own is not acknowledged yet", cell=memory(client_server(design))
        )


def _declare_processors(machine: Machine, design: Design) -> None:
    machine.memory("write", Write, "the host write that 501 holds", numeral=504, cell=_MEMORIES[HOST_PORT])
    if design.split is Split.SEPARATE:
        machine.memory(
            "task",
            HostTask,
            "the pair command that 501 carries out",
            numeral=504,
            cell=_MEMORIES[HOST_PORT],
        )
    machine.memory(
        "command",
        CommandPhase,
        "the command at 502",
        numeral=505,
        cell=_MEMORIES[COMMAND_PORT],
    )
    if design.backup is Backup.HOST_POLLS:
        machine.memory(
            "asked",
            PairAnswer,
            "the question about the pair state at 502, or what it has read",
            numeral=505,
            cell=_MEMORIES[COMMAND_PORT],
        )
    machine.memory(
        "backup",
        _tape_work(design),
        "the backup at 503",
        numeral=506,
        cell=_MEMORIES[TAPE_PORT],
    )
    for name, processor in workers_of(design).items():
        machine.memory(
            name,
            _worker(design),
            f"what {processor} is at",
            numeral=_MEMORIES[processor].numeral,
            cell=_MEMORIES[processor],
        )


def _tape_work(design: Design) -> type[Record]:
    rewrites = design.device is Device.DISK

    class TapeWork(Record):
        phase = field(TapePhase, "how far the backup is")
        at = field(
            AtBlock, "how far each block is", per_block=True, while_=lambda r: r.phase == TapePhase.RUNNING
        )
        data = field(
            Data,
            "what was read for the tape: 515, or the cache in designs that do not stage [R42]",
            per_block=True,
            while_=lambda r: r.at.isin(AtBlock.FETCHED, AtBlock.STAGED),
        )
        if rewrites:
            again = field(
                Bool,
                "its record is written a second time",
                per_block=True,
                while_=lambda r: r.phase == TapePhase.RUNNING,
            )

    return TapeWork


def _worker(design: Design) -> type[Record]:
    marks_at_destage = design.difference_marked is DifferenceMarked.AT_DESTAGE

    class Worker(Record):
        phase = field(WorkerPhase, "what it is at")
        block = field(Block, "the block in its hands", while_=lambda r: r.phase.isin(*COPYING, *DESTAGING))
        data = field(
            Data, "the data in its hands", while_=lambda r: r.phase.isin(WorkerPhase.READ, WorkerPhase.TAKEN)
        )
        if marks_at_destage:
            after = field(
                Bool,
                "the destaged version was written after the split",
                while_=lambda r: r.phase.isin(*DESTAGING),
            )

    return Worker


def _declare_cache(machine: Machine, design: Design) -> None:
    two_slots = design.pre_split_slot is PreSplitSlot.TWO_SLOTS

    class Row(Record):
        present = field(Bool, "there is a dirty slot")
        data = field(Data, "what it holds", while_=lambda r: r.present)
        if two_slots:
            next_present = field(Bool, "there is a version from after the split")
            next_data = field(Data, "what it holds", while_=lambda r: r.next_present)
        else:
            after = field(Bool, "the slot was written after the split", while_=lambda r: r.present)
        destage = field(DestageOf, "what is being destaged and was not rewritten since")
        difference = field(Bool, "514: the target lacks what the source held")
        if design.post_split_table is not PostSplitTable.SAME:
            post_difference = field(Bool, "the block was written after the split; merged into 514 by resync")
        in_flight = field(Bool, "the row shows that the block is in copy")
        if design.difference_cleared.remembers_marks:
            remarked = field(Bool, "marked again since the copy began", while_=lambda r: r.in_flight)
        if design.backup is Backup.ON_DEMAND:
            requested = field(Bool, "503 has asked for a copy [R64]")
        if locks_rows(design) or (design.ownership is not Ownership.NONE and shares_volumes(design)):
            owned = field(Bool, "one processor has the block to itself")

    machine.shared(
        "row", Row, "row b of the cache", cell=ROW, per_block=True, numeral=507, word_of=MANAGEMENT
    )
    machine.shared("pair", Pair, "the two views of the pair", cell=MANAGEMENT, also_in=ROW)


def _declare_backup(machine: Machine, lean: bool) -> None:
    judged = _while_judged if lean else None
    machine.shared("job", Bool, "511: a backup is accepted", cell=MANAGEMENT, numeral=511)
    machine.shared(
        "job_range",
        Bool,
        "511: in the range [R59]",
        cell=MANAGEMENT,
        per_block=True,
        numeral=511,
        while_=judged,
    )
    machine.shared(
        "tape",
        Tape,
        "the record of block b",
        cell=TAPE_RECORD,
        per_block=True,
        numeral=303,
        word_of=TAPE_DEVICE,
        while_=judged,
    )


def _while_judged(s: Any, b: Any) -> Any:
    """From the acceptance to the report of the end: a record never changes after it is written."""
    return ~s.command.isin(
        CommandPhase.IDLE, CommandPhase.SPLIT_RECEIVED, CommandPhase.RECEIVED, CommandPhase.REFUSED
    )


def _declare_volumes(machine: Machine, design: Design) -> None:
    workers = frozenset(workers_of(design).values())
    readers = workers | {TAPE_PORT}
    stages = design.backup is Backup.STAGE
    source = Cell(
        "source volume",
        601,
        True,
        readers if stages else workers,
        workers,
        cites=("R10", "R11", "R23", "R27", "R28", "R33"),
    )
    target = Cell("target volume", 602, True, readers, workers, cites=("R10", "R12", "R27", "R28", "R110"))
    machine.shared(
        "source", Data, "block b of the source volume", cell=source, per_block=True, numeral=601, initial=ANY
    )
    machine.shared(
        "target", Data, "block b of the target volume", cell=target, per_block=True, numeral=602, initial=ANY
    )


def _declare_ghosts(machine: Machine, design: Design, lean: bool) -> None:
    machine.ghost("split_in_run", Bool, "a split was carried out in the current run of 102")
    machine.ghost(
        "image",
        Data,
        "what a host read returned at the instant of the split",
        per_block=True,
        while_=(lambda s, b: s.split_in_run | (s.pair.source_view == PairState.SPLIT)) if lean else None,
    )
    if keeps_backup_image(design, lean):
        machine.ghost(
            "backup_image",
            Data,
            "the image of the split under which the backup was accepted",
            per_block=True,
            while_=_while_judged if lean else None,
        )
    else:
        machine.predicate(
            "backup_image", "the image of the split under which the backup was accepted", _image
        )
    machine.ghost(
        "last_acknowledged", Data, "the last write that was acknowledged", per_block=True, initial=ANY
    )
    machine.initially(lambda s, b: s.last_acknowledged[b] == s.source[b])


def keeps_backup_image(design: Design, lean: bool) -> bool:
    """Whether a backup's image is kept by itself, as a split may come before the backup has ended."""
    return not lean or design.lan is Lan.DUPLICATING


def _image(s: Any, b: Any) -> Any:
    """Only one run is under way at a time, and no split is commanded before the last backup has ended."""
    return s.image[b]
