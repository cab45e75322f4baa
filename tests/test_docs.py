"""The documentation runs: the code of a page is one program, and what a page says of it is so."""

import re
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
