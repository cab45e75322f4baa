"""Whether the steps that proofs speak of include those of a run: they do, and a run that is none they do not admit."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings

from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.traces import Trace, TraceStep
from splitproof.checker.proof.admission import failing_premise, not_admitted
from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.prove import prove
from splitproof.checker.verdicts import Violated
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Interpreter
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import SPLIT_COMPLETES, TAPE_IS_IMAGE
from tests.random_machines import machines

STEPS_MAX = 4
thorough = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=15)


def counterexample(design: str, item: Property) -> Trace:
    machine = machine_of(design_named(design))
    (found,) = check(machine, 1, [item], Options(symbolic=False)).properties
    assert isinstance(found.verdict, Violated)
    return found.verdict.trace


@pytest.fixture(scope="module")
def race() -> Trace:
    return counterexample("third-embodiment-closed+staging=unlocked", TAPE_IS_IMAGE)


def test_a_counterexample_is_admitted(race: Trace) -> None:
    assert not_admitted(race, TAPE_IS_IMAGE) is None


def test_a_proof_of_another_design_does_not_admit_it(race: Trace) -> None:
    """With the second check, 503 does not write what it has not checked again."""
    closed = machine_of(design_named("third-embodiment-closed"))
    actions = {action.label: action for action in closed.actions}
    steps = tuple(
        TraceStep(replace(item.step, action=actions[item.step.action.label]), item.after)
        for item in race.steps
    )
    found = not_admitted(Trace(closed, 1, race.initial, steps, None, Interpreter(closed, 1)), TAPE_IS_IMAGE)
    assert found is not None
    assert found.startswith("the search for an invariant: `tape 503")


def test_a_state_that_the_run_does_not_reach_is_not_admitted(race: Trace) -> None:
    """The tape record is what the split found, after all."""
    position = race.layout.position["tape.data", 0]
    last = list(race.last)
    last[position] = 1 - last[position]
    steps = (*race.steps[:-1], TraceStep(race.steps[-1].step, tuple(last)))
    found = not_admitted(replace(race, steps=steps), TAPE_IS_IMAGE)
    label = race.steps[-1].step.action.label
    assert found == f"the search for an invariant: `{label}` does not lead where the run goes"


def test_a_run_that_violates_nothing_yet_is_no_counterexample(race: Trace) -> None:
    shorter = replace(race, steps=race.steps[:-1])
    label = race.steps[-2].step.action.label
    assert not_admitted(shorter, None) is None
    assert (
        not_admitted(shorter, TAPE_IS_IMAGE)
        == f"the search for an invariant: `{label}` does not violate tape-is-image"
    )


@thorough
@given(machines())
def test_runs_of_the_interpreter_are_admitted(machine: Machine) -> None:
    interpreter = Interpreter(machine, 2)
    for initial in itertools.islice(interpreter.initial_states(), 2):
        state, steps = initial, []
        for number in range(STEPS_MAX):
            possible = list(interpreter.enabled(state))
            if not possible:
                break
            step = possible[number * 7 % len(possible)]
            state = interpreter.take(state, step)
            steps.append(TraceStep(step, state))
        try:
            assert not_admitted(Trace(machine, 2, initial, tuple(steps), None, interpreter), None) is None
        except ModelError as error:
            assume("proofs for every size need" not in str(error))
            raise


def test_a_lasso_breaks_a_premise_of_the_argument_that_it_refutes() -> None:
    lasso = counterexample("third-embodiment-closed+post_split_table=same", SPLIT_COMPLETES)
    found = failing_premise(premises_of(lasso.machine, SPLIT_COMPLETES).premises, lasso)
    assert found is not None
    premise, step = found
    assert premise.says == "`blocks that are marked as different` only falls"
    assert step == "host I/O 501 store"


def test_a_run_of_a_closed_design_breaks_none() -> None:
    machine = machine_of(design_named("third-embodiment-closed"))
    interpreter = Interpreter(machine, 1)
    initial = next(interpreter.initial_states())
    state, steps = initial, []
    for number in range(60):
        possible = list(interpreter.enabled(state))
        step = possible[number % len(possible)]
        state = interpreter.take(state, step)
        steps.append(TraceStep(step, state))
    trace = Trace(machine, 1, initial, tuple(steps), None, interpreter)
    assert failing_premise(premises_of(machine, SPLIT_COMPLETES).premises, trace) is None


def test_prove_shows_a_counterexample_that_its_proofs_admit() -> None:
    machine = machine_of(design_named("third-embodiment-closed+staging=unlocked"))
    (found,) = prove(machine, [TAPE_IS_IMAGE]).properties
    assert isinstance(found.verdict, Violated)
