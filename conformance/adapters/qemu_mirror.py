"""QEMU's mirror job as a controller: the target follows the source, and the split ends the job.

The job copies what is written within the write (`write-blocking`), because in the background it need never catch up
with a busy host. Its end is when it has completed, not when the command to end it returns: the split waits for that,
and declares so. There is no SPLIT PENDING.
"""

from __future__ import annotations

from dataclasses import replace

from splitproof.conformance.adapters.qemu import CREATING, MIRRORED, SPLIT, QemuController, absent
from splitproof.conformance.protocol.adapter import Capabilities, PairViews

__all__ = ["QemuMirrorController", "absent", "make"]


def make() -> QemuMirrorController:
    """Start one."""
    return QemuMirrorController()


class QemuMirrorController(QemuController):
    """The volumes, host I/O and backups of the differential split; the pair is another."""

    def capabilities(self) -> Capabilities:
        """What a mirror has to copy cannot be held: a write waits for its own copy."""
        declared = super().capabilities()
        return replace(
            declared,
            operations=frozenset({"resync", "delete_pair", "target_image"}),
            split_is_immediate=False,
            name=f"{declared.name}, mirror",
        )

    def form_pair(self) -> None:
        """All of the source; what was there before the pair was split is not known any more."""
        options = self.copy_options(sync="full", **{"copy-mode": "write-blocking"})
        del options["x-perf"]  # a backup job's
        self.daemon.execute("blockdev-mirror", **options)

    def join_pair(self) -> None:
        self.form_pair()

    def end_pair(self) -> None:
        """The job is gone already."""

    def follow_copy(self, status: str) -> None:
        if self.views == CREATING and status == "ready":
            self.views = MIRRORED

    def split_pair(self) -> PairViews:
        """Ended when it is ready, the job leaves the target as the source is when the job completes."""
        self.end_mirror()
        self.end_copy()
        return SPLIT

    def end_mirror(self) -> None:
        """Ask for the end."""
        self.daemon.execute("block-job-cancel", device=self.copy_job)
