"""What the counterexample page shows, as one JSON object; the page computes nothing of its own.

Steps and states count from 0: state `t` is the one before step `t`. A value is `[shown, version]`: `shown` is null for
what is not there, `version` null for what is no data.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from splitproof.checker.counterexamples.blame import Blame, blame
from splitproof.checker.counterexamples.dataflow import DataFlow, is_channel
from splitproof.checker.counterexamples.nearest import Passing, nearest_passing
from splitproof.checker.counterexamples.shortening import shortened
from splitproof.checker.counterexamples.stories import presences
from splitproof.checker.counterexamples.traces import Trace, show_value
from splitproof.model.cells import Cell
from splitproof.model.declarations import Leaf
from splitproof.model.interpreter import Step
from splitproof.model.layout import Slot
from splitproof.model.types import BLOCK, BLOCK_SET, DATA
from splitproof.spec.properties import Property
from splitproof.spec.vocabulary import COMPONENTS, Processor

__all__ = ["explored"]


def explored(trace: Trace, violated: Property, source: str) -> dict[str, Any]:
    """The JSON object of a page. `source`: the design as the command line names it.

    A very long run is `shortened`: then a row may stand for many steps.
    """
    flow = DataFlow(trace)
    found = blame(flow, violated)
    passing = nearest_passing(trace, violated)
    shown = _Shown(flow, found)
    ticks = _ticks(trace, found, passing)
    page = {
        "property": {"id": violated.id, "statement": violated.statement, "cites": list(violated.cites)},
        "design": source,
        "blocks": trace.blocks,
        "sentence": found.sentence,
        "clause": found.clause,
        "block": found.block,
        "command": f"splitproof check {shlex.quote(source)} --blocks {trace.blocks} --property {violated.id}",
        "lanes": shown.lanes(),
        "columns": shown.columns(),
        "slots": shown.slots(),
        "start": shown.values(0),
        "length": len(trace.steps),
        "folded": 0,
        "steps": [shown.step(index) for index in range(len(trace.steps))],
        "arrows": list(shown.arrows()),
        "ticks": ticks,
        "opens": ticks["divergence"],
        "pair": list(found.pair or ()),
        "roles": _roles(found),
        "wrong": [shown.index[slot] for slot in found.wrong if slot in shown.index],
        "wanted": shown.index.get(found.wanted) if found.wanted is not None else None,
        "loop": trace.loop,
        "ends": shown.ends(),
        "passing": _passing(found, passing),
    }
    return shortened(page)


def _roles(found: Blame) -> dict[str, int]:
    """What the guilty steps are guilty of."""
    roles = {"read": found.reader, "made": found.maker, "lost": found.lost_by, "ended": found.ended_by}
    if found.check is not None:
        roles |= {"check": found.check.step, "change": found.check.changed_by}
    return {name: step for name, step in roles.items() if step is not None}


def _ticks(trace: Trace, found: Blame, passing: Passing | None) -> dict[str, Any]:
    """States worth a tick on the slider: after the split, at the first divergence, at the violation."""
    splits = [index + 1 for index, step in enumerate(trace.steps) if step.action == "split"]
    violation = len(trace.steps)
    if passing is not None and passing.shared < violation:
        divergence = passing.shared + 1
    elif trace.loop is not None:
        divergence = trace.loop
    else:
        divergence = violation if found.reader is None else found.reader + 1
    return {"split": splits, "divergence": divergence, "violation": violation}


class _Shown:
    """The slots that are shown and the steps, each in the words of the page.

    `index`: from a slot's position to its place in the list of slots that are shown.
    """

    def __init__(self, flow: DataFlow, found: Blame) -> None:
        self._flow, self._found, self._trace = flow, found, flow.trace
        hidden = set(presences(flow.trace.machine).values())
        slots = [s for s in flow.slots if s.leaf.name not in hidden and not is_channel(s.leaf.cell)]
        self._slots = sorted(slots, key=lambda slot: (slot.block is not None, self._rank(slot.leaf)))
        self._columns = list(dict.fromkeys(slot.leaf.name for slot in self._slots))
        self.index = {slot.position: place for place, slot in enumerate(self._slots)}
        self._lanes = _lanes(flow.trace)
        self._core = self._core_steps()

    def lanes(self) -> list[dict[str, Any]]:
        return [
            {
                "id": str(getattr(lane, "numeral", None) or lane.name),
                "name": str(lane),
                "acts": acts,
                "meaning": meaning,
            }
            for lane, acts, meaning in self._lanes
        ]

    def columns(self) -> list[dict[str, Any]]:
        leaves = self._trace.machine.leaves
        return [
            {
                "name": name,
                "title": _title(leaves[name]),
                "cell": "ghost" if leaves[name].is_ghost else str(leaves[name].cell),
                "meaning": leaves[name].meaning,
                "per_block": leaves[name].per_block,
                "data": leaves[name].type is DATA,
            }
            for name in self._columns
        ]

    def slots(self) -> list[list[Any]]:
        """Name, column and block of each."""
        return [[slot.name, self._columns.index(slot.leaf.name), slot.block] for slot in self._slots]

    def values(self, state: int) -> list[list[Any]]:
        return [self._value(slot, state) for slot in self._slots]

    def _rank(self, leaf: Leaf) -> int:
        """Where columns stand: shared memory, own memories, the wrong cell beside the wanted one, ghosts."""
        slots, found = self._flow.slots, self._found
        if found.wanted is not None and leaf in (slots[found.wrong[0]].leaf, slots[found.wanted].leaf):
            return 2 if leaf is slots[found.wrong[0]].leaf else 3
        return 4 if leaf.is_ghost else 1 if leaf.cell.owner is not None else 0

    def ends(self) -> list[list[Any]]:
        """Name and value of the wrong cell and of the one that it is compared with, in the last state."""
        values = self.values(len(self._trace.steps))
        cells = [*self._found.wrong[:1], *([] if self._found.wanted is None else [self._found.wanted])]
        return [
            [self._flow.slots[slot].name, *values[self.index[slot]]] for slot in cells if slot in self.index
        ]

    def _value(self, slot: Slot, state: int) -> list[Any]:
        shown = show_value(self._trace.states[state][slot.position], slot.leaf.type)
        if slot.leaf.type is not DATA:
            return [shown, None]
        version = self._flow.versions[state].get(slot.position)
        return [None, None] if version is None else [shown, version.name]

    def step(self, index: int) -> dict[str, Any]:
        taken = self._trace.steps[index]
        action = taken.step.action
        changed = [
            slot
            for slot in self._slots
            if self._flow.steps[index].write_of(slot.position) is not None
            or self._value(slot, index) != self._value(slot, index + 1)
        ]
        return {
            "number": index + 1,
            "count": 1,
            "lane": self._lane_of(action.by),
            "action": action.name,
            "arguments": _arguments(taken.step),
            "tells": action.narration,
            "core": index in self._core,
            "touches": self._touches(index),
            "changes": [
                [self.index[slot.position], self._value(slot, index), self._value(slot, index + 1)]
                for slot in changed
            ],
            "causes": {
                str(self.index[slot.position]): self._flow.slice_of(slot.position, index + 1)
                for slot in changed
                if self._flow.writer(slot.position, index + 1) == index
            },
        }

    def arrows(self) -> Iterator[list[Any]]:
        """Who read what whose: `[from step, to step, "message" or "data", words]`; own memory has none."""
        flow, lanes = self._flow, len(self._lanes)
        for index, item in enumerate(flow.steps):
            by = self._trace.steps[index].step.action.by
            copied = {write.copied for write in item.writes if write.copied is not None}
            for slot in dict.fromkeys([*item.decided_by, *sorted(copied)]):
                before, cell = flow.writer(slot, index), flow.cell(slot)
                is_message = is_channel(cell)
                if before is None or self._trace.steps[before].step.action.by == by:
                    continue
                is_flow = slot in copied and cell.owner is None and not cell.is_ghost
                is_check = self._found.check is not None and self._found.check.step == index
                if is_message or is_flow or (is_check and cell.owner is None):
                    kind = "message" if is_message else "data"
                    yield [before, index, kind, flow.slots[slot].name]
            for lane in range(lanes):
                passive = self._lanes[lane][0]
                if isinstance(passive, Cell) and any(
                    _same_place(flow.cell(w.slot), passive) for w in item.writes
                ):
                    yield [index, index, "store", lane]

    def _lane_of(self, by: Processor) -> int:
        return next(place for place, (lane, _, _) in enumerate(self._lanes) if lane == by)

    def _core_steps(self) -> set[int]:
        """The causal chains of the wrong and the wanted cells, and the guilty; for runs, what is repeated."""
        found, last = self._found, len(self._trace.steps)
        core = {*range(last)[-1:], *(found.pair or ()), *_roles(found).values()}
        wanted = () if found.wanted is None else (found.wanted,)
        for slot in (*found.wrong, *wanted):
            core.update(self._flow.slice_of(slot, last))
        if self._trace.loop is not None:
            core.update(range(self._trace.loop, last))
        return core

    def _touches(self, index: int) -> bool:
        """Whether the step reads or writes anything of the block that fails, or speaks of it."""
        block, item = self._found.block, self._flow.steps[index]
        step = self._trace.steps[index].step
        if block is None:
            return not self._trace.steps[index].is_message
        pairs = zip(step.action.parameters, step.arguments, strict=True)
        named = any(
            (p.type is BLOCK and value == block) or (p.type is BLOCK_SET and block in value)
            for p, value in pairs
        )
        slots = {*item.decided_by, *(write.slot for write in item.writes)}
        slots |= {write.copied for write in item.writes if write.copied is not None}
        return named or any(self._flow.slots[slot].block == block for slot in slots)


def _title(leaf: Leaf) -> str:
    """`source 601`, `row in flight`: the name, for data with the numeral of its place."""
    name = leaf.name.removesuffix(".data").replace(".", " ").replace("_", " ")
    numeral = leaf.cell.numeral if leaf.type is DATA and not leaf.is_ghost else None
    return name if numeral is None else f"{name} {numeral}"


def _arguments(step: Step) -> str:
    pairs = zip(step.action.parameters, step.arguments, strict=True)
    return ", ".join(show_value(value, parameter.type) for parameter, value in pairs)


def _lanes(trace: Trace) -> list[tuple[Processor | Cell, bool, str]]:
    """The processors that take steps in the design, as the document orders them, and devices that one of them has."""
    machine = trace.machine
    order = {component: place for place, component in enumerate(COMPONENTS)}
    acting = list(dict.fromkeys(action.by for action in machine.actions))
    acting.sort(key=lambda processor: order.get(processor, len(order)))
    devices: list[Cell] = []
    for leaf in machine.leaves.values():
        if _is_device(leaf.cell) and not any(_same_place(leaf.cell, cell) for cell in devices):
            devices.append(leaf.cell)
    return [*((p, True, p.meaning) for p in acting), *((cell, False, f"the {cell}") for cell in devices)]


def _is_device(cell: Cell) -> bool:
    """Whether one processor alone touches the cell, and it is not its memory."""
    return (
        cell.owner is None
        and cell.writers is not None
        and len(cell.writers) == 1
        and cell.writers == cell.readers
    )


def _same_place(cell: Cell, other: Cell) -> bool:
    return cell == other or (cell.numeral is not None and cell.numeral == other.numeral)


def _passing(found: Blame, passing: Passing | None) -> dict[str, Any] | None:
    """The nearest passing run: its steps from where it parts, and what the cells in question hold at its end."""
    if passing is None:
        return None
    shown = _Shown(DataFlow(passing.trace), found)
    return {
        "shared": passing.shared,
        "reordered": passing.reordered,
        "steps": [
            {
                key: value
                for key, value in shown.step(index).items()
                if key in ("lane", "action", "arguments", "tells")
            }
            for index in range(passing.shared, len(passing.trace.steps))
        ],
        "omitted": 0,
        "ends": shown.ends(),
    }
