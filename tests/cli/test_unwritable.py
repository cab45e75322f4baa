"""What cannot be written is said before the work begins, whatever the verdict would have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.model.errors import ModelError
from splitproof.settings import read_settings

HOLDS = ("check", "third-embodiment-closed", "--property", "legal-pair-states", "--max-states", "10")


@pytest.mark.parametrize(
    ("option", "value"), [("--trace", "{}"), ("--output", "{}"), ("--report", "junit={}")]
)
def test_a_file_in_no_folder_is_said_although_nothing_would_be_written(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere" / "x.json"
    assert run([*HOLDS, option, value.format(file)]) == 2
    assert capsys.readouterr() == (
        "",
        f"splitproof: {file} cannot be written: there is no folder {file.parent}\n",
    )


def test_a_certificate_below_a_file_is_said_before_the_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run(["prove", "third-embodiment-closed", "--certificate", str(file / "proof")]) == 2
    assert capsys.readouterr().err == f"splitproof: {file}/proof cannot be written: Not a directory\n"


def test_nothing_is_left_behind_where_there_is_nothing_to_write(tmp_path: Path) -> None:
    assert run([*HOLDS, "--trace", str(tmp_path / "trace.json")]) == 3
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_until_there_is_something_to_write(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_text("an earlier one")
    assert run([*HOLDS, "--trace", str(file)]) == 3
    assert file.read_text() == "an earlier one"


def test_a_report_of_the_settings_is_tried_too(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.splitproof]\ndesigns = ["x"]\nreports = { junit = "nowhere/x.xml" }\n')
    with pytest.raises(ModelError, match=r"nowhere/x\.xml cannot be written: there is no folder"):
        read_settings(tmp_path)


def test_a_value_that_is_no_choice_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "third-embodiment", "--engine", "nope"]) == 2
    assert capsys.readouterr().err.startswith(
        "splitproof: Invalid value for '--engine': 'nope' is not one of 'auto', 'graph', 'compiled', 'bmc'. ("
    )
