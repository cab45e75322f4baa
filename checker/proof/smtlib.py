"""The tree as SMT-LIB 2 text, with quantifiers as they are: a second way to solvers, of which nothing is shared.

The text is what a certificate consists of, so it is meant to be read: variables, values and parameters keep their
names, the state after a step is defined variable by variable, and each lemma is a definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from splitproof.checker.proof.sharing import Parts
from splitproof.checker.proof.transitions import HERE, Transition, at_block
from splitproof.model.declarations import Leaf
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
    walk,
)
from splitproof.model.machine import Machine
from splitproof.model.state import State, default_of, derive
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Int, Type

__all__ = ["ANY_BLOCK", "Text"]

ANY_BLOCK: Final = Param("_any", BLOCK)
"""The argument of a definition; no action has a parameter of that name."""


class Text:
    """Writes trees of one machine.

    `blocks`: None leaves the number of blocks open; otherwise there are so many, and quantifiers are spelt out.
    """

    def __init__(self, machine: Machine, blocks: int | None = None) -> None:
        self.machine = machine
        self._names = _type_names(machine)
        self._blocks = None if blocks is None else [f"block.{number}" for number in range(blocks)]

    # -- declarations

    def sorts(self) -> list[str]:
        """The sorts, and the values that variables hold while they mean nothing."""
        if self._blocks is None:
            lines = ["(declare-sort Block 0)"]
        else:
            lines = [f"(declare-datatypes ((Block 0)) (({' '.join(f'({b})' for b in self._blocks)})))"]
        lines.append("(declare-sort Data 0)")
        for type_, name in self._names.items():
            values = " ".join(f"({self._value(type_, member)})" for member in type_.members)
            lines.append(f"(declare-datatypes (({name} 0)) (({values})))")
        return [*lines, "(declare-const first?block Block)", "(declare-const first?data Data)"]

    def state(self) -> list[str]:
        """Every variable, before the step."""
        return [
            f"(declare-fun {leaf.name} ({'Block' if leaf.per_block else ''}) {self._sort(leaf.type)})"
            for leaf in self.machine.leaves.values()
        ]

    def parameters(self, transition: Transition) -> list[str]:
        """What the step is taken for, and the block that is asked about."""
        return [f"(declare-const {_parameter(HERE)} Block)", *self.declared(transition.parameters)]

    def declared(self, parameters: Sequence[Param]) -> list[str]:
        """Parameters; a set of blocks is a function."""
        lines = []
        for item in parameters:
            if item.type is BLOCK_SET:
                lines.append(f"(declare-fun {_parameter(item)} (Block) Bool)")
            else:
                lines.append(f"(declare-const {_parameter(item)} {self._sort(item.type)})")
        return lines

    def next_state(self, transition: Transition) -> list[str]:
        """Every variable that may be different after the step, as a definition over the state before."""

        def place(leaf: Leaf) -> tuple[bool, bool]:
            """What always means something, then the rest in the order in which it is forgotten."""
            return self.machine.while_of(leaf.name) is not None, leaf.per_block

        leaves = sorted(self.machine.leaves.values(), key=place)  # stable
        return [self._next(transition, leaf) for leaf in leaves if leaf.name in transition.changed]

    def _next(self, transition: Transition, leaf: Leaf) -> str:
        argument = f"(({_parameter(ANY_BLOCK)} Block))" if leaf.per_block else "()"
        text = self.of(transition.written(leaf.name, ANY_BLOCK if leaf.per_block else None))
        condition = self.machine.while_of(leaf.name)
        if condition is not None:
            meant = self.of(at_block(condition, ANY_BLOCK), transition, everything=True)
            text = f"(ite {meant} {text} {self._constant(default_of(leaf.type))})"
        return f"(define-fun next.{leaf.name} {argument} {self._sort(leaf.type)} {text})"

    # -- trees

    def of(self, node: Expr, transition: Transition | None = None, *, everything: bool = False) -> str:
        """A tree over the state before a step; over both states, if there is a step; over the one after it, if
        `everything` is.
        """
        return _Writer(self, transition, everything).of(node)

    def lemma(
        self, name: str, node: Expr, transition: Transition | None = None, *, over_step: bool = False
    ) -> str:
        """The definition of a lemma about any block, before the step or after it."""
        everything = transition is not None and not over_step
        return self.about_any(name, at_block(node, ANY_BLOCK), transition, everything=everything)

    def about_any(
        self, name: str, node: Expr, transition: Transition | None = None, *, everything: bool = False
    ) -> str:
        """The definition of what a tree says of `ANY_BLOCK`."""
        text = self.of(node, transition, everything=everything)
        return f"(define-fun {name} (({_parameter(ANY_BLOCK)} Block)) Bool\n  {text})"

    def definitions(self, named: Sequence[tuple[str, Expr]], transition: Transition) -> Iterator[list[str]]:
        """The definitions of trees over both states of a step that speak of `ANY_BLOCK`, each after the parts that it
        has in common with others.
        """
        parts = Parts([node for _, node in named])
        writer = _Writer(self, transition, everything=False)
        writer.parts = parts
        waiting = list(parts)
        for name, node in named:
            number = parts.number(node)
            lines = []
            while waiting and waiting[0][0] <= number:
                place, part, free = waiting.pop(0)
                is_about_any = ANY_BLOCK.name in free
                argument = f"(({_parameter(ANY_BLOCK)} Block))" if is_about_any else "()"
                own = f"part.{len(writer.written) + 1}"
                lines.append(f"(define-fun {own} {argument} Bool\n  {writer.spelt_out(part)})")
                writer.written[place] = f"({own} {_parameter(ANY_BLOCK)})" if is_about_any else own
            text = writer.of(node)
            yield [*lines, f"(define-fun {name} (({_parameter(ANY_BLOCK)} Block)) Bool\n  {text})"]

    def for_every_block(self, name: str) -> str:
        """That a lemma holds."""
        if self._blocks is None:
            return f"(assert (forall ((x? Block)) ({name} x?)))"
        return "\n".join(f"(assert ({name} {block}))" for block in self._blocks)

    def quantified(self, quantifier: str, bound: str, body: str, bodies: Iterable[str]) -> str:
        """A quantifier: as it is, or spelt out."""
        if self._blocks is None:
            return f"({quantifier} (({bound} Block)) {body})"
        return f"({'and' if quantifier == 'forall' else 'or'} {' '.join(bodies)})"

    @property
    def blocks(self) -> Sequence[str]:
        """The blocks, if their number is known."""
        return self._blocks or ()

    def _sort(self, type_: Type) -> str:
        if isinstance(type_, EnumType):
            return self._names[type_]
        if isinstance(type_, Int):
            return "Int"
        return "Bool" if type_ is BOOL else type_.name

    def _value(self, type_: EnumType, member: object) -> str:
        return f"{self._names[type_]}.{getattr(member, 'name', member)}"

    def _constant(self, node: Const) -> str:
        type_ = node.type
        if type_ is BOOL:
            return "true" if node.value else "false"
        if type_ is BLOCK or type_ is DATA:
            return f"first?{type_.name.lower()}"
        if isinstance(type_, EnumType):
            return self._value(type_, node.value)
        return str(node.value) if node.value >= 0 else f"(- {-node.value})"


class _Writer:
    """One tree. `bound`: blocks that quantifiers range over, by name, with what stands for them."""

    def __init__(
        self, text: Text, transition: Transition | None, everything: bool, bound: dict[str, str] | None = None
    ) -> None:
        self._text = text
        self._transition = transition
        self._everything = everything
        self._bound = bound or {}
        self.parts: Parts | None = None
        self.written: dict[int, str] = {}
        """What stands for a part, by its number."""

    def of(self, node: Expr) -> str:
        if self.parts is not None:
            stands = self.written.get(self.parts.number(node))
            if stands is not None:
                return stands
        return self.spelt_out(node)

    def spelt_out(self, node: Expr) -> str:
        """The tree itself, whatever stands for it."""
        match node:
            case Const():
                return self._text._constant(node)
            case Var(name, _, after):
                return self._variable(name, after)
            case Param(name):
                return self._bound.get(name) or _parameter(node)
            case At(name, index, _, after):
                return f"({self._variable(name, after)} {self.of(index)})"
            case Member(chosen, block):
                return f"({self.of(chosen)} {self.of(block)})"
            case Not(operand):
                return f"(not {self.of(operand)})"
            case And(operands) | Or(operands):
                return f"({'and' if isinstance(node, And) else 'or'} {' '.join(map(self.of, operands))})"
            case Eq(left, right):
                return f"(= {self.of(left)} {self.of(right)})"
            case Less(left, right):
                return f"(< {self.of(left)} {self.of(right)})"
            case Plus(left, right, sign):
                return f"({'+' if sign > 0 else '-'} {self.of(left)} {self.of(right)})"
            case Ite(condition, yes, no):
                return f"(ite {self.of(condition)} {self.of(yes)} {self.of(no)})"
            case Every(bound, body) | Some(bound, body):
                return self._quantifier(isinstance(node, Every), bound, body)
            case _:
                raise TypeError(type(node))

    def _quantifier(self, is_every: bool, bound: Param, body: Expr) -> str:
        name = f"x{len(self._bound)}?"
        bodies = (self._with(bound, block).of(body) for block in self._text.blocks)
        inner = self._with(bound, name).of(body)
        return self._text.quantified("forall" if is_every else "exists", name, inner, bodies)

    def _with(self, bound: Param, stands: str) -> _Writer:
        inner = _Writer(self._text, self._transition, self._everything, {**self._bound, bound.name: stands})
        inner.parts, inner.written = self.parts, self.written
        return inner

    def _variable(self, name: str, after: bool) -> str:
        step = self._transition
        is_next = step is not None and (self._everything or after) and name in step.changed
        return f"next.{name}" if is_next else name


def _parameter(node: Param) -> str:
    """No variable is called so."""
    return f"{node.name.strip('_')}?"


def _type_names(machine: Machine) -> dict[EnumType, str]:
    """A name for each enumeration; those of the same name are numbered."""
    found: dict[EnumType, str] = {}
    for type_ in _types(machine):
        if isinstance(type_, EnumType) and type_ not in found:
            taken = sum(name.partition("-")[0] == type_.name for name in found.values())
            found[type_] = f"{type_.name}-{taken + 1}" if taken else type_.name
    return found


def _types(machine: Machine) -> Iterator[Type]:
    """Of variables, and of values that are only compared with each other."""
    yield from (leaf.type for leaf in machine.leaves.values())
    trees = [traced.holds for traced in machine.traced.values()]
    for action in machine.actions:
        trees += [action.guard, *(update.value for update in action.updates)]
    for predicate in machine.predicates.values():
        trees.append(derive(State(machine), predicate.name, *([HERE] if predicate.per_block else [])))
    yield from (part.type for tree in trees for part in walk(tree))
