"""The files of a certificate that show that its lemmas leave room for the actions: states in which they can be taken.

As many actions as can be taken in one state share a file, for the lemmas take a solver longer to read than to satisfy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import z3

from splitproof.checker.proof.smtlib import Text
from splitproof.checker.proof.transitions import Transition
from splitproof.model.expressions import Param, rewrite

__all__ = ["BLOCKS_OF_EXAMPLES", "Example", "examples"]

BLOCKS_OF_EXAMPLES = 2


@dataclass(frozen=True)
class Example:
    """A state in which all of some actions can be taken; `sat` is the right answer to the file."""

    labels: tuple[str, ...]
    content: str
    says: str


@dataclass(frozen=True)
class _Taken:
    """An action: what it is taken for, and where it can be taken, under names that no other action uses."""

    label: str
    declared: tuple[str, ...]
    guard: str


def examples(
    text: Text, head: Callable[[str], list[str]], assumed: Sequence[str], transitions: Sequence[Transition]
) -> Iterator[Example]:
    """Few states in which each of the actions can be taken. `text`: of `BLOCKS_OF_EXAMPLES`. `assumed`: the lemmas."""
    left = [_taken(text, place, transition) for place, transition in enumerate(transitions, start=1)]
    solver = z3.Solver(ctx=z3.Context())
    lines = [*text.sorts(), *text.state(), *assumed]
    for place, item in enumerate(left):
        lines += [*item.declared, f"(declare-const taken.{place} Bool)"]
        lines.append(f"(assert (=> taken.{place} {item.guard}))")
    solver.from_string("\n".join(lines))
    literals = {item.label: z3.Bool(f"taken.{place}", solver.ctx) for place, item in enumerate(left)}
    while left:
        together = left[:1]  # it may be that there is no such state: then the file says so
        for item in left[1:]:
            if solver.check([literals[other.label] for other in (*together, item)]) == z3.sat:
                together.append(item)
        left = [item for item in left if item not in together]
        yield _example(head, assumed, together)


def _taken(text: Text, place: int, transition: Transition) -> _Taken:
    own = {item.name: Param(f"{item.name}.{place}", item.type) for item in transition.parameters}
    guard = rewrite(transition.guard, lambda part: own.get(part.name) if isinstance(part, Param) else None)
    return _Taken(transition.name, tuple(text.declared(tuple(own.values()))), text.of(guard))


def _example(head: Callable[[str], list[str]], assumed: Sequence[str], together: Sequence[_Taken]) -> Example:
    labels = tuple(item.label for item in together)
    lines = [
        *head(f"these can be taken in one state where the lemmas hold, with {BLOCKS_OF_EXAMPLES} blocks"),
        *assumed,
    ]
    for item in together:
        lines += [f"; {item.label}", *item.declared, f"(assert {item.guard})"]
    says = f"the lemmas leave room for {', '.join(labels)}"
    return Example(labels, "\n".join([*lines, "(check-sat)", ""]), says)
