"""What every exported model says in words: where it comes from, what its variables mean, who takes which step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from splitproof.model.declarations import Action, Leaf
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Layout, Valuation
from splitproof.model.machine import Machine
from splitproof.model.records import ANY
from splitproof.model.tracing import Clause
from splitproof.spec.properties import Kind, Property

__all__ = [
    "blocks_of",
    "clause_note",
    "heading",
    "initial_states",
    "judged_by",
    "leaf_note",
    "plain",
    "step_note",
]


INITIAL_STATES_MAX = 4096
"""Choices at the start up to which a model lists initial states one by one."""


def heading(machine: Machine, blocks: int, reader: str) -> Iterator[str]:
    """What the model is of."""
    yield plain(f"{machine.name}, {blocks_of(blocks)}: a model for {reader}, written by splitproof.")
    if machine.meaning:
        yield plain(machine.meaning[0].upper() + machine.meaning[1:])


def blocks_of(blocks: int) -> str:
    return f"{blocks} block{'s' if blocks > 1 else ''}"


def leaf_note(leaf: Leaf) -> str:
    """What a variable means, and where it lies."""
    return plain(f"{leaf.meaning} [{leaf.cell}]")


def clause_note(clause: Clause) -> str:
    """A guard clause as the design writes it, and where."""
    return plain(f"{clause.text}  {clause.where}".strip())


def step_note(action: Action) -> Iterator[str]:
    """Who takes the step, what it is, where it is declared."""
    yield plain(f"{action.by}: {action.narration}  {action.where}")


def judged_by(properties: Sequence[Property], blocks: int) -> list[Property]:
    """Those that can be judged by a search for bad states and bad steps, at this number of blocks."""
    return [
        item for item in properties if item.kind in (Kind.ALWAYS, Kind.STEP) and item.needs_blocks <= blocks
    ]


def initial_states(machine: Machine, layout: Layout) -> list[Valuation]:
    """The initial states as the reference interpreter gives them, each once.

    Raises:
        ModelError: there are more than `INITIAL_STATES_MAX` choices of what is arbitrary at the start.
    """
    choices = math.prod(len(slot.values) for slot in layout.slots if slot.leaf.initial is ANY)
    if choices > INITIAL_STATES_MAX:
        raise ModelError(
            f"{machine.name} with {blocks_of(layout.blocks)} has {choices:,} choices of what it may start with, and a "
            f"model lists each state that it starts in; accepted are {INITIAL_STATES_MAX:,} choices: take fewer blocks",
            "",
        )
    found = Interpreter(machine, layout.blocks).initial_states()
    return list(dict.fromkeys(layout.project(state) for state in found))


def plain(text: str) -> str:
    """A text that may stand in a comment of any of the languages."""
    return re.sub(r"\s+", " ", text).replace("*/", "* /").replace("*)", "* )").replace("(*", "( *")
