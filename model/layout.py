"""Where the variables of a machine lie when it is grounded for a number of blocks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from splitproof.model.declarations import Leaf
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Expr
from splitproof.model.machine import Machine
from splitproof.model.state import default_of
from splitproof.model.types import DATA, values_of

__all__ = ["Layout", "Slot", "Valuation"]

Valuation = tuple[Any, ...]
"""A state as values in the order of `Layout.slots`: bool, int, enum member; a block is its index, data is 0
or 1.
"""


@dataclass(frozen=True)
class Slot:
    """One value of a state: a leaf, for one block if it is per block."""

    leaf: Leaf
    block: int | None
    position: int
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        return self.leaf.name if self.block is None else f"{self.leaf.name}[{self.block}]"


class Layout:
    """The slots of a machine with `blocks` blocks: globals first, then each block's, in the order of
    declaration.

    `data_values`: how many values of data are told apart. Two are exhaustive where properties compare data for being
    equal; one is where nothing compares data at all, and then only the control is left of a state. `kept`: the leaves
    that are left of a state; all unless given.

    Raises:
        ModelError: there are no blocks, or the machine names what was never declared.
    """

    def __init__(
        self, machine: Machine, blocks: int, data_values: int = 2, kept: frozenset[str] | None = None
    ) -> None:
        if blocks < 1:
            raise ModelError(f"{machine.name} is grounded for {blocks} blocks; accepted is 1 or more", "")
        machine.settle()
        self.machine = machine
        self.blocks = blocks
        self.data_values = data_values
        leaves = list(machine.leaves.values())
        places: list[tuple[Leaf, int | None]] = [(leaf, None) for leaf in leaves if not leaf.per_block]
        places += [(leaf, block) for block in range(blocks) for leaf in leaves if leaf.per_block]
        self.leaves = frozenset(leaf.name for leaf in leaves if kept is None or leaf.name in kept)
        self._kept = [leaf.name in self.leaves for leaf, _ in places]
        self.slots = tuple(
            Slot(leaf, block, position, values_of(leaf.type, blocks, data_values))
            for position, (leaf, block) in enumerate(itertools.compress(places, self._kept))
        )
        self.position = {(slot.leaf.name, slot.block): slot.position for slot in self.slots}

    @cached_property
    def conditions(self) -> tuple[tuple[Slot, Expr], ...]:
        """The slots that mean something only under a condition (over `Param('b')` if per block), with the
        condition.

        Conditions are applied in this order to the state after each step; a condition may read slots that
        stand earlier in the order. The order is leaf by leaf (globals first, each of a leaf's blocks in turn),
        so that a condition over all blocks sees them all settled, and no block differs from another.
        """
        order = {name: place for place, name in enumerate(self.machine.leaves)}
        by_leaf = sorted(
            self.slots, key=lambda slot: (slot.leaf.per_block, order[slot.leaf.name], slot.position)
        )
        return tuple(
            (slot, node) for slot in by_leaf if (node := self.machine.while_of(slot.leaf.name)) is not None
        )

    def default(self, slot: Slot) -> Any:
        """What the slot holds while it means nothing."""
        return default_of(slot.leaf.type).value

    def project(self, state: Valuation) -> Valuation:
        """The state of the whole layout that tells two values of data apart, with what is kept and told apart here."""
        left = tuple(itertools.compress(state, self._kept))
        if self.data_values > 1:
            return left
        return tuple(
            self.default(slot) if slot.leaf.type == DATA else value
            for slot, value in zip(self.slots, left, strict=True)
        )

    def describe(self, state: Valuation) -> dict[str, Any]:
        """The state as names to values."""
        return {slot.name: state[slot.position] for slot in self.slots}
