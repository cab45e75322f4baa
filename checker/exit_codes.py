"""What a command of splitproof exits with."""

from __future__ import annotations

import enum

__all__ = ["ExitCode"]


class ExitCode(enum.IntEnum):
    """What a command of splitproof exits with."""

    HOLDS = 0
    VIOLATED = 1
    USAGE = 2
    UNKNOWN = 3
    VACUOUS = 4
    NOTHING_SELECTED = 5
    INTERNAL = 70
    INTERRUPTED = 130
