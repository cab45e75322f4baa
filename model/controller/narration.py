"""Actions whose narration names who takes the step in this design, where the document names somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from splitproof.model.machine import Machine

__all__ = ["Declare", "told_as"]

Declare = Callable[..., Callable[[Callable[..., None]], Callable[..., None]]]
"""What `machine.action` is."""


def told_as(machine: Machine, names: Mapping[str, str]) -> Declare:
    """`machine.action`, with the numerals at the left replaced in every narration: `{"508": "501"}`."""

    def action(**options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def declare(function: Callable[..., None]) -> Callable[..., None]:
            for numeral, name in names.items():
                function.__doc__ = (function.__doc__ or "").replace(numeral, name)
            return machine.action(**options)(function)

        return declare

    return action
