"""What a certificate consists of, by name: what writes one and what checks one have nothing else in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from splitproof.checker.proof.kinds import BY_RANKING
from splitproof.checker.proof.ranking_rule import RULE_FILES
from splitproof.spec.properties import Kind

__all__ = [
    "FORMAT",
    "MANIFEST",
    "README",
    "START_FILE",
    "STATES_FILE",
    "possible_file",
    "ranking_file",
    "required_files",
    "safety_file",
    "step_file",
]

FORMAT = 2
MANIFEST, README = "manifest.json", "README.md"
START_FILE = "start.smt2"
STATES_FILE = "ranking-states.smt2"


def step_file(number: int, label: str) -> str:
    """The name of an action's obligation."""
    return f"step-{number:02}-{_slug(label)}.smt2"


def possible_file(number: int) -> str:
    """The name of an example in which actions can be taken."""
    return f"possible-{number:02}.smt2"


def ranking_file(number: int, label: str) -> str:
    """The name of what ranking arguments need of an action."""
    return f"ranking-{number:02}-{_slug(label)}.smt2"


def safety_file(property_id: str) -> str:
    """The name of what says that the lemmas imply a property."""
    return f"safety-{property_id}.smt2"


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def required_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The files that an argument about these actions and properties consists of, with the answers that it needs."""
    required = {START_FILE: "unsat"}
    for number, label in enumerate(manifest["actions"], start=1):
        required[step_file(number, label)] = "unsat"
    for number in range(1, len(manifest["possible"]) + 1):
        required[possible_file(number)] = "sat"
    for item in manifest["properties"]:
        kind = Kind(item["kind"])
        if kind is Kind.ALWAYS:
            required[safety_file(item["id"])] = "unsat"
        if kind in BY_RANKING:
            required[STATES_FILE] = "unsat"
            for number, label in enumerate(manifest["actions"], start=1):
                required[ranking_file(number, label)] = "unsat"
        if kind is Kind.LEADS_TO:
            required |= dict.fromkeys(RULE_FILES, "unsat")
    return required
