"""Results as plain text: one line a verdict with its scope, and the story of each violation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from splitproof.checker.counterexamples.stories import ending, story
from splitproof.checker.counterexamples.traces import Trace, passed_over
from splitproof.checker.ground.cone import reads
from splitproof.checker.quantities import count
from splitproof.checker.verdicts import CheckResult, Holds, PropertyResult, Unknown, Violated, has_host_writes

__all__ = ["check_lines", "length", "story_lines", "vacuity_sentences", "verdict_line"]


def length(violated: Violated) -> str:
    """`16 steps`; of a lasso, `12 steps, then 6 for ever`."""
    if violated.loop is None:
        return count(violated.depth, "step")
    repeated = violated.depth - violated.loop
    return f"{count(violated.loop, 'step')}, then {repeated or 'nothing'} for ever"


def verdict_line(result: CheckResult, item: PropertyResult) -> str:
    """One line: the verdict, the property and the scope for which it was found."""
    expected = "" if item.expected is None or item.as_expected else f"   DECLARED {item.expected.verdict}"
    size = count(result.blocks, "block")
    match item.verdict:
        case Holds():
            vacuous = f"  VACUOUS: {_vacuity_of(item)}" if item.vacuous else ""
            return f"HOLDS     {item.asked.id:<28} ({result.scope_of(item.verdict)}){vacuous}{expected}"
        case Unknown(limit):
            return f"UNKNOWN   {item.asked.id:<28} (ended: {limit}; {size})"
        case Violated() as violated:
            how = _how(violated, "shortest if messages are delivered at once")
            return f"VIOLATED  {item.asked.id:<28} ({length(violated)}, {how}, {size}){expected}"


def _how(violated: Violated, folded: str) -> str:
    """Whether there is no shorter counterexample; `folded` says it where messages were delivered at once."""
    if violated.shortest:
        return "shortest"
    return folded if violated.loop is None else "no shorter way there; other cycles may be shorter"


def check_lines(result: CheckResult, every_story: bool = False) -> Iterator[str]:
    """The report of a check. A violation comes first, as a story; what holds is one line then, else one line each."""
    violated = [item for item in result.properties if isinstance(item.verdict, Violated)]
    others = [item for item in result.properties if item not in violated]
    for item in violated if every_story else violated[:1]:
        yield from story_lines(item, result.design)
    if not every_story:
        yield from (verdict_line(result, item) for item in violated[1:])
    held = {
        item.asked.id: item.verdict
        for item in others
        if isinstance(item.verdict, Holds) and not item.vacuous and item.as_expected
    }
    if violated:
        scopes = {name: result.scope_of(verdict) for name, verdict in held.items()}
        for scope, number in Counter(scopes.values()).items():
            if number > 1:
                yield f"HOLDS     the other {number} ({scope})"
                others = [item for item in others if scopes.get(item.asked.id) != scope]
    yield from (verdict_line(result, item) for item in others)
    if result.symbolic is not None:
        yield (
            f"          z3: {result.symbolic['classes']:,} conditions over {result.symbolic['edges']:,} steps agree, "
            "for data of any kind"
        )
    yield from (f"VACUOUS   {sentence}" for sentence in vacuity_sentences(result.json()))
    yield from result.notes
    yield from (f"UNKNOWN   {sentence}" for sentence in result.unfinished)


def _vacuity_of(item: PropertyResult) -> str:
    if item.uncarried:
        return "the data that it judges is never what a host wrote"
    return "it never has anything to say"


def vacuity_sentences(result: Mapping[str, Any]) -> Iterator[str]:
    """What the JSON form of a check says of steps and clauses without meaning, a sentence each."""
    yield from (f"{label} never happens" for label in result["never_fired"])
    yield from result["misdeclared"]
    for clause in result["dead_clauses"]:
        yield f"{clause['action']}: `{clause['text']}` ({clause['where']}) is never all that blocks it"


def story_lines(item: PropertyResult, design: str, how: str | None = None) -> Iterator[str]:
    """The story of a violation; nothing for other verdicts. `how`: it was found, unless the verdict says so."""
    if not isinstance(item.verdict, Violated):
        return
    violated = item.verdict
    size = count(violated.trace.blocks, "block")
    how = how or _how(violated, "messages at once")
    steps = length(violated)
    writes = ", any number of writes" if has_host_writes(violated.trace.machine) else ""
    yield f"VIOLATED  {item.asked.id}  {design}  {size}{writes}    {steps}, {how}"
    yield f"          {item.asked.statement}"
    read = _read_by(violated.trace, item)
    yield from story(violated.trace, read)
    if violated.loop is not None:
        yield from (
            f"  passed over  {step}: it can be taken again and again, not always"
            for step in passed_over(violated.trace)
        )
    elif values := ending(violated.trace, read):
        yield f"  at the end  {values}"
    if violated.essential is not None:
        yield _essential_line(violated.trace, violated.essential)


def _read_by(trace: Trace, item: PropertyResult) -> frozenset[str]:
    """The leaves that a property reads, with those behind its predicates."""
    traced = trace.interpreter.traced(item.asked)
    return frozenset(reads((traced.holds, traced.trigger)))


def _essential_line(trace: Trace, essential: tuple[str, ...]) -> str:
    """Which of the story's actions other counterexamples do without."""
    labels = list(dict.fromkeys(step.step.action.label for step in trace.steps))
    others = [label.rpartition(" ")[2] for label in labels if label not in essential]
    if not others:
        every = f"all of its {len(labels)} actions" if len(labels) > 1 else "its action"
        return f"  every counterexample has {every}"
    shared = len(labels) - len(others)
    return f"  every counterexample has {shared} of its {len(labels)} actions, all but {', '.join(others)}"
