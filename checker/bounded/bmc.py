"""Bounded model checking: whether a run of so many steps violates a property, asked of a SAT solver.

The steps are those that the searches take; how they are found is not. A run is as many copies of one transition, each
with a choice of the step that is taken, and CaDiCaL keeps what it has learnt from one depth to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pysat.solvers import Solver

from splitproof.checker.bounded.cnf import Circuit
from splitproof.checker.counterexamples.traces import replay
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.interpreter import Step
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
    unrolled = _Unrolling(Oracle(machine, blocks, properties))
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


class _Unrolling:
    """Copies of one transition. Frame k has the state after k steps and the choice of step k + 1."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._circuit = circuit = Circuit(oracle.packing)
        self._bits = oracle.packing.bits
        self._choices = [circuit.new() for _ in oracle.steps]
        self._violated: dict[str, int] = {}
        for name, item in oracle.properties.items():
            if item.property.kind is Kind.ALWAYS:
                self._violated[name] = -circuit.truth(item.holds)
            else:
                broken = [
                    circuit.all_of([self._choices[index], -circuit.truth(node)])
                    for index, node in item.steps.items()
                ]
                self._violated[name] = circuit.any_of(broken)
        self._transition()
        self._stride = circuit.variables - self._bits

    def _transition(self) -> None:
        """One step is chosen, its guard holds, and what it does not write stays."""
        circuit, add = self._circuit, self._circuit.clauses.append
        writers: dict[str, list[int]] = {name: [] for name in circuit.packing.fields}
        for step, chosen in zip(self._oracle.steps, self._choices, strict=True):
            add((-chosen, circuit.truth(step.guard)))
            for name, value in step.updates.items():
                writers[name].append(chosen)
                domain = circuit.packing.fields[name].codes
                for held, literal in circuit.cases(value).items():
                    if held not in domain:  # the language has seen that the guard excludes it
                        add((-chosen, -literal))
                        continue
                    for bit in circuit.holds(name, held, after=True):
                        add((-chosen, -literal, bit))
        taken = circuit.any_of(self._choices)
        self._taken = taken
        for place, one in enumerate(self._choices):
            for other in self._choices[place + 1 :]:
                add((-one, -other))
        for name, found in circuit.packing.fields.items():
            for index in range(found.shift, found.shift + found.bits):
                before, after = circuit.bit(index), circuit.bit(index, after=True)
                add((*writers[name], -taken, -before, after))
                add((*writers[name], -taken, before, -after))

    def _placed(self, literal: int, frame: int) -> int:
        """A literal of the transition, in a frame: the state after it is the next frame's state."""
        variable = abs(literal)
        is_next = self._bits < variable <= 2 * self._bits
        place = variable if variable <= self._bits else variable - self._bits
        found = len(self._oracle.initial) + (frame + is_next) * self._stride + place
        return found if literal > 0 else -found

    def start(self) -> list[list[int]]:
        """The state of frame 0 is initial: the lowest variables choose which."""
        choices = list(range(1, len(self._oracle.initial) + 1))
        clauses = [choices]
        for choice, state in zip(choices, self._oracle.initial, strict=True):
            for index in range(self._bits):
                bit = self._placed(self._circuit.bit(index), 0)
                clauses.append([-choice, bit if state >> index & 1 else -bit])
        return clauses

    def frame(self, frame: int) -> list[list[int]]:
        """The clauses of a frame; a step was taken in the one before it."""
        clauses = [[self._placed(literal, frame) for literal in clause] for clause in self._circuit.clauses]
        return clauses if frame == 0 else [*clauses, [self._placed(self._taken, frame - 1)]]

    def violated(self, name: str, steps: int) -> int | None:
        """A literal that holds where the last of so many steps violates the property; None if none can."""
        if self._oracle.properties[name].property.kind is Kind.STEP:
            return self._placed(self._violated[name], steps - 1) if steps else None
        return self._placed(self._violated[name], steps)

    def counterexample(self, item: Property, steps: int, model: frozenset[int]) -> Violated:
        """The run that a model describes, as the interpreter sees it."""
        oracle = self._oracle
        start = sum(
            1 << index for index in range(self._bits) if self._placed(self._circuit.bit(index), 0) in model
        )
        taken = []
        for frame in range(steps):
            chosen = [
                place for place, choice in enumerate(self._choices) if self._placed(choice, frame) in model
            ]
            (index,) = chosen
            step = oracle.steps[index]
            taken.append(Step(step.action, step.arguments))
        initial = oracle.packing.unpack(start)
        return Violated(replay(oracle.machine, oracle.blocks, initial, taken, item))
