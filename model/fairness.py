"""What a fair run owes: the promises that actions make, and of which steps each is kept.

A run takes steps one after the other, or stays as it is; both may go on for ever. A *promise* is made by a fair
action, for each choice of its `Block` parameters by itself: a worker that serves one block for ever and another
never breaks it. Values of `Data` and `BlockSet` parameters are the choice of whoever asks: a promise is kept by
a step with any of them. A step that changes nothing is none: it neither keeps a promise nor makes one due. In TLA+:
`\\A b \\in Block : WF_vars(\\E d \\in Data : action(b, d))`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from splitproof.model.declarations import Action, Fairness
from splitproof.model.interpreter import Step
from splitproof.model.machine import Machine
from splitproof.model.types import BLOCK, values_of

__all__ = ["Promise", "promises_of"]


@dataclass(frozen=True, eq=False)
class Promise:
    """That an action is taken with these blocks (one for each of its `Block` parameters) if it is due.

    Weak: if it can be taken from some point on without a break. Strong: if it can be taken again and again.
    """

    action: Action
    blocks: tuple[int, ...]

    @property
    def is_strong(self) -> bool:
        return self.action.fairness is Fairness.STRONG

    def covers(self, step: Step) -> bool:
        """Whether the step keeps it."""
        return step.action is self.action and _blocks_of(step) == self.blocks

    def __str__(self) -> str:
        blocks = ", ".join(f"block {block}" for block in self.blocks)
        return f"{self.action.label}({blocks})"


def promises_of(machine: Machine, blocks: int) -> tuple[Promise, ...]:
    """Every promise of a machine with so many blocks, in the order of declaration."""
    found = []
    for action in machine.actions:
        if action.fairness is not None:
            chosen = [
                values_of(BLOCK, blocks, 1) for parameter in action.parameters if parameter.type is BLOCK
            ]
            found += [Promise(action, values) for values in itertools.product(*chosen)]
    return tuple(found)


def _blocks_of(step: Step) -> tuple[int, ...]:
    pairs = zip(step.action.parameters, step.arguments, strict=True)
    return tuple(value for parameter, value in pairs if parameter.type is BLOCK)
