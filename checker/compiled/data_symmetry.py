"""The two values of data are interchangeable within each block: of states that differ in them only, one is kept.

Swapping the data of block b swaps every slot that means something and is data of b (`ownership`); what means nothing
stays at its default. The representative is the state in which the first such slot of each block holds 0: which
slots mean something does not depend on data, so that each state has exactly one. Slots that always mean something come
first; a state then needs swapping only where one of a few bits is set.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from splitproof.checker.compiled.ir import Function
from splitproof.checker.compiled.lowering import WordLowering, word_count, words_of
from splitproof.checker.compiled.ownership import Owned, data_owners
from splitproof.checker.ground.codegen import Source
from splitproof.checker.ground.decision import function
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import FALSE, TRUE, Expr
from splitproof.model.types import BLOCK

__all__ = ["DataSymmetry"]


class DataSymmetry:
    """The representative of states that differ in the values of a block's data, for an engine without obstacle."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        owned = data_owners(engine).values()
        self._of_blocks = [_of_block(engine, owned, block) for block in range(engine.blocks)]
        source = Source(engine.grounding.terms, engine.packing)
        rows = [[(item.field.mask, item_means) for item, item_means in of] for of in self._of_blocks]
        text = ", ".join(
            "(" + "".join(f"{mask:#x} if {source.truth(means)} else 0, " for mask, means in row) + ")"
            for row in rows
        )
        self._masks = function(f"def run(s):\n return ({text},)\n")

    def canonical(self, state: int) -> int:
        """The representative of a packed state."""
        for masks in self._masks(state):
            first = next((mask for mask in masks if mask), 0)
            if state & first:
                state ^= sum(masks)
        return state

    def write(self, f: Function) -> None:
        """Into a function with the pointer `%state`: replace the state by its representative."""
        terms, packing = self._engine.grounding.terms, self._engine.packing
        lowering = WordLowering(f, terms, packing, "%state")
        swaps = [self._swap(f, lowering, of) for of in self._of_blocks]
        some = swaps[0]
        for swap in swaps[1:]:
            some = f.op(f"or i1 {some}, {swap}")
        with f.where(some), lowering.scope():
            words = list(lowering.words)
            for swap, of in zip(swaps, self._of_blocks, strict=True):
                for word, mask in enumerate(self._mask(f, lowering, of)):
                    if mask != "0":
                        chosen = f.op(f"select i1 {swap}, i64 {mask}, i64 0")
                        words[word] = f.binary("xor", words[word], chosen)
            for word, value in enumerate(words):
                f.store(value, "%state", word)

    def _swap(self, f: Function, lowering: WordLowering, of: Sequence[tuple[Owned, Expr]]) -> str:
        """Whether the first slot of a block's data that means something holds 1."""
        found = "false"
        for item, means in reversed(of):
            one = f.compare("ne", lowering.code(item.field.slot.name), 0)
            found = one if means is TRUE else f.op(f"select i1 {lowering.truth(means)}, i1 {one}, i1 {found}")
        return found

    def _mask(self, f: Function, lowering: WordLowering, of: Sequence[tuple[Owned, Expr]]) -> list[str]:
        """The bits of a block's data that mean something, in words."""
        count = word_count(self._engine.packing)
        fixed = sum(item.field.mask for item, means in of if means is TRUE)
        found = [str(word) for word in words_of(fixed, count)]
        for item, means in of:
            if means is not TRUE:
                for word, bits in enumerate(words_of(item.field.mask, count)):
                    if bits:
                        part = f.op(f"select i1 {lowering.truth(means)}, i64 {bits}, i64 0")
                        found[word] = f.binary("or", found[word], part)
        return found


def _of_block(engine: Engine, owned: Collection[Owned], block: int) -> list[tuple[Owned, Expr]]:
    """The slots that may hold data of a block, and where they do; those that always do first."""
    terms = engine.grounding.terms
    here = terms.const(block, BLOCK)
    found = [(item, terms.and_(item.meaning, terms.eq(item.owner, here))) for item in owned]
    return sorted(
        ((item, means) for item, means in found if means is not FALSE),
        key=lambda pair: (pair[1] is not TRUE, pair[0].field.slot.block is None),
    )
