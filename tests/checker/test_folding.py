"""Which steps may be folded: planted faults, each found for its own reason."""

from collections.abc import Callable
from typing import Any

import pytest

from splitproof.checker.search.folding import diamond_violations
from splitproof.checker.search.oracle import Oracle
from splitproof.model.cells import channel, memory
from splitproof.model.machine import Machine
from splitproof.model.records import Bool
from splitproof.model.state import State, when
from splitproof.spec.properties import Property, always, possible, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind


def post(*properties: Property, also: Callable[[Any], None] | None = None) -> Oracle:
    """A message is sent, received (which is folded) and read. `also`: what the sender may do besides."""
    made = Machine("post")
    made.shared("mail", Bool, "on its way", cell=channel("mail", HOST_PORT, VOLUME_WORKER))
    made.memory("inbox", Bool, "received", cell=memory(VOLUME_WORKER))
    made.memory("sender", Bool, "toggles", cell=memory(HOST_PORT))

    @made.action(by=HOST_PORT)
    def send(s: State) -> None:
        """A message is sent."""
        when(~s.mail)
        s.mail = True

    @made.action(by=VOLUME_WORKER, kind=StepKind.MESSAGE, folds="nothing else touches both places")
    def receive(s: State) -> None:
        """It is received."""
        when(s.mail)
        when(~s.inbox)
        s.mail = False
        s.inbox = True

    @made.action(by=VOLUME_WORKER)
    def read(s: State) -> None:
        """It is read."""
        when(s.inbox)
        s.inbox = False

    @made.action(by=HOST_PORT)
    def toggle(s: State) -> None:
        """The sender thinks of something else."""
        s.sender = ~s.sender

    if also is not None:
        own = also

        @made.action(by=HOST_PORT)
        def interfere(s: State) -> None:
            """The sender does something that folding does not allow for."""
            own(s)

    made.check(*properties)
    return Oracle(made, blocks=1, folded=True)


def reasons(oracle: Oracle) -> set[str]:
    return {fault.reason for fault in diamond_violations(oracle, max_states=100)}


def test_a_handover_that_hides_nothing_may_be_folded() -> None:
    unseen = always("unseen", "-", holds=lambda s: s.sender | ~s.sender)
    made_worse = always("made-worse", "-", trigger=lambda s: s.inbox, holds=lambda s: ~s.inbox | s.mail)
    goal = possible("goal", "-", trigger=lambda s: s.inbox, reaches=lambda s: s.inbox)
    not_empty = always("not-empty", "-", holds=lambda s: ~s.mail)
    itself = step("itself", "-", holds=lambda old, new: old.inbox | ~new.inbox)
    assert diamond_violations(post(unseen, made_worse, not_empty, goal, itself), max_states=100) == []


def test_folding_leaves_out_states() -> None:
    folded = post()
    interleaved = Oracle(folded.machine, blocks=1)
    assert (interleaved.explore().states, folded.explore().states) == (8, 8)
    assert folded.explore().transitions < interleaved.explore().transitions


def lose(s: Any) -> None:
    when(s.mail)
    s.mail = False


def peek(s: Any) -> None:
    when(s.mail)
    s.sender = True


@pytest.mark.parametrize(
    ("also", "reason"),
    [
        (lose, "the other step disables it"),
        (peek, "it disables the other step"),
    ],
)
def test_a_step_that_does_not_commute_is_found(also: Callable[[Any], None], reason: str) -> None:
    found = diamond_violations(post(also=also), max_states=100)
    assert {(str(fault.folded), str(fault.other), fault.reason) for fault in found} >= {
        ("disk 508 receive()", "host I/O 501 interfere()", reason)
    }


def test_two_orders_with_two_outcomes_are_found() -> None:
    def remember(s: Any) -> None:
        s.sender = s.mail

    assert reasons(post(also=remember)) == {"the two orders lead to different states"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            always("not-both", "-", holds=lambda s: ~(s.mail & s.sender)),
            "it hides a violation of not-both after the other step",
        ),
        (
            always("both", "-", trigger=lambda s: s.mail & s.sender, holds=lambda s: s.sender | ~s.sender),
            "it hides the trigger of both after the other step",
        ),
        (
            possible("goal", "-", trigger=lambda s: s.sender, reaches=lambda s: s.mail & s.sender),
            "it hides the goal of goal after the other step",
        ),
        (
            possible("stuck", "-", trigger=lambda s: s.mail, reaches=lambda s: s.sender),
            "it ends the trigger of stuck",
        ),
        (
            possible(
                "unread",
                "-",
                trigger=lambda s: s.sender,
                reaches=lambda s: ~s.sender,
                without=(StepKind.MESSAGE,),
            ),
            "unread does without message steps",
        ),
        (
            step("thoughtless", "-", holds=lambda old, new: old.inbox | ~new.inbox | ~old.sender),
            "taken early, it hides a violation of thoughtless",
        ),
        (
            step("toggled", "-", holds=lambda old, new: (old.sender == new.sender) | ~old.mail),
            "it hides a violation of toggled by the other step",
        ),
    ],
)
def test_a_property_that_sees_the_step_is_found(item: Property, reason: str) -> None:
    assert reason in reasons(post(item))


def test_folded_steps_that_follow_each_other_for_ever_are_found() -> None:
    made = Machine("carousel")
    made.memory("left", Bool, "-", cell=memory(HOST_PORT))

    @made.action(by=HOST_PORT, folds="for the test")
    def turn(s: State) -> None:
        """It turns."""
        s.left = ~s.left

    assert reasons(Oracle(made, blocks=1)) == {"folded steps follow each other for ever"}


def test_a_space_that_is_too_large_to_try_is_refused() -> None:
    with pytest.raises(ValueError, match="more than max_states=3 states"):
        diamond_violations(post(), max_states=3)
