"""A group of pairs that are split together: a host that writes to several volumes has one instant of them all."""

from __future__ import annotations

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.concurrent import check_concurrently, race_of_group
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.spec.split_backup import TAPE_IS_IMAGE


@requirement(TAPE_IS_IMAGE, "R08", "R07", level=Level.CONCURRENT)
def test_r08_the_tapes_of_a_group_show_one_instant(lab: Lab) -> None:
    lab.needs("reset_group")
    check_concurrently(lab, TAPE_IS_IMAGE, race_of_group(lab))
