"""The oracle against the reference interpreter, on machines that nobody designed.

Everything a search says is compared: the states of each level, the number of transitions, each property's
verdict and depth, each trigger, each trace. The interpreter's side is a plain search over dicts, written
here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.search.folding import diamond_violations
from splitproof.checker.search.graph import state_graph
from splitproof.checker.search.oracle import Exploration, Finding, Limits, Oracle, Path
from splitproof.checker.search.reachability import possible_findings
from splitproof.model.declarations import TracedProperty
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind
from tests.random_machines import assume_it_starts, machines
from tests.reaching import reaches_without

STATES_MAX = 100
"""The interpreter takes about a millisecond a state."""

thorough = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass
class Reference:
    """What the interpreter finds: whole levels only, until there would be more than STATES_MAX states."""

    interpreter: Interpreter
    folded: bool
    levels: list[set[Valuation]] = field(default_factory=list)
    transitions: dict[Valuation, list[tuple[Step, Valuation]]] = field(default_factory=dict)
    complete: bool = True

    def __post_init__(self) -> None:
        level = set(self.interpreter.initial_states())
        seen: set[Valuation] = set()
        while level:
            if len(seen) + len(level) > STATES_MAX:
                self.complete = False
                return
            self.levels.append(level)
            seen |= level
            for state in level:
                self.transitions[state] = [(s, self.interpreter.take(state, s)) for s in self._steps(state)]
            level = {after for state in level for _, after in self.transitions[state]} - seen

    def _steps(self, state: Valuation) -> list[Step]:
        enabled = list(self.interpreter.enabled(state))
        forced = [step for step in enabled if step.action.folds is not None]
        return forced[:1] if self.folded and forced else enabled

    def first_violation(self, traced: TracedProperty) -> int | None:
        """The depth of the first violation of an always or step property."""
        for depth, level in enumerate(self.levels):
            if traced.property.kind is Kind.ALWAYS:
                if not all(self.interpreter.holds(traced, state) for state in level):
                    return depth
            elif not all(
                self.interpreter.holds(traced, state, after) for state, after in self._steps_from(level)
            ):
                return depth + 1
        return None

    def first_stuck(self, traced: TracedProperty) -> int | None:
        """The depth of the first state from which the goal is out of reach though the trigger holds."""
        value = self.interpreter.value
        reaching = {state for state in self.transitions if value(traced.holds, state)}
        grown = True
        while grown:
            more = {
                state
                for state, steps in self.transitions.items()
                if any(a in reaching for s, a in steps if s.action.kind not in traced.property.without)
            }
            grown = not more <= reaching
            reaching |= more
        for depth, level in enumerate(self.levels):
            if any(value(traced.trigger, state) and state not in reaching for state in level):
                return depth
        return None

    def is_triggered(self, traced: TracedProperty) -> bool:
        blocks = range(self.interpreter.blocks) if traced.property.per_block else [0]
        value = self.interpreter.value
        if traced.property.kind is Kind.STEP:
            found = [
                value(traced.trigger, state, {"b": b}, after)
                for level in self.levels
                for state, after in self._steps_from(level)
                for b in blocks
            ]
        else:
            found = [
                value(traced.trigger, state, {"b": b})
                for level in self.levels
                for state in level
                for b in blocks
            ]
        return any(found)

    def _steps_from(self, level: set[Valuation]) -> Iterator[tuple[Valuation, Valuation]]:
        return ((state, after) for state in level for _, after in self.transitions[state])


def explored(machine: Machine, blocks: int, folded: bool) -> tuple[Reference, Oracle, Exploration]:
    assume_it_starts(machine, blocks)
    reference = Reference(Interpreter(machine, blocks), folded)
    assume(reference.levels)
    oracle = Oracle(machine, blocks, folded=folded)
    states = sum(map(len, reference.levels))
    return (
        reference,
        oracle,
        oracle.explore(Limits(max_states=states if reference.complete else 50 * STATES_MAX)),
    )


@thorough
@given(machine=machines(), blocks=st.integers(1, 2), folded=st.booleans())
def test_the_oracle_finds_the_states_and_transitions_of_the_interpreter(
    machine: Machine, blocks: int, folded: bool
) -> None:
    reference, oracle, exploration = explored(machine, blocks, folded)
    pack = oracle.packing.pack
    expected = [sorted(map(pack, level)) for level in reference.levels]
    assert exploration.levels[: len(expected)] == expected
    assert oracle.initial == expected[0]
    for state, steps in reference.transitions.items():
        assert oracle.packing.unpack(pack(state)) == state
        found = [(oracle.steps[index].step, after) for index, after in oracle.successors(pack(state))]
        assert found == [(step, pack(after)) for step, after in steps]
    if reference.complete:
        assert exploration.complete
        assert exploration.states == len(reference.transitions)
        assert exploration.transitions == sum(map(len, reference.transitions.values()))
        for action in machine.actions:
            fired = sum(s.action is action for steps in reference.transitions.values() for s, _ in steps)
            assert exploration.fired[action.label] == fired


@thorough
@given(machine=machines(), blocks=st.integers(1, 2))
def test_the_oracle_judges_as_the_interpreter_does(machine: Machine, blocks: int) -> None:
    reference, oracle, exploration = explored(machine, blocks, folded=False)
    last = len(reference.levels) - 1
    for item in machine.properties.values():
        traced = reference.interpreter.traced(item)
        finding = exploration.findings.get(item.id)
        if item.kind is not Kind.POSSIBLE:
            known_to = last + (item.kind is Kind.STEP)
            depth = None if finding is None or finding.depth > known_to else finding.depth
            assert depth == reference.first_violation(traced)
            if finding is not None and finding.depth <= known_to:
                assert_replayed(reference, oracle, oracle.trace_to(exploration, finding), finding)
        if reference.complete:
            assert (item.id in exploration.triggered) == reference.is_triggered(traced)


@thorough
@given(machine=machines(), blocks=st.integers(1, 2))
def test_what_is_possible_is_so_for_interpreter_graph_and_arrays(machine: Machine, blocks: int) -> None:
    reference, oracle, exploration = explored(machine, blocks, folded=False)
    assume(reference.complete)
    found = possible_findings(oracle, exploration)
    graph = state_graph(oracle, exploration, max_states=STATES_MAX)
    assert set(graph) == {state for level in exploration.levels for state in level}
    assert graph.number_of_edges() == exploration.transitions
    for item in machine.properties.values():
        if item.kind is not Kind.POSSIBLE:
            continue
        finding = found.get(item.id)
        assert reaches_without(oracle, graph, item.id) == finding
        assert (None if finding is None else finding.depth) == reference.first_stuck(
            reference.interpreter.traced(item)
        )
        if finding is not None:
            assert_replayed(reference, oracle, oracle.trace_to(exploration, finding), finding)


@settings(thorough, max_examples=60)
@given(machine=machines(handover=True), blocks=st.integers(1, 2))
def test_folding_that_passes_the_diamond_test_changes_no_verdict(machine: Machine, blocks: int) -> None:
    reference, oracle, exploration = explored(machine, blocks, folded=False)
    assume(reference.complete and not diamond_violations(oracle, max_states=STATES_MAX))
    folded = Oracle(machine, blocks, folded=True)
    fewer = folded.explore()
    assert fewer.states <= exploration.states
    assert fewer.findings.keys() == exploration.findings.keys()
    assert fewer.triggered == exploration.triggered
    assert {label for label, count in fewer.fired.items() if count} == {
        label for label, count in exploration.fired.items() if count
    }
    forced = {action.kind for action in machine.actions if action.folds is not None}
    if not any(forced & item.without for item in machine.properties.values()):
        assert possible_findings(folded, fewer).keys() == possible_findings(oracle, exploration).keys()


def assert_replayed(reference: Reference, oracle: Oracle, path: Path, finding: Finding) -> None:
    """The interpreter takes the same steps, and sees the violation in the last state or step."""
    interpreter, unpack = reference.interpreter, oracle.packing.unpack
    assert len(path.steps) == finding.depth
    assert path.states[-1] == finding.state
    states = [unpack(path.start)]
    assert states[0] in reference.levels[0]
    for taken, after in path.steps:
        assert interpreter.can_take(states[-1], taken.step)
        states.append(interpreter.take(states[-1], taken.step))
        assert states[-1] == unpack(after)
    traced = interpreter.traced(oracle.machine.properties[finding.property_id])
    if traced.property.kind is Kind.STEP:
        assert not interpreter.holds(traced, states[-2], states[-1])
    elif traced.property.kind is Kind.ALWAYS:
        assert not interpreter.holds(traced, states[-1])
    else:
        assert interpreter.value(traced.trigger, states[-1])
        assert not interpreter.value(traced.holds, states[-1])
