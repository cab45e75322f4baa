"""What is asked of a controller: each property a positive sentence that cites what it checks.

A property is a plain function over `s`, which may be the state of a model or what was observed of a real controller;
it names variables and predicates (`s.tape[b].data`, `s.logical[b]`) and is traced once into an expression tree. A
design that has no variable of that name cannot be asked.

Kinds (`s` a state, `b` any block):

- `always(holds=lambda s, b: ...)`: in every reachable state, for every block;
- `step(holds=lambda before, after, b: ...)`: of every step;
- `possible(reaches=lambda s: ...)`: from every reachable state (in which `trigger` holds), a state can be reached
  where `reaches` holds, without any step of the kinds in `without`;
- `leads_to(reaches=lambda s, b: ...)`: on every fair run, each state in which `trigger` holds is followed by one in
  which `reaches` holds, at once or later;
- `count(during=lambda s: ...)`: while `during` holds, events of one kind happen at least and at most so often.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from splitproof.spec.vocabulary import Event, StepKind

__all__ = ["Expectation", "Kind", "Property", "always", "count", "leads_to", "possible", "step"]


class Kind(enum.Enum):
    """How a property is read; see the module's docstring."""

    ALWAYS = "always"
    STEP = "step"
    POSSIBLE = "possible"
    LEADS_TO = "leads to"
    COUNT = "count"


@dataclass(frozen=True)
class Property:
    """A property. `trigger` says when it has something to say; a run where it never does is vacuous.

    `per_block`: whether its functions take a block, over which it is quantified universally.
    `needs_blocks`: the least number of blocks at which it means anything.
    `carries`: a data value that must, in some run in which the trigger holds, be one that a host wrote; where it is
    only ever what the volumes held at the start, a pass says nothing. With the parameters of `trigger`.
    `event`, `at_least`, `at_most` (None: any number): what a `count` property counts, and its bounds.
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
    carries: Callable[..., Any] | None = None
    event: Event | None = None
    at_least: int = 0
    at_most: int | None = None


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
    carries: Callable[..., Any] | None = None,
) -> Property:
    """`holds(s)` or `holds(s, b)` in every reachable state; `trigger` and `carries` with the same parameters."""
    return Property(
        id,
        statement,
        Kind.ALWAYS,
        cites,
        holds,
        trigger,
        per_block=_parameters(holds) == 2,
        needs_blocks=needs_blocks,
        carries=carries,
    )


def step(
    id: str,
    statement: str,
    *,
    holds: Callable[..., Any],
    trigger: Callable[..., Any] | None = None,
    cites: tuple[str, ...] = (),
    needs_blocks: int = 1,
) -> Property:
    """`holds(before, after)` or `holds(before, after, b)` of every step; `trigger` with the same parameters."""
    per_block = _parameters(holds) == 3
    return Property(
        id, statement, Kind.STEP, cites, holds, trigger, per_block=per_block, needs_blocks=needs_blocks
    )


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


def leads_to(
    id: str,
    statement: str,
    *,
    trigger: Callable[..., Any],
    reaches: Callable[..., Any],
    cites: tuple[str, ...] = (),
) -> Property:
    """After each state where `trigger(s)` holds, on every run that is fair as the actions declare, `reaches(s)` holds.

    Both take `(s)`, or both `(s, b)`: then what is asked is asked of each block by itself.
    """
    per_block = _parameters(reaches) == 2
    return Property(id, statement, Kind.LEADS_TO, cites, reaches, trigger, per_block=per_block)


def count(
    id: str,
    statement: str,
    *,
    event: Event,
    during: Callable[..., Any],
    at_least: int = 0,
    at_most: int | None = None,
    cites: tuple[str, ...] = (),
) -> Property:
    """From each step after which `during(s)` holds first to the one that ends it, both included, steps that count
    as `event` are taken at least and at most so often (`at_most=None`: any number of times)."""
    return Property(
        id, statement, Kind.COUNT, cites, during, during, event=event, at_least=at_least, at_most=at_most
    )


def _parameters(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)
