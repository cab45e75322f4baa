"""The search for an invariant, from the goal backwards.

A lemma holds at the start and is kept by every step from states in which all lemmas hold. The properties are the first
lemmas. Where a step from such a state breaks one, that state is not reachable if the lemma is true: a clause over the
words tells it from all states that are known to be reachable. The clause becomes a lemma, until nothing breaks any. A
lemma that cannot be kept is given up, what its breaking leads to is taken for reachable from then on, and other clauses
take its place. If that befalls a property, the words are too poor, or the property is false: nothing is proved.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from splitproof.checker.proof.candidates import Candidates, Clause
from splitproof.checker.proof.steps import Kept, Lemma, StepSolver
from splitproof.checker.proof.words import Word
from splitproof.model.expressions import any_of

__all__ = ["Invariant", "Search", "Stuck", "TimeIsUpError"]

_CLAUSES_A_MODEL = 3
"""Clauses that are tried against one state at once; what is not needed of them is dropped again."""


class TimeIsUpError(Exception):
    """The search did not end in the time that it was given. `clauses`: those that it had put together by then."""

    def __init__(self, clauses: int) -> None:
        super().__init__(clauses)
        self.clauses = clauses


@dataclass(frozen=True)
class Stuck:
    """Why a property is not proved: a step from states that the words do not tell from reachable ones breaks it.

    `before`: the words that hold before the step, for each block that matters. `after`: those that hold after it.
    """

    step: str
    before: tuple[tuple[str, ...], ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Invariant:
    """Lemmas that are kept together; the properties among them are proved.

    `stuck`: those that are not, with why. `clauses`: by property, how many clauses it needs. `structure`: what is
    kept besides by the way states are made, and used. `because`: by the number of a lemma and the place of a step,
    the lemmas that it is kept by; the place of the start is 0, that of the first step 1.
    """

    lemmas: tuple[Lemma, ...]
    structure: tuple[Lemma, ...] = ()
    because: Mapping[tuple[int, int], tuple[Lemma, ...]] = field(default_factory=dict)
    stuck: dict[str, Stuck] = field(default_factory=dict)
    clauses: dict[str, int] = field(default_factory=dict)


class Search:
    """One search.

    `properties`, `structure`: lemmas, numbered from 0 on in this order; the latter are true by the way states are made,
    and kept only if something rests on them. `deadline`: by `time.perf_counter`. `tick` is called now and then with
    the number of clauses.
    """

    def __init__(
        self,
        words: Sequence[Word],
        candidates: Candidates,
        initial: StepSolver,
        steps: Sequence[StepSolver],
        properties: Sequence[Lemma],
        structure: Sequence[Lemma] = (),
        deadline: float | None = None,
        tick: Callable[[int], None] | None = None,
    ) -> None:
        self._words = words
        self._candidates = candidates
        self._solvers = (initial, *steps)
        self._properties = tuple(properties)
        self._lemmas = [*properties, *structure]
        self._by_clause: dict[Clause, Lemma] = {}
        self._given_up: set[Clause] = set()
        self._needed = list(self._lemmas)
        self._support: dict[tuple[int, int], tuple[Lemma, ...]] = {}
        self._stuck: dict[str, Stuck] = {}
        self._deadline = deadline
        self._tick = tick or (lambda lemmas: None)

    @property
    def queries(self) -> int:
        """How often z3 was asked."""
        return sum(solver.queries for solver in self._solvers)

    @property
    def _found(self) -> int:
        """How many clauses there are."""
        return sum(bool(item.clause) for item in self._needed)

    def run(self) -> Invariant:
        """The invariant, with no lemma that the properties do without.

        Raises:
            TimeIsUpError: there was not enough of it.
        """
        queue = deque(self._lemmas)
        while queue:
            lemma = queue.popleft()
            if lemma in self._needed:
                queue.extend(self._settle(lemma))
                self._tick(self._found)
        self._prune()
        self._minimise()
        reasons = self._reasons()
        clauses = {
            item.property_id: self._clauses_of(item, reasons)
            for item in self._needed
            if item.property_id is not None
        }
        lemmas = tuple(item for item in self._needed if item.clause or item.property_id is not None)
        structure = tuple(item for item in self._needed if item not in lemmas)
        return Invariant(lemmas, structure, dict(self._support), dict(self._stuck), clauses)

    def _settle(self, lemma: Lemma) -> Iterable[Lemma]:
        """See that the start and every step keep a lemma; the lemmas to be settled next."""
        waiting: list[Lemma] = []
        for place, solver in enumerate(self._solvers):
            if self._deadline is not None and time.perf_counter() > self._deadline:
                raise TimeIsUpError(self._found)
            at = (lemma.number, place)
            if at in self._support or (place == 0 and lemma.over_step):
                continue
            if place and not solver.may_break(lemma):
                self._support[at] = () if lemma.over_step else (lemma,)
                continue
            kept, new = self._discharge(solver, lemma, is_start=place == 0)
            if kept is None:
                return [*waiting, *self._give_up(lemma)]
            self._support[at] = kept.because
            self._needed += new
            waiting += new
        return waiting

    def _discharge(
        self, solver: StepSolver, lemma: Lemma, is_start: bool
    ) -> tuple[Kept | None, tuple[Lemma, ...]]:
        """Why a step keeps a lemma, and the new lemmas among the reasons; None if no clause helps."""
        have = [] if is_start else self._needed
        tried: list[Lemma] = []
        answer = solver.check(lemma, have)
        while not isinstance(answer, Kept):
            cubes = solver.before(answer)
            clauses = [] if is_start else self._separating(solver, lemma, cubes)
            if not clauses:
                self._learn(solver, lemma, answer)
                return None, ()
            tried += [item for item in map(self._lemma, clauses) if item not in tried]
            answer = solver.check(lemma, [*have, *tried])
        new = [item for item in tried if item in answer.because]
        for item in sorted(new, key=lambda item: (-self._candidates.cost(item.clause), item.number)):
            fewer = [other for other in new if other is not item]
            again = solver.check(lemma, [*have, *fewer])
            if isinstance(again, Kept):
                answer = again
                new = [other for other in fewer if other in again.because]
        return answer, tuple(new)

    def _separating(self, solver: StepSolver, lemma: Lemma, cubes: Sequence[dict[int, bool]]) -> list[Clause]:
        leaves = solver.leaves(lemma)
        focus = {place for place, word in enumerate(self._words) if word.leaves <= leaves}
        return self._candidates.separating(cubes, self._given_up, _CLAUSES_A_MODEL, focus)

    def _learn(self, solver: StepSolver, lemma: Lemma, model: object) -> None:
        after = solver.after(model)
        self._candidates.add(after)
        if lemma.property_id is not None:
            before = tuple(self._said(cube) for cube in solver.before(model))
            self._stuck[lemma.property_id] = Stuck(solver.transition.name, before, self._said(after))

    def _said(self, cube: dict[int, bool]) -> tuple[str, ...]:
        return tuple(self._words[place].text for place, value in cube.items() if value)

    def _lemma(self, clause: Clause) -> Lemma:
        if clause not in self._by_clause:
            literals = (
                self._words[place].node if sign else ~self._words[place].node for place, sign in clause
            )
            lemma = Lemma(len(self._lemmas), any_of(*literals), clause)
            self._lemmas.append(lemma)
            self._by_clause[clause] = lemma
        return self._by_clause[clause]

    def _give_up(self, lemma: Lemma) -> list[Lemma]:
        """Do without a lemma; the lemmas that rested on it."""
        self._given_up.add(lemma.clause)
        self._needed.remove(lemma)
        resting = {number for (number, _), because in self._support.items() if lemma in because}
        self._support = {
            at: because
            for at, because in self._support.items()
            if lemma not in because and at[0] != lemma.number
        }
        return [item for item in self._needed if item.number in resting]

    def _minimise(self) -> None:
        """Leave out each lemma that the rest does without, dear ones first."""
        for lemma in sorted(
            self._needed, key=lambda item: (-self._candidates.cost(item.clause), item.number)
        ):
            if not lemma.clause or lemma not in self._needed:
                continue
            rest = [item for item in self._needed if item is not lemma]
            changed = self._without(lemma, rest)
            if changed is not None:
                self._support |= changed
                self._needed = rest
                self._prune()

    def _without(self, lemma: Lemma, rest: list[Lemma]) -> dict[tuple[int, int], tuple[Lemma, ...]] | None:
        """What the rest is kept by instead, if it is."""
        changed = {}
        for at, because in self._support.items():
            user = self._lemmas[at[0]]
            if lemma in because and user is not lemma and user in rest:
                answer = self._solvers[at[1]].check(user, rest)
                if not isinstance(answer, Kept):
                    return None
                changed[at] = answer.because
        return changed

    def _prune(self) -> None:
        """Keep what the properties rest on."""
        roots = [item for item in self._properties if item in self._needed]
        reached = _reached(roots, self._reasons())
        self._needed = [item for item in self._needed if item.number in reached]

    def _reasons(self) -> dict[int, set[int]]:
        """The numbers of the lemmas that each rests on."""
        reasons: dict[int, set[int]] = {}
        for (number, _), because in self._support.items():
            reasons.setdefault(number, set()).update(item.number for item in because)
        return reasons

    def _clauses_of(self, lemma: Lemma, reasons: Mapping[int, Collection[int]]) -> int:
        """How many clauses a property rests on."""
        return sum(bool(self._lemmas[number].clause) for number in _reached([lemma], reasons))


def _reached(roots: Iterable[Lemma], reasons: Mapping[int, Collection[int]]) -> set[int]:
    """The numbers of some lemmas, and of those that they rest on."""
    reached = {item.number for item in roots}
    todo = list(reached)
    while todo:
        found = set(reasons.get(todo.pop(), ())) - reached
        reached |= found
        todo += found
    return reached
