"""Ranking arguments: why something comes about in the end, however many blocks there are.

What is waited for comes about because a *rank* never rises, and because at every moment some *helpful* step can be
taken that brings it nearer. A design says what falls and who helps; `checker/proof/premises.py` turns that into
conditions on single steps, and nothing is believed before each of them is proved (`docs/proofs.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from splitproof.model.checks import check_references
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Declarations
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Expr, truth
from splitproof.model.misuse import describe, nearest
from splitproof.model.source import check_parameters, check_source, place_of, required_parameters
from splitproof.model.state import State
from splitproof.model.tracing import looking
from splitproof.model.types import BLOCK
from splitproof.spec.vocabulary import Processor

__all__ = ["Falls", "HelpfulStep", "Helps", "RankComponent", "RankingArgument", "trace_ranking"]


@dataclass(frozen=True)
class Falls:
    """A part of the rank: `holds(s)` is true for a while and then no more, or the blocks of `holds(s, b)` get fewer.

    `meaning`: what is true, or which blocks they are, in words.
    """

    meaning: str
    holds: Callable[..., Any]


@dataclass(frozen=True)
class Helps:
    """A fair action that is needed while `needed(s)` holds, or `needed(s, b)` if it is taken for a block.

    `action`: its name; `by`: who takes it, where several processors have an action of that name.
    """

    action: str
    needed: Callable[..., Any]
    by: Processor | None = None


@dataclass(frozen=True)
class RankComponent:
    """`Falls`, traced: a truth value, over `BLOCK_PARAMETER` if it is per block."""

    meaning: str
    node: Expr
    per_block: bool


@dataclass(frozen=True)
class HelpfulStep:
    """`Helps`, traced: when the action with this label is needed, over `BLOCK_PARAMETER` if it is taken for a block."""

    label: str
    node: Expr


@dataclass(frozen=True)
class RankingArgument:
    """Why a property of the kind *leads to* holds.

    `pending`: what is true from the trigger on until it is reached; None: that it is not reached yet. `rank`: the part
    that counts most first. `helpful`: the steps that bring it nearest first.
    """

    property_id: str
    pending: Expr | None
    rank: tuple[RankComponent, ...]
    helpful: tuple[HelpfulStep, ...]


def trace_ranking(
    machine: Declarations,
    property_id: str,
    rank: Sequence[Falls],
    helpful: Sequence[Helps],
    pending: Callable[..., Any] | None,
) -> RankingArgument:
    """The argument over the machine's variables, predicates and actions.

    Raises:
        ModelError: it names what the machine does not have, or an action that is chosen for more than one block.
    """
    for item, kind in (*((part, Falls) for part in rank), *((part, Helps) for part in helpful)):
        if not isinstance(item, kind):
            raise ModelError(
                f"the argument for {property_id} has {describe(item)} where a {kind.__name__}(...) is accepted"
            )
    if not helpful:
        raise ModelError(
            f"the argument for {property_id} names no helpful step; nothing comes about by itself"
        )
    what = f"the argument for {property_id}"
    return RankingArgument(
        property_id,
        None if pending is None else _traced(machine, f"{what}: pending", pending, per_block=False),
        tuple(
            RankComponent(
                item.meaning, _traced(machine, f"{what}: {item.meaning}", item.holds, per_block), per_block
            )
            for item in rank
            for per_block in [len(required_parameters(item.holds)) == 2]
        ),
        tuple(_helpful(machine, what, item) for item in helpful),
    )


def _helpful(machine: Declarations, what: str, item: Helps) -> HelpfulStep:
    action = _action(machine, what, item)
    others = [parameter for parameter in action.parameters if parameter.type is not BLOCK]
    if others or len(action.parameters) > 1:
        raise ModelError(
            f"{what} rests on {action.label}, which is taken for ({', '.join(p.name for p in action.parameters)}); "
            "accepted are actions without parameters, or with one Block: each choice of it is promised by itself",
            action.where,
        )
    needed = _traced(machine, f"{what}: {action.label}", item.needed, bool(action.parameters))
    return HelpfulStep(action.label, needed)


def _action(machine: Declarations, what: str, item: Helps) -> Action:
    found = [
        action for action in machine.actions if action.name == item.action and item.by in (None, action.by)
    ]
    if not found:
        names = [action.name for action in machine.actions]
        near = nearest(item.action, names) or f"there are {', '.join(names)}"
        raise ModelError(f"{what} rests on {item.action}, which {machine.name} does not have; {near}")
    if len(found) > 1:
        takers = " and ".join(str(action.by) for action in found)
        raise ModelError(f"{what} rests on {item.action}, which {takers} take; say which with by=")
    return found[0]


def _traced(machine: Declarations, what: str, function: Callable[..., Any], per_block: bool) -> Expr:
    where = place_of(function)
    check_parameters(what, function, "(s, b)" if per_block else "(s)")
    check_source(function)
    with looking(what):
        node = truth(function(State(machine), *([BLOCK_PARAMETER] if per_block else [])), what)
    check_references(machine, what, node, [], where)
    return node
