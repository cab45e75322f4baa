"""What a test of the suite came to, for every report of the run."""

from __future__ import annotations

from dataclasses import dataclass

from splitproof.conformance.runner.expected import Expected
from splitproof.conformance.suite.requirement import About
from splitproof.conformance.timelines.stories import Failure
from splitproof.conformance.verdicts import Verdict

__all__ = ["TestResult"]


@dataclass(frozen=True)
class TestResult:
    """What a test came to. `expected`: the entry that says so, if it is as expected.

    `text`: what there is to say; of a failure, its story. `failure`: what it is made from.
    """

    test: str
    about: About
    verdict: Verdict
    text: str
    kind: str | None
    seconds: float
    expected: Expected | None = None
    failure: Failure | None = None
