"""What was done to a controller, operation by operation: recorded once, judged as often as the judge is mended.

Every operation is an interval of one monotonic clock: stamped before it is sent and after its answer is received, so
that it took effect (if at all) at an instant within. On disk a history is NDJSON: a header, one line an operation, and
an end line that counts them, without which a file is truncated. `docs/histories.md` describes the form.
"""

from __future__ import annotations

import enum
import gc
import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = [
    "KINDS",
    "SCHEMA",
    "UNREAD",
    "VERSION",
    "Extents",
    "History",
    "HistoryError",
    "Operation",
    "Outcome",
    "Recorder",
    "blocks_of",
    "collector_paused",
    "history_lines",
    "initial_contents",
    "is_history",
    "load_history",
    "operation_record",
    "save_history",
]

SCHEMA: Final = "splitproof-history"
VERSION: Final = 1
"""Raised when an older judge would misread a newer file."""

Extents = tuple[tuple[int, int], ...]
"""(first block, number of blocks), in any order."""


class HistoryError(ValueError):
    """A file that is no history, or only a part of one; the message says where, and what is expected."""


class Outcome(enum.Enum):
    """What the caller knows of an operation."""

    OK = "ok"
    """It happened."""
    REJECTED = "rejected"
    """It did not happen."""
    INDEFINITE = "indefinite"
    """It may have happened, or may happen yet: it timed out, or the controller was lost."""


KINDS: Final = (
    "reset",
    "create_pair",
    "write",
    "read",
    "split",
    "resync",
    "delete_pair",
    "backup",
    "split_and_backup",
    "completed",
    "tape",
    "target",
)
"""`completed` is the first good end report of a backup; `tape` and `target` are back-door reads for the judge."""


class Operation(NamedTuple):
    """One operation; times are nanoseconds of the history's clock, `returned` is None if no answer came.

    `value` is what was written or read; `records` what a tape or target held, block to value. A tuple, because a
    history may have a million of them.
    """

    id: int
    kind: str
    call: int
    returned: int | None
    outcome: Outcome = Outcome.OK
    client: int = 0
    volume: str = ""
    block: int | None = None
    value: str | None = None
    backup: str | None = None
    extents: Extents = ()
    records: Mapping[int, str] | None = None

    @property
    def happened(self) -> bool:
        """Whether it certainly did."""
        return self.outcome is Outcome.OK

    def __str__(self) -> str:
        detail = [] if self.block is None else [f"block {self.block}"]
        detail += [self.value] if self.value is not None else []
        detail += [str(self.backup)] if self.backup is not None else []
        volume = f" of {self.volume}" if self.volume else ""
        return f"#{self.id} {self.kind}({', '.join(detail)}){volume}"


@dataclass(frozen=True)
class History:
    """`initial`: volume to the value of each of its blocks; a history of one volume calls it "".

    `group`: the volumes are a consistency group, whose tapes must show one instant together.
    """

    initial: Mapping[str, Sequence[str]]
    operations: Sequence[Operation]
    group: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """Collects operations from any number of threads."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._origin = time.monotonic_ns()

    def now(self) -> int:
        """Nanoseconds since the recorder was made."""
        return time.monotonic_ns() - self._origin

    def record(
        self, kind: str, call: int, returned: int | None, outcome: Outcome = Outcome.OK, **detail: Any
    ) -> Operation:
        """Add an operation that was called at `call`; `detail` as the fields of `Operation`."""
        with self._lock:
            operation = Operation(next(self._ids), kind, call, returned, outcome, **detail)
            self._operations.append(operation)
        return operation

    def history(self, initial: Mapping[str, Sequence[str]], **about: Any) -> History:
        """What was recorded so far."""
        with self._lock:
            return History(dict(initial), tuple(self._operations), about=about)


UNREAD: Final = "unread"
"""Stands for contents at the start that nobody read."""


def initial_contents(operations: Iterable[Operation], block_count: int) -> list[str]:
    """What each block of the only volume held at the start: what the first read of it returned, before any write."""
    first: dict[int, str] = {}
    for operation in operations:
        if operation.block is None or operation.block in first or operation.kind not in ("read", "write"):
            continue
        read = operation.kind == "read" and operation.happened and operation.value is not None
        first[operation.block] = operation.value or UNREAD if read else UNREAD
    return [first.get(block, UNREAD) for block in range(block_count)]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the cycle collector, which finds nothing among a million tuples, over and over."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def blocks_of(extents: Iterable[tuple[int, int]]) -> frozenset[int]:
    """The blocks that extents name."""
    return frozenset(block for first, count in extents for block in range(first, first + count))


def save_history(history: History, path: Path) -> None:
    """Write a history; an interrupted save is recognised when it is loaded."""
    with path.open("w", encoding="utf-8") as file:
        for line in history_lines(history):
            file.write(f"{line}\n")


def history_lines(history: History) -> Iterator[str]:
    """A history as it is on disk."""
    header = {
        "schema": SCHEMA,
        "version": VERSION,
        "initial": {volume: list(values) for volume, values in history.initial.items()},
        "group": history.group,
        "about": dict(history.about),
    }
    for record in (header, *map(operation_record, history.operations), {"end": len(history.operations)}):
        yield json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def operation_record(operation: Operation) -> dict[str, Any]:
    """An operation as its line has it."""
    record: dict[str, Any] = {
        "id": operation.id,
        "kind": operation.kind,
        "call": operation.call,
        "return": operation.returned,
        "outcome": operation.outcome.value,
        "client": operation.client,
    }
    for name in ("volume", "block", "value", "backup", "extents"):
        value = getattr(operation, name)
        if value not in (None, "", ()):
            record[name] = value
    if operation.records is not None:
        record["records"] = {str(block): value for block, value in sorted(operation.records.items())}
    return record


def is_history(path: Path) -> bool:
    """Whether a file begins as a history does; `load_history` says what is wrong with the rest."""
    try:
        with path.open(encoding="utf-8") as file:
            header = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.get("schema") == SCHEMA


def load_history(path: Path) -> History:
    """Read a history back.

    Raises:
        HistoryError: the file cannot be read, is no history, is of another version, is truncated, or has a line that
        means nothing.
    """
    try:
        with collector_paused(), path.open(encoding="utf-8") as file:
            return _load(path, enumerate(file, start=1))
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"{path} is no history: it is not UTF-8 text ({error.reason})") from error


def _load(path: Path, lines: Iterator[tuple[int, str]]) -> History:
    _, first = next(lines, (0, ""))
    header = _header(path, first)
    initial = header["initial"]
    operations: list[Operation] = []
    seen: set[int] = set()
    ended: int | None = None
    for number, line in lines:
        where = f"{path}:{number}"
        if ended is not None:
            raise HistoryError(f"{where}: there is more after the end line; a file holds one history")
        record = _json(where, line)
        if "end" in record:
            ended = record["end"]
            continue
        operation = _operation(where, record, initial)
        if operation.id in seen:
            raise HistoryError(f"{where}: there is an operation #{operation.id} already; ids are unique")
        seen.add(operation.id)
        operations.append(operation)
    if ended != len(operations):
        counted = "has no end line" if ended is None else f"ends with a count of {ended}"
        raise HistoryError(
            f"{path} is truncated: it {counted} after {len(operations)} operations; record it again"
        )
    return History(initial, operations, header["group"], header["about"])


def _header(path: Path, line: str) -> dict[str, Any]:
    what = (
        f'{path} is no history: the first line of one is {{"schema": "{SCHEMA}", "version": {VERSION}, ...}}'
    )
    try:
        header = json.loads(line)
    except ValueError as error:
        raise HistoryError(what) from error
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise HistoryError(what)
    if header.get("version") != VERSION:
        raise HistoryError(
            f"{path} is a history of version {header.get('version')!r}; this judge reads version {VERSION}"
        )
    initial = header.get("initial")
    if not isinstance(initial, dict) or not initial or not all(map(_is_contents, initial.values())):
        raise HistoryError(
            f"{path}:1: `initial` gives for each volume the values of its blocks, "
            'such as {"": ["zero", "zero"]}'
        )
    header.setdefault("group", False)
    header.setdefault("about", {})
    return header


def _is_contents(values: Any) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(value, str) for value in values)


def _json(where: str, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise HistoryError(f"{where} is not JSON ({error}); was the file cut off?") from error
    if not isinstance(record, dict):
        raise HistoryError(f"{where}: an operation is a JSON object, not {record!r:.80}")
    return record


_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_NEEDS: Final = {
    "write": ("block", "value"),
    "read": ("block",),
    "backup": ("backup", "extents"),
    "split_and_backup": ("backup", "extents"),
    "completed": ("backup",),
    "tape": ("backup", "records"),
    "target": ("records",),
}
"""Fields that an operation of a kind which happened must have (a write, whatever became of it)."""


def _operation(where: str, record: dict[str, Any], initial: Mapping[str, Sequence[str]]) -> Operation:
    kind, call, returned = record.get("kind"), record.get("call"), record.get("return")
    outcome = _OUTCOMES.get(record.get("outcome", "ok"))
    if kind not in KINDS:
        raise HistoryError(f"{where}: `kind` is {kind!r}; there are {', '.join(KINDS)}")
    if outcome is None:
        raise HistoryError(
            f"{where}: `outcome` is {record['outcome']!r}; there are {', '.join(o.value for o in Outcome)}"
        )
    if not _is_number(record.get("id")) or not _is_number(call):
        raise HistoryError(f"{where}: `id` and `call` are whole numbers, `call` in nanoseconds")
    if returned is None and outcome is not Outcome.INDEFINITE:
        raise HistoryError(f"{where}: {kind} has no `return`; only an indefinite operation may lack it")
    if returned is not None and (not _is_number(returned) or returned < call):
        raise HistoryError(f"{where}: {kind} returned at {returned!r}, before its call at {call}")
    if outcome is Outcome.OK or kind == "write":
        for name in _NEEDS.get(kind, ()):
            if record.get(name) is None:
                raise HistoryError(f"{where}: {kind} has no `{name}`")
    volume = record.get("volume", "")
    _check_blocks(where, record, volume, initial)
    extents = tuple((first, count) for first, count in record.get("extents", ()))
    records = record.get("records")
    return Operation(
        record["id"],
        kind,
        record["call"],
        returned,
        outcome,
        record.get("client", 0),
        volume,
        record.get("block"),
        record.get("value"),
        record.get("backup"),
        extents,
        None if records is None else {int(block): value for block, value in records.items()},
    )


def _is_number(value: object) -> bool:
    return type(value) is int


def _check_blocks(
    where: str, record: dict[str, Any], volume: object, initial: Mapping[str, Sequence[str]]
) -> None:
    block, extents, records = record.get("block"), record.get("extents", []), record.get("records") or {}
    if volume not in initial:
        if volume == "" and record["kind"] in ("split", "create_pair", "resync", "delete_pair", "reset"):
            return  # of all volumes at once
        raise HistoryError(f"{where}: there is no volume {volume!r}; the header names {', '.join(initial)}")
    count = len(initial[str(volume)])
    if not extents and not records and (block is None or (type(block) is int and 0 <= block < count)):
        return  # all but a few
    well_formed = isinstance(extents, list) and all(
        isinstance(part, list) and len(part) == 2 and all(map(_is_number, part)) for part in extents
    )
    if not well_formed or not isinstance(records, dict) or not all(map(str.isdecimal, records)):
        raise HistoryError(
            f"{where}: `extents` are pairs [first block, number of blocks], `records` block to value"
        )
    named = [] if block is None else [block]
    named += [edge for first, length in extents for edge in (first, first + length - 1)]
    named += map(int, records)
    for one in named:
        if not _is_number(one) or not 0 <= one < count:
            raise HistoryError(f"{where}: there is no block {one!r}; the volume has blocks 0 to {count - 1}")
