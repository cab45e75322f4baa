"""Deciding a design: search, graph, symbolic data and replay, and the one result that every report is made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from splitproof.checker.calm import calmest_path
from splitproof.checker.control import control_oracle, is_about_control
from splitproof.checker.counting import count_violation, is_met
from splitproof.checker.engine import Engine, Exploration, Finding, Limits, Path, Progress
from splitproof.checker.engines import EngineChoice, search
from splitproof.checker.graph import StateGraph, state_graph, steps_in_every_counterexample
from splitproof.checker.memory import peak_memory_bytes
from splitproof.checker.oracle import Oracle
from splitproof.checker.reachability import possible_findings
from splitproof.checker.symbolic_data import check_symbolic_data
from splitproof.checker.traces import Trace, replay
from splitproof.checker.verdicts import (
    CheckResult,
    Holds,
    PropertyResult,
    Timing,
    Unknown,
    Verdict,
    Violated,
    has_host_writes,
)
from splitproof.model.interpreter import Step
from splitproof.model.machine import Machine
from splitproof.model.types import DATA_VALUES
from splitproof.spec.properties import Kind, Property

__all__ = ["GRAPH_STATES_MAX", "Options", "check"]

GRAPH_STATES_MAX = 400_000
"""States up to which the graph is held in networkx; a state takes about a kilobyte."""

REACHABILITY_STATES_MAX = 60_000_000
"""States up to which `possible` properties are decided, by sweeps over the levels."""

_SEARCHED = (Kind.ALWAYS, Kind.STEP, Kind.POSSIBLE)
"""The kinds that are decided on the states with two values of data; the others on the control alone."""

SHORTEST_STATES_MAX = 3_000_000
"""States up to which a counterexample is looked for again without folding, so that it is the shortest of all."""


@dataclass(frozen=True)
class Options:
    """What to do besides searching.

    `fold`: take steps that declare `folds` before all others; None means from 2 blocks on.
    `control`: search the control alone, all data being alike, where no property that is asked compares data.
    `symbolic`: check the graph with symbolic data, where it fits in networkx.
    `essential`: for each violation, find the actions that occur in every counterexample.
    `limits`: where the search gives up.
    `engine`: which one searches. `threads`: of the compiled engine; one for each core unless given. `symmetry`:
    whether it keeps one of the states that differ in the names of blocks only.
    """

    limits: Limits = field(default_factory=Limits)
    fold: bool | None = None
    control: bool = False
    symbolic: bool = True
    essential: bool = False
    engine: EngineChoice = EngineChoice.AUTO
    threads: int | None = None
    symmetry: bool = True


def check(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property] | None = None,
    options: Options | None = None,
    progress: Callable[[Progress], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> CheckResult:
    """Decide the properties of a machine (its own unless given) for a number of blocks.

    `progress` is told how far a search is, `say` of a change of engine.

    Raises:
        ReplayError: the interpreter does not confirm a counterexample.
        EngineDisagreement: symbolic data and two-valued search differ.
    """
    return _Check(machine, blocks, properties, options or Options(), progress, say).run()


class _Check:
    def __init__(
        self,
        machine: Machine,
        blocks: int,
        properties: Sequence[Property] | None,
        options: Options,
        progress: Callable[[Progress], None] | None,
        say: Callable[[str], None] | None,
    ) -> None:
        asked = list(machine.properties.values()) if properties is None else list(properties)
        self._asked = [item for item in asked if item.needs_blocks <= blocks]
        self._too_small = [item.id for item in asked if item.needs_blocks > blocks]
        self._searched = [item for item in self._asked if item.kind in _SEARCHED]
        self._machine, self._blocks = machine, blocks
        self._options, self._progress, self._say = options, progress, say
        fold = blocks > 1 if options.fold is None else options.fold
        folds = any(action.folds is not None for action in machine.actions)
        self._folded = fold and folds and not options.control
        self._data_values = DATA_VALUES
        if options.control and is_about_control(machine, self._searched):
            self._data_values = 1
        self._graph: tuple[Oracle, StateGraph] | None = None
        self._met: set[str] = set()

    def run(self) -> CheckResult:
        started = time.perf_counter()
        self._engine, exploration = self._search(self._searched, self._folded, self._options.limits)
        undecided = self._judge_possible(exploration)
        symbolic = self._check_symbolic(exploration)
        traces = self._counterexamples(exploration)
        uncounted = self._judge_counts(traces)
        limits = {
            Kind.POSSIBLE: undecided,
            Kind.COUNT: uncounted,
            Kind.LEADS_TO: "not decided by this engine",
        }
        results = tuple(self._result(item, exploration, traces, limits) for item in self._asked)
        seconds = time.perf_counter() - started
        notes = [f"{name} needs more than {self._blocks} blocks" for name in self._too_small]
        return CheckResult(
            design=self._machine.name,
            blocks=self._blocks,
            engine=self._engine.name,
            symmetry=self._engine.is_symmetric,
            states=exploration.states,
            transitions=exploration.transitions,
            depth=exploration.depth,
            complete=exploration.complete,
            limit=exploration.limit,
            folded=self._folded,
            data_values=self._data_values,
            properties=results,
            never_fired=_never_fired(exploration),
            timing=Timing(
                seconds, round(exploration.states / max(exploration.seconds, 1e-9)), peak_memory_bytes()
            ),
            host_writes=has_host_writes(self._machine),
            symbolic=symbolic,
            notes=tuple(notes),
        )

    def _search(
        self, properties: Sequence[Property], folded: bool, limits: Limits
    ) -> tuple[Engine, Exploration]:
        options = self._options
        return search(
            self._machine,
            self._blocks,
            properties,
            folded=folded,
            data_values=self._data_values,
            choice=options.engine,
            limits=limits,
            threads=options.threads,
            symmetry=options.symmetry,
            progress=self._progress,
            say=self._say,
        )

    def _judge_possible(self, exploration: Exploration) -> str | None:
        """Add the violations of `possible` properties; the limit that kept them from being decided, if one did."""
        if not any(item.kind is Kind.POSSIBLE for item in self._asked):
            return None
        if not exploration.complete:
            return exploration.limit
        if exploration.states > REACHABILITY_STATES_MAX:
            return f"{REACHABILITY_STATES_MAX:,} states for reachability"
        exploration.findings |= possible_findings(self._engine, exploration)
        return None

    def _judge_counts(self, traces: dict[str, Violated]) -> str | None:
        """Add the violations of `count` properties; the limit that kept them from being decided, if one did."""
        asked = [item for item in self._asked if item.kind is Kind.COUNT]
        if not asked:
            return None
        oracle = control_oracle(self._machine, self._blocks, asked)
        exploration = oracle.explore(self._options.limits, self._progress)
        if not exploration.complete:
            return exploration.limit
        if exploration.states > GRAPH_STATES_MAX:
            return f"{GRAPH_STATES_MAX:,} states for counting"
        graph = state_graph(oracle, exploration, GRAPH_STATES_MAX)
        for item in asked:
            if is_met(oracle, graph, item.id):
                self._met.add(item.id)
            path = count_violation(oracle, graph, item.id)
            if path is not None:
                traces[item.id] = Violated(self._replayed(oracle, path, item))
        return None

    def _check_symbolic(self, exploration: Exploration) -> dict[str, int] | None:
        is_small = exploration.complete and exploration.states <= GRAPH_STATES_MAX
        if not self._options.symbolic or not is_small or self._engine.data_values < DATA_VALUES:
            return None
        found = check_symbolic_data(
            self._machine, self._blocks, self._state_graph()[1], exploration.findings, self._searched
        )
        return {
            "controls": found.controls,
            "edges": found.edges,
            "classes": found.classes,
            "queries": found.queries,
        }

    def _state_graph(self) -> tuple[Oracle, StateGraph]:
        """The graph of the folded space, which has the same verdicts and a third of the steps."""
        if self._graph is None:
            oracle = Oracle(self._machine, self._blocks, self._searched, folded=True)
            self._graph = oracle, state_graph(oracle, oracle.explore(), GRAPH_STATES_MAX)
        return self._graph

    def _counterexamples(self, exploration: Exploration) -> dict[str, Violated]:
        """A replayed counterexample for each violated property: the shortest of all where that search is affordable."""
        findings = exploration.findings
        shorter = self._unfolded_findings(exploration) if self._folded else {}
        found = {}
        for name, finding in findings.items():
            if name in shorter:
                engine, space, best = shorter[name]
                trace, shortest = self._trace(engine, space, best), True
            else:
                trace, shortest = self._trace(self._engine, exploration, finding), not self._folded
            found[name] = Violated(trace, shortest, self._essential(exploration, finding))
        return found

    def _unfolded_findings(self, exploration: Exploration) -> dict[str, tuple[Engine, Exploration, Finding]]:
        """The violations again, searched for without folding as deep as they are known to lie."""
        reachable = [
            item
            for item in self._searched
            if item.kind is not Kind.POSSIBLE and item.id in exploration.findings
        ]
        if not reachable:
            return {}
        deepest = max(
            len(self._engine.trace_to(exploration, exploration.findings[item.id]).steps) for item in reachable
        )
        limits = replace(self._options.limits, max_depth=deepest, max_states=SHORTEST_STATES_MAX)
        engine, space = self._search(reachable, False, limits)
        return {name: (engine, space, finding) for name, finding in space.findings.items()}

    def _trace(self, engine: Engine, exploration: Exploration, finding: Finding) -> Trace:
        path = _path(engine, exploration, finding)
        return self._replayed(engine, path, engine.properties[finding.property_id].property)

    def _replayed(self, engine: Engine, path: Path, violated: Property) -> Trace:
        steps = [Step(step.action, step.arguments) for step, _ in path.steps]
        return replay(self._machine, self._blocks, engine.start_of(path.start), steps, violated)

    def _essential(self, exploration: Exploration, finding: Finding) -> tuple[str, ...] | None:
        item = self._engine.properties[finding.property_id]
        complete = exploration.complete and exploration.states <= GRAPH_STATES_MAX
        if not self._options.essential or not complete or item.property.kind is not Kind.ALWAYS:
            return None
        oracle, graph = self._state_graph()
        holds = oracle.properties[finding.property_id].holds
        bad = oracle.select(oracle.grounding.terms.not_(holds), list(graph))
        return tuple(steps_in_every_counterexample(graph, bad))

    def _result(
        self,
        item: Property,
        exploration: Exploration,
        traces: dict[str, Violated],
        limits: Mapping[Kind, str | None],
    ) -> PropertyResult:
        """`limits`: what kept the properties of a kind from being decided."""
        expected = self._machine.expects.get(item.id)
        verdict: Verdict
        if item.id in traces:
            verdict = traces[item.id]
        elif not exploration.complete:
            verdict = Unknown(exploration.limit or "interrupted")
        elif (limit := limits.get(item.kind)) is not None:
            verdict = Unknown(limit)
        else:
            verdict = Holds()
        triggered = item.trigger is None or item.id in exploration.triggered | self._met
        return PropertyResult(item, verdict, isinstance(verdict, Holds) and not triggered, expected)


def _path(engine: Engine, exploration: Exploration, finding: Finding) -> Path:
    """The run to tell: of all that are equally short, the one with the fewest changes of processor."""
    return engine.concrete(_found_path(engine, exploration, finding), finding)


def _found_path(engine: Engine, exploration: Exploration, finding: Finding) -> Path:
    item = engine.properties[finding.property_id]
    if finding.step is not None and finding.before is not None:
        path = calmest_path(engine, exploration, finding.depth - 1, [finding.before])
        return Path(path.start, (*path.steps, (finding.step, finding.state)))
    if item.property.kind is Kind.POSSIBLE:
        return calmest_path(engine, exploration, finding.depth, [finding.state])
    violated = engine.select(engine.grounding.terms.not_(item.holds), exploration.levels[finding.depth])
    return calmest_path(engine, exploration, finding.depth, violated)


def _never_fired(exploration: Exploration) -> tuple[str, ...]:
    """Actions that no reachable state can take; judged on complete searches only."""
    return (
        tuple(label for label, count in exploration.fired.items() if count == 0)
        if exploration.complete
        else ()
    )
