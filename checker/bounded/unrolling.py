"""Copies of one transition, one after the other, as clauses: what questions about runs of some length start from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from splitproof.checker.bounded.cnf import Circuit
from splitproof.checker.counterexamples.traces import replay
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import Expr
from splitproof.model.interpreter import Step
from splitproof.spec.properties import Kind, Property

__all__ = ["Unrolling"]


class Unrolling:
    """Copies of one transition. Frame k has the state after k steps and the choice of step k + 1.

    `lemmas`: trees about `BLOCK_PARAMETER`, or about no block, that can be asked about in each frame. Only with them
    can `forgotten` be asked for.
    """

    def __init__(self, oracle: Oracle, lemmas: Sequence[Expr] | None = None) -> None:
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
        self._lemmas = [circuit.all_of(list(self._truths(node))) for node in lemmas or ()]
        self._forgotten = circuit.true if lemmas is None else circuit.all_of(list(self._nothing_left()))
        self._transition()
        self._stride = circuit.variables - self._bits

    def _truths(self, node: Expr) -> Iterator[int]:
        """Of a lemma, for each block."""
        grounding = self._oracle.grounding
        for block in range(self._oracle.blocks):
            ground = grounding.expression(node, {BLOCK_PARAMETER.name: block})
            yield self._circuit.truth(grounding.terms.under(ground, grounding.terms.nothing_known))

    def _nothing_left(self) -> Iterator[int]:
        """For each variable that means nothing under some condition: it does, or holds its first value."""
        circuit, grounding = self._circuit, self._oracle.grounding
        for name, found in circuit.packing.fields.items():
            condition = self._oracle.machine.while_of(found.slot.leaf.name)
            if condition is not None:
                ground = grounding.expression(condition, {BLOCK_PARAMETER.name: found.slot.block})
                meant = circuit.truth(grounding.terms.under(ground, grounding.terms.nothing_known))
                first = circuit.all_of(circuit.holds(name, found.slot.values[0]))
                yield circuit.any_of([meant, first])

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

    def in_domain(self, frame: int) -> list[list[int]]:
        """Every variable has one of its values in a frame of which nothing else is known."""
        clauses = []
        for found in self._circuit.packing.fields.values():
            for code in range(len(found.codes), 1 << found.bits):
                wrong = [self._circuit.bit(found.shift + index) for index in range(found.bits)]
                clauses.append(
                    [
                        self._placed(-bit if code >> index & 1 else bit, frame)
                        for index, bit in enumerate(wrong)
                    ]
                )
        return clauses

    def forgotten(self, frame: int) -> int:
        """A literal that what means nothing in a frame is forgotten there, as steps rely on."""
        return self._placed(self._forgotten, frame)

    def lemma(self, place: int, frame: int) -> int:
        """A literal that a lemma holds for every block in a frame."""
        return self._placed(self._lemmas[place], frame)

    def taken(self, frame: int, model: frozenset[int]) -> Step:
        """The step that a model takes from a frame."""
        (index,) = [
            place for place, choice in enumerate(self._choices) if self._placed(choice, frame) in model
        ]
        step = self._oracle.steps[index]
        return Step(step.action, step.arguments)

    def counterexample(self, item: Property, steps: int, model: frozenset[int]) -> Violated:
        """The run that a model describes, as the interpreter sees it."""
        oracle = self._oracle
        start = sum(
            1 << index for index in range(self._bits) if self._placed(self._circuit.bit(index), 0) in model
        )
        taken = [self.taken(frame, model) for frame in range(steps)]
        initial = oracle.packing.unpack(start)
        return Violated(replay(oracle.machine, oracle.blocks, initial, taken, item))
