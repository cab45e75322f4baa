"""501: host reads and writes, and the commands that concern the pair."""

from __future__ import annotations

from splitproof.conformance.protocol.adapter import Rejected
from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.policy import (
    Acknowledge,
    Creation,
    DifferenceMarked,
    PostSplitWrite,
    PreSplitSlot,
    Resync,
    SplitWhen,
    TargetViewSet,
)
from splitproof.conformance.reference.processors import Lane, Request, Shared, Task
from splitproof.spec.vocabulary import PairState

__all__ = ["HostPort", "split_pair"]

_LATE = (DifferenceMarked.BEFORE_ACK, DifferenceMarked.AFTER_ACK)


class HostPort:
    """One write at a time, one read, and one command; they do not wait for each other."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.policy, self.memory = shared.policy, shared.memory
        self.writes, self.reads, self.commands = Lane(), Lane(), Lane()
        self.lanes = [self.writes, self.reads, self.commands]

    def step(self, kind: PumpKind) -> bool:
        """What is left of writes that are acknowledged, and of commands that are answered, is work of its own."""
        for lane in list(self.lanes):
            own = PumpKind.COMMAND if lane is self.commands else PumpKind.HOST
            if kind in (own, PumpKind.ANY) and lane.step():
                self.lanes.remove(lane)
                self.lanes.append(lane)
                return True
        return False

    # ---- reads and writes ----------------------------------------------------------------------------

    def read(self, request: Request, block: int) -> Task:
        """The cache first, and the source where that has no newer version [R32]."""
        with self.memory.lock:
            data = self.memory.cached(block)
        if data is None:
            yield True
            data = self.shared.source.read(block)
        request.answer(data)

    def write(self, request: Request, block: int, data: bytes) -> Task:
        """Data into the cache, mark and acknowledgement, in the order of the policy [R29]."""
        marked = self.policy.difference_marked
        if marked is DifferenceMarked.BEFORE_STORE:
            self.mark(block)
            yield True
        while not self.store(block, data, with_mark=marked is DifferenceMarked.WITH_STORE):
            yield False
        yield True
        if marked is DifferenceMarked.BEFORE_ACK:
            self.mark(block)
            yield True
        request.answer()
        if marked is DifferenceMarked.AFTER_ACK:
            yield True
            self.mark(block)

    def store(self, block: int, data: bytes, with_mark: bool) -> bool:
        """Put data, and mark if that is one step with it, into the row; false if the row is not free for it."""
        with self.memory.lock:
            after_split = self.memory.is_split
            if after_split and self.is_protected(block):
                return False
            self.memory.store(block, data, after_split)
            if with_mark:
                self.memory.mark(block, after_split)
        return True

    def is_protected(self, block: int) -> bool:
        """Whether a write after the split has to wait, as it would destroy the image."""
        if self.policy.pre_split_slot is PreSplitSlot.PROTECTED and self.memory.rows[block].before:
            return True
        return self.policy.post_split_write is PostSplitWrite.HELD_AT_STORE and self.memory.uncopied(block)

    def mark(self, block: int) -> None:
        """Mark the block, in a step of its own."""
        with self.memory.lock:
            self.memory.mark(block, after_split=self.memory.is_split)

    # ---- the pair ------------------------------------------------------------------------------------

    def create_pair(self, request: Request) -> Task:
        """Form the pair: the target lacks everything."""
        with self.memory.lock:
            if self.memory.source_view is not PairState.SIMPLEX:
                raise Rejected("there is a pair")
            if self.policy.creation is Creation.MARKS_ALL:
                for row in self.memory.rows:
                    row.difference = row.remarked = True
            self.memory.set_views(PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)
        request.answer()
        yield from ()

    def split(self, request: Request) -> Task:
        """Split, report, and only then command the copy [R51-R53]."""
        while not split_pair(self.shared):
            yield False
        yield True
        request.answer()
        yield True
        with self.memory.lock:
            self.memory.copy_commanded = True
        if self.policy.target_view_set is TargetViewSet.AFTER_COMMAND:
            yield True
            with self.memory.lock:
                self.memory.target_view = PairState.SPLIT_PENDING

    def resync(self, request: Request) -> Task:
        """Join the pair again: what was written since the split is to be copied [R69]."""
        with self.memory.lock:
            if not self.memory.is_split:
                raise Rejected("the pair is not split")
            if self.policy.resync is Resync.GUARDED:
                self.refuse_while_backing_up()
            self.memory.join()
            self.memory.copy_commanded = False
            self.memory.set_views(PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)
        request.answer()
        yield from ()

    def delete_pair(self, request: Request) -> Task:
        """End the pair: the tables mean nothing any more."""
        with self.memory.lock:
            if self.memory.source_view is PairState.SIMPLEX:
                raise Rejected("there is no pair")
            self.refuse_while_backing_up()
            self.memory.join()
            self.memory.copy_commanded = False
            for row in self.memory.rows:
                row.difference = row.remarked = False
            self.memory.set_views(PairState.SIMPLEX, PairState.SIMPLEX)
        request.answer()
        yield from ()

    def refuse_while_backing_up(self) -> None:
        """The image is needed until the last backup of it has ended [G12, G36]."""
        if self.memory.is_backing_up:
            raise Rejected("a backup is under way")


def split_pair(shared: Shared) -> bool:
    """The split, in one step: 516 selects the slot and the table of every write from now on; false to wait for it.

    Raises:
        Rejected: the pair is in no state to be split.
    """
    memory, policy = shared.memory, shared.policy
    with memory.lock:
        may_hit_creation = policy.split_when is SplitWhen.ANY_TIME
        if memory.source_view is not PairState.DUPLEX and not (
            may_hit_creation and memory.source_view is PairState.DUPLEX_PENDING
        ):
            also = ", or in DUPLEX PENDING," if may_hit_creation else ""
            raise Rejected(f"only a pair in DUPLEX{also} can be split; it is in {memory.source_view.name}")
        if policy.acknowledge is Acknowledge.AFTER_COPYING and (memory.any_uncopied() or memory.any_cached()):
            return False
        memory.source_view = PairState.SPLIT
        if policy.target_view_set is TargetViewSet.BEFORE_COMMAND:
            memory.target_view = PairState.SPLIT_PENDING
    return True
