"""How each property is watched while a single client works: what is looked at, and when an answer tells something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from splitproof.conformance.observation import Cell, Observation
from splitproof.conformance.protocol.adapter import BackupState, Indefinite, PairViews, Rejected
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import (
    BACKUP_FOLLOWS_ITS_SPLIT,
    DIFFERENCE_IS_SOUND,
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    READ_LATEST_WRITE,
    SPLIT_LIES_IN_ITS_COMMAND,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

if TYPE_CHECKING:
    from splitproof.conformance.lab.session import Session
    from splitproof.conformance.levels.client import ClientRecord

__all__ = ["WATCHES", "Event", "Look", "Watch"]


@dataclass(frozen=True)
class Event:
    """What has just been done: an operation and its result, None if it was refused or has none."""

    name: str
    arguments: dict[str, Any]
    result: Any
    accepted: bool
    views_before: PairViews | None
    views: PairViews | None


@dataclass(frozen=True)
class Look:
    """One thing seen: an observation, or one before and one after a step; `telling` blocks have something to say."""

    before: Observation
    after: Observation | None = None
    telling: frozenset[int | None] = frozenset()


@dataclass(frozen=True)
class Watch:
    """How a property is watched.

    `needs`: optional operations without which nothing can be seen. `situation`: when an answer tells something; a run
    in which it never comes about is vacuous. `views`: whether the views are looked at after each operation.
    """

    property: Property
    look: Callable[[Session, ClientRecord, Event], Iterator[Look]]
    situation: str
    needs: tuple[str, ...] = ()
    views: bool = False


def _known(client: ClientRecord, contents: tuple[bytes, ...] | None, name: str) -> dict[Cell, object]:
    """Cells for contents that are certain."""
    if contents is None:
        return {}
    doubtful = client.image_doubtful | (frozenset(client.doubtful) if not client.is_split else frozenset())
    return {(name, block): data for block, data in enumerate(contents) if block not in doubtful}


def _views(views: PairViews | None) -> dict[Cell, object]:
    if views is None:
        return {}
    return {
        ("pair.source_view", None): views.source,
        ("pair.target_view", None): views.target,
        ("target_view_outstanding", None): False,
    }


def _tape(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    count = len(client.initial)
    for identifier, backup in client.backups.items():
        records = session.tape_image(identifier)
        cells: dict[Cell, object] = {("tape.written", block): block in records for block in range(count)}
        cells |= {("tape.data", block): data for block, data in records.items()}
        cells |= _known(client, backup.image, "backup_image")
        told = frozenset(block for block in records if client.told(block, backup.image))
        yield Look(Observation(count, cells), telling=told)


def _end_report(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    count = len(client.initial)
    for identifier, backup in client.backups.items():
        if backup.ended:
            continue
        try:
            backup.ended = session.backup_status(identifier).state is BackupState.COMPLETED
        except (Rejected, Indefinite):
            continue
        if not backup.ended:
            continue
        records = session.tape_image(identifier)  # after the report: what is missing now was missing then
        cells: dict[Cell, object] = {("end_reported", None): False}
        for block in range(count):
            cells["in_range", block] = block in backup.blocks
            cells["tape.written", block] = block in records
        after = Observation(count, {("end_reported", None): True})
        yield Look(Observation(count, cells), after, frozenset(backup.blocks))


def _target(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    count = len(client.initial)
    cells = _views(event.views) | _known(client, client.image, "image")
    told: frozenset[int | None] = frozenset()
    if event.views is not None and event.views.target is PairState.SPLIT:
        cells |= {("target", block): data for block, data in enumerate(session.target_image())}
        told = frozenset(block for block in range(count) if client.told(block, client.image))
    yield Look(Observation(count, cells), telling=told)


def _difference(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    count = len(client.initial)
    cells = _views(event.views) | _known(client, client.image, "image")
    told: frozenset[int | None] = frozenset()
    if event.views is not None and event.views.source is PairState.SPLIT and client.is_split:
        marked = session.call("differences")  # before the target: differences only shrink
        for block, data in enumerate(session.target_image()):
            cells["target", block] = data
            cells["marked", block] = block in marked
            cells["in_copy", block] = False  # `differences` includes what is being copied
        told = frozenset(
            block for block in range(count) if client.told(block, client.image) and block not in marked
        )
    yield Look(Observation(count, cells), telling=told)


def _pair_states(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    split = event.views is not None and event.views.source is PairState.SPLIT
    yield Look(Observation(1, _views(event.views)), telling=frozenset({None} if split else ()))


def _pair_transitions(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    if event.name == "delete_pair":
        return  # the document has no such command, so its states say nothing of it
    completes = event.views_before != event.views and event.name == "pump"
    told: frozenset[int | None] = frozenset({None} if completes else ())
    yield Look(Observation(1, _views(event.views_before)), Observation(1, _views(event.views)), told)


def _split_lies(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    commanded = event.name in ("split", "split_and_backup")
    before = _views(event.views_before) | {("split_received", None): commanded}
    after = _views(event.views) | {("split_outstanding", None): commanded}
    told: frozenset[int | None] = frozenset({None} if commanded and event.accepted else ())
    yield Look(Observation(1, before), Observation(1, after), told)


def _backup_follows(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    if event.name != "backup":
        return
    before: dict[Cell, object] = {("backup_notified", None): False, ("split_in_run", None): client.is_split}
    after: dict[Cell, object] = {("backup_notified", None): event.accepted}
    told: frozenset[int | None] = frozenset({None} if not client.is_split else ())
    yield Look(Observation(1, before), Observation(1, after), told)


def _read(session: Session, client: ClientRecord, event: Event) -> Iterator[Look]:
    if event.name != "read" or not event.accepted:
        return
    block = event.arguments["block"]
    cells: dict[Cell, object] = {("logical", block): event.result, ("being_written", block): False}
    if block not in client.doubtful:
        cells["last_acknowledged", block] = client.acknowledged[block]
    rewritten = client.acknowledged[block] != client.initial[block]
    told: frozenset[int | None] = frozenset({block} if rewritten else ())
    yield Look(Observation(len(client.initial), cells), telling=told)


WATCHES: Final = {
    watch.property: watch
    for watch in (
        Watch(
            TAPE_IS_IMAGE,
            _tape,
            "a block written before a split and again after it, on the tape of a backup of that split",
        ),
        Watch(END_REPORT_IS_TRUE, _end_report, "a good end of a backup"),
        Watch(
            TARGET_IS_IMAGE,
            _target,
            "a block written before a split and again after it, with the target view SPLIT",
            needs=("target_image",),
            views=True,
        ),
        Watch(
            DIFFERENCE_IS_SOUND,
            _difference,
            "a block written before a split and again after it, and not marked",
            needs=("target_image", "differences"),
            views=True,
        ),
        Watch(LEGAL_PAIR_STATES, _pair_states, "a pair that is split", views=True),
        Watch(
            LEGAL_PAIR_TRANSITIONS,
            _pair_transitions,
            "a transition that the controller takes by itself",
            needs=("pump",),
            views=True,
        ),
        Watch(SPLIT_LIES_IN_ITS_COMMAND, _split_lies, "an accepted split", views=True),
        Watch(BACKUP_FOLLOWS_ITS_SPLIT, _backup_follows, "a backup asked of a pair that is not split"),
        Watch(READ_LATEST_WRITE, _read, "a read of a block that was written"),
    )
}
"""By property; each is watched in a run of its own, so that one fault does not hide another."""
