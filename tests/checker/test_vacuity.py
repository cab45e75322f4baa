"""Vacuity: a pass that means nothing is caught by name, whatever it rests on."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path

import pytest

from splitproof.checker.check import Options, check
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.search.vacuity import is_live, liveness_questions, vacuity_of
from splitproof.checker.texts import check_lines
from splitproof.checker.verdicts import CheckResult
from splitproof.model.catalogue import VARIATIONS
from splitproof.model.cells import Cell, memory
from splitproof.model.errors import ModelError
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data
from splitproof.model.state import State, when
from splitproof.spec.properties import Property, always, possible
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STORE = Cell("store", per_block=True)


class Phase(enum.Enum):
    EMPTY = "empty"
    FULL = "full"
    BROKEN = "broken"


def archive(
    keep: Callable[[State, object], None] = lambda s, b: None,
    writes: StepKind = StepKind.HOST_IO,
    then: Phase = Phase.EMPTY,
    extra: Callable[[Machine], None] = lambda machine: None,
) -> Machine:
    """A host fills a block, a worker archives it.

    `keep`: further clauses of the worker's step; `then`: the phase that it leaves the block in.
    """
    machine = Machine("archive")
    machine.shared("phase", Phase, "what is in the block", cell=STORE, per_block=True)
    machine.shared("data", Data, "its data", cell=STORE, per_block=True, initial=ANY)
    machine.shared("archived", Data, "its copy", cell=STORE, per_block=True, initial=ANY)
    machine.memory("busy", Bool, "the host's", cell=memory(HOST_PORT))
    machine.initially(lambda s, b: s.data[b] == s.archived[b])

    @machine.action(by=HOST_PORT, kind=writes)
    def fill(s: State, b: Block, d: Data) -> None:
        """The host fills the block."""
        when(s.phase[b] == Phase.EMPTY)
        s.phase[b] = Phase.FULL
        s.data[b] = d

    @machine.action(by=VOLUME_WORKER, kind=StepKind.COPY)
    def keep_copy(s: State, b: Block) -> None:
        """The worker archives the block."""
        when(s.phase[b] == Phase.FULL)
        keep(s, b)
        s.phase[b] = then
        s.archived[b] = s.data[b]

    extra(machine)
    return machine


def result_of(machine: Machine, *properties: Property, blocks: int = 1) -> CheckResult:
    return check(machine, blocks, properties or [SOUND], Options(symbolic=False))


SOUND = always("sound", "an empty block is archived", holds=lambda s, b: ~(s.phase[b] == Phase.BROKEN))
KEPT = always(
    "kept",
    "an empty block is archived as it is",
    trigger=lambda s, b: s.phase[b] == Phase.EMPTY,
    holds=lambda s, b: (s.phase[b] != Phase.EMPTY) | (s.archived[b] == s.data[b]),
    carries=lambda s, b: s.archived[b],
)


def test_a_design_whose_every_part_matters_is_not_vacuous() -> None:
    result = result_of(archive(), SOUND, KEPT)
    assert result.exit_code is ExitCode.HOLDS
    assert result.vacuity.dead_clauses == ()
    assert not any("VACUOUS" in line for line in check_lines(result))


def test_a_trigger_that_never_occurs_is_vacuous() -> None:
    broken = always(
        "broken",
        "a broken block is archived",
        trigger=lambda s, b: s.phase[b] == Phase.BROKEN,
        holds=lambda s, b: s.phase[b] != Phase.BROKEN,
    )
    mended = possible(
        "mended",
        "a broken block can be filled",
        trigger=lambda s: s.busy,
        reaches=lambda s: ~s.busy,
    )
    result = result_of(archive(), SOUND, broken, mended)
    assert result.exit_code is ExitCode.VACUOUS
    assert result.vacuous == ("broken", "mended")
    assert [item.json()["vacuous"] for item in result.properties] == [
        None,
        "never triggered",
        "never triggered",
    ]


def test_a_clause_that_never_blocks_alone_is_dead() -> None:
    result = result_of(archive(lambda s, b: when(s.phase[b] != Phase.BROKEN)))
    assert result.exit_code is ExitCode.VACUOUS
    (clause,) = result.vacuity.dead_clauses
    assert (clause.action, clause.text) == ("disk 508 keep_copy", "when(s.phase[b] != Phase.BROKEN)")
    assert clause.where.startswith("test_vacuity.py:")
    assert result.json()["dead_clauses"] == [clause.json()]
    assert list(check_lines(result))[-1].startswith(
        "VACUOUS   disk 508 keep_copy: `when(s.phase[b] != Phase.BROKEN)` (test_vacuity.py:"
    )


def test_of_two_clauses_that_say_the_same_both_are_dead() -> None:
    result = result_of(archive(lambda s, b: when(~s.phase[b].isin(Phase.EMPTY, Phase.BROKEN))))
    assert [clause.action for clause in result.vacuity.dead_clauses] == ["disk 508 keep_copy"] * 2


def test_a_clause_may_be_declared_idle_or_to_need_more_blocks() -> None:
    def idle(s: State, b: object) -> None:
        when(s.phase[b] != Phase.BROKEN, idle="nothing breaks")

    def shared(s: State, b: object) -> None:
        when(s.phase[b] != Phase.BROKEN, needs_blocks=2)

    assert result_of(archive(idle)).exit_code is ExitCode.HOLDS
    assert result_of(archive(shared)).exit_code is ExitCode.HOLDS
    assert len(result_of(archive(shared), blocks=2).vacuity.dead_clauses) == 1


def test_a_live_clause_may_be_live_for_one_block_only() -> None:
    """The clause is judged over all its parameters: at 2 blocks one may be full while the other is filled."""

    def alone(machine: Machine) -> None:
        @machine.action(by=HOST_PORT)
        def exchange(s: State, a: Block, b: Block) -> None:
            """The host takes note of a full block and an empty one."""
            when(s.phase[a] == Phase.FULL)
            when(a != b, needs_blocks=2)
            s.busy = ~s.busy

    machine = archive(extra=alone)
    one = result_of(machine)
    assert one.vacuity.never_fired == ("host I/O 501 exchange",)
    assert one.vacuity.dead_clauses == (), "clauses of an action that is never taken are not reported besides"
    assert result_of(machine, blocks=2).exit_code is ExitCode.HOLDS


def never(machine: Machine, **options: object) -> None:
    @machine.action(by=HOST_PORT, **options)  # type: ignore[arg-type]  # idle and needs_blocks, as each test says
    def mend(s: State, b: Block) -> None:
        """The host mends a broken block."""
        when(s.phase[b] == Phase.BROKEN)
        s.phase[b] = Phase.EMPTY


def test_an_action_that_is_never_taken_is_reported_unless_declared() -> None:
    result = result_of(archive(extra=never))
    assert result.exit_code is ExitCode.VACUOUS
    assert result.vacuity.never_fired == ("host I/O 501 mend",)
    assert result_of(archive(extra=lambda m: never(m, idle="nothing breaks"))).exit_code is ExitCode.HOLDS
    shared = archive(extra=lambda m: never(m, needs_blocks=2))
    assert result_of(shared).exit_code is ExitCode.HOLDS
    assert result_of(shared, blocks=2).exit_code is ExitCode.VACUOUS


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"idle": "nobody looks"}, "host I/O 501 look is declared idle (nobody looks), and is taken"),
        ({"needs_blocks": 2}, "host I/O 501 look is declared to need 2 blocks, and is taken with 1"),
    ],
)
def test_a_declaration_that_is_wrong_is_reported(options: dict[str, object], sentence: str) -> None:
    def taken(machine: Machine) -> None:
        @machine.action(by=HOST_PORT, **options)  # type: ignore[arg-type]  # as above
        def look(s: State) -> None:
            """The host looks."""
            s.busy = ~s.busy

    result = result_of(archive(extra=taken))
    assert result.exit_code is ExitCode.VACUOUS
    assert result.vacuity.misdeclared == (sentence,)
    assert f"VACUOUS   {sentence}" in list(check_lines(result))


def test_a_property_that_only_judges_what_was_there_at_the_start_is_vacuous() -> None:
    """Nobody but hosts makes data: with the same write by a worker, `kept` never judges what a host wrote."""
    result = result_of(archive(writes=StepKind.DESTAGE), KEPT)
    assert result.vacuous == ("kept",)
    assert result.exit_code is ExitCode.VACUOUS
    assert result.properties[0].json()["vacuous"] == "initial data only"
    assert "never what a host wrote" in next(iter(check_lines(result)))


def test_data_that_is_judged_before_it_is_replaced_is_initial_data() -> None:
    filled = always(
        "filled",
        "a full block was archived before",
        trigger=lambda s, b: s.phase[b] == Phase.FULL,
        holds=lambda s, b: (s.phase[b] == Phase.FULL) | ~s.busy,
        carries=lambda s, b: s.archived[b],
    )
    assert result_of(archive(), filled).vacuous == (), "a block is filled again after it was archived"
    assert result_of(archive(then=Phase.BROKEN), filled).vacuous == ("filled",)


def test_what_is_carried_is_data_of_the_design() -> None:
    wrong = always(
        "wrong", "it is full", holds=lambda s, b: s.phase[b] == Phase.FULL, carries=lambda s, b: s.busy
    )
    with pytest.raises(ModelError, match="wrong cannot be asked of archive: `busy` is a truth value"):
        result_of(archive(), wrong)


def test_where_initial_data_always_differs_nothing_is_said_of_what_is_carried() -> None:
    machine = Machine("differing")
    machine.shared("left", Data, "one", cell=Cell("left"), initial=ANY)
    machine.shared("right", Data, "other", cell=Cell("right"), initial=ANY)
    machine.initially(lambda s: s.left != s.right)

    @machine.action(by=HOST_PORT, kind=StepKind.HOST_IO)
    def write(s: State, d: Data) -> None:
        """The host writes."""
        s.left = d

    carrying = always(
        "carrying",
        "they are data",
        holds=lambda s: (s.left == s.left) | (s.left == s.right),
        carries=lambda s: s.left,
    )
    with pytest.raises(ModelError, match="no initial state in which all data is the same; carrying can only"):
        result_of(machine, carrying)


def test_an_unsatisfiable_initial_state_is_an_error_that_names_the_condition() -> None:
    machine = archive(extra=lambda machine: machine.initially(lambda s, b: s.phase[b] == Phase.BROKEN))
    with pytest.raises(
        ModelError, match=r"test_vacuity.py:\d+: archive has no initial state \(blocks=1\)"
    ) as error:
        result_of(machine)
    assert "phase[b] == BROKEN" in str(error.value)


def test_nothing_is_called_vacuous_before_the_search_is_complete() -> None:
    options = Options(symbolic=False, limits=Limits(max_states=3))
    result = check(archive(lambda s, b: when(s.phase[b] != Phase.BROKEN)), 1, [KEPT], options)
    assert result.exit_code is ExitCode.UNKNOWN
    assert (result.vacuity.never_fired, result.vacuity.dead_clauses, result.vacuous) == ((), (), ())


def test_clauses_are_judged_only_where_everything_is_interleaved() -> None:
    machine = load_machine("second-embodiment-closed")
    asked = [machine.properties["tape-is-image"]]
    folded = Oracle(machine, 1, asked, folded=True)
    assert vacuity_of(folded, folded.explore()).dead_clauses == ()


def reachable(interpreter: Interpreter) -> set[Valuation]:
    seen = set(interpreter.initial_states())
    front = list(seen)
    while front:
        state = front.pop()
        after = {interpreter.take(state, step) for step in interpreter.enabled(state)} - seen
        seen |= after
        front.extend(after)
    return seen


def dead_by_hand(machine: Machine, blocks: int) -> set[tuple[str, str]]:
    """Dead clauses by definition, with the reference interpreter: no state in which it alone fails."""
    interpreter = Interpreter(machine, blocks)
    states = reachable(interpreter)
    dead = {(action.label, clause.where) for action in machine.actions for clause in action.clauses}

    def failing(state: Valuation, step: Step) -> list[str]:
        known = {p.name: value for p, value in zip(step.action.parameters, step.arguments, strict=True)}
        clauses = step.action.clauses
        return [c.where for c in clauses if not interpreter.value(c.condition, state, known)]

    for state in states:
        for step in interpreter.steps():
            if len(alone := failing(state, step)) == 1:
                dead.discard((step.action.label, alone[0]))
    return dead


@pytest.mark.parametrize(
    ("machine", "blocks"),
    [
        (archive(), 1),
        (archive(lambda s, b: when(s.phase[b] != Phase.BROKEN)), 2),
        (load_machine(f"{EXAMPLES}/lock.py:lock"), 1),
        (load_machine(f"{EXAMPLES}/lock.py:broken_lock"), 1),
    ],
    ids=lambda value: value.name if isinstance(value, Machine) else str(value),
)
def test_dead_clauses_are_those_of_the_definition(machine: Machine, blocks: int) -> None:
    oracle = Oracle(machine, blocks, [])
    found = vacuity_of(oracle, oracle.explore()).dead_clauses
    undeclared = {
        (action.label, clause.where)
        for action in machine.actions
        for clause in action.clauses
        if clause.idle is None and clause.needs_blocks <= blocks
    }
    assert {(clause.action, clause.where) for clause in found} == dead_by_hand(machine, blocks) & undeclared


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIATIONS)
def test_no_clause_of_a_variation_is_dead(name: str) -> None:
    """`verify` judges the clauses of the named designs; variations are folded there."""
    oracle = Oracle(load_machine(name), 1, [])
    found = vacuity_of(oracle, oracle.explore())
    assert (found.dead_clauses, found.misdeclared, found.never_fired) == ((), (), ())


@pytest.mark.slow
def test_the_clauses_that_need_two_blocks_are_live_with_two() -> None:
    """A limited search shows what is live as well as a complete one does."""
    oracle = Oracle(load_machine("first-embodiment-closed"), 2, [], folded=True)
    states = [state for level in oracle.explore(Limits(max_states=1_500_000)).levels for state in level]
    found = {
        (clause.text.partition(", needs_blocks")[0], action.name): is_live(oracle, question, states)
        for action in oracle.machine.actions
        for clause, question in liveness_questions(oracle, action)
        if clause.needs_blocks == 2
    }
    assert len(found) == 5
    assert all(found.values())
