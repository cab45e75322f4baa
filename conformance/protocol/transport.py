"""How a call reaches a controller: into the same process, with a thread for each call that is under way.

A call that does not return in time cannot be interrupted. Its thread is abandoned, as a daemon, and the session that
made it is over; the run goes on with a new controller.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from splitproof.conformance.protocol.adapter import AdapterFault, FaultKind, Indefinite, Rejected, Unsupported
from splitproof.conformance.protocol.operations import form_of

__all__ = ["LocalTransport", "Transport"]

_ANSWERS = (Rejected, Indefinite, Unsupported)


class Transport(Protocol):
    """Carries calls to a controller. Values are those of the table of operations, already checked."""

    def submit(self, name: str, arguments: Mapping[str, Any]) -> Future[Any]:
        """Begin a call. The future ends with the result, one of the three answers, or an AdapterFault."""
        ...

    def last_words(self) -> str:
        """What the controller said last, beside its answers, as the end of a message; empty if nothing."""
        ...

    def close(self, seconds_max: float) -> None:
        """Let the controller go. It is gone when this returns, whatever it is doing."""
        ...


class LocalTransport:
    """Calls a Python object."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()

    def submit(self, name: str, arguments: Mapping[str, Any]) -> Future[Any]:
        """Begin a call in a thread of its own."""
        future: Future[Any] = Future()
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            worker = _Worker(self._idle)
        worker.tasks.put((future, lambda: self._call(name, arguments)))
        return future

    def _call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        method = getattr(self._controller, name, None)
        if method is None:
            if form_of(name).optional:
                raise Unsupported(f"{type(self._controller).__name__} has no method {name}")
            raise AdapterFault(
                FaultKind.GARBAGE,
                f"{type(self._controller).__name__} has no method {name}, which every controller has",
            )
        try:
            return method(*arguments.values())
        except (*_ANSWERS, AdapterFault):  # an adapter may say itself how it was lost
            raise
        except Exception as error:
            message = f"{name} raised {type(error).__name__}: {error}"
            raise AdapterFault(FaultKind.RAISED, message) from error

    def last_words(self) -> str:
        """Nothing: what it prints is printed."""
        return ""

    def close(self, seconds_max: float) -> None:
        """Call the controller's `close` if it has one, and wait for it no longer than that."""
        method = getattr(self._controller, "close", None)
        if callable(method):
            future: Future[Any] = Future()
            _Worker(self._idle).tasks.put((future, method))
            with contextlib.suppress(TimeoutError):
                future.exception(timeout=seconds_max)
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().tasks.put(None)


class _Worker(threading.Thread):
    """A daemon that makes one call after another; idle, it waits in the queue that it was made with."""

    def __init__(self, idle: queue.SimpleQueue[_Worker]) -> None:
        super().__init__(name="call to a controller", daemon=True)
        self.tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._idle = idle
        self.start()

    def run(self) -> None:
        while (task := self.tasks.get()) is not None:
            future, call = task
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  # whatever it is, the caller gets it
                self._idle.put(self)
                future.set_exception(error)
            else:
                self._idle.put(self)
                future.set_result(result)
            del future, call, task
