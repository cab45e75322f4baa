"""A machine for a number of blocks: every step with every choice of parameters, over the slots of the state.

What is left is free of parameters, quantifiers and indices: a slot is `Var(slot.name, type)`, an effect maps
slots to trees over the state before the step, and what is forgotten (`while_`) is part of the effect. Every
engine that searches works on this form. The order of steps is canonical: actions as declared, parameters as
the interpreter counts them, then the values of block references that serve as an index.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from splitproof.checker.ground.cone import Cone
from splitproof.checker.ground.simplify import Context, Simplifier
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action
from splitproof.model.expressions import (
    FALSE,
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
)
from splitproof.model.interpreter import Step
from splitproof.model.layout import Layout, Slot
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.types import BLOCK, DATA, values_of
from splitproof.spec.properties import Kind, Property

__all__ = ["GroundProperty", "GroundStep", "Grounding"]


@dataclass(frozen=True, eq=False)
class GroundStep:
    """One way to take an action.

    `index`: its place in the canonical order. `arguments`: as in the interpreter's `Step`. `split`: the
    values of the block references (by slot) for which this is the step; its guard says so, too. The steps of
    one action and arguments exclude one another. `updates`: by slot, what it holds after the step, over the
    state before; slots not named keep their value.
    """

    index: int
    action: Action
    arguments: tuple[Any, ...]
    split: tuple[tuple[str, int], ...]
    guard: Expr
    updates: Mapping[str, Expr]
    context: Context = field(repr=False)

    @property
    def step(self) -> Step:
        """The step as the interpreter takes it."""
        return Step(self.action, self.arguments)

    def __str__(self) -> str:
        return str(self.step)


@dataclass(frozen=True, eq=False)
class GroundProperty:
    """A property over slots.

    always: `conjuncts` (one for each block if it is per block) and their conjunction `holds`; possible:
    `holds` is what is to be reached. step: `steps` maps a ground step's index to what must hold before it
    where it is taken, steps that cannot violate the property left out; `step_triggers` likewise, steps
    without a trigger left out.
    """

    property: Property
    holds: Expr
    conjuncts: tuple[Expr, ...]
    trigger: Expr
    steps: Mapping[int, Expr]
    step_triggers: Mapping[int, Expr]


class Grounding:
    """The steps of a machine with `blocks` blocks, and its properties on demand.

    `slots`: by name, in the order of the layout. `terms`: builds and simplifies trees over them. `actions`: those that
    are grounded. `cone`: what of the machine is kept; all unless given.
    """

    def __init__(self, machine: Machine, blocks: int, data_values: int = 2, cone: Cone | None = None) -> None:
        self.machine = machine
        self.blocks = blocks
        self.data_values = data_values
        self.actions = tuple(machine.actions) if cone is None else cone.actions
        self._is_slice = cone is not None
        self.layout = Layout(machine, blocks, data_values, None if cone is None else cone.leaves)
        self.slots: dict[str, Slot] = {slot.name: slot for slot in self.layout.slots}
        data = values_of(DATA, blocks, data_values)
        open_ = {_open_name(p.name): data for a in self.actions for p in a.parameters if p.type is DATA}
        self.terms = Simplifier({name: slot.values for name, slot in self.slots.items()} | open_)
        self._conditions = _Conditions(self)

    @cached_property
    def steps(self) -> tuple[GroundStep, ...]:
        """In canonical order, without those that no state allows."""
        found: list[GroundStep] = []
        for action in self.actions:
            choices = [values_of(p.type, self.blocks, self.data_values) for p in action.parameters]
            for arguments in itertools.product(*choices):
                found += self._ground(action, arguments, {}, len(found))
            if self._is_slice:
                found = _without_repetitions(found)
        return tuple(found)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Slots that may be forgotten a step late: their conditions read what is forgotten later."""
        return self._conditions.unsettled

    def steps_for_any_data(self, action: Action) -> list[GroundStep]:
        """The steps of an action with its data parameters left open: variables that are no slots."""
        choices = [
            (self.terms.var(_open_name(p.name), DATA),)
            if p.type is DATA
            else values_of(p.type, self.blocks, self.data_values)
            for p in action.parameters
        ]
        found: list[GroundStep] = []
        for arguments in itertools.product(*choices):
            found += self._ground(action, arguments, {}, len(found))
        return found

    def expression(self, node: Expr, known: Mapping[str, Any] | None = None) -> Expr:
        """A tree of the machine over slots; `known` gives values to its parameters."""
        return _Translation(self, known or {}, {}).of(node)

    def variable(self, slot: Slot, after: bool = False) -> Expr:
        """The slot as a tree; a constant if it has one value only."""
        return self.terms.var(slot.name, slot.leaf.type, after)

    # -- steps -----------------------------------------------------------------------------------------

    def _ground(
        self, action: Action, arguments: tuple[Any, ...], split: dict[str, int], index: int
    ) -> list[GroundStep]:
        """The steps of an action with these arguments and block references, numbered from `index`."""
        known = {parameter.name: value for parameter, value in zip(action.parameters, arguments, strict=True)}
        translation = _Translation(self, known, split)
        terms = self.terms
        chosen = [
            terms.literal(self._block_variable(name), frozenset((value,))) for name, value in split.items()
        ]
        clauses = [translation.of(clause.condition) for clause in action.clauses]
        guard = terms.under(terms.and_(*chosen, *clauses), terms.nothing_known)
        context = terms.assume(terms.nothing_known, guard)
        if context is not None:
            context = self._conditions.with_meaning(context)
        if context is None:
            return []
        updates = translation.updates(action)
        if translation.indices:
            return self._cases(action, arguments, split, index, translation.indices[0], context)
        updates = {name: terms.under(value, context) for name, value in updates.items()}
        self._conditions.forget(updates, context)
        kept = {
            name: value for name, value in updates.items() if not self._is_unchanged(name, value, context)
        }
        return [GroundStep(index, action, arguments, tuple(split.items()), guard, kept, context)]

    def _cases(
        self,
        action: Action,
        arguments: tuple[Any, ...],
        split: dict[str, int],
        index: int,
        by: Var,
        context: Context,
    ) -> list[GroundStep]:
        found: list[GroundStep] = []
        possible = context.domains.get(by)
        for value in range(self.blocks):
            if possible is None or value in possible:
                found += self._ground(action, arguments, {**split, by.name: value}, index + len(found))
        return found

    def _block_variable(self, name: str) -> Var:
        node = self.terms.var(name, BLOCK)
        assert isinstance(node, Var)  # a block reference with one value is never split by
        return node

    def _is_unchanged(self, name: str, value: Expr, context: Context) -> bool:
        before = self.variable(self.slots[name])
        return value is before or value is self.terms.under(before, context)

    # -- properties ------------------------------------------------------------------------------------

    def property(self, item: Property) -> GroundProperty:
        """A property over the slots.

        Raises:
            ModelError: it speaks of a variable that the machine does not have.
        """
        traced = trace_property(self.machine, item)
        cases: list[dict[str, Any]] = [{}]
        if item.per_block:
            cases = [{BLOCK_PARAMETER.name: block} for block in range(self.blocks)]
        terms, nothing = self.terms, self.terms.nothing_known
        conjuncts = tuple(terms.under(self.expression(traced.holds, case), nothing) for case in cases)
        trigger = terms.under(terms.or_(*(self.expression(traced.trigger, case) for case in cases)), nothing)
        holds = terms.and_(*conjuncts)
        if item.kind is not Kind.STEP:
            return GroundProperty(item, holds, conjuncts, trigger, {}, {})
        required = {step.index: self.over_step(step, holds) for step in self.steps}
        triggers = {step.index: self.over_step(step, trigger) for step in self.steps}
        return GroundProperty(
            item,
            holds,
            conjuncts,
            trigger,
            {index: node for index, node in required.items() if node is not TRUE},
            {index: node for index, node in triggers.items() if node is not FALSE},
        )

    def over_step(self, step: GroundStep, node: Expr) -> Expr:
        """What a tree over both states of a step says about the first, where the step can be taken."""
        terms, updates = self.terms, step.updates
        values = {
            variable: updates.get(variable.name, self.variable(self.slots[variable.name]))
            for variable in terms.free(node)
            if variable.after
        }
        return terms.under(terms.substitute(node, values), step.context)


def _without_repetitions(steps: list[GroundStep]) -> list[GroundStep]:
    """Steps that a slice leaves without a difference are one, with the arguments of the first."""
    kept: dict[Any, GroundStep] = {}
    for step in steps:
        effect = frozenset(
            (name, id(value)) for name, value in step.updates.items()
        )  # equal trees are one object
        kept.setdefault((step.action.label, id(step.guard), effect), step)
    return [replace(step, index=index) for index, step in enumerate(kept.values())]


def _open_name(parameter: str) -> str:
    """The name of a data parameter that is left open; no slot is called so."""
    return f"{parameter}?"


class _Conditions:
    """What the interpreter forgets after each step, as a part of the step's effect.

    A rule is a slot, its condition, the names that the condition reads, whether it settles, and the slot's
    default. A condition on what is forgotten only later may fail when that is gone, at the next step; it does
    not settle.
    """

    def __init__(self, grounding: Grounding) -> None:
        self._grounding = grounding
        terms = grounding.terms
        layout = grounding.layout
        conditional = {slot.name: place for place, (slot, _) in enumerate(layout.conditions)}
        self._rules = []
        for place, (slot, condition) in enumerate(layout.conditions):
            node = grounding.expression(condition, {} if slot.block is None else {"b": slot.block})
            node = terms.under(node, terms.nothing_known)
            reads = frozenset(variable.name for variable in terms.free(node))
            settles = all(conditional.get(name, -1) < place for name in reads)
            default = terms.const(layout.default(slot), slot.leaf.type)
            self._rules.append((slot, node, reads, settles, default))

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The slots whose conditions do not settle."""
        return tuple(slot.name for slot, _, _, settles, _ in self._rules if not settles)

    def with_meaning(self, context: Context) -> Context | None:
        """The context and what follows where nothing is left to be forgotten; None if that cannot be.

        A slot means something if it does not hold its default, and holds its default if it means nothing.
        """
        terms = self._grounding.terms
        known: Context | None = context
        changed = True
        while known is not None and changed:
            before = known
            for slot, condition, _, settles, default in self._rules:
                variable = self._grounding.variable(slot)
                if known is None or not settles or not isinstance(variable, Var):
                    continue
                is_default = terms.eq(variable, default)
                if terms.under(condition, known) is FALSE:
                    known = terms.assume(known, is_default)
                elif terms.under(is_default, known) is FALSE:
                    known = terms.assume(known, condition)
            changed = known is not None and known.domains != before.domains
        return known

    def forget(self, updates: dict[str, Expr], context: Context) -> None:
        """Extend a step's updates."""
        terms = self._grounding.terms
        for slot, condition, reads, settles, default in self._rules:
            if settles and slot.name not in updates and reads.isdisjoint(updates):
                continue
            values = {variable: updates.get(variable.name, variable) for variable in terms.free(condition)}
            holds = terms.under(terms.substitute(condition, values), context)
            current = updates.get(slot.name, self._grounding.variable(slot))
            updates[slot.name] = terms.under(terms.ite(holds, current, default), context)


class _Translation:
    """From trees of a machine to trees over slots, for given values of parameters and of block references.

    `indices`: the block references met in an index whose value is not given, first one first.
    """

    def __init__(self, grounding: Grounding, known: Mapping[str, Any], split: Mapping[str, int]) -> None:
        self._grounding = grounding
        self._terms = grounding.terms
        self._blocks = range(grounding.blocks)
        self._known = dict(known)
        self._split = split
        self._position = grounding.layout.position
        self._slots = grounding.layout.slots
        self.indices: list[Var] = []

    def of(self, node: Expr) -> Expr:
        terms = self._terms
        match node:
            case Const(value, type_):
                return terms.const(value, type_)
            case Var(name, _, after):
                return self._slot(name, None, after)
            case Param(name, type_):
                value = self._known[name]
                return value if isinstance(value, Expr) else terms.const(value, type_)
            case At(name, index, _, after):
                return self._at(name, self._index(index), after)
            case Member(chosen, block):
                assert isinstance(chosen, Param)  # a set of blocks is a parameter
                return terms.or_(
                    *(terms.eq(self.of(block), terms.const(b, BLOCK)) for b in self._members(chosen))
                )
            case Not(operand):
                return terms.not_(self.of(operand))
            case And(operands):
                return terms.and_(*map(self.of, operands))
            case Or(operands):
                return terms.or_(*map(self.of, operands))
            case Every(bound, body):
                return terms.and_(*self._for_each_block(bound, body))
            case Some(bound, body):
                return terms.or_(*self._for_each_block(bound, body))
            case Eq(left, right):
                return terms.eq(self.of(left), self.of(right))
            case Less(left, right):
                return terms.less(self.of(left), self.of(right))
            case Plus(left, right, sign):
                return terms.plus(self.of(left), self.of(right), sign)
            case Ite(condition, yes, no):
                return terms.ite(self.of(condition), self.of(yes), self.of(no))
            case _:
                raise TypeError(type(node))

    def updates(self, action: Action) -> dict[str, Expr]:
        """What the action writes, by slot, before anything is forgotten."""
        written: dict[str, Expr] = {}
        for update in action.updates:
            if update.name not in self._grounding.layout.leaves:
                continue
            if update.bound is not None:
                values = self._for_each_block(update.bound, update.value)
                written |= {f"{update.name}[{block}]": value for block, value in enumerate(values)}
            elif update.index is None:
                written[update.name] = self.of(update.value)
            else:
                written |= self._at_index(update.name, self._index(update.index), self.of(update.value))
        return written

    def _at_index(self, name: str, index: Expr, value: Expr) -> dict[str, Expr]:
        if isinstance(index, Const):
            return {f"{name}[{index.value}]": value}
        terms = self._terms
        return {
            f"{name}[{block}]": terms.ite(
                terms.eq(index, terms.const(block, BLOCK)), value, self._slot(name, block, after=False)
            )
            for block in self._blocks
        }

    def _index(self, index: Expr) -> Expr:
        node = self.of(index)
        self._collect(node)
        return node

    def _collect(self, node: Expr) -> None:
        match node:
            case Var():
                self.indices.append(node)
            case Ite(_, yes, no):
                self._collect(yes)
                self._collect(no)

    def _at(self, name: str, index: Expr, after: bool) -> Expr:
        if isinstance(index, Const):
            return self._slot(name, index.value, after)
        if isinstance(index, Ite):
            return self._terms.ite(
                index.condition, self._at(name, index.yes, after), self._at(name, index.no, after)
            )
        found = self._slot(name, self._blocks[-1], after)
        for block in reversed(self._blocks[:-1]):
            is_here = self._terms.eq(index, self._terms.const(block, BLOCK))
            found = self._terms.ite(is_here, self._slot(name, block, after), found)
        return found

    def _slot(self, name: str, block: int | None, after: bool) -> Expr:
        slot = self._slots[self._position[name, block]]
        value = None if after else self._split.get(slot.name)
        if value is not None:
            return self._terms.const(value, BLOCK)
        return self._grounding.variable(slot, after)

    def _members(self, chosen: Param) -> Iterator[int]:
        return (block for block in self._blocks if block in self._known[chosen.name])

    def _for_each_block(self, bound: Param, body: Expr) -> list[Expr]:
        found = []
        for block in self._blocks:
            self._known[bound.name] = block
            found.append(self.of(body))
        del self._known[bound.name]  # names of bound blocks are fresh: nothing was shadowed
        return found
