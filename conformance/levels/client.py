"""What a single client knows of a controller from its own operations: nobody else writes, and no two overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from splitproof.conformance.histories.history import Extents, blocks_of

__all__ = ["Backup", "ClientRecord"]


@dataclass
class Backup:
    """An accepted backup: the image that it is of (None if of no split), and whether its good end was reported.

    `over`: whether it was seen to have ended, well or not.
    """

    extents: Extents
    image: tuple[bytes, ...] | None
    ended: bool = False
    over: bool = False

    @property
    def blocks(self) -> frozenset[int]:
        return blocks_of(self.extents)


@dataclass
class ClientRecord:
    """Contents are one `bytes` a block. `image` is what the source held at the last split.

    `doubtful`: blocks with a write of which nobody knows whether it happened, or when it will. `splits`: how many.
    """

    initial: tuple[bytes, ...]
    acknowledged: list[bytes] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    image: tuple[bytes, ...] | None = None
    image_doubtful: frozenset[int] = frozenset()
    is_split: bool = False
    splits: int = 0
    backups: dict[str, Backup] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.acknowledged = list(self.initial)

    def split(self) -> None:
        """A split was acknowledged."""
        self.image, self.image_doubtful = tuple(self.acknowledged), frozenset(self.doubtful)
        self.is_split = True
        self.splits += 1

    def joined(self) -> None:
        """The pair is one again, or none."""
        self.is_split = False

    def accepted(self, identifier: str, extents: Extents) -> None:
        """A backup was accepted; it is of the last split."""
        self.backups[identifier] = Backup(extents, self.image if self.is_split else None)

    def recovered(self, contents: Sequence[bytes], is_split: bool) -> None:
        """The controller started again: this is what it holds, and whether the pair is still split."""
        self.acknowledged = list(contents)
        self.doubtful.clear()
        self.is_split = self.is_split and is_split

    def learn(self, name: str, arguments: Mapping[str, Any], result: Any) -> None:
        """An operation was acknowledged."""
        match name:
            case "write":
                self.acknowledged[arguments["block"]] = arguments["data"]
            case "split":
                self.split()
            case "resync" | "delete_pair":
                self.joined()
            case "backup":
                self.accepted(result, arguments["extents"])
            case "split_and_backup":
                self.split()
                self.accepted(result, arguments["extents"])

    def told(self, block: int, image: tuple[bytes, ...] | None) -> bool:
        """Whether contents at the start, image and live source of a block differ: only then does equality tell."""
        return image is not None and self.initial[block] != image[block] != self.acknowledged[block]
