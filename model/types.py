"""The types of state: every one finite, except that data stands for data of any kind.

A design names types by `Bool`, `Block`, `Data`, `BlockSet`, `Int(low, high)` or an `enum.Enum` class. `Block`
and `Data` are opaque on purpose: blocks are compared with == only, and data not at all inside a step. This is
what makes two data values exhaustive in a search and an uninterpreted sort sound in a proof.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from splitproof.model.errors import ModelError

__all__ = [
    "BLOCK",
    "BLOCK_SET",
    "BOOL",
    "DATA",
    "DATA_VALUES",
    "INT_VALUES_MAX",
    "EnumType",
    "Int",
    "Type",
    "is_comparable",
    "joined",
    "summed",
    "type_of_value",
]

DATA_VALUES = 2
"""How many data values a search distinguishes. Two are enough, as no step looks at data (Wolper, 1986)."""

INT_VALUES_MAX = 4096
"""The widest interval of a variable: a search tells every value from every other."""


@dataclass(frozen=True)
class Type:
    """A type of state."""

    name: str
    is_data: ClassVar[bool] = False

    def values(self, blocks: int) -> tuple[Any, ...]:
        """Its values when there are so many blocks, its default first."""
        raise NotImplementedError(f"{self.name} for {blocks} blocks")

    def accepts(self, value: object) -> bool:
        """Whether a Python value may be written where this type is expected."""
        return False

    def describe(self) -> str:
        """What would be accepted where this type is expected."""
        return self.name

    @property
    def noun(self) -> str:
        """What a message calls one of its values."""
        return self.name


class _BoolType(Type):
    noun = "a truth value"

    def values(self, blocks: int) -> tuple[Any, ...]:
        return (False, True)

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)

    def describe(self) -> str:
        return "a Bool, True or False"


class _DataType(Type):
    is_data: ClassVar[bool] = True
    noun = "data"

    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(range(DATA_VALUES))


class _BlockType(Type):
    noun = "a block"

    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(range(blocks))


class _BlockSetType(Type):
    noun = "a set of blocks"

    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(frozenset(b for b in range(blocks) if mask >> b & 1) for mask in range(1 << blocks))


@dataclass(frozen=True)
class Int(Type):
    """Whole numbers `low..high`, both included."""

    low: int
    high: int
    noun = "a whole number"

    def __init__(self, low: int, high: int) -> None:
        if low > high:
            raise ModelError(f"Int({low}, {high}) is empty; give the lowest value first")
        object.__setattr__(self, "name", f"Int({low}, {high})")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(range(self.low, self.high + 1))

    def accepts(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class EnumType(Type):
    """The members of an `enum.Enum`, in the order of their declaration."""

    members: tuple[enum.Enum, ...]

    @staticmethod
    @cache
    def of(declared: type[enum.Enum]) -> EnumType:
        return EnumType(declared.__name__, tuple(declared))

    def values(self, blocks: int) -> tuple[Any, ...]:
        return self.members

    def accepts(self, value: object) -> bool:
        return isinstance(value, enum.Enum) and value in self.members

    def describe(self) -> str:
        return " | ".join(f"{self.name}.{m.name}" for m in self.members)

    @property
    def noun(self) -> str:
        return f"{'an' if self.name[0] in 'AEIOU' else 'a'} {self.name}"


BOOL: Type = _BoolType("Bool")
DATA: Type = _DataType("Data")
BLOCK: Type = _BlockType("Block")
BLOCK_SET: Type = _BlockSetType("BlockSet")


def values_of(type_: Type, blocks: int, data_values: int = 2) -> tuple[Any, ...]:
    """The values of a type with `blocks` blocks; of data, as many as are told apart."""
    values = type_.values(blocks)
    return values[:data_values] if type_ == DATA else values


def type_of_value(value: object) -> Type | None:
    """The type that a plain Python value has in the language; None if it has none."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, enum.Enum):
        return EnumType.of(type(value))
    if isinstance(value, int):
        return Int(value, value)
    return None


def is_comparable(left: Type, right: Type) -> bool:
    """Whether values of the two types can be equal, or stand in each other's place."""
    return left == right or (isinstance(left, Int) and isinstance(right, Int))


def joined(left: Type, right: Type) -> Type:
    """The type of what is one or the other; of numbers, the interval that spans both."""
    if isinstance(left, Int) and isinstance(right, Int):
        return Int(min(left.low, right.low), max(left.high, right.high))
    return left


def summed(left: Type, right: Type, sign: int) -> Int:
    """The interval of `left + sign * right`."""
    assert isinstance(left, Int)
    assert isinstance(right, Int)
    if sign > 0:
        return Int(left.low + right.low, left.high + right.high)
    return Int(left.low - right.high, left.high - right.low)
