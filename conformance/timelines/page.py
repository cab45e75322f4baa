"""A history as a page: one HTML file that needs no network; without JavaScript its charts and tables are there, too."""

from __future__ import annotations

import shlex
from importlib.resources import files
from typing import Any

from splitproof.checker.counterexamples.page import page_environment, stylesheet
from splitproof.checker.quantities import count
from splitproof.conformance.histories.findings import milliseconds, shown
from splitproof.conformance.histories.history import Operation
from splitproof.conformance.timelines.chart import BY_WIDTH, both_lines
from splitproof.conformance.timelines.timeline import Scene, Timeline

__all__ = ["history_page"]


def history_page(told: Timeline) -> str:
    """The page of a judged history."""
    judgement = told.judgement
    environment = page_environment()
    environment.filters |= {"count": count, "ms": milliseconds}
    template = environment.from_string(_text("history.html"))
    return template.render(
        told=told,
        command=f"splitproof judge {shlex.quote(told.source)}",
        judgement=judgement,
        judged=", ".join(
            f"{name} {count(number, 'time')}" for name, number in sorted(judgement.judged.items())
        ),
        scenes=[_scene(told, scene) for scene in told.scenes],
        rows=[
            {"operation": one, "skipped": before, "tells": _tells(told, one), "returned": _returned(one)}
            for one, before in zip(told.operations, told.skipped, strict=False)
        ],
        after=told.skipped[-1],
        css=stylesheet() + _text("history.css") + BY_WIDTH,
        script=_text("history.js"),
    )


def _scene(told: Timeline, scene: Scene) -> dict[str, Any]:
    return {
        "finding": scene.finding,
        "places": ", ".join(map(shown, scene.finding.places)) if scene.finding else "",
        "chart": "\n".join(both_lines(told, scene)),
        "records": [(shown(record.place), record) for record in scene.records],
        "omitted": scene.records_omitted,
        "is_read": scene.finding is not None
        and scene.finding.reader is not None
        and scene.finding.reader.kind == "read",
        "witnesses": [one.id for one in scene.finding.operations] if scene.finding else [],
    }


def _tells(told: Timeline, one: Operation) -> list[tuple[int, str]]:
    """What an operation has to do with each finding."""
    return [
        (number, scene.roles[one.id])
        for number, scene in enumerate(told.scenes, start=1)
        if one.id in scene.roles
    ]


def _returned(one: Operation) -> str:
    return "never returned" if one.returned is None else milliseconds(one.returned)


def _text(name: str) -> str:
    return files("splitproof.conformance.timelines").joinpath(name).read_text(encoding="utf-8")
