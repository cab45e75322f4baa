"""Which of the shortest counterexamples to tell: the one with the fewest changes of processor.

All shortest runs to a violation have the same length, and most differ only in how independent steps interleave. The
one in which each processor does as much as it can in one go shows just the interleaving that matters (the wish of
users of TLC: fewest process switches in a trace). Messages count as one party, as they are told in one line.
"""

from __future__ import annotations

from collections.abc import Collection

from splitproof.checker.engine import Arrival, Engine, Exploration, Path
from splitproof.checker.grounding import GroundStep
from splitproof.spec.vocabulary import StepKind

__all__ = ["calmest_path"]

_Choice = tuple[int, int, int, str]
"""Changes of party from here on, the ground step to take, the state after it, and the party of the step after that."""


def calmest_path(engine: Engine, exploration: Exploration, depth: int, bad: Collection[int]) -> Path:
    """The shortest path to one of the states `bad` of level `depth` that changes party least often.

    Ties are broken by the smallest steps and states, from the beginning, so that the choice is canonical.
    """
    parties = [_party(step) for step in engine.steps]
    choices: list[dict[int, dict[str, _Choice]]] = [{state: {"": (0, -1, state, "")} for state in bad}]
    for level in reversed(exploration.levels[:depth]):
        later = choices[-1]
        choices.append(_best(engine.arrivals(level, later.keys()), later, parties))
    return _walk(engine, choices)


def _party(step: GroundStep) -> str:
    return "messages" if step.action.kind is StepKind.MESSAGE else str(step.action.by)


def _best(
    found: list[Arrival], later: dict[int, dict[str, _Choice]], parties: list[str]
) -> dict[int, dict[str, _Choice]]:
    """For each state and each party that can move first there, the best choice."""
    best: dict[int, dict[str, _Choice]] = {}
    for state, index, after in sorted(found):
        party = parties[index]
        for following, (changes, _, _, _) in later[after].items():
            choice = (changes + (following not in ("", party)), index, after, following)
            known = best.setdefault(state, {}).get(party)
            if known is None or choice < known:
                best[state][party] = choice
    return best


def _walk(engine: Engine, choices: list[dict[int, dict[str, _Choice]]]) -> Path:
    layers = list(reversed(choices))
    _, start, party = min(
        (choice[0], state, party)
        for state, by_party in layers[0].items()
        for party, choice in by_party.items()
    )
    state, steps = start, []
    for layer in layers[:-1]:
        _, index, state, following = layer[state][party]
        steps.append((engine.steps[index], state))
        party = following
    return Path(start, tuple(steps))
