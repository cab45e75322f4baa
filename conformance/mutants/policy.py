"""Broken controllers whose policy leaves one race open: an answer that a hurried implementer gives."""

from __future__ import annotations

from dataclasses import replace

from splitproof.conformance.levels.schedules import schedule_of
from splitproof.conformance.mutants.mutant import FIRST, FOURTH, READ, TAPE, THIRD, policy_mutant
from splitproof.conformance.reference.policy import (
    AcceptCheck,
    Backup,
    CopyReads,
    Creation,
    DestageClean,
    DifferenceCleared,
    DifferenceMarked,
    InFlight,
    PostSplitTable,
    PostSplitWrite,
    PreSplitSlot,
    Report,
    Response,
    Resync,
    Staging,
)
from splitproof.spec.split_backup import (
    BACKUP_FOLLOWS_ITS_SPLIT,
    READ_LATEST_WRITE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
    WRITE_NEVER_WAITS,
)

__all__: list[str] = []


def _stepped(choice: str, embodiment: str = "first-embodiment") -> str:
    """The test that leads a controller through the counterexample of the design with this choice."""
    story = f"tape-is-image of {embodiment}-two-slots+{choice}"
    return f"{TAPE}_in_every_interleaving[{schedule_of(story).name}]"


policy_mutant(
    "target-unchecked",
    "503 reads the target without checking the difference table",
    "R04",
    "R62",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    policy=replace(FIRST, backup=Backup.UNCHECKED),
)
policy_mutant(
    "marked-late",
    "a difference is marked after the acknowledgement",
    "G01",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    policy=replace(FIRST, difference_marked=DifferenceMarked.AFTER_ACK),
)
policy_mutant(
    "marked-at-destage",
    "a difference is marked when the data is destaged",
    "G05",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    policy=replace(FIRST, difference_marked=DifferenceMarked.AT_DESTAGE),
)
policy_mutant(
    "copied-beneath-cache",
    "a copy reads the source volume beneath a dirty slot",
    "G04",
    violates=TAPE_IS_IMAGE,
    test=_stepped("copy_reads=source"),
    policy=replace(FIRST, copy_reads=CopyReads.SOURCE),
)
policy_mutant(
    "cleared-after-writing",
    "a difference is cleared after the copy, whatever came meanwhile",
    "G07",
    violates=TAPE_IS_IMAGE,
    test=_stepped("difference_cleared=after-write"),
    policy=replace(FIRST, difference_cleared=DifferenceCleared.AFTER_WRITE),
)
policy_mutant(
    "in-flight-invisible",
    "a block in copy counts as reflected",
    "G06",
    violates=TAPE_IS_IMAGE,
    test=_stepped("in_flight=invisible"),
    policy=replace(FIRST, in_flight=InFlight.INVISIBLE),
)
policy_mutant(
    "slot-overwritten",
    "a write after the split overwrites a dirty slot from before it",
    "G03",
    violates=TAPE_IS_IMAGE,
    test=_stepped("pre_split_slot=overwritten"),
    policy=replace(FIRST, pre_split_slot=PreSplitSlot.OVERWRITTEN),
)
policy_mutant(
    "image-destaged-over",
    "a write after the split is destaged over an uncopied block",
    "G02",
    violates=TAPE_IS_IMAGE,
    test=_stepped("post_split_write=overwrites"),
    policy=replace(FIRST, post_split_write=PostSplitWrite.OVERWRITES),
)
policy_mutant(
    "same-table",
    "writes after the split are marked, and copied, like any other",
    "G09",
    violates=TARGET_IS_IMAGE,
    test="test_r44_the_target_is_the_image_while_its_view_is_split",
    policy=replace(FIRST, post_split_table=PostSplitTable.SAME),
)
policy_mutant(
    "staged-unchecked",
    "what is staged from the source is not checked again",
    "G08",
    violates=TAPE_IS_IMAGE,
    test=_stepped("staging=unlocked", "third-embodiment"),
    policy=replace(THIRD, staging=Staging.UNLOCKED),
)
policy_mutant(
    "created-unmarked",
    "the difference table is empty when the pair is formed",
    "G32",
    violates=TAPE_IS_IMAGE,
    test=TAPE,
    policy=replace(FIRST, creation=Creation.MARKS_NONE),
)
policy_mutant(
    "reported-after-any-copy",
    "508 takes a requested copy for done although the block was marked again meanwhile",
    "G17",
    violates=TAPE_IS_IMAGE,
    test=_stepped("report=after-any-copy"),
    policy=replace(FIRST, report=Report.AFTER_ANY_COPY),
)
policy_mutant(
    "resync-unguarded",
    "a resync is accepted while a backup reads the target",
    "G12",
    violates=TAPE_IS_IMAGE,
    test=_stepped("resync=unguarded"),
    policy=replace(FIRST, resync=Resync.UNGUARDED),
)
policy_mutant(
    "resync-forgets",
    "a resync forgets what was written after the split",
    "G09",
    violates=TAPE_IS_IMAGE,
    test="test_g12_each_cycle_has_an_image_of_its_own",
    policy=replace(FIRST, post_split_table=PostSplitTable.OWN_FORGOTTEN),
)
policy_mutant(
    "cleaned-blindly",
    "a slot is marked clean although it was rewritten during destage",
    "G33",
    violates=READ_LATEST_WRITE,
    test=f"{READ}_in_every_interleaving[{schedule_of('read-latest-write of first-embodiment').name}]",
    policy=replace(FIRST, destage_clean=DestageClean.BLIND),
)
policy_mutant(
    "write-held",
    "a write after the split waits for the copy of its block",
    "R29",
    "G35",
    violates=WRITE_NEVER_WAITS,
    test="test_r29_a_write_is_acknowledged_while_nothing_is_copied",
    policy=replace(FIRST, post_split_write=PostSplitWrite.HELD_AT_STORE),
    pumped=False,
    hasty=True,
)
policy_mutant(
    "accepts-unsplit",
    "a backup is accepted of a pair that is not split",
    "G26",
    violates=BACKUP_FOLLOWS_ITS_SPLIT,
    test="test_r58_a_backup_is_accepted_only_of_a_pair_that_is_split",
    policy=replace(FIRST, accept_check=AcceptCheck.NONE),
)
policy_mutant(
    "answered-before-split",
    "502 answers the combined command before it has split the pair",
    "G23",
    violates=TAPE_IS_IMAGE,
    test="test_r90_the_combined_command_backs_up_its_own_split",
    policy=replace(FOURTH, response=Response.AT_INSTRUCTION),
)
