"""Why a counterexample violates its property: the broken clause, the wrong cell, and the guilty pair of steps.

The *wrong cell* holds another version of the data than the *wanted* cell that the property compares it with. One step,
the *reader*, first took the wrong version out of shared memory; another, the *maker*, made what it took wrong:

- the version taken is newer than the wanted one: the maker is the step that overwrote the wanted version;
- it is older: the maker is the step that first stored the wanted version elsewhere, before the reader took it;
- no shared memory held the wanted version by then: it was *lost* by the last step after which none has it;
- nobody took it since, and it is there: the last step *ended* what should have brought it where it is wanted.

If the reader acted on a *check* of shared memory that another processor has changed since, the guilty pair is the
check and that change; otherwise the reader and the maker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from splitproof.checker.counterexamples.dataflow import DataFlow, Version, is_memory
from splitproof.checker.counterexamples.traces import Trace, show_value
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import TracedProperty
from splitproof.model.expressions import And, Eq, Every, Expr, Ite, Not, Or, show
from splitproof.model.properties import trace_property
from splitproof.model.types import DATA
from splitproof.spec.properties import Kind, Property

__all__ = ["Blame", "Check", "blame", "slot_words"]

_CLAUSE_MAX = 160
"""Characters of a broken clause that are shown."""


@dataclass(frozen=True)
class Check:
    """A check of shared memory that a step relied on, and the change that made it stale (steps count from 0)."""

    step: int
    slot: int
    changed_by: int


@dataclass(frozen=True)
class _Culprits:
    reader: int | None = None
    maker: int | None = None
    lost_by: int | None = None
    ended_by: int | None = None
    check: Check | None = None

    @property
    def pair(self) -> tuple[int, int] | None:
        if self.check is not None:
            return self.check.step, self.check.changed_by
        other = next((step for step in (self.reader, self.lost_by, self.ended_by) if step is not None), None)
        if other is None or self.maker is None or other == self.maker:
            return None
        return min(other, self.maker), max(other, self.maker)


@dataclass(frozen=True)
class Blame:
    """What is wrong at the end of a trace, and whose doing it is. Steps count from 0, slots are positions.

    `block`: the block for which the property fails, None if it is of none. `clause`: the part of the property that is
    false, as the designer wrote it. `wrong`: the cells with the wrong value. `wanted`: the cell that they are compared
    with. `pair`: the guilty pair, in order. `reader`, `maker`, `lost_by`, `ended_by`, `check`: see above.
    """

    block: int | None
    clause: str
    wrong: tuple[int, ...]
    wanted: int | None
    pair: tuple[int, int] | None
    reader: int | None
    maker: int | None
    lost_by: int | None
    ended_by: int | None
    check: Check | None
    sentence: str


def blame(flow: DataFlow, violated: Property) -> Blame:
    """What the counterexample shows; the trace must violate the property."""
    trace = flow.trace
    traced = trace_property(trace.machine, violated)
    block, clause, known = _broken(trace, traced)
    before, after = _states(trace, traced)
    wrong, wanted = _cells(flow, clause, known, before, after)
    search = _Search(flow, wrong[0], wanted) if wrong and wanted is not None else None
    culprits = _Culprits() if search is None else search.culprits
    pair = culprits.pair
    if search is None and violated.kind in (Kind.ALWAYS, Kind.STEP):
        pair = _last_writers(flow, wrong)
    sentence = _Sentence(flow, block).of(violated, wrong, wanted, culprits, pair)
    return Blame(
        block,
        _shortened(show(clause)),
        wrong,
        wanted,
        pair,
        culprits.reader,
        culprits.maker,
        culprits.lost_by,
        culprits.ended_by,
        culprits.check,
        sentence,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _CLAUSE_MAX else text[:_CLAUSE_MAX].rpartition(" ")[0] + " ..."


# -- what is broken


def _states(trace: Trace, traced: TracedProperty) -> tuple[Any, Any]:
    if traced.property.kind is Kind.STEP:
        return trace.before(len(trace.steps) - 1), trace.last
    return trace.last, None


def _broken(trace: Trace, traced: TracedProperty) -> tuple[int | None, Expr, dict[str, Any]]:
    """The block for which it fails, and the smallest part that is false, with the blocks that it speaks of."""
    interpreter = trace.interpreter
    before, after = _states(trace, traced)
    cases: list[int | None] = list(range(trace.blocks)) if traced.property.per_block else [None]
    for block in cases:
        known = {} if block is None else {BLOCK_PARAMETER.name: block}
        if traced.property.kind is Kind.COUNT:
            return block, traced.holds, known

        def is_true(node: Expr, known: dict[str, Any]) -> bool:
            return bool(interpreter.value(node, before, known, after))

        if not is_true(traced.holds, known):
            clause, known = _smallest_false(traced.holds, known, trace.blocks, is_true)
            return block, clause, known
    return None, traced.holds, {}


def _smallest_false(
    node: Expr, known: dict[str, Any], blocks: int, is_true: Any
) -> tuple[Expr, dict[str, Any]]:
    match node:
        case And(operands):
            false = next(part for part in operands if not is_true(part, known))
            return _smallest_false(false, known, blocks, is_true)
        case Or(operands):
            compared = [part for part in operands if isinstance(part, Eq) and part.left.type is DATA]
            return (compared[0], known) if len(compared) == 1 else (node, known)
        case Every(bound, body):
            cases = ({**known, bound.name: block} for block in range(blocks))
            case = next(case for case in cases if not is_true(body, case))
            return _smallest_false(body, case, blocks, is_true)
        case Ite(condition, yes, no):
            return _smallest_false(yes if is_true(condition, known) else no, known, blocks, is_true)
        case Not(Or(operands)):
            true = next(part for part in operands if is_true(part, known))
            return Not(true), known
        case _:
            return node, known


def _cells(
    flow: DataFlow, clause: Expr, known: dict[str, Any], before: Any, after: Any
) -> tuple[tuple[int, ...], int | None]:
    """The wrong cells, and the cell that the first of them should agree with."""
    if isinstance(clause, Eq) and clause.left.type is DATA:
        left, right = (flow.source(side, before, known, after) for side in (clause.left, clause.right))
        if left is not None and right is not None:
            return ((right,), left) if _is_wanted(flow, left, right) else ((left,), right)
    looked = flow.slots_in(clause, before, known, after)
    return tuple(slot for slot in looked if not flow.cell(slot).is_ghost) or looked, None


def _is_wanted(flow: DataFlow, left: int, right: int) -> bool:
    """Whether the left cell has what the right one should: what only properties may read, or the newer version."""
    if flow.cell(left).is_ghost != flow.cell(right).is_ghost:
        return flow.cell(left).is_ghost
    versions = flow.versions[-1]
    return left in versions and right in versions and _age(versions[left]) > _age(versions[right])


def _age(version: Version) -> int:
    return -1 if version.step is None else version.step


# -- who did it


class _Search:
    """The reader, the maker and the check for one wrong cell."""

    def __init__(self, flow: DataFlow, wrong: int, wanted: int) -> None:
        self._flow = flow
        self._hops = flow.hops(wrong, len(flow.steps))[::-1]
        version = flow.versions[-1].get(wanted)
        self.lost_by: int | None = None
        self.maker, self.reader = (None, None) if version is None else self._makes_wrong(version)
        self.check = None if self.reader is None else self._stale_check(self.reader)

    @property
    def culprits(self) -> _Culprits:
        last = len(self._flow.steps) - 1
        is_ended = (
            self.reader is None and self.lost_by is None and self.maker is not None and self.maker < last
        )
        return _Culprits(self.reader, self.maker, self.lost_by, last if is_ended else None, self.check)

    def _makes_wrong(self, wanted: Version) -> tuple[int | None, int | None]:
        """The maker and the reader."""
        flow = self._flow
        for place, (step, slot, _) in enumerate(self._hops):
            if is_memory(flow.cell(slot)) and flow.versions[step].get(slot) == wanted:
                readers = [later for later, _, copied in self._hops[place + 1 :] if copied == slot]
                return step, readers[0] if readers else None
        held = [state for state, versions in enumerate(flow.versions) if self._is_held(wanted, versions)]
        if not held:
            return wanted.step, None
        stored = held[0] - 1
        late = (
            step
            for step, _, copied in self._hops
            if copied is not None and is_memory(flow.cell(copied)) and step > stored
        )
        reader = next(late, None)
        if held[-1] < (len(flow.steps) if reader is None else reader):
            self.lost_by, reader = held[-1], None
        return stored if stored >= 0 else None, reader

    def _is_held(self, wanted: Version, versions: Mapping[int, Version]) -> bool:
        return any(
            version == wanted and is_memory(self._flow.cell(slot)) for slot, version in versions.items()
        )

    def _stale_check(self, reader: int) -> Check | None:
        """What the reader had checked before, and another processor has changed since; the latest such check."""
        flow = self._flow
        by = flow.trace.steps[reader].step.action.by
        for step in reversed(flow.deciding(reader)):
            if step == reader:
                continue
            looked = set(flow.looked_at(step))
            for later in range(step + 1, reader):
                if flow.trace.steps[later].step.action.by == by:
                    continue
                for write in flow.steps[later].writes:
                    if write.slot in looked:
                        return Check(step, write.slot, later)
        return None


def _last_writers(flow: DataFlow, slots: tuple[int, ...]) -> tuple[int, int] | None:
    """The last two steps of different processors that wrote what the broken clause looks at."""
    writers = {flow.writer(slot, len(flow.steps)) for slot in slots}
    steps = sorted(step for step in writers if step is not None)
    if not steps:
        return None
    by = flow.trace.steps[steps[-1]].step.action.by
    others = [step for step in steps if flow.trace.steps[step].step.action.by != by]
    return (others[-1], steps[-1]) if others else None


# -- and in words


def slot_words(flow: DataFlow, slot: int) -> str:
    """`the source volume 601`, `in flight of the row of the cache 507`."""
    leaf = flow.slots[slot].leaf
    name = leaf.name.rpartition(".")[2].replace("_", " ")
    if leaf.is_ghost:
        return f"the {name}"
    cell = leaf.cell
    if cell.owner is not None:
        where = "memory" if cell.numeral is None else f"memory {cell.numeral}"
        return f"the {where} of {cell.owner}"
    if leaf.type is DATA:
        return f"the {cell}"
    return f"{name!r} in the {leaf.cell}"


class _Sentence:
    def __init__(self, flow: DataFlow, block: int | None) -> None:
        self._flow = flow
        self._prefix = "" if block is None else f"Block {block}: "

    def of(
        self,
        violated: Property,
        wrong: tuple[int, ...],
        wanted: int | None,
        found: _Culprits,
        pair: tuple[int, int] | None,
    ) -> str:
        """One sentence, or two, for the head of the page."""
        flow, last = self._flow, len(self._flow.steps) - 1
        if flow.trace.loop is not None:
            text = self._of_lasso(flow.trace.loop, violated)
            return self._prefix + text if self._prefix else text[0].upper() + text[1:]
        parts = []
        if found.check is not None:
            parts.append(self._checked(found.check))
        if found.reader is not None and found.maker is not None:
            parts.append(self._read(found.reader, found.maker, is_still=found.check is not None))
        elif found.lost_by is not None and found.maker is not None:
            parts.append(f"{self._took(found.lost_by)}, and with it was lost {self._put(found.maker)}")
        elif found.ended_by is not None and found.maker is not None:
            parts.append(f"{self._took(found.ended_by)}, without {self._put(found.maker)}")
        elif pair is not None:
            parts.append(f"{self._took(pair[1])}, after {self._took(pair[0])}")
        else:
            parts.append(self._took(last) if last >= 0 else "it is so from the start")
        text = ", and ".join(parts) + "."
        text = self._prefix + text if self._prefix else text[0].upper() + text[1:]
        if violated.kind is Kind.POSSIBLE:
            text += " From there on no run comes to what must stay possible."
        if wanted is not None and wrong:
            text += f" {self._outcome(wrong[0], wanted)}"
        return text

    def _of_lasso(self, loop: int, violated: Property) -> str:
        last = len(self._flow.steps)
        how = (
            f"steps {loop + 1} to {last} repeat for ever" if last > loop else "no promised step can be taken"
        )
        return f"after step {loop}, {how}, which breaks the property: {violated.statement}."

    def _took(self, step: int) -> str:
        return f"{self._who(step)} took {self._flow.trace.steps[step].action} {self._at(step)}"

    def _checked(self, check: Check) -> str:
        return (
            f"{self._who(check.step)} checked {slot_words(self._flow, check.slot)} {self._at(check.step)}, "
            f"{self._who(check.changed_by)} changed it {self._at(check.changed_by)}{self._change(check)}"
        )

    def _put(self, maker: int) -> str:
        """`w2, which host I/O 501 had put into the row of the cache 507 at step 9`."""
        flow = self._flow
        put = next(write.slot for write in flow.steps[maker].writes if flow.is_data(write.slot))
        version = flow.versions[maker + 1].get(put)
        name = "what is wanted" if version is None else version.name
        return f"{name}, which {self._who(maker)} had put into {slot_words(flow, put)} {self._at(maker)}"

    def _who(self, step: int) -> str:
        return str(self._flow.trace.steps[step].step.action.by)

    def _at(self, step: int) -> str:
        return f"at step {step + 1}"

    def _change(self, check: Check) -> str:
        for slot, old, new in self._flow.trace.changes(check.changed_by):
            if slot.position == check.slot:
                return f" ({show_value(old, slot.leaf.type)} -> {show_value(new, slot.leaf.type)})"
        return ""

    def _read(self, reader: int, maker: int, is_still: bool) -> str:
        flow = self._flow
        slot = next(w.copied for w in flow.steps[reader].writes if w.copied is not None)
        taken = flow.versions[reader].get(slot)
        name = "nothing" if taken is None else taken.name
        still = "still " if is_still else ""
        read = f"{self._who(reader)} {still}read {name} from {slot_words(flow, slot)} {self._at(reader)}"
        overwrote = flow.steps[maker].write_of(slot)
        if overwrote is not None:
            return f"{read}, which {self._who(maker)} had overwritten {self._at(maker)}"
        return f"{read}, and not {self._put(maker)}"

    def _outcome(self, wrong: int, wanted: int) -> str:
        versions = self._flow.versions[-1]
        held, due = (versions[slot].name if slot in versions else "nothing" for slot in (wrong, wanted))
        words = slot_words(self._flow, wrong)
        return f"{words[0].upper()}{words[1:]} holds {held}; {slot_words(self._flow, wanted)} is {due}."
