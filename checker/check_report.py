"""What a check of a design comes to, as a report. A verdict that is not the declared one fails."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

from splitproof.checker.quantities import count
from splitproof.checker.reports import Finding, Report
from splitproof.checker.texts import vacuity_sentences

__all__ = ["check_report", "place_in_sources", "place_of_design", "property_finding"]


def check_report(source: str, result: Mapping[str, Any], stories: Mapping[str, Sequence[str]]) -> Report:
    """What a check comes to.

    `source`: the design as it was named. `result`: its JSON form. `stories`: the lines of each violated property.
    """
    found = [property_finding(source, item, stories.get(item["id"], ())) for item in result["properties"]]
    found += _vacuous(source, result)
    found += (
        Finding(f"unfinished: {number}", "error", f"UNKNOWN: {sentence}")
        for number, sentence in enumerate(result["unfinished"], 1)
    )
    if not result["properties"]:
        found.append(Finding("nothing selected", "error", "no property can be checked at this size"))
    return Report(
        f"{result['design']}, {count(result['blocks'], 'block')}", tuple(found), place_of_design(source)
    )


def property_finding(source: str, item: Mapping[str, Any], story: Sequence[str]) -> Finding:
    """What became of a property. `item`: the JSON form of `verdicts.PropertyResult`."""
    status, message = _status(item)
    places = [
        (*place_in_sources(step["where"], source), f"{step['by']} {step['action']}, step {step['step']}")
        for step in item["guilty"]
    ]
    places.append((*place_in_sources(item["defined"], source), item["id"]))
    flow = (
        []
        if item["trace"] is None
        else [
            (*place_in_sources(step["where"], source), _told(number, step))
            for number, step in enumerate(item["trace"]["steps"], 1)
        ]
    )
    return Finding(item["id"], status, message, item["statement"], tuple(story), tuple(places), tuple(flow))


def _told(number: int, step: Mapping[str, Any]) -> str:
    """A step in a line: `5 host write(block 0, b): The host writes the block and marks it.`"""
    return f"{number} {step['by']} {step['action']}({', '.join(step['arguments'].values())}): {step['narration']}"


_PACKAGES = ("splitproof.model.controller", "splitproof.spec")
"""Where the lines of the designs of the catalogue are."""


def place_in_sources(where: str, source: str) -> tuple[str, int]:
    """The path and the line of a `file:line`: of the design's own file, as it was named, or of ours."""
    name, _, line = where.rpartition(":")
    design = source.partition(".py:")[0] + ".py"
    if PurePath(design).name == name:
        return _shown(PurePath(design)), int(line)
    for package in _PACKAGES:
        if (Path(str(files(package))) / name).is_file():
            return _path_of(package, name), int(line)
    return name, int(line)


def _path_of(package: str, name: str) -> str:
    """A file of ours: from the current directory where it is a checkout, else under the name it is imported by."""
    file = Path(str(files(package))) / name
    inside = file.is_relative_to(Path.cwd()) and "site-packages" not in file.parts
    return (file.relative_to(Path.cwd()) if inside else PurePath(*package.split("."), name)).as_posix()


def place_of_design(source: str) -> tuple[str, int, str]:
    """Where a design is given its name: in the file that it is of, as that was named, or in the catalogue."""
    path, is_file, name = source.partition(".py:")
    if not is_file:
        return _path_of("splitproof.model", "catalogue.py"), 1, source
    return _shown(PurePath(path + ".py")), _line_of(Path(path + ".py"), name.partition("+")[0]), source


def _line_of(file: Path, name: str) -> int:
    """The first line that binds a name at the top of a file; 1 where that is done in another way."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 1  # it has been loaded: it is another one by now
    return next((statement.lineno for statement in tree.body if name in _bound(statement)), 1)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _shown(file: PurePath) -> str:
    """A file as CI looks for it in its sources: from the checkout, which GitHub names, or the current directory.

    One that is in neither is shown as it was named.
    """
    whole = PurePath(os.path.normpath(Path.cwd() / file))
    for folder in (os.environ.get("GITHUB_WORKSPACE"), str(Path.cwd())):
        if folder and whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return file.as_posix()


def _vacuous(source: str, result: Mapping[str, Any]) -> Iterator[Finding]:
    """Steps and clauses without meaning, each an error of its own."""
    clauses = [f"dead clause: {clause['action']}: {clause['text']}" for clause in result["dead_clauses"]]
    names = [f"never fired: {label}" for label in result["never_fired"]]
    names += [f"misdeclared: {number}" for number, _ in enumerate(result["misdeclared"], 1)]
    places = [*result["places"], *(clause["where"] for clause in result["dead_clauses"])]
    for name, sentence, where in zip([*names, *clauses], vacuity_sentences(result), places, strict=True):
        place = (*place_in_sources(where, source), name)
        yield Finding(name, "error", f"VACUOUS: {sentence}", places=(place,))


def _status(item: Mapping[str, Any]) -> tuple[str, str]:
    verdict, declared = item["verdict"], item["expected"] or "holds"
    if verdict == "unknown":
        return "error", f"UNKNOWN: {item['limit']} ended the search"
    if verdict != declared:
        if verdict == "violated":
            return "failure", f"VIOLATED in {count(item['depth'], 'step')}: {item['sentence']}"
        return "failure", f"HOLDS, but is declared {declared}"
    if item["vacuous"] is not None:
        return "error", f"VACUOUS: {item['vacuous']}"
    if verdict == "violated":
        return "pass", f"violated in {count(item['depth'], 'step')}, as declared: {item['sentence']}"
    return "pass", "holds"
