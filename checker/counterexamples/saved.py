"""Counterexamples in files: their JSON form, read back, and replayed before they are believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.checker.counterexamples.itf_traces import from_itf, is_itf, itf_value
from splitproof.checker.counterexamples.traces import ReplayError, Trace, replay, show_value
from splitproof.model.declarations import Action
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Step
from splitproof.model.layout import Layout, Valuation
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.types import Type
from splitproof.spec.properties import Property

__all__ = ["SavedTrace", "load_trace", "replayed", "saved_json", "trace_json"]


@dataclass(frozen=True)
class SavedTrace:
    """A replayed counterexample, the property that it violates, and the design as it was named."""

    trace: Trace
    property: Property
    source: str


def trace_json(trace: Trace) -> dict[str, Any]:
    """A trace as JSON: the initial state, and for each step its action, what it changed and the state after it."""
    slots = trace.layout.slots
    types = {slot.name: slot.leaf.type for slot in slots}

    def state(values: tuple[Any, ...]) -> dict[str, str]:
        return {slot.name: show_value(values[slot.position], types[slot.name]) for slot in slots}

    steps = []
    for index, item in enumerate(trace.steps):
        action = item.step.action
        arguments = {
            parameter.name: show_value(value, parameter.type)
            for parameter, value in zip(action.parameters, item.step.arguments, strict=True)
        }
        changed = {
            slot.name: [show_value(old, slot.leaf.type), show_value(new, slot.leaf.type)]
            for slot, old, new in trace.changes(index)
        }
        steps.append(
            {
                "action": action.name,
                "by": str(action.by),
                "block": next(
                    (value for name, value in arguments.items() if value.startswith("block ")), None
                ),
                "arguments": arguments,
                "narration": action.narration,
                "where": action.where,
                "changed": changed,
                "state": state(item.after),
            }
        )
    return {
        "design": trace.machine.name,
        "blocks": trace.blocks,
        "initial": state(trace.initial),
        "steps": steps,
        "loop": trace.loop,
    }


def saved_json(saved: SavedTrace) -> dict[str, Any]:
    """What `load_trace` reads back."""
    return {"property": saved.property.id, "source": saved.source, **trace_json(saved.trace)}


def load_trace(file: Path) -> SavedTrace:
    """Read a counterexample that `check --trace` or `trace --format itf` wrote, and replay it.

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
    if is_itf(saved):
        return _checked(replayed(from_itf(saved, str(file)), str(file)), saved, file)
    return replayed(saved, str(file))


def replayed(saved: object, where: str) -> SavedTrace:
    """A counterexample in the JSON form, replayed. `where`: what messages call it.

    Raises:
        ModelError: see `load_trace`.
    """
    if not isinstance(saved, dict):
        raise ModelError(
            f"{where} is no saved counterexample: it holds a {type(saved).__name__}, expected an object", ""
        )
    missing = [key for key in ("property", "source", "blocks", "initial", "steps") if key not in saved]
    if missing:
        raise ModelError(f"{where} is no saved counterexample: it has no {', '.join(missing)}", "")
    machine = load_machine(str(saved["source"]))
    violated = machine.properties.get(str(saved["property"]))
    if violated is None:
        raise ModelError(
            f"{where} speaks of {saved['property']}, which {machine.name} is not checked for", ""
        )
    layout = Layout(machine, int(saved["blocks"]))
    initial = _valuation(layout, saved["initial"], where)
    steps = [
        _step(machine, layout.blocks, step, f"{where}, step {number}")
        for number, step in enumerate(saved["steps"], 1)
    ]
    loop = saved.get("loop")
    if not (loop is None or type(loop) is int):
        raise ModelError(f"{where} has the loop {loop!r}; accepted is a number of steps, or null", "")
    try:
        trace = replay(machine, layout.blocks, initial, steps, violated, loop)
    except ReplayError as error:
        raise ModelError(f"{where} does not fit {machine.name}: {error}", "") from error
    return SavedTrace(trace, violated, str(saved["source"]))


def _checked(found: SavedTrace, itf: dict[str, Any], file: Path) -> SavedTrace:
    """The trace, whose states are those that the file gives."""
    for number, (given, state) in enumerate(zip(itf["states"], found.trace.states, strict=True)):
        for slot in found.trace.layout.slots:
            replayed_as = itf_value(state[slot.position], slot.leaf.type)
            if given.get(slot.name) != replayed_as:
                raise ModelError(
                    f"{file}, state {number}: {slot.name} is {given.get(slot.name)!r}, but the steps make it "
                    f"{replayed_as!r}",
                    "",
                )
    return found


def _valuation(layout: Layout, shown: dict[str, str], where: str) -> Valuation:
    values = []
    for slot in layout.slots:
        if slot.name not in shown:
            raise ModelError(f"{where} lacks the initial value of {slot.name}", "")
        values.append(
            _value(shown[slot.name], slot.leaf.type, layout.blocks, f"{where}, initial {slot.name}")
        )
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
