"""A backup as the adapters for QEMU keep track of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.protocol.adapter import BackupState

__all__ = ["Backup"]


@dataclass
class Backup:
    """`jobs`: of each extent; `nodes`: to be removed once they have ended; `blocks_done`: by extent, in its order."""

    extents: Extents
    tape: Path
    jobs: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    blocks_done: list[int] = field(default_factory=list)
    state: BackupState = BackupState.IN_PROGRESS
