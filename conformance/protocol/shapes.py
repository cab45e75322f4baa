"""The values that cross the boundary to a controller: what is accepted, and how each is written in JSON."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final

from splitproof.conformance.protocol.adapter import (
    EMBODIMENTS,
    BackupState,
    BackupStatus,
    Capabilities,
    PairViews,
)
from splitproof.spec.vocabulary import PairState

__all__ = [
    "BACKUP_ID",
    "BLOCK",
    "BLOCKS",
    "CAPABILITIES",
    "COUNT",
    "DATA",
    "EXTENTS",
    "IMAGE",
    "NOTHING",
    "PAIR_VIEWS",
    "PUMP_KIND",
    "RECORDS",
    "STATUS",
    "PumpKind",
    "Shape",
    "ShapeError",
    "Volume",
]


class ShapeError(ValueError):
    """A value that is not of its shape; the message says what it is, and what is accepted."""


class PumpKind(enum.Enum):
    """Which of the controller's own work `pump` is to do."""

    COPY = "copy"
    DESTAGE = "destage"
    BACKUP = "backup"
    HOST = "host"
    """What is left to do of host writes that are acknowledged."""
    COMMAND = "command"
    """What is left to do of commands that are answered."""
    ANY = "any"


@dataclass(frozen=True)
class Volume:
    """What the shapes of a session depend on; `block_count` is None before the first reset."""

    block_size_bytes: int | None = None
    block_count: int | None = None


@dataclass(frozen=True)
class Shape:
    """A kind of value. `check` raises ShapeError; `dump` and `load` translate to and from JSON.

    `load` may raise any ValueError, KeyError or TypeError: what it made is checked afterwards.
    """

    name: str
    json: str
    python: str
    check: Callable[[Any, Volume], None]
    dump: Callable[[Any], Any] = lambda value: value
    load: Callable[[Any], Any] = lambda value: value


def _refuse(value: object, accepted: str) -> ShapeError:
    return ShapeError(f"{value!r:.120} of type {type(value).__name__}; accepted is {accepted}")


def _nothing(value: Any, _: Volume) -> None:
    if value is not None:
        raise _refuse(value, "no value (None, null)")


def _block(value: Any, volume: Volume) -> None:
    last = "the last one" if volume.block_count is None else volume.block_count - 1
    if (
        type(value) is not int
        or value < 0
        or (volume.block_count is not None and value >= volume.block_count)
    ):
        raise _refuse(value, f"the number of a block, 0 to {last}")


def _count(value: Any, _: Volume) -> None:
    if type(value) is not int or value < 0:
        raise _refuse(value, "a whole number, 0 or more")


def _data(value: Any, volume: Volume) -> None:
    size = volume.block_size_bytes
    if not isinstance(value, bytes):
        raise _refuse(value, "bytes")
    if size is not None and len(value) != size:
        raise ShapeError(f"{len(value)} bytes; accepted is a whole block of {size} bytes")


def _extents(value: Any, volume: Volume) -> None:
    if not isinstance(value, tuple) or not value:
        raise _refuse(value, "pairs (first block, number of blocks), one at least")
    for part in value:
        if not isinstance(part, tuple) or len(part) != 2 or part[1] < 1:
            raise _refuse(part, "a pair (first block, number of blocks)")
        _block(part[0], volume)
        _block(part[0] + part[1] - 1, volume)


def _identifier(value: Any, _: Volume) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise _refuse(value, "an identifier of 1 to 200 characters")


def _status(value: Any, volume: Volume) -> None:
    if not isinstance(value, BackupStatus) or not isinstance(value.state, BackupState):
        raise _refuse(value, "a BackupStatus")
    _count(value.segments_done, volume)


def _views(value: Any, _: Volume) -> None:
    if not isinstance(value, PairViews) or not {type(value.source), type(value.target)} <= {PairState}:
        raise _refuse(value, "PairViews of two PairStates")


def _records(value: Any, volume: Volume) -> None:
    if not isinstance(value, Mapping):
        raise _refuse(value, "a mapping from block to data")
    for block, data in value.items():
        _block(block, volume)
        _data(data, volume)


def _image(value: Any, volume: Volume) -> None:
    if not isinstance(value, list | tuple):
        raise _refuse(value, "a list of data")
    if len(value) != volume.block_count:
        raise ShapeError(f"the data of {len(value)} blocks; accepted is that of all {volume.block_count}")
    for data in value:
        _data(data, volume)


def _blocks(value: Any, volume: Volume) -> None:
    if not isinstance(value, set | frozenset):
        raise _refuse(value, "a set of blocks")
    for block in value:
        _block(block, volume)


def _pump_kind(value: Any, _: Volume) -> None:
    if value not in {kind.value for kind in PumpKind}:
        raise _refuse(value, " or ".join(kind.value for kind in PumpKind))


def _capabilities(value: Any, _: Volume) -> None:
    if not isinstance(value, Capabilities):
        raise _refuse(value, "a Capabilities record")
    for size, low in (("block_size_bytes", 8), ("block_count_max", 8)):
        number = getattr(value, size)
        if type(number) is not int or number < low:
            raise ShapeError(f"{size} is {number!r}; accepted is a whole number, {low} or more")
    for limit in ("call_seconds_max", "settle_seconds_max"):
        seconds = getattr(value, limit)
        if type(seconds) not in {int, float} or not 0 < seconds <= 3600:
            raise ShapeError(f"{limit} is {seconds!r}; accepted is a number of seconds, up to 3600")
    for name in ("split_is_immediate", "atomic_block_io", "writes_survive_crash"):
        if type(getattr(value, name)) is not bool:
            raise ShapeError(f"{name} is {getattr(value, name)!r}; accepted are True and False")
    operations: object = value.operations
    called: object = value.name
    if not isinstance(operations, frozenset) or not isinstance(called, str):
        raise ShapeError("operations is a set of names, and name a string")
    if value.embodiment not in ("", *EMBODIMENTS):
        raise ShapeError(
            f"embodiment is {value.embodiment!r}; accepted are {', '.join(EMBODIMENTS)}, and none"
        )


def _dump_capabilities(value: Capabilities) -> dict[str, Any]:
    record = {item.name: getattr(value, item.name) for item in fields(Capabilities)}
    return record | {"operations": sorted(value.operations)}


def _load_capabilities(value: Any) -> Capabilities:
    if not isinstance(value, dict):
        raise _refuse(value, "an object")
    known = {item.name: item.default is MISSING for item in fields(Capabilities)}
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise ShapeError(f"there is no {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    lacking = [name for name, is_required in known.items() if is_required and name not in value]
    if lacking:
        verb, them = ("is", "it") if len(lacking) == 1 else ("are", "them")
        told = " and ".join(lacking)
        raise ShapeError(f"{told} {verb} not declared, and every controller declares {them}")
    operations = value.get("operations", [])
    if not isinstance(operations, list) or not all(isinstance(name, str) for name in operations):
        raise ShapeError(f"operations is {operations!r:.80}; accepted is a list of names")
    return Capabilities(**{**value, "operations": frozenset(operations)})


def _dump_records(value: Mapping[int, bytes]) -> dict[str, str]:
    return {str(block): data.hex() for block, data in sorted(value.items())}


NOTHING: Final = Shape("nothing", "`null`", "`None`", _nothing)
BLOCK: Final = Shape("block", "number", "`int`", _block)
COUNT: Final = Shape("count", "number", "`int`", _count)
DATA: Final = Shape(
    "data", "string of hexadecimal digits, two a byte", "`bytes`", _data, bytes.hex, bytes.fromhex
)
EXTENTS: Final = Shape(
    "extents",
    "list of `[first block, number of blocks]`",
    "tuple of pairs of `int`",
    _extents,
    lambda value: [list(part) for part in value],
    lambda value: tuple((first, count) for first, count in value),
)
BACKUP_ID: Final = Shape("backup id", "string", "`str`", _identifier)
STATUS: Final = Shape(
    "status",
    '`{"state": "in progress" or "completed" or "failed", "segments_done": number}`',
    "`BackupStatus`",
    _status,
    lambda value: {"state": value.state.value, "segments_done": value.segments_done},
    lambda value: BackupStatus(BackupState(value["state"]), value["segments_done"]),
)
PAIR_VIEWS: Final = Shape(
    "pair views",
    '`{"source": state, "target": state}`, a state being `"simplex"`, `"duplex pending"`, `"duplex"`, '
    '`"split pending"` or `"split"`',
    "`PairViews`",
    _views,
    lambda value: {"source": value.source.value, "target": value.target.value},
    lambda value: PairViews(PairState(value["source"]), PairState(value["target"])),
)
RECORDS: Final = Shape(
    "records",
    "object, the number of each block that has a record to its data",
    "mapping from `int` to `bytes`",
    _records,
    _dump_records,
    lambda value: {int(block): bytes.fromhex(data) for block, data in value.items()},
)
IMAGE: Final = Shape(
    "image",
    "list of the data of all blocks, in order",
    "sequence of `bytes`",
    _image,
    lambda value: [data.hex() for data in value],
    lambda value: [bytes.fromhex(data) for data in value],
)
BLOCKS: Final = Shape("blocks", "list of numbers", "`frozenset[int]`", _blocks, sorted, frozenset)
PUMP_KIND: Final = Shape(
    "kind of work",
    '`"copy"`, `"destage"`, `"backup"`, `"host"` (what is left to do of writes that are acknowledged), `"command"` (of '
    'commands that are answered) or `"any"`',
    "`str`, likewise",
    _pump_kind,
)
CAPABILITIES: Final = Shape(
    "capabilities",
    "object, see below",
    "`Capabilities`",
    _capabilities,
    _dump_capabilities,
    _load_capabilities,
)
