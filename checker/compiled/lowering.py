"""Ground trees as LLVM IR over a state in 64-bit words: tests become masks, effects become shifts.

The bits lie as in `Packing`: bit i of the packed integer is bit i % 64 of word i // 64. A field may lie across two
words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from splitproof.checker.compiled.ir import ALL_ONES, Function
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.packing import BitField, Packing
from splitproof.checker.ground.terms import Terms
from splitproof.model.expressions import And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BOOL, EnumType, Int

__all__ = ["WordLowering", "word_count", "words_of"]

_Key = tuple[object, ...]


def word_count(packing: Packing) -> int:
    """How many words a state takes; at least one."""
    return max(1, -(-packing.bits // 64))


def words_of(packed: int, count: int) -> list[int]:
    """A packed integer in `count` words, the lowest first."""
    return [packed >> 64 * word & ALL_ONES for word in range(count)]


class WordLowering:
    """Writes trees into a function; `state` is the pointer to the words of the state before the step.

    What is computed once is reused in the blocks that it dominates: `scope` is entered with each branch.
    """

    def __init__(self, function: Function, terms: Terms, packing: Packing, state: str) -> None:
        self._f = function
        self._terms = terms
        self._fields = packing.fields
        self._count = word_count(packing)
        self.words = [function.load(state, word) for word in range(self._count)]
        self._known: list[dict[_Key, str]] = [{}]

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is computed inside is forgotten behind."""
        self._known.append({})
        yield
        self._known.pop()

    def _find(self, key: _Key) -> str | None:
        for scope in reversed(self._known):
            if key in scope:
                return scope[key]
        return None

    def _keep(self, key: _Key, value: str) -> str:
        self._known[-1][key] = value
        return value

    # -- bits ------------------------------------------------------------------------------------------

    def code(self, slot: str) -> str:
        """The code that a slot holds."""
        field = self._fields[slot]
        known = self._find(("code", slot))
        if known is not None:
            return known
        return self._keep(("code", slot), self._moved(field.shift, 0, (1 << field.bits) - 1))

    def bits(self, first: int, width: int) -> str:
        """A run of bits as a number."""
        return self._moved(first, 0, (1 << width) - 1)

    def _moved(self, distance: int, word: int, mask: int) -> str:
        """Bits `distance` further up, moved down, in a word: `(s >> distance) >> 64 * word & mask`; may be negative."""
        from_bit = distance + 64 * word
        low, shift = divmod(from_bit, 64)
        parts = []
        if 0 <= low < self._count:
            parts.append(self._f.binary("lshr", self.words[low], shift) if shift else self.words[low])
        reaches_up = mask >> (64 - shift) if shift else 0
        if reaches_up and 0 <= low + 1 < self._count:
            parts.append(self._f.binary("shl", self.words[low + 1], 64 - shift))
        joined = parts[0] if len(parts) == 1 else self._f.binary("or", *parts)
        return joined if mask == ALL_ONES else self._f.binary("and", joined, mask)

    def _masked_equal(self, mask: int, value: int) -> str:
        """Whether the masked bits of the state have this value."""
        found = []
        for word, (bits, wanted) in enumerate(
            zip(words_of(mask, self._count), words_of(value, self._count), strict=True)
        ):
            if bits:
                found.append(self._f.compare("eq", self._f.binary("and", self.words[word], bits), wanted))
        return self._all(found)

    def _all(self, parts: Sequence[str]) -> str:
        return self._fold("and", parts, "true")

    def _fold(self, operator: str, parts: Sequence[str], unit: str) -> str:
        if not parts:
            return unit
        found = parts[0]
        for part in parts[1:]:
            found = self._f.op(f"{operator} i1 {found}, {part}")
        return found

    # -- truth values ----------------------------------------------------------------------------------

    def truth(self, node: Expr) -> str:
        """An i1: whether the node holds."""
        if isinstance(node, Const):
            return "true" if node.value else "false"
        known = self._find(("truth", id(node)))
        return known if known is not None else self._keep(("truth", id(node)), self._truth(node))

    def _truth(self, node: Expr) -> str:
        literal = self._terms.as_literal(node)
        if literal is not None:
            return self._member(literal[0].name, literal[1])
        match node:
            case Not(operand):
                return self._f.op(f"xor i1 {self.truth(operand)}, true")
            case And(operands):
                return self.conjunction(operands)
            case Or(operands):
                return self._fold("or", [self.truth(operand) for operand in operands], "false")
            case Eq(left, right):
                return self._f.compare("eq", self._number(left), self._number(right))
            case Less(left, right):
                return self._f.compare("slt", self._number(left), self._number(right))
            case Ite(condition, yes, no):
                test, first, second = self.truth(condition), self.truth(yes), self.truth(no)
                return self._f.op(f"select i1 {test}, i1 {first}, i1 {second}")
            case _:
                raise TypeError(type(node))

    def conjunction(self, operands: Sequence[Expr]) -> str:
        """All of the operands; equations of single variables become one comparison a word."""
        mask = value = 0
        others = []
        for operand in operands:
            literal = self._terms.as_literal(operand)
            if literal is not None and len(literal[1]) == 1:
                field = self._fields[literal[0].name]
                mask |= field.mask
                value |= field.place(*literal[1])
            else:
                others.append(operand)
        first = [self._masked_equal(mask, value)] if mask else []
        return self._all([*first, *(self.truth(operand) for operand in others)])

    def _member(self, slot: str, values: frozenset[object]) -> str:
        field = self._fields[slot]
        inside = sorted(code for value, code in field.codes.items() if value in values)
        if len(inside) == 1:
            return self._masked_equal(field.mask, inside[0] << field.shift)
        code = self.code(slot)
        if len(field.codes) <= 64:
            table = sum(1 << member for member in inside)
            return self._f.op(f"trunc i64 {self._f.binary('lshr', table, code)} to i1")
        spans = []
        for low, high in _spans(inside):
            spans.append(self._f.compare("ule", self._f.binary("sub", code, low), high - low))
        return self._fold("or", spans, "false")

    # -- numbers ---------------------------------------------------------------------------------------

    def _number(self, node: Expr) -> str:
        """A whole number's value, or the code of any other value."""
        known = self._find(("number", id(node)))
        return known if known is not None else self._keep(("number", id(node)), self._new_number(node))

    def _new_number(self, node: Expr) -> str:
        if isinstance(node, Const):
            is_member = isinstance(node.type, EnumType)
            return str(node.type.members.index(node.value) if is_member else int(node.value))  # type: ignore[attr-defined]
        if node.type is BOOL:
            return self._f.op(f"zext i1 {self.truth(node)} to i64")
        match node:
            case Var(name, Int() as type_):
                code = self.code(name)
                return self._f.binary("add", code, type_.low) if type_.low else code
            case Var(name):
                return self.code(name)
            case Plus(left, right, sign):
                return self._f.binary("add" if sign > 0 else "sub", self._number(left), self._number(right))
            case Ite(condition, yes, no):
                test, first, second = self.truth(condition), self._number(yes), self._number(no)
                return self._f.op(f"select i1 {test}, i64 {first}, i64 {second}")
            case _:
                raise TypeError(type(node))

    # -- effects ---------------------------------------------------------------------------------------

    def after(self, step: GroundStep) -> list[str]:
        """The words of the state after the step."""
        written = constant = 0
        moves: dict[int, int] = {}
        placed: list[list[str]] = [[] for _ in range(self._count)]
        for name, value in step.updates.items():
            field = self._fields[name]
            if not field.bits:
                continue
            written |= field.mask
            if isinstance(value, Const):
                constant |= field.place(value.value)
            elif isinstance(value, Var) and _keeps_code(self._fields[value.name], field):
                source = self._fields[value.name]
                bits = (1 << source.bits) - 1 << field.shift
                moves[source.shift - field.shift] = moves.get(source.shift - field.shift, 0) | bits
            else:
                self.place(self._code_for(value, field), field.shift, field.bits, placed)
        kept = words_of(~written, self._count)
        constants = words_of(constant, self._count)
        for distance, bits in moves.items():
            for word, mask in enumerate(words_of(bits, self._count)):
                if mask:
                    placed[word].append(self._moved(distance, word, mask))
        return [
            self.composed(self.words[word], kept[word], constants[word], placed[word])
            for word in range(self._count)
        ]

    def composed(self, word: str, kept: int, constant: int, placed: list[str]) -> str:
        """A word of which some bits are kept, some are constant, and the rest is placed."""
        parts = [word if kept == ALL_ONES else self._f.binary("and", word, kept)] if kept else []
        parts += [str(constant)] if constant else []
        parts += placed
        found = parts[0] if parts else "0"
        for part in parts[1:]:
            found = self._f.binary("or", found, part)
        return found

    def _code_for(self, value: Expr, field: BitField) -> str:
        """The code that the slot gets."""
        number = self._number(value)
        low = field.slot.values[0] if isinstance(field.slot.leaf.type, Int) else 0
        return self._f.binary("sub", number, low) if low else number

    def place(self, code: str, first: int, width: int, placed: list[list[str]]) -> None:
        """Add a number of so many bits to what is placed in each word."""
        low, shift = divmod(first, 64)
        placed[low].append(self._f.binary("shl", code, shift) if shift else code)
        if shift + width > 64:
            placed[low + 1].append(self._f.binary("lshr", code, 64 - shift))


def _keeps_code(source: BitField, target: BitField) -> bool:
    """Whether a value has the same code in both places; then its bits can be moved."""
    shared = min(len(source.slot.values), len(target.slot.values))
    return source.slot.values[:shared] == target.slot.values[:shared] and source.bits <= target.bits


def _spans(codes: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring codes."""
    spans: list[tuple[int, int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1] = (spans[-1][0], code)
        else:
            spans.append((code, code))
    return spans
