"""A failure as a story: what was written when, when the split was called and returned, what the tape holds, and which
two operations contradict each other. One object, from which every report and page is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from splitproof.conformance.adapter import AdapterFault
from splitproof.conformance.cuts import Place, Writes
from splitproof.conformance.findings import Finding, FindingKind, line_of, shown
from splitproof.conformance.history import UNREAD, History, Operation, operation_record
from splitproof.conformance.judgement import judge_history
from splitproof.conformance.session import value_of
from splitproof.conformance.verdicts import PropertyViolated, Undecided
from splitproof.spec.properties import Property

__all__ = ["Failure", "Record", "arguments_text", "failure_of", "with_story"]

TOLD_MAX: Final = 16
"""Operations that a story tells; the others are counted."""
_OPERATIONS_MAX: Final = 500
"""Of a history that is put into a report; a longer one is in the file that `--histories` saves."""
_PAIR: Final = ("create_pair", "split", "resync", "delete_pair", "split_and_backup")


@dataclass(frozen=True)
class Record:
    """A block of a tape (or target): what it holds, what it may hold, and whether that is so.

    `at_split`: what the block may have held within the split.
    """

    place: Place
    holds: str
    at_split: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether it is what the block held, as far as this block alone can tell."""
        return self.holds in self.at_split


@dataclass(frozen=True)
class Failure:
    """How a controller violates a property.

    `text`: what the judge says. `story`: what a single client did, in order. `history`: the same, or what several did,
    with times. `finding`: the two operations that contradict each other, if it is the history that shows it.
    """

    item: Property
    text: str
    story: tuple[str, ...] = ()
    history: History | None = None
    finding: Finding | None = None

    @property
    def can_be_judged_again(self) -> bool:
        """Whether the history alone shows the failure, so that `splitproof judge` finds it."""
        return self.finding is not None and self.history is not None

    @property
    def told(self) -> tuple[Operation, ...]:
        """Those that contradict, and what happened to the same blocks around the split, by their calls."""
        if self.history is None or self.finding is None:
            return ()
        finding = self.finding
        split, backup = self._origin()
        ids = {one.id for one in (*finding.operations, finding.reader, split, backup) if one is not None}
        places = set(finding.places)
        middle = (split or finding.operations[-1]).call
        end = (finding.reader or finding.operations[-1]).call
        around = [
            one
            for one in self.history.operations
            if one.call <= end
            and (one.kind in _PAIR or (one.kind == "write" and (one.volume, one.block) in places))
        ]
        for one in sorted(around, key=lambda one: abs(one.call - middle)):
            if len(ids) < TOLD_MAX:
                ids.add(one.id)
        told = (one for one in self.history.operations if one.id in ids)
        return tuple(sorted(told, key=lambda one: (one.call, one.id)))

    def _origin(self) -> tuple[Operation | None, Operation | None]:
        """The split that was to be shown, and the backup that was to show it."""
        assert self.history is not None
        assert self.finding is not None
        reader = self.finding.reader or self.finding.operations[-1]
        backup = next(
            (
                one
                for one in self.history.operations
                if one.kind in ("backup", "split_and_backup") and one.backup == reader.backup is not None
            ),
            None,
        )
        until = (backup or reader).call
        splits = [
            one
            for one in self.history.operations
            if one.kind in ("split", "split_and_backup") and one.call <= until and one.happened
        ]
        return (splits[-1] if splits else None), backup

    @property
    def records(self) -> tuple[Record, ...]:
        """What the guilty tape (or target) holds, block by block."""
        if self.history is None or self.finding is None or self.finding.reader is None:
            return ()
        reader = self.finding.reader
        split, _ = self._origin()
        if not reader.records or split is None:
            return ()
        writes = Writes(self.history.initial, self.history.operations)
        return tuple(
            Record((reader.volume, block), value, self._held(writes, (reader.volume, block), split))
            for block, value in sorted(reader.records.items())
        )

    def _held(self, writes: Writes, place: Place, split: Operation) -> tuple[str, ...]:
        """What a block may have held at some instant of the split."""
        assert self.history is not None
        volume, block = place
        values = [self.history.initial[volume][block]]
        values += [
            one.value
            for one in self.history.operations
            if one.kind == "write" and (one.volume, one.block) == place and one.value is not None
        ]
        end = split.returned if split.returned is not None else float("inf")
        return tuple(
            value
            for value in dict.fromkeys(values)
            if any(one.low <= end and one.high >= split.call for one in writes.shown(place, value))
        )

    # ---- forms -----------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """For people: what is wrong, how it came about, what contradicts, what the tape holds."""
        yield from self.text.splitlines()
        if self.story:
            yield "what happened:"
            yield from (f"  {number:>3}  {line}" for number, line in enumerate(self.story, start=1))
        if self.finding is None:
            return
        if not self.text.startswith(str(self.finding)):
            yield f"the contradiction ({self.finding.kind.value}): {self.finding.sentence}"
            yield from (f"  {line_of(operation)}" for operation in self.finding.operations)
        if not self.story:
            yield from self._chronicle()
        yield from self._table()

    def _chronicle(self) -> Iterator[str]:
        assert self.history is not None
        assert self.finding is not None
        told = self.told
        left_out = len(self.history.operations) - len(told)
        yield "what happened" + (f" ({left_out:,} other operations left out):" if left_out else ":")
        for operation in told:
            mark = "*" if operation in self.finding.operations else " "
            yield f"  {mark} {line_of(operation)}"

    def _named(self, place: Place) -> Callable[[str], str]:
        """A value, with a word for the contents at the start."""
        assert self.history is not None
        first = self.history.initial[place[0]][place[1]]
        return lambda value: f"{value} (as at the start)" if value == first else value

    def _table(self) -> Iterator[str]:
        if not self.records:
            return
        assert self.finding is not None
        yield f"what {_reader(self.finding)} holds:"
        for record in self.records:
            wrong = "" if record.right else "    <-- wrong"
            if record.right and record.place in self.finding.places:
                wrong = "    <-- not together with the others"
            at_split = " or ".join(map(self._named(record.place), record.at_split))
            yield f"  {shown(record.place):<10} {record.holds:<14} at the split: {at_split}{wrong}"

    def json(self) -> dict[str, Any]:
        """Everything that a page needs; `operations` of the whole history unless it is long, then those told."""
        found, history = self.finding, self.history
        operations: Sequence[Operation] = () if history is None else history.operations
        whole = len(operations) <= _OPERATIONS_MAX
        return {
            "property": self.item.id,
            "statement": self.item.statement,
            "text": self.text,
            "story": list(self.story),
            "kind": None if found is None else found.kind.value,
            "sentence": None if found is None else found.sentence,
            "places": [] if found is None else [{"volume": v, "block": b} for v, b in found.places],
            "contradiction": [] if found is None else [one.id for one in found.operations],
            "reader": None if found is None or found.reader is None else found.reader.id,
            "told": [one.id for one in self.told],
            "records": [
                {
                    "volume": record.place[0],
                    "block": record.place[1],
                    "holds": record.holds,
                    "at_split": list(record.at_split),
                    "right": record.right,
                }
                for record in self.records
            ],
            "initial": {} if history is None else {key: list(row) for key, row in history.initial.items()},
            "operations_recorded": len(operations),
            "operations": [operation_record(one) for one in (operations if whole else self.told)],
        }


def _reader(finding: Finding) -> str:
    """The tape, or the target, as a sentence names it."""
    reader = finding.reader
    assert reader is not None
    return f"the tape of backup {reader.backup}" if reader.kind == "tape" else f"the {reader.kind}"


def failure_of(violation: PropertyViolated) -> Failure:
    """The story of a violation; the two operations are looked for in its history if it names none."""
    finding = violation.finding or _contradiction(violation)
    return Failure(violation.property, violation.text, violation.story, violation.history, finding)


def _contradiction(violation: PropertyViolated) -> Finding | None:
    """What the judge of histories finds of the same property in what was recorded."""
    history = violation.history
    if history is None:
        return None
    unread = any(UNREAD in values for values in history.initial.values())
    for finding in judge_history(history).findings:
        # What nobody read at the start, nobody can call a phantom.
        if finding.property is violation.property and not (unread and finding.kind is FindingKind.PHANTOM):
            return finding
    return None


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """The arguments of an operation, data by its short name."""
    return ", ".join(
        f"block {value}" if key == "block" else value_of(value) if isinstance(value, bytes) else str(value)
        for key, value in arguments.items()
    )


def with_story(error: AdapterFault | Undecided, story: Sequence[str]) -> AdapterFault | Undecided:
    """The same, with what happened before; its cause is kept."""
    if not story:
        return error
    told = "".join(f"\n  {number:>3}  {line}" for number, line in enumerate(story, start=1))
    text = f"{error}\nwhat happened:{told}"
    again = AdapterFault(error.kind, text) if isinstance(error, AdapterFault) else Undecided(text)
    again.__cause__ = error.__cause__
    return again
