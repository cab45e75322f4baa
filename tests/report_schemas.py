"""What JUnit XML and SARIF look like, as far as we write them.

JUnit has no standard: the element and attribute names are those that Jenkins' junit plugin, GitLab and GitHub's actions
read in common. Of SARIF 2.1.0 (OASIS) it is the part that we use, written down from the standard's text, and not the
official schema, which is not fetched here.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

__all__ = ["SARIF", "junit_faults"]

_COUNTS = {"tests", "failures", "errors", "skipped"}
_JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", *_COUNTS}, {"testsuite"}),
    "testsuite": ({"name", *_COUNTS}, {"testcase"}),
    "testcase": ({"classname", "name"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}
"""For each element, its attributes, all of which it has, and the elements that may be in it."""


def junit_faults(element: ElementTree.Element) -> list[str]:
    """What is not as JUnit XML is; the first element is `testsuites`."""
    attributes, inside = _JUNIT[element.tag]
    found = [] if set(element.attrib) == attributes else [f"{element.tag} has {sorted(element.attrib)}"]
    found += [f"{element.tag} has a {child.tag}" for child in element if child.tag not in inside]
    found += [
        f"{name} is {element.get(name)}"
        for name in _COUNTS & attributes
        if not element.get(name, "").isdecimal()
    ]
    if element.tag == "testcase" and len(element) > 1:
        found.append(f"{element.get('name')} has more than one outcome")
    return found + [fault for child in element if child.tag in inside for fault in junit_faults(child)]  # fmt: skip


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


_TEXT = _object({"text": {"type": "string", "minLength": 1}})
_PLACE = _object(
    {
        "artifactLocation": _object({"uri": {"type": "string", "pattern": r"^[^\s\\]+$"}}),
        "region": _object({"startLine": {"type": "integer", "minimum": 1}}),
    }
)
_LOCATION = {"physicalLocation": _PLACE, "message": _TEXT}
_RESULT = _object(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _TEXT,
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    {
        "locations": {"type": "array", "items": _object(_LOCATION), "minItems": 1},
        "relatedLocations": {
            "type": "array",
            "items": _object({"id": {"type": "integer", "minimum": 0}, **_LOCATION}),
            "minItems": 1,
            "uniqueItems": True,
        },
    },
)
_RULE = _object({"id": {"type": "string"}, "shortDescription": _TEXT})
_DRIVER = _object(
    {
        "name": {"const": "splitproof"},
        "version": {"type": "string"},
        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
    }
)

SARIF: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        {
            "$schema": {"type": "string", "format": "uri"},
            "version": {"const": "2.1.0"},
            "runs": {
                "type": "array",
                "minItems": 1,
                "items": _object(
                    {"tool": _object({"driver": _DRIVER}), "results": {"type": "array", "items": _RESULT}}
                ),
            },
        }
    ),
}
"""A JSON Schema of the part of SARIF 2.1.0 that we write."""
