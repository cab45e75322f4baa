"""What a changed action breaks of the proof of a design: the clause of the invariant that it no longer keeps.

Only the changed action is asked about: the others keep the invariant whatever it does. A change that breaks nothing is
proved to be harmless, for every number of blocks; so a mutant that a search catches with a property that was proved
must break something, or the proof is no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from splitproof.checker.proof.kinds import BY_INVARIANT, BY_RANKING
from splitproof.checker.proof.lowering import Sorts
from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.prove import Found, find_invariant
from splitproof.checker.proof.sentences import Sentences
from splitproof.checker.proof.steps import Kept, Lemma, StepSolver
from splitproof.checker.proof.transitions import structure_of, transitions_of
from splitproof.checker.search.oracle import Oracle
from splitproof.model.errors import ModelError
from splitproof.model.expressions import TRUE
from splitproof.model.machine import Machine
from splitproof.model.mutants import Mutation, mutant

__all__ = ["Broken", "ProofOfDesign"]


@dataclass(frozen=True)
class Broken:
    """A part of a proof that does not survive a change. `name`: as in the certificate. `says`: in words."""

    name: str
    says: str

    def __str__(self) -> str:
        return f"{self.name}: {self.says}"


class ProofOfDesign:
    """An invariant of a design for all that it declares to hold, and the premises of its arguments.

    `unproved`: the properties that no invariant was found for. `proved`: the others.

    Raises:
        ModelError: a property that is declared to hold is violated at 1 block.
    """

    def __init__(self, machine: Machine, say: Callable[[str], None] = lambda text: None) -> None:
        self.machine = machine
        holding = [
            item
            for item in machine.properties.values()
            if item.id not in machine.expects or machine.expects[item.id].holds
        ]
        asked = [item for item in holding if item.kind in BY_INVARIANT]
        self._argued = [item for item in holding if item.kind in BY_RANKING and item.id in machine.arguments]
        oracle = Oracle(machine, 1, [item for item in asked if item.needs_blocks <= 1])
        space = oracle.explore()
        if space.findings:
            wrong = ", ".join(sorted(space.findings))
            raise ModelError(f"{machine.name} is not as it declares ({wrong}); there is no proof of it", "")
        ranked = [premises_of(machine, item) for item in self._argued]
        self._found = find_invariant(machine, asked, oracle, space, say=say, ranked=ranked)
        stuck = self._found.invariant.stuck
        failing = {item.property.id for item in ranked for premise in item.premises if premise.id in stuck}
        failing |= {item.property.id for item in ranked if item.missing is not None}
        self.unproved = tuple(
            item.id for item in holding if item.id in failing or (item in asked and item.id in stuck)
        )
        self.proved = tuple(item.id for item in [*asked, *self._argued] if item.id not in self.unproved)
        self._sorts = Sorts(machine)
        self._structure = structure_of(machine)
        self._parts = list(_named(machine, self._found))

    def broken_by(self, mutation: Mutation) -> Iterator[Broken]:
        """The clauses that the changed action breaks, then properties, then premises of arguments.

        Raises:
            ModelError: the language refuses the changed action.
        """
        made = mutant(self.machine, mutation)
        solver = StepSolver(
            self._sorts, transitions_of(made)[mutation.place], self._found.words, self._structure
        )
        assumed = [lemma for lemma, _ in self._parts]
        for lemma, part in (*self._parts, *self._premises(made, len(assumed))):
            if solver.may_break(lemma) and not isinstance(solver.check(lemma, assumed), Kept):
                yield part

    def _premises(self, made: Machine, first: int) -> Iterator[tuple[Lemma, Broken]]:
        """Of the changed machine, for its guards are what is ready."""
        number = first
        for item in self._argued:
            if item.id in self.proved:
                for premise in premises_of(made, item).premises:
                    lemma = Lemma(number, TRUE, over_step=True, of_step=premise.of_step)
                    yield lemma, Broken(f"premise of {item.id}", premise.says)
                    number += 1


def _named(machine: Machine, found: Found) -> Iterator[tuple[Lemma, Broken]]:
    """Clauses first, then the properties; numbered as the report numbers neither: by their place here."""
    sentences = Sentences(machine, found.words)
    lemmas = [lemma for lemma in found.invariant.lemmas if lemma.of_step is None]
    ordered = sorted(lemmas, key=lambda lemma: lemma.property_id is not None)
    for number, lemma in enumerate(ordered):
        if lemma.property_id is None:
            part = Broken("clause", sentences.of(lemma.clause))
        else:
            part = Broken(f"property {lemma.property_id}", machine.properties[lemma.property_id].statement)
        yield Lemma(number, lemma.node, lemma.clause, lemma.property_id, lemma.over_step), part
