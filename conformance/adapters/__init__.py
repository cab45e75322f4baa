"""Adapters for storage that many people run; each starts and stops what it needs by itself.

`splitproof conform qemu`, or `pytest --pyargs splitproof.conformance --controller qemu`. See docs/real-controllers.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BUILT_IN", "BuiltIn"]


@dataclass(frozen=True)
class BuiltIn:
    """A module with `absent`, which says in a sentence what is missing, and `make`, or `command` for a process.

    `arguments`: of these functions.
    """

    module: str
    arguments: tuple[str, ...] = ()


BUILT_IN: Final = {
    "qemu": BuiltIn("splitproof.conformance.adapters.qemu_group"),
    "qemu-mirror": BuiltIn("splitproof.conformance.adapters.qemu_mirror"),
    "reflink-xfs": BuiltIn("splitproof.conformance.adapters.reflink", ("xfs",)),
    "reflink-btrfs": BuiltIn("splitproof.conformance.adapters.reflink", ("btrfs",)),
    "lio": BuiltIn("splitproof.conformance.adapters.lio"),
}
"""By the short name that a user writes."""
