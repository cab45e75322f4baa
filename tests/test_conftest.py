"""The rules of conftest.py hold: tests of the tests, run by a pytest of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SKIPS_ONE = """
import pytest

@pytest.mark.skip(reason="no disk here")
def test_skipped(): ...

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_failure(): assert False
"""

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs pytest on one file under our conftest and returns what it printed."""

    def run(source: str, *, ci: bool, skips: str = "") -> str:
        (tmp_path / "conftest.py").write_text((HERE / "conftest.py").read_text())
        (tmp_path / "ci_skips.txt").write_text(skips)
        (tmp_path / "test_it.py").write_text(source)
        environment = {**os.environ, "CI": "true" if ci else "", "PYTEST_ADDOPTS": "", "NO_COLOR": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            "-c",
            os.devnull,
        ]
        finished = subprocess.run(
            [*command, str(tmp_path)],
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return finished.stdout + finished.stderr

    return run


def test_a_skip_fails_in_ci_and_says_what_to_do(run: Run) -> None:
    output = run(SKIPS_ONE, ci=True)
    assert "1 xfailed, 1 error" in output
    assert (
        "test_it.py::test_skipped was skipped in CI (Skipped: no disk here): give CI what it needs" in output
    )


def test_a_skip_passes_outside_ci(run: Run) -> None:
    assert "1 skipped, 1 xfailed" in run(SKIPS_ONE, ci=False)


def test_a_listed_skip_passes_in_ci(run: Run) -> None:
    output = run(SKIPS_ONE, ci=True, skips="# why\ntest_it.py::test_skipped\n")
    assert "1 skipped, 1 xfailed" in output


def test_a_skip_within_a_test_fails_in_ci(run: Run) -> None:
    assert "1 failed" in run("import pytest\ndef test_it(): pytest.skip('late')", ci=True)


def test_a_module_skipped_as_a_whole_fails_in_ci(run: Run) -> None:
    output = run("import pytest\npytest.importorskip('no_such_module')\ndef test_it(): ...", ci=True)
    assert "1 error" in output
    assert "was skipped in CI" in output


@pytest.mark.parametrize(("ci", "expected"), [(True, "True True"), (False, "False True")])
def test_hypothesis_repeats_itself_in_ci(run: Run, ci: bool, expected: str) -> None:
    source = f"""
from hypothesis import settings

def test_profile():
    assert f"{{settings().derandomize}} {{settings().print_blob}}" == {expected!r}
"""
    assert "1 passed" in run(source, ci=ci)
