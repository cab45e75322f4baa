"""Schedules come from the model: each story loses what it says on its own design, and nothing on the closed one."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.derivation.derived_schedules import (
    ABLATED,
    WRITTEN,
    document,
    every_story,
    policy_of,
    stories_of,
)
from splitproof.conformance.derivation.translation import ACTIONS, JUDGED_AS, Unmapped
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.schedules import Schedule, lead_through, schedule_of, schedules
from splitproof.conformance.levels.watches import WATCHES
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import Policy, ReferenceController
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.model.catalogue import CATALOGUE, VARIATIONS, design_named, machine_of
from splitproof.spec.split_backup import TAPE_IS_IMAGE
from splitproof.spec.vocabulary import BACKUP_SERVER, CLIENT_SERVER, HOST, LAN

FILE = Path(__file__).resolve().parent.parent.parent / "conformance" / "levels" / "schedules.toml"
CLIENTS = {BACKUP_SERVER, CLIENT_SERVER, HOST, LAN}
JUDGED = {item.id: item for item in WATCHES}


def document_of_file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def lab_with(policy: Policy) -> Lab:
    return Lab(lambda: LocalTransport(ReferenceController(policy, pumped=True)))


def closed(design: str) -> list[str]:
    """The designs without the fault: the one that has the choice still, or the closed ones of the embodiment."""
    name, changed, _ = design.partition("+")
    if changed:
        return [name]
    return [f"{name}{family}" for family in ("-closed", "-two-slots") if f"{name}{family}" in CATALOGUE]


@pytest.mark.parametrize("schedule", schedules(), ids=lambda one: f"{one.judged.id}-{one.name}")
def test_the_design_of_a_story_is_caught_and_the_closed_design_passes(schedule: Schedule) -> None:
    """In the very steps of the story: other numbers of steps are for other controllers."""
    for story in schedule.stories:
        _, _, design = story.partition(" of ")
        lab = lab_with(policy_of(design_named(design)))
        with pytest.raises(PropertyViolated) as caught:
            lead_through(lab, schedule.words, schedule.judged)
        assert caught.value.property is schedule.judged, story
        lab.close()
        for name in closed(design):
            lab = lab_with(policy_of(design_named(name)))
            assert lead_through(lab, schedule.words, schedule.judged), (story, name)
            lab.close()


def test_every_counterexample_is_a_schedule_or_has_a_reason() -> None:
    reasons = Counter({row["reason"]: len(row["stories"]) for row in document_of_file()["unmapped"]})
    assert reasons == {
        "something else happens in the middle of the call split": 9,
        "something else happens in the middle of the call write": 36,
        "a controller does not show what split-finds-no-write speaks of": 3,
        "the reference controller has no lan=duplicating": 2,
        "pump does not say which of two volume workers is to take a step": 38,
    }
    assert sum(len(schedule.stories) for schedule in schedules()) == 297


def test_the_stories_of_a_design_are_those_of_the_file() -> None:
    told = {f"{story.property.id} of {story.design}": story for story in stories_of("third-embodiment")}
    assert sorted(told) == sorted(
        f"{name} of third-embodiment"
        for name in (
            "difference-is-sound",
            "mirror-in-duplex",
            "no-acknowledged-write-lost",
            "read-latest-write",
            "staging-is-image",
            "tape-is-image",
            "target-is-image",
        )
    )
    for name, story in told.items():
        schedule = schedule_of(name)
        assert story.words.split() == list(schedule.words)
        assert story.judged is schedule.judged


@pytest.mark.long
def test_the_file_is_current() -> None:
    made = "".join(f"{line}\n" for line in document(every_story()))
    remedy = "run: python -m splitproof.conformance.derivation.derived_schedules > conformance/levels/schedules.toml"
    assert made == FILE.read_text(encoding="utf-8"), remedy


def test_the_names_of_schedules_tell_them_apart() -> None:
    counted = Counter((schedule.judged.id, schedule.name) for schedule in schedules())
    assert max(counted.values()) == 1


def test_every_step_of_a_controller_is_declared_and_every_declared_step_exists() -> None:
    machines = [machine_of(design_named(name)) for name in (*CATALOGUE, *VARIATIONS)]
    steps = {action.name for machine in machines for action in machine.actions if action.by not in CLIENTS}
    assert steps - set(ACTIONS) == {"rewrite_block"}  # of a disk in place of the tape
    assert set(ACTIONS) <= steps


def test_a_call_in_whose_middle_something_happens_cannot_be_made() -> None:
    name = "first-embodiment-two-slots+difference_marked=before-ack"
    stories = [story for story in stories_of(name) if story.property is JUDGED["tape-is-image"]]
    assert [story.reason for story in stories] == ["something else happens in the middle of the call write"]
    assert not stories[0].words


def test_a_design_with_a_part_that_the_reference_lacks_has_no_policy() -> None:
    with pytest.raises(Unmapped, match="the reference controller has no volume_io=ports"):
        policy_of(design_named("second-embodiment-closed+volume_io=ports"))
    with pytest.raises(Unmapped, match="the reference controller has no staging=unit-locked"):
        policy_of(design_named("third-embodiment-closed+staging=unit-locked"))


def test_a_schedule_is_tried_with_other_numbers_of_steps_too() -> None:
    schedule = Schedule("one", TAPE_IS_IMAGE, ("write", "copy*2", "host*1", "end"), (), ())
    variants = list(schedule.variants())
    assert variants[0] == schedule.words
    assert sorted(words[1] for words in variants) == [f"copy*{number}" for number in range(6)]
    assert {words[2] for words in variants} == {"host*1"}


def test_every_design_as_written_has_stories() -> None:
    told = [story.partition(" of ")[2] for schedule in schedules() for story in schedule.stories]
    assert set(WRITTEN) == {design for design in told if "+" not in design}
    assert set(ABLATED) == {design.partition("+")[0] for design in told if "+" in design}
    assert {item.id for item in JUDGED_AS.values()} <= set(JUDGED)
