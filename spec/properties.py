"""What is asked of a controller: each property a positive sentence that cites what it checks.

A property is a plain function over `s`, which may be the state of a model or what was observed of a real controller;
it names variables and predicates (`s.tape[b].data`, `s.logical[b]`) and is traced once into an expression tree. A
design that has no variable of that name cannot be asked.

Kinds (`s` a state, `b` any block):

- `always(holds=lambda s, b: ...)`: in every reachable state, for every block;
- `step(holds=lambda before, after, b: ...)`: of every step;
- `possible(reaches=lambda s: ...)`: from every reachable state (in which `trigger` holds), a state can be reached
  where `reaches` holds, without any step of the kinds in `without`.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from splitproof.spec.vocabulary import StepKind

__all__ = ["Expectation", "Kind", "Property", "always", "possible", "step"]


class Kind(enum.Enum):
    """How a property is read; see the module's docstring."""

    ALWAYS = "always"
    STEP = "step"
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Property:
    """A property. `trigger` says when it has something to say; a run where it never does is vacuous.

    `per_block`: whether its functions take a block, over which it is quantified universally.
    `needs_blocks`: the least number of blocks at which it means anything.
    """

    id: str
    statement: str
    kind: Kind
    cites: tuple[str, ...]
    holds: Callable[..., Any]
    trigger: Callable[..., Any] | None = None
    without: frozenset[StepKind] = field(default_factory=frozenset)
    per_block: bool = False
    needs_blocks: int = 1


@dataclass(frozen=True)
class Expectation:
    """The verdict that a design declares for a property, and the requirements or gaps that predict it."""

    holds: bool
    cites: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        return "holds" if self.holds else "violated"

    @classmethod
    def parse(cls, property_id: str, verdict: str) -> Expectation:
        if verdict not in ("holds", "violated"):
            raise ValueError(
                f"expected verdict of {property_id} is {verdict!r}; accepted are 'holds' and 'violated'"
            )
        return cls(verdict == "holds")


def always(
    id: str,
    statement: str,
    *,
    holds: Callable[..., Any],
    trigger: Callable[..., Any] | None = None,
    cites: tuple[str, ...] = (),
    needs_blocks: int = 1,
) -> Property:
    """`holds(s)` or `holds(s, b)` in every reachable state; `trigger` with the same parameters."""
    per_block = len(inspect.signature(holds).parameters) == 2
    return Property(
        id, statement, Kind.ALWAYS, cites, holds, trigger, per_block=per_block, needs_blocks=needs_blocks
    )


def step(
    id: str,
    statement: str,
    *,
    holds: Callable[..., Any],
    trigger: Callable[..., Any] | None = None,
    cites: tuple[str, ...] = (),
) -> Property:
    """`holds(before, after)` or `holds(before, after, b)` of every step; `trigger` with the same parameters."""
    per_block = len(inspect.signature(holds).parameters) == 3
    return Property(id, statement, Kind.STEP, cites, holds, trigger, per_block=per_block)


def possible(
    id: str,
    statement: str,
    *,
    reaches: Callable[..., Any],
    trigger: Callable[..., Any],
    without: tuple[StepKind, ...] = (),
    cites: tuple[str, ...] = (),
) -> Property:
    """From every reachable state where `trigger(s)` holds, `reaches(s)` can come true without the named steps."""
    return Property(id, statement, Kind.POSSIBLE, cites, reaches, trigger, frozenset(without))
