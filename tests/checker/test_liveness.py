"""`leads to`: what fairness promises, the shortest lasso of a violation, and what the interpreter refuses."""

import enum
import json
from dataclasses import replace
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.traces import ReplayError, passed_over, replay
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.fairness.run_graph import RunGraph
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.texts import story_lines, verdict_line
from splitproof.checker.verdicts import Holds, Unknown
from splitproof.model.cells import Cell, memory
from splitproof.model.declarations import Fairness
from splitproof.model.fairness import promises_of
from splitproof.model.interpreter import Step
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data
from splitproof.model.state import State, when
from splitproof.spec.properties import always, leads_to
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER
from tests.fair_runs import judged, lasso_of, shape

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
