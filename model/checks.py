"""The rules that a declaration must obey, checked while it is made.

Atomicity: a step touches its processor's own memory and one other cell. Access: each cell says who may touch it.
Ghosts: no step reads one. Data: no step compares any. Domains: no step can write outside one. Writes: none twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from splitproof.model.cells import Cell
from splitproof.model.errors import ModelError
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import At, Eq, Every, Expr, Param, Some, Var, all_of, children, key, same, show, walk
from splitproof.model.types import BLOCK, DATA, Int
from splitproof.spec.vocabulary import Processor

if TYPE_CHECKING:
    from splitproof.model.machine import Action, Leaf, Machine

__all__ = ["check_action", "check_leaf"]

_ENUMERATED_MAX = 100_000
"""Combinations tried to see whether a number can leave its domain."""


@dataclass(frozen=True)
class _Access:
    """One touch of a leaf: `row` is the block's expression, `whole` marks all blocks at once."""

    leaf: Leaf
    row: Expr | None
    whole: bool
    writes: bool

    def cells(self) -> list[tuple[Cell, Any]]:
        """The cells through which this access can be made; a row of None is a cell that is not per block."""
        cell = self.leaf.cell
        if not self.leaf.per_block or not cell.per_block:
            found = [(cell, None)]
        elif self.whole:
            return [(self.leaf.word_of, None)] if self.leaf.word_of is not None else []
        else:
            assert self.row is not None
            found = [(cell, key(self.row))]
        if self.leaf.also_in is not None and not self.writes:
            found.append((self.leaf.also_in, _ANY_ROW))
        return found


_ANY_ROW = "any row"


def check_leaf(machine: Machine, leaf: Leaf, *, has_condition: bool) -> None:
    """A leaf's type can be stored, and its initial value lies in its domain."""
    if leaf.name in machine.leaves:
        raise ModelError(f"{leaf.name} is declared twice in {machine.name}; choose another name")
    if leaf.type.name == "BlockSet":
        raise ModelError(f"{leaf.name} is a BlockSet, which only a parameter can be; declare a per-block Bool")
    if leaf.type is BLOCK and not has_condition:
        raise ModelError(
            f"{leaf.name} refers to a block and must say when it means something; give it while_=lambda r: ..."
        )
    initial = leaf.initial
    if initial is not None and repr(initial) != "ANY" and not leaf.type.accepts(initial):
        raise ModelError(f"{initial!r} as initial value of {leaf.name} is outside its domain; it is {leaf.type.describe()}, or ANY")


def check_action(machine: Machine, action: Action) -> None:
    """All rules of a step. The first offence is raised as a ModelError that names its line."""
    _check_ghosts(machine, action)
    _check_data(machine, action)
    _check_writes(machine, action)
    _check_cells(machine, action)
    _check_domains(machine, action)


def _accesses(machine: Machine, action: Action) -> Iterator[tuple[_Access, str]]:
    """Every touch of a leaf that is no ghost, with its place in the source."""
    for clause in action.clauses:
        for access in _reads(machine, clause.condition):
            yield access, clause.where
    for update in action.updates:
        leaf = machine.leaves[update.name]
        if leaf.is_ghost:
            continue
        if update.index is not None:
            for access in _reads(machine, update.index):
                yield access, update.where
        bound = frozenset() if update.bound is None else frozenset({update.bound.name})
        for access in _reads(machine, update.value, bound):
            yield access, update.where
        yield _Access(leaf, update.index, update.bound is not None, writes=True), update.where


def _reads(machine: Machine, node: Expr, bound: frozenset[str] = frozenset()) -> Iterator[_Access]:
    match node:
        case Var(name):
            yield _Access(machine.leaves[name], None, whole=False, writes=False)
        case At(name, index):
            whole = isinstance(index, Param) and index.name in bound
            yield _Access(machine.leaves[name], None if whole else index, whole, writes=False)
            yield from _reads(machine, index, bound)
        case Every(block, body) | Some(block, body):
            yield from _reads(machine, body, bound | {block.name})
        case _:
            for child in children(node):
                yield from _reads(machine, child, bound)


def _check_ghosts(machine: Machine, action: Action) -> None:
    sources = [(clause.condition, clause.where, "its guard") for clause in action.clauses]
    for update in action.updates:
        if not machine.leaves[update.name].is_ghost:
            sources.append((update.value, update.where, f"what it writes to {update.name}"))
    for node, where, place in sources:
        for leaf_name in _names(node):
            if machine.leaves[leaf_name].is_ghost:
                raise ModelError(f"{action.name} reads the ghost {leaf_name} in {place}; only properties and ghosts may", where)


def _check_data(machine: Machine, action: Action) -> None:
    sources = [(clause.condition, clause.where) for clause in action.clauses]
    sources += [(u.value, u.where) for u in action.updates if not machine.leaves[u.name].is_ghost]
    for node, where in sources:
        for part in walk(node):
            if isinstance(part, Eq) and part.left.type is DATA:
                raise ModelError(
                    f"{action.name} compares data, `{show(part)}`; a step may only copy data, properties may compare it",
                    where,
                )


def _check_writes(machine: Machine, action: Action) -> None:
    for first, second in itertools.combinations(action.updates, 2):
        if first.name != second.name:
            continue
        if first.index is not None and second.index is not None and not same(first.index, second.index):
            how = f"at `{show(first.index)}` and at `{show(second.index)}`, which may be one block"
        else:
            how = "twice"
        raise ModelError(f"{action.name} writes {first.name} {how}; a step writes each variable once", second.where)


def _check_cells(machine: Machine, action: Action) -> None:
    shared: list[tuple[_Access, str]] = []
    for access, where in _accesses(machine, action):
        leaf, cell = access.leaf, access.leaf.cell
        if cell.owner is not None:
            if cell.owner != action.by:
                raise ModelError(
                    f"{action.name} of {action.by} touches {leaf.name} in the {cell}, which only {cell.owner} may touch "
                    f"{_cited(cell)}; take the step on {cell.owner}, or send a message",
                    where,
                )
            continue
        _check_access(action, access, where)
        shared.append((access, where))
    if not shared:
        return
    for access, where in shared:
        if not access.cells():
            raise ModelError(
                f"{action.name} touches {access.leaf.name} of all blocks at once; {access.leaf.cell} is one cell a block. "
                f"Take a step a block, or declare word_of for a table that can be read as one word",
                where,
            )
    for cell in _distinct(shared):
        if all(_admits(access, cell) for access, _ in shared):
            return
    first, where = shared[0]
    other, other_where = next(
        (pair for pair in shared if not any(_admits(pair[0], cell) for cell in first.cells())), shared[-1]
    )
    raise ModelError(
        f"{action.name} touches two cells, {_place(first)} ({where}) and {_place(other)} ({other_where}); a step touches "
        f"its processor's own memory and one other cell. Split it into two steps",
        other_where,
    )


def _distinct(shared: list[tuple[_Access, str]]) -> Iterator[tuple[Cell, Any]]:
    seen = []
    for access, _ in shared:
        for cell in access.cells():
            if cell[1] != _ANY_ROW and cell not in seen:
                seen.append(cell)
                yield cell


def _admits(access: _Access, cell: tuple[Cell, Any]) -> bool:
    return any(own == cell[0] and row in (_ANY_ROW, cell[1]) for own, row in access.cells())


def _place(access: _Access) -> str:
    row = "" if access.row is None else f"[{show(access.row)}]"
    return f"{access.leaf.cell}{row} (for {access.leaf.name})"


def _check_access(action: Action, access: _Access, where: str) -> None:
    cell = access.leaf.cell
    allowed = cell.writers if access.writes else cell.readers
    if allowed is not None and action.by not in allowed:
        verb = "writes" if access.writes else "reads"
        raise ModelError(
            f"{action.name} of {action.by} {verb} {access.leaf.name} in {cell}, which only {_names_of(allowed)} may "
            f"{_cited(cell)}; take the step on one of those, or declare the access in the cell",
            where,
        )


def _check_domains(machine: Machine, action: Action) -> None:
    for update in action.updates:
        domain = machine.leaves[update.name].type
        written = update.value.type
        if not isinstance(domain, Int) or not isinstance(written, Int):
            continue
        if domain.low <= written.low and written.high <= domain.high:
            continue
        outside = _outside(machine, action, update.value, domain)
        if outside is not None:
            raise ModelError(
                f"{action.name} can write {outside} to {update.name}, which is {domain.describe()}; "
                f"guard it with a when(...), or widen the domain",
                update.where,
            )


def _outside(machine: Machine, action: Action, value: Expr, domain: Int) -> int | None:
    """A value outside the domain that `value` can take, as far as the clauses over its own variables tell."""
    names = {part.name: part.type for part in walk(value) if isinstance(part, Var)}
    if any(isinstance(part, At | Param | Every | Some) for part in walk(value)):
        clauses: list[Expr] = []
        names = {}
    else:
        clauses = [c.condition for c in action.clauses if _names(c.condition) <= set(names) and not _has_blocks(c.condition)]
    domains = [type_.values(1) for type_ in names.values()]
    size = 1
    for values in domains:
        size *= len(values)
    if not names or size > _ENUMERATED_MAX:
        found = value.type
        assert isinstance(found, Int)
        return found.high if found.high > domain.high else found.low
    guard = all_of(*clauses)
    for combination in itertools.product(*domains):
        known = dict(zip(names, combination, strict=True))
        if evaluate(guard, lambda name, block, after: known[name], 1):  # noqa: B023  # called at once
            written = evaluate(value, lambda name, block, after: known[name], 1)  # noqa: B023  # called at once
            if not domain.low <= written <= domain.high:
                return int(written)
    return None


def _has_blocks(node: Expr) -> bool:
    return any(isinstance(part, At | Param | Every | Some) for part in walk(node))


def _names(node: Expr) -> set[str]:
    return {part.name for part in walk(node) if isinstance(part, Var | At)}


def _names_of(processors: frozenset[Processor]) -> str:
    return " or ".join(sorted(str(processor) for processor in processors))


def _cited(cell: Cell) -> str:
    return f"[{', '.join(cell.cites)}]" if cell.cites else ""


