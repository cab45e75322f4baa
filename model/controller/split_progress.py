"""Why a split is reported and completed, and why it can be without what it is not to wait for."""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import Acknowledge, Backup, HostIo, Split, TargetViewSet
from splitproof.model.controller.command_port import answered_phases, phase_before, unsplit_phases
from splitproof.model.controller.copying_progress import (
    Of,
    commanding_the_copy,
    copying,
    one_after_the_other,
    to_copy,
)
from splitproof.model.controller.phases import CommandPhase, HostTask
from splitproof.model.design import Design
from splitproof.model.expressions import TRUE, all_of, any_of, none
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps
from splitproof.spec.split_backup import (
    SPLIT_CAN_COMPLETE,
    SPLIT_COMPLETES,
    SPLIT_DOES_NOT_WAIT,
    SPLIT_IS_REPORTED,
)
from splitproof.spec.vocabulary import PairState

__all__ = ["argue_for_split", "completing_the_split", "left_of_the_split", "taking_the_steps"]


def argue_for_split(machine: Machine, design: Design) -> None:
    """That it is completed and can be, and that it is reported and can be."""
    rank, helpful = left_of_the_split(design), completing_the_split(design)
    machine.argue(SPLIT_COMPLETES.id, rank=rank, helpful=helpful)
    machine.argue(
        SPLIT_CAN_COMPLETE.id,
        rank=rank,
        helpful=helpful,
        pending=lambda s: s.pair.source_view == PairState.SPLIT,
    )
    if design.acknowledge is Acknowledge.AFTER_COPYING or design.host_io is HostIo.SERIAL:
        return  # the split waits for what others do
    argue = _argue_by_501 if design.split is Split.SEPARATE else _argue_by_502
    for item in (SPLIT_IS_REPORTED, SPLIT_DOES_NOT_WAIT):
        argue(machine, design, item.id)


# -- completed


def left_of_the_split(design: Design, while_: Of = lambda s: TRUE) -> list[Falls]:
    """What is left to do until the target view is set."""
    rank = [Falls("the copy is not commanded", lambda s: all_of(while_(s), ~s.pair.copy_commanded))]
    if design.backup is Backup.ON_DEMAND:
        rank.append(
            Falls(
                "blocks that are not copied and not requested",
                lambda s, b: all_of(while_(s), s.uncopied[b], ~s.row[b].requested),
            )
        )
    return [*rank, *to_copy(design, lambda s: all_of(while_(s), s.pair.copy_commanded))]


def completing_the_split(design: Design, while_: Of = lambda s: TRUE) -> list[Helps]:
    """Who does it, the last step first."""
    return [
        Helps("complete_split", lambda s: all_of(while_(s), none(lambda b: s.uncopied[b]))),
        *commanding_the_copy(design, while_),
        *copying(design, lambda s, b: all_of(while_(s), s.uncopied[b]), while_),
    ]


# -- reported


def _argue_by_501(machine: Machine, design: Design, property_id: str) -> None:
    """Nothing but the split itself leads out of DUPLEX."""
    machine.argue(
        property_id,
        pending=lambda s: any_of(_is_duplex(s), s.task == HostTask.SPLIT),
        rank=one_after_the_other(
            [
                ("the command is on its way", lambda s: s.split_command),
                ("501 has not split", lambda s: s.task == HostTask.ORDERED),
            ]
        ),
        helpful=[
            Helps("report_split", lambda s: s.task == HostTask.SPLIT),
            Helps("split", lambda s: _is_duplex(s) & (s.task == HostTask.ORDERED)),
            Helps("receive_split_command", lambda s: _is_duplex(s) & s.split_command),
        ],
    )


def _argue_by_502(machine: Machine, design: Design, property_id: str) -> None:
    """502 has accepted the command before it splits, and goes through its steps."""
    combined = design.split is Split.COMBINED
    phases = answered_phases(design)
    split = tuple(phase for phase in phases if phase not in unsplit_phases(design))

    def is_commanded(s: Any) -> Any:
        return s.backup_command if combined else s.split_command

    def is_at(phase: CommandPhase) -> Of:
        return lambda s: s.command == phase

    places: list[tuple[str, Of]] = [("the command is on its way", is_commanded)]
    places += [(f"502 has not got beyond '{phase.value}'", is_at(phase)) for phase in phases]
    helpful = taking_the_steps(design)
    if combined:
        helpful.append(Helps("accept_backup", lambda s: _is_duplex(s) & (s.command == CommandPhase.RECEIVED)))
    receipt = "receive_backup_command" if combined else "receive_split_command"
    machine.argue(
        property_id,
        pending=lambda s: any_of(_is_duplex(s), s.command.isin(*split)),
        rank=one_after_the_other(places),
        helpful=[*helpful, Helps(receipt, lambda s: _is_duplex(s) & is_commanded(s))],
    )


def taking_the_steps(design: Design) -> list[Helps]:
    """502 takes the steps of the split until it has answered, each in its own phase."""
    steps = ["split", "set view", "command copy", "answer"]
    if design.target_view_set is TargetViewSet.BEFORE_COMMAND:
        steps.remove("set view")
    return [
        Helps(_TAKEN[step], lambda s, step=step: _is_due(s, step, design))
        for step in steps
        if phase_before(step, design) in answered_phases(design)
    ]


_TAKEN = {
    "split": "split",
    "set view": "set_target_view",
    "command copy": "command_copy",
    "answer": "answer_split",
}
"""The actions with which 502 takes the steps of a split."""


def _is_due(s: Any, step: str, design: Design) -> Any:
    is_here = s.command == phase_before(step, design)
    return is_here & _is_duplex(s) if step == "split" else is_here


def _is_duplex(s: Any) -> Any:
    return s.pair.source_view == PairState.DUPLEX
