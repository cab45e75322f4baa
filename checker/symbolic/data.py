"""Symbolic data on the state graph: z3 shows, on the graph of a search, that two data values are exhaustive.

A state is control (everything but data) and data; the label of a control is what holds of data in all its reached
two-valued states. The graph is one of these states, or of their controls alone. First, every edge of it must be what
the machine's trees say, none may be missing, and the states must have its controls. Then z3 discharges, for data of
any kind: the initial states satisfy their label; a label and the step of a control edge imply the label after it; a
label implies each `always` property, a label and a step each `step` property, wherever the search says that they
hold. Claims that are the same up to control are discharged once.

Steps only copy data and control never depends on it, so every control path is feasible and equalities propagate along
it: labels are inductive whenever the search is right. Source: data independence (Wolper, 1986).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from splitproof.checker.disagreements import EngineDisagreement, TwoValuesDoNotSettle
from splitproof.checker.search.graph import StateGraph
from splitproof.checker.symbolic.labels import Label, Relations
from splitproof.checker.symbolic.smt import BLANK, Claim, DataSolver, name_of, residual
from splitproof.checker.symbolic.steps import Control, Effect, Moves, Post, StepEffects, initial_states
from splitproof.model.expressions import And, Const, Eq, Expr, Param, Var, all_of, any_of
from splitproof.model.interpreter import Interpreter
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.spec.properties import Kind, Property

__all__ = ["SymbolicData", "check_symbolic_data"]


@dataclass(frozen=True)
class SymbolicData:
    """What was checked.

    `controls`: distinct controls reached. `edges`: distinct (control, step, control after it), data arguments
    apart. `classes`: distinct claims. `queries`: questions put to z3. `properties`: whether each `always` and
    `step` property holds, by id.
    """

    controls: int
    edges: int
    classes: int
    queries: int
    properties: dict[str, bool]
    seconds: float


def check_symbolic_data(
    machine: Machine,
    blocks: int,
    graph: StateGraph,
    findings: Collection[str],
    properties: Sequence[Property] | None = None,
    states: Iterable[int] | None = None,
) -> SymbolicData:
    """Check the state graph of a complete search, folded or not, and the search's verdicts.

    `states`: all that the search reached, where the graph is one of controls (states whose data is all 0); folded
    alike. `findings`: ids of the properties that the search found violated. `properties`: those that it was asked,
    the machine's own unless given.

    Raises:
        EngineDisagreement: the graph or a verdict is not what symbolic data gives.
        TwoValuesDoNotSettle: two data values are too few for what is compared.
    """
    if properties is None:
        properties = [item for item in machine.properties.values() if item.needs_blocks <= blocks]
    return _Check(machine, blocks, graph, findings, states).run(properties)


@dataclass(frozen=True, slots=True)
class _Edge:
    """A control edge; `step` is the index of the ground step, or of one that differs in data arguments."""

    before: int
    step: int
    after: int
    moves: Moves


class _Check:
    def __init__(
        self,
        machine: Machine,
        blocks: int,
        graph: StateGraph,
        findings: Collection[str],
        states: Iterable[int] | None,
    ) -> None:
        self._machine, self._graph, self._findings = machine, graph, findings
        self._states = graph if states is None else states
        self._design = f"{machine.name} at {blocks} block{'s' if blocks != 1 else ''}"
        self._steps = [step.step for step in graph.graph["steps"]]
        self._control = control = Control(machine, blocks)
        self._compared = -1 if states is None else control.mask  # of a state in the graph
        self._data = sorted(control.data)
        self._symbols = self._values({})
        self._labels: dict[int, Label] = {}
        self._solver = DataSolver()
        self._premises: dict[tuple[int, int, int], int] = {}
        self._compares_data = False

    def run(self, asked: Iterable[Property]) -> SymbolicData:
        started = time.perf_counter()
        self._labels = self._label_controls()
        edges = self._follow_edges()
        self._check_initial_states()
        self._check_edges(edges)
        judged = [item for item in asked if item.kind in (Kind.ALWAYS, Kind.STEP)]
        verdicts = {item.id: self._check_property(item, edges) for item in judged}
        seconds = time.perf_counter() - started
        return SymbolicData(
            len(self._labels), len(edges), self._solver.claims, self._solver.queries, verdicts, seconds
        )

    # -- the graph --------------------------------------------------------------------------------

    def _label_controls(self) -> dict[int, Label]:
        mask, data_mask = self._control.mask, self._control.data_mask
        relations = Relations([self._control.fields[position].shift for position in self._data])
        common: dict[int, int] = {}
        for state in self._states:
            control = state & mask
            common[control] = common.get(control, -1) & relations[state & data_mask]
        self._require_controls(common)
        return {control: relations.label(found) for control, found in common.items()}

    def _require_controls(self, reached: Collection[int]) -> None:
        """The graph and the states that were reached have the same controls."""
        in_graph = {state & self._control.mask for state in self._graph}
        for control in in_graph.symmetric_difference(reached):
            where = self._control.describe(control)
            lacks = "the graph" if control not in in_graph else "the search with two values of data"
            raise EngineDisagreement(f"{self._design}: {lacks} lacks control {where}")

    def _follow_edges(self) -> list[_Edge]:
        """The control edges, once all edges of the graph are what the trees say, and none is missing."""
        mask, data_mask = self._control.mask, self._control.data_mask
        step_effects = StepEffects(self._control, self._graph.graph["steps"])
        effects = {control: step_effects.possible(control) for control in self._labels}
        unseen = {control: set(possible) for control, possible in effects.items()}
        shared = self._without_data_arguments()
        found: dict[tuple[int, int, int], _Edge] = {}
        for before, successors in cast(_Adjacency, self._graph.adjacency()):
            control, data = before & mask, before & data_mask
            possible, new = effects[control], unseen[control]
            taken = 0
            for after, steps in successors.items():
                for index in steps:
                    taken += 1
                    effect = possible.get(index)
                    if effect is None or (self._after(before, data, effect) ^ after) & self._compared:
                        raise self._wrong_edge(before, index, after, effect)
                    if index in new:
                        edge = (control, shared[index], after & mask)
                        found.setdefault(edge, _Edge(*edge, effect.moves))
                        if not effect.moves.conditions:
                            new.remove(index)
            if taken != len(possible):
                self._check_folded(before, possible)
        self._compares_data = not all(edge.moves.copies for edge in found.values())
        return list(found.values())

    @staticmethod
    def _after(before: int, data: int, effect: Effect) -> int:
        return before & effect.keep | effect.constant | effect.moves[data]

    def _without_data_arguments(self) -> list[int]:
        """For each ground step, the first one that differs from it at most in arguments of type data."""
        first: dict[object, int] = {}
        found = []
        for ground in self._graph.graph["steps"]:
            arguments = zip(ground.action.parameters, ground.arguments, strict=True)
            others = tuple(value for parameter, value in arguments if not parameter.type.is_data)
            found.append(first.setdefault((ground.action.label, others, ground.split), ground.index))
        return found

    def _check_folded(self, state: int, possible: Mapping[int, Effect]) -> None:
        """Where not every step is taken, it is because the first one that folds is taken alone."""
        taken = {index for _, _, index in self._graph.out_edges(state, keys=True)}
        folding = (index for index in possible if self._steps[index].action.folds is not None)
        if taken != {next(folding, None)}:
            missing = ", ".join(str(self._steps[index]) for index in possible if index not in taken)
            where = self._control.describe(state, data=True)
            raise EngineDisagreement(f"{self._design}: the graph lacks {missing} in state {where}")

    def _wrong_edge(self, before: int, index: int, after: int, effect: Effect | None) -> EngineDisagreement:
        start, end = (self._control.describe(state, data=True) for state in (before, after))
        taken = f"{self._design}: the graph takes {self._steps[index]} in state {start}"
        if effect is None:
            return EngineDisagreement(f"{taken}, where its guard does not hold")
        right = self._after(before, before & self._control.data_mask, effect)
        other = self._control.describe(right, data=True)
        return EngineDisagreement(f"{taken} to state {end}, but the step leads to {other}")

    # -- labels are invariant ---------------------------------------------------------------------

    def _check_initial_states(self) -> None:
        control, number = self._control, self._solver.number
        reference = Interpreter(self._machine, control.blocks)
        initial = sorted(map(control.packing.pack, reference.initial_states()))
        for state in initial:
            if state & self._compared not in self._graph:
                where = control.describe(state, data=True)
                raise EngineDisagreement(f"{self._design}: the graph lacks the initial state {where}")
        starts = dict.fromkeys(state & control.mask for state in initial)
        for post, constraint in initial_states(control):
            self._compares_data |= not _is_equalities(constraint)
            cases = {start: self._agrees(post, start) for start in starts}
            self._require(
                (number(constraint), number(any_of(*cases.values()))),
                "the search starts from every initial state",
            )
            for start, case in cases.items():
                label = self._labels[start]
                self._require(
                    (number(all_of(constraint, case)), number(label.over(self._values(post)))),
                    f"the initial states of control {control.describe(start)} satisfy {self._show(label)}",
                )

    def _check_edges(self, edges: Sequence[_Edge]) -> None:
        """A label and a step imply the label after it; and the comparisons in it come out in no other way."""
        conclusions: dict[tuple[int, int], int] = {}
        outcomes: dict[tuple[int, int], list[_Edge]] = {}
        for edge in edges:
            moves, label = edge.moves, self._labels[edge.after]
            conclusion = conclusions.get((moves.number, label.number))
            if conclusion is None:
                conclusion = self._solver.number(label.over(self._values(moves.held)))
                conclusions[moves.number, label.number] = conclusion
            claim = self._premise(edge), conclusion
            if self._solver.refutation(claim) is not None:
                self._require(claim, f"{self._show_edge(edge)} leads to {self._show(label)}")
            if moves.conditions:
                outcomes.setdefault((edge.before, edge.step), []).append(edge)
        for group in outcomes.values():
            premise = self._solver.number(self._labels[group[0].before].over(self._symbols))
            covered = any_of(*(self._agrees(edge.moves.held, edge.after) for edge in group))
            what = f"{self._show_edge(group[0])} leads to a control that the search found"
            self._require((premise, self._solver.number(covered)), what)

    def _premise(self, edge: _Edge) -> int:
        """The label before a step, and that the comparisons in it come out as they do on this edge."""
        moves, label = edge.moves, self._labels[edge.before]
        part = label.number, moves.number, edge.after & moves.conditions
        found = self._premises.get(part)
        if found is None:
            premise = all_of(label.over(self._symbols), self._agrees(moves.held, edge.after))
            found = self._premises[part] = self._solver.number(premise)
        return found

    def _agrees(self, post: Post, after: int) -> Expr:
        """That control slots come out as in `after`."""
        slots = (position for position in post if position not in self._control.data)
        return all_of(*(post[position] == self._control.symbol(after, position) for position in slots))

    # -- properties -------------------------------------------------------------------------------

    def _check_property(self, item: Property, edges: Sequence[_Edge]) -> bool:
        """Whether it holds, in which search and symbolic data must agree."""
        node = trace_property(self._machine, item).for_all_blocks
        claims = self._of_steps(node, edges) if item.kind is Kind.STEP else self._of_states(node)
        refuted = next((claim for claim in claims if self._solver.refutation(claim) is not None), None)
        if item.id in self._findings and refuted is None:
            raise EngineDisagreement(
                f"{self._design}: the search violates {item.id}, which follows from every label"
            )
        if refuted is not None and item.id not in self._findings:
            control = claims[refuted]
            where = f"{self._show(self._labels[control])} at control {self._control.describe(control)}"
            self._require(refuted, f"{item.id}, which the search violates nowhere, follows from {where}")
        return refuted is None

    def _of_states(self, node: Expr) -> dict[Claim, int]:
        """The claims of an `always` property, each with a control that it is about."""
        control = self._control
        mask = control.mask_of(position for position, _ in control.reads(node, {})) & control.mask
        conclusions: dict[int, int] = {}
        premises: dict[Label, int] = {}
        claims: dict[Claim, int] = {}
        for state, label in self._labels.items():
            conclusion = conclusions.get(state & mask)
            if conclusion is None:
                left = control.residual(node, state)
                conclusion = conclusions[state & mask] = self._solver.number(left)
            if label not in premises:
                premises[label] = self._solver.number(label.over(self._symbols))
            claims.setdefault((premises[label], conclusion), state)
        return claims

    def _of_steps(self, node: Expr, edges: Sequence[_Edge]) -> dict[Claim, int]:
        """The claims of a `step` property, each with the control before a step that it is about."""
        control = self._control
        reads = set(control.reads(node, {}))
        before_mask = control.mask_of(position for position, after in reads if not after)
        after_mask = control.mask_of(position for position, after in reads if after)
        conclusions: dict[tuple[int, int, int], int] = {}
        claims: dict[Claim, int] = {}
        for edge in edges:
            moved = edge.moves.number if after_mask & control.data_mask else -1
            part = edge.before & before_mask, edge.after & after_mask, moved
            conclusion = conclusions.get(part)
            if conclusion is None:
                conclusion = conclusions[part] = self._solver.number(self._over_step(node, edge))
            claims.setdefault((self._premise(edge), conclusion), edge.before)
        return claims

    def _over_step(self, node: Expr, edge: _Edge) -> Expr:
        control, moved = self._control, edge.moves.held

        def held(position: int, after: bool) -> Expr:
            if after and position in moved and position in control.data:
                return moved[position]
            return control.symbol(edge.after if after else edge.before, position)

        return residual(node, control.reader(held), control.blocks, {})

    # -- words ------------------------------------------------------------------------------------

    def _values(self, post: Post) -> list[Expr]:
        """What BLANK and the data slots are after a step."""
        return [BLANK, *(post.get(position, self._control.symbol(0, position)) for position in self._data)]

    def _require(self, claim: Claim, what: str) -> None:
        data = self._solver.refutation(claim)
        if data is None:
            return
        message = f"{self._design}: z3 refutes that {what}; by {data}"
        if self._compares_data or not self._solver.fails_with_two_values(claim):
            raise TwoValuesDoNotSettle(f"{message}; data is compared in a way that two values do not settle")
        raise EngineDisagreement(message)

    def _show(self, label: Label) -> str:
        return label.show([name_of(symbol) for symbol in self._symbols])

    def _show_edge(self, edge: _Edge) -> str:
        label, where = self._labels[edge.before], self._control.describe(edge.before)
        return f"{self._steps[edge.step]} from {self._show(label)} at control {where}"


_Adjacency = Iterable[tuple[int, Mapping[int, Iterable[int]]]]
"""States with the states after them, by steps; the stubs of networkx take edge keys for strings."""


def _is_equalities(node: Expr) -> bool:
    """Whether it says of some data that it is equal, and nothing else."""
    match node:
        case Const():
            return True
        case And(operands):
            return all(map(_is_equalities, operands))
        case Eq(left, right):
            return isinstance(left, Const | Var | Param) and isinstance(right, Const | Var | Param)
        case _:
            return False
