"""Which steps can be taken, as a tree of tests of fields: what every generated search prints in its own language.

Most guards say in which phase a few processors must be. Asking for each phase once, and only then for what
else the steps of that phase need, leaves a handful of tests a state where the guards have hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.terms import Terms
from splitproof.model.expressions import TRUE, And, Expr, Var

__all__ = ["Node", "Rule", "Switch", "Visit", "Where", "decision_tree", "rule_of"]


@dataclass(frozen=True)
class Rule:
    """A step with what remains to be tested: of slots, the values allowed; then `others`."""

    step: GroundStep
    tests: dict[Var, frozenset[Any]]
    others: tuple[Expr, ...]

    def without(self, tested: Var) -> Rule:
        """The rule once a slot has been tested."""
        left = {slot: values for slot, values in self.tests.items() if slot is not tested}
        return Rule(self.step, left, self.others)


@dataclass(frozen=True)
class Visit:
    """The step can be taken here."""

    step: GroundStep


@dataclass(frozen=True)
class Where:
    """`then` where all conditions hold."""

    conditions: tuple[Expr, ...]
    then: tuple[Node, ...]


@dataclass(frozen=True)
class Switch:
    """By the value of a slot, in the order of the slot's values; nothing for those not named.

    `exhaustive`: whether the last case needs no test, as there are two values and both are named.
    """

    slot: Var
    cases: dict[Any, tuple[Node, ...]]
    exhaustive: bool


Node = Visit | Where | Switch


def rule_of(terms: Terms, step: GroundStep) -> Rule:
    """A step's whole guard as a rule."""
    operands = step.guard.operands if isinstance(step.guard, And) else (step.guard,)
    tests: dict[Var, frozenset[Any]] = {}
    others = []
    for operand in operands:
        literal = terms.as_literal(operand)
        if literal is not None:
            tests[literal[0]] = literal[1]
        elif operand is not TRUE:
            others.append(operand)
    return Rule(step, tests, tuple(others))


def decision_tree(terms: Terms, rules: Sequence[Rule]) -> tuple[Node, ...]:
    """Nodes that together visit the step of every rule whose tests hold."""
    return _Planter(terms).nodes(list(rules))


class _Planter:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def nodes(self, rules: list[Rule]) -> tuple[Node, ...]:
        if not rules:
            return ()
        if len(rules) == 1:
            rule = rules[0]
            return self._where((*self._literals(rule.tests), *rule.others), (Visit(rule.step),))
        shared = {
            slot: values
            for slot, values in rules[0].tests.items()
            if all(rule.tests.get(slot) == values for rule in rules)
        }
        if shared:
            for slot in shared:
                rules = [rule.without(slot) for rule in rules]
            return self._where(self._literals(shared), self.nodes(rules))
        best = _best_slot(rules)
        if best is not None:
            return self._switch(best, rules)
        return tuple(node for rule in rules for node in self.nodes([rule]))

    def _where(self, conditions: tuple[Expr, ...], then: tuple[Node, ...]) -> tuple[Node, ...]:
        return (Where(conditions, then),) if conditions else then

    def _switch(self, slot: Var, rules: list[Rule]) -> tuple[Node, ...]:
        """One case for each value that some rule requires; then the rules that do not ask for one value."""
        groups: dict[Any, list[Rule]] = {}
        rest = []
        for rule in rules:
            values = rule.tests.get(slot, frozenset())
            if len(values) == 1:
                groups.setdefault(next(iter(values)), []).append(rule.without(slot))
            else:
                rest.append(rule)
        domain = self._terms.domain(slot)
        cases = {value: self.nodes(groups[value]) for value in domain if value in groups}
        return (Switch(slot, cases, len(cases) == len(domain) == 2), *self.nodes(rest))

    def _literals(self, tests: dict[Var, frozenset[Any]]) -> tuple[Expr, ...]:
        return tuple(self._terms.literal(slot, values) for slot, values in tests.items())


def _best_slot(rules: Sequence[Rule]) -> Var | None:
    """The slot that most rules require to have one certain value."""
    counts: dict[Var, int] = {}
    for rule in rules:
        for slot, values in rule.tests.items():
            if len(values) == 1:
                counts[slot] = counts.get(slot, 0) + 1
    best = max(counts, key=lambda slot: counts[slot], default=None)
    return best if best is not None and counts[best] > 1 else None
