"""What the counterexample page says: provenance, blame, the nearest passing run."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.blame import blame
from splitproof.checker.counterexamples.dataflow import DataFlow
from splitproof.checker.counterexamples.explorer import explored
from splitproof.checker.counterexamples.nearest import nearest_passing
from splitproof.checker.counterexamples.page import html_page
from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.verdicts import Violated
from splitproof.model import ANY, Bool, Cell, Data, Fairness, Machine, Processor, Record, field, memory, when
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.loading import load_machine
from splitproof.model.records import Block
from splitproof.model.state import State
from splitproof.model.types import DATA
from splitproof.spec.properties import Kind, Property, always, leads_to, possible
from splitproof.spec.vocabulary import PairState, StepKind
from tests.random_machines import assume_it_starts, machines

RACE = "third-embodiment-closed+staging=unlocked"
OLDER = "first-embodiment-closed+in_flight=invisible"
BLIND = "second-embodiment-closed+destage_clean=blind"


def counterexample(machine: Machine, property_id: str, blocks: int = 1) -> tuple[Trace, Property]:
    asked = machine.properties[property_id]
    verdict = check(machine, blocks, [asked], Options(symbolic=False)).properties[0].verdict
    assert isinstance(verdict, Violated)
    return verdict.trace, asked


@pytest.fixture(
    scope="module", params=[(RACE, "tape-is-image"), (OLDER, "tape-is-image"), (BLIND, "read-latest-write")]
)
def found(request: pytest.FixtureRequest) -> tuple[Trace, Property]:
    design, property_id = request.param
    return counterexample(load_machine(design), property_id)


@pytest.fixture(scope="module")
def race() -> tuple[Trace, Property]:
    return counterexample(load_machine(RACE), "tape-is-image")


def with_other_data(trace: Trace, index: int) -> Trace:
    """The same run, with the other data brought in at a step."""
    steps = [item.step for item in trace.steps]
    changed = [
        1 - value if parameter.type is DATA else value
        for parameter, value in zip(steps[index].action.parameters, steps[index].arguments, strict=True)
    ]
    steps[index] = Step(steps[index].action, tuple(changed))
    return replay(trace.machine, trace.blocks, trace.initial, steps)


def test_a_version_is_where_a_change_of_its_data_shows(found: tuple[Trace, Property]) -> None:
    """Provenance against its meaning: had a step brought in other data, exactly its versions would be other data."""
    trace, _ = found
    flow = DataFlow(trace)
    sources = [index for index in range(len(trace.steps)) if flow.brings_in(index)]
    assert sources
    for index in sources:
        other = with_other_data(trace, index)
        for state, (one, two) in enumerate(zip(trace.states, other.states, strict=True)):
            differs = {slot for slot in range(len(one)) if one[slot] != two[slot]}
            held = {slot for slot, version in flow.versions[state].items() if version.step == index}
            assert differs == held, f"step {index}, state {state}"


def test_what_a_step_writes_accounts_for_every_change(found: tuple[Trace, Property]) -> None:
    trace, _ = found
    flow = DataFlow(trace)
    for index, item in enumerate(flow.steps):
        changed = {slot.position for slot, _, _ in trace.changes(index)}
        assert changed <= {write.slot for write in item.writes}
        assert all(flow.writers[index + 1][write.slot] == index for write in item.writes)


def test_a_slice_ends_at_the_last_writer_and_has_every_step_that_moved_the_data(
    found: tuple[Trace, Property],
) -> None:
    trace, _ = found
    flow = DataFlow(trace)
    last = len(trace.steps)
    for slot in range(len(flow.slots)):
        chain = flow.slice_of(slot, last)
        writer = flow.writer(slot, last)
        assert (writer is None) == (chain == [])
        if writer is not None:
            assert max(chain) == writer
        if flow.is_data(slot):
            assert {step for step, _, _ in flow.hops(slot, last)} <= set(chain)


def test_the_staging_race_is_blamed_on_the_check_and_on_what_made_it_stale(
    race: tuple[Trace, Property],
) -> None:
    trace, asked = race
    flow = DataFlow(trace)
    result = blame(flow, asked)
    names = [flow.slots[slot].name for slot in (*result.wrong, result.wanted or 0)]
    assert names == ["tape.data[0]", "image[0]"]
    assert result.clause == "tape.data[b] == image[b]"
    assert result.check is not None
    guilty = (result.check.step, result.check.changed_by, result.maker, result.reader)
    assert [trace.actions[step] for step in guilty if step is not None] == [
        "check_block",
        "release",
        "write_source",
        "read_source_into_staging",
    ]
    assert result.pair == (33, 34)
    assert flow.versions[-1][result.wrong[0]].name == "w2"
    assert result.sentence == (
        "Block 0: tape 503 checked 'in flight' in the row of the cache 507 at step 34, disk 508 changed it at step 35 "
        "(yes -> no), and tape 503 still read w2 from the source volume 601 at step 38, which disk 508 had overwritten "
        "at step 37. The tape record 303 holds w2; the image is w1."
    )


def test_an_older_version_is_blamed_on_who_read_it_and_on_who_had_stored_a_newer_one() -> None:
    trace, asked = counterexample(load_machine(OLDER), "tape-is-image")
    result = blame(DataFlow(trace), asked)
    assert result.reader is not None
    assert result.maker is not None
    assert trace.actions[result.reader] == "read_target"
    assert trace.actions[result.maker] == "store"
    assert result.pair == (result.maker, result.reader)
    assert result.check is None


def test_a_write_that_is_gone_is_blamed_on_who_lost_it() -> None:
    trace, asked = counterexample(load_machine(BLIND), "read-latest-write")
    result = blame(DataFlow(trace), asked)
    assert result.lost_by is not None
    assert trace.actions[result.lost_by] == "finish_destage"
    assert result.lost_by == len(trace.steps) - 1
    assert result.pair == (result.maker, result.lost_by)
    assert "with it was lost w2" in result.sentence


def test_the_nearest_passing_run_of_a_race_is_its_own_steps_in_another_order(
    race: tuple[Trace, Property],
) -> None:
    trace, asked = race
    passing = nearest_passing(trace, asked)
    assert passing is not None
    assert (passing.shared, passing.reordered) == (36, True)
    assert passing.trace.actions[36:] == ("read_source_into_staging", "write_tape", "write_source")
    assert passing.trace.actions[:36] == trace.actions[:36]
    interpreter = Interpreter(trace.machine, trace.blocks)
    traced = interpreter.traced(asked)
    assert all(interpreter.holds(traced, state) for state in passing.trace.states)
    assert bool(interpreter.value(traced.trigger, passing.trace.last, {"b": 0})), "it has something to judge"


def test_a_search_without_room_finds_nothing(race: tuple[Trace, Property]) -> None:
    assert nearest_passing(*race, states_max=1) is None


def test_the_object_of_a_page_says_where_things_went_wrong(race: tuple[Trace, Property]) -> None:
    trace, asked = race
    page = explored(trace, asked, RACE)
    assert page["ticks"] == {"split": [21], "divergence": 37, "violation": 39}
    assert page["opens"] == 37
    assert page["pair"] == [33, 34]
    assert page["ends"] == [["tape.data[0]", "b", "w2"], ["image[0]", "a", "w1"]]
    assert page["passing"]["ends"] == [["tape.data[0]", "a", "w1"], ["image[0]", "a", "w1"]]
    assert [lane["name"] for lane in page["lanes"]] == [
        "client 101",
        "server 102",
        "host I/O 501",
        "command 502",
        "tape 503",
        "disk 508",
        "tape record 303",
    ]
    messages = {(a + 1, b + 1) for a, b, kind, _ in page["arrows"] if kind == "message"}
    assert messages == {(15, 16), (17, 18), (23, 24), (25, 26), (27, 28), (30, 31)}
    assert [38, 38, "store", 6] in page["arrows"]
    assert all(not step["core"] for step in page["steps"][22:33]), "messages are no part of the chain"
    json.dumps(page)


# -- a small design of one's own


HOST, DISK = Processor("host"), Processor("disk")


def shelf(*properties: Property) -> Machine:
    """A host puts something into a box; a disk worker that has looked takes what it finds there."""

    class Box(Record):
        full = field(Bool, "there is something")
        data = field(Data, "what it is", while_=lambda r: r.full)

    machine = Machine("shelf")
    machine.shared("box", Box, "box b", cell=Cell("box", per_block=True), per_block=True)
    machine.memory("looked", Bool, "the worker has looked", cell=memory(DISK))
    machine.shared("shelf", Data, "shelf b", cell=Cell("shelf", per_block=True), per_block=True, initial=ANY)

    @machine.action(by=HOST, kind=StepKind.HOST_IO)
    def put(s: State, b: Block, data: Data) -> None:
        """The host fills the box."""
        s.box[b] = Box(full=True, data=data)

    @machine.action(by=DISK, fair=Fairness.WEAK)
    def look(s: State) -> None:
        """The worker looks."""
        when(~s.looked)
        s.looked = True

    @machine.action(by=DISK)
    def turn(s: State) -> None:
        """The worker forgets what it saw."""
        when(s.looked)
        s.looked = False

    machine.check(*properties)
    return machine


def test_a_lasso_is_marked_and_what_would_end_it_is_shown() -> None:
    ends = leads_to(
        "ends",
        "a full box is emptied",
        trigger=lambda s, b: s.box[b].full,
        reaches=lambda s, b: ~s.box[b].full,
    )
    trace, asked = counterexample(shelf(ends), "ends")
    page = explored(trace, asked, "shelf.py:shelf")
    assert page["loop"] == trace.loop
    assert page["opens"] == trace.loop
    assert page["passing"] is None, "nothing empties a box"
    assert "which breaks the property: a full box is emptied" in page["sentence"]
    text = html_page(trace, asked, "shelf.py:shelf")
    assert "No run near this one passes" in text


def test_among_two_blocks_the_one_that_fails_is_named_and_the_others_are_unrelated() -> None:
    empty = always("empty", "box 1 and its like stay empty", holds=lambda s, b: ~s.box[b].full)
    machine = shelf(empty)
    steps = {str(step): step for step in Interpreter(machine, 2).steps()}
    start = next(iter(Interpreter(machine, 2).initial_states()))
    trace = replay(machine, 2, start, [steps["disk look()"], steps["host put(1, 0)"]], empty)
    page = explored(trace, empty, "shelf.py:shelf")
    assert page["block"] == 1
    assert [step["touches"] for step in page["steps"]] == [False, True]
    assert [step["core"] for step in page["steps"]] == [False, True]
    assert [page["slots"][slot][0] for slot in page["wrong"]] == []
    assert page["clause"] == "~box.full[b]"


def test_what_can_no_more_be_reached_is_shown_with_a_run_that_reaches_it() -> None:
    turns = possible(
        "turns",
        "the worker can turn",
        trigger=lambda s: s.looked,
        reaches=lambda s: ~s.looked,
        without=(StepKind.OTHER,),
    )
    trace, asked = counterexample(shelf(turns), "turns")
    assert trace.actions == ("look",)
    page = explored(trace, asked, "shelf.py:shelf")
    assert page["sentence"] == (
        "Disk took look at step 1. From there on no run comes to what must stay possible."
    )


def test_a_page_of_two_hundred_steps_is_smaller_than_200_kilobytes() -> None:
    simplex = always("simplex", "there is no pair", holds=lambda s: s.pair.source_view == PairState.SIMPLEX)
    machine = load_machine(RACE)
    interpreter, chosen = Interpreter(machine, 2), random.Random(7)
    start = next(iter(interpreter.initial_states()))
    state = start
    steps: list[Step] = []
    while len(steps) < 200:
        steps.append(chosen.choice(list(interpreter.enabled(state))))
        state = interpreter.take(state, steps[-1])
    trace = replay(machine, 2, start, steps, simplex)
    text = html_page(trace, simplex, RACE)
    assert text.count("<tr><td>") + text.count('<tr class="guilty"><td>') == 200
    assert len(text.encode()) < 200_000


def test_a_property_that_compares_no_data_names_the_cells_that_it_looks_at() -> None:
    machine = shelf(always("awake", "the worker never looks", holds=lambda s: ~s.looked))
    trace, asked = counterexample(machine, "awake")
    page = explored(trace, asked, "x")
    assert page["wanted"] is None
    assert [page["slots"][slot][0] for slot in page["wrong"]] == ["looked"]
    assert page["sentence"] == "Disk took look at step 1."


def test_what_is_violated_from_the_start_has_a_page_without_steps() -> None:
    machine = shelf(always("looked", "the worker has looked", holds=lambda s: s.looked))
    trace, asked = counterexample(machine, "looked")
    page = explored(trace, asked, "shelf.py:shelf")
    assert page["steps"] == []
    assert page["ticks"] == {"split": [], "divergence": 0, "violation": 0}
    assert page["sentence"] == "It is so from the start."
    assert "0 steps" in html_page(trace, asked, "shelf.py:shelf")


def test_a_step_that_ends_without_the_newer_data_is_blamed_and_a_run_passes_only_with_the_right_data(
    tmp_path: Path,
) -> None:
    """The tutorial's design: a write between reading and clearing. Equal data by chance is no passing run."""
    trace, asked = counterexample(load_machine(f"{tutorial(tmp_path)}:late"), "replica-follows")
    result = blame(DataFlow(trace), asked)
    assert result.ended_by == len(trace.steps) - 1
    assert result.maker is not None
    assert (trace.actions[result.maker], trace.actions[result.ended_by]) == ("write", "finish")
    assert result.pair == (result.maker, result.ended_by)
    passing = nearest_passing(trace, asked)
    assert passing is not None
    assert passing.reordered
    assert passing.trace.actions == ("write", "claim", "read", "write_replica", "finish", "write")


def tutorial(folder: Path) -> Path:
    page = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    file = folder / "mirror.py"
    file.write_text("".join(blocks), encoding="utf-8")
    return file


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    machine=machines(),
    blocks=st.integers(1, 2),
    picks=st.lists(st.integers(0, 1000), min_size=1, max_size=10),
)
def test_on_random_machines_provenance_is_what_it_means_and_every_violation_has_a_page(
    machine: Machine, blocks: int, picks: list[int]
) -> None:
    assume_it_starts(machine, blocks)
    interpreter = Interpreter(machine, blocks)
    start = next(iter(interpreter.initial_states()))
    state = start
    steps: list[Step] = []
    for pick in picks:
        enabled = list(interpreter.enabled(state))
        if not enabled:
            break
        steps.append(enabled[pick % len(enabled)])
        state = interpreter.take(state, steps[-1])
    trace = replay(machine, blocks, start, steps)
    flow = DataFlow(trace)
    controlled = {slot.position for slot in flow.slots if not slot.leaf.is_ghost}  # a ghost may compare data
    for index in range(len(steps)):
        assert {slot.position for slot, _, _ in trace.changes(index)} <= {
            w.slot for w in flow.steps[index].writes
        }
        if flow.brings_in(index):
            other = with_other_data(trace, index)
            for number, (one, two) in enumerate(zip(trace.states, other.states, strict=True)):
                differs = {slot for slot in controlled if one[slot] != two[slot]}
                versions = flow.versions[number].items()
                assert differs == {slot for slot, version in versions if version.step == index} & controlled
    for item in machine.properties.values():
        if item.kind is Kind.ALWAYS and not interpreter.holds(interpreter.traced(item), trace.last):
            page = explored(trace, item, "random.py:machine")
            assert page["sentence"]
            assert html_page(trace, item, "random.py:machine") == html_page(trace, item, "random.py:machine")
