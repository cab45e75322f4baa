"""Which of the shortest counterexamples to tell: the one with the fewest changes of processor.

All shortest runs to a violation have the same length, and most differ only in how independent steps interleave. The
one in which each processor does as much as it can in one go shows just the interleaving that matters (the wish of
users of TLC: fewest process switches in a trace). Messages count as one party, as they are told in one line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Arrival, Engine, Exploration, Path
from splitproof.spec.vocabulary import StepKind

__all__ = ["Choices", "best_choices", "calmest_path", "calmest_walk", "parties_of"]

_Choice = tuple[int, int, int, str]
"""Changes of party from here on, the ground step to take, the state after it, and the party of the step after that."""

Choices = dict[int, dict[str, _Choice]]
"""For each state that is so many steps from the end, and each party that can move first there, the best choice."""


def calmest_path(engine: Engine, exploration: Exploration, depth: int, bad: Collection[int]) -> Path:
    """The shortest path to one of the states `bad` of level `depth` that changes party least often.

    Ties are broken by the smallest steps and states, from the beginning, so that the choice is canonical.
    """
    parties = parties_of(engine)
    choices: list[Choices] = [{state: {"": (0, -1, state, "")} for state in bad}]
    for level in reversed(exploration.levels[:depth]):
        later = choices[-1]
        choices.append(best_choices(engine.arrivals(level, later.keys()), later, parties))
    start, steps = calmest_walk(choices)
    return Path(start, tuple((engine.steps[index], state) for index, state in steps))


def parties_of(engine: Engine) -> list[str]:
    """Who takes each ground step, as changes are counted."""
    return [_party(step) for step in engine.steps]


def _party(step: GroundStep) -> str:
    return "messages" if step.action.kind is StepKind.MESSAGE else str(step.action.by)


def best_choices(found: list[Arrival], later: Choices, parties: Sequence[str]) -> Choices:
    """The choices one step earlier; `found`: state, ground step, and a state of `later` after it."""
    best: Choices = {}
    for state, index, after in sorted(found):
        party = parties[index]
        for following, (changes, _, _, _) in later[after].items():
            choice = (changes + (following not in ("", party)), index, after, following)
            known = best.setdefault(state, {}).get(party)
            if known is None or choice < known:
                best[state][party] = choice
    return best


def calmest_walk(choices: Sequence[Choices]) -> tuple[int, list[tuple[int, int]]]:
    """The best first state, and the steps from there, each by index with the state after it.

    `choices`: last ones first, as they are found.
    """
    *layers, _ = reversed(choices)
    _, start, party = min(
        (choice[0], state, party)
        for state, by_party in choices[-1].items()
        for party, choice in by_party.items()
    )
    state, steps = start, []
    for layer in layers:
        _, index, state, following = layer[state][party]
        steps.append((index, state))
        party = following
    return start, steps
