"""Which actions every counterexample has."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import networkx as nx
import pytest
from hypothesis import HealthCheck, assume, given, settings

from splitproof.checker.check import Options, check
from splitproof.checker.search.engine import Limits
from splitproof.checker.search.graph import state_graph
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.search.unavoidable import ActionsOnEveryPath
from splitproof.checker.verdicts import Violated
from splitproof.model.cells import memory
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.vocabulary import HOST_PORT
from tests.random_machines import assume_it_starts, machines

HOME, TOWN, VILLAGE, ISLAND = range(4)
TRAIN = ("train", HOME, TOWN)
BUS = ("bus", HOME, TOWN)
ROAD = ("road", TOWN, VILLAGE)
BACK = ("back", VILLAGE, TOWN)
FERRY = ("ferry", TOWN, ISLAND)
BRIDGE = ("bridge", VILLAGE, ISLAND)


def way(name: str, start: int, end: int) -> Callable[[State], None]:
    def move(s: State) -> None:
        """The traveller moves."""
        when(s.place == start)
        s.place = end

    move.__name__ = name
    return move


def oracle(*ways: tuple[str, int, int], folds: str = "") -> Oracle:
    made = Machine("traveller")
    made.memory("place", Int(HOME, ISLAND), "where", cell=memory(HOST_PORT))
    for name, start, end in ways:
        made.action(by=HOST_PORT, folds="for the test" if name == folds else None)(way(name, start, end))
    return Oracle(made, blocks=1, folded=bool(folds))


def on_every_path(made: Oracle) -> ActionsOnEveryPath:
    return ActionsOnEveryPath(made, made.explore())


def test_an_action_is_on_every_path_if_nothing_violates_without_it() -> None:
    found = on_every_path(oracle(TRAIN, BUS, ROAD, BACK, FERRY, BRIDGE))
    assert found.to([HOME]) == frozenset()
    assert found.to([ISLAND]) == frozenset()
    assert found.to([VILLAGE]) == {"host I/O 501 road"}
    assert found.to([ISLAND, VILLAGE]) == frozenset()
    assert found.to([]) == frozenset()


def test_a_detour_that_is_longer_counts_and_one_that_comes_back_does_not() -> None:
    found = on_every_path(oracle(TRAIN, ROAD, BACK, FERRY))
    assert found.to([ISLAND]) == {"host I/O 501 train", "host I/O 501 ferry"}
    assert found.to([TOWN]) == {"host I/O 501 train"}
    longer = on_every_path(oracle(TRAIN, ROAD, BACK, FERRY, BRIDGE))
    assert longer.to([ISLAND]) == {"host I/O 501 train"}


def test_what_hides_paths_is_refused() -> None:
    folded = oracle(TRAIN, BUS, folds="train")
    with pytest.raises(ValueError, match="folding hides paths"):
        ActionsOnEveryPath(folded, folded.explore())
    made = oracle(TRAIN, ROAD, FERRY)
    with pytest.raises(ValueError, match="ended at its limit"):
        ActionsOnEveryPath(made, made.explore(Limits(max_states=2)))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(machine=machines())
def test_on_random_machines_it_is_what_cannot_be_reached_without_the_action(machine: Machine) -> None:
    assume_it_starts(machine, 1)
    made = Oracle(machine, 1)
    exploration = made.explore(Limits(max_states=300))
    assume(exploration.complete)
    found, graph = ActionsOnEveryPath(made, exploration), state_graph(made, exploration, max_states=300)
    for label in {step.action.label for step in made.steps}:
        others: nx.DiGraph[int] = nx.DiGraph()
        others.add_nodes_from(graph)
        others.add_edges_from((s, t) for s, t, data in graph.edges(data=True) if data["action"] != label)
        reached = set(itertools.chain(*nx.bfs_layers(others, made.initial)))
        for state in graph:
            assert (label in found.to([state])) == (state not in reached)


def test_a_check_names_them_in_the_order_of_its_story() -> None:
    machine = load_machine("examples/lock.py:broken_lock")
    found = check(machine, 1, None, Options(symbolic=False, essential=True)).properties[0].verdict
    assert isinstance(found, Violated)
    labels = list(dict.fromkeys(step.step.action.label for step in found.trace.steps))
    assert found.essential is not None
    assert list(found.essential) == [label for label in labels if label in found.essential]
    assert found.essential
