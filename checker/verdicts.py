"""Verdicts and results: what a check found, with the scope for which it found it.

`Holds | Violated | Unknown`: a limit is never a pass. The JSON forms are described in `docs/json.md`; everything in
them is the same on every run, except the block `timing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from splitproof.checker.counterexamples.blame import Blame, blame
from splitproof.checker.counterexamples.dataflow import DataFlow
from splitproof.checker.counterexamples.saved import trace_json
from splitproof.checker.counterexamples.traces import Trace
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.quantities import count
from splitproof.checker.search.vacuity import Vacuity
from splitproof.model.machine import Machine
from splitproof.model.source import place_of
from splitproof.spec.properties import Expectation, Property
from splitproof.spec.vocabulary import StepKind

__all__ = [
    "CheckResult",
    "Holds",
    "PropertyResult",
    "Timing",
    "Unknown",
    "Verdict",
    "Violated",
    "has_host_writes",
]


@dataclass(frozen=True)
class Holds:
    """In every state of a complete search.

    `run_states`: for a property of runs, it holds on every fair one; the states of the graph that has them all.
    """

    run_states: int | None = None

    word = "holds"


@dataclass(frozen=True)
class Violated:
    """With a counterexample.

    `shortest`: no run at this size violates it in fewer steps; otherwise none in which messages are delivered at once.
    Where the trace is a lasso: none comes to the steps that it repeats in fewer, and of those that come there in as
    many, none repeats fewer; if it is not `shortest`, some may.
    `essential`: the actions that occur in every counterexample; None if not asked.
    """

    trace: Trace
    shortest: bool = True
    essential: tuple[str, ...] | None = None

    word = "violated"

    @property
    def depth(self) -> int:
        """Steps, those that are repeated for ever included."""
        return len(self.trace.steps)

    @property
    def loop(self) -> int | None:
        """Of a lasso, the steps before those that are repeated."""
        return self.trace.loop


@dataclass(frozen=True)
class Unknown:
    """A limit ended the search before the property was decided."""

    limit: str

    word = "unknown"


Verdict = Holds | Violated | Unknown


@dataclass(frozen=True)
class PropertyResult:
    """The verdict for one property.

    `vacuous`: it holds because its trigger never occurs, or (`uncarried`) because the data that it judges is never
    what a host wrote.
    """

    asked: Property
    verdict: Verdict
    vacuous: bool = False
    expected: Expectation | None = None
    uncarried: bool = False

    @property
    def as_expected(self) -> bool:
        """Whether it is decided, and as the design declares (undeclared: that it holds)."""
        expected = "holds" if self.expected is None else self.expected.verdict
        return self.verdict.word == expected

    def json(self) -> dict[str, Any]:
        violated = self.verdict if isinstance(self.verdict, Violated) else None
        found = blame(DataFlow(violated.trace), self.asked) if violated else None
        return {
            "id": self.asked.id,
            "statement": self.asked.statement,
            "defined": place_of(self.asked.holds),
            "verdict": self.verdict.word,
            "depth": violated.depth if violated else None,
            "loop": violated.loop if violated else None,
            "run_states": self.verdict.run_states if isinstance(self.verdict, Holds) else None,
            "shortest": violated.shortest if violated else None,
            "vacuous": _vacuous(self),
            "expected": self.expected.verdict if self.expected else None,
            "because": list(self.expected.cites) if self.expected else [],
            "cites": list(self.asked.cites),
            "limit": self.verdict.limit if isinstance(self.verdict, Unknown) else None,
            "essential": list(violated.essential) if violated and violated.essential is not None else None,
            "sentence": found.sentence if found else None,
            "clause": found.clause if found else None,
            "guilty": _guilty(violated.trace, found) if violated and found else [],
            "trace": trace_json(violated.trace) if violated else None,
        }


def _vacuous(item: PropertyResult) -> str | None:
    if not item.vacuous:
        return None
    return "initial data only" if item.uncarried else "never triggered"


@dataclass(frozen=True)
class Timing:
    """Measured, and so different on every run."""

    seconds: float
    states_per_second: int
    peak_memory_bytes: int

    def json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 3),
            "states_per_second": self.states_per_second,
            "peak_memory_bytes": self.peak_memory_bytes,
        }


@dataclass(frozen=True)
class CheckResult:
    """What a check of one design at one size found.

    `states`, `transitions`, `depth`: of the search, complete or not. `folded`: whether steps that declare `folds` were
    taken before all others. `data_values`: how many values of data were told apart; with one, the states
    are those of the control. `host_writes`: whether the design has host I/O, which then goes on without end.
    `symmetry`: whether states that differ in the names of blocks only were counted once; `data_symmetry`: those that
    differ in the values of a block's data only. `left_out`: variables that were not searched, as nothing that is asked
    depends on them. `symbolic`: the figures
    of the check with symbolic data (None where it was not run). `unfinished`: what the time did not suffice for besides
    the properties, as sentences; the result is then no pass.
    """

    design: str
    blocks: int
    engine: str
    states: int
    transitions: int
    depth: int
    complete: bool
    limit: str | None
    folded: bool
    data_values: int
    properties: tuple[PropertyResult, ...]
    vacuity: Vacuity
    timing: Timing
    host_writes: bool
    symmetry: bool = False
    data_symmetry: bool = False
    left_out: tuple[str, ...] = ()
    symbolic: dict[str, int] | None = None
    notes: tuple[str, ...] = field(default=())
    unfinished: tuple[str, ...] = ()

    @property
    def vacuous(self) -> tuple[str, ...]:
        """Properties that hold because they never have anything to say, or never about data that a host wrote."""
        return tuple(item.asked.id for item in self.properties if item.vacuous)

    @property
    def exit_code(self) -> ExitCode:
        """Violated before unknown before vacuous before holds."""
        if not self.properties:
            return ExitCode.NOTHING_SELECTED
        verdicts = [item.verdict for item in self.properties]
        if any(isinstance(verdict, Violated) for verdict in verdicts):
            return ExitCode.VIOLATED
        if self.unfinished or any(isinstance(verdict, Unknown) for verdict in verdicts):
            return ExitCode.UNKNOWN
        never_met = self.vacuity.never_fired or self.vacuity.misdeclared or self.vacuity.dead_clauses
        return ExitCode.VACUOUS if self.vacuous or never_met else ExitCode.HOLDS

    @property
    def as_declared(self) -> bool:
        """Whether every property is decided as the design declares, and nothing is left open beside them."""
        return not self.unfinished and all(item.as_expected for item in self.properties)

    @property
    def scope(self) -> str:
        """What a pass speaks of: `all 7,312 states, 1 block, any number of writes`."""
        states = f"all {self.states:,} states" + (" of the control" if self.data_values == 1 else "")
        states += " of the slice" if self.left_out else ""
        same = ["the names of blocks"] if self.symmetry else []
        same += ["the values of data"] if self.data_symmetry else []
        states += f" up to {' and '.join(same)}" if same else ""
        return f"{states}, {self._size}"

    def scope_of(self, verdict: Holds) -> str:
        """The scope of one pass: `every fair run, over 3,813 states, 1 block, any number of writes`."""
        if verdict.run_states is None:
            return self.scope
        return f"every fair run, over {verdict.run_states:,} states, {self._size}"

    @property
    def _size(self) -> str:
        return count(self.blocks, "block") + (", any number of writes" if self.host_writes else "")

    def json(self) -> dict[str, Any]:
        return {
            "design": self.design,
            "blocks": self.blocks,
            "engine": self.engine,
            "states": self.states,
            "transitions": self.transitions,
            "depth": self.depth,
            "complete": self.complete,
            "limit": self.limit,
            "symmetry": self.symmetry,
            "data_symmetry": self.data_symmetry,
            "left_out": list(self.left_out),
            "folded": self.folded,
            "data_values": self.data_values,
            "symbolic": self.symbolic,
            "properties": [item.json() for item in self.properties],
            "never_fired": list(self.vacuity.never_fired),
            "misdeclared": list(self.vacuity.misdeclared),
            "places": list(self.vacuity.places),
            "dead_clauses": [clause.json() for clause in self.vacuity.dead_clauses],
            "vacuous": list(self.vacuous),
            "notes": list(self.notes),
            "unfinished": list(self.unfinished),
            "timing": self.timing.json(),
        }


def _guilty(trace: Trace, found: Blame) -> list[dict[str, Any]]:
    """The guilty steps, the last one first: counted from 1, with the line of the action."""
    steps = {
        *(found.pair or ()),
        *(step for step in (found.reader, found.maker, found.lost_by, found.ended_by) if step is not None),
    }
    if not steps and trace.steps:
        steps = {len(trace.steps) - 1}
    actions = {step: trace.steps[step].step.action for step in sorted(steps, reverse=True)}
    return [
        {"step": step + 1, "by": str(action.by), "action": action.name, "where": action.where}
        for step, action in actions.items()
    ]


def has_host_writes(machine: Machine) -> bool:
    """Whether the design has host I/O; a search then covers any number of writes."""
    return any(action.kind is StepKind.HOST_IO for action in machine.actions)
