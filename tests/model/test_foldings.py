"""Every folding of `docs/foldings.md`, compared with the unfolded model."""

from __future__ import annotations

import pytest

from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.search.folding import diamond_violations
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.model.catalogue import CATALOGUE, design_named, machine_of
from splitproof.model.controller import build
from splitproof.model.expectations import asked_of
from splitproof.spec.properties import Kind

CLOSED = [name for name in CATALOGUE if name.endswith(("-closed", "-two-slots"))]


@pytest.mark.parametrize(
    "name",
    [
        "third-embodiment-closed",
        "second-embodiment-host-polls-closed",
        "fourth-embodiment-wait-closed",
        "first-embodiment-closed+device=disk",
    ],
)
def test_folded_steps_are_independent_of_all_others_and_invisible(name: str) -> None:
    """Of what is asked of states and steps; nothing else is decided on a folded space (`checker/check.py`)."""
    machine = machine_of(design_named(name))
    asked = [item for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)]
    faults = diamond_violations(Oracle(machine, 1, asked), max_states=300_000)
    assert not faults, "\n".join(map(str, faults[:5]))


@pytest.mark.parametrize("split", ["separate", "combined"])
def test_no_step_of_a_lan_that_can_copy_messages_is_taken_before_others(split: str) -> None:
    name = "second-embodiment-closed" if split == "separate" else "fourth-embodiment-wait-closed"
    actions = machine_of(design_named(f"{name}+lan=duplicating")).actions
    on_lan = [a for a in actions if any(u.name.startswith("lan_") for u in a.updates)]
    assert len(on_lan) > 5
    assert all(action.folds is None for action in on_lan)


@pytest.mark.parametrize("name", [*CLOSED, "second-embodiment"])
def test_verdicts_are_the_same_with_and_without_folding(name: str) -> None:
    """In machine code, which folds as the oracle does (`tests/checker/test_compiled.py`)."""
    machine = machine_of(design_named(name))
    assert _verdicts(CompiledEngine(machine, 1, folded=True)) == _verdicts(CompiledEngine(machine, 1))


@pytest.mark.parametrize(
    "name",
    [
        "second-embodiment-closed",
        "first-embodiment-two-slots",
        "third-embodiment",
        "fourth-embodiment-reflect-closed",
    ],
)
def test_forgetting_the_tape_and_the_image_changes_no_verdict_and_no_depth(name: str) -> None:
    design = design_named(name)
    machines = [build(design, lean=lean) for lean in (True, False)]
    for machine in machines:
        machine.check(*asked_of(design))
    lean, full = (CompiledEngine(machine, 1, folded=True) for machine in machines)
    lean_space, full_space = lean.explore(), full.explore()
    assert full_space.states > lean_space.states
    assert {k: f.depth for k, f in lean_space.findings.items()} == {
        k: f.depth for k, f in full_space.findings.items()
    }
    assert set(possible_findings(lean, lean_space)) == set(possible_findings(full, full_space))


def _verdicts(engine: CompiledEngine) -> set[str]:
    space = engine.explore()
    assert space.complete
    return set(space.findings) | set(possible_findings(engine, space))
