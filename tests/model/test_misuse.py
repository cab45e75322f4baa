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
from splitproof.spec.properties import always
from tests.model.sample_design import (
    DISK,
    HOST,
    SEEN,
    TABLE,
    WHOLE_HAND,
    Hand,
    Other,
    Phase,
    refused,
)

PYTHON_BOOL = (
    "symbolic value `flag` used as a Python bool; use & | ~ instead of and, or, not; (a < b) & (b < c) "
    "instead of a chain; .isin(...) instead of in; ite(condition, yes, no) or a when(...) clause instead of "
    "if"
)

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
