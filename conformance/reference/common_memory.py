"""The common memory (507): a cache of slots, a row of control information for each block, the management area (510).

Whoever reads or changes it holds `lock`, for one step at most: accesses exclude each other, as on a bus [R24]. Nothing
else in the controller is shared but the volumes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.protocol.adapter import BackupState, PairViews
from splitproof.conformance.reference.policy import (
    DifferenceCleared,
    DirtyCounts,
    InFlight,
    Policy,
    PostSplitTable,
    PreSplitSlot,
)
from splitproof.conformance.reference.volumes import Tape
from splitproof.spec.vocabulary import PairState

__all__ = ["Cache", "CommonMemory", "Job", "Row", "Slot"]


@dataclass(eq=False)
class Slot:
    """A place in the cache. `version` is another one after each store, so that a rewritten slot is recognised."""

    at: int
    version: int = 0


class Cache:
    """Slots of one block each, in one buffer."""

    def __init__(self, slot_count: int, block_size_bytes: int) -> None:
        self._size = block_size_bytes
        self._buffer = bytearray(slot_count * block_size_bytes)
        self._free = [Slot(number * block_size_bytes) for number in range(slot_count)]

    def take(self) -> Slot:
        """A slot that is free; there is one for each version of each block."""
        return self._free.pop()

    def give_back(self, slot: Slot) -> None:
        """The slot is free."""
        slot.version += 1
        self._free.append(slot)

    def store(self, slot: Slot, data: bytes) -> None:
        """Put the data of a block into the slot."""
        slot.version += 1
        self._buffer[slot.at : slot.at + self._size] = data

    def load(self, slot: Slot) -> bytes:
        """What the slot holds."""
        return bytes(self._buffer[slot.at : slot.at + self._size])


@dataclass
class Row:
    """What is known of a block.

    `before`, `after`: the dirty slot from before and from after the split; with one slot a block, one of them at most.
    `difference`: 514, the target lacks something of the image. `post_difference`: the source was written after the
    split. `in_flight`: a worker is copying the block; `remarked`: it was marked since that began. `requested`: 503 has
    asked for a copy. `owned`: a worker has the block to itself.
    """

    before: Slot | None = None
    after: Slot | None = None
    difference: bool = False
    post_difference: bool = False
    in_flight: bool = False
    remarked: bool = False
    requested: bool = False
    owned: bool = False


@dataclass
class Job:
    """The parameters of a backup (511), its staging area (515), its tape, and how far it is."""

    identifier: str
    extents: Extents
    state: BackupState = BackupState.IN_PROGRESS
    tape: Tape | None = None
    staged: dict[int, bytes] = field(default_factory=dict)
    blocks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.blocks = tuple(sorted(blocks_of(self.extents)))

    def records(self) -> dict[int, bytes]:
        """What is on its tape."""
        return {} if self.tape is None else self.tape.records()


class CommonMemory:
    """Made for a volume of so many blocks."""

    def __init__(self, policy: Policy, block_count: int, block_size_bytes: int) -> None:
        self.policy = policy
        self.lock = threading.RLock()
        self.cache = Cache(2 * block_count, block_size_bytes)
        self.rows: Sequence[Row] = [Row() for _ in range(block_count)]
        self.source_view = PairState.SIMPLEX
        self.target_view = PairState.SIMPLEX
        self.copy_commanded = False
        self.copy_held = False
        self.jobs: dict[str, Job] = {}

    # ---- the pair ------------------------------------------------------------------------------------

    @property
    def views(self) -> PairViews:
        """516 and 517."""
        return PairViews(self.source_view, self.target_view)

    @property
    def is_split(self) -> bool:
        """As 516 says."""
        return self.source_view is PairState.SPLIT

    @property
    def is_backing_up(self) -> bool:
        """Whether a backup is accepted and has not ended."""
        return any(job.state is BackupState.IN_PROGRESS for job in self.jobs.values())

    def set_views(self, source: PairState, target: PairState) -> None:
        """Both at once."""
        self.source_view, self.target_view = source, target

    # ---- rows ----------------------------------------------------------------------------------------

    def store(self, block: int, data: bytes, after_split: bool) -> None:
        """Put what a host wrote into its slot."""
        row = self.rows[block]
        if not after_split:
            slot = row.before = row.before or self.cache.take()
        elif self.policy.pre_split_slot is PreSplitSlot.TWO_SLOTS:
            slot = row.after = row.after or self.cache.take()
        else:
            slot = row.after = row.after or row.before or self.cache.take()
            row.before = None
        self.cache.store(slot, data)

    def clean(self, block: int, slot: Slot) -> None:
        """The slot is clean, and free, if it is still the block's."""
        row = self.rows[block]
        if row.before is slot:
            row.before = None
        elif row.after is slot:
            row.after = None
        else:
            return
        self.cache.give_back(slot)

    def cached(self, block: int) -> bytes | None:
        """The latest version, if the cache has one that the source has not."""
        row = self.rows[block]
        slot = row.after or row.before
        return None if slot is None else self.cache.load(slot)

    def mark(self, block: int, after_split: bool) -> None:
        """The block differs: in 514, or in the table of what was written after the split."""
        row = self.rows[block]
        marked = self.source_view is not PairState.SIMPLEX
        if self.policy.post_split_table is not PostSplitTable.SAME:
            row.post_difference |= after_split
            marked &= not after_split
        row.difference |= marked
        row.remarked |= marked

    def uncopied(self, block: int) -> bool:
        """Whether the target lacks the image of the block, as far as anyone may rely on it."""
        row = self.rows[block]
        return (
            row.difference
            or (row.in_flight and self.policy.in_flight is InFlight.VISIBLE)
            or (row.before is not None and self.policy.dirty_counts is DirtyCounts.YES)
        )

    def any_uncopied(self) -> bool:
        """Whether anything is left to copy."""
        return any(map(self.uncopied, range(len(self.rows))))

    def any_cached(self) -> bool:
        """Whether anything is left to destage."""
        return any(row.before or row.after for row in self.rows)

    def recover(self) -> list[Job]:
        """After a loss of power, which this memory survives, and those of the processors do not [G19].

        What a copy had claimed is a difference again; the source has its image still, as it is not destaged over
        before. Where 501 or 502 had split and not commanded the copy, it is commanded. A backup goes on from its
        beginning, unless it was to be of a split that was never carried out. Returns those that go on.
        """
        self.copy_held = False
        for row in self.rows:
            row.difference |= row.in_flight
            row.in_flight = row.requested = row.owned = False
        if self.is_split:
            self.copy_commanded = True
            if self.target_view is not PairState.SPLIT:
                self.target_view = PairState.SPLIT_PENDING
        under_way = [job for job in self.jobs.values() if job.state is BackupState.IN_PROGRESS]
        if self.is_split:
            return under_way
        for job in under_way:
            del self.jobs[job.identifier]
        return []

    def join(self) -> None:
        """One version a block again; what was written since the split is a difference, or is forgotten."""
        for row in self.rows:
            if row.after is not None:
                if row.before is not None:
                    self.cache.give_back(row.before)
                row.before, row.after = row.after, None
            if self.policy.post_split_table is PostSplitTable.OWN:
                row.difference |= row.post_difference
                if self.policy.difference_cleared is DifferenceCleared.GENERATION:
                    row.remarked |= row.post_difference
            row.post_difference = False
