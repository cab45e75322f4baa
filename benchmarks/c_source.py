"""A ground model as C, to be searched by search.c: what the compiled engine is measured against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from splitproof.checker.compiled.lowering import word_count, words_of
from splitproof.checker.ground.decision_tree import Node, Switch, Visit, Where, decision_tree, rule_of
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.packing import BitField
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import TRUE, And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BOOL, EnumType, Int
from splitproof.spec.properties import Kind

__all__ = ["model_header"]


def model_header(engine: Engine) -> str:
    """What search.c includes as model.h."""
    return "\n".join(_Header(engine).lines()) + "\n"


class _Header:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._terms = engine.grounding.terms
        self._fields = engine.packing.fields
        self._words = word_count(engine.packing)

    def lines(self) -> Iterator[str]:
        engine, terms = self._engine, self._terms
        yield f"enum {{ WORDS = {self._words}, STEPS = {len(engine.steps)}, INITIAL_COUNT = {len(engine.initial)} }};"
        yield "static const u64 INITIAL[][WORDS] = {"
        for state in engine.initial:
            yield f"  {{{', '.join(f'{word:#x}u' for word in words_of(state, self._words))}}},"
        yield "};"
        yield "static inline int violations(const u64 *s) {"
        yield "  int n = 0;"
        for item in engine.properties.values():
            if item.property.kind is Kind.ALWAYS and item.holds is not TRUE:
                yield f"  n += !({self._truth(item.holds)});"
        yield "  return n;"
        yield "}"
        yield "static u64 successors(const u64 *s, u64 *out, u64 n) {"
        forced = engine.forced
        for step in forced:
            yield f"  if ({self._truth(step.guard)}) {{ {self._leaf(step)} return n; }}"
        rules = [rule_of(terms, step) for step in engine.steps if step not in forced]
        yield from self._nodes(decision_tree(terms, rules))
        yield "  return n;"
        yield "}"

    def _nodes(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            match node:
                case Visit(step):
                    yield self._leaf(step)
                case Where(conditions, then):
                    yield f"if ({' && '.join(self._truth(part) for part in conditions)}) {{"
                    yield from self._nodes(then)
                    yield "}"
                case Switch(slot, cases):
                    yield f"switch ({self._code(slot.name)}) {{"
                    for value, then in cases.items():
                        yield f"case {self._fields[slot.name].codes[value]}:"
                        yield from self._nodes(then)
                        yield "break;"
                    yield "}"

    def _leaf(self, step: GroundStep) -> str:
        after = self._after(step)
        return " ".join(f"out[n * WORDS + {k}] = {word};" for k, word in enumerate(after)) + " n++;"

    def _after(self, step: GroundStep) -> list[str]:
        written = constant = 0
        parts: list[list[str]] = [[] for _ in range(self._words)]
        for name, value in step.updates.items():
            field = self._fields[name]
            written |= field.mask
            if isinstance(value, Const):
                constant |= field.place(value.value)
                continue
            low = field.slot.values[0] if isinstance(field.slot.leaf.type, Int) else 0
            code, (word, shift) = f"((u64)({self._number(value)}) - ({low}))", divmod(field.shift, 64)
            parts[word].append(f"{code} << {shift}")
            if shift + field.bits > 64:
                parts[word + 1].append(f"{code} >> {64 - shift}")
        kept, constants = words_of(~written, self._words), words_of(constant, self._words)
        return [
            " | ".join(
                [f"(s[{k}] & {kept[k]:#x}u)", f"{constants[k]:#x}u", *(f"({part})" for part in parts[k])]
            )
            for k in range(self._words)
        ]

    def _code(self, slot: str) -> str:
        field: BitField = self._fields[slot]
        word, shift = divmod(field.shift, 64)
        high = f" | s[{word + 1}] << {64 - shift}" if shift + field.bits > 64 else ""
        return f"((s[{word}] >> {shift}{high}) & {(1 << field.bits) - 1:#x}u)"

    def _truth(self, node: Expr) -> str:
        literal = self._terms.as_literal(node)
        if literal is not None:
            code = self._code(literal[0].name)
            codes = [self._fields[literal[0].name].codes[value] for value in literal[1]]
            if len(codes) == 1:
                return f"({code} == {codes[0]})"
            return f"({sum(1 << member for member in codes):#x}u >> {code} & 1)"
        match node:
            case Const(value):
                return str(int(value))
            case Not(operand):
                return f"!{self._truth(operand)}"
            case And(operands):
                return f"({' && '.join(map(self._truth, operands))})"
            case Or(operands):
                return f"({' || '.join(map(self._truth, operands))})"
            case Eq(left, right):
                return f"({self._number(left)} == {self._number(right)})"
            case Less(left, right):
                return f"((int64_t){self._number(left)} < (int64_t){self._number(right)})"
            case Ite(condition, yes, no):
                return f"({self._truth(condition)} ? {self._truth(yes)} : {self._truth(no)})"
            case _:
                raise TypeError(type(node))

    def _number(self, node: Expr) -> str:
        match node:
            case Const(value, EnumType() as type_):
                return str(type_.members.index(value))
            case Const(value):
                return f"({int(value)})"
            case _ if node.type is BOOL:
                return f"(u64){self._truth(node)}"
            case Var(name, Int() as type_):
                return f"({self._code(name)} + ({type_.low}))"
            case Var(name):
                return self._code(name)
            case Plus(left, right, sign):
                return f"({self._number(left)} {'+' if sign > 0 else '-'} {self._number(right)})"
            case Ite(condition, yes, no):
                return f"({self._truth(condition)} ? {self._number(yes)} : {self._number(no)})"
            case _:
                raise TypeError(type(node))
