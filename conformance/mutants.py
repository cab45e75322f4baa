"""Broken controllers: the reference controller, each with one thing wrong, which the suite must find.

A mutant names the property that must catch it and the test; docs/kill-table.md is made from what the suite does find.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from splitproof.conformance.adapter import Capabilities, Controller
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.verdicts import Verdict
from splitproof.spec.properties import Property

__all__ = ["MUTANTS", "RACE", "READ", "TAPE", "Hasty", "Mutant", "mutant"]

TAPE: Final = "test_r08_the_tape_is_the_source_at_the_split"
RACE: Final = "test_r08_the_tape_is_the_source_at_the_split_among_several_clients"
READ: Final = "test_r32_a_read_returns_the_last_acknowledged_write"


@dataclass(frozen=True)
class Mutant:
    """`make` makes one; `test` must come to `verdict`, by a violation of `property`."""

    name: str
    wrong: str
    cites: tuple[str, ...]
    make: Callable[[], Controller]
    property: Property | None
    test: str
    verdict: Verdict = Verdict.FAIL


MUTANTS: Final[list[Mutant]] = []
"""In the order of declaration, once the modules `mutants_of_...` are imported."""

C = TypeVar("C", bound=type[ReferenceController])


def mutant(
    name: str,
    wrong: str,
    *cites: str,
    violates: Property | None,
    test: str,
    how: tuple[str, ...] = (),
    verdict: Verdict = Verdict.FAIL,
) -> Callable[[C], C]:
    """Declare a broken controller.

    `how`: `pumped` if that shows at once what a thread shows now and then, and `staging`.
    """

    def declare(made: C) -> C:
        options = dict.fromkeys(how, True)
        MUTANTS.append(Mutant(name, wrong, cites, lambda: made(**options), violates, test, verdict))
        return made

    return declare


class Hasty(ReferenceController):
    """With short limits, for faults that show as something that does not come."""

    def capabilities(self) -> Capabilities:
        return replace(super().capabilities(), call_seconds_max=0.5, settle_seconds_max=1.0)
