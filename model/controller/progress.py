"""Why something comes about, or can, however many blocks there are: what falls, and which steps help.

`prove` sees whether each argument holds of the design: what a design with an open race argues here is refused there.
"""

from __future__ import annotations

from splitproof.model.choices import Lan, VolumeIo
from splitproof.model.controller.backup_progress import argue_for_backup
from splitproof.model.controller.memory import locks_rows
from splitproof.model.controller.pause_progress import argue_for_resumption
from splitproof.model.controller.split_progress import argue_for_split
from splitproof.model.controller.write_progress import argue_for_destaging, argue_for_writes
from splitproof.model.design import Design
from splitproof.model.machine import Machine

__all__ = ["declare_progress"]


def declare_progress(machine: Machine, design: Design) -> None:
    """The arguments for the design, where there are any."""
    if design.volume_io is VolumeIo.PORTS or locks_rows(design) or design.lan is Lan.DUPLICATING:
        return
    argue_for_split(machine, design)
    argue_for_writes(machine, design)
    argue_for_destaging(machine, design)
    argue_for_backup(machine, design)
    argue_for_resumption(machine, design)
