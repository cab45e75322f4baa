"""The TLA+ export, evaluated: `tests/tla_modules.py` takes its steps, and finds the states of the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.export.tla import tla, tla_configuration
from splitproof.checker.export.tla_notation import module_name
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind
from tests.awkward_machine import awkward
from tests.random_machines import machines
from tests.tla_modules import Module, TlaError

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
LOCK = ROOT / "examples" / "lock.py"


def module_of(machine: Machine, blocks: int) -> Module:
    """The export of a machine, with constants as its configuration gives them."""
    properties = list(machine.properties.values())
    constants = {"Block": tuple(f"block{b}" for b in range(blocks)), "Data": ("data0", "data1")}
    return Module(tla(machine, blocks, properties), constants)


def assert_same(machine: Machine, blocks: int) -> None:
    """States, transitions by action, and what violates each property."""
    oracle = Oracle(machine, blocks)
    exploration = oracle.explore()
    module = module_of(machine, blocks)
    level = module.initial_states()
    seen: set[tuple[object, ...]] = set()
    levels, steps = [], []
    while level:
        levels.append(len(level))
        seen |= level
        steps += [
            (state, name, after)
            for state in sorted(level, key=repr)
            for name, after in module.successors(state)
        ]
        level = {after for _, _, after in steps} - seen
    assert levels == [len(found) for found in exploration.levels]
    assert len(steps) == exploration.transitions
    for item in machine.properties.values():
        plain = item.id.replace("-", "_")
        name = plain if plain in module.definitions else f"{plain}_2"  # it is a word of the language
        if item.kind is Kind.ALWAYS:
            assert all(module.holds(name, state) for state in seen) == (item.id not in exploration.findings)
        elif item.kind is Kind.STEP:
            holds = all(
                module.holds(name, old, new) for old, _, new in steps
            )  # those that change nothing, too
            assert holds == (item.id not in exploration.findings)
    assert all(module.holds("TypeOK", state) for state in seen)


@pytest.mark.parametrize("name", ["lock", "broken_lock"])
def test_the_locks_have_the_same_states_and_steps(name: str) -> None:
    assert_same(load_machine(f"{LOCK}:{name}"), 2)


@pytest.mark.parametrize("blocks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_machine_that_is_awkward_to_write_down(blocks: int) -> None:
    assert_same(awkward(), blocks)


@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(machine=machines(), blocks=st.integers(1, 2))
def test_random_machines_have_the_same_states_and_steps(machine: Machine, blocks: int) -> None:
    exploration = Oracle(machine, blocks, []).explore(Limits(max_states=200))
    assume(exploration.complete and exploration.states > 1)
    assert_same(machine, blocks)


def assert_same_start(design: str, blocks: int, depth: int) -> None:
    machine = load_machine(design)
    module = module_of(machine, blocks)
    exploration = Oracle(machine, blocks, []).explore(Limits(max_depth=depth))
    level = module.initial_states()
    seen: set[tuple[object, ...]] = set()
    for expected in exploration.levels:
        assert len(level) == len(expected)
        seen |= level
        level = {after for state in level for _, after in module.successors(state)} - seen


@pytest.mark.parametrize(
    "design", ["first-embodiment", "second-embodiment-host-polls-two-slots", "fourth-embodiment-stage-closed"]
)
def test_the_states_near_the_start_are_the_designs(design: str) -> None:
    assert_same_start(design, blocks=1, depth=4)


@pytest.mark.slow
@pytest.mark.parametrize("design", CATALOGUE)
def test_every_design_is_a_module_and_starts_as_it_should(design: str) -> None:
    assert_same_start(design, blocks=2, depth=2)


def test_the_module_of_the_lock() -> None:
    machine = load_machine(f"{LOCK}:broken_lock")
    properties = list(machine.properties.values())
    text = tla(machine, 2, properties) + tla_configuration(machine, 2, properties)
    assert text == (GOLDEN / "broken-lock.tla").read_text(encoding="utf-8")


def test_a_module_needs_a_name() -> None:
    machine = load_machine(f"{LOCK}:lock")
    assert module_name(machine) == "Lock"
    with pytest.raises(ModelError, match="'two-locks' is no name"):
        tla(machine, 1, [], "two-locks")


@pytest.mark.parametrize(
    ("spoilt", "by", "sentence"),
    [
        ('left\' = "SAW_FREE"', "left' = left_phase", "left_phase of 0 is not declared"),
        ("UNCHANGED <<taken, right>>", "UNCHANGED <<taken>>", "says nothing of right"),
        (
            "UNCHANGED <<taken, right>>",
            "UNCHANGED <<taken, left, right>>",
            "is unchanged, and something else",
        ),
        ('left\' = "SAW_FREE"', "left' = right'", "right' is read before it has a value"),
        ("left_test ==", "taken ==", "taken is declared where it is known already"),
    ],
)
def test_a_spoilt_module_is_refused(spoilt: str, by: str, sentence: str) -> None:
    text = tla(load_machine(f"{LOCK}:broken_lock"), 1, [])
    assert spoilt in text
    with pytest.raises(TlaError, match=sentence):
        Module(text.replace(spoilt, by), {"Block": ("b",), "Data": ("d",)}).successors(
            (False, "OUTSIDE", "OUTSIDE")
        )
