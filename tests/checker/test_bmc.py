"""Bounded model checking against complete search: the same shortest counterexamples, and no others."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from splitproof.checker.bounded.bmc import BOUNDED, HoldsToDepth, bounded_check
from splitproof.checker.bounded.induction import HoldsByInduction, by_induction, kept_lemmas
from splitproof.checker.proof.steps import Lemma
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.verdicts import Unknown, Violated
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from tests.random_machines import machines

DEPTH = 6


def depths(machine: Machine, blocks: int, depth: int) -> dict[str, int | None]:
    """By property, the length of the counterexample that is found; None if there is none."""
    asked = [item for item in machine.properties.values() if item.kind in BOUNDED]
    found = bounded_check(machine, blocks, asked, depth)
    assert all(verdict.depth == depth for verdict in found.values() if isinstance(verdict, HoldsToDepth))
    return {name: verdict.depth if isinstance(verdict, Violated) else None for name, verdict in found.items()}


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=25,
    phases=[Phase.reuse, Phase.generate],
)
@given(machines(), st.integers(1, 2))
def test_counterexamples_are_as_long_as_those_of_the_search(machine: Machine, blocks: int) -> None:
    asked = [item for item in machine.properties.values() if item.kind in BOUNDED]
    findings = Oracle(machine, blocks, asked).explore(Limits(max_depth=DEPTH)).findings
    expected = {item.id: findings[item.id].depth if item.id in findings else None for item in asked}
    assert depths(machine, blocks, DEPTH) == expected


def test_the_embodiments_as_written_fail_as_early_as_the_search_says() -> None:
    found = depths(load_machine("third-embodiment"), 1, 16)
    assert {name: steps for name, steps in found.items() if steps is not None} == {
        "target-is-image": 16,
        "mirror-in-duplex": 13,
        "difference-is-sound": 13,
        "read-latest-write": 10,
        "no-acknowledged-write-lost": 10,
    }


def test_one_step_less_is_too_few() -> None:
    assert depths(load_machine("third-embodiment"), 1, 9) == dict.fromkeys(
        depths(load_machine("third-embodiment"), 1, 0), None
    )


LOCK = f"{Path(__file__).resolve().parents[2] / 'examples' / 'lock.py'}"


def test_what_an_invariant_implies_holds_at_every_depth() -> None:
    machine = load_machine(f"{LOCK}:lock")
    (asked,) = [item for item in machine.properties.values() if item.kind in BOUNDED]
    for blocks in (1, 2):
        assert by_induction(machine, blocks, [asked]) == {asked.id: HoldsByInduction(clauses=2)}


def test_nothing_false_is_held_by_induction() -> None:
    machine = load_machine(f"{LOCK}:broken_lock")
    (asked,) = [item for item in machine.properties.values() if item.kind in BOUNDED]
    assert by_induction(machine, 1, [asked]) == {asked.id: Unknown("no invariant was found for it")}


def test_a_property_alone_is_no_invariant_and_the_step_that_breaks_it_is_named() -> None:
    machine = load_machine(f"{LOCK}:lock")
    (asked,) = [item for item in machine.properties.values() if item.kind in BOUNDED]
    alone = Lemma(0, trace_property(machine, asked).holds, property_id=asked.id)
    fault = kept_lemmas(machine, 1, [asked], [alone])
    assert fault is not None
    assert re.match(r"`\w+ test_and_set.*` does not keep `", fault)


@pytest.mark.slow
def test_the_central_invariant_is_kept_at_two_blocks() -> None:
    machine = load_machine("third-embodiment-closed")
    asked = [machine.properties[name] for name in ("tape-is-image", "end-report-is-true")]
    kept = by_induction(machine, 2, asked)
    assert all(isinstance(verdict, HoldsByInduction) for verdict in kept.values())
