"""Ranking arguments: what is proved for every finite number of blocks, and what is refused, with the step named."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from splitproof.checker.check import Options, check
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.certify import certify
from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.prove import find_invariant, prove
from splitproof.checker.proof.refusals import refusal_of
from splitproof.checker.proof.results import ProofResult, Proved, proof_lines
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Unknown, Violated
from splitproof.model import (
    Block,
    Bool,
    Cell,
    Fairness,
    Falls,
    Helps,
    Machine,
    Processor,
    Record,
    State,
    field,
    memory,
    none,
    when,
)
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.mutants import mutant, mutations_of
from splitproof.model.tracing import Clause
from splitproof.spec.properties import Property, always, leads_to

HOST, WORKER = Processor("host"), Processor("worker")
TABLE = Cell("table")
ROW = Cell("row", per_block=True)
WEAK, STRONG = Fairness.WEAK, Fairness.STRONG

COPIED = leads_to(
    "copied",
    "once started, every block is copied in the end",
    trigger=lambda s: s.started,
    reaches=lambda s: none(lambda b: s.difference[b]),
)
NOT_COPIED = Falls("blocks that differ", lambda s, b: s.difference[b])
NOT_TAKEN = Falls("blocks that nobody has taken", lambda s, b: s.difference[b] & ~_is_held(s, b))


class Hand(Record):
    busy = field(Bool, "a block is being copied")
    block = field(Block, "which", while_=lambda r: r.busy)


def _is_held(s: State, b: object) -> Any:
    return s.hand.busy & (s.hand.block == b)


def copier(take: Fairness | None = STRONG, finish: Fairness | None = WEAK) -> Machine:
    """Blocks are marked until the copy starts; the worker may look at others, again and again, between two copies."""
    machine = Machine("copier")
    machine.shared("difference", Bool, "to be copied", cell=ROW, per_block=True, word_of=TABLE)
    machine.shared("started", Bool, "the copy has started", cell=TABLE, also_in=ROW)
    machine.memory("hand", Hand, "what is being copied", cell=memory(WORKER))

    @machine.action(by=HOST)
    def mark(s: State, b: Block) -> None:
        """A difference is marked."""
        when(~s.started)
        s.difference[b] = True

    @machine.action(by=HOST)
    def start(s: State) -> None:
        """The copy starts."""
        when(~s.started)
        s.started = True

    @machine.action(by=WORKER, fair=take)
    def take_block(s: State, b: Block) -> None:
        """A block that differs is taken."""
        when(s.started)
        when(~s.hand.busy)
        when(s.difference[b])
        s.hand = Hand(busy=True, block=b)

    @machine.action(by=WORKER, needs_blocks=2)
    def look(s: State, b: Block) -> None:
        """The worker looks at a block that does not differ."""
        when(~s.hand.busy)
        when(~s.difference[b])
        s.hand = Hand(busy=True, block=b)

    @machine.action(by=WORKER, fair=finish)
    def put_down(s: State) -> None:
        """The block is done with."""
        when(s.hand.busy)
        s.difference[s.hand.block] = False
        s.hand = Hand()

    machine.check(COPIED)
    return machine


def argued(machine: Machine, *, rank: tuple[Falls, ...] = (NOT_COPIED, NOT_TAKEN)) -> Machine:
    """With the argument that holds of the copier as it is."""
    machine.argue(
        "copied",
        pending=lambda s: s.started,
        rank=rank,
        helpful=(
            Helps("take_block", lambda s, b: s.difference[b] & ~_is_held(s, b)),
            Helps("put_down", lambda s: s.hand.busy),
        ),
    )
    return machine


def refusal(machine: Machine, item: Property = COPIED) -> str:
    """Why the argument is refused, whatever a search finds; empty if it is not."""
    oracle = Oracle(machine, 1, [])
    space = oracle.explore()
    ranked = premises_of(machine, item)
    found = find_invariant(machine, [], oracle, space, walks={2: 5_000, 3: 3_000}, ranked=[ranked])
    refused = refusal_of(ranked, found, oracle, space)
    return "" if refused is None else refused.verdict.limit


def words(result: ProofResult) -> dict[str, str]:
    return {item.asked.id: item.verdict.word for item in result.properties}


def test_what_is_argued_is_proved_and_the_certificate_confirmed(tmp_path: Path) -> None:
    result = prove(argued(copier()), directory=tmp_path / "certificate")
    assert [item.verdict for item in result.properties] == [Proved()]
    assert result.exit_code is ExitCode.HOLDS
    lines = list(proof_lines(result))
    assert lines[0] == (
        "PROVED    copied                       "
        "(every finite number of blocks, any data, under the fairness that follows)"
    )
    assert lines[1].strip() == "none of these stays possible and is never taken: worker put_down"
    assert (
        lines[2].strip() == "none of these is possible again and again and is never taken: worker take_block"
    )
    assert result.properties[0].json()["fairness"] == {
        "weak": ["worker put_down"],
        "strong": ["worker take_block"],
    }
    assert certify(tmp_path / "certificate").faults == ()
    assert certify(tmp_path / "certificate").properties == ("copied",)


def test_a_certificate_without_the_premises_of_a_step_is_rejected(tmp_path: Path) -> None:
    prove(argued(copier()), directory=tmp_path)
    (tmp_path / "ranking-03-worker-take-block.smt2").unlink()
    assert certify(tmp_path).faults == ("ranking-03-worker-take-block.smt2: is missing",)


def test_a_certificate_with_another_rule_is_rejected(tmp_path: Path) -> None:
    """Manifest and file agree, and the solvers say what is expected; but nothing follows from it."""
    prove(argued(copier()), directory=tmp_path)
    name = "rule-4-strongly-fair.smt2"
    text = "(assert false)\n(check-sat)\n"
    (tmp_path / name).write_text(text, encoding="utf-8")
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert certify(tmp_path).faults == (
        f"{name}: is not the rule by which properties follow from premises in this version",
    )


def test_without_an_argument_nothing_is_claimed() -> None:
    result = prove(copier())
    assert result.properties == ()
    assert result.left_out == ("copied",)
    assert result.exit_code is ExitCode.NOTHING_SELECTED


@pytest.mark.parametrize(("take", "finish", "name"), [(None, WEAK, "take_block"), (STRONG, None, "put_down")])
def test_without_a_promise_there_is_a_lasso_and_no_argument(
    take: Fairness | None, finish: Fairness | None, name: str
) -> None:
    machine = argued(copier(take, finish))
    result = prove(machine)
    assert words(result) == {"copied": "violated"}
    assert result.exit_code is ExitCode.VIOLATED
    missing = f"there is no ranking argument: `worker {name}` makes no promise: it may be left out for ever"
    assert refusal(machine) == missing


def test_a_weak_promise_where_a_strong_one_is_needed_is_refused_and_refuted_at_two_blocks() -> None:
    """At 1 block nothing keeps the worker from the block that differs."""
    machine = argued(copier(take=WEAK))
    assert refusal(machine) == (
        "a premise of its ranking argument is not proved: while `worker take_block` is needed, it can be taken: its "
        "promise is weak; no step at 1 block leads to where it fails"
    )
    (found,) = prove(machine).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == 2


def spoiled(once: bool) -> Machine:
    """The host marks a block again after the start, once or again and again."""
    machine = copier()
    machine.memory("spoiled", Bool, "a block was marked again", cell=memory(HOST))

    @machine.action(by=HOST)
    def spoil(s: State, b: Block) -> None:
        """A difference is marked again."""
        when(s.started)
        if once:
            when(~s.spoiled)
        s.spoiled = True
        s.difference[b] = True

    return argued(machine)


@pytest.mark.parametrize("once", [False, True])
def test_a_step_that_adds_to_the_rank_is_named(once: bool) -> None:
    machine = spoiled(once)
    said = "a premise of its ranking argument is not proved: `blocks that differ` only falls; `host spoil` breaks it"
    assert refusal(machine) == said
    (found,) = prove(machine).properties
    if once:  # true all the same: the argument is what is wrong
        assert found.verdict == Unknown(said)
        assert found.stuck is not None
        assert found.stuck.step == "host spoil"
    else:
        assert isinstance(found.verdict, Violated)


def test_what_is_argued_better_is_proved_all_the_same() -> None:
    machine = spoiled(once=True)
    unspoiled = Falls("nothing was marked again", lambda s: ~s.spoiled)
    del machine.arguments["copied"]
    assert words(prove(argued(machine, rank=(unspoiled, NOT_COPIED, NOT_TAKEN)))) == {"copied": "proved"}


def frozen(*, undone: bool, stops_looking: bool = False) -> Machine:
    """The host keeps the worker from taking anything, for ever or until it gives way."""
    machine = copier()
    machine.shared("frozen", Bool, "nothing can be taken", cell=TABLE, also_in=ROW)

    @machine.action(by=HOST)
    def freeze(s: State) -> None:
        """Nothing is taken any more."""
        s.frozen = True

    if undone:

        @machine.action(by=HOST, fair=WEAK)
        def thaw(s: State) -> None:
            """The host gives way."""
            when(s.frozen)
            s.frozen = False

    stopped = ("take_block", "look") if stops_looking else ("take_block",)
    clause = Clause(~State(machine).frozen, "when(~s.frozen)", "")
    machine.actions = [
        replace(action, clauses=(*action.clauses, clause)) if action.name in stopped else action
        for action in machine.actions
    ]
    return machine


def test_a_step_that_disables_the_helpful_one_for_ever_is_named() -> None:
    machine = argued(frozen(undone=False))
    assert refusal(machine) == (
        "a premise of its ranking argument is not proved: while it is pending, some helpful step can be taken; "
        "it fails after `host freeze`, at 1 block"
    )
    assert words(prove(machine)) == {"copied": "violated"}


def argued_with_thaw(machine: Machine) -> Machine:
    machine.argue(
        "copied",
        pending=lambda s: s.started,
        rank=(NOT_COPIED, NOT_TAKEN),
        helpful=(
            Helps("take_block", lambda s, b: s.difference[b] & ~_is_held(s, b)),
            Helps("thaw", lambda s: s.frozen & ~s.hand.busy),
            Helps("put_down", lambda s: s.hand.busy),
        ),
    )
    return machine


def test_a_step_that_disables_the_helpful_one_again_and_again_is_fair_enough() -> None:
    """The host may freeze again at once; strong fairness of the taker needs no more than moments without."""
    machine = argued_with_thaw(frozen(undone=True, stops_looking=True))
    assert words(prove(machine)) == {"copied": "proved"}


def test_two_steps_that_disable_the_helpful_one_in_turn_are_refused_and_refuted() -> None:
    """The worker looks at another block while the taking is frozen, and is busy whenever it is not."""
    machine = argued_with_thaw(frozen(undone=True))
    assert refusal(machine).endswith("brings nearer what is pending; `worker look` breaks it")
    (found,) = prove(machine).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == 2


def test_who_helps_stands_in_the_order_of_nearness() -> None:
    """Putting down what did not differ brings nothing nearer, unless taking is nearer than putting down."""
    machine = copier()
    machine.argue(
        "copied",
        pending=lambda s: s.started,
        rank=(NOT_COPIED, NOT_TAKEN),
        helpful=(
            Helps("put_down", lambda s: s.hand.busy),
            Helps("take_block", lambda s, b: s.difference[b] & ~_is_held(s, b)),
        ),
    )
    assert refusal(machine).endswith(
        "`worker put_down` stays needed until it is taken, and brings nearer what is pending; "
        "`worker put_down` breaks it"
    )


def _caught(machine: Machine) -> bool:
    """Whether a search at 1, 2 or 3 blocks finds a violation."""
    return any(
        isinstance(found.verdict, Violated)
        for blocks in (1, 2, 3)
        for found in check(machine, blocks, [COPIED], Options(symbolic=False)).properties
    )


def _mutants(machine: Machine) -> Iterator[tuple[str, Machine]]:
    for mutation in mutations_of(machine):
        try:
            yield str(mutation), mutant(machine, mutation)
        except ModelError:
            continue


def test_no_mutant_that_a_search_catches_is_proved() -> None:
    fates = {}
    for name, made in _mutants(argued(copier())):
        reason = refusal(made)
        caught = _caught(made)
        assert not (caught and not reason), name
        fates[name.rpartition(" (")[0]] = (caught, not reason)
    assert sum(caught for caught, _ in fates.values()) >= 4
    assert sum(proved for _, proved in fates.values()) >= 2  # changes that do no harm


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"helpful": ()}, "names no helpful step; nothing comes about by itself"),
        ({"helpful": (Helps("take_blok", lambda s: s.started),)}, "did you mean take_block"),
        ({"helpful": (Helps("finish", lambda s: s.started),)}, "rests on finish, which copier does not have"),
        ({"helpful": (Helps("put_down", lambda s, b: s.difference[b]),)}, r"accepted is \(s\)"),
        ({"helpful": (NOT_COPIED,)}, r"where a Helps\(...\) is accepted"),
        ({"rank": (Falls("nonsense", lambda s: s.diference),)}, "diference"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_when_it_is_declared(
    change: dict[str, tuple[object, ...]], said: str
) -> None:
    machine = copier()
    helpful = (Helps("put_down", lambda s: s.hand.busy),)
    with pytest.raises(ModelError, match=said):
        machine.argue("copied", **{"rank": (NOT_COPIED,), "helpful": helpful, **change})  # type: ignore[arg-type]  # on purpose


def test_a_property_gets_one_argument_and_only_of_its_kind() -> None:
    machine = argued(copier())
    with pytest.raises(ModelError, match="argues for copied twice"):
        argued(machine)
    machine.check(always("true", "it is so", holds=lambda s, b: s.started | ~s.started | s.difference[b]))
    machine.argue("true", rank=(), helpful=(Helps("put_down", lambda s: s.hand.busy),))
    assert words(prove(machine, [machine.properties["true"]])) == {"true": "proved"}  # as an invariant
    assert premises_of(machine, machine.properties["true"]).missing is not None


@pytest.mark.slow
@pytest.mark.parametrize("design", ["first-embodiment-closed", "third-embodiment-closed"])
def test_splits_complete_and_backups_end_at_every_size(design: str) -> None:
    machine = load_machine(design)
    result = prove(machine, [machine.properties["split-completes"], machine.properties["backup-ends"]])
    assert words(result) == {"split-completes": "proved", "backup-ends": "proved"}
