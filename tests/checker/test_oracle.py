"""The oracle: exact searches of small machines, their limits, and that nothing depends on chance."""

import enum
import os
import subprocess
import sys
from pathlib import Path

import pytest

from splitproof.checker.ground import decision
from splitproof.checker.search.oracle import Finding, Limits, Oracle, Progress
from splitproof.model.cells import Cell, memory
from splitproof.model.errors import ModelError
from splitproof.model.expressions import every
from splitproof.model.interpreter import Interpreter
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.properties import always, possible, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind


class Phase(enum.Enum):
    IDLE = "idle"
    HOLDING = "holding"


class Hand(Record):
    phase = field(Phase, "what it is at")
    block = field(Block, "which block", while_=lambda r: r.phase == Phase.HOLDING)
    data = field(Data, "what it holds", while_=lambda r: r.phase == Phase.HOLDING)


SOURCE = Cell("source", per_block=True)
TARGET = Cell("target", per_block=True)


def mirror() -> Machine:
    """A host writes and marks blocks; a worker copies marked blocks, and clears the mark as it reads."""
    made = Machine("mirror")
    made.memory("hand", Hand, "the worker's", cell=memory(VOLUME_WORKER))
    made.shared("marked", Bool, "to be copied", cell=SOURCE, per_block=True)
    made.shared("source", Data, "what the host wrote", cell=SOURCE, per_block=True, initial=ANY)
    made.shared("target", Data, "its copy", cell=TARGET, per_block=True, initial=ANY)
    made.initially(lambda s, b: s.source[b] == s.target[b])

    @made.action(by=HOST_PORT, kind=StepKind.HOST_IO)
    def write(s: State, b: Block, d: Data) -> None:
        """The host writes a block."""
        s.source[b] = d
        s.marked[b] = True

    @made.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def read(s: State, b: Block) -> None:
        """The worker reads a marked block."""
        when(s.hand.phase == Phase.IDLE)
        when(s.marked[b])
        s.hand = Hand(phase=Phase.HOLDING, block=b, data=s.source[b])
        s.marked[b] = False

    @made.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def copy(s: State) -> None:
        """The worker writes what it read to the target."""
        when(s.hand.phase == Phase.HOLDING)
        s.target[s.hand.block] = s.hand.data
        s.hand.phase = Phase.IDLE

    made.check(MIRRORED, MIRRORED_AT_REST, COPIES_ONLY_NEWS, CAN_REST)
    return made


MIRRORED = always(
    "mirrored",
    "an unmarked block is the same on both",
    trigger=lambda s, b: ~s.marked[b],
    holds=lambda s, b: s.marked[b] | (s.source[b] == s.target[b]),
)
MIRRORED_AT_REST = always(
    "mirrored-at-rest",
    "so it is while the worker is idle",
    holds=lambda s, b: s.marked[b] | (s.hand.phase == Phase.HOLDING) | (s.source[b] == s.target[b]),
)
COPIES_ONLY_NEWS = step(
    "copies-only-news",
    "no target is written without being changed",
    trigger=lambda old, new: every(lambda b: old.target[b] == new.target[b]),
    holds=lambda old, new: (
        (old.hand.phase == new.hand.phase)
        | (new.hand.phase == Phase.HOLDING)
        | _some_target_differs(old, new)
    ),
)
CAN_REST = possible(
    "can-rest",
    "the worker can become idle",
    trigger=lambda s: s.hand.phase == Phase.HOLDING,
    reaches=lambda s: s.hand.phase == Phase.IDLE,
)


def _some_target_differs(old: State, new: State) -> object:
    return ~every(lambda b: old.target[b] == new.target[b])


def test_the_mirror_of_one_block_has_these_states_and_transitions() -> None:
    """By hand: idle, 2 unmarked and equal, 4 marked; holding, 4 unmarked (source as held), 8 marked."""
    exploration = Oracle(mirror(), blocks=1).explore()
    assert (exploration.states, exploration.transitions) == (18, 36 + 4 + 12)
    assert [len(level) for level in exploration.levels] == [2, 4, 4, 8]
    assert exploration.depth == 3
    assert (exploration.complete, exploration.limit) == (True, None)
    assert exploration.fired == {"host I/O 501 write": 36, "disk 508 read": 4, "disk 508 copy": 12}


def test_a_violation_is_the_shallowest_and_does_not_end_the_search() -> None:
    oracle = Oracle(mirror(), blocks=2)
    exploration = oracle.explore()
    assert exploration.complete
    assert set(exploration.findings) == {"mirrored", "copies-only-news"}
    assert exploration.findings["mirrored"].depth == 2
    path = oracle.trace_to(exploration, exploration.findings["mirrored"])
    assert [str(taken) for taken, _ in path.steps] == ["host I/O 501 write(0, 1)", "disk 508 read(0)"]
    assert path.start == oracle.initial[0]
    assert path.states[-1] == exploration.findings["mirrored"].state


def test_a_step_that_violates_a_property_is_the_last_of_its_trace() -> None:
    oracle = Oracle(mirror(), blocks=1)
    exploration = oracle.explore()
    finding = exploration.findings["copies-only-news"]
    assert (finding.depth, str(finding.step)) == (3, "disk 508 copy()")
    path = oracle.trace_to(exploration, finding)
    assert [taken.action.name for taken, _ in path.steps] == ["write", "read", "copy"]
    assert path.states[-2:] == (finding.before, finding.state)


def test_triggers_are_seen_in_states_and_in_steps() -> None:
    assert Oracle(mirror(), blocks=1).explore().triggered == {
        "mirrored",
        "mirrored-at-rest",
        "copies-only-news",
        "can-rest",
    }


def test_only_the_properties_that_are_asked_for_are_watched() -> None:
    exploration = Oracle(mirror(), blocks=1, properties=[MIRRORED_AT_REST]).explore()
    assert exploration.findings == {}
    assert exploration.triggered == {"mirrored-at-rest"}


def test_successors_are_in_the_order_of_the_steps() -> None:
    oracle = Oracle(mirror(), blocks=2)
    interpreter = Interpreter(oracle.machine, blocks=2)
    for state in oracle.explore().levels[2]:
        values = oracle.packing.unpack(state)
        expected = [(str(s), interpreter.take(values, s)) for s in interpreter.enabled(values)]
        found = oracle.successors(state)
        assert [
            (str(oracle.steps[index]), oracle.packing.unpack(after)) for index, after in found
        ] == expected
        assert [index for index, _ in found] == sorted(index for index, _ in found)


def test_a_limit_of_states_is_met_exactly_and_keeps_what_was_found() -> None:
    exploration = Oracle(mirror(), blocks=2).explore(Limits(max_states=100))
    assert exploration.states == 100
    assert not exploration.complete
    assert exploration.limit == "100 states"
    assert exploration.findings["mirrored"].depth == 2


def test_a_limit_that_all_states_fit_into_is_none() -> None:
    assert Oracle(mirror(), blocks=1).explore(Limits(max_states=18)).complete
    assert not Oracle(mirror(), blocks=1).explore(Limits(max_states=17)).complete


def test_a_limit_of_time_ends_the_search() -> None:
    exploration = Oracle(mirror(), blocks=2).explore(Limits(max_seconds=0))
    assert (exploration.complete, exploration.limit) == (False, "0 seconds")
    assert exploration.states < Oracle(mirror(), blocks=2).explore().states


def test_a_limit_of_depth_is_a_limit() -> None:
    exploration = Oracle(mirror(), blocks=1).explore(Limits(max_depth=1))
    assert (exploration.complete, exploration.limit, exploration.states) == (False, "depth 1", 6)


def test_an_interrupt_keeps_the_levels_that_are_done() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.depth == 3:
            raise KeyboardInterrupt

    exploration = Oracle(mirror(), blocks=2).explore(progress=interrupt)
    assert (exploration.complete, exploration.limit) == (False, "interrupted")
    assert exploration.states == sum(map(len, exploration.levels)) > 0
    assert exploration.findings["mirrored"].depth == 2


def test_progress_counts_states_and_transitions() -> None:
    seen: list[Progress] = []
    exploration = Oracle(mirror(), blocks=2).explore(progress=seen.append)
    assert [item.states for item in seen] == sorted(item.states for item in seen)
    assert (seen[-1].states, seen[-1].transitions) == (exploration.states, exploration.transitions)
    assert seen[-1].depth == exploration.depth


def test_long_functions_are_split_without_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Oracle(mirror(), blocks=2).explore()
    monkeypatch.setattr(decision, "STEPS_A_FUNCTION_MAX", 3)
    oracle = Oracle(mirror(), blocks=2)
    parts = oracle.explore()
    assert parts.levels == whole.levels
    assert parts.fired == whole.fired
    assert [str(taken) for taken, _ in oracle.trace_to(parts, parts.findings["mirrored"]).steps] == [
        "host I/O 501 write(0, 1)",
        "disk 508 read(0)",
    ]


def test_a_search_may_end_at_the_first_violation_of_some_properties() -> None:
    oracle = Oracle(mirror(), blocks=1)
    whole = oracle.explore()
    first = oracle.explore(Limits(until_violated=frozenset({"mirrored", "copies-only-news"})))
    assert (first.complete, first.limit) == (False, "the first violation")
    assert first.findings == {"mirrored": whole.findings["mirrored"]}
    assert first.levels == whole.levels[: whole.findings["mirrored"].depth + 1]
    step = oracle.explore(Limits(until_violated=frozenset({"copies-only-news"})))
    assert step.findings == whole.findings
    assert oracle.explore(Limits(until_violated=frozenset({"mirrored-at-rest"}))).complete


def test_a_machine_without_initial_states_is_refused() -> None:
    made = mirror()
    made.initially(lambda s, b: s.marked[b])
    with pytest.raises(ModelError, match="mirror has no initial state"):
        Oracle(made, blocks=1)


def test_a_trace_to_a_state_that_was_never_reached_is_refused() -> None:
    oracle = Oracle(mirror(), blocks=1)
    exploration = oracle.explore()
    with pytest.raises(ValueError, match="no predecessor"):
        oracle.trace_to(exploration, Finding("mirrored", 2, exploration.levels[3][0]))


WITHOUT_CHANCE = """
from importlib.util import module_from_spec, spec_from_file_location
import sys
found = spec_from_file_location("machines", sys.argv[1])
module = module_from_spec(found)
found.loader.exec_module(module)
oracle = module.Oracle(module.mirror(), blocks=2)
exploration = oracle.explore(module.Limits(max_states=300))
print(exploration.levels, exploration.findings, exploration.fired, sorted(exploration.triggered))
for finding in exploration.findings.values():
    print([(str(step), state) for step, state in oracle.trace_to(exploration, finding).steps])
"""


def test_nothing_depends_on_the_order_of_hashes() -> None:
    outputs = set()
    for seed in ("0", "1", "2"):
        finished = subprocess.run(
            [sys.executable, "-c", WITHOUT_CHANCE, str(Path(__file__))],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=60,
        )
        outputs.add(finished.stdout.replace(" at 0x", ""))
    assert len(outputs) == 1


class Mail(Record):
    sent = field(Bool, "on its way")
    count = field(Int(0, 2), "how many arrived")


def test_a_forced_step_is_taken_alone() -> None:
    made = Machine("mail")
    made.shared("mail", Mail, "-", cell=Cell("mail"))

    @made.action(by=HOST_PORT)
    def send(s: State) -> None:
        """One is sent."""
        when(~s.mail.sent)
        when(s.mail.count < 2)
        s.mail.sent = True

    @made.action(by=HOST_PORT)
    def lose(s: State) -> None:
        """It is lost."""
        when(s.mail.sent)
        s.mail.sent = False

    @made.action(by=VOLUME_WORKER, folds="for the test")
    def receive(s: State) -> None:
        """It is received."""
        when(s.mail.sent)
        when(s.mail.count < 2)
        s.mail.sent = False
        s.mail.count = s.mail.count + 1

    interleaved, folded = (Oracle(made, 1, folded=folded).explore() for folded in (False, True))
    assert interleaved.fired == {"host I/O 501 send": 2, "host I/O 501 lose": 2, "disk 508 receive": 2}
    assert folded.fired == {"host I/O 501 send": 2, "host I/O 501 lose": 0, "disk 508 receive": 2}
    assert (interleaved.states, folded.states) == (5, 5)


def test_a_property_violated_at_the_start_has_a_trace_without_steps() -> None:
    marked = always("marked", "-", holds=lambda s, b: s.marked[b])
    oracle = Oracle(mirror(), blocks=1, properties=[marked])
    exploration = oracle.explore()
    assert exploration.findings["marked"].depth == 0
    assert oracle.trace_to(exploration, exploration.findings["marked"]).steps == ()


class Lamp(Record):
    on = field(Bool, "it burns")
    bright = field(Bool, "brightly", while_=lambda r: r.on)


def test_a_condition_on_what_another_block_forgets_is_asked_again_at_the_next_step() -> None:
    made = Machine("lamps")
    room = Cell("room")
    made.shared("lamp", Lamp, "one a block", cell=room, per_block=True)
    made.shared(
        "seen",
        Bool,
        "one can see here",
        cell=room,
        per_block=True,
        while_=lambda s, b: ~every(lambda c: ~s.lamp[c].bright),
    )

    @made.action(by=HOST_PORT)
    def light(s: State, b: Block) -> None:
        """A lamp is lit."""
        s.lamp[b] = Lamp(on=True, bright=True)

    @made.action(by=HOST_PORT)
    def look(s: State, b: Block) -> None:
        """Somebody looks."""
        s.seen[b] = True

    @made.action(by=HOST_PORT)
    def quench(s: State, b: Block) -> None:
        """A lamp is quenched."""
        s.lamp[b].on = False

    oracle, interpreter = Oracle(made, blocks=2), Interpreter(made, blocks=2)
    states = [oracle.packing.unpack(state) for level in oracle.explore().levels for state in level]
    for values in states:
        expected = [oracle.packing.pack(interpreter.take(values, s)) for s in interpreter.enabled(values)]
        assert [after for _, after in oracle.successors(oracle.packing.pack(values))] == expected
