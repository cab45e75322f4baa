"""What a processor is, how requests reach it, and what it shares with the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from splitproof.conformance.protocol.shapes import PumpKind
from splitproof.conformance.reference.common_memory import CommonMemory
from splitproof.conformance.reference.policy import Policy
from splitproof.conformance.reference.volumes import Volume

__all__ = ["Lane", "Processor", "Request", "Shared", "Task"]

Task = Iterator[bool]
"""Work of several steps: each `next` takes one and gives True, or finds that it has to wait and gives False. What is
done after the last `yield` is a step as well. A step touches one memory, or transfers one block."""


@dataclass(frozen=True)
class Shared:
    """What processors have in common; each has its own memory besides, in its attributes [R25]."""

    policy: Policy
    memory: CommonMemory
    source: Volume
    target: Volume


class Processor(Protocol):
    """A component that takes steps, in a thread of its own or when a scheduler says so."""

    def step(self, kind: PumpKind) -> bool:
        """Take one step of a kind, or of any; whether there was one to take."""
        ...


class Request:
    """A command from a host; `work` carries it out, and answers it on the way."""

    def __init__(self, work: Callable[[Request], Task]) -> None:
        self.task = work(self)
        self._answer: Future[Any] = Future()

    @property
    def is_answered(self) -> bool:
        return self._answer.done()

    def answer(self, result: Any = None) -> None:
        """Report to the host."""
        self._answer.set_result(result)

    def refuse(self, reason: BaseException) -> None:
        """Report to the host that nothing was done, or that it is not known; nothing if it is answered."""
        if not self._answer.done():
            self._answer.set_exception(reason)

    def result(self) -> Any:
        """Wait for the answer.

        Raises:
            Rejected: the command was refused.
            Indefinite: the controller was closed before it answered.
        """
        return self._answer.result()


class Lane:
    """Requests of one sort at a port: carried out one after another, each to its end."""

    def __init__(self) -> None:
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None

    def submit(self, request: Request) -> None:
        """The request comes after those that are there."""
        self._waiting.append(request)

    def step(self) -> bool:
        """Take a step of the current request, or of the next one."""
        if self._current is None:
            if not self._waiting:
                return False
            self._current = self._waiting.popleft()
        try:
            return next(self._current.task)
        except StopIteration:
            self._current = None
        except Exception as reason:  # noqa: BLE001  # a refusal, or a fault of ours that the caller has to see
            self._current.refuse(reason)
            self._current = None
        return True

    def abandon(self, reason: BaseException) -> None:
        """Answer every request that is here."""
        for request in [self._current, *self._waiting]:
            if request is not None:
                request.refuse(reason)
