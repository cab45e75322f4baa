"""One of the states that differ in the names of blocks only: the same verdicts, depths and steps as the full search."""

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.search import CompiledExploration
from splitproof.checker.engines import EngineChoice
from splitproof.checker.search.engine import Exploration, Limits
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.checker.verdicts import Violated
from splitproof.model.cells import Cell, memory
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.records import Block, Bool, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import BLOCK
from splitproof.spec.properties import Kind, always, possible, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind
from tests.random_machines import assume_it_starts, machines
from tests.reduced_search import STATES_MAX, assert_replayed, depths, thorough

pytestmark = pytest.mark.usefixtures("cache")


def renamed(engine: CompiledEngine, state: int, names: tuple[int, ...]) -> int:
    """The state in which block b is called `names[b]`, by the meaning of slots rather than by bits."""
    layout, unpacked = engine.grounding.layout, engine.packing.unpack(state)
    interpreter = Interpreter(engine.machine, engine.blocks)
    conditions = {slot.name: node for slot, node in layout.conditions}
    values: list[object] = list(unpacked)
    for slot, value in zip(layout.slots, unpacked, strict=True):
        new = value
        if slot.leaf.type is BLOCK:
            new = names[value] if interpreter.value(conditions[slot.name], unpacked) else value
        place = slot.position if slot.block is None else layout.position[slot.leaf.name, names[slot.block]]
        values[place] = new
    renamed_state: Valuation = tuple(values)
    return engine.packing.pack(renamed_state)


def assert_is_quotient(engine: CompiledEngine, found: CompiledExploration, expected: Exploration) -> None:
    """Each level holds the representatives of the full search's level, each once; the rest follows.

    Where a reference means something initially, it is to block 0, and other names are met later, if at all.
    """
    canonical = engine.symmetry.canonical
    levels, seen = [], set[int]()
    for full in expected.levels:
        levels.append({canonical(state) for state in full} - seen)
        seen |= levels[-1]
    while not levels[-1]:
        levels.pop()
    assert [set(level) for level in found.levels] == levels
    assert found.states == len(seen)
    assert found.complete or not expected.complete
    assert found.triggered == expected.triggered
    assert {label for label, count in found.fired.items() if count} == {
        label for label, count in expected.fired.items() if count
    }
    assert depths(found.findings) == depths(expected.findings)


@thorough
@given(machine=machines(), blocks=st.integers(2, 3), folded=st.booleans(), threads=st.sampled_from((1, 2)))
def test_it_finds_what_the_full_search_finds(
    machine: Machine, blocks: int, folded: bool, threads: int
) -> None:
    assume_it_starts(machine, blocks)
    engine = CompiledEngine(machine, blocks, folded=folded, symmetry=True)
    assume(engine.symmetry.block_obstacle is None)
    oracle = Oracle(machine, blocks, folded=folded)
    expected = oracle.explore(Limits(max_states=STATES_MAX))
    depth = None if expected.complete else max(expected.depth - 1, 0)
    expected = oracle.explore(Limits(max_depth=depth))
    found = engine.explore(Limits(max_depth=depth), threads=threads)
    assert_is_quotient(engine, found, expected)
    assert_replayed(engine, found, found.findings)
    if expected.complete and not folded:
        stuck = possible_findings(engine, found)
        assert depths(stuck) == depths(possible_findings(oracle, expected))
        assert_replayed(engine, found, stuck)


@settings(thorough, max_examples=15)
@given(machine=machines(), blocks=st.integers(2, 3))
def test_a_representative_stands_for_every_renaming(machine: Machine, blocks: int) -> None:
    assume_it_starts(machine, blocks)
    engine = CompiledEngine(machine, blocks, symmetry=True)
    assume(engine.symmetry.block_obstacle is None)
    canonical = engine.symmetry.canonical
    found = Oracle(machine, blocks).explore(Limits(max_states=40))
    for state in [state for level in found.levels for state in level][::4]:
        names = list(itertools.permutations(range(blocks)))
        assert canonical(canonical(state)) == canonical(state)
        assert canonical(state) in {renamed(engine, state, given_) for given_ in names}
        assert {canonical(renamed(engine, state, given_)) for given_ in names} == {canonical(state)}


# -- a machine whose numbers can be worked out ----------------------------------------------------------


class Hand(Record):
    busy = field(Bool, "it holds a block")
    block = field(Block, "which", while_=lambda r: r.busy)


def lights() -> Machine:
    """Each block has a light; a hand takes a block, and turns its light on when it lets go."""
    made = Machine("lights")
    made.shared("light", Bool, "on", cell=Cell("light", per_block=True), per_block=True)
    made.memory("hand", Hand, "what it holds", cell=memory(VOLUME_WORKER))

    @made.action(by=VOLUME_WORKER)
    def take(s: State, b: Block) -> None:
        """The hand takes a block."""
        when(~s.hand.busy)
        s.hand = Hand(busy=True, block=b)

    @made.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def leave(s: State) -> None:
        """The hand turns the light on and lets go."""
        when(s.hand.busy)
        s.light[s.hand.block] = True
        s.hand = Hand()

    return made


def two_on(s: State, b: Block) -> object:
    return ~(s.light[b] & s.hand.busy & (s.hand.block == b))


HELD_IN_THE_DARK = always("held-in-the-dark", "no lit block is held", holds=two_on)
NEVER_LIT = step("never-lit", "no light goes on", holds=lambda old, new, b: old.light[b] | ~new.light[b])
CAN_BE_FREE = possible(
    "can-be-free", "the hand can let go", trigger=lambda s: s.hand.busy, reaches=lambda s: ~s.hand.busy
)


@pytest.mark.parametrize("blocks", [2, 3, 4, 5])
def test_states_are_counted_up_to_the_names_of_blocks(blocks: int) -> None:
    """How many lights are on; and, if a block is held, whether its own is: 1 + 2 choices, two of which need room."""
    engine = CompiledEngine(lights(), blocks, [], symmetry=True)
    found = engine.explore()
    assert found.complete
    assert found.states == (blocks + 1) + 2 * blocks
    assert CompiledEngine(lights(), blocks, []).explore().states == 2**blocks * (1 + blocks)


def test_a_block_keeps_its_name_in_a_story() -> None:
    engine = CompiledEngine(lights(), 3, [HELD_IN_THE_DARK, NEVER_LIT, CAN_BE_FREE], symmetry=True)
    found = engine.explore()
    assert depths(found.findings) == {"held-in-the-dark": 3, "never-lit": 2}
    assert_replayed(engine, found, found.findings)
    (first, _), _, (third, _) = engine.trace_to(found, found.findings["held-in-the-dark"]).steps
    assert (first.action.name, first.arguments) == (third.action.name, third.arguments)
    assert possible_findings(engine, found) == {}


def test_check_says_that_names_do_not_count() -> None:
    options = Options(engine=EngineChoice.COMPILED, symbolic=False)
    result = check(lights(), 3, [HELD_IN_THE_DARK, CAN_BE_FREE], options)
    assert (result.symmetry, result.states, result.json()["symmetry"]) == (True, 10, True)
    assert "all 10 states up to the names of blocks, 3 blocks" in result.scope
    (violated, _) = result.properties
    assert isinstance(violated.verdict, Violated)
    assert violated.verdict.depth == 3
    full = check(lights(), 3, [HELD_IN_THE_DARK], Options(engine=EngineChoice.COMPILED, symmetry=False))
    assert (full.symmetry, full.states) == (False, 32)


# -- where it is refused --------------------------------------------------------------------------------


def test_one_block_has_one_name() -> None:
    assert CompiledEngine(lights(), 1, symmetry=True).symmetry.block_obstacle == "there is one block only"


def test_references_from_blocks_to_blocks_are_not_sorted() -> None:
    made = lights()
    made.shared(
        "next",
        Block,
        "another",
        cell=Cell("next", per_block=True),
        per_block=True,
        while_=lambda s, b: s.light[b],
    )
    engine = CompiledEngine(made, 2, symmetry=True)
    assert engine.symmetry.blocks is None
    assert engine.symmetry.block_obstacle is not None
    assert engine.symmetry.block_obstacle.startswith("next refers to a block from each block")


def test_folding_a_step_of_the_first_block_first_is_refused() -> None:
    made = lights()
    made.shared("seen", Bool, "seen", cell=Cell("seen", per_block=True), per_block=True)

    @made.action(by=HOST_PORT, folds="to see")
    def see(s: State, b: Block) -> None:
        """It is seen."""
        when(~s.seen[b])
        s.seen[b] = True

    said: list[str] = []
    options = Options(engine=EngineChoice.COMPILED, symbolic=False)
    result = check(made, 2, [HELD_IN_THE_DARK], options, say=said.append)
    assert not result.symmetry
    sentence = "folding takes host I/O 501 see for the first block first; search without folding"
    assert said == [f"blocks keep their names: {sentence}"]
    assert CompiledEngine(made, 2, symmetry=True).symmetry.block_obstacle is None


def test_a_reference_that_means_block_0_by_itself_is_refused() -> None:
    made = lights()

    @made.action(by=VOLUME_WORKER)
    def wake(s: State, b: Block) -> None:
        """The hand is busy if the light is on."""
        when(~s.hand.busy)
        s.hand.busy = s.light[b]

    engine = CompiledEngine(made, 2, symmetry=True)
    assert (
        engine.symmetry.block_obstacle
        == "disk 508 wake may give hand.block a meaning without writing a block to it"
    )


@pytest.mark.long
def test_a_closed_design_at_two_blocks_has_the_same_verdicts() -> None:
    machine = load_machine("second-embodiment-closed")
    kinds = (Kind.ALWAYS, Kind.STEP, Kind.POSSIBLE)
    asked = [item for item in machine.properties.values() if item.kind in kinds]
    full = CompiledEngine(machine, 2, asked, folded=True)
    engine = CompiledEngine(machine, 2, asked, folded=True, symmetry=True)
    expected, found = full.explore(), engine.explore()
    same_when_swapped = 2 * found.states - expected.states
    assert (expected.states, found.states, same_when_swapped) == (4_315_432, 2_158_488, 1_544)
    assert [len(level) for level in full.explore(Limits(max_depth=20)).levels] == [
        len({*level, *(renamed(engine, state, (1, 0)) for state in level)})
        for level in engine.explore(Limits(max_depth=20)).levels
    ]
    assert found.depth == expected.depth
    assert found.triggered == expected.triggered
    assert found.findings == expected.findings == {}
    stuck = possible_findings(engine, found)
    assert depths(stuck) == depths(possible_findings(full, expected))
    assert_replayed(engine, found, stuck)
