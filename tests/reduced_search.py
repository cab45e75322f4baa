"""What is asked of every engine that does not search all of a machine: of each counterexample, that it is a run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.checker.search.engine import Engine, Exploration, Finding, Path
from splitproof.model.interpreter import Step

STATES_MAX = 2_000
"""Of a random machine, so that an example takes a moment."""

thorough = settings(
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
    max_examples=25,
)


def depths(findings: dict[str, Finding]) -> dict[str, int]:
    return {name: finding.depth for name, finding in findings.items()}


def replayed(engine: Engine, found: Exploration, name: str, finding: Finding) -> tuple[Path, Trace]:
    """A counterexample, and what the interpreter makes of its steps on the whole machine; it sees the violation."""
    path = engine.trace_to(found, finding)
    assert len(path.steps) == finding.depth
    steps = [Step(taken.action, taken.arguments) for taken, _ in path.steps]
    violated = engine.properties[name].property
    return path, replay(engine.machine, engine.blocks, engine.start_of(path.start), steps, violated)


def assert_replayed(engine: Engine, found: Exploration, findings: dict[str, Finding]) -> None:
    """The interpreter takes the steps of each counterexample through the same states, and sees the violation."""
    for name, finding in findings.items():
        path, trace = replayed(engine, found, name, finding)
        states = [engine.packing.pack(trace.initial), *(engine.packing.pack(s.after) for s in trace.steps)]
        assert states == list(path.states)
