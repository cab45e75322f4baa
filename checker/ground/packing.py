"""A state as one integer: what the search engines hash, compare and sort.

A value is represented by its place among the slot's values. Globals lie lowest, then one word a block; all
these words are equally wide, so that renaming blocks is permuting words. A slot with one value takes no bits, but
data keeps its bit where all of it is alike: a state of the control is a state of the machine without its data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from splitproof.model.errors import ModelError
from splitproof.model.layout import Layout, Slot, Valuation
from splitproof.model.types import DATA

__all__ = ["BitField", "Packing"]


@dataclass(frozen=True, eq=False)
class BitField:
    """The place of a slot: `bits` bits from bit `shift` on."""

    slot: Slot
    shift: int
    bits: int
    codes: dict[Any, int]

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return (1 << self.bits) - 1 << self.shift

    def place(self, value: Any) -> int:
        """The value's code, in place.

        Raises:
            ModelError: the value is outside the slot's domain.
        """
        code = self.codes.get(value)
        if code is None:
            raise ModelError(
                f"{value!r} is outside the domain of {self.slot.name}: {self.slot.leaf.type.describe()}",
                where="",
            )
        return code << self.shift


class Packing:
    """The bit fields of a layout.

    `fields`: by slot name, in the order of `layout.slots`. `bits`: of the whole state. `block_bits`: of a
    block's word; the word of block b starts at bit `global_bits + b * block_bits`.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.fields: dict[str, BitField] = {}
        widths = [
            1 if slot.leaf.type is DATA else (len(slot.values) - 1).bit_length() for slot in layout.slots
        ]
        self.global_bits = sum(
            width for slot, width in zip(layout.slots, widths, strict=True) if slot.block is None
        )
        self.block_bits = sum(
            width for slot, width in zip(layout.slots, widths, strict=True) if slot.block == 0
        )
        shift = 0
        for slot, width in zip(layout.slots, widths, strict=True):
            codes = {value: code for code, value in enumerate(slot.values)}
            self.fields[slot.name] = BitField(slot, shift, width, codes)
            shift += width
        self.bits = shift
        self._in_order = tuple(self.fields.values())

    def pack(self, state: Valuation) -> int:
        """The state as an integer.

        Raises:
            ModelError: a value is outside its domain; the message names the variable.
        """
        return sum(found.place(value) for found, value in zip(self._in_order, state, strict=True))

    def unpack(self, packed: int) -> Valuation:
        """The values of the slots in a packed state."""
        return tuple(
            found.slot.values[packed >> found.shift & (1 << found.bits) - 1] for found in self._in_order
        )
