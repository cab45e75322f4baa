"""Proving the properties of a machine for every number of blocks, any data and any number of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from splitproof.checker.check import Options, check
from splitproof.checker.oracle import Exploration, Limits, Oracle
from splitproof.checker.proof.candidates import Candidates
from splitproof.checker.proof.lowering import Sorts
from splitproof.checker.proof.samples import Samples
from splitproof.checker.proof.search import Invariant, Search, TimeIsUp
from splitproof.checker.proof.steps import Lemma, StepSolver
from splitproof.checker.proof.transitions import initial_transition, transitions_of
from splitproof.checker.proof.words import Word, words_of
from splitproof.checker.verdicts import Violated
from splitproof.model.expressions import At, Const, Eq, Expr, Less, Var, all_of, any_of
from splitproof.model.machine import Machine
from splitproof.model.properties import BLOCK_PARAMETER
from splitproof.model.state import default_of
from splitproof.model.types import BLOCK, BOOL, Int
from splitproof.spec.properties import Kind, Property

__all__ = ["Attempt", "PROVABLE", "attempt", "structure_of"]

PROVABLE = (Kind.ALWAYS, Kind.STEP)
"""What an invariant proves; the other kinds are about what can or will happen."""

_SECOND_LOOK = Limits(max_states=400_000)
"""How far two blocks are searched for a counterexample to what could not be proved."""


@dataclass(frozen=True)
class Attempt:
    """What came of trying to prove some properties.

    `invariant`: proves those of them that are in it; None if there was no time, or nothing left to prove.
    `violated`: those that fail already at a small size, with the shortest counterexample there, and the size.
    `limit`: what ended the attempt before its end. `never_fired`: actions that no reachable state at 1 block can take.
    """

    machine: Machine
    asked: tuple[Property, ...]
    words: tuple[Word, ...]
    invariant: Invariant | None
    violated: dict[str, tuple[int, Violated]]
    limit: str | None
    queries: int
    samples: int
    never_fired: frozenset[str]


def attempt(
    machine: Machine,
    asked: Sequence[Property],
    max_seconds: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> Attempt:
    """Search for an invariant that proves the properties, which are of `PROVABLE` kinds.

    Nothing is proved yet when it is found: `certificate` writes it down, and `certify` checks what is written.

    Raises:
        ModelError: the machine is outside what can be proved.
    """
    say = tell or (lambda text: None)
    say("searching 1 block")
    small = [item for item in asked if item.needs_blocks <= 1]
    oracle = Oracle(machine, 1, small)
    space = oracle.explore(Limits(max_seconds=max_seconds))
    violated = _counterexamples(machine, 1, [item for item in small if item.id in space.findings], Limits())
    left = [item for item in asked if item.id not in violated]
    found = Attempt(machine, tuple(asked), (), None, violated, space.limit, 0, 0, _unfired(space))
    if not space.complete or not left:
        return found
    found = _search(found, left, oracle, space, max_seconds, say)
    stuck = found.invariant.stuck if found.invariant is not None else {}
    again = _counterexamples(machine, 2, [item for item in left if item.id in stuck], _SECOND_LOOK)
    return replace(found, violated=violated | again)


def _unfired(space: Exploration) -> frozenset[str]:
    return frozenset(label for label, count in space.fired.items() if count == 0)


def _counterexamples(
    machine: Machine, blocks: int, suspects: Sequence[Property], limits: Limits
) -> dict[str, tuple[int, Violated]]:
    if not suspects:
        return {}
    result = check(machine, blocks, suspects, Options(limits=limits, symbolic=False))
    return {
        item.asked.id: (blocks, item.verdict)
        for item in result.properties
        if isinstance(item.verdict, Violated)
    }


def _search(
    begun: Attempt,
    left: Sequence[Property],
    oracle: Oracle,
    space: Exploration,
    max_seconds: float | None,
    say: Callable[[str], None],
) -> Attempt:
    machine = begun.machine
    words = words_of(machine)
    say("looking at reachable states")
    samples = Samples(machine, [word.node for word in words], oracle, space)
    sorts = Sorts(machine)
    structure = structure_of(machine)
    search = Search(
        words,
        Candidates(words, samples),
        StepSolver(sorts, initial_transition(machine), words, ()),
        [StepSolver(sorts, transition, words, structure) for transition in transitions_of(machine)],
        [_goal(machine, number, item) for number, item in enumerate(left)],
        max_seconds,
        lambda lemmas: say(f"{lemmas} lemmas"),
    )
    try:
        invariant, limit = search.run(), None
    except TimeIsUp:
        invariant, limit = None, f"{max_seconds:g} seconds"
    return replace(
        begun, words=words, invariant=invariant, limit=limit, queries=search.queries, samples=samples.rows
    )


def _goal(machine: Machine, number: int, item: Property) -> Lemma:
    node = machine.traced[item.id].holds if item.id in machine.traced else None
    assert node is not None  # a property that is asked for is checked by the machine
    return Lemma(number, node, (), item.id, over_step=item.kind is Kind.STEP)


def structure_of(machine: Machine) -> tuple[Expr, ...]:
    """What every state has by the way states are made: what means nothing is forgotten, numbers are in their range."""
    found: list[Expr] = []
    for leaf in machine.leaves.values():
        here = (
            At(leaf.name, BLOCK_PARAMETER, leaf.type) if leaf.per_block else Var(leaf.name, leaf.type)
        )
        meant = machine.while_of(leaf.name)
        if meant is not None and leaf.type is not BLOCK:  # a reference is read only where it means something
            forgotten = ~here if leaf.type is BOOL else Eq(here, default_of(leaf.type))
            found.append(any_of(meant, forgotten))
        if isinstance(leaf.type, Int):
            low, high = Const(leaf.type.low, leaf.type), Const(leaf.type.high, leaf.type)
            found.append(all_of(~Less(here, low), ~Less(high, here)))
    return tuple(found)


