"""What a step makes of the state, against the reference interpreter, on machines that nobody designed."""

import itertools

from hypothesis import HealthCheck, given, settings

from splitproof.checker.proof.transitions import (
    HERE,
    Transition,
    at_block,
    initial_transition,
    structure_of,
    transitions_of,
)
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import Every, Expr
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind
from tests.random_machines import machines

STATES_MAX = 60
BLOCKS = 2

thorough = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=15)


def steps(interpreter: Interpreter) -> list[tuple[Valuation, Step, Valuation]]:
    """Some steps from reachable states."""
    waiting = list(itertools.islice(interpreter.initial_states(), 8))
    seen, found = set(waiting), []
    for state in waiting:
        for step in interpreter.enabled(state):
            after = interpreter.take(state, step)
            found.append((state, step, after))
            if after not in seen and len(seen) < STATES_MAX:
                seen.add(after)
                waiting.append(after)
    return found


def truths(machine: Machine) -> list[Expr]:
    """Truth values about the state, and about `BLOCK_PARAMETER`."""
    conditions = [node for leaf in machine.leaves if (node := machine.while_of(leaf)) is not None]
    properties = [t.holds for t in machine.traced.values() if t.property.kind is Kind.ALWAYS]
    return [*conditions, *properties, *structure_of(machine)]


@thorough
@given(machines())
def test_a_tree_after_a_step_is_a_tree_before_it(machine: Machine) -> None:
    interpreter = Interpreter(machine, BLOCKS)
    transitions = {id(item.action): item for item in transitions_of(machine)}
    for state, step, after in steps(interpreter):
        transition: Transition = transitions[id(step.action)]
        known = {p.name: value for p, value in zip(step.action.parameters, step.arguments, strict=True)}
        assert interpreter.value(transition.guard, state, known)
        for node, block in itertools.product(truths(machine), range(BLOCKS)):
            expected = interpreter.value(node, after, {BLOCK_PARAMETER.name: block})
            found = transition.after(at_block(node, HERE))
            assert interpreter.value(found, state, known | {HERE.name: block}) == expected
        for traced in machine.traced.values():
            if traced.property.kind is Kind.STEP:
                block = BLOCKS - 1
                expected = interpreter.value(traced.holds, state, {BLOCK_PARAMETER.name: block}, after)
                found = transition.over_step(at_block(traced.holds, HERE))
                assert interpreter.value(found, state, known | {HERE.name: block}) == expected


@thorough
@given(machines())
def test_what_a_step_leaves_alone_is_as_it_was(machine: Machine) -> None:
    interpreter = Interpreter(machine, BLOCKS)
    transitions = {id(item.action): item for item in transitions_of(machine)}
    for state, step, after in steps(interpreter):
        changed = {
            slot.leaf.name
            for slot in interpreter.layout.slots
            if state[slot.position] != after[slot.position]
        }
        assert changed <= transitions[id(step.action)].changed


@thorough
@given(machines())
def test_reachable_states_have_the_structure(machine: Machine) -> None:
    interpreter = Interpreter(machine, BLOCKS)
    for _, _, after in steps(interpreter):
        for node in structure_of(machine):
            assert interpreter.value(Every(BLOCK_PARAMETER, node), after)


@thorough
@given(machines())
def test_the_start_is_a_step_from_an_initial_state_to_itself(machine: Machine) -> None:
    interpreter = Interpreter(machine, BLOCKS)
    start = initial_transition(machine)
    for state in itertools.islice(interpreter.initial_states(), 20):
        assert interpreter.value(start.guard, state)
        assert interpreter.value(start.after(start.constraint), state)
        for node, block in itertools.product(truths(machine), range(BLOCKS)):
            expected = interpreter.value(node, state, {BLOCK_PARAMETER.name: block})
            assert interpreter.value(start.after(at_block(node, HERE)), state, {HERE.name: block}) == expected
