"""What the judge of histories says: findings, each with the operations that contradict each other."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from splitproof.conformance.histories.cuts import Place
from splitproof.conformance.histories.history import Operation
from splitproof.spec.properties import Property

__all__ = ["Finding", "FindingKind", "Judgement", "line_of", "milliseconds", "shown"]


class FindingKind(enum.Enum):
    """How a value is wrong."""

    PHANTOM = "phantom"
    """It was never written to the block."""
    STALE = "stale"
    """It was overwritten before the split (or the read) was called."""
    LEAKED = "leaked"
    """It was written after the split returned."""
    TORN = "torn"
    """Two blocks are of different instants."""
    MISSING = "missing"
    """A good end was reported, and the tape lacks a block of the range."""
    UNSPLIT = "unsplit"
    """A backup was accepted of a pair that was not split."""


@dataclass(frozen=True)
class Finding:
    """A violation: of which property, where, and the two operations that contradict each other.

    `operations`: the earlier one first; a single one for a value that nobody ever wrote. `reader`: what saw it, a read,
    or the reading of a tape or target. `window`: the splits of which the tape may be, within all of which its instant
    has to lie; a read has itself.
    """

    kind: FindingKind
    property: Property
    places: tuple[Place, ...]
    operations: tuple[Operation, ...]
    sentence: str
    reader: Operation | None = None
    window: tuple[Operation, ...] = ()

    def __str__(self) -> str:
        blocks = ", ".join(shown(place) for place in self.places)
        lines = [f"VIOLATED  {self.property.id}  {self.kind.value}" + (f"  {blocks}" if blocks else "")]
        lines += [f"  required: {self.property.statement}", f"  {self.sentence}"]
        lines += [f"  {line_of(operation)}" for operation in self.operations]
        return "\n".join(lines)


@dataclass(frozen=True)
class Judgement:
    """What a history comes to.

    `judged`: property id to how many tapes, reads, targets or reports were judged. `instants`: backup to an instant of
    the history's clock that its tape shows. `limits`: why something could not be judged. `missing`: what the history
    would have to contain for a pass to mean something.
    """

    findings: tuple[Finding, ...]
    judged: Mapping[str, int]
    instants: Mapping[str, float]
    limits: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def word(self) -> str:
        """violated, unknown, vacuous or holds: the first that applies."""
        if self.findings:
            return "violated"
        if self.limits:
            return "unknown"
        return "vacuous" if self.missing else "holds"


def shown(place: Place) -> str:
    """A block as sentences name it."""
    volume, block = place
    return f"block {block} of {volume}" if volume else f"block {block}"


def line_of(operation: Operation) -> str:
    """An operation, with who called it and when."""
    returned = (
        "never returned" if operation.returned is None else f"returned {milliseconds(operation.returned)}"
    )
    return f"{operation!s:<44} client {operation.client}  called {milliseconds(operation.call)}, {returned}"


def milliseconds(nanoseconds: float) -> str:
    """A time of the history's clock."""
    return f"{nanoseconds / 1e6:,.3f} ms"
