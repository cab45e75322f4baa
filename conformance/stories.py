"""How what was done to a controller is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from splitproof.conformance.adapter import AdapterFault
from splitproof.conformance.session import value_of
from splitproof.conformance.verdicts import Undecided

__all__ = ["arguments_text", "with_story"]


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """The arguments of an operation, data by its short name."""
    return ", ".join(
        f"block {value}" if key == "block" else value_of(value) if isinstance(value, bytes) else str(value)
        for key, value in arguments.items()
    )


def with_story(error: AdapterFault | Undecided, story: Sequence[str]) -> AdapterFault | Undecided:
    """The same, with what happened before; its cause is kept."""
    if not story:
        return error
    told = "".join(f"\n  {number:>3}  {line}" for number, line in enumerate(story, start=1))
    text = f"{error}\nwhat happened:{told}"
    again = AdapterFault(error.kind, text) if isinstance(error, AdapterFault) else Undecided(text)
    again.__cause__ = error.__cause__
    return again
