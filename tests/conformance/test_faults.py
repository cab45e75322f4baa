"""Losing power: what has to hold afterwards is found missing, and what the document does not promise is not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    PairViews,
    Rejected,
)
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import NotOffered, PropertyViolated
from splitproof.spec.split_backup import (
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    READ_LATEST_WRITE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

SIZE = 16
SIMPLEX, CREATING, DUPLEX, PENDING, SPLIT = (
    PairViews(*views)
    for views in (
        (PairState.SIMPLEX, PairState.SIMPLEX),
        (PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING),
        (PairState.DUPLEX, PairState.DUPLEX),
        (PairState.SPLIT, PairState.SPLIT_PENDING),
        (PairState.SPLIT, PairState.SPLIT),
    )
)


class Kept:
    """Everything is in memory that keeps its contents. Its own work is done while it is asked how far it is."""

    survives = True

    def capabilities(self) -> Capabilities:
        operations = {"hold_copy", "release_copy", "target_image", "crash", "recover"}
        return Capabilities(
            SIZE, 64, frozenset(operations), writes_survive_crash=self.survives, settle_seconds_max=2.0
        )

    def reset(self, block_count: int) -> None:
        self.source = [b"%016d" % block for block in range(block_count)]
        self.target = [b"\xff" * SIZE] * block_count
        self.later: dict[int, bytes] = {}
        self.differs: set[int] = set()
        self.views, self.held = SIMPLEX, False
        self.jobs: dict[str, tuple[list[int], dict[int, bytes]]] = {}
        self.failed: set[str] = set()

    def write(self, block: int, data: bytes) -> None:
        if self.views == PENDING and block in self.differs:
            self.later[block] = data
        else:
            self.source[block] = data
            self.differs |= {block} if self.views in (CREATING, DUPLEX) else set()

    def read(self, block: int) -> bytes:
        return self.later.get(block, self.source[block])

    def create_pair(self) -> None:
        if self.views != SIMPLEX:
            raise Rejected("there is a pair")
        self.views, self.differs = CREATING, set(range(len(self.source)))

    def split(self) -> None:
        if self.views not in (CREATING, DUPLEX):
            raise Rejected("there is no pair to split")
        self.views = PENDING

    def pair_state(self) -> PairViews:
        self.work()
        return self.views

    def work(self) -> None:
        if self.held or self.views not in (CREATING, DUPLEX, PENDING):
            return
        if self.differs:
            self.copy(min(self.differs))
        elif self.views != DUPLEX:
            self.views = DUPLEX if self.views == CREATING else SPLIT

    def copy(self, block: int) -> None:
        self.target[block] = self.source[block]
        self.differs.discard(block)
        self.source[block] = self.later.pop(block, self.source[block])

    def backup(self, extents: Extents) -> str:
        if self.views not in (PENDING, SPLIT):
            raise Rejected("the pair is not split")
        self.jobs[name := f"tape {len(self.jobs)}"] = (sorted(blocks_of(extents)), {})
        return name

    def backup_status(self, backup: str) -> BackupStatus:
        if backup not in self.jobs:
            raise Rejected("there is no such backup")
        if backup in self.failed:
            return BackupStatus(BackupState.FAILED)
        blocks, records = self.jobs[backup]
        left = [block for block in blocks if block not in records]
        if not left:
            return BackupStatus(BackupState.COMPLETED)
        self.record(left[0], records)
        return BackupStatus(BackupState.IN_PROGRESS)

    def record(self, block: int, records: dict[int, bytes]) -> None:
        if block not in self.differs:
            records[block] = self.target[block]
        elif not self.held:
            self.copy(block)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        return dict(self.jobs[backup][1])

    def target_image(self) -> Sequence[bytes]:
        return list(self.target)

    def hold_copy(self) -> None:
        self.held = True

    def release_copy(self) -> None:
        self.held = False

    def crash(self) -> None:
        """Nothing is lost."""

    def recover(self) -> None:
        self.held = False


class Forgets(Kept):
    """Loses what was written after the split, its jobs, and a pair that was not settled: none of it is promised."""

    survives = False

    def crash(self) -> None:
        self.later.clear()
        self.jobs.clear()
        if self.views != SPLIT:
            self.views, self.differs = SIMPLEX, set()


class FailsBackups(Kept):
    """Ends every backup with an error, and keeps the rest."""

    def crash(self) -> None:
        ended = {name for name, (blocks, records) in self.jobs.items() if len(records) == len(blocks)}
        self.failed |= set(self.jobs) - ended


class ForgetsDifferences(Kept):
    def crash(self) -> None:
        self.differs.clear()
        self.later.clear()
        self.views = SPLIT if self.views == PENDING else self.views


class RestartsBackupsFromTheSource(Kept):
    restarted = False

    def reset(self, block_count: int) -> None:
        super().reset(block_count)
        self.restarted = False

    def recover(self) -> None:
        super().recover()
        self.restarted = True

    def record(self, block: int, records: dict[int, bytes]) -> None:
        if self.restarted:
            records[block] = self.read(block)
        else:
            super().record(block, records)


class ReportsAGoodEnd(Kept):
    def recover(self) -> None:
        super().recover()
        for blocks, records in self.jobs.values():
            blocks[:] = [block for block in blocks if block in records]


class LosesWrites(Kept):
    def crash(self) -> None:
        self.later.clear()


class ComesUpHalf(Kept):
    def recover(self) -> None:
        super().recover()
        if self.views == PENDING:
            self.views = PairViews(PairState.DUPLEX, PairState.SPLIT_PENDING)


FAULTS = [name for name, test in suite_tests().items() if about(test).level is Level.FAULTS]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("make", [Kept, Forgets, FailsBackups])
def test_what_the_document_does_not_promise_is_not_asked(name: str, make: type[Kept]) -> None:
    outcome = outcome_of(suite_tests()[name], lambda: LocalTransport(make()), Limits())
    if make is Forgets and "survives" in name:
        assert isinstance(outcome, NotOffered)
        assert "the document does not ask it" in str(outcome)
    else:
        assert outcome is None, outcome


@pytest.mark.parametrize(
    ("make", "item"),
    [
        (ForgetsDifferences, TARGET_IS_IMAGE),
        (ForgetsDifferences, TAPE_IS_IMAGE),
        (RestartsBackupsFromTheSource, TAPE_IS_IMAGE),
        (ReportsAGoodEnd, END_REPORT_IS_TRUE),
        (LosesWrites, READ_LATEST_WRITE),
        (ComesUpHalf, LEGAL_PAIR_STATES),
    ],
)
def test_a_controller_that_comes_back_wrong_is_caught(make: type[Kept], item: object) -> None:
    (name,) = (name for name in FAULTS if about(suite_tests()[name]).property is item)
    limits = Limits(shrink_seconds_max=0.5)
    outcome = outcome_of(suite_tests()[name], lambda: LocalTransport(make()), limits)
    assert isinstance(outcome, PropertyViolated), outcome
    assert outcome.property is item
    assert "crash(), recover()" in outcome.story
    assert outcome.history is None, "the judge of histories knows of no crash"


@pytest.mark.parametrize(
    "make", [ForgetsDifferences, RestartsBackupsFromTheSource, ReportsAGoodEnd, LosesWrites]
)
def test_without_a_crash_nothing_is_wrong_with_them(make: type[Kept]) -> None:
    test = suite_tests()["test_r08_the_tape_is_the_source_at_the_split"]
    assert outcome_of(test, lambda: LocalTransport(make()), Limits(examples=10)) is None


def test_a_controller_that_declares_no_crash_is_not_tested() -> None:
    class Plain(Kept):
        def capabilities(self) -> Capabilities:
            return Capabilities(SIZE, 64)

    for name in FAULTS:
        assert isinstance(
            outcome_of(suite_tests()[name], lambda: LocalTransport(Plain()), Limits()), NotOffered
        )
