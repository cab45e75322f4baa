"""Properties of the kind `leads to`: decided on every fair run, each violation a lasso that the interpreter replays.

Control never depends on data, so where neither a property nor a ghost compares data the runs of the *control* are
all there is: the graph with one value of data, 10 to 20 times smaller than the one with two. It is searched
completely, without folding: a limit leaves a property undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.fairness.lassos import Lasso, shortest_lasso
from splitproof.checker.fairness.runs import RunGraph
from splitproof.checker.search.control import control_oracle, is_about_control
from splitproof.checker.search.oracle import Exploration, Limits, Oracle, Progress
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.machine import Machine
from splitproof.model.properties import BLOCK_PARAMETER, trace_property
from splitproof.spec.properties import Kind, Property

__all__ = ["RUN_STATES_MAX", "Liveness", "find_lasso", "judge_leads_to"]

RUN_STATES_MAX = 2_000_000
"""States up to which the graph of runs is held in memory; a state takes about 300 bytes with its steps."""


@dataclass
class Liveness:
    """What is known of the `leads to` properties of a machine.

    `traces`: by id, a replayed lasso for each that is violated. `triggered`: those whose trigger occurs. `states`: by
    id, of the graph on which it was judged. `limits`: by id, what kept it from being decided.
    """

    traces: dict[str, Trace] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    states: dict[str, int] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)


def judge_leads_to(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    limits: Limits | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Liveness:
    """Decide the properties of kind `leads to` among those given.

    Raises:
        ReplayError: the interpreter does not confirm a lasso.
    """
    asked = [item for item in properties if item.kind is Kind.LEADS_TO]
    result = Liveness()
    on_data = [item for item in asked if not is_about_control(machine, [item])]
    on_control = [item for item in asked if item not in on_data]
    search = _Judgement(limits or Limits(), progress, result)
    if on_control and not search.judge(control_oracle(machine, blocks, on_control)):
        on_data = asked
    if on_data:
        search.judge(Oracle(machine, blocks, on_data))
    return result


class _Judgement:
    def __init__(self, limits: Limits, progress: Callable[[Progress], None] | None, result: Liveness) -> None:
        self._progress, self._result = progress, result
        states = limits.max_states
        self._limits = replace(
            limits, max_states=RUN_STATES_MAX if states is None else min(states, RUN_STATES_MAX)
        )

    def judge(self, oracle: Oracle) -> bool:
        """Decide the properties of the oracle on its graph; False if that leaves out data that fair steps change."""
        properties = [item.property for item in oracle.properties.values()]
        exploration = oracle.explore(self._limits, self._progress)
        if not exploration.complete:
            reason = f"{exploration.limit}, while looking at all runs"
            self._result.limits.update((item.id, reason) for item in properties)
            return True
        graph = RunGraph(oracle, exploration)
        if oracle.data_values == 1 and not graph.is_exact:
            return False
        for item in properties:
            self._judge(item, graph, exploration)
        return True

    def _judge(self, item: Property, graph: RunGraph, exploration: Exploration) -> None:
        self._result.states[item.id] = exploration.states
        if item.id in exploration.triggered:
            self._result.triggered.add(item.id)
            lasso = find_lasso(graph, item)
            if lasso is not None:
                self._result.traces[item.id] = _replayed(graph, lasso, item)


def find_lasso(graph: RunGraph, item: Property) -> Lasso | None:
    """The shortest fair run on which the property is violated, of any block if it is per block; None if it holds."""
    grounding = graph.oracle.grounding
    terms, traced = grounding.terms, trace_property(grounding.machine, item)
    cases = [{BLOCK_PARAMETER.name: block} for block in range(grounding.blocks)] if item.per_block else [{}]
    best: Lasso | None = None
    for case in cases:
        is_open = terms.not_(terms.under(grounding.expression(traced.holds, case), terms.nothing_known))
        trigger = terms.under(grounding.expression(traced.trigger, case), terms.nothing_known)
        lasso = shortest_lasso(graph, graph.where(terms.and_(trigger, is_open)), graph.where(is_open))
        if lasso is not None and (best is None or lasso.length < best.length):
            best = lasso
    return best


def _replayed(graph: RunGraph, lasso: Lasso, item: Property) -> Trace:
    """The lasso as the interpreter runs it, with data.

    What a control does again and again moves data each time: the cycle is repeated until the data, too, is what it
    was once before. With the first value everywhere that is at once.
    """
    machine, blocks = graph.oracle.machine, graph.oracle.blocks
    interpreter = Interpreter(machine, blocks)
    initial = graph.oracle.start_of(graph.states[lasso.start])
    stem, cycle = (
        [Step(graph.oracle.steps[index].action, graph.oracle.steps[index].arguments) for index, _ in part]
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
