"""What distinguishes the embodiments, of controllers that declare which one they are: section F of the requirements."""

from __future__ import annotations

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Session
from splitproof.conformance.levels.embodiments import (
    DISTINCTION,
    declared_embodiment,
    hold_to,
    holds_in,
    withhold,
)
from splitproof.conformance.observation import Cell, Observation, Violated, judge_step
from splitproof.conformance.protocol.adapter import POLLED, BackupState, PairViews
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.verdicts import NotOffered, PropertyViolated, Vacuous
from splitproof.spec.vocabulary import PairState

BLOCKS = 4
FIRST_BLOCK: Extents = ((0, 1),)

SPLIT_AFTER_COPYING = DISTINCTION["split-reported-after-copying"]
ACCEPTED_AFTER_COPYING = DISTINCTION["backup-accepted-after-copying"]
TAPE_AFTER_RANGE = DISTINCTION["tape-begins-after-range-copy"]
TAPE_AFTER_VOLUME = DISTINCTION["tape-begins-after-volume-copy"]
REQUESTS_NOTHING = DISTINCTION["backup-requests-no-copy"]
WRITES_NO_TARGET = DISTINCTION["backup-writes-no-target"]
ONE_COMMAND = DISTINCTION["one-command"]


@requirement(SPLIT_AFTER_COPYING, level=Level.SEQUENTIAL)
def test_r07_a_split_is_reported_before_its_copies_or_after_them_as_the_embodiment_says(lab: Lab) -> None:
    embodiment = declared_embodiment(lab)
    lab.needs("differences")
    session = lab.mirrored(BLOCKS)
    if holds_in(embodiment, SPLIT_AFTER_COPYING):
        uncopied, story = _split(lab, session)
    else:
        with lab.copy_held(session):
            uncopied, story = _split(lab, session)
    before: dict[Cell, object] = {("uncopied", block): block in uncopied for block in range(BLOCKS)}
    before["split_outstanding", None] = True
    after = Observation(BLOCKS, {("split_outstanding", None): False})
    verdict = judge_step(SPLIT_AFTER_COPYING, Observation(BLOCKS, before), after)
    seen = verdict if isinstance(verdict, Violated) else None
    hold_to(lab, SPLIT_AFTER_COPYING, seen, "its split was reported with nothing left to copy", story)


def _split(lab: Lab, session: Session) -> tuple[frozenset[int], list[str]]:
    for block in range(BLOCKS):
        session.write(block, next(lab.numbers))
    session.call("split")
    uncopied: frozenset[int] = session.call("differences")
    return uncopied, ["write to every block", "split()", f"differences() -> {sorted(uncopied)}"]


@requirement(ACCEPTED_AFTER_COPYING, level=Level.SEQUENTIAL)
def test_r70_a_backup_is_accepted_while_the_split_is_pending_unless_the_host_polls(lab: Lab) -> None:
    declared_embodiment(lab)
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        found = withhold(lab, session, [0, 1], FIRST_BLOCK)
        views = session.pair_state()
        if views != PairViews(PairState.SPLIT, PairState.SPLIT_PENDING):
            raise Vacuous(["a pair in SPLIT PENDING while copying is held"])
        accepted = found.backup is not None
        before: dict[Cell, object] = {
            ("backup_accepted", None): False,
            ("pair.target_view", None): views.target,
        }
        after = Observation(BLOCKS, {("backup_accepted", None): accepted})
        verdict = judge_step(ACCEPTED_AFTER_COPYING, Observation(BLOCKS, before), after)
    seen = verdict if isinstance(verdict, Violated) else None
    hold_to(
        lab, ACCEPTED_AFTER_COPYING, seen, "a backup was refused while the split was pending", found.story
    )
    if not accepted:
        lab.back_up(session, FIRST_BLOCK)


@requirement(TAPE_AFTER_RANGE, level=Level.SEQUENTIAL)
def test_r82_the_tape_begins_before_the_copy_of_its_range_where_that_is_staged_and_nowhere_else(
    lab: Lab,
) -> None:
    _refuse_polled(lab)
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        found = withhold(lab, session, [0, 1], FIRST_BLOCK)
        found.go_on()
        seen = found.tape_begins(TAPE_AFTER_RANGE)
    hold_to(lab, TAPE_AFTER_RANGE, seen, "its backup waited for the copy of its range", found.story)


@requirement(TAPE_AFTER_VOLUME, level=Level.SEQUENTIAL)
def test_r48_the_tape_begins_before_copies_outside_of_its_range_unless_the_embodiment_waits_for_all(
    lab: Lab,
) -> None:
    _refuse_polled(lab)
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        found = withhold(lab, session, [1, 2], FIRST_BLOCK)
        found.go_on()
        seen = found.tape_begins(TAPE_AFTER_VOLUME)
    hold_to(lab, TAPE_AFTER_VOLUME, seen, "its backup waited for copies outside of its range", found.story)


def _refuse_polled(lab: Lab) -> None:
    if declared_embodiment(lab) == POLLED:
        raise NotOffered("where the host polls, there is no backup before everything is copied")


@requirement(WRITES_NO_TARGET, level=Level.SEQUENTIAL)
def test_r89_a_backup_that_is_staged_ends_with_the_target_as_it_was(lab: Lab) -> None:
    if holds_in(declared_embodiment(lab), TAPE_AFTER_RANGE):
        raise NotOffered("this embodiment does not back up what is not copied")
    lab.needs("target_image")
    session = lab.mirrored(BLOCKS)
    with lab.copy_held(session):
        found = withhold(lab, session, [0, 1], ((0, BLOCKS),))
        ended = found.go_on()
        if not ended and not session.has("pump"):
            ended = lab.ends(session, found.backup or "") is BackupState.COMPLETED
        target = session.target_image()
    assert found.target is not None
    written = [block for block in range(BLOCKS) if target[block] != found.target[block]]
    if not ended or written:
        sentence = f"it wrote blocks {written} of the target" if written else "its backup does not end"
        raise PropertyViolated.because(WRITES_NO_TARGET, f"while copying was held, {sentence}", found.story)


@requirement(REQUESTS_NOTHING, level=Level.SCHEDULED)
def test_r65_what_a_backup_asks_for_is_copied_first_and_nobody_else_asks(lab: Lab) -> None:
    """Which of the differing blocks is copied first: without a backup, and with one of the block that came last."""
    lab.needs("pump", "differences")
    lab.needs_immediate_split()
    if declared_embodiment(lab) == POLLED:
        raise NotOffered("where the host polls, there is no backup before everything is copied")
    usual, _ = _copied_in_order(lab, None)
    asked, story = _copied_in_order(lab, ((usual[-1], 1),))
    last = usual[-1]
    before = Observation(BLOCKS, {("requested", block): False for block in range(BLOCKS)})
    after = Observation(BLOCKS, {("requested", b): b == last and asked[0] == last for b in range(BLOCKS)})
    verdict = judge_step(REQUESTS_NOTHING, before, after)
    seen = verdict if isinstance(verdict, Violated) else None
    sentence = (
        f"without a backup blocks are copied in the order {usual}, and with one of block {last} in {asked}"
    )
    hold_to(lab, REQUESTS_NOTHING, seen, sentence, [*story, sentence])


def _copied_in_order(lab: Lab, extents: Extents | None) -> tuple[list[int], list[str]]:
    session = lab.mirrored(BLOCKS)
    for block in range(BLOCKS):
        session.write(block, next(lab.numbers))
    session.call("split")
    story = ["write to every block", "split()"]
    if extents is not None:
        session.backup(extents)
        story.append(f"backup({extents})")
    for kind in ("host", "command", "destage", "backup"):
        while session.pump(kind, 1):
            pass
    order: list[int] = []
    left: frozenset[int] = session.call("differences")
    if len(left) < 2:
        raise Vacuous(["several differences while nothing is copied"])
    while session.pump("copy", 1):
        now: frozenset[int] = session.call("differences")
        order += sorted(left - now)
        left = now
    return order, story


@requirement(ONE_COMMAND, level=Level.SEQUENTIAL)
def test_r90_one_command_splits_and_backs_up_in_the_fourth_embodiment(lab: Lab) -> None:
    if not holds_in(declared_embodiment(lab), ONE_COMMAND):
        raise NotOffered("in this embodiment two servers command the split and the backup")
    if not lab.session.has("split_and_backup"):
        raise PropertyViolated.because(ONE_COMMAND, "the controller does not declare split_and_backup")
