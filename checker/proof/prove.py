"""Proving the properties of a machine for every number of blocks, any data and any number of steps.

First a search at 1 block: what is false there is answered with a counterexample. Then an invariant, then a certificate
of it; a property is proved when the certificate has been re-checked by two solvers, not before.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.traces import ReplayError, Trace
from splitproof.checker.proof.admission import failing_premise, not_admitted
from splitproof.checker.proof.candidates import Candidates
from splitproof.checker.proof.certificate import certificate_of
from splitproof.checker.proof.certificate_directory import write_certificate
from splitproof.checker.proof.certify import Certified, certify
from splitproof.checker.proof.kinds import BY_INVARIANT, BY_RANKING
from splitproof.checker.proof.lowering import Sorts
from splitproof.checker.proof.premises import Premises, premises_of
from splitproof.checker.proof.refusals import refusal_of
from splitproof.checker.proof.results import ProofResult, PropertyProof, Proved
from splitproof.checker.proof.samples import WALKS, Samples
from splitproof.checker.proof.search import Invariant, Search, TimeIsUpError
from splitproof.checker.proof.sentences import Sentences
from splitproof.checker.proof.steps import Lemma, StepSolver
from splitproof.checker.proof.transitions import (
    initial_transition,
    standing_transition,
    structure_of,
    transitions_of,
)
from splitproof.checker.proof.words import Word, words_of
from splitproof.checker.quantities import count
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.checker.verdicts import Unknown, Verdict, Violated
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.spec.properties import Kind, Property

__all__ = ["Found", "find_invariant", "prove"]

"""What an invariant proves; the other kinds are about what can or will happen."""

_SECOND_SIZES, _SECOND_LOOK = (2, 3), Limits(max_states=400_000, max_seconds=120)
"""How many blocks are searched, and how far, for a counterexample to what could not be proved."""


@dataclass(frozen=True)
class Found:
    """An invariant, not certified yet, or what ended the search for it.

    `samples`: rows that were looked at. `queries`: to z3.
    """

    words: tuple[Word, ...] = ()
    invariant: Invariant = field(default_factory=lambda: Invariant(()))
    limit: str | None = None
    samples: int = 0
    queries: int = 0


def prove(
    machine: Machine,
    properties: Sequence[Property] | None = None,
    directory: Path | None = None,
    max_seconds: float | None = None,
    tell: Callable[[str], None] | None = None,
) -> ProofResult:
    """Prove properties of a machine, its own unless given, for every number of blocks.

    `directory`: where the certificate is left; without one it is written, re-checked and thrown away. `tell`: told
    what is being done.

    Raises:
        ModelError: the machine is outside what can be proved, or the certificate cannot be written.
        ReplayError: the interpreter does not confirm a counterexample, or the proofs of the machine are not about it.
    """
    say = tell or (lambda text: None)
    started = time.perf_counter()
    listed = list(machine.properties.values()) if properties is None else list(properties)
    asked = [item for item in listed if item.kind in BY_INVARIANT]
    waited = [item for item in listed if item.kind in BY_RANKING and item.id in machine.arguments]
    say("searching 1 block")
    oracle = Oracle(machine, 1, [item for item in [*asked, *waited] if item.needs_blocks <= 1])
    space = oracle.explore(Limits(max_seconds=max_seconds))
    suspects = [item for item in asked if item.id in space.findings]
    verdicts: dict[str, Verdict] = dict(_counterexamples(machine, 1, suspects, Limits()))
    verdicts |= _counterexamples(
        machine, 1, waited if space.complete else (), Limits(max_seconds=max_seconds)
    )
    left = [item for item in asked if item.id not in verdicts]
    ranked = [premises_of(machine, item) for item in waited if item.id not in verdicts]
    found = Found(limit=space.limit)
    if not space.states:
        found = Found(limit="no state at 1 block is initial")
    elif space.complete and (left or any(item.premises for item in ranked)):
        found = find_invariant(machine, left, oracle, space, max_seconds, say, ranked=ranked, started=started)
    refusals = {
        item.property.id: refusal for item in ranked if (refusal := refusal_of(item, found, oracle, space))
    }
    proved = [item for item in ranked if item.property.id not in refusals]
    stuck = [
        item
        for item in [*left, *waited]
        if found.limit is None and (item.id in found.invariant.stuck or item.id in refusals)
    ]
    verdicts |= _second_look(machine, stuck, say)
    never_fired = [
        action for action in machine.actions if not space.fired[action.label] and action.needs_blocks <= 1
    ]
    idle = frozenset(action.label for action in never_fired)
    certified = _certified(machine, found, proved, idle, directory, say)
    by_id = {item.property.id: item for item in proved}
    results = tuple(
        PropertyProof(
            item,
            verdicts.get(item.id)
            or (refusals[item.id].verdict if item.id in refusals else _verdict(item, found, certified)),
            refusals[item.id].stuck if item.id in refusals else found.invariant.stuck.get(item.id),
            space.complete
            and item.needs_blocks <= 1
            and item.trigger is not None
            and item.id not in space.triggered,
            machine.expects.get(item.id),
            ranked=by_id.get(item.id),
            clauses=found.invariant.clauses.get(item.id),
        )
        for item in listed
        if item in asked or item in waited
    )
    return ProofResult(
        design=machine.name,
        properties=results,
        lines=Sentences(machine, found.words).lines(found.invariant.lemmas),
        certified=certified,
        directory=None if certified is None else directory,
        never_fired=tuple(action.label for action in never_fired if space.complete and action.idle is None),
        left_out=tuple(item.id for item in listed if item not in asked and item not in waited),
        samples=found.samples,
        queries=found.queries,
        seconds=time.perf_counter() - started,
    )


def _second_look(
    machine: Machine, stuck: Sequence[Property], say: Callable[[str], None]
) -> dict[str, Violated]:
    """Counterexamples at a few blocks to what could not be proved."""
    found: dict[str, Violated] = {}
    for blocks in _SECOND_SIZES:
        left = [item for item in stuck if item.id not in found]
        if left:
            say(f"searching {blocks} blocks for what could not be proved")
            found |= _counterexamples(machine, blocks, left, _SECOND_LOOK)
    return found


def _counterexamples(
    machine: Machine, blocks: int, suspects: Sequence[Property], limits: Limits
) -> dict[str, Violated]:
    if not suspects:
        return {}
    result = check(machine, blocks, suspects, Options(limits=limits, symbolic=False))
    found = {item.asked: item.verdict for item in result.properties if isinstance(item.verdict, Violated)}
    for item, violated in found.items():
        _see_that_it_excludes_a_proof(machine, item, violated.trace)
    return {item.id: violated for item, violated in found.items()}


def _see_that_it_excludes_a_proof(machine: Machine, item: Property, trace: Trace) -> None:
    """A run that proofs of the machine leave out would make those of its other properties worth nothing."""
    if item.kind in BY_INVARIANT:
        try:
            wrong = not_admitted(trace, item)
        except ModelError:
            return  # there are no proofs of a machine that is outside what can be proved
    elif item.kind is not Kind.LEADS_TO:
        return  # the premises of what is possible are about runs that the counterexample shows none of
    else:
        ranked = premises_of(machine, item)
        is_excluded = ranked.missing is not None or failing_premise(ranked.premises, trace) is not None
        wrong = None if is_excluded else "each premise of its ranking argument holds all along the lasso"
    if wrong is not None:
        raise ReplayError(
            f"the proofs of {machine.name} are not about the counterexample to {item.id}: {wrong}"
        )


def find_invariant(
    machine: Machine,
    left: Sequence[Property],
    oracle: Oracle,
    space: Exploration,
    max_seconds: float | None = None,
    say: Callable[[str], None] = lambda text: None,
    walks: Mapping[int, int] = WALKS,
    ranked: Sequence[Premises] = (),
    started: float | None = None,
) -> Found:
    """An invariant for properties that hold at 1 block, all of which `space` has visited.

    `ranked`: arguments of which it is to prove the premises, too. `walks`: see `Samples`; shorter ones cost less, and
    leave more clauses to be given up. `started`: when the time of `max_seconds` began, by `time.perf_counter`; now
    unless given.
    """
    started = time.perf_counter() if started is None else started
    say("looking at reachable states")
    words = words_of(machine)
    samples = Samples(machine, [word.node for word in words], oracle, space, walks)
    sorts = Sorts(machine)
    premises = [premise for item in ranked for premise in item.premises]
    goals = [_goal(machine, number, item) for number, item in enumerate(left)]
    goals += [
        Lemma(number, TRUE, property_id=premise.id, over_step=True, of_step=premise.of_step)
        for number, premise in enumerate(premises, start=len(goals))
    ]
    structure = [Lemma(number, node) for number, node in enumerate(structure_of(machine), start=len(goals))]
    transitions = [*transitions_of(machine), *([standing_transition(machine)] if premises else [])]
    search = Search(
        words,
        Candidates(words, samples),
        StepSolver(sorts, initial_transition(machine), words, ()),
        [StepSolver(sorts, transition, words, ()) for transition in transitions],
        goals,
        structure,
        None if max_seconds is None else started + max_seconds,
        lambda clauses: say(f"looking for an invariant: {clauses} clauses"),
    )
    try:
        invariant, limit = search.run(), None
    except TimeIsUpError as up:
        invariant, limit = Invariant(()), f"{max_seconds:g} seconds, {count(up.clauses, 'clause')} found"
    return Found(words, invariant, limit, samples.rows, search.queries)


def _goal(machine: Machine, number: int, item: Property) -> Lemma:
    return Lemma(
        number,
        trace_property(machine, item).holds,
        property_id=item.id,
        over_step=item.kind is Kind.STEP,
    )


def _certified(
    machine: Machine,
    found: Found,
    ranked: Sequence[Premises],
    never_fired: frozenset[str],
    directory: Path | None,
    say: Callable[[str], None],
) -> Certified | None:
    """What the solvers say of the certificate; None if there is nothing to certify."""
    lemmas = found.invariant.lemmas
    if not ranked and not any(lemma.property_id and lemma.of_step is None for lemma in lemmas):
        return None
    say("re-checking the certificate")
    certificate = certificate_of(machine, found.words, found.invariant, never_fired, ranked)
    if directory is not None:
        write_certificate(certificate, directory)
        return certify(directory)
    with tempfile.TemporaryDirectory(prefix="splitproof-") as temporary:
        write_certificate(certificate, Path(temporary))
        return certify(Path(temporary))


def _verdict(item: Property, found: Found, certified: Certified | None) -> Verdict | Proved:
    if found.limit is not None:
        return Unknown(found.limit)
    if item.id in found.invariant.stuck:
        return Unknown("the words of the design are too poor for an invariant")
    if certified is None or certified.faults:
        reason = certified.faults[0] if certified is not None else "there is none"
        return Unknown(f"the certificate is not confirmed: {reason}")
    return Proved()
