"""Mistakes in declaring state, actions and properties: the sentence, and the line that it points at."""

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
    Fairness,
    Int,
    Machine,
    Record,
    State,
    field,
    memory,
    when,
)
from splitproof.model.layout import Layout
from splitproof.spec.properties import always, possible
from tests.model.sample_design import DISK, HOST, ROW, TABLE, VOLUME, Phase, Row, refused

# ---- declarations of state ----------------------------------------------------------------------


def test_two_variables_of_one_name(machine: Machine) -> None:
    with refused("flag is declared twice in design; choose another name"):
        machine.shared("flag", Bool, "a bool", cell=TABLE)  # offence


def test_a_predicate_with_the_name_of_a_variable(machine: Machine) -> None:
    with refused("flag is declared twice in design; choose another name"):
        machine.predicate("flag", "a word", lambda s: s.flag)  # offence


def test_a_variable_with_the_name_of_a_predicate(machine: Machine) -> None:
    with refused("calm is declared twice in design; choose another name"):
        machine.ghost("calm", Bool, "a bool")  # offence


@pytest.mark.parametrize("name", ["_hidden", "two words", "row.dirty", "while", ""])
def test_a_name_that_cannot_stand_after_a_dot(machine: Machine, name: str) -> None:
    with refused(
        f"{name!r} cannot name a variable; accepted is a Python identifier that does not start with _"
    ):
        machine.shared(name, Bool, "a bool", cell=TABLE)  # offence


def test_a_field_with_the_name_of_a_method() -> None:
    with refused(
        "'each' cannot name a field of Box; accepted is a Python identifier that does not start with _, "
        "other than each, fields, values"
    ):

        class Box(Record):  # offence
            each = field(Bool, "a bool")


def test_a_field_without_field() -> None:
    with refused('Box.full is no field; write full = field(Bool, "what it means")'):

        class Box(Record):  # offence
            full = Bool


def test_a_field_that_is_only_annotated() -> None:
    with refused('Box.full is no field; write full = field(Bool, "what it means")'):

        class Box(Record):  # offence
            full: Bool


def test_a_set_of_blocks_as_a_variable(machine: Machine) -> None:
    with refused("chosen is a BlockSet, which only a parameter can be; declare a per_block Bool"):
        machine.shared("chosen", BlockSet, "a set", cell=TABLE)  # offence


TYPES = "accepted are Bool, Block, Data, Int(low, high) and an enum class, and for a variable a Record"


@pytest.mark.parametrize(
    ("declared", "shown"),
    [(int, "int"), (str, "str"), (Int, "Int"), ("Bool", "'Bool'"), (Phase.IDLE, "<Phase.IDLE: 'idle'>")],
)
def test_what_is_no_type(machine: Machine, declared: object, shown: str) -> None:
    with refused(f"{shown} is no type; {TYPES}"):
        machine.shared("late", declared, "a bool", cell=TABLE)  # offence


def test_an_instance_of_a_record_as_a_type(machine: Machine) -> None:
    with refused(f"Row() is no type; {TYPES}"):
        machine.shared("late", Row(), "a row", cell=TABLE)  # offence


def test_a_record_in_a_record(machine: Machine) -> None:
    class Box(Record):
        row = field(Row, "a row")

    with refused(f"Row is no type; {TYPES}"):
        machine.shared("box", Box, "a box", cell=TABLE)  # offence


def test_a_type_called(machine: Machine) -> None:
    with refused("Bool is a type, and has no values of its own; name it without ()"):
        machine.shared("late", Bool(), "a bool", cell=TABLE)  # offence


def test_an_empty_interval() -> None:
    with refused("Int(3, 0) is empty; give the lowest value first"):
        Int(3, 0)  # offence


def test_a_number_with_too_many_values(machine: Machine) -> None:
    with refused("Int(0, 1000000) has more than 4096 values, all told apart; narrow it"):
        machine.shared("clock", Int(0, 1_000_000), "milliseconds", cell=TABLE)  # offence


def test_flags(machine: Machine) -> None:
    class Bits(enum.Flag):
        ONE = 1

    with refused("Bits is an enum.Flag, whose members combine; declare a Bool for each"):
        machine.shared("bits", Bits, "bits", cell=TABLE)  # offence


def test_an_enum_without_members(machine: Machine) -> None:
    class Nothing(enum.Enum):
        pass

    with refused("Nothing has no members; a variable of it would have no value"):
        machine.shared("late", Nothing, "nothing", cell=TABLE)  # offence


def test_a_record_without_fields(machine: Machine) -> None:
    class Box(Record):
        pass

    with refused("box is a Box, which has no fields; give them with field(...)"):
        machine.shared("box", Box, "a box", cell=TABLE)  # offence


def test_an_initial_value_of_a_record(machine: Machine) -> None:
    with refused("late is a Row, which has no initial value of its own; give them with field(...)"):
        machine.shared("late", Row, "a row", cell=ROW, per_block=True, initial=ANY)  # offence


def test_an_initial_value_outside_the_domain(machine: Machine) -> None:
    with refused("late cannot start as 7; accepted is Int(0, 3), or ANY"):
        machine.shared("late", Int(0, 3), "a number", cell=TABLE, initial=7)  # offence


def test_an_initial_value_of_a_field_points_at_the_field(machine: Machine) -> None:
    class Box(Record):
        full = field(Bool, "a bool", initial=1)  # offence

    with refused("box.full cannot start as 1; accepted is a Bool, True or False, or ANY"):
        machine.shared("box", Box, "a box", cell=TABLE)


def test_an_initial_value_of_data(machine: Machine) -> None:
    with refused("late cannot start as 0; accepted is ANY"):
        machine.shared("late", Data, "data", cell=TABLE, initial=0)  # offence


def test_data_that_would_start_as_the_same_everywhere(machine: Machine) -> None:
    with refused(
        "late is data, and would start as the same data everywhere; give it initial=ANY, or while_=lambda "
        "r: ... if it means nothing at the start"
    ):
        machine.shared("late", Data, "data", cell=VOLUME, per_block=True)  # offence


def test_a_single_variable_in_a_cell_per_block(machine: Machine) -> None:
    with refused("late is one variable, and row 507 is one cell for each block; declare it per_block=True"):
        machine.shared("late", Bool, "a bool", cell=ROW)  # offence


def test_two_cells_of_one_name(machine: Machine) -> None:
    with refused(
        "late and flag lie in two different cells that are both called table; declare the cell once, or "
        "name them apart"
    ):
        machine.shared("late", Bool, "a bool", cell=Cell("table", readers=frozenset({HOST})))  # offence


def test_a_variable_without_a_meaning(machine: Machine) -> None:
    with refused("late has the meaning ''; say in words what it stands for"):
        machine.shared("late", Bool, "", cell=TABLE)  # offence


def test_a_processor_in_place_of_a_cell(machine: Machine) -> None:
    with refused(
        "late lies in Processor(name='host', numeral=None, meaning=''); cell= takes a Cell, a memory(...) "
        "or a channel(...)"
    ):
        machine.shared("late", Bool, "a bool", cell=HOST)  # type: ignore[arg-type]  # offence


def test_memory_in_a_shared_cell(machine: Machine) -> None:
    with refused(
        "the cell table is nobody's memory; declare late with machine.shared, or give cell=memory(processor)"
    ):
        machine.memory("late", Bool, "a bool", cell=TABLE)  # offence


def test_readers_that_are_no_processors() -> None:
    with refused("'disk' is among the readers of the cell box; give Processors"):
        Cell("box", readers=frozenset({"disk"}))  # type: ignore[arg-type]  # offence


def test_readers_are_taken_in_any_collection() -> None:
    assert Cell("box", readers=[HOST]) == Cell("box", readers={HOST})  # type: ignore[arg-type]
    assert Cell("box", readers=HOST).readers == frozenset({HOST})  # type: ignore[arg-type]


def test_an_owner_that_is_no_processor() -> None:
    with refused("'disk' cannot own the cell memory of disk; a Processor can"):
        memory("disk")  # type: ignore[arg-type]  # offence


def test_a_while_that_is_no_truth_value(machine: Machine) -> None:
    class Box(Record):
        phase = field(Phase, "an enum")
        data = field(Data, "data", while_=lambda r: r.phase)

    with refused("`box.phase` is a Phase; while_ of box.data takes truth values, such as comparisons"):
        machine.shared("box", Box, "a box", cell=TABLE)  # offence


def test_a_while_with_a_misspelled_field(machine: Machine) -> None:
    class Box(Record):
        full = field(Bool, "a bool")
        data = field(Data, "data", while_=lambda r: r.ful)  # offence

    with refused("box has no field ful; did you mean full?"):
        machine.shared("box", Box, "a box", cell=TABLE)


def test_a_while_with_the_wrong_parameters(machine: Machine) -> None:
    with refused("while_ of late takes (s, b); accepted is (s)"):
        machine.shared("late", Bool, "a bool", cell=TABLE, while_=lambda s, b: s.row[b].dirty)  # offence


def test_a_predicate_with_the_wrong_parameters(machine: Machine) -> None:
    with refused("predicate word takes (s, b, c); accepted are (s) and (s, b)"):
        machine.predicate("word", "a word", lambda s, b, c: s.flag)  # offence


def test_a_predicate_that_is_defined_by_itself(machine: Machine) -> None:
    with refused(
        "predicate word is defined by itself; define it by variables, or by predicates that do not use it"
    ):
        machine.predicate("word", "a word", lambda s: s.flag | s.word)  # offence


def test_a_predicate_made_in_a_loop(machine: Machine) -> None:
    for phase in Phase:
        machine.predicate(f"is_{phase.value}", "a word", lambda s: s.phase == phase)  # noqa: B023  # offence
    with refused(
        "predicate is_idle said `phase == IDLE` when it was declared and says `phase == BUSY` now; bind the "
        "Python variable that has changed: lambda s, x=x: ..."
    ):
        Layout(machine, 1)


def test_a_predicate_that_changes_between_two_groundings(machine: Machine) -> None:
    wanted = Phase.IDLE
    machine.predicate("is_wanted", "a word", lambda s: s.phase == wanted)  # offence
    assert Layout(machine, 1).slots
    wanted = Phase.BUSY
    machine.check(always("p", "a property", holds=lambda s: s.is_wanted))
    with refused(
        "predicate is_wanted said `phase == IDLE` when it was declared and says `phase == BUSY` now; bind the "
        "Python variable that has changed: lambda s, x=x: ..."
    ):
        Layout(machine, 2)


def test_a_while_declared_after_a_grounding(machine: Machine) -> None:
    assert Layout(machine, 1).slots
    machine.shared("late", Bool, "a bool", cell=TABLE, while_=lambda s: s.later)  # offence
    with refused("design has no variable or predicate `later`; did you mean late?"):
        Layout(machine, 1)


def test_a_loop_variable_bound_as_a_default_is_no_block(machine: Machine) -> None:
    for phase in Phase:
        machine.predicate(f"is_{phase.value}", "a word", lambda s, phase=phase: s.phase == phase)
    assert [str(State(machine).is_idle), str(State(machine).is_busy)] == ["phase == IDLE", "phase == BUSY"]
    assert Layout(machine, 1).slots


def test_a_predicate_that_guards(machine: Machine) -> None:
    def word(s: State) -> Any:
        when(s.flag)  # offence
        return s.marked

    with refused("when(...) in predicate word, which only looks at the state; it belongs into an action"):
        machine.predicate("word", "a word", word)


def test_a_property_that_writes(machine: Machine) -> None:
    def holds(s: State) -> Any:
        s.flag = True  # offence
        return s.marked

    with refused(
        "p cannot be asked of design: writing flag in property p, which only looks at the state; it belongs "
        "into an action"
    ):
        machine.check(always("p", "a property", holds=holds))


def test_an_initial_condition_that_is_no_truth_value(machine: Machine) -> None:
    with refused("`number` is a whole number; initially() takes truth values, such as comparisons"):
        machine.initially(lambda s: s.number)  # offence


# ---- actions ------------------------------------------------------------------------------------


def test_two_actions_of_one_name(machine: Machine) -> None:
    def act(s: State) -> None:  # offence
        """It acts."""
        s.flag = True

    machine.action(by=DISK)(act)
    machine.action(by=HOST)(act)
    with refused("host has two actions named act; give the second another name"):
        machine.action(by=HOST)(act)


def test_no_docstring(machine: Machine) -> None:
    with refused("act has no docstring; its first line tells the step in stories"):

        @machine.action(by=HOST)  # offence
        def act(s: State) -> None:
            s.flag = True


def test_no_annotation(machine: Machine) -> None:
    with refused("parameter b of act has no annotation; annotate it Block, Data or BlockSet"):

        @machine.action(by=DISK)  # offence
        def act(s, b):  # type: ignore[no-untyped-def]
            """It acts."""
            s.seen[b] = True


def test_an_annotation_that_is_no_parameter_type(machine: Machine) -> None:
    with refused("parameter b of act is annotated int; annotate it Block, Data or BlockSet"):

        @machine.action(by=DISK)  # offence
        def act(s: State, b: int) -> None:
            """It acts."""
            s.seen[b] = True


def test_a_parameter_with_a_default(machine: Machine) -> None:
    with refused("parameter b of act takes every value of its type; write it without * and default"):

        @machine.action(by=DISK)  # offence
        def act(s: State, b: Block = None) -> None:  # type: ignore[assignment]
            """It acts."""


def test_a_forgotten_state(machine: Machine) -> None:
    with refused("act takes no state; write def act(s: State, ...)"):

        @machine.action(by=DISK)  # offence
        def act(b: Block) -> None:
            """It acts."""


def test_no_parameters_at_all(machine: Machine) -> None:
    with refused("act takes no state; write def act(s: State, ...)"):

        @machine.action(by=DISK)  # offence
        def act() -> None:
            """It acts."""


def test_an_action_that_changes_nothing(machine: Machine) -> None:
    with refused("act changes nothing; a step writes at least one variable"):

        @machine.action(by=HOST)  # offence
        def act(s: State) -> None:
            """It acts."""
            when(s.flag)


def test_an_action_that_returns_a_value(machine: Machine) -> None:
    with refused("act returns `flag`; a step assigns to the state and returns nothing"):

        @machine.action(by=HOST)  # offence
        def act(s: State) -> Any:
            """It acts."""
            s.number = 1
            return s.flag


def test_an_action_that_yields(machine: Machine) -> None:
    with refused("act returns a generator; a step assigns to the state and returns nothing"):

        @machine.action(by=HOST)  # offence
        def act(s: State) -> Any:
            """It acts."""
            s.number = 1
            yield s.flag


def test_a_guard_that_is_false_whatever_the_state(machine: Machine) -> None:
    with refused(
        "act can never be taken: `when((s.phase == Phase.IDLE) & s.calm & wanted)` is False whatever the "
        "state; leave the action out with a Python if, or ask about the state"
    ):
        wanted = False

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when((s.phase == Phase.IDLE) & s.calm & wanted)  # offence
            s.flag = True


def test_a_clause_that_is_true_by_choice_of_design_is_no_clause(machine: Machine) -> None:
    @machine.action(by=HOST)
    def act(s: State) -> None:
        """It acts."""
        when(s.calm | True)
        s.flag = True

    assert machine.actions[0].clauses == ()


def test_a_guard_that_excludes_itself(machine: Machine) -> None:
    with refused(
        "act can never be taken: nothing satisfies `phase == IDLE` and `phase == BUSY`; drop one of its "
        "clauses"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.phase == Phase.IDLE)
            when(~s.flag & (s.phase == Phase.BUSY))  # offence
            s.flag = True


def test_a_guard_beyond_a_domain(machine: Machine) -> None:
    with refused("act can never be taken: nothing satisfies `3 < number`; drop one of its clauses"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.number > 3)  # offence
            s.flag = True


def test_when_outside_an_action(machine: Machine) -> None:
    s = State(machine)
    with refused("when(...) outside an action; it belongs into a function under @machine.action"):
        when(s.flag)  # offence


def test_an_assignment_outside_an_action(machine: Machine) -> None:
    s = State(machine)
    with refused("writing flag outside an action; it belongs into a function under @machine.action"):
        s.flag = True  # offence


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"by": "host"}, "by='host'; accepted is a Processor"),
    ({"kind": "copy"}, "kind='copy'; accepted is a StepKind"),
    ({"fair": True}, "fair=True; accepted is Fairness.WEAK or Fairness.STRONG"),
    ({"folds": True}, "folds=True; accepted is a sentence that says why"),
    ({"cites": "R29"}, "cites='R29'; accepted is a tuple of identifiers, such as (\"R29\",)"),
]


@pytest.mark.parametrize(("options", "sentence"), OPTIONS)
def test_options_of_the_wrong_type(machine: Machine, options: dict[str, Any], sentence: str) -> None:
    with refused(f"act has {sentence}"):

        @machine.action(**{"by": HOST, "fair": Fairness.WEAK, **options})  # offence
        def act(s: State) -> None:
            """It acts."""
            s.flag = True


# ---- properties ---------------------------------------------------------------------------------


def test_two_properties_of_one_name(machine: Machine) -> None:
    item = always("p", "a property", holds=lambda s: s.flag)
    with refused("property p is declared twice in design; give the second another id"):
        machine.check(item, item)  # offence


def test_what_is_no_property(machine: Machine) -> None:
    with refused(
        "'p' is no property; accepted are always(...), step(...), possible(...), leads_to(...), count(...)"
    ):
        machine.check("p")  # type: ignore[arg-type]  # offence


def test_a_property_that_is_no_truth_value(machine: Machine) -> None:
    with refused(
        "p cannot be asked of design: `number` is a whole number; a property takes truth values, such as "
        "comparisons"
    ):
        machine.check(always("p", "a property", holds=lambda s: s.number))  # offence


def test_a_property_that_looks_at_nothing(machine: Machine) -> None:
    with refused(
        "p cannot be asked of design: it is True whatever the state; compare values of the state with == or "
        "!="
    ):
        machine.check(always("p", "a property", holds=lambda s: True))  # offence


def test_a_trigger_with_other_parameters(machine: Machine) -> None:
    with refused("p cannot be asked of design: its trigger takes (s); accepted is (s, b)"):
        machine.check(
            always(
                "p",
                "a property",
                holds=lambda s, b: s.row[b].dirty,
                trigger=lambda s: s.flag,  # offence
            )
        )


def test_a_possibility_of_a_block(machine: Machine) -> None:
    with refused("p cannot be asked of design: it takes (s, b); accepted is (s)"):
        machine.check(
            possible(
                "p",
                "a property",
                trigger=lambda s: True,
                reaches=lambda s, b: s.row[b].dirty,  # offence
            )
        )


def test_a_property_with_a_default_that_would_be_taken_for_a_block(machine: Machine) -> None:
    with refused("p cannot be asked of design: it takes (s); accepted is (s, b)"):
        machine.check(always("p", "a property", holds=lambda s, limit=2: s.number < limit))  # offence


def test_an_expected_verdict_for_an_unknown_property(machine: Machine) -> None:
    machine.check(always("safety", "a property", holds=lambda s: s.flag))
    with refused("design expects a verdict for safty, and is not checked for it; did you mean safety?"):
        machine.check(expects={"safty": "holds"})  # offence


def test_an_expected_verdict_of_a_machine_without_properties(machine: Machine) -> None:
    with refused("design expects a verdict for safety, and is not checked for it; it is checked for nothing"):
        machine.check(expects={"safety": "holds"})  # offence


def test_a_verdict_that_there_is_not(machine: Machine) -> None:
    machine.check(always("safety", "a property", holds=lambda s: s.flag))
    with refused("expected verdict of safety is 'fails'; accepted are 'holds' and 'violated'"):
        machine.check(expects={"safety": "fails"})  # offence
