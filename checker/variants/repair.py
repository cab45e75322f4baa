"""Which sets of changed choices make a violated property hold: the smallest ones, out of millions of designs.

A counterexample of one design often runs in many others. From each counterexample we learn which single changes stop
it: every repair contains one of them. The cheapest set of changes that contains one for each known counterexample is
searched next (an implicit hitting set); it is a repair, or gives another counterexample. So every repair is confirmed
by a complete search, and every design that is left out admits a counterexample that the reference interpreter has run
in its neighbours.

What is learned rests on one step beyond what is run: changes that leave a counterexample possible one at a time leave
it possible together. All of them together are tried, too; where they do stop it, the smallest part of them that does
is learned as one more way to stop it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.engines import EngineChoice, search
from splitproof.checker.search.engine import Engine, Exploration, Limits
from splitproof.checker.search.reachability import possible_findings
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.choices import Choice
from splitproof.model.controller import build
from splitproof.model.design import CHOICES, Design
from splitproof.model.errors import ModelError
from splitproof.model.expectations import asked_of
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.model.types import DATA_VALUES
from splitproof.spec.properties import Kind, Property

__all__ = [
    "GIVEN",
    "Changes",
    "Lattice",
    "Repairs",
    "asked_to_repair",
    "closed_of",
    "failing_sets",
    "repairs_of",
    "violated_in",
]

GIVEN: frozenset[str] = frozenset(
    {"backup", "split", "acknowledge", "response", "end", "servers", "lan", "device", "volume_io", "workers"}
)
"""The choices that say what is built and promised, rather than how it is kept safe: repair leaves them as they are.

`acknowledge` is among them: with a split that waits until everything is copied, every embodiment is prior art."""

Changes = Mapping[str, Choice]
"""Some keys, each with the value that it is changed to."""

_JUDGED = (Kind.ALWAYS, Kind.STEP)


@dataclass(frozen=True)
class Repairs:
    """What makes the properties of a design hold.

    `found`: sets of changes, none of which contains another, the fewest changes first; among equally many, those that
    take more values of the closed design, then in the order of `CHOICES`. `cost_max`: up to how many changes all such
    sets are known; None if there are no others at all. `searches`, `counterexamples`: how many searches there were, and
    how many of them gave a counterexample.
    """

    design: Design
    found: tuple[dict[str, Choice], ...]
    cost_max: int | None
    searches: int
    counterexamples: int


class Lattice:
    """The designs that differ from one in some choices, and what is asked of each.

    `values`: by key, the values that it may take, the design's own first.
    """

    def __init__(
        self,
        design: Design,
        properties: Sequence[Property],
        blocks: int = 1,
        values: Mapping[str, Sequence[Choice]] | None = None,
    ) -> None:
        for item in properties:
            if item.kind not in _JUDGED:
                raise ModelError(
                    f"{item.id} is of the kind `{item.kind.value}`, whose counterexamples are no runs to be tried in "
                    "other designs; repair takes properties of the kinds always and step",
                    "",
                )
        self.design = design
        self.properties = tuple(properties)
        self.blocks = blocks
        self.values = _values(design) if values is None else dict(values)
        self.searches = 0
        self.counterexamples = 0
        self._stages: dict[tuple[Choice, ...], _Stage | None] = {}

    def with_changes(self, changes: Changes) -> Design:
        """The design with the changes.

        Raises:
            ModelError: one changes nothing, or two contradict each other.
        """
        changed = {key: value for key, value in changes.items() if value is not self.values[key][0]}
        return self.design.but(**changed) if changed else self.design

    def counterexample(self, design: Design) -> Trace | None:
        """A run that violates one of the properties; None if a complete search finds none."""
        machine = build(design)
        names = frozenset(item.id for item in self.properties)
        limits = Limits(until_violated=names)
        engine, space = _searched(machine, self.blocks, self.properties, limits, folded=True)
        self.searches += 1
        if names.isdisjoint(space.findings):
            return None
        self.counterexamples += 1
        order = [item.id for item in self.properties]
        finding = min(
            space.findings.values(), key=lambda found: (found.depth, order.index(found.property_id))
        )
        path = engine.trace_to(space, finding)
        steps = [Step(step.action, step.arguments) for step, _ in path.steps]
        violated = engine.properties[finding.property_id].property
        return replay(machine, self.blocks, engine.start_of(path.start), steps, violated)

    def runs(self, trace: Trace, assignment: Changes) -> bool:
        """Whether the same steps can be taken with these values, and violate one of the properties at the end."""
        values: dict[str, Any] = dict(assignment)
        design = replace(self.design, **values)
        idle = design.idle_choices()
        key = tuple(own if name in idle else assignment[name] for name, (own, *_) in self.values.items())
        if key not in self._stages:
            self._stages[key] = self._stage(design)
        stage = self._stages[key]
        return stage is not None and stage.runs(trace, self.properties)

    def _stage(self, design: Design) -> _Stage | None:
        """None if its values contradict each other."""
        try:
            design.require_sense()
        except ModelError:
            return None
        return _Stage(build(design, argued=False), self.blocks)


def _searched(
    machine: Machine, blocks: int, properties: Sequence[Property], limits: Limits, *, folded: bool = False
) -> tuple[Engine, Exploration]:
    """A search that is complete, or has found what ends it.

    Raises:
        ModelError: memory ended it, so that nothing is known.
    """
    engine, space = search(
        machine,
        blocks,
        properties,
        folded=folded,
        data_values=DATA_VALUES,
        choice=EngineChoice.AUTO,
        limits=limits,
    )
    if not space.complete and limits.until_violated.isdisjoint(space.findings):
        if space.limit == "interrupted":
            raise KeyboardInterrupt
        raise ModelError(
            f"{machine.name}: the search ended at its limit ({space.limit}), and decides nothing", ""
        )
    return engine, space


def closed_of(design: Design) -> Design | None:
    """The closed design of the same embodiment and family, as the catalogue has it; None for prior art."""
    name = design.name.partition("+")[0]
    entry = CATALOGUE.get(name if name.endswith(("-closed", "-two-slots")) else f"{name}-closed")
    return None if entry is None else entry.design


def _values(design: Design) -> dict[str, tuple[Choice, ...]]:
    found = {}
    for key, question in CHOICES.items():
        if key not in GIVEN:
            own = getattr(design, key)
            found[key] = (own, *(answer for answer in question.answers if answer is not own))
    return found


class _Stage:
    """A design on which counterexamples of others are tried, step by step, by the reference interpreter."""

    def __init__(self, machine: Machine, blocks: int) -> None:
        self._interpreter = Interpreter(machine, blocks)
        self._actions = {(action.name, str(action.by)): action for action in machine.actions}
        self._starts = list(self._interpreter.initial_states())

    def runs(self, trace: Trace, properties: Sequence[Property]) -> bool:
        """Whether the trace's steps can be taken here, and violate one of the properties at the end."""
        interpreter = self._interpreter
        before = state = self._start_like(trace)
        for taken in trace.steps:
            action = self._actions.get((taken.step.action.name, str(taken.step.action.by)))
            if state is None or action is None or len(action.parameters) != len(taken.step.arguments):
                return False
            step = Step(action, taken.step.arguments)
            try:
                before, state = state, interpreter.take(state, step)
            except ValueError:
                return False
        if state is None or before is None:
            return False
        return any(
            not interpreter.holds(interpreter.traced(item), before, state)
            if item.kind is Kind.STEP
            else not interpreter.holds(interpreter.traced(item), state)
            for item in properties
        )

    def _start_like(self, trace: Trace) -> Valuation | None:
        """An initial state in which what both designs have is as in the trace."""
        slots = self._interpreter.layout.slots
        theirs = {slot.name: trace.initial[slot.position] for slot in trace.layout.slots}
        shared = [(slot.position, theirs[slot.name]) for slot in slots if slot.name in theirs]
        alike = (state for state in self._starts if all(state[place] == value for place, value in shared))
        return next(alike, None)


# -- the smallest repairs


def repairs_of(lattice: Lattice, beyond: int = 0, tell: Callable[[str], None] = lambda text: None) -> Repairs:
    """The smallest sets of changes that make every property hold, and those of up to `beyond` more changes."""
    hitting = _HittingSets(lattice)
    found: list[dict[str, Choice]] = []
    most = len(lattice.values)
    cost = 0
    while cost <= most:
        for assignment in hitting.of_cost(cost):
            changes = {key: value for key, value in assignment.items() if value is not lattice.values[key][0]}
            tell(f"{cost} changes, {len(found)} repairs, {lattice.searches} searches")
            try:
                design = lattice.with_changes(changes)
            except ModelError:
                hitting.forbid_exactly(assignment)
                continue
            trace = lattice.counterexample(design)
            if trace is None:
                found.append(changes)
                most = min(most, cost + beyond)
                hitting.forbid_supersets(changes)
            else:
                hitting.learn(trace, assignment)
        if hitting.exhausted():
            break
        cost += 1
    complete_to = None if hitting.exhausted() else most
    order = _order(lattice)
    return Repairs(
        lattice.design,
        tuple(sorted(found, key=order)),
        complete_to,
        lattice.searches,
        lattice.counterexamples,
    )


def _order(lattice: Lattice) -> Callable[[Changes], tuple[object, ...]]:
    closed = closed_of(lattice.design)
    keys = list(lattice.values)

    def order(changes: Changes) -> tuple[object, ...]:
        others = sum(closed is None or getattr(closed, key) is not value for key, value in changes.items())
        places = tuple((keys.index(key), lattice.values[key].index(value)) for key, value in changes.items())
        return (len(changes), others, places)

    return order


class _HittingSets:
    """Assignments that contain a change against every counterexample known, asked of z3 as a finite problem."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._solver = z3.Solver()
        self._taken = {
            (key, value): z3.Bool(f"{key}={value}")
            for key, values in lattice.values.items()
            for value in values
        }
        for key, values in lattice.values.items():
            self._solver.add(z3.PbEq([(self._taken[key, value], 1) for value in values], 1))
        self._changed = [
            (self._taken[key, value], 1) for key, values in lattice.values.items() for value in values[1:]
        ]

    def of_cost(self, cost: int) -> Iterator[dict[str, Choice]]:
        """Assignments with so many changes, until there are no more; each must be learned from or forbidden."""
        at_cost = z3.PbEq(self._changed, cost) if self._changed else z3.BoolVal(cost == 0)
        while self._solver.check(at_cost) == z3.sat:
            model = self._solver.model()
            yield {
                key: next(value for value in values if z3.is_true(model.eval(self._taken[key, value], True)))
                for key, values in self._lattice.values.items()
            }

    def exhausted(self) -> bool:
        """Whether no assignment at all is left."""
        return bool(self._solver.check() == z3.unsat)

    def forbid_exactly(self, assignment: Changes) -> None:
        self._solver.add(z3.Or([z3.Not(self._taken[item]) for item in assignment.items()]))

    def forbid_supersets(self, changes: Changes) -> None:
        self._solver.add(z3.Or([z3.Not(self._taken[item]) for item in changes.items()]))

    def learn(self, trace: Trace, assignment: Changes) -> None:
        """From now on, contain something that stops this counterexample of this design."""
        stopping: list[z3.BoolRef] = []
        harmless: dict[str, list[Choice]] = {}
        for key, values in self._lattice.values.items():
            for value in values:
                if value is assignment[key]:
                    continue
                if self._lattice.runs(trace, {**assignment, key: value}):
                    harmless.setdefault(key, []).append(value)
                else:
                    stopping.append(self._taken[key, value])
        together = [
            z3.And([self._taken[item] for item in part.items()])
            for part in self._stopping_together(trace, assignment, harmless)
        ]
        self._solver.add(z3.Or([*stopping, *together]))

    def _stopping_together(
        self, trace: Trace, assignment: Changes, harmless: Mapping[str, Sequence[Choice]]
    ) -> Iterator[dict[str, Choice]]:
        """Smallest sets of changes, each harmless by itself, that stop the counterexample when made together."""
        rounds = max(map(len, harmless.values()), default=0)
        for number in range(rounds):
            changes = {key: values[number % len(values)] for key, values in harmless.items()}
            while not self._lattice.runs(trace, {**assignment, **changes}):
                part = dict(changes)
                for key in changes:
                    without = {name: value for name, value in part.items() if name != key}
                    if not self._lattice.runs(trace, {**assignment, **without}):
                        part = without
                yield part
                del changes[next(iter(part))]


# -- the largest sets of safeguards that fail


def failing_sets(lattice: Lattice, closed: Design) -> list[tuple[str, ...]]:
    """The largest sets of the closed design's safeguards that are not enough: what each leaves out.

    A safeguard is a choice in which the closed design differs. What leaves out more than one of the sets found is not
    tried: fewer safeguards are taken to be no better.
    """
    idle = closed.idle_choices()
    keys = [
        key
        for key, values in lattice.values.items()
        if getattr(closed, key) is not values[0] and key not in idle
    ]
    found: list[tuple[str, ...]] = []
    for size in range(1, len(keys) + 1):
        for left_out in itertools.combinations(keys, size):
            if any(set(known) <= set(left_out) for known in found):
                continue
            try:
                design = lattice.with_changes(
                    {key: getattr(closed, key) for key in keys if key not in left_out}
                )
            except ModelError:
                continue
            if lattice.counterexample(design) is not None:
                found.append(left_out)
    return found


# -- what else is so


def asked_to_repair(design: Design) -> tuple[Property, ...]:
    """Everything of the kinds that repair takes."""
    return tuple(item for item in asked_of(design) if item.kind in _JUDGED)


def violated_in(design: Design, blocks: int = 1) -> list[str]:
    """What a design violates, of the kinds always, step and possible."""
    asked = [item for item in asked_of(design) if item.kind in (*_JUDGED, Kind.POSSIBLE)]
    engine, space = _searched(build(design), blocks, asked, Limits())
    found = space.findings | possible_findings(engine, space)
    return [item.id for item in asked if item.id in found]
