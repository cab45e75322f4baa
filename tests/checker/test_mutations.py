"""Mutants: every small change is made, what the language refuses is refused, and what survives is a finding."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.checker.fairness.liveness import Liveness
from splitproof.checker.variants import mutations
from splitproof.checker.variants.mutation_report import markdown, summary_lines
from splitproof.checker.variants.mutations import CLOSED, Fate, Judged, judge_mutants
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Interpreter
from splitproof.model.loading import load_machine
from splitproof.model.mutants import mutant, mutations_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOCK = f"{EXAMPLES}/lock.py:lock"

REGISTER = '''
from splitproof.model import Bool, Cell, Int, Machine, Processor, State, when
from splitproof.spec.properties import always, step

HOST = Processor("host")
CELL = Cell("register", readers={HOST}, writers={HOST})


def register(known=True):
    machine = Machine("register")
    machine.shared("count", Int(0, 2), "how often", cell=CELL)
    machine.shared("odd", Bool, "whether that is odd", cell=CELL)

    @machine.action(by=HOST)
    def raise_count(s: State) -> None:
        """The host counts."""
        when(s.count < 2)
        s.count = s.count + 1
        s.odd = ~s.odd

    @machine.action(by=HOST)
    def restart(s: State) -> None:
        """The host starts again."""
        when(s.count == 2)
        s.count = 0
        s.odd = False

    machine.check(
        always("parity", "odd counts are marked", holds=lambda s: s.odd == (s.count == 1)),
        step(
            "up-to-two",
            "it counts to two and starts again",
            holds=lambda old, new: (new.count == old.count + 1) | ((old.count == 2) & (new.count == 0)),
        ),
        expects={} if known else {"parity": "violated"},
    )
    return machine


right = register()
wrong = register(known=False)
'''


DESK = '''
from splitproof.model import Bool, Cell, Fairness, Machine, Processor, State, when
from splitproof.spec.properties import leads_to

HOST, CLERK = Processor("host"), Processor("clerk")
CELL = Cell("desk", readers={HOST, CLERK}, writers={HOST, CLERK})


def desk(patient=True):
    machine = Machine("desk")
    machine.shared("waits", Bool, "the host waits", cell=CELL)
    machine.shared("called", Bool, "its number is called", cell=CELL)

    @machine.action(by=HOST)
    def come(s: State) -> None:
        """The host comes."""
        when(~s.waits)
        s.waits = True

    @machine.action(by=CLERK, fair=Fairness.WEAK)
    def call(s: State) -> None:
        """The clerk calls."""
        when(s.waits & ~s.called)
        s.called = True

    @machine.action(by=HOST, fair=Fairness.WEAK)
    def leave(s: State) -> None:
        """The host is served, and leaves."""
        when(s.called)
        s.waits = False
        s.called = False

    if not patient:

        @machine.action(by=HOST)
        def miss(s: State) -> None:
            """The host does not listen."""
            when(s.called)
            s.called = False

    machine.check(
        leads_to("served", "who waits leaves", trigger=lambda s: s.waits, reaches=lambda s: ~s.waits),
        expects={} if patient else {"served": "violated"},
    )
    return machine


patient = desk()
impatient = desk(patient=False)
'''


@pytest.fixture
def desk(tmp_path: Path) -> str:
    path = tmp_path / "desk.py"
    path.write_text(DESK, encoding="utf-8")
    return f"{path}:patient"


@pytest.fixture
def register(tmp_path: Path) -> str:
    path = tmp_path / "register.py"
    path.write_text(REGISTER, encoding="utf-8")
    return f"{path}:right"


def fates(judged: list[Judged]) -> list[tuple[str, str, str, Fate, str, int | None]]:
    return [(item.action, item.kind, item.text, item.fate, item.by, item.steps) for item in judged]


def test_every_clause_and_every_effect_is_changed_and_judged(register: str) -> None:
    up, back = "host raise_count", "host restart"
    refusal = "raise_count can write 3 to count, which is Int(0, 2); exclude it with a when(...), or widen the domain"
    assert fates(judge_mutants([register], processes=1)) == [
        (up, "clause dropped", "count < 2", Fate.REFUSED, refusal, None),
        (up, "effect dropped", "count = count + 1", Fate.CAUGHT, "parity", 1),
        (up, "effect dropped", "odd = ~odd", Fate.CAUGHT, "parity", 1),
        (up, "effect altered", "odd = odd", Fate.CAUGHT, "parity", 1),
        (back, "clause dropped", "count == 2", Fate.CAUGHT, "up-to-two", 1),
        (back, "effect dropped", "count = 0", Fate.CAUGHT, "up-to-two", 3),
        (back, "effect altered", "count = 1", Fate.CAUGHT, "parity", 3),
        (back, "effect dropped", "odd = False", Fate.EQUIVALENT, "", None),
        (back, "effect altered", "odd = True", Fate.CAUGHT, "parity", 3),
    ]


def test_a_mutant_is_the_machine_with_one_action_replaced() -> None:
    machine = load_machine(LOCK)
    actions = list(machine.actions)
    for mutation in mutations_of(machine):
        made = mutant(machine, mutation)
        changed = [place for place, action in enumerate(made.actions) if action is not actions[place]]
        assert changed == [mutation.place]
        assert list(Interpreter(made, 1).initial_states()) == list(Interpreter(machine, 1).initial_states())
    assert machine.actions == actions


def test_the_lock_survives_only_where_nobody_looks() -> None:
    judged = judge_mutants([LOCK], processes=1)
    assert Counter(item.fate for item in judged) == {Fate.CAUGHT: 18, Fate.EQUIVALENT: 2, Fate.SURVIVED: 2}
    survived = [item for item in judged if item.fate is Fate.SURVIVED]
    assert [(item.text, item.by) for item in survived] == [
        ("left = SAW_FREE", "reaches more states"),
        ("right = SAW_FREE", "reaches more states"),
    ]
    kept = [item.by for item in judged if item.fate is Fate.EQUIVALENT]
    assert kept == ["whoever is inside holds the lock"] * 2


def test_what_only_keeps_a_design_from_getting_on_is_caught_on_fair_runs(desk: str) -> None:
    caught = [item for item in judge_mutants([desk], processes=1) if item.fate is Fate.CAUGHT]
    assert fates(caught) == [
        ("clerk call", "effect altered", "called = False", Fate.CAUGHT, "served", 1),
        ("host leave", "effect dropped", "waits = False", Fate.CAUGHT, "served", 3),
        ("host leave", "effect altered", "waits = True", Fate.CAUGHT, "served", 3),
    ]


def test_a_mutant_that_keeps_what_its_design_breaks_on_fair_runs_is_caught(desk: str) -> None:
    judged = judge_mutants([desk.replace(":patient", ":impatient")], processes=1)
    caught = [item for item in judged if item.fate is Fate.CAUGHT]
    holds = "served (declared violated, and holds)"
    assert fates(caught) == [
        ("host come", "effect altered", "waits = False", Fate.CAUGHT, holds, None),
        ("host leave", "clause dropped", "called", Fate.CAUGHT, holds, None),
        ("host miss", "effect altered", "called = True", Fate.CAUGHT, holds, None),
    ]


def test_runs_that_are_too_many_leave_a_mutant_undecided(desk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Liveness(limits={"served": "3 states, while looking at all runs"})
    original = mutations._original(desk, 1)
    monkeypatch.setattr(mutations, "judge_leads_to", lambda *_: ended)
    judged = [original.judged(desk, mutation) for mutation in mutations_of(original.machine)]
    undecided = [(item.text, item.by) for item in judged if item.fate is Fate.UNDECIDED]
    assert ("called = False", "3 states, while looking at all runs") in undecided
    assert not [item for item in judged if item.fate is Fate.SURVIVED]


def test_a_design_that_is_not_as_it_declares_has_no_mutants(register: str) -> None:
    with pytest.raises(ModelError, match="register is not as it declares \\(parity\\)"):
        judge_mutants([register.replace(":right", ":wrong")], processes=1)


def test_two_processes_judge_as_one_does(register: str) -> None:
    assert judge_mutants([register, LOCK], processes=2) == judge_mutants([register, LOCK], processes=1)


def test_the_report_lists_survivors_and_what_makes_no_difference() -> None:
    judged = judge_mutants([LOCK], processes=1)
    page = "\n".join(markdown(judged, 1))
    assert f"| {LOCK} | 22 | 18 | 0 | 0 | 2 | 2 | 0 |" in page
    assert "| left leave | effect altered: `left = SAW_FREE` | all | reaches more states |" in page
    assert "| mutual-exclusion |" in page
    assert "## What is not decided" not in page
    lines = list(summary_lines(judged, 1))
    assert lines[0] == f"{LOCK}, blocks=1: 22 mutants: 18 caught, 2 equivalent, 2 survived"
    assert len(lines) == 5


def test_the_exit_code_says_whether_a_mutant_survives(
    register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["mutate", register, "--jobs", "1"]) == 0
    assert "9 mutants" in capsys.readouterr().out
    assert run(["mutate", LOCK, "--jobs", "1", "--format", "json"]) == 1
    assert '"fate": "survived"' in capsys.readouterr().out
    assert run(["mutate", register.replace(":right", ":wrong"), "--jobs", "1"]) == 2


def test_the_page_counts_the_mutants_that_there_are() -> None:
    """A page that is older than the designs is found by its counts: write it again with `make mutations`."""
    page = (EXAMPLES.parent / "docs" / "mutations.md").read_text(encoding="utf-8")
    table = page[: page.index("- *caught*")]
    rows = [line.split(" | ") for line in table.splitlines() if re.match(r"\| [a-z-]+-closed \|", line)]
    assert {row[0].removeprefix("| "): int(row[1]) for row in rows} == {
        name: sum(1 for _ in mutations_of(load_machine(name))) for name in CLOSED
    }


def test_what_is_caught_breaks_a_named_clause_of_the_proof(
    register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["mutate", register, "--prove", "--jobs", "1"])
    lines = capsys.readouterr().out.splitlines()
    start = next(place for place, line in enumerate(lines) if "break the proof" in line)
    caught = [line for line in lines[start + 1 :] if line.startswith("  caught")]
    assert (
        lines[start] == f"{register}: {len(caught)} of {len(caught)} mutants that are caught break the proof"
    )
    assert len(caught) >= 3
    assert not any("breaks nothing" in line or "UNSOUND" in line for line in lines)
    assert any("violates parity" in line and "breaks property parity" in line for line in caught)


def test_the_page_says_what_breaks_no_proof(capsys: pytest.CaptureFixture[str]) -> None:
    run(["mutate", LOCK, "--prove", "--format", "markdown", "--jobs", "1"])
    page = capsys.readouterr().out
    chapter = page[page.index("## What is left of the proof") :]
    assert f"| {LOCK} | 18 | 10 | 0 | - |" in chapter
    idle = [line for line in chapter.splitlines() if line.startswith("- ")]
    assert len(idle) == 8
    assert all(line.endswith("breaks nothing; caught by left-can-enter.") for line in idle)
