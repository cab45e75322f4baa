"""What a vendor writes: a class with the operations of the table, in Python; `stdio` has the form for any language.

An operation returns, or raises one of three answers. Anything else that it raises, or a value of another shape, is a
fault of the adapter and ends the test as an error. Operations may be called from several threads at once. What a
method means is said once, in `operations.OPERATIONS`, from which docs/adapter-protocol.md is made.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from splitproof.conformance.histories.history import Extents
from splitproof.spec.vocabulary import PairState

__all__ = [
    "EMBODIMENTS",
    "POLLED",
    "PROTOCOL",
    "AdapterFault",
    "BackupState",
    "BackupStatus",
    "Capabilities",
    "Controller",
    "FaultKind",
    "Indefinite",
    "PairViews",
    "Rejected",
    "Unsupported",
]

PROTOCOL = "splitproof-adapter/1"
"""The version of the table of operations."""

POLLED = "second-embodiment-host-polls"
"""Here a backup is commanded only when the host has asked for the state of the pair, and found it split."""

EMBODIMENTS = (
    "prior-art-wait",
    "first-embodiment",
    "second-embodiment",
    POLLED,
    "third-embodiment",
    "fourth-embodiment-reflect",
    "fourth-embodiment-stage",
    "fourth-embodiment-wait",
)
"""What a controller may declare that it is; each is a design of the document."""


class Rejected(Exception):  # noqa: N818  # an answer of the controller, named as the protocol names it
    """The operation definitely did not happen; the message is the controller's reason."""


class Indefinite(Exception):  # noqa: N818  # likewise
    """The operation may have happened, or may happen yet: it timed out, or the connection was lost."""


class Unsupported(Exception):  # noqa: N818  # likewise
    """The controller has no such operation."""


class FaultKind(enum.Enum):
    """How an adapter breaks its contract."""

    HUNG = "hung"
    DIED = "died"
    GARBAGE = "garbage"
    RAISED = "raised"


class AdapterFault(Exception):  # noqa: N818  # said of the adapter, not of us
    """The adapter broke its contract: it hung, died, answered garbage, or raised what is no answer.

    `call`: the operation that was under way, with its arguments; empty if there was none.
    """

    def __init__(self, kind: FaultKind, message: str, call: str = "") -> None:
        self.kind = kind
        self.call = call
        super().__init__(message)


@dataclass(frozen=True)
class PairViews:
    """The state of the pair as the source shows it (516), and as the target shows it (517)."""

    source: PairState
    target: PairState


class BackupState(enum.Enum):
    """As RECEIVE COPY RESULTS reports it."""

    IN_PROGRESS = "in progress"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class BackupStatus:
    """How far a backup is; `segments_done` counts extents."""

    state: BackupState
    segments_done: int = 0


@dataclass(frozen=True)
class Capabilities:
    """What a controller declares of itself; what it declares is tested, and what it does not is skipped.

    `block_count_max`: the largest volume that `reset` can make; 8 at least. `operations`: the optional operations that
    it has. `split_is_immediate`: whether `split` returns without waiting for any copying. `atomic_block_io`: whether
    host I/O to one block that is under way together is atomic; if not, the suite keeps it apart, as a host does.
    `writes_survive_crash`: whether a write that was acknowledged is kept through `crash`; the document does not ask it.
    `embodiment`: which of `EMBODIMENTS` it is, if it is one of them; what distinguishes it from the others is tested.
    `call_seconds_max`: within which every operation returns. `settle_seconds_max`: within which outstanding copying,
    and a backup, come to an end when nothing is written.
    """

    block_size_bytes: int
    block_count_max: int
    operations: frozenset[str] = frozenset()
    split_is_immediate: bool = True
    atomic_block_io: bool = True
    writes_survive_crash: bool = False
    call_seconds_max: float = 10.0
    settle_seconds_max: float = 30.0
    name: str = "a controller"
    embodiment: str = ""


class Controller(Protocol):
    """The operations that every controller has. The optional ones are methods beside these."""

    def capabilities(self) -> Capabilities: ...

    def reset(self, block_count: int) -> None: ...

    def write(self, block: int, data: bytes) -> None: ...

    def read(self, block: int) -> bytes: ...

    def create_pair(self) -> None: ...

    def split(self) -> None: ...

    def pair_state(self) -> PairViews: ...

    def backup(self, extents: Extents) -> str: ...

    def backup_status(self, backup: str) -> BackupStatus: ...

    def tape_image(self, backup: str) -> Mapping[int, bytes]: ...
