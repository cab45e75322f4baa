"""What people write by mistake in steps and predicates: for each the sentence, and the line that it points
at.

The offending line ends in `# offence`; `refused` checks that the error names this file and that line.
"""

from typing import Any

import pytest

from splitproof.model import (
    Block,
    BlockSet,
    Bool,
    Data,
    Machine,
    ModelError,
    Record,
    State,
    every,
    field,
    implies,
    ite,
    memory,
    none,
    some,
    when,
)
from splitproof.model.layout import Layout
from splitproof.spec.properties import always, step
from tests.model.sample_design import DISK, HOST, TABLE, Hand, Other, Phase, Row, refused

PYTHON_BOOL = (
    "symbolic value `flag` used as a Python bool; use & | ~ instead of and, or, not; (a < b) & (b < c) "
    "instead of a chain; .isin(...) instead of in; ite(condition, yes, no) or a when(...) clause instead of "
    "if"
)
SEEN = "seen has a value for each block; write seen[b], or seen.each(...) to write all of them"
WHOLE_ROWS = "row has a record for each block; write row[b]. and a field of it: dirty, data"
WHOLE_HAND = "hand is one record; name a field of it after a dot: phase, block, count"

EXPRESSIONS = [
    pytest.param(
        lambda s: s.flag or s.marked,  # offence
        PYTHON_BOOL,
        id="or",
    ),
    pytest.param(
        lambda s: not s.flag,  # offence
        PYTHON_BOOL,
        id="not",
    ),
    pytest.param(
        lambda s: 0 < s.number < 3,  # offence
        PYTHON_BOOL.replace("`flag`", "`0 < number`"),
        id="a-chained-comparison",
    ),
    pytest.param(
        lambda s: s.phase in (Phase.IDLE, Phase.BUSY),  # offence
        "`s.phase in (Phase.IDLE, Phase.BUSY)` looks into a collection of Python, before there is a state; "
        "write .isin(A, B)",
        id="in-a-tuple",
    ),
    pytest.param(
        lambda s: s.number == max(range(s.number)),  # offence
        "`number` has no value yet to loop over, look into or count with; write every(...), some(...), "
        ".isin(...), or chosen[b] of a BlockSet",
        id="counting-with-a-number",
    ),
    pytest.param(
        lambda s: s.number * 2,  # offence
        "`number` is a whole number, and the language has no such operator; there are & | ~ of truth "
        "values, + - < <= > >= of whole numbers, == and !=",
        id="an-operator-that-is-missing",
    ),
    pytest.param(
        lambda s: s.flag ^ s.marked,  # offence
        "`flag` is a truth value, and the language has no such operator; there are & | ~ of truth values, + "
        "- < <= > >= of whole numbers, == and !=",
        id="exclusive-or",
    ),
    pytest.param(
        lambda s: s.phase == "idle",  # offence
        "'idle' is no value of the language; accepted is Phase.IDLE | Phase.BUSY",
        id="text",
    ),
    pytest.param(
        lambda s: s.phase == Other.IDLE,  # offence
        "`IDLE` is an Other; accepted here is Phase.IDLE | Phase.BUSY",
        id="members-of-different-enums",
    ),
    pytest.param(
        lambda s: s.phase == s.number,  # offence
        "`phase` is a Phase and `number` is a whole number; == and != compare two of a kind",
        id="variables-of-different-types",
    ),
    pytest.param(
        lambda s: s.flag == 1,  # offence
        "`1` is a whole number; accepted here is a Bool, True or False",
        id="a-truth-value-compared-with-a-number",
    ),
    pytest.param(
        lambda s: s.number == 4,  # offence
        "`number` is Int(0, 3) and never 4; compare it with one of those",
        id="a-number-that-a-variable-never-has",
    ),
    pytest.param(
        lambda s: s.phase.isin([Phase.IDLE]),  # offence
        "[<Phase.IDLE: 'idle'>] is no value of the language; accepted is Phase.IDLE | Phase.BUSY",
        id="isin-with-a-list",
    ),
    pytest.param(
        lambda s: s.phase.isin(),  # offence
        "isin() names no value for `phase`; write .isin(A, B)",
        id="isin-without-values",
    ),
    pytest.param(
        lambda s: ite(s.flag, Phase.IDLE, 0),  # offence
        "ite() chooses between `IDLE`, a Phase, and `0`, a whole number; both branches need one type",
        id="branches-of-different-types",
    ),
    pytest.param(
        lambda s: ite(s.phase, 1, 0),  # offence
        "`phase` is a Phase; ite() takes truth values, such as comparisons",
        id="a-condition-that-is-no-truth-value",
    ),
    pytest.param(
        lambda s: s.flag & s.number,  # offence
        "`number` is a whole number; & takes truth values, such as comparisons",
        id="joining-what-is-no-truth-value",
    ),
    pytest.param(
        lambda s: s.flag & s.phase == Phase.IDLE,  # offence
        "`phase` is a Phase; & takes truth values, such as comparisons",
        id="a-forgotten-bracket-around-a-comparison",
    ),
    pytest.param(
        lambda s: implies(s.number, s.flag),  # offence
        "`number` is a whole number; implies() takes truth values, such as comparisons",
        id="implies-without-a-truth-value",
    ),
    pytest.param(
        lambda s: s.row[0].dirty,  # offence
        "`0` is a whole number, where a block is expected; Block values have no literals, they come from "
        "parameters and variables of that type",
        id="a-block-literal-as-an-index",
    ),
    pytest.param(
        lambda s, b: s.row[b].zzz,  # offence
        "row has no field zzz; its fields are dirty, data",
        id="an-unknown-field-of-a-row",
    ),
    pytest.param(
        lambda s: s.phase.IDLE,  # offence
        "`phase` is a Phase and has no IDLE; only a record has fields",
        id="an-attribute-of-a-value",
    ),
    pytest.param(
        lambda s, b: s.hand[b].count,  # offence
        f"hand[...] cannot be read; {WHOLE_HAND}",
        id="a-block-of-a-single-record",
    ),
    pytest.param(
        lambda s: s.hand == Hand(),  # offence
        WHOLE_HAND,
        id="a-record-as-a-value",
    ),
    pytest.param(
        lambda s, b: s.seen.dirty[b],  # offence
        f"seen has no dirty; {SEEN}",
        id="a-field-of-a-variable-per-block",
    ),
    pytest.param(
        lambda s: every(s.seen),  # offence
        "every() is given seen; write every(lambda b: ...)",
        id="a-quantifier-given-a-variable",
    ),
    pytest.param(
        lambda s: none(s.flag),  # offence
        "none() is given `flag`; write none(lambda b: ...)",
        id="a-quantifier-given-a-value",
    ),
]


@pytest.mark.parametrize(("use", "sentence"), EXPRESSIONS)
def test_an_expression(machine: Machine, use: Any, sentence: str) -> None:
    with refused(sentence):
        machine.predicate("word", "a word", use)


# ---- symbolic values have no value yet ----------------------------------------------------------


def test_if(machine: Machine) -> None:
    with refused(PYTHON_BOOL):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            if s.flag:  # offence
                s.number = 1


def test_and(machine: Machine) -> None:
    with refused(PYTHON_BOOL):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.flag and s.phase == Phase.IDLE)  # offence


def test_not_in_a_set_which_python_would_answer_by_hash(machine: Machine) -> None:
    with refused(
        "`s.phase not in {Phase.IDLE}` looks into a collection of Python, before there is a state; write "
        ".isin(A, B)"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.phase not in {Phase.IDLE})  # offence
            s.flag = True


def test_is(machine: Machine) -> None:
    with refused(
        "`s.phase is Phase.IDLE` compares objects of Python, before there is a state; compare values with "
        "== or !="
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.phase is Phase.IDLE)  # offence
            s.flag = True


def test_is_not_in_a_property(machine: Machine) -> None:
    with refused(
        "p cannot be asked of design: `s.phase is not Phase.IDLE` compares objects of Python, before there "
        "is a state; compare values with == or !="
    ):
        machine.check(always("p", "a property", holds=lambda s: s.phase is not Phase.IDLE))  # offence


def test_is_none(machine: Machine) -> None:
    with refused(
        "`s.hand.block is None` compares objects of Python, before there is a state; absence is a Bool of "
        "its own"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            if s.hand.block is None:  # offence
                s.hand.count = 0


def test_is_inside_a_quantifier(machine: Machine) -> None:
    with refused(
        "`s.row[b].dirty is True` compares objects of Python, before there is a state; compare values with "
        "== or !="
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(some(lambda b: s.row[b].dirty is True))  # offence
            s.flag = True


def test_is_in_a_while(machine: Machine) -> None:
    class Box(Record):
        phase = field(Phase, "an enum")
        data = field(Data, "data", while_=lambda r: r.phase is Phase.BUSY)  # offence

    with refused(
        "`r.phase is Phase.BUSY` compares objects of Python, before there is a state; compare values with "
        "== or !="
    ):
        machine.shared("box", Box, "a box", cell=TABLE)


def test_a_comparison_that_is_dropped(machine: Machine) -> None:
    with refused(
        "`s.number == 1` is computed and dropped; write when(...) around a condition, or = to assign"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.number == 1  # noqa: B015  # offence
            s.flag = True


def test_a_negation_that_is_dropped(machine: Machine) -> None:
    with refused("`~s.flag` is computed and dropped; write when(...) around a condition, or = to assign"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            ~s.flag  # noqa: B018  # offence
            s.number = 1


def test_looping_over_a_value(machine: Machine) -> None:
    with refused(
        "`chosen` has no value yet to loop over, look into or count with; write every(...), some(...), "
        ".isin(...), or chosen[b] of a BlockSet"
    ):

        @machine.action(by=DISK)
        def act(s: State, chosen: BlockSet) -> None:
            """It acts."""
            for b in chosen:  # type: ignore[attr-defined]  # offence
                s.seen[b] = True


def test_a_block_in_a_set_of_blocks(machine: Machine) -> None:
    with refused(
        "`b in chosen` looks into a collection of Python, before there is a state; write .isin(A, B)"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block, chosen: BlockSet) -> None:
            """It acts."""
            s.seen[b] = b in chosen  # type: ignore[operator]  # offence


# ---- values of the wrong type -------------------------------------------------------------------


def test_none(machine: Machine) -> None:
    with refused("None is no value of the language; accepted is a Bool, True or False"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.flag = None  # offence


def test_when_without_a_truth_value(machine: Machine) -> None:
    with refused("`number` is a whole number; when() takes truth values, such as comparisons"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.number)  # offence


def test_a_constant_outside_the_domain(machine: Machine) -> None:
    with refused("4 is outside the domain of number; accepted is Int(0, 3)"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.number = 4  # offence


def test_assigning_a_member_of_another_enum(machine: Machine) -> None:
    with refused("`IDLE` is an Other; accepted here is Phase.IDLE | Phase.BUSY"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.phase = Other.IDLE  # offence


# ---- blocks and data are opaque -----------------------------------------------------------------


def test_blocks_compared_by_order(machine: Machine) -> None:
    with refused("`b` is a block; < takes whole numbers; blocks are compared with == and != only"):

        @machine.action(by=DISK)
        def act(s: State, b: Block, c: Block) -> None:
            """It acts."""
            s.seen[b] = b < c  # type: ignore[operator]  # offence


def test_counting_blocks(machine: Machine) -> None:
    with refused("`hand.block` is a block; + takes whole numbers; blocks are compared with == and != only"):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.hand.block = s.hand.block + 1  # offence


def test_a_block_literal_as_a_value(machine: Machine) -> None:
    with refused(
        "`0` is a whole number, where a block is expected; Block values have no literals, they come from "
        "parameters and variables of that type"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.hand.block = 0  # offence


def test_a_data_literal(machine: Machine) -> None:
    with refused(
        "`0` is a whole number, where data is expected; Data values have no literals, they come from "
        "parameters and variables of that type"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.volume[b] = 0  # offence


def test_data_in_place_of_a_block(machine: Machine) -> None:
    with refused(
        "`data` is data, where a block is expected; Block values have no literals, they come from "
        "parameters and variables of that type"
    ):

        @machine.action(by=DISK)
        def act(s: State, data: Data) -> None:
            """It acts."""
            s.hand.block = data  # offence


def test_a_set_of_blocks_compared_as_a_whole(machine: Machine) -> None:
    with refused("`chosen` is a set of blocks; ask for its members, `chosen[b]`"):

        @machine.action(by=DISK)
        def act(s: State, chosen: BlockSet, other: BlockSet) -> None:
            """It acts."""
            s.hand.count = ite(chosen == other, 1, 0)  # offence


def test_data_compared_in_a_guard(machine: Machine) -> None:
    with refused(
        "act compares data, `volume[b] == data`, in its guard; a step may only copy data, and properties "
        "and ghosts may compare it"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block, data: Data) -> None:
            """It acts."""
            when(s.volume[b] == data)  # offence
            s.volume[b] = data


def test_data_compared_in_what_is_written(machine: Machine) -> None:
    with refused(
        "act compares data, `volume[b] == data`, in what it writes to seen; a step may only copy data, and "
        "properties and ghosts may compare it"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block, data: Data) -> None:
            """It acts."""
            s.seen[b] = s.volume[b] == data  # offence


def test_data_compared_in_an_index(machine: Machine) -> None:
    with refused(
        "act compares data, `volume[b] == volume[c]`, in what it writes to seen; a step may only copy data, "
        "and properties and ghosts may compare it"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block, c: Block) -> None:
            """It acts."""
            s.seen[ite(s.volume[b] == s.volume[c], b, c)] = True  # offence


def test_data_compared_in_a_while(machine: Machine) -> None:
    machine.memory(
        "old",
        Bool,
        "memory of the disk",
        cell=memory(DISK, 509),
        per_block=True,
        while_=lambda s, b: s.volume[b] == s.image[b],
    )
    with pytest.raises(
        ModelError, match=r"^test_misuse.py:\d+: while_ of old compares data, .* only a ghost's while_ may"
    ):
        Layout(machine, 1)


def test_data_may_be_compared_in_a_ghost_and_in_a_property(machine: Machine) -> None:
    @machine.action(by=DISK)
    def act(s: State, b: Block, data: Data) -> None:
        """It acts."""
        s.volume[b] = data
        s.marked = s.image[b] == data

    machine.check(always("p", "a property", holds=lambda s, b: s.volume[b] == s.image[b]))


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
