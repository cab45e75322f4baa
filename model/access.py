"""Atomicity and access: a step touches its processor's own memory and one other cell, if it may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from splitproof.model.cells import Cell
from splitproof.model.declarations import Action, Declarations, Leaf
from splitproof.model.errors import ModelError
from splitproof.model.expressions import At, Every, Expr, Param, Some, Var, children, key, show, walk

__all__ = ["check_cells"]

_ANY_ROW = "any row"


@dataclass(frozen=True)
class _Access:
    """One touch of a leaf: `row` is the block's expression, `whole` marks all blocks at once."""

    leaf: Leaf
    row: Expr | None
    whole: bool
    writes: bool
    where: str

    def cells(self) -> list[tuple[Cell, Any]]:
        """The cells through which this access can be made; a row of None is a cell that is not per block."""
        cell = self.leaf.cell
        found: list[tuple[Cell, Any]] = []
        if not cell.per_block:
            found.append((cell, None))
        elif not self.whole:
            assert self.row is not None
            found.append((cell, key(self.row)))
        elif self.leaf.word_of is not None:
            found.append((self.leaf.word_of, None))
        if self.leaf.also_in is not None and not self.writes:
            found.append((self.leaf.also_in, _ANY_ROW))
        return found

    def is_in(self, cell: Cell, row: Any) -> bool:
        """Whether the access can be made through that one cell."""
        return any(own == cell and own_row in (_ANY_ROW, row) for own, own_row in self.cells())

    def __str__(self) -> str:
        if not self.leaf.cell.per_block:
            return f"{self.leaf.cell} (for {self.leaf.name}, {self.where})"
        if self.whole:
            return f"all of {self.leaf.cell} (for {self.leaf.name}, {self.where})"
        assert self.row is not None
        return f"{self.leaf.cell}[{show(self.row)}] (for {self.leaf.name}, {self.where})"


def check_cells(machine: Declarations, action: Action) -> None:
    """The step may make each of its accesses, and makes all of them in one cell besides its own memory."""
    shared: list[_Access] = []
    for access in _accesses(machine, action):
        if access.leaf.cell.owner is None:
            _check_rights(action, access)
            _check_whole(action, access)
            shared.append(access)
        elif access.leaf.cell.owner != action.by:
            cell, leaf = access.leaf.cell, access.leaf
            raise ModelError(
                f"{action.name} of {action.by} touches {leaf.name} in the {cell}, which only {cell.owner} "
                f"may touch{_cited(cell)}; take the step on {cell.owner}, or send a message",
                access.where,
            )
    candidates = [cell for access in shared for cell in access.cells() if cell[1] != _ANY_ROW]
    if shared and not any(all(access.is_in(*cell) for access in shared) for cell in candidates):
        first = shared[0]
        other = next(
            (access for access in shared if not any(access.is_in(*cell) for cell in first.cells())),
            shared[-1],
        )
        raise ModelError(
            f"{action.name} touches two cells, {first} and {other}; a step touches its processor's own "
            "memory and one other cell. Split it into two steps",
            other.where,
        )


def _accesses(machine: Declarations, action: Action) -> Iterator[_Access]:
    """Every touch of a leaf that is no ghost. What a ghost's new value reads costs nothing."""
    for clause in action.clauses:
        yield from _reads(machine, clause.condition, clause.where)
    for update in action.updates:
        leaf = machine.leaves[update.name]
        if leaf.is_ghost:
            continue
        if update.index is not None:
            yield from _reads(machine, update.index, update.where)
        bound = frozenset() if update.bound is None else frozenset({update.bound.name})
        yield from _reads(machine, update.value, update.where, bound)
        yield _Access(leaf, update.index, update.bound is not None, writes=True, where=update.where)


def _reads(
    machine: Declarations, node: Expr, where: str, bound: frozenset[str] = frozenset()
) -> Iterator[_Access]:
    match node:
        case Var(name):
            yield _Access(machine.leaves[name], None, whole=False, writes=False, where=where)
        case At(name, index):
            whole = any(isinstance(part, Param) and part.name in bound for part in walk(index))
            yield _Access(machine.leaves[name], index, whole, writes=False, where=where)
            yield from _reads(machine, index, where, bound)
        case Every(block, body) | Some(block, body):
            yield from _reads(machine, body, where, bound | {block.name})
        case _:
            for child in children(node):
                yield from _reads(machine, child, where, bound)


def _check_rights(action: Action, access: _Access) -> None:
    leaf = access.leaf
    cells = [leaf.cell]
    if access.whole and leaf.cell.per_block and leaf.word_of is not None:
        cells.append(leaf.word_of)
    for cell in cells:
        allowed = cell.writers if access.writes else cell.readers
        if allowed is not None and action.by not in allowed:
            verb = "writes" if access.writes else "reads"
            names = " or ".join(sorted(str(processor) for processor in allowed)) or "nobody"
            raise ModelError(
                f"{action.name} of {action.by} {verb} {leaf.name} in {cell}, which only {names} "
                f"may{_cited(cell)}; take the step on one of those, or declare the access in the cell",
                access.where,
            )


def _check_whole(action: Action, access: _Access) -> None:
    if not access.cells():
        leaf = access.leaf
        raise ModelError(
            f"{action.name} touches {leaf.name} of all blocks at once; {leaf.cell} is one cell for each "
            "block. Take a step for each, or declare word_of for a table that can be read as one word",
            access.where,
        )


def _cited(cell: Cell) -> str:
    return f" [{', '.join(cell.cites)}]" if cell.cites else ""
