"""Broken controllers that are not the embodiment which they declare to be: they keep the image, and not the promise."""

from __future__ import annotations

from splitproof.conformance.levels.embodiments import DISTINCTION
from splitproof.conformance.mutants.mutant import FIRST, THIRD, mutant, policy_mutant
from splitproof.conformance.reference.common_memory import Job
from splitproof.conformance.reference.policy import EMBODIMENTS
from splitproof.conformance.reference.processors import Task
from splitproof.conformance.reference.tape_port import TapePort
from splitproof.conformance.reference.volume_worker import VolumeWorker

__all__: list[str] = []

policy_mutant(
    "split-not-awaited",
    "a controller that says it waits with the split for its copies does not",
    "R40",
    violates=DISTINCTION["split-reported-after-copying"],
    test="test_r07_a_split_is_reported_before_its_copies_or_after_them_as_the_embodiment_says",
    policy=FIRST,
    claims="prior-art-wait",
)
policy_mutant(
    "pending-refused",
    "a second embodiment refuses a backup while the split is pending",
    "R70",
    "R74",
    violates=DISTINCTION["backup-accepted-after-copying"],
    test="test_r70_a_backup_is_accepted_while_the_split_is_pending_unless_the_host_polls",
    policy=EMBODIMENTS["second-embodiment-host-polls"],
    claims="second-embodiment",
)
policy_mutant(
    "staging-waits",
    "a third embodiment waits for the copy of its range",
    "R85",
    violates=DISTINCTION["tape-begins-after-range-copy"],
    test="test_r82_the_tape_begins_before_the_copy_of_its_range_where_that_is_staged_and_nowhere_else",
    policy=FIRST,
    claims="third-embodiment",
)
policy_mutant(
    "range-unheeded",
    "a first embodiment waits for copies outside of its range",
    "R48",
    "G11",
    violates=DISTINCTION["tape-begins-after-volume-copy"],
    test="test_r48_the_tape_begins_before_copies_outside_of_its_range_unless_the_embodiment_waits_for_all",
    policy=EMBODIMENTS["second-embodiment"],
    claims="first-embodiment",
)
policy_mutant(
    "two-commands",
    "a fourth embodiment has no command that splits and backs up",
    "R90",
    violates=DISTINCTION["one-command"],
    test="test_r90_one_command_splits_and_backs_up_in_the_fourth_embodiment",
    policy=FIRST,
    claims="fourth-embodiment-reflect",
)


@mutant(
    "requests-unheeded",
    "508 copies what a backup waits for in its turn, and not first",
    "R65",
    violates=DISTINCTION["backup-requests-no-copy"],
    test="test_r65_what_a_backup_asks_for_is_copied_first_and_nobody_else_asks",
    pumped=True,
)
class _HeedsNoRequest(VolumeWorker):
    def may_claim(self, block: int) -> bool:
        is_first = next((one for one in self.blocks() if super(_HeedsNoRequest, self).may_claim(one)), None)
        return block == is_first


@mutant(
    "staging-reflects",
    "a third embodiment writes what it stages to the target, too",
    "R89",
    violates=DISTINCTION["backup-writes-no-target"],
    test="test_r89_a_backup_that_is_staged_ends_with_the_target_as_it_was",
    policy=THIRD,
    pumped=True,
)
class _Reflects(TapePort):
    def stage_block(self, job: Job, block: int) -> Task:
        yield from super().stage_block(job, block)
        self.shared.target.write(block, job.staged[block])
