"""`check --engine bmc`: runs of so many steps, searched for by a SAT solver, and induction over the steps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from splitproof.check_commands import Request, save_first, selected
from splitproof.checker.bounded.bmc import BOUNDED, HoldsToDepth, bounded_check
from splitproof.checker.bounded.induction import HoldsByInduction, by_induction
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.quantities import count
from splitproof.checker.texts import story_lines
from splitproof.checker.verdicts import PropertyResult, Violated
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.output import json_text, status, write

__all__ = ["check"]

_Results = Mapping[str, Violated | HoldsToDepth | HoldsByInduction]


def check(
    request: Request,
    depth: int,
    induction: bool,
    every_story: bool,
    trace_file: Path | None,
    format: str,
    output: Path | None,
) -> int:
    """Look for counterexamples of at most `depth` steps. What has none is unknown: a bound is never a pass.

    `induction`: look for an invariant for it, and whether every step keeps it; then it holds.
    """
    machine = load_machine(request.design)
    listed = selected(machine, request.properties) or list(machine.properties.values())
    asked = [item for item in listed if item.kind in BOUNDED and item.needs_blocks <= request.blocks]
    started = time.perf_counter()
    with status(request.design) as say:
        results: dict[str, Violated | HoldsToDepth | HoldsByInduction] = dict(
            bounded_check(
                machine, request.blocks, asked, depth, lambda steps: say(f"{request.design}: {steps} steps")
            )
        )
        left = [item for item in asked if isinstance(results[item.id], HoldsToDepth)] if induction else []
        if left:
            kept = by_induction(machine, request.blocks, left, lambda text: say(f"{request.design}: {text}"))
            results |= {name: item for name, item in kept.items() if isinstance(item, HoldsByInduction)}
    violated = _violated(machine, results)
    if trace_file is not None:
        save_first(violated, request, trace_file)
    if format == "json":
        report = {
            "design": machine.name,
            "blocks": request.blocks,
            "engine": "bmc",
            "depth": depth,
            "properties": [_json(machine, name, verdict) for name, verdict in results.items()],
            "left_out": [item.id for item in listed if item not in asked],
            "timing": {"seconds": round(time.perf_counter() - started, 3)},
        }
        write(json_text(report), output)
    else:
        write(_lines(machine, request, results, violated if every_story else violated[:1]), output)
    if not asked:
        return ExitCode.NOTHING_SELECTED
    if violated:
        return ExitCode.VIOLATED
    undecided = any(isinstance(verdict, HoldsToDepth) for verdict in results.values())
    return ExitCode.UNKNOWN if undecided else ExitCode.HOLDS


def _violated(machine: Machine, results: _Results) -> list[PropertyResult]:
    return [
        PropertyResult(machine.properties[name], verdict)
        for name, verdict in results.items()
        if isinstance(verdict, Violated)
    ]


def _json(
    machine: Machine, name: str, verdict: Violated | HoldsToDepth | HoldsByInduction
) -> dict[str, object]:
    if isinstance(verdict, HoldsByInduction):
        return {"id": name, "verdict": verdict.word, "depth": None, "trace": None}
    if isinstance(verdict, HoldsToDepth):
        return {"id": name, "verdict": verdict.word, "depth": verdict.depth, "trace": None}
    found = PropertyResult(machine.properties[name], verdict).json()
    return {key: found[key] for key in ("id", "verdict", "depth", "trace")}


def _lines(
    machine: Machine, request: Request, results: _Results, told: list[PropertyResult]
) -> Iterator[str]:
    for item in told:
        yield from story_lines(item, machine.name)
    size = count(request.blocks, "block")
    for name, verdict in results.items():
        if isinstance(verdict, HoldsToDepth):
            yield f"HOLDS TO DEPTH {verdict.depth}  {name:<28} ({size})"
        elif isinstance(verdict, HoldsByInduction):
            clauses = count(verdict.clauses, "clause")
            yield f"HOLDS     {name:<28} (every number of steps, by induction over {clauses}; {size})"
        elif all(item.asked.id != name for item in told):
            yield f"VIOLATED  {name:<28} ({count(verdict.depth, 'step')}, shortest, {size})"
