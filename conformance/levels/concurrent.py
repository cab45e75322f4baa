"""Several clients at once: host writes and reads that race with split and backup, in real threads.

What happened is recorded, and judged afterwards; the threads judge nothing. A history counts only if writes succeeded
before, during and after a split and its tape shows some of them.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from splitproof.conformance.histories.groups import history_of_group
from splitproof.conformance.histories.history import History
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.lab.session import Session, tagged, value_of
from splitproof.conformance.protocol.adapter import (
    AdapterFault,
    BackupState,
    Indefinite,
    Rejected,
    Unsupported,
)
from splitproof.conformance.verdicts import PropertyViolated, Undecided, Vacuous
from splitproof.spec.properties import Property
from splitproof.spec.vocabulary import PairState

__all__ = ["Traffic", "check_concurrently", "race", "race_of_group"]

BLOCKS = 8
GROUP_PAIRS = 2
"""Which share the blocks."""
WRITTEN_WHILE_SPLIT = 6
"""Written once after each split, and by nobody before the next: its contents must come through the resync."""
NEVER_WRITTEN = 7
"""Its contents must come through the creation of the pair."""
BUSY = 6
"""The blocks before those two, which the writers write."""
WRITERS = 3
ROUNDS = 3
"""Each from a fresh volume, with a history of its own."""
CYCLES = 6
"""Splits in a round, if the pair can be joined again."""
_COORDINATOR = 0
_QUIET_SECONDS = 0.02


def check_concurrently(lab: Lab, item: Property, histories: Sequence[History]) -> None:
    """Hold the property against what `race` recorded.

    Raises:
        PropertyViolated: a finding of this property.
        Undecided, Vacuous: it could not be judged, or a pass would mean nothing.
    """
    judgements = [judge_history(history) for history in histories]
    for history, judgement in zip(histories, judgements, strict=True):
        for finding in judgement.findings:
            if finding.property is item:
                raise PropertyViolated.of(finding, history=history)
    if lab.limits.over:
        raise Undecided("the time budget ended the run; nothing was violated until then")
    telling = [
        judgement for judgement in judgements if judgement.judged.get(item.id) and not judgement.missing
    ]
    if not telling:
        raise Vacuous(judgements[0].missing or (f"anything that {item.id} speaks of",))
    limits = [limit for judgement in judgements for limit in judgement.limits]
    if limits:
        raise Undecided("; ".join(limits))


def race(lab: Lab) -> list[History]:
    """Split and back up while several clients write and read; again after each resync, if there is one.

    Raises:
        AdapterFault: the controller broke its contract.
        Undecided: it does not come to DUPLEX, or would not go on.
    """
    return [_round(lab, number, 1) for number in range(ROUNDS)]


def race_of_group(lab: Lab) -> list[History]:
    """The same with a group of pairs, volume by volume.

    Raises:
        as `race`.
    """
    return [history_of_group(_round(lab, number, GROUP_PAIRS), GROUP_PAIRS) for number in range(ROUNDS)]


def _round(lab: Lab, number: int, pair_count: int) -> History:
    session = lab.mirrored(BLOCKS, pair_count)
    assert session.volume.block_count is not None
    initial = [value_of(session.read(block)) for block in range(session.volume.block_count)]
    traffic = Traffic(lab, session)
    traffic.start()
    try:
        for cycle in range(CYCLES):
            if cycle and not _joined(lab, session):
                break
            _split_and_back_up(lab, session, traffic, random.Random(f"{lab.limits.seed} {number} {cycle}"))
            if lab.limits.over:
                break
    except (Rejected, Indefinite, Unsupported) as answer:
        raise Undecided(f"the controller would not go on under load: {answer}") from answer
    finally:
        traffic.stop()
    traffic.check()
    return session.recorder.history({"": initial}, controller=session.capabilities.name)


def _split_and_back_up(lab: Lab, session: Session, traffic: Traffic, choices: random.Random) -> None:
    time.sleep(_QUIET_SECONDS * choices.random())
    with traffic.writing(choices.randrange(BUSY), _COORDINATOR):
        session.call("split", client=_COORDINATOR)
    if choices.random() < 0.5:
        time.sleep(_QUIET_SECONDS * choices.random())
    backup = lab.back_up(session, whole(session), client=_COORDINATOR)
    traffic.write(WRITTEN_WHILE_SPLIT, _COORDINATOR)
    session.tape_image(backup, client=_COORDINATOR)  # whatever is on it already is right already
    state = lab.ends(session, backup)
    if state is not BackupState.COMPLETED:
        raise Undecided(f"{backup} did not complete under load: {state.value if state else 'no end'}")
    session.tape_image(backup, client=_COORDINATOR)
    if session.has("target_image") and lab.settles(
        session, lambda: session.pair_state().target is PairState.SPLIT
    ):
        session.target_image()


def _joined(lab: Lab, session: Session) -> bool:
    """Whether the pair is in DUPLEX again; under load it may never be, which is no fault."""
    if not session.has("resync"):
        return False
    session.call("resync", client=_COORDINATOR)
    return lab.settles(session, lambda: session.pair_state() == DUPLEX)


@dataclass
class Traffic:
    """Clients that write and read until they are stopped; at once to one block only if the controller allows that."""

    lab: Lab
    session: Session
    apart: list[contextlib.AbstractContextManager[object]] = field(init=False)
    threads: list[threading.Thread] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    fault: AdapterFault | Undecided | None = None

    def __post_init__(self) -> None:
        atomic = self.session.capabilities.atomic_block_io
        self.apart = [contextlib.nullcontext() if atomic else threading.Lock() for _ in range(BLOCKS)]

    def start(self) -> None:
        """Begin."""
        for client in range(1, WRITERS + 1):
            thread = threading.Thread(target=self._run, args=(client,), daemon=True, name=f"client {client}")
            self.threads.append(thread)
            thread.start()

    def read(self, block: int, client: int) -> None:
        """Read a block."""
        with self.apart[block]:
            self.session.read(block, client=client)

    def write(self, block: int, client: int) -> None:
        """Write the next number to a block."""
        with self.apart[block]:
            self.session.write(block, next(self.lab.numbers), client=client)

    @contextlib.contextmanager
    def writing(self, block: int, client: int) -> Iterator[None]:
        """A write is under way: otherwise a quick split may meet none, and the history would mean nothing."""
        data = tagged(next(self.lab.numbers), self.session.capabilities.block_size_bytes)
        with self.apart[block]:
            call = self.session.begin("write", client=client, block=block, data=data)
            yield
            call.result()

    def stop(self) -> None:
        """End; no call is under way afterwards, unless it hangs."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(self.session.call_seconds_max + 1.0)

    def check(self) -> None:
        """Raise the fault that a client met."""
        if self.fault is not None:
            raise self.fault

    def _run(self, client: int) -> None:
        choices = random.Random(f"{self.lab.limits.seed} client {client}")
        pace = threading.Event()
        while not self.stopping.is_set():
            reads = choices.random() < 0.25
            block = choices.randrange(BLOCKS if reads else BUSY)
            try:
                if reads:
                    self.read(block, client)
                else:
                    self.write(block, client)
            except (Rejected, Indefinite, Unsupported):
                pass  # recorded as such
            except (AdapterFault, Undecided) as fault:
                self.fault = fault
                return
            if choices.random() < 0.2:
                pace.wait(0.0005)
