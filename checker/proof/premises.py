"""The premises of a ranking argument, each a condition on single states or single steps, for any number of blocks.

The rule, of which `docs/proofs.md` says why it is sound. Let `pending` be that the property is triggered and not yet
reached; let each part of the rank be a truth value or a set of blocks; let `ready` be that a helpful action is needed
for a block (or at all) and its guard holds. If in every reachable state, and for every step from one,

- *start*: where the property is triggered, it is reached or pending;
- *stays pending*: a step from a pending state leads to one, or reaches the property;
- *falls*: no step between pending states adds to a part of the rank while the parts before it are as they were;
- *help*: in a pending state some helpful step is ready;
- *steady*: a weakly fair action is ready wherever it is needed;
- *progress*: a step that leaves the whole rank as it was leaves each helpful step needed that was, unless one that is
  nearer is ready after it; and if it was that helpful step itself, such a one is, and the state is another;

then, with finitely many blocks, every fair run reaches the property. What must be fair: the helpful steps, each for
every block by itself.

That a property *can* be reached asks the same of a few steps only: of each helpful one, where it is ready and no nearer
one is, that it *stays pending*, that no part of the rank rises (*falls*), and that with the rank as it was a nearer one
is ready (*progress*). Nothing has to be fair. Both are rules for a block that is *awaited*, too, if the property is
about one: the same all along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from splitproof.checker.proof.kinds import BY_RANKING
from splitproof.checker.proof.transitions import HERE, Transition, at_block
from splitproof.model.declarations import Action, Fairness
from splitproof.model.expressions import (
    TRUE,
    At,
    Eq,
    Every,
    Expr,
    Member,
    Param,
    Some,
    Var,
    all_of,
    any_of,
    children,
    fresh_block,
    implies,
    rewrite,
    walk,
    with_children,
)
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.ranking import AWAITED, HelpfulStep, RankComponent
from splitproof.model.state import default_of
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, DATA
from splitproof.spec.properties import Kind, Property

__all__ = ["Premise", "Premises", "premises_of"]

"""The kinds of properties that an argument proves."""


@dataclass(frozen=True, eq=False)
class Premise:
    """One condition. `name`: among those of the property. `says`: what it is, in words.

    `of_step(step, block)`: what it demands of a step, as a tree over both states, about any block; of a step without
    effect, what it demands of a state. `is_of_state`: whether it demands that only.
    """

    property_id: str
    name: str
    says: str
    of_step: Callable[[Transition, Expr], Expr]
    is_of_state: bool

    @property
    def id(self) -> str:
        return f"{self.property_id}.{self.name}"


@dataclass(frozen=True)
class Premises:
    """All that one argument rests on. `missing`: why there is none; then there are no premises.

    `weak`, `strong`: the labels of the actions that have to be fair.
    """

    property: Property
    premises: tuple[Premise, ...] = ()
    weak: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    missing: str | None = None

    def json(self) -> dict[str, Any]:
        """What a certificate says of it: that the property holds if the promises are kept."""
        return {
            "id": self.property.id,
            "statement": self.property.statement,
            "kind": self.property.kind.value,
            "weakly_fair": list(self.weak),
            "strongly_fair": list(self.strong),
            "premises": {premise.name: premise.says for premise in self.premises},
        }


def premises_of(machine: Machine, item: Property) -> Premises:
    """The premises of the machine's argument for a property of the kind *leads to* or *possible*."""
    argument = machine.arguments[item.id]
    missing = _missing(machine, item)
    if missing is not None:
        return Premises(item, missing=missing)
    actions = {action.label: action for action in machine.actions}
    found = _Argument(machine, item)
    if item.kind is Kind.POSSIBLE:
        return Premises(item, tuple(found.premises()))
    labels = list(dict.fromkeys(step.label for step in argument.helpful))
    return Premises(
        item,
        tuple(found.premises()),
        tuple(label for label in labels if actions[label].fairness is Fairness.WEAK),
        tuple(label for label in labels if actions[label].fairness is Fairness.STRONG),
    )


def _missing(machine: Machine, item: Property) -> str | None:
    """Why an argument is none from the start."""
    argument = machine.arguments[item.id]
    if item.kind not in BY_RANKING:
        return "a ranking argument is for a property of the kind `leads to` or `possible`"
    if item.per_block is not argument.per_block:
        per_block, says = ("per block", "no") if item.per_block else ("not per block", "a")
        return f"the property is {per_block}, and its argument speaks of {says} block that is awaited"
    actions = {action.label: action for action in machine.actions}
    for step in argument.helpful:
        action = actions.get(step.label)
        if item.kind is Kind.LEADS_TO and (action is None or action.fairness is None):
            return f"`{step.label}` makes no promise: it may be left out for ever"
        if action is None or action.kind in item.without:
            return f"`{step.label}` is a step that the property is to be reached without"
    return None


@dataclass(frozen=True, eq=False)
class _Help:
    """A helpful step with its action, and that one before it is ready for some block: before a step, and after it."""

    step: HelpfulStep
    action: Action
    nearer_before: Expr

    @property
    def nearer(self) -> Expr:
        return _after(self.nearer_before)

    @property
    def parameter(self) -> Param | None:
        """The block that it is taken for."""
        return next((item for item in self.action.parameters if item.type is BLOCK), None)

    def guard(self, block: Expr) -> Expr:
        """Where the action can be taken for a block: for some data, and with all blocks as its set, if it has such."""

        def chosen(part: Expr) -> Expr | None:
            if isinstance(part, Member):
                return TRUE
            if isinstance(part, Param) and part.name in given:
                return given[part.name]
            return None

        given: dict[str, Expr] = {
            item.name: default_of(item.type) for item in self.action.parameters if item.type is DATA
        }
        if self.parameter is not None:
            given[self.parameter.name] = block
        return rewrite(self.action.guard, chosen)

    def needed(self, block: Expr) -> Expr:
        return at_block(self.step.node, block)

    def is_next(self, transition: Transition) -> Expr | None:
        """That a step is this one, needed, and that none is nearer; None if it is another action."""
        if transition.action is None or transition.action.label != self.action.label:
            return None
        return all_of(self.needed(HERE if self.parameter is None else self.parameter), ~self.nearer_before)

    @property
    def ready(self) -> Expr:
        """That it is needed and can be taken, for some block if it is taken for one."""
        bound = fresh_block()
        node = all_of(self.needed(bound), self.guard(bound))
        return node if self.parameter is None else Some(bound, node)

    def is_taken(self, transition: Transition, block: Expr) -> Expr | None:
        """That a step is this one for this block; None if it is another action."""
        if transition.action is None or transition.action.label != self.action.label:
            return None
        return TRUE if self.parameter is None else Eq(self.parameter, block)


class _Argument:
    """One argument, in trees. `_pending` includes that the property is not reached."""

    def __init__(self, machine: Machine, item: Property) -> None:
        self._machine = machine
        self._item = item
        self._argument = machine.arguments[item.id]
        traced = trace_property(machine, item)
        self._reached = at_block(traced.holds, AWAITED)
        self._trigger = at_block(traced.trigger, AWAITED)
        declared = self._argument.pending
        self._declared = TRUE if declared is None else declared
        self._pending = all_of(self._declared, ~self._reached)
        self._pending_after = _after(self._pending)
        self._unmoved = [_is_unmoved(component) for component in self._argument.rank]
        actions = {action.label: action for action in machine.actions}
        self._helps: list[_Help] = []
        nearer: Expr = ~TRUE
        for step in self._argument.helpful:
            help_ = _Help(step, actions[step.label], nearer)
            self._helps.append(help_)
            nearer = any_of(nearer, help_.ready)
        self._somebody = nearer

    def premises(self) -> Iterator[Premise]:
        """All of them, those of states first."""
        begun = implies(self._trigger, any_of(self._reached, self._declared))
        yield self._of_state("start", "where it is triggered, it is reached or pending", lambda block: begun)
        help_ = implies(self._pending, self._somebody)
        yield self._of_state(
            "help", "while it is pending, some helpful step can be taken", lambda block: help_
        )
        is_possible = self._item.kind is Kind.POSSIBLE
        for place, item in enumerate(self._helps, start=1):
            if item.action.fairness is Fairness.WEAK and not is_possible:
                says = f"while `{item.action.label}` is needed, it can be taken: its promise is weak"
                yield self._of_state(f"steady.{place}", says, self._steady(item))
        yield self._of_step("stays", "what is pending stays so until it is reached", self._stays)
        for place, component in enumerate(self._argument.rank):
            says = f"`{component.meaning}` only falls"
            yield self._of_step(f"falls.{place + 1}", says, self._falls(place, component))
        for place, item in enumerate(self._helps, start=1):
            if is_possible:
                says = f"`{item.action.label}` brings nearer what is pending"
                yield self._of_step(f"progress.{place}", says, self._arrival(item))
            else:
                says = (
                    f"`{item.action.label}` stays needed until it is taken, and brings nearer what is pending"
                )
                yield self._of_step(f"progress.{place}", says, self._progress(item))

    def _of_state(self, name: str, says: str, demands: Callable[[Expr], Expr]) -> Premise:
        def of_step(transition: Transition, block: Expr) -> Expr:
            return TRUE if transition.changed else demands(block)

        return Premise(self._item.id, name, says, of_step, is_of_state=True)

    def _of_step(self, name: str, says: str, demands: Callable[[Transition, Expr], Expr]) -> Premise:
        def of_step(transition: Transition, block: Expr) -> Expr:
            return demands(transition, block) if transition.changed else TRUE

        def of_helpful_step(transition: Transition, block: Expr) -> Expr:
            """What is asked of steps that somebody takes who wants to get there, of those and of no other."""
            taken = [found for item in self._helps if (found := item.is_next(transition)) is not None]
            return implies(any_of(*taken), of_step(transition, block)) if taken else TRUE

        of = of_helpful_step if self._item.kind is Kind.POSSIBLE else of_step
        return Premise(self._item.id, name, says, of, is_of_state=False)

    def _steady(self, item: _Help) -> Callable[[Expr], Expr]:
        return lambda block: implies(all_of(self._pending, item.needed(block)), item.guard(block))

    def _stays(self, transition: Transition, block: Expr) -> Expr:
        if not _touches(transition, self._declared):
            return TRUE
        return implies(self._pending, any_of(_after(self._reached), _after(self._declared)))

    def _falls(self, place: int, component: RankComponent) -> Callable[[Transition, Expr], Expr]:
        def demands(transition: Transition, block: Expr) -> Expr:
            here = at_block(component.node, block)
            if not _touches(transition, here):
                return TRUE
            premise = all_of(
                self._pending, self._pending_after, *self._unmoved_in(transition, place), _after(here)
            )
            return implies(premise, here)

        return demands

    def _progress(self, item: _Help) -> Callable[[Transition, Expr], Expr]:
        def demands(transition: Transition, block: Expr) -> Expr:
            needed = item.needed(block)
            taken = item.is_taken(transition, block)
            if taken is None and not _touches(transition, needed):
                return TRUE
            premise = all_of(
                self._pending, self._pending_after, *self._unmoved_in(transition, len(self._unmoved)), needed
            )
            kept = any_of(_after(needed), item.nearer)
            if taken is None:
                return implies(premise, kept)
            assert transition.action is not None
            done = all_of(item.nearer, any_of(*map(self._is_changed, transition.action.updates)))
            return all_of(implies(all_of(premise, taken), done), implies(all_of(premise, ~taken), kept))

        return demands

    def _arrival(self, item: _Help) -> Callable[[Transition, Expr], Expr]:
        def demands(transition: Transition, _block: Expr) -> Expr:
            taken = item.is_next(transition)
            if taken is None:
                return TRUE
            unmoved = self._unmoved_in(transition, len(self._unmoved))
            return implies(all_of(self._pending, self._pending_after, *unmoved, taken), item.nearer)

        return demands

    def _unmoved_in(self, transition: Transition, count: int) -> Iterator[Expr]:
        """That a step leaves the first parts of the rank as they were; those that it does not touch it does."""
        for component, unmoved in zip(self._argument.rank[:count], self._unmoved, strict=False):
            if _touches(transition, component.node):
                yield unmoved

    def _is_changed(self, update: Update) -> Expr:
        """That what is written is not what was there; of data and references, nothing is said."""
        type_ = self._machine.leaves[update.name].type
        if type_ is DATA or type_ is BLOCK:
            return ~TRUE
        if update.bound is not None:
            bound = fresh_block()
            return Some(bound, ~Eq(At(update.name, bound, type_, True), At(update.name, bound, type_)))
        if update.index is not None:
            return ~Eq(At(update.name, update.index, type_, True), At(update.name, update.index, type_))
        return ~Eq(Var(update.name, type_, True), Var(update.name, type_))


def _is_unmoved(component: RankComponent) -> Expr:
    if not component.per_block:
        return Eq(_after(component.node), component.node)
    bound = fresh_block()
    here = at_block(component.node, bound)
    return Every(bound, Eq(_after(here), here))


def _touches(transition: Transition, node: Expr) -> bool:
    return any(isinstance(part, Var | At) and part.name in transition.changed for part in walk(node))


@lru_cache(maxsize=1 << 16)
def _after(node: Expr) -> Expr:
    """A tree over the state, said of the state after the step; trees that share parts still do."""
    match node:
        case Var(name, type_, False):
            return Var(name, type_, True)
        case At(name, index, type_, False):
            return At(name, _after(index), type_, True)
        case _:
            return with_children(node, [_after(child) for child in children(node)])
