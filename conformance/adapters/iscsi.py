"""SCSI commands over iSCSI, through the C library libiscsi: as bytes that go out, and what the target answers."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import queue
from collections.abc import Iterator
from typing import Any, Final

from splitproof.conformance.adapters.scsi import Command

__all__ = ["CheckCondition", "IscsiLost", "Portal", "absent"]

_LIBRARY: Final = "libiscsi.so.7"
_INITIATOR: Final = b"iqn.2026-01.splitproof:host"
_SESSION_NORMAL: Final = 2
_GOOD: Final = 0
_CHECK_CONDITION: Final = 2
_UNIT_ATTENTION: Final = 6
_ATTENTIONS_MAX: Final = 4
"""Told once each, on the first commands of a session."""
_SECONDS_MAX: Final = 20
_NONE, _READ, _WRITE = 0, 1, 2


def absent() -> str | None:
    """What is missing on this machine, and how to get it; None if nothing is."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return f"there is no library {_LIBRARY}; Debian has it in the package libiscsi7"
    return None


class CheckCondition(Exception):  # noqa: N818  # SCSI's name for it
    """The target refused a command, or failed at it; `key` and `code` are those of its sense data."""

    def __init__(self, command: str, key: int, code: int) -> None:
        self.key, self.code = key, code
        super().__init__(f"{command}: CHECK CONDITION, sense key {key:X}h, code {code:04X}h")


class IscsiLost(Exception):  # noqa: N818  # what became of the connection
    """The connection ended, or no answer came: nobody knows what became of the command."""


class _Sense(ctypes.Structure):
    _fields_ = (
        ("error_type", ctypes.c_ubyte),
        ("key", ctypes.c_int),
        ("ascq", ctypes.c_int),
        ("sense_specific", ctypes.c_ubyte),
        ("bit_pointer", ctypes.c_ubyte),
        ("field_pointer", ctypes.c_uint16),
    )


class _DataIn(ctypes.Structure):
    _fields_ = (("size", ctypes.c_int), ("data", ctypes.POINTER(ctypes.c_ubyte)))


class _Task(ctypes.Structure):
    """As far as it is the same in every release of the library's seventh interface."""

    _fields_ = (
        ("status", ctypes.c_int),
        ("cdb_size", ctypes.c_int),
        ("direction", ctypes.c_int),
        ("expected", ctypes.c_int),
        ("cdb", ctypes.c_ubyte * 16),
        ("residual_status", ctypes.c_int),
        ("residual", ctypes.c_size_t),
        ("sense", _Sense),
        ("data_in", _DataIn),
    )


class _DataOut(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_char_p))


@functools.cache
def _library() -> Any:
    library = ctypes.CDLL(_LIBRARY)
    task = ctypes.POINTER(_Task)
    context, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    for name, result, arguments in (
        ("iscsi_create_context", context, [text]),
        ("iscsi_set_targetname", number, [context, text]),
        ("iscsi_set_session_type", number, [context, number]),
        ("iscsi_set_noautoreconnect", None, [context, number]),
        ("iscsi_set_timeout", number, [context, number]),
        ("iscsi_full_connect_sync", number, [context, text, number]),
        ("iscsi_get_error", text, [context]),
        ("iscsi_destroy_context", number, [context]),
        ("scsi_create_task", task, [number, ctypes.c_char_p, number, number]),
        ("iscsi_scsi_command_sync", task, [context, number, task, ctypes.POINTER(_DataOut)]),
        ("scsi_free_scsi_task", None, [task]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class _Session:
    """One command at a time."""

    def __init__(self, portal: str, target: str) -> None:
        self._library = _library()
        self._context = self._library.iscsi_create_context(_INITIATOR)
        self._library.iscsi_set_targetname(self._context, target.encode())
        self._library.iscsi_set_session_type(self._context, _SESSION_NORMAL)
        self._library.iscsi_set_noautoreconnect(self._context, 1)
        self._library.iscsi_set_timeout(self._context, _SECONDS_MAX)
        if self._library.iscsi_full_connect_sync(self._context, portal.encode(), 0):
            lost = self._lost()
            self.close()
            raise lost

    def _lost(self) -> IscsiLost:
        return IscsiLost((self._library.iscsi_get_error(self._context) or b"").decode(errors="replace"))

    def command(self, lun: int, command: Command) -> bytes:
        """Send it, again after each attention; what came back."""
        for _ in range(_ATTENTIONS_MAX):
            try:
                return self._once(lun, command)
            except CheckCondition as answer:
                if answer.key != _UNIT_ATTENTION:
                    raise
        return self._once(lun, command)

    def _once(self, lun: int, command: Command) -> bytes:
        out = command.data_out
        direction = _WRITE if out is not None else _READ if command.data_in_bytes else _NONE
        expected = len(out) if out is not None else command.data_in_bytes
        data = None if out is None else ctypes.byref(_DataOut(len(out), out))
        task = self._library.scsi_create_task(len(command.cdb), command.cdb, direction, expected)
        if not self._library.iscsi_scsi_command_sync(self._context, lun, task, data):
            raise self._lost()
        try:
            told = task.contents
            if told.status == _CHECK_CONDITION:
                raise CheckCondition(command.name, told.sense.key, told.sense.ascq)
            if told.status != _GOOD:
                raise IscsiLost(f"{command.name}: status {told.status:#x}: {self._lost()}")
            return ctypes.string_at(told.data_in.data, told.data_in.size) if told.data_in.size else b""
        finally:
            self._library.scsi_free_scsi_task(task)

    def close(self) -> None:
        """Drop the connection."""
        self._library.iscsi_destroy_context(self._context)


class Portal:
    """A target. Each command takes a session that is idle, or logs in: any number may be under way."""

    def __init__(self, port: int, target: str) -> None:
        self._address, self._target = f"127.0.0.1:{port}", target
        self._idle: queue.SimpleQueue[_Session] = queue.SimpleQueue()

    def command(self, lun: int, command: Command) -> bytes:
        """Have a logical unit carry a command out; the data that came back.

        Raises:
            CheckCondition: it did not, or not wholly.
            IscsiLost: nobody knows.
        """
        with self._session() as session:
            return session.command(lun, command)

    @contextlib.contextmanager
    def _session(self) -> Iterator[_Session]:
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = _Session(self._address, self._target)
        try:
            yield session
        except IscsiLost:
            session.close()
            raise
        except BaseException:
            self._idle.put(session)
            raise
        self._idle.put(session)

    def close(self) -> None:
        """Close what is idle."""
        while not self._idle.empty():
            self._idle.get().close()
