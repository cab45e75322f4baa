"""Properties of the kind `leads to`: decided on every fair run, each violation a lasso that the interpreter replays.

Control never depends on data, so where neither a property nor a ghost compares data the runs of the *control* are
all there is: the graph with one value of data, 10 to 20 times smaller than the one with two. It is searched
completely, without folding and with all names of blocks: a limit leaves a property undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.engines import EngineChoice, search
from splitproof.checker.fairness.lassos import Lasso, shortest_lasso
from splitproof.checker.fairness.run_graph import RunGraph
from splitproof.checker.fairness.runs import Runs
from splitproof.checker.search.control import is_about_control
from splitproof.checker.search.engine import Engine, Exploration, Limits, Progress
from splitproof.checker.search.oracle import Oracle
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.types import DATA_VALUES
from splitproof.spec.properties import Kind, Property

__all__ = ["RUN_STATES_MAX", "Liveness", "find_lasso", "judge_leads_to"]

RUN_STATES_MAX = 2_000_000
"""States up to which the oracle holds the graph of runs in memory; a state takes about 300 bytes with its steps."""


@dataclass
class Liveness:
    """What is known of the `leads to` properties of a machine.

    `traces`: by id, a replayed lasso for each that is violated. `longer`: those of them whose cycle may not be the
    shortest. `triggered`: those whose trigger occurs. `states`: by id, of the graph on which it was judged. `limits`:
    by id, what kept it from being decided.
    """

    traces: dict[str, Trace] = field(default_factory=dict)
    longer: set[str] = field(default_factory=set)
    triggered: set[str] = field(default_factory=set)
    states: dict[str, int] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)


def judge_leads_to(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    choice: EngineChoice = EngineChoice.AUTO,
    threads: int | None = None,
    say: Callable[[str], None] | None = None,
    control: tuple[Engine, Exploration] | None = None,
) -> Liveness:
    """Decide the properties of kind `leads to` among those given.

    `choice`, `threads`, `say`: as for `engines.search`. `control`: a complete search over control alone, without
    folding or symmetry, that watched for them too; it is used up. One is made where it is not given.

    Raises:
        ReplayError: the interpreter does not confirm a lasso.
    """
    asked = [item for item in properties if item.kind is Kind.LEADS_TO]
    on_data = [item for item in asked if not is_about_control(machine, [item])]
    on_control = [item for item in asked if item not in on_data]
    judgement = _Judgement(machine, blocks, limits or Limits(), choice, threads)
    judgement.progress, judgement.say = progress, say
    if on_control and not judgement.judge(on_control, data_values=1, found=control):
        on_data = asked
    if on_data:
        judgement.judge(on_data, data_values=DATA_VALUES)
    return judgement.result


class _LimitReachedError(Exception):
    """What ended the judgement, as `Limits` say it."""


class _Judgement:
    progress: Callable[[Progress], None] | None
    say: Callable[[str], None] | None

    def __init__(
        self, machine: Machine, blocks: int, limits: Limits, choice: EngineChoice, threads: int | None
    ) -> None:
        self._machine, self._blocks = machine, blocks
        self._limits, self._choice, self._threads = limits.started(), choice, threads
        self.result = Liveness()

    def judge(
        self,
        properties: Sequence[Property],
        data_values: int,
        found: tuple[Engine, Exploration] | None = None,
    ) -> bool:
        """Decide properties on one graph; False if that leaves out data that fair steps change."""
        left = list(properties)
        try:
            engine, exploration = found or self._search(properties, data_values)
            graph = self._runs(engine, exploration)
            if data_values == 1 and not graph.is_exact:
                return False
            while left:
                self._judge(left[0], graph, exploration)
                del left[0]
        except (_LimitReachedError, KeyboardInterrupt) as ended:
            reason = str(ended) or "interrupted"
            self.result.limits.update((item.id, f"{reason}, while looking at all runs") for item in left)
        return True

    def _search(self, properties: Sequence[Property], data_values: int) -> tuple[Engine, Exploration]:
        limits = self._limits
        if self._choice is EngineChoice.GRAPH:
            limits = replace(limits, max_states=min(limits.max_states or RUN_STATES_MAX, RUN_STATES_MAX))
        engine, exploration = search(
            self._machine,
            self._blocks,
            properties,
            folded=False,
            data_values=data_values,
            choice=self._choice,
            limits=limits,
            threads=self._threads,
            symmetry=False,
            progress=self.progress,
            say=self.say,
        )
        if not exploration.complete:
            raise _LimitReachedError(exploration.limit)
        return engine, exploration

    def _runs(self, engine: Engine, exploration: Exploration) -> Runs:
        if isinstance(engine, Oracle):
            if exploration.states > RUN_STATES_MAX:
                raise _LimitReachedError(f"{RUN_STATES_MAX:,} states")
            return RunGraph(engine, exploration)
        from splitproof.checker.compiled.engine import CompiledEngine  # llvmlite takes its time to load
        from splitproof.checker.compiled.search import CompiledExploration
        from splitproof.checker.fairness.compiled_runs import CompiledRuns, RunsTooLargeError

        assert isinstance(engine, CompiledEngine)
        assert isinstance(exploration, CompiledExploration)
        try:
            return CompiledRuns(engine, exploration, max_memory=self._limits.max_memory, look=self._look)
        except RunsTooLargeError as error:
            raise _LimitReachedError(str(error)) from error

    def _look(self) -> None:
        if self._limits.time_is_up:
            raise _LimitReachedError(self._limits.time_text)

    def _judge(self, item: Property, graph: Runs, exploration: Exploration) -> None:
        self.result.states[item.id] = exploration.states
        if item.id in exploration.triggered:
            self.result.triggered.add(item.id)
            lasso = find_lasso(graph, item)
            if lasso is not None:
                self.result.traces[item.id] = _replayed(graph, lasso, item)
                if not lasso.is_shortest:
                    self.result.longer.add(item.id)


def find_lasso(graph: Runs, item: Property) -> Lasso | None:
    """The shortest fair run on which the property is violated, of any block if it is per block; None if it holds."""
    grounding = graph.engine.grounding
    terms, traced = grounding.terms, trace_property(grounding.machine, item)
    cases = [{BLOCK_PARAMETER.name: block} for block in range(grounding.blocks)] if item.per_block else [{}]
    best: Lasso | None = None
    for case in cases:
        is_open = terms.not_(terms.under(grounding.expression(traced.holds, case), terms.nothing_known))
        trigger = terms.under(grounding.expression(traced.trigger, case), terms.nothing_known)
        lasso = shortest_lasso(graph, graph.waiting(terms.and_(trigger, is_open), is_open))
        if lasso is not None and (best is None or lasso.length < best.length):
            best = lasso
    return best


def _replayed(graph: Runs, lasso: Lasso, item: Property) -> Trace:
    """The lasso as the interpreter runs it, with data.

    What a control does again and again moves data each time: the cycle is repeated until the data, too, is what it
    was once before. With the first value everywhere that is at once.
    """
    machine, blocks = graph.engine.machine, graph.engine.blocks
    interpreter = Interpreter(machine, blocks)
    initial = graph.engine.start_of(lasso.start)
    stem, cycle = (
        [Step(graph.engine.steps[index].action, graph.engine.steps[index].arguments) for index, _ in part]
        for part in (lasso.stem, lasso.cycle)
    )
    state = initial
    for step in stem:
        state = interpreter.take(state, step)
    rounds = [state]
    while True:
        for step in cycle:
            state = interpreter.take(state, step)
        if state in rounds:
            break
        rounds.append(state)
    first = rounds.index(state)
    steps = [*stem, *cycle * len(rounds)]
    return replay(machine, blocks, initial, steps, item, loop=len(stem) + first * len(cycle))
