"""What reports of each kind say, read back as a CI reads them: sets of (what was checked, which line of it)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

__all__ = ["by_github", "by_junit", "by_markdown", "by_sarif"]


def by_junit(file: Path, tag: str) -> set[tuple[str, str]]:
    root = ElementTree.parse(file).getroot()
    return {
        (suite.attrib["name"], case.attrib["name"])
        for suite in root
        for case in suite
        if case.find(tag) is not None
    }


def by_sarif(file: Path) -> set[tuple[str, str]]:
    (found,) = json.loads(file.read_text(encoding="utf-8"))["runs"]
    return {
        (
            result["partialFingerprints"]["splitproof/v1"].removesuffix(f"/{result['ruleId']}"),
            result["ruleId"],
        )
        for result in found["results"]
    }


def by_markdown(file: Path, mark: str) -> set[tuple[str, str]]:
    found, title = set(), ""
    for line in file.read_text(encoding="utf-8").splitlines():
        title = line.removeprefix("### ") if line.startswith("### ") else title
        if line.startswith(f"| {mark} "):
            found.add((title, line.split("|")[2].strip()))
    return found


def by_github(file: Path) -> set[tuple[str, str]]:
    found = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        title = re.fullmatch(r"::error (?:.*,)?title=(.*?)::(.*)", line)
        assert title is not None, line
        name, _, where = unquote(title[1]).rpartition(": ")
        found.add((where, name))
    return found
