"""The words of the source document: who takes steps, what holds state, and the states of a pair.

Numerals are the reference signs of the document (`101`, `507`, ...). Where the document uses a numeral twice or
wrongly, the reading that the project takes is said beside it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = [
    "BACKUP_SERVER",
    "CLIENT_SERVER",
    "COMMAND_PORT",
    "COMPONENTS",
    "HOST",
    "HOST_PORT",
    "LAN",
    "SECOND_VOLUME_WORKER",
    "TAPE_PORT",
    "VOLUME_WORKER",
    "Component",
    "Event",
    "PairState",
    "Processor",
    "StepKind",
]


@dataclass(frozen=True)
class Component:
    """A named part of the system; `numeral` is its reference sign in the document, None for parts of other designs."""

    name: str
    numeral: int | None = None
    meaning: str = ""

    def __str__(self) -> str:
        return self.name if self.numeral is None else f"{self.name} {self.numeral}"


@dataclass(frozen=True)
class Processor(Component):
    """A component that takes steps of its own, at its own speed [R22]."""


CLIENT_SERVER = Processor(
    "client", 101, "runs the application; commands the split in the first three embodiments"
)
BACKUP_SERVER = Processor("server", 102, "starts the backup and issues the backup command")
HOST_PORT = Processor("host I/O", 501, "serves the client server: writes, pair commands, the split")
COMMAND_PORT = Processor("command", 502, "receives and analyses the backup command")
TAPE_PORT = Processor("tape", 503, "checks the difference table and moves the data to the backup device")
VOLUME_WORKER = Processor(
    "disk", 508, "moves data between the cache and the volumes, and copies source to target"
)
SECOND_VOLUME_WORKER = Processor("disk'", 508, "a second worker that does the volume I/O of 508 [R110]")
LAN = Processor(
    "LAN", 206, "carries messages between the servers; called 205 at L162, where 205 is also a path"
)
HOST = Processor("host", meaning="one server, or a host, that does what 101 and 102 do [R20, R113]")

COMPONENTS: tuple[Component, ...] = (
    CLIENT_SERVER,
    BACKUP_SERVER,
    Component("driver of the client server", 103, "carries the commands of 105"),
    Component("driver of the backup server", 104, "carries the commands of 106"),
    Component("backup software of the client server", 105, "originates the split"),
    Component("backup software of the backup server", 106, "originates the backup command"),
    LAN,
    Component("storage system", 300, "contains 301 and 302"),
    Component("storage controller", 301, "contains the processors, the cache and the management area"),
    Component("storage device", 302, "contains the volumes"),
    Component("tape device", 303, "the backup device"),
    Component("switch", 304, "routes by destination address"),
    Component("channel port", 401, "the client server's side"),
    Component("channel port", 402, "the backup server's side, for commands"),
    Component("channel port", 403, "the backup server's side, for tape traffic"),
    HOST_PORT,
    COMMAND_PORT,
    TAPE_PORT,
    Component("individual memory", 504, "of 501, and of nobody else"),
    Component("individual memory", 505, "of 502, and of nobody else"),
    Component("individual memory", 506, "of 503, and of nobody else"),
    Component(
        "common memory / cache", 507, "slots for data and the management area; shared by the processors"
    ),
    VOLUME_WORKER,
    Component("individual memory", 509, "of 508; L90 names its owner 505, a slip for 508"),
    Component("management area", 510, "holds 511 to 514, 516 and 517"),
    Component("backup parameters", 511, "source, destination and range of the accepted backup"),
    Component("source volume number", 512, "which volume is the source of the pair"),
    Component("target volume number", 513, "which volume is the target of the pair"),
    Component(
        "difference table", 514, "what is not reflected from source to target at the instant of the split"
    ),
    Component("backup data storage area", 515, "staging in the cache for data on its way to tape"),
    Component("pair state, source view", 516, "SPLIT at once when the pair is split"),
    Component("pair state, target view", 517, "SPLIT_PENDING until the differences are reflected"),
    Component("source volume", 601, "what the client server reads and writes"),
    Component("target volume", 602, "the mirror, and after the split the image"),
    Component("volume for pair operation", 603, "named once, used by no flow of the document"),
    Component("volume for backup processing", 604, "named once, used by no flow of the document"),
)
"""Every numbered part of the document, in the order of its numeral within its group."""


class PairState(enum.Enum):
    """What a pair of volumes can be in [R34-R38]; a view of the controller (516, 517) holds one of these."""

    SIMPLEX = "simplex"
    DUPLEX_PENDING = "duplex pending"
    DUPLEX = "duplex"
    SPLIT_PENDING = "split pending"
    SPLIT = "split"


class StepKind(enum.Enum):
    """What a step is for. Properties of the kind `possible` name kinds that they do without."""

    HOST_IO = "host I/O"
    DESTAGE = "destage"
    COPY = "copy"
    BACKUP = "backup"
    PAIR = "pair"
    MESSAGE = "message"
    OTHER = "other"


class Event(enum.Enum):
    """What properties of the kind `count` count: a step says which of these it is."""

    LAN_MESSAGE = "message between the servers"
    COMMAND = "command from a server to the controller"
    REPORT = "report from the controller to a server"
    PAIR_QUERY = "question about the state of the pair"
    BACKUP_QUERY = "question about the state of the backup"
    SOURCE_READ = "read of the source volume for the tape"
    PAUSE = "interruption of the host I/O of 101"
