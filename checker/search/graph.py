"""The state graph, and the questions that are asked of it with networkx.

Nodes are packed states with their `depth`, in canonical order: level by level, each level sorted. Edges are
steps, keyed by the ground step's index, with `action` (its label). `graph.graph` holds `initial`, the initial
states, and `steps`, the ground steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import networkx as nx

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.oracle import Exploration, Oracle, slices
from splitproof.checker.search.reachability import require_complete

if TYPE_CHECKING:
    StateGraph = nx.MultiDiGraph[int]
else:
    StateGraph = nx.MultiDiGraph  # generic for type checkers only

__all__ = [
    "StateGraph",
    "condensation_for_drawing",
    "state_graph",
]


def state_graph(oracle: Oracle, exploration: Exploration, max_states: int) -> StateGraph:
    """Every reachable state and every step.

    Raises:
        ValueError: the exploration is not complete, or has more than `max_states` states.
    """
    require_complete(exploration)
    if exploration.states > max_states:
        raise ValueError(
            f"{exploration.states:,} states are more than max_states={max_states:,}; a Python graph takes "
            "two kilobytes a state: raise the bound, or take fewer blocks"
        )
    graph: StateGraph = nx.MultiDiGraph(initial=tuple(oracle.initial), steps=oracle.steps)
    for depth, level in enumerate(exploration.levels):
        graph.add_nodes_from(sorted(level), depth=depth)
    labels = [step.action.label for step in oracle.steps]
    program = oracle.program(Template("push", lambda step, after: [f"push((s, {step.index}, {after}))"]))
    for states in itertools.chain.from_iterable(map(slices, exploration.levels)):
        found: list[tuple[int, int, int]] = []
        program(states, found.append)
        found.sort()
        for state, index, after in found:
            graph.add_edge(state, after, key=index, action=labels[index])
    return graph


def condensation_for_drawing(
    graph: StateGraph, group: Callable[[int], Hashable] | None = None
) -> nx.MultiDiGraph[int]:
    """A small picture of the graph: nodes are groups of states, edges are actions that lead between them.

    `group`: what states have in common (a pair state, say); strongly connected components unless given. Nodes
    are numbered in the order of their shallowest, then smallest state, with `states` (how many), `depth` (of
    the shallowest), `example` (that state) and `group`. Edges are keyed by action label, with `transitions`
    (how many).
    """
    name_of = group if group is not None else _component_of(graph)
    numbers: dict[Hashable, int] = {}
    number_of: dict[int, int] = {}
    picture: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for state in graph:
        name = name_of(state)
        number = number_of[state] = numbers.setdefault(name, len(numbers))
        if number not in picture:
            shown = name if group is not None else None
            picture.add_node(number, states=0, depth=_depth(graph, state), example=state, group=shown)
        picture.nodes[number]["states"] += 1
    steps = _steps(graph)
    counts: dict[tuple[int, int, str], int] = {}
    for before, after, index in graph.edges(keys=True):
        edge = (number_of[before], number_of[after], steps[index].action.label)
        counts[edge] = counts.get(edge, 0) + 1
    for (start, end, action), count in sorted(counts.items()):
        picture.add_edge(start, end, key=action, transitions=count)
    return picture


def _component_of(graph: StateGraph) -> Callable[[int], Hashable]:
    components = nx.strongly_connected_components(graph)
    return {state: number for number, component in enumerate(components) for state in component}.__getitem__


def _depth(graph: StateGraph, state: int) -> int:
    depth: int = graph.nodes[state]["depth"]
    return depth


def _steps(graph: StateGraph) -> tuple[GroundStep, ...]:
    steps: tuple[GroundStep, ...] = graph.graph["steps"]
    return steps
