"""A controller that conforms, in memory: what the suite must pass, and what the broken controllers are made from.

It has a version of each block from before and one from after the split in its cache, so that nothing ever waits, and
copies through the cache. Its own work is done in steps no wider than those of the model: one cell a step. They are
taken by a thread, or, `pumped`, only when `pump` is called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from splitproof.conformance.adapter import BackupState, BackupStatus, Capabilities, PairViews, Rejected
from splitproof.conformance.history import Extents, blocks_of
from splitproof.conformance.reference_memory import Copy, Destage, Job, Phase, Row
from splitproof.conformance.shapes import PumpKind
from splitproof.spec.vocabulary import PairState

__all__ = ["BLOCK_SIZE_BYTES", "ReferenceController"]

BLOCK_SIZE_BYTES = 64
_IDLE_SECONDS = 0.002

SIMPLEX = PairViews(PairState.SIMPLEX, PairState.SIMPLEX)
CREATING = PairViews(PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)
MIRRORED = PairViews(PairState.DUPLEX, PairState.DUPLEX)
PENDING = PairViews(PairState.SPLIT, PairState.SPLIT_PENDING)
SPLIT = PairViews(PairState.SPLIT, PairState.SPLIT)


class ReferenceController:
    """`staging`: read what is not reflected from the source (third embodiment), instead of asking for its copy."""

    def __init__(self, *, staging: bool = False, pumped: bool = False) -> None:
        self.staging = staging
        self.pumped = pumped
        self.lock = threading.Condition(threading.RLock())
        self.closed = False
        self._install(0)
        if not pumped:
            threading.Thread(target=self._work, name="reference controller", daemon=True).start()

    def _install(self, block_count: int) -> None:
        self.source = [b"source %07d" % block for block in range(block_count)]
        self.source = [data.ljust(BLOCK_SIZE_BYTES, b"\0") for data in self.source]
        self.target = [b"\xff" * BLOCK_SIZE_BYTES] * block_count
        self.rows = [Row() for _ in range(block_count)]
        self.views = SIMPLEX
        self.copy: Copy | None = None
        self.destage: Destage | None = None
        self.jobs: dict[str, Job] = {}
        self.held = False
        self.turn = 0

    # ---- the operations ------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """Everything optional but `pump`, which it has when it is pumped."""
        operations = {
            "resync",
            "delete_pair",
            "split_and_backup",
            "target_image",
            "reset_group",
            "differences",
            "hold_copy",
            "release_copy",
        }
        if self.pumped:
            operations |= {"pump"}
        return Capabilities(
            block_size_bytes=BLOCK_SIZE_BYTES,
            block_count_max=1024,
            operations=frozenset(operations),
            call_seconds_max=5.0,
            settle_seconds_max=5.0,
            name="reference controller",
        )

    def reset(self, block_count: int) -> None:
        with self.lock:
            self._install(block_count)

    def reset_group(self, pair_count: int, block_count: int) -> None:
        """One memory: whatever happens to it at one instant happens to all pairs."""
        self.reset(pair_count * block_count)

    def close(self) -> None:
        """End the worker."""
        with self.lock:
            self.closed = True
            self.lock.notify_all()

    def write(self, block: int, data: bytes) -> None:
        with self.lock:
            self.store(block, data)
            self.lock.notify_all()

    def store(self, block: int, data: bytes) -> None:
        """501: data and mark go into the row in one step."""
        row = self.rows[block]
        if self.is_split:
            row.after, row.post_difference = data, True
        else:
            row.before = data
            row.difference = self.views != SIMPLEX

    def read(self, block: int) -> bytes:
        with self.lock:
            return self.logical(block)

    def logical(self, block: int) -> bytes:
        """What a host read returns."""
        row = self.rows[block]
        if row.after is not None:
            return row.after
        return self.image_of(block)

    def image_of(self, block: int) -> bytes:
        """What the source held at the split, while the block is uncopied; without a split, what it holds."""
        before = self.rows[block].before
        return self.source[block] if before is None else before

    def create_pair(self) -> None:
        with self.lock:
            if self.views != SIMPLEX:
                raise Rejected("there is a pair")
            self.mark_all()
            self.views = CREATING

    def mark_all(self) -> None:
        """The target lacks everything when a pair is formed."""
        for row in self.rows:
            row.difference = True

    def split(self) -> None:
        with self.lock:
            self.split_pair()

    def split_pair(self) -> None:
        """One step: from now on `before` is the image, and the differences only shrink."""
        if self.views not in (MIRRORED, CREATING):
            raise Rejected("only a pair in DUPLEX, or in DUPLEX PENDING, can be split")
        self.views = PENDING
        self.lock.notify_all()

    def resync(self) -> None:
        with self.lock:
            if not self.is_split:
                raise Rejected("the pair is not split")
            self.refuse_while_backing_up()
            self.merge()
            self.views = CREATING
            self.lock.notify_all()

    def refuse_while_backing_up(self) -> None:
        """The image is needed until the last backup of it has ended."""
        if any(job.state is BackupState.IN_PROGRESS for job in self.jobs.values()):
            raise Rejected("a backup is under way")

    def merge(self) -> None:
        """There is one version again; what was written since the split is a difference."""
        for row in self.rows:
            if row.after is not None:
                row.before, row.after = row.after, None
            row.difference |= row.post_difference
            row.post_difference = False

    def delete_pair(self) -> None:
        with self.lock:
            if self.views == SIMPLEX:
                raise Rejected("there is no pair")
            self.refuse_while_backing_up()
            self.merge()
            for row in self.rows:
                row.difference = False
            self.views = SIMPLEX

    def pair_state(self) -> PairViews:
        with self.lock:
            return self.views

    def backup(self, extents: Extents) -> str:
        with self.lock:
            if not self.is_split:
                raise Rejected("the pair is not split")
            return self.accept(extents)

    def accept(self, extents: Extents) -> str:
        """502 writes down what to back up, for 503."""
        identifier = f"backup {len(self.jobs) + 1}"
        self.jobs[identifier] = Job(sorted(blocks_of(extents)), extents)
        self.lock.notify_all()
        return identifier

    def split_and_backup(self, extents: Extents) -> str:
        with self.lock:
            self.split_pair()
            return self.accept(extents)

    def backup_status(self, backup: str) -> BackupStatus:
        with self.lock:
            job = self._job(backup)
            done = set(job.records)
            return BackupStatus(job.state, sum(blocks_of([part]) <= done for part in job.extents))

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        with self.lock:
            return dict(self._job(backup).records)

    def _job(self, backup: str) -> Job:
        if backup not in self.jobs:
            raise Rejected(f"there is no {backup}")
        return self.jobs[backup]

    def target_image(self) -> Sequence[bytes]:
        with self.lock:
            return list(self.target)

    def differences(self) -> frozenset[int]:
        with self.lock:
            return frozenset(filter(self.uncopied, range(len(self.rows))))

    def hold_copy(self) -> None:
        with self.lock:
            self.held = True

    def release_copy(self) -> None:
        with self.lock:
            self.held = False
            self.lock.notify_all()

    def pump(self, kind: str, steps: int) -> int:
        with self.lock:
            done = 0
            while done < steps and self.take_step(PumpKind(kind)):
                done += 1
            return done

    # ---- its own work --------------------------------------------------------------------------------

    @property
    def is_split(self) -> bool:
        """As the source shows it (516)."""
        return self.views.source is PairState.SPLIT

    def uncopied(self, block: int) -> bool:
        """Whether the target lacks the image of the block, as far as anyone may rely on it."""
        return self.rows[block].difference or self.rows[block].in_flight

    def _work(self) -> None:
        while True:
            with self.lock:
                if self.closed:
                    return
                if not self.take_step(PumpKind.ANY):
                    self.lock.wait(_IDLE_SECONDS)

    def take_step(self, kind: PumpKind) -> bool:
        """Take one step of a kind; whether there was one to take. Of any kind: in turns."""
        kinds: dict[PumpKind, Callable[[], bool]] = {
            PumpKind.DESTAGE: self.destage_step,
            PumpKind.COPY: self.copy_step,
            PumpKind.BACKUP: self.backup_step,
        }
        if kind is not PumpKind.ANY:
            return kinds[kind]()
        for _ in kinds:
            self.turn += 1
            if list(kinds.values())[self.turn % len(kinds)]():
                return True
        return False

    def destage_step(self) -> bool:
        """508 takes a dirty slot, stores it, and marks it clean."""
        hand = self.destage
        if hand is None:
            return self.take_slot()
        if not hand.stored:
            self.source[hand.block], hand.stored = hand.data, True
        else:
            self.clean_slot(hand)
            self.destage = None
        return True

    def take_slot(self) -> bool:
        """A post-split version stays in the cache while the source holds the image for a copy."""
        for block, row in enumerate(self.rows):
            if row.before is not None:
                self.destage = Destage(block, row.before)
                return True
            if row.after is not None and self.may_destage_after(block):
                self.destage = Destage(block, row.after)
                return True
        return False

    def may_destage_after(self, block: int) -> bool:
        """Whether the image of the block is safe elsewhere."""
        return not self.uncopied(block)

    def clean_slot(self, hand: Destage) -> None:
        """Unless it was rewritten meanwhile."""
        row = self.rows[hand.block]
        if row.before is hand.data:
            row.before = None
        elif row.after is hand.data:
            row.after = None

    def copy_step(self) -> bool:
        """508 claims a difference, reads it, writes the target, and releases it."""
        if self.held:
            return False
        hand = self.copy
        if hand is None:
            return self.claim() or self.settle()
        if hand.data is None:
            hand.data = self.read_for_copy(hand.block)
        elif not hand.written:
            self.target[hand.block], hand.written = hand.data, True
        else:
            self.release(hand)
            self.copy = None
        return True

    def claim(self) -> bool:
        """Requested blocks first."""
        marked = [block for block, row in enumerate(self.rows) if row.difference]
        if not marked:
            return False
        block = min(marked, key=lambda one: (not self.rows[one].requested, one))
        row = self.rows[block]
        row.in_flight, row.difference = True, False
        self.copy = Copy(block)
        return True

    def read_for_copy(self, block: int) -> bytes:
        """Through the cache: what is dirty from before the split is newer than the source."""
        return self.image_of(block)

    def release(self, hand: Copy) -> None:
        """The target holds what was read."""
        row = self.rows[hand.block]
        row.in_flight = row.requested = False

    def settle(self) -> bool:
        """Nothing is left to copy: the views say so."""
        if any(map(self.uncopied, range(len(self.rows)))) or self.views not in (CREATING, PENDING):
            return False
        self.views = MIRRORED if self.views == CREATING else SPLIT
        return True

    def backup_step(self) -> bool:
        """503 does what is next for the first backup that can go on."""
        active = [job for job in self.jobs.values() if job.state is BackupState.IN_PROGRESS]
        return any(self.advance(job) for job in active)

    def advance(self, job: Job) -> bool:
        """One step of a backup; false if it waits."""
        if job.at == len(job.blocks):
            return self.finish(job)
        block = job.blocks[job.at]
        match job.phase:
            case Phase.CHECK:
                return self.check(job, block)
            case Phase.READ_SOURCE:
                job.data, job.phase = self.read_for_tape(block), Phase.RECHECK
            case Phase.RECHECK:
                job.phase = Phase.KEEP if self.uncopied(block) else Phase.READ_TARGET
            case Phase.READ_TARGET:
                job.data, job.phase = self.target[block], Phase.KEEP
            case Phase.KEEP:
                (job.ready if self.staging else job.records)[block] = job.data
                job.at, job.phase = job.at + 1, Phase.CHECK
        return True

    def check(self, job: Job, block: int) -> bool:
        """Where to read the block from."""
        if not self.uncopied(block):
            job.phase = Phase.READ_TARGET
        elif self.staging:
            job.phase = Phase.READ_SOURCE
        elif self.rows[block].requested:
            return False
        else:
            self.rows[block].requested = True
        return True

    def read_for_tape(self, block: int) -> bytes:
        """As a copy would read it."""
        return self.image_of(block)

    def finish(self, job: Job) -> bool:
        """Write what is staged, then report a good end."""
        if job.ready:
            block = min(job.ready)
            job.records[block] = job.ready.pop(block)
        else:
            job.state = BackupState.COMPLETED
        return True
