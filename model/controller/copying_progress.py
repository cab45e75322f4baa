"""What copying leaves less of, and which steps of the volume workers help: parts of the arguments of `progress`.

Of two workers, either may be the one who helps, and each may be in the other's way: who has a block has it to himself.
So there is one promise for each worker and block, and a block that is needed is either free, for the first worker that
has its hands free, or in the hands of one who goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from splitproof.model.choices import Backup, CopyReads, Split
from splitproof.model.controller.memory import shares_volumes, workers_of
from splitproof.model.controller.phases import CommandPhase, DestageOf, HostTask, WorkerPhase
from splitproof.model.design import Design
from splitproof.model.expressions import TRUE, Expr, all_of, any_of, none, some
from splitproof.model.ranking import Falls, Helps
from splitproof.spec.vocabulary import Processor

__all__ = [
    "Of",
    "OfBlock",
    "by_each_worker",
    "claiming",
    "commanding_the_copy",
    "copied_next",
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


def by_each_worker(design: Design, action: str, needed: Callable[..., Any]) -> list[Helps]:
    """A step that any of the volume workers may take, as it is needed of all of them."""
    return [Helps(action, needed, worker) for worker in workers_of(design).values()]


def to_copy(design: Design, while_: Of) -> list[Falls]:
    """What copying leaves less of, under a condition that only falls."""
    falls = [
        Falls("blocks that are marked as different", lambda s, b: while_(s) & s.row[b].difference),
        Falls("blocks that are not copied", lambda s, b: while_(s) & s.uncopied[b]),
    ]
    if waits_for_destage(design) or _is_taken_from_claimers(design):
        slots = Falls(
            "dirty slots from before the split that nobody destages",
            lambda s, b: while_(s) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
        )
        falls.insert(0, slots)
    return falls


def _is_taken_from_claimers(design: Design) -> bool:
    """Whether one worker may take the slot of a block while another, who polls first, is about to claim the block."""
    return shares_volumes(design) and design.backup is Backup.ON_DEMAND


def destaging(design: Design, needed: OfBlock) -> list[Helps]:
    """Destaging the slots of needed blocks, while something else may be destaged before."""
    return by_each_worker(
        design,
        "take_slot",
        lambda s, b: needed(s, b) & s.slot_before_split[b] & (s.row[b].destage == DestageOf.NONE),
    )


def going_on(design: Design, needed: OfBlock, while_: Of) -> list[Helps]:
    """The workers get their hands free, whatever they have in them.

    `needed`: the blocks that one of them is needed for. `while_`: 508 is needed, for a block or as it alone completes
    what is copied. Of several workers, those come first who have a needed block in their hands: what others could do
    about it they cannot do before.
    """
    workers = workers_of(design)

    def is_held(name: str) -> Of:
        return lambda s: needed(s, s[name].block)

    def is_needed(s: Any) -> Expr:
        return all_of(while_(s), some(lambda b: needed(s, b)))

    nearer = list(workers.items()) if shares_volumes(design) else []
    return [
        *(step for name, worker in nearer for step in _with_hands(name, worker, is_held(name))),
        *(
            step
            for name, worker in workers.items()
            for step in _with_hands(name, worker, while_ if name == _COMPLETES else is_needed)
        ),
    ]


_COMPLETES = "disk"
"""The memory of the worker that completes mirror and split."""


def _with_hands(name: str, worker: Processor, while_: Of) -> list[Helps]:
    """What a worker does next with what it has in its hands, under a condition on that."""
    return [
        Helps(action, lambda s, phase=phase: all_of(s[name].phase == phase, while_(s)), worker)
        for action, phase in _BUSY
    ]


def copying(design: Design, needed: OfBlock, while_: Of, requested_only: bool = False) -> list[Helps]:
    """Copying needed blocks, which are uncopied. `while_`: 508 is needed with its hands free."""
    return [*claiming(design, needed, requested_only), *going_on(design, copied_next(design, needed), while_)]


def copied_next(design: Design, needed: OfBlock) -> OfBlock:
    """Of needed blocks those that a worker with its hands free may claim: what is requested comes before all others."""
    if design.backup is not Backup.ON_DEMAND:
        return needed
    return lambda s, b: all_of(needed(s, b), any_of(s.row[b].requested, none(lambda x: s.row[x].requested)))


def claiming(design: Design, needed: OfBlock, requested_only: bool = False) -> list[Helps]:
    """A worker with its hands free claims a needed block, once that is destaged where it has to be."""

    def waiting(s: Any, b: Any) -> Expr:
        found: Expr = needed(s, b) & s.row[b].difference
        return found

    def ready(s: Any, b: Any) -> Expr:
        return all_of(waiting(s, b), ~s.slot_before_split[b]) if waits_for_destage(design) else waiting(s, b)

    def is_free(s: Any, b: Any) -> Expr:
        """No worker has the block; if there is one only, it has its hands free when it polls."""
        return ~any_of(s.in_copy[b], s.in_destage[b]) if shares_volumes(design) else TRUE

    asked = design.backup is Backup.ON_DEMAND
    others = by_each_worker(design, "claim", lambda s, b: ready(s, b) & ~s.requested[b])
    requested = by_each_worker(design, "claim_requested", lambda s, b: ready(s, b) & s.row[b].requested)
    polling = by_each_worker(
        design,
        "poll_requests",
        lambda s: all_of(
            none(lambda b: s.row[b].requested), some(lambda b: all_of(ready(s, b), is_free(s, b)))
        ),
    )
    return [
        *([] if requested_only else others),
        *(requested if asked else []),
        *(destaging(design, waiting) if waits_for_destage(design) else []),
        *(polling if asked and not requested_only else []),
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
