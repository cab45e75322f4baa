"""What a step makes of the state, as trees over the state before it, for volumes of any size.

The state after a step is a function of the state before: reading a variable after the step is a tree over variables
before it. No variable is renamed, and nothing has to be said about what stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Leaf
from splitproof.model.expressions import (
    TRUE,
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
    all_of,
    any_of,
    children,
    fresh_block,
    ite,
    rewrite,
    same,
    walk,
    with_children,
)
from splitproof.model.machine import Machine
from splitproof.model.records import ANY
from splitproof.model.state import default_of
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, BOOL, Int

__all__ = [
    "HERE",
    "Transition",
    "at_block",
    "initial_transition",
    "standing_transition",
    "structure_of",
    "transitions_of",
]

HERE: Final = Param("_here", BLOCK)
"""The block that an invariant is asked about: any of them."""


STANDING: Final = "no step"
"""The name of the step that changes nothing."""


@lru_cache(maxsize=1 << 16)
def at_block(node: Expr, block: Expr) -> Expr:
    """A tree about `BLOCK_PARAMETER`, asked about another block.

    It is remembered, so that trees that share parts still do: what is made of a part is then made once.
    """
    if isinstance(node, Param):
        return block if node.name == BLOCK_PARAMETER.name else node
    return with_children(node, [at_block(child, block) for child in children(node)])


class Transition:
    """A step of any number of blocks.

    `name`: of the action, with who takes it. `parameters`: for which it can be taken. `guard`: where, over the
    state before. `constraint`: what is known besides of the state after it. `changed`: the leaves that may be
    different after it.
    """

    def __init__(
        self,
        machine: Machine,
        name: str,
        parameters: tuple[Param, ...],
        updates: tuple[Update, ...],
        guard: Expr = TRUE,
        action: Action | None = None,
        forgets_all: bool = False,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.guard = guard
        self.action = action
        self.constraint: Expr = TRUE
        self._machine = machine
        self._updates: dict[str, Update] = {update.name: update for update in updates}
        self._conditions: dict[str, Expr] = {
            leaf: node for leaf in machine.leaves if (node := machine.while_of(leaf)) is not None
        }
        self.changed = frozenset(machine.leaves) if forgets_all else self._closure()
        self._values: dict[tuple[str, int], tuple[Expr | None, Expr]] = {}
        self._placed_before: dict[tuple[int, bool], tuple[Expr, Expr]] = {}
        """What was asked already, by identity; the tree is kept, as its `id` is its key."""

    def _closure(self) -> frozenset[str]:
        """What is written, and what may be forgotten as a consequence."""
        changed = set(self._updates)
        before = -1
        while len(changed) != before:
            before = len(changed)
            for leaf, condition in self._conditions.items():
                if any(isinstance(part, Var | At) and part.name in changed for part in walk(condition)):
                    changed.add(leaf)
        return frozenset(changed)

    def after(self, node: Expr) -> Expr:
        """What a tree about the state says of the state after the step, as a tree over the state before."""
        return self._placed(node, everything=True)

    def over_step(self, node: Expr) -> Expr:
        """A tree over both states of the step, as one over the state before."""
        return self._placed(node, everything=False)

    def value(self, name: str, index: Expr | None) -> Expr:
        """What a leaf holds after the step: what is written, or the type's first value where it means nothing."""
        at = name, id(index)
        if at not in self._values:
            self._values[at] = index, self._value(name, index)
        return self._values[at][1]

    def _value(self, name: str, index: Expr | None) -> Expr:
        if name not in self.changed:
            return _read(self._machine, name, index)
        written = self.written(name, index)
        condition = self._conditions.get(name)
        if condition is None:
            return written
        meant = self.after(condition if index is None else at_block(condition, index))
        return _choice(meant, written, default_of(self._machine.leaves[name].type))

    def written(self, name: str, index: Expr | None) -> Expr:
        """What a leaf holds after the step, before anything is forgotten."""
        before = _read(self._machine, name, index)
        update = self._updates.get(name)
        if update is None:
            return before
        if update.bound is not None:
            bound = update.bound.name
            assert index is not None
            return rewrite(
                update.value, lambda part: index if isinstance(part, Param) and part.name == bound else None
            )
        if update.index is None or index is None:
            return update.value
        return _choice(_equal(index, update.index), update.value, before)

    def _placed(self, node: Expr, everything: bool) -> Expr:
        at = id(node), everything
        if at not in self._placed_before:
            self._placed_before[at] = node, self._place(node, everything)
        return self._placed_before[at][1]

    def _place(self, node: Expr, everything: bool) -> Expr:
        def of(part: Expr) -> Expr:
            return self._placed(part, everything)

        match node:
            case Var(name):
                return self.value(name, None) if self._is_replaced(node, everything) else node
            case At(name, index, type_):
                found = of(index)
                if self._is_replaced(node, everything):
                    return self.value(name, found)
                return node if found is index else At(name, found, type_)
            case Every(bound, body) | Some(bound, body):
                if not any(self._is_replaced(part, everything) for part in walk(body)):
                    return node
                fresh = fresh_block()
                placed = of(
                    rewrite(body, lambda p: fresh if isinstance(p, Param) and p.name == bound.name else None)
                )
                if isinstance(placed, Const):
                    return placed
                return Every(fresh, placed) if isinstance(node, Every) else Some(fresh, placed)
            case _:
                return rebuilt(node, of)

    def _is_replaced(self, node: Expr, everything: bool) -> bool:
        """Whether it is read after the step, and not the tree as it stands."""
        return isinstance(node, Var | At) and (node.after or (everything and node.name in self.changed))


def rebuilt(node: Expr, of: Callable[[Expr], Expr]) -> Expr:
    """A node over what `of` makes of its children, with constants folded; the node, if they are as they were."""
    if all(of(child) is child for child in children(node)):
        return node
    match node:
        case Const() | Param():
            return node
        case Member(chosen, block):
            return Member(chosen, of(block))
        case Not(operand):
            return ~of(operand)
        case And(operands):
            return all_of(*map(of, operands))
        case Or(operands):
            return any_of(*map(of, operands))
        case Eq(left, right):
            return _equal(of(left), of(right))
        case Ite(condition, yes, no):
            return _choice(of(condition), of(yes), of(no))
        case Less(left, right):
            return _less(of(left), of(right))
        case Plus(left, right, sign):
            return Plus(of(left), of(right), sign)
        case _:
            raise TypeError(type(node))


def _equal(left: Expr, right: Expr) -> Expr:
    """Equality, decided where it can be; a choice between values is a choice between comparisons with a constant."""
    if same(left, right):
        return TRUE
    if isinstance(left, Const) and isinstance(right, Const):
        return ~TRUE if left.value != right.value else TRUE
    if isinstance(left, Ite) and isinstance(right, Const) and left.type is not BLOCK:
        return _choice(left.condition, _equal(left.yes, right), _equal(left.no, right))
    if isinstance(right, Ite) and isinstance(left, Const):
        return _equal(right, left)
    if left.type is BOOL and isinstance(right, Const):
        return left if right.value else ~left
    if left.type is BOOL and isinstance(left, Const):
        return right if left.value else ~right
    return Eq(left, right)


def _choice(condition: Expr, yes: Expr, no: Expr) -> Expr:
    if isinstance(condition, Const):
        return yes if condition.value else no
    if yes.type is not BOOL or same(yes, no):
        return ite(condition, yes, no)
    if isinstance(yes, Const):
        return any_of(condition, no) if yes.value else all_of(~condition, no)
    if isinstance(no, Const):
        return any_of(~condition, yes) if no.value else all_of(condition, yes)
    return ite(condition, yes, no)


def _less(left: Expr, right: Expr) -> Expr:
    if isinstance(left, Const) and isinstance(right, Const):
        return TRUE if left.value < right.value else ~TRUE
    return Less(left, right)


def _read(machine: Machine, name: str, index: Expr | None) -> Expr:
    type_ = machine.leaves[name].type
    return Var(name, type_) if index is None else At(name, index, type_)


def transitions_of(machine: Machine) -> tuple[Transition, ...]:
    """Every action of the machine, in the order of declaration."""
    return tuple(
        Transition(machine, action.label, action.parameters, action.updates, action.guard, action)
        for action in machine.actions
    )


def standing_transition(machine: Machine) -> Transition:
    """The step that changes nothing: what is asked of it is asked of a state."""
    return Transition(machine, STANDING, (), ())


def initial_transition(machine: Machine) -> Transition:
    """The start as a step from any state whatever: every leaf takes its initial value, or any if it may start so."""
    updates = []
    for leaf in machine.leaves.values():
        if leaf.initial is not ANY:
            value = default_of(leaf.type) if leaf.initial is None else Const(leaf.initial, leaf.type)
            bound = fresh_block() if leaf.per_block else None
            updates.append(Update(leaf.name, None, bound, value, leaf.where))
    ranges = all_of(*(Every(BLOCK_PARAMETER, node) for node in _ranges(machine)))
    start = Transition(machine, "initial state", (), tuple(updates), ranges, forgets_all=True)
    start.constraint = machine.constraint
    return start


def structure_of(machine: Machine) -> tuple[Expr, ...]:
    """What every state has by the way states are made: what means nothing is forgotten, numbers are in their range."""
    found: list[Expr] = []
    for leaf in machine.leaves.values():
        meant = machine.while_of(leaf.name)
        if meant is not None and leaf.type is not BLOCK:  # a reference is read only where it means something
            here = _of_block(machine, leaf)
            found.append(any_of(meant, ~here if leaf.type is BOOL else Eq(here, default_of(leaf.type))))
    return (*found, *_ranges(machine))


def _ranges(machine: Machine) -> Iterator[Expr]:
    for leaf in machine.leaves.values():
        if isinstance(leaf.type, Int):
            here = _of_block(machine, leaf)
            low, high = Const(leaf.type.low, leaf.type), Const(leaf.type.high, leaf.type)
            yield all_of(~Less(here, low), ~Less(high, here))


def _of_block(machine: Machine, leaf: Leaf) -> Expr:
    return _read(machine, leaf.name, BLOCK_PARAMETER if leaf.per_block else None)
