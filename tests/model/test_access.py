"""What a step may touch and write: for every rule the sentence, and the line that it points at."""

from splitproof.model import (
    ANY,
    Block,
    Bool,
    Cell,
    Data,
    Machine,
    Record,
    State,
    channel,
    field,
    ite,
    memory,
    none,
    some,
    when,
)
from splitproof.model.layout import Layout
from tests.model.sample_design import DISK, HOST, ROW, TABLE, TAPE, Phase, Row, refused

# ---- cells and who may touch them ---------------------------------------------------------------


def test_a_step_that_touches_two_cells(machine: Machine) -> None:
    with refused(
        "act touches two cells, row 507[b] (for row.dirty, LINE) and volume[b] (for volume, LINE); a step "
        "touches its processor's own memory and one other cell. Split it into two steps"
    ):

        @machine.action(by=DISK)
        def act(s: State, b: Block) -> None:
            """It acts."""
            when(s.row[b].dirty)
            s.volume[b] = s.row[b].data  # offence


def test_a_step_that_touches_two_rows(machine: Machine) -> None:
    with refused(
        "act touches two cells, row 507[b] (for row.dirty, LINE) and row 507[c] (for row.dirty, LINE); a "
        "step touches its processor's own memory and one other cell. Split it into two steps"
    ):

        @machine.action(by=HOST)
        def act(s: State, b: Block, c: Block) -> None:
            """It acts."""
            when(s.row[b].dirty)
            when(s.row[c].dirty)  # offence
            s.own = True


def test_a_predicate_is_no_way_around_the_cells(machine: Machine) -> None:
    with refused(
        "act touches two cells, row 507[b] (for row.dirty, LINE) and table (for flag, LINE); a step touches "
        "its processor's own memory and one other cell. Split it into two steps"
    ):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            when(s.dirty[b])
            s.flag = True  # offence


def test_all_blocks_at_once(machine: Machine) -> None:
    with refused(
        "act touches row.dirty of all blocks at once; row 507 is one cell for each block. Take a step for "
        "each, or declare word_of for a table that can be read as one word"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(none(lambda b: s.row[b].dirty))  # offence
            s.own = True


def test_all_blocks_at_once_by_a_reference_in_each(machine: Machine) -> None:
    class Link(Record):
        on = field(Bool, "a bool")
        to = field(Block, "a reference", while_=lambda r: r.on)

    machine.memory("link", Link, "memory of the disk", cell=memory(DISK, 509), per_block=True)
    with refused(
        "act touches volume of all blocks at once; volume is one cell for each block. Take a step for each, "
        "or declare word_of for a table that can be read as one word"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.row.data.each(lambda b: s.volume[s.link[b].to])  # offence


def test_the_memory_of_another(machine: Machine) -> None:
    with refused(
        "act of host touches hand.count in the memory of disk 509, which only disk may touch [R25]; take "
        "the step on disk, or send a message"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.hand.count = 0  # offence


def test_a_writer_that_is_not_allowed(machine: Machine) -> None:
    with refused(
        "act of tape writes volume in volume, which only disk may [R28, R110]; take the step on one of "
        "those, or declare the access in the cell"
    ):

        @machine.action(by=TAPE)
        def act(s: State, b: Block, data: Data) -> None:
            """It acts."""
            s.volume[b] = data  # offence


def test_a_reader_that_is_not_allowed(machine: Machine) -> None:
    machine.memory("kept", Data, "memory of the host", cell=memory(HOST), initial=ANY)
    with refused(
        "act of host reads volume in volume, which only disk or tape may [R28, R110]; take the step on one "
        "of those, or declare the access in the cell"
    ):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.kept = s.volume[b]  # offence


def test_a_reader_of_a_channel_that_is_not_its_end() -> None:
    machine = Machine("design")
    machine.shared("notice", Bool, "a message", cell=channel("port", HOST, DISK))
    with refused(
        "act of tape reads notice in port, which only disk or host may; take the step on one of those, or "
        "declare the access in the cell"
    ):

        @machine.action(by=TAPE)
        def act(s: State) -> None:
            """It acts."""
            when(s.notice)  # offence
            s.notice = False


def test_a_word_that_may_not_be_read(machine: Machine) -> None:
    word = Cell("word", readers=frozenset({DISK}), cites=("R41",))
    machine.shared("bits", Bool, "a table", cell=ROW, per_block=True, word_of=word)
    with refused(
        "act of host reads bits in word, which only disk may [R41]; take the step on one of those, or "
        "declare the access in the cell"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(some(lambda b: s.bits[b]))  # offence
            s.own = True


def test_a_ghost_in_a_guard(machine: Machine) -> None:
    with refused(
        "act reads the ghost marked in its guard; only properties and ghosts may. Declare it machine.shared "
        "or machine.memory if the controller has it"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.marked)  # offence
            s.flag = True


def test_a_ghost_in_what_is_written(machine: Machine) -> None:
    with refused(
        "act reads the ghost marked in what it writes to flag; only properties and ghosts may. Declare it "
        "machine.shared or machine.memory if the controller has it"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.flag = s.marked  # offence


def test_a_ghost_in_an_index(machine: Machine) -> None:
    with refused(
        "act reads the ghost marked in what it writes to row.dirty; only properties and ghosts may. Declare "
        "it machine.shared or machine.memory if the controller has it"
    ):

        @machine.action(by=HOST)
        def act(s: State, b: Block, c: Block) -> None:
            """It acts."""
            s.row[ite(s.marked, b, c)].dirty = True  # offence


def test_a_ghost_in_a_while(machine: Machine) -> None:
    machine.shared("late", Bool, "a bool", cell=TABLE, while_=lambda s: s.marked)  # offence
    with refused(
        "while_ of late reads the ghost marked; what is forgotten steers the controller, so only a ghost's "
        "while_ may read ghosts"
    ):
        Layout(machine, 1)


def test_a_while_that_reads_what_is_forgotten_after_it(machine: Machine) -> None:
    machine.shared("first", Bool, "a bool", cell=TABLE, while_=lambda s: s.second)  # offence
    machine.shared("second", Bool, "a bool", cell=TABLE, while_=lambda s: s.flag)
    with refused(
        "while_ of first reads second, whose own while_ is applied later; declare second before it "
        "(variables per block come after all others), or read something else"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.flag = True


# ---- writes -------------------------------------------------------------------------------------


def test_a_computed_number_outside_the_domain(machine: Machine) -> None:
    with refused(
        "act can write 4 to number, which is Int(0, 3); exclude it with a when(...), or widen the domain"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.number = s.number + 1  # offence


def test_a_computed_number_below_the_domain(machine: Machine) -> None:
    with refused(
        "act can write -1 to number, which is Int(0, 3); exclude it with a when(...), or widen the domain"
    ):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            when(s.number < 3)
            s.number -= 1  # offence


def test_a_computed_number_that_the_guard_keeps_inside(machine: Machine) -> None:
    @machine.action(by=HOST)
    def up(s: State) -> None:
        """It counts up."""
        when(s.number < 3)
        s.number = s.number + 1

    @machine.action(by=HOST)
    def down(s: State) -> None:
        """It counts down unless it is idle."""
        s.number = ite((s.number > 0) & (s.phase == Phase.BUSY), s.number - 1, s.number)

    @machine.action(by=DISK)
    def retry(s: State, b: Block) -> None:
        """It counts for one block."""
        when(s.tries[b] != 2)
        s.tries[b] = s.tries[b] + 1

    assert len(machine.actions) == 3


def test_a_guard_of_another_block_does_not_help(machine: Machine) -> None:
    with refused(
        "retry can write 3 to tries, which is Int(0, 2); exclude it with a when(...), or widen the domain"
    ):

        @machine.action(by=DISK)
        def retry(s: State, b: Block, c: Block) -> None:
            """It counts for one block."""
            when(s.tries[c] < 2)
            s.tries[b] = s.tries[b] + 1  # offence


def test_each_with_a_number_outside_the_domain(machine: Machine) -> None:
    with refused(
        "act can write 3 to tries, which is Int(0, 2); exclude it with a when(...), or widen the domain"
    ):

        @machine.action(by=DISK)
        def act(s: State) -> None:
            """It acts."""
            s.tries.each(lambda b: s.tries[b] + 1)  # offence


TWICE = "a step writes each variable once, so choose the value with ite(condition, yes, no)"


def test_two_writes_of_a_variable(machine: Machine) -> None:
    with refused(f"act writes flag twice (LINE, LINE); {TWICE}"):

        @machine.action(by=HOST)
        def act(s: State) -> None:
            """It acts."""
            s.flag = True
            s.flag = False  # offence


def test_two_writes_of_one_block(machine: Machine) -> None:
    with refused(f"act writes seen twice (LINE, LINE); {TWICE}"):

        @machine.action(by=DISK)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.seen[b] = True
            s.seen[b] = False  # offence


def test_two_writes_of_blocks_that_may_be_one(machine: Machine) -> None:
    with refused(f"act writes seen at `b` and at `c`, which may be one block (LINE, LINE); {TWICE}"):

        @machine.action(by=DISK)
        def act(s: State, b: Block, c: Block) -> None:
            """It acts."""
            when(b != c)
            s.seen[b] = True
            s.seen[c] = False  # offence


def test_a_write_of_all_blocks_and_of_one(machine: Machine) -> None:
    with refused(f"act writes seen for all blocks and for one of them (LINE, LINE); {TWICE}"):

        @machine.action(by=DISK)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.seen.each(False)
            s.seen[b] = True  # offence


def test_a_record_and_then_one_of_its_fields(machine: Machine) -> None:
    with refused(f"act writes row.dirty twice (LINE, LINE); {TWICE}"):

        @machine.action(by=HOST)
        def act(s: State, b: Block) -> None:
            """It acts."""
            s.row[b] = Row()
            s.row[b].dirty = False  # offence
