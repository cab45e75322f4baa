"""Every small change of a machine's steps: a guard clause dropped, an effect dropped or altered.

A mutant is a machine with one traced action replaced: the tree is changed, never what a tree means. What the language
refuses (a cell that may not be touched, a reference that means nothing, a value outside its domain) is caught before
there is a mutant.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

from splitproof.model.checks import check_action
from splitproof.model.declarations import Action
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Const, Expr, Ite, show
from splitproof.model.machine import Machine
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, BOOL, EnumType, Int

__all__ = ["Mutation", "mutant", "mutations_of"]

_ONE_BLOCK = "which block it is makes a difference from 2 blocks on"


@dataclass(frozen=True)
class Mutation:
    """One change of one action.

    `place`: of the action among the machine's. `kind`: `clause dropped`, `effect dropped` or `effect altered`.
    `text`: what is dropped, or what is written instead. `because`: why it may make no difference: what the design
    declares of a clause, or that a reference has one value where there is one block.
    """

    place: int
    action: Action
    kind: str
    text: str
    where: str
    because: str = ""

    @property
    def label(self) -> str:
        return self.action.label

    def __str__(self) -> str:
        return f"{self.label}: {self.kind}: {self.text} ({self.where})"


def mutations_of(machine: Machine) -> Iterator[Mutation]:
    """All of them, in the order of the actions: clauses, then effects as they are written."""
    for place, action in enumerate(machine.actions):
        for index, clause in enumerate(action.clauses):
            rest = action.clauses[:index] + action.clauses[index + 1 :]
            needed = f"needs {clause.needs_blocks} blocks" if clause.needs_blocks > 1 else ""
            yield Mutation(
                place,
                replace(action, clauses=rest),
                "clause dropped",
                show(clause.condition),
                clause.where,
                clause.idle or needed,
            )
        for index, update in enumerate(action.updates):
            others = action.updates[:index], action.updates[index + 1 :]
            without = replace(action, updates=others[0] + others[1])
            reference = _ONE_BLOCK if machine.leaves[update.name].type is BLOCK else ""
            yield Mutation(place, without, "effect dropped", _assignment(update), update.where, reference)
            altered = _altered(update.value)
            if altered is not None:
                changed = replace(update, value=altered)
                instead = replace(action, updates=(*others[0], changed, *others[1]))
                yield Mutation(place, instead, "effect altered", _assignment(changed), update.where)


def mutant(machine: Machine, mutation: Mutation) -> Machine:
    """The machine with the change; its properties, and what is expected of them, are the machine's.

    Raises:
        ModelError: the language refuses the changed action.
    """
    action = mutation.action
    if not action.updates:
        raise ModelError(f"{action.name} changes nothing; a step writes at least one variable", action.where)
    made = copy.copy(machine)
    made.actions = [*machine.actions]
    made.actions[mutation.place] = action
    check_action(made, action)
    return made


def _assignment(update: Update) -> str:
    if update.bound is not None:
        return f"{update.name}.each({show(update.value)})"
    target = update.name if update.index is None else f"{update.name}[{show(update.index)}]"
    return f"{target} = {show(update.value)}"


def _altered(value: Expr) -> Expr | None:
    """Another value of the same type; None where none can be said.

    A truth value is negated; of a choice between two values the other is taken; a member of an enumeration gives way to
    the next one, a number to its neighbour. Blocks and data have no other value that a step could name.
    """
    match value:
        case Ite(condition, yes, no):
            return Ite(condition, no, yes)
        case _ if value.type is BOOL:
            return ~value
        case Const(member, EnumType() as type_):
            members = type_.members
            return Const(members[(members.index(member) + 1) % len(members)], type_)
        case Const(number, Int()):
            return Const(number + 1, Int(number + 1, number + 1))
        case _:
            return None
