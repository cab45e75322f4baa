"""Who wrote what each step reads: the flow of data and of decisions through a trace.

Everything is read off the expression trees of the actions with the reference evaluation: while a guard or a new value
is evaluated, the slots that it looks at are recorded. Data can only be copied, so each data value has one *version*:
the host write (or other parameter) that brought it in, or the place that held it at the start. Two values that are
equal by chance are told apart by their versions; races hide behind equal values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from splitproof.checker.counterexamples.traces import Trace
from splitproof.model.cells import Cell
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import And, At, Eq, Every, Expr, Ite, Param, Var
from splitproof.model.layout import Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.tracing import Update
from splitproof.model.types import DATA

__all__ = ["DataFlow", "StepFlow", "Version", "Write", "is_channel", "is_memory"]


@dataclass(frozen=True)
class Version:
    """Where a data value comes from: `w3` is the third value brought in, `step` (from 0) brought it.

    What was there at the start is named for its place, and has the block of it.
    """

    name: str
    step: int | None
    block: int | None = None


@dataclass(frozen=True)
class Write:
    """A slot written in a step.

    `copied`: the slot that its data was copied from. `looked_at`: the slots that decided which value it got.
    `parameter`: the parameter of the step that brought its data in.
    """

    slot: int
    copied: int | None
    looked_at: tuple[int, ...]
    parameter: str | None = None


@dataclass(frozen=True)
class StepFlow:
    """What one step looks at in its guard, and what it writes. Slots are positions in the layout."""

    guard: tuple[int, ...]
    writes: tuple[Write, ...]

    @property
    def decided_by(self) -> tuple[int, ...]:
        """The slots that decided whether the step could be taken and what it did, copied data left out."""
        return tuple(
            dict.fromkeys([*self.guard, *(slot for write in self.writes for slot in write.looked_at)])
        )

    def write_of(self, slot: int) -> Write | None:
        """How the step writes a slot; None if it does not."""
        return next((write for write in self.writes if write.slot == slot), None)


def is_channel(cell: Cell) -> bool:
    """Whether the cell holds messages from one processor to another."""
    return cell.owner is None and cell.numeral is None and cell.writers is not None and len(cell.writers) == 2


def is_memory(cell: Cell) -> bool:
    """Whether several processors may touch the cell, and it is no channel."""
    return cell.owner is None and not cell.is_ghost and not is_channel(cell)


class DataFlow:
    """The flow through a trace. Steps count from 0; state `t` is the one before step `t`, the last one after all.

    `steps`: what each step looks at and writes. `writers`: for each state, the step that wrote each slot last (None:
    nobody did). `versions`: for each state, the version in each data slot; slots without data are left out.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.slots: tuple[Slot, ...] = trace.layout.slots
        self.steps = tuple(self._step(index) for index in range(len(trace.steps)))
        self.writers = tuple(self._writers())
        self.versions = tuple(self._versions())

    def is_data(self, slot: int) -> bool:
        return self.slots[slot].leaf.type is DATA

    def cell(self, slot: int) -> Cell:
        return self.slots[slot].leaf.cell

    def writer(self, slot: int, state: int) -> int | None:
        """The step that wrote what the slot holds in the state."""
        return self.writers[state][slot]

    def hops(self, slot: int, state: int) -> list[tuple[int, int, int | None]]:
        """How the data in a slot came there, last hop first: (step, slot written, slot copied from)."""
        found = []
        place: int | None = slot
        while place is not None and (step := self.writer(place, state)) is not None:
            write = self.steps[step].write_of(place)
            assert write is not None
            found.append((step, place, write.copied))
            place, state = write.copied, step
        return found

    def deciding(self, step: int) -> list[int]:
        """The steps of the same processor, the step itself included, that looked at shared memory for it.

        They are found through the processor's own memory, backwards as far as the first step of each way that looked
        at shared memory: what came before explains how the processor got there, not why it went on.
        """
        found, seen, waiting = [], {step}, [step]
        while waiting:
            index = waiting.pop()
            decided_by = self.steps[index].decided_by
            if self.looked_at(index):
                found.append(index)
                if index != step:
                    continue
            own = [slot for slot in decided_by if self.cell(slot).owner is not None]
            for slot in own:
                before = self.writer(slot, index)
                if before is not None and before not in seen and not self.trace.steps[before].is_message:
                    seen.add(before)
                    waiting.append(before)
        return sorted(found)

    def brings_in(self, step: int) -> bool:
        """Whether the step brings in data, as a parameter."""
        return any(parameter.type is DATA for parameter in self.trace.steps[step].step.action.parameters)

    def source(
        self, node: Expr, state: Valuation, known: Mapping[str, Any], after: Valuation | None = None
    ) -> int | None:
        """The slot whose data a tree yields in a state; None for what is no data of the state."""
        origin = _Looking(self.trace, state, after).origin(node, known)
        return origin if isinstance(origin, int) else None

    def slots_in(
        self, node: Expr, state: Valuation, known: Mapping[str, Any], after: Valuation | None = None
    ) -> tuple[int, ...]:
        """The slots that are looked at while a tree is evaluated in a state, in that order."""
        looking = _Looking(self.trace, state, after)
        looking.value(node, known)
        return looking.seen

    def holds(self, node: Expr, state: int, after: int | None = None) -> bool:
        """Whether a closed tree holds in a state (over two, with `after`) whatever data the versions are."""

        def lookup(name: str, block: int | None, is_after: bool) -> Any:
            where = state if after is None or not is_after else after
            place = self.trace.layout.position[name, block]
            if self.is_data(place) and place in self.versions[where]:
                return self.versions[where][place]
            return self.trace.states[where][place]

        return bool(evaluate(node, lookup, self.trace.blocks))

    def looked_at(self, step: int) -> list[int]:
        """The slots of shared memory, data left out, that decided about a step."""
        return [
            slot
            for slot in self.steps[step].decided_by
            if is_memory(self.cell(slot)) and not self.is_data(slot)
        ]

    def slice_of(self, slot: int, state: int) -> list[int]:
        """Why the slot holds what it holds in the state: the steps of its causal chain, in order.

        The steps that moved its data; for each of them the steps that decided about it; and whoever wrote what those
        looked at.
        """
        last = self.writer(slot, state)
        if last is None:
            return []
        moved = {step for step, _, _ in self.hops(slot, state)} if self.is_data(slot) else {last}
        found = set(moved)
        for step in moved:
            if self.is_data(slot) and self.brings_in(step):
                continue
            for index in self.deciding(step):
                found.add(index)
                writers = (self.writer(looked, index) for looked in self.looked_at(index))
                found |= {before for before in writers if before is not None}
        return sorted(found)

    # -- how it is found

    def _step(self, index: int) -> StepFlow:
        step, state = self.trace.steps[index].step, self.trace.before(index)
        known = {p.name: v for p, v in zip(step.action.parameters, step.arguments, strict=True)}
        looking = _Looking(self.trace, state)
        for clause in step.action.clauses:
            looking.value(clause.condition, known)
        changed = {slot.position for slot, _, _ in self.trace.changes(index)}
        writes = [
            write
            for update in step.action.updates
            for write in self._written(update, state, known)
            if (write.copied != write.slot if self.is_data(write.slot) else write.slot in changed)
        ]
        written = {write.slot for write in writes}
        writes += [Write(slot, None, ()) for slot in sorted(changed - written)]  # what is forgotten
        return StepFlow(looking.seen, tuple(writes))

    def _written(self, update: Update, state: Valuation, known: Mapping[str, Any]) -> Iterator[Write]:
        for each in range(self.trace.blocks) if update.bound is not None else (None,):
            given = known if update.bound is None else {**known, update.bound.name: each}
            looking = _Looking(self.trace, state)
            block = each if update.index is None else looking.value(update.index, given)
            origin = looking.origin(update.value, given)
            yield Write(
                self.trace.layout.position[update.name, block],
                origin if isinstance(origin, int) else None,
                looking.seen,
                origin if isinstance(origin, str) else None,
            )

    def _writers(self) -> Iterator[tuple[int | None, ...]]:
        writers: list[int | None] = [None] * len(self.slots)
        yield tuple(writers)
        for index, flow in enumerate(self.steps):
            for write in flow.writes:
                writers[write.slot] = index
            yield tuple(writers)

    def _versions(self) -> Iterator[dict[int, Version]]:
        """Carried along; what means nothing in a state (its `while_` does not hold) has none."""
        names = _initial_names(self.trace.machine)
        held = {
            slot.position: Version(f"initial {names.get(slot.leaf.name, _words(slot))}", None, slot.block)
            for slot in self.slots
            if slot.leaf.type is DATA
        }
        yield self._present(held, self.trace.initial)
        brought_in = 0
        for index, flow in enumerate(self.steps):
            data = [write for write in flow.writes if self.is_data(write.slot)]
            given = [p.name for p in self.trace.steps[index].step.action.parameters if p.type is DATA]
            brought_in += bool(given)
            before = dict(held)
            for write in data:
                if write.copied is not None:
                    held[write.slot] = before[write.copied]
                else:
                    name = f"w{brought_in}" + (f" {write.parameter}" if len(given) > 1 else "")
                    held[write.slot] = Version(name, index)
            yield self._present(held, self.trace.steps[index].after)

    def _present(self, held: Mapping[int, Version], state: Valuation) -> dict[int, Version]:
        absent = {
            slot.position
            for slot, condition in self.trace.layout.conditions
            if slot.leaf.type is DATA and not _Looking(self.trace, state).value(condition, _own_block(slot))
        }
        return {slot: version for slot, version in held.items() if slot not in absent}


class _Looking:
    """Evaluates trees in a state, and remembers the slots that were looked at."""

    def __init__(self, trace: Trace, state: Valuation, after: Valuation | None = None) -> None:
        self._trace, self._state, self._after = trace, state, after
        self._seen: dict[int, None] = {}

    @property
    def seen(self) -> tuple[int, ...]:
        return tuple(self._seen)

    def value(self, node: Expr, known: Mapping[str, Any]) -> Any:
        return evaluate(node, self._lookup, self._trace.blocks, known)

    def origin(self, node: Expr, known: Mapping[str, Any]) -> int | str | None:
        """The slot, or the parameter, whose data the tree yields; None for what is no data."""
        if node.type is not DATA:
            self.value(node, known)
            return None
        match node:
            case Ite(condition, yes, no):
                return self.origin(yes if self.value(condition, known) else no, known)
            case At(name, index):
                return self._trace.layout.position[name, self.value(index, known)]
            case Var(name):
                return self._trace.layout.position[name, None]
            case Param(name):
                return name
            case _:
                return None

    def _lookup(self, name: str, block: int | None, after: bool) -> Any:
        place = self._trace.layout.position[name, block]
        self._seen[place] = None
        if not after:
            return self._state[place]
        assert self._after is not None, "only a property of steps looks at the state after"
        return self._after[place]


def _own_block(slot: Slot) -> dict[str, Any]:
    return {} if slot.block is None else {"b": slot.block}


def _words(slot: Slot) -> str:
    return slot.leaf.name.removesuffix(".data").replace("_", " ").replace(".", " ")


def _initial_names(machine: Machine) -> dict[str, str]:
    """For what starts as another variable does (`initially(... == ...)`), the words for that one; ghosts go first."""
    found, waiting = {}, [machine.constraint]
    while waiting:
        match waiting.pop():
            case And(operands):
                waiting += operands
            case Every(_, body):
                waiting.append(body)
            case Eq(At(left, Param()), At(right, Param())) if machine.leaves[left].type is DATA:
                is_turned = machine.leaves[right].is_ghost and not machine.leaves[left].is_ghost
                copy, other = (right, left) if is_turned else (left, right)
                found[copy] = other.removesuffix(".data").replace("_", " ").replace(".", " ")
            case _:
                pass
    return found
