"""The state graph where its edges are only gone through: of every reachable state, the steps that can be taken."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Exploration
from splitproof.checker.search.oracle import Oracle, slices
from splitproof.checker.search.reachability import require_complete

__all__ = ["Successors", "successors_of"]


@dataclass(frozen=True)
class Successors:
    """Of each state, the steps by index, each with the state after it, in canonical order.

    `initial`: the initial states. `steps`: the ground steps.
    """

    initial: tuple[int, ...]
    steps: Sequence[GroundStep]
    successors: dict[int, list[tuple[int, int]]]


def successors_of(oracle: Oracle, exploration: Exploration) -> Successors:
    """Every reachable state and every step, in some hundred bytes a step. The search may be another engine's.

    Raises:
        ValueError: the exploration is not complete.
    """
    require_complete(exploration)
    levels = [sorted(level) for level in exploration.levels]
    found: dict[int, list[tuple[int, int]]] = {state: [] for level in levels for state in level}
    template = Template(
        "found", lambda step, after: [f"push(({step.index}, {after}))"], each=("push = found[s].append",)
    )
    program = oracle.program(template)
    for states in itertools.chain.from_iterable(map(slices, levels)):
        program(states, found)
    for steps in found.values():
        steps.sort()
    return Successors(tuple(oracle.initial), oracle.steps, found)
