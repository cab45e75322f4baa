"""The expression tree: what every guard, effect, property and named predicate is made of.

Declaring a design calls its Python functions once with symbolic values; what they compute with those values is a tree
of the node kinds below, and this tree is the only meaning the design has. Interpreter, search engines, proofs and
exports are lowerings of it.

The operators are `& | ~` for truth values, `== !=` for everything but data inside a step, `< <= > >= + -` for whole
numbers, and `ite(condition, yes, no)`. Python's `and`, `or`, `not` and `if` look at a truth value that does not exist
yet; they fail loudly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from splitproof.model.errors import ModelError
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Int, Type, type_of_value

__all__ = [
    "FALSE",
    "TRUE",
    "And",
    "At",
    "Const",
    "Eq",
    "Every",
    "Expr",
    "Ite",
    "Less",
    "Member",
    "Not",
    "Or",
    "Param",
    "Plus",
    "Some",
    "Var",
    "all_of",
    "any_of",
    "children",
    "every",
    "implies",
    "ite",
    "lift",
    "none",
    "same",
    "show",
    "some",
    "walk",
]


class Expr:
    """A symbolic value. Its subclasses are the node kinds; `type` is what it evaluates to."""

    __slots__ = ()
    __match_args__ = ()
    type: Type

    def __bool__(self) -> bool:
        raise ModelError(
            f"symbolic value `{show(self)}` used as a Python bool; use & | ~ instead of and, or, not, and "
            "ite(condition, yes, no) or a when(...) clause instead of if"
        )

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]  # builds a node; `same` compares trees
        return _equal(self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]  # as above
        return ~_equal(self, other)

    __hash__ = object.__hash__

    def __and__(self, other: object) -> Expr:
        return all_of(self, _truth(other, "&"))

    def __or__(self, other: object) -> Expr:
        return any_of(self, _truth(other, "|"))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Expr:
        operand = _truth(self, "~")
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def __lt__(self, other: object) -> Expr:
        return Less(*_numbers(self, other, "<"))

    def __gt__(self, other: object) -> Expr:
        return Less(*_numbers(lift(other), self, ">"))

    def __le__(self, other: object) -> Expr:
        return ~(self > other)

    def __ge__(self, other: object) -> Expr:
        return ~(self < other)

    def __add__(self, other: object) -> Expr:
        return Plus(*_numbers(self, other, "+"), 1)

    def __sub__(self, other: object) -> Expr:
        return Plus(*_numbers(self, other, "-"), -1)

    def __getitem__(self, block: object) -> Expr:
        if self.type is not BLOCK_SET:
            raise ModelError(f"`{show(self)}` is a {self.type.name}, not a set of blocks; only `chosen[b]` of a BlockSet has members")
        return Member(self, _block(block))

    def isin(self, *values: object) -> Expr:
        """Whether it equals one of `values`."""
        return any_of(*(_equal(self, value) for value in values))


@dataclass(frozen=True, eq=False, slots=True)
class Const(Expr):
    """A value: bool, int, enum member; block and data values appear only when a design is grounded."""

    value: Any
    type: Type


@dataclass(frozen=True, eq=False, slots=True)
class Var(Expr):
    """A variable that is not per block; `after` reads it after the step, in step properties only."""

    name: str
    type: Type
    after: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class At(Expr):
    """The value that a per-block variable has for one block."""

    name: str
    index: Expr
    type: Type
    after: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Param(Expr):
    """A parameter of an action or a property, or the block that a quantifier or `each` ranges over."""

    name: str
    type: Type


@dataclass(frozen=True, eq=False, slots=True)
class Member(Expr):
    """Whether a block is in a set-of-blocks parameter."""

    set: Expr
    block: Expr

    @property
    def type(self) -> Type:  # type: ignore[override]  # always a truth value
        return BOOL


class _Truth(Expr):
    __slots__ = ()

    @property
    def type(self) -> Type:  # type: ignore[override]  # always a truth value
        return BOOL


@dataclass(frozen=True, eq=False, slots=True)
class Not(_Truth):
    """Negation."""

    operand: Expr


@dataclass(frozen=True, eq=False, slots=True)
class And(_Truth):
    """All of them; flat."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Or(_Truth):
    """One of them; flat."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Eq(_Truth):
    """Equality of two values of one type."""

    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Less(_Truth):
    """Order of two whole numbers."""

    left: Expr
    right: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Every(_Truth):
    """For every block."""

    bound: Param
    body: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Some(_Truth):
    """For some block."""

    bound: Param
    body: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Ite(Expr):
    """`yes` where the condition holds, `no` elsewhere."""

    condition: Expr
    yes: Expr
    no: Expr

    @property
    def type(self) -> Type:  # type: ignore[override]  # that of its branches
        return _join(self.yes.type, self.no.type)


@dataclass(frozen=True, eq=False, slots=True)
class Plus(Expr):
    """`left + sign * right` of whole numbers."""

    left: Expr
    right: Expr
    sign: int

    @property
    def type(self) -> Type:  # type: ignore[override]  # the interval of the sum
        left, right = self.left.type, self.right.type
        assert isinstance(left, Int) and isinstance(right, Int)
        if self.sign > 0:
            return Int(left.low + right.low, left.high + right.high)
        return Int(left.low - right.high, left.high - right.low)


TRUE: Final = Const(True, BOOL)
FALSE: Final = Const(False, BOOL)


def lift(value: object, expected: Type | None = None) -> Expr:
    """The node for a Python value, or the node itself; checked against the expected type if there is one."""
    if isinstance(value, Expr):
        node = value
    else:
        found = type_of_value(value)
        if found is None:
            raise ModelError(
                f"{value!r} is no value of the language; accepted are symbolic values, True, False, whole numbers and enum members"
            )
        node = Const(value, found)
    if expected is not None and not _compatible(node.type, expected):
        if expected is BLOCK or expected is DATA:
            raise ModelError(
                f"`{show(node)}` is not a {expected.name}: {expected.name} values have no literals, "
                f"they come from parameters and variables of type {expected.name}"
            )
        raise ModelError(f"`{show(node)}` is a {node.type.name}; expected {expected.describe()}")
    return node


def ite(condition: object, yes: object, no: object) -> Expr:
    """`yes` where the condition holds, `no` elsewhere; both of one type."""
    test, left, right = _truth(condition, "ite"), lift(yes), lift(no)
    if not _compatible(left.type, right.type):
        raise ModelError(f"ite() chooses between a {left.type.name} and a {right.type.name}; both branches need one type")
    if isinstance(test, Const):
        return left if test.value else right
    return left if same(left, right) else Ite(test, left, right)


def all_of(*operands: object) -> Expr:
    """The conjunction; true if there is nothing to conjoin."""
    return _flat(And, operands, unit=True)


def any_of(*operands: object) -> Expr:
    """The disjunction; false if there is nothing to choose from."""
    return _flat(Or, operands, unit=False)


def implies(premise: object, conclusion: object) -> Expr:
    """`conclusion` holds wherever `premise` does."""
    return any_of(~_truth(premise, "implies"), conclusion)


def every(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for every block: `every(lambda b: ~s.difference[b])`."""
    bound = fresh_block()
    return Every(bound, _truth(holds(bound), "every"))


def some(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for at least one block."""
    bound = fresh_block()
    return Some(bound, _truth(holds(bound), "some"))


def none(holds: Callable[[Any], object]) -> Expr:
    """Whether it holds for no block."""
    return every(lambda b: ~_truth(holds(b), "none"))


_fresh = itertools.count()


def fresh_block() -> Param:
    """A block parameter that nothing else is named after."""
    return Param(f"_{next(_fresh)}", BLOCK)


def children(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below it."""
    match node:
        case Const() | Var() | Param():
            return ()
        case At():
            return (node.index,)
        case Member():
            return (node.set, node.block)
        case Not():
            return (node.operand,)
        case And() | Or():
            return node.operands
        case Eq() | Less() | Plus():
            return (node.left, node.right)
        case Every() | Some():
            return (node.body,)
        case Ite():
            return (node.condition, node.yes, node.no)
        case _:
            raise TypeError(type(node))


def walk(node: Expr) -> Iterator[Expr]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def same(left: Expr, right: Expr) -> bool:
    """Whether two trees are the same, bound blocks apart (`==` builds a node instead)."""
    return left is right or key(left) == key(right)


def key(node: Expr, bound: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """A hashable rendering of a tree that does not depend on the names of bound blocks."""
    match node:
        case Const():
            return ("const", node.value, node.type.name if isinstance(node.type, EnumType) else "")
        case Var():
            return ("var", node.name, node.after)
        case Param():
            depth = bound.index(node.name) if node.name in bound else -1
            return ("param", node.name) if depth < 0 else ("bound", depth)
        case At():
            return ("at", node.name, node.after, key(node.index, bound))
        case Every() | Some():
            return (type(node).__name__, key(node.body, (node.bound.name, *bound)))
        case Plus():
            return ("plus", node.sign, key(node.left, bound), key(node.right, bound))
        case _:
            return (type(node).__name__, *(key(child, bound) for child in children(node)))


def show(node: Expr) -> str:
    """The tree as a designer would write it."""
    match node:
        case Const(value, _):
            return getattr(value, "name", None) or str(value)
        case Var(name, _, after):
            return name + ("'" if after else "")
        case Param(name, _):
            return f"b{name}" if name.startswith("_") else name
        case At(name, index, _, after):
            return f"{name}[{show(index)}]" + ("'" if after else "")
        case Member(chosen, block):
            return f"{show(chosen)}[{show(block)}]"
        case Not(operand):
            return f"~{_bracket(operand)}"
        case And(operands):
            return " & ".join(map(_bracket, operands))
        case Or(operands):
            return " | ".join(map(_bracket, operands))
        case Eq(left, right):
            return f"{_bracket(left)} == {_bracket(right)}"
        case Less(left, right):
            return f"{_bracket(left)} < {_bracket(right)}"
        case Plus(left, right, sign):
            return f"{_bracket(left)} {'+' if sign > 0 else '-'} {_bracket(right)}"
        case Every(bound, body):
            return f"every {show(bound)}: {_bracket(body)}"
        case Some(bound, body):
            return f"some {show(bound)}: {_bracket(body)}"
        case Ite(condition, yes, no):
            return f"ite({show(condition)}, {show(yes)}, {show(no)})"
        case _:
            raise TypeError(type(node))


def _bracket(node: Expr) -> str:
    text = show(node)
    return text if isinstance(node, Const | Var | Param | At | Member | Not | Ite) else f"({text})"


def _compatible(found: Type, expected: Type) -> bool:
    if isinstance(found, Int) and isinstance(expected, Int):
        return True
    return found == expected


def _join(left: Type, right: Type) -> Type:
    if isinstance(left, Int) and isinstance(right, Int):
        return Int(min(left.low, right.low), max(left.high, right.high))
    return left


def _truth(value: object, operator: str) -> Expr:
    node = lift(value)
    if node.type is not BOOL:
        raise ModelError(f"`{show(node)}` is a {node.type.name}; {operator} takes truth values")
    return node


def _numbers(left: object, right: object, operator: str) -> tuple[Expr, Expr]:
    nodes = lift(left), lift(right)
    for node in nodes:
        if not isinstance(node.type, Int):
            hint = "; blocks are compared with = only" if node.type is BLOCK else ""
            raise ModelError(f"`{show(node)}` is a {node.type.name}; {operator} takes whole numbers{hint}")
    return nodes


def _block(value: object) -> Expr:
    node = lift(value, BLOCK)
    return node


def _equal(left: Expr, right: object) -> Expr:
    other = lift(right)
    if not _compatible(left.type, other.type):
        raise ModelError(
            f"`{show(left)}` is a {left.type.name} and `{show(other)}` a {other.type.name}; = compares values of one type"
        )
    if left.type is BLOCK_SET:
        raise ModelError(f"`{show(left)}` is a set of blocks; ask for its members, `{show(left)}[b]`")
    if same(left, other):
        return TRUE
    if isinstance(left, Const) and isinstance(other, Const):
        return FALSE
    if left.type is BOOL and isinstance(other, Const):
        return left if other.value else ~left
    if left.type is BOOL and isinstance(left, Const):
        return other if left.value else ~other
    return Eq(left, other)


def _flat(kind: type[And] | type[Or], operands: tuple[object, ...], unit: bool) -> Expr:
    flat: list[Expr] = []
    for operand in operands:
        node = _truth(operand, "&" if unit else "|")
        parts = node.operands if isinstance(node, kind) else (node,)
        for part in parts:
            if isinstance(part, Const):
                if part.value is not unit:
                    return Const(not unit, BOOL)
            elif not any(part is known for known in flat):
                flat.append(part)
    if not flat:
        return Const(unit, BOOL)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
