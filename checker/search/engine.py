"""What every engine that searches has in common: the ground model, what a search finds, and what is asked of it.

Two engines implement it, `oracle.Oracle` in generated Python and `compiled.engine.CompiledEngine` in machine code.
They find the same states, transitions, verdicts, depths and canonical counterexamples.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from splitproof.checker.ground.cone import Cone
from splitproof.checker.ground.grounding import Grounding, GroundProperty, GroundStep
from splitproof.checker.ground.packing import Packing
from splitproof.model.declarations import Action
from splitproof.model.expressions import Expr
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.machine import Machine
from splitproof.model.types import DATA_VALUES
from splitproof.spec.properties import Property

if TYPE_CHECKING:
    from splitproof.checker.search.oracle import Oracle

__all__ = [
    "Arrival",
    "Engine",
    "Exploration",
    "Finding",
    "Limits",
    "OutOfTimeError",
    "Path",
    "Progress",
]

Arrival = tuple[int, int, int]
"""A state, the ground step taken in it, and the state after it."""


class OutOfTimeError(Exception):
    """The time was up before a question about a search was answered; the message is the limit's text."""


@dataclass(frozen=True)
class Limits:
    """Where a search gives up; None is no limit.

    `max_depth`: steps from an initial state. `max_memory`: bytes of the whole process. `until_violated`: properties of
    which the first violation ends the search, once its depth is judged. `began`: when the clock of `max_seconds` was
    started, by `time.perf_counter`; where it is not, each search starts its own.
    """

    max_states: int | None = None
    max_seconds: float | None = None
    max_depth: int | None = None
    max_memory: int | None = None
    until_violated: frozenset[str] = frozenset()
    began: float | None = None

    def started(self) -> Limits:
        """The same with the clock running: one budget for all that they are given to."""
        return self if self.began is not None else replace(self, began=time.perf_counter())

    @property
    def time_is_up(self) -> bool:
        """Whether the clock runs, and more than `max_seconds` have passed."""
        if self.max_seconds is None or self.began is None:
            return False
        return time.perf_counter() - self.began > self.max_seconds

    @property
    def time_text(self) -> str:
        """What a search says that ended for want of time."""
        return f"{self.max_seconds:g} seconds"


@dataclass(frozen=True)
class Progress:
    """How far a search is. `frontier`: states of the level that is being expanded. `memory`: bytes of the process."""

    states: int
    transitions: int
    depth: int
    frontier: int
    seconds: float
    memory: int = 0


@dataclass(frozen=True)
class Finding:
    """The first violation of a property.

    `depth`: steps from an initial state to `state`. `before` and `step`: for a step property, the step that
    violates it and the state in which it is taken; `state` is the one after it.
    """

    property_id: str
    depth: int
    state: int
    before: int | None = None
    step: GroundStep | None = None


@dataclass(frozen=True)
class Path:
    """An initial state, and steps each with the state after it."""

    start: int
    steps: tuple[tuple[GroundStep, int], ...]

    @property
    def states(self) -> tuple[int, ...]:
        """All states on it, one more than it has steps."""
        return (self.start, *(state for _, state in self.steps))


@dataclass
class Exploration:
    """What a search has found.

    `complete`: whether all reachable states were visited; if not, `limit` says what ended the search.
    `depth`: steps from an initial state to the farthest level. `levels`: the states first reached in 0, 1,
    ... steps; the oracle sorts each level, other engines keep any order. `findings`: by property, its first
    violation; `possible` properties are judged elsewhere. `fired`: by action label, how many transitions it has.
    `triggered`: properties whose trigger occurred. `step_counts`: transitions by ground step.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    limit: str | None = None
    levels: Sequence[Sequence[int]] = ()
    findings: dict[str, Finding] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    step_counts: list[int] = field(default_factory=list)
    seconds: float = 0.0


class Engine(ABC):
    """A machine with a number of blocks, ready for search.

    `properties`: what is watched for; the machine's own unless given. `folded`: where a step of an action
    with `folds` can be taken, only the first such step is; see `folding.diamond_violations`. `data_values`: see
    `Layout`; with one, the search is over control states. `cone`: what of the machine is searched, all unless given.
    `like`: an engine that was asked for the same; its ground model is taken over.
    """

    name: str
    """What the option `--engine` calls it."""

    grounding: Grounding
    packing: Packing
    properties: dict[str, GroundProperty]
    _starts: dict[int, Valuation]

    is_block_symmetric: bool = False
    """Whether states that differ in the names of blocks only are one."""

    is_data_symmetric: bool = False
    """Whether states that differ in the values of a block's data only are one."""

    def __init__(
        self,
        machine: Machine,
        blocks: int,
        properties: Sequence[Property] | None = None,
        folded: bool = False,
        data_values: int = 2,
        cone: Cone | None = None,
        *,
        like: Engine | None = None,
    ) -> None:
        self.machine = machine
        self.cone = cone
        self.blocks = blocks
        self.folded = folded
        self.data_values = data_values
        if like is not None:
            self.grounding, self.packing = like.grounding, like.packing
            self.properties, self._starts = like.properties, like._starts
        else:
            self._ground(list(machine.properties.values()) if properties is None else list(properties))
        self.initial = sorted(self._starts)

    def _ground(self, watched: list[Property]) -> None:
        self.grounding = Grounding(self.machine, self.blocks, self.data_values, self.cone)
        self.packing = Packing(self.grounding.layout)
        self.properties = {item.id: self.grounding.property(item) for item in watched}
        self._starts = {}
        is_whole = self.data_values == DATA_VALUES and self.cone is None
        layout = self.grounding.layout if is_whole else None
        for start in Interpreter(self.machine, self.blocks, layout).initial_states():
            self._starts.setdefault(self.packing.pack(self.grounding.layout.project(start)), start)

    def start_of(self, state: int) -> Valuation:
        """An initial state of the interpreter that a packed one stands for: itself, or the first with this control."""
        return self._starts[state]

    @property
    def is_symmetric(self) -> bool:
        """Whether a state stands for others."""
        return self.is_block_symmetric or self.is_data_symmetric

    @property
    @abstractmethod
    def oracle(self) -> Oracle:
        """The same machine in generated Python, for questions about few states."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """Those that are searched."""
        return self.grounding.actions

    @property
    def steps(self) -> tuple[GroundStep, ...]:
        """All ground steps in canonical order."""
        return self.grounding.steps

    @property
    def forced(self) -> tuple[GroundStep, ...]:
        """The steps of which the first that can be taken excludes all others."""
        return tuple(step for step in self.steps if self.folded and step.action.folds is not None)

    @abstractmethod
    def explore(
        self, limits: Limits | None = None, progress: Callable[[Progress], None] | None = None
    ) -> Exploration:
        """Visit every reachable state, breadth first, until done or at a limit, and judge the properties."""

    @abstractmethod
    def select(self, node: Expr, level: Sequence[int]) -> list[int]:
        """The states of a level where a ground tree holds."""

    @abstractmethod
    def holds_somewhere(self, node: Expr, exploration: Exploration) -> bool:
        """Whether a ground tree holds in some state that was found."""

    @abstractmethod
    def arrivals(self, level: Sequence[int], goals: Collection[int]) -> list[Arrival]:
        """Every step that leads from a state of a level to one of `goals`, in any order."""

    @abstractmethod
    def first_stuck(
        self, exploration: Exploration, items: Mapping[str, GroundProperty], limits: Limits
    ) -> dict[str, Finding]:
        """For `possible` properties by name, the shallowest, then smallest state where the trigger holds and the
        goal cannot be reached; those without one are left out. The exploration is complete.

        Raises:
            OutOfTimeError: the limits' time was up before.
        """

    def trace_to(self, exploration: Exploration, finding: Finding) -> Path:
        """The canonical shortest path to a violation: backwards, the smallest state, then the smallest step.

        No parents are kept while searching; each level is expanded again until a predecessor appears.
        """
        depth, state = finding.depth, finding.state
        steps: list[tuple[GroundStep, int]] = []
        if finding.step is not None and finding.before is not None:
            steps.append((finding.step, state))
            depth, state = depth - 1, finding.before
        for level in reversed(exploration.levels[:depth]):
            before, index = self._predecessor(level, state)
            steps.append((self.steps[index], state))
            state = before
        return self.concrete(Path(state, tuple(reversed(steps))), finding)

    def concrete(self, path: Path, finding: Finding) -> Path:
        """The run that a path over the states of an exploration stands for; `finding` lies at its end."""
        return path

    def _predecessor(self, level: Sequence[int], goal: int) -> tuple[int, int]:
        """The smallest state of a level that leads to the goal, with its smallest step.

        Raises:
            ValueError: there is none.
        """
        found = [(before, index) for before, index, _ in self.arrivals(level, (goal,))]
        if not found:
            raise ValueError(
                f"state {goal:#x} has no predecessor in the level before it; the exploration is another machine's"
            )
        return min(found)
