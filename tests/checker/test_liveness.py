"""`leads to`: what fairness promises, the shortest lasso of a violation, and what the interpreter refuses."""

import enum
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from splitproof.__main__ import run
from splitproof.checker import lassos
from splitproof.checker.check import Options, check
from splitproof.checker.control import is_about_control
from splitproof.checker.fair_components import fair_components
from splitproof.checker.liveness import Liveness, find_lasso, judge_leads_to
from splitproof.checker.oracle import Limits, Oracle
from splitproof.checker.runs import RunGraph
from splitproof.checker.texts import story_lines, verdict_line
from splitproof.checker.traces import ReplayError, Trace, passed_over, replay
from splitproof.checker.verdicts import ExitCode, Holds, Unknown, Violated
from splitproof.model.cells import Cell, memory
from splitproof.model.expressions import ite
from splitproof.model.fairness import Promise, promises_of
from splitproof.model.interpreter import Step
from splitproof.model.loading import load_machine
from splitproof.model.machine import Fairness, Machine
from splitproof.model.records import ANY, Block, Bool, Data
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import Kind, always, leads_to
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER
from tests.random_machines import machines

WEAK, STRONG = Fairness.WEAK, Fairness.STRONG
DESK = Cell("desk")
ROW = Cell("row", per_block=True)

SERVED = leads_to("served", "who waits is served", trigger=lambda s: s.waiting, reaches=lambda s: s.served)


class Door(enum.Enum):
    SHUT = "shut"
    OPEN = "open"


def counter(serve: Fairness | None, toggle: bool) -> Machine:
    """Somebody waits at a counter and is served while its door is open, which the host may open and shut."""
    made = Machine("counter")
    for name in ("waiting", "served"):
        made.shared(name, Bool, name, cell=DESK)
    made.shared("door", Door, "of the counter", cell=DESK, initial=Door.OPEN)

    @made.action(by=HOST_PORT)
    def come(s: State) -> None:
        """Somebody comes."""
        when(~s.waiting & ~s.served)
        s.waiting = True

    @made.action(by=VOLUME_WORKER, fair=serve)
    def serve_(s: State) -> None:
        """Whoever waits is served."""
        when(s.waiting)
        when(s.door == Door.OPEN)
        s.waiting = False
        s.served = True

    if toggle:

        @made.action(by=HOST_PORT)
        def shut(s: State) -> None:
            """The door is shut."""
            when(s.door == Door.OPEN)
            s.door = Door.SHUT

        @made.action(by=HOST_PORT, fair=WEAK)
        def open_(s: State) -> None:
            """The door is opened."""
            when(s.door == Door.SHUT)
            s.door = Door.OPEN

    made.check(SERVED)
    return made


def judged(machine: Machine, blocks: int = 1) -> Liveness:
    return judge_leads_to(machine, blocks, list(machine.properties.values()))


def lasso_of(machine: Machine, property_id: str, blocks: int = 1) -> Trace:
    return judged(machine, blocks).traces[property_id]


def shape(trace: Trace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The actions of the stem and of the cycle."""
    return trace.actions[: trace.loop], trace.actions[trace.loop :]


# -- what fairness promises ----------------------------------------------------------------------------


def test_a_step_without_fairness_need_never_be_taken() -> None:
    assert shape(lasso_of(counter(None, toggle=False), "served")) == (("come",), ())


@pytest.mark.parametrize("fair", [WEAK, STRONG])
def test_a_fair_step_that_stays_possible_is_taken(fair: Fairness) -> None:
    found = judged(counter(fair, toggle=False))
    assert (found.traces, found.limits, found.triggered) == ({}, {}, {"served"})


def test_weak_fairness_is_kept_by_a_run_that_makes_the_step_impossible_again_and_again() -> None:
    trace = lasso_of(counter(WEAK, toggle=True), "served")
    assert shape(trace) == (("come",), ("shut", "open_"))
    assert passed_over(trace) == ["disk 508 serve_()"]


def test_strong_fairness_is_not() -> None:
    assert judged(counter(STRONG, toggle=True)).traces == {}


def test_a_run_may_end_where_nothing_promised_can_be_done() -> None:
    machine = counter(STRONG, toggle=True)
    machine.actions = [
        replace(action, fairness=None) if action.name == "open_" else action for action in machine.actions
    ]
    assert shape(lasso_of(machine, "served")) == (("come", "shut"), ())


def test_a_step_that_changes_nothing_keeps_no_promise_and_none_is_due() -> None:
    machine = Machine("lamp")
    machine.shared("waiting", Bool, "for the lamp to go out", cell=DESK, initial=True)
    machine.shared("served", Bool, "it went out", cell=DESK)

    @machine.action(by=HOST_PORT, fair=WEAK)
    def light(s: State) -> None:
        """The lamp is lit; it may be already."""
        s.waiting = True

    machine.check(SERVED)
    assert shape(lasso_of(machine, "served")) == ((), ())


def rows(fair: Fairness) -> Machine:
    """A worker that serves one of the rows that wait; a row that was served waits again."""
    machine = Machine("rows")
    machine.shared("waits", Bool, "the row waits", cell=ROW, per_block=True)

    @machine.action(by=HOST_PORT)
    def ask(s: State, b: Block) -> None:
        """The row is to be served."""
        when(~s.waits[b])
        s.waits[b] = True

    @machine.action(by=VOLUME_WORKER, fair=fair)
    def serve(s: State, b: Block) -> None:
        """The row is served."""
        when(s.waits[b])
        s.waits[b] = False

    machine.check(
        leads_to("row-served", "every row", trigger=lambda s, b: s.waits[b], reaches=lambda s, b: ~s.waits[b])
    )
    return machine


def test_a_promise_is_kept_for_each_block_by_itself() -> None:
    machine = rows(WEAK)
    assert [str(promise) for promise in promises_of(machine, 2)] == [
        "disk 508 serve(block 0)",
        "disk 508 serve(block 1)",
    ]
    assert judged(machine, 2).traces == {}
    machine.actions = [replace(action, fairness=None) for action in machine.actions]
    assert shape(lasso_of(machine, "row-served", 2)) == (("ask",), ())


def test_it_is_kept_for_all_values_of_data_together() -> None:
    machine = Machine("writer")
    machine.shared("done", Bool, "written", cell=DESK)
    machine.shared("data", Data, "what was written", cell=DESK, initial=ANY)

    @machine.action(by=HOST_PORT, fair=STRONG)
    def write(s: State, data: Data) -> None:
        """Something is written."""
        when(~s.done)
        s.data = data
        s.done = True

    @machine.action(by=HOST_PORT, fair=WEAK)
    def forget(s: State) -> None:
        """It is to be written again."""
        when(s.done)
        s.done = False

    machine.check(
        leads_to("second", "both values", trigger=lambda s: ~s.done, reaches=lambda s: s.done),
    )
    assert len(promises_of(machine, 1)) == 2
    assert judged(machine).traces == {}


# -- data ----------------------------------------------------------------------------------------------


def swapper(compares: bool) -> Machine:
    """Two cells change places for ever."""
    machine = Machine("swapper")
    for name in ("left", "right"):
        machine.memory(name, Data, name, cell=memory(HOST_PORT), initial=ANY)
    machine.memory("turned", Bool, "the places are changed", cell=memory(HOST_PORT))
    machine.memory("never", Bool, "stays as it is", cell=memory(HOST_PORT))
    machine.initially(lambda s: s.left != s.right)

    @machine.action(by=HOST_PORT, fair=WEAK)
    def swap(s: State) -> None:
        """Both change places."""
        when(~s.turned)
        s.turned = True
        left = s.left
        s.left = s.right
        s.right = left

    @machine.action(by=HOST_PORT, fair=WEAK)
    def rest(s: State) -> None:
        """Nothing changes places."""
        when(s.turned)
        s.turned = False

    def goal(s: State) -> object:
        return (s.left == s.right) if compares else s.never

    machine.check(leads_to("rest", "rest", trigger=lambda s: ~s.turned, reaches=goal))
    return machine


def test_a_lasso_of_the_control_is_repeated_until_the_data_is_what_it_was() -> None:
    trace = lasso_of(swapper(compares=False), "rest")
    assert shape(trace) == ((), ("swap", "rest") * 2)
    assert trace.initial == trace.last != trace.steps[1].after


def test_what_compares_data_is_judged_with_data() -> None:
    on_control, on_data = judged(swapper(compares=False)), judged(swapper(compares=True))
    assert (on_control.states, on_data.states) == ({"rest": 2}, {"rest": 4})
    assert on_data.traces["rest"].loop == 0


def test_a_fair_step_that_changes_data_alone_is_judged_with_data() -> None:
    machine = Machine("painter")
    machine.shared("wall", Data, "its colour", cell=DESK, initial=ANY)
    machine.shared("waiting", Bool, "for another colour", cell=DESK, initial=True)
    machine.shared("served", Bool, "never", cell=DESK)

    @machine.action(by=HOST_PORT, fair=WEAK)
    def paint(s: State, colour: Data) -> None:
        """The wall is painted."""
        s.wall = colour

    machine.check(SERVED)
    found = judged(machine)
    assert found.states == {"served": 2}
    assert shape(found.traces["served"]) == ((), ("paint", "paint"))


@pytest.mark.slow
@pytest.mark.parametrize("design", ["prior-art-wait", "second-embodiment-closed+post_split_table=same"])
def test_runs_with_data_and_runs_of_the_control_agree(design: str) -> None:
    machine = load_machine(design)
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    lengths = []
    for data_values in (1, 2):
        oracle = Oracle(machine, 1, asked, data_values=data_values)
        graph = RunGraph(oracle, oracle.explore())
        found = {item.id: find_lasso(graph, item) for item in asked}
        lengths.append({name: lasso.length for name, lasso in found.items() if lasso is not None})
    assert lengths[0] == lengths[1] != {}
    assert is_about_control(machine, asked)


# -- limits, vacuity, folding --------------------------------------------------------------------------


def test_a_limit_leaves_it_undecided() -> None:
    machine = counter(WEAK, toggle=True)
    result = check(machine, 1, options=Options(limits=Limits(max_states=2)))
    assert result.properties[0].verdict == Unknown("2 states, while looking at all runs")
    assert result.exit_code == ExitCode.UNKNOWN


def test_a_trigger_that_never_occurs_is_vacuous() -> None:
    machine = counter(WEAK, toggle=True)
    machine.actions = [action for action in machine.actions if action.name != "come"]
    result = check(machine, 1)
    assert result.properties[0].verdict == Holds(run_states=2)
    assert result.vacuous == ("served",)


def test_runs_are_not_judged_on_a_folded_or_an_unfinished_search() -> None:
    machine = counter(WEAK, toggle=True)
    folding = Oracle(machine, 1, folded=True)
    with pytest.raises(ValueError, match="search without folding"):
        RunGraph(folding, folding.explore())
    oracle = Oracle(machine, 1)
    with pytest.raises(ValueError, match="after a complete one"):
        RunGraph(oracle, oracle.explore(Limits(max_states=2)))


# -- what is refused in replay -------------------------------------------------------------------------


def steps_of(machine: Machine, *names: str) -> list[Step]:
    actions = {action.name: action for action in machine.actions}
    return [Step(actions[name], ()) for name in names]


@pytest.mark.parametrize(
    ("fair", "steps", "loop", "offence"),
    [
        (
            STRONG,
            ("come", "shut", "open_"),
            1,
            r"not fair: disk 508 serve_\(\) can be taken again and again, and never",
        ),
        (WEAK, ("come",), 1, r"not fair: disk 508 serve_\(\) can be taken all the time, and never"),
        (WEAK, ("come", "shut"), 2, r"not fair: host I/O 501 open_\(\) can be taken all the time"),
        (WEAK, ("come", "shut", "open_"), 0, "do not come back"),
        (WEAK, ("come", "shut", "open_"), 4, "from 4 on, in a trace of 3"),
        (WEAK, ("come", "shut", "open_"), None, "served is violated by no run of this form"),
        (WEAK, ("shut", "open_"), 0, "does not see served violated"),
        (WEAK, ("come", "serve_"), 2, "does not see served violated"),
    ],
)
def test_what_is_no_fair_violating_lasso_is_refused(
    fair: Fairness, steps: tuple[str, ...], loop: int | None, offence: str
) -> None:
    machine = counter(fair, toggle=True)
    initial = lasso_of(counter(WEAK, toggle=True), "served").initial
    with pytest.raises(ReplayError, match=offence):
        replay(machine, 1, initial, steps_of(machine, *steps), SERVED, loop)


def test_a_lasso_violates_no_other_kind_of_property() -> None:
    machine = counter(WEAK, toggle=True)
    trace = lasso_of(machine, "served")
    other = always("never", "nobody waits", holds=lambda s: ~s.waiting)
    with pytest.raises(ReplayError, match="never is violated by no run of this form, but by one that ends"):
        replay(machine, 1, trace.initial, steps_of(machine, *trace.actions), other, trace.loop)


# -- what is said --------------------------------------------------------------------------------------


def test_a_lasso_is_told_with_its_cycle_and_what_it_passes_over() -> None:
    result = check(counter(WEAK, toggle=True), 1)
    assert verdict_line(result, result.properties[0]) == (
        "VIOLATED  served                       (1 step, then 2 for ever, shortest, 1 block)"
    )
    assert list(story_lines(result.properties[0], "counter")) == [
        "VIOLATED  served  counter  1 block    1 step, then 2 for ever, shortest",
        "          who waits is served",
        "      1  host I/O 501  come()                                waiting: no -> yes",
        "         for ever: steps 2-3",
        "      2  host I/O 501  shut()                                door: open -> shut",
        "      3  host I/O 501  open_()                               door: shut -> open",
        "  passed over  disk 508 serve_(): it can be taken again and again, not always",
    ]


def test_a_run_that_ends_is_told_as_one() -> None:
    result = check(counter(None, toggle=False), 1)
    assert verdict_line(result, result.properties[0]) == (
        "VIOLATED  served                       (1 step, then nothing for ever, shortest, 1 block)"
    )
    assert list(story_lines(result.properties[0], "counter"))[3:] == [
        "         for ever: nothing; no step that is promised can be taken"
    ]


def test_a_pass_says_over_which_runs() -> None:
    result = check(counter(STRONG, toggle=True), 1)
    assert verdict_line(result, result.properties[0]) == (
        "HOLDS     served                       (every fair run, over 6 states, 1 block)"
    )


SAVED = "prior-art-wait"


def test_a_lasso_is_saved_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lasso.json"
    assert run(["check", SAVED, "--property", "split-is-reported", "--trace", str(file)]) == 1
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert (saved["loop"], len(saved["steps"])) == (12, 18)
    capsys.readouterr()
    assert run(["trace", str(file)]) == 0
    assert "for ever: steps 13-18" in capsys.readouterr().out
    for loop, offence in (
        (11, "do not come back"),
        (None, "no run of this form"),
        ("12", "accepted is a number of steps, or null"),
    ):
        file.write_text(json.dumps({**saved, "loop": loop}), encoding="utf-8")
        assert run(["trace", str(file)]) == 2
        assert offence in capsys.readouterr().err


# -- against the definition ----------------------------------------------------------------------------

Edge = tuple[int, int, int]
"""The action that takes it, the state before and the state after."""


def machine_of(
    fair: tuple[Fairness | None, ...], edges: Iterable[Edge], sets: tuple[set[int], set[int]]
) -> Machine:
    """A number that changes along the edges, each action leading from a state to one other at most."""
    machine = Machine("graph")
    machine.memory("n", Int(0, 3), "where it is", cell=memory(HOST_PORT))
    for number, fairness in enumerate(fair):
        pairs = [(before, after) for action, before, after in edges if action == number]
        if pairs:
            machine.action(by=HOST_PORT, fair=fairness)(_along(number, pairs))
    starts, goals = sets
    machine.check(
        leads_to(
            "arrives",
            "it comes to a goal",
            trigger=lambda s: s.n.isin(*sorted(starts)),
            reaches=lambda s: s.n.isin(*sorted(goals)),
        )
    )
    return machine


def _along(number: int, pairs: list[tuple[int, int]]) -> Callable[[State], None]:
    def move(s: State) -> None:
        """It moves."""
        when(s.n.isin(*(before for before, _ in pairs)))
        after: object = pairs[0][1]
        for before, target in pairs[1:]:
            after = ite(s.n == before, target, after)
        s.n = after

    move.__name__ = f"move_{number}"
    return move


def fair_cycles(
    fair: tuple[Fairness | None, ...], edges: set[Edge], inside: set[int]
) -> tuple[set[int], Callable[[tuple[Edge, ...], set[int]], bool]]:
    """The states that fair runs inside can visit for ever, by trying all sets of edges; and what fair means."""
    due = {state: {edge[0] for edge in edges if edge[1] == state} for state in range(4)}

    def is_fair(taken: tuple[Edge, ...], visited: set[int]) -> bool:
        kept = {edge[0] for edge in taken}
        for action, fairness in enumerate(fair):
            where = [action in due[state] for state in visited]
            if action not in kept and (
                (fairness is WEAK and all(where)) or (fairness is STRONG and any(where))
            ):
                return False
        return True

    found = {state for state in inside if is_fair((), {state})}
    within = sorted(edge for edge in edges if {edge[1], edge[2]} <= inside)
    for size in range(1, len(within) + 1):
        for taken in itertools.combinations(within, size):
            visited = {edge[1] for edge in taken}
            if visited == {edge[2] for edge in taken} and is_fair(taken, visited) and _connected(taken):
                found |= visited
    return found, is_fair


def _connected(taken: tuple[Edge, ...]) -> bool:
    """Whether every state of the edges can be reached from every other along them."""
    states = {edge[1] for edge in taken}
    for start in states:
        reached, waiting = {start}, [start]
        while waiting:
            state = waiting.pop()
            for _, before, after in taken:
                if before == state and after not in reached:
                    reached.add(after)
                    waiting.append(after)
        if reached != states:
            return False
    return True


def depths(edges: set[Edge], starts: dict[int, int], inside: set[int]) -> dict[int, int]:
    """The least steps to each state, from starts that take some already."""
    found: dict[int, int] = {}
    for depth in range(12):
        level = {state for state, at in starts.items() if at == depth}
        level |= {after for _, before, after in edges if found.get(before) == depth - 1 and after in inside}
        found |= {state: depth for state in level if state not in found}
    return found


@st.composite
def graphs(draw: st.DrawFn) -> tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]]:
    """Four actions on 0 (where it begins), 1, 2 and 3 (the goal), which few steps lead to."""
    fair = draw(st.tuples(*[st.sampled_from([WEAK, STRONG, None])] * 4))
    edges = set()
    for action in range(4):
        targets = draw(st.lists(st.sampled_from([1, 0, 2, None, 1, 0, 2, 3]), min_size=4, max_size=4))
        edges |= {(action, n, after) for n, after in enumerate(targets) if after is not None and after != n}
    assume(edges)
    starts = draw(st.sets(st.sampled_from(range(4)), min_size=1))
    return fair, edges, (starts, {3})


@settings(max_examples=150)
@given(graphs())
def test_lassos_are_those_of_the_definition_and_as_short(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]],
) -> None:
    fair, edges, (starts, goals) = drawn
    machine = machine_of(fair, edges, (starts, goals))
    inside = set(range(4)) - goals
    reachable = depths(edges, {0: 0}, set(range(4)))
    waiting = depths(edges, {n: reachable[n] for n in starts & inside & set(reachable)}, inside)
    for_ever, is_fair = fair_cycles(fair, edges, inside)
    entries = {state: depth for state, depth in waiting.items() if state in for_ever}
    trace = judged(machine).traces.get("arrives")
    assert (trace is None) == (not entries)
    if trace is None:
        return
    assert trace.loop == min(entries.values())
    best = {state for state, depth in entries.items() if depth == trace.loop}
    assert trace.states[trace.loop][0] in best
    length = len(trace.steps) - trace.loop
    for shorter in range(min(length, 6)):
        for start in best:
            assert not any(
                is_fair(walk, {start, *(e[2] for e in walk)})
                for walk in closed(edges, inside, start, shorter)
            )


def closed(edges: set[Edge], inside: set[int], start: int, length: int) -> list[tuple[Edge, ...]]:
    """Every walk of so many steps from the state back to it."""
    walks: list[tuple[Edge, ...]] = [()]
    for _ in range(length):
        walks = [
            (*walk, edge)
            for walk in walks
            for edge in edges
            if edge[1] == (walk[-1][2] if walk else start) and edge[2] in inside
        ]
    return [walk for walk in walks if not walk or walk[-1][2] == start]


@settings(max_examples=60)
@given(machines(), st.data())
def test_random_machines_have_the_same_runs_with_data_and_without(
    machine: Machine, data: st.DataObject
) -> None:
    fairness = st.sampled_from([None, WEAK, STRONG])
    machine.actions = [replace(action, fairness=data.draw(fairness)) for action in machine.actions]
    for item in list(machine.properties.values()):
        if item.kind is Kind.ALWAYS:
            machine.check(replace(item, id=f"{item.id}-later", kind=Kind.LEADS_TO))
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    found = judged(machine)  # lassos are replayed, and unfair ones refused
    oracle = Oracle(machine, 1, asked)
    graph = RunGraph(oracle, oracle.explore())
    for item in asked:
        lasso = find_lasso(graph, item)
        assert (lasso is not None) == (item.id in found.traces)
        if lasso is not None:
            loop = found.traces[item.id].loop
            assert loop is not None
            assert len(lasso.stem) <= loop


@settings(max_examples=60)
@given(graphs())
def test_a_cycle_that_is_walked_from_promise_to_promise_is_fair_too(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]],
) -> None:
    """What is done where the search for the shortest grows too large; the replay refuses unfair cycles."""
    machine = machine_of(*drawn)
    shortest = judged(machine).traces.get("arrives")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lassos, "CYCLE_PLACES_MAX", 0)
        walked = judged(machine).traces.get("arrives")
    assert (walked is None) == (shortest is None)
    if walked is not None and shortest is not None:
        assert walked.loop == shortest.loop
        assert len(walked.steps) >= len(shortest.steps)


def test_a_component_without_its_unfair_states_is_taken_apart_again() -> None:
    """0 <-> 1 <-> 2, and at 2 a strong promise can be kept only by leaving: what stays fair is 0 <-> 1."""
    edges = {(0, 0, 1), (1, 1, 0), (0, 1, 2), (1, 2, 1), (2, 2, 3)}
    machine = machine_of((None, None, STRONG), edges, ({0}, {3}))
    oracle = Oracle(machine, 1, data_values=1)
    graph = RunGraph(oracle, oracle.explore())
    assert [oracle.packing.unpack(state) for state in graph.states] == [(0,), (1,), (2,), (3,)]
    assert [set(part) for part in fair_components(graph, range(3))] == [{0, 1}]
    assert [set(part) for part in fair_components(graph, range(4))] == [{3}, {0, 1}]


# -- the catalogue -------------------------------------------------------------------------------------


def weakened(design: str, *kept: str) -> Machine:
    """The design with weak fairness wherever it has strong, but for the actions named."""
    machine = load_machine(design)
    machine.actions = [
        replace(action, fairness=WEAK) if action.fairness is STRONG and action.name not in kept else action
        for action in machine.actions
    ]
    return machine


def violated(machine: Machine) -> dict[str, tuple[int, int]]:
    """The steps of stem and cycle of each violation."""
    found = {}
    for name, trace in judged(machine).traces.items():
        assert trace.loop is not None
        found[name] = (trace.loop, len(trace.steps) - trace.loop)
    return found


@pytest.mark.parametrize(
    ("design", "needed", "without"),
    [
        ("second-embodiment-closed", ("complete_split",), {"split-completes": (33, 6)}),
        (
            "second-embodiment-two-slots",
            ("complete_split", "take_slot"),
            {"split-completes": (33, 6), "write-reaches-source": (3, 6)},
        ),
        (
            "first-embodiment-closed+device=disk",
            ("complete_split", "report_done"),
            {"split-completes": (29, 10), "backup-ends": (29, 4)},
        ),
    ],
)
def test_which_steps_must_be_strongly_fair(
    design: str, needed: tuple[str, ...], without: dict[str, tuple[int, int]]
) -> None:
    assert violated(load_machine(design)) == {}
    assert violated(weakened(design, *needed)) == {}
    assert violated(weakened(design)) == without
    for name in needed:
        assert violated(weakened(design, *(other for other in needed if other != name))) != {}


@pytest.mark.parametrize("backup", ["first", "second", "third"])
def test_one_table_for_both_sides_of_the_split_can_always_finish_and_may_never_do_so(backup: str) -> None:
    """G10: reachability cannot see it; strong fairness of everything that 508 does when it is free does not help."""
    machine = load_machine(f"{backup}-embodiment-closed+post_split_table=same")
    asked = [machine.properties[name] for name in ("split-can-complete", "split-completes")]
    can, does = (item.verdict for item in check(machine, 1, asked, Options(symbolic=False)).properties)
    assert can == Holds()
    assert isinstance(does, Violated)
    assert shape(does.trace)[1] == (
        "acknowledge",
        "accept_write",
        "claim_requested" if backup == "first" else "claim",
        "store",
        "read_source",
        "write_target",
        "release",
    )
    assert passed_over(does.trace) == []


class AnyStep(Promise):
    """That a processor takes a step, whichever, if it can take one: the fairness of a process."""

    def covers(self, step: Step) -> bool:
        return step.action.by == self.action.by and step.action.fairness is not None


def test_fairness_of_the_disk_worker_as_one_process_is_too_weak() -> None:
    machine = load_machine("second-embodiment-closed")
    by_action = promises_of(machine, 1)
    worker = [promise for promise in by_action if promise.action.by == VOLUME_WORKER]
    as_process = [promise for promise in by_action if promise not in worker] + [AnyStep(worker[0].action, ())]
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    oracle = Oracle(machine, 1, asked, data_values=1)
    exploration = oracle.explore()
    found = {}
    for promises in (by_action, as_process):
        graph = RunGraph(oracle, exploration, promises)
        lassos_of = {item.id: find_lasso(graph, item) for item in asked}
        found[len(promises)] = {name: lasso for name, lasso in lassos_of.items() if lasso is not None}
    assert found[len(by_action)] == {}
    starved = found[len(as_process)]["split-completes"]
    steps = [oracle.steps[index] for index, _ in starved.cycle]
    assert {step.action.name for step in steps if step.action.by == VOLUME_WORKER} == {
        "take_slot",
        "write_source",
        "finish_destage",
    }


def test_prior_art_that_waits_for_a_quiet_moment_may_wait_for_ever() -> None:
    """R04: even if 501 passes over no moment at which it could split, there may be none."""
    assert violated(load_machine("prior-art-wait")) == {"split-is-reported": (12, 6)}
    assert violated(weakened("prior-art-wait", "complete_split")) == {"split-is-reported": (10, 10)}


@pytest.mark.parametrize(
    "design",
    [
        "first-embodiment-closed",
        "third-embodiment-two-slots",
        "fourth-embodiment-stage-closed",
        "second-embodiment-host-polls-two-slots",
        "third-embodiment-closed+workers=2",
    ],
)
def test_closed_designs_get_everything_done(design: str) -> None:
    machine = load_machine(design)
    found = judged(machine)
    assert found.traces == {}
    assert found.triggered == {item.id for item in machine.properties.values() if item.kind is Kind.LEADS_TO}


@pytest.mark.slow
def test_a_second_command_to_split_keeps_the_client_paused_for_ever() -> None:
    """G39: as written, nobody refuses a split of a pair that is split; 502 waits, and so do 102 and 101."""
    machine = load_machine("fourth-embodiment-stage")
    trace = lasso_of(machine, "client-resumes")
    assert shape(trace)[1] == ()
    assert trace.actions[-2:] == ("accept_backup", "command_copy")
