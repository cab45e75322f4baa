"""Properties of the kind `count`: how often something happens while a condition holds.

A search goes over pairs of a state and the count so far, breadth first, so that a counterexample is a shortest one;
counts that are too high already are not told apart, so that there are few.
"""

from __future__ import annotations

from collections.abc import Sequence

from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Limits, OutOfTimeError
from splitproof.checker.search.oracle import Oracle, Path
from splitproof.checker.search.successors import Successors
from splitproof.spec.properties import Kind, Property

__all__ = ["count_violation"]

_Node = tuple[int, int]
"""A state, and the events counted so far; -1 where the condition does not hold."""


def count_violation(
    oracle: Oracle, graph: Successors, property_id: str, limits: Limits | None = None
) -> Path | None:
    """A shortest run to a step with which the count is too high, or ends too low; None if there is none.

    `graph`: the complete, unfolded graph of the oracle, so that every event is a step of it.

    Raises:
        OutOfTimeError: the limits' time was up before.
    """
    item = oracle.properties[property_id]
    assert item.property.kind is Kind.COUNT
    during = frozenset(oracle.selection(item.holds)(list(graph.successors)))
    steps = graph.steps
    counted = [item.property.event in step.action.counts for step in steps]
    enough = _enough(item.property)
    start: dict[_Node, None] = {(state, 0 if state in during else -1): None for state in graph.initial}
    came_from: dict[_Node, tuple[_Node, int] | None] = dict(start)
    level = list(start)
    limits = (limits or Limits()).started()
    while level:
        if limits.time_is_up:
            raise OutOfTimeError(limits.time_text)
        following: list[_Node] = []
        for node in level:
            state, count = node
            for index, after in graph.successors[state]:
                total = min(max(count, 0) + counted[index], enough)
                is_during = after in during
                within = count >= 0 or is_during
                ends = count >= 0 and not is_during
                if within and _is_wrong(item.property, total, ends=ends):
                    return _path(came_from, node, steps, (index, after))
                found = (after, total if is_during else -1)
                if found not in came_from:
                    came_from[found] = (node, index)
                    following.append(found)
        level = following
    return None


def _enough(item: Property) -> int:
    """A count from which on all are alike."""
    return item.at_least if item.at_most is None else max(item.at_least, item.at_most + 1)


def _is_wrong(item: Property, total: int, *, ends: bool) -> bool:
    too_many = item.at_most is not None and total > item.at_most
    return too_many or (ends and total < item.at_least)


def _path(
    came_from: dict[_Node, tuple[_Node, int] | None],
    node: _Node,
    steps: Sequence[GroundStep],
    last: tuple[int, int],
) -> Path:
    taken = [(steps[last[0]], last[1])]
    origin = came_from[node]
    while origin is not None:
        before, index = origin
        taken.append((steps[index], node[0]))
        node, origin = before, came_from[before]
    return Path(node[0], tuple(reversed(taken)))
