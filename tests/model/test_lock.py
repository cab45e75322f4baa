"""The first example: a lock that is right, and one that is wrong in four steps."""

from collections.abc import Iterator
from pathlib import Path

from splitproof.model import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine

LOCK = Path(__file__).resolve().parents[2] / "examples" / "lock.py"


def levels(interpreter: Interpreter) -> Iterator[set[Valuation]]:
    """The states at each distance from the start."""
    seen: set[Valuation] = set()
    level = set(interpreter.initial_states())
    while level:
        yield level
        seen |= level
        level = {
            interpreter.take(state, step) for state in level for step in interpreter.enabled(state)
        } - seen


def test_the_lock_keeps_one_processor_out() -> None:
    machine = load_machine(f"{LOCK}:lock")
    interpreter = Interpreter(machine, 1)
    traced = machine.traced["mutual-exclusion"]
    states = [state for level in levels(interpreter) for state in level]
    assert len(states) == 3
    assert all(interpreter.holds(traced, state) for state in states)
    assert machine.expects == {}


def test_the_broken_lock_lets_both_in_after_four_steps() -> None:
    machine = load_machine(f"{LOCK}:broken_lock")
    interpreter = Interpreter(machine, 1)
    traced = machine.traced["mutual-exclusion"]
    found = list(levels(interpreter))
    assert sum(map(len, found)) == 13
    depths = [
        depth for depth, level in enumerate(found) if not all(interpreter.holds(traced, s) for s in level)
    ]
    assert depths == [4]
    assert {name: expected.verdict for name, expected in machine.expects.items()} == {
        "mutual-exclusion": "violated"
    }
