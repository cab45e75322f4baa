"""The search for an invariant, from the goal backwards.

A lemma holds at the start and is kept by every step from states in which all lemmas hold. The properties are the first
lemmas. Where a step from such a state breaks one, that state is not reachable if the property is true: some clause
over the words tells it from all states that are known to be reachable. The clause becomes a lemma, until nothing
breaks any. A clause that turns out not to be kept is given up, and others take its place.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import z3

from splitproof.checker.proof.lowering import Instances, Sorts
from splitproof.checker.proof.samples import Samples
from splitproof.checker.proof.transitions import HERE, Transition, at_block
from splitproof.checker.proof.words import Word
from splitproof.model.expressions import Expr, any_of, same
from splitproof.model.properties import BLOCK_PARAMETER

DEBUG = True

Literal = tuple[int, bool]


@dataclass(eq=False)
class Lemma:
    number: int
    node: Expr
    literals: tuple[Literal, ...] = ()
    name: str = ""
    dead: bool = False
    text: str = ""


class StepSolver:
    """Whether a step breaks a lemma."""

    def __init__(self, sorts: Sorts, transition: Transition, words: Sequence[Word], structure: Sequence[Expr]) -> None:
        self.transition = transition
        self.words = words
        self.solver = z3.SimpleSolver(ctx=sorts.context)
        self.instances = Instances(sorts, self.solver)
        self.sorts = sorts
        add = self.instances.add_block
        add(sorts.symbol("parameter _here", HERE.type))
        for parameter in transition.parameters:
            if parameter.type is HERE.type:
                add(sorts.symbol(f"parameter {parameter.name}", parameter.type))
        for leaf in sorts.machine.leaves.values():
            if leaf.type is HERE.type:
                add(sorts.symbol(leaf.name, leaf.type))
        self.instances.assert_tree(transition.guard)
        for node in structure:
            self.instances.assert_for_every_block(BLOCK_PARAMETER, node)
        self.assumed: dict[int, Any] = {}
        self.goals: dict[int, Any] = {}
        self._posts: dict[int, Expr] = {}
        self.queries = 0
        self.seconds = 0.0

    def post(self, lemma: Lemma) -> Expr:
        if lemma.number not in self._posts:
            self._posts[lemma.number] = self.transition.after(at_block(lemma.node, HERE))
        return self._posts[lemma.number]

    def is_kept_trivially(self, lemma: Lemma) -> bool:
        return same(self.post(lemma), at_block(lemma.node, HERE)) and self.transition.action is not None

    def assume(self, lemma: Lemma) -> Any:
        if lemma.number not in self.assumed:
            t = z3.Bool(f"lemma {lemma.number}", self.sorts.context)
            self.assumed[lemma.number] = t
            self.instances.assert_for_every_block(BLOCK_PARAMETER, lemma.node, t)
        return self.assumed[lemma.number]

    def goal(self, lemma: Lemma) -> Any:
        if lemma.number not in self.goals:
            t = z3.Bool(f"broken {lemma.number}", self.sorts.context)
            self.goals[lemma.number] = t
            self.solver.add(z3.Implies(t, self.instances.lower(~self.post(lemma), {}, positive=True, negative=False)))
        return self.goals[lemma.number]

    def check(self, lemma: Lemma, assumed: Sequence[Lemma]) -> tuple[str, Any]:
        t0 = time.perf_counter()
        assumptions = [self.assume(item) for item in assumed]
        goal = self.goal(lemma)
        answer = self.solver.check(goal, *assumptions)
        self.queries += 1
        self.seconds += time.perf_counter() - t0
        if answer == z3.unsat:
            core = {t.get_id() for t in self.solver.unsat_core()}
            return "kept", [item for item, t in zip(assumed, assumptions) if t.get_id() in core]
        if answer == z3.sat:
            return "broken", self.solver.model()
        raise RuntimeError("z3 gives up")

    def cubes(self, model: Any) -> Iterator[dict[int, bool]]:
        """What the words say in the model, for each block that has a name."""
        shared: dict[int, bool] = {}
        seen = []
        for place, word in enumerate(self.words):
            if not word.per_block:
                value = self._value(model, word.node, {})
                if value is not None:
                    shared[place] = value
        for block in self.instances.blocks:
            own = dict(shared)
            for place, word in enumerate(self.words):
                if word.per_block:
                    value = self._value(model, word.node, {BLOCK_PARAMETER.name: block})
                    if value is not None:
                        own[place] = value
            if own not in seen:
                seen.append(own)
                yield own

    def _value(self, model: Any, node: Expr, known: dict[str, Any]) -> bool | None:
        value = model.eval(self.instances.lower(node, known), model_completion=False)
        return True if z3.is_true(value) else False if z3.is_false(value) else None


class Search:
    def __init__(self, sorts: Sorts, words: Sequence[Word], samples: Samples, transitions: Sequence[Transition], initial: Transition, structure: Sequence[Expr]) -> None:
        self.words, self.samples = words, samples
        self.initial = StepSolver(sorts, initial, words, [])
        self.steps = [StepSolver(sorts, t, words, structure) for t in transitions]
        self.lemmas: list[Lemma] = []
        self.known: dict[tuple[Literal, ...], Lemma] = {}
        self.needed: list[Lemma] = []
        self.support: dict[tuple[int, int], list[Lemma]] = {}
        self.dead: set[tuple[Literal, ...]] = set()
        self.started = time.perf_counter()
        self.tgen = self.tcube = 0.0; self.models = 0
        self.candidates = Candidates(words, samples)

    def log(self, *a: Any) -> None:
        if DEBUG:
            print(f"{time.perf_counter()-self.started:7.2f}", *a, flush=True)

    def property(self, name: str, node: Expr) -> Lemma:
        lemma = Lemma(len(self.lemmas), node, (), name, text=name)
        self.lemmas.append(lemma)
        return lemma

    def lemma(self, literals: tuple[Literal, ...]) -> Lemma:
        if literals not in self.known:
            node = any_of(*(self.words[p].node if s else ~self.words[p].node for p, s in literals))
            lemma = Lemma(len(self.lemmas), node, literals, text=" | ".join(("" if s else "~") + self.words[p].text for p, s in literals))
            self.lemmas.append(lemma)
            self.known[literals] = lemma
        return self.known[literals]

    def run(self, properties: Sequence[Lemma], budget: float = 300) -> bool:
        queue = deque(properties)
        self.needed = list(properties)
        while queue:
            if time.perf_counter() - self.started > budget:
                self.log("time")
                return False
            lemma = queue.popleft()
            if lemma.dead or lemma not in self.needed:
                continue
            for place, step in enumerate([self.initial, *self.steps]):
                if (lemma.number, place) in self.support and not any(x.dead for x in self.support[lemma.number, place]):
                    continue
                if place and step.is_kept_trivially(lemma):
                    continue
                found = self.discharge(step, lemma, is_initial=place == 0)
                if found is None:
                    self.log("DEAD", lemma.text, "by", step.transition.name)
                    if lemma.name:
                        return False
                    lemma.dead = True
                    self.needed.remove(lemma)
                    for (number, _), used in self.support.items():
                        if lemma in used:
                            other = self.lemmas[number]
                            if not other.dead and other not in queue:
                                queue.append(other)
                    break
                core, new = found
                self.support[lemma.number, place] = core
                for item in new:
                    self.log("lemma", item.text, "   for", lemma.text, "at", step.transition.name)
                    self.needed.append(item)
                    queue.append(item)
        return True

    def discharge(self, step: StepSolver, lemma: Lemma, is_initial: bool) -> tuple[list[Lemma], list[Lemma]] | None:
        have = [] if is_initial else [x for x in self.needed if not x.dead]
        answer, found = step.check(lemma, have)
        if answer == "kept":
            return found, []
        if is_initial:
            return None
        extra: list[Lemma] = []
        while answer == "broken":
            clauses = self.separating(step, found)
            if not clauses:
                self.stuck = (step, found)
                return None
            self.models += 1
            extra += [self.lemma(clause) for clause in clauses]
            answer, found = step.check(lemma, have + extra)
        core = found
        kept = [x for x in extra if x in core]
        for item in sorted(kept, key=lambda x: -self.cost(x.literals)):
            smaller = [x for x in kept if x is not item]
            answer, found = step.check(lemma, have + smaller)
            if answer == "kept":
                core = found
                kept = [x for x in smaller if x in core]
        return core, kept

    def cost(self, literals: tuple[Literal, ...]) -> float:
        return sum(self.candidates.cost(x) for x in literals)

    def separating(self, step: StepSolver, model: Any) -> list[tuple[Literal, ...]]:
        """The cheapest clauses that are true of all samples and false in the model for one of its blocks."""
        t0 = time.perf_counter()
        cubes = list(step.cubes(model))
        t1 = time.perf_counter()
        self.tcube += t1 - t0
        found = self.candidates.separating(cubes, lambda c: c in self.known and self.known[c].dead, lambda c: c in self.known and self.known[c] in self.needed)
        self.tgen += time.perf_counter() - t1
        return found


class Candidates:
    """Clauses over the words that are true of all samples."""

    def __init__(self, words: Sequence[Word], samples: Samples) -> None:
        self.words, self.samples = words, samples
        n = samples.rows
        keep = random.Random(0).sample(range(n), min(n, 3000))
        def thin(bits: int) -> int:
            text = f"{bits:0{n}b}"
            return int("".join(text[n - 1 - r] for r in keep), 2)
        self.literals: list[Literal] = [(p, sign) for p in range(len(words)) for sign in (True, False)]
        self.false = {(p, sign): (samples.false[p] if sign else samples.true[p]) for p, sign in self.literals}
        self.thin = {l: thin(b) for l, b in self.false.items()}
        self.place = {l: i for i, l in enumerate(self.literals)}
        self.share = {l: 1 - self.false[l].bit_count() / n for l in self.literals}
        self._costs = {l: self._cost(l) for l in self.literals}
        self.pool: list[list[tuple[float, int, tuple[Literal, ...]]]] = [[], [], []]
        self._short()

    def _cost(self, literal: Literal) -> float:
        place, sign = literal
        return 1 + self.words[place].cost / 4 + 4 * self.share[literal]

    def cost(self, literal: Literal) -> float:
        return self._costs[literal]

    def _mask(self, clause: tuple[Literal, ...]) -> int:
        mask = 0
        for literal in clause:
            mask |= 1 << self.place[literal]
        return mask

    def _entry(self, clause: tuple[Literal, ...]) -> tuple[float, int, tuple[Literal, ...]]:
        return (sum(map(self.cost, clause)), self._mask(clause), clause)

    def _short(self) -> None:
        """All clauses of one and two literals."""
        units = [l for l in self.literals if not self.false[l]]
        self.units = set(units)
        self.pool[0] = sorted(self._entry((l,)) for l in units)
        open_ = [l for l in self.literals if l not in self.units and (l[0], not l[1]) not in self.units]
        pairs = []
        for i, a in enumerate(open_):
            fa, ta = self.false[a], self.thin[a]
            for b in open_[i + 1:]:
                if not ta & self.thin[b] and a[0] != b[0] and not fa & self.false[b]:
                    pairs.append(self._entry((a, b)))
        self.pairs = {c for _, _, c in pairs}
        self.pool[1] = sorted(pairs)
        self.open = open_

    def separating(self, cubes: list[dict[int, bool]], is_dead: Any, is_needed: Any, most: int = 3) -> list[tuple[Literal, ...]]:
        masks = [self._mask(tuple((p, not v) for p, v in cube.items())) for cube in cubes]
        for pool in self.pool:
            found = [c for _, mask, c in pool if any(mask & m == mask for m in masks) and not is_dead(c)]
            if found:
                return found[:most]
        new = []
        for cube in cubes:
            new += [self._entry(c) for c in self._long(cube, 3)]
        have = {c for _, _, c in self.pool[2]}
        new = sorted(x for x in set(new) if x[2] not in have)
        self.pool[2] = sorted([*self.pool[2], *new])
        alive = [c for _, _, c in new if not is_dead(c)]
        if alive:
            return alive[:most]
        longer = sorted(self._entry(c) for cube in cubes for c in self._long(cube, 4))
        return [c for _, _, c in longer if not is_dead(c)][:1]

    def _long(self, cube: dict[int, bool], size: int) -> Iterator[tuple[Literal, ...]]:
        """Clauses of so many literals, false in the cube and true of all samples."""
        chosen = [(p, not v) for p, v in cube.items() if (p, not v) in self._costs and (p, not v) not in self.units and (p, v) not in self.units]
        thin = [self.thin[l] for l in chosen]

        def rec(start: int, bits: int, picked: tuple[int, ...], left: int) -> Iterator[tuple[int, ...]]:
            for i in range(start, len(chosen)):
                rest = bits & thin[i]
                if left == 1:
                    if not rest:
                        yield (*picked, i)
                elif rest and rest != bits:
                    yield from rec(i + 1, rest, (*picked, i), left - 1)

        for found in rec(0, (1 << 3000) - 1, (), size):
            clause = tuple(chosen[i] for i in found)
            bits = self.samples.everything
            for l in clause:
                bits &= self.false[l]
            if not bits:
                yield clause
