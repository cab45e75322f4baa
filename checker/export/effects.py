"""What a step does, in an order in which it can be done one assignment after the other.

The step of a design reads the state before it and writes the state after it, all at once; then what means nothing any
more is forgotten (`while_`). A language of assignments does the same if nothing is read after it was written: writes
are put into such an order, and where there is none, values are kept aside first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action
from splitproof.model.evaluation import UNKNOWN, evaluate
from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Less,
    Not,
    Or,
    Param,
    Plus,
    Some,
    Var,
    all_of,
    any_of,
    ite,
    same,
    walk,
)
from splitproof.model.machine import Machine
from splitproof.model.tracing import Update

__all__ = ["Effect", "Forgetting", "conditions_of", "effect_of", "leaves_read", "over_step"]


@dataclass(frozen=True)
class Forgetting:
    """A variable that holds its type's first value from now on unless `condition` holds; None: it never does.

    `index`: the only block for which this can change anything; None for all of them, or if it is not per block.
    The condition is over `BLOCK_PARAMETER` if the variable is per block, and reads the state after the step.
    """

    leaf: str
    index: Param | None
    condition: Expr | None


@dataclass(frozen=True)
class Effect:
    """A step: first the values of `kept` are set aside, then come the writes `ordered`, then those that were kept,
    then what is forgotten, in this order.

    `changed`: the variables that the step may change.
    """

    kept: tuple[Update, ...]
    ordered: tuple[Update, ...]
    forgotten: tuple[Forgetting, ...]
    changed: frozenset[str]


def effect_of(machine: Machine, action: Action) -> Effect:
    """What a step of the action does."""
    kept, ordered = _in_order(action.updates)
    forgotten, changed = _forgotten(machine, action)
    return Effect(tuple(kept), tuple(ordered), tuple(forgotten), frozenset(changed))


def leaves_read(node: Expr, after: bool | None = None) -> set[str]:
    """The variables that a tree reads; of a step property, before or after the step if `after` is given."""
    return {read.name for read in _reads(node) if after is None or read.after is after}


def over_step(node: Expr, changed: frozenset[str]) -> Expr:
    """What a tree over both states of a step says where only these variables change: `TRUE` where it cannot fail."""
    over = partial(over_step, changed=changed)
    match node:
        case Var(name, type_, after):
            return Var(name, type_, after and name in changed)
        case At(name, index, type_, after):
            return At(name, over(index), type_, after and name in changed)
        case Not(operand):
            return ~over(operand)
        case And(operands):
            return all_of(*map(over, operands))
        case Or(operands):
            return any_of(*map(over, operands))
        case Eq(left, right):
            return over(left) == over(right)
        case Less(left, right):
            return Less(over(left), over(right))
        case Plus(left, right, sign):
            return Plus(over(left), over(right), sign)
        case Every(bound, body) | Some(bound, body):
            inner = over(body)
            return inner if isinstance(inner, Const) else type(node)(bound, inner)
        case Ite(condition, yes, no):
            return ite(over(condition), over(yes), over(no))
        case _:  # constants, parameters and membership of a set
            return node


def _reads(node: Expr) -> Iterator[Var | At]:
    return (found for found in walk(node) if isinstance(found, Var | At))


# -- the order of writes -------------------------------------------------------------------------------------


def _in_order(updates: tuple[Update, ...]) -> tuple[list[Update], list[Update]]:
    """The updates whose values are kept aside, and the others in an order in which none reads what is overwritten."""
    kept: list[Update] = []
    ordered: list[Update] = []
    left = list(updates)
    while left:
        free = next((item for item in left if _may_come_first(item, left)), None)
        chosen = free or next(item for item in left if _read_by(item))
        (ordered if free else kept).append(chosen)
        left.remove(chosen)
    return kept, ordered


def _may_come_first(update: Update, left: list[Update]) -> bool:
    others = (item for item in left if item is not update)
    return not _overwrites_itself(update) and all(update.name not in _read_by(item) for item in others)


def _read_by(update: Update) -> set[str]:
    return leaves_read(update.value) | (set() if update.index is None else leaves_read(update.index))


def _overwrites_itself(update: Update) -> bool:
    """Whether a write of all blocks reads the same variable for another block than the one written."""
    own = [read for read in _reads(update.value) if read.name == update.name]
    return update.bound is not None and any(
        isinstance(read, At) and read.index is not update.bound for read in own
    )


# -- what is forgotten ---------------------------------------------------------------------------------------


def conditions_of(machine: Machine) -> dict[str, Expr]:
    """When each conditional variable means something, in the order in which it is forgotten (`Layout.conditions`).

    A condition reads only what is settled before (`checks.check_conditions`). So a step has nothing to forget of which
    it changes neither the variable nor what its condition reads.
    """
    order = sorted(machine.leaves, key=lambda name: machine.leaves[name].per_block)  # stable
    return {name: condition for name in order if (condition := machine.while_of(name)) is not None}


def _forgotten(machine: Machine, action: Action) -> tuple[list[Forgetting], set[str]]:
    """What a step of the action has to forget, and the variables that it may change."""
    changed = {update.name for update in action.updates}
    places: dict[str, list[Expr | None]] = {}  # where each changed variable changes; None: anywhere
    for update in action.updates:
        places.setdefault(update.name, []).append(update.index)
    undecided: set[str] = set()
    found = []
    for leaf, condition in conditions_of(machine).items():
        speaks_of = (leaves_read(condition) | {leaf}) & changed
        if not speaks_of:
            continue
        is_column = machine.leaves[leaf].per_block
        index = (
            _only_index(condition, [place for name in speaks_of for place in places[name]])
            if is_column
            else None
        )
        known = None if is_column and index is None else _decided(action, condition, index, undecided)
        if known is True:
            continue
        changed.add(leaf)
        undecided.add(leaf)
        places.setdefault(leaf, []).append(index)
        found.append(Forgetting(leaf, index, None if known is False else condition))
    return found, changed


def _only_index(condition: Expr, places: list[Expr | None]) -> Param | None:
    """The parameter that names the only block of which anything can be forgotten; None if there is no such."""
    first = places[0]
    if not isinstance(first, Param) or any(place is None or not same(first, place) for place in places):
        return None
    other = [r for r in _reads(condition) if isinstance(r, At) and not same(r.index, BLOCK_PARAMETER)]
    return None if other else first


def _decided(action: Action, condition: Expr, index: Param | None, undecided: set[str]) -> bool | None:
    """What the condition is, if constants that the step has just written decide it; None if they do not."""
    constants: dict[str, Any] = {}
    for update in action.updates:
        is_here = update.index is None if index is None else isinstance(update.index, Param)
        if is_here and update.bound is None and isinstance(update.value, Const):
            constants[update.name] = update.value.value
    written_twice = {
        update.name for update in action.updates if sum(o.name == update.name for o in action.updates) > 1
    }

    def lookup(name: str, _block: int | None, _after: bool) -> Any:
        if name in undecided or name in written_twice:
            return UNKNOWN
        return constants.get(name, UNKNOWN)

    if any(isinstance(read, At) for read in _reads(condition)) and index is None:
        return None
    value = evaluate(condition, lookup, blocks=1, known={BLOCK_PARAMETER.name: 0})
    return None if value is UNKNOWN else bool(value)
