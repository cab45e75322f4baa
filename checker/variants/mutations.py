"""What becomes of every small change of a design: which property catches it, and what nothing catches.

A search of a mutant ends at the first violation that the design does not declare, so that the steps given are the
fewest. A mutant that nothing catches is compared with the design, state by state and step by step: with the same
reachable graph it is no other design at this size. Otherwise it has survived, unless a property of fair runs catches
it: these are asked last, since they are searched for over all runs.
"""

from __future__ import annotations

import enum
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from splitproof.checker.fairness.liveness import judge_leads_to
from splitproof.checker.ground.decision import Template
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.checker.search.vacuity import vacuity_of
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.mutants import Mutation, mutant, mutations_of
from splitproof.spec.properties import Kind, Property

__all__ = ["CLOSED", "Fate", "Judged", "judge_mutants"]

CLOSED: tuple[str, ...] = tuple(name for name in CATALOGUE if name.endswith("-closed"))
"""The designs whose mutants are judged where no design is named; those with two slots take twice as long."""

_KINDS = (Kind.ALWAYS, Kind.STEP, Kind.POSSIBLE, Kind.LEADS_TO)
"""What judges a mutant."""

_GROWTH_MAX = 20
"""A mutant with so many times the states of its design is undecided."""

_SLICE = 48
"""Mutants that one task of the pool judges."""


class Fate(enum.StrEnum):
    """What becomes of a mutant."""

    CAUGHT = "caught"
    REFUSED = "refused"
    VACUOUS = "vacuous"
    EQUIVALENT = "equivalent"
    SURVIVED = "survived"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judged:
    """A mutant and its fate.

    `by`: the property that catches it, what the language says, the vacuity that it causes, or how its graph differs
    from that of the design; of an equivalent one, why the design keeps the clause. `steps`: of the counterexample;
    those that are repeated for ever count once.
    `breaks`: of one that is caught, what it breaks of the proof of the design; None if that was not asked, or nothing.
    """

    design: str
    action: str
    kind: str
    text: str
    where: str
    fate: Fate
    by: str
    steps: int | None = None
    breaks: str | None = None

    def json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "kind": self.kind,
            "text": self.text,
            "where": self.where,
            "fate": self.fate.value,
            "by": self.by,
            "steps": self.steps,
            "breaks": self.breaks,
        }


def judge_mutants(
    designs: Sequence[str],
    blocks: int = 1,
    processes: int | None = None,
    done: Callable[[int, int], None] | None = None,
) -> list[Judged]:
    """Every mutant of the designs, in order. `done(finished, all)` is called as tasks come in.

    Raises:
        ModelError: a design does not exist, or is not as it declares, so that its mutants mean nothing.
    """
    tasks = [(name, blocks, start) for name in designs for start in range(0, len(_mutations(name)), _SLICE)]
    found: dict[tuple[str, int, int], list[Judged]] = {}
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if count <= 1:
        for task in tasks:
            found[task] = _judge_slice(*task)
            if done is not None:
                done(len(found), len(tasks))
    else:
        with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = {pool.submit(_judge_slice, *task): task for task in tasks}
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                if done is not None:
                    done(len(found), len(tasks))
    return [item for task in tasks for item in found[task]]


@cache
def _mutations(name: str) -> tuple[Mutation, ...]:
    return tuple(mutations_of(load_machine(name)))


def _judge_slice(name: str, blocks: int, start: int) -> list[Judged]:
    original = _original(name, blocks)
    mutations = list(mutations_of(original.machine))[start : start + _SLICE]
    return [original.judged(name, mutation) for mutation in mutations]


@cache
def _original(name: str, blocks: int) -> _Original:
    return _Original(load_machine(name), blocks)


class _Original:
    """A design that is as it declares, and what its mutants are compared with."""

    def __init__(self, machine: Machine, blocks: int) -> None:
        self.machine = machine
        self.blocks = blocks
        self._asked = [
            item
            for item in machine.properties.values()
            if item.kind in _KINDS and item.needs_blocks <= blocks
        ]
        self._violated = {name for name, expected in machine.expects.items() if not expected.holds}
        self._oracle = Oracle(machine, blocks, self._asked)
        self._space = self._oracle.explore()
        runs = judge_leads_to(machine, blocks, self._asked)
        found = {
            *self._space.findings,
            *possible_findings(self._oracle, self._space),
            *runs.traces,
            *runs.limits,
        }
        asked = {item.id for item in self._asked}
        if found != self._violated & asked:
            wrong = ", ".join(sorted(found ^ (self._violated & asked)))
            raise ModelError(f"{machine.name} is not as it declares ({wrong}); its mutants mean nothing", "")
        self._met = set(_not_met(self._oracle, self._space, self._asked))

    def judged(self, name: str, mutation: Mutation) -> Judged:
        """What becomes of a mutant."""
        fate, by, steps = self._fate(mutation)
        return Judged(name, mutation.label, mutation.kind, mutation.text, mutation.where, fate, by, steps)

    def _fate(self, mutation: Mutation) -> tuple[Fate, str, int | None]:
        try:
            machine = mutant(self.machine, mutation)
        except ModelError as error:
            return Fate.REFUSED, error.message, None
        oracle = Oracle(machine, self.blocks, self._asked)
        undeclared = frozenset(item.id for item in self._asked if item.id not in self._violated)
        space = oracle.explore(Limits(max_states=self._states_max, until_violated=undeclared))
        if not space.complete and undeclared.isdisjoint(space.findings):
            return Fate.UNDECIDED, space.limit or "", None
        if space.complete:
            space.findings |= possible_findings(oracle, space)
        wrong = [(found.depth, name) for name, found in space.findings.items() if name in undeclared]
        if wrong:
            order = [item.id for item in self._asked]
            steps, by = min(wrong, key=lambda item: (item[0], order.index(item[1])))
            return Fate.CAUGHT, by, steps
        return self._of_what_holds(mutation, oracle, space)

    @property
    def _states_max(self) -> int:
        return _GROWTH_MAX * self._space.states

    def _of_what_holds(
        self, mutation: Mutation, oracle: Oracle, space: Exploration
    ) -> tuple[Fate, str, int | None]:
        for item in self._asked:
            if item.kind is not Kind.LEADS_TO and item.id in self._violated - set(space.findings):
                return _caught_by_holding(item)
        difference = self._difference(oracle, space)
        if difference is None:
            return Fate.EQUIVALENT, mutation.because, None
        of_runs = self._of_runs(oracle.machine)
        if of_runs is not None:
            return of_runs
        vacuous = [what for what in _not_met(oracle, space, self._asked) if what not in self._met]
        if vacuous:
            return Fate.VACUOUS, vacuous[0], None
        return Fate.SURVIVED, difference, None

    def _of_runs(self, machine: Machine) -> tuple[Fate, str, int | None] | None:
        """What becomes of a mutant that violates something on fair runs alone; None if it does not."""
        found = judge_leads_to(machine, self.blocks, self._asked, Limits(max_states=self._states_max))
        order = [item.id for item in self._asked]
        wrong = [
            (len(trace.steps), order.index(name), name)
            for name, trace in found.traces.items()
            if name not in self._violated
        ]
        if wrong:
            steps, _, by = min(wrong)
            return Fate.CAUGHT, by, steps
        if found.limits:
            return Fate.UNDECIDED, next(iter(found.limits.values())), None
        for item in self._asked:
            if item.kind is Kind.LEADS_TO and item.id in self._violated - set(found.traces):
                return _caught_by_holding(item)
        return None

    def _difference(self, oracle: Oracle, space: Exploration) -> str | None:
        """How the reachable graph of a mutant differs; None if it is the same, each step by the same action."""
        states = _states(space)
        if states != self._states:
            fewer, more = states < self._states, states > self._states
            return f"reaches {'fewer' if fewer else 'more' if more else 'other'} states"
        if space.fired != self._space.fired:
            fewer = all(count <= self._space.fired[label] for label, count in space.fired.items())
            return f"reaches the same states by {'fewer' if fewer else 'other'} steps"
        return None if _edges(oracle, space) == self._edges else "reaches the same states by other steps"

    @cached_property
    def _states(self) -> frozenset[int]:
        return _states(self._space)

    @cached_property
    def _edges(self) -> set[tuple[int, str, int]]:
        return _edges(self._oracle, self._space)


def _caught_by_holding(item: Property) -> tuple[Fate, str, int | None]:
    return Fate.CAUGHT, f"{item.id} (declared violated, and holds)", None


def _states(space: Exploration) -> frozenset[int]:
    return frozenset(state for level in space.levels for state in level)


def _edges(oracle: Oracle, space: Exploration) -> set[tuple[int, str, int]]:
    labels = [step.action.label for step in oracle.steps]
    found: list[tuple[int, int, int]] = []
    visit = oracle.program(Template("push", lambda step, after: [f"push((s, {step.index}, {after}))"]))
    for level in space.levels:
        visit(level, found.append)
    return {(before, labels[index], after) for before, index, after in found}


def _not_met(oracle: Oracle, space: Exploration, asked: Sequence[Property]) -> Iterator[str]:
    """What a complete search never met, in sentences that a mutant and its design can be compared by."""
    found = vacuity_of(oracle, space)
    yield from (f"{label} never happens" for label in found.never_fired)
    yield from found.misdeclared
    for item in asked:
        if item.trigger is not None and item.id not in space.triggered:
            yield f"{item.id} never has anything to say"
        elif item.id in found.uncarried:
            yield f"{item.id} never judges what a host wrote"
    yield from (f"{clause.action}: {clause.text} never blocks alone" for clause in found.dead_clauses)
