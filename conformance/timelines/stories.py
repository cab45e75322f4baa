"""A failure as a story: what was written when, when the split was called and returned, what the tape holds, and which
two operations contradict each other. One object, from which every report and page is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from splitproof.conformance.histories.findings import Finding, FindingKind, Judgement, shown
from splitproof.conformance.histories.history import UNREAD, History
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.protocol.adapter import AdapterFault
from splitproof.conformance.timelines.telling import scene_lines
from splitproof.conformance.timelines.timeline import Timeline, timeline
from splitproof.conformance.verdicts import PropertyViolated, Undecided, story_lines
from splitproof.spec.properties import Property

__all__ = ["Failure", "failure_of", "with_story"]


@dataclass(frozen=True)
class Failure:
    """How a controller violates a property.

    `text`: what the judge says. `story`: what a single client did, in order. `history`: the same, or what several did,
    with times. `finding`: the two operations that contradict each other, if it is the history that shows it.
    """

    item: Property
    text: str
    story: tuple[str, ...] = ()
    history: History | None = None
    finding: Finding | None = None

    @cached_property
    def timeline(self) -> Timeline | None:
        """What is shown of the history, with one scene; None if the history does not show the failure."""
        if self.history is None or self.finding is None:
            return None
        found = Judgement((self.finding,), {}, {}, (), ())
        return timeline(self.history, found, str(self.history.about.get("controller", "a controller")))

    def lines(self) -> Iterator[str]:
        """For people: what is wrong, how it came about, what contradicts, what the tape holds."""
        yield from self.text.splitlines()
        if self.story:
            yield "what happened:"
            yield from story_lines(self.story)
        if self.timeline is None or self.finding is None:
            return
        (scene,) = self.timeline.scenes
        if not self.text.startswith(str(self.finding)):
            yield f"the contradiction ({self.finding.kind.value}): {self.finding.sentence}"
        left_out = self.timeline.total - len(scene.operations)
        yield "the operations that matter" + (f" ({left_out:,} others left out):" if left_out else ":")
        yield from scene_lines(scene)
        right = [f"{shown(one.place)} {one.value}" for one in scene.records if not one.is_wrong]
        if right:
            yield f"    it also holds {', '.join(right)}"

    def json(self) -> dict[str, Any]:
        """What a page needs. `timeline`: as in docs/schemas/timeline.json."""
        found = self.finding
        return {
            "property": self.item.id,
            "statement": self.item.statement,
            "text": self.text,
            "story": list(self.story),
            "kind": None if found is None else found.kind.value,
            "sentence": None if found is None else found.sentence,
            "contradiction": [] if found is None else [one.id for one in found.operations],
            "timeline": None if self.timeline is None else self.timeline.json(),
        }


def failure_of(violation: PropertyViolated) -> Failure:
    """The story of a violation; the two operations are looked for in its history if it names none."""
    finding = violation.finding or _contradiction(violation)
    return Failure(violation.property, violation.text, violation.story, violation.history, finding)


def _contradiction(violation: PropertyViolated) -> Finding | None:
    """What the judge of histories finds of the same property in what was recorded."""
    history = violation.history
    if history is None:
        return None
    unread = any(UNREAD in values for values in history.initial.values())
    for finding in judge_history(history).findings:
        # What nobody read at the start, nobody can call a phantom.
        if finding.property is violation.property and not (unread and finding.kind is FindingKind.PHANTOM):
            return finding
    return None


def with_story(error: AdapterFault | Undecided, story: Sequence[str]) -> AdapterFault | Undecided:
    """The same, with what happened before, and of a fault the call that it happened in; its cause is kept."""
    if isinstance(error, AdapterFault) and error.call and (story or error.call not in str(error)):
        story = [*story, f"{error.call}  <-- {error.kind.value}"]
    if not story:
        return error
    text = "\n".join([str(error), "what happened:", *story_lines(story)])
    again = AdapterFault(error.kind, text, error.call) if isinstance(error, AdapterFault) else Undecided(text)
    again.__cause__ = error.__cause__
    return again
