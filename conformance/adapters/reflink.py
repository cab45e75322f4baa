"""A copy-on-write file system as a controller: volumes are files, and FICLONE is the split.

It runs as a process in a mount namespace of its own: `python -m` this module, with xfs or btrfs, mounts one from a
file in memory and speaks the adapter protocol. All of it is gone when the process is, however it ends. Needs root.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from splitproof.conformance.histories.history import Extents, blocks_of
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    PairViews,
    Rejected,
)
from splitproof.conformance.protocol.serve import serve
from splitproof.spec.vocabulary import PairState

__all__ = ["BLOCK_SIZE_BYTES", "ReflinkController", "absent", "command", "in_namespace", "mount"]

BLOCK_SIZE_BYTES: Final = 4096
"""What both file systems allocate and share."""

_FICLONE: Final = 0x40049409  # _IOW(0x94, 9, int): linux/fs.h
_IMAGE_BYTES: Final = 512 << 20  # xfs wants 300 MB; the file is sparse
_SCRATCH: Final = Path("/mnt")
"""Mounted over, in our namespace only."""
_PROBE: Final = "--probe"
_PROBE_SECONDS_MAX: Final = 30.0


def in_namespace(*arguments: str) -> list[str]:
    """The command that runs Python with these arguments in a mount namespace of its own."""
    return ["unshare", "--mount", "--propagation", "private", sys.executable, *arguments]


def command(file_system: str) -> list[str]:
    """Starts the adapter for a file system: xfs or btrfs."""
    return in_namespace("-m", __name__ if __name__ != "__main__" else __spec__.name, file_system)


def absent(file_system: str) -> str | None:
    """What is missing on this machine; None if the file system can be mounted."""
    for tool, package in (
        ("unshare", "util-linux"),
        ("mount", "mount"),
        (f"mkfs.{file_system}", _PACKAGES[file_system]),
    ):
        if shutil.which(tool) is None:
            return f"there is no {tool} on the path; Debian has it in the package {package}"
    if os.geteuid() != 0:
        return "mounting a file system needs root"
    try:
        probe = subprocess.run(
            [*command(file_system), _PROBE],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return f"mounting {file_system} took more than {_PROBE_SECONDS_MAX:g} s"
    told = (probe.stderr.strip().splitlines() or ["it did not say why"])[-1]
    return f"{file_system} cannot be mounted: {told}" if probe.returncode else None


_PACKAGES: Final = {"xfs": "xfsprogs", "btrfs": "btrfs-progs"}


def mount(file_system: str) -> Path:
    """Make and mount a file system in memory; where it is.

    Raises:
        SystemExit: a tool failed; the message is what it said.
    """
    image, volumes = _SCRATCH / "image", _SCRATCH / "volumes"
    _run("mount", "-t", "tmpfs", "splitproof", str(_SCRATCH))
    volumes.mkdir()
    with image.open("wb") as made:
        made.truncate(_IMAGE_BYTES)
    _run(f"mkfs.{file_system}", "-q", "-f", str(image))
    _run("mount", "-o", "loop", str(image), str(volumes))
    return volumes


def _run(*arguments: str) -> None:
    finished = subprocess.run(
        arguments, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if finished.returncode:
        raise SystemExit(f"{arguments[0]} failed: {' '.join(finished.stderr.split())}")


class ReflinkController:
    """`folder`: on the file system.

    A file system knows no pair: the target is the clone of the last split, and what DUPLEX means is that there may be
    another. There is no SPLIT PENDING: nothing is copied until somebody writes.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.lock = threading.RLock()
        self.volumes: dict[str, int] = {}
        self._install()

    def _install(self) -> None:
        self.state = PairState.SIMPLEX
        self.tapes: dict[str, dict[int, bytes]] = {}

    def capabilities(self) -> Capabilities:
        """A read of a page while it is written may return a part of either.

        Nothing is copied that could be withheld, so that nobody could see whether a split waits for it.
        """
        return Capabilities(
            block_size_bytes=BLOCK_SIZE_BYTES,
            block_count_max=1024,
            operations=frozenset({"resync", "delete_pair", "target_image"}),
            split_is_immediate=False,
            atomic_block_io=False,
            name=f"{self.name}, Linux {os.uname().release}",
        )

    def reset(self, block_count: int) -> None:
        with self.lock:
            self._install()
            self.block_count = block_count
            for role in ("source", "target"):
                if role in self.volumes:
                    os.close(self.volumes[role])
                self.volumes[role] = os.open(self.folder / role, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
                for block in range(block_count):
                    contents = f"{role} {block:07d}".encode().ljust(BLOCK_SIZE_BYTES, b".")
                    os.pwrite(self.volumes[role], contents, block * BLOCK_SIZE_BYTES)

    def write(self, block: int, data: bytes) -> None:
        os.pwrite(self.volumes["source"], data, block * BLOCK_SIZE_BYTES)

    def read(self, block: int) -> bytes:
        return self.read_volume("source", block)

    def read_volume(self, role: str, block: int) -> bytes:
        """A block of a volume."""
        return os.pread(self.volumes[role], BLOCK_SIZE_BYTES, block * BLOCK_SIZE_BYTES)

    def target_image(self) -> Sequence[bytes]:
        with self.lock:
            return [self.read_volume("target", block) for block in range(self.block_count)]

    def pair_state(self) -> PairViews:
        return PairViews(self.state, self.state)

    def create_pair(self) -> None:
        with self.lock:
            if self.state is not PairState.SIMPLEX:
                raise Rejected("there is a pair")
            self.state = PairState.DUPLEX

    def split(self) -> None:
        with self.lock:
            if self.state is not PairState.DUPLEX:
                raise Rejected("only a pair in DUPLEX can be split")
            self.clone()
            self.state = PairState.SPLIT

    def clone(self) -> None:
        """The kernel shares the blocks, with writes to the source kept out meanwhile."""
        fcntl.ioctl(self.volumes["target"], _FICLONE, self.volumes["source"])

    def resync(self) -> None:
        with self.lock:
            if self.state is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            self.state = PairState.DUPLEX

    def delete_pair(self) -> None:
        with self.lock:
            if self.state is PairState.SIMPLEX:
                raise Rejected("there is no pair")
            self.state = PairState.SIMPLEX

    def backup(self, extents: Extents) -> str:
        """At once, from the target, while hosts write to the source."""
        with self.lock:
            if self.state is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            identifier = f"tape {len(self.tapes) + 1}"
            blocks = sorted(blocks_of(extents))
            self.tapes[identifier] = {block: self.read_volume("target", block) for block in blocks}
            return identifier

    def backup_status(self, backup: str) -> BackupStatus:
        if backup not in self.tapes:
            raise Rejected(f"there is no {backup}")
        return BackupStatus(BackupState.COMPLETED)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        if backup not in self.tapes:
            raise Rejected(f"there is no {backup}")
        return self.tapes[backup]


if __name__ == "__main__":
    mounted = mount(sys.argv[1])
    if _PROBE not in sys.argv:
        serve(ReflinkController(mounted, sys.argv[1]))
