"""The legal states of a pair and the legal steps between them, in both views of the controller (516, 517).

The document stores the state of a pair twice: 516 is the source's view, 517 the target's. They are equal except after
a split, where 517 stays SPLIT_PENDING until the differences are reflected [R43, R44].
"""

from __future__ import annotations

from functools import cache

import networkx as nx

from splitproof.spec.vocabulary import PairState

__all__ = ["Views", "legal_pair_transitions", "legal_views"]

Views = tuple[PairState, PairState]
"""(516, 517)."""

_SIMPLEX: Views = (PairState.SIMPLEX, PairState.SIMPLEX)
_CREATING: Views = (PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)
_MIRRORED: Views = (PairState.DUPLEX, PairState.DUPLEX)
_PENDING: Views = (PairState.SPLIT, PairState.SPLIT_PENDING)
_SPLIT: Views = (PairState.SPLIT, PairState.SPLIT)

_TRANSITIONS: tuple[tuple[Views, Views, str, tuple[str, ...]], ...] = (
    (_SIMPLEX, _CREATING, "the pair is formed", ("R35",)),
    (_CREATING, _MIRRORED, "the creation copy is complete", ("R36",)),
    (_MIRRORED, _PENDING, "the pair is split", ("R43", "R51")),
    (_CREATING, _PENDING, "the pair is split during the creation copy", ("R49",)),
    (_PENDING, _SPLIT, "the differences are reflected", ("R44",)),
    (_PENDING, _CREATING, "resync before the differences are reflected", ("G12",)),
    (_SPLIT, _CREATING, "resync", ("G12",)),
)


@cache
def legal_pair_transitions() -> nx.DiGraph[Views]:
    """The graph of (516, 517): each node a legal pair of views, each edge with its `cause` and its `cites`."""
    graph: nx.DiGraph[Views] = nx.DiGraph()
    for before, after, cause, cites in _TRANSITIONS:
        graph.add_edge(before, after, cause=cause, cites=cites)
    nx.freeze(graph)
    return graph


def legal_views() -> tuple[Views, ...]:
    """The legal pairs of views, in the order in which a cycle passes through them."""
    return tuple(legal_pair_transitions().nodes)
