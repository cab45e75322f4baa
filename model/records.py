"""Records: groups of variables that belong together, such as a processor's memory or a row of a table."""

from __future__ import annotations

import enum
import keyword
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from splitproof.model.errors import ModelError, source_line
from splitproof.model.misuse import describe
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, INT_VALUES_MAX, EnumType, Int, Type

__all__ = ["ANY", "Block", "BlockSet", "Bool", "Data", "Field", "Record", "as_type", "check_name", "field"]


class _Marker:
    """Names a type in declarations and annotations; never instantiated."""

    def __init__(self) -> None:
        raise ModelError(f"{type(self).__name__} is a type, and has no values of its own; name it without ()")

    def __getitem__(self, block: object) -> Any:  # for type checkers: a BlockSet is asked for members
        raise TypeError(f"{type(self).__name__} is a type of the language")


class Bool(_Marker):
    """A truth value."""


class Block(_Marker):
    """A reference to a block; compared with == only."""


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
    if isinstance(declared, Int) and declared.high - declared.low >= INT_VALUES_MAX:
        raise ModelError(f"{declared.name} has more than {INT_VALUES_MAX} values, all told apart; narrow it")
    if isinstance(declared, Type):
        return declared
    if isinstance(declared, type):
        if declared in _MARKERS:
            return _MARKERS[declared]
        if issubclass(declared, enum.Flag):
            raise ModelError(
                f"{declared.__name__} is an enum.Flag, whose members combine; declare a Bool for each"
            )
        if issubclass(declared, enum.Enum):
            if not len(declared):
                raise ModelError(f"{declared.__name__} has no members; a variable of it would have no value")
            return EnumType.of(declared)
    raise ModelError(
        f"{describe(declared)} is no type; accepted are Bool, Block, Data, Int(low, high) and an enum class, "
        "and for a variable a Record"
    )


def check_name(name: str, what: str, taken: frozenset[str] = frozenset()) -> None:
    """Refuse names that a design could not write after a dot, or that mean something else there."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name in taken:
        raise ModelError(
            f"{name!r} cannot name {what}; accepted is a Python identifier that does not start with _"
            + (f", other than {', '.join(sorted(taken))}" if taken else "")
        )


@dataclass(frozen=True)
class Field:
    """One variable of a record. `while_` says when it means something; see `field`."""

    declared: object
    meaning: str
    initial: object = None
    while_: Callable[[Any], object] | None = None
    per_block: bool = False
    where: str = ""


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
    `while_`: a condition over the record, `lambda r: r.active`; while it is false the field means nothing and
    holds the type's first value, so that what is forgotten does not multiply states. A block reference must
    have one.
    `per_block`: one such field for each block.
    """
    return Field(declared, meaning, initial, while_, per_block, source_line())


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
        meant = [name for name in vars(cls).get("__annotations__", {}) if name not in own]
        meant += [
            name for name, value in vars(cls).items() if isinstance(value, type | Type) and name[0] != "_"
        ]
        if meant:
            raise ModelError(
                f'{cls.__name__}.{meant[0]} is no field; write {meant[0]} = field(Bool, "what it means")'
            )
        for name in own:
            check_name(name, f"a field of {cls.__name__}", frozenset({"each", "fields", "values"}))
        cls.fields = {**cls.fields, **own}

    def __init__(self, *positional: object, **values: object) -> None:
        unknown = [name for name in values if name not in self.fields]
        if unknown or positional:
            offence = f"no field {', '.join(unknown)}" if unknown else "no order of fields; name each"
            raise ModelError(f"{type(self).__name__} has {offence}; its fields are {', '.join(self.fields)}")
        self.values = values

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={describe(value)}" for name, value in self.values.items())
        return f"{type(self).__name__}({given})"
