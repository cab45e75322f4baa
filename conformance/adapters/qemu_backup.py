"""A backup under QEMU: a job for each extent, from the image of the split onto a tape, which is a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from splitproof.conformance.adapters.storage_daemon import StorageDaemon
from splitproof.conformance.adapters.volume_files import BLOCK_SIZE_BYTES, blocks_of_file, file_node
from splitproof.conformance.protocol.adapter import BackupState, BackupStatus

__all__ = ["ONE_BY_ONE", "Backup"]

ONE_BY_ONE: Final = {"max-chunk": BLOCK_SIZE_BYTES, "max-workers": 1}
"""How a backup job copies: in order, so that bytes done are blocks done."""


class Backup:
    """`bytes_per_second`: how fast the tape takes data; 0 is no limit."""

    def __init__(self, daemon: StorageDaemon, tape: Path, block_count: int, bytes_per_second: int) -> None:
        self._daemon, self._tape, self._bytes_per_second = daemon, tape, bytes_per_second
        self._extents: list[tuple[int, int]] = []
        self._jobs: list[str] = []
        self._nodes: list[str] = []
        self._blocks_done: list[int] = []
        self.state = BackupState.IN_PROGRESS
        with tape.open("wb") as made:
            made.truncate(block_count * BLOCK_SIZE_BYTES)

    def copy(self, first: int, count: int, image: str | dict[str, object], offset: int) -> None:
        """Start to copy an extent, which begins at `offset` bytes of the node `image`."""
        name = f"{self._tape.name}.{len(self._jobs)}"
        size = count * BLOCK_SIZE_BYTES
        read, written = f"{name}r", f"{name}w"
        part: dict[str, object] = {"driver": "raw", "size": size}
        source = {"node-name": read, "offset": offset, "file": image, "read-only": True}
        tape = {"node-name": written, "offset": first * BLOCK_SIZE_BYTES, "file": file_node(self._tape)}
        for node in (source, tape):
            self._daemon.execute("blockdev-add", **part, **node)
            self._nodes.append(str(node["node-name"]))
        options = {
            "job-id": name,
            "device": read,
            "target": written,
            "auto-dismiss": False,
            "speed": self._bytes_per_second,
            "x-perf": ONE_BY_ONE,
        }
        self._daemon.execute("blockdev-backup", **options, sync="full")
        self._extents.append((first, count))
        self._jobs.append(name)
        self._blocks_done.append(0)

    def look(self) -> None:
        """What the jobs have come to since somebody asked; once all have ended, nothing of them is left."""
        if self.state is not BackupState.IN_PROGRESS:
            return
        every = self._daemon.jobs()
        jobs = [every[name] for name in self._jobs]
        self._blocks_done = [job.done // BLOCK_SIZE_BYTES for job in jobs]
        if any(job.status != "concluded" for job in jobs):
            return
        for name in self._jobs:
            self._daemon.execute("job-dismiss", id=name)
        self._remove_nodes()
        self.state = BackupState.FAILED if any(job.error for job in jobs) else BackupState.COMPLETED

    def status(self) -> BackupStatus:
        """As of the last look."""
        pairs = zip(self._blocks_done, self._extents, strict=True)
        return BackupStatus(self.state, sum(done == count for done, (_, count) in pairs))

    def image(self) -> Mapping[int, bytes]:
        """From the file: what QEMU says is written, and is no hole in it."""
        reached = {
            first + number
            for done, (first, _) in zip(self._blocks_done, self._extents, strict=True)
            for number in range(done)
        }
        tape = enumerate(blocks_of_file(self._tape))
        return {block: data for block, data in tape if data is not None and block in reached}

    def discard(self) -> None:
        """End what is under way, and remove the tape."""
        if self.state is BackupState.IN_PROGRESS:
            for job in self._jobs:
                self._daemon.cancel(job)
            self._remove_nodes()
        self._tape.unlink()

    def _remove_nodes(self) -> None:
        for node in self._nodes:
            self._daemon.execute("blockdev-del", node_name=node)
