"""The JSON Schemas of the docs, and what validates against them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

__all__ = ["SCHEMAS", "faults", "schema_named"]

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"
SCHEMAS: dict[str, Any] = {
    file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))
}
_REGISTRY: Registry[Any] = Registry().with_resources(
    [(name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)


def schema_named(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = SCHEMAS[f"{name}.json"]
    return schema


def faults(name: str | dict[str, Any], value: Any) -> list[str]:
    """Where a value does not fit a schema, and why."""
    schema = schema_named(name) if isinstance(name, str) else name
    found = Draft202012Validator(schema, registry=_REGISTRY).iter_errors(value)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]
