"""The stories of the model, and the schedules that they come to: what `schedules.toml` is printed from.

A story is a counterexample of a design as written, or of a closed design that takes back one choice, at 1 block: there
the controller has no choice of blocks that a schedule could not make. `python -m` this module prints the file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from splitproof.checker.check import Options, check
from splitproof.checker.jobs import ablations_of
from splitproof.checker.verdicts import Violated
from splitproof.conformance.derivation.translation import Unmapped, words_of
from splitproof.conformance.reference.policy import AS_WRITTEN, EMBODIMENTS, Policy
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.design import Design
from splitproof.spec.properties import Kind, Property

__all__ = ["ABLATED", "WRITTEN", "Story", "document", "every_story", "policy_of", "stories_of"]

WRITTEN: Final = tuple(AS_WRITTEN)
"""The designs as written."""

ABLATED: Final = (
    "first-embodiment-two-slots",
    "third-embodiment-two-slots",
    "first-embodiment-closed",
    "third-embodiment-closed",
)
"""Closed designs of which each choice is taken back."""


@dataclass(frozen=True)
class Story:
    """A counterexample: `words` of the schedule and the property by which it is `judged`, or the `reason` why not."""

    design: str
    property: Property
    cites: tuple[str, ...]
    words: str = ""
    judged: Property | None = None
    reason: str = ""


def stories_of(name: str, cites: tuple[str, ...] = ()) -> Iterator[Story]:
    """The counterexamples of a design to what must hold always, or in every step.

    `cites`: of the choice that it takes back; a design as written is cited for what its entry declares.
    """
    design, machine = design_named(name), machine_of(design_named(name))
    asked = [item for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)]
    for result in check(machine, 1, asked, Options(symbolic=False)).properties:
        if isinstance(result.verdict, Violated):
            because = cites or (result.expected.cites if result.expected else result.asked.cites)
            try:
                policy_of(design)
                words, judged = words_of(result.verdict.trace, design, result.asked)
            except Unmapped as error:
                yield Story(name, result.asked, because, reason=str(error))
            else:
                yield Story(name, result.asked, because, words, judged)


def every_story() -> Iterator[Story]:
    """Of every design as written, and of every closed one that takes back a choice."""
    for name in WRITTEN:
        yield from stories_of(name)
    for name in ABLATED:
        for ablation in ablations_of(design_named(name)):
            yield from stories_of(f"{name}+{ablation.override}", ablation.cites)


def policy_of(design: Design) -> Policy:
    """The policy of the reference controller that answers as the design does, matched by the words of both.

    Raises:
        Unmapped: the controller has no such part, or no such answer.
    """
    usual, some = Design("", design.backup), EMBODIMENTS["first-embodiment"]
    answers = {}
    for key, answer in design.choices().items():
        if hasattr(some, key):
            known = {one.value: one for one in type(getattr(some, key))}
            if answer.value not in known:
                raise Unmapped(f"the reference controller has no {key}={answer}")
            answers[key] = known[answer.value]
        elif key not in _OF_SERVERS and answer is not getattr(usual, key):
            raise Unmapped(f"the reference controller has no {key}={answer}")
    return Policy(**answers)


_OF_SERVERS: Final = frozenset({"pause", "end"})
"""Choices of the servers that change nothing in what they ask of the controller."""


# ---- the file ------------------------------------------------------------------------------------------


def document(stories: Iterable[Story]) -> Iterator[str]:
    """The file, line by line; stories that come to the same words are one schedule."""
    yield "# What controllers are led through, made from the counterexamples of designs. Printed by"
    yield "# `python -m splitproof.conformance.derivation.derived_schedules`; do not edit."
    schedules: dict[tuple[str, str], list[Story]] = {}
    unmapped: dict[str, list[Story]] = {}
    for story in stories:
        if story.judged is not None:
            schedules.setdefault((story.judged.id, story.words), []).append(story)
        else:
            unmapped.setdefault(story.reason, []).append(story)
    for (judged, words), told in schedules.items():
        cites = dict.fromkeys(cite for story in told for cite in story.cites)
        yield ""
        yield "[[schedule]]"
        yield f"name = {json.dumps(_name(told[0]))}"
        yield f"judged = {json.dumps(judged)}"
        yield f"words = {json.dumps(words)}"
        yield f"cites = {json.dumps(list(cites))}"
        yield from _list("stories", told)
    for reason, told in unmapped.items():
        yield ""
        yield "[[unmapped]]"
        yield f"reason = {json.dumps(reason)}"
        yield from _list("stories", told)


def _name(story: Story) -> str:
    """Short where the property is judged as itself; without what pytest takes for an expression."""
    design = story.design.replace("=", "-")
    return design if story.judged is story.property else f"{story.property.id}.{design}"


def _list(key: str, stories: Sequence[Story]) -> Iterator[str]:
    yield f"{key} = ["
    yield from (f"    {json.dumps(f'{story.property.id} of {story.design}')}," for story in stories)
    yield "]"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in document(every_story()))
