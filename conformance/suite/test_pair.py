"""The state of the pair: what its two views may be, and when they change."""

from __future__ import annotations

from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.protocol.adapter import PairViews, Rejected
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.suite.tapes import check_tape
from splitproof.conformance.verdicts import NotOffered, PropertyViolated, Vacuous
from splitproof.spec.split_backup import (
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    SPLIT_COMPLETES,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

BLOCKS = 4


@requirement(LEGAL_PAIR_STATES, "R35", "R36")
def test_r36_a_pair_that_is_formed_comes_to_duplex(lab: Lab) -> None:
    session = lab.fresh(BLOCKS)
    before = session.pair_state()
    simplex = PairViews(PairState.SIMPLEX, PairState.SIMPLEX)
    if before != simplex:
        raise PropertyViolated.because(
            LEGAL_PAIR_STATES, f"after reset the pair is {before}, not SIMPLEX [R34]"
        )
    session.call("create_pair")
    if not lab.settles(session, lambda: session.pair_state() == DUPLEX):
        limit = session.capabilities.settle_seconds_max
        sentence = (
            f"within the declared {limit:g} s the pair does not reach DUPLEX; it is {session.pair_state()}"
        )
        raise PropertyViolated.because(LEGAL_PAIR_STATES, sentence, ["reset()", "create_pair()"])


@requirement(LEGAL_PAIR_STATES)
def test_r34_the_views_are_one_of_the_documents_states(lab: Lab) -> None:
    explore(lab, LEGAL_PAIR_STATES)


@requirement(LEGAL_PAIR_TRANSITIONS, level=Level.SCHEDULED)
def test_r39_the_views_change_as_the_documents_states_allow(lab: Lab) -> None:
    explore(lab, LEGAL_PAIR_TRANSITIONS)


@requirement(TARGET_IS_IMAGE, "R38", "R45", level=Level.SEQUENTIAL)
def test_r38_the_target_view_is_pending_while_differences_are_left(lab: Lab) -> None:
    lab.needs_immediate_split()
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        session.write(0, next(lab.numbers))
        session.call("split")
        views = session.pair_state()
        lab.needs("differences")
        if not session.call("differences"):
            raise Vacuous(["a difference while copying is held"])
    if views != PairViews(PairState.SPLIT, PairState.SPLIT_PENDING):
        story = ["hold_copy()", "write(block 0)", "split()", f"pair_state() -> {views}"]
        raise PropertyViolated.because(
            TARGET_IS_IMAGE, "a difference is left, and the target view is not SPLIT PENDING", story
        )


@requirement(SPLIT_COMPLETES)
def test_r44_the_target_view_becomes_split_when_the_differences_are_reflected(lab: Lab) -> None:
    session = lab.mirrored(BLOCKS)
    for block in range(2):
        session.write(block, next(lab.numbers))
    session.call("split")
    session.write(0, next(lab.numbers))
    if not lab.settles(session, lambda: session.pair_state().target is PairState.SPLIT):
        limit = session.capabilities.settle_seconds_max
        sentence = f"within the declared {limit:g} s it does not; the pair is {session.pair_state()}"
        raise PropertyViolated.because(SPLIT_COMPLETES, sentence, ["write ...", "split()", "write(block 0)"])


@requirement(TARGET_IS_IMAGE, level=Level.SEQUENTIAL)
def test_r44_the_target_is_the_image_while_its_view_is_split(lab: Lab) -> None:
    explore(lab, TARGET_IS_IMAGE)


@requirement(TAPE_IS_IMAGE, "R49", "G32", level=Level.SEQUENTIAL)
def test_r49_a_pair_that_is_split_during_its_creation_copy_has_the_whole_image(lab: Lab) -> None:
    lab.needs_split_while_held()
    session = lab.fresh(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    with lab.copy_held(session):
        session.call("create_pair")
        number = next(lab.numbers)
        session.write(1, number)
        try:
            session.call("split")
        except Rejected as reason:
            raise NotOffered(f"the controller does not split during the creation copy: {reason}") from reason
        session.write(1, next(lab.numbers))
    check_tape(lab, session, initial, {1: number}, lab.back_up(session, whole(session)))
