"""Why a ranking argument is refused: which premise fails, and which step breaks it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from splitproof.checker.proof.premises import Premise, Premises
from splitproof.checker.proof.search import Stuck
from splitproof.checker.proof.transitions import standing_transition
from splitproof.checker.search.oracle import Exploration, Finding, Oracle
from splitproof.checker.verdicts import Unknown
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.ranking import AWAITED

if TYPE_CHECKING:
    from splitproof.checker.proof.prove import Found

__all__ = ["Refusal", "refusal_of"]


@dataclass(frozen=True)
class Refusal:
    """A verdict that says which premise is not proved, and the state where; None if there is no such state."""

    verdict: Unknown
    stuck: Stuck | None = None


def refusal_of(ranked: Premises, found: Found, oracle: Oracle, space: Exploration) -> Refusal | None:
    """Why an argument is refused; None if all of its premises are proved, or nothing was looked for."""
    if ranked.missing is not None:
        return Refusal(Unknown(f"there is no ranking argument: {ranked.missing}"))
    if found.limit is not None:
        return Refusal(Unknown(found.limit))
    for premise in ranked.premises:
        stuck = found.invariant.stuck.get(premise.id)
        if stuck is None:
            continue
        by = _arriving(premise, oracle, space) if premise.is_of_state else f"`{stuck.step}` breaks it"
        return Refusal(
            Unknown(f"a premise of its ranking argument is not proved: {premise.says}; {by}"), stuck
        )
    return None


def _arriving(premise: Premise, oracle: Oracle, space: Exploration) -> str:
    """The step after which a premise about states fails first."""
    demand = premise.of_step(standing_transition(oracle.machine), BLOCK_PARAMETER)
    grounding = oracle.grounding
    for depth, level in enumerate(space.levels):
        for block, awaited in itertools.product(range(oracle.blocks), repeat=2):
            holds = grounding.expression(demand, {BLOCK_PARAMETER.name: block, AWAITED.name: awaited})
            failing = oracle.select(grounding.terms.not_(holds), level)
            if failing:
                path = oracle.trace_to(space, Finding(premise.id, depth, failing[0]))
                if not path.steps:
                    return "it fails in an initial state"
                return f"it fails after `{path.steps[-1][0].action.label}`, at 1 block"
    return "no step at 1 block leads to where it fails"
