"""A timeline as text, and as a Mermaid sequence diagram for a pull request."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from splitproof.conformance.histories.findings import milliseconds, shown
from splitproof.conformance.histories.history import Operation, Outcome
from splitproof.conformance.timelines.timeline import Record, Scene, Timeline

__all__ = ["mermaid_lines", "scene_lines", "text_lines"]


def text_lines(told: Timeline) -> Iterator[str]:
    """Each scene as a story, the operations that contradict each other marked, and how to judge it again."""
    for scene in told.scenes:
        finding = scene.finding
        if finding is not None:
            blocks = ", ".join(map(shown, finding.places))
            yield f"VIOLATED  {finding.property.id}  {finding.kind.value}" + (f"  {blocks}" if blocks else "")
            yield f"  required: {finding.property.statement}"
            yield f"  {finding.sentence}"
        yield from scene_lines(scene)
        yield ""
    if told.omitted_findings:
        yield f"and {told.omitted_findings} further findings"
    yield from (f"UNKNOWN  {limit}" for limit in told.judgement.limits)
    yield from (f"VACUOUS  the history has no such thing: {missing}" for missing in told.judgement.missing)
    yield f"{told.judgement.word.upper()}  {told.total:,} operations"
    yield f"again: splitproof judge {shlex.quote(told.source)}"


def scene_lines(scene: Scene) -> Iterator[str]:
    """The operations that matter, those that contradict each other marked, and what is wrong of what was read."""
    yield from (_operation_line(one, scene) for one in scene.operations)
    yield from (_record_line(record) for record in scene.records if record.is_wrong)


def _operation_line(one: Operation, scene: Scene) -> str:
    mark = "\u25ba" if one.id in scene.witnesses else " "
    returned = "-" if one.returned is None else milliseconds(one.returned)
    role = scene.roles.get(one.id)
    fate = "" if one.outcome is Outcome.OK else f"  {one.outcome.value}"
    line = f"  {mark} {milliseconds(one.call):>14} to {returned:<14} client {one.client}  {one!s:<34}"
    return f"{line}{fate}" + (f"  <-- {role}" if role else "") if role or fate else line.rstrip()


def _record_line(record: Record) -> str:
    held = f"; it may have held {', '.join(record.possible)}" if record.possible else ""
    return f"    {shown(record.place)}: {'nothing' if record.value is None else record.value} \u2260{held}"


def mermaid_lines(told: Timeline) -> Iterator[str]:
    """The lines of a Mermaid `sequenceDiagram` of the first scene: clients, and the controller as one."""
    scene = told.scenes[0]
    yield "sequenceDiagram"
    for client in sorted({one.client for one in scene.operations}):
        yield f"    participant C{client} as client {client}"
    yield "    participant K as controller"
    for time, is_return, one in sorted(_events(scene), key=lambda event: (event[0], event[1], event[2].id)):
        role = scene.roles.get(one.id)
        is_window = one in (scene.finding.window if scene.finding else ())
        if not is_return:
            yield f"    C{one.client}->>K: {_plain(str(one))}"
        else:
            word = "rejected" if one.outcome is Outcome.REJECTED else "returned"
            yield f"    K-->>C{one.client}: {word} #35;{one.id} at {milliseconds(time)}"
        if role and is_return == (one.returned is not None and not is_window):
            yield f"    Note over C{one.client}: {_plain(f'#{one.id} {role}')}"
    if scene.finding is not None:
        clients = [one.client for one in scene.operations]
        yield f"    Note over C{min(clients)},K: {_plain(f'{scene.finding.kind.value}: {scene.finding.sentence}')}"


def _events(scene: Scene) -> Iterator[tuple[int, bool, Operation]]:
    for one in scene.operations:
        yield one.call, False, one
        if one.returned is not None:
            yield one.returned, True, one


def _plain(text: str) -> str:
    """With what would end a label in Mermaid in its place."""
    return text.replace(";", ",").replace("#", "#35;")
