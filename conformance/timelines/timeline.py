"""What is shown of a history: for each finding, the operations that matter, by time, and what the tape holds.

Everything here was decided by the judge; the intervals in which a block shows a value are asked of `cuts`, as the judge
asks them. Of a long history the operations that matter are kept, and then the nearest others, to a limit that is said.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from splitproof.checker.counterexamples.shortening import nearest
from splitproof.conformance.histories.cuts import Interval, Place, Writes
from splitproof.conformance.histories.findings import Finding, FindingKind, Judgement
from splitproof.conformance.histories.history import History, Operation, Outcome
from splitproof.conformance.histories.judgement import until

__all__ = ["Record", "Scene", "Span", "Timeline", "operation_json", "timeline"]

SCENES_MAX: Final = 6
OPERATIONS_MAX: Final = 250
_NEAR_MAX: Final = 12
_SPANS_MAX: Final = 3
_RECORDS_MAX: Final = 64
_POSSIBLE_MAX: Final = 4

_ROLES: Final = {
    FindingKind.STALE: ("had overwritten it", "was called only then"),
    FindingKind.LEAKED: ("had returned", "wrote it only then"),
    FindingKind.PHANTOM: ("wrote it elsewhere", "has it"),
    FindingKind.TORN: ("took the one away", "wrote the other only then"),
    FindingKind.MISSING: ("reported a good end", "lacks it"),
    FindingKind.UNSPLIT: ("joined the pair", "was accepted all the same"),
}
"""What the two operations of a finding have done; a single one has done the second."""


@dataclass(frozen=True)
class Span:
    """When a block showed the value that was read of it: from the call of its write to the return of the next one.

    `low`, `high`: nanoseconds, infinite where there is no such operation.
    """

    place: Place
    value: str
    low: float
    high: float


@dataclass(frozen=True)
class Record:
    """What a tape, a target or a read has for a block. `value` None: nothing, although it should.

    `possible`: of one that is wrong, what the block may have held within the window; cut short with `...`.
    """

    place: Place
    value: str | None
    is_wrong: bool
    possible: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """A finding and what shows it; of a history without findings, what was judged.

    `operations`: by call. `roles`: what an operation has to do with it, by id. `windows`: where the instant has to lie,
    in nanoseconds; of a finding one, or none if nothing limits it. `instants`: those that tapes show.
    """

    finding: Finding | None
    operations: tuple[Operation, ...]
    roles: dict[int, str]
    spans: tuple[Span, ...]
    windows: tuple[tuple[float, float], ...]
    records: tuple[Record, ...]
    records_omitted: int
    instants: tuple[tuple[str, float], ...] = ()

    @property
    def witnesses(self) -> frozenset[int]:
        """The ids of the operations that contradict each other."""
        return frozenset(one.id for one in self.finding.operations) if self.finding else frozenset()


@dataclass(frozen=True)
class Timeline:
    """A judged history. `operations`: those that are shown, by call; `skipped`: before each, how many are not."""

    source: str
    judgement: Judgement
    scenes: tuple[Scene, ...]
    operations: tuple[Operation, ...]
    skipped: tuple[int, ...]
    total: int

    @property
    def clients(self) -> tuple[int, ...]:
        """Those whose operations are shown, one lane each."""
        return tuple(sorted({one.client for one in self.operations}))

    @property
    def omitted(self) -> int:
        """Operations that are not shown."""
        return self.total - len(self.operations)

    @property
    def omitted_findings(self) -> int:
        return len(self.judgement.findings) - sum(scene.finding is not None for scene in self.scenes)

    def json(self) -> dict[str, Any]:
        """What the page shows; `docs/schemas/timeline.json`."""
        judgement = self.judgement
        return {
            "source": self.source,
            "verdict": judgement.word,
            "judged": dict(sorted(judgement.judged.items())),
            "limits": list(judgement.limits),
            "missing": list(judgement.missing),
            "clients": list(self.clients),
            "scenes": [_scene_json(scene) for scene in self.scenes],
            "omitted_findings": self.omitted_findings,
            "operations": [operation_json(one) for one in self.operations],
            "skipped": list(self.skipped),
            "total": self.total,
        }


def operation_json(operation: Operation) -> dict[str, Any]:
    """An operation, with how it is shown."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "client": operation.client,
        "volume": operation.volume,
        "block": operation.block,
        "call": operation.call,
        "return": operation.returned,
        "outcome": operation.outcome.value,
        "text": str(operation),
    }


def _scene_json(scene: Scene) -> dict[str, Any]:
    finding = scene.finding
    return {
        "property": finding.property.id if finding else None,
        "statement": finding.property.statement if finding else None,
        "kind": finding.kind.value if finding else None,
        "sentence": finding.sentence if finding else None,
        "places": [{"volume": volume, "block": block} for volume, block in finding.places] if finding else [],
        "witnesses": [one.id for one in finding.operations] if finding else [],
        "operations": [one.id for one in scene.operations],
        "roles": {str(identifier): role for identifier, role in scene.roles.items()},
        "windows": [[_finite(time) for time in window] for window in scene.windows],
        "spans": [
            {
                "volume": span.place[0],
                "block": span.place[1],
                "value": span.value,
                "low": _finite(span.low),
                "high": _finite(span.high),
            }
            for span in scene.spans
        ],
        "records": [
            {
                "volume": record.place[0],
                "block": record.place[1],
                "value": record.value,
                "wrong": record.is_wrong,
                "possible": list(record.possible),
            }
            for record in scene.records
        ],
        "records_omitted": scene.records_omitted,
        "instants": [{"tape": tape, "instant": _finite(instant)} for tape, instant in scene.instants],
    }


def _finite(time: float) -> int | None:
    return int(time) if math.isfinite(time) else None


def timeline(history: History, judgement: Judgement, source: str) -> Timeline:
    """What is shown of a history. `source`: what its file is called."""
    by_call = sorted(history.operations, key=lambda one: (one.call, one.id))
    director = _Director(history, by_call)
    scenes = tuple(map(director.scene, judgement.findings[:SCENES_MAX])) or (director.calm(judgement),)
    places = {one.id: place for place, one in enumerate(by_call)}
    wanted = [places[one.id] for scene in scenes for one in scene.operations]
    kept = [by_call[place] for place in nearest(len(by_call), wanted, OPERATIONS_MAX)]
    edges = [-1, *(places[one.id] for one in kept), len(by_call)]
    skipped = tuple(edges[number + 1] - edges[number] - 1 for number in range(len(edges) - 1))
    return Timeline(source, judgement, scenes, tuple(kept), skipped, len(by_call))


class _Director:
    """Chooses what a finding is shown with."""

    def __init__(self, history: History, by_call: Sequence[Operation]) -> None:
        self._history, self._by_call = history, by_call
        self._writes = Writes(history.initial, history.operations)
        self._calls = [one.call for one in by_call]
        self._splits = [one for one in by_call if one.kind in ("split", "split_and_backup")]

    def calm(self, judgement: Judgement) -> Scene:
        """A history without findings: what was done to pairs and tapes, and what ran beside the splits."""
        others = [one for one in self._by_call if one.kind not in ("write", "read")]
        beside = [one for split in self._splits for one in self._beside(split.call, _end(split))]
        chosen = _ordered([*others[:OPERATIONS_MAX], *beside[:_NEAR_MAX]])
        windows = tuple((one.call, _end(one)) for one in self._splits if one in chosen)
        tapes = [one for one in self._by_call if one.kind == "tape" and one.records]
        records = [
            Record((one.volume, block), value, is_wrong=False)
            for one in tapes[:1]
            for block, value in sorted((one.records or {}).items())
        ]
        roles = {one.id: "the split" for one in self._splits}
        kept, omitted = records[:_RECORDS_MAX], max(0, len(records) - _RECORDS_MAX)
        return Scene(
            None, chosen, roles, (), windows, tuple(kept), omitted, tuple(judgement.instants.items())
        )

    def scene(self, finding: Finding) -> Scene:
        """A finding: its operations, its window, the intervals of the wrong values, and what they follow from."""
        reader = finding.reader or finding.operations[-1]
        window = self._window(finding, reader)
        values = {place: self._value_of(finding, reader, place) for place in finding.places}
        origins = {
            place: self._writes.shown(place, value)[:_SPANS_MAX]
            for place, value in values.items()
            if value is not None
        }
        spans = [
            Span(place, values[place] or "", one.low, one.high)
            for place, intervals in origins.items()
            for one in intervals
        ]
        essential = _ordered(
            [
                *finding.operations,
                *finding.window,
                reader,
                *self._backup_of(reader),
                *(one for intervals in origins.values() for interval in intervals for one in _ends(interval)),
            ]
        )
        records = self._records(finding, reader, values, window)
        return Scene(
            finding,
            _ordered([*essential, *self._near(finding, essential)]),
            _roles(finding, reader),
            tuple(spans),
            () if window is None else (window,),
            tuple(records[:_RECORDS_MAX]),
            max(0, len(records) - _RECORDS_MAX),
        )

    def _window(self, finding: Finding, reader: Operation) -> tuple[float, float] | None:
        if not finding.window:
            return None
        low = max(one.call for one in finding.window)
        return low, min(until(one, reader) for one in finding.window)

    def _value_of(self, finding: Finding, reader: Operation, place: Place) -> str | None:
        """What was read of a block: by the read, or by the tape (of a group: the nearest one that has the block)."""
        if finding.kind is FindingKind.MISSING:
            return None
        if reader.kind == "read":
            return reader.value
        tapes = [
            one
            for one in self._by_call
            if one.kind == reader.kind and one.volume == place[0] and place[1] in (one.records or {})
        ]
        nearest = min(tapes, key=lambda one: abs(one.call - reader.call), default=None)
        return None if nearest is None or nearest.records is None else nearest.records[place[1]]

    def _records(
        self,
        finding: Finding,
        reader: Operation,
        values: dict[Place, str | None],
        window: tuple[float, float] | None,
    ) -> list[Record]:
        """What the reader has, the wrong ones first."""
        wrong = [
            Record(place, value, is_wrong=True, possible=self._possible(place, window))
            for place, value in values.items()
        ]
        others = {(reader.volume, block): value for block, value in sorted((reader.records or {}).items())}
        return [
            *wrong,
            *(
                Record(place, value, is_wrong=False)
                for place, value in others.items()
                if place not in finding.places
            ),
        ]

    def _possible(self, place: Place, window: tuple[float, float] | None) -> tuple[str, ...]:
        """What the block may have held within the window."""
        if window is None:
            return ()
        volume, block = place
        named = {self._history.initial[volume][block]: None}
        for one in self._by_call:
            if one.kind == "write" and (one.volume, one.block) == place and one.call <= window[1]:
                named[str(one.value)] = None
        fitting = [
            value
            for value in reversed(named)
            if any(one.low <= window[1] and one.high >= window[0] for one in self._writes.shown(place, value))
        ]
        return (*fitting[:_POSSIBLE_MAX], *(("...",) if len(fitting) > _POSSIBLE_MAX else ()))

    def _backup_of(self, reader: Operation) -> Iterator[Operation]:
        if reader.kind == "tape":
            for one in self._by_call:
                same = (one.volume, one.backup) == (reader.volume, reader.backup)
                if same and one.kind in ("backup", "split_and_backup", "completed"):
                    yield one

    def _near(self, finding: Finding, essential: Sequence[Operation]) -> list[Operation]:
        """Reads and writes of the blocks in question about the time of the operations that contradict each other."""
        low, high = essential[0].call, max(map(_end, essential))
        found = [
            one
            for one in self._beside(low, high)
            if (one.volume, one.block) in finding.places and one.outcome is not Outcome.REJECTED
        ]
        found.sort(key=lambda one: min(abs(one.call - witness.call) for witness in finding.operations))
        return found[:_NEAR_MAX]

    def _beside(self, low: float, high: float) -> list[Operation]:
        """Reads and writes that overlap a time; none is looked for that was called long before it."""
        start = max(0, bisect_left(self._calls, low) - OPERATIONS_MAX)
        end = bisect_left(self._calls, high)
        return [one for one in self._by_call[start:end] if one.kind in ("write", "read") and _end(one) >= low]


def _roles(finding: Finding, reader: Operation) -> dict[int, str]:
    """What each operation has to do with a finding; the words for the witnesses go before others."""
    is_read = reader.kind == "read"
    roles = {one.id: "the read" if is_read else "the split" for one in finding.window}
    if not is_read and finding.reader is not None:
        roles[reader.id] = "has it" if finding.kind is not FindingKind.MISSING else "lacks it"
    earlier, later = _ROLES[finding.kind]
    if finding.kind is FindingKind.TORN and not finding.places:
        earlier, later = "had returned", "was called only then"
    if finding.kind is FindingKind.PHANTOM and is_read and finding.operations[0] is reader:
        earlier, later = "had returned", "wrote it only then" if len(finding.operations) > 1 else "has it"
    if len(finding.operations) == 1:
        (only,) = finding.operations
        return roles | {only.id: "has it" if finding.kind is FindingKind.TORN else later}
    return roles | {one.id: role for one, role in zip(finding.operations, (earlier, later), strict=True)}


def _ends(interval: Interval) -> Iterator[Operation]:
    yield from (one for one in (interval.writer, interval.overwriter) if one is not None)


def _end(operation: Operation) -> float:
    return math.inf if operation.returned is None else operation.returned


def _ordered(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Each once, by call."""
    return tuple(sorted({one.id: one for one in operations}.values(), key=lambda one: (one.call, one.id)))
