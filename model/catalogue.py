"""The catalogue: every embodiment as written, closed, and with two slots, each with its declared verdicts.

As written: where the document is silent, the reading that a hurried implementer would take (the defaults of `Design`).
Closed: every race known from the gaps is shut, at the price that a host write may wait. Two slots: shut as well, and
nothing ever delays an acknowledgement. The declared verdicts stand in `expectations`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from splitproof.model.choices import (
    AcceptCheck,
    Acknowledge,
    Backup,
    CopyReads,
    DestageClean,
    DifferenceMarked,
    End,
    InFlight,
    Ownership,
    Pause,
    PostSplitTable,
    PostSplitWrite,
    PreSplitSlot,
    Report,
    Resync,
    Split,
    Staging,
    TargetViewSet,
)
from splitproof.model.controller import build
from splitproof.model.design import Design
from splitproof.model.errors import ModelError
from splitproof.model.expectations import as_written, asked_of, closed, distinctions, waiting
from splitproof.model.machine import Machine
from splitproof.model.misuse import nearest
from splitproof.spec.properties import Expectation, Property

__all__ = [
    "CATALOGUE",
    "DISTINGUISHED",
    "VARIATIONS",
    "Entry",
    "ask_distinctions",
    "design_named",
    "entry_of",
    "machine_of",
]


@dataclass(frozen=True)
class Entry:
    """A design of the catalogue with the verdict declared for each property."""

    design: Design
    meaning: str
    expects: Mapping[str, Expectation]


_ON_DEMAND = "what differs in the range is copied on demand, then read from the target"
_WAITING = "the backup waits until every difference is copied"
_STAGING = "what differs is read from the source, through the staging area"
_EMBODIMENTS = {
    "first-embodiment": (Backup.ON_DEMAND, _ON_DEMAND),
    "second-embodiment": (Backup.WAIT_ALL, _WAITING),
    "second-embodiment-host-polls": (
        Backup.HOST_POLLS,
        "102 asks until every difference is copied, then commands the backup",
    ),
    "third-embodiment": (Backup.STAGE, _STAGING),
    "fourth-embodiment-reflect": (
        Backup.ON_DEMAND,
        f"101 pauses, one command splits and backs up; {_ON_DEMAND}",
    ),
    "fourth-embodiment-stage": (Backup.STAGE, f"101 pauses, one command splits and backs up; {_STAGING}"),
    "fourth-embodiment-wait": (Backup.WAIT_ALL, f"101 pauses, one command splits and backs up; {_WAITING}"),
}


def _written(name: str, backup: Backup) -> Design:
    """The hurried reading; of the fourth embodiment, the order of Fig. 11 and the status command of L168."""
    if name.startswith("fourth"):
        return Design(
            name,
            backup,
            split=Split.COMBINED,
            end=End.POLLED,
            target_view_set=TargetViewSet.AFTER_COMMAND,
        )
    return Design(name, backup)


def _mirrored(design: Design) -> Design:
    """With the closing choices that concern the mirror, and the split of a pair that is mirrored."""
    return dataclasses.replace(
        design,
        difference_marked=DifferenceMarked.WITH_STORE,
        in_flight=InFlight.VISIBLE,
        copy_reads=CopyReads.AFTER_DESTAGE,
        post_split_table=PostSplitTable.OWN,
        destage_clean=DestageClean.COMPARED,
        accept_check=AcceptCheck.VERIFIES_SPLIT,
        resync=Resync.GUARDED,
    )


def _closed(design: Design) -> Design:
    return dataclasses.replace(
        _mirrored(design),
        name=f"{design.name}-closed",
        pre_split_slot=PreSplitSlot.PROTECTED,
        post_split_write=PostSplitWrite.COPIED_FIRST,
        staging=Staging.RECHECKED,
        report=Report.WHEN_REFLECTED,
        ownership=Ownership.FULL,
        pause=Pause.DRAINS,
        target_view_set=TargetViewSet.BEFORE_COMMAND,
    )


def _two_slots(design: Design) -> Design:
    return dataclasses.replace(
        _closed(design),
        name=f"{design.name}-two-slots",
        copy_reads=CopyReads.THROUGH_CACHE,
        pre_split_slot=PreSplitSlot.TWO_SLOTS,
    )


def _prior_art() -> dict[str, Entry]:
    unchecked = Design("prior-art-unchecked", Backup.UNCHECKED)
    wait = dataclasses.replace(
        _mirrored(Design("prior-art-wait", Backup.UNCHECKED)), acknowledge=Acknowledge.AFTER_COPYING
    )
    read_unseen = "the split is reported at once, the target read without a look"
    split_late = "the split is reported when nothing is left to copy or destage"
    return {
        unchecked.name: Entry(unchecked, read_unseen, as_written(unchecked)),
        wait.name: Entry(wait, split_late, waiting(wait)),
    }


DISTINGUISHED: dict[str, str] = {
    "prior-art-unchecked": "prior-art-unchecked",
    "prior-art-wait": "prior-art-wait",
    **{f"{name}{family}": name for name in _EMBODIMENTS for family in ("-closed", "-two-slots")},
}
"""The designs that are asked what distinguishes the embodiments, each with the embodiment that it stands for."""


def _catalogue() -> dict[str, Entry]:
    entries = _prior_art()
    for name, (backup, meaning) in _EMBODIMENTS.items():
        written = _written(name, backup)
        for design, how, expects in (
            (written, "as written", as_written(written)),
            (_closed(written), "closed; a host write may wait", closed(_closed(written))),
            (
                _two_slots(written),
                "closed with two versions in a row; nothing waits",
                closed(_two_slots(written)),
            ),
        ):
            entries[design.name] = Entry(design, f"{meaning} ({how})", expects)
    return entries


CATALOGUE: dict[str, Entry] = _catalogue()
"""Every named design, in the order of the document."""


def _variations() -> tuple[str, ...]:
    checked = (Backup.ON_DEMAND, Backup.STAGE)
    found = []
    for name, (backup, _) in _EMBODIMENTS.items():
        families = ("-closed",) if name.startswith("fourth") else ("-closed", "-two-slots")
        for family in families:
            found.append(f"{name}{family}+workers=2")
            if backup in checked:
                found.append(f"{name}{family}+check_unit=unit")
    return (
        *found,
        "second-embodiment-closed+volume_io=ports",
        "first-embodiment-closed+servers=1",
        "fourth-embodiment-reflect-closed+servers=1",
        "first-embodiment-closed+device=disk",
        "third-embodiment-closed+device=disk",
        "fourth-embodiment-stage-closed+end=reported",
        "fourth-embodiment-stage-closed+split=two-commands",
        "second-embodiment-closed+lan=duplicating+run_numbers=checked",
        "fourth-embodiment-wait-closed+lan=duplicating+run_numbers=checked",
    )


VARIATIONS: tuple[str, ...] = _variations()
"""Designs that `verify` checks besides, each with the verdicts of the design that it varies: two volume workers [G18],
volume I/O by 501 to 503 [R110], block by block [G16], one server [R113], a disk [R112], a LAN that delivers again
[G25], and the open readings of the fourth embodiment [G24]."""


def design_named(text: str) -> Design:
    """The design that `name+key=value+...` names.

    Raises:
        ModelError: an unknown name (nearest names are given), a malformed or meaningless override.
    """
    name, *overrides = text.split("+")
    if name not in CATALOGUE:
        hint = nearest(name, CATALOGUE) or f"there are {', '.join(CATALOGUE)}"
        raise ModelError(f"there is no design {name!r}; {hint}", "")
    design = CATALOGUE[name].design
    changes = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise ModelError(
                f"{override!r} is no override; write {name}+key=value, such as {name}+workers=2", ""
            )
        if key in changes:
            raise ModelError(f"{text} sets {key} twice; give each choice once", "")
        changes[key] = value
    return design.but(**changes)


def entry_of(design: Design) -> Entry | None:
    """The catalogue's entry for a design, or for the design that it varies in `VARIATIONS`; None for others."""
    if design.name in VARIATIONS:
        return CATALOGUE[design.name.partition("+")[0]]
    entry = CATALOGUE.get(design.name)
    return entry if entry is not None and entry.design == design else None


def machine_of(design: Design) -> Machine:
    """The machine of a design, with what it is asked and the verdicts that the catalogue declares for it."""
    machine = build(design)
    entry = entry_of(design)
    machine.check(*asked_of(design), expects=entry.expects if entry is not None else None)
    if entry is not None:
        machine.meaning = entry.meaning
    return machine


def ask_distinctions(machine: Machine) -> tuple[Property, ...]:
    """Ask a machine of `DISTINGUISHED` what distinguishes its embodiment; what it is asked now besides."""
    asked, expects = distinctions(DISTINGUISHED[machine.name], CATALOGUE[machine.name].design)
    machine.check(*asked, expects=expects)
    return asked
