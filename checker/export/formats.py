"""What a design can be exported to: one row a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from splitproof.checker.export.murphi import murphi
from splitproof.checker.export.pictures import dot, graphml
from splitproof.checker.export.promela import promela
from splitproof.checker.export.tla import tla, tla_configuration
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine

__all__ = ["FORMATS", "Request", "export"]


@dataclass(frozen=True)
class Request:
    """What is to be exported.

    `symmetry`: blocks as a scalarset, in Murphi. `whole`: each state of a picture, instead of components.
    `module`: the name of a TLA+ module; from the machine's unless given.
    """

    machine: Machine
    blocks: int
    symmetry: bool = False
    whole: bool = False
    module: str = ""


Files = Mapping[str, str]
"""Texts by the ending of their file; the first is the export itself."""


def _promela(asked: Request) -> Files:
    return {".pml": promela(asked.machine, asked.blocks, list(asked.machine.properties.values()))}


def _murphi(asked: Request) -> Files:
    properties = list(asked.machine.properties.values())
    return {".m": murphi(asked.machine, asked.blocks, properties, symmetry=asked.symmetry)}


def _tla(asked: Request) -> Files:
    machine, properties = asked.machine, list(asked.machine.properties.values())
    return {
        ".tla": tla(machine, asked.blocks, properties, asked.module),
        ".cfg": tla_configuration(machine, asked.blocks, properties),
    }


def _dot(asked: Request) -> Files:
    return {".dot": dot(asked.machine, asked.blocks, asked.whole)}


def _graphml(asked: Request) -> Files:
    return {".graphml": graphml(asked.machine, asked.blocks, asked.whole)}


FORMATS: Mapping[str, Callable[[Request], Files]] = {
    "promela": _promela,
    "murphi": _murphi,
    "tla": _tla,
    "dot": _dot,
    "graphml": _graphml,
}

_OPTIONS = {"symmetry": ("murphi",), "whole": ("dot", "graphml")}
"""The formats that an option means something for."""


def export(to: str, asked: Request) -> Files:
    """The design in a format of `FORMATS`.

    Raises:
        ModelError: there is no such format, an option that it does not have, or the design cannot be exported so.
    """
    if to not in FORMATS:
        raise ModelError(f"there is no export to {to!r}; there are {', '.join(FORMATS)}", "")
    for option, formats in _OPTIONS.items():
        if getattr(asked, option) and to not in formats:
            raise ModelError(
                f"an export to {to} has no {option}; it is an option of {' and '.join(formats)}", ""
            )
    return FORMATS[to](asked)
