"""The verdicts that the catalogue declares, each with the requirement or gap that predicts it.

Declared before the first search of a design; where a search disagrees, `docs/findings.md` says which of the two was
wrong. What is not listed is declared to hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from splitproof.model.choices import Acknowledge, Backup, CopyReads, PreSplitSlot, Split, TargetViewSet
from splitproof.model.design import Design
from splitproof.spec.distinctions import DISTINCTIONS, PAUSE_DOES_NOT_WAIT
from splitproof.spec.properties import Expectation, Property
from splitproof.spec.split_backup import PROPERTIES, WITH_PAUSE

__all__ = ["as_written", "asked_of", "closed", "distinctions", "waiting"]

Violations = Mapping[str, tuple[str, ...]]
"""Property to the requirements and gaps that say that it is violated."""


def asked_of(design: Design) -> tuple[Property, ...]:
    """What every design of this kind is asked: some things make sense only where 101 pauses."""
    return PROPERTIES if design.split is Split.SEPARATE else (*PROPERTIES, *WITH_PAUSE)


def as_written(design: Design) -> dict[str, Expectation]:
    """Of a design that takes the hurried reading everywhere."""
    violated: dict[str, tuple[str, ...]] = {
        "tape-is-image": ("G02",),
        "target-is-image": ("G02", "G04"),
        "mirror-in-duplex": ("G04", "G33"),
        "difference-is-sound": ("G01", "G04"),
        "staging-is-image": ("G02", "G08"),
        "read-latest-write": ("G33",),
        "no-acknowledged-write-lost": ("G33",),
        "split-completes": ("G09", "G10"),
    }
    if design.backup is Backup.WAIT_ALL:
        violated["backup-ends"] = ("G09", "G10")
    if design.target_view_set is TargetViewSet.AFTER_COMMAND:
        violated["legal-pair-transitions"] = ("G21",)
        violated["legal-pair-states"] = ("G12", "G21")
    if design.split is not Split.SEPARATE:
        violated["split-finds-no-write"] = ("G22",)
        violated["client-resumes"] = ("G27", "G39")
        violated["backup-ends"] = ("G27", "G39")
        violated["split-can-complete"] = ("G12", "G21")
    if design.backup is Backup.HOST_POLLS:
        violated["backup-can-end"] = ("G12", "G26")
    return _expectations(asked_of(design), violated)


def closed(design: Design) -> dict[str, Expectation]:
    """Of a design that shuts every race; only two slots keep a host write from waiting."""
    two_slots = design.pre_split_slot is PreSplitSlot.TWO_SLOTS
    return _expectations(asked_of(design), {} if two_slots else {"write-never-waits": ("G03", "G35")})


def waiting(design: Design) -> dict[str, Expectation]:
    """Of prior art that splits only when nothing is outstanding: under steady writes that may be never."""
    assert design.acknowledge is Acknowledge.AFTER_COPYING
    return _expectations(
        asked_of(design), {"split-does-not-wait": ("R03", "R04"), "split-is-reported": ("R04", "G10", "G34")}
    )


_UNCHECKED, _WAIT = "prior-art-unchecked", "prior-art-wait"
_FIRST, _SECOND, _POLLS, _THIRD = (
    "first-embodiment",
    "second-embodiment",
    "second-embodiment-host-polls",
    "third-embodiment",
)
_REFLECT, _STAGE, _FOURTH_WAIT = (f"fourth-embodiment-{name}" for name in ("reflect", "stage", "wait"))
_SEPARATE = (_UNCHECKED, _WAIT, _FIRST, _SECOND, _POLLS, _THIRD)
_COMBINED = (_REFLECT, _STAGE, _FOURTH_WAIT)
_ALL = (*_SEPARATE, *_COMBINED)


def _but(*names: str) -> tuple[str, ...]:
    return tuple(name for name in _ALL if name not in names)


_DISTINCTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "split-reported-after-copying": (_but(_WAIT), ("R07", "R52", "R94")),
    "backup-accepted-after-copying": (_but(_POLLS), ("R70", "R77", "R93")),
    "tape-begins-after-range-copy": ((_UNCHECKED, _THIRD, _STAGE), ("R05", "R82", "R106")),
    "tape-begins-after-volume-copy": (
        (_UNCHECKED, _FIRST, _THIRD, _REFLECT, _STAGE),
        ("R05", "R47", "R82", "R96"),
    ),
    "tape-begins-after-staging": (
        (_UNCHECKED, _WAIT, _FIRST, _SECOND, _POLLS, _REFLECT, _FOURTH_WAIT),
        ("R63", "R87"),
    ),
    "backup-requests-no-copy": ((_FIRST, _REFLECT), ("R64", "R96")),
    "backup-writes-no-target": ((_FIRST, _REFLECT), ("R65", "R96")),
    "tape-reads-no-source": ((_THIRD, _STAGE), ("R82", "R106")),
    "backup-waits-for-no-copy": ((_FIRST, _SECOND, _REFLECT, _FOURTH_WAIT), ("R66", "R72", "R96", "R107")),
    "command-waits-for-no-copy": ((_POLLS,), ("R77", "R79")),
    "two-lan-messages": (_COMBINED, ("R92", "R95")),
    "one-command": (_SEPARATE, ("R51", "R58")),
    "two-reports": ((*_COMBINED, _POLLS), ("R78", "R94", "R97", "G12")),
    "no-pair-query": ((_POLLS,), ("R78",)),
    "no-backup-query": (_COMBINED, ("R97",)),
    "no-pause": (_COMBINED, ("R92",)),
}
"""Section by section, the embodiments in which a distinction is violated, and why."""


def distinctions(embodiment: str, design: Design) -> tuple[tuple[Property, ...], dict[str, Expectation]]:
    """What is asked of a design in order to tell its embodiment from others, and what the document says of it.

    The third embodiment promises that a backup waits for no copy [R85]. Where a block can be staged only when its
    slot is destaged, it waits for a worker, which may have a copy in its hands; with two slots it does not.
    """
    asked = (*DISTINCTIONS, PAUSE_DOES_NOT_WAIT) if embodiment in _COMBINED else DISTINCTIONS
    violated = {name: cites for name, (names, cites) in _DISTINCTIONS.items() if embodiment in names}
    if design.backup is Backup.STAGE and design.copy_reads is CopyReads.AFTER_DESTAGE:
        violated["backup-waits-for-no-copy"] = ("R85", "G04", "G35")
    return asked, _expectations(asked, violated)


def _expectations(asked: tuple[Property, ...], violated: Violations) -> dict[str, Expectation]:
    return {
        item.id: Expectation(item.id not in violated, violated.get(item.id, item.cites)) for item in asked
    }
