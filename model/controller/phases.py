"""How far each processor is with what it does: the words in which the model's memories are written."""

from __future__ import annotations

import enum

__all__ = [
    "COPYING",
    "DESTAGING",
    "AtBlock",
    "BackupAnswer",
    "ClientPhase",
    "CommandPhase",
    "DestageOf",
    "EndReport",
    "HostTask",
    "LanCopy",
    "PairAnswer",
    "ServerPhase",
    "TapePhase",
    "WorkerPhase",
    "WritePhase",
]


class ClientPhase(enum.Enum):
    """101 on its way through a run: it has the pair split, or pauses its I/O while 102 does."""

    IDLE = "idle"
    ORDERED = "ordered"
    WAITING = "waiting for the split"
    RELAYING = "relaying its end"
    PAUSING = "issues no write"
    PAUSED = "paused"


class ServerPhase(enum.Enum):
    """102 on its way through a run."""

    IDLE = "idle"
    STARTED = "started"
    CLEARED = "101 has answered"
    CONFIRMED = "target view seen split"
    SPLITTING = "split commanded"
    RESPONDED = "split answered"
    REFUSED = "split refused"
    RESUMED = "101 told to resume"
    COMMANDED = "backup commanded"


class HostTask(enum.Enum):
    """What 501 does about a pair command."""

    NONE = "none"
    ORDERED = "split ordered"
    SPLIT = "split done"
    REPORTED = "split reported"
    COMMANDED = "copy commanded, target view to be set"


class WritePhase(enum.Enum):
    """How far 501 is with the host write that it holds."""

    NONE = "none"
    ACCEPTED = "accepted"
    MARKED = "marked, not stored"
    UNMARKED = "stored, not marked"
    STORED = "stored"
    ACKNOWLEDGED = "acknowledged, not marked"


class CommandPhase(enum.Enum):
    """How far 502 is with the backup command."""

    IDLE = "idle"
    SPLIT_RECEIVED = "split received"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SPLIT_REFUSED = "split refused"
    COPY_COMMANDED = "copy commanded"
    SPLIT = "split done"
    VIEW_SET = "target view set"
    ANSWERED = "split answered"
    RUNNING = "503 at work"
    ENDED = "503 done"
    CLOSED = "parameters cleared"


class TapePhase(enum.Enum):
    """How far 503 is with the backup."""

    IDLE = "idle"
    NOTIFIED = "notified"
    REWOUND = "tape rewound"
    RUNNING = "running"


class AtBlock(enum.Enum):
    """How far 503 is with one block."""

    OUT = "out of range"
    TODO = "to do"
    REQUESTED = "copy requested"
    DIFFERING = "found differing"
    CLEAN = "found reflected"
    FETCHED = "read from source, to be rechecked or unlocked"
    STAGED = "staged"
    WRITTEN = "on tape"


class WorkerPhase(enum.Enum):
    """What a volume worker is at."""

    IDLE = "idle"
    POLLED = "saw no request"
    CLAIMED = "copy claimed"
    READ = "copy read"
    COPIED = "copy written"
    TAKEN = "destage taken"
    DESTAGED = "destage written"


class DestageOf(enum.Enum):
    """Which version of a row is being destaged and was not rewritten since."""

    NONE = "none"
    SLOT = "slot"
    NEXT = "later version"


class EndReport(enum.Enum):
    """What is answered to a command."""

    NONE = "none"
    GOOD = "good end"
    REFUSED = "refused"


class LanCopy(enum.Enum):
    """A message of which the LAN keeps a copy."""

    NONE = "none"
    START = "start"
    SPLIT = "split complete"
    PAUSED = "paused"
    RESUME = "resume"


class PairAnswer(enum.Enum):
    """A question about the pair state on its way, or the answer; `not split yet` tells 102 to ask again."""

    NONE = "none"
    ASKED = "asked"
    PENDING = "not split yet"
    SPLIT = "split"
    JOINED = "joined again"


class BackupAnswer(enum.Enum):
    """A question about the state of the backup on its way, or the answer that it has ended."""

    NONE = "none"
    ASKED = "asked"
    ENDED = "good end"
    REFUSED = "refused"


COPYING = (WorkerPhase.CLAIMED, WorkerPhase.READ, WorkerPhase.COPIED)
DESTAGING = (WorkerPhase.TAKEN, WorkerPhase.DESTAGED)
