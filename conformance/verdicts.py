"""What a test of the suite comes to, and the exceptions by which it says so."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence

from splitproof.conformance.histories.findings import Finding
from splitproof.conformance.histories.history import History
from splitproof.conformance.observation import Violated
from splitproof.spec.properties import Property

__all__ = ["NotOffered", "PropertyViolated", "Undecided", "Vacuous", "Verdict", "story_lines", "verdict_of"]


class Verdict(enum.Enum):
    """Of one test, or of a profile. Only PASS passes."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    """The adapter broke its contract: no verdict on the controller."""
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"
    """Nothing was violated, and nothing could have been."""
    SKIPPED = "skipped"
    """The controller does not declare what the test needs."""
    PARTIAL = "partial"
    """Of a profile: everything that ran passed, and something of the core was skipped."""


def story_lines(story: Sequence[str]) -> Iterator[str]:
    """What was done, numbered; what was done several times running is one line, as a refused call may be."""
    number = 1
    for line, same in itertools.groupby(story):
        times = len(list(same))
        yield f"  {number:>3}  {line}" + (f"    ({times} times)" if times > 1 else "")
        number += times


class PropertyViolated(AssertionError):  # noqa: N818  # a verdict, named as verdicts are
    """The controller violates a property: how, with what values, and after what.

    `finding`: what a judge of histories found, None where the property's tree was judged on what was observed.
    `history`: what was done, if it is known. `text`: without the story.
    """

    def __init__(
        self,
        item: Property,
        text: str,
        story: Sequence[str] = (),
        finding: Finding | None = None,
        history: History | None = None,
    ) -> None:
        self.property = item
        self.text = text
        self.finding = finding
        self.history = history
        self.story = tuple(story)
        super().__init__("\n".join([text, *(["what happened:", *story_lines(story)] if story else [])]))

    @property
    def kind(self) -> str | None:
        """The kind of the finding."""
        return None if self.finding is None else self.finding.kind.value

    @classmethod
    def of(
        cls, found: Violated | Finding, story: Sequence[str] = (), history: History | None = None
    ) -> PropertyViolated:
        """What a judge found."""
        finding = found if isinstance(found, Finding) else None
        return cls(found.property, str(found), story, finding, history)

    @classmethod
    def because(cls, item: Property, sentence: str, story: Sequence[str] = ()) -> PropertyViolated:
        """Where a test saw it directly."""
        text = f"VIOLATED  {item.id}\n  required: {item.statement}\n  {sentence}"
        return cls(item, text, story)


class Undecided(Exception):  # noqa: N818  # likewise
    """A limit ended the test before it was decided."""


class Vacuous(Exception):  # noqa: N818  # likewise
    """The run never came to a situation in which the controller could have failed."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__("a pass would mean nothing: never was there " + "; nor ".join(missing))


class NotOffered(Exception):  # noqa: N818  # likewise
    """The controller does not declare an operation that the test needs."""


def verdict_of(error: BaseException | None) -> Verdict:
    """The verdict that a test which ended like this comes to."""
    match error:
        case None:
            return Verdict.PASS
        case PropertyViolated():
            return Verdict.FAIL
        case Undecided():
            return Verdict.UNKNOWN
        case Vacuous():
            return Verdict.VACUOUS
        case NotOffered():
            return Verdict.SKIPPED
        case _:
            return Verdict.ERROR
