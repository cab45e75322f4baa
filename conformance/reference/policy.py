"""What a controller may do where the document leaves it open, and what each embodiment does.

The questions have the names, and the answers the words, of the designs that the checker knows, so that a design can be
carried over by name; a test holds the two against each other. Nothing here is taken from there: a controller is not
made from its model.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

__all__ = [
    "AS_WRITTEN",
    "EMBODIMENTS",
    "AcceptCheck",
    "Acknowledge",
    "Backup",
    "CheckUnit",
    "CopyReads",
    "Creation",
    "DestageClean",
    "DifferenceCleared",
    "DifferenceMarked",
    "DirtyCounts",
    "InFlight",
    "Ownership",
    "Policy",
    "PostSplitTable",
    "PostSplitWrite",
    "PreSplitSlot",
    "Report",
    "Response",
    "Resync",
    "Split",
    "SplitWhen",
    "Staging",
    "TargetViewSet",
    "Workers",
    "embodiment_of",
]


class Backup(enum.Enum):
    """Where the data for the tape comes from."""

    UNCHECKED = "unchecked"
    ON_DEMAND = "on-demand"
    WAIT_ALL = "wait-all"
    HOST_POLLS = "host-polls"
    STAGE = "stage"


class Split(enum.Enum):
    """Whether 501 splits, or 502 with the command that also backs up."""

    SEPARATE = "separate"
    COMBINED = "combined"


class Acknowledge(enum.Enum):
    """When a split is carried out: at once, or when nothing is left to copy or destage."""

    AT_ONCE = "at-once"
    AFTER_COPYING = "after-copying"


class Response(enum.Enum):
    """When 502 answers the combined command."""

    AFTER_SPLIT = "after-split"
    AT_INSTRUCTION = "at-instruction"


class CheckUnit(enum.Enum):
    """What 503 has ready before anything of it moves on."""

    RANGE = "range"
    UNIT = "unit"


class DifferenceMarked(enum.Enum):
    """When a host write marks its block."""

    BEFORE_STORE = "before-store"
    WITH_STORE = "with-store"
    BEFORE_ACK = "before-ack"
    AFTER_ACK = "after-ack"
    AT_DESTAGE = "at-destage"


class DirtyCounts(enum.Enum):
    """Whether a dirty slot from before the split is a difference."""

    NO = "no"
    YES = "yes"


class DifferenceCleared(enum.Enum):
    """When a copy clears the mark: `compare` and `generation` do so unless the block was marked again."""

    BEFORE_READ = "before-read"
    AFTER_WRITE = "after-write"
    COMPARE = "compare"
    GENERATION = "generation"


class InFlight(enum.Enum):
    """Whether a block that is being copied counts as different."""

    INVISIBLE = "invisible"
    VISIBLE = "visible"


class CopyReads(enum.Enum):
    """What a copy reads where the cache is dirty."""

    SOURCE = "source"
    AFTER_DESTAGE = "after-destage"
    THROUGH_CACHE = "through-cache"


class PreSplitSlot(enum.Enum):
    """What a write after the split does about a dirty slot from before it."""

    OVERWRITTEN = "overwritten"
    PROTECTED = "protected"
    TWO_SLOTS = "two-slots"


class PostSplitWrite(enum.Enum):
    """What a write after the split does about a block that is not copied yet."""

    OVERWRITES = "overwrites"
    COPIED_FIRST = "copied-first"
    HELD_AT_STORE = "held-at-store"


class PostSplitTable(enum.Enum):
    """Where writes after the split are marked."""

    SAME = "same"
    OWN = "own"
    OWN_FORGOTTEN = "own-forgotten"


class Staging(enum.Enum):
    """How 503 keeps its check and its read of the source together."""

    UNLOCKED = "unlocked"
    RECHECKED = "rechecked"


class Report(enum.Enum):
    """When 508 takes a requested copy for done."""

    AFTER_ANY_COPY = "after-any-copy"
    WHEN_REFLECTED = "when-reflected"


class Workers(enum.Enum):
    """How many processors do the volume I/O of 508."""

    ONE = "1"
    TWO = "2"


class Ownership(enum.Enum):
    """For what a volume worker takes a block to itself."""

    NONE = "none"
    COPY = "copy"
    DESTAGE = "destage"
    FULL = "full"


class DestageClean(enum.Enum):
    """When a slot is clean after a destage."""

    BLIND = "blind"
    COMPARED = "compared"


class Creation(enum.Enum):
    """What forming a pair marks."""

    MARKS_ALL = "marks-all"
    MARKS_NONE = "marks-none"


class TargetViewSet(enum.Enum):
    """When the target view is set to SPLIT PENDING."""

    BEFORE_COMMAND = "before-command"
    AFTER_COMMAND = "after-command"


class AcceptCheck(enum.Enum):
    """Whether 502 looks at the pair before it accepts."""

    NONE = "none"
    VERIFIES_SPLIT = "verifies-split"


class Resync(enum.Enum):
    """Whether a resync may hit a backup."""

    UNGUARDED = "unguarded"
    GUARDED = "guarded"


class SplitWhen(enum.Enum):
    """Whether a split may hit the creation copy."""

    DUPLEX = "duplex"
    ANY_TIME = "any-time"


@dataclass(frozen=True)
class Policy:
    """An answer to every question; the defaults shut every race, and keep no host write waiting."""

    backup: Backup
    split: Split = Split.SEPARATE
    acknowledge: Acknowledge = Acknowledge.AT_ONCE
    response: Response = Response.AFTER_SPLIT
    check_unit: CheckUnit = CheckUnit.RANGE
    difference_marked: DifferenceMarked = DifferenceMarked.WITH_STORE
    dirty_counts: DirtyCounts = DirtyCounts.NO
    difference_cleared: DifferenceCleared = DifferenceCleared.BEFORE_READ
    in_flight: InFlight = InFlight.VISIBLE
    copy_reads: CopyReads = CopyReads.THROUGH_CACHE
    pre_split_slot: PreSplitSlot = PreSplitSlot.TWO_SLOTS
    post_split_write: PostSplitWrite = PostSplitWrite.COPIED_FIRST
    post_split_table: PostSplitTable = PostSplitTable.OWN
    staging: Staging = Staging.RECHECKED
    report: Report = Report.WHEN_REFLECTED
    workers: Workers = Workers.ONE
    ownership: Ownership = Ownership.FULL
    destage_clean: DestageClean = DestageClean.COMPARED
    creation: Creation = Creation.MARKS_ALL
    target_view_set: TargetViewSet = TargetViewSet.BEFORE_COMMAND
    accept_check: AcceptCheck = AcceptCheck.VERIFIES_SPLIT
    resync: Resync = Resync.GUARDED
    split_when: SplitWhen = SplitWhen.ANY_TIME


EMBODIMENTS: Final = MappingProxyType(
    {
        "prior-art-wait": Policy(Backup.UNCHECKED, acknowledge=Acknowledge.AFTER_COPYING),
        "first-embodiment": Policy(Backup.ON_DEMAND),
        "second-embodiment": Policy(Backup.WAIT_ALL),
        "second-embodiment-host-polls": Policy(Backup.HOST_POLLS),
        "third-embodiment": Policy(Backup.STAGE),
        "fourth-embodiment-reflect": Policy(Backup.ON_DEMAND, Split.COMBINED),
        "fourth-embodiment-stage": Policy(Backup.STAGE, Split.COMBINED),
        "fourth-embodiment-wait": Policy(Backup.WAIT_ALL, Split.COMBINED),
    }
)
"""What conforms, by the name of the embodiment."""


def embodiment_of(policy: Policy) -> str:
    """The embodiment that a policy carries out, well or badly; none if it looks at nothing before it reads."""
    for name, model in EMBODIMENTS.items():
        if (policy.backup, policy.split, policy.acknowledge) == (
            model.backup,
            model.split,
            model.acknowledge,
        ):
            return name
    return ""


_HURRIED: Final = Policy(
    Backup.UNCHECKED,
    difference_marked=DifferenceMarked.AFTER_ACK,
    in_flight=InFlight.INVISIBLE,
    copy_reads=CopyReads.SOURCE,
    pre_split_slot=PreSplitSlot.OVERWRITTEN,
    post_split_write=PostSplitWrite.OVERWRITES,
    post_split_table=PostSplitTable.SAME,
    staging=Staging.UNLOCKED,
    report=Report.AFTER_ANY_COPY,
    ownership=Ownership.NONE,
    destage_clean=DestageClean.BLIND,
    accept_check=AcceptCheck.NONE,
    resync=Resync.UNGUARDED,
    split_when=SplitWhen.DUPLEX,
)

AS_WRITTEN: Final = MappingProxyType(
    {"prior-art-unchecked": _HURRIED}
    | {
        name: replace(
            _HURRIED,
            backup=policy.backup,
            split=policy.split,
            target_view_set=TargetViewSet.AFTER_COMMAND
            if policy.split is Split.COMBINED
            else TargetViewSet.BEFORE_COMMAND,
        )
        for name, policy in EMBODIMENTS.items()
        if policy.acknowledge is Acknowledge.AT_ONCE
    }
)
"""What the document leaves open answered in a hurry; each of these loses images."""
