"""What Python would accept and the language does not: refused with a sentence instead of a wrong model."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from splitproof.model.errors import ModelError, UnknownNameError
from splitproof.model.types import Type

__all__ = ["Incomplete", "NoPythonValue", "describe", "nearest", "refuse"]


def refuse(class_: type, operators: str, message: Callable[[Any], str]) -> None:
    """Make the named operators (`mul` for `__mul__`) of a class raise a ModelError."""

    def refused(self: object, *_: object) -> None:
        raise ModelError(message(self))

    for operator in operators.split():
        setattr(class_, f"__{operator}__", refused)


class NoPythonValue:
    """What a symbolic value cannot answer: it has no value yet, and Python must not guess one."""

    __slots__ = ()
    type: Type

    def __bool__(self) -> bool:
        raise ModelError(
            f"symbolic value `{self}` used as a Python bool; use & | ~ instead of and, or, not; (a < b) & (b "
            "< c) instead of a chain; .isin(...) instead of in; ite(condition, yes, no) or a when(...) "
            "clause instead of if"
        )

    def __setitem__(self, block: object, value: object) -> None:
        raise ModelError(f"`{self}` is {self.type.noun}, not one for each block; assign to it without [...]")

    if not TYPE_CHECKING:  # a type checker finds misspelled attributes itself

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or name in self.__slots__:
                raise AttributeError(name)
            raise UnknownNameError(
                f"`{self}` is {self.type.noun} and has no {name}; only a record has fields"
            )


refuse(
    NoPythonValue,
    "mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul neg pos abs xor rxor lshift "
    "rshift",
    lambda node: (
        f"`{node}` is {node.type.noun}, and the language has no such operator; there are & | ~ of truth "
        "values, + - < <= > >= of whole numbers, == and !="
    ),
)
refuse(
    NoPythonValue,
    "iter contains len int index float",
    lambda node: (
        f"`{node}` has no value yet to loop over, look into or count with; write every(...), some(...), "
        ".isin(...), or chosen[b] of a BlockSet"
    ),
)


class Incomplete:
    """Names several values at once: a per-block variable without its block, or a record without its field.

    As a value it means nothing. Python would compare it by identity and take it for true. Its own attributes
    start with `_`, as every other name may be a field of a record.
    """

    _name: str

    @property
    def _remedy(self) -> str:
        """The sentence that says what is missing."""
        raise NotImplementedError(type(self).__name__)


refuse(
    Incomplete,
    "bool eq ne lt le gt ge and rand or ror xor rxor invert add radd sub rsub neg mul rmul iter contains "
    "len call",
    lambda incomplete: incomplete._remedy,
)


def describe(value: object) -> str:
    """A Python value as a message names it: never by its address, which differs from run to run."""
    if isinstance(value, NoPythonValue):
        return f"`{value}`"
    if isinstance(value, Incomplete):
        return value._name
    if isinstance(value, type):
        return value.__name__
    text = repr(value)
    if " at 0x" not in text:
        return text
    return (
        f"the function {value.__name__}" if isinstance(value, FunctionType) else f"a {type(value).__name__}"
    )


def nearest(name: str, known: Iterable[str], most: int = 3) -> str:
    """A question that names the most similar known names, at most so many; empty if none is similar."""
    near = difflib.get_close_matches(name, list(known), n=most)
    return f"did you mean {' or '.join(near)}?" if near else ""
