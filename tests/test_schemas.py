"""The JSON Schemas of the docs: every form of the command line has one, and fits it, and nothing else does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from splitproof import catalogue_commands, distinguish_command
from splitproof.__main__ import run
from splitproof.checker.jobs import ablations_of, distinction_jobs
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.results import TestResult as Result
from splitproof.conformance.suite.requirement import about
from splitproof.conformance.verdicts import Verdict
from tests.schemas import SCHEMAS, faults, schema_named

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
LOCK, BROKEN = f"{EXAMPLES / 'lock.py'}:lock", f"{EXAMPLES / 'lock.py'}:broken_lock"
RACE = "third-embodiment-closed+staging=unlocked"


def test_every_schema_is_one_and_describes_every_key() -> None:
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == name
        assert schema["title"]
        for part in _objects(schema):
            assert "additionalProperties" in part, f"{name}: {part}"
            assert set(part.get("required", ())) <= set(part.get("properties", {}))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "properties" in value and value.get("type") == "object":
            yield value
        for part in value.values():
            yield from _objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part)


def told(command: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    run([*command, "--format", "json"])
    return json.loads(capsys.readouterr().out)


COMMANDS = [
    ("check", ["check", LOCK]),
    ("check", ["check", BROKEN]),
    ("check", ["check", "second-embodiment-closed", "--max-states", "100"]),
    ("check", ["check", "third-embodiment", "--property", "split-completes"]),
    ("check", ["check", RACE, "--property", "tape-is-image"]),
    ("verify", ["verify", LOCK, BROKEN, "--jobs", "1"]),
    ("bounded", ["check", BROKEN, "--engine", "bmc", "--depth", "3"]),
    ("bounded", ["check", BROKEN, "--engine", "bmc", "--depth", "4"]),
    ("bounded", ["check", LOCK, "--engine", "bmc", "--depth", "4", "--induction"]),
    ("verify-prove", ["verify", "--prove", LOCK, BROKEN, "--jobs", "1"]),
    ("mutate", ["mutate", LOCK, "--jobs", "1"]),
    ("prove", ["prove", LOCK]),
    ("prove", ["prove", BROKEN]),
    ("prove", ["prove", "third-embodiment-closed", "--max-seconds", "0.001"]),
    ("designs", ["designs"]),
    ("design", ["designs", "third-embodiment-closed"]),
    ("requirements", ["requirement"]),
    ("requirement", ["requirement", "R44"]),
    ("requirement", ["requirement", "G08"]),
    ("requirement", ["requirement", "tape-is-image"]),
    ("explanations", ["explain"]),
    ("explanation", ["explain", "vacuous"]),
    ("explanation", ["explain", "tape-is-image"]),
    ("judge", ["judge", str(EXAMPLES / "stale.ndjson")]),
    ("timeline", ["trace", str(EXAMPLES / "stale.ndjson")]),
]


@pytest.mark.parametrize(
    ("name", "command"), COMMANDS, ids=[" ".join(c).rpartition("/")[2] for _, c in COMMANDS]
)
def test_what_a_command_prints_fits_its_schema(
    name: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    value = told(command, capsys)
    assert faults(name, value) == []
    if isinstance(value, dict):
        assert faults(name, {**value, "colour": "red"}) != []
        for key in value:
            assert faults(name, {other: value[other] for other in value if other != key}) != [], key


def test_a_certificate_a_trace_and_a_page_fit_theirs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, trace = tmp_path / "certificate", tmp_path / "trace.json"
    run(["prove", LOCK, "--certificate", str(certificate)])
    run(["check", BROKEN, "--trace", str(trace)])
    capsys.readouterr()
    assert faults("certify", told(["certify", str(certificate)], capsys)) == []
    saved = json.loads(trace.read_text(encoding="utf-8"))
    assert faults("trace", saved) == []
    assert faults("trace", {key: saved[key] for key in saved if key != "source"}) != []
    assert faults("trace", told(["trace", str(trace)], capsys)) == []
    assert told(["trace", str(trace)], capsys) == saved  # which can be read again
    for command in (
        ["check", RACE, "--property", "tape-is-image"],
        ["check", "third-embodiment", "--property", "split-completes"],
    ):
        run([*command, "--trace", str(trace)])
        capsys.readouterr()
        run(["trace", str(trace), "--format", "html"])
        text = re.search(
            r'<script type="application/json" id="data">(.*?)</script>', capsys.readouterr().out, re.DOTALL
        )
        assert text is not None
        page = json.loads(text[1])
        assert faults("page", page) == []
        assert faults("page", {**page, "steps": [{**page["steps"][0], "lane": "?"}]}) != []


def test_the_report_of_a_controller_fits_its_schema() -> None:
    tests = suite_tests()
    results = [
        Result(name, about(test), verdict, "why", "torn" if verdict is Verdict.FAIL else None, 0.5)
        for (name, test), verdict in zip(tests.items(), list(Verdict)[:-1], strict=False)
    ]
    for found in (
        Report("vendor:Good", "core", 7, ReferenceController().capabilities(), tuple(results)),
        Report("vendor:Silent", "core", None, None, ()),
    ):
        assert faults("conform", json.loads(json.dumps(found.json()))) == []


@pytest.mark.slow
def test_a_run_with_a_failure_fits_the_schema(tmp_path: Path) -> None:
    (tmp_path / "vendor.py").write_text(
        "from splitproof.conformance.reference import ReferenceController\n\n\n"
        "class Wrong(ReferenceController):\n"
        "    def read(self, block):\n"
        "        return b'?' * 64\n"
    )
    command = [sys.executable, "-m", "splitproof", "conform", "vendor:Wrong", "--profile", "sequential"]
    done = subprocess.run(
        [*command, "--examples", "3", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1
    value = json.loads(done.stdout)
    assert faults("conform", value) == []
    assert any(result["failure"] for result in value["results"])
    assert value["coverage"]


def test_every_line_of_a_history_fits_its_schema() -> None:
    lines = [
        json.loads(line) for line in (EXAMPLES / "stale.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    lines += [json.loads(line) for line in re.findall(r"^\{\"(?:schema|id|end)\".*\}$", page, re.MULTILINE)]
    assert len(lines) == 12 + 7
    for line in lines:
        assert faults("history", line) == []
    assert faults("history", {**lines[1], "outcome": "maybe"}) != []


def test_ablations_and_distinctions_fit_theirs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue_commands, "ablations_of", lambda design: ablations_of(design)[:1])
    assert faults("ablate", told(["ablate", "prior-art-wait", "--jobs", "1"], capsys)) == []
    monkeypatch.setattr(distinguish_command, "distinction_jobs", lambda: distinction_jobs()[-1:])
    value = told(["distinguish", "--jobs", "1"], capsys)
    assert faults("distinguish", value) == []
    assert any(one["properties"] for one in value)


@pytest.mark.slow
def test_a_repair_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    value = told(["repair", "prior-art-wait+in_flight=invisible"], capsys)
    assert value["repairs"]
    assert faults("repair", value) == []


def test_the_docs_name_every_schema_and_every_schema_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for name in SCHEMAS:
        stem = name.removesuffix(".json")
        assert f'"{stem}"' in text, f"{name} is not tested"


def test_the_keys_of_a_check_are_those_that_the_docs_explain() -> None:
    page = (
        (ROOT / "docs" / "json.md")
        .read_text(encoding="utf-8")
        .partition("## A check")[2]
        .partition("\n## ")[0]
    )
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert set(schema_named("check")["properties"]) <= named
    assert set(schema_named("check")["$defs"]["property"]["properties"]) <= named
    assert set(schema_named("trace")["properties"]) <= named
