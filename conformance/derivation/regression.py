"""A counterexample as a test of controllers: the lines that `trace --format pytest` adds to its replay of the model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from splitproof.checker.counterexamples.saved import SavedTrace
from splitproof.conformance.derivation.translation import Unmapped, words_of
from splitproof.conformance.levels.schedules import BLOCKS
from splitproof.model.loading import load_design
from splitproof.spec import split_backup

__all__ = ["IMPORTS", "controller_test_lines", "unmapped_lines"]

IMPORTS: Final = (
    "from splitproof.conformance.lab.lab import Lab",
    "from splitproof.conformance.levels.schedules import Schedule, run_schedule",
    "from splitproof.conformance.suite.requirement import Level, requirement",
    "from splitproof.spec import split_backup",
)
"""What the test needs at the top of its file."""

_TEST: Final = '''

SCHEDULE = Schedule(
    name={name},
    judged=split_backup.{judged},
    words=tuple(
        {words}.split()
    ),
    cites={cites},
    stories=({story},),
)
"""The same story for a controller that is pumped. It is put to one that `--controller` or `--controller-command` names;
without one the test is skipped. It passes as long as the controller conforms."""


@requirement(SCHEDULE.judged, *SCHEDULE.cites, level=Level.SCHEDULED)
def test_a_controller_does_not_do_as_{test}(lab: Lab) -> None:
    run_schedule(lab, SCHEDULE)
'''


def controller_test_lines(saved: SavedTrace) -> Iterator[str]:
    """The test, line by line.

    Raises:
        Unmapped: controllers cannot be led through this counterexample; the message says why.
    """
    design = load_design(saved.source)
    if design is None:
        raise Unmapped(f"{saved.source} is a machine of its own, whose steps have no words for controllers")
    if saved.trace.blocks != BLOCKS:
        raise Unmapped(
            f"it has {saved.trace.blocks} blocks, and which one a controller copies next nobody can say; "
            f"check the design at {BLOCKS} block"
        )
    words, judged = words_of(saved.trace, design, saved.property)
    return iter(
        _TEST.format(
            name=json.dumps(saved.source),
            judged=next(name for name, value in vars(split_backup).items() if value is judged),
            words=json.dumps(words),
            cites=f"({''.join(f'{json.dumps(cite)}, ' for cite in saved.property.cites).rstrip()})",
            story=json.dumps(f"{saved.property.id} of {saved.source}"),
            test=re.sub(r"\W+", "_", saved.source).strip("_"),
        ).splitlines()
    )


def unmapped_lines(reason: Unmapped) -> Iterator[str]:
    """What the file says in place of the test."""
    yield ""
    yield ""
    yield f"# No controller can be led through this story: {reason}."
