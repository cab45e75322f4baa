"""Broken controllers that do the wrong thing when they start again after a loss of power [G19]."""

from __future__ import annotations

from splitproof.conformance.mutants.mutant import mutant
from splitproof.conformance.protocol.adapter import BackupState
from splitproof.conformance.reference.common_memory import CommonMemory, Job
from splitproof.spec.split_backup import END_REPORT_IS_TRUE, READ_LATEST_WRITE, TAPE_IS_IMAGE, TARGET_IS_IMAGE

__all__: list[str] = []


@mutant(
    "claim-forgotten",
    "what a copy had claimed when the power failed is not marked again",
    "G19",
    violates=TAPE_IS_IMAGE,
    test="test_g19_the_tape_is_the_source_at_the_split_across_crashes",
    pumped=True,
)
class _ForgetsClaims(CommonMemory):
    def recover(self) -> list[Job]:
        for row in self.rows:
            row.in_flight = False
        return super().recover()


@mutant(
    "all-marked-again",
    "after a loss of power everything is marked, as if the source held the image still",
    "G19",
    violates=TARGET_IS_IMAGE,
    test="test_g19_the_target_is_the_image_while_its_view_is_split_across_crashes",
    pumped=True,
)
class _MarksEverything(CommonMemory):
    def recover(self) -> list[Job]:
        for row in self.rows:
            row.difference = True
        return super().recover()


@mutant(
    "cache-lost",
    "what was in the cache when the power failed is lost, and was acknowledged",
    "G19",
    "R26",
    violates=READ_LATEST_WRITE,
    test="test_g19_an_acknowledged_write_survives_a_crash_if_that_is_declared",
    pumped=True,
)
class _LosesTheCache(CommonMemory):
    def recover(self) -> list[Job]:
        for row in self.rows:
            row.before = row.after = None
        return super().recover()


@mutant(
    "taken-for-done",
    "a backup that was under way when the power failed is reported as ended well",
    "G19",
    "R68",
    violates=END_REPORT_IS_TRUE,
    test="test_g19_a_good_end_is_reported_truly_across_crashes",
    pumped=True,
)
class _TakesBackupsForDone(CommonMemory):
    def recover(self) -> list[Job]:
        for job in super().recover():
            job.state = BackupState.COMPLETED
        return []
