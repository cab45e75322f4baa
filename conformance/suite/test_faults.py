"""A controller that fails as a whole and starts again: what the document promises then, and what it does not.

The text has no failures [G19]. Its promise of consistency makes no exception for them either, so that a tape record is
the image or is not there, a good end is true or is not reported, and a view says what is so. Nothing says that a
backup goes on, that one is known afterwards, that the pair is still split, or that an acknowledged write is kept: 507
holds data temporarily [R26]. The last is tested where the controller declares it; of the others, nothing is asked.
"""

from __future__ import annotations

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.verdicts import NotOffered
from splitproof.spec.split_backup import (
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    READ_LATEST_WRITE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)


@requirement(TAPE_IS_IMAGE, "G19", "R08", level=Level.FAULTS)
def test_g19_the_tape_is_the_source_at_the_split_across_crashes(lab: Lab) -> None:
    explore(lab, TAPE_IS_IMAGE, crashes=True)


@requirement(END_REPORT_IS_TRUE, "G19", "R08", level=Level.FAULTS)
def test_g19_a_good_end_is_reported_truly_across_crashes(lab: Lab) -> None:
    explore(lab, END_REPORT_IS_TRUE, crashes=True)


@requirement(TARGET_IS_IMAGE, "G19", "R44", level=Level.FAULTS)
def test_g19_the_target_is_the_image_while_its_view_is_split_across_crashes(lab: Lab) -> None:
    explore(lab, TARGET_IS_IMAGE, crashes=True)


@requirement(LEGAL_PAIR_STATES, "G19", "R38", level=Level.FAULTS)
def test_g19_the_views_are_one_of_the_documents_states_across_crashes(lab: Lab) -> None:
    explore(lab, LEGAL_PAIR_STATES, crashes=True)


@requirement(READ_LATEST_WRITE, "G19", "R26", level=Level.FAULTS)
def test_g19_an_acknowledged_write_survives_a_crash_if_that_is_declared(lab: Lab) -> None:
    lab.needs("crash")
    if not lab.session.capabilities.writes_survive_crash:
        raise NotOffered(
            "the controller does not declare that writes survive a crash, and the document does not ask it"
        )
    explore(lab, READ_LATEST_WRITE, crashes=True)
