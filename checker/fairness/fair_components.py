"""Where a fair run can stay for ever: strongly connected parts of a graph in which every promise can be kept.

Weak promises decide a part at once: one that is due in all its states and kept by none of its steps is broken by
every run that stays inside. A strong one that is due in some of them and cannot be kept leaves what remains without
those states, which is taken apart again (Emerson and Lei, 1987). A state alone is such a part if nothing is
due in it: the run ends there, or stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splitproof.checker.fairness.run_graph import RunGraph

__all__ = ["fair_components"]


def fair_components(graph: RunGraph, states: Sequence[int]) -> Iterator[list[int]]:
    """The largest sets of states among which some fair run can go round for ever; each contains a fair cycle
    through any of its states, and every fair cycle among `states` lies in one.
    """
    pending = [states]
    while pending:
        for component in _components(graph, pending.pop()):
            if len(component) == 1 and graph.enabled[component[0]]:
                continue  # most are: no step stays, so that nothing due in the state can be done without leaving it
            missed_weakly, missed = _missed(graph, component)
            if missed_weakly:
                continue
            if not missed:
                yield component
                continue
            rest = [state for state in component if not graph.enabled[state] & missed]
            if rest:
                pending.append(rest)


def _missed(graph: RunGraph, component: list[int]) -> tuple[int, int]:
    """The promises that are due in all states and never kept, and the strong ones due in some and never kept."""
    enabled, kept = graph.enabled, 0
    if len(component) > 1:
        inside = set(component)
        for state in component:
            for step, after in graph.edges(state):
                if after in inside:
                    kept |= graph.kept[step]
    always, ever = -1, 0
    for state in component:
        always &= enabled[state]
        ever |= enabled[state]
    return always & ~kept, ever & graph.strong & ~kept


def _components(graph: RunGraph, states: Sequence[int]) -> Iterator[list[int]]:
    """The strongly connected components of a part of the graph.

    By paths (Gabow, 2000), without recursion and without a graph object: networkx takes ten times as long here.
    """
    place = dict.fromkeys(states, 0)  # on the stack: where, from 1 on; 0: not visited; -1: done
    stack: list[int] = []
    boundaries: list[int] = []
    for root in states:
        if place[root]:
            continue
        calls = [(root, iter(graph.after(root)))]
        stack.append(root)
        place[root] = len(stack)
        boundaries.append(len(stack))
        while calls:
            state, rest = calls[-1]
            for after in rest:
                at = place.get(after, -1)
                if at == 0:
                    stack.append(after)
                    place[after] = len(stack)
                    boundaries.append(len(stack))
                    calls.append((after, iter(graph.after(after))))
                    break
                if at > 0:
                    while boundaries[-1] > at:
                        boundaries.pop()
            else:
                calls.pop()
                if boundaries[-1] == place[state]:
                    start = boundaries.pop() - 1
                    component = stack[start:]
                    del stack[start:]
                    for done in component:
                        place[done] = -1
                    yield component
