"""The reference interpreter: takes steps by evaluating the tree, for replay and for comparison with engines.

Slow and plain on purpose. It imports no engine and no code generator.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from splitproof.model.declarations import Action, TracedProperty
from splitproof.model.errors import ModelError
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import Expr, show
from splitproof.model.layout import Layout, Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.records import ANY
from splitproof.spec.properties import Property

__all__ = ["INITIAL_CHOICES_MAX", "Interpreter", "Step"]

INITIAL_CHOICES_MAX = 1 << 24
"""Choices of what a machine may start with; an engine lists the states that they make before it searches."""


@dataclass(frozen=True)
class Step:
    """An action with a value for each of its parameters: a block is its index, data 0 or 1, a set a
    frozenset.
    """

    action: Action
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.action.label}({', '.join(map(str, self.arguments))})"


class Interpreter:
    """A machine with a number of blocks, run step by step. `layout`: its whole one, where that is known already."""

    def __init__(self, machine: Machine, blocks: int, layout: Layout | None = None) -> None:
        self.machine = machine
        self.blocks = blocks
        self.layout = Layout(machine, blocks) if layout is None else layout

    def initial_states(self) -> Iterator[Valuation]:
        """Every initial state once, in a fixed order.

        Raises:
            ModelError: there is none, or there are more than `INITIAL_CHOICES_MAX` to choose them from.
        """
        choices = []
        for slot in self.layout.slots:
            initial = slot.leaf.initial
            if initial is ANY:
                choices.append(slot.values)
            else:
                choices.append((self.layout.default(slot) if initial is None else initial,))
        number = math.prod(map(len, choices))
        if number > INITIAL_CHOICES_MAX:
            raise ModelError(
                f"{self.machine.name} has {number:,} choices of what it may start with at this number of blocks, more "
                f"than can be listed; accepted are {INITIAL_CHOICES_MAX:,}: give initial=ANY to fewer variables, or "
                "take fewer blocks",
                "",
            )
        seen = set()
        constraint = self.machine.constraint
        for values in itertools.product(*choices):
            state = self._forget(values)
            if state not in seen and self.value(constraint, state):
                seen.add(state)
                yield state
        if not seen:
            raise self._nowhere_to_start(map(self._forget, itertools.product(*choices)))

    def _nowhere_to_start(self, states: Iterator[Valuation]) -> ModelError:
        """Which condition leaves no initial state of those that the ones before it leave."""
        left = list(states)
        for condition, where in self.machine.constraints:
            left = [state for state in left if self.value(condition, state)]
            if not left:
                return ModelError(
                    f"{self.machine.name} has no initial state (blocks={self.blocks}): initially({show(condition)}) "
                    "excludes every state that the initial values and the conditions before it leave",
                    where,
                )
        raise AssertionError("each condition is satisfied by the states that satisfy all")

    def steps(self) -> Iterator[Step]:
        """Every action with every choice of parameters, in the order of declaration."""
        for action in self.machine.actions:
            for arguments in itertools.product(*(p.type.values(self.blocks) for p in action.parameters)):
                yield Step(action, arguments)

    def enabled(self, state: Valuation) -> Iterator[Step]:
        """The steps that can be taken."""
        return (step for step in self.steps() if self.can_take(state, step))

    def can_take(self, state: Valuation, step: Step) -> bool:
        """Whether every clause of the step's guard holds."""
        known = self._arguments(step)
        return all(self.value(clause.condition, state, known) for clause in step.action.clauses)

    def take(self, state: Valuation, step: Step) -> Valuation:
        """The state after the step.

        Raises:
            ValueError: a clause of its guard does not hold (the message quotes it), or an argument has no
            such value.
        """
        known = self._arguments(step)
        for clause in step.action.clauses:
            if not self.value(clause.condition, state, known):
                raise ValueError(f"{step} cannot be taken: {clause.where}: {clause.text} does not hold")
        after = list(state)
        for update in step.action.updates:
            if update.bound is not None:
                for block in range(self.blocks):
                    value = self.value(update.value, state, {**known, update.bound.name: block})
                    after[self.layout.position[update.name, block]] = value
            else:
                index = None if update.index is None else self.value(update.index, state, known)
                after[self.layout.position[update.name, index]] = self.value(update.value, state, known)
        return self._forget(tuple(after))

    def value(
        self,
        node: Expr,
        state: Valuation,
        known: dict[str, Any] | None = None,
        after: Valuation | None = None,
    ) -> Any:
        """The value of a tree in a state, or over a step if `after` is given."""
        position = self.layout.position

        def lookup(name: str, block: int | None, is_after: bool) -> Any:
            if not is_after:
                return state[position[name, block]]
            if after is None:
                raise ValueError(f"{name} after the step is asked for in a state")
            return after[position[name, block]]

        return evaluate(node, lookup, self.blocks, known or {})

    def holds(self, traced: TracedProperty, state: Valuation, after: Valuation | None = None) -> bool:
        """Whether a property of kind always (or step, with `after`) holds here, for every block."""
        return bool(self.value(traced.for_all_blocks, state, after=after))

    def traced(self, item: Property) -> TracedProperty:
        """The property over this machine's variables."""
        return trace_property(self.machine, item)

    def _arguments(self, step: Step) -> dict[str, Any]:
        known = {p.name: value for p, value in zip(step.action.parameters, step.arguments, strict=True)}
        for parameter in step.action.parameters:
            if known[parameter.name] not in parameter.type.values(self.blocks):
                raise ValueError(
                    f"{step}: {parameter.name} is a {parameter.type.name}, which has no value "
                    f"{known[parameter.name]} with {self.blocks} blocks"
                )
        return known

    def _forget(self, state: Valuation) -> Valuation:
        values = list(state)
        for slot, condition in self.layout.conditions:
            if not self.value(condition, tuple(values), _block_of(slot)):
                values[slot.position] = self.layout.default(slot)
        return tuple(values)


def _block_of(slot: Slot) -> dict[str, Any]:
    return {} if slot.block is None else {"b": slot.block}
