"""What would have gone right: the run nearest to a counterexample that does not violate the property.

For a property of states or steps it is a run that comes to the last step of the counterexample, too, with the property
true all the way. It follows the counterexample but for its *edits*: a step that is left out, or one that is put in. The
nearest run has the fewest edits; of those, it is the one that parts latest. Where the steps that were left out can be
taken afterwards, they are: then the same steps pass in another order, and the counterexample is a race.

For a property of paths or of fair runs it is the shortest run to the goal from the latest state that has one.

The engine searches; what it finds is replayed by the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from splitproof.checker.counterexamples.dataflow import DataFlow
from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.oracle import Oracle
from splitproof.model.declarations import TracedProperty
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.types import DATA
from splitproof.spec.properties import Kind, Property

__all__ = ["EDITS_MAX", "STATES_MAX", "Passing", "nearest_passing"]

STATES_MAX = 60_000
"""States that the search expands before it gives up."""

EDITS_MAX = 6
"""Steps that a passing run leaves out or puts in; what differs more is another story."""

_REPLAY_COST = 200
"""States whose expansion takes as long as a run's being replayed and followed."""

_STEPS_MAX = 12
"""Steps to the goal of a property of paths or runs."""


@dataclass(frozen=True)
class Passing:
    """A run that passes. `shared`: how many steps it has in common with the counterexample, from the start.

    `reordered`: whether it is the counterexample's own steps in another order.
    """

    trace: Trace
    shared: int
    reordered: bool


def nearest_passing(trace: Trace, violated: Property, states_max: int = STATES_MAX) -> Passing | None:
    """The nearest passing run; None if the search finds none within its bounds, or the property counts."""
    if violated.kind is Kind.COUNT or not trace.steps:
        return None
    search = _Search(trace, violated, states_max)
    by_edits = violated.kind in (Kind.ALWAYS, Kind.STEP)
    found = search.fewest_edits() if by_edits else search.latest_way()
    if found is None:
        return None
    steps = [item.step for item in trace.steps]
    shared = next(
        (i for i, pair in enumerate(zip(steps, found, strict=False)) if pair[0] != pair[1]),
        min(len(steps), len(found)),
    )
    if by_edits:
        found = [*found, *search.left_over(found)]
    passing = replay(trace.machine, trace.blocks, trace.initial, found)
    return Passing(passing, shared, sorted(map(str, found)) == sorted(map(str, steps)))


_Node = tuple[int, int]
"""A packed state, and how many of the counterexample's steps are behind it: taken, or left out."""


class _Search:
    def __init__(self, trace: Trace, violated: Property, states_max: int) -> None:
        self._trace = trace
        self._steps = [item.step for item in trace.steps]
        self._interpreter = Interpreter(trace.machine, trace.blocks)
        self._traced = self._interpreter.traced(violated)
        self._oracle = Oracle(trace.machine, trace.blocks, [])
        self._left = states_max
        self._is_goal = _goal(self._traced, self._oracle, trace)
        self._is_wrong = _violation(self._traced, self._oracle)
        self._parents: dict[_Node, tuple[_Node, Step | None] | None] = {}

    # -- of states and steps

    def fewest_edits(self) -> list[Step] | None:
        """The run up to the last step of the counterexample; the one that parts latest is tried first."""
        nodes = self._along_counterexample()
        for _ in range(EDITS_MAX):
            edited = [after for node in nodes for after in self._edits(node)]
            nodes = []
            for node in edited:
                goal = self._follow(node, nodes)
                if goal is not None:
                    return goal
            if self._left <= 0:
                return None
        return None

    def _along_counterexample(self) -> list[_Node]:
        """Where a run can part from the counterexample: before each of its steps, the latest first."""
        pack = self._oracle.packing.pack
        nodes = [(pack(state), place) for place, state in enumerate(self._trace.states[:-1])]
        self._parents[nodes[0]] = None
        for before, after, step in zip(nodes, nodes[1:], self._steps, strict=False):
            self._parents[after] = (before, step)
        return nodes[::-1]

    def _edits(self, node: _Node) -> Iterator[_Node]:
        """Leave out the next step, or put one in; what was come to before is not come to again.

        No data is brought in: it could make the run pass by being equal to what should be there.
        """
        state, place = node
        if self._left <= 0:
            return
        self._left -= 1
        if place < len(self._steps) - 1:
            yield from self._admit(node, None, (state, place + 1))
        for step, after in self._moves(state):
            brings_in = any(parameter.type is DATA for parameter in step.action.parameters)
            if not brings_in and not self._is_wrong(state, step, after):
                yield from self._admit(node, step.step, (after, place))

    def _follow(self, node: _Node, nodes: list[_Node]) -> list[Step] | None:
        """Take the counterexample's next steps as long as they can be taken; the run, if its last one passes."""
        while True:
            nodes.append(node)
            state, place = node
            wanted = self._steps[place]
            move = next((move for move in self._moves(state) if move[0].step == wanted), None)
            if move is None or self._is_wrong(state, *move):
                return None
            if place == len(self._steps) - 1:
                found = [*self._way(node), wanted]
                return found if self._is_goal(state, *move) and self._passes_with_any_data(found) else None
            after = (move[1], place + 1)
            if after in self._parents:
                return None
            self._parents[after] = (node, wanted)
            node = after

    def _admit(self, node: _Node, step: Step | None, after: _Node) -> Iterator[_Node]:
        if after not in self._parents:
            self._parents[after] = (node, step)
            yield after

    def left_over(self, taken: Sequence[Step]) -> list[Step]:
        """The counterexample's steps that were left out, as far as they can be taken afterwards and nothing fails."""
        left = list(self._steps)
        for step in taken:
            if step in left:
                left.remove(step)
        state = self._replayed(taken).last
        found: list[Step] = []
        for step in left:
            if not self._interpreter.can_take(state, step):
                break
            state = self._interpreter.take(state, step)
            if not self._passes_with_any_data([*taken, *found, step]):
                break
            found.append(step)
        return found

    def _passes_with_any_data(self, steps: Sequence[Step]) -> bool:
        """Whether the run passes because the right data is where it should be, not because two values are equal."""
        self._left -= _REPLAY_COST
        flow = DataFlow(self._replayed(steps))
        if self._traced.property.kind is Kind.STEP:
            return all(
                flow.holds(self._traced.for_all_blocks, state, state + 1) for state in range(len(steps))
            )
        return all(flow.holds(self._traced.for_all_blocks, state) for state in range(len(steps) + 1))

    def _replayed(self, steps: Sequence[Step]) -> Trace:
        return replay(self._trace.machine, self._trace.blocks, self._trace.initial, steps)

    # -- of paths and runs

    def latest_way(self) -> list[Step] | None:
        """A run to the goal, from the latest state that has one; of a lasso, from the state that it comes back to."""
        first = self._trace.loop or 0
        for shared in range(len(self._steps), first - 1, -1):
            found = self._way_from(self._oracle.packing.pack(self._trace.states[shared]))
            if found is not None:
                return [*self._steps[:shared], *found]
            if self._left <= 0:
                return None
        return None

    def _way_from(self, start: int) -> list[Step] | None:
        self._parents = {(start, 0): None}
        level = [(start, 0)]
        for _ in range(_STEPS_MAX):
            new: list[_Node] = []
            for node in level:
                self._left -= 1
                for step, after in self._moves(node[0]):
                    if self._is_goal(node[0], step, after):
                        return [*self._way(node), step.step]
                    new += self._admit(node, step.step, (after, 0))
                if self._left <= 0:
                    return None
            level = new
        return None

    def _way(self, node: _Node) -> list[Step]:
        found: list[Step] = []
        while (parent := self._parents[node]) is not None:
            node, step = parent
            if step is not None:
                found.append(step)
        return found[::-1]

    def _moves(self, state: int) -> Iterator[tuple[GroundStep, int]]:
        without = self._traced.property.without
        for index, after in self._oracle.successors(state):
            step = self._oracle.steps[index]
            if step.action.kind not in without:
                yield step, after


_Judge = Callable[[int, GroundStep, int], bool]
"""Of a step: the state before, the step, the state after."""


def _violation(traced: TracedProperty, oracle: Oracle) -> _Judge:
    item = oracle.grounding.property(traced.property)
    match traced.property.kind:
        case Kind.ALWAYS:
            return lambda _, __, after: not oracle.holds_in(item.holds, after)
        case Kind.STEP:
            return lambda before, step, _: (
                step.index in item.steps and not oracle.holds_in(item.steps[step.index], before)
            )
        case _:
            return lambda *_: False


def _goal(traced: TracedProperty, oracle: Oracle, trace: Trace) -> _Judge:
    """What is to be reached: the last step, with as much to judge as in the counterexample; or the property's goal."""
    item = oracle.grounding.property(traced.property)
    last = oracle.packing.pack(trace.last)
    if traced.property.kind not in (Kind.ALWAYS, Kind.STEP):
        missed = next((part for part in item.conjuncts if not oracle.holds_in(part, last)), item.holds)
        return lambda _, __, after: oracle.holds_in(missed, after)
    judges_last = traced.property.kind is Kind.ALWAYS and oracle.holds_in(item.trigger, last)
    return lambda _, __, after: not judges_last or oracle.holds_in(item.trigger, after)
