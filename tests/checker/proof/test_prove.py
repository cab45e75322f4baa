"""Small machines: what is proved, what is refuted at 1 block, only at 2, or neither."""

from collections.abc import Callable
from pathlib import Path

import pytest

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.results import ProofResult, Proved, proof_lines
from splitproof.checker.proof.words import words_of
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.verdicts import Unknown, Violated
from splitproof.model import (
    Block,
    Bool,
    Cell,
    Machine,
    Processor,
    Record,
    State,
    every,
    field,
    implies,
    memory,
    none,
    some,
    when,
)
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.types import Int
from splitproof.spec.properties import Property, always, possible, step

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
LEFT, RIGHT = Processor("left"), Processor("right")
TABLE = Cell("table")
ROW = Cell("row", per_block=True)


class Hand(Record):
    busy = field(Bool, "something is held")
    block = field(Block, "which block", while_=lambda r: r.busy)


def takers(*processors: Processor) -> Machine:
    """Each processor flags a block that is free, and gives it back."""
    machine = Machine("takers")
    machine.shared("flag", Bool, "the block is taken", cell=ROW, per_block=True, word_of=TABLE)
    for processor in processors:
        name = str(processor)
        machine.memory(name, Hand, "what it holds", cell=memory(processor))
        _declare_taker(machine, name, processor)
    return machine


def _declare_taker(machine: Machine, name: str, processor: Processor) -> None:
    @machine.action(by=processor)
    def take(s: State, b: Block) -> None:
        """The processor takes a free block."""
        when(~s[name].busy)
        when(~s.flag[b])
        s.flag[b] = True
        s[name] = Hand(busy=True, block=b)

    @machine.action(by=processor)
    def give(s: State) -> None:
        """The processor gives its block back."""
        when(s[name].busy)
        s.flag[s[name].block] = False
        s[name] = Hand()


def verdicts(result: ProofResult) -> dict[str, str]:
    return {item.asked.id: item.verdict.word for item in result.properties}


FLAGGED_IS_HELD = always(
    "flagged-is-held",
    "a flagged block is in the left hand",
    holds=lambda s, b: implies(s.flag[b], s.left.busy & (s.left.block == b)),
)
HELD_APART = always(
    "held-apart",
    "two hands hold two blocks",
    holds=lambda s, b: ~(s.left.busy & (s.left.block == b) & s.right.busy & (s.right.block == b)),
)
GIVEN_BACK = step(
    "given-back",
    "a flag is taken away only from a held block",
    holds=lambda before, after, b: (
        ~before.flag[b] | after.flag[b] | (before.left.busy & (before.left.block == b))
    ),
)


def test_a_lock_is_proved_and_said_in_words() -> None:
    result = prove(load_machine(f"{EXAMPLES / 'lock.py'}:lock"))
    assert verdicts(result) == {"mutual-exclusion": "proved"}
    assert result.exit_code is ExitCode.HOLDS
    assert result.left_out == ("left-can-enter",)
    lines = list(proof_lines(result))
    assert lines[0].startswith("PROVED    mutual-exclusion")
    assert "every number of blocks, any data, any number of steps" in lines[0]
    assert any("a processor holds the lock" in line for line in lines)
    assert any(line.startswith("certificate: ") and "cvc5 and by z3" in line for line in lines)


def test_a_broken_lock_is_answered_with_the_shortest_counterexample() -> None:
    result = prove(load_machine(f"{EXAMPLES / 'lock.py'}:broken_lock"))
    (found,) = result.properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.depth == 4
    assert result.exit_code is ExitCode.VIOLATED
    assert result.certified is None


def test_blocks_that_references_name_and_steps_are_proved() -> None:
    machine = takers(LEFT)
    machine.check(FLAGGED_IS_HELD, GIVEN_BACK)
    assert verdicts(prove(machine)) == {"flagged-is-held": "proved", "given-back": "proved"}
    two = takers(LEFT, RIGHT)
    two.check(HELD_APART)
    assert verdicts(prove(two)) == {"held-apart": "proved"}


def test_what_fails_from_two_blocks_on_is_never_proved() -> None:
    """With one block, the block that is held is every block."""
    machine = takers(LEFT, RIGHT)
    whose = always(
        "only-one-is-flagged",
        "while the left hand is busy, what is flagged is in it",
        holds=lambda s, b: implies(s.left.busy & s.flag[b], s.left.block == b),
    )
    machine.check(whose)
    (found,) = prove(machine).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == 2
    assert found.verdict.depth == 2


def alarm(raises: Callable[[State], object]) -> Machine:
    """A flag can be set from two blocks on only; the alarm looks at all of them."""
    machine = Machine("alarm")
    machine.shared("flag", Bool, "set", cell=ROW, per_block=True, word_of=TABLE)
    machine.memory("alarm", Bool, "the alarm is on", cell=memory(LEFT))

    @machine.action(by=RIGHT, needs_blocks=2)
    def set_flag(s: State, b: Block, c: Block) -> None:
        """A flag is set."""
        when(b != c)
        s.flag[b] = True

    @machine.action(by=LEFT, needs_blocks=2)
    def ring(s: State) -> None:
        """The alarm rings."""
        when(raises(s))
        s.alarm = True

    machine.check(always("quiet", "there is no alarm", holds=lambda s: ~s.alarm))
    return machine


@pytest.mark.parametrize(
    "raises",
    [
        lambda s: some(lambda b: s.flag[b]),
        lambda s: ~every(lambda b: ~s.flag[b]),
        lambda s: ~none(lambda b: s.flag[b]),
    ],
)
def test_existential_guards_lose_no_behaviour(raises: Callable[[State], object]) -> None:
    """Instances of the blocks that have a name would: the flag is on another one."""
    (found,) = prove(alarm(raises)).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == 2


def test_a_universal_guard_is_used() -> None:
    machine = Machine("closing")
    machine.shared("open", Bool, "the door is open", cell=ROW, per_block=True, word_of=TABLE)
    machine.memory("sealed", Bool, "no door can be opened", cell=memory(LEFT))

    @machine.action(by=LEFT)
    def seal(s: State) -> None:
        """Once no door is open, all are sealed."""
        when(none(lambda b: s.open[b]))
        s.sealed = True

    @machine.action(by=LEFT)
    def swing(s: State, b: Block) -> None:
        """A door opens or shuts."""
        when(~s.sealed)
        s.open[b] = ~s.open[b]

    machine.check(
        always("sealed-is-shut", "a sealed door is shut", holds=lambda s, b: ~(s.sealed & s.open[b]))
    )
    assert verdicts(prove(machine)) == {"sealed-is-shut": "proved"}


def counted() -> Machine:
    """True at every size, but only because no two blocks are flagged, which is no clause about one block."""
    machine = Machine("counted")
    machine.shared("flag", Bool, "set", cell=ROW, per_block=True, word_of=TABLE)
    machine.memory("count", Int(0, 1), "how many are set", cell=memory(LEFT))

    @machine.action(by=LEFT)
    def set_flag(s: State, b: Block) -> None:
        """The flag is set and counted."""
        when(s.count == 0)
        s.flag[b] = True
        s.count = 1

    @machine.action(by=LEFT)
    def clear_flag(s: State, b: Block) -> None:
        """The flag is cleared and counted."""
        when(s.flag[b])
        s.flag[b] = False
        s.count = 0

    machine.check(
        always("counted", "what is set is counted", holds=lambda s, b: implies(s.flag[b], s.count == 1))
    )
    return machine


def test_what_the_words_cannot_say_is_unknown_and_shows_where() -> None:
    result = prove(counted())
    (found,) = result.properties
    assert found.verdict == Unknown("the words of the design are too poor for an invariant")
    assert result.exit_code is ExitCode.UNKNOWN
    assert found.stuck is not None
    assert found.stuck.step == "left clear_flag"
    assert all("flag[b]" in words for words in found.stuck.before)
    assert not any(line.startswith("PROVED") for line in proof_lines(result))


def test_a_limit_is_unknown() -> None:
    (found,) = prove(counted(), max_seconds=1e-9).properties
    assert found.verdict == Unknown("1e-09 seconds")


def test_what_alternates_quantifiers_is_refused() -> None:
    machine = counted()
    some_other = always(
        "some-other",
        "some block is flagged unless this one is",
        holds=lambda s, b: implies(~s.flag[b], some(lambda c: s.flag[c] | ~s.flag[b])),
    )
    with pytest.raises(ModelError, match="quantify over blocks once"):
        _prove_only(machine, some_other)


def _prove_only(machine: Machine, item: Property) -> ProofResult:
    machine.check(item)
    return prove(machine, [item])


def test_no_property_of_a_provable_kind_selects_nothing() -> None:
    machine = takers(LEFT)
    item = possible("can-hold", "it can", trigger=lambda s: ~s.left.busy, reaches=lambda s: s.left.busy)
    assert _prove_only(machine, item).exit_code is ExitCode.NOTHING_SELECTED


@pytest.mark.slow
def test_the_tape_is_the_image_at_every_size(tmp_path: Path) -> None:
    machine = load_machine("third-embodiment-closed")
    result = prove(machine, [machine.properties["tape-is-image"]], tmp_path / "certificate")
    assert [item.verdict for item in result.properties] == [Proved()]
    assert result.certified is not None
    assert not result.certified.faults
    assert result.clauses <= 25
    assert result.properties[0].clauses == result.clauses
    assert any("equals what the target is to hold" in line for line in proof_lines(result))


@pytest.mark.slow
@pytest.mark.parametrize("mutation", ["staging=unlocked", "in_flight=invisible", "post_split_table=same"])
def test_a_design_with_a_closing_choice_taken_back_is_not_proved(mutation: str) -> None:
    machine = load_machine(f"third-embodiment-closed+{mutation}")
    result = prove(machine, [machine.properties["tape-is-image"]])
    assert [item.verdict.word for item in result.properties] == ["violated"]


ORDERS = always("orders-kept", "orders are kept", holds=lambda s: s.orders_kept)
REMEMBERED = always("split-remembered", "a split is remembered", holds=lambda s: s.split_remembered)


@pytest.mark.parametrize(
    "design",
    [
        "third-embodiment-closed",
        "first-embodiment-closed+servers=1",
        "second-embodiment-host-polls-closed",
        "fourth-embodiment-stage-closed",
        "fourth-embodiment-reflect-closed+servers=1",
        "fourth-embodiment-stage-closed+split=two-commands",
    ],
)
def test_orders_are_at_one_place_whoever_splits_and_asks(design: str) -> None:
    """The words that proofs begin with are true in every reachable state of the designs that declare them."""
    space = Oracle(load_machine(design), 1, [ORDERS, REMEMBERED]).explore()
    assert space.complete
    assert space.findings == {}


def test_orders_are_not_kept_where_the_lan_repeats_them() -> None:
    machine = load_machine("second-embodiment-closed+lan=duplicating")
    assert ORDERS.id in Oracle(machine, 1, [ORDERS]).explore(Limits(max_states=50_000)).findings


def test_sentences_are_negated_only_where_their_verb_is_plain() -> None:
    machine = Machine("negations")
    for number, meaning in enumerate(
        (
            "the block is marked",
            "502 has accepted a backup",
            "the row has a slot that was rewritten",
            "503 is told to back up and has not done so",
            "what is stored has a copy",
            "514: the table is full; since the split",
        )
    ):
        machine.memory(f"word{number}", Bool, meaning, cell=memory(Processor(f"p{number}")))
    words = words_of(machine)
    assert [(word.positive, word.negative) for word in words] == [
        ("the block is marked", "the block is not marked"),
        ("502 has accepted a backup", "502 has not accepted a backup"),
        ("the row has a slot that was rewritten", "the row has no slot that was rewritten"),
        ("503 is told to back up and has not done so", "not (503 is told to back up and has not done so)"),
        ("what is stored has a copy", "not (what is stored has a copy)"),
        ("the table is full", "the table is not full"),
    ]
