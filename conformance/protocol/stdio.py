"""A controller in another process, in any language: one JSON object a line, on its standard input and output.

Nothing that such a process does may hang or end the run: its output is read without pause and in bounded lines, its
input is written by a thread of its own, and the whole process group is killed when the session is over.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any, Final

from splitproof.conformance.protocol.adapter import AdapterFault, FaultKind, Indefinite, Rejected, Unsupported
from splitproof.conformance.protocol.operations import form_of
from splitproof.conformance.protocol.shapes import ShapeError

__all__ = ["ERRORS", "LINE_BYTES_MAX", "StdioTransport"]

LINE_BYTES_MAX: Final = 64 << 20
"""Longest line that is accepted: a tape of 512 blocks of 64 KiB in hexadecimal digits."""
_STDERR_BYTES_MAX: Final = 4096
_LAST_WORDS_LINES_MAX: Final = 5
_EXIT_SECONDS_MAX: Final = 0.2
"""For a process that has closed its output to end."""
_LAST_WORDS_SECONDS_MAX: Final = 1.0
_REAP_SECONDS_MAX: Final = 5.0
_POLL_SECONDS: Final = 0.001
_POLL_SECONDS_MAX: Final = 0.02

ERRORS: Final[Mapping[str, type[Exception]]] = {
    "rejected": Rejected,
    "indefinite": Indefinite,
    "unsupported": Unsupported,
}
"""`kind` of an error to the answer that it is."""


class StdioTransport:
    """Starts a command and speaks to it.

    Raises:
        AdapterFault: the command cannot be started.
    """

    def __init__(self, command: str | Sequence[str]) -> None:
        arguments = shlex.split(command) if isinstance(command, str) else list(command)
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # its children go with it
                bufsize=0,
            )
        except (OSError, ValueError, IndexError) as error:
            raise AdapterFault(FaultKind.DIED, f"{command!r} cannot be started: {error}") from None
        self._lock = threading.Lock()
        self._ending = threading.Lock()
        self._pending: dict[int, tuple[str, Future[Any]]] = {}
        self._next_id = 1
        self._fault: AdapterFault | None = None
        self._stderr = b""
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer, self._listener, self._reader = self._threads = [
            threading.Thread(target=target, name=f"{target.__name__} of a controller", daemon=True)
            for target in (self._write_requests, self._read_errors, self._read_answers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    def submit(self, name: str, arguments: Mapping[str, Any]) -> Future[Any]:
        """Send a request; its answer may come after those of later ones."""
        future: Future[Any] = Future()
        form = form_of(name)
        dumped = {key: form.parameters[key].dump(value) for key, value in arguments.items()}
        with self._lock:
            if self._fault is not None:
                future.set_exception(self._fault)
                return future
            identifier, self._next_id = self._next_id, self._next_id + 1
            self._pending[identifier] = (name, future)
        request = {"id": identifier, "op": name, "args": dumped}
        self._outgoing.put(json.dumps(request, separators=(",", ":")).encode() + b"\n")
        return future

    def last_words(self) -> str:
        """The last lines that it has written to standard error by now."""
        said = self._stderr.decode(errors="replace").strip().splitlines()[-_LAST_WORDS_LINES_MAX:]
        if len(said) == 1:
            return f"; its last words: {said[0]:.200}"
        return "; its last words:" + "".join(f"\n    {line:.200}" for line in said) if said else ""

    def close(self, seconds_max: float) -> None:
        """End its input, wait, and kill what is left of its process group."""
        self._outgoing.put(None)
        self._exits_within(seconds_max)
        self._end(AdapterFault(FaultKind.DIED, "the session was closed"))
        for thread in self._threads:
            thread.join(1.0)

    # ---- threads ---------------------------------------------------------------------------------

    def _write_requests(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            while (line := self._outgoing.get()) is not None:
                rest = memoryview(line)
                while rest:  # a signal that comes while a pipe is full cuts a write short
                    rest = rest[stream.write(rest) :]
        except OSError:
            return  # it has closed its input; its output says whether it lives
        finally:
            with contextlib.suppress(OSError):
                stream.close()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while chunk := os.read(stream.fileno(), 65536):
                self._stderr = (self._stderr + chunk)[-_STDERR_BYTES_MAX:]

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            fault = self._answers(stream.fileno())
            self._end(fault, by_itself=fault is None and self._exits_within(_EXIT_SECONDS_MAX))

    def _answers(self, descriptor: int) -> AdapterFault | None:
        """Read answers until one is garbage, and say why it is, or until there are no more."""
        parts: list[bytes] = []
        length = 0
        while chunk := os.read(descriptor, 1 << 16):
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                problem = self._answer(b"".join([*parts, line]))
                parts, length = [], 0
                if problem:
                    return AdapterFault(FaultKind.GARBAGE, problem)
            parts.append(rest)
            length += len(rest)
            if length > LINE_BYTES_MAX:
                return AdapterFault(
                    FaultKind.GARBAGE,
                    f"an answer has more than {LINE_BYTES_MAX:,} bytes without an end of line",
                )
        return None

    def _answer(self, line: bytes) -> str | None:
        """Deliver one answer; what is wrong with it."""
        shown = f"{line[:120]!r}"
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            return f"{shown} is not JSON; an answer is one JSON object a line (write logs to standard error)"
        if not isinstance(answer, dict) or ("ok" in answer) == ("error" in answer):
            return f'{shown} is no answer; one is {{"id": ..., "ok": ...}} or {{"id": ..., "error": ...}}'
        identifier = answer.get("id")
        with self._lock:
            known = self._pending.pop(identifier, None) if type(identifier) is int else None
            asked = self._next_id
        if known is None:
            return f"{shown} {_unasked(identifier, asked)}"
        name, future = known
        if "error" in answer:
            error = answer["error"]
            kind = ERRORS.get(str(error.get("kind"))) if isinstance(error, dict) else None
            if kind is None:
                problem = f'{name}: {shown}: `error` is {{"kind": {" or ".join(ERRORS)}, "message": ...}}'
                _settle(future, AdapterFault(FaultKind.GARBAGE, problem))
                return problem
            _settle(future, kind(str(error.get("message", ""))))
            return None
        try:
            value = form_of(name).result.load(answer["ok"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{name}: `ok` is {answer['ok']!r:.120}; "
            if isinstance(error, ShapeError):
                problem += str(error)
            else:
                problem += f"accepted is {form_of(name).result.json} ({type(error).__name__}: {error})"
            _settle(future, AdapterFault(FaultKind.GARBAGE, problem))
            return problem
        with contextlib.suppress(InvalidStateError):
            future.set_result(value)
        return None

    def _exits_within(self, seconds_max: float) -> bool:
        """Whether the process ends by itself in that time.

        It is not reaped: its number, which is that of its group, is nobody else's until the group has been killed.
        """
        deadline = time.monotonic() + seconds_max
        pause = _POLL_SECONDS
        while time.monotonic() < deadline:
            if self._process.returncode is not None:
                return True
            try:
                if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                    return True
            except ChildProcessError:
                return True  # reaped by another thread
            time.sleep(pause)
            pause = min(pause * 2, _POLL_SECONDS_MAX)
        return False

    def _end(self, fault: AdapterFault | None, *, by_itself: bool = False) -> None:
        """Nothing is answered any more: kill the process group, and tell everyone who waits.

        `fault`: None if the output ended, and how the process ended says why. `by_itself`: before we kill it.
        """
        with self._ending:
            if self._fault is None:
                self._kill()
                self._listener.join(_LAST_WORDS_SECONDS_MAX)  # what it said last is on its way
                with self._lock:
                    self._fault = self._explained(fault, by_itself)
        with self._lock:
            waiting, self._pending = list(self._pending.values()), {}
        for _, future in waiting:
            _settle(future, self._fault)
        self._outgoing.put(None)

    def _kill(self) -> None:
        """The whole group, then reap its leader."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_SECONDS_MAX)

    def _explained(self, fault: AdapterFault | None, by_itself: bool) -> AdapterFault:
        """With the last words of a process that is dead."""
        if fault is None:
            code = self._process.returncode
            by_us = code is None or (code == -signal.SIGKILL and not by_itself)
            ended = "closed its output" if by_us else f"ended with {_told(code)}"
            fault = AdapterFault(FaultKind.DIED, f"the controller's process {ended}")
        return (
            fault
            if fault.kind is FaultKind.GARBAGE
            else AdapterFault(fault.kind, f"{fault}{self.last_words()}")
        )


def _unasked(identifier: Any, next_id: int) -> str:
    """Why an answer with such an `id` is none."""
    if type(identifier) is not int:
        return (
            f"answers no request: `id` is {identifier!r:.40}, and has to be the number that the request has"
        )
    if 0 < identifier < next_id:
        return f"answers request {identifier} again; one request has one answer"
    return f"answers no request: none has the id {identifier}"


def _told(code: int) -> str:
    """An exit code, or the signal that a negative one stands for."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _settle(future: Future[Any], error: Exception) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)
