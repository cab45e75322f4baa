"""The state graph as a picture, in DOT or GraphML: its strongly connected components, or each state."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from typing import Any

import networkx as nx

from splitproof.checker.export.prose import blocks_of
from splitproof.checker.search.graph import StateGraph, condensation_for_drawing, state_graph
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine

__all__ = ["COMPONENTS_STATES_MAX", "WHOLE_STATES_MAX", "dot", "graphml"]

COMPONENTS_STATES_MAX = 400_000
"""States up to which the components are looked for; a state takes about a kilobyte."""

WHOLE_STATES_MAX = 5_000
"""States up to which each is drawn."""


def dot(machine: Machine, blocks: int, whole: bool = False) -> str:
    """The picture for Graphviz: the components, or each state if `whole`.

    Raises:
        ModelError: there are too many states.
    """
    return "\n".join(_dot_lines(machine, blocks, whole)) + "\n"


def graphml(machine: Machine, blocks: int, whole: bool = False) -> str:
    """The picture as GraphML, for Gephi, yEd and networkx: the components, or each state if `whole`.

    Nodes carry the values of the state's variables, of a component those of its shallowest state. Edges carry the
    action, and between components how many transitions they stand for.

    Raises:
        ModelError: there are too many states.
    """
    oracle, graph = _explored(machine, blocks, whole)
    drawn: Any = nx.MultiDiGraph(name=f"{machine.name}, {blocks_of(blocks)}")
    if whole:
        numbers = {state: number for number, state in enumerate(graph)}
        for state, number in numbers.items():
            drawn.add_node(number, depth=graph.nodes[state]["depth"], **_values(oracle, state))
        for before, after, step in graph.edges(keys=True):
            drawn.add_edge(numbers[before], numbers[after], action=oracle.steps[step].action.label)
    else:
        picture = condensation_for_drawing(graph)
        for number, found in picture.nodes(data=True):
            values = _values(oracle, found["example"])
            drawn.add_node(number, states=found["states"], depth=found["depth"], **values)
        for start, end, action in picture.edges(keys=True):
            count = picture.edges[start, end, action]["transitions"]
            drawn.add_edge(start, end, action=action, transitions=count)
    return "\n".join(nx.generate_graphml(drawn)) + "\n"


def _explored(machine: Machine, blocks: int, whole: bool) -> tuple[Oracle, StateGraph]:
    states_max = WHOLE_STATES_MAX if whole else COMPONENTS_STATES_MAX
    oracle = Oracle(machine, blocks, properties=[])
    exploration = oracle.explore(Limits(max_states=states_max))
    if not exploration.complete:
        what, remedy = (
            ("each", "draw its components") if whole else ("the components of", "take fewer blocks")
        )
        raise ModelError(
            f"{machine.name} with {blocks_of(blocks)} has more than {states_max:,} states, too many to draw {what}; "
            f"{remedy}",
            "",
        )
    return oracle, state_graph(oracle, exploration, states_max)


def _values(oracle: Oracle, state: int) -> dict[str, str | int | bool]:
    described = oracle.grounding.layout.describe(oracle.packing.unpack(state))
    return {name: value.name if isinstance(value, enum.Enum) else value for name, value in described.items()}


def _dot_lines(machine: Machine, blocks: int, whole: bool) -> Iterator[str]:
    oracle, graph = _explored(machine, blocks, whole)
    yield f"// {machine.name}, {blocks_of(blocks)}: {len(graph):,} states, {graph.number_of_edges():,} steps."
    if whole:
        yield "// Each node is a state; it shows what differs from the first one."
    else:
        yield "// Each node is a strongly connected component: states that can all be reached from each other."
    yield f"digraph {_quoted(machine.name)} {{"
    yield "  node [shape=box];"
    yield from _dot_of_states(oracle, graph) if whole else _dot_of_components(graph)
    yield "}"


def _dot_of_states(oracle: Oracle, graph: StateGraph) -> Iterator[str]:
    numbers = {state: number for number, state in enumerate(graph)}
    first: dict[str, Any] = {}
    for state, number in numbers.items():
        values = _values(oracle, state)
        first = first or values
        label = [f"{name} = {value}" for name, value in values.items() if value != first[name]]
        start = ", style=bold" if graph.nodes[state]["depth"] == 0 else ""
        yield f"  {number} [label={_quoted(chr(10).join([str(number), *label]))}{start}];"
    for before, after, step in graph.edges(keys=True):
        taken = _quoted(oracle.steps[step].action.label)
        yield f"  {numbers[before]} -> {numbers[after]} [label={taken}];"


def _dot_of_components(graph: StateGraph) -> Iterator[str]:
    picture = condensation_for_drawing(graph)
    for number, found in picture.nodes(data=True):
        count, depth = found["states"], found["depth"]
        label = f"{count:,} state{'s' if count > 1 else ''}\nfrom {depth} step{'s' if depth != 1 else ''} on"
        start = ", style=bold" if depth == 0 else ""
        yield f"  {number} [label={_quoted(label)}{start}];"
    between: dict[tuple[int, int], list[str]] = {}
    for start_, end, action in picture.edges(keys=True):
        if start_ != end:
            between.setdefault((start_, end), []).append(action)
    for (start_, end), actions in between.items():
        yield f"  {start_} -> {end} [label={_quoted(chr(10).join(actions))}];"


def _quoted(text: str) -> str:
    """A string of DOT, which writes quotes and line ends as JSON does."""
    return json.dumps(text, ensure_ascii=False)
