"""The races that the document leaves open, step by step: for controllers that can be pumped."""

from __future__ import annotations

import pytest

from splitproof.conformance.lab import Lab
from splitproof.conformance.schedules import SCHEDULES, Schedule, run_schedule
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.spec.split_backup import READ_LATEST_WRITE, TAPE_IS_IMAGE

schedules = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)


@schedules
@requirement(TAPE_IS_IMAGE, level=Level.SCHEDULED)
def test_r08_the_tape_is_the_source_at_the_split_in_every_interleaving(lab: Lab, schedule: Schedule) -> None:
    run_schedule(lab, schedule, TAPE_IS_IMAGE)


@requirement(READ_LATEST_WRITE, "R32", "G33", level=Level.SCHEDULED)
def test_g33_a_read_returns_the_last_write_in_every_interleaving_with_destage(lab: Lab) -> None:
    run_schedule(lab, SCHEDULES[0], READ_LATEST_WRITE)
