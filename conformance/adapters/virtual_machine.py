"""A small virtual machine of our own, under QEMU's software emulation: started, spoken to over a serial line, and gone
when we are.

Its console is a socket pair, and its network reaches nothing: a port of 127.0.0.1, which the kernel chooses, leads into
it. The kernel kills it when the thread that started it ends, so that nothing is left running however this process ends.
"""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from splitproof.conformance.adapters.child_process import ChildProcess
from splitproof.conformance.protocol.adapter import AdapterFault

__all__ = ["CommandFailed", "VirtualMachine", "absent"]

_PROGRAM: Final = "qemu-system-x86_64"
_MEMORY_MIB: Final = 256
_CODE_CACHE_MIB: Final = 64
"""Of translated code; the emulator takes a gigabyte if it is left to itself."""
_BOOT_SECONDS_MAX: Final = 120.0
"""Emulated, and on a machine that others use."""
_COMMAND_SECONDS_MAX: Final = 60.0
_CLOSE_SECONDS_MAX: Final = 1.0
_LAST_LINES: Final = 3


def absent() -> str | None:
    """What is missing on this machine, and how to get it; None if nothing is."""
    for tool, package in ((_PROGRAM, "qemu-system-x86"), ("setpriv", "util-linux")):
        if shutil.which(tool) is None:
            return f"there is no {tool} on the path; Debian has it in the package {package}"
    return None


class CommandFailed(Exception):  # noqa: N818  # an answer of the machine
    """A command in the machine ended with another code than 0; the message is what it printed."""


class _Line:
    """One of the machine's two lines: a socket pair, and what has come of it."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self._received = b""

    def until(self, end: bytes, seconds_max: float) -> str:
        """What comes up to `end`.

        Raises:
            OSError: nothing more comes, or not within that time.
        """
        self.ours.settimeout(seconds_max)
        while end not in self._received:
            piece = self.ours.recv(4096)
            if not piece:
                raise ConnectionResetError("the line was closed")
            self._received += piece
        found, _, self._received = self._received.partition(end)
        return found.decode(errors="replace")


class VirtualMachine:
    """Boots one; its first process answers `done 0` on the second serial port once it is ready.

    `command_line`: of the kernel. `guest_port`: what the port on this side leads to. `greeting`: what the machine said.

    Raises:
        AdapterFault: it ended, or did not come up.
    """

    def __init__(self, image: Path, initramfs: bytes, command_line: str, guest_port: int) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="splitproof-vm-")
        folder = Path(self._temporary.name)
        self._log, self._errors = folder / "log", folder / "errors"
        (folder / "initramfs").write_bytes(initramfs)
        self._console, self._monitor = _Line(), _Line()
        self._lock = threading.Lock()
        self._process = ChildProcess(_PROGRAM)
        self._over = threading.Event()
        arguments = [
            *("-accel", f"tcg,thread=multi,tb-size={_CODE_CACHE_MIB}", "-cpu", "max"),
            *("-m", str(_MEMORY_MIB), "-smp", "1"),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-chardev", f"file,id=log,path={self._log}", "-serial", "chardev:log"),
            *(
                "-chardev",
                f"socket,id=console,fd={self._console.theirs.fileno()}",
                "-serial",
                "chardev:console",
            ),
            *("-chardev", f"socket,id=monitor,fd={self._monitor.theirs.fileno()}"),
            *("-mon", "chardev=monitor,mode=readline"),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:{guest_port}"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
            *("-kernel", str(image), "-initrd", str(folder / "initramfs")),
            *("-append", f"console=ttyS0 quiet panic=-1 {command_line}"),
        ]
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._live, args=(arguments, started), name=_PROGRAM, daemon=True
        )
        self._thread.start()
        started.wait()
        try:
            self.port = self._forwarded()
            self.greeting = self._answer(_BOOT_SECONDS_MAX)
        except (OSError, CommandFailed) as error:
            fault = self.fault("its start", error)
            self.close()
            raise fault from error

    @property
    def pid(self) -> int:
        """Of the emulator."""
        return self._process.pid

    def _live(self, arguments: Sequence[str], started: threading.Event) -> None:
        """The machine's thread: it starts the process, because the process ends with the thread that started it."""
        theirs = (self._console.theirs, self._monitor.theirs)
        try:
            with self._errors.open("wb") as errors:
                self._process.start(arguments, [one.fileno() for one in theirs], errors)
        finally:
            for one in theirs:
                one.close()
            started.set()
        self._over.wait()

    def _forwarded(self) -> int:
        """The port on this side."""
        self._monitor.until(b"(qemu) ", _COMMAND_SECONDS_MAX)
        self._monitor.ours.sendall(b"info usernet\n")
        self._monitor.until(b"\n", _COMMAND_SECONDS_MAX)
        told = self._monitor.until(b"(qemu) ", _COMMAND_SECONDS_MAX)
        found = re.search(r"HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", told)
        if found is None:
            raise ConnectionError(f"the emulator forwards no port: {told}")
        return int(found[1])

    def run(self, command: str) -> str:
        """What a line of shell prints in the machine, its lines joined.

        Raises:
            CommandFailed: it ended with another code than 0.
            AdapterFault: the machine has ended, or does not answer.
        """
        with self._lock:
            try:
                self._console.ours.sendall(command.encode() + b"\n")
                return self._answer(_COMMAND_SECONDS_MAX)
            except OSError as error:
                raise self.fault(f"`{command}`", error) from error

    def _answer(self, seconds_max: float) -> str:
        self._console.until(b"done ", seconds_max)
        code, _, told = self._console.until(b"\n", seconds_max).strip().partition(" ")
        if code != "0":
            raise CommandFailed(told or f"it ended with code {code}")
        return told

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.alive

    def ends(self) -> bool:
        """Whether the process ends now: a connection is lost a moment before the process is gone."""
        return self._process.ends()

    def fault(self, during: str, cause: BaseException | None = None) -> AdapterFault:
        """How the machine was lost, once it does not answer."""
        return self._process.fault(during, cause, "the virtual machine does not answer", self._last_words)

    def _last_words(self) -> list[str]:
        """Of the emulator, and of the kernel: if it panicked, the first thing that it said of that."""
        lines = [
            line.strip()
            for path in (self._errors, self._log)
            if path.exists()
            for line in path.read_text(errors="replace").splitlines()
        ]
        return [line for line in lines if "Kernel panic" in line][:1] or lines[-_LAST_LINES:]

    def close(self) -> None:
        """Kill the machine, and remove its folder."""
        self._process.kill()
        self._over.set()
        self._thread.join(_CLOSE_SECONDS_MAX)
        for line in (self._console, self._monitor):
            line.ours.close()
        self._temporary.cleanup()
