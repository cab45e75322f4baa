"""The counterexamples of the model, put to controllers that can be pumped: every one is the story of some design."""

from __future__ import annotations

import pytest

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.schedules import Schedule, run_schedule, schedules
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import (
    BACKUP_FOLLOWS_ITS_SPLIT,
    DIFFERENCE_IS_SOUND,
    LEGAL_PAIR_TRANSITIONS,
    READ_LATEST_WRITE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)


def judged_as(item: Property) -> pytest.MarkDecorator:
    """The schedules in which this property is at stake."""
    chosen = [schedule for schedule in schedules() if schedule.judged is item]
    return pytest.mark.parametrize("schedule", chosen, ids=lambda schedule: schedule.name)


@judged_as(TAPE_IS_IMAGE)
@requirement(TAPE_IS_IMAGE, level=Level.SCHEDULED)
def test_r08_the_tape_is_the_source_at_the_split_in_every_interleaving(lab: Lab, schedule: Schedule) -> None:
    run_schedule(lab, schedule)


@judged_as(TARGET_IS_IMAGE)
@requirement(TARGET_IS_IMAGE, level=Level.SCHEDULED)
def test_r44_the_target_is_the_image_while_its_view_is_split_in_every_interleaving(
    lab: Lab, schedule: Schedule
) -> None:
    run_schedule(lab, schedule)


@judged_as(DIFFERENCE_IS_SOUND)
@requirement(DIFFERENCE_IS_SOUND, level=Level.SCHEDULED)
def test_r13_what_the_target_lacks_of_the_image_is_marked_in_every_interleaving(
    lab: Lab, schedule: Schedule
) -> None:
    run_schedule(lab, schedule)


@judged_as(READ_LATEST_WRITE)
@requirement(READ_LATEST_WRITE, "R32", "G33", level=Level.SCHEDULED)
def test_r32_a_read_returns_the_last_acknowledged_write_in_every_interleaving(
    lab: Lab, schedule: Schedule
) -> None:
    run_schedule(lab, schedule)


@judged_as(LEGAL_PAIR_TRANSITIONS)
@requirement(LEGAL_PAIR_TRANSITIONS, level=Level.SCHEDULED)
def test_r39_the_views_change_as_the_documents_states_allow_in_every_interleaving(
    lab: Lab, schedule: Schedule
) -> None:
    run_schedule(lab, schedule)


@judged_as(BACKUP_FOLLOWS_ITS_SPLIT)
@requirement(BACKUP_FOLLOWS_ITS_SPLIT, level=Level.SCHEDULED)
def test_r58_a_backup_is_accepted_only_of_a_pair_that_is_split_in_every_interleaving(
    lab: Lab, schedule: Schedule
) -> None:
    run_schedule(lab, schedule)
