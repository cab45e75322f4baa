"""What a property does not depend on may be left out: verdicts, depths and triggers are those of the whole machine."""

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from splitproof.checker import check as check_module
from splitproof.checker.check import Options, check
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.symmetry import UnsoundSymmetryError
from splitproof.checker.engines import EngineChoice
from splitproof.checker.ground.cone import cone_of
from splitproof.checker.search.engine import Engine, Exploration, Finding, Limits, OutOfTimeError
from splitproof.checker.search.folding import diamond_violations
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.checker.search.slicing import slice_for
from splitproof.checker.verdicts import CheckResult, Unknown, Violated
from splitproof.model.cells import Cell, memory
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.records import Bool
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import Kind, Property, always, possible, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind
from tests.random_machines import assume_it_starts, machines
from tests.reduced_search import STATES_MAX, depths, replayed, thorough

pytestmark = pytest.mark.usefixtures("cache")


def pulled(engine: Engine, found: Exploration) -> set[str]:
    """The triggers that were met, where there is one; any step at all is one for a property without."""
    return {name for name in found.triggered if engine.properties[name].property.trigger is not None}


def assert_told(engine: Engine, found: Exploration, findings: dict[str, Finding]) -> None:
    """The interpreter takes the steps on the whole machine, and sees the violation."""
    for name, finding in findings.items():
        replayed(engine, found, name, finding)


def assert_is_projection(part: Oracle, found: Exploration, whole: Oracle, expected: Exploration) -> None:
    """A state of the slice is first reached where the first state is that it is a part of."""

    def projected(state: int) -> int:
        return part.packing.pack(part.grounding.layout.project(whole.packing.unpack(state)))

    levels, seen = [], set[int]()
    for full in expected.levels:
        levels.append({projected(state) for state in full} - seen)
        seen |= levels[-1]
    while not levels[-1]:
        levels.pop()
    assert [set(level) for level in found.levels] == levels


@settings(thorough, max_examples=40)
@given(machine=machines(), blocks=st.integers(1, 2), data=st.data(), symmetry=st.booleans())
def test_a_slice_says_what_the_whole_machine_says(
    machine: Machine, blocks: int, data: st.DataObject, symmetry: bool
) -> None:
    assume_it_starts(machine, blocks)
    asked = [data.draw(st.sampled_from(list(machine.properties.values())))]
    cone = slice_for(machine, blocks, asked, lambda text: None)
    assume(cone is not None)
    whole, part = Oracle(machine, blocks, asked), Oracle(machine, blocks, asked, cone=cone)
    expected = whole.explore(Limits(max_states=STATES_MAX))
    assume(expected.complete)
    found = part.explore()
    assert found.complete
    assert_is_projection(part, found, whole, expected)
    assert depths(found.findings) == depths(expected.findings)
    assert pulled(part, found) == pulled(whole, expected)
    assert {action.label: found.fired[action.label] > 0 for action in part.actions} == {
        action.label: expected.fired[action.label] > 0 for action in part.actions
    }
    stuck = possible_findings(part, found)
    assert depths(stuck) == depths(possible_findings(whole, expected))
    assert_told(part, found, found.findings | stuck)
    fast = CompiledEngine(
        machine, blocks, asked, cone=cone, symmetry=symmetry and blocks > 1, data_symmetry=symmetry
    )
    try:
        again = fast.explore(threads=1)
    except UnsoundSymmetryError:
        return
    assert symmetry or [set(level) for level in again.levels] == [set(level) for level in found.levels]
    assert depths(again.findings) == depths(found.findings)
    assert_told(fast, again, again.findings)


# -- a machine whose numbers can be worked out ----------------------------------------------------------


def clocks() -> Machine:
    """Two clocks of their own, and a hand that the first moves when it turns over; a step that only looks."""
    made = Machine("clocks")
    for name in ("first", "second"):
        made.shared(name, Int(0, 9), "a clock", cell=Cell(name))
    made.ghost("turned", Bool, "the first has turned over")
    made.ghost("seen", Bool, "the second was looked at")

    @made.action(by=HOST_PORT)
    def tick(s: State) -> None:
        """The first clock ticks."""
        when(s.first < 9)
        s.first = s.first + 1

    @made.action(by=HOST_PORT)
    def turn(s: State) -> None:
        """The first clock turns over."""
        when(s.first == 9)
        s.first = 0
        s.turned = True

    @made.action(by=VOLUME_WORKER)
    def tock(s: State) -> None:
        """The second clock ticks."""
        when(s.second < 9)
        s.second = s.second + 1

    @made.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def look(s: State) -> None:
        """The second clock is looked at."""
        when(s.second == 5)
        s.seen = True

    return made


NEVER_SEVEN = always("never-seven", "the first is not at seven", holds=lambda s: s.first != 7)
NOT_TURNED = always("not-turned", "the first has not turned over", holds=lambda s: ~s.turned)
ONE_BY_ONE = step(
    "one-by-one",
    "the second goes up by one",
    holds=lambda old, new: (new.second == old.second) | (new.second > old.second),
)
CAN_BE_SEEN = possible(
    "can-be-seen", "it can be seen", trigger=lambda s: s.second > 2, reaches=lambda s: s.seen
)


@pytest.mark.parametrize(
    ("asked", "leaves", "actions", "states"),
    [
        (NEVER_SEVEN, {"first"}, ["tick", "turn"], 10),
        (NOT_TURNED, {"first", "turned"}, ["tick", "turn"], 20),
        (ONE_BY_ONE, {"second"}, ["tock"], 10),
        (CAN_BE_SEEN, {"second", "seen"}, ["tock", "look"], 15),
    ],
)
def test_what_is_left_of_a_machine(
    asked: Property, leaves: set[str], actions: list[str], states: int
) -> None:
    """Once at five the second can be seen, and six states lie from there on."""
    cone = slice_for(clocks(), 2, [asked], lambda text: None)
    assert cone is not None
    assert (set(cone.leaves), [action.name for action in cone.actions]) == (leaves, actions)
    machine = clocks()
    cone = cone_of(machine, [asked])
    assert Oracle(machine, 2, [asked], cone=cone).explore().states == states
    assert CompiledEngine(machine, 2, [asked], cone=cone).explore().states == states


def test_nothing_is_left_out_where_all_is_asked() -> None:
    said: list[str] = []
    assert slice_for(clocks(), 1, [NEVER_SEVEN, NOT_TURNED, CAN_BE_SEEN], said.append) is None
    assert said == []


def sliced(asked: list[Property], say: list[str] | None = None, **options: object) -> CheckResult:
    chosen = Options(symbolic=False, slice=True, **options)  # type: ignore[arg-type]
    return check(clocks(), 1, asked, chosen, say=(say if say is not None else []).append)


def test_check_says_what_it_left_out() -> None:
    result = sliced([NEVER_SEVEN])
    (item,) = result.properties
    assert isinstance(item.verdict, Violated)
    assert [taken.step.action.name for taken in item.verdict.trace.steps] == ["tick"] * 7
    assert len(item.verdict.trace.initial) == len(clocks().leaves)  # a story of the whole machine
    assert result.left_out == ("second", "seen", "turned")
    assert result.json()["left_out"] == ["second", "seen", "turned"]
    assert result.states == 10
    assert result.scope.startswith("all 10 states of the slice, 1 block")
    (note,) = result.notes
    assert note.startswith(
        "left out, as nothing that is asked depends on it: second, seen, turned; whether a step"
    )
    assert check(clocks(), 1, [NEVER_SEVEN], Options(symbolic=False)).left_out == ()


def test_the_actions_of_a_slice_are_judged_for_being_taken() -> None:
    def with_a_dead_step(of: str) -> Machine:
        made = clocks()
        made.memory("key", Bool, "nobody has it", cell=memory(HOST_PORT))

        @made.action(by=HOST_PORT)
        def leap(s: State) -> None:
            """A clock is set by who has the key."""
            when(s.key)
            setattr(s, of, 8)

        return made

    options = Options(symbolic=False, slice=True)
    for of, expected in (("first", ("host I/O 501 leap",)), ("second", ())):
        result = check(with_a_dead_step(of), 1, [NOT_TURNED], options)
        assert ("key" in result.left_out) == (of == "second")
        assert result.vacuity.never_fired == expected


# -- where nothing is left out --------------------------------------------------------------------------


def test_a_step_property_that_a_step_without_effect_violates_needs_the_whole() -> None:
    moves = step("moves", "the first moves", holds=lambda old, new: new.first != old.first)
    said: list[str] = []
    result = sliced([moves], said)
    assert result.left_out == ()
    assert said == [
        "nothing is left out: moves may be violated by a step that changes nothing of what it reads"
    ]
    (item,) = result.properties
    assert isinstance(item.verdict, Violated)
    assert [taken.step.action.name for taken in item.verdict.trace.steps] == ["tock"]


def test_a_trigger_that_a_step_without_effect_pulls_needs_the_whole() -> None:
    rests = step(
        "rests",
        "at nine it turns over or rests",
        trigger=lambda old, new: (old.first == 9) & (new.first == 9),
        holds=lambda old, new: (old.first < 9) | (new.first == 9) | (new.first == 0),
    )
    said: list[str] = []
    result = sliced([rests], said)
    assert result.vacuous == ()
    assert said == [
        "nothing is left out: rests may be triggered by a step that changes nothing of what it reads"
    ]


# -- one budget of time for all of a check --------------------------------------------------------------


@pytest.mark.parametrize("engine", [Oracle, CompiledEngine])
def test_sweeps_end_when_the_time_is_up(engine: type[Engine]) -> None:
    made = engine(clocks(), 1, [CAN_BE_SEEN])
    found = made.explore()
    late = Limits(max_seconds=2, began=time.perf_counter() - 3)
    with pytest.raises(OutOfTimeError, match=r"^2 seconds$"):
        possible_findings(made, found, late)
    assert made.explore(late).limit == "2 seconds"
    assert made.explore(replace(late, began=None, max_seconds=1000)).complete


def test_what_is_possible_is_unknown_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(engine: Engine, exploration: Exploration, limits: Limits) -> dict[str, Finding]:
        assert limits.began is not None
        return possible_findings(engine, exploration, replace(limits, began=limits.began - 1000))

    monkeypatch.setattr(check_module, "possible_findings", too_late)
    options = Options(symbolic=False, limits=Limits(max_seconds=900))
    result = check(clocks(), 1, [CAN_BE_SEEN, NEVER_SEVEN], options)
    undecided, decided = result.properties
    assert undecided.verdict == Unknown("900 seconds, while asking what is possible")
    assert isinstance(decided.verdict, Violated)


def test_all_searches_of_a_check_have_one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks_seen = []
    usual = Limits.started

    def started(limits: Limits) -> Limits:
        running = usual(limits)
        clocks_seen.append(running.began)
        return running

    monkeypatch.setattr(Limits, "started", started)
    asked = [NEVER_SEVEN, CAN_BE_SEEN]
    check(
        clocks(),
        1,
        asked,
        Options(symbolic=False, limits=Limits(max_seconds=900), engine=EngineChoice.COMPILED),
    )
    assert len(clocks_seen) > 4
    assert len(set(clocks_seen)) == 1


# -- the catalogue --------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["prior-art-unchecked", "first-embodiment"])
def test_each_property_of_a_design_by_itself(design: str) -> None:
    machine = load_machine(design)
    asked = [item for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)]
    expected = CompiledEngine(machine, 1, asked).explore()
    for item in asked:
        cone = slice_for(machine, 1, [item], pytest.fail)
        assert cone is not None
        engine = CompiledEngine(machine, 1, [item], cone=cone, data_symmetry=True)
        found = engine.explore()
        assert found.states < expected.states
        assert depths(found.findings) == {
            name: finding.depth for name, finding in expected.findings.items() if name == item.id
        }
        assert (item.id in found.triggered) == (item.id in expected.triggered)
        assert_told(engine, found, found.findings)


@settings(thorough, max_examples=25)
@given(machine=machines(handover=True), blocks=st.integers(1, 2), data=st.data())
def test_folding_that_passes_the_diamond_test_changes_no_verdict_of_a_slice(
    machine: Machine, blocks: int, data: st.DataObject
) -> None:
    assume_it_starts(machine, blocks)
    asked = [data.draw(st.sampled_from(list(machine.properties.values())))]
    cone = slice_for(machine, blocks, asked, lambda text: None)
    assume(cone is not None)
    whole = Oracle(machine, blocks, asked)
    expected = whole.explore(Limits(max_states=300))
    assume(expected.complete and not diamond_violations(whole, max_states=300))
    part = Oracle(machine, blocks, asked, folded=True, cone=cone)
    found = part.explore()
    assert found.findings.keys() == expected.findings.keys()
    assert pulled(part, found) == pulled(whole, expected)
    assert_told(part, found, found.findings)
