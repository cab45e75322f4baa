"""Designs as records of documented choices: what the document leaves open, and which answer a design takes.

Keys and values are stable: scripts write `third-embodiment-closed+staging=unlocked`. Each choice names the gap or
requirement that it answers.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from splitproof.model.choices import (
    AcceptCheck,
    Acknowledge,
    Backup,
    CheckUnit,
    Choice,
    CopyReads,
    Creation,
    DestageClean,
    Device,
    DifferenceCleared,
    DifferenceMarked,
    DirtyCounts,
    End,
    HostIo,
    InFlight,
    Lan,
    Ownership,
    Pause,
    PostSplitTable,
    PostSplitWrite,
    PreSplitSlot,
    Report,
    Response,
    Resync,
    RunNumbers,
    Servers,
    Split,
    SplitWhen,
    Staging,
    TargetViewSet,
    VolumeIo,
    Workers,
)
from splitproof.model.errors import ModelError
from splitproof.model.misuse import nearest

__all__ = ["CHOICES", "Design", "Question"]


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
        Question("split", Split, "who commands the split, and how?", ("R51", "R90", "R91", "R99", "G24")),
        Question("acknowledge", Acknowledge, "when is a split reported?", ("R07", "R40", "R43")),
        Question("response", Response, "when does 502 answer a command to split?", ("R94", "R101", "G23")),
        Question("pause", Pause, "what does the pause of 101 mean?", ("R92", "R98", "G22")),
        Question("end", End, "how does 102 learn that the backup has ended?", ("R68", "R97", "G24")),
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
        Question("volume_io", VolumeIo, "which processors do volume I/O?", ("R28", "R110")),
        Question("workers", Workers, "how many do the volume I/O of 508?", ("R22", "G18")),
        Question("ownership", Ownership, "how do volume workers share a block?", ("G18",)),
        Question("destage_clean", DestageClean, "when is a row clean after a destage?", ("G33",)),
        Question("creation", Creation, "what does forming a pair mark?", ("G32",)),
        Question("target_view_set", TargetViewSet, "when is the target view set to SPLIT_PENDING?", ("G21",)),
        Question("accept_check", AcceptCheck, "does 502 verify the split?", ("G26",)),
        Question("resync", Resync, "may a resync hit a backup?", ("G12",)),
        Question("host_io", HostIo, "does 501 split with a host write in its hands?", ("G01", "G20")),
        Question("split_when", SplitWhen, "may a split hit the creation copy?", ("R49", "G32")),
        Question("servers", Servers, "are 101 and 102 one server?", ("R20", "R113")),
        Question("lan", Lan, "how often does the LAN deliver a message?", ("R109", "G25")),
        Question("run_numbers", RunNumbers, "does a server know a message that comes again?", ("G25",)),
        Question("device", Device, "what is the backup device?", ("R112",)),
    )
}
"""Every choice by its key, in the order in which designs list them."""


@dataclass(frozen=True)
class Design:
    """A controller design: a name and an answer to every question. The defaults are the as-written readings."""

    name: str
    backup: Backup
    split: Split = Split.SEPARATE
    acknowledge: Acknowledge = Acknowledge.AT_ONCE
    response: Response = Response.AFTER_SPLIT
    pause: Pause = Pause.STOPS_ISSUING
    end: End = End.REPORTED
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
    volume_io: VolumeIo = VolumeIo.WORKERS
    workers: Workers = Workers.ONE
    ownership: Ownership = Ownership.NONE
    destage_clean: DestageClean = DestageClean.BLIND
    creation: Creation = Creation.MARKS_ALL
    target_view_set: TargetViewSet = TargetViewSet.BEFORE_COMMAND
    accept_check: AcceptCheck = AcceptCheck.NONE
    resync: Resync = Resync.UNGUARDED
    host_io: HostIo = HostIo.CONCURRENT
    split_when: SplitWhen = SplitWhen.DUPLEX
    servers: Servers = Servers.TWO
    lan: Lan = Lan.EXACTLY_ONCE
    run_numbers: RunNumbers = RunNumbers.NONE
    device: Device = Device.TAPE

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
        design.require_sense()
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

    def require_sense(self) -> None:
        """Nothing, if the answers can be taken together.

        Raises:
            ModelError: two of them contradict each other.
        """
        if self.split is not Split.SEPARATE and self.backup is Backup.HOST_POLLS:
            offence = "102 cannot wait for the split with a command that also carries it out"
            raise ModelError(f"{self.name}: {offence}; take split=separate, or backup=wait-all", "")
        if self.servers is Servers.ONE and self.lan is Lan.DUPLICATING:
            raise ModelError(f"{self.name}: one server uses no LAN; take servers=2, or lan=exactly-once", "")

    def idle_choices(self) -> dict[str, str]:
        """The choices that make no difference in this design, each with the reason."""
        idle = {}
        if self.backup is not Backup.STAGE:
            idle["staging"] = (
                f"only backup=stage reads the source for the tape, this design has backup={self.backup}"
            )
        if self.backup is not Backup.ON_DEMAND:
            idle["report"] = f"only backup=on-demand asks for copies, this design has backup={self.backup}"
        if self.backup not in (Backup.ON_DEMAND, Backup.STAGE):
            idle["check_unit"] = f"backup={self.backup} does not check block by block"
        if self.volume_io is VolumeIo.PORTS:
            idle["workers"] = "508 does no volume I/O"
        elif self.workers is Workers.ONE:
            idle["ownership"] = "one volume worker does one thing at a time; add workers=2"
        return idle | self._idle_among_servers()

    def _idle_among_servers(self) -> dict[str, str]:
        idle = {}
        if self.split is Split.SEPARATE:
            idle["response"] = "101 commands the split; add split=combined"
            idle["pause"] = "101 does not pause its I/O; add split=combined"
        else:
            idle["host_io"] = "502 splits, and does not see which write 501 holds"
        if self.servers is Servers.ONE:
            idle["lan"] = "one server uses no LAN"
        if self.lan is Lan.EXACTLY_ONCE:
            idle["run_numbers"] = "no message comes again; add lan=duplicating"
        return idle


def _nearest(word: str, known: list[str]) -> str:
    return nearest(word, known) or f"accepted are {', '.join(known)}"


def _others(answers: dict[str, Choice], taken: Choice) -> str:
    return ", ".join(value for value, answer in answers.items() if answer is not taken)
