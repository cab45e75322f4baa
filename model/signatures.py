"""What the Python function of an action declares by its signature and docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from splitproof.model.errors import ModelError
from splitproof.model.expressions import Param
from splitproof.model.records import check_name
from splitproof.model.types import BLOCK, BLOCK_SET, DATA, Type

__all__ = ["narration_of", "parameters_of"]

_TYPES: dict[str, Type] = {"Block": BLOCK, "Data": DATA, "BlockSet": BLOCK_SET}
_ACCEPTED = "annotate it Block, Data or BlockSet"


def narration_of(function: Callable[..., Any], where: str) -> str:
    """The first line of its docstring."""
    text = (function.__doc__ or "").strip()
    if not text:
        raise ModelError(
            f"{function.__name__} has no docstring; its first line tells the step in stories", where
        )
    return " ".join(text.splitlines()[0].split())


def parameters_of(function: Callable[..., Any], where: str) -> tuple[Param, ...]:
    """What the action can be taken for: every parameter after the state."""
    name = function.__name__
    state, *others = inspect.signature(function).parameters.values() or (None,)
    if state is None or _annotated(state) in _TYPES:
        raise ModelError(f"{name} takes no state; write def {name}(s: State, ...)", where)
    found = []
    for parameter in others:
        check_name(parameter.name, f"a parameter of {name}")
        annotation = _annotated(parameter)
        if annotation not in _TYPES:
            is_there = parameter.annotation is not parameter.empty
            offence = f"is annotated {annotation}" if is_there else "has no annotation"
            raise ModelError(f"parameter {parameter.name} of {name} {offence}; {_ACCEPTED}", where)
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD or parameter.default is not parameter.empty:
            raise ModelError(
                f"parameter {parameter.name} of {name} takes every value of its type; write it without * and "
                "default",
                where,
            )
        found.append(Param(parameter.name, _TYPES[annotation]))
    return tuple(found)


def _annotated(parameter: inspect.Parameter) -> str:
    """The last part of the annotation, which is a string under `from __future__ import annotations`."""
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", repr(annotation))
    return text.rpartition(".")[2].strip("\"'")
