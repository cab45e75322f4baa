"""What tests ask of `leads to`: the verdicts of a machine, the form of a lasso, and machines that are graphs."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from splitproof.checker.counterexamples.traces import Trace
from splitproof.checker.fairness.liveness import Liveness, judge_leads_to
from splitproof.model.cells import memory
from splitproof.model.declarations import Fairness
from splitproof.model.expressions import ite
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import leads_to
from splitproof.spec.vocabulary import HOST_PORT

__all__ = ["Edge", "graphs", "judged", "lasso_of", "machine_of", "shape", "violated", "weakened"]

WEAK, STRONG = Fairness.WEAK, Fairness.STRONG


def judged(machine: Machine, blocks: int = 1) -> Liveness:
    return judge_leads_to(machine, blocks, list(machine.properties.values()))


def lasso_of(machine: Machine, property_id: str, blocks: int = 1) -> Trace:
    return judged(machine, blocks).traces[property_id]


def shape(trace: Trace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The actions of the stem and of the cycle."""
    return trace.actions[: trace.loop], trace.actions[trace.loop :]


def weakened(design: str, *kept: str) -> Machine:
    """The design with weak fairness wherever it has strong, but for the actions named."""
    machine = load_machine(design)
    machine.actions = [
        replace(action, fairness=Fairness.WEAK)
        if action.fairness is Fairness.STRONG and action.name not in kept
        else action
        for action in machine.actions
    ]
    return machine


def violated(machine: Machine) -> dict[str, tuple[int, int]]:
    """The steps of stem and cycle of each violation."""
    found = {}
    for name, trace in judged(machine).traces.items():
        assert trace.loop is not None
        found[name] = (trace.loop, len(trace.steps) - trace.loop)
    return found


Edge = tuple[int, int, int]
"""The action that takes it, the state before and the state after."""


def machine_of(
    fair: tuple[Fairness | None, ...],
    edges: Iterable[Edge],
    sets: tuple[set[int], set[int]],
    last: int = 3,
) -> Machine:
    """A number that changes along the edges, each action leading from a state to one other at most."""
    machine = Machine("graph")
    machine.memory("n", Int(0, last), "where it is", cell=memory(HOST_PORT))
    for number, fairness in enumerate(fair):
        pairs = [(before, after) for action, before, after in edges if action == number]
        if pairs:
            machine.action(by=HOST_PORT, fair=fairness)(_along(number, pairs))
    starts, goals = sets
    machine.check(
        leads_to(
            "arrives",
            "it comes to a goal",
            trigger=lambda s: s.n.isin(*sorted(starts)),
            reaches=lambda s: s.n.isin(*sorted(goals)),
        )
    )
    return machine


def _along(number: int, pairs: list[tuple[int, int]]) -> Callable[[State], None]:
    def move(s: State) -> None:
        """It moves."""
        when(s.n.isin(*(before for before, _ in pairs)))
        after: object = pairs[0][1]
        for before, target in pairs[1:]:
            after = ite(s.n == before, target, after)
        s.n = after

    move.__name__ = f"move_{number}"
    return move


@st.composite
def graphs(
    draw: st.DrawFn, last: int = 3
) -> tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]]:
    """Actions on 0 (where it begins) to `last` (the goal, which few steps lead to), as many as there are numbers."""
    fair = draw(st.tuples(*[st.sampled_from([WEAK, STRONG, None])] * (last + 1)))
    others = [1, 0, *range(2, last)]
    after_step = st.sampled_from([*others, None, *others, last])
    edges = set()
    for action in range(last + 1):
        targets = draw(st.lists(after_step, min_size=last + 1, max_size=last + 1))
        edges |= {(action, n, after) for n, after in enumerate(targets) if after is not None and after != n}
    assume(edges)
    starts = draw(st.sets(st.sampled_from(range(last + 1)), min_size=1))
    return fair, edges, (starts, {last})
