"""The oracle: complete breadth-first search in generated pure Python; other engines are compared with it.

States are packed integers. Each level is sorted, so that everything found first is found first in a canonical
order: the shallowest state, among those the smallest, reached by the smallest steps, whatever PYTHONHASHSEED
is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from splitproof.checker.ground.codegen import Source
from splitproof.checker.ground.decision import Program, Template, function
from splitproof.checker.ground.grounding import GroundProperty, GroundStep
from splitproof.checker.search.engine import Arrival, Engine, Exploration, Finding, Limits, Path, Progress
from splitproof.checker.search.memory import peak_memory_bytes
from splitproof.checker.search.sweeps import first_stuck
from splitproof.model.expressions import FALSE, TRUE, Expr
from splitproof.spec.properties import Kind

__all__ = ["Exploration", "Finding", "Limits", "Oracle", "Path", "Progress"]

SLICE = 2048
"""States expanded between two looks at the limits."""


class Oracle(Engine):
    """The engine in generated Python; each level of what it finds is sorted."""

    name = "graph"

    @property
    def oracle(self) -> Oracle:
        return self

    @cached_property
    def source(self) -> Source:
        return Source(self.grounding.terms, self.packing)

    @cached_property
    def _selections(self) -> dict[Expr, Callable[[Sequence[int]], list[int]]]:
        return {}

    def successors(self, state: int) -> list[tuple[int, int]]:
        """Every step that can be taken, by index, with the state after it; in canonical order."""
        found: list[tuple[int, int]] = []
        self._enumerating((state,), found.append)
        found.sort()
        return found

    def explore(
        self, limits: Limits | None = None, progress: Callable[[Progress], None] | None = None
    ) -> Exploration:
        """Visit every reachable state, breadth first, until done or at a limit, and judge the properties."""
        return _Search(self, (limits or Limits()).started(), progress).run()

    def select(self, node: Expr, level: Sequence[int]) -> list[int]:
        return self.selection(node)(level)

    def holds_somewhere(self, node: Expr, exploration: Exploration) -> bool:
        selection = self.selection(node)
        return any(selection(states) for level in exploration.levels for states in slices(level))

    def arrivals(self, level: Sequence[int], goals: Collection[int]) -> list[Arrival]:
        found: list[Arrival] = []
        for states in slices(level):
            self._arriving(states, goals, found.append)
        return found

    def first_stuck(
        self, exploration: Exploration, items: Mapping[str, GroundProperty], limits: Limits
    ) -> dict[str, Finding]:
        found = {name: first_stuck(self, exploration, item, limits) for name, item in items.items()}
        return {name: finding for name, finding in found.items() if finding is not None}

    def holds_in(self, node: Expr, state: int) -> bool:
        """Whether a ground tree holds in a state."""
        return bool(self.selection(node)((state,)))

    def selection(self, node: Expr) -> Callable[[Sequence[int]], list[int]]:
        """A function that picks from a list the states where a ground tree holds."""
        if node not in self._selections:
            text = f"def run(states):\n return [s for s in states if {self.source.truth(node)}]\n"
            self._selections[node] = function(text)
        return self._selections[node]

    def program(self, template: Template, steps: Sequence[GroundStep] | None = None) -> Program:
        """Generated code that visits the transitions of states; of these steps only, if they are given.

        Folding looks at all steps all the same: a step that is forced stays alone even if it is not among
        `steps`.
        """
        visited = self.steps if steps is None else steps
        return Program(self.source, self.grounding.terms, template, visited, self.forced)

    @cached_property
    def _enumerating(self) -> Program:
        return self.program(Template("push", lambda step, after: [f"push(({step.index}, {after}))"]))

    @cached_property
    def _arriving(self) -> Program:
        template = Template(
            "goals, push", lambda step, after: [f"t = {after}", f"if t in goals: push((s, {step.index}, t))"]
        )
        return self.program(template)


def slices(level: Sequence[int]) -> Iterator[Sequence[int]]:
    """A level in portions of at most `SLICE` states."""
    return (level[start : start + SLICE] for start in range(0, len(level), SLICE))


class _Search:
    """One run of the search."""

    def __init__(self, oracle: Oracle, limits: Limits, progress: Callable[[Progress], None] | None) -> None:
        self._oracle = oracle
        self._limits = limits
        self._progress = progress
        self._started = time.perf_counter()
        self._levels: list[list[int]] = []
        self._result = Exploration(step_counts=[0] * len(oracle.steps), levels=self._levels)
        self._seen: set[int] = set()
        self._violations: dict[str, _First] = {}
        self._triggers: dict[str, _First] = {}
        for name, item in oracle.properties.items():
            if item.property.kind is not Kind.STEP:
                self._watch(name, item)
        self._monitor = _StepMonitor(oracle, self._result.triggered)
        self._program = oracle.program(self._monitor.template)

    def _watch(self, name: str, item: GroundProperty) -> None:
        """Ask every state for violations and for the trigger, until there is one."""
        if item.property.kind is Kind.ALWAYS and item.holds is not TRUE:
            self._violations[name] = _first(self._oracle, self._oracle.grounding.terms.not_(item.holds))
        if item.trigger is not FALSE:
            self._triggers[name] = _first(self._oracle, item.trigger)

    def run(self) -> Exploration:
        result = self._result
        try:
            self._visit_levels()
        except KeyboardInterrupt:
            result.limit = "interrupted"
            result.findings |= self._monitor.findings(depth=len(result.levels))
        result.complete = result.limit is None
        result.states = sum(map(len, result.levels))
        result.transitions = sum(result.step_counts)
        result.depth = max(len(result.levels) - 1, 0)
        result.fired = {action.label: 0 for action in self._oracle.actions}
        for step, count in zip(self._oracle.steps, result.step_counts, strict=True):
            result.fired[step.action.label] += count
        result.seconds = time.perf_counter() - self._started
        return result

    def _visit_levels(self) -> None:
        result = self._result
        level = self._admit(set(self._oracle.initial))
        while level:
            level.sort()
            self._levels.append(level)
            self._judge(level)
            if result.limit is None and not self._limits.until_violated.isdisjoint(result.findings):
                result.limit = "the first violation"
            if result.limit is None and len(result.levels) - 1 == self._limits.max_depth:
                result.limit = f"depth {self._limits.max_depth}"
            if result.limit is not None:
                return
            level = self._expand(level)
            result.findings |= self._monitor.findings(depth=len(result.levels))

    def _expand(self, level: list[int]) -> list[int]:
        """The states first reached from a level."""
        new: list[int] = []
        for states in slices(level):
            found: set[int] = set()
            self._program(states, found.add, self._result.step_counts, *self._monitor.arguments)
            new += self._admit(found)
            if self._is_at_limit(len(level)):
                break
        return new

    def _admit(self, found: set[int]) -> list[int]:
        """Those not seen before; the smallest of them if there is no room for all."""
        new = found - self._seen
        max_states = self._limits.max_states
        if max_states is not None and len(self._seen) + len(new) > max_states:
            new = set(sorted(new)[: max_states - len(self._seen)])
            self._result.limit = f"{max_states:,} states"
        self._seen |= new
        return list(new)

    def _judge(self, level: list[int]) -> None:
        result = self._result
        for states in slices(level):
            for name, first in list(self._violations.items()):
                state = first(states)
                if state is not None:
                    del self._violations[name]
                    result.findings[name] = Finding(name, len(result.levels) - 1, state)
            for name, first in list(self._triggers.items()):
                if first(states) is not None:
                    del self._triggers[name]
                    result.triggered.add(name)
            if self._is_at_limit(len(level)):
                return

    def _is_at_limit(self, frontier: int) -> bool:
        result = self._result
        seconds = time.perf_counter() - self._started
        if result.limit is None and self._limits.time_is_up:
            result.limit = self._limits.time_text
        memory = peak_memory_bytes()
        max_memory = self._limits.max_memory
        if result.limit is None and max_memory is not None and memory > max_memory:
            result.limit = f"{max_memory:,} bytes of memory"
        if self._progress is not None:
            transitions = sum(result.step_counts)
            self._progress(
                Progress(len(self._seen), transitions, len(result.levels) - 1, frontier, seconds, memory)
            )
        return result.limit is not None


_First = Callable[[Sequence[int]], int | None]
"""The first of a list of states in which something holds."""


def _first(oracle: Oracle, node: Expr) -> _First:
    return function(f"def run(states):\n for s in states:\n  if {oracle.source.truth(node)}: return s\n")


class _StepMonitor:
    """What is asked of every transition: counts, violations of step properties, and their triggers."""

    def __init__(self, oracle: Oracle, triggered: set[str]) -> None:
        self._oracle = oracle
        self._source = oracle.source
        self._triggered = triggered
        self._names: list[str] = []
        self._best: dict[int, tuple[int, int, int]] = {}
        self._open: list[bool] = []
        self._questions: dict[int, list[tuple[int, Expr, bool]]] = {}
        not_ = oracle.grounding.terms.not_
        for name, item in oracle.properties.items():
            if item.property.kind is Kind.STEP:
                self._ask(name, {index: not_(node) for index, node in item.steps.items()}, is_trigger=False)
                self._ask(name, item.step_triggers, is_trigger=True)

    def _ask(self, name: str, nodes: Mapping[int, Expr], *, is_trigger: bool) -> None:
        watch = len(self._names)
        self._names.append(name)
        self._open.append(bool(nodes))
        for index, node in nodes.items():
            self._questions.setdefault(index, []).append((watch, node, is_trigger))

    @property
    def template(self) -> Template:
        return Template("add, counts, watched, note, hit", self._leaf, self._before, self._after)

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self._open, self._note, self._hit)

    def _before(self, steps: Sequence[GroundStep]) -> list[str]:
        watches = sorted({watch for step in steps for watch, _, _ in self._questions.get(step.index, ())})
        return [f"n{step.index} = 0" for step in steps] + [
            f"w{watch} = watched[{watch}]" for watch in watches
        ]

    def _after(self, steps: Sequence[GroundStep]) -> list[str]:
        return [f"counts[{step.index}] += n{step.index}" for step in steps]

    def _leaf(self, step: GroundStep, after: str) -> list[str]:
        count = f"n{step.index} += 1"
        questions = self._questions.get(step.index)
        if questions is None:
            return [count, f"add({after})"]
        lines = [count, f"t = {after}", "add(t)"]
        for watch, node, is_trigger in questions:
            answer = f"w{watch} = hit({watch})" if is_trigger else f"note({watch}, s, t, {step.index})"
            condition = "" if node is TRUE else f" and {self._source.truth(node)}"
            lines.append(f"if w{watch}{condition}: {answer}")
        return lines

    def _note(self, watch: int, before: int, after: int, step: int) -> None:
        """Keep the smallest state after a violating step, with the smallest state and step before it."""
        found = (after, before, step)
        self._best[watch] = min(found, self._best.get(watch, found))

    def _hit(self, watch: int) -> bool:
        self._triggered.add(self._names[watch])
        self._open[watch] = False
        return False

    def findings(self, depth: int) -> dict[str, Finding]:
        """The violations noted since the last call; their properties are watched no longer."""
        found = {}
        for watch, (after, before, index) in self._best.items():
            name = self._names[watch]
            found[name] = Finding(name, depth, after, before, self._oracle.steps[index])
            self._open[watch] = False
        self._best.clear()
        return found
