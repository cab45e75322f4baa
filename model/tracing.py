"""Tracing: the function of an action is called once, and what it says is collected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from splitproof.model.errors import ModelError
from splitproof.model.expressions import Expr, Param

__all__ = ["Clause", "Trace", "Update", "current_trace", "looking", "tracing"]


@dataclass(frozen=True)
class Clause:
    """One `when(...)`: a conjunct of a guard, with its place in the source.

    `needs_blocks`: the least number of blocks at which it can be all that blocks its action.
    `idle`: why it need not be, where the design keeps it all the same.
    """

    condition: Expr
    where: str
    text: str
    needs_blocks: int = 1
    idle: str | None = None


@dataclass(frozen=True)
class Update:
    """One write. `index` is the block written, None for a global variable; `bound` makes it a write of all
    blocks.
    """

    name: str
    index: Expr | None
    bound: Param | None
    value: Expr
    where: str


@dataclass
class Trace:
    """What a traced function has said so far."""

    clauses: list[Clause] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)


_current: list[Trace | str] = []
"""The action being traced; on top of it, by its name, a predicate or property, which may only look."""


@contextmanager
def tracing() -> Iterator[Trace]:
    """Collect the clauses and updates of the function called inside."""
    trace = Trace()
    _current.append(trace)
    try:
        yield trace
    finally:
        _current.pop()


@contextmanager
def looking(what: str) -> Iterator[None]:
    """Nothing inside may write or guard; `what` names the predicate, condition or property."""
    if what in _current:
        raise ModelError(
            f"{what} is defined by itself; define it by variables, or by predicates that do not use it"
        )
    _current.append(what)
    try:
        yield
    finally:
        _current.pop()


def current_trace(what: str) -> Trace:
    """What the action that is being traced has said so far; `what` names who asks.

    Raises:
        ModelError: no action is being traced, or something that only looks at the state.
    """
    if not _current:
        raise ModelError(f"{what} outside an action; it belongs into a function under @machine.action")
    trace = _current[-1]
    if isinstance(trace, str):
        raise ModelError(f"{what} in {trace}, which only looks at the state; it belongs into an action")
    return trace
