"""The manifest of a certificate: read, and seen to have the form that a re-check relies on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from splitproof.checker.proof.certificate_files import FORMAT, MANIFEST
from splitproof.checker.proof.kinds import BY_INVARIANT, BY_RANKING

__all__ = ["read_manifest"]

_KINDS = [kind.value for kind in (*BY_INVARIANT, *BY_RANKING)]

_FORM: Final = {
    "design": str,
    "properties": [{"id": str, "kind": str}],
    "actions": [str],
    "never_taken": [str],
    "possible": [[str]],
    "lemmas": {str: {"is": str}},
    "files": {str: {"sha256": str, "expects": str}},
}
"""A list is of any number of its one item, a dictionary from `str` of any number of entries; others have these keys."""

_NOUNS: Final[dict[Any, str]] = {str: "text", list: "list", dict: "object"}


def read_manifest(directory: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The manifest in a directory, or None and what is wrong with it."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return None, [f"{MANIFEST}: cannot be read ({type(error).__name__}); this is no certificate"]
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return None, [
            f"{MANIFEST}: is of another format than {FORMAT}; this is no certificate of this version"
        ]
    faults = [f"{MANIFEST}: {fault}" for fault in _misshapen(manifest, _FORM, "")]
    if not faults:
        faults = [
            f"{MANIFEST}: {item['id']} is of the kind {item['kind']!r}; accepted are {', '.join(_KINDS)}"
            for item in manifest["properties"]
            if item["kind"] not in _KINDS
        ]
    return (None if faults else manifest), faults


def _misshapen(value: object, form: Any, at: str) -> Iterator[str]:
    """Where a value is not of a form, and what it would have to be. `at`: its place, as `files.start.smt2`."""
    kind = form if isinstance(form, type) else type(form)
    if not isinstance(value, kind):
        yield f"{at} is no {_NOUNS[kind]}"
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _misshapen(item, form[0], f"{at}.{place}")
    elif isinstance(value, dict):
        asked = dict.fromkeys(value, form[str]) if str in form else form
        for key, inner in asked.items():
            name = f"{at}.{key}".lstrip(".")
            yield from _misshapen(value[key], inner, name) if key in value else [f"lacks {name}"]
