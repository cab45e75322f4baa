"""What distinguishes the embodiment that a controller declares to be, seen while its copying is withheld.

The document says of each distinction in which embodiments it holds. Where it holds, a controller must never violate it;
where it does not, the controller must show that: a third embodiment whose backup waits for copies is none [R85].
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Session
from splitproof.conformance.observation import Cell, Observation, Violated, judge_step
from splitproof.conformance.protocol.adapter import BackupState, Rejected
from splitproof.conformance.verdicts import NotOffered, PropertyViolated, Vacuous
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.expectations import distinctions
from splitproof.spec.distinctions import DISTINCTIONS
from splitproof.spec.properties import Property

__all__ = [
    "DISTINCTION",
    "Withheld",
    "declared_embodiment",
    "hold_to",
    "holds_in",
    "withhold",
]

DISTINCTION: Final = {item.id: item for item in DISTINCTIONS}
"""By name."""

_WATCHED_SECONDS = 0.3
"""How long a controller with threads of its own is watched for what it must not do."""
_POLL_SECONDS = 0.002
_WITHOUT_COPY: Final = ("host", "command", "destage", "backup")


def declared_embodiment(lab: Lab) -> str:
    """Which one the controller declares to be.

    Raises:
        NotOffered: none.
    """
    embodiment = lab.session.capabilities.embodiment
    if not embodiment:
        raise NotOffered("the controller does not declare which embodiment it is")
    return embodiment


def holds_in(embodiment: str, item: Property) -> bool:
    """Whether the document says of an embodiment that the distinction holds in it."""
    name = (
        embodiment
        if embodiment in CATALOGUE and embodiment.startswith("prior")
        else f"{embodiment}-two-slots"
    )
    _, expected = distinctions(embodiment, CATALOGUE[name].design)
    return expected[item.id].holds


def hold_to(lab: Lab, item: Property, seen: Violated | None, sentence: str, story: Sequence[str]) -> None:
    """Hold the controller to what its embodiment says of a distinction.

    `seen`: how the distinction was violated, if it was; `sentence`: what it means if it was not.

    Raises:
        PropertyViolated: it is another embodiment.
    """
    embodiment = declared_embodiment(lab)
    if holds_in(embodiment, item):
        if seen is not None:
            raise PropertyViolated.of(seen, story)
    elif seen is None:
        cites = ", ".join(item.cites)
        text = f"NOT THE {embodiment}  where it does not hold that {item.statement} [{cites}]"
        raise PropertyViolated(item, f"{text}\n  {sentence}", story)


@dataclass
class Withheld:
    """A pair that is split while nothing is copied, and a backup of it, None if it was refused."""

    session: Session
    uncopied: frozenset[int]
    extents: Extents
    backup: str | None
    target: Sequence[bytes] | None = None
    story: list[str] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        """Whether a record is on the tape."""
        return self.backup is not None and bool(self.session.tape_image(self.backup))

    def go_on(self) -> bool:
        """Let everything but copying go on; whether the backup came to a good end."""
        session, deadline = self.session, time.monotonic() + _WATCHED_SECONDS
        if self.backup is None:
            return False
        while session.backup_status(self.backup).state is BackupState.IN_PROGRESS:
            if not session.has("pump"):
                if time.monotonic() > deadline:
                    break
                time.sleep(_POLL_SECONDS)
            elif not any(session.pump(kind, 1) for kind in _WITHOUT_COPY):
                break
        return session.backup_status(self.backup).state is BackupState.COMPLETED

    def tape_begins(self, item: Property) -> Violated | None:
        """Whether its beginning violates a distinction; None too if it has not begun."""
        if not self.has_begun:
            return None
        count = self.session.volume.block_count or 0
        cells: dict[Cell, object] = {("tape_begun", None): False}
        for block in range(count):
            cells["uncopied", block] = block in self.uncopied
            cells["in_range", block] = block in blocks_of(self.extents)
        verdict = judge_step(
            item, Observation(count, cells), Observation(count, {("tape_begun", None): True})
        )
        return verdict if isinstance(verdict, Violated) else None


def withhold(lab: Lab, session: Session, written: Sequence[int], extents: Extents) -> Withheld:
    """Split after writes to some blocks, with copying held already, and command a backup.

    Raises:
        NotOffered: the controller's split leaves nothing to copy, or it does not show what is left.
        Vacuous: nothing is left to copy.
    """
    lab.needs_immediate_split()
    lab.needs("differences")
    for block in written:
        session.write(block, next(lab.numbers))
    story = ["hold_copy()", *(f"write(block {block})" for block in written)]
    backup: str | None = None
    if session.has("split_and_backup"):
        backup = session.call("split_and_backup", extents=extents)
        story.append(f"split_and_backup({extents})")
    else:
        session.call("split")
        story.append("split()")
        try:
            backup = session.backup(extents)
            story.append(f"backup({extents})")
        except Rejected as reason:
            story.append(f"backup({extents}) rejected: {reason}")
    uncopied: frozenset[int] = frozenset(session.call("differences"))
    if not uncopied & set(written):
        raise Vacuous(["a difference while copying is held"])
    target = session.target_image() if session.has("target_image") else None
    return Withheld(session, uncopied, extents, backup, target, story)
