"""What copying leaves less of, and which steps of the volume worker help: parts of the arguments of `progress`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from splitproof.model.choices import Backup, CopyReads, Split
from splitproof.model.controller.phases import CommandPhase, DestageOf, HostTask, WorkerPhase
from splitproof.model.design import Design
from splitproof.model.expressions import TRUE, Expr, all_of, any_of, none, some
from splitproof.model.ranking import Falls, Helps

__all__ = [
    "Of",
    "OfBlock",
    "commanding_the_copy",
    "copying",
    "destaging",
    "going_on",
    "one_after_the_other",
    "to_copy",
    "waits_for_destage",
]

Of = Callable[[Any], Any]
OfBlock = Callable[[Any, Any], Any]
_BUSY = (
    ("release", WorkerPhase.COPIED),
    ("write_target", WorkerPhase.READ),
    ("read_source", WorkerPhase.CLAIMED),
    ("finish_destage", WorkerPhase.DESTAGED),
    ("write_source", WorkerPhase.TAKEN),
)
"""What a volume worker goes on with once it has begun, the last step first."""


def waits_for_destage(design: Design) -> bool:
    """Whether a dirty slot from before the split goes to the source volume before the block is copied."""
    return design.copy_reads is CopyReads.AFTER_DESTAGE


def to_copy(design: Design, while_: Of) -> list[Falls]:
    """What copying leaves less of, under a condition that only falls."""
    falls = [
        Falls("blocks that are marked as different", lambda s, b: while_(s) & s.row[b].difference),
        Falls("blocks that are not copied", lambda s, b: while_(s) & s.uncopied[b]),
    ]
    if waits_for_destage(design):
        slots = Falls(
            "dirty slots from before the split that nobody destages",
            lambda s, b: while_(s) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
        )
        falls.insert(0, slots)
    return falls


def destaging(needed: OfBlock) -> list[Helps]:
    """Destaging the slots of needed blocks, while something else may be destaged before."""
    return [
        Helps(
            "take_slot",
            lambda s, b: needed(s, b) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
        )
    ]


def going_on(while_: Of) -> list[Helps]:
    """The worker gets its hands free, whatever it has in them, while it is needed."""
    return [
        Helps(name, lambda s, phase=phase: all_of(s.disk.phase == phase, while_(s))) for name, phase in _BUSY
    ]


def copying(design: Design, needed: OfBlock, while_: Of, requested_only: bool = False) -> list[Helps]:
    """Copying needed blocks, which are uncopied. `while_`: the worker is needed with its hands free."""

    def waiting(s: Any, b: Any) -> Expr:
        found: Expr = needed(s, b) & s.row[b].difference
        return found

    def ready(s: Any, b: Any) -> Expr:
        return all_of(waiting(s, b), ~s.slot_before_split[b]) if waits_for_destage(design) else waiting(s, b)

    asked = design.backup is Backup.ON_DEMAND
    claiming = [Helps("claim", lambda s, b: ready(s, b) & ~s.requested[b])]
    polling = [
        Helps("poll_requests", lambda s: none(lambda b: s.row[b].requested) & some(lambda b: ready(s, b)))
    ]
    return [
        *([] if requested_only else claiming),
        *([Helps("claim_requested", lambda s, b: ready(s, b) & s.row[b].requested)] if asked else []),
        *(destaging(waiting) if waits_for_destage(design) else []),
        *(polling if asked and not requested_only else []),
        *going_on(while_),
    ]


def commanding_the_copy(design: Design, while_: Of = lambda s: TRUE) -> list[Helps]:
    """501 commands it once it has reported the split; where 502 splits, that is a step of its own."""
    if design.split is not Split.SEPARATE:
        return [Helps("command_copy", lambda s: all_of(while_(s), s.command == CommandPhase.SPLIT))]
    return [
        Helps("command_copy", lambda s: all_of(while_(s), s.task == HostTask.REPORTED)),
        Helps("report_split", lambda s: all_of(while_(s), s.task == HostTask.SPLIT)),
    ]


def one_after_the_other(places: Sequence[tuple[str, Of]]) -> list[Falls]:
    """Parts of a rank for what is at one of these places, and goes from each to a later one."""
    return [
        Falls(meaning, lambda s, up_to=places[: place + 1]: any_of(*(is_here(s) for _, is_here in up_to)))
        for place, (meaning, _) in enumerate(places)
    ]
