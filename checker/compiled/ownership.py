"""Whether the data of each block can be renamed by itself: who owns a datum, and what has to be so for it to be sound.

The contents of a block are data *of that block*: a slot of block b holds data of b, a global slot data of the block
that a reference beside it names (its *owner*). Swapping the two values of all data of one block is a symmetry if
steps move data to places of the same owner only, compare data of one owner only, and never take what a slot holds
while it means nothing (a default, whatever the data are called) for data (cf. Ip and Dill, 1996; Wolper, 1986).

Every ground tree is walked with what is known along the way. What the walk needs and does not know is an
*obligation*: a truth value over states. Most follow from the guards. Those that do not are left to the search, which
asks every state that it visits; as long as none fails, each step and each property looks the same from a state and
from its image, and so, by induction over runs, does what is reachable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from splitproof.checker.ground.grounding import GroundProperty, GroundStep
from splitproof.checker.ground.packing import BitField
from splitproof.checker.ground.simplify import Context
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import FALSE, TRUE, And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BLOCK, DATA
from splitproof.spec.properties import Kind

__all__ = ["OFFENCE", "Owned", "Ownership", "data_owners", "ownership_obstacle"]

OFFENCE = "takes data of one block for another's, or what means nothing for data"


@dataclass(frozen=True)
class Owned:
    """A slot of data: the condition under which it means something, and the block that it is data of, as trees."""

    field: BitField
    meaning: Expr
    owner: Expr


@dataclass(frozen=True)
class _Place:
    """What is known at a point of a walk: as a context, and as the conditions that led there."""

    context: Context
    path: tuple[Expr, ...] = ()


class Ownership:
    """The obligations of an engine's steps and properties.

    `obligations`: what every reachable state has to satisfy besides what follows from the guards, each with whom it is
    needed for. `obstacle`: a sentence if something can never be satisfied.
    """

    def __init__(self, engine: Engine, owned: Mapping[str, Owned]) -> None:
        self._engine = engine
        self._terms = engine.grounding.terms
        self._owned = owned
        self._subject = ""
        self._parameters: dict[Var, Expr] = {}
        self.obligations: dict[Expr, str] = {}
        self.obstacle: str | None = None
        start = _Place(self._terms.nothing_known)
        for slot in owned.values():
            self._walk_slot(slot, start)
        for step in _steps(engine):
            self._walk_step(step)
        for item in engine.properties.values():
            self._walk_property(item, start)

    # -- what is walked --------------------------------------------------------------------------------

    def _walk_slot(self, slot: Owned, start: _Place) -> None:
        """Whether a slot means something is the same in a state and in its image, and where it does, so does the
        reference that names its owner.
        """
        self._subject = slot.field.slot.name
        self._walk(slot.meaning, start)
        if isinstance(slot.owner, Var):
            reference = self._meaning_of_reference(slot.owner)
            self._oblige(self._terms.or_(self._terms.not_(slot.meaning), reference), start)

    def _meaning_of_reference(self, reference: Var) -> Expr:
        grounding = self._engine.grounding
        condition = next(node for slot, node in grounding.layout.conditions if slot.name == reference.name)
        return self._terms.under(grounding.expression(condition), self._terms.nothing_known)

    def _walk_step(self, step: GroundStep) -> None:
        self._subject = step.action.label
        self._parameters = {}
        place = _Place(step.context, (step.guard,))
        self._walk(step.guard, _Place(self._terms.nothing_known))
        for name, value in step.updates.items():
            if name not in self._owned:
                self._walk(value, place)
        for slot in self._owned.values():
            self._walk_data(step, slot, place)
        for item in self._engine.properties.values():
            if item.property.kind is Kind.STEP:
                self._subject = f"{item.property.id} of {step.action.label}"
                for node in filter(self._reads_data, (*item.conjuncts, item.trigger)):
                    self._walk(self._engine.grounding.over_step(step, node), place)

    def _walk_data(self, step: GroundStep, slot: Owned, place: _Place) -> None:
        """After the step a slot means something and holds data of its owner, or means nothing and holds none."""
        terms, updates, name = self._terms, step.updates, slot.field.slot.name
        settled = {*terms.free(slot.meaning), *terms.free(slot.owner)}
        if name not in updates and not any(variable.name in updates for variable in settled):
            return
        value = updates.get(name)
        if value is None:
            value = terms.under(terms.var(name, DATA), place.context)
        after = {variable: updates.get(variable.name, variable) for variable in settled}
        means, owner = terms.substitute(slot.meaning, after), terms.substitute(slot.owner, after)
        for leaf, where in self._leaves(value, place):
            if isinstance(leaf, Const):
                self._oblige(terms.not_(means), where)
            else:
                self._oblige(means, where)
                self._own(leaf, owner, where)

    def _walk_property(self, item: GroundProperty, start: _Place) -> None:
        if item.property.kind is not Kind.STEP:
            self._subject = item.property.id
            for node in (*item.conjuncts, item.trigger):
                self._walk(node, start)

    # -- trees -----------------------------------------------------------------------------------------

    def _reads_data(self, node: Expr) -> bool:
        return any(variable.type is DATA for variable in self._terms.free(node))

    def _walk(self, node: Expr, place: _Place) -> None:
        """A tree that is not data has the same value in a state and in its image."""
        if not self._reads_data(node):
            return
        if self._terms.as_literal(node) is not None:  # data compared with one of its values
            self._oblige(FALSE, place)
            return
        match node:
            case Not(operand):
                self._walk(operand, place)
            case And(operands) | Or(operands):
                self._walk_junction(operands, place, truth=isinstance(node, And))
            case Eq(left, right) if left.type is DATA:
                for one, there in self._leaves(left, place):
                    for other, where in self._leaves(right, there):
                        self._compare(one, other, where)
            case Eq(left, right) | Less(left, right) | Plus(left, right):
                self._walk(left, place)
                self._walk(right, place)
            case Ite():
                for branch, where in self._branches(node, place):
                    self._walk(branch, where)
            case _:
                raise TypeError(type(node))

    def _walk_junction(self, operands: tuple[Expr, ...], place: _Place, *, truth: bool) -> None:
        """An operand matters only where those before it leave the value open; those without data come first."""
        inner: _Place | None = place
        for operand in sorted(operands, key=self._reads_data):
            if inner is None:
                return
            self._walk(operand, inner)
            inner = self._assume(inner, operand, truth=truth)

    def _branches(self, node: Ite, place: _Place) -> Iterator[tuple[Expr, _Place]]:
        self._walk(node.condition, place)
        for branch, truth in ((node.yes, True), (node.no, False)):
            where = self._assume(place, node.condition, truth=truth)
            if where is not None:
                yield branch, where

    def _leaves(self, node: Expr, place: _Place) -> Iterator[tuple[Var | Const, _Place]]:
        """The variables and constants that a tree of data may stand for, and where."""
        match node:
            case Var() | Const():
                yield node, place
            case Ite():
                for branch, where in self._branches(node, place):
                    yield from self._leaves(branch, where)
            case _:
                raise TypeError(type(node))

    def _assume(self, place: _Place, node: Expr, *, truth: bool) -> _Place | None:
        context = self._terms.assume(place.context, node, truth)
        if context is None:
            return None
        return _Place(context, (*place.path, node if truth else self._terms.not_(node)))

    def _compare(self, one: Var | Const, other: Var | Const, place: _Place) -> None:
        if isinstance(one, Const) or isinstance(other, Const):
            self._oblige(FALSE, place)
            return
        if one in self._parameters or one.name in self._owned:
            one, other = other, one  # a parameter belongs to whom it is first used for
        self._own(one, self._owner(other, place), place)

    # -- obligations -----------------------------------------------------------------------------------

    def _owner(self, leaf: Var, place: _Place) -> Expr:
        """The block that a variable holds data of; it has to mean something."""
        slot = self._owned.get(leaf.name)
        if slot is None:
            return self._parameters.setdefault(leaf, self._terms.const(0, BLOCK))
        self._oblige(slot.meaning, place)
        return slot.owner

    def _own(self, leaf: Var, owner: Expr, place: _Place) -> None:
        """A variable holds data of this block; a parameter is data of the first block that it is asked for."""
        if leaf.name in self._owned:
            self._oblige(self._terms.eq(self._owner(leaf, place), owner), place)
        else:
            self._oblige(self._terms.eq(self._parameters.setdefault(leaf, owner), owner), place)

    def _oblige(self, node: Expr, place: _Place) -> None:
        terms = self._terms
        left = terms.under(node, place.context)
        if left is TRUE:
            return
        needed = terms.or_(left, *(terms.not_(condition) for condition in place.path))
        needed = self._for_any_data(needed)
        if terms.under(needed, terms.nothing_known) is FALSE and self.obstacle is None:
            self.obstacle = f"{self._subject} {OFFENCE}"
        self.obligations.setdefault(needed, self._subject)

    def _for_any_data(self, node: Expr) -> Expr:
        """What a tree says of a state if it holds whatever the data parameters are."""
        terms, slots = self._terms, self._engine.grounding.slots
        open_ = (variable for variable in terms.free(node) if variable.name not in slots)
        for parameter in sorted(open_, key=lambda variable: variable.name):
            each = ({parameter: terms.const(value, DATA)} for value in terms.domain(parameter))
            node = terms.and_(*(terms.substitute(node, known) for known in each))
        return node


def data_owners(engine: Engine) -> dict[str, Owned]:
    """By name, the slots of data, but for those of which no reference says whose they are.

    A global slot belongs to the block that the first reference of its own record names, or else the first of all.
    """
    grounding, terms = engine.grounding, engine.grounding.terms
    conditions = {slot.name: node for slot, node in grounding.layout.conditions}
    references = [slot for slot in grounding.layout.slots if slot.leaf.type is BLOCK and slot.block is None]
    found = {}
    for slot in grounding.layout.slots:
        if slot.leaf.type is not DATA:
            continue
        condition = conditions.get(slot.name)
        known = {} if slot.block is None else {"b": slot.block}
        meaning = TRUE if condition is None else grounding.expression(condition, known)
        if slot.block is not None:
            owner = terms.const(slot.block, BLOCK)
        elif references:
            record = slot.name.rpartition(".")[0]
            owner = grounding.variable(
                min(references, key=lambda item: item.name.rpartition(".")[0] != record)
            )
        else:
            continue
        field = engine.packing.fields[slot.name]
        found[slot.name] = Owned(field, terms.under(meaning, terms.nothing_known), owner)
    return found


def ownership_obstacle(engine: Engine) -> str | None:
    """Why no data can be swapped, before any tree is walked; None if that is left to be found out."""
    for step in engine.forced:
        if any(parameter.type is DATA for parameter in step.action.parameters):
            return f"folding takes {step.action.label} with the first data first; search without folding"
    owned = data_owners(engine)
    for slot in engine.grounding.layout.slots:
        if slot.leaf.type is DATA and slot.name not in owned:
            return f"{slot.name} is data of no block: no reference says which"
    return None


def _steps(engine: Engine) -> Iterator[GroundStep]:
    """All steps; those with data for a parameter once, for any data."""
    grounding = engine.grounding
    for action in engine.actions:
        if any(parameter.type is DATA for parameter in action.parameters):
            yield from grounding.steps_for_any_data(action)
    for step in grounding.steps:
        if not any(parameter.type is DATA for parameter in step.action.parameters):
            yield step
