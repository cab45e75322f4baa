"""Small histories, of every shape that the judge has to tell apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from splitproof.conformance.histories.history import History, Operation, Outcome

BLOCKS = 2


def _history(
    draw: Any, values: Callable[[int], st.SearchStrategy[str]], writes_max: int, end: int
) -> History:
    """Writes with calls and returns drawn from few instants, so that ties occur, one split, and its tape."""
    operations = []
    for number in range(draw(st.integers(0, writes_max))):
        call, returned = sorted((draw(st.integers(0, end)), draw(st.integers(0, end))))
        outcome = draw(st.sampled_from([Outcome.OK] * 6 + [Outcome.INDEFINITE, Outcome.REJECTED]))
        operations.append(
            Operation(
                number,
                "write",
                call,
                None if outcome is Outcome.INDEFINITE else returned,
                outcome,
                client=number,
                block=draw(st.integers(0, BLOCKS - 1)),
                value=draw(values(number)),
            )
        )
    call, returned = sorted((draw(st.integers(0, end)), draw(st.integers(0, end))))
    written = sorted({"first"} | {one.value for one in operations if one.value})
    records = {block: draw(st.sampled_from(written)) for block in range(BLOCKS)}
    operations += [
        Operation(100, "split", call, returned),
        Operation(101, "backup", end + 1, end + 1, backup="b", extents=((0, BLOCKS),)),
        Operation(102, "completed", end + 2, end + 2, backup="b"),
        Operation(103, "tape", end + 3, end + 3, backup="b", records=records),
    ]
    return History({"": ["first"] * BLOCKS}, operations)


@st.composite
def _tagged(draw: Any) -> History:
    return _history(draw, lambda number: st.just(f"w{number}"), writes_max=5, end=9)


@st.composite
def _repeated(draw: Any) -> History:
    return _history(draw, lambda _: st.sampled_from(["first", "a", "b"]), writes_max=5, end=9)


@st.composite
def _longer(draw: Any) -> History:
    return _history(draw, lambda _: st.sampled_from(["first", "a", "b", "c"]), writes_max=14, end=30)


@pytest.fixture(scope="session")
def histories() -> dict[str, st.SearchStrategy[History]]:
    """Strategies: values that are unique, values that repeat, and longer ones of the latter kind."""
    return {"tagged": _tagged(), "repeated": _repeated(), "longer": _longer()}
