"""QEMU's block layer as a controller: a qemu-storage-daemon with a volume, a target and tapes, which are files.

The pair is a differential quick split: a dirty bitmap is the difference table, a backup job the copy, its
copy-before-write filter keeps the image while the copy is pending, and snapshot-access reads it: from the target what
is there already, from the source what is not (the third embodiment).

Host I/O is NBD, under no lock of ours. Overlapping requests of NBD have no order, and a read may return a part of a
write: a client keeps them apart, as the block layer of an operating system does. That is declared.

What the copy has done is looked at when somebody asks; nothing here runs by itself but QEMU.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from splitproof.conformance.adapters.nbd import Export, NbdError, NbdLost
from splitproof.conformance.adapters.qemu_backup import ONE_BY_ONE, Backup
from splitproof.conformance.adapters.storage_daemon import CommandRefused, StorageDaemon, absent
from splitproof.conformance.adapters.volume_files import BLOCK_SIZE_BYTES, blocks_of_file, file_node, filled
from splitproof.conformance.histories.history import Extents
from splitproof.conformance.protocol.adapter import (
    BackupState,
    BackupStatus,
    Capabilities,
    Indefinite,
    PairViews,
    Rejected,
)
from splitproof.spec.vocabulary import PairState

__all__ = [
    "BITMAP",
    "CREATING",
    "FIRST",
    "MIRRORED",
    "PENDING",
    "SPLIT",
    "QemuController",
    "absent",
    "make",
]

_SIMPLEX: Final = PairViews(PairState.SIMPLEX, PairState.SIMPLEX)
CREATING: Final = PairViews(PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)
MIRRORED: Final = PairViews(PairState.DUPLEX, PairState.DUPLEX)
PENDING: Final = PairViews(PairState.SPLIT, PairState.SPLIT_PENDING)
SPLIT: Final = PairViews(PairState.SPLIT, PairState.SPLIT)

FIRST: Final = 1
"""Where block 0 is in the files. The block before it is ours: see `hold_copy`."""
BITMAP: Final = "differences"
_HELD_BYTES_PER_SECOND: Final = 1


def make() -> QemuController:
    """Start one."""
    return QemuController()


class QemuController:
    """Starts a daemon, which serves until `close`, or has a pair in one that others use, under a name of its own.

    Raises:
        AdapterFault: it does not start.
    """

    tape_bytes_per_second: ClassVar[int] = 0
    """How fast a tape takes data; 0 is no limit."""

    def __init__(self, daemon: StorageDaemon | None = None, name: str = "v") -> None:
        self.daemon = daemon or StorageDaemon()
        self.name = name
        self.lock = threading.RLock()
        self.serial = 0
        self.block_count = 0
        self.host: Export | None = None
        self._install()

    def _install(self) -> None:
        self.serial += 1
        self.views = _SIMPLEX
        self.copy_job: str | None = None
        self.copies = 0
        self.held = False
        self.backups: dict[str, Backup] = {}

    def capabilities(self) -> Capabilities:
        """QEMU shows how much is left to copy, not which blocks: there is no `differences`."""
        operations = {"resync", "delete_pair", "target_image", "hold_copy", "release_copy"}
        version = self.daemon.execute("query-version")["qemu"]
        return Capabilities(
            block_size_bytes=BLOCK_SIZE_BYTES,
            block_count_max=1024,
            operations=frozenset(operations),
            atomic_block_io=False,
            name=f"qemu-storage-daemon {version['major']}.{version['minor']}.{version['micro']}",
        )

    def close(self) -> None:
        """End the daemon, whatever it is doing."""
        self.daemon.close()
        if self.host is not None:
            self.host.close()

    # ---- volumes -------------------------------------------------------------------------------------

    def reset(self, block_count: int) -> None:
        with self.lock:
            self.remove_volumes()
            self._install()
            self.block_count = block_count
            for role in ("source", "target"):
                contents = (filled(role, block) for block in range(-FIRST, block_count))
                self.path(role).write_bytes(b"".join(contents))
                self.daemon.execute("blockdev-add", node_name=self.node(role), **file_node(self.path(role)))
            self.daemon.execute(
                "block-export-add",
                **{"id": self.node("host"), "name": self.node("host"), "node-name": self.node("source")},
                type="nbd",
                writable=True,
            )
            self.host = Export(self.daemon.nbd_socket, self.node("host"))

    def remove_volumes(self) -> None:
        """Whatever is under way on them ends."""
        if self.host is None:
            return
        for backup in self.backups.values():
            backup.discard()
        self._abandon_copy()
        self.host.close()
        self.daemon.remove_export(self.node("host"))
        for role in ("source", "target"):
            self.daemon.execute("blockdev-del", node_name=self.node(role))
            self.path(role).unlink()
        self.host = None

    def node(self, role: str) -> str:
        """The name of a node, a job or an export; QEMU takes 31 characters."""
        return f"{self.name}{self.serial}-{role}"

    def path(self, role: str) -> Path:
        """The file of a volume."""
        return self.daemon.folder / self.node(role)

    def write(self, block: int, data: bytes) -> None:
        try:
            self._host().write((FIRST + block) * BLOCK_SIZE_BYTES, data)
        except NbdError as error:
            raise Indefinite(f"the write failed: {error}") from error
        except NbdLost as error:
            if self.daemon.ends():
                raise self.daemon.fault("a write", error) from error
            raise Indefinite(f"the connection was lost: {error}") from error

    def read(self, block: int) -> bytes:
        try:
            return self._host().read((FIRST + block) * BLOCK_SIZE_BYTES, BLOCK_SIZE_BYTES)
        except NbdError as error:
            raise Rejected(f"the read failed: {error}") from error
        except NbdLost as error:
            if self.daemon.ends():
                raise self.daemon.fault("a read", error) from error
            raise Rejected(f"the connection was lost: {error}") from error

    def _host(self) -> Export:
        if self.host is None:
            raise Rejected("there is no volume before the first reset")
        return self.host

    def target_image(self) -> Sequence[bytes]:
        """From the file, not through QEMU."""
        with self.lock:
            return [data or b"" for data in blocks_of_file(self.path("target"))][FIRST:]

    # ---- the pair ------------------------------------------------------------------------------------

    def pair_state(self) -> PairViews:
        with self.lock:
            self.look()
            return self.views

    def create_pair(self) -> None:
        with self.lock:
            if self.views != _SIMPLEX:
                raise Rejected("there is a pair")
            self.form_pair()
            self.views = CREATING

    def form_pair(self) -> None:
        """Bitmap and copy begin at one instant."""
        bitmap = {"node": self.node("source"), "name": BITMAP, "granularity": BLOCK_SIZE_BYTES}
        actions = [{"type": "block-dirty-bitmap-add", "data": bitmap}, *self.creation_copy()]
        self.daemon.execute("transaction", actions=actions)

    def creation_copy(self) -> list[dict[str, object]]:
        """The copy of everything, as an action of a transaction."""
        return [{"type": "blockdev-backup", "data": self.copy_options(sync="full")}]

    def split(self) -> None:
        with self.lock:
            self.look()
            if self.views != MIRRORED:
                raise Rejected("only a pair in DUPLEX can be split")
            self.views = self.split_pair()

    def split_pair(self) -> PairViews:
        """The backup job's filter is in the graph, and the image fixed, when the command returns."""
        self.daemon.execute("transaction", actions=[self.split_action()])
        return self.split_begun()

    def split_action(self) -> dict[str, object]:
        """What splits the pair, as an action of a transaction."""
        filtered = {"filter-node-name": self.node("filter"), "auto-finalize": False}
        return {"type": "blockdev-backup", "data": self.difference_options(**filtered)}

    def split_begun(self) -> PairViews:
        """Give the image a node."""
        image = {"node-name": self.node("image"), "driver": "snapshot-access", "file": self.node("filter")}
        self.daemon.execute("blockdev-add", **image)
        return PENDING

    def resync(self) -> None:
        with self.lock:
            self.look()
            if self.views.source is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            self.refuse_while_backing_up()
            self._abandon_copy()
            self.join_pair()
            self.views = CREATING

    def join_pair(self) -> None:
        """Copy what was written since the split, and what the split left to copy."""
        self.daemon.execute("blockdev-backup", **self.difference_options())

    def delete_pair(self) -> None:
        with self.lock:
            self.look()
            if self.views == _SIMPLEX:
                raise Rejected("there is no pair")
            self.refuse_while_backing_up()
            self._abandon_copy()
            self.end_pair()
            self.views = _SIMPLEX

    def end_pair(self) -> None:
        """There is no copy any more."""
        self.daemon.execute("block-dirty-bitmap-remove", node=self.node("source"), name=BITMAP)

    # ---- copying -------------------------------------------------------------------------------------

    def copy_options(self, **options: object) -> dict[str, object]:
        """The arguments of the next copy from source to target."""
        self.copies += 1
        self.copy_job = self.node(f"copy{self.copies}")
        return {
            "job-id": self.copy_job,
            "device": self.node("source"),
            "target": self.node("target"),
            "auto-dismiss": False,
            "speed": _HELD_BYTES_PER_SECOND if self.held else 0,
            "x-perf": ONE_BY_ONE,
            **options,
        }

    def difference_options(self, **options: object) -> dict[str, object]:
        """The arguments of a copy of what the bitmap has; if that is given up, the bitmap has it still."""
        if self.held:
            self._host().write(0, filled("hold", self.copies))
        difference = {"sync": "bitmap", "bitmap": BITMAP, "bitmap-mode": "on-success"}
        return self.copy_options(**difference, **options)

    def hold_copy(self) -> None:
        """By a speed limit, because a paused job is not still at once, and QEMU drains what a throttle group holds.

        A limit lets one block pass before it bites. It is the one before block 0, which we write for that. A copy that
        is under way when it is held may copy one block more. Copy before write is part of a host write, and goes on.
        """
        with self.lock:
            self.held = True
            self._limit_copy()

    def release_copy(self) -> None:
        with self.lock:
            self.held = False
            self._limit_copy()

    def _limit_copy(self) -> None:
        if self.copy_job is None:
            return
        speed = _HELD_BYTES_PER_SECOND if self.held else 0
        try:
            self.daemon.execute("block-job-set-speed", device=self.copy_job, speed=speed)
        except CommandRefused:
            if self.daemon.jobs()[self.copy_job].status not in ("waiting", "pending", "concluded"):
                raise

    def look(self) -> None:
        """What the copy has come to since somebody asked."""
        if not self.daemon.alive:
            raise self.daemon.fault("nothing that was asked of it")
        for backup in self.backups.values():
            backup.look()
        if self.copy_job is not None:
            self.follow_copy(self.daemon.jobs()[self.copy_job].status)

    def follow_copy(self, status: str) -> None:
        """Change the views as the copy's job has got on."""
        if self.views == CREATING and status == "concluded":
            self.end_copy()
            self.views = MIRRORED
        elif self.views == PENDING and status == "pending" and not self._backing_up():
            self.end_pending()

    def end_pending(self) -> None:
        """Everything is on the target: the filter goes."""
        assert self.copy_job is not None
        self.daemon.execute("blockdev-del", node_name=self.node("image"))
        self.daemon.execute("job-finalize", id=self.copy_job)
        self.end_copy()
        self.views = SPLIT

    def end_copy(self) -> None:
        """Wait for the end of the copy's job, and let it go."""
        assert self.copy_job is not None
        ended = self.daemon.wait_for(self.copy_job, "concluded")
        if ended.error is not None:
            raise RuntimeError(f"QEMU's copy failed: {ended.error}")
        self.daemon.execute("job-dismiss", id=self.copy_job)
        self.copy_job = None

    def _abandon_copy(self) -> None:
        """QEMU merges what was not copied back into the bitmap."""
        if self.copy_job is not None:
            if self.views == PENDING:
                self.daemon.execute("blockdev-del", node_name=self.node("image"))
            self.daemon.cancel(self.copy_job)
            self.copy_job = None

    # ---- backups -------------------------------------------------------------------------------------

    def backup(self, extents: Extents) -> str:
        with self.lock:
            self.look()
            if self.views.source is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            identifier = f"backup {len(self.backups) + 1}"
            tape = self.path(f"tape{len(self.backups) + 1}")
            backup = Backup(self.daemon, tape, self.block_count, self.tape_bytes_per_second)
            self.backups[identifier] = backup
            for first, count in extents:
                backup.copy(first, count, self.image_node(), self.image_offset(first))
            return identifier

    def image_node(self) -> str | dict[str, object]:
        """Where the image of the split can be read: through the filter while the copy is pending.

        The name of a node, or one to be made for each extent of a backup.
        """
        return self.node("image" if self.views == PENDING else "target")

    def image_offset(self, block: int) -> int:
        """Where in it, in bytes."""
        return (FIRST + block) * BLOCK_SIZE_BYTES

    def backup_status(self, backup: str) -> BackupStatus:
        with self.lock:
            found = self._backup(backup)
            found.look()
            return found.status()

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        with self.lock:
            found = self._backup(backup)
            found.look()
            return found.image()

    def _backup(self, backup: str) -> Backup:
        if backup not in self.backups:
            raise Rejected(f"there is no {backup}")
        return self.backups[backup]

    def _backing_up(self) -> bool:
        return any(backup.state is BackupState.IN_PROGRESS for backup in self.backups.values())

    def refuse_while_backing_up(self) -> None:
        """Leave an operation that would take the image away."""
        if self._backing_up():
            raise Rejected("a backup is under way")
