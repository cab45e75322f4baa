"""Host reads and writes, which go on whatever the pair is doing."""

from __future__ import annotations

from collections.abc import Sequence

from splitproof.conformance.histories.history import History
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Call, tagged
from splitproof.conformance.levels.concurrent import check_concurrently
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.split_backup import READ_LATEST_WRITE, WRITE_NEVER_WAITS

BLOCKS = 4


@requirement(READ_LATEST_WRITE)
def test_r32_a_read_returns_the_last_acknowledged_write(lab: Lab) -> None:
    explore(lab, READ_LATEST_WRITE)


@requirement(READ_LATEST_WRITE, level=Level.CONCURRENT)
def test_r32_a_read_returns_the_last_acknowledged_write_among_several_clients(
    lab: Lab, histories: Sequence[History]
) -> None:
    check_concurrently(lab, READ_LATEST_WRITE, histories)


@requirement(WRITE_NEVER_WAITS, level=Level.SEQUENTIAL)
def test_r29_a_write_is_acknowledged_while_nothing_is_copied(lab: Lab) -> None:
    """Twice to a block that is written before the split as well: neither version may be in the way."""
    lab.needs_split_while_held()
    session = lab.mirrored(BLOCKS)
    size = session.capabilities.block_size_bytes
    story = ["hold_copy()"]
    stuck: Call | None = None
    with lab.copy_held(session):
        for turn in ("before the split", "after the split", "after the split"):
            call = session.begin("write", block=0, data=tagged(next(lab.numbers), size))
            story.append(f"write(block 0) {turn}")
            if not call.wait(session.call_seconds_max):
                stuck = call
                break
            call.result()
            if len(story) == 2:
                session.call("split")
                story.append("split()")
    if stuck is not None:
        returned = stuck.wait(session.capabilities.settle_seconds_max)
        rest = "it returned once copying went on" if returned else "it never returned"
        session.lost_if_open(stuck)
        raise PropertyViolated.because(
            WRITE_NEVER_WAITS, f"a write did not return within {session.call_seconds_max:g} s; {rest}", story
        )
