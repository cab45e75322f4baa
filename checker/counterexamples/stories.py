"""A counterexample as a story: one line a step, messages folded, the number that matters first.

A story is at most `LINES_MAX` lines. Runs of messages are one line; if that is not enough, runs of steps that one
processor takes without another between them become one line each, the earliest first: races are interleavings, so
what folds away is what no other processor came between. The steps that a lasso repeats are told below a line that
says so, and never fold together with what leads to them.

A step is told with what it changes in memory that several processors see, and in every variable that the violated
property reads, whosever it is: those come first, and are never cut off.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from splitproof.checker.counterexamples.traces import Trace, show_value
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import At, Var, walk
from splitproof.model.layout import Slot, Valuation
from splitproof.model.machine import Machine
from splitproof.model.types import BLOCK, BOOL, DATA, EnumType

__all__ = ["LINES_MAX", "ending", "presences", "story"]

LINES_MAX = 18
"""Lines of a story, without its heading and its closing lines."""

_WIDTH = 118
_MESSAGES_SHOWN = 4


@dataclass(frozen=True)
class _Line:
    """A line of a story: the steps `first..last` (from 0) and what is said of them."""

    first: int
    last: int
    who: str
    what: str
    read: str
    changed: str

    def __str__(self) -> str:
        number = str(self.first + 1) if self.first == self.last else f"{self.first + 1}-{self.last + 1}"
        text = f"{number:>7}  {self.who:<13} {self.what}"
        told = f"{text:<60} {self.read}" if self.read else text
        if not self.changed:
            return _cut(told, len(told) if self.read else _WIDTH)
        whole = f"{told}  {self.changed}" if self.read else f"{text:<60} {self.changed}"
        return _cut(whole, max(_WIDTH, len(told) + 1 if self.read else 0))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def story(trace: Trace, reads: Collection[str] = (), lines_max: int = LINES_MAX) -> list[str]:
    """The lines of a story, at most `lines_max` of them; a closing ellipsis line says how many steps it leaves out.

    `reads`: the leaves that the violated property reads, by name.
    """
    steps = len(trace.steps)
    if trace.loop is None:
        return _told(trace, reads, 0, steps, lines_max)
    for_ever = _told(trace, reads, trace.loop, steps, lines_max)
    texts = _told(trace, reads, 0, trace.loop, max(lines_max - len(for_ever), lines_max * 2 // 3))
    return [*texts, _for_ever(trace.loop, steps), *for_ever]


def _told(trace: Trace, reads: Collection[str], start: int, end: int, lines_max: int) -> list[str]:
    """The lines of the steps from `start` up to `end`."""
    lines = list(_with_messages_folded(trace, reads, start, end))
    while len(lines) > lines_max and (merged := _merge_first_run(trace, reads, lines)) is not None:
        lines = merged
    texts = [str(line) for line in lines]
    if len(texts) > lines_max:
        left_out = lines[-(lines_max - 1)].first - start
        texts = [f"         ... {left_out} steps before ...", *texts[-(lines_max - 1) :]]
    return texts


def _for_ever(start: int, end: int) -> str:
    if start == end:
        return "         for ever: nothing; no step that is promised can be taken"
    return (
        f"         for ever: step {end}"
        if start + 1 == end
        else f"         for ever: steps {start + 1}-{end}"
    )


def ending(trace: Trace, reads: Collection[str] = ()) -> str:
    """The last state: volumes, tape and ghosts, and all that `reads` names, each block in turn; a dash for nothing."""
    flags = presences(trace.machine)
    shown = [slot for slot in trace.layout.slots if _is_told_at_the_end(slot, reads)]
    shown_by_data = {flags[slot.leaf.name] for slot in shown if slot.leaf.name in flags}
    blocks: dict[int | None, list[str]] = {}
    for slot in shown:
        if slot.leaf.name not in shown_by_data:
            blocks.setdefault(slot.block, []).append(
                f"{_ending_name(slot)} {_shown(trace, slot, trace.last)}"
            )
    return "; ".join(
        f"block {block}: {', '.join(parts)}" if block is not None else ", ".join(parts)
        for block, parts in blocks.items()
    )


def _is_told_at_the_end(slot: Slot, reads: Collection[str]) -> bool:
    return slot.leaf.name in reads or (slot.leaf.type is DATA and slot.leaf.cell.owner is None)


def _shown(trace: Trace, slot: Slot, state: Valuation) -> str:
    """The value in a state; a dash while it is none, as a field's is while its `while_` is false."""
    condition = trace.machine.while_of(slot.leaf.name)
    block = {} if slot.block is None else {BLOCK_PARAMETER.name: slot.block}
    is_value = condition is None or bool(trace.interpreter.value(condition, state, block))
    return show_value(state[slot.position], slot.leaf.type) if is_value else "-"


def _ending_name(slot: Slot) -> str:
    if slot.leaf.type is DATA:
        return slot.leaf.name.removesuffix(".data").replace("_", " ").replace(".", " ")
    return _place(slot)


def _with_messages_folded(trace: Trace, reads: Collection[str], start: int, end: int) -> Iterator[_Line]:
    steps = list(enumerate(trace.steps))[start:end]
    for is_message, group in itertools.groupby(steps, key=lambda pair: pair[1].is_message):
        run = list(group)
        if is_message and len(run) > 1:
            yield _message_line(trace, reads, run[0][0], run[-1][0])
        else:
            for index, _ in run:
                yield _step_line(trace, reads, index)


def _message_line(trace: Trace, reads: Collection[str], first: int, last: int) -> _Line:
    names = [trace.steps[index].action for index in range(first, last + 1)]
    shown = names if len(names) <= _MESSAGES_SHOWN else [names[0], "...", names[-1]]
    return _Line(first, last, "messages", ", ".join(shown), _changed(trace, reads, first, last)[0], "")


def _step_line(trace: Trace, reads: Collection[str], index: int) -> _Line:
    action = trace.steps[index].step.action
    return _Line(index, index, str(action.by), _call(trace, index), *_changed(trace, reads, index, index))


def _call(trace: Trace, index: int) -> str:
    step = trace.steps[index].step
    action = step.action
    arguments = [show_value(v, p.type) for p, v in zip(action.parameters, step.arguments, strict=True)]
    if not any(p.type is BLOCK for p in action.parameters):
        block = _block_in_hand(trace, index)
        arguments = arguments if block is None else [f"block {block}", *arguments]
    return f"{action.name}({', '.join(arguments)})"


def _block_in_hand(trace: Trace, index: int) -> int | None:
    """The block that a step without a block parameter works on: the one row or record that it changes."""
    blocks = {
        slot.block for slot, _, _ in trace.changes(index) if slot.block is not None and not slot.leaf.is_ghost
    }
    return blocks.pop() if len(blocks) == 1 and trace.blocks > 1 else None


def _changed(trace: Trace, reads: Collection[str], first: int, last: int) -> tuple[str, str]:
    """What the steps change of what is read, and of other memory that several see: data first, then states, flags."""
    before, after = trace.before(first), trace.steps[last].after
    flags = presences(trace.machine)
    slots = [slot for slot in trace.layout.slots if slot.leaf.name in reads or _is_shared(slot)]
    shown_by_data = {flags[slot.leaf.name] for slot in slots if slot.leaf.name in flags}
    parts: dict[bool, list[tuple[int, int, str]]] = {True: [], False: []}
    for slot in slots:
        if slot.leaf.name in shown_by_data:
            continue
        presence = flags.get(slot.leaf.name)
        if presence is not None:
            place = trace.layout.position[presence, slot.block]
            old, new = (_optional(slot, place, state) for state in (before, after))
        elif slot.leaf.name in reads:
            old, new = (_shown(trace, slot, state) for state in (before, after))
        else:
            old, new = (show_value(state[slot.position], slot.leaf.type) for state in (before, after))
        if old != new:
            record = slot.leaf.name.rpartition(".")[0]
            name = (_place(slot) if presence is None else record) + _block(slot)
            is_read = slot.leaf.name in reads or flags.get(slot.leaf.name) in reads
            parts[is_read].append((_rank(slot), slot.position, f"{name}: {old} -> {new}"))
    read, others = ("  ".join(text for _, _, text in sorted(parts[is_read])) for is_read in (True, False))
    return read, others


@lru_cache(maxsize=8)
def presences(machine: Machine) -> dict[str, str]:
    """For data that means something only while a truth value of its record holds, the name of that truth value."""
    found = {}
    for leaf in machine.leaves.values():
        condition = machine.while_of(leaf.name)
        if leaf.type is DATA and condition is not None:
            record = leaf.name.rpartition(".")[0]
            names = {
                part.name for part in walk(condition) if isinstance(part, At | Var) and part.type is BOOL
            }
            own = [name for name in names if record and name.rpartition(".")[0] == record]
            if len(own) == 1:
                found[leaf.name] = own[0]
    return found


def _optional(slot: Slot, presence: int, state: Valuation) -> str:
    return show_value(state[slot.position], slot.leaf.type) if state[presence] else "-"


def _rank(slot: Slot) -> int:
    return 0 if slot.leaf.type is DATA else 1 if isinstance(slot.leaf.type, EnumType) else 2


def _is_shared(slot: Slot) -> bool:
    cell = slot.leaf.cell
    is_channel = cell.numeral is None and cell.writers is not None and len(cell.writers) == 2
    return cell.owner is None and not cell.is_ghost and not is_channel


def _block(slot: Slot) -> str:
    return "" if slot.block is None else f" {slot.block}"


def _place(slot: Slot) -> str:
    record, _, name = slot.leaf.name.rpartition(".")
    name = name.replace("_", " ")
    return f"{record} {name}" if record and record not in ("row", "pair") else name


def _merge_first_run(trace: Trace, reads: Collection[str], lines: list[_Line]) -> list[_Line] | None:
    """The lines with the first run of neighbours of one processor merged; None if there is none."""
    for index in range(len(lines) - 2):
        if lines[index].who == lines[index + 1].who != "messages":
            end = index + 1
            while end + 1 < len(lines) - 1 and lines[end + 1].who == lines[index].who:
                end += 1
            run = lines[index : end + 1]
            first, last = run[0].first, run[-1].last
            what = ", ".join(trace.steps[i].action for i in range(first, last + 1))
            merged = _Line(first, last, run[0].who, what, *_changed(trace, reads, first, last))
            return [*lines[:index], merged, *lines[end + 1 :]]
    return None
