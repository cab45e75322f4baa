"""Whether folding is sound: is each step that declares `folds` independent of all others, and does it hide
nothing?

Where such a step A can be taken, the folded search takes it alone. Any run of the machine is then matched by
a folded one in which the same steps occur and some A come earlier: it passes the same states, each with a few
A already taken (a persistent set of one step; Godefroid 1996). No verdict changes as long as what is looked
for (a violation, a trigger, a goal) does not occur only while some A is put off. The claim is not trusted but
tried, on the complete state space of a small instance without folding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from splitproof.checker.ground.grounding import GroundProperty, GroundStep
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.checker.search.successors import successors_of
from splitproof.model.expressions import Expr
from splitproof.spec.properties import Kind

__all__ = ["FoldingFault", "diamond_violations"]


@dataclass(frozen=True)
class FoldingFault:
    """Why a step may not be folded: in `state`, `folded` and `other` can be taken, and `reason`.

    `other` is None where the fault is the folded step's alone.
    """

    state: int
    folded: GroundStep
    other: GroundStep | None
    reason: str

    def __str__(self) -> str:
        beside = "" if self.other is None else f" beside {self.other}"
        return f"{self.folded}{beside}: {self.reason}"


def diamond_violations(oracle: Oracle, max_states: int) -> list[FoldingFault]:
    """Every fault of folding in the states that the machine reaches without it, in breadth-first order.

    In each state s where a folded step A can be taken, for each other step B: B leaves A possible, A leaves B
    possible, and both orders lead to one state. A violation, trigger or goal that holds after B holds in s or
    after B and A, too. What step properties say of B is the same before and after A, and what they say of A
    is the same before and after B, as far as it would be missed. A never ends the trigger of a `possible`
    property: each state with the trigger is judged by what can be reached from it. A run of folded steps
    ends, and no `possible` property does without steps of the kind of A.

    Raises:
        ValueError: there are more than `max_states` states.
    """
    if oracle.folded:
        watched = [item.property for item in oracle.properties.values()]
        oracle = Oracle(oracle.machine, oracle.blocks, watched)
    exploration = oracle.explore(Limits(max_states=max_states))
    if not exploration.complete:
        raise ValueError(
            f"{oracle.machine.name} has more than max_states={max_states:,} states; take fewer blocks"
        )
    return list(_Diamonds(oracle, exploration).faults())


class _Diamonds:
    """`_after`: by state and step, the state after it. The others name what verdicts rest on, with the states
    in which it holds: `_sought` must be met somewhere, `_lasting` may not be ended by a folded step, `_told`
    is told by the step that is taken (by its index).
    """

    def __init__(self, oracle: Oracle, exploration: Exploration) -> None:
        self._oracle = oracle
        self._states = [state for level in exploration.levels for state in level]
        successors = successors_of(oracle, exploration).successors
        self._after = {state: dict(steps) for state, steps in successors.items()}
        self._folding = frozenset(step.index for step in oracle.steps if step.action.folds is not None)
        self._sought: list[tuple[str, frozenset[int]]] = []
        self._lasting: list[tuple[str, frozenset[int]]] = []
        self._told: list[tuple[str, dict[int, frozenset[int]]]] = []
        for item in oracle.properties.values():
            if item.property.kind is Kind.STEP:
                self._watch_steps(item)
            elif item.property.kind in (
                Kind.ALWAYS,
                Kind.POSSIBLE,
            ):  # no other kind is judged on a folded space
                self._watch_states(item)

    def _watch_states(self, item: GroundProperty) -> None:
        name, is_possible = item.property.id, item.property.kind is Kind.POSSIBLE
        if is_possible:
            self._sought.append((f"the goal of {name}", self._where(item.holds)))
        else:
            violated = self._oracle.grounding.terms.not_(item.holds)
            self._sought.append((f"a violation of {name}", self._where(violated)))
        if item.property.trigger is not None:
            kept = self._lasting if is_possible else self._sought
            kept.append((f"the trigger of {name}", self._where(item.trigger)))

    def _watch_steps(self, item: GroundProperty) -> None:
        not_, name = self._oracle.grounding.terms.not_, item.property.id
        violated = {index: not_(node) for index, node in item.steps.items()}
        self._told.append((f"a violation of {name}", self._where_each(violated)))
        if item.property.trigger is not None:
            self._told.append((f"the trigger of {name}", self._where_each(item.step_triggers)))

    def _where(self, node: Expr) -> frozenset[int]:
        return frozenset(self._oracle.selection(node)(self._states))

    def _where_each(self, nodes: Mapping[int, Expr]) -> dict[int, frozenset[int]]:
        return {index: self._where(node) for index, node in nodes.items()}

    def faults(self) -> Iterator[FoldingFault]:
        if self._states:
            yield from self._excluded_kinds(self._states[0])
        for state in self._states:
            for index in self._after[state]:
                if index in self._folding:
                    yield from self._beside_others(state, index)
                    yield from self._alone(state, index)
        yield from self._endless_runs()

    def _excluded_kinds(self, state: int) -> Iterator[FoldingFault]:
        for step in self._oracle.steps:
            for item in self._oracle.properties.values():
                if step.index in self._folding and step.action.kind in item.property.without:
                    reason = f"{item.property.id} does without {step.action.kind.value} steps"
                    yield FoldingFault(state, step, None, reason)

    def _beside_others(self, state: int, index: int) -> Iterator[FoldingFault]:
        steps, after = self._oracle.steps, self._after
        for other, there in after[state].items():
            if other == index:
                continue
            reason = None
            if index not in after[there]:
                reason = "the other step disables it"
            elif other not in after[after[state][index]]:
                reason = "it disables the other step"
            elif after[there][index] != after[after[state][index]][other]:
                reason = "the two orders lead to different states"
            else:
                reason = self._hidden(state, index, other)
            if reason is not None:
                yield FoldingFault(state, steps[index], steps[other], reason)

    def _hidden(self, state: int, index: int, other: int) -> str | None:
        """What is met only while the folded step is put off: told by a step, or true in the state between."""
        early, late = self._after[state][index], self._after[state][other]
        last = self._after[early][other]
        nowhere: frozenset[int] = frozenset()
        for what, where in self._told:
            if state in where.get(other, nowhere) and early not in where.get(other, nowhere):
                return f"it hides {what} by the other step"
            if late in where.get(index, nowhere) and state not in where.get(index, nowhere):
                return f"taken early, it hides {what}"
        for what, where_ in self._sought:
            if late in where_ and state not in where_ and last not in where_:
                return f"it hides {what} after the other step"
        return None

    def _alone(self, state: int, index: int) -> Iterator[FoldingFault]:
        for what, where in self._lasting:
            if state in where and self._after[state][index] not in where:
                yield FoldingFault(state, self._oracle.steps[index], None, f"it ends {what}")

    def _endless_runs(self) -> Iterator[FoldingFault]:
        """Cycles of folded steps alone: all other steps would be put off for ever."""
        ends: set[int] = set()
        for start in self._states:
            run: dict[int, int] = {}
            state = start
            while state not in ends and state not in run:
                forced = next((index for index in sorted(self._after[state]) if index in self._folding), None)
                if forced is None:
                    break
                run[state] = forced
                state = self._after[state][forced]
            if state in run:
                yield FoldingFault(
                    state, self._oracle.steps[run[state]], None, "folded steps follow each other for ever"
                )
            ends.update(run)  # `|=` with the keys of a dictionary would copy all that is known
