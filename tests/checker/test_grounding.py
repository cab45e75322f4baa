"""Grounding: which steps there are, in which order, and what their guards and effects have become."""

import enum
from collections.abc import Callable
from typing import Any

import pytest

from splitproof.checker.ground.grounding import Grounding, GroundStep
from splitproof.model.cells import Cell, memory
from splitproof.model.errors import ModelError
from splitproof.model.expressions import FALSE, TRUE, ite, none
from splitproof.model.expressions import show as shown
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, BlockSet, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import always, possible, step
from splitproof.spec.vocabulary import VOLUME_WORKER, StepKind


class Phase(enum.Enum):
    IDLE = "idle"
    HOLDING = "holding"
    DONE = "done"


class Hand(Record):
    phase = field(Phase, "what it is at")
    block = field(Block, "which block", while_=lambda r: r.phase != Phase.IDLE)
    data = field(Data, "what it holds", while_=lambda r: r.phase == Phase.HOLDING)


class Row(Record):
    marked = field(Bool, "to be copied")
    data = field(Data, "contents", initial=ANY)


ROWS = Cell("rows")
"""One cell for all blocks, so that a step may look at all of them."""


def machine() -> Machine:
    """A worker that takes the contents of a marked row, and puts them back."""
    made = Machine("copier")
    made.memory("hand", Hand, "the worker's", cell=memory(VOLUME_WORKER))
    made.memory("count", Int(0, 2), "how often", cell=memory(VOLUME_WORKER))
    made.shared("row", Row, "one for each block", cell=ROWS, per_block=True)

    @made.action(by=VOLUME_WORKER)
    def take(s: State, b: Block) -> None:
        """It takes a marked row."""
        when(s.hand.phase == Phase.IDLE)
        when(s.row[b].marked)
        s.hand.phase = Phase.HOLDING
        s.hand.block = b
        s.hand.data = s.row[b].data

    @made.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def put(s: State) -> None:
        """It puts them back."""
        when(s.hand.phase == Phase.HOLDING)
        s.row[s.hand.block].data = s.hand.data
        s.row[s.hand.block].marked = False
        s.hand.phase = Phase.DONE

    @made.action(by=VOLUME_WORKER)
    def rest(s: State, chosen: BlockSet) -> None:
        """It rests, and marks some rows."""
        when(s.hand.phase == Phase.DONE)
        when(s.count < 2)
        when(none(lambda b: s.row[b].marked & chosen[b]))
        s.count = s.count + 1
        s.row.marked.each(lambda b: s.row[b].marked | chosen[b])
        s.hand.phase = Phase.IDLE

    return made


def grounded(step: GroundStep) -> tuple[str, dict[str, str]]:
    return shown(step.guard), {name: shown(value) for name, value in step.updates.items()}


def steps_of(blocks: int, action: str) -> list[GroundStep]:
    return [step for step in Grounding(machine(), blocks).steps if step.action.name == action]


def test_steps_are_numbered_in_the_order_of_actions_parameters_and_references() -> None:
    steps = Grounding(machine(), blocks=2).steps
    assert [step.index for step in steps] == list(range(8))
    assert [(step.action.name, step.arguments, step.split) for step in steps] == [
        ("take", (0,), ()),
        ("take", (1,), ()),
        ("put", (), (("hand.block", 0),)),
        ("put", (), (("hand.block", 1),)),
        ("rest", (frozenset(),), ()),
        ("rest", (frozenset({0}),), ()),
        ("rest", (frozenset({1}),), ()),
        ("rest", (frozenset({0, 1}),), ()),
    ]


def test_a_parameter_becomes_a_slot() -> None:
    second = steps_of(2, "take")[1]
    assert grounded(second) == (
        "(hand.phase == IDLE) & row.marked[1]",
        {"hand.phase": "HOLDING", "hand.block": "1", "hand.data": "row.data[1]"},
    )


def test_a_reference_as_an_index_becomes_one_step_a_value_and_what_is_forgotten_is_written() -> None:
    first = steps_of(2, "put")[0]
    assert grounded(first) == (
        "(hand.block == 0) & (hand.phase == HOLDING)",
        {"row.data[0]": "hand.data", "row.marked[0]": "False", "hand.phase": "DONE", "hand.data": "0"},
    )


def test_with_one_block_a_reference_needs_no_case() -> None:
    (only,) = steps_of(1, "put")
    assert only.split == ()
    assert shown(only.guard) == "hand.phase == HOLDING"


def test_a_quantifier_and_a_set_parameter_leave_only_slots() -> None:
    empty, first, _, both = steps_of(2, "rest")
    assert shown(empty.guard) == "(hand.phase == DONE) & ~(count == 2)"
    assert shown(first.guard) == "(hand.phase == DONE) & ~(count == 2) & ~row.marked[0]"
    # hand.block was still known; without its phase it means nothing
    assert grounded(both)[1] == {
        "count": "count + 1",
        "row.marked[0]": "True",
        "row.marked[1]": "True",
        "hand.phase": "IDLE",
        "hand.block": "0",
    }


def declared(body: Callable[[State], None]) -> Grounding:
    """A machine with a flag, a number and a hand, and one action."""
    made = Machine("one action")
    made.memory("flag", Bool, "a flag", cell=memory(VOLUME_WORKER))
    made.memory("count", Int(0, 2), "a number", cell=memory(VOLUME_WORKER))
    made.memory("hand", Hand, "the worker's", cell=memory(VOLUME_WORKER))
    made.memory(
        "late", Bool, "when done", cell=memory(VOLUME_WORKER), while_=lambda s: s.hand.phase == Phase.DONE
    )

    @made.action(by=VOLUME_WORKER)
    def act(s: State) -> None:
        """It acts."""
        body(s)

    return Grounding(made, blocks=2)


def test_a_step_that_no_state_allows_is_dropped() -> None:
    def act(s: Any) -> None:
        when(s.flag | (s.count == 1))
        when(~s.flag)
        when(s.count != 1)
        s.flag = True

    assert declared(act).steps == ()


def test_a_write_of_what_the_guard_says_is_no_update() -> None:
    def act(s: Any) -> None:
        when(s.flag)
        s.flag = True
        s.count = ite(s.flag, s.count, 0)

    assert declared(act).steps[0].updates == {}


def test_a_condition_that_the_step_leaves_open_becomes_a_choice() -> None:
    def act(s: Any) -> None:
        s.hand.phase = ite(s.flag, Phase.HOLDING, Phase.IDLE)

    (step_,) = declared(act).steps
    assert {name: shown(value) for name, value in step_.updates.items()} == {
        "hand.phase": "ite(flag, HOLDING, IDLE)",
        "hand.block": "ite(flag, hand.block, 0)",
        "hand.data": "ite(flag, hand.data, 0)",
        "late": "False",
    }


def test_that_a_variable_means_something_is_known_from_its_value() -> None:
    """`late` is true only while the hand is done; elsewhere it would have been forgotten."""

    def act(s: Any) -> None:
        when(s.late)
        s.flag = s.hand.phase == Phase.DONE
        s.count = ite(s.hand.phase == Phase.IDLE, 1, 2)

    (step_,) = declared(act).steps
    assert {name: shown(value) for name, value in step_.updates.items()} == {"flag": "True", "count": "2"}


MARKED = always("marked", "-", holds=lambda s, b: s.row[b].marked, trigger=lambda s, b: s.count == 1)
KEPT = step("kept", "-", holds=lambda before, after, b: before.row[b].data == after.row[b].data)
COUNTED = step(
    "counted",
    "-",
    trigger=lambda before, after: before.count != after.count,
    holds=lambda before, after: (before.count == after.count) | (after.count <= 1),
)
POSSIBLE = possible("possible", "-", trigger=lambda s: s.count == 0, reaches=lambda s: s.count == 2)


def test_a_property_of_each_block_is_the_conjunction_of_its_blocks() -> None:
    found = Grounding(machine(), blocks=2).property(MARKED)
    assert [shown(node) for node in found.conjuncts] == ["row.marked[0]", "row.marked[1]"]
    assert shown(found.holds) == "row.marked[0] & row.marked[1]"
    assert shown(found.trigger) == "count == 1"


def test_a_step_property_speaks_of_the_state_before_the_steps_that_can_violate_it() -> None:
    found = Grounding(machine(), blocks=2).property(KEPT)
    assert {index: shown(node) for index, node in found.steps.items()} == {
        2: "hand.data == row.data[0]",
        3: "hand.data == row.data[1]",
    }
    assert set(found.step_triggers) == set(range(8))


def test_arithmetic_and_triggers_of_a_step_property_use_the_guard() -> None:
    found = Grounding(machine(), blocks=1).property(COUNTED)
    assert {index: shown(node) for index, node in found.steps.items()} == {2: "count == 0", 3: "count == 0"}
    assert set(found.step_triggers) == {2, 3}
    assert all(node is TRUE for node in found.step_triggers.values())


def test_a_possible_property_has_a_trigger_and_a_goal() -> None:
    found = Grounding(machine(), blocks=1).property(POSSIBLE)
    assert (shown(found.trigger), shown(found.holds)) == ("count == 0", "count == 2")


def test_a_property_of_what_the_machine_lacks_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be asked of copier"):
        Grounding(machine(), blocks=1).property(always("x", "-", holds=lambda s: s.nothing_of_the_kind))


def test_an_expression_can_be_asked_for_any_block() -> None:
    grounding = Grounding(machine(), blocks=2)
    traced = grounding.property(MARKED).conjuncts
    condition = grounding.machine.while_of("hand.data")
    assert condition is not None
    assert shown(grounding.expression(condition)) == "hand.phase == HOLDING"
    assert grounding.terms.and_(traced[0], grounding.terms.not_(traced[0])) is FALSE
