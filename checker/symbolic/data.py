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

import functools
import itertools
import operator
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from splitproof.checker.disagreements import EngineDisagreement, TwoValuesDoNotSettle
from splitproof.checker.quantities import count
from splitproof.checker.search.engine import Limits, OutOfTimeError
from splitproof.checker.search.successors import Successors
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
    graph: Successors,
    findings: Collection[str],
    properties: Sequence[Property] | None = None,
    levels: Iterable[Sequence[int]] | None = None,
    limits: Limits | None = None,
) -> SymbolicData:
    """Check the state graph of a complete search, folded or not, and the search's verdicts.

    `levels`: all states that the search reached, where the graph is one of controls (states whose data is all 0);
    folded alike. `findings`: ids of the properties that the search found violated. `properties`: those that it was
    asked, the machine's own unless given.

    Raises:
        EngineDisagreement: the graph or a verdict is not what symbolic data gives.
        TwoValuesDoNotSettle: two data values are too few for what is compared.
        OutOfTimeError: the limits' time was up before; nothing is confirmed.
    """
    if properties is None:
        properties = [item for item in machine.properties.values() if item.needs_blocks <= blocks]
    limits = (limits or Limits()).started()
    return _Check(machine, blocks, graph, findings, levels, limits).run(properties)


class _Edge(NamedTuple):
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
        graph: Successors,
        findings: Collection[str],
        levels: Iterable[Sequence[int]] | None,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self._machine, self._graph, self._findings = machine, graph, findings
        self._levels = [list(graph.successors)] if levels is None else levels
        self._design = f"{machine.name} at {count(blocks, 'block')}"
        self._steps = [step.step for step in graph.steps]
        self._control = control = Control(machine, blocks)
        self._compared = -1 if levels is None else control.mask  # of a state in the graph
        self._data = sorted(control.data)
        self._symbols = self._values({})
        self._labels: dict[int, Label] = {}
        self._solver = DataSolver(limits)
        self._premises: dict[int, int] = {}  # by number of the label
        self._compares_data = False

    def run(self, asked: Collection[Property]) -> SymbolicData:
        started = time.perf_counter()
        self._labels = self._label_controls()
        edges = self._follow_edges()
        self._check_initial_states()
        of_edges = self._of_edges(edges)
        kinds = [[item for item in asked if item.kind is kind] for kind in (Kind.ALWAYS, Kind.STEP)]
        judged = dict(itertools.chain(self._of_states(kinds[0]), self._of_steps(kinds[1], edges)))
        claimed = (claims for name, claims in judged.items() if name not in self._findings)
        self._solver.discharge(itertools.chain(of_edges, *claimed))
        self._check_edges(of_edges)
        self._check_outcomes(edges)
        verdicts = {name: self._check_property(name, claims) for name, claims in judged.items()}
        seconds = time.perf_counter() - started
        return SymbolicData(
            len(self._labels), len(edges), self._solver.claims, self._solver.queries, verdicts, seconds
        )

    # -- the graph --------------------------------------------------------------------------------

    def _label_controls(self) -> dict[int, Label]:
        mask, data_mask = self._control.mask, self._control.data_mask
        relations = Relations([self._control.fields[position].shift for position in self._data])
        common: dict[int, int] = {}
        for level in self._levels:
            states = list(level)
            controls = map(mask.__and__, states)
            for control, found in zip(
                controls, map(relations.__getitem__, map(data_mask.__and__, states)), strict=True
            ):
                common[control] = common.get(control, -1) & found
        self._require_controls(common)
        in_order = dict.fromkeys(map(mask.__and__, self._graph.successors))
        return {control: relations.label(common[control]) for control in in_order}

    def _require_controls(self, reached: Collection[int]) -> None:
        """The graph and the states that were reached have the same controls."""
        in_graph = {state & self._control.mask for state in self._graph.successors}
        for control in in_graph.symmetric_difference(reached):
            where = self._control.describe(control)
            lacks = "the graph" if control not in in_graph else "the search with two values of data"
            raise EngineDisagreement(f"{self._design}: {lacks} lacks control {where}")

    def _follow_edges(self) -> list[_Edge]:
        """The control edges, once all edges of the graph are what the trees say, and none is missing."""
        mask, data_mask, compared = self._control.mask, self._control.data_mask, self._compared
        step_effects = StepEffects(self._control, self._graph.steps)
        effects = {control: step_effects.possible(control) for control in self._labels}
        unseen = {control: set(possible) for control, possible in effects.items()}
        shared = self._without_data_arguments()
        found: dict[tuple[int, int, int], _Edge] = {}
        for before, successors in self._graph.successors.items():
            if self._limits.time_is_up:
                raise OutOfTimeError(self._limits.time_text)
            control, data = before & mask, before & data_mask
            possible, new = effects[control], unseen[control]
            for index, after in successors:
                effect = possible.get(index)
                if effect is None:
                    raise self._wrong_edge(before, index, after, effect)
                moves = effect.moves
                if (before & effect.keep | effect.constant | moves[data]) & compared != after & compared:
                    raise self._wrong_edge(before, index, after, effect)
                if index in new:
                    step, end = shared[index], after & mask
                    if (control, step, end) not in found:
                        found[control, step, end] = _Edge(control, step, end, moves)
                    if not moves.conditions:
                        new.remove(index)
            if len(successors) != len(possible):
                self._check_folded(before, possible)
        self._compares_data = not all(edge.moves.copies for edge in found.values())
        return list(found.values())

    def _without_data_arguments(self) -> list[int]:
        """For each ground step, the first one that differs from it at most in arguments of type data."""
        first: dict[object, int] = {}
        found = []
        for ground in self._graph.steps:
            arguments = zip(ground.action.parameters, ground.arguments, strict=True)
            others = tuple(value for parameter, value in arguments if not parameter.type.is_data)
            found.append(first.setdefault((ground.action.label, others, ground.split), ground.index))
        return found

    def _check_folded(self, state: int, possible: Mapping[int, Effect]) -> None:
        """Where not every step is taken, it is because the first one that folds is taken alone."""
        taken = {index for index, _ in self._graph.successors[state]}
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
        right = before & effect.keep | effect.constant | effect.moves[before & self._control.data_mask]
        other = self._control.describe(right, data=True)
        return EngineDisagreement(f"{taken} to state {end}, but the step leads to {other}")

    # -- labels are invariant ---------------------------------------------------------------------

    def _check_initial_states(self) -> None:
        control, number = self._control, self._solver.number
        reference = Interpreter(self._machine, control.blocks)
        initial = sorted(map(control.packing.pack, reference.initial_states()))
        for state in initial:
            if state & self._compared not in self._graph.successors:
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
                conclusion = self._solver.label(label.facts, self._values(post))
                self._require(
                    (number(all_of(constraint, case)), conclusion),
                    f"the initial states of control {control.describe(start)} satisfy {self._show(label)}",
                )

    def _of_edges(self, edges: Sequence[_Edge]) -> dict[Claim, _Edge]:
        """The claims that a label and a step imply the label after it, each with an edge that it is about."""
        labels = {control: label.number for control, label in self._labels.items()}
        alike = {
            (labels[before], moves.number, after & moves.conditions, labels[after]): edge
            for edge in edges
            for before, _, after, moves in (edge,)
        }
        claims: dict[Claim, _Edge] = {}
        for edge in alike.values():
            conclusion = self._solver.label(self._labels[edge.after].facts, self._values(edge.moves.held))
            claims.setdefault((self._premise(edge), conclusion), edge)
        return claims

    def _check_edges(self, claims: Mapping[Claim, _Edge]) -> None:
        for claim, edge in claims.items():
            if self._solver.refutation(claim) is not None:
                label = self._labels[edge.after]
                self._require(claim, f"{self._show_edge(edge)} leads to {self._show(label)}")

    def _check_outcomes(self, edges: Sequence[_Edge]) -> None:
        """Comparisons of data in a step come out in no way but those that the search found."""
        outcomes: dict[tuple[int, int], list[_Edge]] = {}
        for edge in edges:
            if edge.moves.conditions:
                outcomes.setdefault((edge.before, edge.step), []).append(edge)
        for group in outcomes.values():
            premise = self._premise_of(self._labels[group[0].before])
            covered = any_of(*(self._agrees(edge.moves.held, edge.after) for edge in group))
            what = f"{self._show_edge(group[0])} leads to a control that the search found"
            self._require((premise, self._solver.number(covered)), what)

    def _premise_of(self, label: Label) -> int:
        found = self._premises.get(label.number)
        if found is None:
            found = self._premises[label.number] = self._solver.label(label.facts, self._symbols)
        return found

    def _premise(self, edge: _Edge) -> int:
        """The label before a step, and that the comparisons in it come out as they do on this edge."""
        label = self._premise_of(self._labels[edge.before])
        if not edge.moves.conditions:
            return label
        return self._solver.both(label, self._solver.number(self._agrees(edge.moves.held, edge.after)))

    def _agrees(self, post: Post, after: int) -> Expr:
        """That control slots come out as in `after`."""
        slots = (position for position in post if position not in self._control.data)
        return all_of(*(post[position] == self._control.symbol(after, position) for position in slots))

    # -- properties -------------------------------------------------------------------------------

    def _check_property(self, name: str, claims: Mapping[Claim, int]) -> bool:
        """Whether it holds, in which search and symbolic data must agree."""
        refuted = next((claim for claim in claims if self._solver.refutation(claim) is not None), None)
        if name in self._findings and refuted is None:
            raise EngineDisagreement(
                f"{self._design}: the search violates {name}, which follows from every label"
            )
        if refuted is not None and name not in self._findings:
            control = claims[refuted]
            where = f"{self._show(self._labels[control])} at control {self._control.describe(control)}"
            self._require(refuted, f"{name}, which the search violates nowhere, follows from {where}")
        return refuted is None

    def _of_states(self, items: Sequence[Property]) -> Iterator[tuple[str, dict[Claim, int]]]:
        """The claims of `always` properties, each with a control that it is about."""
        control = self._control
        nodes = {item.id: trace_property(self._machine, item).for_all_blocks for item in items}
        masks = {
            name: control.mask_of(position for position, _ in control.reads(node, {})) & control.mask
            for name, node in nodes.items()
        }
        every = _union(masks.values())
        states = {(label.number, state & every): state for state, label in self._labels.items()}.values()
        for name, node in nodes.items():
            conclusions: dict[int, int] = {}
            claims: dict[Claim, int] = {}
            for state in states:
                part = state & masks[name]
                conclusion = conclusions.get(part)
                if conclusion is None:
                    conclusion = conclusions[part] = self._solver.number(control.residual(node, state))
                claims.setdefault((self._premise_of(self._labels[state]), conclusion), state)
            yield name, claims

    def _of_steps(
        self, items: Sequence[Property], edges: Sequence[_Edge]
    ) -> Iterator[tuple[str, dict[Claim, int]]]:
        """The claims of `step` properties, each with the control before a step that it is about."""
        control = self._control
        nodes = {item.id: trace_property(self._machine, item).for_all_blocks for item in items}
        masks: dict[str, tuple[int, int]] = {}
        for name, node in nodes.items():
            reads = set(control.reads(node, {}))
            before, after = (
                control.mask_of(position for position, is_after in reads if is_after is when)
                for when in (False, True)
            )
            masks[name] = before, after
        every_before, every_after = (_union(mask[side] for mask in masks.values()) for side in (0, 1))
        labels = {state: label.number for state, label in self._labels.items()}
        alike = {
            (
                before & every_before,
                after & (every_after | moves.conditions),
                moves.number,
                labels[before],
            ): edge
            for edge in edges
            for before, _, after, moves in (edge,)
        }
        premised = [(edge, self._premise(edge)) for edge in alike.values()]
        for name, node in nodes.items():
            before_mask, after_mask = masks[name]
            is_moved = after_mask & control.data_mask != 0
            conclusions: dict[tuple[int, int, int], int] = {}
            claims: dict[Claim, int] = {}
            for edge, premise in premised:
                moved = edge.moves.number if is_moved else -1
                part = edge.before & before_mask, edge.after & after_mask, moved
                conclusion = conclusions.get(part)
                if conclusion is None:
                    conclusion = conclusions[part] = self._solver.number(self._over_step(node, edge))
                claims.setdefault((premise, conclusion), edge.before)
            yield name, claims

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


def _union(masks: Iterable[int]) -> int:
    return functools.reduce(operator.or_, masks, 0)


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
