"""Counterexamples in files: read back, and replayed before they are believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.checker.traces import ReplayError, Trace, replay, show_value
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Step
from splitproof.model.layout import Layout, Valuation
from splitproof.model.loading import load_machine
from splitproof.model.machine import Action, Machine
from splitproof.model.types import Type
from splitproof.spec.properties import Property

__all__ = ["SavedTrace", "load_trace"]


@dataclass(frozen=True)
class SavedTrace:
    """A replayed counterexample and the property that it violates."""

    trace: Trace
    property: Property


def load_trace(file: Path) -> SavedTrace:
    """Read a counterexample that `check --trace` wrote, and replay it.

    Raises:
        ModelError: the file is no such counterexample, is cut short, or does not fit the design that it names; the
            message says which part.
    """
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{file} is no saved counterexample: {error}; write one with `splitproof check --trace`", ""
        ) from error
    if not isinstance(saved, dict):
        raise ModelError(
            f"{file} is no saved counterexample: it holds a {type(saved).__name__}, expected an object", ""
        )
    missing = [key for key in ("property", "source", "blocks", "initial", "steps") if key not in saved]
    if missing:
        raise ModelError(f"{file} is no saved counterexample: it has no {', '.join(missing)}", "")
    machine = load_machine(str(saved["source"]))
    violated = machine.properties.get(str(saved["property"]))
    if violated is None:
        raise ModelError(f"{file} speaks of {saved['property']}, which {machine.name} is not checked for", "")
    layout = Layout(machine, int(saved["blocks"]))
    initial = _valuation(layout, saved["initial"], file)
    steps = [
        _step(machine, layout.blocks, step, f"{file}, step {number}")
        for number, step in enumerate(saved["steps"], 1)
    ]
    loop = saved.get("loop")
    if not (loop is None or type(loop) is int):
        raise ModelError(f"{file} has the loop {loop!r}; accepted is a number of steps, or null", "")
    try:
        return SavedTrace(replay(machine, layout.blocks, initial, steps, violated, loop), violated)
    except ReplayError as error:
        raise ModelError(f"{file} does not fit {machine.name}: {error}", "") from error


def _valuation(layout: Layout, shown: dict[str, str], file: Path) -> Valuation:
    values = []
    for slot in layout.slots:
        if slot.name not in shown:
            raise ModelError(f"{file} lacks the initial value of {slot.name}", "")
        values.append(_value(shown[slot.name], slot.leaf.type, layout.blocks, f"{file}, initial {slot.name}"))
    return tuple(values)


def _step(machine: Machine, blocks: int, saved: dict[str, Any], where: str) -> Step:
    action = _action(machine, saved, where)
    given = saved.get("arguments", {})
    missing = [parameter.name for parameter in action.parameters if parameter.name not in given]
    if missing:
        raise ModelError(f"{where} lacks {', '.join(missing)} of {action.name}", "")
    return Step(
        action, tuple(_value(given[p.name], p.type, blocks, f"{where}, {p.name}") for p in action.parameters)
    )


def _action(machine: Machine, saved: dict[str, Any], where: str) -> Action:
    for action in machine.actions:
        if action.name == saved.get("action") and str(action.by) == saved.get("by"):
            return action
    raise ModelError(f"{where}: {machine.name} has no action {saved.get('action')} of {saved.get('by')}", "")


def _value(shown: str, type_: Type, blocks: int, where: str) -> Any:
    values = {show_value(value, type_): value for value in type_.values(blocks)}
    if shown not in values:
        raise ModelError(f"{where} is {shown!r}; accepted are {', '.join(values)}", "")
    return values[shown]
