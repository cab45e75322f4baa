"""Reports for CI: all kinds say the same, a limit and a vacuous pass are errors, nothing is skipped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from splitproof.__main__ import run

DESIGN = '''
from splitproof.model import Bool, Cell, Int, Machine, Processor, State, when
from splitproof.spec.properties import always

P = Processor("keeper")
DOOR = Cell("door & <frame>")


def door(name, *properties, dead=False):
    machine = Machine(name)
    machine.shared("open", Bool, "the door is open", cell=DOOR)
    machine.shared("locked", Bool, "never set", cell=DOOR)

    @machine.action(by=P)
    def swing(s: State) -> None:
        """The keeper opens or shuts the door."""
        s.open = ~s.open

    if dead:

        @machine.action(by=P)
        def unlock(s: State) -> None:
            """The keeper unlocks the door."""
            when(s.locked)
            s.locked = False

    machine.check(*properties)
    return machine


shut = always("always-shut", "the door is shut: <always> & \\"ever\\"", holds=lambda s: ~s.open)
sound = always("sound", "an open door is not locked", holds=lambda s: ~(s.open & s.locked))
idle = always("idle", "a locked door is shut", trigger=lambda s: s.locked, holds=lambda s: ~s.locked | ~s.open)

good = door("good", sound)
bad = door("bad", shut, sound)
declared = door("declared", shut)
declared.check(expects={"always-shut": "violated"})
wrongly = door("wrongly", sound)
wrongly.check(expects={"sound": "violated"})
vacuous = door("vacuous", idle)
dead = door("dead", sound, dead=True)
'''

NAMES = ("good", "bad", "declared", "wrongly", "vacuous", "dead")
FAILURES = {("bad, 1 block", "always-shut"), ("wrongly, 1 block", "sound")}
ERRORS = {("vacuous, 1 block", "idle"), ("dead, 1 block", "never fired: keeper unlock")}
KINDS = ("text", "json", "junit", "sarif", "markdown", "github")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One run with every kind of report."""
    folder = tmp_path_factory.mktemp("reports")
    design = folder / "door.py"
    design.write_text(DESIGN, encoding="utf-8")
    files = {kind: folder / f"report.{kind}" for kind in KINDS}
    options = [part for kind, file in files.items() for part in ("--report", f"{kind}={file}")]
    code = run(["verify", *(f"{design}:{name}" for name in NAMES), "--jobs", "1", *options])
    assert code == 1
    return files


def test_junit_counts_what_it_lists_and_skips_nothing(made: dict[str, Path]) -> None:
    root = ElementTree.parse(made["junit"]).getroot()
    assert root.tag == "testsuites"
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == len(list(suite.iter("failure")))
        assert int(suite.attrib["errors"]) == len(list(suite.iter("error")))
        assert suite.attrib["skipped"] == "0"
        assert not list(suite.iter("skipped"))
        assert all({child.tag for child in case} <= {"failure", "error", "system-out"} for case in cases)
    story = next(root.iter("failure"))
    assert story.text is not None
    assert 'the door is shut: <always> & "ever"' in story.text
    assert story.attrib["message"] == "VIOLATED in 1 step: Keeper took swing at step 1."


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
    return {(result["message"]["text"].split(":")[0], result["ruleId"]) for result in found["results"]}


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
        title = re.search(r"title=(.*?)::", line)
        assert title is not None
        name, _, where = unquote(title[1]).rpartition(": ")
        found.add((where, name))
    return found


def test_all_kinds_agree(made: dict[str, Path]) -> None:
    assert by_junit(made["junit"], "failure") == by_markdown(made["markdown"], "\u2717") == FAILURES
    assert by_junit(made["junit"], "error") == by_markdown(made["markdown"], "?") == ERRORS
    assert by_sarif(made["sarif"]) == by_github(made["github"]) == FAILURES | ERRORS
    told = json.loads(made["json"].read_text(encoding="utf-8"))
    wrong = {
        (f"{result['design']}, 1 block", item["id"])
        for result in told["results"]
        for item in result["properties"]
        if item["verdict"] != (item["expected"] or "holds")
    }
    assert wrong == FAILURES
    assert told["exit_code"] == 1
    text = made["text"].read_text(encoding="utf-8")
    assert "VIOLATED  always-shut  bad" in text


def test_sarif_has_what_the_standard_requires(made: dict[str, Path]) -> None:
    log = json.loads(made["sarif"].read_text(encoding="utf-8"))
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    rules = found["tool"]["driver"]["rules"]
    assert found["tool"]["driver"]["name"] == "splitproof"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] == "error"
        for location in (*result.get("locations", []), *result.get("relatedLocations", [])):
            physical: dict[str, Any] = location["physicalLocation"]
            assert physical["artifactLocation"]["uri"]
            assert physical["region"]["startLine"] >= 1


def test_a_violation_is_shown_at_the_line_of_the_guilty_step(made: dict[str, Path]) -> None:
    (found,) = json.loads(made["sarif"].read_text(encoding="utf-8"))["runs"]
    result = next(item for item in found["results"] if item["ruleId"] == "always-shut")
    place = result["locations"][0]["physicalLocation"]
    lines = DESIGN.splitlines()
    assert place["artifactLocation"]["uri"].endswith("/door.py")
    assert "@machine.action" in lines[place["region"]["startLine"] - 1]
    defined = result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"]
    assert 'always("always-shut"' in lines[defined - 1]
    assert re.search(r"file=\S*door\.py,line=\d+,", made["github"].read_text(encoding="utf-8"))


def test_a_limit_is_an_error_in_every_report(tmp_path: Path) -> None:
    junit, sarif = tmp_path / "junit.xml", tmp_path / "sarif.json"
    command = ["check", "second-embodiment-closed", "--max-states", "100", "--property", "tape-is-image"]
    assert run([*command, "--report", f"junit={junit}", "--report", f"sarif={sarif}"]) == 3
    where = ("second-embodiment-closed, 1 block", "tape-is-image")
    assert by_junit(junit, "error") == by_sarif(sarif) == {where}
    assert by_junit(junit, "failure") == set()


@pytest.mark.parametrize("asked", ["junit", "junit=", "xml=a.xml", "=a.xml"])
def test_a_report_of_no_kind_is_refused_before_the_search(
    asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "first-embodiment", "--report", asked]) == 2
    assert "accepted kinds are text, json, junit, sarif, markdown, github" in capsys.readouterr().err


def test_a_step_of_the_catalogue_is_shown_in_the_file_of_its_processor(tmp_path: Path) -> None:
    sarif = tmp_path / "sarif.json"
    design = "third-embodiment-closed+staging=unlocked"
    command = ["check", design, "--property", "tape-is-image", "--report", f"sarif={sarif}"]
    assert run(command) == 1
    (result,) = json.loads(sarif.read_text(encoding="utf-8"))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
    assert uri.endswith("model/controller/tape_port.py")
    source = (Path(__file__).resolve().parents[2] / "model/controller/tape_port.py").read_text(
        encoding="utf-8"
    )
    assert "def read_source_into_staging" in "".join(source.splitlines()[line - 1 : line + 2])


@pytest.mark.parametrize("kind", ["junit", "sarif", "markdown", "github"])
def test_a_report_is_the_same_whatever_the_hash_seed(made: dict[str, Path], kind: str) -> None:
    design = made[kind].parent / "door.py"

    def told(seed: str) -> bytes:
        command = [sys.executable, "-m", "splitproof", "check", f"{design}:bad", "--format", kind]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120).stdout

    first = told("1")
    assert first
    assert first == told("2")
