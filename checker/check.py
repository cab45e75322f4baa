"""Deciding a design: search, graph, symbolic data and replay, and the one result that every report is made from."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from splitproof.checker.counterexamples.calm import calmest_path
from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.engines import EngineChoice, search
from splitproof.checker.fairness.liveness import judge_leads_to
from splitproof.checker.search.control import control_oracle, is_about_control
from splitproof.checker.search.counting import count_violation
from splitproof.checker.search.engine import (
    Engine,
    Exploration,
    Finding,
    Limits,
    OutOfTimeError,
    Path,
    Progress,
)
from splitproof.checker.search.memory import peak_memory_bytes
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.checker.search.slicing import slice_for
from splitproof.checker.search.successors import successors_of
from splitproof.checker.search.unavoidable import ActionsOnEveryPath
from splitproof.checker.search.vacuity import Vacuity, vacuity_of
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
    whether it keeps one of the states that differ in the names of blocks, or in the values of a block's data, only.
    `slice`: leave out what the properties do not depend on, and with it the judgement whether that is vacuous. `limits`
    hold for all searches of a check together.
    """

    limits: Limits = field(default_factory=Limits)
    fold: bool | None = None
    control: bool = False
    symbolic: bool = True
    essential: bool = False
    engine: EngineChoice = EngineChoice.AUTO
    threads: int | None = None
    symmetry: bool = True
    slice: bool = False


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
        self._machine, self._blocks = machine, blocks
        self._options, self._progress, self._say = options, progress, say
        self._limits = options.limits.started()
        self._searched = [item for item in self._asked if item.kind in (Kind.ALWAYS, Kind.STEP)]
        self._on_control = [item for item in self._asked if item.kind in (Kind.POSSIBLE, Kind.COUNT)]
        self._on_runs = [item for item in self._asked if item.kind is Kind.LEADS_TO]
        fold = blocks > 1 if options.fold is None else options.fold
        folds = any(action.folds is not None for action in machine.actions)
        self._is_of_control = options.control or not self._searched
        self._folded = fold and folds and not self._is_of_control
        self._on_every_path: ActionsOnEveryPath | None = None
        self._verdicts: dict[str, Verdict] = {}
        self._triggered: set[str] = set()
        self._control: tuple[Engine, Exploration] | None = None
        self._said: set[str] = set()
        self._unfinished: list[str] = []

    def run(self) -> CheckResult:
        started = time.perf_counter()
        self._engine, exploration = self._first_search()
        symbolic = self._check_symbolic(exploration)
        vacuity = vacuity_of(self._engine, exploration, self._limits)
        if vacuity.limit is not None:
            self._unfinished.append(f"{vacuity.limit}, while asking which guard clauses are dead")
        self._judge_states(exploration)
        self._judge_control(exploration)
        self._judge_runs()
        results = tuple(self._result(item, vacuity) for item in self._asked)
        seconds = time.perf_counter() - started
        notes = [f"{name} needs more than {self._blocks} blocks" for name in self._too_small]
        left_out = self._left_out()
        if left_out:
            notes.append(
                f"left out, as nothing that is asked depends on it: {', '.join(left_out)}; whether a step that changes "
                "nothing else is ever taken is not judged"
            )
        return CheckResult(
            design=self._machine.name,
            blocks=self._blocks,
            engine=self._engine.name,
            states=exploration.states,
            transitions=exploration.transitions,
            depth=exploration.depth,
            complete=exploration.complete,
            limit=exploration.limit,
            folded=self._folded,
            symmetry=self._engine.is_block_symmetric,
            data_symmetry=self._engine.is_data_symmetric,
            left_out=left_out,
            data_values=self._engine.data_values,
            properties=results,
            vacuity=vacuity,
            timing=Timing(
                seconds, round(exploration.states / max(exploration.seconds, 1e-9)), peak_memory_bytes()
            ),
            host_writes=has_host_writes(self._machine),
            symbolic=symbolic,
            notes=tuple(notes),
            unfinished=tuple(self._unfinished),
        )

    def _left_out(self) -> tuple[str, ...]:
        """The variables that were not searched."""
        cone = self._engine.cone
        return () if cone is None else tuple(sorted(self._machine.leaves.keys() - cone.leaves))

    def _first_search(self) -> tuple[Engine, Exploration]:
        if self._is_of_control:
            return self._search_control([*self._searched, *self._on_control])
        return self._search(self._searched, self._limits, folded=self._folded)

    def _search_control(self, properties: Sequence[Property]) -> tuple[Engine, Exploration]:
        """Over control alone, where that settles the properties; without folding.

        What is asked of runs is watched for as well, and the search kept, where no state stands for others: runs,
        counts and symbolic data take over what it found.
        """
        if not is_about_control(self._machine, properties):
            return self._search(properties, self._limits)
        if not self._shares_control:
            return self._search(properties, self._limits, data_values=1)
        on_runs = [item for item in self._on_runs if is_about_control(self._machine, [item])]
        found = self._search([*properties, *on_runs], self._limits, data_values=1)
        if found[1].complete:
            self._control = found
        return found

    @property
    def _shares_control(self) -> bool:
        """Whether a search over control alone can serve whatever is asked of control."""
        return not self._options.slice and (self._blocks == 1 or not self._options.symmetry)

    def _search(
        self,
        properties: Sequence[Property],
        limits: Limits,
        *,
        folded: bool = False,
        data_values: int = DATA_VALUES,
    ) -> tuple[Engine, Exploration]:
        options = self._options
        return search(
            self._machine,
            self._blocks,
            properties,
            folded=folded,
            data_values=data_values,
            cone=slice_for(self._machine, self._blocks, properties, self._say_once)
            if options.slice
            else None,
            choice=options.engine,
            limits=limits,
            threads=options.threads,
            symmetry=options.symmetry,
            progress=self._progress,
            say=self._say_once,
        )

    def _say_once(self, text: str) -> None:
        if self._say is not None and text not in self._said:
            self._said.add(text)
            self._say(text)

    def _judge_states(self, exploration: Exploration) -> None:
        """What is asked of each state and each step."""
        self._triggered |= exploration.triggered
        found = self._counterexamples(exploration)
        for item in self._searched:
            self._verdicts[item.id] = found.get(item.id) or _within(exploration.limit)

    def _judge_control(self, exploration: Exploration) -> None:
        """What is asked of paths and of counts: on the control alone, unless data is compared."""
        if not self._on_control:
            return
        engine = self._engine
        if not all(item.id in engine.properties for item in self._on_control):
            engine, exploration = self._control or self._search_control(self._on_control)
        self._triggered |= exploration.triggered
        for item in self._on_control:
            self._verdicts[item.id] = _within(exploration.limit)
        if exploration.complete:
            self._judge_possible(engine, exploration)
            self._judge_counts()

    def _judge_possible(self, engine: Engine, exploration: Exploration) -> None:
        try:
            findings = possible_findings(engine, exploration, self._limits)
        except OutOfTimeError as late:
            asked = [item for item in self._on_control if item.kind is Kind.POSSIBLE]
            self._verdicts |= {item.id: Unknown(f"{late}, while asking what is possible") for item in asked}
            return
        for name, finding in findings.items():
            self._verdicts[name] = Violated(self._trace(engine, exploration, finding))

    def _judge_counts(self) -> None:
        asked = [item for item in self._on_control if item.kind is Kind.COUNT]
        if not asked:
            return
        oracle, exploration = self._control_for_counts()
        if not exploration.complete:
            self._verdicts |= {item.id: Unknown(f"{exploration.limit} for counting") for item in asked}
            return
        graph = successors_of(oracle, exploration)
        for item in asked:
            try:
                path = count_violation(oracle, graph, item.id, self._limits)
            except OutOfTimeError as late:
                self._verdicts[item.id] = Unknown(f"{late}, while counting")
                continue
            if path is not None:
                self._verdicts[item.id] = Violated(self._replayed(oracle, path, item))

    def _control_for_counts(self) -> tuple[Oracle, Exploration]:
        """All interleavings of the control."""
        if self._control is not None and self._control[1].states <= GRAPH_STATES_MAX:
            engine, exploration = self._control
            return engine.oracle, exploration
        oracle = control_oracle(self._machine, self._blocks, self._on_control)
        limits = self._limits
        limits = replace(limits, max_states=min(limits.max_states or GRAPH_STATES_MAX, GRAPH_STATES_MAX))
        return oracle, oracle.explore(limits, self._progress)

    def _judge_runs(self) -> None:
        """What is asked of fair runs."""
        asked, options = self._on_runs, self._options
        found = judge_leads_to(
            self._machine,
            self._blocks,
            asked,
            self._limits,
            self._progress,
            choice=options.engine,
            threads=options.threads,
            say=self._say_once,
            control=self._control,
        )
        self._triggered |= found.triggered
        for item in asked:
            if item.id in found.traces:
                self._verdicts[item.id] = Violated(found.traces[item.id], item.id not in found.longer)
            elif item.id in found.limits:
                self._verdicts[item.id] = Unknown(found.limits[item.id])
            else:
                self._verdicts[item.id] = Holds(run_states=found.states[item.id])

    def _check_symbolic(self, exploration: Exploration) -> dict[str, int] | None:
        is_small = exploration.complete and exploration.states <= GRAPH_STATES_MAX
        engine = self._engine
        is_whole = engine.data_values == DATA_VALUES and not engine.is_symmetric and engine.cone is None
        if not self._options.symbolic or not is_small or not is_whole:
            return None
        from splitproof.checker.symbolic.data import check_symbolic_data  # z3 takes its time to load

        is_asked = bool(self._on_control) and is_about_control(self._machine, self._on_control)
        if self._shares_control and is_asked and not self._folded:
            self._search_control(self._on_control)
        if self._control is not None and not self._folded:
            searched, found = self._control
            oracle = searched.oracle
        else:
            oracle = control_oracle(self._machine, self._blocks, folded=self._folded)
            found = oracle.explore(self._limits)
        if not found.complete:
            self._unfinished.append(f"{found.limit}, before data of any kind was followed by z3")
            return None
        try:
            symbolic = check_symbolic_data(
                self._machine,
                self._blocks,
                successors_of(oracle, found),
                exploration.findings,
                self._searched,
                exploration.levels if oracle.data_values == 1 else None,
                self._limits,
            )
        except OutOfTimeError as late:
            self._unfinished.append(f"{late}, while z3 followed data of any kind")
            return None
        return {
            "controls": symbolic.controls,
            "edges": symbolic.edges,
            "classes": symbolic.classes,
            "queries": symbolic.queries,
        }

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
            found[name] = Violated(trace, shortest, self._essential(trace, exploration, finding))
        return found

    def _unfolded_findings(self, exploration: Exploration) -> dict[str, tuple[Engine, Exploration, Finding]]:
        """The violations again, searched for without folding as deep as they are known to lie."""
        reachable = [item for item in self._searched if item.id in exploration.findings]
        if not reachable:
            return {}
        deepest = max(
            len(self._engine.trace_to(exploration, exploration.findings[item.id]).steps) for item in reachable
        )
        limits = replace(self._limits, max_depth=deepest, max_states=SHORTEST_STATES_MAX)
        engine, space = self._search(reachable, limits)
        return {name: (engine, space, finding) for name, finding in space.findings.items()}

    def _trace(self, engine: Engine, exploration: Exploration, finding: Finding) -> Trace:
        path = _path(engine, exploration, finding)
        return self._replayed(engine, path, engine.properties[finding.property_id].property)

    def _replayed(self, engine: Engine, path: Path, violated: Property) -> Trace:
        steps = [Step(step.action, step.arguments) for step, _ in path.steps]
        return replay(self._machine, self._blocks, engine.start_of(path.start), steps, violated)

    def _essential(self, trace: Trace, exploration: Exploration, finding: Finding) -> tuple[str, ...] | None:
        item, engine = self._engine.properties[finding.property_id], self._engine
        is_whole = exploration.complete and not self._folded and not engine.is_symmetric
        is_small = exploration.states <= GRAPH_STATES_MAX
        is_asked = self._options.essential and item.property.kind is Kind.ALWAYS
        if not (is_asked and is_whole and is_small) or self._limits.time_is_up:
            return None
        if self._on_every_path is None:
            self._on_every_path = ActionsOnEveryPath(engine.oracle, exploration)
        violated = engine.grounding.terms.not_(item.holds)
        states = (engine.select(violated, level) for level in exploration.levels[finding.depth :])
        shared = self._on_every_path.to(itertools.chain.from_iterable(states))
        labels = dict.fromkeys(step.step.action.label for step in trace.steps)
        return tuple(label for label in labels if label in shared)

    def _result(self, item: Property, vacuity: Vacuity) -> PropertyResult:
        verdict = self._verdicts[item.id]
        triggered = item.trigger is None or item.id in self._triggered
        uncarried = triggered and item.id in vacuity.uncarried
        vacuous = isinstance(verdict, Holds) and (uncarried or not triggered)
        return PropertyResult(item, verdict, vacuous, self._machine.expects.get(item.id), uncarried)


def _within(limit: str | None) -> Verdict:
    """The verdict where nothing was found to be violated."""
    return Holds() if limit is None else Unknown(limit)


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
