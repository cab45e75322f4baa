"""508, and a second one like it: destages what hosts wrote, copies what differs, and sees when nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.common_memory import Row, Slot
from splitproof.conformance.reference.policy import (
    CopyReads,
    DestageClean,
    DifferenceCleared,
    DifferenceMarked,
    Ownership,
    PostSplitWrite,
    Report,
    Workers,
)
from splitproof.conformance.reference.processors import Shared, Task
from splitproof.spec.vocabulary import PairState

__all__ = ["VolumeWorker"]


class VolumeWorker:
    """It has one block in its hands at most; free, it destages and copies by turns, and takes blocks by turns."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.policy, self.memory = shared.policy, shared.memory
        self.task: Task | None = None
        self.task_kind = PumpKind.ANY
        self.turns = [PumpKind.DESTAGE, PumpKind.COPY]
        self.next_block = 0

    @property
    def is_copying(self) -> bool:
        """Whether it has a copy in its hands."""
        return self.task is not None and self.task_kind is PumpKind.COPY

    def step(self, kind: PumpKind) -> bool:
        """Go on with what it has in its hands if that is of the kind; otherwise take something of the kind."""
        if self.task is not None:
            return kind in (self.task_kind, PumpKind.ANY) and self.go_on()
        begins: dict[PumpKind, Callable[[], bool]] = {
            PumpKind.DESTAGE: self.take_slot,
            PumpKind.COPY: self.claim,
        }
        for turn in list(self.turns):
            if kind in (turn, PumpKind.ANY) and begins[turn]():
                self.turns.append(self.turns.pop(self.turns.index(turn)))
                return True
        return kind in (PumpKind.COPY, PumpKind.ANY) and self.complete()

    def go_on(self) -> bool:
        """The next step of what it has in its hands."""
        assert self.task is not None
        try:
            return next(self.task)
        except StopIteration:
            self.task = None
            return True

    def blocks(self) -> Iterator[int]:
        """All of them, from behind the one that was taken last."""
        count = len(self.memory.rows)
        return ((self.next_block + number) % count for number in range(count))

    def hold(self, kind: PumpKind, block: int, task: Task) -> bool:
        """Take it into the hands."""
        self.task_kind, self.task, self.next_block = kind, task, block + 1
        return True

    def owns(self, what: Ownership) -> bool:
        """Whether it takes a block to itself for this."""
        return self.policy.workers is Workers.TWO and self.policy.ownership in (what, Ownership.FULL)

    # ---- destaging -----------------------------------------------------------------------------------

    def take_slot(self) -> bool:
        """Take a dirty slot, the older one of a block first; it remembers which version it took."""
        with self.memory.lock:
            for block in self.blocks():
                row = self.memory.rows[block]
                slot = self.slot_to_destage(block, row)
                if slot is None or (self.owns(Ownership.DESTAGE) and row.owned):
                    continue
                row.owned |= self.owns(Ownership.DESTAGE)
                after_split, data = slot is row.after, self.memory.cache.load(slot)
                return self.hold(
                    PumpKind.DESTAGE, block, self.destage(block, slot, slot.version, data, after_split)
                )
        return False

    def slot_to_destage(self, block: int, row: Row) -> Slot | None:
        """What was written after the split stays in the cache while the source holds the image for a copy."""
        if row.before is None and row.after is not None and not self.may_destage_after(block):
            return None
        return row.before or row.after

    def may_destage_after(self, block: int) -> bool:
        """Whether the image of the block is safe elsewhere."""
        return self.policy.post_split_write is not PostSplitWrite.COPIED_FIRST or not self.memory.uncopied(
            block
        )

    def destage(self, block: int, slot: Slot, version: int, data: bytes, after_split: bool) -> Task:
        """Store what was taken, and mark the slot clean unless it was rewritten meanwhile [G33]."""
        self.shared.source.write(block, data)
        yield True
        with self.memory.lock:
            if self.policy.destage_clean is DestageClean.BLIND or slot.version == version:
                self.memory.clean(block, slot)
            if self.policy.difference_marked is DifferenceMarked.AT_DESTAGE:
                self.memory.mark(block, after_split=after_split and self.memory.is_split)
            if self.owns(Ownership.DESTAGE):
                self.memory.rows[block].owned = False

    # ---- copying -------------------------------------------------------------------------------------

    def claim(self) -> bool:
        """Take a block that differs, a requested one first [R65]."""
        with self.memory.lock:
            if self.memory.copy_held or (self.memory.is_split and not self.memory.copy_commanded):
                return False
            claimable = [block for block in self.blocks() if self.may_claim(block)]
            if not claimable:
                return False
            block = next((one for one in claimable if self.memory.rows[one].requested), claimable[0])
            row = self.memory.rows[block]
            row.in_flight, row.remarked = True, False
            row.owned |= self.owns(Ownership.COPY)
            if self.policy.difference_cleared is DifferenceCleared.BEFORE_READ:
                row.difference = False
            data = None
            if self.policy.copy_reads is CopyReads.THROUGH_CACHE and row.before is not None:
                data = self.memory.cache.load(row.before)
            return self.hold(PumpKind.COPY, block, self.copy(block, data))

    def may_claim(self, block: int) -> bool:
        """Whether the block differs, and can be copied now."""
        row = self.memory.rows[block]
        waits = self.policy.copy_reads is CopyReads.AFTER_DESTAGE and row.before is not None
        return row.difference and not waits and not (self.owns(Ownership.COPY) and row.owned)

    def copy(self, block: int, data: bytes | None) -> Task:
        """Read what the source holds, unless the cache had it, write the target, and release the block."""
        if data is None:
            data = self.shared.source.read(block)
            yield True
        self.shared.target.write(block, data)
        yield True
        with self.memory.lock:
            self.release(self.memory.rows[block])

    def release(self, row: Row) -> None:
        """The block is copied; the mark is cleared at last where it was not before."""
        row.in_flight = False
        match self.policy.difference_cleared:
            case DifferenceCleared.AFTER_WRITE:
                row.difference = False
            case DifferenceCleared.COMPARE | DifferenceCleared.GENERATION:
                row.difference = row.remarked
        row.requested &= row.difference and self.policy.report is Report.WHEN_REFLECTED
        if self.owns(Ownership.COPY):
            row.owned = False

    def complete(self) -> bool:
        """Nothing is left to copy: the views say so [R36, R44]."""
        with self.memory.lock:
            if self.memory.any_uncopied():
                return False
            if self.memory.source_view is PairState.DUPLEX_PENDING:
                self.memory.set_views(PairState.DUPLEX, PairState.DUPLEX)
                return True
            if self.memory.is_split and self.memory.copy_commanded:
                changed = self.memory.target_view is not PairState.SPLIT
                self.memory.target_view = PairState.SPLIT
                return changed
        return False
