"""Cells: what one step may touch, and who may touch it.

A step reads and writes the memory of the processor that takes it and *one* other cell; this is what makes the
interleavings of the model the interleavings of the controller. A cell also carries the document's access
rules: an individual memory is its owner's alone [R25], a volume is touched by the volume workers [R28], and
so on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from splitproof.model.errors import ModelError
from splitproof.model.misuse import describe
from splitproof.spec.vocabulary import Processor

__all__ = ["GHOST", "Cell", "channel", "memory"]


@dataclass(frozen=True)
class Cell:
    """A unit of atomic access.

    `per_block`: one such cell for each block (row b of 507, block b of a volume).
    `readers`, `writers`: the processors that may touch it; None means every processor.
    `owner`: the processor whose own memory this is; its accesses cost nothing, all others are forbidden.
    `cites`: the requirements that give the rule.
    """

    name: str
    numeral: int | None = None
    per_block: bool = False
    readers: frozenset[Processor] | None = None
    writers: frozenset[Processor] | None = None
    owner: Processor | None = None
    cites: tuple[str, ...] = ()
    is_ghost: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "readers", self._processors("readers", self.readers))
        object.__setattr__(self, "writers", self._processors("writers", self.writers))
        if self.owner is not None and not isinstance(self.owner, Processor):
            raise ModelError(f"{describe(self.owner)} cannot own the cell {self.name}; a Processor can")

    def _processors(self, role: str, given: object) -> frozenset[Processor] | None:
        """A set, however it was given: {A, B} and [A, B] are as good as frozenset({A, B})."""
        if given is None:
            return None
        members: list[Processor] = []
        for member in given if isinstance(given, Iterable) else (given,):
            if not isinstance(member, Processor):
                raise ModelError(
                    f"{describe(member)} is among the {role} of the cell {self.name}; give Processors"
                )
            members.append(member)
        return frozenset(members)

    def granting(self, processor: Processor, *, write: bool) -> Cell:
        """The cell, with a further processor among its readers, and among its writers if `write`."""
        readers = None if self.readers is None else self.readers | {processor}
        writers = self.writers
        if write and writers is not None:
            writers = writers | {processor}
        return replace(self, readers=readers, writers=writers)

    def __str__(self) -> str:
        return self.name if self.numeral is None else f"{self.name} {self.numeral}"


GHOST = Cell("ghost", is_ghost=True)
"""What only properties may read. Updates of ghosts ride on any step and touch no cell."""


def memory(owner: Processor, numeral: int | None = None, cites: tuple[str, ...] = ("R25",)) -> Cell:
    """The individual memory of a processor."""
    return Cell(f"memory of {owner}", numeral, owner=owner, cites=cites)


def channel(name: str, sender: Processor, receiver: Processor, cites: tuple[str, ...] = ()) -> Cell:
    """A place for one message, which `sender` fills and `receiver` empties."""
    ends = frozenset({sender, receiver})
    return Cell(name, readers=ends, writers=ends, cites=cites)
