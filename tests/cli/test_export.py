"""`splitproof export`: files, sentences, exit codes, and models that stay readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.checker.export.formats import FORMATS, Request, export
from splitproof.checker.export.murphi import murphi
from splitproof.model import Block, Bool, Machine, Processor, Record, State, field, memory
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
LOCK = "examples/lock.py:broken_lock"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("to", "golden"),
    [("promela", "broken-lock.pml"), ("murphi", "broken-lock.m"), ("tla", "broken-lock.tla")],
)
def test_a_model_is_readable(to: str, golden: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", LOCK, "--to", to, "--blocks", "2"]) == 0
    assert capsys.readouterr().out == (GOLDEN / golden).read_text(encoding="utf-8")


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_is_the_same_text_every_time(to: str) -> None:
    machine = load_machine("second-embodiment-closed" if to in ("promela", "murphi", "tla") else LOCK)
    first, second = (export(to, Request(machine, 2)) for _ in range(2))
    assert first == second
    assert all(text.endswith("\n") for text in first.values())


def test_a_module_takes_the_name_of_its_file_and_has_its_configuration_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "Race.tla"
    assert run(["export", LOCK, "--to", "tla", "--output", str(file)]) == 0
    assert "MODULE Race -" in file.read_text(encoding="utf-8").splitlines()[0]
    assert (tmp_path / "Race.cfg").read_text(encoding="utf-8").splitlines()[1] == "SPECIFICATION Spec"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "xml"], "'xml' is not one of 'promela', 'murphi', 'tla', 'dot', 'graphml'"),
        ([], "--to"),
        (["--to", "promela", "--output", "no/such/folder/lock.pml"], "there is no folder no/such/folder"),
        (["--to", "promela", "--symmetry"], "an export to promela has no symmetry"),
        (["--to", "tla", "--whole"], "an export to tla has no whole"),
        (["--to", "tla", "--output", "two-locks.tla"], "'two-locks' is no name of a TLA+ module"),
        (["--to", "tla", "--output", "lock.cfg"], "is where a second file goes"),
        (["--to", "dot", "--blocks", "0"], "--blocks"),
    ],
)
def test_a_usage_error_is_one_sentence_and_leaves_no_file(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", LOCK, *arguments]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "Traceback" not in captured.err
    assert not captured.out
    assert not Path("two-locks.tla").exists()
    assert not Path("lock.cfg").exists()


def test_a_design_that_cannot_be_drawn_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "second-embodiment-closed", "--to", "dot", "--whole"]) == 2
    assert "more than 5,000 states, too many to draw each; draw its components" in capsys.readouterr().err


def test_too_many_initial_states_are_not_listed() -> None:
    machine = load_machine("second-embodiment-closed")
    with pytest.raises(ModelError, match="has 2,097,152 choices of what it may start with"):
        export("promela", Request(machine, 7))


def test_a_block_that_is_named_at_the_start_has_no_symmetry() -> None:
    class Hand(Record):
        busy = field(Bool, "it holds a block", initial=True)
        block = field(Block, "which", while_=lambda r: r.busy)

    walker = Processor("walker")
    machine = Machine("named", "starts with block 0")
    machine.memory("hand", Hand, "what it holds", cell=memory(walker))

    @machine.action(by=walker)
    def drop(s: State) -> None:
        """The walker drops it."""
        s.hand.busy = False

    assert "hand_block := 0;" in murphi(machine, 2, [])
    with pytest.raises(ModelError, match=r"starts with a certain block in hand\.block; export it without"):
        murphi(machine, 2, [], symmetry=True)
