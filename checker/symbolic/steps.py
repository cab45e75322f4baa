"""What steps do to states whose control is known and whose data is not: control changes, and data moves.

Control is every slot that is not data. Effects are derived from the machine's trees anew: nothing is shared
with the grounding that engines search with, except how states are packed and steps are numbered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.packing import Packing
from splitproof.checker.symbolic.smt import BLANK, Lookup, residual
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import FALSE, At, Const, Expr, Param, Var, children, ite, key, same
from splitproof.model.interpreter import Step
from splitproof.model.layout import Layout, Slot
from splitproof.model.machine import Machine
from splitproof.model.records import ANY
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, DATA

__all__ = ["Control", "Effect", "Moves", "Post", "StepEffects", "initial_states"]

Post = dict[int, Expr]
"""What slots hold after a step, by position; those left out keep what they held."""

_Known = Mapping[str, Expr]
"""Values of parameters by name; a data parameter stands for itself."""


class Control:
    """Packed states as control and data.

    `mask`, `data_mask`: the bits of each. `data`: the positions of the data slots.
    """

    def __init__(self, machine: Machine, blocks: int) -> None:
        self.machine = machine
        self.blocks = blocks
        self.layout = Layout(machine, blocks)
        self.packing = Packing(self.layout)
        self.slots = self.layout.slots
        self.fields = tuple(self.packing.fields[slot.name] for slot in self.slots)
        self.data = frozenset(slot.position for slot in self.slots if slot.leaf.type.is_data)
        self.data_mask = self.mask_of(self.data)
        self.mask = (1 << self.packing.bits) - 1 & ~self.data_mask
        self._symbols = tuple(map(_symbols, self.slots))

    def mask_of(self, positions: Iterable[int]) -> int:
        """The bits of some slots."""
        mask = 0
        for position in positions:
            mask |= self.fields[position].mask
        return mask

    def symbol(self, control: int, position: int) -> Expr:
        """What a slot holds in states of this control: a constant, or the data slot itself."""
        symbols = self._symbols[position]
        field = self.fields[position]
        return symbols[0] if len(symbols) == 1 else symbols[control >> field.shift & (1 << field.bits) - 1]

    def reader(self, held: Callable[[int, bool], Expr]) -> Lookup:
        """A lookup by (position, after the step?)."""
        position = self.layout.position
        return lambda name, block, after: held(position[name, block], after)

    def residual(self, node: Expr, control: int, known: _Known | None = None) -> Expr:
        """What a tree says of data in states of this control."""
        lookup = self.reader(lambda position, _: self.symbol(control, position))
        return residual(node, lookup, self.blocks, known or {})

    def reads(self, node: Expr, known: _Known) -> Iterator[tuple[int, bool]]:
        """The slots that a tree may read, each with whether after the step."""
        position = self.layout.position
        match node:
            case Var(name, _, after):
                yield position[name, None], after
            case At(name, index, _, after):
                yield from self.reads(index, known)
                yield from ((position[name, block], after) for block in self.blocks_of(index, known))
            case _:
                for child in children(node):
                    yield from self.reads(child, known)

    def blocks_of(self, index: Expr | None, known: _Known) -> Iterable[int]:
        """The blocks that an index may be."""
        block = known.get(index.name) if isinstance(index, Param) else None
        return (block.value,) if isinstance(block, Const) else range(self.blocks)

    def describe(self, state: int, *, data: bool = False) -> str:
        """The control slots of a state that do not hold their default; with `data`, the data slots too."""
        held = []
        for slot, field in zip(self.slots, self.fields, strict=True):
            value = slot.values[state >> field.shift & (1 << field.bits) - 1]
            if value != self.layout.default(slot) and (data or slot.position not in self.data):
                held.append(f"{slot.name}={getattr(value, 'name', value)}")
        return f"({', '.join(held)})"


def _symbols(slot: Slot) -> tuple[Expr, ...]:
    if slot.leaf.type.is_data:
        return (Var(slot.name, DATA),)
    return tuple(Const(value, slot.leaf.type) for value in slot.values)


class Moves(dict[int, int]):
    """The part of an effect that depends on data, as a map from data bits before to bits set after.

    `held`: by position, what slots hold after the step: data slots, and control slots for which data is
    compared; the bits of the latter are `conditions`. `number`: the same for moves that differ in data
    arguments alone. `copies`: whether no data is compared.
    """

    def __init__(self, control: Control, held: Post, number: int, step: Step) -> None:
        super().__init__()
        self.held = held
        self.number = number
        self.conditions = control.mask_of(position for position in held if position not in control.data)
        self.copies = all(isinstance(value, Var | Param | Const) for value in held.values())
        self._control = control
        parameters = step.action.parameters
        self._arguments = {p.name: value for p, value in zip(parameters, step.arguments, strict=True)}

    def __missing__(self, data: int) -> int:
        fields = self._control.packing.fields

        def read(name: str, _block: int | None, _after: bool) -> int:
            return data >> fields[name].shift & 1

        found = 0
        for position, value in self.held.items():
            found |= self._control.fields[position].place(evaluate(value, read, 0, self._arguments))
        self[data] = found
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """What a step does to states of some control: `before & keep | constant | moves[before & data_mask]`."""

    keep: int
    constant: int
    moves: Moves


_BITS_OF_A_GROUP_MAX = 16
"""Of control that the steps of a group depend on: few enough for what they do to be the same in many controls."""


class _Group:
    """Steps in a row, by index; `found`: what they do, by the bits of control on which any of them depends."""

    def __init__(self) -> None:
        self.steps: dict[int, _SymbolicStep] = {}
        self.mask = 0
        self.found: dict[int, dict[int, Effect]] = {}


class StepEffects:
    """The effect of each ground step on states of each control."""

    def __init__(self, control: Control, steps: Sequence[GroundStep]) -> None:
        self._control = control
        forgetting = _Forgetting(control)
        self._groups: list[_Group] = []
        for index, step in enumerate(_SymbolicStep(control, forgetting, step) for step in steps):
            bits = step.guard_mask | step.mask
            if not self._groups or (self._groups[-1].mask | bits).bit_count() > _BITS_OF_A_GROUP_MAX:
                self._groups.append(_Group())
            self._groups[-1].steps[index] = step
            self._groups[-1].mask |= bits
        self._moves: dict[object, Moves] = {}
        self._numbers: dict[object, int] = {}

    def possible(self, control: int) -> dict[int, Effect]:
        """The steps that can be taken in states of this control, by index, with their effects."""
        found: dict[int, Effect] = {}
        for group in self._groups:
            part = control & group.mask
            known = group.found.get(part)
            if known is None:
                known = group.found[part] = dict(self._possible(group, control))
            found |= known
        return found

    def _possible(self, group: _Group, control: int) -> Iterator[tuple[int, Effect]]:
        for index, step in group.steps.items():
            part = control & step.guard_mask
            can_be_taken = step.decided.get(part)
            if can_be_taken is None:
                can_be_taken = step.decided[part] = step.can_be_taken(control)
            if can_be_taken:
                part = control & step.mask
                effect = step.effects.get(part)
                if effect is None:
                    effect = step.effects[part] = self._effect(step, control)
                yield index, effect

    def _effect(self, step: _SymbolicStep, control: int) -> Effect:
        whole = self._control
        keep, constant, held = -1, 0, Post()
        for position, value in sorted(step.post(control).items(), key=lambda item: item[0]):
            if same(value, whole.symbol(control, position)):
                continue
            keep &= ~whole.fields[position].mask
            if isinstance(value, Const) and position not in whole.data:
                constant |= whole.fields[position].place(value.value)
            else:
                held[position] = value
        symbolic = tuple((position, key(value)) for position, value in held.items())
        number = self._numbers.setdefault(symbolic, len(self._numbers))
        moves = self._moves.get((symbolic, step.data))
        if moves is None:
            moves = self._moves[symbolic, step.data] = Moves(whole, held, number, step.step)
        return Effect(keep, constant, moves)


class _SymbolicStep:
    """A ground step with its data parameters left open.

    `data`: their arguments. `guard_mask`: the control bits on which it depends whether it can be taken, and
    `decided`: that, by these bits. `mask`, `effects`: likewise of what it does.
    """

    def __init__(self, control: Control, forgetting: _Forgetting, ground: GroundStep) -> None:
        self.step = step = ground.step
        self.decided: dict[int, bool] = {}
        self.effects: dict[int, Effect] = {}
        arguments = list(zip(step.action.parameters, step.arguments, strict=True))
        self.data = tuple((p.name, value) for p, value in arguments if p.type is DATA)
        self._known: _Known = {
            p.name: p if p.type is DATA else Const(value, p.type) for p, value in arguments
        }
        self._control = control
        self._forgetting = forgetting
        self._guard = step.action.guard
        chosen = [control.packing.fields[name] for name, _ in ground.split]
        self._split_mask = control.mask_of(field.slot.position for field in chosen)
        self._split_bits = sum(field.place(b) for field, (_, b) in zip(chosen, ground.split, strict=True))
        self.guard_mask = self._mask_of_reads(self._guard) | self._split_mask
        updates = step.action.updates
        written = {position for update in updates for position in self._targets(update)}
        self._rules, touched = forgetting.affected(written)
        self.mask = control.mask_of(written | touched)
        for update in updates:
            self.mask |= self._mask_of_reads(update.value)
            self.mask |= self._mask_of_reads(update.index) if update.index is not None else 0
        self.mask &= control.mask

    def can_be_taken(self, control: int) -> bool:
        """Whether its guard holds in states of this control, with the block references that it is for."""
        if control & self._split_mask != self._split_bits:
            return False
        guard = self._control.residual(self._guard, control, self._known)
        assert isinstance(guard, Const)  # the language lets no guard compare data
        return bool(guard.value)

    def post(self, control: int) -> Post:
        """What slots hold after the step."""
        whole, post = self._control, Post()
        for update in self.step.action.updates:
            if update.index is not None:
                self._write_at(post, update.name, control, update.index, update.value)
                continue
            for position in self._targets(update):
                known = self._known
                if update.bound is not None:
                    known = {**known, update.bound.name: Const(whole.slots[position].block, BLOCK)}
                post[position] = whole.residual(update.value, control, known)
        self._forgetting.apply(control, post, self._rules)
        return post

    def _write_at(self, post: Post, name: str, control: int, index: Expr, value: Expr) -> None:
        whole = self._control
        block, written = (whole.residual(node, control, self._known) for node in (index, value))
        for one in range(whole.blocks):
            is_here = block == Const(one, BLOCK)
            if not same(is_here, FALSE):
                position = whole.layout.position[name, one]
                post[position] = ite(is_here, written, whole.symbol(control, position))

    def _targets(self, update: Update) -> Iterator[int]:
        """The slots that an update may write."""
        position = self._control.layout.position
        if update.index is None and update.bound is None:
            yield position[update.name, None]
        else:
            blocks = self._control.blocks_of(update.index, self._known)
            yield from (position[update.name, block] for block in blocks)

    def _mask_of_reads(self, node: Expr) -> int:
        return self._control.mask_of(position for position, _ in self._control.reads(node, self._known))


@dataclass(frozen=True)
class _Rule:
    """That a slot is forgotten unless a condition holds. `settles`: no later rule changes what that reads."""

    slot: Slot
    condition: Expr
    known: _Known
    reads: frozenset[int]
    settles: bool


class _Forgetting:
    """The slots that mean something only under a condition, in the order of `Layout.conditions`."""

    def __init__(self, control: Control) -> None:
        self._control = control
        conditions = control.layout.conditions
        places = {slot.position: place for place, (slot, _) in enumerate(conditions)}
        self._rules: list[_Rule] = []
        for place, (slot, node) in enumerate(conditions):
            known: _Known = {} if slot.block is None else {"b": Const(slot.block, BLOCK)}
            reads = frozenset(position for position, _ in control.reads(node, known))
            settles = all(places.get(position, -1) < place for position in reads)
            self._rules.append(_Rule(slot, node, known, reads, settles))

    def affected(self, written: set[int]) -> tuple[list[_Rule], set[int]]:
        """The rules that may do something after these slots are written, and the slots that these touch.

        A rule that reads what a later one forgets may find out only at the next step, whatever that writes.
        """
        rules, touched, changed = [], set[int](), set(written)
        for rule in self._rules:
            if not rule.settles or rule.slot.position in changed or not rule.reads.isdisjoint(changed):
                rules.append(rule)
                changed.add(rule.slot.position)
                touched |= {rule.slot.position, *rule.reads}
        return rules, touched

    def apply(self, control: int, post: Post, rules: Iterable[_Rule] | None = None) -> None:
        """Forget what means nothing after a step; by all rules unless some are given."""
        whole = self._control

        def held(position: int, _after: bool) -> Expr:
            value = post.get(position)
            return whole.symbol(control, position) if value is None else value

        for rule in self._rules if rules is None else rules:
            means_something = residual(rule.condition, whole.reader(held), whole.blocks, rule.known)
            position = rule.slot.position
            default = Const(whole.layout.default(rule.slot), rule.slot.leaf.type)
            post[position] = ite(means_something, held(position, False), default)


def initial_states(control: Control) -> Iterator[tuple[Post, Expr]]:
    """What slots hold at the start, by choice of control, with the constraint on data that goes with it."""
    forgetting = _Forgetting(control)
    for values in itertools.product(*(_initial_values(control, slot) for slot in control.slots)):
        post = dict(enumerate(values))
        forgetting.apply(0, post)
        yield post, residual(control.machine.constraint, control.reader(_in_post(post)), control.blocks, {})


def _in_post(post: Post) -> Callable[[int, bool], Expr]:
    return lambda position, _after: post[position]


def _initial_values(control: Control, slot: Slot) -> tuple[Expr, ...]:
    initial = slot.leaf.initial
    if slot.leaf.type.is_data:
        return (control.symbol(0, slot.position) if initial is ANY else BLANK,)
    values = (
        slot.values if initial is ANY else (control.layout.default(slot) if initial is None else initial,)
    )
    return tuple(Const(value, slot.leaf.type) for value in values)
