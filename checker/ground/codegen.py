"""Python source for ground trees over packed states: tests become masks, effects become shifts.

No name of a model reaches the generated source: a state is `s`, all else is numbers and names of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.packing import BitField, Packing
from splitproof.checker.ground.terms import Terms
from splitproof.model.expressions import And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BOOL, EnumType, Int

__all__ = ["Source"]

_TABLE_FROM = 4
"""From this many values on, membership is looked up in a table of bits rather than compared one by one."""


class Source:
    """Source text of trees over a packed state `s`."""

    def __init__(self, terms: Terms, packing: Packing) -> None:
        self._terms = terms
        self._fields = packing.fields
        self._all = (1 << packing.bits) - 1

    def field(self, name: str) -> BitField:
        """Where a slot lies."""
        return self._fields[name]

    # -- truth values ----------------------------------------------------------------------------------

    def truth(self, node: Expr) -> str:
        """An operand of `and`, `or` and `not` that is true or a non-zero number where the node holds."""
        literal = self._terms.as_literal(node)
        if literal is not None:
            return self._member(self._fields[literal[0].name], literal[1])
        match node:
            case Const(value):
                return str(value)
            case Not(Eq(Var() as left, Var() as right)) if self._same_codes(left, right):
                return self._bits_that_differ(self._fields[left.name], self._fields[right.name])
            case Not(operand):
                return f"not {self.truth(operand)}"
            case And(operands):
                return f"({self.conjunction(operands)})"
            case Or(operands):
                return f"({self._disjunction(operands)})"
            case Eq(Var() as left, Var() as right) if self._same_codes(left, right):
                return f"not {self._bits_that_differ(self._fields[left.name], self._fields[right.name])}"
            case Eq(left, right):
                return f"{self._number(left)} == {self._number(right)}"
            case Less(left, right):
                return f"{self._number(left)} < {self._number(right)}"
            case Ite(condition, yes, no):
                return f"({self.truth(yes)} if {self.truth(condition)} else {self.truth(no)})"
            case _:
                raise TypeError(type(node))

    def conjunction(self, operands: Sequence[Expr]) -> str:
        """All of the operands; equations of single variables become one comparison."""
        mask = value = 0
        others = []
        for operand in operands:
            literal = self._terms.as_literal(operand)
            if literal is not None and len(literal[1]) == 1:
                field = self._fields[literal[0].name]
                mask |= field.mask
                value |= field.place(*literal[1])
            else:
                others.append(self.truth(operand))
        return " and ".join([*([_masked(mask, value)] if mask else []), *others]) or "True"

    def _disjunction(self, operands: Sequence[Expr]) -> str:
        mask = value = 0
        others = []
        for operand in operands:
            literal = self._terms.as_literal(self._terms.not_(operand))
            if literal is not None and len(literal[1]) == 1:
                field = self._fields[literal[0].name]
                mask |= field.mask
                value |= field.place(*literal[1])
            else:
                others.append(self.truth(operand))
        return " or ".join([*([_masked(mask, value, equal=False)] if mask else []), *others])

    def _member(self, field: BitField, values: frozenset[Any]) -> str:
        codes = [code for value, code in field.codes.items() if value in values]
        missing = [code for value, code in field.codes.items() if value not in values]
        if len(codes) == 1:
            return _masked(field.mask, codes[0] << field.shift)
        if len(missing) == 1:
            return _masked(field.mask, missing[0] << field.shift, equal=False)
        if len(codes) < _TABLE_FROM:
            return f"s & {field.mask:#x} in ({', '.join(f'{code << field.shift:#x}' for code in codes)})"
        return f"{sum(1 << code for code in codes):#x} >> {_code(field)} & 1"

    def _same_codes(self, left: Var, right: Var) -> bool:
        return self._fields[left.name].codes == self._fields[right.name].codes

    def _bits_that_differ(self, left: BitField, right: BitField) -> str:
        low, high = sorted((left, right), key=lambda field: field.shift)
        return f"(s ^ s >> {high.shift - low.shift}) & {low.mask:#x}"

    # -- numbers and effects ---------------------------------------------------------------------------

    def _number(self, node: Expr) -> str:
        """A whole number's value, or the code of any other value; an operand of comparisons and sums."""
        if node.type is BOOL:
            return f"(1 if {self.truth(node)} else 0)"
        match node:
            case Const(value, EnumType() as type_):
                return str(type_.members.index(value))
            case Const(value):
                return f"({value})" if value < 0 else str(value)
            case Var(name, Int() as type_):
                code = _code(self._fields[name])
                return f"({code} + {type_.low})" if type_.low else code
            case Var(name):
                return _code(self._fields[name])
            case Plus(left, right, sign):
                return f"({self._number(left)} {'+' if sign > 0 else '-'} {self._number(right)})"
            case Ite(condition, yes, no):
                return f"({self._number(yes)} if {self.truth(condition)} else {self._number(no)})"
            case _:
                raise TypeError(type(node))

    def effect(self, step: GroundStep) -> str:
        """The state after the step."""
        flip = self._as_flip(step)
        if flip is not None:
            return f"s ^ {flip:#x}" if flip else "s"
        written = constant = 0
        moves: dict[int, int] = {}
        others: list[str] = []
        for name, value in step.updates.items():
            field = self._fields[name]
            if not field.bits:
                continue
            written |= field.mask
            if isinstance(value, Const):
                constant |= field.place(value.value)
            elif isinstance(value, Var) and self._moves(value, field):
                distance = self._fields[value.name].shift - field.shift
                bits = (1 << self._fields[value.name].bits) - 1 << field.shift
                moves[distance] = moves.get(distance, 0) | bits
            else:
                others.append(self._placed(value, field))
        parts = [f"s & {self._all & ~written:#x}"] + ([f"{constant:#x}"] if constant else [])
        parts += [_shifted(distance, bits) for distance, bits in moves.items()]
        return " | ".join(parts + others)

    def _as_flip(self, step: GroundStep) -> int | None:
        """The bits that change, if the guard tells what is overwritten and constants replace it."""
        bits = 0
        for name, value in step.updates.items():
            field = self._fields[name]
            variable = self._terms.var(name, field.slot.leaf.type)
            before = step.context.value(variable) if isinstance(variable, Var) else None
            if before is None or not isinstance(value, Const):
                return None
            bits |= field.place(before) ^ field.place(value.value)
        return bits

    def _moves(self, source: Var, target: BitField) -> bool:
        """Whether a value has the same code in both places; then its bits can be moved."""
        first = self._fields[source.name]
        shared = min(len(first.slot.values), len(target.slot.values))
        return first.slot.values[:shared] == target.slot.values[:shared] and first.bits <= target.bits

    def _placed(self, node: Expr, target: BitField) -> str:
        """The code of a value in the target's place; an operand of `|`."""
        if node.type is BOOL and not isinstance(node, Const | Ite):
            return f"({target.mask:#x} if {self.truth(node)} else 0)"
        match node:
            case Const(value):
                return f"{target.place(value):#x}"
            case Ite(condition, yes, no):
                first, second = self._placed(yes, target), self._placed(no, target)
                return f"({first} if {self.truth(condition)} else {second})"
            case Var(name) if self._moves(node, target):
                source = self._fields[name]
                return _shifted(source.shift - target.shift, (1 << source.bits) - 1 << target.shift)
            case _ if isinstance(node.type, Int):
                return f"({self._number(node)} - {target.slot.values[0]} << {target.shift})"
            case _:
                return f"({self._number(node)} << {target.shift})"


def _masked(mask: int, value: int, *, equal: bool = True) -> str:
    """Whether the masked bits of `s` have this value."""
    if value == 0:
        return f"not s & {mask:#x}" if equal else f"s & {mask:#x}"
    if value == mask and mask.bit_count() == 1:
        return f"s & {mask:#x}" if equal else f"not s & {mask:#x}"
    return f"s & {mask:#x} {'==' if equal else '!='} {value:#x}"


def _code(field: BitField) -> str:
    return f"(s >> {field.shift} & {(1 << field.bits) - 1:#x})"


def _shifted(distance: int, bits: int) -> str:
    if distance == 0:
        return f"s & {bits:#x}"
    return f"(s {'>>' if distance > 0 else '<<'} {abs(distance)} & {bits:#x})"
