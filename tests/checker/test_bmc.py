"""Bounded model checking against complete search: the same shortest counterexamples, and no others."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from splitproof.checker.bounded.bmc import BOUNDED, HoldsToDepth, bounded_check
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
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
