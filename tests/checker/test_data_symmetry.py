"""One of the states that differ in the values of a block's data only: the same verdicts, depths and steps as the full
search.
"""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.ownership import OFFENCE
from splitproof.checker.compiled.symmetry import UnsoundSymmetryError
from splitproof.checker.engines import EngineChoice
from splitproof.checker.search.engine import Exploration, Limits
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.checker.verdicts import Violated
from splitproof.model.cells import Cell, memory
from splitproof.model.expressions import implies
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import BLOCK, DATA
from splitproof.spec.properties import Kind, always, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind
from tests.random_machines import assume_it_starts, machines
from tests.reduced_search import STATES_MAX, assert_replayed, depths, thorough

pytestmark = pytest.mark.usefixtures("cache")


# -- a shelf: every way to move data, and some that are no way to treat it ------------------------------


class Row(Record):
    present = field(Bool, "it holds data")
    data = field(Data, "which", while_=lambda r: r.present)


class Hand(Record):
    busy = field(Bool, "it holds data")
    block = field(Block, "of which block", while_=lambda r: r.busy)
    data = field(Data, "which", while_=lambda r: r.busy)


def shelf(*habits: str) -> Machine:
    """The host writes rows, a hand takes their data to the volume; `habits` are further steps."""
    made = Machine("shelf")
    made.shared("row", Row, "a row", cell=Cell("row", per_block=True), per_block=True)
    made.shared("volume", Data, "a block", cell=Cell("volume", per_block=True), per_block=True, initial=ANY)
    made.memory("hand", Hand, "what it carries", cell=memory(VOLUME_WORKER))
    made.ghost("written", Data, "written last", per_block=True, initial=ANY)
    made.initially(lambda s, b: s.written[b] == s.volume[b])
    _common_steps(made)
    _habits(made, habits)
    return made


def _common_steps(made: Machine) -> None:
    @made.action(by=HOST_PORT, kind=StepKind.HOST_IO)
    def write(s: State, b: Block, d: Data) -> None:
        """The host writes."""
        s.row[b] = Row(present=True, data=d)
        s.written[b] = d

    @made.action(by=VOLUME_WORKER)
    def take(s: State, b: Block) -> None:
        """The hand takes what a row holds."""
        when(s.row[b].present & ~s.hand.busy)
        s.hand = Hand(busy=True, block=b, data=s.row[b].data)
        s.row[b] = Row()

    @made.action(by=VOLUME_WORKER)
    def store(s: State) -> None:
        """The hand stores what it carries."""
        when(s.hand.busy)
        s.volume[s.hand.block] = s.hand.data
        s.hand = Hand()


def _habits(made: Machine, habits: tuple[str, ...]) -> None:
    if "misplaces" in habits:

        @made.action(by=VOLUME_WORKER)
        def misplace(s: State, b: Block) -> None:
            """The hand stores what it carries anywhere."""
            when(s.hand.busy)
            s.volume[b] = s.hand.data

    if "grabs" in habits:

        @made.action(by=VOLUME_WORKER)
        def grab(s: State, b: Block) -> None:
            """The hand takes from a row that may hold nothing."""
            when(~s.hand.busy)
            s.hand = Hand(busy=True, block=b, data=s.row[b].data)

    if "looks" in habits:
        made.ghost("stale", Bool, "the volume lacks what was written", per_block=True)

        @made.action(by=VOLUME_WORKER)
        def look(s: State, b: Block) -> None:
            """One looks whether the volume is stale."""
            s.stale[b] = s.volume[b] != s.written[b]

    if "remembers" in habits:
        made.ghost(
            "mark",
            Data,
            "what it was when all was well",
            per_block=True,
            while_=lambda s, b: s.volume[b] == s.written[b],
        )

        @made.action(by=VOLUME_WORKER)
        def remember(s: State, b: Block) -> None:
            """One remembers what the volume holds."""
            s.mark[b] = s.volume[b]

    if "renames" in habits:

        @made.action(by=VOLUME_WORKER)
        def rename(s: State, b: Block) -> None:
            """The hand takes what it carries for another block's."""
            when(s.hand.busy)
            s.hand.block = b


VOLUME_IS_WRITTEN = always(
    "volume-is-written", "the volume holds what was written", holds=lambda s, b: s.volume[b] == s.written[b]
)
CARRIED_IS_WRITTEN = always(
    "carried-is-written",
    "the hand carries what was written last",
    holds=lambda s, b: implies(s.hand.busy & (s.hand.block == b), s.hand.data == s.written[b]),
)
VOLUME_FROM_HAND = step(
    "volume-from-hand",
    "the volume changes to what the hand carries",
    holds=lambda old, new, b: (
        (new.volume[b] == old.volume[b])
        | (old.hand.busy & (old.hand.block == b) & (new.volume[b] == old.hand.data))
    ),
)
ALL_ALIKE = always(
    "all-alike",
    "what is carried is what is written anywhere",
    holds=lambda s, b: ~s.hand.busy | (s.hand.data == s.written[b]),
)
ROW_IS_WRITTEN = always(
    "row-is-written", "a row holds what was written", holds=lambda s, b: s.row[b].data == s.written[b]
)
SOUND = (VOLUME_IS_WRITTEN, CARRIED_IS_WRITTEN, VOLUME_FROM_HAND)


# -- what a representative stands for -------------------------------------------------------------------


def swapped(engine: CompiledEngine, state: int, block: int) -> int:
    """The state with a block's data swapped, by the meaning of slots rather than by bits; for shelves."""
    layout, unpacked = engine.grounding.layout, engine.packing.unpack(state)
    interpreter = Interpreter(engine.machine, engine.blocks)
    conditions = {slot.name: node for slot, node in layout.conditions}
    values: list[object] = list(unpacked)
    for slot in layout.slots:
        if slot.leaf.type is not DATA:
            continue
        condition = conditions.get(slot.name)
        owner = slot.block if slot.block is not None else unpacked[layout.position["hand.block", None]]
        means = condition is None or interpreter.value(condition, unpacked, {"b": slot.block})
        if owner == block and means:
            values[slot.position] = 1 - unpacked[slot.position]
    found: Valuation = tuple(values)
    return engine.packing.pack(found)


def renamed(engine: CompiledEngine, state: int) -> int:
    """The state of two blocks with the other's names."""
    layout, unpacked = engine.grounding.layout, engine.packing.unpack(state)
    busy = unpacked[layout.position["hand.busy", None]]
    values: list[object] = list(unpacked)
    for slot, value in zip(layout.slots, unpacked, strict=True):
        new = 1 - value if slot.leaf.type is BLOCK and busy else value
        place = slot.position if slot.block is None else layout.position[slot.leaf.name, 1 - slot.block]
        values[place] = new
    found: Valuation = tuple(values)
    return engine.packing.pack(found)


def assert_same(engine: CompiledEngine, found: Exploration, expected: Exploration) -> None:
    """Each level holds the representatives of the full search's level, each once; the rest follows."""
    levels, seen = [], set[int]()
    for full in expected.levels:
        levels.append({engine.symmetry.canonical(state) for state in full} - seen)
        seen |= levels[-1]
    while not levels[-1]:
        levels.pop()
    assert [set(level) for level in found.levels] == levels
    assert found.states == len(seen)
    assert found.triggered == expected.triggered
    assert {label for label, count in found.fired.items() if count} == {
        label for label, count in expected.fired.items() if count
    }
    assert depths(found.findings) == depths(expected.findings)


@pytest.mark.parametrize("blocks_too", [False, True])
def test_each_state_has_one_representative(blocks_too: bool) -> None:
    engine = CompiledEngine(shelf("looks"), 2, SOUND, symmetry=blocks_too, data_symmetry=True)
    canonical = engine.symmetry.canonical
    found = Oracle(shelf("looks"), 2, []).explore()
    images = {}
    for state in (state for level in found.levels for state in level):
        orbit = {state, swapped(engine, state, 0), swapped(engine, state, 1)}
        orbit.add(swapped(engine, swapped(engine, state, 0), 1))
        if blocks_too:
            orbit |= {renamed(engine, image) for image in orbit}
        (images[state],) = {canonical(image) for image in orbit}
        assert images[state] in orbit
        assert len(orbit) in ((4, 8) if blocks_too else (4,))
    assert {canonical(state) for state in images} == set(images.values())
    assert engine.explore().states == len(set(images.values()))


# -- against the full search ------------------------------------------------------------------------------


@thorough
@given(
    machine=machines(),
    blocks=st.integers(1, 2),
    folded=st.booleans(),
    names=st.booleans(),
    threads=st.sampled_from((1, 2)),
)
def test_it_finds_what_the_full_search_finds(
    machine: Machine, blocks: int, folded: bool, names: bool, threads: int
) -> None:
    assume_it_starts(machine, blocks)
    engine = CompiledEngine(machine, blocks, folded=folded, symmetry=names, data_symmetry=True)
    assume(engine.is_data_symmetric)
    oracle = Oracle(machine, blocks, folded=folded)
    expected = oracle.explore(Limits(max_states=STATES_MAX))
    depth = None if expected.complete else max(expected.depth - 1, 0)
    expected = oracle.explore(Limits(max_depth=depth))
    try:
        found = engine.explore(Limits(max_depth=depth), threads=threads)
    except UnsoundSymmetryError:
        return
    assert_same(engine, found, expected)
    assert_replayed(engine, found, found.findings)
    if expected.complete and not folded:
        stuck = possible_findings(engine, found)
        assert depths(stuck) == depths(possible_findings(oracle, expected))
        assert_replayed(engine, found, stuck)


HABITS = ("misplaces", "grabs", "looks", "renames", "remembers")


@settings(thorough, max_examples=40)
@given(
    habits=st.lists(st.sampled_from(HABITS), unique=True, max_size=3),
    asked=st.lists(st.sampled_from((*SOUND, ALL_ALIKE, ROW_IS_WRITTEN)), unique=True),
    blocks=st.integers(1, 2),
    names=st.booleans(),
)
def test_where_it_is_not_refused_it_is_right(
    habits: list[str], asked: list[object], blocks: int, names: bool
) -> None:
    machine = shelf(*habits)
    engine = CompiledEngine(machine, blocks, asked, symmetry=names, data_symmetry=True)  # type: ignore[arg-type]
    is_fine = not {"grabs", "remembers"} & set(habits) and ROW_IS_WRITTEN not in asked
    if blocks > 1:
        is_fine = is_fine and not {"misplaces", "renames"} & set(habits) and ALL_ALIKE not in asked
    try:
        found = engine.explore() if engine.is_data_symmetric else None
    except UnsoundSymmetryError:
        found = None
    assert (found is not None) == is_fine
    if found is not None:
        expected = Oracle(machine, blocks, asked).explore()  # type: ignore[arg-type]
        assert_same(engine, found, expected)
        assert_replayed(engine, found, found.findings)
        assert found.states < expected.states


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_states_are_counted_up_to_the_values_of_data(blocks: int) -> None:
    """A block and its copy are alike or not: 2 of 4 states a block, and with blocks alike, how many of each."""
    made = Machine("copies")
    cell = Cell("volume", per_block=True)
    for name in ("volume", "copy"):
        made.shared(name, Data, "data", cell=cell, per_block=True, initial=ANY)

    @made.action(by=VOLUME_WORKER)
    def renew(s: State, b: Block) -> None:
        """The block is copied."""
        s.copy[b] = s.volume[b]

    def states(*, data: bool, names: bool = False) -> int:
        return CompiledEngine(made, blocks, symmetry=names, data_symmetry=data).explore().states

    assert states(data=False) == 4**blocks
    assert states(data=True) == 2**blocks
    assert states(data=True, names=True) == blocks + 1


def test_a_story_is_about_the_values_that_were_there() -> None:
    machine = shelf()
    options = Options(engine=EngineChoice.COMPILED, symbolic=False)
    result = check(machine, 2, [VOLUME_IS_WRITTEN, VOLUME_FROM_HAND], options)
    assert (result.symmetry, result.data_symmetry) == (True, True)
    assert f"all {result.states:,} states up to the names of blocks and the values of data" in result.scope
    violated, held = result.properties
    assert isinstance(violated.verdict, Violated)
    (written,) = violated.verdict.trace.steps
    start = violated.verdict.trace.initial
    engine = Oracle(machine, 2)
    block, data = written.step.arguments
    assert start[engine.grounding.layout.position["volume", block]] != data
    assert held.verdict.word == "holds"


# -- where it is refused --------------------------------------------------------------------------------


def obstacle(machine: Machine, blocks: int = 2, *asked: object) -> str | None:
    return CompiledEngine(machine, blocks, asked, data_symmetry=True).symmetry.data_obstacle  # type: ignore[arg-type]


def test_data_of_no_block_are_not_swapped() -> None:
    made = Machine("loose")
    made.memory("loose", Data, "of no block", cell=memory(VOLUME_WORKER), initial=ANY)

    @made.action(by=VOLUME_WORKER)
    def forget(s: State, d: Data) -> None:
        """It is replaced."""
        s.loose = d

    assert obstacle(made) == "loose is data of no block: no reference says which"


def test_folding_that_prefers_a_value_is_refused() -> None:
    made = shelf()
    made.shared("note", Bool, "noted", cell=Cell("note"))
    made.ghost("noted", Data, "what", per_block=True, initial=ANY)

    @made.action(by=HOST_PORT, folds="to see")
    def note(s: State, d: Data) -> None:
        """It is noted."""
        when(~s.note)
        s.note = True
        s.noted.each(d)

    engine = CompiledEngine(made, 2, [], folded=True, data_symmetry=True)
    assert engine.symmetry.data_obstacle == (
        "folding takes host I/O 501 note with the first data first; search without folding"
    )


def test_what_does_not_follow_from_the_guards_is_asked_of_every_state() -> None:
    assert CompiledEngine(shelf(), 2, SOUND, data_symmetry=True).symmetry.obligations == {}
    for habit, step_, depth in (
        ("misplaces", "misplace", 2),
        ("grabs", "grab", 0),
        ("renames", "rename", 2),
    ):
        engine = CompiledEngine(shelf(habit), 2, SOUND, data_symmetry=True)
        assert all(who.endswith(f"disk 508 {step_}") for who in engine.symmetry.obligations.values())
        sentence = f"disk 508 {step_} {OFFENCE}, {depth} steps from the start"
        with pytest.raises(UnsoundSymmetryError, match=f"^{re.escape(sentence)}$"):
            engine.explore()


def test_a_search_that_is_refuted_starts_again_without() -> None:
    said: list[str] = []
    options = Options(engine=EngineChoice.COMPILED, symbolic=False)
    result = check(shelf("grabs"), 2, SOUND, options, say=said.append)
    full = check(shelf("grabs"), 2, SOUND, Options(engine=EngineChoice.GRAPH, symbolic=False))
    assert (result.symmetry, result.data_symmetry) == (True, False)
    assert [item.verdict.word for item in result.properties] == [
        item.verdict.word for item in full.properties
    ]
    assert said == [f"data keep their values: disk 508 grab {OFFENCE}, 0 steps from the start"]


# -- the catalogue --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "design", ["second-embodiment-closed", "third-embodiment-two-slots", "prior-art-unchecked"]
)
def test_a_design_of_the_catalogue_has_half_its_states(design: str) -> None:
    """One block, whose target and source always mean something: every state has exactly one image."""
    machine = load_machine(design)
    asked = [item for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)]
    full = CompiledEngine(machine, 1, asked)
    engine = CompiledEngine(machine, 1, asked, data_symmetry=True)
    expected, found = full.explore(), engine.explore()
    assert (engine.is_data_symmetric, 2 * found.states) == (True, expected.states)
    assert_same(engine, found, expected)
    assert_replayed(engine, found, found.findings)


@pytest.mark.slow
def test_orbits_of_a_closed_design_at_two_blocks() -> None:
    """4 swaps and 2 renamings of each state, but for those where the blocks are alike after swapping."""
    machine = load_machine("second-embodiment-closed")
    asked = [item for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)]
    engine = CompiledEngine(machine, 2, asked, folded=True, symmetry=True, data_symmetry=True)
    found = engine.explore()
    only_data = CompiledEngine(machine, 2, asked, folded=True, data_symmetry=True).explore()
    full = CompiledEngine(machine, 2, asked, folded=True).explore()
    assert (full.states, only_data.states, found.states) == (4_315_432, 1_078_858, 539_815)
    assert 4 * only_data.states == full.states
    assert 2 * found.states - only_data.states == 772
    assert found.depth == full.depth
    assert found.triggered == full.triggered
