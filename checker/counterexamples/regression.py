"""A counterexample as a test: a Python file that replays it against the design."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from splitproof.checker.counterexamples.saved import SavedTrace, saved_json

__all__ = ["regression_lines"]

_HEAD = '''"""{property} is violated by {source} in {steps} steps: the story, replayed.

Made by `splitproof trace --format pytest`. The test passes as long as the design has the fault. Once it is mended, the
replay is refused: expect a ModelError then, and the fault cannot come back unseen.
"""

import json

from splitproof.checker.counterexamples.saved import replayed
{imports}
COUNTEREXAMPLE = json.loads(
    r"""
'''

_BODY = '''    """
)


def test_{name}() -> None:
    """{statement}"""
    found = replayed(COUNTEREXAMPLE, __file__)
    assert found.property.id == "{property}"
    assert len(found.trace.steps) == {steps}
'''


def regression_lines(
    saved: SavedTrace, imports: Iterable[str] = (), further: Iterable[str] = ()
) -> Iterator[str]:
    """The lines of a test file for pytest; `further` tests, and the `imports` that they need besides."""
    told = _without_states(saved_json(saved))
    words = {
        "property": saved.property.id,
        "source": saved.source,
        "steps": len(saved.trace.steps),
        "name": re.sub(r"\W+", "_", f"{saved.source} violates {saved.property.id}").strip("_"),
        "statement": saved.property.statement,
        "imports": "".join(f"{line}\n" for line in imports),
    }
    yield from _HEAD.format(**words).splitlines()
    yield from json.dumps(told, indent=1, ensure_ascii=True).splitlines()
    yield from _BODY.format(**words).splitlines()
    yield from further


def _without_states(told: dict[str, Any]) -> dict[str, Any]:
    """The steps alone: the states follow from them."""
    kept = ("by", "action", "arguments")
    return {**told, "steps": [{key: step[key] for key in kept} for step in told["steps"]]}
