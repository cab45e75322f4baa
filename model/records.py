"""Records: groups of variables that belong together, such as a processor's memory or a row of a table."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from splitproof.model.errors import ModelError
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Type

__all__ = ["ANY", "Block", "BlockSet", "Bool", "Data", "Field", "Record", "as_type", "field"]


class _Marker:
    """Names a type in declarations and annotations; never instantiated."""

    def __getitem__(self, block: object) -> Any:  # for type checkers: a BlockSet parameter is asked for members
        raise TypeError(f"{type(self).__name__} is a type of the language")


class Bool(_Marker):
    """A truth value."""


class Block(_Marker):
    """A reference to a block; compared with = only."""


class Data(_Marker):
    """The contents of a block; copied by steps, compared by properties and ghosts only."""


class BlockSet(_Marker):
    """A set of blocks, as a parameter of an action; `chosen[b]` tells whether b is in it."""


class _Any:
    def __repr__(self) -> str:
        return "ANY"


ANY = _Any()
"""As an initial value: every value of the type."""

_MARKERS: dict[type, Type] = {Bool: BOOL, Block: BLOCK, Data: DATA, BlockSet: BLOCK_SET, bool: BOOL}


def as_type(declared: object) -> Type:
    """The type that a declaration names.

    Raises:
        ModelError: it names none.
    """
    if isinstance(declared, Type):
        return declared
    if isinstance(declared, type):
        if declared in _MARKERS:
            return _MARKERS[declared]
        if issubclass(declared, enum.Enum):
            return EnumType.of(declared)
    raise ModelError(f"{declared!r} is no type; accepted are Bool, Block, Data, Int(low, high), an enum class or a Record")


@dataclass(frozen=True)
class Field:
    """One variable of a record. `while_` says when it means something; see `field`."""

    declared: object
    meaning: str
    initial: object = None
    while_: Callable[[Any], object] | None = None
    per_block: bool = False


def field(
    declared: object,
    meaning: str,
    *,
    initial: object = None,
    while_: Callable[[Any], object] | None = None,
    per_block: bool = False,
) -> Any:
    """Declare a field of a record.

    `initial`: the value at the start; the type's first value unless given, every value if `ANY`.
    `while_`: a condition over the record, `lambda r: r.active`; while it is false the field means nothing and holds
    the type's first value, so that what is forgotten does not multiply states. A block reference must have one.
    `per_block`: one such field for each block.
    """
    return Field(declared, meaning, initial, while_, per_block)


class Record:
    """Base of records. A subclass lists its fields; an instance is a value for all of them at once.

    ```python
    class Copy(Record):
        active = field(Bool, "a copy is in flight")
        block = field(Block, "of which block", while_=lambda r: r.active)
    s.copy = Copy(active=True, block=b)     # fields left out take their type's first value
    ```
    """

    fields: ClassVar[dict[str, Field]] = {}

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls.fields = {**cls.fields, **own}

    def __init__(self, **values: object) -> None:
        unknown = [name for name in values if name not in self.fields]
        if unknown:
            raise ModelError(
                f"{type(self).__name__} has no field {', '.join(unknown)}; its fields are {', '.join(self.fields)}"
            )
        self.values = values
