"""Whether the steps that a proof speaks of include those of a run: then nothing that the run violates has a proof.

A counterexample is a run of the reference interpreter. If the step relation of the search for an invariant, and that
of the certificate, have a model in which the state before is the one of the run, the blocks are those of the run and
the state after is again the one of the run, then lemmas that hold initially and are kept by every step hold all along
the run, whatever they are: by induction over its steps, each of these models being a counterexample to a step that
breaks one. Where the property fails at the end of the run in the same relation, it is among no such lemmas. So a
single run that is admitted excludes every proof of what it violates, also those that nobody has looked for.

Of a lasso, one premise of the ranking argument must fail in a state or at a step of the lasso: the rule is sound.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import z3

from splitproof.checker.counterexamples.traces import Trace
from splitproof.checker.proof.lowering import Sorts
from splitproof.checker.proof.premises import Premise
from splitproof.checker.proof.smtlib import Text
from splitproof.checker.proof.steps import StepSolver
from splitproof.checker.proof.transitions import (
    HERE,
    Transition,
    at_block,
    initial_transition,
    standing_transition,
    structure_of,
    transitions_of,
)
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.expressions import At, Const, Eq, Expr, Member, Param, Var, any_of
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.ranking import AWAITED
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, Type
from splitproof.spec.properties import Kind, Property

__all__ = ["failing_premise", "not_admitted"]


def not_admitted(trace: Trace, violated: Property | None) -> str | None:
    """What proofs of the machine leave out of a run, and of what it violates; None if they leave out nothing.

    `violated`: of a kind that an invariant proves, in the last state of the run or at its last step.

    Raises:
        ModelError: the machine is outside what can be proved.
    """
    relations = (_InSearch(trace.machine), _InCertificate(trace.machine))
    transitions = {item.name: item for item in transitions_of(trace.machine)}
    taken: list[tuple[Transition, list[Expr], Valuation, Valuation]] = [
        (initial_transition(trace.machine), [], trace.initial, trace.initial)
    ]
    for index, step in enumerate(trace.steps):
        arguments = zip(step.step.action.parameters, step.step.arguments, strict=True)
        chosen = [fact for item, value in arguments for fact in _chosen(item, value, trace.blocks)]
        taken.append((transitions[step.step.action.label], chosen, trace.before(index), step.after))
    blocks = [_block(number) for number in range(trace.blocks)]
    for relation in relations:
        for transition, chosen, before, after in taken:
            facts = [*chosen, *_facts(trace, before)]
            for here in blocks:
                if not relation.admits(transition, [*facts, Eq(HERE, here)], blocks, _facts(trace, after)):
                    return f"{relation.name}: `{transition.name}` does not lead where the run goes"
        transition, chosen, before, _ = taken[-1]
        if violated is None:
            continue
        if not relation.breaks(transition, [*chosen, *_facts(trace, before)], blocks, violated):
            return f"{relation.name}: `{transition.name}` does not violate {violated.id}"
    return None


def failing_premise(premises: Iterable[Premise], trace: Trace) -> tuple[Premise, str] | None:
    """The first premise that fails in a state of a run or at a step, and the step, or the one that led to the state.

    None if all of them hold all along it.
    """
    interpreter = Interpreter(trace.machine, trace.blocks)
    transitions = {item.name: item for item in transitions_of(trace.machine)}
    standing = standing_transition(trace.machine)
    cases = [
        {HERE.name: block, AWAITED.name: awaited}
        for block, awaited in itertools.product(range(trace.blocks), repeat=2)
    ]
    for premise in premises:
        demand = premise.of_step(standing, HERE)
        for index, state in enumerate(trace.states):
            if not all(interpreter.value(demand, state, case) for case in cases):
                return premise, trace.steps[index - 1].step.action.label if index else "the start"
        for index, item in enumerate(trace.steps):
            action = item.step.action
            known = {p.name: value for p, value in zip(action.parameters, item.step.arguments, strict=True)}
            demand = premise.of_step(transitions[action.label], HERE)
            before = trace.before(index)
            if not all(interpreter.value(demand, before, known | case, item.after) for case in cases):
                return premise, action.label
    return None


# -- a state of the run as trees


def _block(number: int) -> Expr:
    """Block 0 is the one that references are to while they mean nothing, here as in the interpreter."""
    return Param(f"at.{number}", BLOCK) if number else Const(0, BLOCK)


def _constant(value: object, type_: Type) -> Expr:
    if type_ is BLOCK:
        assert isinstance(value, int)
        return _block(value)
    if type_ is DATA and value:
        return Param(f"data.{value}", DATA)
    return Const(value, type_)


def _chosen(parameter: Param, value: object, blocks: int) -> Iterator[Expr]:
    """What a parameter is in a step of the run."""
    if parameter.type is BLOCK_SET:
        assert isinstance(value, frozenset)
        for number in range(blocks):
            member = Member(parameter, _block(number))
            yield member if number in value else ~member
    else:
        yield Eq(parameter, _constant(value, parameter.type))


def _facts(trace: Trace, state: Valuation) -> list[Expr]:
    """A state: what each variable holds."""
    found: list[Expr] = []
    for slot in trace.layout.slots:
        type_ = slot.leaf.type
        here = (
            Var(slot.leaf.name, type_)
            if slot.block is None
            else At(slot.leaf.name, _block(slot.block), type_)
        )
        found.append(Eq(here, _constant(state[slot.position], type_)))
    return found


def _different(values: Sequence[Expr]) -> list[Expr]:
    return [~Eq(one, other) for index, one in enumerate(values) for other in values[:index]]


_DATA = (_constant(0, DATA), _constant(1, DATA))


def _violation(transition: Transition, machine: Machine, item: Property) -> Expr:
    """That a step leads to a state that violates a property, or violates it itself; over the state before."""
    holds = at_block(trace_property(machine, item).holds, HERE)
    return ~(transition.over_step if item.kind is Kind.STEP else transition.after)(holds)


# -- the two relations


class _InSearch:
    """The steps as the search for an invariant sees them."""

    name = "the search for an invariant"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._sorts = Sorts(machine)
        self._structure = structure_of(machine)
        self._solvers: dict[str, StepSolver] = {}

    def admits(
        self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr], after: Sequence[Expr]
    ) -> bool:
        """Whether a step goes from where the facts hold to what holds `after`, with these blocks and no others."""
        return self._has_model(transition, [*facts, *map(transition.after, after)], blocks)

    def breaks(
        self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr], item: Property
    ) -> bool:
        """Whether a step from where the facts hold violates a property, for one of these blocks."""
        return self._has_model(transition, [*facts, _violation(transition, self._machine, item)], blocks)

    def _has_model(self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr]) -> bool:
        solver = self._solvers.get(transition.name)
        if solver is None:
            is_start = transition.name not in {action.label for action in self._machine.actions}
            structure = () if is_start else self._structure
            solver = self._solvers[transition.name] = StepSolver(self._sorts, transition, (), structure)
        return solver.has_model([*_different(blocks), *_different(_DATA), *facts], blocks)


class _InCertificate:
    """The steps as the files of a certificate define them."""

    name = "the certificate"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._text = Text(machine)
        self._definitions: dict[str, str] = {}

    def admits(
        self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr], after: Sequence[Expr]
    ) -> bool:
        """As for the search."""
        claimed = [self._text.of(fact, transition, everything=True) for fact in after]
        return self._has_model(transition, facts, blocks, claimed)

    def breaks(
        self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr], item: Property
    ) -> bool:
        """As for the search."""
        holds = at_block(trace_property(self._machine, item).holds, HERE)
        claimed = self._text.of(~holds, transition, everything=item.kind is not Kind.STEP)
        return self._has_model(transition, facts, blocks, [claimed])

    def _has_model(
        self, transition: Transition, facts: Sequence[Expr], blocks: Sequence[Expr], claimed: Sequence[str]
    ) -> bool:
        text = self._text
        among = any_of(*(Eq(BLOCK_PARAMETER, block) for block in blocks))
        named = [block for block in blocks if isinstance(block, Param)] + [_DATA[1]]
        lines = [
            *text.sorts(),
            *text.state(),
            *text.parameters(transition),
            f"(assert {text.of(transition.guard)})",
            *text.next_state(transition),
            f"(assert {text.of(transition.constraint, transition, everything=True)})",
            *(f"(declare-const {text.of(item)} {item.type.name})" for item in named),
            text.lemma("is.among", among),
            text.for_every_block("is.among"),
            *(f"(assert {text.of(fact)})" for fact in (*_different(blocks), *_different(_DATA), *facts)),
            *(f"(assert {fact})" for fact in claimed),
        ]
        solver = z3.Solver(ctx=z3.Context())
        solver.from_string("\n".join(lines))
        answer = solver.check()
        if answer == z3.unknown:
            raise RuntimeError(
                f"z3 gives up on whether {transition.name} can be taken: {solver.reason_unknown()}"
            )
        return bool(answer == z3.sat)
