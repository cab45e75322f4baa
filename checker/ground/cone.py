"""The cone of influence of properties: what of a machine they depend on, and what may be left out of a search.

A leaf is *kept* if a property reads it, or what is kept depends on it: the guard of an action that writes a kept leaf,
the values (and the blocks) that it writes there, and the condition under which a kept leaf means something. An action
is kept if it writes a kept leaf; then its whole guard is kept with it. What an action writes elsewhere is left out.

Why this is exact. Let p(s) be the kept leaves of a state s. A kept action can be taken in s exactly if it can be in
p(s), as its guard reads nothing else, and leads from p(s) to p of the state after it, as the values that it writes to
kept leaves read nothing else. Any other action changes no kept leaf, as long as no leaf is forgotten late
(`Grounding.unsettled`): p of the state after it is p(s). So p maps the runs of the machine to those of the slice,
steps that are left out becoming none, and each run of the slice is a run of the whole machine, with the same actions
and arguments, from any initial state with these kept leaves. Hence a state of the slice is reached exactly if a state
that it is p of is, and in as few steps; `always` properties have the same verdict and depth. From two such states the
same kept leaves can be reached, without whichever kinds of steps: so do `possible` ones. A `step` property does, as
long as no step that changes nothing of what it reads can violate or trigger it; where one can, nothing is left out.
Where steps are folded, a step that commutes with all others does so in the slice, too.

Source: Kurshan, "Computer-Aided Verification of Coordinating Processes" (1994), localisation reduction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from splitproof.model.declarations import Action
from splitproof.model.expressions import At, Expr, Var, walk
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.spec.properties import Property

__all__ = ["Cone", "cone_of", "reads"]


@dataclass(frozen=True)
class Cone:
    """What is kept. `leaves`: by name. `actions`: those that write one, in the order of their declaration."""

    leaves: frozenset[str]
    actions: tuple[Action, ...]

    def keeps_all(self, machine: Machine) -> bool:
        """Whether nothing is left out."""
        return self.leaves >= machine.leaves.keys() and len(self.actions) == len(machine.actions)


def cone_of(machine: Machine, properties: Sequence[Property]) -> Cone:
    """The cone of some properties together."""
    kept: set[str] = set()
    for item in properties:
        traced = trace_property(machine, item)
        kept |= reads((traced.holds, traced.trigger))
    known = -1
    while len(kept) > known:
        known = len(kept)
        for name in sorted(kept):
            condition = machine.while_of(name)
            kept |= reads(() if condition is None else (condition,))
        for action in _writers(machine, kept):
            kept |= reads(clause.condition for clause in action.clauses)
            for update in action.updates:
                if update.name in kept:
                    kept |= reads((update.value,) if update.index is None else (update.value, update.index))
    return Cone(frozenset(kept), tuple(_writers(machine, kept)))


def _writers(machine: Machine, leaves: set[str]) -> list[Action]:
    return [a for a in machine.actions if any(update.name in leaves for update in a.updates)]


def reads(trees: Iterable[Expr]) -> set[str]:
    return {node.name for tree in trees for node in walk(tree) if isinstance(node, Var | At)}
