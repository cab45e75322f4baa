"""A machine whose size can be chosen: numbers that are raised one by one, so that its states are a grid."""

from __future__ import annotations

from collections.abc import Callable

from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.search.engine import Exploration
from splitproof.model.cells import Cell
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import Property
from splitproof.spec.vocabulary import HOST_PORT

__all__ = ["TABLE", "add_action", "assert_is_a_grid", "counters", "sized"]

TABLE = Cell("table")


def counters(count: int, high: int) -> Machine:
    """`count` numbers up to `high`, each raised by a step of its own; names that clash with generated ones."""
    made = Machine("counters")
    names = ["state", "entry", "t1", "b2", "define", "ret", "control", "successors", "judge", "hash"]
    names += [f"n{number}" for number in range(count)]
    for name in names[:count]:
        made.shared(name, Int(0, high), "a number", cell=TABLE)

    for name in names[:count]:

        def raised(s: State, name: str = name) -> None:
            """One of them is raised."""
            when(getattr(s, name) < high)
            setattr(s, name, getattr(s, name) + 1)

        add_action(made, f"raise_{name}", raised)
    return made


def add_action(machine: Machine, name: str, effect: Callable[..., None]) -> None:
    """Declare an action with one effect, under a name that is made up."""

    def action(s: State) -> None:
        """One of them is raised."""
        effect(s)

    action.__name__ = name
    machine.action(by=HOST_PORT)(action)


def sized(count: int, high: int, *properties: Property) -> CompiledEngine:
    """The engine for so many numbers up to `high`."""
    return CompiledEngine(counters(count, high), 1, properties)


def assert_is_a_grid(found: Exploration, count: int, high: int) -> None:
    """Every state and every step was found, once."""
    assert found.complete
    assert found.states == (high + 1) ** count
    assert found.transitions == count * high * (high + 1) ** (count - 1)
    assert found.depth == count * high
    assert set(found.fired.values()) == {high * (high + 1) ** (count - 1)}
    assert sum(map(len, found.levels)) == found.states
