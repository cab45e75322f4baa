"""Which states are one: up to the names of blocks, up to the two values of each block's data, or both.

Renaming blocks carries the swaps of one block's data over to another's, and the order in which a block's data is
looked at is the same for all: a state is brought to its representative by swapping data first, and sorting blocks then.
"""

from __future__ import annotations

from splitproof.checker.compiled.block_symmetry import BlockSymmetry, block_obstacle
from splitproof.checker.compiled.data_symmetry import DataSymmetry
from splitproof.checker.compiled.ir import Function
from splitproof.checker.compiled.ownership import Ownership, data_owners, ownership_obstacle
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import Expr
from splitproof.model.types import DATA

__all__ = ["Symmetry", "UnsoundSymmetryError"]


class UnsoundSymmetryError(Exception):
    """A state was met in which the values of data are not interchangeable; the search says nothing.

    `state`: it. `depth`: how many steps from the start.
    """

    def __init__(self, sentence: str, state: int, depth: int) -> None:
        super().__init__(sentence)
        self.state, self.depth = state, depth


class Symmetry:
    """The symmetries of an engine that are sound.

    `blocks`, `data`: None where it is not asked for or `block_obstacle` or `data_obstacle` says why; `data`, too, where
    there is none. `obligations`: what every state that is visited has to satisfy for the symmetry of data to be sound,
    each with whom it is needed for.
    """

    def __init__(self, engine: Engine, *, blocks: bool = True, data: bool = True) -> None:
        self.block_obstacle = block_obstacle(engine) if blocks else None
        self.blocks = BlockSymmetry(engine) if blocks and self.block_obstacle is None else None
        self.data_obstacle: str | None = None
        self.data: DataSymmetry | None = None
        self.obligations: dict[Expr, str] = {}
        has_data = any(slot.leaf.type is DATA for slot in engine.grounding.layout.slots)
        if data and has_data and engine.data_values > 1:
            self._find_data(engine)

    def _find_data(self, engine: Engine) -> None:
        self.data_obstacle = ownership_obstacle(engine)
        if self.data_obstacle is not None:
            return
        ownership = Ownership(engine, data_owners(engine))
        self.data_obstacle = ownership.obstacle
        if self.data_obstacle is None:
            self.data, self.obligations = DataSymmetry(engine), ownership.obligations

    def __bool__(self) -> bool:
        return self.blocks is not None or self.data is not None

    def canonical(self, state: int) -> int:
        """The representative of a packed state."""
        if self.data is not None:
            state = self.data.canonical(state)
        return state if self.blocks is None else self.blocks.canonical(state)

    def function(self) -> str:
        """`void @canonical(ptr state)`: replaces a state by its representative."""
        f = Function("canonical", {"state": "ptr"}, "void", "internal|alwaysinline")
        for part in (self.data, self.blocks):
            if part is not None:
                part.write(f)
        return f.finish()
