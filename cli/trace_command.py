"""`trace`: a saved counterexample, replayed by the reference interpreter and shown; or a history, judged and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from splitproof.checker.counterexamples.diagrams import mermaid_lines, svg_lines
from splitproof.checker.counterexamples.explorer import explored
from splitproof.checker.counterexamples.itf_traces import itf_json
from splitproof.checker.counterexamples.page import html_page
from splitproof.checker.counterexamples.regression import regression_lines
from splitproof.checker.counterexamples.saved import SavedTrace, load_trace, saved_json
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.texts import story_lines
from splitproof.checker.verdicts import PropertyResult, Violated
from splitproof.conformance.histories.history import is_history
from splitproof.model.errors import ModelError
from splitproof.output import json_text, remark, write

__all__ = ["trace"]


def trace(file: Path, format: str, output: Path | None) -> int:
    """Replay a saved counterexample, or judge a history, and show it."""
    write(_history(file, format) if is_history(file) else _SHOWN[format](load_trace(file)), output)
    return ExitCode.HOLDS


def _history(file: Path, format: str) -> Iterable[str]:
    """A history in a format.

    Raises:
        ModelError: it cannot be loaded, or the format is one of counterexamples of designs only.
    """
    from splitproof.conformance.histories.history import HistoryError, load_history
    from splitproof.conformance.histories.judgement import judge_history
    from splitproof.conformance.timelines.chart import svg_lines
    from splitproof.conformance.timelines.page import history_page
    from splitproof.conformance.timelines.telling import mermaid_lines, text_lines
    from splitproof.conformance.timelines.timeline import Timeline, timeline

    shown: dict[str, Callable[[Timeline], Iterable[str]]] = {
        "text": text_lines,
        "json": lambda told: json_text(told.json()),
        "html": lambda told: history_page(told).splitlines(),
        "svg": svg_lines,
        "mermaid": mermaid_lines,
    }
    if format not in shown:
        raise ModelError(f"a history cannot be shown as {format}; accepted are {', '.join(shown)}", "")
    try:
        history = load_history(file)
    except HistoryError as error:
        raise ModelError(str(error), "") from error
    return shown[format](timeline(history, judge_history(history), str(file)))


def _text(saved: SavedTrace) -> Iterable[str]:
    item = PropertyResult(saved.property, Violated(saved.trace))
    return story_lines(item, saved.trace.machine.name, how="replayed")


def _json(saved: SavedTrace) -> Iterable[str]:
    return json_text(saved_json(saved))


def _html(saved: SavedTrace) -> Iterable[str]:
    return html_page(saved.trace, saved.property, saved.source).splitlines()


def _svg(saved: SavedTrace) -> Iterable[str]:
    return svg_lines(explored(saved.trace, saved.property, saved.source))


def _mermaid(saved: SavedTrace) -> Iterable[str]:
    return mermaid_lines(explored(saved.trace, saved.property, saved.source))


def _itf(saved: SavedTrace) -> Iterable[str]:
    return json_text(itf_json(saved.trace, saved.property, saved.source))


def _pytest(saved: SavedTrace) -> Iterable[str]:
    """A test of the design, and one of controllers; where there can be none, the file and the user are told why."""
    from splitproof.conformance.derivation.regression import IMPORTS, controller_test_lines, unmapped_lines
    from splitproof.conformance.derivation.translation import Unmapped

    try:
        return regression_lines(saved, IMPORTS, controller_test_lines(saved))
    except Unmapped as reason:
        remark(f"the test replays the design only: {reason}")
        return regression_lines(saved, further=unmapped_lines(reason))


_SHOWN: dict[str, Callable[[SavedTrace], Iterable[str]]] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "svg": _svg,
    "mermaid": _mermaid,
    "itf": _itf,
    "pytest": _pytest,
}
