"""Names, references and blocks used by mistake in steps and predicates: for each the sentence, and the line.

The offending line ends in `# offence`; `refused` checks that the error names this file and that line.
"""

from typing import Any

import pytest

from splitproof.model import (
    Block,
    Bool,
    Machine,
    Record,
    State,
    field,
    implies,
    ite,
    memory,
    some,
    when,
)
from splitproof.model.layout import Layout
from splitproof.spec.properties import always, step
from tests.model.sample_design import (
    DISK,
    HOST,
    SEEN,
    TABLE,
    WHOLE_ROWS,
    Hand,
    Phase,
    Row,
    refused,
)

# ---- references ---------------------------------------------------------------------------------


def test_a_reference_without_a_condition(machine: Machine) -> None:
    class Box(Record):
        block = field(Block, "a reference")  # offence

    with refused(
        "box.block refers to a block and must say when it means something; give it while_=lambda r: ..."
    ):
        machine.shared("box", Box, "a box", cell=TABLE)


def test_a_reference_read_while_it_means_nothing(machine: Machine) -> None:
    with refused(
        "act looks at the block `hand.block`, which means something only while `hand.phase == BUSY`; join "
        "that with &, or add it to the guard"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block) -> None:
            """It acts."""
            when(s.hand.block == b)  # offence
            s.hand.count = 0


def test_a_reference_as_an_index_while_it_means_nothing(machine: Machine) -> None:
    with refused(
        "act looks at the block `hand.block`, which means something only while `hand.phase == BUSY`; join "
        "that with &, or add it to the guard"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.row[s.hand.block].dirty = False  # offence


def test_a_reference_in_a_property_while_it_means_nothing(machine: Machine) -> None:
    item = always("p", "a property", holds=lambda s, b: s.seen[b] | (s.hand.block != b))  # offence
    with refused(
        "p cannot be asked of design: it looks at the block `hand.block`, which means something only while "
        "`hand.phase == BUSY`; join that with &, or add it to the guard"
    ):
        machine.check(item)


def test_a_reference_after_the_step_that_was_set_before_it(machine: Machine) -> None:
    item = step("p", "a property", holds=lambda s, t, b: ~s.seen[b] | (t.hand.block == b))  # offence
    with refused(
        "p cannot be asked of design: it looks at the block `hand.block'`, which means something only while "
        "`hand.phase' == BUSY`; join that with &, or add it to the guard"
    ):
        machine.check(item)


def test_a_reference_in_a_while_while_it_means_nothing(machine: Machine) -> None:
    machine.memory(  # offence
        "note",
        Bool,
        "memory of the disk",
        cell=memory(DISK, 509),
        per_block=True,
        while_=lambda s, b: s.hand.block == b,
    )
    with refused(
        "while_ of note looks at the block `hand.block`, which means something only while `hand.phase == "
        "BUSY`; join that with &, or add it to the guard"
    ):
        Layout(machine, 1)


def test_a_reference_at_the_start_while_it_means_nothing(machine: Machine) -> None:
    with refused(
        "initially() looks at the block `hand.block`, which means something only while `hand.phase == "
        "BUSY`; join that with &, or add it to the guard"
    ):
        machine.initially(lambda s, b: s.seen[b] | (s.hand.block == b))  # offence


def test_a_reference_may_be_read_where_what_stands_beside_it_says_that_it_means_something(
    machine: Machine,
) -> None:
    machine.predicate("held", "a word", lambda s, b: (s.hand.phase == Phase.BUSY) & (s.hand.block == b))
    machine.predicate("free", "a word", lambda s, b: (s.hand.phase == Phase.IDLE) | (s.hand.block != b))
    machine.predicate(
        "known", "a word", lambda s, b: ite(s.hand.phase.isin(Phase.BUSY), s.hand.block == b, False)
    )

    @machine.action(by=DISK)
    def act(s: State, b: Block) -> None:
        """It acts."""
        when(s.hand.phase != Phase.IDLE)
        when(s.hand.block == b)
        s.row[s.hand.block].dirty = False

    machine.check(always("p", "a property", holds=lambda s, b: s.held[b] | s.free[b] | s.known[b]))


def test_a_record_value_that_leaves_out_what_means_something(machine: Machine) -> None:
    with refused(
        "Hand(phase=<Phase.BUSY: 'busy'>) leaves out block, which means something then; name its value"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.hand = Hand(phase=Phase.BUSY)  # offence


NO_SUCH_NUMBER = "design has no variable or predicate `numbr`; did you mean number?"


# ---- naming what is there -----------------------------------------------------------------------


def test_an_undeclared_variable(machine: Machine) -> None:
    with refused(NO_SUCH_NUMBER):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.numbr == 1)  # offence


def test_writing_an_undeclared_variable(machine: Machine) -> None:
    with refused(NO_SUCH_NUMBER):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.numbr = 1  # offence


def test_an_undeclared_variable_that_is_like_no_other() -> None:
    machine = Machine("design")
    machine.shared("flag", Bool, "a bool", cell=TABLE)
    with refused("design has no variable or predicate `zzz`; declared are flag"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.zzz = 1  # offence


def test_an_undeclared_variable_in_a_property(machine: Machine) -> None:
    with refused(f"p cannot be asked of design: {NO_SUCH_NUMBER}"):
        machine.check(always("p", "a property", holds=lambda s: s.numbr == 1))  # offence


def test_an_undeclared_variable_in_a_predicate_is_found_when_the_machine_is_grounded(
    machine: Machine,
) -> None:
    machine.predicate("word", "a word", lambda s: s.numbr == 1)  # offence
    with refused(NO_SUCH_NUMBER):
        Layout(machine, 1)


def test_an_undeclared_variable_in_a_while_is_found_when_the_machine_is_grounded(machine: Machine) -> None:
    machine.shared("late", Bool, "a bool", cell=TABLE, while_=lambda s: s.numbr == 1)  # offence
    with refused(NO_SUCH_NUMBER):
        Layout(machine, 1)


def test_a_predicate_may_name_what_is_declared_after_it(machine: Machine) -> None:
    machine.predicate("word", "a word", lambda s: s.late)
    machine.shared("late", Bool, "a bool", cell=TABLE)
    assert Layout(machine, 1).slots


def test_an_unknown_field(machine: Machine) -> None:
    with refused("hand has no field cuont; did you mean count?"):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.hand.cuont = 1  # offence


def test_an_unknown_field_of_a_record_value(machine: Machine) -> None:
    with refused("Row has no field drity; its fields are dirty, data"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.row[b] = Row(drity=True)  # offence


def test_a_record_value_without_names(machine: Machine) -> None:
    with refused("Row has no order of fields; name each; its fields are dirty, data"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.row[b] = Row(True)  # offence


def test_hasattr_answers_no_for_what_is_not_there(machine: Machine) -> None:
    s = State(machine)
    assert not hasattr(s, "numbr")
    assert not hasattr(s.phase, "IDLE")
    assert not hasattr(s.hand, "cuont")


# ---- one value and a value for each block -------------------------------------------------------


def test_a_forgotten_block_in_a_guard(machine: Machine) -> None:
    with refused(SEEN):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            when(s.seen)  # offence


@pytest.mark.parametrize(
    "use",
    [
        lambda seen, flag: ~seen,  # offence
        lambda seen, flag: seen == True,  # noqa: E712  # offence
        lambda seen, flag: flag == seen,  # offence
        lambda seen, flag: seen & flag,  # offence
        lambda seen, flag: flag | seen,  # offence
        lambda seen, flag: not seen,  # offence
        lambda seen, flag: ite(flag, seen, False),  # offence
        lambda seen, flag: implies(seen, ~flag),  # offence
        lambda seen, flag: [b for b in seen],  # noqa: C416  # offence
        lambda seen, flag: ~flag | seen("b"),  # offence
    ],
)
def test_a_forgotten_block_in_any_expression(machine: Machine, use: Any) -> None:
    with refused(SEEN):
        machine.predicate("word", "a word", lambda s: use(s.seen, s.flag))


def test_a_forgotten_block_in_an_assignment(machine: Machine) -> None:
    with refused(SEEN):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.seen = True  # offence


def test_a_forgotten_block_in_an_assignment_to_a_field(machine: Machine) -> None:
    with refused(f"row.dirty cannot be written; {WHOLE_ROWS}"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.row.dirty = True  # offence
            s.flag = True


def test_a_forgotten_block_of_a_predicate(machine: Machine) -> None:
    with refused("dirty is a predicate of a block, and derived; read dirty[b]"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.dirty)  # offence


def test_a_block_too_many(machine: Machine) -> None:
    with refused("`flag` is a truth value, not one for each block; leave out the [...]"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            when(s.flag[b])  # offence


def test_a_block_too_many_in_an_assignment(machine: Machine) -> None:
    with refused("`flag` is a truth value, not one for each block; assign to it without [...]"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.flag[b] = True  # offence


def test_a_row_as_a_value(machine: Machine) -> None:
    with refused("row[b] is one record; name a field of it after a dot: dirty, data"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            when(s.row[b])  # offence


def test_a_record_assigned_what_is_none(machine: Machine) -> None:
    with refused("hand takes a Hand(...), not False"):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.hand = False  # offence


def test_each_of_a_single_variable(machine: Machine) -> None:
    with refused("`flag` is a truth value and has no each; only a record has fields"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.flag.each(True)  # offence


def test_each_given_another_variable_as_a_whole(machine: Machine) -> None:
    machine.memory("other", Bool, "memory of the disk", cell=memory(DISK, 509), per_block=True)
    with refused(SEEN):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.other.each(s.seen)  # offence


def test_each_without_fields(machine: Machine) -> None:
    with refused("row.each() names no field; write row.each(field=..., ...)"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.row.each()  # offence


def test_writing_a_predicate(machine: Machine) -> None:
    with refused("calm is a predicate, derived from the state; write the variables that it speaks of"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.calm = True  # offence


def test_writing_a_predicate_of_a_block(machine: Machine) -> None:
    with refused("dirty[...] cannot be written; dirty is a predicate of a block, and derived; read dirty[b]"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.dirty[b] = True  # offence


def test_a_block_used_outside_its_quantifier(machine: Machine) -> None:
    kept: list[Any] = []
    with refused(
        "act uses the block `b1` outside the every(...), some(...), each(...) or action that it belongs to; "
        "quantify over it, or make it a parameter"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""

            def keep(b: Any) -> Any:
                kept.append(b)
                return s.seen[b]

            when(some(keep))
            s.seen[kept[0]] = False  # offence
