"""Induction over the steps at a number of blocks, asked of a SAT solver: is an invariant kept there?

The invariant is the one that `prove` finds. What is asked shares nothing with its proof but the trees of the lemmas:
the steps are ground, states are bits, and the solver is CaDiCaL. So it is a second opinion on it, and where it agrees,
no run violates the properties, however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pysat.solvers import Solver

from splitproof.checker.bounded.unrolling import Unrolling
from splitproof.checker.proof.prove import find_invariant
from splitproof.checker.proof.steps import Lemma
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.verdicts import Unknown
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property

__all__ = ["HoldsByInduction", "by_induction", "kept_lemmas"]


@dataclass(frozen=True)
class HoldsByInduction:
    """In every state, or of every step: an invariant implies it. `clauses`: of the invariant, beside the properties."""

    clauses: int

    word = "holds"


def by_induction(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, HoldsByInduction | Unknown]:
    """Whether an invariant for the properties is found and kept by every step at so many blocks."""
    oracle = Oracle(machine, 1, [item for item in properties if item.needs_blocks <= 1])
    space = oracle.explore(Limits())
    left = [item for item in properties if item.id not in space.findings]
    found = find_invariant(machine, left, oracle, space, say=tell)
    lemmas = found.invariant.lemmas
    tell(f"induction at {blocks} blocks: {len(lemmas)} lemmas")
    proved = [item for item in left if item.id not in found.invariant.stuck]
    fault = kept_lemmas(machine, blocks, proved, lemmas)
    kept = HoldsByInduction(sum(item.property_id is None for item in lemmas))
    verdicts: dict[str, HoldsByInduction | Unknown] = dict.fromkeys(
        (item.id for item in properties), Unknown("no invariant was found for it")
    )
    for item in proved:
        verdicts[item.id] = kept if fault is None else Unknown(fault)
    return verdicts


def kept_lemmas(
    machine: Machine, blocks: int, properties: Sequence[Property], lemmas: Sequence[Lemma]
) -> str | None:
    """What is wrong with an invariant at so many blocks, as a sentence; None if it is one.

    `properties`: those that `lemmas` prove. From any state in which all lemmas hold, every step leads to another such
    state and satisfies the properties of steps; the states at the start are such states.
    """
    nodes = [item.node for item in lemmas if not item.over_step]
    steps = [
        item
        for item in properties
        if any(lemma.over_step and lemma.property_id == item.id for lemma in lemmas)
    ]
    unrolled = Unrolling(Oracle(machine, blocks, list(properties)), nodes)
    with Solver(name="cadical195") as solver:
        solver.append_formula(unrolled.start())
        solver.append_formula(unrolled.frame(0))
        for place, node in enumerate(nodes):
            if solver.solve(assumptions=[-unrolled.lemma(place, 0)]):
                return f"`{node}` does not hold at the start"
    with Solver(name="cadical195") as solver:
        for clauses in (unrolled.in_domain(0), unrolled.frame(0), unrolled.frame(1)):
            solver.append_formula(clauses)
        solver.append_formula([[unrolled.lemma(place, 0)] for place in range(len(nodes))])
        solver.add_clause([unrolled.forgotten(0)])
        if solver.solve(assumptions=[-unrolled.forgotten(1)]):
            return f"`{unrolled.taken(0, frozenset(solver.get_model()))}` leaves behind what means nothing"
        for place, node in enumerate(nodes):
            if solver.solve(assumptions=[-unrolled.lemma(place, 1)]):
                return f"`{unrolled.taken(0, frozenset(solver.get_model()))}` does not keep `{node}`"
        for item in steps:
            violated = unrolled.violated(item.id, 1)
            if violated is not None and solver.solve(assumptions=[violated]):
                return f"`{unrolled.taken(0, frozenset(solver.get_model()))}` violates {item.id}"
    return None
