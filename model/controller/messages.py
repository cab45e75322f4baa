"""The messages between servers and processors: what lies on the LAN, at the ports of 301, and between its processors.

A channel holds one message. A question and its answer lie in one channel, as they are one exchange of a SCSI command.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitproof.model.cells import Cell, channel
from splitproof.model.choices import Backup, End, Lan, Servers, Split
from splitproof.model.controller.phases import BackupAnswer, EndReport, LanCopy, PairAnswer
from splitproof.model.design import Design
from splitproof.model.machine import Machine
from splitproof.model.records import Block, Bool, Data, Record, field
from splitproof.spec.vocabulary import (
    BACKUP_SERVER,
    CLIENT_SERVER,
    COMMAND_PORT,
    HOST,
    HOST_PORT,
    LAN,
    TAPE_PORT,
    Processor,
)

__all__ = [
    "LanMessage",
    "backup_server",
    "client_server",
    "declare_messages",
    "issues_writes",
    "lan_messages",
]


_ON_LAN = frozenset({LAN, CLIENT_SERVER, BACKUP_SERVER})
LAN_COPY = Cell("LAN, copy", readers=_ON_LAN, writers=_ON_LAN, cites=("R109", "G25"))
"""What the LAN keeps; it sees the messages that it copies."""


@dataclass(frozen=True)
class LanMessage:
    """A message between the servers; `name` is its channel, `copy` what the LAN keeps of it."""

    name: str
    copy: LanCopy
    sender: Processor
    receiver: Processor

    @property
    def text(self) -> str:
        return str(self.copy.value)


class WriteRequest(Record):
    sent = field(Bool, "it is on its way")
    block = field(Block, "its block", while_=lambda r: r.sent)
    data = field(Data, "what it writes", while_=lambda r: r.sent)


def client_server(design: Design) -> Processor:
    """Who runs the application."""
    return HOST if design.servers is Servers.ONE else CLIENT_SERVER


def backup_server(design: Design) -> Processor:
    """Who starts backups."""
    return HOST if design.servers is Servers.ONE else BACKUP_SERVER


def issues_writes(design: Design) -> bool:
    """Whether host writes are messages of 101, which it can stop sending; otherwise they arrive at 501 at any time."""
    return design.split is not Split.SEPARATE


def lan_messages(design: Design) -> tuple[LanMessage, ...]:
    """What the servers tell each other [R18]."""
    if design.servers is Servers.ONE:
        return ()
    start = LanMessage("lan_start", LanCopy.START, BACKUP_SERVER, CLIENT_SERVER)
    if design.split is Split.SEPARATE:
        return (start, LanMessage("lan_split", LanCopy.SPLIT, CLIENT_SERVER, BACKUP_SERVER))
    paused = LanMessage("lan_paused", LanCopy.PAUSED, CLIENT_SERVER, BACKUP_SERVER)
    return (start, paused, LanMessage("lan_resume", LanCopy.RESUME, BACKUP_SERVER, CLIENT_SERVER))


def declare_messages(machine: Machine, design: Design) -> None:
    """Every channel of the design."""
    for message in lan_messages(design):
        _declare_lan_message(machine, design, message)
    if design.lan is Lan.DUPLICATING:
        machine.shared("lan_copy", LanCopy, "the message that the LAN will deliver once more", cell=LAN_COPY)
    _declare_commands(machine, design)
    if issues_writes(design):
        _declare_writes(machine, design)
    machine.shared(
        "backup_notice",
        Bool,
        "'back up' is on its way",
        cell=channel("502 to 503", COMMAND_PORT, TAPE_PORT, ("R60",)),
    )
    machine.shared(
        "backup_done",
        Bool,
        "'backup done' is on its way",
        cell=channel("503 to 502", TAPE_PORT, COMMAND_PORT, ("R68",)),
    )


def _declare_lan_message(machine: Machine, design: Design, message: LanMessage) -> None:
    name = f"LAN, {message.text}, {message.sender.numeral} to {message.receiver.numeral}"
    machine.shared(
        message.name,
        Bool,
        f"'{message.text}' is on its way",
        cell=channel(name, message.sender, message.receiver, ("R18",)).granting(LAN, write=False),
        also_in=LAN_COPY if design.lan is Lan.DUPLICATING else None,
    )


def _declare_commands(machine: Machine, design: Design) -> None:
    client, server = client_server(design), backup_server(design)
    if design.split is Split.SEPARATE:
        to_split = _port("split", 401, client, HOST_PORT, ("R19",))
        answered = _port("split ended", 401, HOST_PORT, client, ("R14", "R52"))
    else:
        to_split = _port("split", 402, server, COMMAND_PORT, ("R19", "R99"))
        answered = _port("split ended", 402, COMMAND_PORT, server, ("R94", "R101"))
    if design.split is not Split.COMBINED:
        machine.shared("split_command", Bool, "'split' is on its way", cell=to_split)
    machine.shared("split_report", EndReport, "the answer to the split command is on its way", cell=answered)
    machine.shared(
        "backup_command",
        Bool,
        "'backup' is on its way"
        if design.split is not Split.COMBINED
        else "'split and back up' is on its way",
        cell=_port("backup", 402, server, COMMAND_PORT, ("R19",)),
    )
    if design.backup is Backup.HOST_POLLS:
        machine.shared(
            "pair_question",
            PairAnswer,
            "the question about the pair state, or its answer",
            cell=_port("pair state", 402, server, COMMAND_PORT, ("R78",)),
        )
    if design.end is End.POLLED:
        machine.shared(
            "backup_question",
            BackupAnswer,
            "the question about the backup, or its answer",
            cell=_port("backup state", 402, server, COMMAND_PORT, ("R97",)),
        )
    else:
        machine.shared(
            "end_report",
            EndReport,
            "the answer to the backup command is on its way",
            cell=_port("backup ended", 402, COMMAND_PORT, server, ("R68",)),
        )


def _port(what: str, numeral: int, sender: Processor, receiver: Processor, cites: tuple[str, ...]) -> Cell:
    """A message at a channel port of 301; each has a channel of its own, as commands do not exclude each other."""

    def short(processor: Processor) -> str:
        return str(processor.numeral or processor)

    return channel(f"port {numeral}, {what}, {short(sender)} to {short(receiver)}", sender, receiver, cites)


def _declare_writes(machine: Machine, design: Design) -> None:
    client = client_server(design)
    machine.shared(
        "write_request",
        WriteRequest,
        "a host write on its way",
        cell=_port("write", 401, client, HOST_PORT, ("R29", "G22")),
    )
    machine.shared(
        "write_done",
        Bool,
        "'write complete' is on its way",
        cell=_port("write complete", 401, HOST_PORT, client, ("R29", "G22")),
    )
