"""The Linux SCSI target as a controller: EXTENDED COPY and RECEIVE COPY RESULTS over iSCSI, in a virtual machine.

The machine is Debian's cloud kernel with a file system of ours, under software emulation. A split is the creation of a
dm-snapshot, a backup an EXTENDED COPY from the snapshot to a region of a third volume, which stands for a tape library:
the data does not pass through the host. The target volume is the snapshot, and there is one from a split to the resync.

The target knows no COPY STATUS: an EXTENDED COPY returns when its copy has been made. So each backup has a thread that
waits for it. Nothing else runs by itself.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from splitproof.conformance.adapters import iscsi, scsi, virtual_machine
from splitproof.conformance.adapters.initramfs import Kernel, initramfs, kernel_below, program_files
from splitproof.conformance.adapters.iscsi import CheckCondition, IscsiLost, Portal
from splitproof.conformance.adapters.scsi import SECTOR_BYTES, Command
from splitproof.conformance.adapters.virtual_machine import VirtualMachine
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
    "BLOCK_SIZE_BYTES",
    "KERNEL_ROOT",
    "LIBRARY",
    "SNAPSHOT",
    "SOURCE",
    "LioController",
    "absent",
    "make",
]

KERNEL_ROOT: Final = "SPLITPROOF_KERNEL_ROOT"
"""The environment variable that names the folder where the kernel's package is unpacked; `/` without it."""

BLOCK_SIZE_BYTES: Final = 4096
"""A chunk of the snapshot."""
BLOCK_SECTORS: Final = BLOCK_SIZE_BYTES // SECTOR_BYTES
SOURCE, SNAPSHOT, LIBRARY = range(3)
"""The logical units."""

_FLAVOUR: Final = "cloud-amd64"
_MODULES: Final = (
    "virtio_pci",
    "virtio_net",
    "brd",
    "dm_snapshot",
    "target_core_mod",
    "target_core_iblock",
    "iscsi_target_mod",
)
_TARGET: Final = "iqn.2026-01.splitproof:volumes"
_GUEST_ADDRESS: Final = "10.0.2.15"
_ISCSI_PORT: Final = 3260
_BLOCKS_MAX: Final = 64
_TAPES_MAX: Final = 256
_VOLUME_SECTORS: Final = _BLOCKS_MAX * BLOCK_SECTORS
_NEVER_WRITTEN: Final = bytes(BLOCK_SIZE_BYTES)
_PROGRAMS: Final = (("busybox", "busybox-static"), ("dmsetup", "dmsetup"))
_BACKUP_SECONDS_MAX: Final = 60.0


def absent() -> str | None:
    """What is missing on this machine, and how to get it; None if nothing is."""
    for tool, package in _PROGRAMS:
        if shutil.which(tool) is None:
            return f"there is no {tool} on the path; Debian has it in the package {package}"
    if b"/ld-linux" in Path(_path("busybox")).read_bytes():
        return "busybox is linked dynamically; Debian's package busybox-static has one that is not"
    if _kernel() is None:
        return (
            f"there is no kernel of Debian's package linux-image-{_FLAVOUR} below {_kernel_root()}; install it, or "
            f"unpack it with dpkg-deb --extract to a folder that {KERNEL_ROOT} names"
        )
    return virtual_machine.absent() or iscsi.absent()


def _path(tool: str) -> str:
    found = shutil.which(tool)
    assert found is not None
    return found


def _kernel_root() -> Path:
    return Path(os.environ.get(KERNEL_ROOT, "/"))


def _kernel() -> Kernel | None:
    return kernel_below(_kernel_root(), _FLAVOUR)


def make() -> LioController:
    """Boot one."""
    return LioController()


def _boot() -> VirtualMachine:
    kernel = _kernel()
    assert kernel is not None
    programs = {"/bin/busybox": Path(_path("busybox")).read_bytes(), **program_files(Path(_path("dmsetup")))}
    library_kib = _VOLUME_SECTORS * _TAPES_MAX * SECTOR_BYTES >> 10
    made = initramfs(
        Path(__file__).with_name("lio_init.sh").read_bytes(),
        programs,
        kernel.in_order(_MODULES),
        {"brd": f"rd_nr=3 rd_size={library_kib}"},
    )
    settings = f"SECTORS={_VOLUME_SECTORS} NAME={_TARGET} ADDRESS={_GUEST_ADDRESS}:{_ISCSI_PORT}"
    return VirtualMachine(kernel.image, made, settings, _ISCSI_PORT)


@dataclass
class _Backup:
    """`tape`: where it is in the library, from 0. `thread` waits for its copies."""

    extents: Extents
    tape: int
    thread: threading.Thread
    state: BackupState = BackupState.IN_PROGRESS
    segments_done: int = 0


class LioController:
    """Boots a machine, which serves until `close`.

    Raises:
        AdapterFault: it does not come up.
    """

    backup_reads: int = SNAPSHOT
    """The logical unit that a backup is made from."""

    def __init__(self) -> None:
        self.machine = _boot()
        self.portal = Portal(self.machine.port, _TARGET)
        self.lock = threading.RLock()
        self.block_count = 0
        self.state = PairState.SIMPLEX
        self.backups: dict[str, _Backup] = {}
        units = (SOURCE, SNAPSHOT, LIBRARY)
        pages = [self._command(unit, scsi.device_identification()) for unit in units]
        self._names = [scsi.designator_of(page) for page in pages]
        parameters = self._command(SOURCE, scsi.operating_parameters())
        self._segment_sectors_max = scsi.segment_sectors_max(parameters)

    def capabilities(self) -> Capabilities:
        """Memory that is copied while it is written may be a part of either.

        Nothing is copied that could be withheld, so that nobody could see whether a split waits for it.
        """
        return Capabilities(
            block_size_bytes=BLOCK_SIZE_BYTES,
            block_count_max=_BLOCKS_MAX,
            operations=frozenset({"resync", "delete_pair", "target_image"}),
            split_is_immediate=False,
            atomic_block_io=False,
            call_seconds_max=30.0,
            settle_seconds_max=60.0,
            name=f"LIO and dm-snapshot, Linux {self.machine.greeting}",
        )

    def close(self) -> None:
        """End the machine, whatever it is doing."""
        self.machine.close()
        self.portal.close()

    # ---- volumes -------------------------------------------------------------------------------------

    def reset(self, block_count: int) -> None:
        with self.lock:
            for backup in self.backups.values():
                backup.thread.join(_BACKUP_SECONDS_MAX)
            if self.state is PairState.SPLIT:
                self.forget_snapshot()
            for backup in self.backups.values():
                blank = scsi.write_same(backup.tape * _VOLUME_SECTORS, _VOLUME_SECTORS)
                self._command(LIBRARY, blank)
            self.backups = {}
            self.state = PairState.SIMPLEX
            self.block_count = block_count
            filled = (b"source %07d" % block for block in range(block_count))
            contents = b"".join(piece.ljust(BLOCK_SIZE_BYTES, b".") for piece in filled)
            self._command(SOURCE, scsi.write(0, contents))

    def write(self, block: int, data: bytes) -> None:
        try:
            self._command(SOURCE, scsi.write(block * BLOCK_SECTORS, data))
        except CheckCondition as error:
            raise Indefinite(str(error)) from error
        except IscsiLost as error:
            raise Indefinite(f"the connection was lost: {error}") from error

    def read(self, block: int) -> bytes:
        try:
            return self._command(SOURCE, scsi.read(block * BLOCK_SECTORS, BLOCK_SECTORS))
        except (CheckCondition, IscsiLost) as error:
            raise Rejected(str(error)) from error

    def target_image(self) -> Sequence[bytes]:
        """Of the snapshot, through the target."""
        with self.lock:
            if self.state is not PairState.SPLIT:
                raise Rejected("there is a target only while the pair is split")
            return _blocks(self._command(SNAPSHOT, scsi.read(0, self.block_count * BLOCK_SECTORS)))

    def _command(self, unit: int, command: Command) -> bytes:
        try:
            return self.portal.command(unit, command)
        except IscsiLost as error:
            if self.machine.ends():
                raise self.machine.fault(command.name, error) from error
            raise

    # ---- the pair ------------------------------------------------------------------------------------

    def pair_state(self) -> PairViews:
        with self.lock:
            if not self.machine.alive:
                raise self.machine.fault("nothing that was asked of it")
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
            self.take_snapshot()
            self.state = PairState.SPLIT

    def take_snapshot(self) -> None:
        """The source is suspended while the snapshot begins; what is written since is copied away first."""
        self.machine.run("split")

    def resync(self) -> None:
        with self.lock:
            self._leave_split()
            self.state = PairState.DUPLEX

    def delete_pair(self) -> None:
        with self.lock:
            if self.state is PairState.SIMPLEX:
                raise Rejected("there is no pair")
            if self.state is PairState.SPLIT:
                self._leave_split()
            self.state = PairState.SIMPLEX

    def _leave_split(self) -> None:
        if self.state is not PairState.SPLIT:
            raise Rejected("the pair is not split")
        if any(backup.state is BackupState.IN_PROGRESS for backup in self.backups.values()):
            raise Rejected("a backup is under way")
        self.forget_snapshot()

    def forget_snapshot(self) -> None:
        """What it had kept is gone."""
        self.machine.run("forget")

    # ---- backups -------------------------------------------------------------------------------------

    def backup(self, extents: Extents) -> str:
        with self.lock:
            if self.state is not PairState.SPLIT:
                raise Rejected("the pair is not split")
            tape = len(self.backups)
            if tape == _TAPES_MAX:
                raise Rejected(f"the library is full: it has {_TAPES_MAX} tapes")
            identifier = f"backup {tape + 1}"
            thread = threading.Thread(target=self._back_up, args=(identifier,), name=identifier, daemon=True)
            self.backups[identifier] = _Backup(extents, tape, thread)
            thread.start()
            return identifier

    def _back_up(self, identifier: str) -> None:
        backup = self.backups[identifier]
        try:
            for first, count in backup.extents:
                self.copy(first * BLOCK_SECTORS, count * BLOCK_SECTORS, backup.tape * _VOLUME_SECTORS)
                backup.segments_done += 1
        except (CheckCondition, IscsiLost):
            backup.state = BackupState.FAILED
        else:
            backup.state = BackupState.COMPLETED

    def copy(self, first: int, count: int, tape: int) -> None:
        """Have these sectors copied to the same place of a tape that begins at sector `tape`."""
        read, written = self._names[self.backup_reads], self._names[LIBRARY]
        for sector in range(first, first + count, self._segment_sectors_max):
            part = min(self._segment_sectors_max, first + count - sector)
            self._command(self.backup_reads, scsi.extended_copy(read, written, (sector, tape + sector), part))

    def backup_status(self, backup: str) -> BackupStatus:
        with self.lock:
            found = self._backup(backup)
            if found.state is BackupState.IN_PROGRESS and not self.machine.alive:
                raise self.machine.fault("a backup")
            return BackupStatus(found.state, found.segments_done)

    def tape_image(self, backup: str) -> Mapping[int, bytes]:
        """What is no longer blank of the tape."""
        with self.lock:
            found = self._backup(backup)
            sectors = self.block_count * BLOCK_SECTORS
            tape = _blocks(self._command(LIBRARY, scsi.read(found.tape * _VOLUME_SECTORS, sectors)))
            return {block: data for block, data in enumerate(tape) if data != _NEVER_WRITTEN}

    def _backup(self, backup: str) -> _Backup:
        if backup not in self.backups:
            raise Rejected(f"there is no {backup}")
        return self.backups[backup]


def _blocks(data: bytes) -> list[bytes]:
    return [data[at : at + BLOCK_SIZE_BYTES] for at in range(0, len(data), BLOCK_SIZE_BYTES)]
