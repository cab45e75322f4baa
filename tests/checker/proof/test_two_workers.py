"""Proofs of the catalogue's closed designs with two volume workers, and of what 101 waits for."""

from dataclasses import replace

import pytest

from splitproof.checker.proof.batch import PROVED_DESIGNS
from splitproof.checker.proof.kinds import BY_RANKING
from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.results import ProofResult, Proved
from splitproof.model.catalogue import CATALOGUE, design_named, machine_of
from splitproof.model.machine import Machine
from splitproof.spec.split_backup import CLIENT_RESUMES, TAPE_IS_IMAGE

CLAUSES_MAX = 25
"""Of TAPE = IMAGE, that somebody still reads them."""


def loaded(name: str) -> Machine:
    return machine_of(design_named(name))


def unproved(result: ProofResult) -> list[str]:
    return [item.asked.id for item in result.properties if item.verdict != Proved()]


@pytest.mark.parametrize("workers", ["", "+workers=2"])
@pytest.mark.parametrize("design", PROVED_DESIGNS)
def test_there_is_an_argument_for_all_that_is_declared_to_come_about(design: str, workers: str) -> None:
    machine = loaded(f"{design}{workers}")
    expects = CATALOGUE[design].expects
    declared = {
        item.id for item in machine.properties.values() if item.kind in BY_RANKING and expects[item.id].holds
    }
    assert set(machine.arguments) == declared
    assert all(premises_of(machine, machine.properties[name]).missing is None for name in declared)


@pytest.mark.parametrize("design", PROVED_DESIGNS)
def test_what_workers_do_is_promised_by_each_of_them(design: str) -> None:
    one, two = loaded(design), loaded(f"{design}+workers=2")
    for name in ("split-completes", "backup-ends", "write-reaches-source"):
        found = {machine.name: premises_of(machine, machine.properties[name]) for machine in (one, two)}
        alone, both = ({*found[machine.name].weak, *found[machine.name].strong} for machine in (one, two))
        of_508 = {label for label in alone if label.startswith("disk 508 ")} - {
            "disk 508 complete_split",
            "disk 508 complete_mirror",
        }
        assert both == alone | {label.replace("disk 508 ", "disk' 508 ") for label in of_508}


@pytest.mark.slow
def test_a_design_with_two_workers_is_proved_as_a_whole() -> None:
    machine = loaded("third-embodiment-closed+workers=2")
    result = prove(machine)
    assert unproved(result) == []
    assert result.left_out == ("write-never-waits",)


@pytest.mark.slow
def test_why_the_tape_is_the_image_with_two_workers_can_be_read() -> None:
    (found,) = prove(loaded("third-embodiment-closed+workers=2"), [TAPE_IS_IMAGE]).properties
    assert found.verdict == Proved()
    assert found.clauses is not None
    assert found.clauses <= CLAUSES_MAX


@pytest.mark.long
@pytest.mark.parametrize("design", PROVED_DESIGNS)
def test_every_closed_design_with_two_workers_is(design: str) -> None:
    result = prove(loaded(f"{design}+workers=2"))
    assert unproved(result) == []
    violated = [name for name, expected in CATALOGUE[design].expects.items() if not expected.holds]
    assert list(result.left_out) == violated


# -- 101 resumes its I/O


@pytest.mark.slow
@pytest.mark.parametrize("design", ["fourth-embodiment-wait-closed", "fourth-embodiment-stage-two-slots"])
def test_the_client_resumes_in_the_end(design: str) -> None:
    (found,) = prove(loaded(design), [CLIENT_RESUMES]).properties
    assert found.verdict == Proved()


def test_without_a_refusal_the_client_may_wait_for_ever_and_nobody_argues_otherwise() -> None:
    assert CLIENT_RESUMES.id not in loaded("fourth-embodiment-wait-closed+accept_check=none").arguments


def test_a_server_that_need_not_tell_the_client_is_no_reason_why_it_resumes() -> None:
    machine = loaded("fourth-embodiment-wait-closed")
    machine.actions = [
        replace(action, fairness=None) if action.name == "send_resume" else action
        for action in machine.actions
    ]
    assert premises_of(machine, CLIENT_RESUMES).missing == (
        "`server 102 send_resume` makes no promise: it may be left out for ever"
    )
