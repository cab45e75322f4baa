"""One client that does one thing at a time, with Hypothesis choosing what: the sequential level of the suite.

Operations chosen uniformly rarely meet a pair that is split and not copied yet, so runs start at a drawn stage, copying
is held now and then, and writes prefer what is uncopied. A run that never came to a telling situation is vacuous.
Which rules are offered never depends on the controller: it may not repeat itself, and Hypothesis has to.
"""

from __future__ import annotations

from typing import ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Session
from splitproof.conformance.levels.single_client import (
    AGAIN,
    BLOCKS,
    CRASHED,
    CRASHED_PENDING,
    PART,
    PENDING,
    UNCOPIED,
    Run,
    SingleClient,
)
from splitproof.conformance.levels.watches import WATCHES, Watch
from splitproof.conformance.verdicts import Undecided, Vacuous
from splitproof.spec.properties import Property

__all__ = ["explore"]


def explore(lab: Lab, item: Property, *, crashes: bool = False) -> None:
    """Try the property in as many examples as the limits say; with `crashes`, among losses of power.

    Raises:
        PropertyViolated: it fails; the shortest story that was found.
        AdapterFault: the controller broke its contract.
        Undecided: the time was up, or the property could never be decided.
        Vacuous: it was never put to the test.
        NotOffered: the controller does not show what the property speaks of.
    """
    watch = WATCHES[item]
    lab.needs(*watch.needs, *(("crash",) if crashes else ()))
    run = Run(lab, watch)
    kind = _Crashing if crashes else _Exploration
    try:
        for stage in _STAGES:  # each at least once, whatever Hypothesis draws
            _try(run, kind, stage, examples=1)
        _try(run, kind, None, lab.limits.examples)
    finally:
        lab.coverage.add(run.coverage)
    if run.violation is not None:
        raise run.violation
    if run.fault is not None:
        raise run.fault
    if run.error is not None:
        raise run.error
    if lab.limits.over:
        raise Undecided("the time budget ended the run; nothing was violated until then")
    missing = [text for text in _situations(lab.session, watch, crashes) if not run.coverage.situations[text]]
    if missing:
        raise Vacuous(missing)


def _try(run: Run, kind: type[SingleClient], stage: str | None, examples: int) -> None:
    """So many examples, from a stage or from one that Hypothesis draws, unless the run is decided."""
    if run.is_decided or run.over:
        return
    limits = run.lab.limits
    machine = type("Exploration", (kind,), {"shared": run, "stage": stage})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=limits.steps,
        deadline=None,
        database=None,
        derandomize=limits.seed is None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,  # the verdict tells the story
    )
    if limits.seed is not None:
        machine = hypothesis.seed(limits.seed)(machine)
    try:
        run_state_machine_as_test(machine, settings=chosen)
    except Exception:
        # A controller with threads of its own does not repeat itself, and Hypothesis says so; what was seen was seen.
        if not run.is_decided:
            raise


def _situations(session: Session, watch: Watch, crashes: bool) -> list[str]:
    """What a run must have come to, as far as the controller offers it."""
    situations = [watch.situation, PART]
    can_hold = session.has("hold_copy") or session.has("pump")
    if can_hold and session.capabilities.split_is_immediate:
        situations.append(PENDING)
        if session.has("differences"):
            situations.append(UNCOPIED)
    if session.has("resync"):
        situations.append(AGAIN)
    if crashes:
        situations.append(CRASHED)
        if PENDING in situations:
            situations.append(CRASHED_PENDING)
    return list(dict.fromkeys(situations))


_BLOCK = st.integers(0, BLOCKS - 1)
_KIND = st.sampled_from(["copy", "destage", "backup", "command"])


_STAGES = ["fresh", "at once", "creating", "duplex", "pending", "rewritten", "backup", "again"]


class _Exploration(SingleClient):
    stage: ClassVar[str | None] = None
    """Where every example starts; None if that is drawn."""

    # ---- rules ---------------------------------------------------------------------------------------

    @initialize(drawn=st.sampled_from(_STAGES), block=_BLOCK)
    def begin(self, drawn: str, block: int) -> None:
        stage = self.stage or drawn

        def act() -> None:
            if stage == "fresh":
                self._do("backup", extents=((block, 1),))  # of no pair
                return
            if stage == "at once":
                self._split_at_once(block, 0)
                return
            if stage == "creating":
                self._hold()
                self._do("create_pair")
                self._do("split")
                return
            self._mirror()
            if stage == "duplex":
                self._do("backup", extents=((block, 1),))  # of no split
                return
            self._hold()
            self._write(block)
            self._do("split")
            if stage == "rewritten":
                self._write_uncopied(block)
            if stage == "backup":
                self._back_up(((0, block + 1),))
            if stage == "again":
                self._next_cycle(block)

        self._guarded(act)

    @rule(block=_BLOCK)
    def write(self, block: int) -> None:
        self._guarded(lambda: self._write(block))

    @rule(choice=_BLOCK)
    def write_what_is_uncopied(self, choice: int) -> None:
        self._guarded(lambda: self._write_uncopied(choice))

    @rule(block=_BLOCK)
    def read(self, block: int) -> None:
        self._guarded(lambda: self._do("read", block=block))

    @rule()
    def mirror(self) -> None:
        self._guarded(self._mirror)

    @rule()
    def split(self) -> None:
        self._guarded(lambda: self._do("split"))

    @rule(first=_BLOCK, last=_BLOCK)
    def backup(self, first: int, last: int) -> None:
        self._guarded(lambda: self._back_up(self._extents(first, last)))

    @rule(block=_BLOCK, last=_BLOCK, ends=st.booleans())
    def write_and_back_up(self, block: int, last: int, ends: bool) -> None:
        def act() -> None:
            self._ensure_split()
            self._write(block)
            if self._back_up(self._extents(block, last)) and ends:
                self._end_backups()

        self._guarded(act)

    @rule()
    def let_backups_end(self) -> None:
        self._guarded(self._end_backups)

    @rule(first=_BLOCK, last=_BLOCK)
    def split_and_backup(self, first: int, last: int) -> None:
        self._guarded(lambda: self._do("split_and_backup", extents=self._extents(first, last)))

    @rule()
    def hold_or_release(self) -> None:
        self._guarded(self._release if self.held else self._hold)

    @rule(kind=_KIND, steps=st.integers(1, 4))
    def pump(self, kind: str, steps: int) -> None:
        self._guarded(lambda: self._pump(kind, steps))

    @rule(block=_BLOCK, kind=_KIND, first=st.integers(0, 3), second=st.integers(0, 3))
    def write_between_steps(self, block: int, kind: str, first: int, second: int) -> None:
        """What was taken before a write must not undo it afterwards."""

        def act() -> None:
            self._write(block)
            self._pump(kind, first)
            self._write(block)
            self._pump(kind, second)
            self._do("read", block=block)

        self._guarded(act)

    @rule(block=_BLOCK, steps=st.integers(1, 3))
    def overtake_backup(self, block: int, steps: int) -> None:
        """A backup has looked at the block, and everything else goes on before it reads it."""

        def act() -> None:
            if not self.session.has("pump"):
                return
            self._ensure_split()
            if self._back_up(((block, 1),)):
                self._pump("backup", steps)
                self._write(block)
                self._release()
                self._pump("copy", 5 * BLOCKS)
                self._pump("destage", 4 * BLOCKS)
                self._end_backups()

        self._guarded(act)

    @rule(wait=st.booleans(), block=_BLOCK)
    def next_cycle(self, wait: bool, block: int) -> None:
        """Join the pair again, mirror it, write, and split."""

        def act() -> None:
            if wait:
                self._end_backups()
            self._next_cycle(block)

        self._guarded(act)

    @rule(block=_BLOCK, last=_BLOCK)
    def split_at_once(self, block: int, last: int) -> None:
        def act() -> None:
            if not self.client.is_split or self._do("resync"):
                self._split_at_once(block, last)

        self._guarded(act)

    def _split_at_once(self, block: int, last: int) -> None:
        """With no look in between, which may be when a controller gets on with its work, and takes its time."""
        self._mirror()
        self.blind = True
        self._write(block)
        self._write(last)
        self._do("split")
        self._back_up(self._extents(block, last))
        self.blind = False
        self._end_backups()

    @rule()
    def delete_pair(self) -> None:
        self._guarded(lambda: self._do("delete_pair"))

    def teardown(self) -> None:
        """Whatever happened before, it ends in a backup of everything."""

        def act() -> None:
            self._ensure_split()
            self._write(0)
            self._back_up(((0, BLOCKS),))
            self._end_backups()

        self._guarded(act)

    def _extents(self, first: int, last: int) -> Extents:
        low, high = sorted((first, last))
        if first > last:  # backwards: the two ends as extents of their own
            return ((high, 1), (low, 1)) if high != low else ((low, 1),)
        return ((low, high - low + 1),)


class _Crashing(_Exploration):
    """Fails as a whole now and then, with whatever is under way."""

    @rule()
    def crash(self) -> None:
        self._guarded(self._crash)

    @rule(block=_BLOCK)
    def crash_after_a_write(self, block: int) -> None:
        """Of an uncopied block, after the split: image and write are both in the cache."""

        def act() -> None:
            if not self.client.is_split:
                self._mirror()
                self._hold()
                self._write(block)
                self._do("split")
            self._write_uncopied(block)
            self._crash()

        self._guarded(act)

    @rule(block=_BLOCK, kind=_KIND, steps=st.integers(0, 4), later=st.booleans())
    def crash_during_a_backup(self, block: int, kind: str, steps: int, later: bool) -> None:
        """Some of it was done; what is written afterwards must not get to the tape."""

        def act() -> None:
            self._ensure_split()
            self._back_up(((0, BLOCKS),))
            self._pump(kind, steps)
            if later:
                self._write(block)
            self._crash()
            self._write(block)
            self._end_backups()

        self._guarded(act)
