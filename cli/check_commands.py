"""`check`: one design."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from splitproof.checker.check import Options
from splitproof.checker.check import check as run_check
from splitproof.checker.check_report import check_report
from splitproof.checker.counterexamples.saved import SavedTrace, saved_json
from splitproof.checker.engines import EngineChoice
from splitproof.checker.quantities import count
from splitproof.checker.search.engine import Limits
from splitproof.checker.texts import check_lines, story_lines
from splitproof.checker.verdicts import CheckResult, PropertyResult, Violated
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.misuse import nearest
from splitproof.output import Destination, json_text, remark, search_progress, write
from splitproof.spec.properties import Property

__all__ = ["Request", "check", "save_first", "selected"]


@dataclass(frozen=True)
class Request:
    """What `check` was asked for."""

    design: str
    blocks: int
    properties: tuple[str, ...]
    max_states: int | None
    max_seconds: float | None
    max_memory: int | None
    fold: bool | None
    engine: EngineChoice
    threads: int | None
    symmetry: bool
    slice: bool


def check(
    request: Request,
    every_story: bool,
    trace_file: Path | None,
    destination: Destination,
) -> int:
    """Check a design, print the result, save the first counterexample and write further reports if asked."""
    machine = load_machine(request.design)
    limits = Limits(request.max_states, request.max_seconds, max_memory=request.max_memory)
    options = Options(
        limits=limits,
        fold=request.fold,
        symbolic=request.blocks == 1,
        essential=True,
        engine=request.engine,
        threads=request.threads,
        symmetry=request.symmetry,
        slice=request.slice and bool(request.properties) and request.blocks > 1,
    )
    with search_progress(f"{request.design}, {count(request.blocks, 'block')}") as progress:
        asked = selected(machine, request.properties)
        result = run_check(machine, request.blocks, asked, options, progress, remark)
    if trace_file is not None:
        save_first(result.properties, request, trace_file)
    stories = {item.asked.id: list(story_lines(item, result.design)) for item in result.properties}
    told = result.json()
    own: dict[str, Callable[[], list[str]]] = {
        "text": lambda: _lines(result, every_story, trace_file),
        "json": lambda: json_text(told),
    }
    destination.show([check_report(request.design, told, stories)], own)
    return result.exit_code


def _lines(result: CheckResult, every_story: bool, trace_file: Path | None) -> list[str]:
    lines = list(check_lines(result, every_story))
    if not result.properties:
        lines.append(f"no property of {result.design} can be checked at this size")
    if trace_file is not None and any(isinstance(item.verdict, Violated) for item in result.properties):
        lines.append(f"replay:   splitproof trace {shlex.quote(str(trace_file))}")
    return lines


def selected(machine: Machine, names: tuple[str, ...]) -> list[Property] | None:
    """The properties named; None for all.

    Raises:
        ModelError: the design is not checked for one of them.
    """
    if not names:
        return None
    for name in names:
        if name not in machine.properties:
            hint = nearest(name, machine.properties) or f"there are {', '.join(machine.properties)}"
            raise ModelError(f"{machine.name} has no property {name!r}; {hint}", "")
    return [machine.properties[name] for name in dict.fromkeys(names)]


def save_first(results: Sequence[PropertyResult], request: Request, file: Path) -> None:
    """Save the first counterexample among some results, if there is one."""
    for item in results:
        if isinstance(item.verdict, Violated):
            saved = SavedTrace(item.verdict.trace, item.asked, request.design)
            write([json.dumps(saved_json(saved), indent=1)], file)
            return
