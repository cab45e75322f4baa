"""Bounded model checking: whether a run of so many steps violates a property, asked of a SAT solver.

The steps are those that the searches take; how they are found is not. A run is as many copies of one transition, each
with a choice of the step that is taken, and CaDiCaL keeps what it has learnt from one depth to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pysat.solvers import Solver

from splitproof.checker.bounded.unrolling import Unrolling
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property

__all__ = ["BOUNDED", "HoldsToDepth", "bounded_check"]

BOUNDED = (Kind.ALWAYS, Kind.STEP)
"""What a run of a certain length can violate."""


@dataclass(frozen=True)
class HoldsToDepth:
    """No run of so many steps violates the property; longer ones may."""

    depth: int

    word = "holds to depth"


def bounded_check(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    depth: int,
    tell: Callable[[int], None] | None = None,
) -> dict[str, Violated | HoldsToDepth]:
    """A shortest counterexample of at most `depth` steps for each property of a `BOUNDED` kind, if there is one.

    Raises:
        ReplayError: the interpreter does not confirm a counterexample.
    """
    unrolled = Unrolling(Oracle(machine, blocks, properties))
    found: dict[str, Violated | HoldsToDepth] = {}
    with Solver(name="cadical195") as solver:
        solver.append_formula(unrolled.start())
        for length in range(depth + 1):
            if tell is not None:
                tell(length)
            solver.append_formula(unrolled.frame(length))
            for item in properties:
                violated = unrolled.violated(item.id, length)
                if item.id in found or violated is None or not solver.solve(assumptions=[violated]):
                    continue
                found[item.id] = unrolled.counterexample(item, length, frozenset(solver.get_model()))
            if len(found) == len(properties):
                break
    return {item.id: found.get(item.id, HoldsToDepth(depth)) for item in properties}
