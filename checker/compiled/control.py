"""What a compiled function is called with: one record of 64-bit words a thread, shared with Python.

Pointers lie in it as numbers. Counters and limits are read when a call begins and written when it ends, so that
Python may look between calls, and only then.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum

__all__ = [
    "BATCH",
    "CHUNK",
    "CLAIM",
    "LINE",
    "MASKS_MAX",
    "RECENT",
    "SLOTS_MAX",
    "SLOT_BYTES",
    "Control",
    "Word",
    "best_words",
]

BATCH = 256
"""Successors that are hashed, fetched and inserted together."""

CLAIM = 64
"""States that a thread takes from the frontier at a time."""

CHUNK = 512
"""Places for new states that a thread takes at a time."""

RECENT = 1 << 13
"""States that a thread remembers to have entered lately; with one of two words, an eighth of a usual L2 cache."""

SLOT_BYTES = 4
"""Of a slot of the table."""

LINE = 64 // SLOT_BYTES
"""Slots that lie in one line of a cache."""

SLOTS_MAX = 1 << 8 * SLOT_BYTES
"""Of the largest table: the number of a state fits in a slot."""

MASKS_MAX = 8
"""Words of questions, 64 each."""


class Word(IntEnum):
    """The words of the record."""

    HEAD = 0
    """The next state to expand; with threads, the pointer to it."""
    END = 1
    """The state behind the last one to expand."""
    NEXT = 2
    """The number that the next new state gets."""
    LIMIT = 3
    """More states than this end the call."""
    CHUNK_END = 4
    """With threads: where the chunk ends that NEXT lies in."""
    SHARED = 5
    """With threads: the pointer to the number of the next chunk."""
    STATES = 6
    """The pointer to all states, in the order of their discovery."""
    TABLE = 7
    """The pointer to the slots."""
    SLOT_BITS = 8
    """There are 2 to this power of slots."""
    AFTER = 9
    """The pointer to a buffer of states after steps."""
    HASHES = 10
    """The pointer to their hashes."""
    LABELS = 11
    """The pointer to the steps' numbers, 32 bits each."""
    COUNTS = 12
    """The pointer to one counter a step."""
    BEST = 13
    """The pointer to what was noted of each question; see `best_words`."""
    MARKS = 14
    """The pointer to one byte a state."""
    MASKS = 15
    """The pointer to one byte a step: for which bits of the marks the step counts."""
    FOUND = 16
    """The pointer to a buffer of results."""
    FOUND_COUNT = 17
    FOUND_MAX = 18
    WANTED = 19
    """All bits of the marks in question."""
    CHANGED = 20
    """How many marks were changed."""
    ORIGINS = 21
    """The pointer to the numbers of the states that successors come from."""
    BACKWARDS = 22
    """Whether states are visited from END down."""
    RECENT = 23
    """The pointer to `RECENT` states that are known."""
    PLACES = 24
    """The pointer to where in the table the look for a successor goes on, 64 bits each."""
    OPEN = 25
    """The questions that are still asked, one bit each, `MASKS_MAX` words."""
    HITS = OPEN + MASKS_MAX
    """The questions that were answered."""
    SIZE = HITS + MASKS_MAX


Control = ctypes.c_uint64 * Word.SIZE


def best_words(words: int) -> int:
    """Words of a note: whether there is one, the step, the state (after the step), the state before it."""
    return 2 + 2 * words
