"""What is possible, asked of the graph in networkx: the reference for the engines' own sweeps."""

from __future__ import annotations

import itertools

import networkx as nx

from splitproof.checker.search.engine import Finding
from splitproof.checker.search.graph import StateGraph
from splitproof.checker.search.oracle import Oracle


def reaches_without(oracle: Oracle, graph: StateGraph, property_id: str) -> Finding | None:
    """The violation of a `possible` property, as `possible_findings` says it; None if it holds. Without folding."""
    item = oracle.properties[property_id]
    forbidden = {step.index for step in graph.graph["steps"] if step.action.kind in item.property.without}
    allowed = nx.subgraph_view(graph, filter_edge=lambda _before, _after, index: index not in forbidden)
    states = list(graph)
    goals = oracle.selection(item.holds)(states)
    reaching = set(itertools.chain(*nx.bfs_layers(allowed.reverse(copy=False), goals)))
    for state in oracle.selection(item.trigger)(states):
        if state not in reaching:
            return Finding(property_id, graph.nodes[state]["depth"], state)
    return None
