"""The reference interpreter: exact results of small machines, worked out by hand."""

import enum
from typing import Any

import pytest

from splitproof.model import (
    ANY,
    Block,
    BlockSet,
    Bool,
    Cell,
    Data,
    Int,
    Interpreter,
    Machine,
    ModelError,
    Processor,
    Record,
    State,
    Step,
    field,
    memory,
    some,
    when,
)
from splitproof.model.layout import Layout, Valuation
from splitproof.spec.properties import always, step

DISK = Processor("disk")
OWN = memory(DISK)
TABLE = Cell("table")


class Phase(enum.Enum):
    IDLE = "idle"
    READ = "read"
    WRITTEN = "written"


class Hand(Record):
    phase = field(Phase, "an enum")
    block = field(Block, "a reference", while_=lambda r: r.phase != Phase.IDLE)
    data = field(Data, "data", while_=lambda r: r.phase == Phase.READ)


def copier() -> Machine:
    """A disk that copies one block after another."""
    machine = Machine("copier")
    machine.memory("hand", Hand, "what is in flight", cell=OWN)
    machine.memory("source", Data, "data", cell=OWN, per_block=True, initial=ANY)
    machine.memory("target", Data, "data", cell=OWN, per_block=True, initial=ANY)
    machine.memory("copied", Bool, "a bool", cell=OWN, per_block=True)

    @machine.action(by=DISK)
    def read(s: State, b: Block) -> None:
        """It reads a block."""
        when(s.hand.phase == Phase.IDLE)
        when(~s.copied[b])
        s.hand = Hand(phase=Phase.READ, block=b, data=s.source[b])

    @machine.action(by=DISK)
    def write(s: State) -> None:
        """It writes what it read."""
        when(s.hand.phase == Phase.READ)
        s.target[s.hand.block] = s.hand.data
        s.hand.phase = Phase.WRITTEN

    @machine.action(by=DISK)
    def finish(s: State) -> None:
        """It takes note of the block."""
        when(s.hand.phase == Phase.WRITTEN)
        s.copied[s.hand.block] = True
        s.hand.phase = Phase.IDLE

    @machine.action(by=DISK)
    def reset(s: State, chosen: BlockSet) -> None:
        """It forgets what it copied, and exchanges both volumes of the chosen blocks."""
        when(s.hand.phase == Phase.IDLE)
        s.copied.each(lambda b: s.copied[b] & ~chosen[b])
        s.source.each(lambda b: s.target[b])
        s.target.each(lambda b: s.source[b])

    return machine


def described(interpreter: Interpreter, state: Valuation) -> dict[str, Any]:
    return interpreter.layout.describe(state)


def state_of(interpreter: Interpreter, **values: Any) -> Valuation:
    """The state with these values, by slot name with `__` for brackets, and first values elsewhere."""
    named = {name.replace("__", "["): value for name, value in values.items()}
    return tuple(
        named.get(slot.name.rstrip("]").replace(".", "_"), interpreter.layout.default(slot))
        for slot in interpreter.layout.slots
    )


def taken(interpreter: Interpreter, state: Valuation, name: str, *arguments: Any) -> Valuation:
    (action,) = (action for action in interpreter.machine.actions if action.name == name)
    return interpreter.take(state, Step(action, arguments))


def test_slots_stand_in_the_order_of_declaration_globals_first() -> None:
    assert [slot.name for slot in Layout(copier(), 2).slots] == [
        "hand.phase",
        "hand.block",
        "hand.data",
        "source[0]",
        "target[0]",
        "copied[0]",
        "source[1]",
        "target[1]",
        "copied[1]",
    ]


@pytest.mark.parametrize(("blocks", "states"), [(1, 4), (2, 16), (3, 64)])
def test_any_initial_value_gives_every_combination(blocks: int, states: int) -> None:
    found = list(Interpreter(copier(), blocks).initial_states())
    assert len(found) == len(set(found)) == states


def test_a_constraint_on_initial_states() -> None:
    machine = copier()
    machine.initially(lambda s, b: s.source[b] == s.target[b])
    assert len(list(Interpreter(machine, 2).initial_states())) == 4
    machine.initially(lambda s: s.hand.phase != Phase.IDLE)
    with pytest.raises(ModelError, match="copier has no initial state"):
        list(Interpreter(machine, 2).initial_states())


def test_what_means_nothing_initially_is_counted_once() -> None:
    machine = Machine("design")
    machine.shared("on", Bool, "a bool", cell=TABLE)
    machine.shared("count", Int(1, 3), "a number", cell=TABLE, initial=ANY, while_=lambda s: s.on)
    assert list(Interpreter(machine, 1).initial_states()) == [(False, 1)]


def test_steps_are_every_action_with_every_argument() -> None:
    steps = [str(step) for step in Interpreter(copier(), 2).steps()]
    assert steps == [
        "disk read(0)",
        "disk read(1)",
        "disk write()",
        "disk finish()",
        "disk reset(frozenset())",
        "disk reset(frozenset({0}))",
        "disk reset(frozenset({1}))",
        "disk reset(frozenset({0, 1}))",
    ]


def test_enabled_are_the_steps_whose_clauses_all_hold() -> None:
    interpreter = Interpreter(copier(), 2)
    state = state_of(interpreter, copied__0=True)
    assert [str(step) for step in interpreter.enabled(state)][:2] == [
        "disk read(1)",
        "disk reset(frozenset())",
    ]
    reading = taken(interpreter, state, "read", 1)
    assert [str(step) for step in interpreter.enabled(reading)] == ["disk write()"]


def test_a_copy_step_by_step() -> None:
    interpreter = Interpreter(copier(), 2)
    state = state_of(interpreter, source__1=1)
    read = taken(interpreter, state, "read", 1)
    assert read == state_of(interpreter, source__1=1, hand_phase=Phase.READ, hand_block=1, hand_data=1)
    written = taken(interpreter, read, "write")
    assert written == state_of(interpreter, source__1=1, target__1=1, hand_phase=Phase.WRITTEN, hand_block=1)
    finished = taken(interpreter, written, "finish")
    assert finished == state_of(interpreter, source__1=1, target__1=1, copied__1=True)


def test_each_reads_the_state_before_the_step() -> None:
    interpreter = Interpreter(copier(), 2)
    state = state_of(interpreter, source__0=1, target__1=1, copied__0=True, copied__1=True)
    after = taken(interpreter, state, "reset", frozenset({0}))
    assert after == state_of(interpreter, target__0=1, source__1=1, copied__1=True)


def test_a_step_that_cannot_be_taken_is_refused_with_its_clause() -> None:
    interpreter = Interpreter(copier(), 2)
    state = state_of(interpreter, copied__0=True)
    clause = r"test_interpreter\.py:\d+: when\(~s\.copied\[b\]\)"
    with pytest.raises(ValueError, match=rf"^disk read\(0\) cannot be taken: {clause} does not hold$"):
        taken(interpreter, state, "read", 0)


def test_a_clause_of_several_lines_is_quoted_on_one() -> None:
    machine = Machine("design")
    machine.shared("on", Bool, "a bool", cell=TABLE)

    @machine.action(by=DISK)
    def act(s: State) -> None:
        """It acts."""
        when(
            s.on  # why
        )
        s.on = False

    assert machine.actions[0].clauses[0].text.startswith("when( s.on")


@pytest.mark.parametrize("argument", [2, -1, None, frozenset({0})])
def test_an_argument_that_is_no_value_is_refused(argument: object) -> None:
    interpreter = Interpreter(copier(), 2)
    with pytest.raises(ValueError, match=r"b is a Block, which has no value .* with 2 blocks$"):
        taken(interpreter, state_of(interpreter), "read", argument)


def test_too_few_arguments_are_refused() -> None:
    interpreter = Interpreter(copier(), 2)
    with pytest.raises(ValueError, match="argument"):
        taken(interpreter, state_of(interpreter), "read")


def test_no_blocks_are_refused() -> None:
    with pytest.raises(ModelError, match=r"^copier is grounded for 0 blocks; accepted is 1 or more$"):
        Interpreter(copier(), 0)


def test_forgetting_follows_chains_of_conditions_and_columns_of_a_record() -> None:
    class Work(Record):
        on = field(Bool, "a bool")
        at = field(Phase, "an enum per block", per_block=True, while_=lambda r: r.on)
        data = field(Data, "data per block", per_block=True, while_=lambda r: r.at == Phase.READ)

    machine = Machine("design")
    machine.memory("work", Work, "a record with columns", cell=OWN)

    @machine.action(by=DISK)
    def read(s: State, b: Block, data: Data) -> None:
        """It reads a block."""
        s.work.on = True
        s.work.at[b] = Phase.READ
        s.work.data[b] = data

    @machine.action(by=DISK)
    def end(s: State) -> None:
        """It ends."""
        s.work.on = False

    interpreter = Interpreter(machine, 2)
    (start,) = interpreter.initial_states()
    one = taken(interpreter, start, "read", 1, 1)
    assert one == state_of(interpreter, work_on=True, work_at__1=Phase.READ, work_data__1=1)
    assert taken(interpreter, one, "end") == start


def test_a_condition_of_a_record_holds_for_all_its_fields() -> None:
    class Row(Record):
        written = field(Bool, "a bool")
        data = field(Data, "data", while_=lambda r: r.written)

    machine = Machine("design")
    machine.shared("judged", Bool, "a bool", cell=TABLE, initial=True)
    machine.ghost("tape", Row, "records", per_block=True, while_=lambda s, b: s.judged)

    @machine.action(by=DISK)
    def write(s: State, b: Block, data: Data) -> None:
        """It writes a record."""
        s.tape[b] = Row(written=True, data=data)

    @machine.action(by=DISK)
    def end(s: State) -> None:
        """Nobody judges any more."""
        s.judged = False

    interpreter = Interpreter(machine, 1)
    (start,) = interpreter.initial_states()
    written = taken(interpreter, start, "write", 0, 1)
    assert written == (True, True, 1)
    assert taken(interpreter, written, "end") == (False, False, 0)
    assert taken(interpreter, (False, False, 0), "write", 0, 1) == (False, False, 0)


def test_properties_are_judged_in_a_state_and_over_a_step() -> None:
    machine = copier()
    copied = always(
        "copied", "what is copied is equal", holds=lambda s, b: ~s.copied[b] | (s.source[b] == s.target[b])
    )
    kept = step("kept", "nothing is uncopied", holds=lambda old, new, b: ~old.copied[b] | new.copied[b])
    machine.check(copied, kept)
    interpreter = Interpreter(machine, 2)
    good = state_of(interpreter, copied__0=True)
    bad = state_of(interpreter, copied__0=True, source__0=1)
    assert interpreter.holds(interpreter.traced(copied), good)
    assert not interpreter.holds(interpreter.traced(copied), bad)
    assert interpreter.holds(interpreter.traced(kept), state_of(interpreter), good)
    assert not interpreter.holds(interpreter.traced(kept), good, state_of(interpreter))
    with pytest.raises(ValueError, match="after the step is asked for in a state"):
        interpreter.holds(interpreter.traced(kept), good)


def test_every_reachable_state_of_the_copier() -> None:
    """One block has 4 contents of source and target. Uncopied and reading go with each of them, written and
    copied with the 2 in which both are equal.
    """
    interpreter = Interpreter(copier(), 1)
    seen = set(interpreter.initial_states())
    front = list(seen)
    while front:
        state = front.pop()
        for choice in interpreter.enabled(state):
            after = interpreter.take(state, choice)
            if after not in seen:
                seen.add(after)
                front.append(after)
    assert len(seen) == 4 + 4 + 2 + 2


def test_a_condition_over_all_blocks_sees_them_all_forgotten() -> None:
    """`y` of block 0 must not be judged by an `x` of block 1 that the same step makes meaningless."""
    owner = Processor("owner")
    machine = Machine("ordered")
    cell = memory(owner)
    machine.memory("p", Bool, "x means something", cell=cell, per_block=True, initial=True)
    machine.memory("x", Bool, "x", cell=cell, per_block=True, initial=True, while_=lambda s, b: s.p[b])
    machine.memory(
        "y", Bool, "y", cell=cell, per_block=True, initial=True, while_=lambda s, b: some(lambda c: s.x[c])
    )

    @machine.action(by=owner)
    def drop(s: State) -> None:
        """The owner forgets everything."""
        s.p.each(False)

    interpreter = Interpreter(machine, 2)
    (state,) = interpreter.initial_states()
    (step,) = interpreter.enabled(state)
    assert interpreter.take(state, step) == (False,) * 6


def test_more_beginnings_than_can_be_listed_are_refused_before_they_are() -> None:
    processor = Processor("a")
    machine = Machine("vast", "starts anyhow")
    for number in range(25):
        machine.memory(f"x{number}", Bool, "anything", cell=memory(processor), initial=ANY)
    with pytest.raises(ModelError, match=r"^vast has 33,554,432 .* accepted are 16,777,216: give"):
        next(Interpreter(machine, 1).initial_states())
