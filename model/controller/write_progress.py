"""Why a host write is acknowledged, and why it can be, without what it need not wait for."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import DifferenceMarked, PostSplitWrite, PreSplitSlot
from splitproof.model.controller.copying_progress import Of, going_on, one_after_the_other
from splitproof.model.controller.phases import DestageOf, WritePhase
from splitproof.model.design import Design
from splitproof.model.expressions import TRUE, all_of, some
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps
from splitproof.spec.split_backup import WRITE_IS_ACKNOWLEDGED, WRITE_NEVER_WAITS
from splitproof.spec.vocabulary import PairState

__all__ = ["argue_for_writes"]

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
    steps = _STEPS[design.difference_marked]
    waits = design.pre_split_slot is PreSplitSlot.PROTECTED

    def is_free(s: Any) -> Any:
        if not waits:
            return TRUE
        is_split = s.pair.source_view == PairState.SPLIT
        return ~(is_split & some(lambda b: _is_in_the_way(s, b, design)))

    def needed(name: str, phase: WritePhase) -> Of:
        return lambda s: all_of(s.write.phase == phase, is_free(s) if name == "store" else TRUE)

    rank = one_after_the_other(
        [
            (f"the write is '{phase.value}'", lambda s, phase=phase: s.write.phase == phase)
            for _, phase in steps[:-1]
        ]
    )
    own = [Helps(name, needed(name, phase)) for name, phase in reversed(steps)]
    if not waits:
        machine.argue(WRITE_IS_ACKNOWLEDGED.id, rank=rank, helpful=own)
        machine.argue(WRITE_NEVER_WAITS.id, rank=rank, helpful=own)
        return
    machine.argue(
        WRITE_IS_ACKNOWLEDGED.id,
        rank=[*rank, *_left_of_the_slot(design)],
        helpful=[*_freeing_the_slot(design), *own],
    )


def _is_stored_next(s: Any, b: Any, design: Design) -> Any:
    phase = next(phase for name, phase in _STEPS[design.difference_marked] if name == "store")
    return all_of(s.write.phase == phase, s.write.block == b)


def _is_in_the_way(s: Any, b: Any, design: Design) -> Any:
    return all_of(_is_stored_next(s, b, design), s.slot_before_split[b])


def _left_of_the_slot(design: Design) -> list[Falls]:
    """After the split, a slot from before it is not overwritten: the write waits until the slot is clean."""
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
    return [
        Helps(
            "take_slot",
            lambda s, b: all_of(_is_in_the_way(s, b, design), s.row[b].destage == DestageOf.NONE),
        ),
        *going_on(lambda s: some(lambda b: _is_in_the_way(s, b, design))),
    ]
