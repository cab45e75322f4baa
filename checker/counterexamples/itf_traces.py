"""Counterexamples in the Informal Trace Format (ITF) of Apalache and Quint, written and read back.

A state is an object of variables; the step that led to it is told as Quint tells it, in `mbt::actionTaken` and
`mbt::nondetPicks`. Source: Apalache ADR 015, "Informal Trace Format in JSON".
"""

from __future__ import annotations

from typing import Any

from splitproof.checker.counterexamples.traces import Trace, show_value
from splitproof.model.errors import ModelError
from splitproof.model.types import BLOCK_SET, Type
from splitproof.spec.properties import Property

__all__ = ["from_itf", "is_itf", "itf_json", "itf_value"]

_TAKEN, _PICKS = "mbt::actionTaken", "mbt::nondetPicks"


def itf_json(trace: Trace, violated: Property, source: str) -> dict[str, Any]:
    """The trace as an ITF object. `source`: the design as the command line names it."""
    slots = trace.layout.slots
    states = []
    for index, state in enumerate(trace.states):
        taken = trace.steps[index - 1].step if index else None
        picks = {} if taken is None else dict(zip(taken.action.parameters, taken.arguments, strict=True))
        states.append(
            {
                "#meta": {"index": index},
                _TAKEN: "init" if taken is None else taken.action.label,
                _PICKS: {
                    parameter.name: itf_value(value, parameter.type) for parameter, value in picks.items()
                },
                **{slot.name: itf_value(state[slot.position], slot.leaf.type) for slot in slots},
            }
        )
    found: dict[str, Any] = {
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "description": f"{violated.id} is violated by {source}",
            "property": violated.id,
            "source": source,
            "blocks": trace.blocks,
        },
        "vars": [_TAKEN, _PICKS, *(slot.name for slot in slots)],
        "states": states,
    }
    if trace.loop is not None:
        found["loop"] = trace.loop
    return found


def itf_value(value: Any, type_: Type) -> Any:
    """A value as ITF has it: truth values as they are, sets tagged, whole numbers as they are, all else in words."""
    if type_ is BLOCK_SET:
        return {"#set": sorted(value)}
    if isinstance(value, bool):
        return value
    shown = show_value(value, type_)
    return int(shown) if shown.lstrip("-").isdigit() else shown


def is_itf(saved: object) -> bool:
    """Whether a JSON value says that it is a trace in this format."""
    meta = saved.get("#meta") if isinstance(saved, dict) else None
    return isinstance(meta, dict) and meta.get("format") == "ITF"


def from_itf(itf: dict[str, Any], where: str) -> dict[str, Any]:
    """The trace in the form that `check --trace` saves.

    Raises:
        ModelError: the file does not say which design, property and steps it speaks of.
    """
    meta, states = itf["#meta"], itf.get("states")
    missing = [f"#meta.{key}" for key in ("property", "source", "blocks") if key not in meta]
    if not isinstance(states, list) or not states:
        missing.append("states")
    if missing:
        raise ModelError(f"{where} is a trace in ITF without {', '.join(missing)}", "")
    assert isinstance(states, list)
    steps = []
    for number, state in enumerate(states[1:], 1):
        if not isinstance(state, dict) or _TAKEN not in state:
            raise ModelError(f"{where}, state {number}, does not say in {_TAKEN} which step led to it", "")
        by, _, action = str(state[_TAKEN]).rpartition(" ")
        picks = {name: _shown(value) for name, value in state.get(_PICKS, {}).items()}
        steps.append({"by": by, "action": action, "arguments": picks})
    initial = {
        name: _shown(value) for name, value in states[0].items() if not name.startswith(("#", "mbt::"))
    }
    return {
        "property": meta["property"],
        "source": meta["source"],
        "blocks": meta["blocks"],
        "initial": initial,
        "steps": steps,
        "loop": itf.get("loop"),
    }


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(map(str, value.get("#set", []))) + "}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
