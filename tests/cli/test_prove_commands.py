"""`prove` and `certify`: exit codes, what is printed, and what is left behind."""

import json
import re
from pathlib import Path

import pytest

from splitproof.__main__ import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOCK, BROKEN = f"{EXAMPLES / 'lock.py'}:lock", f"{EXAMPLES / 'lock.py'}:broken_lock"


def test_a_proof_is_told_and_its_certificate_certified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = tmp_path / "certificate"
    assert run(["prove", LOCK, "--certificate", str(certificate)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "PROVED    mutual-exclusion             (every number of blocks, any data, any number of steps)",
        "because these hold in every reachable state (1 sentence, 2 clauses):",
        "  the whole",
        "    1. left = INSIDE | right = INSIDE => taken",
        "       while left is 'inside' or right is 'inside': a processor holds the lock",
        "certificate: 9 obligations, each confirmed by cvc5 and by z3",
        f"replay:   splitproof certify {certificate}",
        (
            "not asked: left-can-enter (an invariant proves `always` and `step`; "
            "`leads to` and `possible` need a ranking argument)"
        ),
    ]
    assert run(["certify", str(certificate)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "PROVED    mutual-exclusion             (lock)",
        "certificate: 9 obligations, each confirmed by cvc5 and by z3",
    ]


def test_a_violated_design_is_answered_with_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", BROKEN]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("VIOLATED  mutual-exclusion  broken-lock  1 block")
    assert not any(line.startswith(("PROVED", "certificate")) for line in lines)


def test_the_json_of_a_proof(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", LOCK, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["properties"][0]["verdict"] == "proved"
    assert report["clauses"] == 2
    assert report["certificate"] == {"files": 9, "solvers": ["cvc5", "z3"], "faults": []}
    assert report["left_out"] == ["left-can-enter"]
    assert set(report["timing"]) == {"seconds", "certificate_seconds"}


def test_a_rejected_certificate_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = tmp_path / "certificate"
    run(["prove", LOCK, "--certificate", str(certificate)])
    (certificate / "start.smt2").write_text("(check-sat)", encoding="utf-8")
    capsys.readouterr()
    assert run(["certify", str(certificate)]) == 1
    out = capsys.readouterr().out
    assert out == "REJECTED  start.smt2: was changed after the certificate was made\n"


def test_a_directory_of_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert run(["prove", LOCK, "--certificate", str(tmp_path)]) == 2
    assert "holds other files; name a new or empty directory" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
    assert run(["certify", str(tmp_path)]) == 1
    assert "this is no certificate" in capsys.readouterr().out


def test_a_limit_is_unknown_and_an_unknown_property_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "third-embodiment-closed", "--max-seconds", "0.001"]) == 3
    assert "(ended: 0.001 seconds)" in capsys.readouterr().out
    assert run(["prove", LOCK, "--property", "mutual-exclusoin"]) == 2
    assert "did you mean mutual-exclusion?" in capsys.readouterr().err
    assert run(["prove", LOCK, "--property", "left-can-enter"]) == 5


def test_a_bounded_check_tells_counterexamples_and_never_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.json"
    assert run(["check", BROKEN, "--engine", "bmc", "--depth", "4", "--trace", str(trace)]) == 1
    assert capsys.readouterr().out.startswith(
        "VIOLATED  mutual-exclusion  broken-lock  1 block    4 steps, shortest"
    )
    assert run(["trace", str(trace)]) == 0
    capsys.readouterr()
    assert run(["check", BROKEN, "--engine", "bmc", "--depth", "3"]) == 3
    assert capsys.readouterr().out == "HOLDS TO DEPTH 3  mutual-exclusion             (1 block)\n"
    assert run(["check", BROKEN, "--engine", "bmc", "--depth", "3", "--format", "json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert (report["engine"], report["properties"][0]["verdict"]) == ("bmc", "holds to depth")
    assert run(["check", BROKEN, "--engine", "bmc"]) == 2
    assert run(["check", BROKEN, "--depth", "3"]) == 2


def test_several_proofs_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Whether the verdicts are the declared ones: the lock's is to be proved, the broken lock's declared violated."""
    assert run(["verify", "--prove", LOCK, BROKEN, "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+\.\d s$", "S s", line) for line in lines] == [
        f"{LOCK}: 1 proved; 2 clauses; S s",
        f"{BROKEN}: 1 violated; 0 clauses; S s",
        "",
        "2 of 2 verdicts as declared: every number of blocks, any data, any number of steps",
        "9 obligations, each confirmed by cvc5 and by z3",
    ]


def test_the_json_of_several_proofs_is_that_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--prove", LOCK, "--jobs", "1", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["exit_code"] == 0
    (result,) = report["results"]
    assert result["design"] == "lock"
    assert [item["verdict"] for item in result["properties"]] == ["proved"]


def test_a_proof_that_runs_out_of_time_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--prove", LOCK, "--jobs", "1", "--max-seconds", "0.001"]) == 3
    out = capsys.readouterr().out
    assert "1 unknown" in out
    assert "0 of 1 verdicts as declared" in out
    assert "0.001 seconds" in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--prove", "--blocks", "2"], "--prove goes with no number of blocks"),
        (["--max-seconds", "5"], "--max-seconds limits proofs"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", LOCK, *options]) == 2
    assert sentence in capsys.readouterr().err
