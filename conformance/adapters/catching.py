"""What the suite makes of storage configured wrong; `python -m` this module prints the tables, or those named after it.

The suite's test says which property is violated. Its history, or that of two cycles which a single client goes through,
says of what kind the finding is, and between which operations.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from splitproof.conformance.adapters.misconfigurations import MISCONFIGURATIONS, Misconfiguration
from splitproof.conformance.adapters.misconfigurations_of_lio import MISCONFIGURATIONS_OF_LIO
from splitproof.conformance.histories.findings import Finding
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.lab.session import Session, value_of
from splitproof.conformance.mutants.kill_table import Caught, catch
from splitproof.conformance.protocol.adapter import Controller
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.verdicts import Undecided
from splitproof.spec.vocabulary import PairState

__all__ = ["CaughtWrong", "catch_wrong", "judged", "wrong_table"]

BLOCKS = 4
"""0 is written before each split, 1 after it, 2 only after the first one, 3 before and after."""


def judged(make: Callable[[], Controller]) -> tuple[Finding, ...]:
    """Two cycles of a single client, with the copy held while a backup reads the image; what the judge finds.

    Faults in what is copied show where a write after the split displaces the image: the rest is read from the source.

    Raises:
        Undecided: the pair, or a backup, does not come to its end.
    """
    lab = Lab(lambda: LocalTransport(make()))
    try:
        session = lab.mirrored(BLOCKS)
        initial = [value_of(session.read(block)) for block in range(BLOCKS)]
        _cycle(lab, session, after=(1, 2, 3))
        session.call("resync")
        if not lab.settles(session, lambda: session.pair_state() == DUPLEX):
            raise Undecided("the pair does not come to DUPLEX again")
        _cycle(lab, session, after=(1, 3))
        return judge_history(session.recorder.history({"": initial})).findings
    finally:
        lab.close()


def _cycle(lab: Lab, session: Session, after: tuple[int, ...]) -> None:
    with lab.copy_held(session) if session.has("hold_copy") else contextlib.nullcontext():
        for block in (0, 3):
            session.write(block, next(lab.numbers))
        session.call("split")
        for block in after:
            session.write(block, next(lab.numbers))
        backup = session.backup(whole(session))
        if lab.ends(session, backup) is None:
            raise Undecided(f"{backup} does not end")
        session.tape_image(backup)
    if not lab.settles(session, lambda: session.pair_state().target is PairState.SPLIT):
        raise Undecided("the pair does not become SPLIT")


@dataclass(frozen=True)
class CaughtWrong:
    """How a misconfiguration was caught, and the kind of the finding; `told`: the finding, with its operations."""

    wrong: Misconfiguration
    caught: Caught
    kind: str | None
    told: str

    @property
    def as_declared(self) -> bool:
        """By the property, with the verdict and of the kind that the misconfiguration names."""
        declared = None if self.wrong.kind is None else self.wrong.kind.value
        return self.caught.as_declared and self.kind == declared


def catch_wrong(wrong: Misconfiguration) -> CaughtWrong:
    """Run the test that must catch it, and look for a finding of the kind that it must come to."""
    caught = catch(wrong)
    kind, told = (caught.violation.kind, str(caught.violation)) if caught.violation else (None, "")
    if wrong.kind is None:
        return CaughtWrong(wrong, caught, None, told)
    findings = judged(wrong.make)
    if findings:
        kind, told = findings[0].kind.value, str(findings[0])
    return CaughtWrong(wrong, caught, kind, told)


def wrong_table(every: Sequence[Misconfiguration] = MISCONFIGURATIONS) -> Iterator[str]:
    """The table of these, line by line.

    Raises:
        AssertionError: a misconfiguration is not caught as it declares.
    """
    yield "| configured wrong | how | cites | caught by | level | violates | finding |"
    yield "|---|---|---|---|---|---|---|"
    for wrong in every:
        found = catch_wrong(wrong)
        if not found.as_declared or wrong.property is None:
            raise AssertionError(f"{wrong.name} is not caught as declared: {found}")
        cells = (
            wrong.name,
            wrong.wrong,
            ", ".join(wrong.cites),
            f"`{wrong.test}`",
            found.caught.about.level.value,
            f"`{wrong.property.id}`",
            found.kind or "",
        )
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    import sys

    tables = {"qemu": MISCONFIGURATIONS, "lio": MISCONFIGURATIONS_OF_LIO}
    for name in sys.argv[1:] or tables:
        sys.stdout.writelines(f"{line}\n" for line in wrong_table(tables[name]))
