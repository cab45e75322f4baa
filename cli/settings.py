"""`[tool.splitproof]` in pyproject.toml: what `splitproof verify` checks where no design is named."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from splitproof.checker.reports import REPORTS
from splitproof.checker.search.oracle import Limits
from splitproof.model.errors import ModelError
from splitproof.model.misuse import nearest
from splitproof.output import OWN_FORMATS, writable

__all__ = ["Settings", "read_settings"]


@dataclass(frozen=True)
class Settings:
    """What a project asks for. `reports`: further reports, by kind. Paths start at the file's folder."""

    designs: tuple[str, ...]
    blocks: int | None = None
    jobs: int | None = None
    limits: Limits = field(default_factory=Limits)
    reports: tuple[tuple[str, Path], ...] = ()


_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "designs": (list, 'a list of designs, such as ["designs/mine.py:mine"]'),
    "blocks": (int, "a number of blocks, 1 to 8"),
    "jobs": (int, "a number of processes"),
    "max-states": (int, "a number of states"),
    "max-seconds": ((int, float), "a number of seconds"),
    "reports": (dict, 'a table of kinds and paths, such as { junit = "report.xml" }'),
}


def read_settings(folder: Path) -> Settings | None:
    """The settings of the nearest pyproject.toml at or above a folder; None if it has no `[tool.splitproof]`.

    Raises:
        ModelError: the file cannot be read, has a setting that is unknown or of the wrong type, or a
            report cannot be written.
    """
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            try:
                table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("splitproof")
            except (OSError, ValueError) as error:
                raise ModelError(f"{file.name} cannot be read: {error}", "") from error
            return None if table is None else _settings(table, place, folder)
    return None


def _settings(table: Mapping[str, Any], place: Path, folder: Path) -> Settings:
    for key, value in table.items():
        if key not in _TYPES:
            hint = nearest(key, _TYPES, most=1) or f"there are {', '.join(_TYPES)}"
            raise ModelError(f"[tool.splitproof] has {key}, which is no setting; {hint}", "")
        kinds, accepted = _TYPES[key]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise ModelError(f"[tool.splitproof] has {key} = {value!r}; accepted is {accepted}", "")
        if isinstance(value, int | float) and not 0 < value <= (8 if key == "blocks" else float("inf")):
            raise ModelError(
                f"[tool.splitproof] has {key} = {value!r}; accepted is {accepted}, more than 0", ""
            )
    designs = table.get("designs", [])
    if not designs or not all(isinstance(design, str) for design in designs):
        raise ModelError(
            f"[tool.splitproof] has designs = {designs!r}; accepted is {_TYPES['designs'][1]}", ""
        )
    return Settings(
        tuple(_from(place, folder, design) if ".py:" in design else design for design in designs),
        table.get("blocks"),
        table.get("jobs"),
        Limits(table.get("max-states"), table.get("max-seconds")),
        tuple(_report(place, folder, kind, path) for kind, path in table.get("reports", {}).items()),
    )


def _report(place: Path, folder: Path, kind: str, path: object) -> tuple[str, Path]:
    if kind not in (*OWN_FORMATS, *REPORTS) or not isinstance(path, str):
        accepted = ", ".join((*OWN_FORMATS, *REPORTS))
        raise ModelError(
            f"[tool.splitproof.reports] has {kind} = {path!r}; kinds are {accepted}, paths are text", ""
        )
    file = Path(_from(place, folder, path))
    writable(file)
    return kind, file


def _from(place: Path, folder: Path, path: str) -> str:
    """A path of the file's folder, as seen from where the command runs."""
    return path if place == folder else str(place / path)
