"""The table of the compiled engine: it grows, nothing rests on its hash, and it keeps to the memory."""

from __future__ import annotations

import pytest

from splitproof.checker.compiled import crew, search, space, table
from splitproof.checker.compiled.control import CHUNK
from splitproof.checker.compiled.ir import Function
from splitproof.checker.search.engine import Limits
from splitproof.checker.search.oracle import Oracle
from tests.grid_machine import assert_is_a_grid, counters, sized

pytestmark = pytest.mark.usefixtures("cache")


@pytest.mark.parametrize("threads", [1, 2])
def test_the_table_grows_while_a_level_is_expanded(threads: int) -> None:
    engine = sized(9, 3)
    found = engine.explore(threads=threads)
    assert_is_a_grid(found, 9, 3)
    assert found.space.slots > space.SLOTS_MIN
    assert len({state for level in found.levels for state in level}) == 4**9


@pytest.mark.parametrize(
    ("capacity", "sizes"),
    [
        (1 << 25, [1 << 20, 1 << 23, 1 << 24, 1 << 25]),
        ((1 << 25) - 1, [1 << 20, 1 << 21, 1 << 22, 1 << 23]),
        (1 << 22, [1 << 20, 1 << 21, 1 << 22, 1 << 23]),
        ((1 << 22) - 1, [1 << 17, 1 << 18, 1 << 19, 1 << 20]),
    ],
)
def test_a_small_table_grows_fast_only_where_memory_is_for_many_more(capacity: int, sizes: list[int]) -> None:
    found = space.Space(1, capacity)
    grown = []
    for _ in sizes:
        found.replace_table(found.larger())
        grown.append(found.slots)
    assert grown == sizes


@pytest.mark.parametrize("hashed", [0, -1])
@pytest.mark.parametrize("threads", [1, 2])
def test_nothing_rests_on_the_hash(monkeypatch: pytest.MonkeyPatch, hashed: int, threads: int) -> None:
    """All states in one row, from the first slot on or around the end of the table, and no part of a hash differs."""

    def constant(_words: int) -> str:
        return Function("hash", {"state": "ptr"}, "i64", "internal|alwaysinline").finish(hashed)

    monkeypatch.setattr(table, "hash_state", constant)
    monkeypatch.setattr(space, "SLOTS_MIN", 256)
    monkeypatch.setattr(space, "_SLOTS_FAST", ())
    monkeypatch.setattr(search, "SHARED_FROM", 16)
    engine = sized(5, 4)
    found = engine.explore(threads=threads)
    assert_is_a_grid(found, 5, 4)
    assert len({state for level in found.levels for state in level}) == 5**5
    assert engine.arrivals(found.levels[19], found.levels[20]) == Oracle(counters(5, 4), 1).arrivals(
        sorted(found.levels[19]), found.levels[20]
    )


def test_a_search_ends_where_the_table_cannot_number_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SLOTS_MAX", space.SLOTS_MIN)
    found = sized(9, 3).explore(threads=1)
    assert not found.complete
    assert found.limit == f"{found.states:,} states, as the table cannot number many more"
    assert space.SLOTS_MIN // 2 < found.states < space.SLOTS_MIN


def test_small_chunks_leave_gaps_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SHARED_FROM", 1)
    found = sized(5, 3).explore(threads=3)
    assert_is_a_grid(found, 5, 3)
    assert max(map(len, found.levels)) < CHUNK // 3  # each thread begins a chunk and leaves most of it


def test_gaps_are_filled_from_the_end() -> None:
    assert crew._between(4, 12, [(2, 5), (7, 9)]) == [(5, 7), (9, 12)]
    assert crew._between(4, 8, [(4, 8)]) == []


@pytest.mark.parametrize("budget", [1_000_000, 2_000_000, 3_000_000])
def test_states_and_table_together_keep_to_the_memory(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    """At the second budget the last table leaves less memory for states than it has room for."""
    monkeypatch.setattr(search, "resident_bytes", lambda: 0)
    found = sized(9, 3).explore(Limits(max_memory=budget), threads=1)
    assert (found.complete, found.limit) == (False, f"{budget:,} bytes of memory")
    assert 0.75 * budget < found.space.bytes <= budget
