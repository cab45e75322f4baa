"""The catalogue: every embodiment as written, closed, and with two slots, each with its declared verdicts.

As written: where the document is silent, the reading that a hurried implementer would take (the defaults of `Design`).
Closed: every race known from the gaps is shut, at the price that a host write may wait. Two slots: shut as well, and
nothing ever delays an acknowledgement. Verdicts are declared here, with the requirement or gap that predicts them,
before any search; where a search disagrees, `docs/findings.md` says which of the two was wrong.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from splitproof.model.controller import build
from splitproof.model.design import (
    AcceptCheck,
    Backup,
    CopyReads,
    Design,
    DestageClean,
    DifferenceMarked,
    InFlight,
    Ownership,
    PostSplitTable,
    PostSplitWrite,
    PreSplitSlot,
    Report,
    Resync,
    Staging,
)
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine
from splitproof.spec.properties import Expectation
from splitproof.spec.split_backup import PROPERTIES

__all__ = [
    "ABLATIONS",
    "CATALOGUE",
    "VARIATIONS",
    "Ablation",
    "Entry",
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


_EMBODIMENTS = {
    "first-embodiment": (
        Backup.ON_DEMAND,
        "what differs in the range is copied on demand, then read from the target",
    ),
    "second-embodiment": (Backup.WAIT_ALL, "the backup waits until every difference is copied"),
    "third-embodiment": (Backup.STAGE, "what differs is read from the source, through the staging area"),
}


def _closed(design: Design) -> Design:
    return dataclasses.replace(
        design,
        name=f"{design.name}-closed",
        difference_marked=DifferenceMarked.WITH_STORE,
        in_flight=InFlight.VISIBLE,
        copy_reads=CopyReads.AFTER_DESTAGE,
        pre_split_slot=PreSplitSlot.PROTECTED,
        post_split_write=PostSplitWrite.COPIED_FIRST,
        post_split_table=PostSplitTable.OWN,
        staging=Staging.RECHECKED,
        report=Report.WHEN_REFLECTED,
        ownership=Ownership.FULL,
        destage_clean=DestageClean.COMPARED,
        accept_check=AcceptCheck.VERIFIES_SPLIT,
        resync=Resync.GUARDED,
    )


def _two_slots(design: Design) -> Design:
    return dataclasses.replace(
        _closed(design),
        name=f"{design.name}-two-slots",
        copy_reads=CopyReads.THROUGH_CACHE,
        pre_split_slot=PreSplitSlot.TWO_SLOTS,
    )


_HOLDS = {item.id: Expectation(True, item.cites) for item in PROPERTIES}

_AS_WRITTEN = _HOLDS | {
    "tape-is-image": Expectation(False, ("G02",)),
    "target-is-image": Expectation(False, ("G02", "G04")),
    "mirror-in-duplex": Expectation(False, ("G04", "G33")),
    "difference-is-sound": Expectation(False, ("G01", "G04")),
    "staging-is-image": Expectation(False, ("G02", "G08")),
    "read-latest-write": Expectation(False, ("G33",)),
    "no-acknowledged-write-lost": Expectation(False, ("G33",)),
}
_CLOSED = _HOLDS | {"write-never-waits": Expectation(False, ("G03", "G35"))}
_TWO_SLOTS = _HOLDS


def _catalogue() -> dict[str, Entry]:
    entries = {}
    for name, (backup, meaning) in _EMBODIMENTS.items():
        written = Design(name, backup)
        for design, how, expects in (
            (written, "as written", _AS_WRITTEN),
            (_closed(written), "closed; a host write may wait", _CLOSED),
            (_two_slots(written), "closed with two versions in a row; nothing waits", _TWO_SLOTS),
        ):
            entries[design.name] = Entry(design, f"{meaning} ({how})", expects)
    return entries


CATALOGUE: dict[str, Entry] = _catalogue()
"""Every named design, in the order of the document."""


VARIATIONS: tuple[str, ...] = tuple(
    f"{name}{family}{override}"
    for name, (backup, _) in _EMBODIMENTS.items()
    for family in ("-closed", "-two-slots")
    for override in ("+workers=2", "+check_unit=unit")
    if override == "+workers=2" or backup is not Backup.WAIT_ALL
)
"""Designs that `verify` checks besides: the closed families with two volume workers [R110] and block by block [G16],
each with the verdicts of the design that it varies."""


@dataclass(frozen=True)
class Ablation:
    """A prediction: what breaks when a closed design takes back one closing choice.

    `breaks`: properties predicted violated beyond those of the closed design, at least; empty if it stays closed.
    """

    override: str
    breaks: tuple[str, ...]
    cites: tuple[str, ...]
    only: tuple[Backup, ...] = tuple(Backup)


ABLATIONS: tuple[Ablation, ...] = (
    Ablation("difference_marked=before-store", ("mirror-in-duplex", "tape-is-image"), ("G01",)),
    Ablation("difference_marked=before-ack", ("tape-is-image",), ("G01",)),
    Ablation("difference_marked=after-ack", ("tape-is-image",), ("G01",)),
    Ablation("difference_marked=at-destage", ("tape-is-image",), ("G05",)),
    Ablation("dirty_counts=yes", (), ("G05",)),
    Ablation("difference_cleared=after-write", ("mirror-in-duplex", "tape-is-image"), ("G07",)),
    Ablation("difference_cleared=compare", ("mirror-in-duplex",), ("G07",)),
    Ablation("difference_cleared=generation", (), ("G07",)),
    Ablation("in_flight=invisible", ("tape-is-image",), ("G06",)),
    Ablation("copy_reads=source", ("mirror-in-duplex", "tape-is-image"), ("G04",)),
    Ablation("pre_split_slot=overwritten", ("tape-is-image",), ("G03",)),
    Ablation("post_split_write=overwrites", ("tape-is-image",), ("G02",)),
    Ablation("post_split_write=held-at-store", (), ("G02", "G35")),
    Ablation("post_split_table=same", ("tape-is-image",), ("G09",)),
    Ablation("post_split_table=own-forgotten", ("mirror-in-duplex",), ("G09",)),
    Ablation("staging=unlocked", ("tape-is-image",), ("G08",), (Backup.STAGE,)),
    Ablation("staging=unit-locked", (), ("G08",), (Backup.STAGE,)),
    Ablation("staging=range-locked", (), ("G08",), (Backup.STAGE,)),
    Ablation("report=after-any-copy", ("tape-is-image",), ("G17",), (Backup.ON_DEMAND,)),
    Ablation("workers=2", (), ("R110", "G18")),
    Ablation("workers=2+ownership=none", ("no-acknowledged-write-lost", "tape-is-image"), ("G18",)),
    Ablation("workers=2+ownership=copy", ("no-acknowledged-write-lost",), ("G18",)),
    Ablation("workers=2+ownership=destage", ("mirror-in-duplex",), ("G18",)),
    Ablation("destage_clean=blind", ("no-acknowledged-write-lost",), ("G33",)),
    Ablation("creation=marks-none", ("mirror-in-duplex", "tape-is-image"), ("G32",)),
    Ablation("target_view_set=after-command", ("legal-pair-transitions",), ("G21",)),
    Ablation("accept_check=none", ("tape-is-image",), ("G26",)),
    Ablation("resync=unguarded", ("tape-is-image",), ("G12",)),
    Ablation("host_io=serial", (), ("G01", "G20")),
    Ablation("split_when=any-time", (), ("R49", "G32")),
    Ablation("check_unit=unit", (), ("G16",), (Backup.ON_DEMAND, Backup.STAGE)),
    Ablation("acknowledge=after-copying", ("split-does-not-wait",), ("R07", "R40")),
)
"""What is predicted for each choice of a closed design taken alone, from the gaps and from a prototype."""


def design_named(text: str) -> Design:
    """The design that `name+key=value+...` names.

    Raises:
        ModelError: an unknown name (nearest names are given), a malformed or meaningless override.
    """
    name, *overrides = text.split("+")
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(CATALOGUE)}"
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
    """The machine of a design, with the verdicts that the catalogue declares for it."""
    machine = build(design)
    entry = entry_of(design)
    if entry is not None:
        machine.meaning = entry.meaning
        machine.check(expects=entry.expects)
    return machine
