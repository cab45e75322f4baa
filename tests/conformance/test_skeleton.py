"""`conform --init`: it runs at once, fails usefully, and the walk-through of docs/conformance.md is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.conformance.protocol.operations import OPERATIONS
from splitproof.conformance.skeleton import FILES, NotEmpty, write_skeleton
from splitproof.conformance.skeleton.adapter import Adapter

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
WALK = GUIDE[GUIDE.index("## Half an hour") : GUIDE.index("## An adapter")]


def test_it_writes_an_adapter_with_every_required_operation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "controller"
    assert run(["conform", "--init", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert "splitproof conform adapter.py:make --profile core" in capsys.readouterr().out
    source = (folder / "adapter.py").read_text(encoding="utf-8")
    for form in OPERATIONS:
        if not form.optional:
            assert callable(getattr(Adapter, form.name))
            body = source[source.index(f"def {form.name}(") :]
            assert body[body.index('"""') + 3 :].startswith("TODO: "), form.name


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text("print()\n")
    assert run(["conform", "--init", str(tmp_path)]) == 2
    assert "is not empty: it has mine.py; name an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    with pytest.raises(NotEmpty, match="is no folder"):
        write_skeleton(tmp_path / "mine.py")


def test_an_empty_folder_that_exists_is_taken(tmp_path: Path) -> None:
    assert len(write_skeleton(tmp_path)) == len(FILES)


def test_init_tests_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conform", "vendor:make", "--init", str(tmp_path / "new")]) == 2
    assert "--init writes an adapter and tests nothing" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def shell(command: str, cwd: Path) -> tuple[int, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(
        command,
        shell=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return finished.returncode, finished.stdout + finished.stderr


def apply(diff: str, path: Path) -> None:
    """Replace the lines with a minus, which are there once, by those with a plus."""
    old, new = (
        "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] == sign) for sign in ("-", "+")
    )
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_readme_mends_the_toy_as_the_guide_does() -> None:
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", WALK, re.MULTILINE | re.DOTALL)
    assert diff in (ROOT / "conformance" / "skeleton" / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_walk_through_of_the_guide_is_what_happens(tmp_path: Path) -> None:
    folder = tmp_path
    outputs = []
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", WALK, re.MULTILINE | re.DOTALL):
        if language == "diff":
            apply(text, folder / "adapter.py")
        elif language == "toml":
            (folder / "expected.toml").write_text(text, encoding="utf-8")
        for line in text.splitlines() if language == "sh" else ():
            command, _, said = line.partition("#")
            if command.startswith("cd "):
                folder = folder / command.split()[1]
                continue
            code, output = shell(command, folder)
            outputs.append(output)
            assert code == int(said.rpartition(" ")[2] if said else 0), f"{line}\n{output}"
    _, failing, passing, under_pytest, unknown, _ = outputs
    assert "VIOLATED  tape-is-image" in failing
    assert "the contradiction (stale)" in failing
    assert "PASS  a toy controller, profile core: 11 pass" in passing
    assert " 11 passed" in under_pytest
    assert "neither hold_copy nor pump" in unknown
