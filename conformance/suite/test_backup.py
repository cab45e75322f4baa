"""The backup: the tape is the source at the split, and a good end says so truly."""

from __future__ import annotations

from collections.abc import Sequence

from splitproof.conformance.histories.history import Extents, History, blocks_of
from splitproof.conformance.lab.lab import Lab, whole
from splitproof.conformance.levels.concurrent import check_concurrently
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.protocol.adapter import Rejected
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.suite.tapes import check_tape
from splitproof.conformance.verdicts import NotOffered, PropertyViolated
from splitproof.spec.split_backup import (
    BACKUP_ENDS,
    BACKUP_FOLLOWS_ITS_SPLIT,
    END_REPORT_IS_TRUE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)

BLOCKS = 6


@requirement(TAPE_IS_IMAGE)
def test_r08_the_tape_is_the_source_at_the_split(lab: Lab) -> None:
    explore(lab, TAPE_IS_IMAGE)


@requirement(TAPE_IS_IMAGE, level=Level.CONCURRENT)
def test_r08_the_tape_is_the_source_at_the_split_among_several_clients(
    lab: Lab, histories: Sequence[History]
) -> None:
    check_concurrently(lab, TAPE_IS_IMAGE, histories)


@requirement(TARGET_IS_IMAGE, level=Level.CONCURRENT)
def test_r44_the_target_is_the_source_at_the_split_among_several_clients(
    lab: Lab, histories: Sequence[History]
) -> None:
    lab.needs("target_image")
    check_concurrently(lab, TARGET_IS_IMAGE, histories)


@requirement(END_REPORT_IS_TRUE)
def test_r68_a_good_end_is_reported_when_the_whole_range_is_on_the_tape(lab: Lab) -> None:
    explore(lab, END_REPORT_IS_TRUE)


@requirement(END_REPORT_IS_TRUE, level=Level.CONCURRENT)
def test_r68_a_good_end_is_reported_truly_among_several_clients(
    lab: Lab, histories: Sequence[History]
) -> None:
    check_concurrently(lab, END_REPORT_IS_TRUE, histories)


@requirement(BACKUP_FOLLOWS_ITS_SPLIT)
def test_r58_a_backup_is_accepted_only_of_a_pair_that_is_split(lab: Lab) -> None:
    explore(lab, BACKUP_FOLLOWS_ITS_SPLIT)


@requirement(BACKUP_ENDS)
def test_r68_an_accepted_backup_ends(lab: Lab) -> None:
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    written = {block: next(lab.numbers) for block in (0, 3)}
    for block, number in written.items():
        session.write(block, number)
    session.call("split")
    backup = lab.back_up(session, whole(session))
    session.write(3, next(lab.numbers))
    check_tape(lab, session, initial, written, backup)


@requirement(END_REPORT_IS_TRUE, "G16")
def test_g16_a_tape_has_a_record_of_each_block_of_its_range_and_of_no_other(lab: Lab) -> None:
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    number = next(lab.numbers)
    session.write(2, number)
    session.call("split")
    ranges: list[Extents] = [((2, 1),), ((0, 2), (4, 2)), ((5, 1), (1, 2)), ((0, BLOCKS),)]
    for extents in ranges:
        try:
            backup = lab.back_up(session, extents)
        except Rejected as reason:
            if len(extents) > 1:
                raise NotOffered(f"the controller takes one extent only: {reason}") from reason
            raise
        check_tape(lab, session, initial, {2: number}, backup, blocks_of(extents))
        beyond = sorted(set(session.tape_image(backup)) - blocks_of(extents))
        if beyond:
            sentence = f"the tape of {extents} has records of blocks {beyond}, which nobody asked for"
            raise PropertyViolated.because(END_REPORT_IS_TRUE, sentence, ["split()", f"backup({extents})"])


@requirement(TAPE_IS_IMAGE, "G27", "R61")
def test_g27_backups_under_way_together_do_not_mix(lab: Lab) -> None:
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    written = {block: next(lab.numbers) for block in (0, 4)}
    for block, number in written.items():
        session.write(block, number)
    session.call("split")
    halves: list[Extents] = [((0, 3),), ((3, 3),)]
    first = lab.back_up(session, halves[0])
    try:
        second = lab.back_up(session, halves[1])
    except Rejected as reason:
        check_tape(lab, session, initial, written, first, blocks_of(halves[0]))
        raise NotOffered(f"the controller takes one backup at a time: {reason}") from reason
    if first == second:
        raise PropertyViolated.because(TAPE_IS_IMAGE, f"two backups have the identifier {first!r}")
    for extents, backup in zip(halves, (first, second), strict=True):
        check_tape(lab, session, initial, written, backup, blocks_of(extents))
