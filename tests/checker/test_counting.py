"""Counts, on a shift that a worker works: begun with a card, filled with knocks, ended with a report."""

import enum
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker import check as deciding
from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.traces import ReplayError, replay
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.search.control import control_oracle
from splitproof.checker.search.counting import count_violation
from splitproof.checker.search.engine import OutOfTimeError
from splitproof.checker.search.oracle import Limits
from splitproof.checker.search.successors import successors_of
from splitproof.checker.verdicts import CheckResult, Holds, Unknown, Violated
from splitproof.model.cells import memory
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import Kind, Property, count
from splitproof.spec.vocabulary import HOST_PORT, Event
from tests.random_machines import machines


class Shift(enum.Enum):
    OFF = "off"
    ON = "on"
    NEVER = "never"


def worker() -> Machine:
    """Two knocks a shift, or one if the shift ends early; between shifts the worker may knock as well."""
    machine = Machine("worker")
    machine.memory("shift", Shift, "whether there is one", cell=memory(HOST_PORT))
    machine.memory("knocks", Int(0, 2), "knocks of the shift", cell=memory(HOST_PORT))

    @machine.action(by=HOST_PORT, counts=(Event.COMMAND,))
    def begin(s: State) -> None:
        """The worker begins a shift."""
        when(s.shift == Shift.OFF)
        s.shift = Shift.ON
        s.knocks = 0

    @machine.action(by=HOST_PORT, counts=(Event.PAIR_QUERY,))
    def knock(s: State) -> None:
        """The worker knocks."""
        when((s.knocks < 2) | (s.shift == Shift.OFF))
        s.knocks = 2

    @machine.action(by=HOST_PORT, counts=(Event.PAIR_QUERY,))
    def tap(s: State) -> None:
        """The worker knocks, and has a knock left."""
        when(s.knocks == 0)
        s.knocks = 1

    @machine.action(by=HOST_PORT, counts=(Event.REPORT,))
    def end(s: State) -> None:
        """The worker ends the shift."""
        when(s.shift == Shift.ON)
        s.shift = Shift.OFF

    return machine


def counted(
    event: Event, at_least: int = 0, at_most: int | None = None, during: Shift = Shift.ON
) -> CheckResult:
    machine = worker()
    machine.check(asked(event, at_least, at_most, during))
    return check(machine, 1)


def asked(event: Event, at_least: int = 0, at_most: int | None = None, during: Shift = Shift.ON) -> Property:
    return count(
        "counted", "-", event=event, during=lambda s: s.shift == during, at_least=at_least, at_most=at_most
    )


def actions(result: CheckResult) -> tuple[str, ...]:
    verdict = result.properties[0].verdict
    assert isinstance(verdict, Violated)
    return verdict.trace.actions


def test_the_step_that_begins_and_the_one_that_ends_are_counted() -> None:
    for event in (Event.COMMAND, Event.REPORT):
        assert isinstance(counted(event, at_least=1, at_most=1).properties[0].verdict, Holds)


def test_what_happens_outside_is_not_counted() -> None:
    assert isinstance(counted(Event.PAIR_QUERY, at_most=2).properties[0].verdict, Holds)


def test_too_many_end_with_the_step_that_is_one_too_many() -> None:
    assert actions(counted(Event.PAIR_QUERY, at_most=1)) == ("begin", "tap", "knock")
    assert actions(counted(Event.PAIR_QUERY, at_most=0)) == ("begin", "knock")
    assert actions(counted(Event.COMMAND, at_most=0)) == ("begin",)


def test_too_few_end_with_the_step_that_ends_it() -> None:
    assert actions(counted(Event.PAIR_QUERY, at_least=1)) == ("begin", "end")
    assert actions(counted(Event.REPORT, at_least=2)) == ("begin", "end")


def test_any_number_is_within_no_bounds() -> None:
    assert isinstance(counted(Event.PAIR_QUERY).properties[0].verdict, Holds)


def test_a_condition_that_never_holds_counts_nothing_and_is_vacuous() -> None:
    result = counted(Event.REPORT, at_least=1, during=Shift.NEVER)
    assert result.vacuous == ("counted",)
    assert result.exit_code is ExitCode.VACUOUS


def test_a_limit_is_no_pass() -> None:
    machine = worker()
    machine.check(asked(Event.REPORT, at_least=1))
    result = check(machine, 1, options=Options(limits=Limits(max_states=2)))
    assert isinstance(result.properties[0].verdict, Unknown)
    assert result.exit_code is ExitCode.UNKNOWN


def test_replay_refuses_a_run_that_is_counted_right() -> None:
    machine = worker()
    item = asked(Event.PAIR_QUERY, at_most=1)
    machine.check(item)
    by_name = {action.name: Step(action, ()) for action in machine.actions}
    initial = next(iter(Interpreter(machine, 1).initial_states()))
    wrong = [by_name[name] for name in ("begin", "tap", "knock")]
    assert replay(machine, 1, initial, wrong, item).actions == ("begin", "tap", "knock")
    for right in (
        wrong[:2],
        [by_name["tap"], by_name["knock"]],
        [*wrong[:2], by_name["end"], by_name["knock"]],
    ):
        with pytest.raises(ReplayError, match="does not see counted violated"):
            replay(machine, 1, initial, right, item)


@given(st.data(), machines(), st.integers(0, 2), st.integers(0, 2))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_counts_agree_with_the_interpreter_on_random_machines(
    data: st.DataObject, machine: Machine, at_least: int, more: int
) -> None:
    during = next((item for item in machine.properties.values() if item.kind is Kind.ALWAYS), None)
    assume(during is not None and not during.per_block)
    assert during is not None
    machine.actions = [
        replace(action, counts=(Event.COMMAND,) if data.draw(st.booleans()) else ())
        for action in machine.actions
    ]
    item = count(
        "counted", "-", event=Event.COMMAND, during=during.holds, at_least=at_least, at_most=at_least + more
    )
    machine.check(item)
    expected = shortest_miscount(machine, item)
    oracle = control_oracle(machine, 1, [item])
    graph = successors_of(oracle, oracle.explore())
    path = count_violation(oracle, graph, "counted")
    assert (None if path is None else len(path.steps)) == expected
    if path is not None:
        steps = [Step(step.action, step.arguments) for step, _ in path.steps]
        replay(machine, 1, oracle.start_of(path.start), steps, item)


def test_counting_ends_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = worker()
    item = asked(Event.PAIR_QUERY, 0, 2, Shift.ON)
    machine.check(item)
    oracle = control_oracle(machine, 1, [item])
    graph = successors_of(oracle, oracle.explore())
    late = Limits(max_seconds=2, began=time.perf_counter() - 3)
    with pytest.raises(OutOfTimeError, match="2 seconds"):
        count_violation(oracle, graph, item.id, late)
    monkeypatch.setattr(deciding, "count_violation", lambda o, g, name, _: count_violation(o, g, name, late))
    (result,) = check(machine, 1).properties
    assert result.verdict == Unknown("2 seconds, while counting")


def shortest_miscount(machine: Machine, item: Property) -> int | None:
    """By the definition, over runs of the interpreter; None if there is none."""
    interpreter = Interpreter(machine, 1)
    traced = interpreter.traced(item)
    assert item.at_most is not None

    def is_during(state: Valuation) -> bool:
        return bool(interpreter.value(traced.holds, state))

    level = {(state, 0) for state in interpreter.initial_states()}
    seen: set[tuple[Valuation, int]] = set()
    depth = 0
    while level:
        assume(len(seen) < 400)
        seen |= level
        following = set()
        for state, total in level:
            for step in interpreter.enabled(state):
                after = interpreter.take(state, step)
                here = (total if is_during(state) else 0) + (Event.COMMAND in step.action.counts)
                if (is_during(state) or is_during(after)) and here > item.at_most:
                    return depth + 1
                if is_during(state) and not is_during(after) and here < item.at_least:
                    return depth + 1
                following.add((after, min(here, item.at_most + 1) if is_during(after) else 0))
        level = following - seen
        depth += 1
    return None
