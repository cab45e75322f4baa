"""How a language writes the expression tree. The languages of the peers differ in little else than tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Less,
    Member,
    Not,
    Or,
    Param,
    Plus,
    Some,
    Var,
)
from splitproof.model.types import Type

__all__ = ["Notation", "Read", "Writer"]

Read = Callable[[str, str | None, bool], str]
"""(leaf, index or None, after the step?) to the text that reads it."""


class Notation(ABC):
    """The tokens of a language."""

    negation: ClassVar[str]
    conjunction: ClassVar[str]
    disjunction: ClassVar[str]
    equal: ClassVar[str]
    unequal: ClassVar[str]

    @abstractmethod
    def constant(self, value: Any, type_: Type) -> str:
        """A value of a type: bool, int, enum member; a block or data by its number."""

    @abstractmethod
    def ite(self, condition: str, yes: str, no: str) -> str:
        """`yes` where the condition holds, in brackets."""

    @abstractmethod
    def member(self, chosen: str, block: str) -> str:
        """Whether a block is in a set of blocks."""

    @abstractmethod
    def quantified(self, is_every: bool, body: Callable[[str], str]) -> str:
        """A body that holds for every block, or for some; `body` takes the text for the block."""


@dataclass(frozen=True)
class Writer:
    """Writes expressions in a notation. `read`: how variables are read; `known`: the text for each parameter."""

    notation: Notation
    read: Read
    known: Mapping[str, str] = field(default_factory=dict)

    def knowing(self, **known: str) -> Writer:
        """The same, with the text for further parameters."""
        return Writer(self.notation, self.read, {**self.known, **known})

    def __call__(self, node: Expr) -> str:
        """The text of a tree, without brackets around it."""
        notation = self.notation
        match node:
            case Const(value, type_):
                return notation.constant(value, type_)
            case Var(name, _, after):
                return self.read(name, None, after)
            case At(name, index, _, after):
                return self.read(name, self(index), after)
            case Param(name):
                return self.known[name]
            case Member(chosen, block):
                return notation.member(self(chosen), self.part(block))
            case Not(Eq(left, right)):
                return f"{self.part(left)} {notation.unequal} {self.part(right)}"
            case Not(operand):
                return f"{notation.negation}{self.part(operand)}"
            case And(operands):
                return f" {notation.conjunction} ".join(map(self.part, operands))
            case Or(operands):
                return f" {notation.disjunction} ".join(map(self.part, operands))
            case Eq(left, right):
                return f"{self.part(left)} {notation.equal} {self.part(right)}"
            case Less(left, right):
                return f"{self.part(left)} < {self.part(right)}"
            case Plus(left, right, sign):
                return f"{self.part(left)} {'+' if sign > 0 else '-'} {self.part(right)}"
            case Every(bound, body) | Some(bound, body):
                return notation.quantified(
                    isinstance(node, Every), lambda block: self.knowing(**{bound.name: block}).part(body)
                )
            case Ite(condition, yes, no):
                return notation.ite(*map(self.part, (condition, yes, no)))
            case _:
                raise TypeError(type(node))

    def part(self, node: Expr) -> str:
        """The text of a tree, in brackets unless it cannot be torn apart."""
        text = self(node)
        return text if isinstance(node, Const | Var | At | Param | Ite | Every | Some) else f"({text})"
