"""One client that does one thing at a time: it carries an operation out, looks, judges, and knows where it is.

What it does, and in which order, is for others to choose: see `exploration`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from hypothesis.stateful import RuleBasedStateMachine

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.lab.coverage import AbstractState, Coverage, UnderWay
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import arguments_text, tagged, value_of
from splitproof.conformance.levels.client import ClientRecord
from splitproof.conformance.levels.watches import Event, Watch
from splitproof.conformance.observation import Violated, judge, judge_step
from splitproof.conformance.protocol.adapter import (
    POLLED,
    AdapterFault,
    BackupState,
    FaultKind,
    Indefinite,
    PairViews,
    Rejected,
    Unsupported,
)
from splitproof.conformance.timelines.stories import with_story
from splitproof.conformance.verdicts import PropertyViolated, Undecided
from splitproof.spec.properties import Kind
from splitproof.spec.vocabulary import PairState

__all__ = [
    "AGAIN",
    "BLOCKS",
    "CRASHED",
    "CRASHED_PENDING",
    "PART",
    "PENDING",
    "UNCOPIED",
    "Run",
    "SingleClient",
]

BLOCKS: Final = 3
"""Faults show where operations meet in a block; two more for ranges and priorities."""

PENDING: Final = "a pair in SPLIT PENDING"
UNCOPIED: Final = "a write after the split to a block that was not copied yet"
PART: Final = "a backup of a part of the volume"
AGAIN: Final = "a second split, after a resync"
CRASHED: Final = "a crash while the pair was split"
CRASHED_PENDING: Final = "a crash in SPLIT PENDING"
_PENDING_VIEWS: Final = PairViews(PairState.SPLIT, PairState.SPLIT_PENDING)


class Run:
    """What came of the examples so far. Once it is `over`, those that Hypothesis still tries do nothing."""

    def __init__(self, lab: Lab, watch: Watch) -> None:
        self.lab = lab
        self.watch = watch
        self.violation: PropertyViolated | None = None
        self.fault: AdapterFault | None = None
        self.error: Exception | None = None
        self.shrinks_until = 0.0
        self._steps = 0
        self._where = FaultKind.RAISED, ""
        self.coverage = Coverage()

    @property
    def over(self) -> bool:
        if self.error is not None or self.lab.limits.over:
            return True
        return self.is_decided and time.monotonic() > self.shrinks_until

    @property
    def is_decided(self) -> bool:
        return not (self.violation is None and self.fault is None and self.error is None)

    def found(self, violation: PropertyViolated) -> None:
        """Keep the shortest story."""
        if self.fault is not None:
            return  # of another example: this one is told
        if self.violation is None:
            self.shrinks_until = time.monotonic() + self.lab.limits.shrink_seconds_max
        if self.violation is None or len(violation.story) <= len(self.violation.story):
            self.violation = violation

    def lost(self, fault: AdapterFault, story: Sequence[str]) -> bool:
        """Keep the shortest story of a fault; whether a shorter one is to be looked for.

        That is done once for a kind and an operation: a broken adapter breaks many tests. A call that hung is not tried
        again: each time would take its whole time limit, and leave one more thread that nobody can end.
        """
        told = with_story(fault, story)
        assert isinstance(told, AdapterFault)
        name = fault.call.partition("(")[0]
        where, message = (fault.kind, name), str(fault).replace(fault.call or name, name)
        if self.violation is not None or fault.kind is FaultKind.HUNG:
            self.error = told
        elif self.fault is None and where in self.lab.faults:
            known, shortest = self.lab.faults[where]
            self.error = shortest if known == message else told
        elif self.fault is None:
            self._where, self._steps, self.fault = where, len(story), told
            self.shrinks_until = time.monotonic() + (self.lab.limits.shrink_seconds_max if story else 0.0)
            self.lab.faults[where] = message, told
        elif where == self._where and len(story) <= self._steps:
            self._steps, self.fault = len(story), told
            self.lab.faults[where] = message, told
        return not self.over


class SingleClient(RuleBasedStateMachine):
    """A client of a fresh volume, without rules."""

    shared: ClassVar[Run]

    def __init__(self) -> None:
        super().__init__()
        self.story: list[str] = []
        self.held = False
        self.rewritten = False
        self.crashes = 0
        self.blind = False
        self.ended = False
        self.views: PairViews | None = None
        self.client = ClientRecord(())
        self._guarded(self._open)

    def _open(self) -> None:
        self.session = self.shared.lab.fresh(BLOCKS)
        self.shared.coverage.declared = self.session.capabilities.operations
        self.client = ClientRecord(tuple(self.session.read(block) for block in range(BLOCKS)))
        self.views = self.session.pair_state()

    def _guarded(self, act: Callable[[], object]) -> None:
        """Do something with the controller, unless the run is over; end the example if the controller is lost."""
        if self.ended or self.shared.over:
            return
        try:
            act()
        except PropertyViolated as violation:
            self.ended = True
            self.shared.found(violation)
            raise
        except AdapterFault as fault:
            self.ended = True
            if self.shared.lost(fault, self.story):
                raise
        except Undecided as error:
            self.shared.error = with_story(error, self.story)
        except (Indefinite, Unsupported) as error:
            self.shared.error = Undecided(f"the controller would not say how it is: {error}")

    # ---- operations ----------------------------------------------------------------------------------

    def _write(self, block: int) -> bool:
        number = next(self.shared.lab.numbers)
        data = tagged(number, self.session.capabilities.block_size_bytes)
        return self._do("write", block=block, data=data)

    def _write_uncopied(self, choice: int) -> None:
        uncopied = sorted(self.session.call("differences")) if self.session.has("differences") else []
        block = uncopied[choice % len(uncopied)] if uncopied else choice
        if self._write(block) and uncopied and self.client.is_split:
            self.shared.coverage.situations[UNCOPIED] += 1
            self.rewritten = True

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

    def _crash(self) -> None:
        """Fail, start again, and look at what is left, of which the document says nothing [G19]."""
        if not self.session.has("crash"):
            return
        coverage = self.shared.coverage
        if self.client.is_split:
            coverage.situations[CRASHED] += 1
            coverage.situations[CRASHED_PENDING] += self.views == _PENDING_VIEWS
        self.session.call("crash")
        self.session.call("recover")
        self.story.append("crash(), recover()")
        self.held = self.rewritten = False
        self.crashes += 1
        self.views = self.session.pair_state()
        for identifier in list(self.client.backups):
            try:
                self.session.backup_status(identifier)
            except Rejected:
                del self.client.backups[identifier]  # not known any more: no good end of it is ever reported
        survive = self.session.capabilities.writes_survive_crash
        contents = [
            self.client.acknowledged[block]
            if survive and block not in self.client.doubtful
            else self.session.read(block)
            for block in range(BLOCKS)
        ]
        self.client.recovered(contents, self.views.source is PairState.SPLIT)
        for block in range(BLOCKS) if survive else ():
            self._do("read", block=block)

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
        before, self.views = self.views, None if self.blind else self.session.pair_state()
        event = Event(name, arguments, result, accepted, before, self.views)
        if accepted:
            self.client.learn(name, arguments, result)
        self._judge(event)
        self._note(event)
        self._cover(event)

    def _tell_pumped(self, kind: str) -> None:
        """Steps of a kind in a row are one line."""
        last = self.story[-1] if self.story else ""
        if last.startswith(f"pump({kind}) x "):
            self.story[-1] = f"pump({kind}) x {int(last.rpartition(' ')[2]) + 1}"
        else:
            self.story.append(f"pump({kind}) x 1")

    def _note(self, event: Event) -> None:
        situations = self.shared.coverage.situations
        if self.views is not None and self.views.target is PairState.SPLIT_PENDING:
            situations[PENDING] += 1
        if event.accepted and event.name in ("backup", "split_and_backup"):
            situations[PART] += len(blocks_of(event.arguments["extents"])) < BLOCKS
        if event.accepted and event.name in ("split", "split_and_backup") and self.client.splits > 1:
            situations[AGAIN] += 1

    def _cover(self, event: Event) -> None:
        """Where in the specification's states the run is now."""
        coverage, client = self.shared.coverage, self.client
        coverage.did(event.name, event.views_before, event.views, event.accepted)
        if self.views is None:
            return
        if self.views.target is not PairState.SPLIT_PENDING:
            self.rewritten = False
        joined = client.splits - client.is_split
        views = (self.views.source, self.views.target)
        coverage.reached(AbstractState(views, self.held, self._under_way(), self.rewritten, joined > 0))

    def _under_way(self) -> UnderWay:
        """The widest backup that has not ended."""
        sizes = []
        for identifier, backup in self.client.backups.items():
            if not backup.over:
                backup.over = self.session.backup_status(identifier).state is not BackupState.IN_PROGRESS
            if not backup.over:
                sizes.append(len(backup.blocks))
        if not sizes:
            return UnderWay.NOTHING
        return UnderWay.WHOLE if max(sizes) == BLOCKS else UnderWay.PART

    def _judge(self, event: Event) -> None:
        watch = self.shared.watch
        for look in watch.look(self.session, self.client, event):
            verdict = (
                judge(watch.property, look.before)
                if watch.property.kind is Kind.ALWAYS or look.after is None
                else judge_step(watch.property, look.before, look.after)
            )
            if isinstance(verdict, Violated):
                # The judge of histories knows of no crash, and of writes that are lost by it.
                history = None if self.crashes else self.session.history()
                raise PropertyViolated.of(verdict, self.story, history)
            decided = {finding.block for finding in verdict.findings if finding.holds is not None}
            self.shared.coverage.judged(verdict)
            self.shared.coverage.situations[watch.situation] += bool(look.telling & decided)
