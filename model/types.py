"""The types of state: every one finite, except that data stands for data of any kind.

A design names types by `Bool`, `Block`, `Data`, `BlockSet`, `Int(low, high)` or an `enum.Enum` class. `Block` and
`Data` are opaque on purpose: blocks are compared with = only, and data not at all inside a step. This is what makes
two data values exhaustive in a search and an uninterpreted sort sound in a proof.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, ClassVar

from splitproof.model.errors import ModelError

__all__ = ["BLOCK", "BLOCK_SET", "BOOL", "DATA", "DATA_VALUES", "EnumType", "Int", "Type", "type_of_value"]

DATA_VALUES = 2
"""How many data values a search distinguishes. Two are exhaustive, as no step looks at data (Wolper, 1986)."""


@dataclass(frozen=True)
class Type:
    """A type of state. `values(blocks)` lists its values, its default first."""

    name: str
    is_data: ClassVar[bool] = False

    def values(self, blocks: int) -> tuple[Any, ...]:
        raise NotImplementedError(self.name)

    def accepts(self, value: object) -> bool:
        """Whether a Python value may be written where this type is expected."""
        return False

    def describe(self) -> str:
        return self.name


class _BoolType(Type):
    def values(self, blocks: int) -> tuple[Any, ...]:
        return (False, True)

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)


class _DataType(Type):
    is_data: ClassVar[bool] = True

    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(range(DATA_VALUES))


class _BlockType(Type):
    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(range(blocks))


class _BlockSetType(Type):
    def values(self, blocks: int) -> tuple[Any, ...]:
        return tuple(frozenset(b for b in range(blocks) if mask >> b & 1) for mask in range(1 << blocks))


@dataclass(frozen=True)
class Int(Type):
    """Whole numbers `low..high`, both included."""

    low: int
    high: int

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

    @classmethod
    def of(cls, declared: type[enum.Enum]) -> EnumType:
        return cls(declared.__name__, tuple(declared))

    def values(self, blocks: int) -> tuple[Any, ...]:
        return self.members

    def accepts(self, value: object) -> bool:
        return isinstance(value, enum.Enum) and value in self.members

    def describe(self) -> str:
        return " | ".join(f"{self.name}.{m.name}" for m in self.members)


BOOL: Type = _BoolType("Bool")
DATA: Type = _DataType("Data")
BLOCK: Type = _BlockType("Block")
BLOCK_SET: Type = _BlockSetType("BlockSet")


def type_of_value(value: object) -> Type | None:
    """The type that a plain Python value has in the language; None if it has none."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, enum.Enum):
        return EnumType.of(type(value))
    if isinstance(value, int):
        return Int(value, value)
    return None
