"""Counterexamples: runs from an initial state, replayed by the reference interpreter before they are shown.

A run that goes on for ever is a *lasso*: its steps from `loop` on are repeated without end.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import TracedProperty
from splitproof.model.fairness import Promise, promises_of
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Layout, Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, Type
from splitproof.spec.properties import Kind, Property
from splitproof.spec.vocabulary import StepKind

__all__ = ["ReplayError", "Trace", "TraceStep", "passed_over", "replay", "show_value"]


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
    """A run of a machine: an initial state and steps, each with the state after it.

    `blocks` as grounded. `loop`: of a run that goes on for ever, how many steps come before those that are repeated; if
    all do, it stays in its last state. None for other runs. `interpreter`: what took the steps.
    """

    machine: Machine
    blocks: int
    initial: Valuation
    steps: tuple[TraceStep, ...]
    loop: int | None
    interpreter: Interpreter = field(compare=False, repr=False)

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(step.action for step in self.steps)

    @property
    def layout(self) -> Layout:
        return self.interpreter.layout

    @property
    def last(self) -> Valuation:
        return self.steps[-1].after if self.steps else self.initial

    @cached_property
    def states(self) -> tuple[Valuation, ...]:
        """All states on it, one more than it has steps."""
        return (self.initial, *(step.after for step in self.steps))

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
    machine: Machine,
    blocks: int,
    initial: Valuation,
    steps: Sequence[Step],
    violated: Property | None = None,
    loop: int | None = None,
) -> Trace:
    """Take the steps with the reference interpreter.

    `violated`: the property that the run must violate in its last state or step; for `possible`, its trigger must
    hold in the last state; for `leads to`, the run must be a fair lasso on which the goal never follows the trigger.
    `loop`: see `Trace`.

    Raises:
        ReplayError: the first state is not initial, a step cannot be taken, the property is not violated, or what is
            repeated does not come back to where it began, or is not fair.
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
    trace = Trace(machine, blocks, initial, tuple(taken), loop, interpreter)
    if loop is not None:
        _confirm_lasso(interpreter, trace, loop)
    if violated is not None:
        _confirm(interpreter, interpreter.traced(violated), trace)
    return trace


def _confirm(interpreter: Interpreter, traced: TracedProperty, trace: Trace) -> None:
    item = traced.property
    if (item.kind is Kind.LEADS_TO) != (trace.loop is not None):
        wanted = "one that repeats steps for ever" if trace.loop is None else "one that ends"
        raise ReplayError(f"{item.id} is violated by no run of this form, but by {wanted}")
    if item.kind is Kind.POSSIBLE:
        confirmed = bool(interpreter.value(traced.trigger, trace.last)) and not interpreter.value(
            traced.holds, trace.last
        )
    elif item.kind is Kind.LEADS_TO:
        cases = [{BLOCK_PARAMETER.name: b} for b in range(trace.blocks)] if item.per_block else [{}]
        confirmed = any(_never_follows(interpreter, traced, trace, case) for case in cases)
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


def _never_follows(
    interpreter: Interpreter, traced: TracedProperty, trace: Trace, block: dict[str, Any]
) -> bool:
    """Whether the trigger holds in some state, and the goal neither there nor in any state that comes later."""
    assert trace.loop is not None
    reached = [bool(interpreter.value(traced.holds, state, block)) for state in trace.states]
    return any(
        bool(interpreter.value(traced.trigger, state, block)) and not any(reached[min(place, trace.loop) :])
        for place, state in enumerate(trace.states)
    )


def _confirm_lasso(interpreter: Interpreter, trace: Trace, loop: int) -> None:
    if not 0 <= loop <= len(trace.steps):
        raise ReplayError(f"steps are repeated from {loop} on, in a trace of {len(trace.steps)}")
    if trace.states[loop] != trace.last:
        raise ReplayError(
            "the steps that are repeated for ever do not come back to the state where they begin"
        )
    for promise, due, of in _broken(interpreter, trace, loop):
        if promise.is_strong or due == of:
            when = "all the time" if due == of else "again and again"
            raise ReplayError(f"the cycle is not fair: {promise} can be taken {when}, and never is")


def passed_over(trace: Trace) -> list[str]:
    """The weakly fair steps that can be taken in some states of the cycle, not in others, and never are."""
    assert trace.loop is not None
    return [str(promise) for promise, _, _ in _broken(trace.interpreter, trace, trace.loop)]


def _broken(interpreter: Interpreter, trace: Trace, loop: int) -> list[tuple[Promise, int, int]]:
    """The promises never kept in the cycle that are due in some of its states: in how many, of how many."""
    states = trace.states[loop:-1] or (trace.last,)
    promises = promises_of(trace.machine, trace.blocks)
    steps = [[step for step in interpreter.steps() if promise.covers(step)] for promise in promises]
    taken = [
        trace.steps[index].step
        for index in range(loop, len(trace.steps))
        if trace.steps[index].after != trace.before(index)
    ]
    found = []
    for promise, ways in zip(promises, steps, strict=True):
        if any(promise.covers(step) for step in taken):
            continue
        due = sum(any(_changes(interpreter, state, step) for step in ways) for state in states)
        if due:
            found.append((promise, due, len(states)))
    return found


def _changes(interpreter: Interpreter, state: Valuation, step: Step) -> bool:
    """Whether the step can be taken and leads to another state."""
    return interpreter.can_take(state, step) and interpreter.take(state, step) != state


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
