"""Judging a history: does each tape show one instant of its split, does each read return what was written last?

What the properties of `splitproof.spec` say of a state, said of intervals: there is an instant within
[split called, split returned] such that every record equals what its block held then. The quantifier is decided by
`cuts`; that the sentence is the same is tested against brute force over the properties' own trees.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from splitproof.conformance.histories.cuts import Interval, Place, Writes, common_instant, merged
from splitproof.conformance.histories.findings import Finding, FindingKind, Judgement, shown
from splitproof.conformance.histories.history import History, Operation, Outcome, blocks_of, collector_paused
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import (
    BACKUP_FOLLOWS_ITS_SPLIT,
    END_REPORT_IS_TRUE,
    READ_LATEST_WRITE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)

__all__ = ["judge_history", "until"]


def judge_history(history: History, *, crash_consistent: bool = False) -> Judgement:
    """Judge everything in a history that can be judged.

    `crash_consistent`: a tape may show any one instant, whether or not within the split.
    """
    with collector_paused():
        return _Judge(history, crash_consistent).judge()


@dataclass
class _Tape:
    """Records to be judged together: one tape, or those of a group; `splits` are the splits it may be of."""

    name: str
    records: dict[Place, str]
    splits: list[list[Operation]]
    read: Operation
    property: Property = TAPE_IS_IMAGE


class _Judge:
    def __init__(self, history: History, crash_consistent: bool) -> None:
        self.history = history
        self.crash_consistent = crash_consistent
        self.writes = Writes(history.initial, history.operations)
        self.findings: list[Finding] = []
        self.judged: Counter[str] = Counter()
        self.instants: dict[str, float] = {}
        self.limits: list[str] = []
        self.seen: set[str] = set()
        self.of_kind: dict[str, list[Operation]] = defaultdict(list)
        for operation in history.operations:
            if operation.outcome is not Outcome.REJECTED and operation.kind != "write":
                self.of_kind[operation.kind].append(operation)
        self.splits = sorted(
            [*self.of_kind["split"], *self.of_kind["split_and_backup"]], key=lambda one: one.call
        )
        self.backups = {
            (one.volume, one.backup): one
            for one in [*self.of_kind["backup"], *self.of_kind["split_and_backup"]]
        }

    def judge(self) -> Judgement:
        self._judge_reads()
        self._judge_reports()
        tapes = list(self._tapes())
        for tape in tapes:
            self._judge_tape(tape)
        self._note_unread()
        return Judgement(
            tuple(self.findings),
            dict(self.judged),
            self.instants,
            tuple(self.limits),
            tuple(self._missing(tapes)),
        )

    # ---- reads -----------------------------------------------------------------------------------

    def _judge_reads(self) -> None:
        unions: dict[tuple[Place, str], list[Interval]] = {}
        for read in self.of_kind["read"]:
            if not read.happened or read.value is None or read.block is None or read.returned is None:
                continue
            place = (read.volume, read.block)
            key = (place, read.value)
            if key not in unions:
                unions[key] = self.writes.shown(place, read.value)
            self.judged[READ_LATEST_WRITE.id] += 1
            fits = any(one.low <= read.returned and one.high >= read.call for one in unions[key])
            if not fits:
                found = self._wrong_value(
                    READ_LATEST_WRITE, "the read", place, read.value, unions[key], (read, read), read
                )
                self.findings.append(replace(found, reader=read, window=(read,)))

    # ---- end reports -------------------------------------------------------------------------------

    def _judge_reports(self) -> None:
        tapes = [tape for tape in self.of_kind["tape"] if tape.happened]
        for report in self.of_kind["completed"]:
            backup = self.backups.get((report.volume, report.backup))
            later = [
                tape
                for tape in tapes
                if (tape.volume, tape.backup) == (report.volume, report.backup)
                and report.returned is not None
                and tape.call >= report.returned
            ]
            if backup is None or not later:
                continue
            self.judged[END_REPORT_IS_TRUE.id] += 1
            missing = sorted(blocks_of(backup.extents) - set(later[0].records or ()))
            if missing:
                places = tuple((report.volume, block) for block in missing)
                self.findings.append(
                    Finding(
                        FindingKind.MISSING,
                        END_REPORT_IS_TRUE,
                        places,
                        (report, later[0]),
                        f"a good end of backup {report.backup} was reported, and its tape has no record of "
                        f"{', '.join(map(shown, places))}",
                        reader=later[0],
                    )
                )

    # ---- tapes and targets ---------------------------------------------------------------------------

    def _tapes(self) -> Iterator[_Tape]:
        grouped: dict[int, _Tape] = {}
        for tape in self.of_kind["tape"]:
            backup = self.backups.get((tape.volume, tape.backup))
            if not tape.happened or not tape.records:
                continue
            if backup is None:
                self.limits.append(f"{tape}: there is no backup {tape.backup} in the history")
                continue
            candidates = self._splits_of(backup)
            if not candidates and not self.crash_consistent:
                continue
            records = {(tape.volume, block): value for block, value in tape.records.items()}
            if not self.history.group or (self.crash_consistent and not candidates):
                yield _Tape(f"backup {tape.backup}", records, [[one] for one in candidates], tape)
                continue
            turn = self._turn(candidates[0])
            whole = grouped.setdefault(turn, _Tape("the group", {}, [[]], tape))
            whole.records |= records
            whole.splits[0] = sorted({*whole.splits[0], candidates[0]}, key=lambda one: one.call)
        yield from grouped.values()
        yield from self._targets()

    def _targets(self) -> Iterator[_Tape]:
        for target in self.of_kind["target"]:
            candidates = self._splits_before(target)
            if target.happened and target.records and candidates:
                records = {(target.volume, block): value for block, value in target.records.items()}
                splits = [[one] for one in candidates]
                yield _Tape("the target", records, splits, target, TARGET_IS_IMAGE)

    def _turn(self, split: Operation) -> int:
        """Which split of its volume it is: the splits of a group are taken together by their number."""
        return [one for one in self.splits if one.volume == split.volume].index(split)

    def _splits_of(self, backup: Operation) -> list[Operation]:
        """The splits that a backup can be of; a finding if there is none."""
        if backup.kind == "split_and_backup":
            return [backup]
        candidates = self._splits_before(backup)
        joined = self._joined_since(backup, candidates)
        if candidates and not joined:
            return candidates
        if backup.happened and str(backup) not in self.seen:
            self.seen.add(str(backup))
            before = f"since {joined}" if joined else "yet"
            self.findings.append(
                Finding(
                    FindingKind.UNSPLIT,
                    BACKUP_FOLLOWS_ITS_SPLIT,
                    (),
                    (joined, backup) if joined else (backup,),
                    f"{backup} was accepted, and the pair had not been split {before}",
                )
            )
        return []

    def _splits_before(self, later: Operation) -> list[Operation]:
        """The last split that had certainly returned, first, and those that may have come between."""
        until = math.inf if later.returned is None else later.returned
        ours = [one for one in self.splits if one.volume in ("", later.volume) and one.call <= until]
        certain = [
            one for one in ours if one.happened and one.returned is not None and one.returned <= later.call
        ]
        last = certain[-1:]
        return last + [one for one in ours if one not in certain and (not last or one.call >= last[0].call)]

    def _joined_since(self, backup: Operation, splits: Sequence[Operation]) -> Operation | None:
        """The operation that certainly joined (or ended) the pair between its last split and the backup."""
        start = max((one.call for one in splits), default=math.inf)
        joins = [*self.of_kind["resync"], *self.of_kind["delete_pair"], *self.of_kind["create_pair"]]
        return next(
            (
                one
                for one in joins
                if one.happened
                and one.returned is not None
                and one.volume in ("", backup.volume)
                and one.call >= start
                and one.returned <= backup.call
            ),
            None,
        )

    def _judge_tape(self, tape: _Tape) -> None:
        self.judged[tape.property.id] += 1
        windows: list[list[Operation]] = [[]] if self.crash_consistent else tape.splits
        first: list[Finding] = []
        for splits in windows:
            found, instant = self._against(tape, splits)
            found = [replace(one, reader=tape.read, window=tuple(splits)) for one in found]
            if not found:
                self.instants[f"{tape.name} #{tape.read.id}"] = instant
                return
            first = first or found
        self.findings.extend(first)

    def _against(self, tape: _Tape, splits: Sequence[Operation]) -> tuple[list[Finding], float]:
        """What is wrong with the records if they are of these splits (one, or one a volume of the group)."""
        low = max((float(split.call) for split in splits), default=-math.inf)
        ends = [until(split, tape.read) for split in splits] or [until(tape.read, tape.read)]
        high = min(ends)
        if low > high:
            earlier = splits[ends.index(high)]
            later = next(split for split in splits if split.call == low)
            torn = f"{earlier} had returned before {later} was called: no instant lies within both"
            return [Finding(FindingKind.TORN, tape.property, (), (earlier, later), torn, tape.read)], low
        found, unions = [], {}
        for place, value in sorted(tape.records.items()):
            intervals = self.writes.shown(place, value)
            clipped = [
                one._replace(low=max(one.low, low), high=min(one.high, high))
                for one in intervals
                if one.low <= high and one.high >= low
            ]
            if clipped:
                unions[place] = merged(clipped)
            else:
                bounds = (
                    max(splits, key=lambda one: one.call, default=tape.read),
                    min(splits, key=lambda one: until(one, tape.read), default=tape.read),
                )
                found.append(
                    self._wrong_value(tape.property, tape.name, place, value, intervals, bounds, tape.read)
                )
        instant, depth = common_instant(list(unions.values()))
        if depth < len(unions):
            found.append(self._torn(tape, unions, instant))
        return found, instant

    def _wrong_value(
        self,
        item: Property,
        what: str,
        place: Place,
        value: str,
        intervals: Sequence[Interval],
        bounds: tuple[Operation, Operation],
        reader: Operation,
    ) -> Finding:
        """A value that its block did not show between the call of the first and the return of the second bound."""
        has = f"{what} has {value} for {shown(place)}"
        if not intervals:
            elsewhere = self.writes.elsewhere(value, place)
            because = (
                f"which was written to {shown((elsewhere.volume, elsewhere.block or 0))} only"
                if elsewhere
                else "which nobody ever wrote"
            )
            operations = (elsewhere, reader) if elsewhere else (reader,)
            return Finding(FindingKind.PHANTOM, item, (place,), operations, f"{has}, {because}", reader)
        called, returned = bounds
        past = [one for one in intervals if one.high < called.call]
        if past:
            last = max(past, key=lambda one: one.high)
            assert last.overwriter is not None
            has += ", its contents at the start" if last.writer is None else ""
            since = f"which {last.overwriter} had overwritten before {called.kind} #{called.id} was called"
            return Finding(
                FindingKind.STALE, item, (place,), (last.overwriter, called), f"{has}, {since}", reader
            )
        writer = min(intervals, key=lambda one: one.low).writer
        assert writer is not None
        kind = FindingKind.PHANTOM if returned.kind == "read" else FindingKind.LEAKED
        sentence = f"{has}, which was written only after {returned.kind} #{returned.id} had returned"
        return Finding(kind, item, (place,), (returned, writer), sentence, reader)

    def _torn(self, tape: _Tape, unions: Mapping[Place, Sequence[Interval]], instant: float) -> Finding:
        """Two blocks that show no instant together if there are two; otherwise those that the best instant misses."""
        missed = [place for place, union in unions.items() if not _covers(union, instant)]
        for place in missed:
            for other, union in unions.items():
                if common_instant([unions[place], union])[1] < 2:
                    early, late = sorted((place, other), key=lambda one: unions[one][0].low)
                    return self._torn_pair(tape, early, late, unions)
        listed = ", ".join(map(shown, missed))
        sentence = f"{tape.name}: no instant shows all its records; the best one misses {listed}"
        return Finding(FindingKind.TORN, tape.property, tuple(missed), (tape.read,), sentence, tape.read)

    def _torn_pair(
        self, tape: _Tape, early: Place, late: Place, unions: Mapping[Place, Sequence[Interval]]
    ) -> Finding:
        first = unions[late][0]
        overwriter = next(one.overwriter for one in reversed(unions[early]) if one.high < first.low)
        writer = first.writer
        operations = tuple(one for one in (overwriter, writer) if one is not None)
        sentence = (
            f"{tape.name} has {tape.records[late]} for {shown(late)}, written after {shown(early)} had lost "
            f"the {tape.records[early]} that the same tape has"
        )
        return Finding(FindingKind.TORN, tape.property, (early, late), operations, sentence, tape.read)

    # ---- what a pass would mean ----------------------------------------------------------------------

    def _note_unread(self) -> None:
        read = {(tape.volume, tape.backup) for tape in self.of_kind["tape"] if tape.happened}
        for report in self.of_kind["completed"]:
            if (report.volume, report.backup) not in read:
                self.limits.append(f"the tape of backup {report.backup} was never read after its good end")

    def _missing(self, tapes: Sequence[_Tape]) -> Iterator[str]:
        """What no tape of the history has: a pass without it would mean nothing."""
        ours = [tape for tape in tapes if tape.property is TAPE_IS_IMAGE]
        if not ours:
            yield "a tape of an accepted backup of a split"
            return
        splits = [splits[0] for tape in ours for splits in tape.splits if splits]
        writes = [one for one in self.history.operations if one.kind == "write" and one.happened]
        first = min((write.returned for write in writes if write.returned is not None), default=math.inf)
        if not any(first < split.call for split in splits):
            yield "a write that was acknowledged before the split was called"
        if len({write.client for write in writes}) > 1 and not _any_overlap(writes, splits):
            yield "a write that overlaps the split"
        if not any(self._written_during(tape) for tape in ours):
            yield "a write between the split and the end of its backup, to a block of the tape"
        initial = self.history.initial
        values = (item for tape in ours for item in tape.records.items())
        if all(initial[volume][block] == value for (volume, block), value in values):
            yield "a tape that holds anything but what the volume held at the start"

    def _written_during(self, tape: _Tape) -> bool:
        """Whether a block of the tape was written after the split, and before the tape was read."""
        split = tape.splits[0][0] if tape.splits and tape.splits[0] else None
        return split is None or any(
            self.writes.between(place, until(split, tape.read), tape.read.call) for place in tape.records
        )


def _any_overlap(writes: Sequence[Operation], splits: Sequence[Operation]) -> bool:
    windows = merged(Interval(split.call, split.returned) for split in splits if split.returned is not None)
    starts = [window.low for window in windows]
    for write in writes:
        assert write.returned is not None
        index = bisect_right(starts, write.returned)
        if index and windows[index - 1].high >= write.call:
            return True
    return False


def until(operation: Operation, reader: Operation) -> float:
    """The last instant at which it can have happened: what never returned happened before it was seen."""
    ends = [one.returned for one in (operation, reader) if one.happened and one.returned is not None]
    return ends[0] if ends else math.inf


def _covers(union: Sequence[Interval], instant: float) -> bool:
    return any(one.low <= instant <= one.high for one in union)
