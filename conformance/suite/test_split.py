"""The split: at once, whatever is left to copy, and at an instant within its command."""

from __future__ import annotations

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.verdicts import PropertyViolated, Vacuous
from splitproof.spec.split_backup import DIFFERENCE_IS_SOUND, SPLIT_DOES_NOT_WAIT, SPLIT_LIES_IN_ITS_COMMAND

BLOCKS = 4


@requirement(SPLIT_DOES_NOT_WAIT, level=Level.SEQUENTIAL)
def test_r07_a_split_returns_while_nothing_is_copied(lab: Lab) -> None:
    """Tested by withholding the copy, never by how long it takes."""
    lab.needs_immediate_split()
    lab.needs_held_copy()
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        for block in range(BLOCKS):
            session.write(block, next(lab.numbers))
        if session.has("differences") and not session.call("differences"):
            raise Vacuous(["a difference while copying is held"])
        call = session.begin("split")
        waits = not call.wait(session.call_seconds_max)
        if not waits:
            call.result()
    if waits:
        returned = call.wait(session.capabilities.settle_seconds_max)
        rest = "it returned once copying went on" if returned else "it never returned"
        session.lost_if_open(call)
        raise PropertyViolated.because(
            SPLIT_DOES_NOT_WAIT,
            f"split did not return within {session.call_seconds_max:g} s while copying was held; {rest}",
            ["hold_copy()", f"write to blocks 0 to {BLOCKS - 1}", "split()"],
        )


@requirement(SPLIT_LIES_IN_ITS_COMMAND)
def test_r43_the_source_view_becomes_split_within_the_command(lab: Lab) -> None:
    explore(lab, SPLIT_LIES_IN_ITS_COMMAND)


@requirement(DIFFERENCE_IS_SOUND, level=Level.SEQUENTIAL)
def test_r13_what_the_target_lacks_of_the_image_is_marked(lab: Lab) -> None:
    explore(lab, DIFFERENCE_IS_SOUND)
