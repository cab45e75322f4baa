"""Ranking arguments: why something comes about in the end, however many blocks there are.

What is waited for comes about because a *rank* never rises, and because at every moment some *helpful* step can be
taken that brings it nearer. That something *can* come about needs less: only the helpful steps must not make the rank
rise. A design says what falls and who helps; `checker/proof/premises.py` turns that into conditions on single steps,
and nothing is believed before each of them is proved (`docs/proofs.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from splitproof.model.checks import check_references
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action, Declarations
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Expr, Param, truth
from splitproof.model.misuse import describe, nearest
from splitproof.model.source import check_parameters, check_source, place_of, required_parameters
from splitproof.model.state import State
from splitproof.model.tracing import looking
from splitproof.model.types import BLOCK, BLOCK_SET, DATA
from splitproof.spec.vocabulary import Processor

__all__ = [
    "AWAITED",
    "Falls",
    "HelpfulStep",
    "Helps",
    "RankComponent",
    "RankingArgument",
    "awaited_falls",
    "awaited_helps",
    "trace_ranking",
]

AWAITED: Final = Param("_awaited", BLOCK)
"""The block that a property per block is about: one and the same all along the run. No action has such a parameter."""


@dataclass(frozen=True)
class Falls:
    """A part of the rank: `holds(s)` is true for a while and then no more, or the blocks of `holds(s, b)` get fewer.

    `meaning`: what is true, or which blocks they are, in words. Of a property per block, the functions of an argument
    take its block besides, before the other one.
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


def awaited_falls(about: Callable[[Any], Sequence[Falls]]) -> list[Falls]:
    """Parts of a rank that are declared for some block, as parts of the rank of a property about a block."""
    return [
        Falls(item.meaning, _with_block(partial(_holds_of, about, place), item.holds))
        for place, item in enumerate(about(AWAITED))
    ]


def awaited_helps(about: Callable[[Any], Sequence[Helps]]) -> list[Helps]:
    """The same for helpful steps."""
    return [
        Helps(
            item.action,
            _with_block(partial(_needed_of, about, place), item.needed),
            item.by,
        )
        for place, item in enumerate(about(AWAITED))
    ]


def _holds_of(about: Callable[[Any], Sequence[Falls]], place: int, block: Any) -> Callable[..., Any]:
    return about(block)[place].holds


def _needed_of(about: Callable[[Any], Sequence[Helps]], place: int, block: Any) -> Callable[..., Any]:
    return about(block)[place].needed


def _with_block(
    function_of: Callable[[Any], Callable[..., Any]], like: Callable[..., Any]
) -> Callable[..., Any]:
    """A function that takes a block besides, after the state, and hands the rest on to one of that block."""
    if len(required_parameters(like)) == 1:
        return lambda s, awaited: function_of(awaited)(s)
    return lambda s, awaited, b: function_of(awaited)(s, b)


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
    """Why a property of the kind *leads to* or *possible* holds.

    `pending`: what is true from the trigger on until it is reached; None: that it is not reached yet. `rank`: the part
    that counts most first. `helpful`: the steps that bring it nearest first. `per_block`: whether it is about a block,
    `AWAITED`.
    """

    property_id: str
    pending: Expr | None
    rank: tuple[RankComponent, ...]
    helpful: tuple[HelpfulStep, ...]
    per_block: bool = False


def trace_ranking(
    machine: Declarations,
    property_id: str,
    rank: Sequence[Falls],
    helpful: Sequence[Helps],
    pending: Callable[..., Any] | None,
    per_block: bool,
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
    about = (AWAITED,) if per_block else ()
    return RankingArgument(
        property_id,
        None if pending is None else _traced(machine, f"{what}: pending", pending, about),
        tuple(_component(machine, what, item, about) for item in rank),
        tuple(_helpful(machine, what, item, about) for item in helpful),
        per_block,
    )


def _component(machine: Declarations, what: str, item: Falls, about: tuple[Param, ...]) -> RankComponent:
    is_set = len(required_parameters(item.holds)) > 1 + len(about)
    blocks = (*about, BLOCK_PARAMETER) if is_set else about
    return RankComponent(
        item.meaning, _traced(machine, f"{what}: {item.meaning}", item.holds, blocks), is_set
    )


def _helpful(machine: Declarations, what: str, item: Helps, about: tuple[Param, ...]) -> HelpfulStep:
    action = _action(machine, what, item)
    blocks = [parameter for parameter in action.parameters if parameter.type is BLOCK]
    others = [parameter for parameter in action.parameters if parameter.type not in (BLOCK, BLOCK_SET, DATA)]
    if others or len(blocks) > 1:
        raise ModelError(
            f"{what} rests on {action.label}, which is taken for ({', '.join(p.name for p in action.parameters)}); "
            "accepted are actions with one Block at most, each choice of which is promised by itself, and with data or "
            "a set of blocks, which are whatever is chosen",
            action.where,
        )
    taken_for = (*about, BLOCK_PARAMETER) if blocks else about
    return HelpfulStep(action.label, _traced(machine, f"{what}: {action.label}", item.needed, taken_for))


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


def _traced(
    machine: Declarations, what: str, function: Callable[..., Any], blocks: tuple[Param, ...]
) -> Expr:
    where = place_of(function)
    names = {AWAITED.name: "awaited", BLOCK_PARAMETER.name: "b"}
    check_parameters(what, function, f"({', '.join(['s', *(names[block.name] for block in blocks)])})")
    check_source(function)
    with looking(what):
        node = truth(function(State(machine), *blocks), what)
    check_references(machine, what, node, [], where)
    return node
