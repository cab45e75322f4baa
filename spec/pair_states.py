"""The legal states of a pair and the legal steps between them, in both views of the controller (516, 517).

The document stores the state of a pair twice: 516 is the source's view, 517 the target's. They are equal except after
a split, where 517 stays SPLIT_PENDING until the differences are reflected [R43, R44].
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from splitproof.spec.vocabulary import PairState

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Views", "legal_pair_transitions", "legal_steps", "legal_views"]

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
    import networkx as nx  # takes a tenth of a second to load, and properties ask for steps only

    graph: nx.DiGraph[Views] = nx.DiGraph()
    for before, after, cause, cites in _TRANSITIONS:
        graph.add_edge(before, after, cause=cause, cites=cites)
    nx.freeze(graph)
    return graph


def legal_views() -> tuple[Views, ...]:
    """The legal pairs of views, in the order in which a cycle passes through them."""
    return tuple(dict.fromkeys(views for before, after, _, _ in _TRANSITIONS for views in (before, after)))


def legal_steps() -> tuple[tuple[Views, Views], ...]:
    """The legal steps from one pair of views to another, in the order of the views that they begin with."""
    return tuple(
        (before, after) for views in legal_views() for before, after, _, _ in _TRANSITIONS if before == views
    )
