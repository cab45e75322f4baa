"""Why a host write is acknowledged, or can be without what it is not to wait for, and why it reaches the source."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import DifferenceMarked, PostSplitWrite, PreSplitSlot
from splitproof.model.controller.copying_progress import (
    Of,
    by_each_worker,
    claiming,
    commanding_the_copy,
    copied_next,
    going_on,
    one_after_the_other,
)
from splitproof.model.controller.memory import workers_of
from splitproof.model.controller.phases import DestageOf, WorkerPhase, WritePhase
from splitproof.model.controller.split_progress import left_of_the_split
from splitproof.model.design import Design
from splitproof.model.expressions import FALSE, TRUE, all_of, any_of, some
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps, awaited_falls, awaited_helps
from splitproof.spec.split_backup import WRITE_IS_ACKNOWLEDGED, WRITE_NEVER_WAITS, WRITE_REACHES_SOURCE
from splitproof.spec.vocabulary import PairState

__all__ = [
    "argue_for_destaging",
    "argue_for_writes",
    "left_of_the_slot",
    "taking_the_write",
    "writing_phases",
]

_STORED_FIRST = (("store", WritePhase.ACCEPTED), ("acknowledge", WritePhase.STORED))
_STEPS = {
    DifferenceMarked.BEFORE_STORE: (
        ("mark_difference", WritePhase.ACCEPTED),
        ("store", WritePhase.MARKED),
        ("acknowledge", WritePhase.STORED),
    ),
    DifferenceMarked.WITH_STORE: _STORED_FIRST,
    DifferenceMarked.BEFORE_ACK: (
        ("store", WritePhase.ACCEPTED),
        ("mark_difference", WritePhase.UNMARKED),
        ("acknowledge", WritePhase.STORED),
    ),
    DifferenceMarked.AFTER_ACK: (("store", WritePhase.ACCEPTED), ("acknowledge", WritePhase.UNMARKED)),
    DifferenceMarked.AT_DESTAGE: _STORED_FIRST,
}
"""By when the difference is marked, the steps of a write up to its acknowledgement, each with the phase before it."""


def argue_for_writes(machine: Machine, design: Design) -> None:
    """That a write is acknowledged; where no slot is in its way, that it can be without any other processor."""
    if design.post_split_write is PostSplitWrite.HELD_AT_STORE:
        return  # it waits for a copy
    rank, helpful = _left_of_the_write(design), taking_the_write(design)
    machine.argue(WRITE_IS_ACKNOWLEDGED.id, rank=rank, helpful=helpful)
    if not _waits(design):
        machine.argue(WRITE_NEVER_WAITS.id, rank=rank, helpful=helpful)


def _waits(design: Design) -> bool:
    """Whether a write waits until a slot from before the split is clean."""
    return design.pre_split_slot is PreSplitSlot.PROTECTED


def _left_of_the_write(design: Design) -> list[Falls]:
    """What is left until the write that 501 has accepted is acknowledged."""
    *steps, _ = _STEPS[design.difference_marked]

    def is_at(phase: WritePhase) -> Of:
        return lambda s: s.write.phase == phase

    places = [(f"the write is '{phase.value}'", is_at(phase)) for _, phase in steps]
    return [*one_after_the_other(places), *left_of_the_slot(design)]


def writing_phases(design: Design) -> tuple[WritePhase, ...]:
    """The phases of a write that is not acknowledged yet, in their order."""
    return tuple(phase for _, phase in _STEPS[design.difference_marked])


def taking_the_write(design: Design) -> list[Helps]:
    """Who gets it acknowledged, the last step first."""

    def is_free(s: Any) -> Any:
        is_split = s.pair.source_view == PairState.SPLIT
        return ~(is_split & some(lambda b: _is_in_the_way(s, b, design))) if _waits(design) else TRUE

    def needed(name: str, phase: WritePhase) -> Of:
        return lambda s: all_of(s.write.phase == phase, is_free(s) if name == "store" else TRUE)

    own = [Helps(name, needed(name, phase)) for name, phase in reversed(_STEPS[design.difference_marked])]
    return [*(_freeing_the_slot(design) if _waits(design) else []), *own]


def _is_stored_next(s: Any, b: Any, design: Design) -> Any:
    phase = next(phase for name, phase in _STEPS[design.difference_marked] if name == "store")
    return all_of(s.write.phase == phase, s.write.block == b)


def _is_in_the_way(s: Any, b: Any, design: Design) -> Any:
    return all_of(_is_stored_next(s, b, design), s.slot_before_split[b])


def left_of_the_slot(design: Design) -> list[Falls]:
    """After the split, a slot from before it may not be overwritten: the write then waits until the slot is clean."""
    if not _waits(design):
        return []
    return [
        Falls(
            "the slot of its block is dirty",
            lambda s, b: all_of(_is_stored_next(s, b, design), s.row[b].present),
        ),
        Falls(
            "nobody destages the slot",
            lambda s, b: all_of(
                _is_stored_next(s, b, design), s.row[b].present, s.row[b].destage == DestageOf.NONE
            ),
        ),
    ]


def _freeing_the_slot(design: Design) -> list[Helps]:
    def in_the_way(s: Any, b: Any) -> Any:
        return _is_in_the_way(s, b, design)

    return [
        *by_each_worker(
            design, "take_slot", lambda s, b: all_of(in_the_way(s, b), s.row[b].destage == DestageOf.NONE)
        ),
        *going_on(design, in_the_way, lambda s: some(lambda b: in_the_way(s, b))),
    ]


# -- what is dirty reaches the source volume


def argue_for_destaging(machine: Machine, design: Design) -> None:
    """A worker takes the slot of the block that is awaited; one that is held until a copy is done is copied before."""
    if design.post_split_write is PostSplitWrite.HELD_AT_STORE:
        return
    held = design.post_split_write is PostSplitWrite.COPIED_FIRST
    if held and design.pre_split_slot is PreSplitSlot.OVERWRITTEN:
        return  # a slot becomes one from after the split again and again
    rank = [Falls("no worker has taken it", lambda s, a: ~_is_taken(s, a, design))]
    helpful = [
        *(
            Helps("write_source", lambda s, a, name=name: _has_taken(s, a, name), worker)
            for name, worker in workers_of(design).items()
        ),
        *_taking_the_slot(design, held),
    ]
    if held:
        rank.append(Falls("what is dirty was written after the split", lambda s, a: _is_later(s, a, design)))
        rank += awaited_falls(lambda a: left_of_the_split(design, lambda s: _is_later(s, a, design)))
        helpful += awaited_helps(lambda a: _copying_before(design, a))
    else:
        helpful += awaited_helps(lambda a: going_on(design, lambda s, b: a == b, lambda s: TRUE))
    machine.argue(WRITE_REACHES_SOURCE.id, rank=rank, helpful=helpful, per_block=True)


def _has_taken(s: Any, a: Any, name: str) -> Any:
    return all_of(s[name].phase == WorkerPhase.TAKEN, s[name].block == a)


def _is_taken(s: Any, a: Any, design: Design) -> Any:
    return any_of(*(_has_taken(s, a, name) for name in workers_of(design)))


def _is_later(s: Any, a: Any, design: Design) -> Any:
    """The block has a dirty slot from after the split and no other."""
    if design.pre_split_slot is PreSplitSlot.TWO_SLOTS:
        return s.row[a].next_present & ~s.row[a].present
    return s.row[a].after


def _taking_the_slot(design: Design, held: bool) -> list[Helps]:
    def is_held(s: Any, a: Any) -> Any:
        return all_of(_is_later(s, a, design), s.uncopied[a]) if held else FALSE

    if design.pre_split_slot is not PreSplitSlot.TWO_SLOTS:
        return by_each_worker(design, "take_slot", lambda s, a, b: all_of(a == b, ~is_held(s, a)))
    return [
        *by_each_worker(design, "take_slot", lambda s, a, b: all_of(a == b, s.row[a].present)),
        *by_each_worker(
            design,
            "take_later_version",
            lambda s, a, b: all_of(a == b, _is_later(s, a, design), ~is_held(s, a)),
        ),
    ]


def _copying_before(design: Design, a: Any) -> list[Helps]:
    """All that is to be copied, as what is requested comes first; then the awaited block is destaged."""

    def is_held(s: Any) -> Any:
        return all_of(_is_later(s, a, design), s.uncopied[a])

    def is_copied_before(s: Any, b: Any) -> Any:
        return is_held(s) & s.uncopied[b]

    def needed(s: Any, b: Any) -> Any:
        return any_of(all_of(a == b, ~is_held(s)), copied_next(design, is_copied_before)(s, b))

    return [
        *commanding_the_copy(design, is_held),
        *claiming(design, is_copied_before),
        *going_on(design, needed, lambda s: TRUE),
    ]
