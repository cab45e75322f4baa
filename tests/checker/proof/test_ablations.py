"""No closing choice that is taken back is proved away: what a search finds violated, no invariant is found for."""

from collections.abc import Iterator

import pytest

from splitproof.checker.check import Options, check
from splitproof.checker.proof.premises import Premises, premises_of
from splitproof.checker.proof.prove import PROVABLE, find_invariant
from splitproof.checker.proof.refusals import refusal_of
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.variants.mutations import CLOSED
from splitproof.checker.verdicts import Violated
from splitproof.model.ablations import ABLATIONS
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property


def ablations(design: str) -> Iterator[str]:
    """The design with each of its closing choices taken back, alone."""
    closed = design_named(design)
    seen: set[str] = set()
    for ablation in ABLATIONS:
        applies = closed.backup in ablation.only and closed.split in ablation.splits
        if applies and ablation.override not in seen:
            seen.add(ablation.override)
            yield f"{design}+{ablation.override}"


def violated(machine: Machine, asked: list[Property]) -> list[Property]:
    """What a search at 1 block finds violated."""
    result = check(machine, 1, asked, Options(symbolic=False))
    return [item.asked for item in result.properties if isinstance(item.verdict, Violated)]


def proved(machine: Machine, asked: list[Property]) -> set[str]:
    """What the search for an invariant, which nobody has told of a counterexample, takes for proved."""
    invariants = [item for item in asked if item.kind in PROVABLE]
    ranked: list[Premises] = [premises_of(machine, item) for item in asked if item.kind is Kind.LEADS_TO]
    oracle = Oracle(machine, 1, [])
    space = oracle.explore()
    found = find_invariant(machine, invariants, oracle, space, walks={}, ranked=ranked)
    arguments = {item.property.id for item in ranked if refusal_of(item, found, oracle, space) is None}
    return arguments | {item.id for item in invariants if item.id not in found.invariant.stuck}


def assert_nothing_violated_is_proved(name: str) -> int:
    """How many properties the ablation violates, none of which is proved."""
    machine = machine_of(design_named(name))
    asked = [
        item
        for item in machine.properties.values()
        if item.kind in PROVABLE or (item.kind is Kind.LEADS_TO and item.id in machine.arguments)
    ]
    wrong = violated(machine, asked)
    if wrong:
        assert proved(machine, wrong) == set()
    return len(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["copy_reads=source", "staging=unlocked", "resync=unguarded"])
def test_what_an_ablation_violates_is_not_proved(choice: str) -> None:
    assert assert_nothing_violated_is_proved(f"third-embodiment-closed+{choice}") > 0


@pytest.mark.long
def test_no_ablation_of_the_first_embodiment_is_proved() -> None:
    found = {name: assert_nothing_violated_is_proved(name) for name in ablations("first-embodiment-closed")}
    assert len(found) >= 30
    assert sum(count > 0 for count in found.values()) >= 14


@pytest.mark.long
@pytest.mark.parametrize("design", [name for name in CLOSED if name != "first-embodiment-closed"])
def test_no_ablation_of_another_closed_design_is_proved(design: str) -> None:
    for name in ablations(design):
        try:
            design_named(name)
        except ModelError:
            continue  # a combination without meaning
        assert_nothing_violated_is_proved(name)
