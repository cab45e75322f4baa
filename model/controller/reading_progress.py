"""What 503 does with each block, stage by stage, and which steps help: a part of the arguments of `progress`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from splitproof.model.choices import Backup, CheckUnit, Staging
from splitproof.model.controller.copying_progress import OfBlock, waits_for_destage
from splitproof.model.controller.phases import AtBlock, TapePhase
from splitproof.model.design import Design
from splitproof.model.expressions import Expr, all_of, none, some
from splitproof.model.ranking import Helps

__all__ = ["Reading", "reading"]


@dataclass(frozen=True)
class Reading:
    """What 503 does: the stages of a block, the first one first; the steps that help, the last one first.

    `waits_for(s, b)`: that 503 waits until the block is destaged or copied; None if it never does.
    """

    stages: list[tuple[str, OfBlock]]
    helpful: list[Helps]
    waits_for: OfBlock | None


def _at(at: AtBlock) -> OfBlock:
    return lambda s, b: s.backup.at[b] == at


def reading(design: Design) -> Reading:
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
    return Reading([*stages, ("staged", _at(AtBlock.STAGED))], helpful, waits_for)


_UNSTAGED = (AtBlock.TODO, AtBlock.DIFFERING, AtBlock.FETCHED, AtBlock.CLEAN)
_Checked = tuple[list[tuple[str, OfBlock]], list[Helps], OfBlock | None]
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
    waits = waits_for_destage(design)

    def waits_for(s: Any, b: Any) -> Expr:
        return all_of(s.backup.at[b] == AtBlock.TODO, s.uncopied[b], s.slot_before_split[b])

    def is_checked(s: Any, b: Any) -> Expr:
        to_do: Expr = s.backup.at[b] == AtBlock.TODO
        return all_of(to_do, ~(s.uncopied[b] & s.slot_before_split[b])) if waits else to_do

    def uncopied(at: AtBlock) -> OfBlock:
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
