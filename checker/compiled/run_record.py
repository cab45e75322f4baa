"""What the functions over the graph of runs are called with: one record of 64-bit words, shared with Python.

Arrays have 32 bits an entry unless said; a state is its number in the space.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum

__all__ = ["AGAIN", "ASKED", "GOAL", "OPEN", "OUT", "PART", "TO_VISIT", "RunRecord", "RunWord"]

ASKED, OPEN, GOAL = 1, 2, 4
"""Marks of a state: the trigger holds and the goal does not; the goal does not; it is what steps are looked for to."""

OUT = 0
"""The place of a state that is in no question, or left over by none of its rounds."""
TO_VISIT = 1
"""Of one that is to be visited. Then come places on the stack, from 2 on."""
PART = 1 << 31
"""Added to the number of the fair part that a state lies in."""
AGAIN = (1 << 32) - 1
"""Of one that is to be visited in the next round."""


class RunWord(IntEnum):
    """The words of the record."""

    FIRST = 0
    """The pointer to the first edge of each state, and the end of the last."""
    TARGETS = 1
    """The pointer to the state that each edge leads to."""
    STEPS = 2
    """The pointer to the ground step of each edge, as wide as the kernel was told."""
    KEPT = 3
    """The pointer to the promises that each ground step keeps, 64 bits a word."""
    STRONG = 4
    """The pointer to the strong promises."""
    EDGES = 5
    """How many edges there are."""
    STAYING = 6
    """How many steps lead from a state to itself."""
    STAYING_FAIR = 7
    """How many of them are fair."""
    STATES = 8
    """The pointer to the states as the space has them."""
    MARKS = 9
    """The pointer to the marks, a byte a state."""
    ORDER = 10
    """The pointer to the states in question, in the order in which they are reached."""
    COUNT = 11
    """How many they are."""
    PLACES = 12
    """The pointer to the place of each state: one of the codes of this module, or where on the stack it is."""
    STACK = 13
    HEIGHT = 14
    BOUNDARIES = 15
    """The pointer to the places on the stack at which components may begin."""
    BOUNDARY = 16
    """How many of them there are."""
    CALLS = 17
    """The pointer to the states on the way from the root."""
    CALL_EDGES = 18
    """The pointer to the next edge of each."""
    DEPTH = 19
    """How many they are."""
    HEAD = 20
    """Where to go on."""
    END = 21
    """Where to stop."""
    BUDGET = 22
    """Edges, or states, before the call ends."""
    PARTS = 23
    """How many fair parts were found."""
    LEFT = 24
    """How many states are to be visited in the next round."""
    FOUND = 25
    """The pointer to results, 64 bits a word."""
    FOUND_COUNT = 26
    FOUND_MAX = 27
    REACHED = 28
    """Whether HEAD and END are places of ORDER, rather than states."""
    SIZE = 29


RunRecord = ctypes.c_uint64 * RunWord.SIZE
