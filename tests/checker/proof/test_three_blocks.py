"""Faults that need three blocks, and guards that quantify: never proved where a search at three blocks knows better."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.prove import find_invariant, prove
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model import (
    Block,
    Bool,
    Cell,
    Int,
    Machine,
    Processor,
    Record,
    State,
    every,
    field,
    none,
    some,
    when,
)
from splitproof.model.errors import ModelError
from splitproof.spec.properties import always

HOST, DISK = Processor("host"), Processor("disk")
HANDS = (Processor("left"), Processor("middle"), Processor("right"))
TABLE = Cell("table")
QUIET = always("quiet", "there is no alarm", holds=lambda s: ~s.alarm)


class Hand(Record):
    busy = field(Bool, "something is held")
    block = field(Block, "which block", while_=lambda r: r.busy)


def three_hands() -> Machine:
    """Three processors take blocks that nobody has; the alarm goes when all have one."""
    machine = Machine("three-hands")
    machine.shared("taken", Bool, "somebody has the block", cell=TABLE, per_block=True)
    machine.shared("alarm", Bool, "the alarm is on", cell=TABLE)
    for processor in HANDS:
        machine.shared(str(processor), Hand, "what it holds", cell=TABLE)
        _declare_hand(machine, str(processor), processor)

    @machine.action(by=HOST, needs_blocks=3)
    def ring(s: State) -> None:
        """All are busy."""
        when(s.left.busy & s.middle.busy & s.right.busy)
        s.alarm = True

    machine.check(QUIET)
    return machine


def _declare_hand(machine: Machine, name: str, processor: Processor) -> None:
    @machine.action(by=processor)
    def look(s: State, b: Block) -> None:
        """The processor points at a block."""
        when(~s[name].busy)
        when(none(lambda x: s.taken[x] & (x == b)))
        s[name] = Hand(busy=True, block=b)
        s.taken[b] = True


def counted_marks() -> Machine:
    """Blocks are marked once each, and counted; nobody reckons with a third."""
    machine = Machine("counted-marks")
    machine.shared("marked", Bool, "the block is marked", cell=TABLE, per_block=True)
    machine.shared("count", Int(0, 3), "how many are", cell=TABLE)

    @machine.action(by=HOST)
    def mark(s: State, b: Block) -> None:
        """A block is marked, and counted."""
        when(~s.marked[b])
        when(s.count < 3)
        s.marked.each(lambda x: s.marked[x] | (x == b))
        s.count = s.count + 1

    machine.check(always("two-at-most", "there is room for two", holds=lambda s: s.count < 3))
    return machine


def three_colours() -> Machine:
    """A block is dirty, or being copied, or neither; the alarm goes where there is one of each."""
    machine = Machine("three-colours")
    machine.shared("dirty", Bool, "written", cell=TABLE, per_block=True)
    machine.shared("copied", Bool, "being copied", cell=TABLE, per_block=True)
    machine.shared("alarm", Bool, "the alarm is on", cell=TABLE)

    @machine.action(by=HOST)
    def write(s: State, b: Block) -> None:
        """A block that is not being copied is written."""
        when(~s.copied[b])
        s.dirty[b] = True

    @machine.action(by=DISK)
    def copy(s: State, b: Block) -> None:
        """A clean block is copied."""
        when(~s.dirty[b])
        s.copied[b] = True

    @machine.action(by=DISK, needs_blocks=3)
    def ring(s: State) -> None:
        """There is one of each."""
        when(some(lambda b: s.dirty[b]))
        when(~none(lambda b: s.copied[b]))
        when(~every(lambda b: s.dirty[b] | s.copied[b]))
        s.alarm = True

    machine.check(QUIET)
    return machine


@pytest.mark.parametrize(("build", "steps"), [(three_hands, 4), (counted_marks, 3), (three_colours, 3)])
def test_what_fails_from_three_blocks_on_is_answered_with_the_counterexample(
    build: Callable[[], Machine], steps: int
) -> None:
    result = prove(build())
    (found,) = result.properties
    assert isinstance(found.verdict, Violated)
    assert (found.verdict.trace.blocks, found.verdict.depth) == (3, steps)
    assert result.exit_code is ExitCode.VIOLATED
    assert result.certified is None


def flags(opens: Callable[[Any], object], *, needs_blocks: int = 1) -> Machine:
    """Red and blue flags are set, never both on a block; the alarm goes when a guard that quantifies says so."""
    machine = Machine("flags")
    machine.shared("red", Bool, "red", cell=TABLE, per_block=True)
    machine.shared("blue", Bool, "blue", cell=TABLE, per_block=True)
    machine.shared("alarm", Bool, "the alarm is on", cell=TABLE)

    @machine.action(by=HOST)
    def set_red(s: State, b: Block) -> None:
        """A flag is set."""
        when(~s.blue[b])
        s.red[b] = True

    @machine.action(by=HOST)
    def set_blue(s: State, b: Block) -> None:
        """A flag is set, where there is none."""
        when(~s.red[b])
        s.blue[b] = True

    @machine.action(by=DISK, needs_blocks=needs_blocks, idle="where it is proved never to be")
    def ring(s: State) -> None:
        """The alarm goes."""
        when(opens(s))
        s.alarm = True

    machine.check(QUIET)
    return machine


@pytest.mark.parametrize(
    "opens",
    [
        lambda s: some(lambda b: s.red[b] & s.blue[b]),
        lambda s: ~every(lambda b: ~s.red[b] | ~s.blue[b]),
        lambda s: ~none(lambda b: s.red[b] & s.blue[b]),
        lambda s: some(lambda b: s.red[b] & s.blue[b] & none(lambda c: s.blue[c])),
        lambda s: every(lambda b: s.red[b]) & some(lambda b: s.blue[b]),
        lambda s: none(lambda b: s.red[b]) & ~none(lambda b: s.red[b] & s.blue[b]),
        lambda s: every(lambda b: s.red[b] & some(lambda c: s.red[c] & s.blue[c])),
    ],
)
def test_guards_that_are_never_true_are_proved_so(opens: Callable[[Any], object]) -> None:
    (found,) = prove(flags(opens)).properties
    assert found.verdict.word == "proved"


@pytest.mark.parametrize(
    ("opens", "blocks"),
    [
        (lambda s: every(lambda b: s.red[b]), 1),
        (lambda s: some(lambda b: s.red[b]) & some(lambda b: s.blue[b]), 2),
        (lambda s: ~every(lambda b: s.red[b]) & ~every(lambda b: ~s.red[b]), 2),
        (lambda s: some(lambda b: s.red[b] & some(lambda c: s.blue[c])), 2),
        (lambda s: some(lambda b: s.red[b] & ~every(lambda c: s.red[c] | ~s.blue[c])), 2),
        (
            lambda s: (
                ~none(lambda b: s.red[b]) & some(lambda b: s.blue[b]) & ~every(lambda b: s.red[b] | s.blue[b])
            ),
            3,
        ),
    ],
)
def test_guards_that_can_be_true_lose_no_behaviour(opens: Callable[[Any], object], blocks: int) -> None:
    (found,) = prove(flags(opens, needs_blocks=blocks)).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == blocks


@pytest.mark.parametrize(
    "opens",
    [
        lambda s: every(lambda b: some(lambda c: s.red[b] & s.blue[c] & (b != c))),
        lambda s: ~some(lambda b: every(lambda c: s.red[b] | s.blue[c] | (b == c))),
    ],
)
def test_guards_that_alternate_quantifiers_are_refused(opens: Callable[[Any], object]) -> None:
    with pytest.raises(ModelError, match="asks about some block for each block"):
        prove(flags(opens, needs_blocks=2))


# -- machines that nobody designed

_ATOMS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda s, b: s.red[b],
    lambda s, b: ~s.red[b],
    lambda s, b: s.blue[b],
    lambda s, b: ~s.blue[b],
    lambda s, b: s.red[b] & s.blue[b],
    lambda s, b: s.red[b] | ~s.blue[b],
    lambda s, b: s.red[b] == s.blue[b],
)
_QUANTIFIERS: tuple[Callable[[Callable[[Any], Any]], Any], ...] = (
    every,
    some,
    none,
    lambda holds: ~every(holds),
    lambda holds: ~some(holds),
)
_Guard = Callable[[Any], Any]
_Change = tuple[int, int]


@st.composite
def guards(draw: st.DrawFn) -> _Guard:
    """A quantifier over an atom, perhaps with another quantifier inside that does not speak of its block."""
    outer, inner = draw(st.sampled_from(_QUANTIFIERS)), draw(st.none() | st.sampled_from(_QUANTIFIERS))
    one, other = draw(st.sampled_from(_ATOMS)), draw(st.sampled_from(_ATOMS))
    if inner is None:
        return lambda s: outer(lambda b: one(s, b))
    return lambda s: outer(lambda b: one(s, b) & inner(lambda c: other(s, c)))


def random_flags(moves: list[tuple[int, _Change]], alarm: _Guard) -> Machine:
    """Steps that change one flag where an atom holds, or all of them, and an alarm."""
    machine = Machine("random-flags")
    machine.shared("red", Bool, "red", cell=TABLE, per_block=True)
    machine.shared("blue", Bool, "blue", cell=TABLE, per_block=True)
    machine.shared("alarm", Bool, "the alarm is on", cell=TABLE)
    for number, (atom, (flag, how)) in enumerate(moves):
        _declare_move(machine, number, _ATOMS[atom], ("red", "blue")[flag], how)

    @machine.action(by=DISK)
    def ring(s: State) -> None:
        """The alarm goes."""
        when(alarm(s))
        s.alarm = True

    machine.check(
        QUIET, always("one-flag", "no block has two flags", holds=lambda s, b: ~(s.red[b] & s.blue[b]))
    )
    return machine


def _declare_move(
    machine: Machine, number: int, atom: Callable[[Any, Any], Any], flag: str, how: int
) -> None:
    def move(s: State, b: Block) -> None:
        """A flag changes."""
        when(atom(s, b))
        if how == 2:
            s[flag].each(lambda x: s[flag][x] | (x == b))
        else:
            s[flag][b] = how == 1

    move.__name__ = f"move_{number}"
    machine.action(by=HOST)(move)


MOVES = st.lists(
    st.tuples(st.integers(0, len(_ATOMS) - 1), st.tuples(st.integers(0, 1), st.integers(0, 2))),
    min_size=1,
    max_size=3,
)


@settings(
    suppress_health_check=[HealthCheck.too_slow], max_examples=15, deadline=None, phases=[Phase.generate]
)
@given(MOVES, guards())
def test_nothing_is_proved_that_fails_at_one_to_three_blocks(
    moves: list[tuple[int, _Change]], alarm: _Guard
) -> None:
    """The search for an invariant alone, which nobody has told of a counterexample."""
    try:
        machine = random_flags(moves, alarm)
    except ModelError:
        return  # a guard that excludes itself
    oracle = Oracle(machine, 1)
    asked = list(machine.properties.values())
    found = find_invariant(machine, asked, oracle, oracle.explore(), walks={2: 300, 3: 300})
    proved = {item.id for item in asked} - set(found.invariant.stuck)
    for blocks in (1, 2, 3):
        space = Oracle(machine, blocks).explore(Limits(max_states=5_000))
        assert space.complete
        assert proved.isdisjoint(space.findings)
