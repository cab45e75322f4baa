"""Designs as records of documented choices: what the document leaves open, and which answer a design takes.

Keys and values are stable: scripts write `third-embodiment-closed+staging=unlocked`. Each choice names the gap or
requirement that it answers.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
from dataclasses import dataclass
from typing import Any

from splitproof.model.errors import ModelError

__all__ = [
    "CHOICES",
    "AcceptCheck",
    "Acknowledge",
    "Backup",
    "CheckUnit",
    "Choice",
    "CopyReads",
    "Creation",
    "Design",
    "DestageClean",
    "DifferenceCleared",
    "DifferenceMarked",
    "DirtyCounts",
    "HostIo",
    "InFlight",
    "Ownership",
    "PostSplitTable",
    "PostSplitWrite",
    "PreSplitSlot",
    "Question",
    "Report",
    "Resync",
    "SplitWhen",
    "Staging",
    "TargetViewSet",
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
    STAGE = "stage", "503 reads what differs from the source and the rest from the target, through 515"


class Acknowledge(Choice):
    AT_ONCE = "at-once", "the split is carried out and reported although differences are left"
    AFTER_COPYING = "after-copying", "the split is carried out when no difference, copy or dirty slot is left"


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
    NONE = "none", "502 accepts a backup whatever the pair state"
    VERIFIES_SPLIT = "verifies-split", "502 refuses a backup unless the source view is SPLIT"


class Resync(Choice):
    UNGUARDED = "unguarded", "a resync is carried out at any time after a split"
    GUARDED = "guarded", "a resync is refused while a backup is accepted"


class HostIo(Choice):
    CONCURRENT = "concurrent", "501 splits while it may hold a host write"
    SERIAL = "serial", "501 finishes the host write that it holds before it splits"


class SplitWhen(Choice):
    DUPLEX = "duplex", "a split is carried out in DUPLEX only"
    ANY_TIME = "any-time", "a split is carried out during the creation copy too"


@dataclass(frozen=True)
class Question:
    """What a choice answers. `closing`: the value of the closed designs; None where closing needs no particular one."""

    key: str
    answers: type[Choice]
    text: str
    cites: tuple[str, ...]


CHOICES: dict[str, Question] = {
    question.key: question
    for question in (
        Question(
            "backup", Backup, "where does the backup data come from?", ("R46", "R62", "R71", "R81", "G11")
        ),
        Question("acknowledge", Acknowledge, "when is a split reported?", ("R07", "R40", "R43")),
        Question("check_unit", CheckUnit, "what does 503 check at a time?", ("R62", "R87", "G16")),
        Question(
            "difference_marked",
            DifferenceMarked,
            "when does a host write mark the difference?",
            ("G01", "G05"),
        ),
        Question("dirty_counts", DirtyCounts, "is a dirty slot a difference?", ("G05",)),
        Question("difference_cleared", DifferenceCleared, "when does a copy clear the difference?", ("G07",)),
        Question("in_flight", InFlight, "does a block being copied count as different?", ("G06", "G17")),
        Question("copy_reads", CopyReads, "what does a copy read when the cache is dirty?", ("G04",)),
        Question(
            "pre_split_slot",
            PreSplitSlot,
            "may a write overwrite a dirty slot from before the split?",
            ("G03",),
        ),
        Question(
            "post_split_write",
            PostSplitWrite,
            "may a write reach a block that is not copied yet?",
            ("G02", "G35"),
        ),
        Question(
            "post_split_table", PostSplitTable, "where are writes after the split marked?", ("G09", "G37")
        ),
        Question(
            "staging", Staging, "how does 503 keep check and read of the source together?", ("G08", "G29")
        ),
        Question("report", Report, "when does 508 report a requested copy to 503?", ("R66", "G17")),
        Question("workers", Workers, "how many processors do volume I/O?", ("R110", "G18")),
        Question("ownership", Ownership, "how do volume workers share a block?", ("G18",)),
        Question("destage_clean", DestageClean, "when is a row clean after a destage?", ("G33",)),
        Question("creation", Creation, "what does forming a pair mark?", ("G32",)),
        Question("target_view_set", TargetViewSet, "when is the target view set to SPLIT_PENDING?", ("G21",)),
        Question("accept_check", AcceptCheck, "does 502 verify the split?", ("G26",)),
        Question("resync", Resync, "may a resync hit a backup?", ("G12",)),
        Question("host_io", HostIo, "does 501 split with a host write in its hands?", ("G01", "G20")),
        Question("split_when", SplitWhen, "may a split hit the creation copy?", ("R49", "G32")),
    )
}
"""Every choice by its key, in the order in which designs list them."""


@dataclass(frozen=True)
class Design:
    """A controller design: a name and an answer to every question. The defaults are the as-written readings."""

    name: str
    backup: Backup
    acknowledge: Acknowledge = Acknowledge.AT_ONCE
    check_unit: CheckUnit = CheckUnit.RANGE
    difference_marked: DifferenceMarked = DifferenceMarked.AFTER_ACK
    dirty_counts: DirtyCounts = DirtyCounts.NO
    difference_cleared: DifferenceCleared = DifferenceCleared.BEFORE_READ
    in_flight: InFlight = InFlight.INVISIBLE
    copy_reads: CopyReads = CopyReads.SOURCE
    pre_split_slot: PreSplitSlot = PreSplitSlot.OVERWRITTEN
    post_split_write: PostSplitWrite = PostSplitWrite.OVERWRITES
    post_split_table: PostSplitTable = PostSplitTable.SAME
    staging: Staging = Staging.UNLOCKED
    report: Report = Report.AFTER_ANY_COPY
    workers: Workers = Workers.ONE
    ownership: Ownership = Ownership.NONE
    destage_clean: DestageClean = DestageClean.BLIND
    creation: Creation = Creation.MARKS_ALL
    target_view_set: TargetViewSet = TargetViewSet.BEFORE_COMMAND
    accept_check: AcceptCheck = AcceptCheck.NONE
    resync: Resync = Resync.UNGUARDED
    host_io: HostIo = HostIo.CONCURRENT
    split_when: SplitWhen = SplitWhen.DUPLEX

    def choices(self) -> dict[str, Choice]:
        """Every key with the value taken."""
        return {key: getattr(self, key) for key in CHOICES}

    def but(self, **overrides: Choice | str) -> Design:
        """The design with other answers, named `name+key=value`.

        Raises:
            ModelError: an unknown key or value (nearest names are given), a value that the design has already, or one
                that changes nothing in it.
        """
        design = self
        for key, value in overrides.items():
            design = design._with(key, value)
        for key in overrides:
            reason = design.idle_choices().get(key)
            if reason is not None:
                raise ModelError(f"{key}={getattr(design, key)} changes nothing in {self.name}: {reason}", "")
        return design

    def _with(self, key: str, value: Choice | str) -> Design:
        question = CHOICES.get(key)
        if question is None:
            raise ModelError(f"{self.name} has no choice {key!r}; {_nearest(key, list(CHOICES))}", "")
        answers = {answer.value: answer for answer in question.answers}
        if str(value) not in answers:
            raise ModelError(f"{key} has no value {str(value)!r}; {_nearest(str(value), list(answers))}", "")
        answer = answers[str(value)]
        if getattr(self, key) is answer:
            raise ModelError(
                f"{self.name} has {key}={answer} already; other values are {_others(answers, answer)}", ""
            )
        changes: dict[str, Any] = {key: answer, "name": f"{self.name}+{key}={answer}"}
        return dataclasses.replace(self, **changes)

    def idle_choices(self) -> dict[str, str]:
        """The choices that make no difference in this design, each with the reason."""
        idle = {}
        if self.backup is not Backup.STAGE:
            idle["staging"] = (
                f"only backup=stage reads the source for the tape, this design has backup={self.backup}"
            )
        if self.backup is not Backup.ON_DEMAND:
            idle["report"] = f"only backup=on-demand asks for copies, this design has backup={self.backup}"
        if self.backup in (Backup.UNCHECKED, Backup.WAIT_ALL):
            idle["check_unit"] = f"backup={self.backup} does not check block by block"
        if self.workers is Workers.ONE:
            idle["ownership"] = "one volume worker does one thing at a time; add workers=2"
        return idle


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"accepted are {', '.join(known)}"


def _others(answers: dict[str, Choice], taken: Choice) -> str:
    return ", ".join(value for value, answer in answers.items() if answer is not taken)
