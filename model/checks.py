"""The rules that a declaration must obey, checked while it is made; `access` has those about cells.

Ghosts: no step reads one. Data: no step compares any. Domains: no step can write outside one. Writes: none
twice. References: no step looks at a block reference that means nothing. Guards: none excludes itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from splitproof.model.access import check_cells
from splitproof.model.cases import conjuncts, contradiction, entails, value_outside
from splitproof.model.declarations import Action, Declarations, Leaf
from splitproof.model.errors import ModelError, UndeclaredError
from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Or,
    Param,
    Some,
    Var,
    children,
    rewrite,
    same,
    show,
    walk,
)
from splitproof.model.misuse import describe
from splitproof.model.records import ANY
from splitproof.model.tracing import Update
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, Int

__all__ = ["check_action", "check_conditions", "check_leaf", "check_references"]

# -- declarations


def check_leaf(machine: Declarations, leaf: Leaf, *, has_condition: bool) -> None:
    """A leaf's type can be stored in its cell, and its initial value lies in its domain."""
    where = leaf.where
    if leaf.name in machine.leaves:
        raise ModelError(f"{leaf.name} is declared twice in {machine.name}; choose another name", where)
    if leaf.type is BLOCK_SET:
        raise ModelError(
            f"{leaf.name} is a BlockSet, which only a parameter can be; declare a per_block Bool", where
        )
    if leaf.type is BLOCK and not has_condition:
        raise ModelError(
            f"{leaf.name} refers to a block and must say when it means something; give it while_=lambda r: "
            "...",
            where,
        )
    if leaf.cell.per_block and not leaf.per_block:
        raise ModelError(
            f"{leaf.name} is one variable, and {leaf.cell} is one cell for each block; declare it "
            "per_block=True",
            where,
        )
    for other in machine.leaves.values():
        if str(other.cell) == str(leaf.cell) and other.cell != leaf.cell:
            raise ModelError(
                f"{leaf.name} and {other.name} lie in two different cells that are both called {leaf.cell}; "
                "declare the cell once, or name them apart",
                where,
            )
    _check_initial(leaf, has_condition)


def _check_initial(leaf: Leaf, has_condition: bool) -> None:
    if leaf.initial is ANY:
        return
    if leaf.initial is not None and not leaf.type.accepts(leaf.initial):
        accepted = "ANY" if leaf.type in (BLOCK, DATA) else f"{leaf.type.describe()}, or ANY"
        raise ModelError(
            f"{leaf.name} cannot start as {describe(leaf.initial)}; accepted is {accepted}", leaf.where
        )
    if leaf.type is DATA and not has_condition and not leaf.is_ghost:
        raise ModelError(
            f"{leaf.name} is data, and would start as the same data everywhere; give it initial=ANY, or "
            "while_=lambda r: ... if it means nothing at the start",
            leaf.where,
        )


# -- steps


def check_action(machine: Declarations, action: Action) -> None:
    """All rules of a step. The first offence is raised as a ModelError that names its line."""
    _check_parameters(action)
    _check_guard(action)
    _check_ghosts(machine, action)
    _check_data(machine, action)
    _check_writes(action)
    check_cells(machine, action)
    _check_domains(machine, action)
    guard = [clause.condition for clause in action.clauses]
    for place, clause in enumerate(action.clauses):
        check_references(
            machine, action.name, clause.condition, guard[:place] + guard[place + 1 :], clause.where
        )
    for update in action.updates:
        for node in _sources(update):
            check_references(machine, action.name, node, guard, update.where)


def _sources(update: Update) -> tuple[Expr, ...]:
    """What a write reads."""
    return (update.value,) if update.index is None else (update.index, update.value)


def _read_by_step(machine: Declarations, action: Action) -> Iterator[tuple[Expr, str, str]]:
    """Every tree that the controller itself evaluates, with its place in the source and in the action."""
    for clause in action.clauses:
        yield clause.condition, clause.where, "its guard"
    for update in action.updates:
        if not machine.leaves[update.name].is_ghost:
            for node in _sources(update):
                yield node, update.where, f"what it writes to {update.name}"


def _check_parameters(action: Action) -> None:
    known = frozenset(parameter.name for parameter in action.parameters)
    trees = [(clause.condition, clause.where, known) for clause in action.clauses]
    for update in action.updates:
        bound = known if update.bound is None else known | {update.bound.name}
        trees += [(node, update.where, bound) for node in _sources(update)]
    for tree, where, names in trees:
        for stray in _free(tree, names):
            raise ModelError(
                f"{action.name} uses the block `{stray}` outside the every(...), some(...), each(...) or "
                "action that it belongs to; quantify over it, or make it a parameter",
                where,
            )


def _free(node: Expr, bound: frozenset[str]) -> Iterator[Param]:
    match node:
        case Param(name) if name not in bound:
            yield node
        case Every(own, body) | Some(own, body):
            yield from _free(body, bound | {own.name})
        case _:
            for child in children(node):
                yield from _free(child, bound)


def _check_guard(action: Action) -> None:
    for clause in action.clauses:
        if isinstance(clause.condition, Const):
            raise ModelError(
                f"{action.name} can never be taken: `{clause.text}` is False whatever the state; leave the "
                "action out with a Python if, or ask about the state",
                clause.where,
            )
    clashing = contradiction(clause.condition for clause in action.clauses)
    if clashing:
        shown = " and ".join(f"`{node}`" for node in clashing)
        where = next(
            (c.where for c in reversed(action.clauses) if _shares(c.condition, clashing)), action.where
        )
        raise ModelError(
            f"{action.name} can never be taken: nothing satisfies {shown}; drop one of its clauses", where
        )


def _shares(condition: Expr, nodes: Iterable[Expr]) -> bool:
    return any(part is node for part in conjuncts((condition,)) for node in nodes)


def _check_ghosts(machine: Declarations, action: Action) -> None:
    for node, where, place in _read_by_step(machine, action):
        for part in walk(node):
            if isinstance(part, Var | At) and machine.leaves[part.name].is_ghost:
                raise ModelError(
                    f"{action.name} reads the ghost {part.name} in {place}; only properties and ghosts may. "
                    "Declare it machine.shared or machine.memory if the controller has it",
                    where,
                )


def _check_data(machine: Declarations, action: Action) -> None:
    for node, where, place in _read_by_step(machine, action):
        for part in walk(node):
            if isinstance(part, Eq) and part.left.type is DATA:
                raise ModelError(
                    f"{action.name} compares data, `{part}`, in {place}; a step may only copy data, and "
                    "properties and ghosts may compare it",
                    where,
                )


def _check_writes(action: Action) -> None:
    for first, second in itertools.combinations(action.updates, 2):
        if first.name != second.name:
            continue
        if first.index is None and second.index is None:
            how = "twice"
        elif first.index is not None and second.index is not None:
            at = show(first.index), show(second.index)
            is_same = same(first.index, second.index)
            how = "twice" if is_same else f"at `{at[0]}` and at `{at[1]}`, which may be one block"
        else:
            how = "for all blocks and for one of them"
        raise ModelError(
            f"{action.name} writes {first.name} {how} ({first.where}, {second.where}); a step writes each "
            "variable once, so choose the value with ite(condition, yes, no)",
            second.where,
        )


def _check_domains(machine: Declarations, action: Action) -> None:
    for update in action.updates:
        domain, written = machine.leaves[update.name].type, update.value.type
        if not isinstance(domain, Int) or not isinstance(written, Int):
            continue
        if domain.low <= written.low and written.high <= domain.high:
            continue
        guard = (clause.condition for clause in action.clauses)
        outside = value_outside(update.value, domain.low, domain.high, guard)
        if outside is not None:
            raise ModelError(
                f"{action.name} can write {outside} to {update.name}, which is {domain.describe()}; exclude "
                "it with a when(...), or widen the domain",
                update.where,
            )


def check_references(machine: Declarations, user: str, node: Expr, facts: list[Expr], where: str) -> None:
    """Wherever a tree reads a block reference, the facts and what stands beside it say that the reference
    means something. Else it would read as one certain block, and blocks would not be interchangeable.
    """
    if not any(isinstance(part, Var | At) and part.type is BLOCK for part in walk(node)):
        return
    match node:
        case And(operands) | Or(operands):
            for place, operand in enumerate(operands):
                others = operands[:place] + operands[place + 1 :]
                beside = others if isinstance(node, And) else tuple(~other for other in others)
                check_references(machine, user, operand, [*facts, *beside], where)
            return
        case Ite(condition, yes, no):
            check_references(machine, user, condition, facts, where)
            check_references(machine, user, yes, [*facts, condition], where)
            check_references(machine, user, no, [*facts, ~condition], where)
            return
        case Var() | At() if node.type is BLOCK:
            needed = _meaning_of(machine, node)
            if needed is not None and not entails(facts, needed):
                raise ModelError(
                    f"{user} looks at the block `{node}`, which means something only while `{needed}`; join "
                    "that with &, or add it to the guard",
                    where,
                )
    for child in children(node):
        check_references(machine, user, child, facts, where)


def _meaning_of(machine: Declarations, node: Var | At) -> Expr | None:
    """The condition under which what is read means something, about the same block and the same state."""
    condition = machine.while_of(node.name)
    if condition is None:
        return None

    def placed(part: Expr) -> Expr | None:
        if isinstance(part, Param) and part.name == "b":
            return node.index if isinstance(node, At) else None
        if isinstance(part, Var):
            return Var(part.name, part.type, node.after)
        if isinstance(part, At):
            return At(part.name, rewrite(part.index, placed), part.type, node.after)
        return None

    return rewrite(condition, placed)


def check_conditions(machine: Declarations, *, is_complete: bool) -> None:
    """What each `while_` reads is settled before it, and tells the controller nothing that it may not know.

    Conditions are applied in the order of `Layout.slots`: variables of which there is one, then those per
    block. Unless the machine `is_complete`, a condition that names what is not declared yet is left for
    later.
    """
    unsettled = set(machine.conditions)
    for leaf in sorted(machine.leaves.values(), key=lambda leaf: leaf.per_block):  # a stable sort
        if leaf.name not in unsettled:
            continue
        try:
            condition = machine.conditions[leaf.name].node()
        except UndeclaredError:
            if is_complete:
                raise
            continue
        for part in walk(condition):
            _check_condition(machine, leaf, part, unsettled)
        check_references(machine, f"while_ of {leaf.name}", condition, [], leaf.where)
        unsettled.discard(leaf.name)


def _check_condition(machine: Declarations, leaf: Leaf, part: Expr, unsettled: set[str]) -> None:
    if isinstance(part, Eq) and part.left.type is DATA and not leaf.is_ghost:
        raise ModelError(
            f"while_ of {leaf.name} compares data, `{part}`; what is forgotten steers the controller, so "
            "only a ghost's while_ may compare data",
            leaf.where,
        )
    if not isinstance(part, Var | At):
        return
    if machine.leaves[part.name].is_ghost and not leaf.is_ghost:
        raise ModelError(
            f"while_ of {leaf.name} reads the ghost {part.name}; what is forgotten steers the controller, so "
            "only a ghost's while_ may read ghosts",
            leaf.where,
        )
    if part.name in unsettled:
        raise ModelError(
            f"while_ of {leaf.name} reads {part.name}, whose own while_ is applied later; declare "
            f"{part.name} before it (variables per block come after all others), or read something else",
            leaf.where,
        )
