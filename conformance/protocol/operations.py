"""The table of operations: names, parameters, results and meanings, for the adapters of every language at once.

The session checks calls and answers against it, the JSON-lines form is derived from it, and docs/adapter-protocol.md
is printed from it: they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from splitproof.conformance.protocol.shapes import (
    BACKUP_ID,
    BLOCK,
    BLOCKS,
    CAPABILITIES,
    COUNT,
    DATA,
    EXTENTS,
    IMAGE,
    NOTHING,
    PAIR_VIEWS,
    PUMP_KIND,
    RECORDS,
    STATUS,
    Shape,
)

__all__ = ["OPERATIONS", "OPTIONAL", "OperationForm", "form_of"]


@dataclass(frozen=True)
class OperationForm:
    """An operation: `parameters` in order, `optional` if a controller need not have it.

    `together_with`: optional operations that make sense only with this one.
    """

    name: str
    parameters: Mapping[str, Shape]
    result: Shape
    meaning: str
    optional: bool = False
    together_with: tuple[str, ...] = ()


def _form(
    name: str,
    meaning: str,
    result: Shape = NOTHING,
    *,
    optional: bool = False,
    together_with: tuple[str, ...] = (),
    **parameters: Shape,
) -> OperationForm:
    return OperationForm(name, MappingProxyType(parameters), result, meaning, optional, together_with)


OPERATIONS: Final[tuple[OperationForm, ...]] = (
    _form("capabilities", "What the controller is and has. Called first, and once.", CAPABILITIES),
    _form(
        "reset",
        "A fresh source, target and tape library: an unpaired source of so many blocks with any contents, "
        "a target whose contents differ from the source's in every block if that can be had, no backup.",
        block_count=COUNT,
    ),
    _form(
        "write",
        "A host write of a whole block of the source. Returns when it is acknowledged.",
        block=BLOCK,
        data=DATA,
    ),
    _form("read", "What a host read of a block of the source returns.", DATA, block=BLOCK),
    _form(
        "create_pair",
        "Form the pair of source and target. Returns when the command is acknowledged; copying goes on.",
    ),
    _form(
        "split",
        "Split the pair. Returns when that is acknowledged; the instant of the split lies within the call.",
    ),
    _form("pair_state", "The state of the pair as the source and as the target show it.", PAIR_VIEWS),
    _form(
        "backup",
        "Start to back up these extents of the image of the last split to a fresh tape, as Extended Copy does. Returns "
        "when the backup is accepted, with an identifier that no other backup has.",
        BACKUP_ID,
        extents=EXTENTS,
    ),
    _form(
        "backup_status",
        "How far a backup is, as Receive Copy Results tells it. `completed` says that every block is on the tape.",
        STATUS,
        backup=BACKUP_ID,
    ),
    _form(
        "tape_image",
        "Each block that the tape of a backup has a record of. A back door for the judge, not the path under test.",
        RECORDS,
        backup=BACKUP_ID,
    ),
    _form(
        "resync",
        "Join a split pair again. Returns when the command is acknowledged; copying goes on.",
        optional=True,
    ),
    _form(
        "reset_group",
        "As `reset`, but a group of so many pairs, each of so many blocks. Until the next reset every other operation "
        "is of the group: block b of pair p has the number p * block_count + b, and `split` splits all pairs at one "
        "instant.",
        optional=True,
        pair_count=COUNT,
        block_count=COUNT,
    ),
    _form("delete_pair", "End the pair. Returns when that is acknowledged.", optional=True),
    _form(
        "split_and_backup",
        "The single command of the fourth embodiment: split the pair, and back up these extents of that very split. "
        "Returns when the split is acknowledged.",
        BACKUP_ID,
        optional=True,
        extents=EXTENTS,
    ),
    _form("target_image", "What is on the target volume. A back door for the judge.", IMAGE, optional=True),
    _form(
        "differences",
        "The blocks that are not reflected to the target yet: marked in the difference table, or being copied.",
        BLOCKS,
        optional=True,
    ),
    _form(
        "hold_copy",
        "From now on nothing is copied to the target, until `release_copy`. Everything else goes on.",
        optional=True,
        together_with=("release_copy",),
    ),
    _form("release_copy", "Copying goes on.", optional=True, together_with=("hold_copy",)),
    _form(
        "pump",
        "Do so many steps of the controller's own work of a kind, in this call; returns how many there were to do. A "
        "controller that offers it does no such work outside of these calls, from `reset` on, but what another "
        "operation has to wait for.",
        COUNT,
        optional=True,
        kind=PUMP_KIND,
        steps=COUNT,
    ),
    _form(
        "crash",
        "Fail as a whole, as at a loss of power: what is not kept through that is lost, and nothing is under way any "
        "more. Only `recover` is called next.",
        optional=True,
        together_with=("recover",),
    ),
    _form(
        "recover",
        "Start again after `crash`. Returns when commands are taken; copying is not held. Backups go on, have failed, "
        "or are not known any more (`backup_status` is rejected).",
        optional=True,
        together_with=("crash",),
    ),
)


_BY_NAME: Final = {form.name: form for form in OPERATIONS}
OPTIONAL: Final = tuple(form.name for form in OPERATIONS if form.optional)


def form_of(name: str) -> OperationForm:
    """The row of the table.

    Raises:
        KeyError: there is no such operation.
    """
    return _BY_NAME[name]
