"""Fair cycles and shortest lassos, against the definition: every set of edges of a tiny graph is tried."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from splitproof.checker.fairness import lassos
from splitproof.checker.fairness.fair_components import fair_components
from splitproof.checker.fairness.liveness import find_lasso
from splitproof.checker.fairness.run_graph import RunGraph
from splitproof.checker.search.oracle import Oracle
from splitproof.model.declarations import Fairness
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind
from tests.fair_runs import Edge, graphs, judged, machine_of
from tests.random_machines import machines

WEAK, STRONG = Fairness.WEAK, Fairness.STRONG


def fair_cycles(
    fair: tuple[Fairness | None, ...], edges: set[Edge], inside: set[int]
) -> tuple[set[int], Callable[[tuple[Edge, ...], set[int]], bool]]:
    """The states that fair runs inside can visit for ever, by trying all sets of edges; and what fair means."""
    due = {state: {edge[0] for edge in edges if edge[1] == state} for state in range(4)}

    def is_fair(taken: tuple[Edge, ...], visited: set[int]) -> bool:
        kept = {edge[0] for edge in taken}
        for action, fairness in enumerate(fair):
            where = [action in due[state] for state in visited]
            if action not in kept and (
                (fairness is WEAK and all(where)) or (fairness is STRONG and any(where))
            ):
                return False
        return True

    found = {state for state in inside if is_fair((), {state})}
    within = sorted(edge for edge in edges if {edge[1], edge[2]} <= inside)
    for size in range(1, len(within) + 1):
        for taken in itertools.combinations(within, size):
            visited = {edge[1] for edge in taken}
            if visited == {edge[2] for edge in taken} and is_fair(taken, visited) and _connected(taken):
                found |= visited
    return found, is_fair


def _connected(taken: tuple[Edge, ...]) -> bool:
    """Whether every state of the edges can be reached from every other along them."""
    states = {edge[1] for edge in taken}
    for start in states:
        reached, waiting = {start}, [start]
        while waiting:
            state = waiting.pop()
            for _, before, after in taken:
                if before == state and after not in reached:
                    reached.add(after)
                    waiting.append(after)
        if reached != states:
            return False
    return True


def depths(edges: set[Edge], starts: dict[int, int], inside: set[int]) -> dict[int, int]:
    """The least steps to each state, from starts that take some already."""
    found: dict[int, int] = {}
    for depth in range(12):
        level = {state for state, at in starts.items() if at == depth}
        level |= {after for _, before, after in edges if found.get(before) == depth - 1 and after in inside}
        found |= {state: depth for state in level if state not in found}
    return found


@settings(max_examples=150)
@given(graphs())
def test_lassos_are_those_of_the_definition_and_as_short(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]],
) -> None:
    fair, edges, (starts, goals) = drawn
    machine = machine_of(fair, edges, (starts, goals))
    inside = set(range(4)) - goals
    reachable = depths(edges, {0: 0}, set(range(4)))
    waiting = depths(edges, {n: reachable[n] for n in starts & inside & set(reachable)}, inside)
    for_ever, is_fair = fair_cycles(fair, edges, inside)
    entries = {state: depth for state, depth in waiting.items() if state in for_ever}
    trace = judged(machine).traces.get("arrives")
    assert (trace is None) == (not entries)
    if trace is None:
        return
    assert trace.loop == min(entries.values())
    best = {state for state, depth in entries.items() if depth == trace.loop}
    assert trace.states[trace.loop][0] in best
    length = len(trace.steps) - trace.loop
    for shorter in range(min(length, 6)):
        for start in best:
            assert not any(
                is_fair(walk, {start, *(e[2] for e in walk)})
                for walk in closed(edges, inside, start, shorter)
            )


def closed(edges: set[Edge], inside: set[int], start: int, length: int) -> list[tuple[Edge, ...]]:
    """Every walk of so many steps from the state back to it."""
    walks: list[tuple[Edge, ...]] = [()]
    for _ in range(length):
        walks = [
            (*walk, edge)
            for walk in walks
            for edge in edges
            if edge[1] == (walk[-1][2] if walk else start) and edge[2] in inside
        ]
    return [walk for walk in walks if not walk or walk[-1][2] == start]


@settings(max_examples=60)
@given(machines(), st.data())
def test_random_machines_have_the_same_runs_with_data_and_without(
    machine: Machine, data: st.DataObject
) -> None:
    fairness = st.sampled_from([None, WEAK, STRONG])
    machine.actions = [replace(action, fairness=data.draw(fairness)) for action in machine.actions]
    for item in list(machine.properties.values()):
        if item.kind is Kind.ALWAYS:
            machine.check(replace(item, id=f"{item.id}-later", kind=Kind.LEADS_TO))
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    found = judged(machine)  # lassos are replayed, and unfair ones refused
    oracle = Oracle(machine, 1, asked)
    graph = RunGraph(oracle, oracle.explore())
    for item in asked:
        lasso = find_lasso(graph, item)
        assert (lasso is not None) == (item.id in found.traces)
        if lasso is not None:
            loop = found.traces[item.id].loop
            assert loop is not None
            assert len(lasso.stem) <= loop


@settings(max_examples=60)
@given(graphs())
def test_a_cycle_that_is_walked_from_promise_to_promise_is_fair_too(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]],
) -> None:
    """What is done where the search for the shortest grows too large; the replay refuses unfair cycles."""
    machine = machine_of(*drawn)
    shortest = judged(machine).traces.get("arrives")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lassos, "CYCLE_PLACES_MAX", 0)
        walked = judged(machine).traces.get("arrives")
    assert (walked is None) == (shortest is None)
    if walked is not None and shortest is not None:
        assert walked.loop == shortest.loop
        assert len(walked.steps) >= len(shortest.steps)


def test_a_component_without_its_unfair_states_is_taken_apart_again() -> None:
    """0 <-> 1 <-> 2, and at 2 a strong promise can be kept only by leaving: what stays fair is 0 <-> 1."""
    edges = {(0, 0, 1), (1, 1, 0), (0, 1, 2), (1, 2, 1), (2, 2, 3)}
    machine = machine_of((None, None, STRONG), edges, ({0}, {3}))
    oracle = Oracle(machine, 1, data_values=1)
    graph = RunGraph(oracle, oracle.explore())
    assert [oracle.packing.unpack(state) for state in graph.states] == [(0,), (1,), (2,), (3,)]
    assert [set(part) for part in fair_components(graph, range(3))] == [{0, 1}]
    assert [set(part) for part in fair_components(graph, range(4))] == [{3}, {0, 1}]
