"""One word for all the orders that are under way: whoever waits waits for something that is at exactly one place.

A processor that has given an order waits while the order lies in a channel, then is in the hands of the one who carries
it out, and at last comes back as an answer: at exactly one of these places while somebody waits, at none otherwise.
Proofs need to know little more than that about the servers, the ports and the channels.
"""

from __future__ import annotations

from typing import Any

from splitproof.model.choices import Backup, End, Servers, Split
from splitproof.model.controller.command_port import answered_phases
from splitproof.model.controller.phases import (
    BackupAnswer,
    ClientPhase,
    CommandPhase,
    EndReport,
    HostTask,
    PairAnswer,
    ServerPhase,
    TapePhase,
)
from splitproof.model.design import Design
from splitproof.model.expressions import Expr, all_of, any_of, implies, ite
from splitproof.model.machine import Machine

__all__ = ["declare_orders"]


def declare_orders(machine: Machine, design: Design) -> None:
    """Declare the word; which orders there are depends on who splits the pair, and on who asks whom."""
    machine.predicate(
        "orders_kept",
        "each order that somebody waits for is at exactly one place: on its way, carried out, or answered",
        lambda s: all_of(
            *(_orders_to_split(s, design) if design.split is Split.SEPARATE else _pause_and_split(s, design)),
            _backup_order(s, design),
            _at_one_place(
                s.command == CommandPhase.RUNNING,
                [s.backup_notice, s.backup.phase != TapePhase.IDLE, s.backup_done],
            ),
            *_questions(s, design),
        ),
    )


def _at_one_place(waits: Any, places: list[Any]) -> Expr:
    """Exactly one of the places while somebody waits, none of them otherwise."""
    alone = [all_of(place, *(~other for other in places if other is not place)) for place in places]
    return ite(waits, any_of(*alone), ~any_of(*places))


def _orders_to_split(s: Any, design: Design) -> list[Expr]:
    """102 has 101 split the pair, and 101 has 501 do it."""
    at_501 = [
        s.split_command,
        s.task.isin(HostTask.ORDERED, HostTask.SPLIT),
        s.split_report != EndReport.NONE,
    ]
    if design.servers is Servers.ONE:
        return [_at_one_place(s.server == ServerPhase.STARTED, at_501)]
    at_101 = [s.lan_start, s.client != ClientPhase.IDLE, s.lan_split]
    return [
        _at_one_place(s.server == ServerPhase.STARTED, at_101),
        _at_one_place(s.client == ClientPhase.WAITING, at_501),
    ]


_SPLITTING = (ServerPhase.CLEARED, ServerPhase.SPLITTING, ServerPhase.RESPONDED, ServerPhase.REFUSED)


def _pause_and_split(s: Any, design: Design) -> list[Expr]:
    """102 has 101 pause its I/O, has 502 split the pair, and has 101 resume; 101 has 501 write."""
    is_one_command = design.split is Split.COMBINED
    orders = [
        _at_one_place(
            s.server == ServerPhase.SPLITTING,
            [
                s.backup_command if is_one_command else s.split_command,
                s.command.isin(*answered_phases(design), CommandPhase.SPLIT_REFUSED),
                s.split_report != EndReport.NONE,
            ],
        ),
        _at_one_place(s.writing, [s.write_request.sent, s.write_outstanding, s.write_done]),
    ]
    if design.servers is Servers.ONE:
        return orders
    pausing = [s.lan_start, s.client == ClientPhase.PAUSING, s.lan_paused]
    paused = [s.lan_paused, s.server.isin(*_SPLITTING), s.lan_resume]
    return [
        _at_one_place(s.server == ServerPhase.STARTED, pausing),
        _at_one_place(s.client == ClientPhase.PAUSED, paused),
        *orders,
    ]


_BACKUP_PHASES = (
    CommandPhase.RECEIVED,
    CommandPhase.ACCEPTED,
    CommandPhase.REFUSED,
    CommandPhase.RUNNING,
    CommandPhase.ENDED,
    CommandPhase.CLOSED,
)
"""Of the second command, where the first one splits."""


def _backup_order(s: Any, design: Design) -> Expr:
    """102 has 502 back up; where one command also splits, it may end as a refusal of the split."""
    polled = design.end is End.POLLED
    ended = (
        s.backup_question.isin(BackupAnswer.ENDED, BackupAnswer.REFUSED)
        if polled
        else s.end_report != EndReport.NONE
    )
    if design.split is Split.COMBINED:
        waits = s.server.isin(ServerPhase.SPLITTING, ServerPhase.RESPONDED, ServerPhase.COMMANDED)
        refused = s.split_report == EndReport.REFUSED
        return _at_one_place(waits, [s.backup_command, s.command != CommandPhase.IDLE, ended, refused])
    at_502 = (
        s.command.isin(*_BACKUP_PHASES)
        if design.split is Split.TWO_COMMANDS
        else s.command != CommandPhase.IDLE
    )
    return _at_one_place(s.server == ServerPhase.COMMANDED, [s.backup_command, at_502, ended])


def _questions(s: Any, design: Design) -> list[Expr]:
    """102 asks while it waits, and 502 looks only when it is asked."""
    found = []
    if design.end is End.POLLED:
        found.append(implies(s.backup_question != BackupAnswer.NONE, s.server == ServerPhase.COMMANDED))
    if design.backup is Backup.HOST_POLLS:
        found.append(implies(s.pair_question != PairAnswer.NONE, s.server == ServerPhase.CLEARED))
        found.append(implies(s.asked != PairAnswer.NONE, s.pair_question == PairAnswer.ASKED))
    return found
