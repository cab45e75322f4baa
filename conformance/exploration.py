"""One client that does one thing at a time, with Hypothesis choosing what: the sequential level of the suite.

Operations chosen uniformly rarely meet a pair that is split and not copied yet, so runs start at a drawn stage, copying
is held now and then, and writes prefer what is uncopied. A run that never came to a telling situation is vacuous.
Which rules are offered never depends on the controller: it may not repeat itself, and Hypothesis has to.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from splitproof.conformance.adapter import (
    POLLED,
    AdapterFault,
    BackupState,
    Indefinite,
    PairViews,
    Rejected,
    Unsupported,
)
from splitproof.conformance.client import ClientRecord
from splitproof.conformance.history import Extents, blocks_of
from splitproof.conformance.lab import Lab
from splitproof.conformance.observation import Violated, judge, judge_step
from splitproof.conformance.session import Session, tagged, value_of
from splitproof.conformance.stories import arguments_text, with_story
from splitproof.conformance.verdicts import PropertyViolated, Undecided, Vacuous
from splitproof.conformance.watches import WATCHES, Event, Watch
from splitproof.spec.properties import Kind, Property
from splitproof.spec.vocabulary import PairState

__all__ = ["explore"]

BLOCKS = 3
"""Faults show where operations meet in a block; two more for ranges and priorities."""


class _Run:
    """What came of the examples so far. Once it is `over`, those that Hypothesis still tries do nothing."""

    def __init__(self, lab: Lab, watch: Watch) -> None:
        self.lab = lab
        self.watch = watch
        self.violation: PropertyViolated | None = None
        self.error: Exception | None = None
        self.shrinks_until = 0.0
        self.situations: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        if self.error is not None or self.lab.limits.over:
            return True
        return self.violation is not None and time.monotonic() > self.shrinks_until

    def found(self, violation: PropertyViolated) -> None:
        """Keep the shortest story."""
        if self.violation is None:
            self.shrinks_until = time.monotonic() + self.lab.limits.shrink_seconds_max
        if self.violation is None or len(violation.story) <= len(self.violation.story):
            self.violation = violation


def explore(lab: Lab, item: Property) -> None:
    """Try the property in as many examples as the limits say.

    Raises:
        PropertyViolated: it fails; the shortest story that was found.
        AdapterFault: the controller broke its contract.
        Undecided: the time was up, or the property could never be decided.
        Vacuous: it was never put to the test.
        NotOffered: the controller does not show what the property speaks of.
    """
    watch = WATCHES[item]
    lab.needs(*watch.needs)
    run = _Run(lab, watch)
    machine = type("Exploration", (_Exploration,), {"shared": run})
    limits = lab.limits
    chosen = settings(
        max_examples=limits.examples,
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
        if run.violation is None and run.error is None:
            raise
    if run.violation is not None:
        raise run.violation
    if run.error is not None:
        raise run.error
    if limits.over:
        raise Undecided("the time budget ended the run; nothing was violated until then")
    missing = [text for text in _situations(lab.session, watch) if not run.situations[text]]
    if missing:
        raise Vacuous(missing)


_PENDING = "a pair in SPLIT PENDING"
_UNCOPIED = "a write after the split to a block that was not copied yet"
_PART = "a backup of a part of the volume"
_AGAIN = "a second split, after a resync"


def _situations(session: Session, watch: Watch) -> list[str]:
    """What a run must have come to, as far as the controller offers it."""
    situations = [watch.situation, _PART]
    can_hold = session.has("hold_copy") or session.has("pump")
    if can_hold and session.capabilities.split_is_immediate:
        situations.append(_PENDING)
    if can_hold and session.has("differences"):
        situations.append(_UNCOPIED)
    if session.has("resync"):
        situations.append(_AGAIN)
    return list(dict.fromkeys(situations))


_BLOCK = st.integers(0, BLOCKS - 1)
_KIND = st.sampled_from(["copy", "destage", "backup"])
_ANY_KIND = st.sampled_from(["copy", "destage", "backup", "host", "command"])


class _Exploration(RuleBasedStateMachine):
    shared: ClassVar[_Run]

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.held = False
        self.views: PairViews | None = None
        self.client = ClientRecord(())
        self._guarded(self._open)

    def _open(self) -> None:
        self.session = self.shared.lab.fresh(BLOCKS)
        self.client = ClientRecord(tuple(self.session.read(block) for block in range(BLOCKS)))
        self.views = self.session.pair_state()

    def _guarded(self, act: Callable[[], object]) -> None:
        """Do something with the controller, unless the run is over; end it if the controller is lost."""
        if self.shared.over:
            return
        try:
            act()
        except PropertyViolated as violation:
            self.shared.found(violation)
            raise
        except (AdapterFault, Undecided) as error:
            self.shared.error = with_story(error, self.story)
        except (Indefinite, Unsupported) as error:
            self.shared.error = Undecided(f"the controller would not say how it is: {error}")

    # ---- rules ---------------------------------------------------------------------------------------

    @initialize(stage=st.sampled_from(["fresh", "duplex", "pending", "rewritten", "again"]), block=_BLOCK)
    def begin(self, stage: str, block: int) -> None:
        def act() -> None:
            if stage == "fresh":
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

    @rule(kind=_ANY_KIND, steps=st.integers(1, 4))
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

    # ---- operations ----------------------------------------------------------------------------------

    def _extents(self, first: int, last: int) -> Extents:
        low, high = sorted((first, last))
        if first > last:  # backwards: the two ends as extents of their own
            return ((high, 1), (low, 1)) if high != low else ((low, 1),)
        return ((low, high - low + 1),)

    def _write(self, block: int) -> bool:
        number = next(self.shared.lab.numbers)
        data = tagged(number, self.session.capabilities.block_size_bytes)
        return self._do("write", block=block, data=data)

    def _write_uncopied(self, choice: int) -> None:
        uncopied = sorted(self.session.call("differences")) if self.session.has("differences") else []
        block = uncopied[choice % len(uncopied)] if uncopied else choice
        if self._write(block) and uncopied:
            self.shared.situations[_UNCOPIED] += 1

    def _back_up(self, extents: Extents) -> bool:
        """Where the host has to ask for the state of the pair first, it does."""
        if self.session.capabilities.embodiment == POLLED and self.client.is_split:
            self._settle()
        return self._do("backup", extents=extents)

    def _next_cycle(self, block: int) -> None:
        if self._do("resync"):
            self._settle()
            self._hold()
            self._write(block)
            self._do("split")

    def _pump(self, kind: str, steps: int) -> None:
        for _ in range(steps):
            if not self._do("pump", kind=kind, steps=1):
                return

    def _hold(self) -> None:
        if self.session.has("hold_copy") and not self.held:
            self.held = self._do("hold_copy")

    def _release(self) -> None:
        if self.held:
            self.held = False
            self._do("release_copy")

    def _settle(self) -> None:
        self._release()

        def settled() -> bool:
            pending = (PairState.DUPLEX_PENDING, PairState.SPLIT_PENDING)
            return self.session.pair_state().target not in pending

        self._until(settled, "the pair settles")

    def _mirror(self) -> None:
        """Form the pair if there is none, and wait."""
        if self.views is not None and self.views.source is PairState.SIMPLEX:
            self._do("create_pair")
        self._settle()

    def _ensure_split(self) -> None:
        """At once if that can be, with whatever is left to copy."""
        if not self.client.is_split and not self._do("split"):
            self._mirror()
            self._do("split")

    def _end_backups(self) -> None:
        self._release()

        def ended() -> bool:
            states = (self.session.backup_status(one).state for one in self.client.backups)
            return BackupState.IN_PROGRESS not in states

        self._until(ended, "all backups end")

    def _until(self, reached: Callable[[], bool], told: str) -> None:
        """Wait; a pumped controller is pumped step by step, and looked at after each."""
        if not self.session.has("pump"):
            if not self.shared.lab.settles(self.session, reached):
                limit = self.session.capabilities.settle_seconds_max
                raise Undecided(f"waited until {told}, and the declared {limit:g} s were not enough")
            self._tell(f"wait until {told}", "wait", {}, None, True)
            return
        while not reached() and self._do("pump", kind="any", steps=1):
            pass

    def _do(self, name: str, **arguments: Any) -> bool:
        """Carry out an operation, look, and judge; whether it was accepted (and had something to do)."""
        if not self.session.has(name):
            return False
        told = f"{name}({arguments_text(arguments)})"
        try:
            result = self.session.call(name, **arguments)
        except (Rejected, Unsupported) as reason:
            self._tell(f"{told} rejected: {reason}", name, arguments, None, False)
            return False
        except Indefinite as reason:
            if name != "write":
                raise
            self.client.doubtful.add(arguments["block"])
            self._tell(f"{told} may have happened: {reason}", name, arguments, None, False)
            return False
        if result is not None:
            told += f" -> {value_of(result) if isinstance(result, bytes) else result}"
        self._tell(told, name, arguments, result, True)
        return name != "pump" or result > 0

    def _tell(self, told: str, name: str, arguments: dict[str, Any], result: Any, accepted: bool) -> None:
        if name != "pump":
            self.story.append(told)
        elif result:
            self._tell_pumped(str(arguments["kind"]))
        before, self.views = self.views, self.session.pair_state()
        event = Event(name, arguments, result, accepted, before, self.views)
        if accepted:
            self.client.learn(name, arguments, result)
        self._judge(event)
        self._note(event)

    def _tell_pumped(self, kind: str) -> None:
        """Steps of a kind in a row are one line."""
        last = self.story[-1] if self.story else ""
        if last.startswith(f"pump({kind}) x "):
            self.story[-1] = f"pump({kind}) x {int(last.rpartition(' ')[2]) + 1}"
        else:
            self.story.append(f"pump({kind}) x 1")

    def _note(self, event: Event) -> None:
        situations = self.shared.situations
        if self.views is not None and self.views.target is PairState.SPLIT_PENDING:
            situations[_PENDING] += 1
        if event.accepted and event.name in ("backup", "split_and_backup"):
            situations[_PART] += len(blocks_of(event.arguments["extents"])) < BLOCKS
        if event.accepted and event.name in ("split", "split_and_backup") and self.client.splits > 1:
            situations[_AGAIN] += 1

    def _judge(self, event: Event) -> None:
        watch = self.shared.watch
        for look in watch.look(self.session, self.client, event):
            verdict = (
                judge(watch.property, look.before)
                if watch.property.kind is Kind.ALWAYS or look.after is None
                else judge_step(watch.property, look.before, look.after)
            )
            if isinstance(verdict, Violated):
                raise PropertyViolated.of(verdict, self.story)
            decided = {finding.block for finding in verdict.findings if finding.holds is not None}
            self.shared.situations[watch.situation] += bool(look.telling & decided)
