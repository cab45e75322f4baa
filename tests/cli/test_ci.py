"""What a CI meets: settings in pyproject.toml, explanations, the action, and the commands of the docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.results import Proved
from splitproof.checker.verdicts import Holds, Unknown, Violated
from splitproof.conformance.histories.findings import FindingKind
from splitproof.conformance.protocol.adapter import FaultKind
from splitproof.conformance.verdicts import Verdict
from splitproof.explain_command import explanations
from splitproof.spec.split_backup import PROPERTIES

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("spec", "model", "checker", "conformance", "cli")
LOCK = ROOT / "examples" / "lock.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "designs").mkdir()
    (tmp_path / "designs" / "lock.py").write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.splitproof]\n{text}\n", encoding="utf-8")


def test_verify_checks_what_the_project_asks_for(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(project, 'designs = ["designs/lock.py:lock"]\njobs = 1\nreports = { json = "made.json" }')
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert run(["verify"]) == 0
    assert "verdicts as declared" in capsys.readouterr().out
    made = json.loads((project / "made.json").read_text(encoding="utf-8"))
    assert [result["design"] for result in made["results"]] == ["lock"]


def test_a_limit_of_the_settings_is_a_limit(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(project, 'designs = ["designs/lock.py:lock"]\njobs = 1\nmax-states = 2')
    assert run(["verify"]) == 3
    first, *_, last = capsys.readouterr().out.splitlines()
    assert re.search(r"NOT AS DECLARED: \d+ holds?; unknown: \w", first)
    assert last.endswith("not every search was complete")


def test_designs_that_are_named_go_before_the_settings(project: Path) -> None:
    settings(project, 'designs = ["no-such-design"]\njobs = 1')
    assert run(["verify", "designs/lock.py:lock", "--jobs", "1"]) == 0
    assert run(["verify"]) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('design = ["a"]', "did you mean designs?"),
        ("", "accepted is a list of designs"),
        ("designs = []", "accepted is a list of designs"),
        ("designs = [7]", "accepted is a list of designs"),
        ('designs = "a"', "accepted is a list of designs"),
        ('designs = ["a"]\nblocks = 9', "1 to 8"),
        ('designs = ["a"]\nblocks = true', "1 to 8"),
        ('designs = ["a"]\nmax-states = 0', "more than 0"),
        ('designs = ["a"]\nreports = { xml = "a" }', "kinds are text, json, junit"),
        ('designs = ["a"]\nreports = { junit = 7 }', "paths are text"),
        ('designs = ["a"]\ncolour = 1', "which is no setting"),
        ("designs = [", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_an_error(
    project: Path, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(project, text)
    assert run(["verify"]) == 2
    assert sentence in capsys.readouterr().err


def test_every_verdict_exit_code_and_property_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["holds", "violated", "unknown", "vacuous", *(f"exit-{code.value}" for code in ExitCode)]
    wanted += [kind.word for kind in (Holds, Violated, Unknown, Proved)] + ["holds-to-depth"]
    wanted += [item.value for kinds in (Verdict, FindingKind, FaultKind) for item in kinds]
    assert set(wanted) <= set(explanations())
    for name in (*wanted, *(item.id for item in PROPERTIES), "R44", "G08"):
        assert run(["explain", name]) == 0
        assert capsys.readouterr().out.startswith(name)


def test_what_errors_are_said_to_say_they_say() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for layer in LAYERS for path in (ROOT / layer).rglob("*.py")
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", sources)
    for item in explanations().values():
        assert (item.kind == "error") == bool(item.says)
        for words in item.says:
            assert words in joined, f"{item.id}: no message says {words!r}"


def test_every_class_of_errors_that_a_user_meets_is_explained() -> None:
    """Those that the command line turns into a sentence: an explanation has words of a message of each."""
    said = {words for item in explanations().values() for words in item.says}
    sources = [
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for layer in LAYERS
        for path in sorted((ROOT / layer).rglob("*.py"))
    ]
    caught = {
        name
        for path in sorted((ROOT / "cli").glob("*.py"))
        for names in re.findall(r"except \(?([\w, ]+)\)? as error", path.read_text(encoding="utf-8"))
        for name in names.split(", ")
    } - {"TyperException", "ValueError", "OSError", "UnknownIdentifier"}
    assert {"ModelError", "HistoryError", "EngineDisagreement", "ReplayError"} <= caught
    for name in sorted(caught | {"ExpectedError", "AdapterNotFound"}):  # these two are caught as ValueError
        if name in ("EngineDisagreement", "ReplayError"):
            assert "no verdict of this run is to be trusted" in said
            continue
        raised = [
            found for text in sources for found in re.findall(rf"\b{name}\((?:[^()]|\([^()]*\))*", text)
        ]
        assert any(words in message for message in raised for words in said), name


def test_every_error_of_the_language_page_is_explained() -> None:
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8").partition("## When it refuses")[2]
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert len(rows) >= 20
    said = {words for item in explanations().values() for words in item.says}
    missing = {words for row in rows for words in re.findall(r"`(.*?)`", row)} - said
    assert not missing


def test_an_error_message_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "door.py:7: swing touches two cells, row[b] and volume[b]; a step touches"]) == 0
    assert capsys.readouterr().out.startswith("two-cells")
    assert run(["explain", "vacuos"]) == 2
    assert "did you mean vacuous?" in capsys.readouterr().err
    assert run(["explain", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= len(explanations()) + len(PROPERTIES)


@pytest.mark.parametrize(
    ("message", "explained"),
    [
        ("REJECTED  start.smt2: was changed after the certificate was made", "tampered"),
        ("run.ndjson is truncated: it has no end line after 7 operations; record it again", "no-history"),
        ("vendor has no function or class None; it has Good", "no-adapter"),
        (
            "`host write` asks about some block for each block; proofs for every size need conditions",
            "cannot-be-proved",
        ),
        (
            "          a predicate that does would help. True of it, for each block that the step names:",
            "stuck",
        ),
        ("known.toml, entry 1: test_r1 expired on 2026-01-01; mend it, or decide anew", "expected-failures"),
        ("torn", "torn"),
        ("Holds to depth", "holds-to-depth"),
    ],
)
def test_messages_of_proofs_and_of_controllers_are_recognised(
    message: str, explained: str, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert run(["explain", message]) == 0
    assert capsys.readouterr().out.startswith(f"{explained}  ")


ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")


def scripts_of_the_action() -> list[str]:
    """Each a line; one in quotes is YAML's, in which two apostrophes would stand for one."""
    scripts = re.findall(r"^      run: (.*)$", ACTION, re.MULTILINE)
    return [script[1:-1] if script.startswith("'") else script for script in scripts]


@pytest.mark.parametrize(
    ("named", "text", "code"),
    [
        ("designs/lock.py:lock", None, 0),
        ("", "[tool.splitproof]\ndesigns = []", 0),
        ("", None, 5),
        ("", "[tool.other]", 5),
    ],
)
def test_the_action_does_not_pass_where_nothing_of_the_project_would_be_checked(
    project: Path, named: str, text: str | None, code: int
) -> None:
    if text is not None:
        (project / "pyproject.toml").write_text(text, encoding="utf-8")
    script = scripts_of_the_action()[1]
    done = subprocess.run(
        ["bash", "-ec", script],
        env={**os.environ, "DESIGNS": named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith("::error::nothing of yours" if code else "")


def test_the_action_runs_verify_and_writes_its_reports(project: Path) -> None:
    text, scripts = ACTION, scripts_of_the_action()
    assert len(scripts) == 3
    inputs = dict(re.findall(r"^        ([A-Z]+): \$\{\{ inputs\.(\w+) \}\}$", text, re.MULTILINE))
    assert set(re.findall(r"\$\{?([A-Z]+)\b", "".join(scripts))) == set(inputs)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DESIGNS": "designs/lock.py:lock",
        "SARIF": "a.sarif",
        "JUNIT": "a.xml",
        "GITHUB_STEP_SUMMARY": str(project / "summary.md"),
    }
    done = subprocess.run(
        ["bash", "-ec", scripts[2]], env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((project / "a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert (project / "summary.md").read_text(encoding="utf-8").startswith("### lock, 1 block")
