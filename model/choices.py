"""The answers that a design can give to each question that the document leaves open.

An answer is its value in kebab case, which scripts rely on, and a sentence that says what it means.
"""

from __future__ import annotations

import enum

__all__ = [
    "AcceptCheck",
    "Acknowledge",
    "Backup",
    "CheckUnit",
    "Choice",
    "CopyReads",
    "Creation",
    "DestageClean",
    "Device",
    "DifferenceCleared",
    "DifferenceMarked",
    "DirtyCounts",
    "End",
    "HostIo",
    "InFlight",
    "Lan",
    "Ownership",
    "Pause",
    "PostSplitTable",
    "PostSplitWrite",
    "PreSplitSlot",
    "Report",
    "Response",
    "Resync",
    "RunNumbers",
    "Servers",
    "Split",
    "SplitWhen",
    "Staging",
    "TargetViewSet",
    "VolumeIo",
    "Workers",
]


class Choice(enum.Enum):
    """A possible answer: its value in kebab case and what it means."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Choice:
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member

    def __str__(self) -> str:
        return str(self.value)


class Backup(Choice):
    UNCHECKED = "unchecked", "503 reads the target without looking at the difference table"
    ON_DEMAND = "on-demand", "503 has 508 copy what differs in the range, then reads the target"
    WAIT_ALL = "wait-all", "503 waits until no difference is left anywhere, then reads the target"
    HOST_POLLS = (
        "host-polls",
        "102 asks until the target view is SPLIT; 503 then reads the target without a look",
    )
    STAGE = "stage", "503 reads what differs from the source and the rest from the target, through 515"


class Acknowledge(Choice):
    AT_ONCE = "at-once", "the split is carried out and reported although differences are left"
    AFTER_COPYING = "after-copying", "the split is carried out when no difference, copy or dirty slot is left"


class Split(Choice):
    SEPARATE = "separate", "101 commands the split at 501, then 102 commands the backup at 502"
    COMBINED = "combined", "101 pauses its I/O, 102 commands split and backup at 502 with one command"
    TWO_COMMANDS = "two-commands", "101 pauses its I/O, 102 commands the split at 502, then the backup"


class Response(Choice):
    AFTER_SPLIT = "after-split", "502 answers when both views of the pair are set"
    AT_INSTRUCTION = "at-instruction", "502 answers at once, before it splits"


class Pause(Choice):
    STOPS_ISSUING = "stops-issuing", "101 issues no write any more; one may be on its way"
    DRAINS = "drains", "101 reports the pause when none of its writes is outstanding"


class End(Choice):
    REPORTED = "reported", "502 reports the end of the backup to 102"
    POLLED = "polled", "102 asks for the state of the backup until it has ended"


class Servers(Choice):
    TWO = "2", "101 and 102 talk over the LAN"
    ONE = "1", "one server does what 101 and 102 do; there is no LAN"


class Lan(Choice):
    EXACTLY_ONCE = "exactly-once", "the LAN delivers each message once, however late"
    DUPLICATING = "duplicating", "the LAN may deliver a message again, at any later time"


class RunNumbers(Choice):
    NONE = "none", "a server takes a message for what it says"
    CHECKED = "checked", "a server refuses a message of a run that it has taken it for already"


class Device(Choice):
    TAPE = "tape", "a record is written once"
    DISK = "disk", "a record may be written again, once, and in any order"


class VolumeIo(Choice):
    WORKERS = "508", "508 alone touches the volumes for destaging and copying"
    PORTS = "ports", "501, 502 and 503 each do it, and 508 does not"


class CheckUnit(Choice):
    RANGE = "range", "the whole range is found clean (or staged) before the first of it moves on"
    UNIT = "unit", "each block moves on as soon as it is found clean (or staged)"


class DifferenceMarked(Choice):
    BEFORE_STORE = "before-store", "in a step before the data is stored"
    WITH_STORE = "with-store", "in the step that stores the data"
    BEFORE_ACK = "before-ack", "in a step after the store, before the acknowledgement"
    AFTER_ACK = "after-ack", "in a step after the acknowledgement"
    AT_DESTAGE = "at-destage", "when the data reaches the source volume"


class DirtyCounts(Choice):
    NO = "no", "only the table counts"
    YES = "yes", "a dirty slot from before the split counts as a difference"


class DifferenceCleared(Choice):
    BEFORE_READ = "before-read", "before the copy reads the source"
    AFTER_WRITE = "after-write", "after the copy has written the target"
    COMPARE = "compare", "after the copy has written the target, unless a write marked it again meanwhile"
    GENERATION = (
        "generation",
        "after the copy has written the target, unless a write or a resync marked it again meanwhile",
    )

    @property
    def remembers_marks(self) -> bool:
        """Whether a row remembers that it was marked again during a copy."""
        return self in (DifferenceCleared.COMPARE, DifferenceCleared.GENERATION)


class InFlight(Choice):
    INVISIBLE = "invisible", "nobody else sees that a block is being copied"
    VISIBLE = "visible", "a block being copied counts as a difference"


class CopyReads(Choice):
    SOURCE = "source", "copy and staging read the source volume, whatever the cache holds"
    AFTER_DESTAGE = "after-destage", "a block is read only when its slot from before the split is destaged"
    THROUGH_CACHE = "through-cache", "the slot from before the split is read where there is one"


class PreSplitSlot(Choice):
    OVERWRITTEN = "overwritten", "a write after the split overwrites a dirty slot from before it"
    PROTECTED = "protected", "a write after the split waits until the slot from before it is destaged"
    TWO_SLOTS = "two-slots", "a row has a version from before and one from after the split"


class PostSplitWrite(Choice):
    OVERWRITES = "overwrites", "it reaches the source volume like any other write"
    COPIED_FIRST = "copied-first", "its destage is held while the block is not copied"
    HELD_AT_STORE = "held-at-store", "its store is held while the block is not copied"


class PostSplitTable(Choice):
    SAME = "same", "writes after the split mark the difference table of the split"
    OWN = "own", "writes after the split mark a table of their own, which resync merges back"
    OWN_FORGOTTEN = "own-forgotten", "writes after the split mark a table of their own, which resync forgets"


class Staging(Choice):
    UNLOCKED = "unlocked", "503 checks, then reads the source into 515"
    RECHECKED = (
        "rechecked",
        "503 checks again after reading, and starts over if the block was copied meanwhile",
    )
    UNIT_LOCKED = "unit-locked", "503 locks the block from the check until it is read"
    RANGE_LOCKED = "range-locked", "503 locks each differing block until the whole range is staged"


class Report(Choice):
    AFTER_ANY_COPY = "after-any-copy", "when a copy of the block is done, although it may be marked again"
    WHEN_REFLECTED = "when-reflected", "when a copy of the block is done and the block is not marked"


class Workers(Choice):
    ONE = "1", "508 alone does the volume I/O"
    TWO = "2", "a second processor does the volume I/O of 508 too"


class Ownership(Choice):
    NONE = "none", "volume workers do not exclude each other"
    COPY = "copy", "a block is copied by one worker at a time"
    DESTAGE = "destage", "a block is destaged by one worker at a time"
    FULL = "full", "a block is copied or destaged by one worker at a time"


class DestageClean(Choice):
    BLIND = "blind", "a destaged row is marked clean"
    COMPARED = "compared", "a destaged row is marked clean unless it was rewritten meanwhile"


class Creation(Choice):
    MARKS_ALL = "marks-all", "forming the pair marks every block as different"
    MARKS_NONE = "marks-none", "forming the pair marks nothing; only updates are copied"


class TargetViewSet(Choice):
    BEFORE_COMMAND = "before-command", "with the source view, before the copy is commanded"
    AFTER_COMMAND = "after-command", "in a step after the copy is commanded"


class AcceptCheck(Choice):
    NONE = "none", "502 takes a command, and answers 102, whatever the source view"
    VERIFIES_SPLIT = (
        "verifies-split",
        "502 refuses a backup of a pair that is not split, and a split of one that is; it tells 102 if it was joined",
    )


class Resync(Choice):
    UNGUARDED = "unguarded", "a resync is carried out at any time after a split"
    GUARDED = "guarded", "a resync is refused while a backup is accepted"


class HostIo(Choice):
    CONCURRENT = "concurrent", "501 splits while it may hold a host write"
    SERIAL = "serial", "501 finishes the host write that it holds before it splits"


class SplitWhen(Choice):
    DUPLEX = "duplex", "a split is carried out in DUPLEX only"
    ANY_TIME = "any-time", "a split is carried out during the creation copy too"
