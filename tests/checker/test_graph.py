"""Questions to the state graph, on a machine whose graph can be drawn by hand.

A traveller goes from HOME to TOWN by train or bus, from there to the ISLAND by ferry or to the VILLAGE by
road; a bridge leads from the village to the island; from the island there is no way back.
"""

import enum
from collections.abc import Callable
from typing import Any

import pytest

from splitproof.checker.search.graph import (
    StateGraph,
    condensation_for_drawing,
    state_graph,
)
from splitproof.checker.search.oracle import Exploration, Finding, Limits, Oracle
from splitproof.checker.search.reachability import possible_findings
from splitproof.model.cells import memory
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.spec.properties import always, possible
from splitproof.spec.vocabulary import HOST_PORT, StepKind
from tests.reaching import reaches_without


class Place(enum.Enum):
    HOME = "home"
    TOWN = "town"
    VILLAGE = "village"
    ISLAND = "island"


WAYS = (
    ("train", Place.HOME, Place.TOWN, StepKind.OTHER),
    ("bus", Place.HOME, Place.TOWN, StepKind.OTHER),
    ("road", Place.TOWN, Place.VILLAGE, StepKind.OTHER),
    ("back", Place.VILLAGE, Place.TOWN, StepKind.OTHER),
    ("ferry", Place.TOWN, Place.ISLAND, StepKind.COPY),
    ("bridge", Place.VILLAGE, Place.ISLAND, StepKind.OTHER),
)

NEVER_ON_THE_ISLAND = always("never-on-the-island", "-", holds=lambda s: s.place != Place.ISLAND)
TOWN_IN_REACH = possible(
    "town-in-reach", "-", trigger=lambda s: s.place != Place.HOME, reaches=lambda s: s.place == Place.TOWN
)
ISLAND_BY_LAND = possible(
    "island-by-land",
    "-",
    trigger=lambda s: s.place == Place.TOWN,
    reaches=lambda s: s.place == Place.ISLAND,
    without=(StepKind.COPY,),
)


def way(name: str, start: Place, end: Place) -> Callable[[State], None]:
    def move(s: State) -> None:
        """The traveller moves."""
        when(s.place == start)
        s.place = end

    move.__name__ = name
    return move


def oracle(folds: str = "", *, folded: bool = False) -> Oracle:
    made = Machine("traveller")
    made.memory("place", Place, "where", cell=memory(HOST_PORT))
    for name, start, end, kind in WAYS:
        reason = "for the test" if name == folds else None
        made.action(by=HOST_PORT, kind=kind, folds=reason)(way(name, start, end))
    made.check(NEVER_ON_THE_ISLAND, TOWN_IN_REACH, ISLAND_BY_LAND)
    return Oracle(made, blocks=1, folded=folded)


def explored() -> tuple[Oracle, Exploration, StateGraph]:
    made = oracle()
    exploration = made.explore()
    return made, exploration, state_graph(made, exploration, max_states=4)


HOME, TOWN, VILLAGE, ISLAND = range(4)


def noted(graph: StateGraph, what: str) -> dict[int, Any]:
    return {node: data[what] for node, data in graph.nodes.items()}


def test_the_graph_has_a_node_a_state_and_an_edge_a_step() -> None:
    _, _, graph = explored()
    assert noted(graph, "depth") == {HOME: 0, TOWN: 1, VILLAGE: 2, ISLAND: 2}
    assert sorted(graph.edges(keys=True)) == [
        (HOME, TOWN, 0),
        (HOME, TOWN, 1),
        (TOWN, VILLAGE, 2),
        (TOWN, ISLAND, 4),
        (VILLAGE, TOWN, 3),
        (VILLAGE, ISLAND, 5),
    ]
    assert graph.edges[TOWN, ISLAND, 4]["action"] == "host I/O 501 ferry"
    assert graph.graph["initial"] == (HOME,)


def test_a_graph_larger_than_its_bound_is_refused() -> None:
    made = oracle()
    with pytest.raises(ValueError, match="4 states are more than max_states=3"):
        state_graph(made, made.explore(), max_states=3)


def test_nothing_is_said_about_what_lies_beyond_a_limit() -> None:
    made = oracle()
    cut = made.explore(Limits(max_states=2))
    with pytest.raises(ValueError, match="ended at its limit"):
        state_graph(made, cut, max_states=100)
    with pytest.raises(ValueError, match="ended at its limit"):
        possible_findings(made, cut)


def test_what_cannot_be_reached_any_more_is_found_where_it_is_shallowest() -> None:
    made, exploration, graph = explored()
    expected = {"town-in-reach": Finding("town-in-reach", 2, ISLAND)}
    assert possible_findings(made, exploration) == expected
    assert reaches_without(made, graph, "town-in-reach") == expected["town-in-reach"]
    assert reaches_without(made, graph, "island-by-land") is None


def test_steps_of_a_kind_that_is_excluded_do_not_help() -> None:
    made = oracle()
    lonely = possible(
        "lonely",
        "-",
        trigger=lambda s: s.place == Place.TOWN,
        reaches=lambda s: s.place == Place.ISLAND,
        without=(StepKind.OTHER,),
    )
    by_ferry = Oracle(made.machine, 1, properties=[lonely])
    assert possible_findings(by_ferry, by_ferry.explore()) == {}
    stuck = possible(
        "stuck",
        "-",
        trigger=lambda s: s.place == Place.TOWN,
        reaches=lambda s: s.place == Place.ISLAND,
        without=(StepKind.OTHER, StepKind.COPY),
    )
    on_foot = Oracle(made.machine, 1, properties=[stuck])
    assert possible_findings(on_foot, on_foot.explore()) == {"stuck": Finding("stuck", 1, TOWN)}


def test_folding_is_refused_where_a_property_does_without_the_folded_steps() -> None:
    made = oracle(folds="ferry", folded=True)
    with pytest.raises(ValueError, match="island-by-land does without copy steps, but folding may force"):
        possible_findings(made, made.explore())


def test_a_picture_of_components_shows_what_cannot_be_undone() -> None:
    _, _, graph = explored()
    picture = condensation_for_drawing(graph)
    assert noted(picture, "states") == {0: 1, 1: 2, 2: 1}
    assert noted(picture, "example") == {0: HOME, 1: TOWN, 2: ISLAND}
    assert sorted(picture.edges(keys=True)) == [
        (0, 1, "host I/O 501 bus"),
        (0, 1, "host I/O 501 train"),
        (1, 1, "host I/O 501 back"),
        (1, 1, "host I/O 501 road"),
        (1, 2, "host I/O 501 bridge"),
        (1, 2, "host I/O 501 ferry"),
    ]


def test_a_picture_can_group_states_by_what_they_have_in_common() -> None:
    _, _, graph = explored()
    picture = condensation_for_drawing(graph, group=lambda state: "land" if state != ISLAND else "island")
    assert noted(picture, "group") == {0: "land", 1: "island"}
    assert noted(picture, "states") == {0: 3, 1: 1}
    assert noted(picture, "depth") == {0: 0, 1: 2}
    assert picture.edges[0, 1, "host I/O 501 ferry"]["transitions"] == 1
