"""Host I/O over the Network Block Device protocol on a unix socket: what the adapters for QEMU need of it.

Fixed newstyle negotiation with NBD_OPT_GO, and simple replies, as the protocol document defines them
(https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md).
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["Export", "NbdError", "NbdLost"]

_NEGOTIATION_MAGIC: Final = 0x4E42444D41474943  # "NBDMAGIC"
_OPTION_MAGIC: Final = 0x49484156454F5054  # "IHAVEOPT"
_OPTION_REPLY_MAGIC: Final = 0x3E889045565A9
_REQUEST_MAGIC: Final = 0x25609513
_REPLY_MAGIC: Final = 0x67446698
_FIXED_NEWSTYLE_NO_ZEROES: Final = 3
_OPT_GO: Final = 7
_REP_ACK: Final = 1
_REP_ERROR: Final = 1 << 31
_READ: Final = 0
_WRITE: Final = 1
_DISCONNECT: Final = 2


class NbdError(Exception):
    """The server refused a request."""


class NbdLost(Exception):  # noqa: N818  # what became of the connection
    """The connection ended, or what came is not the protocol: nobody knows what became of the request."""


class _Connection:
    """One request at a time."""

    def __init__(self, path: Path, export: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._cookie = 0
        try:
            self._socket.connect(str(path))
            self._negotiate(export)
        except BaseException:
            self._socket.close()
            raise

    def _negotiate(self, export: str) -> None:
        magic, option_magic, _ = struct.unpack(">QQH", self._receive(18))
        if (magic, option_magic) != (_NEGOTIATION_MAGIC, _OPTION_MAGIC):
            raise NbdLost("the server does not speak newstyle negotiation")
        name = export.encode()
        data = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
        header = struct.pack(">QII", _OPTION_MAGIC, _OPT_GO, len(data))
        self._socket.sendall(struct.pack(">I", _FIXED_NEWSTYLE_NO_ZEROES) + header + data)
        while True:
            magic, _, kind, length = struct.unpack(">QIII", self._receive(20))
            told = self._receive(length)
            if magic != _OPTION_REPLY_MAGIC:
                raise NbdLost("the answer to NBD_OPT_GO is not one")
            if kind & _REP_ERROR:
                raise NbdError(f"no export {export}: {told.decode(errors='replace')}")
            if kind == _REP_ACK:
                return

    def request(self, kind: int, offset: int, length: int, data: bytes = b"") -> bytes:
        """Send a request and wait for its reply; the data that was read."""
        self._cookie += 1
        header = struct.pack(">IHHQQI", _REQUEST_MAGIC, 0, kind, self._cookie, offset, length)
        self._socket.sendall(header + data)
        magic, error, cookie = struct.unpack(">IIQ", self._receive(16))
        if (magic, cookie) != (_REPLY_MAGIC, self._cookie):
            raise NbdLost("the reply is to another request")
        if error:
            raise NbdError(os.strerror(error))
        return self._receive(length if kind == _READ else 0)

    def _receive(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            piece = self._socket.recv(count - len(received))
            if not piece:
                raise NbdLost("the server closed the connection")
            received += piece
        return bytes(received)

    def disconnect(self) -> None:
        """Say so, and go."""
        with contextlib.suppress(OSError):
            self._socket.sendall(struct.pack(">IHHQQI", _REQUEST_MAGIC, 0, _DISCONNECT, 0, 0, 0))
        self._socket.close()


class Export:
    """An exported volume. Each request takes a connection that is idle, or makes one: any number may be under way."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._idle: queue.SimpleQueue[_Connection] = queue.SimpleQueue()

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`.

        Raises:
            NbdError: the server refused.
            NbdLost: the connection ended.
        """
        with self._connection() as connection:
            return connection.request(_READ, offset, length)

    def write(self, offset: int, data: bytes) -> None:
        """Write, and wait for the acknowledgement.

        Raises:
            NbdError, NbdLost: it may have happened, or in part.
        """
        with self._connection() as connection:
            connection.request(_WRITE, offset, len(data), data)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Connection]:
        connection: _Connection | None = None
        try:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = _Connection(self._path, self._name)
            yield connection
        except NbdError:
            raise
        except (NbdLost, OSError) as error:
            if connection is not None:
                connection.disconnect()
                connection = None
            raise NbdLost(str(error)) from error
        finally:
            if connection is not None:
                self._idle.put(connection)

    def close(self) -> None:
        """Close what is idle."""
        while not self._idle.empty():
            self._idle.get().disconnect()
