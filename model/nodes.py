"""The node kinds of the expression tree, and the operators that build them.

Other modules import all of this from `expressions`, which says how it is used. A node is hashed by identity,
and `==` builds a node: trees are compared by `same`, or by their `key`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from splitproof.model.errors import ModelError
from splitproof.model.misuse import Incomplete, NoPythonValue, describe
from splitproof.model.types import (
    BLOCK,
    BLOCK_SET,
    BOOL,
    DATA,
    Int,
    Type,
    is_comparable,
    joined,
    summed,
    type_of_value,
)


class Expr(NoPythonValue):
    """A symbolic value. Its subclasses are the node kinds; `type` is what it evaluates to.

    `notation` is the text of a node; a `:part` of it stands in brackets unless it is a single word.
    """

    __slots__ = ()
    __match_args__ = ()
    notation: ClassVar[str]

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self.notation.format(self)

    def __format__(self, spec: str) -> str:
        is_word = isinstance(self, Const | Var | Param | At | Member | Not | Ite)
        return str(self) if is_word or spec != "part" else f"({self})"

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]  # builds a node; `same` compares trees
        return _equal(self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]  # as above
        return ~_equal(self, other)

    def __and__(self, other: object) -> Expr:
        return all_of(self, other)

    def __or__(self, other: object) -> Expr:
        return any_of(self, other)

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Expr:
        operand = truth(self, "~")
        if isinstance(operand, Const):
            return FALSE if operand.value else TRUE
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def __lt__(self, other: object) -> Expr:
        return Less(*_numbers("<", self, other))

    def __gt__(self, other: object) -> Expr:
        return Less(*_numbers(">", other, self))

    def __le__(self, other: object) -> Expr:
        return ~Less(*_numbers("<=", other, self))

    def __ge__(self, other: object) -> Expr:
        return ~Less(*_numbers(">=", self, other))

    def __add__(self, other: object) -> Expr:
        return Plus(*_numbers("+", self, other), 1)

    def __sub__(self, other: object) -> Expr:
        return Plus(*_numbers("-", self, other), -1)

    def __radd__(self, other: object) -> Expr:
        return Plus(*_numbers("+", other, self), 1)

    def __rsub__(self, other: object) -> Expr:
        return Plus(*_numbers("-", other, self), -1)

    def __getitem__(self, block: object) -> Expr:
        if self.type is not BLOCK_SET:
            raise ModelError(f"`{self}` is {self.type.noun}, not one for each block; leave out the [...]")
        return Member(self, lift(block, BLOCK))

    def isin(self, *values: object) -> Expr:
        """Whether it equals one of `values`."""
        if not values:
            raise ModelError(f"isin() names no value for `{self}`; write .isin(A, B)")
        return any_of(*(_equal(self, value) for value in values))


@dataclass(frozen=True, eq=False, slots=True)
class Const(Expr):
    """A value: bool, int, enum member; block and data values appear only when a design is grounded."""

    value: Any
    type: Type
    notation = "{0.text}"

    @property
    def text(self) -> str:
        return getattr(self.value, "name", None) or str(self.value)


@dataclass(frozen=True, eq=False, slots=True)
class Var(Expr):
    """A variable that is not per block; `after` reads it after the step, in step properties only."""

    name: str
    type: Type
    after: bool = False
    notation = "{0.name}{0.prime}"

    @property
    def prime(self) -> str:
        return "'" if self.after else ""


@dataclass(frozen=True, eq=False, slots=True)
class At(Expr):
    """The value that a per-block variable has for one block."""

    name: str
    index: Expr
    type: Type
    after: bool = False
    notation = "{0.name}[{0.index}]{0.prime}"

    @property
    def prime(self) -> str:
        return "'" if self.after else ""


@dataclass(frozen=True, eq=False, slots=True)
class Param(Expr):
    """A parameter of an action or a property, or the block that a quantifier or `each` ranges over.

    The names of the latter start with `_`, which no parameter of a design may, and are unique.
    """

    name: str
    type: Type
    notation = "{0.name}"


class _Truth(Expr):
    __slots__ = ()

    @property
    def type(self) -> Type:  # type: ignore[override]  # always a truth value
        return BOOL


@dataclass(frozen=True, eq=False, slots=True)
class Member(_Truth):
    """Whether a block is in a set-of-blocks parameter."""

    set: Expr
    block: Expr
    notation = "{0.set}[{0.block}]"


@dataclass(frozen=True, eq=False, slots=True)
class Not(_Truth):
    """Negation."""

    operand: Expr
    notation = "~{0.operand:part}"


@dataclass(frozen=True, eq=False, slots=True)
class And(_Truth):
    """All of them; flat."""

    operands: tuple[Expr, ...]
    notation = "{0.text}"

    @property
    def text(self) -> str:
        return " & ".join(f"{operand:part}" for operand in self.operands)


@dataclass(frozen=True, eq=False, slots=True)
class Or(_Truth):
    """One of them; flat."""

    operands: tuple[Expr, ...]
    notation = "{0.text}"

    @property
    def text(self) -> str:
        return " | ".join(f"{operand:part}" for operand in self.operands)


@dataclass(frozen=True, eq=False, slots=True)
class Eq(_Truth):
    """Equality of two values of one type."""

    left: Expr
    right: Expr
    notation = "{0.left:part} == {0.right:part}"


@dataclass(frozen=True, eq=False, slots=True)
class Less(_Truth):
    """Order of two whole numbers."""

    left: Expr
    right: Expr
    notation = "{0.left:part} < {0.right:part}"


@dataclass(frozen=True, eq=False, slots=True)
class Every(_Truth):
    """For every block."""

    bound: Param
    body: Expr
    notation = "every {0.bound}: {0.body:part}"


@dataclass(frozen=True, eq=False, slots=True)
class Some(_Truth):
    """For some block."""

    bound: Param
    body: Expr
    notation = "some {0.bound}: {0.body:part}"


@dataclass(frozen=True, eq=False, slots=True)
class Ite(Expr):
    """`yes` where the condition holds, `no` elsewhere."""

    condition: Expr
    yes: Expr
    no: Expr
    notation = "ite({0.condition}, {0.yes}, {0.no})"

    @property
    def type(self) -> Type:  # type: ignore[override]  # that of its branches
        return joined(self.yes.type, self.no.type)


@dataclass(frozen=True, eq=False, slots=True)
class Plus(Expr):
    """`left + sign * right` of whole numbers."""

    left: Expr
    right: Expr
    sign: int
    notation = "{0.left:part} {0.operator} {0.right:part}"

    @property
    def operator(self) -> str:
        return "+" if self.sign > 0 else "-"

    @property
    def type(self) -> Type:  # type: ignore[override]  # the interval of the sum
        return summed(self.left.type, self.right.type, self.sign)


TRUE: Final = Const(True, BOOL)
FALSE: Final = Const(False, BOOL)


def lift(value: object, expected: Type | None = None) -> Expr:
    """The node for a Python value, or the node itself; checked against the expected type if there is one."""
    if isinstance(value, Expr):
        node = value
    else:
        if isinstance(value, Incomplete):
            raise ModelError(value._remedy)
        found = type_of_value(value)
        if found is None:
            anything = "a symbolic value, True, False, a whole number or an enum member"
            accepted = anything if expected is None else expected.describe()
            raise ModelError(f"{describe(value)} is no value of the language; accepted is {accepted}")
        node = (TRUE if value else FALSE) if found is BOOL else Const(value, found)
    if expected is not None and not is_comparable(node.type, expected):
        if expected is BLOCK or expected is DATA:
            raise ModelError(
                f"`{node}` is {node.type.noun}, where {expected.noun} is expected; {expected.name} values "
                "have no literals, they come from parameters and variables of that type"
            )
        raise ModelError(f"`{node}` is {node.type.noun}; accepted here is {expected.describe()}")
    return node


def truth(value: object, operator: str) -> Expr:
    """`lift`, for what must be a truth value."""
    node = lift(value)
    if node.type is not BOOL:
        raise ModelError(f"`{node}` is {node.type.noun}; {operator} takes truth values, such as comparisons")
    return node


def all_of(*operands: object) -> Expr:
    """The conjunction; true if there is nothing to conjoin."""
    return _flat(And, "&", operands, unit=True)


def any_of(*operands: object) -> Expr:
    """The disjunction; false if there is nothing to choose from."""
    return _flat(Or, "|", operands, unit=False)


_CHILDREN: dict[type[Expr], Callable[[Any], tuple[Expr, ...]]] = {
    **dict.fromkeys((Const, Var, Param), lambda node: ()),
    At: lambda node: (node.index,),
    Member: lambda node: (node.set, node.block),
    Not: lambda node: (node.operand,),
    **dict.fromkeys((And, Or), lambda node: node.operands),
    **dict.fromkeys((Eq, Less, Plus), lambda node: (node.left, node.right)),
    **dict.fromkeys((Every, Some), lambda node: (node.body,)),
    Ite: lambda node: (node.condition, node.yes, node.no),
}


def children(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below it."""
    return _CHILDREN[type(node)](node)


def same(left: Expr, right: Expr) -> bool:
    """Whether two trees are the same, names of bound blocks apart."""
    return left is right or (type(left) is type(right) and key(left) == key(right))


def key(node: Expr, bound: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """A hashable rendering of a tree that does not depend on the names of bound blocks."""
    match node:
        case Const():
            return ("Const", node.value, type(node.value).__name__)
        case Var():
            return ("Var", node.name, node.after)
        case Param():
            return ("Param", node.name) if node.name not in bound else ("Bound", bound.index(node.name))
        case At():
            return ("At", node.name, node.after, key(node.index, bound))
        case Every() | Some():
            return (type(node).__name__, key(node.body, (node.bound.name, *bound)))
        case Plus():
            return ("Plus", node.sign, key(node.left, bound), key(node.right, bound))
        case _:
            return (type(node).__name__, *(key(child, bound) for child in children(node)))


def _numbers(operator: str, left: object, right: object) -> tuple[Expr, Expr]:
    nodes = lift(left), lift(right)
    for node in nodes:
        if not isinstance(node.type, Int):
            hint = "; blocks are compared with == and != only" if node.type is BLOCK else ""
            raise ModelError(f"`{node}` is {node.type.noun}; {operator} takes whole numbers{hint}")
    return nodes


def _equal(left: Expr, right: object) -> Expr:
    other = lift(right, None if isinstance(right, Expr) else left.type)
    if not is_comparable(left.type, other.type):
        raise ModelError(
            f"`{left}` is {left.type.noun} and `{other}` is {other.type.noun}; == and != compare two of a "
            "kind"
        )
    if left.type is BLOCK_SET:
        raise ModelError(f"`{left}` is a set of blocks; ask for its members, `{left}[b]`")
    if same(left, other):
        return TRUE
    if isinstance(left, Const) and isinstance(other, Const):
        return FALSE
    if left.type is BOOL and isinstance(other, Const):
        return left if other.value else ~left
    if left.type is BOOL and isinstance(left, Const):
        return other if left.value else ~other
    _check_number(left, other)
    _check_number(other, left)
    return Eq(left, other)


def _check_number(node: Expr, constant: Expr) -> None:
    """A variable is compared with a number that it can have."""
    is_number = isinstance(node, Var | At) and isinstance(node.type, Int)
    if is_number and isinstance(constant, Const) and not node.type.accepts(constant.value):
        raise ModelError(f"`{node}` is {node.type.name} and never {constant}; compare it with one of those")


def _flat(kind: type[And] | type[Or], operator: str, operands: tuple[object, ...], unit: bool) -> Expr:
    flat: list[Expr] = []
    for operand in operands:
        node = truth(operand, operator)
        parts = node.operands if isinstance(node, kind) else (node,)
        for part in parts:
            if isinstance(part, Const):
                if part.value is not unit:
                    return FALSE if unit else TRUE
            elif not any(part is known for known in flat):
                flat.append(part)
    if not flat:
        return TRUE if unit else FALSE
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
