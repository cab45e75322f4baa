"""What the reference controller remembers, beside its volumes: the cache row of each block, and work in progress."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from splitproof.conformance.adapter import BackupState
from splitproof.conformance.history import Extents

__all__ = ["Copy", "Destage", "Job", "Phase", "Row"]


@dataclass
class Row:
    """What the common memory (507) holds for a block.

    `before`, `after`: dirty data from before and from after the split; `difference`: the target lacks something of the
    image; `post_difference`: the source was written after the split.
    """

    before: bytes | None = None
    after: bytes | None = None
    difference: bool = False
    post_difference: bool = False
    in_flight: bool = False
    requested: bool = False


@dataclass
class Copy:
    """What the volume worker (508) copies from source to target; `data` once it is read."""

    block: int
    data: bytes | None = None
    written: bool = False


@dataclass
class Destage:
    """What it carries from the cache to the source."""

    block: int
    data: bytes
    stored: bool = False


class Phase(enum.Enum):
    """What the tape processor (503) does next for the block at hand."""

    CHECK = "check whether the block is reflected"
    READ_SOURCE = "read what is not reflected into the staging area"
    RECHECK = "check again"
    READ_TARGET = "read what is reflected"
    KEEP = "put it on the tape, or into the staging area"


@dataclass
class Job:
    """A backup. `ready` is data for the tape; staging, nothing is written before all of it is there."""

    blocks: list[int]
    extents: Extents
    phase: Phase = Phase.CHECK
    at: int = 0
    data: bytes = b""
    ready: dict[int, bytes] = field(default_factory=dict)
    records: dict[int, bytes] = field(default_factory=dict)
    state: BackupState = BackupState.IN_PROGRESS
