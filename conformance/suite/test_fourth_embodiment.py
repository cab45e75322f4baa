"""The single command of the fourth embodiment, which splits and backs up."""

from __future__ import annotations

from splitproof.conformance.lab.lab import Lab, whole
from splitproof.conformance.protocol.adapter import BackupState
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.suite.tapes import check_tape
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.split_backup import SPLIT_DOES_NOT_WAIT, TAPE_IS_IMAGE
from splitproof.spec.vocabulary import PairState

BLOCKS = 4


@requirement(TAPE_IS_IMAGE, "R90", "R94", "R96", "R101", level=Level.SEQUENTIAL)
def test_r90_the_combined_command_backs_up_its_own_split(lab: Lab) -> None:
    lab.needs("split_and_backup")
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    number = next(lab.numbers)
    session.write(1, number)
    backup = session.call("split_and_backup", extents=whole(session))
    views = session.pair_state()
    session.write(1, next(lab.numbers))
    if views.source is not PairState.SPLIT:
        story = ["split_and_backup", f"pair_state() -> {views}"]
        raise PropertyViolated.because(TAPE_IS_IMAGE, "it returned before the pair was split [G23]", story)
    check_tape(lab, session, initial, {1: number}, backup)


@requirement(SPLIT_DOES_NOT_WAIT, "R94", "R97", level=Level.SEQUENTIAL)
def test_r94_the_combined_command_returns_while_nothing_is_copied(lab: Lab) -> None:
    lab.needs("split_and_backup")
    lab.needs_immediate_split()
    lab.needs_held_copy()
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        session.write(1, next(lab.numbers))
        call = session.begin("split_and_backup", extents=whole(session))
        waits = not call.wait(session.call_seconds_max)
    if waits:
        call.wait(session.capabilities.settle_seconds_max)
        session.lost_if_open(call)
        sentence = f"it did not return within {session.call_seconds_max:g} s while copying was held"
        raise PropertyViolated.because(SPLIT_DOES_NOT_WAIT, sentence, ["hold_copy()", "split_and_backup"])
    state = lab.ends(session, call.result())
    if state is not BackupState.COMPLETED:
        raise PropertyViolated.because(SPLIT_DOES_NOT_WAIT, f"its backup does not end well: {state}")
