"""Blocks are interchangeable: of states that differ in the names of blocks only, one is kept.

A block's word is extended by a flag for each global reference that points to it; states are the same up to renaming
exactly if their globals and their *sets* of extended words are. So the words are sorted (Ip and Dill, 1996), and the
references follow their flags. A reference that means nothing holds block 0 whatever the blocks are called, and has no
flag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from splitproof.checker.compiled.ir import Function
from splitproof.checker.compiled.lowering import WordLowering, word_count, words_of
from splitproof.checker.ground.codegen import Source
from splitproof.checker.ground.decision import function
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.ground.packing import BitField
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import TRUE, Expr
from splitproof.model.types import BLOCK, BLOCK_SET

__all__ = ["BlockSymmetry", "block_obstacle"]


def block_obstacle(engine: Engine) -> str | None:
    """Why states cannot be sorted by block, as a sentence; None if they can."""
    layout = engine.grounding.layout
    if engine.blocks < 2:
        return "there is one block only"
    for slot in layout.slots:
        if slot.leaf.type is BLOCK and slot.block is not None:
            return f"{slot.leaf.name} refers to a block from each block, and sorting would have to follow it"
    for step in engine.forced:
        if any(parameter.type in (BLOCK, BLOCK_SET) for parameter in step.action.parameters):
            return f"folding takes {step.action.label} for the first block first; search without folding"
    order = {slot.name: place for place, (slot, _) in enumerate(layout.conditions)}
    references = _references(engine)
    for field, meaning in references:
        later = [
            v.name
            for v in engine.grounding.terms.free(meaning)
            if order.get(v.name, -1) >= order[field.slot.name]
        ]
        if later:
            return f"{field.slot.name} may outlive its meaning, which depends on {later[0]}"
        for step in engine.steps:
            if _names_the_first_block(engine, step, field.slot.name, meaning):
                return (
                    f"{step.action.label} may give {field.slot.name} a meaning without writing a block to it"
                )
    if engine.packing.block_bits + len(references) > 64:
        return f"a block takes {engine.packing.block_bits} bits, and its word is sorted in one word of the machine"
    return None


def _names_the_first_block(engine: Engine, step: GroundStep, reference: str, meaning: Expr) -> bool:
    """Whether a reference may mean something after a step that did not write it, and meant nothing before.

    It would then refer to block 0, whichever block that is.
    """
    if any(update.name == reference for update in step.action.updates):
        return False
    terms = engine.grounding.terms
    values = {variable: step.updates.get(variable.name, variable) for variable in terms.free(meaning)}
    context = terms.assume(step.context, terms.under(terms.substitute(meaning, values), step.context))
    return context is not None and terms.under(meaning, context) is not TRUE


class BlockSymmetry:
    """The representative of states that differ in the names of blocks, for an engine without `block_obstacle`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._references = _references(engine)
        packing = engine.packing
        self._width = packing.block_bits
        self._starts = [packing.global_bits + block * packing.block_bits for block in range(engine.blocks)]
        self._means = _meanings(engine, [meaning for _, meaning in self._references])

    def canonical(self, state: int) -> int:
        """The representative of a packed state."""
        ones = (1 << self._width) - 1
        keys = [(state >> start & ones) << len(self._references) for start in self._starts]
        for flag, ((field, _), means) in enumerate(zip(self._references, self._means(state), strict=True)):
            if means:
                keys[state >> field.shift & (1 << field.bits) - 1] |= 1 << flag
            state &= ~field.mask
        keys.sort()
        for block, (start, key) in enumerate(zip(self._starts, keys, strict=True)):
            state = state & ~(ones << start) | key >> len(self._references) << start
            for flag, (field, _) in enumerate(self._references):
                if key >> flag & 1:
                    state |= block << field.shift
        return state

    def write(self, f: Function) -> None:
        """Into a function with the pointer `%state`: replace the state by its representative."""
        engine = self._engine
        lowering = WordLowering(f, engine.grounding.terms, engine.packing, "%state")
        keys = self._keys(f, lowering)
        for start in range(
            engine.blocks
        ):  # odd-even transposition: short for few blocks, and free of branches
            for low in range(start % 2, engine.blocks - 1, 2):
                ordered = f.compare("ule", keys[low], keys[low + 1])
                keys[low], keys[low + 1] = (
                    f.op(f"select i1 {ordered}, i64 {keys[low]}, i64 {keys[low + 1]}"),
                    f.op(f"select i1 {ordered}, i64 {keys[low + 1]}, i64 {keys[low]}"),
                )
        self._store(f, lowering, keys)

    def _keys(self, f: Function, lowering: WordLowering) -> list[str]:
        """The extended words, in the order of the blocks."""
        count = len(self._references)
        keys = [
            f.binary("shl", lowering.bits(start, self._width), count) if self._width else "0"
            for start in self._starts
        ]
        for flag, (field, meaning) in enumerate(self._references):
            means = f.op(f"zext i1 {lowering.truth(meaning)} to i64")
            code = lowering.code(field.slot.name)
            for block in range(len(keys)):
                here = f.op(f"zext i1 {f.compare('eq', code, block)} to i64")
                keys[block] = f.binary("or", keys[block], f.binary("shl", f.binary("and", here, means), flag))
        return keys

    def _store(self, f: Function, lowering: WordLowering, keys: list[str]) -> None:
        count = word_count(self._engine.packing)
        placed: list[list[str]] = [[] for _ in range(count)]
        written = 0
        for block, start in enumerate(self._starts):
            written |= (1 << self._width) - 1 << start
            if self._width:
                lowering.place(
                    f.binary("lshr", keys[block], len(self._references)), start, self._width, placed
                )
        for flag, (field, _) in enumerate(self._references):
            written |= field.mask
            code = "0"
            for block in range(1, len(keys)):
                has = f.binary("and", f.binary("lshr", keys[block], flag), 1)
                code = f.binary("or", code, f.binary("mul", has, block))
            lowering.place(code, field.shift, field.bits, placed)
        kept = words_of(~written, count)
        for word in range(count):
            f.store(lowering.composed(lowering.words[word], kept[word], 0, placed[word]), "%state", word)


def _references(engine: Engine) -> list[tuple[BitField, Expr]]:
    """The global references to blocks, each with the condition under which it means something."""
    grounding = engine.grounding
    return [
        (
            engine.packing.fields[slot.name],
            grounding.terms.under(grounding.expression(condition), grounding.terms.nothing_known),
        )
        for slot, condition in grounding.layout.conditions
        if slot.leaf.type is BLOCK and slot.block is None
    ]


def _meanings(engine: Engine, conditions: list[Expr]) -> Callable[[int], tuple[Any, ...]]:
    source = Source(engine.grounding.terms, engine.packing)
    values = "".join(f"{source.truth(condition)}, " for condition in conditions)
    return function(f"def run(s):\n return ({values})\n")
