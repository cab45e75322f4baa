"""What tests ask of `leads to`: the verdicts of a machine, and the form of a lasso."""

from dataclasses import replace

from splitproof.checker.counterexamples.traces import Trace
from splitproof.checker.fairness.liveness import Liveness, judge_leads_to
from splitproof.model.loading import load_machine
from splitproof.model.machine import Fairness, Machine

__all__ = ["judged", "lasso_of", "shape", "violated", "weakened"]


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
