"""Reports for CI: all kinds say the same, a limit and a vacuous pass are errors, nothing is skipped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml

from splitproof.__main__ import run
from splitproof.app import app
from splitproof.checker.check_report import place_in_sources, place_of_design
from splitproof.checker.reports import Finding, Report, report_lines
from tests.report_forms import by_github, by_junit, by_markdown, by_sarif
from tests.report_schemas import junit_faults, sarif_faults

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
    """As a library reads it that other tools use."""
    whole = JUnitXml.fromfile(str(made["junit"]))
    cases = [case for suite in whole for case in suite]
    assert (whole.tests, whole.failures, whole.errors) == (len(cases), len(FAILURES), len(ERRORS))
    for suite in whole:
        outcomes = [(case.is_failure, case.is_error, case.is_skipped) for case in suite]
        assert suite.tests == len(outcomes)
        assert (suite.failures, suite.errors, suite.skipped) == tuple(map(sum, zip(*outcomes, strict=True)))
        assert suite.skipped == 0
        assert all(sum(outcome) <= 1 for outcome in outcomes)
    root = ElementTree.parse(made["junit"]).getroot()
    story = next(root.iter("failure"))
    assert story.text is not None
    assert 'the door is shut: <always> & "ever"' in story.text
    assert story.attrib["message"] == "VIOLATED in 1 step: Keeper took swing at step 1."


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


def made_by(command: list[str], folder: Path, kinds: tuple[str, ...] = KINDS) -> tuple[int, dict[str, Path]]:
    """One run of a command with every kind of report."""
    files = {kind: folder / f"report.{kind}" for kind in kinds}
    options = [part for kind, file in files.items() for part in ("--report", f"{kind}={file}")]
    return run([*command, *options, "--output", str(folder / "printed")]), files


@pytest.fixture
def every_kind(made: dict[str, Path], tmp_path: Path) -> list[dict[str, Path]]:
    """Reports of checks, and of proofs."""
    design = made["junit"].parent / "door.py"
    proofs = []
    for name in ("good", "bad", "dead"):
        folder = tmp_path / name
        folder.mkdir()
        proofs.append(made_by(["prove", f"{design}:{name}"], folder)[1])
    return [made, *proofs]


def test_junit_and_sarif_fit_the_schemas_of_their_readers(every_kind: list[dict[str, Path]]) -> None:
    for files in every_kind:
        assert junit_faults(files["junit"].read_text(encoding="utf-8")) == []
        assert sarif_faults(json.loads(files["sarif"].read_text(encoding="utf-8"))) == []


def test_what_does_not_fit_the_schemas_is_told(made: dict[str, Path]) -> None:
    text = made["junit"].read_text(encoding="utf-8")
    (told,) = junit_faults(text.replace("<testsuites ", '<testsuites skipped="0" ', 1))
    assert "'skipped' attribute not allowed" in told
    assert junit_faults(text.replace("</testcase>", "<skip/></testcase>", 1)) != []
    log = json.loads(made["sarif"].read_text(encoding="utf-8"))
    assert sarif_faults({**log, "version": "2.0.0"}) == ["version: '2.0.0' is not one of ['2.1.0']"]
    result = next(item for item in log["runs"][0]["results"] if "locations" in item)
    result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "my designs/door.py"
    (told,) = sarif_faults(log)
    assert "'my designs/door.py' is not a 'uri-reference'" in told


def test_a_path_that_is_no_uri_is_written_as_one(tmp_path: Path) -> None:
    design = tmp_path / "my designs" / "t\u00fcr.py"
    design.parent.mkdir()
    design.write_text(DESIGN, encoding="utf-8")
    sarif = tmp_path / "sarif.json"
    assert run(["check", f"{design}:bad", "--report", f"sarif={sarif}"]) == 1
    log = json.loads(sarif.read_text(encoding="utf-8"))
    assert sarif_faults(log) == []
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place.endswith("/my%20designs/t%C3%BCr.py")


def agreed(files: dict[str, Path]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The failures and the errors, of which all kinds say the same."""
    failures, errors = by_junit(files["junit"], "failure"), by_junit(files["junit"], "error")
    assert by_markdown(files["markdown"], "\u2717") == failures
    assert by_markdown(files["markdown"], "?") == errors
    assert by_sarif(files["sarif"]) == by_github(files["github"]) == failures | errors
    assert by_junit(files["junit"], "skipped") == by_markdown(files["markdown"], "\u2013")
    for log in json.loads(files["sarif"].read_text(encoding="utf-8"))["runs"]:
        assert all(len(result["locations"]) == 1 for result in log["results"])
    return failures, errors


@pytest.mark.parametrize(
    ("name", "options", "code", "failures", "errors"),
    [
        ("good", [], 0, set(), set()),
        ("bad", [], 1, {"always-shut"}, set()),
        ("declared", [], 1, set(), set()),  # as declared, which `prove` exits with all the same
        ("wrongly", [], 0, {"sound"}, set()),
        ("vacuous", [], 4, set(), {"idle"}),
        ("dead", [], 4, set(), {"never fired: keeper unlock"}),
        ("good", ["--max-seconds", "0.001"], 3, set(), {"sound"}),
    ],
)
def test_all_kinds_agree_on_a_proof(
    tmp_path: Path, name: str, options: list[str], code: int, failures: set[str], errors: set[str]
) -> None:
    design = tmp_path / "door.py"
    design.write_text(DESIGN, encoding="utf-8")
    exit_code, files = made_by(["prove", f"{design}:{name}", *options], tmp_path)
    where = f"{name}, every number of blocks"
    assert exit_code == code
    assert agreed(files) == ({(where, one) for one in failures}, {(where, one) for one in errors})
    told = json.loads(files["json"].read_text(encoding="utf-8"))
    wrong = {
        item["id"]
        for item in told["properties"]
        if item["verdict"] != {"violated": "violated"}.get(item["expected"], "proved")
    }
    assert wrong | {item["id"] for item in told["properties"] if item["vacuous"]} == failures | {
        one for one in errors if not one.startswith("never fired")
    }
    assert files["text"].read_text(encoding="utf-8") == (tmp_path / "printed").read_text(encoding="utf-8")


def test_all_kinds_agree_on_many_proofs(tmp_path: Path) -> None:
    design = tmp_path / "door.py"
    design.write_text(DESIGN, encoding="utf-8")
    names = [f"{design}:{name}" for name in NAMES]
    code, files = made_by(["verify", "--prove", *names, "--jobs", "1"], tmp_path)
    assert code == 1
    where = "every number of blocks"
    assert agreed(files) == (
        {(f"bad, {where}", "always-shut"), (f"wrongly, {where}", "sound")},
        {(f"vacuous, {where}", "idle"), (f"dead, {where}", "never fired: keeper unlock")},
    )
    assert json.loads(files["json"].read_text(encoding="utf-8"))["exit_code"] == code


ADAPTER = """
from dataclasses import replace
from splitproof.conformance.reference import ReferenceController

class Small(ReferenceController):
    def capabilities(self):
        return replace(super().capabilities(), operations=frozenset())

class Wrong(Small):
    def read(self, block):
        return b"?" * 64
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "profile", "code"), [("Small", "sequential", 3), ("Wrong", "core", 1)])
def test_all_kinds_agree_on_a_controller(tmp_path: Path, name: str, profile: str, code: int) -> None:
    (tmp_path / "vendor.py").write_text(ADAPTER, encoding="utf-8")
    files = {kind: tmp_path / f"report.{kind}" for kind in (*KINDS, "html")}
    options = [part for kind, file in files.items() for part in ("--report", f"{kind}={file}")]
    done = subprocess.run(
        [sys.executable, "-m", "splitproof", "conform", f"vendor:{name}", "--profile", profile, *options],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    failures, errors = agreed(files)
    assert junit_faults(files["junit"].read_text(encoding="utf-8")) == []
    assert sarif_faults(json.loads(files["sarif"].read_text(encoding="utf-8"))) == []
    told = json.loads(files["json"].read_text(encoding="utf-8"))
    by_verdict = {
        verdict: {one["test"] for one in told["results"] if one["verdict"] == verdict}
        for verdict in ("fail", "unknown", "skipped")
    }
    assert {one for _, one in failures} == by_verdict["fail"]
    assert {one for _, one in errors} == by_verdict[
        "unknown"
    ]  # whether the split waits, as nothing can hold the copy
    assert len(errors) == (code == 3)
    assert {one for _, one in by_junit(files["junit"], "skipped")} == by_verdict["skipped"]
    assert bool(by_verdict["fail"]) == (code == 1)
    assert files["text"].read_text(encoding="utf-8") == done.stdout.decode()
    page = files["html"].read_text(encoding="utf-8")
    assert all(one in page for one in by_verdict["fail"])


@pytest.mark.parametrize("command", ["verify", "check", "prove", "conform"])
def test_every_command_that_decides_something_has_every_kind(command: str) -> None:
    callbacks = {item.callback.__name__: item.callback for item in app.registered_commands if item.callback}
    options = get_type_hints(callbacks[command])
    assert set(KINDS) <= {kind.value for kind in options["format"]}
    assert options["report"] == list[str] | None


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
        assert result["locations"], "GitHub refuses a file with a result that is nowhere"
        for location in (*result["locations"], *result.get("relatedLocations", [])):
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


def test_an_action_that_never_happens_is_shown_at_its_own_line(made: dict[str, Path]) -> None:
    (found,) = json.loads(made["sarif"].read_text(encoding="utf-8"))["runs"]
    (result,) = [item for item in found["results"] if item["ruleId"] == "never fired: keeper unlock"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/door.py")
    assert "def unlock" in DESIGN.splitlines()[place["region"]["startLine"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dead", "dead = door("),
        ("door", "def door("),
        ("shut+key=value", "shut = always("),
        ("Cell", "from splitproof.model import"),
        ("nowhere", ""),
    ],
)
def test_what_has_no_line_of_its_own_is_shown_where_the_design_gets_its_name(
    tmp_path: Path, name: str, text: str
) -> None:
    file = tmp_path / "door.py"
    file.write_text(DESIGN, encoding="utf-8")
    path, line, words = place_of_design(f"{file}:{name}")
    assert (path, words) == (str(file), f"{file}:{name}")
    assert DESIGN.splitlines()[line - 1].startswith(text)
    assert line == 1 if name == "nowhere" else line > 1


def test_a_file_below_the_current_directory_is_shown_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    inside, outside = tmp_path / "designs" / "door.py", tmp_path.parent / "door.py"
    assert place_of_design(f"{inside}:dead")[0] == "designs/door.py"
    assert place_of_design(f"{outside}:dead")[0] == str(outside)
    assert place_in_sources("door.py:3", f"{inside}:dead") == ("designs/door.py", 3)


def test_a_file_of_the_checkout_is_shown_from_there_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    for named in ("door.py", "./door.py", f"{tmp_path}/sub/door.py"):
        assert place_of_design(f"{named}:dead")[0] == "sub/door.py"
    assert place_of_design("../door.py:dead")[0] == "door.py"


def test_sarif_has_the_story_and_the_steps_that_lead_there(made: dict[str, Path]) -> None:
    (found,) = json.loads(made["sarif"].read_text(encoding="utf-8"))["runs"]
    result = next(item for item in found["results"] if item["ruleId"] == "always-shut")
    first, *story = result["message"]["text"].splitlines()
    assert first.startswith("bad, 1 block: VIOLATED in 1 step: ")
    assert any("keeper" in line and "swing()" in line for line in story)
    assert result["message"]["markdown"].splitlines()[2:] == ["```", *story[1:], "```"]
    ((flow,),) = [flow["threadFlows"] for flow in result["codeFlows"]]
    (step,) = [one["location"] for one in flow["locations"]]
    assert step["message"]["text"] == "1 keeper swing(): The keeper opens or shuts the door."
    assert "def swing" in DESIGN.splitlines()[step["physicalLocation"]["region"]["startLine"]]


def test_what_a_story_holds_does_not_end_its_block_of_markdown() -> None:
    finding = Finding("a|b", "failure", "<b> *not* [a](link)", story=("one", "````", "two"))
    report = Report("r", (finding,), ("file.py", 3, "r"))
    lines = report_lines("markdown", [report])
    assert "| \u2717 | a\\|b | \\<b\\> \\*not\\* \\[a\\](link) |" in lines
    assert [line for line in lines if line.startswith("`")] == ["`````", "````", "`````"]
    assert report_lines("github", [report])[0].startswith("::error file=file.py,line=3,title=a|b%3A r::<b>")


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
