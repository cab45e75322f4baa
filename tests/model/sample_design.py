"""A small design with something of everything, and how a misuse of it is expected to be refused."""

import enum
import linecache
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from splitproof.model import (
    ANY,
    Block,
    Bool,
    Cell,
    Data,
    Int,
    Machine,
    ModelError,
    Processor,
    Record,
    field,
    memory,
)

__all__ = [
    "DISK",
    "HOST",
    "ROW",
    "SEEN",
    "TABLE",
    "TAPE",
    "VOLUME",
    "WHOLE_HAND",
    "WHOLE_ROWS",
    "Hand",
    "Other",
    "Phase",
    "Row",
    "refused",
    "sample",
]

HOST, DISK, TAPE = Processor("host"), Processor("disk"), Processor("tape")

TABLE = Cell("table")
ROW = Cell("row", 507, per_block=True)
VOLUME = Cell(
    "volume",
    per_block=True,
    readers=frozenset({DISK, TAPE}),
    writers=frozenset({DISK}),
    cites=("R28", "R110"),
)


class Phase(enum.Enum):
    IDLE = "idle"
    BUSY = "busy"


class Other(enum.Enum):
    IDLE = "idle"


class Row(Record):
    dirty = field(Bool, "a bool")
    data = field(Data, "data", while_=lambda r: r.dirty)


class Hand(Record):
    phase = field(Phase, "an enum")
    block = field(Block, "a reference", while_=lambda r: r.phase == Phase.BUSY)
    count = field(Int(0, 3), "a number")


def sample() -> Machine:
    """Something of everything."""
    machine = Machine("design")
    machine.shared("flag", Bool, "a bool", cell=TABLE)
    machine.shared("number", Int(0, 3), "a number", cell=TABLE)
    machine.shared("phase", Phase, "an enum", cell=TABLE)
    machine.shared("row", Row, "rows", cell=ROW, per_block=True)
    machine.shared("volume", Data, "data", cell=VOLUME, per_block=True, initial=ANY)
    machine.memory("hand", Hand, "memory of the disk", cell=memory(DISK, 509))
    machine.memory("seen", Bool, "memory of the disk", cell=memory(DISK, 509), per_block=True)
    machine.memory("tries", Int(0, 2), "memory of the disk", cell=memory(DISK, 509), per_block=True)
    machine.memory("own", Bool, "memory of the host", cell=memory(HOST))
    machine.ghost("image", Data, "a ghost", per_block=True)
    machine.ghost("marked", Bool, "a ghost")
    machine.predicate("dirty", "a word per block", lambda s, b: s.row[b].dirty)
    machine.predicate("calm", "a word", lambda s: ~s.flag)
    return machine


@contextmanager
def refused(sentence: str) -> Iterator[None]:
    """The code inside is refused with exactly this sentence and a line that ends in `# offence`; places
    within it are written LINE.
    """
    with pytest.raises(ModelError) as caught:
        yield
    error = caught.value
    assert re.sub(r"test_\w+\.py:\d+", "LINE", error.message) == sentence
    file, _, line = error.where.partition(":")
    assert re.fullmatch(r"test_\w+\.py", file)
    assert linecache.getline(str(Path(__file__).with_name(file)), int(line)).rstrip().endswith("# offence")
    assert str(error) == f"{error.where}: {error.message}"


SEEN = "seen has a value for each block; write seen[b], or seen.each(...) to write all of them"
WHOLE_ROWS = "row has a record for each block; write row[b]. and a field of it: dirty, data"
WHOLE_HAND = "hand is one record; name a field of it after a dot: phase, block, count"
