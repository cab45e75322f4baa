"""The documentation runs: the code of a page is one program, and what a page says of it is so."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from splitproof.checker.fairness.liveness import judge_leads_to
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.results import Proved
from splitproof.model import Interpreter, Machine
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LANGUAGE = DOCS / "language.md"

PAGES = sorted(page for page in DOCS.glob("*.md") if "```python" in page.read_text(encoding="utf-8"))


def program(page: Path) -> str:
    """The page's Python, in order."""
    return "\n".join(
        re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )


def reachable(interpreter: Interpreter) -> set[Valuation]:
    """Every state that can be reached."""
    seen = set(interpreter.initial_states())
    front = list(seen)
    while front:
        state = front.pop()
        after = {interpreter.take(state, step) for step in interpreter.enabled(state)} - seen
        seen |= after
        front.extend(after)
    return seen


def violated(machine: Machine, property_id: str) -> bool:
    """Whether the property of kind always is violated in a reachable state of one block."""
    interpreter = Interpreter(machine, 1)
    traced = machine.traced[property_id]
    return not all(interpreter.holds(traced, state) for state in reachable(interpreter))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text(program(page), encoding="utf-8")
    exec(compile(program(page), str(path), "exec"), {"__name__": "page"})  # it is our own page


@pytest.fixture
def language(tmp_path: Path) -> Path:
    """The design of the language's page, as a file."""
    path = tmp_path / "language.py"
    path.write_text(program(LANGUAGE), encoding="utf-8")
    return path


def test_the_cache_of_the_language_page_is_right(language: Path) -> None:
    machine = load_machine(f"{language}:machine")
    assert len(reachable(Interpreter(machine, 1))) == 78
    assert not violated(machine, "read-latest-write")
    assert not violated(machine, "flush-is-durable")


def test_the_fault_that_the_language_page_names_is_one(language: Path) -> None:
    text = language.read_text(encoding="utf-8")
    blind = text.replace("row.dirty = row.dirty & ~row.taken", "row.dirty = False")
    assert blind != text
    language.write_text(blind, encoding="utf-8")
    machine = load_machine(f"{language}:machine")
    assert violated(machine, "read-latest-write")
    assert violated(machine, "flush-is-durable")


def test_the_worker_of_the_language_page_needs_strong_fairness_from_two_blocks_on(language: Path) -> None:
    def lasso(blocks: int) -> tuple[str, ...] | None:
        machine = load_machine(f"{language}:machine")
        trace = judge_leads_to(machine, blocks, list(machine.properties.values())).traces.get(
            "dirty-row-is-stored"
        )
        return None if trace is None else trace.actions[trace.loop :]

    assert (lasso(1), lasso(2)) == (None, None)
    text = language.read_text(encoding="utf-8")
    language.write_text(text.replace("fair=Fairness.STRONG", "fair=Fairness.WEAK"), encoding="utf-8")
    assert (lasso(1), lasso(2)) == (None, ("take", "write", "store", "clean"))


def test_every_message_that_the_language_page_explains_exists() -> None:
    table = LANGUAGE.read_text(encoding="utf-8").partition("## When it refuses")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    messages = [message for row in rows for message in re.findall(r"`([^`]+)`", row)]
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "model").glob("*.py")))
    joined = re.sub(r'"\s*f?"', "", source)  # messages are written as several literals
    assert len(messages) > 15
    assert [message for message in messages if message not in joined] == []


def test_the_argument_of_the_language_page_is_proved(language: Path) -> None:
    machine = load_machine(f"{language}:machine")
    (found,) = prove(machine, [machine.properties["hand-is-freed"]]).properties
    assert found.verdict == Proved()
    assert found.ranked is not None
    assert (found.ranked.weak, found.ranked.strong) == (("disk worker clean", "disk worker store"), ())


# ---- commands


@dataclass
class Command:
    """A line of a console block that begins with `$`, and what the page shows of its output (`...`: any lines)."""

    line: str
    output: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """What it exits with: 0, or what a comment behind it says."""
        said = re.search(r"# exit (\d+)", self.line)
        return int(said[1]) if said else 0


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """The language and the text of each block."""
    yield from re.findall(
        r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def commands(page: Path) -> list[Command]:
    found: list[Command] = []
    for language, text in blocks(page):
        for line in text.splitlines() if language == "console" else ():
            if line.startswith("$ "):
                found.append(Command(line.removeprefix("$ ")))
            else:
                found[-1].output.append(line)
    return found


def is_shown(shown: list[str], printed: list[str]) -> bool:
    """Whether lines are those printed, where a line of dots stands for any number of them."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(is_shown(shown[1:], printed[skipped:]) for skipped in range(len(printed) + 1))
    return bool(printed) and printed[0] == shown[0] and is_shown(shown[1:], printed[1:])


ALL_PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted(DOCS.glob("*.md"))]
WITH_COMMANDS = [page for page in ALL_PAGES if commands(page)]
SLOW = {"README.md", "conformance.md", "proofs.md"}
FILES = {"tutorial.md": "mirror.py", "conformance.md": "adapter.py"}
"""What a page has its code saved as."""

NOT_RUN = {
    "make ": "this is how the project builds itself",
    "pip install ": "the tests have it already",
    "apt-get install ": "of the machine",
    "spin -a ": "tests/checker/test_peers.py runs it on these models",
    "rumur --": "likewise",
    "gcc -O3 ": "of what rumur wrote",
    "cvc5 step-": "the program has to be had from elsewhere; tests/checker/proof/ asks the library about these files",
    "z3 step-": "likewise",
    "splitproof conform --command ": "tests/conformance/test_stdio.py and test_c_controller.py",
    "splitproof conform --init ": "tests/conformance/test_skeleton.py goes the way of the page",
    "cd my-controller": "likewise",
    "splitproof conform adapter.py:make": "likewise",
    "pytest  ": "likewise",
    "splitproof conform qemu": "tests/conformance/test_qemu.py",
    "pytest --pyargs splitproof.conformance --controller qemu": "likewise",
    "pytest test_race.py --controller ": "tests/conformance/test_regression.py has a controller for it",
    "java ": "TLC is no part of the project; tests/checker/test_tlc.py runs it",
}
"""Commands of blocks of `sh`, and why the docs' test does not run them."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name, marks=[pytest.mark.slow] if page.name in SLOW else [])
        for page in WITH_COMMANDS
    ],
)
def test_every_command_of_a_page_runs_and_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    if page.name in FILES:
        (tmp_path / FILES[page.name]).write_text(program(page), encoding="utf-8")
    for language, text in blocks(page):
        if language == "toml" and "[tool." in text:
            (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands(page):
        done = subprocess.run(
            ["bash", "-c", command.line],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == command.code, f"{command.line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        if command.output:
            assert is_shown(command.output, done.stdout.splitlines()), f"{command.line}\n{done.stdout}"
        for name in re.findall(r"(?:--output |--trace |--report \w+=)(\S+)", command.line):
            assert (tmp_path / name).stat().st_size > 0, name


def test_no_command_of_the_docs_is_left_unrun_without_a_reason() -> None:
    prefixes = set()
    for page in ALL_PAGES:
        for language, text in blocks(page):
            for line in text.splitlines():
                if language == "sh":
                    reasons = [known for known in NOT_RUN if line.startswith(known)]
                    assert len(reasons) == 1, f"{page.name}: nothing says why `{line}` is not run"
                    prefixes.update(reasons)
                elif language == "":
                    assert not line.startswith(("splitproof ", "$ ")), f"{page.name}: {line}"
    assert prefixes == set(NOT_RUN)


def test_what_a_page_shows_is_compared() -> None:
    assert is_shown(["a", "b"], ["a", "b"])
    assert is_shown(["a", "...", "d"], ["a", "b", "c", "d"])
    assert is_shown(["..."], [])
    assert not is_shown(["a"], ["a", "b"])
    assert not is_shown(["a", "...", "d"], ["a", "b"])
    assert not is_shown(["a", "b"], ["a", "c"])
