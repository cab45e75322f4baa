"""What makes processors take steps: a thread for each, or a scheduler that takes them one by one when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from splitproof.conformance.protocol.adapter import Indefinite
from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.processors import Lane, Processor, Request

__all__ = ["Driver", "Scheduler", "Threads"]

_POLL_SECONDS = 0.02
_CLOSED = "the controller was reset or closed before it answered"


class Driver(Protocol):
    """Runs the processors that it was made with."""

    def carry_out(self, lane: Lane, request: Request) -> Any:
        """Have a request carried out, at least until it is answered."""
        ...

    def wait_until(self, reached: Callable[[], bool], kind: PumpKind) -> None:
        """Wait until steps of the kind have brought something about."""
        ...

    def wake(self) -> None:
        """Something has changed that processors may be waiting for."""
        ...

    def close(self) -> None:
        """No step is taken afterwards."""
        ...


class Threads:
    """Each processor at its own speed [R22]. One that finds nothing to do waits until something has changed."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        self._changed = threading.Condition()
        self._changes = 0
        self._closed = False
        self._threads = [
            threading.Thread(
                target=self._run, args=(one,), name=f"reference {type(one).__name__}", daemon=True
            )
            for one in processors
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, processor: Processor) -> None:
        while not self._closed:
            seen = self._changes
            if processor.step(PumpKind.ANY):
                self.wake()
                continue
            with self._changed:
                if self._changes == seen and not self._closed:
                    self._changed.wait(_POLL_SECONDS)

    def carry_out(self, lane: Lane, request: Request) -> Any:
        lane.submit(request)
        if self._closed:
            lane.abandon(Indefinite(_CLOSED))
        self.wake()
        return request.result()

    def wait_until(self, reached: Callable[[], bool], kind: PumpKind) -> None:
        while not self._closed:
            seen = self._changes
            if reached():
                return
            with self._changed:
                if self._changes == seen:
                    self._changed.wait(_POLL_SECONDS)

    def wake(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def close(self) -> None:
        self._closed = True
        self.wake()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()


class Scheduler:
    """One step at a time, the same ones in the same order for the same calls.

    A request is carried out by whoever makes it, until it is answered. If it has to wait, everything else goes on
    meanwhile; nothing does so otherwise but when `pump` says so.
    """

    def __init__(self, processors: Sequence[Processor]) -> None:
        self._turns = list(processors)
        self._changed = threading.Condition(threading.RLock())
        self._closed = False

    def pump(self, kind: PumpKind, steps: int) -> int:
        """Take steps of a kind, as many as there are up to that number; how many there were."""
        done = 0
        with self._changed:
            while done < steps and self._step(kind):
                done += 1
        return done

    def _step(self, kind: PumpKind) -> bool:
        for processor in list(self._turns):
            if processor.step(kind):
                self._turns.remove(processor)
                self._turns.append(processor)
                self._changed.notify_all()
                return True
        return False

    def carry_out(self, lane: Lane, request: Request) -> Any:
        lane.submit(request)
        with self._changed:
            while not request.is_answered:
                if self._closed:
                    raise Indefinite(_CLOSED)
                if not lane.step() and not self._step(PumpKind.ANY):
                    self._changed.wait(_POLL_SECONDS)
        return request.result()

    def wait_until(self, reached: Callable[[], bool], kind: PumpKind) -> None:
        with self._changed:
            while not reached() and not self._closed:
                if not self._step(kind):
                    self._changed.wait(_POLL_SECONDS)

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
