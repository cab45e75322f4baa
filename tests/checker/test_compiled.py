"""The compiled engine against the oracle: the same states, counts, verdicts, depths, triggers and traces.

Random machines are the ones that the oracle is compared with the interpreter on; designs of the catalogue follow.
"""

import contextlib
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.compiled import kernels, search, space
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.lowering import word_count
from splitproof.checker.counterexamples.calm import calmest_path
from splitproof.checker.engines import EngineChoice
from splitproof.checker.search.engine import Engine, Exploration, Finding, Limits, Progress
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import Kind, Property, always, step
from tests.grid_machine import TABLE, add_action, assert_is_a_grid, counters, sized
from tests.random_machines import assume_it_starts, machines

thorough = settings(
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
    max_examples=40,
)

STATES_MAX = 3_000

pytestmark = pytest.mark.usefixtures("cache")

_Told = tuple[int, int, int | None, int | None]


def told(findings: dict[str, Finding]) -> dict[str, _Told]:
    return {
        name: (item.depth, item.state, item.before, None if item.step is None else item.step.index)
        for name, item in findings.items()
    }


def assert_same(found: Exploration, expected: Exploration) -> None:
    assert [sorted(level) for level in found.levels] == [list(level) for level in expected.levels]
    assert (found.states, found.transitions, found.depth) == (
        expected.states,
        expected.transitions,
        expected.depth,
    )
    assert (found.complete, found.limit) == (expected.complete, expected.limit)
    assert list(found.step_counts) == list(expected.step_counts)
    assert found.fired == expected.fired
    assert found.triggered == expected.triggered
    assert told(found.findings) == told(expected.findings)


def assert_same_paths(
    engine: Engine, found: Exploration, oracle: Oracle, expected: Exploration, findings: dict[str, Finding]
) -> None:
    def steps(asked: Engine, exploration: Exploration, finding: Finding) -> list[object]:
        mine = next(
            (item for item in exploration.findings.values() if item.property_id == finding.property_id),
            finding,
        )
        path = asked.trace_to(exploration, mine)
        goal, depth = (mine.state, mine.depth) if mine.before is None else (mine.before, mine.depth - 1)
        calm = calmest_path(asked, exploration, depth, [goal])
        return [
            path.start,
            [(taken.index, after) for taken, after in path.steps],
            calm.start,
            [(taken.index, after) for taken, after in calm.steps],
        ]

    for finding in findings.values():
        assert steps(engine, found, finding) == steps(oracle, expected, finding)


@contextlib.contextmanager
def threads_at_once() -> Iterator[None]:
    """Threads share levels of any size."""
    usual = search.SHARED_FROM
    search.SHARED_FROM = 1
    try:
        yield
    finally:
        search.SHARED_FROM = usual


@thorough
@given(
    machine=machines(),
    blocks=st.integers(1, 2),
    folded=st.booleans(),
    data_values=st.sampled_from((1, 2)),
    threads=st.sampled_from((1, 2, 3)),
)
def test_it_finds_what_the_oracle_finds(
    machine: Machine, blocks: int, folded: bool, data_values: int, threads: int
) -> None:
    assume_it_starts(machine, blocks)
    oracle = Oracle(machine, blocks, folded=folded, data_values=data_values)
    expected = oracle.explore(Limits(max_states=STATES_MAX))
    depth = None if expected.complete else max(expected.depth - 1, 0)
    expected = oracle.explore(
        Limits(max_depth=depth)
    )  # whole levels: which states a limit cuts off is no promise
    engine = CompiledEngine(machine, blocks, folded=folded, data_values=data_values)
    with threads_at_once():
        found = engine.explore(Limits(max_depth=depth), threads=threads)
    assert_same(found, expected)
    assert_same_paths(engine, found, oracle, expected, expected.findings)
    terms = engine.grounding.terms
    for item in engine.properties.values():
        if item.property.kind is Kind.ALWAYS:
            node, other = (
                terms.not_(item.holds),
                oracle.grounding.terms.not_(oracle.properties[item.property.id].holds),
            )
            for mine, theirs in zip(found.levels, expected.levels, strict=True):
                assert engine.select(node, mine) == oracle.select(other, theirs)
    if expected.complete and not folded:
        stuck = possible_findings(oracle, expected)
        assert told(possible_findings(engine, found)) == told(stuck)
        assert_same_paths(engine, found, oracle, expected, stuck)


SEARCHED = (Kind.ALWAYS, Kind.STEP, Kind.POSSIBLE)


def searched(machine: Machine) -> list[Property]:
    return [item for item in machine.properties.values() if item.kind in SEARCHED]


@pytest.mark.parametrize(
    ("design", "folded", "data_values"),
    [
        ("second-embodiment-closed", False, 2),
        ("second-embodiment-closed", True, 2),
        ("second-embodiment-closed", False, 1),
        ("third-embodiment-two-slots", True, 2),
        ("prior-art-unchecked", True, 2),
    ],
)
def test_it_finds_what_the_oracle_finds_in_the_catalogue(design: str, folded: bool, data_values: int) -> None:
    machine = load_machine(design)
    oracle = Oracle(machine, 1, searched(machine), folded, data_values)
    engine = CompiledEngine(machine, 1, searched(machine), folded, data_values)
    expected = oracle.explore()
    found = engine.explore(threads=2)
    assert_same(found, expected)
    assert_same_paths(engine, found, oracle, expected, expected.findings)


def test_possible_properties_of_the_catalogue_are_decided_alike() -> None:
    machine = load_machine("second-embodiment-closed")
    asked = [item for item in machine.properties.values() if item.kind is Kind.POSSIBLE]
    oracle, engine = Oracle(machine, 1, asked, folded=True), CompiledEngine(machine, 1, asked, folded=True)
    expected, found = oracle.explore(), engine.explore()
    stuck = possible_findings(oracle, expected)
    assert set(stuck) == {"write-never-waits"}
    assert told(possible_findings(engine, found)) == told(stuck)


# -- a machine whose size can be chosen ------------------------------------------------------------------


def test_code_is_optimised_on_the_way_without_losing_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "OPTIMISE_FROM", 10_000)
    assert_is_a_grid(sized(8, 3).explore(threads=1), 8, 3)


def test_a_state_of_zeros_is_no_state_that_is_remembered() -> None:
    """Memory begins as zeros, and so does what a thread remembers to have entered."""
    made = Machine("falling")
    made.shared("left", Int(0, 3), "a number", initial=3, cell=TABLE)

    def fall(s: State) -> None:
        when(s.left > 0)
        s.left = s.left - 1

    add_action(made, "fall", fall)
    found = CompiledEngine(made, 1, []).explore(threads=1)
    assert [list(level) for level in found.levels] == [[3], [2], [1], [0]]


@pytest.mark.parametrize(("count", "words"), [(22, 2), (50, 3)])
def test_states_take_as_many_words_as_they_need(count: int, words: int) -> None:
    """Three bits a number: some fields lie across two words."""
    machine = counters(count, 5)
    oracle, engine = Oracle(machine, 1), CompiledEngine(machine, 1)
    assert word_count(engine.packing) == words
    expected, found = oracle.explore(Limits(max_depth=3)), engine.explore(Limits(max_depth=3))
    assert_same(found, expected)
    goal = Finding("nothing", 3, expected.levels[3][-1])
    assert [after for _, after in engine.trace_to(found, goal).steps] == [
        after for _, after in oracle.trace_to(expected, goal).steps
    ]


# -- limits ----------------------------------------------------------------------------------------------

NOT_TWO = always("not-two", "the first is never two", holds=lambda s: s.state != 2)
NEVER_BACK = step("never-back", "no number falls", holds=lambda old, new: new.state >= old.state)
NO_STEP = step("no-step", "the first never changes", holds=lambda old, new: new.state == old.state)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("max_states", [1, 2, 999, 20_000])
def test_no_more_states_than_allowed(max_states: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SHARED_FROM", 1)
    found = sized(8, 3).explore(Limits(max_states=max_states), threads=threads)
    assert (found.complete, found.limit, found.states) == (False, f"{max_states:,} states", max_states)
    assert len({state for level in found.levels for state in level}) == max_states


def test_as_many_states_as_there_are_is_no_limit() -> None:
    assert_is_a_grid(sized(5, 3).explore(Limits(max_states=4**5)), 5, 3)


def test_what_is_violated_before_a_limit_is_violated() -> None:
    engine = sized(8, 3, NOT_TWO, NO_STEP, NEVER_BACK)
    found = engine.explore(Limits(max_states=100))
    assert {name: item.depth for name, item in found.findings.items()} == {"not-two": 2, "no-step": 1}
    assert len(engine.trace_to(found, found.findings["not-two"]).steps) == 2


def test_no_deeper_than_allowed() -> None:
    machine = counters(8, 3)
    found = CompiledEngine(machine, 1, [NOT_TWO]).explore(Limits(max_depth=2))
    assert_same(found, Oracle(machine, 1, [NOT_TWO]).explore(Limits(max_depth=2)))
    assert (found.limit, list(found.findings)) == ("depth 2", ["not-two"])  # the last level is judged, too


def test_it_ends_at_the_first_violation_where_that_is_asked() -> None:
    machine = counters(8, 3)
    for until in (NOT_TWO, NO_STEP):
        limits = Limits(until_violated=frozenset({until.id}))
        found = CompiledEngine(machine, 1, [NOT_TWO, NO_STEP]).explore(limits)
        assert_same(found, Oracle(machine, 1, [NOT_TWO, NO_STEP]).explore(limits))
        assert found.limit == "the first violation"


def test_whether_something_holds_somewhere() -> None:
    engine = sized(5, 3)
    found = engine.explore()
    grounding = engine.grounding
    numbers = [grounding.variable(slot) for slot in grounding.slots.values()]
    total = numbers[0]
    for number in numbers[1:]:
        total = grounding.terms.plus(total, number, 1)
    for sum_, is_met in ((14, True), (15, False)):
        above = grounding.terms.less(grounding.terms.const(sum_, Int(sum_, sum_)), total)
        assert engine.holds_somewhere(above, found) is is_met


def test_no_longer_than_allowed() -> None:
    found = sized(9, 3).explore(Limits(max_seconds=1e-6))
    assert (found.complete, found.limit) == (False, "1e-06 seconds")
    assert 1 < found.states < 4**9


@pytest.mark.parametrize("threads", [1, 2])
def test_no_more_memory_than_allowed(threads: int) -> None:
    found = sized(9, 3).explore(Limits(max_memory=1), threads=threads)
    assert (found.complete, found.limit) == (False, "1 bytes of memory")
    assert 1 < found.states < space.SLOTS_MIN


def test_the_oracle_keeps_to_its_memory_too() -> None:
    found = Oracle(counters(5, 3), 1).explore(Limits(max_memory=1))
    assert (found.complete, found.limit) == (False, "1 bytes of memory")


def test_an_interrupt_ends_the_search_with_what_it_found() -> None:
    usual = signal.getsignal(signal.SIGINT)
    looks: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        if not looks:
            signal.raise_signal(signal.SIGINT)
        looks.append(progress)

    found = sized(9, 3).explore(progress=interrupt)
    assert (found.complete, found.limit) == (False, "interrupted")
    assert 1 < found.states < 4**9
    assert looks[0].states > 1
    assert looks[0].memory > 1 << 20
    assert signal.getsignal(signal.SIGINT) is usual


def test_more_questions_than_a_word_has_bits() -> None:
    def asked(number: int) -> Property:
        bound, above = number % 4, number // 4
        return always(
            f"below-{number}",
            "a number stays below",
            holds=lambda s: s.state + s.entry != bound + above % 3,
            trigger=lambda s: s.entry == bound,
        )

    machine = counters(3, 3)
    properties = [asked(number) for number in range(70)]
    found = CompiledEngine(machine, 1, properties).explore()
    assert_same(found, Oracle(machine, 1, properties).explore())
    assert len(found.findings) == 70


def test_too_many_properties_are_refused() -> None:
    properties = [
        always(f"p{n}", "a number", holds=lambda s: s.state < 3, trigger=lambda s: s.state > 1)
        for n in range(257)
    ]
    with pytest.raises(ModelError, match="judges at most 256 properties at once, and here are 257"):
        CompiledEngine(counters(3, 3), 1, properties).explore()


# -- the choice of engine --------------------------------------------------------------------------------

BELOW_FOUR = always("below-four", "the first stays below four", holds=lambda s: s.state < 4)


def test_auto_goes_on_in_machine_code_where_a_space_outgrows_the_oracle() -> None:
    said: list[str] = []
    result = check(counters(7, 3), 1, [NOT_TWO], Options(symbolic=False), say=said.append)
    assert (result.engine, result.states) == ("compiled", 4**7)
    assert said == ["more than 3,000 states: going on with the compiled engine"]
    small = check(counters(5, 3), 1, [NOT_TWO], Options(symbolic=False), say=said.append)
    assert (small.engine, small.states, len(said)) == ("graph", 4**5, 1)


def test_auto_stays_with_the_oracle_below_a_small_limit() -> None:
    result = check(counters(7, 3), 1, [BELOW_FOUR], Options(limits=Limits(max_states=2_000)))
    assert (result.engine, result.limit, result.states) == ("graph", "2,000 states", 2_000)


def test_check_says_the_same_with_both_engines() -> None:
    def checked(choice: EngineChoice) -> dict[str, object]:
        machine = load_machine("prior-art-unchecked")
        result = check(machine, 1, searched(machine), Options(symbolic=False, fold=True, engine=choice))
        shown = result.json()
        del shown["timing"], shown["engine"]
        return shown

    assert checked(EngineChoice.COMPILED) == checked(EngineChoice.GRAPH)


def test_levels_are_sequences() -> None:
    found = sized(6, 3).explore()
    level = found.levels[9]
    states = list(level)
    assert (len(level), level[0], level[-1]) == (len(states), states[0], states[-1])
    assert level[2:5] == states[2:5]
    assert level[5:2] == []
    assert level[::100] == states[::100]
    with pytest.raises(IndexError):
        level[len(level)]
    with pytest.raises(TypeError, match="a level of a compiled search"):
        sized(3, 3).arrivals([0], [1])
