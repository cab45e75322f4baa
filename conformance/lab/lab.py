"""Where a controller is tested: it is opened, set up, brought to a stage, and replaced when it is lost."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.lab.coverage import Coverage
from splitproof.conformance.lab.session import Session
from splitproof.conformance.protocol.adapter import POLLED, AdapterFault, BackupState, FaultKind, PairViews
from splitproof.conformance.protocol.transport import Transport
from splitproof.conformance.verdicts import NotOffered, Undecided
from splitproof.spec.vocabulary import PairState

__all__ = ["DUPLEX", "Lab", "Limits", "whole"]

DUPLEX = PairViews(PairState.DUPLEX, PairState.DUPLEX)
_POLL_SECONDS = 0.001
_POLL_SECONDS_MAX = 0.05
_PUMPED_STEPS = 64


@dataclass(frozen=True)
class Limits:
    """How much a run tries. `seed` None: the same examples every time.

    `deadline`: of `time.monotonic()`; what is not decided by then is unknown. `shrink_seconds_max`: how long a story
    is made shorter.
    """

    examples: int = 30
    steps: int = 30
    seed: int | None = None
    deadline: float | None = None
    shrink_seconds_max: float = 20.0

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() > self.deadline


@dataclass
class Lab:
    """Opens controllers with `open_transport`, one at a time."""

    open_transport: Callable[[], Transport]
    limits: Limits = field(default_factory=Limits)
    _session: Session | None = None

    def __post_init__(self) -> None:
        self.numbers = itertools.count(1)
        """Of writes: no two are alike in the whole run."""
        self.coverage = Coverage()
        """What all runs of a single client came to."""
        self.faults: dict[tuple[FaultKind, str], tuple[str, AdapterFault]] = {}
        """Those of which a short story was looked for: the kind and the operation, to the message and the story."""

    @property
    def session(self) -> Session:
        """The controller, opened if there is none or the last one was lost.

        Raises:
            AdapterFault: it cannot be opened.
            Undecided: the time is up.
        """
        if self.limits.over:
            raise Undecided("the time budget ended before this was tried")
        if self._session is not None and self._session.fault is not None:
            self.close()
        if self._session is None:
            self._session = Session(self.open_transport, self.limits.deadline)
        return self._session

    @property
    def session_or_none(self) -> Session | None:
        """The session that is open, if any."""
        return self._session

    def close(self) -> None:
        """Let the controller go."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def needs(self, *names: str) -> None:
        """Leave a test that needs operations which the controller does not declare.

        Raises:
            NotOffered: it lacks one.
        """
        for name in names:
            if not self.session.has(name):
                raise NotOffered(f"the controller does not declare {name}")

    def fresh(self, block_count: int, pair_count: int = 1) -> Session:
        """A fresh unpaired volume of so many blocks, 8 at most: every controller has that many.

        `pair_count`: if there are several, they are a group, and have so many blocks together.
        """
        session = self.session
        if pair_count == 1:
            session.reset(block_count)
        else:
            session.reset_group(pair_count, block_count // pair_count)
        return session

    def mirrored(self, block_count: int, pair_count: int = 1) -> Session:
        """A fresh volume or group, paired, and in DUPLEX.

        Raises:
            Undecided: it does not get there within its declared time.
        """
        session = self.fresh(block_count, pair_count)
        session.call("create_pair")
        if not self.settles(session, lambda: session.pair_state() == DUPLEX):
            raise Undecided(
                f"the pair did not reach DUPLEX within {session.capabilities.settle_seconds_max:g} s of its "
                f"creation; it is {session.pair_state()}"
            )
        return session

    def settles(self, session: Session, reached: Callable[[], bool]) -> bool:
        """Whether it is reached within the time that the controller declares; a pumped one is pumped."""
        deadline = time.monotonic() + session.capabilities.settle_seconds_max
        pause = _POLL_SECONDS
        while not reached():
            if time.monotonic() > deadline:
                return False
            if not session.has("pump"):
                time.sleep(pause)
                pause = min(pause * 1.5, _POLL_SECONDS_MAX)
            elif not session.pump("any", _PUMPED_STEPS):
                return reached()  # nothing is left to do: waiting changes nothing
        return True

    def back_up(self, session: Session, extents: Extents, client: int = 0) -> str:
        """Start a backup of the split; if the host has to ask for the state of the pair first, it does.

        Raises:
            Undecided: the target view does not become SPLIT within the declared time.
        """
        if session.capabilities.embodiment == POLLED and not self.settles(
            session, lambda: session.pair_state().target is PairState.SPLIT
        ):
            raise Undecided(f"the target view does not become SPLIT; the pair is {session.pair_state()}")
        return session.backup(extents, client=client)

    def ends(self, session: Session, backup: str) -> BackupState | None:
        """How a backup ends; None if it does not within the declared time."""
        state = BackupState.IN_PROGRESS

        def ended() -> bool:
            nonlocal state
            state = session.backup_status(backup).state
            return state is not BackupState.IN_PROGRESS

        return state if self.settles(session, ended) else None

    def needs_held_copy(self) -> None:
        """Leave a test of what does not wait, undecided, if copying cannot be withheld: time says nothing.

        Raises:
            Undecided: the controller declares neither hold_copy nor pump.
        """
        if not (self.session.has("hold_copy") or self.session.has("pump")):
            raise Undecided(
                "it cannot be seen whether it waits for copying: the controller declares neither hold_copy nor "
                "pump, and how long it takes says nothing"
            )

    def needs_immediate_split(self) -> None:
        """Leave a test of a split that leaves something to copy.

        Raises:
            NotOffered: the controller declares that its split waits.
        """
        if not self.session.capabilities.split_is_immediate:
            raise NotOffered(
                "the controller declares that its split is not immediate: nothing is left to copy"
            )

    def needs_split_while_held(self) -> None:
        """Leave a test that splits while copying is held; a controller that is pumped copies what its split waits for.

        Raises:
            NotOffered: the controller declares that its split waits, as it would for the copying that is held.
        """
        if self.session.has("hold_copy") and not self.session.capabilities.split_is_immediate:
            raise NotOffered(
                "the controller declares that its split is not immediate: it would wait for hold_copy"
            )

    @contextlib.contextmanager
    def copy_held(self, session: Session) -> Iterator[None]:
        """Nothing is copied meanwhile. A pumped controller is simply not pumped.

        Raises:
            NotOffered: it can neither hold its copying nor be pumped.
        """
        if session.has("pump") and not session.has("hold_copy"):
            yield
            return
        if not session.has("hold_copy"):
            raise NotOffered("the controller declares neither hold_copy nor pump")
        session.call("hold_copy")
        try:
            yield
        finally:
            with contextlib.suppress(AdapterFault, Undecided):
                session.call("release_copy")


def whole(session: Session) -> Extents:
    """The range of all blocks."""
    assert session.volume.block_count is not None
    return ((0, session.volume.block_count),)
