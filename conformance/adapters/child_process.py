"""A program of our own, which is gone when we are: the kernel kills it when the thread that started it ends."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from splitproof.conformance.protocol.adapter import AdapterFault, FaultKind

__all__ = ["ChildProcess"]

_END_SECONDS_MAX: Final = 1.0


class ChildProcess:
    """Not running before `start`. `program`: what is started, and what messages call it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, arguments: Sequence[str], inherited: Sequence[int], output: BinaryIO) -> None:
        """Start it; the thread that does so has to live as long. `inherited`: file descriptors that it is given."""
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", self._program, *arguments],
            pass_fds=inherited,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def ends(self) -> bool:
        """Whether the process ends now: a connection is lost a moment before the process is gone."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS_MAX)
        return not self.alive

    def fault(
        self, during: str, cause: BaseException | None, hung: str, last_words: Callable[[], Sequence[str]]
    ) -> AdapterFault:
        """How it was lost, once it does not answer. `hung`: what is said if it is there nevertheless."""
        if not self.ends():
            return AdapterFault(FaultKind.HUNG, f"{hung} during {during}: {cause}")
        code = None if self._process is None else self._process.returncode
        if code is None:
            return AdapterFault(FaultKind.DIED, f"{self._program} could not be started: {cause}")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return AdapterFault(
            FaultKind.DIED, ": ".join([f"{self._program} {how} during {during}", *last_words()])
        )

    def kill(self) -> None:
        """End it, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
