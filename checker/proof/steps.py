"""Whether a step breaks a lemma, asked of z3 for any number of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import z3

from splitproof.checker.proof.candidates import Clause
from splitproof.checker.proof.lowering import Instances, Sorts
from splitproof.checker.proof.models import Reading
from splitproof.checker.proof.terms import add, check, implication
from splitproof.checker.proof.transitions import HERE, Transition, at_block
from splitproof.checker.proof.words import Word
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import TRUE, At, Expr, Param, Var, same, walk
from splitproof.model.ranking import AWAITED
from splitproof.model.types import BLOCK

__all__ = ["Kept", "Lemma", "StepSolver"]


@dataclass(frozen=True, eq=False)
class Lemma:
    """What is to hold in every reachable state, for every block; or of every step, if it is `over_step`.

    `node`: about `BLOCK_PARAMETER`, if it is per block. `clause`: its literals, if it was found by the search.
    `property_id`: if it is a property, or a premise of one: `of_step` is then what it demands of each step, and `node`
    says nothing.
    """

    number: int
    node: Expr
    clause: Clause = ()
    property_id: str | None = None
    over_step: bool = False
    of_step: Callable[[Transition, Expr], Expr] | None = None

    def demands(self, transition: Transition, block: Expr) -> Expr:
        """What it says of a step and a block, over both states; over the state after it, if it is no `over_step`."""
        return at_block(self.node, block) if self.of_step is None else self.of_step(transition, block)


@dataclass(frozen=True)
class Kept:
    """No step breaks the lemma, if these lemmas hold before it."""

    because: tuple[Lemma, ...]


class StepSolver:
    """One action, taken from any state in which some lemmas hold.

    `structure`: trees about `BLOCK_PARAMETER` that hold of every state by the way states are made.
    """

    def __init__(
        self, sorts: Sorts, transition: Transition, words: Sequence[Word], structure: Sequence[Expr]
    ) -> None:
        self.transition = transition
        self.queries = 0
        self._words = words
        self._words_after: list[Expr] | None = None
        self._sorts = sorts
        self._solver = z3.SimpleSolver(ctx=sorts.context)
        self._instances = Instances(sorts, self._solver)
        blocks = [HERE, *(item for item in transition.parameters if item.type is BLOCK)]
        for parameter in blocks:
            self._instances.add_block(sorts.parameter(parameter))
        for leaf in sorts.machine.leaves.values():
            if leaf.type is BLOCK:
                self._instances.add_block(sorts.symbol(leaf.name, leaf.type))
        self._instances.assert_tree(transition.guard)
        self._instances.assert_tree(transition.after(transition.constraint))
        for node in structure:
            self._instances.assert_for_every_block(BLOCK_PARAMETER, node)
        self._assumed: dict[int, Any] = {}
        self._assumed_ids: dict[int, int] = {}
        self._broken: dict[int, Any] = {}
        self._after: dict[int, Expr] = {}
        self._names_awaited = False

    def may_break(self, lemma: Lemma) -> bool:
        """Whether the step touches what the lemma speaks of."""
        after = self._lemma_after(lemma)
        return not same(after, TRUE if lemma.over_step else at_block(lemma.node, HERE))

    def leaves(self, lemma: Lemma) -> frozenset[str]:
        """The variables that decide whether the step breaks the lemma."""
        nodes = [self.transition.guard, self._lemma_after(lemma), lemma.node]
        return frozenset(part.name for node in nodes for part in walk(node) if isinstance(part, Var | At))

    def _lemma_after(self, lemma: Lemma) -> Expr:
        found = self._after.get(lemma.number)
        if found is None:
            here = lemma.demands(self.transition, HERE)
            change = self.transition.over_step if lemma.over_step else self.transition.after
            found = self._after[lemma.number] = change(here)
        return found

    def check(self, lemma: Lemma, assumed: Sequence[Lemma]) -> Kept | Any:
        """`Kept`, or a model in which the lemmas assumed hold and the step breaks the lemma.

        Raises:
            RuntimeError: z3 gives up, which it does not where everything is instantiated.
        """
        holding = [item for item in assumed if not item.over_step]
        literals = [self._assume(item) for item in holding]
        self.queries += 1
        answer = check(self._solver, [self._goal(lemma), *literals])
        if answer == z3.unsat:
            core = {literal.get_id() for literal in self._solver.unsat_core()}
            because = (item for item in holding if self._assumed_ids[item.number] in core)
            return Kept(tuple(sorted(because, key=lambda item: item.number)))
        if answer != z3.sat:
            raise RuntimeError(f"z3 gives up on whether {self.transition.name} keeps lemma {lemma.number}")
        return self._solver.model()

    def has_model(self, facts: Sequence[Expr], blocks: Sequence[Expr]) -> bool:
        """Whether the step can be taken where facts hold, trees over the state before; there are no other blocks."""
        lowered = [self._instances.lower(fact, {}, positive=True, negative=False) for fact in facts]
        among = [self._instances.lower(block, {}) for block in blocks]
        self._solver.push()
        self._solver.add(lowered)
        self._solver.add([z3.Or([named == block for block in among]) for named in self._instances.blocks])
        answer = self._solver.check()
        self._solver.pop()
        if answer == z3.unknown:
            raise RuntimeError(f"z3 gives up on whether {self.transition.name} can be taken")
        return bool(answer == z3.sat)

    def _assume(self, lemma: Lemma) -> Any:
        if lemma.number not in self._assumed:
            holds = z3.Bool(f"lemma {lemma.number}", self._sorts.context)
            self._assumed[lemma.number] = holds
            self._assumed_ids[lemma.number] = holds.get_id()
            self._instances.assert_for_every_block(BLOCK_PARAMETER, lemma.node, holds)
        return self._assumed[lemma.number]

    def _goal(self, lemma: Lemma) -> Any:
        if lemma.number not in self._broken:
            self._name_what_is_awaited(lemma)
            broken = z3.Bool(f"broken {lemma.number}", self._sorts.context)
            self._broken[lemma.number] = broken
            violated = self._instances.lower(~self._lemma_after(lemma), {}, positive=True, negative=False)
            add(self._solver, implication(broken, violated))
        return self._broken[lemma.number]

    def _name_what_is_awaited(self, lemma: Lemma) -> None:
        if lemma.of_step is None or self._names_awaited:
            return
        if any(
            isinstance(part, Param) and part.name == AWAITED.name for part in walk(self._lemma_after(lemma))
        ):
            self._names_awaited = True
            self._instances.add_block(self._sorts.parameter(AWAITED))

    def before(self, model: Any) -> list[dict[int, bool]]:
        """What the words say of the state before the step in a model, for each block that has a name.

        Words that the model leaves open are left out.
        """
        reading = Reading(self._sorts, model)
        shared = {place: reading.truth(w.node, {}) for place, w in enumerate(self._words) if not w.per_block}
        own = [(place, word.node) for place, word in enumerate(self._words) if word.per_block]
        found: list[dict[int, bool]] = []
        for block in dict.fromkeys(map(reading.block, self._instances.blocks)):
            known = {BLOCK_PARAMETER.name: block}
            said = shared | {place: reading.truth(node, known) for place, node in own}
            found.append({place: value for place, value in said.items() if value is not None})
        return found

    def after(self, model: Any) -> dict[int, bool]:
        """What the words say of the state after the step, for the block that the lemma fails for."""
        if self._words_after is None:
            self._words_after = [self.transition.after(at_block(word.node, HERE)) for word in self._words]
        return dict(self._said(model, list(enumerate(self._words_after)), {}))

    def _said(
        self, model: Any, nodes: Sequence[tuple[int, Expr]], known: dict[str, Any]
    ) -> Iterator[tuple[int, bool]]:
        for place, node in nodes:
            value = model.eval(self._instances.lower(node, known))
            if z3.is_true(value):
                yield place, True
            elif z3.is_false(value):
                yield place, False
