"""Counterexamples: runs from an initial state, replayed by the reference interpreter before they are shown."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Layout, Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.properties import TracedProperty
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, Type
from splitproof.spec.properties import Kind, Property
from splitproof.spec.vocabulary import StepKind

__all__ = ["ReplayError", "Trace", "TraceStep", "replay", "show_value"]


class ReplayError(Exception):
    """The interpreter does not confirm a trace: an engine, or the file it was read from, is wrong."""


@dataclass(frozen=True)
class TraceStep:
    """One step: what was taken, and the state after it."""

    step: Step
    after: Valuation

    @property
    def action(self) -> str:
        return self.step.action.name

    @property
    def is_message(self) -> bool:
        return self.step.action.kind is StepKind.MESSAGE


@dataclass(frozen=True)
class Trace:
    """A run of a machine: an initial state and steps, each with the state after it. `blocks` as grounded."""

    machine: Machine
    blocks: int
    initial: Valuation
    steps: tuple[TraceStep, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(step.action for step in self.steps)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.machine, self.blocks)

    @property
    def last(self) -> Valuation:
        return self.steps[-1].after if self.steps else self.initial

    def before(self, index: int) -> Valuation:
        """The state before step `index` (from 0)."""
        return self.steps[index - 1].after if index else self.initial

    def changes(self, index: int) -> list[tuple[Slot, Any, Any]]:
        """The slots that step `index` changes, with their values before and after."""
        before, after = self.before(index), self.steps[index].after
        return [
            (slot, before[slot.position], after[slot.position])
            for slot in self.layout.slots
            if before[slot.position] != after[slot.position]
        ]


def replay(
    machine: Machine, blocks: int, initial: Valuation, steps: Sequence[Step], violated: Property | None = None
) -> Trace:
    """Take the steps with the reference interpreter.

    `violated`: the property that the run must violate in its last state or step; for `possible`, its trigger must
    hold in the last state.

    Raises:
        ReplayError: the first state is not initial, a step cannot be taken, or the property is not violated.
    """
    interpreter = Interpreter(machine, blocks)
    if initial not in set(interpreter.initial_states()):
        raise ReplayError(f"the first state of the trace is no initial state of {machine.name}")
    state, taken = initial, []
    for number, step in enumerate(steps, 1):
        try:
            state = interpreter.take(state, step)
        except ValueError as error:
            raise ReplayError(f"step {number} of {len(steps)}: {error}") from error
        taken.append(TraceStep(step, state))
    trace = Trace(machine, blocks, initial, tuple(taken))
    if violated is not None:
        _confirm(interpreter, interpreter.traced(violated), trace)
    return trace


def _confirm(interpreter: Interpreter, traced: TracedProperty, trace: Trace) -> None:
    item = traced.property
    if item.kind is Kind.POSSIBLE:
        confirmed = bool(interpreter.value(traced.trigger, trace.last)) and not interpreter.value(
            traced.holds, trace.last
        )
    elif item.kind is Kind.COUNT:
        confirmed = _is_miscounted(interpreter, traced, trace)
    elif item.kind is Kind.STEP:
        confirmed = bool(trace.steps) and not interpreter.holds(
            traced, trace.before(len(trace.steps) - 1), trace.last
        )
    else:
        confirmed = not interpreter.holds(traced, trace.last)
    if not confirmed:
        raise ReplayError(
            f"the interpreter does not see {item.id} violated at the end of the trace of {trace.machine.name}"
        )


def _is_miscounted(interpreter: Interpreter, traced: TracedProperty, trace: Trace) -> bool:
    """Whether the last step makes the count too high, or ends it too low."""
    item, total, is_during = traced.property, 0, bool(interpreter.value(traced.holds, trace.initial))
    was_during = is_during
    for taken in trace.steps:
        was_during, is_during = is_during, bool(interpreter.value(traced.holds, taken.after))
        total = (total if was_during else 0) + (item.event in taken.step.action.counts)
    too_many = item.at_most is not None and total > item.at_most
    return (was_during or is_during) and (too_many or (not is_during and total < item.at_least))


def show_value(value: Any, type_: Type) -> str:
    """A value as stories print it: data is a or b, truth is yes or no."""
    if type_ is DATA:
        return "ab"[value] if value < len("ab") else str(value)
    if type_ is BLOCK:
        return f"block {value}"
    if type_ is BLOCK_SET:
        return "{" + ", ".join(map(str, sorted(value))) + "}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return value.name.lower().replace("_", " ")
    return str(value)
