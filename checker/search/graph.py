"""The state graph, and the questions that are asked of it with networkx.

Nodes are packed states with their `depth`, in canonical order: level by level, each level sorted. Edges are
steps, keyed by the ground step's index, with `action` (its label). `graph.graph` holds `initial`, the initial
states, and `steps`, the ground steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Hashable, Iterator
from typing import TYPE_CHECKING

import networkx as nx

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.oracle import Exploration, Finding, Oracle, Path, slices
from splitproof.checker.search.reachability import require_complete, require_unfolded

if TYPE_CHECKING:
    StateGraph = nx.MultiDiGraph[int]
else:
    StateGraph = nx.MultiDiGraph  # generic for type checkers only

__all__ = [
    "StateGraph",
    "all_shortest_counterexamples",
    "condensation_for_drawing",
    "reaches_without",
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


def reaches_without(oracle: Oracle, graph: StateGraph, property_id: str) -> Finding | None:
    """The violation of a `possible` property, as in `reachability.possible_findings`; None if it holds.

    Raises:
        ValueError: folding hides steps that the property forbids.
    """
    item = oracle.properties[property_id]
    require_unfolded(oracle, item)
    forbidden = {step.index for step in _steps(graph) if step.action.kind in item.property.without}
    allowed = nx.subgraph_view(graph, filter_edge=lambda _before, _after, index: index not in forbidden)
    states = list(graph)
    goals = oracle.selection(item.holds)(states)
    reaching = set(itertools.chain(*nx.bfs_layers(allowed.reverse(copy=False), goals)))
    for state in oracle.selection(item.trigger)(states):
        if state not in reaching:
            return Finding(property_id, _depth(graph, state), state)
    return None


def all_shortest_counterexamples(graph: StateGraph, bad: Collection[int], max_paths: int) -> Iterator[Path]:
    """The shortest paths from initial states to the shallowest states of `bad`, at most `max_paths` of them.

    In canonical order, the first one being that of `Oracle.trace_to`. Steps that lead to one state in
    different ways make different paths.
    """
    shallowest = min((_depth(graph, state) for state in bad), default=None)
    goals = sorted(state for state in bad if _depth(graph, state) == shallowest)
    paths = itertools.chain.from_iterable(_paths_to(graph, state) for state in goals)
    return itertools.islice(paths, max_paths)


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


def _paths_to(graph: StateGraph, goal: int) -> Iterator[Path]:
    """Every shortest path to a state, in canonical order seen from its end."""
    steps = _steps(graph)
    pending: list[tuple[int, tuple[tuple[GroundStep, int], ...]]] = [(goal, ())]
    while pending:
        state, rest = pending.pop()
        depth = _depth(graph, state)
        if depth == 0:
            yield Path(state, rest)
            continue
        before = sorted(
            (source, index)
            for source, _, index in graph.in_edges(state, keys=True)
            if _depth(graph, source) == depth - 1
        )
        pending += [(source, ((steps[index], state), *rest)) for source, index in reversed(before)]


def _depth(graph: StateGraph, state: int) -> int:
    depth: int = graph.nodes[state]["depth"]
    return depth


def _initial(graph: StateGraph) -> tuple[int, ...]:
    initial: tuple[int, ...] = graph.graph["initial"]
    return initial


def _steps(graph: StateGraph) -> tuple[GroundStep, ...]:
    steps: tuple[GroundStep, ...] = graph.graph["steps"]
    return steps
