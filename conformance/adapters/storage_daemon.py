"""A qemu-storage-daemon of our own: started, spoken to over QMP, and gone when we are.

It lives in a temporary folder, and speaks QMP over a socket pair. The kernel kills it when the thread that started it
ends, so that nothing is left running however this process ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from splitproof.conformance.adapters.child_process import ChildProcess
from splitproof.conformance.protocol.adapter import AdapterFault, Indefinite

__all__ = ["CommandRefused", "Job", "StorageDaemon", "absent"]

_PROGRAM: Final = "qemu-storage-daemon"
_POLL_SECONDS: Final = 0.0005
_WAIT_SECONDS_MAX: Final = 8.0
_CLOSE_SECONDS_MAX: Final = 1.0


def absent() -> str | None:
    """What is missing on this machine, and how to get it; None if nothing is."""
    if shutil.which(_PROGRAM) is None:
        return f"there is no {_PROGRAM} on the path; Debian has it in the package qemu-system-common"
    if shutil.which("setpriv") is None:
        return "there is no setpriv on the path; Debian has it in the package util-linux"
    try:
        found = importlib.util.find_spec("qemu.qmp")
    except ModuleNotFoundError:
        found = None
    return (
        None if found else "there is no Python package qemu.qmp: pip install 'splitproof[conformance,qemu]'"
    )


class CommandRefused(Exception):  # noqa: N818  # an answer of the daemon
    """The daemon answered a command with an error."""


@dataclass(frozen=True)
class Job:
    """A block job as query-jobs shows it; `done`: bytes that it has dealt with; `error`: why it failed, if it did."""

    status: str
    done: int
    error: str | None


class StorageDaemon:
    """Starts one.

    Raises:
        AdapterFault: it ended, or did not answer.
    """

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="splitproof-qemu-")
        self.folder = Path(self._temporary.name)
        self.nbd_socket = self.folder / "nbd"
        self._log = self.folder / "log"
        self._loop = asyncio.new_event_loop()
        self._process = ChildProcess(_PROGRAM)
        self._client: Any = None
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, args=(started,), name=_PROGRAM, daemon=True)
        self._thread.start()
        try:
            started.result()
        except BaseException as error:
            fault = self.fault("its start", error)
            self.close()
            raise fault from error

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def _live(self, started: Future[None]) -> None:
        """The daemon's thread: it starts the process, because the process ends with the thread that started it."""
        try:
            self._loop.run_until_complete(self._start())
        except BaseException as error:  # noqa: BLE001  # whatever it is, the caller gets it
            started.set_exception(error)
        else:
            started.set_result(None)
        self._loop.run_forever()
        self._loop.close()

    async def _start(self) -> None:
        from qemu.qmp import QMPClient

        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs, self._log.open("wb") as log:
            number = theirs.fileno()
            arguments = [
                *("--chardev", f"socket,id=qmp,fd={number}", "--monitor", "chardev=qmp"),
                *("--nbd-server", f"addr.type=unix,addr.path={self.nbd_socket},max-connections=0"),
            ]
            self._process.start(arguments, [number], log)
        self._client = QMPClient("splitproof")
        self._client.logger.disabled = True  # what happens to the connection is said by what we raise
        self._client.events.event_filter = lambda _: (
            False
        )  # jobs are asked; nobody would take events from the queue
        await self._client.connect(ours)

    def execute(self, command: str, /, **arguments: Any) -> Any:
        """Execute a QMP command; an underscore in a keyword stands for a hyphen.

        Raises:
            CommandRefused: the daemon says that it cannot.
            AdapterFault: the daemon has ended.
        """
        from qemu.qmp import ExecuteError, QMPError

        message = {key.replace("_", "-"): value for key, value in arguments.items()}
        try:
            answer = self._client.execute(command, message)
            return asyncio.run_coroutine_threadsafe(answer, self._loop).result()
        except ExecuteError as error:
            raise CommandRefused(f"{command}: {error}") from error
        except (QMPError, OSError, EOFError, RuntimeError) as error:
            raise self.fault(command, error) from error

    def fault(self, during: str, cause: BaseException | None = None) -> AdapterFault:
        """How the daemon was lost, once it does not answer."""
        return self._process.fault(during, cause, f"{_PROGRAM} closed its monitor", self._last_words)

    def _last_words(self) -> list[str]:
        said = self._log.read_text(errors="replace").strip() if self._log.exists() else ""
        return [said] if said else []

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.alive

    def ends(self) -> bool:
        """Whether the process ends now: a connection is lost a moment before the process is gone."""
        return self._process.ends()

    def jobs(self) -> Mapping[str, Job]:
        """Every job by its name; jobs that have concluded stay until they are dismissed."""
        return {
            job["id"]: Job(job["status"], job["current-progress"], job.get("error"))
            for job in self.execute("query-jobs")
        }

    def wait_for(self, job: str, status: str) -> Job:
        """Wait until a job has that status.

        Raises:
            Indefinite: it does not come to that.
        """
        deadline = time.monotonic() + _WAIT_SECONDS_MAX
        while (found := self.jobs()[job]).status != status:
            if time.monotonic() > deadline:
                raise Indefinite(f"{job} is {found.status}, and does not become {status}")
            time.sleep(_POLL_SECONDS)
        return found

    def cancel(self, job: str) -> None:
        """Cancel a job wherever it is, and dismiss it."""
        if self.jobs()[job].status != "concluded":
            with contextlib.suppress(CommandRefused):  # it has just concluded
                self.execute("job-cancel", id=job)
            self.wait_for(job, "concluded")
        self.execute("job-dismiss", id=job)

    def remove_export(self, name: str) -> None:
        """Remove an NBD export, and wait until it is gone: the command only asks for that."""
        self.execute("block-export-del", id=name, mode="hard")
        deadline = time.monotonic() + _WAIT_SECONDS_MAX
        while any(export["id"] == name for export in self.execute("query-block-exports")):
            if time.monotonic() > deadline:
                raise Indefinite(f"the export {name} does not go away")
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Kill the daemon, and remove its folder."""
        self._process.kill()
        if self._thread.is_alive():
            if self._client is not None:
                ended = asyncio.run_coroutine_threadsafe(self._client.disconnect(), self._loop)
                # It tells once more how the connection ended; that is known.
                with contextlib.suppress(Exception, FutureTimeoutError):
                    ended.result(_CLOSE_SECONDS_MAX)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_SECONDS_MAX)
        self._temporary.cleanup()
