"""The check with symbolic data: agreement with the search, what two values do not settle, planted faults."""

import enum
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.disagreements import EngineDisagreement, TwoValuesDoNotSettle
from splitproof.checker.ground.packing import Packing
from splitproof.checker.search.control import control_oracle
from splitproof.checker.search.folding import diamond_violations
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.checker.search.successors import Successors, successors_of
from splitproof.checker.symbolic import data as symbolic_data
from splitproof.checker.symbolic.data import SymbolicData, check_symbolic_data
from splitproof.checker.symbolic.labels import Label
from splitproof.checker.symbolic.smt import DataSolver
from splitproof.checker.symbolic.steps import Control
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.cells import Cell, channel, memory
from splitproof.model.expressions import TRUE, Var, ite
from splitproof.model.layout import Layout
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data
from splitproof.model.state import State, when
from splitproof.model.types import DATA, Int
from splitproof.spec.properties import Kind, Property, always, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER
from tests.random_machines import machines

STATES_MAX = 400_000

SOURCE = Cell("source", per_block=True)
TARGET = Cell("target", per_block=True)


class Phase(enum.Enum):
    IDLE = "idle"
    READ = "read"
    COPIED = "copied"


COPIED_IS_EQUAL = always(
    "copied-is-equal", "", holds=lambda s, b: ~s.copied[b] | (s.target[b] == s.source[b])
)
TARGET_IS_EQUAL = always("target-is-equal", "", holds=lambda s, b: s.target[b] == s.source[b])
SOURCE_STAYS = step("source-stays", "", holds=lambda old, new, b: new.source[b] == old.source[b])
TARGET_STAYS = step("target-stays", "", holds=lambda old, new, b: new.target[b] == old.target[b])


def copying(*properties: Property) -> Machine:
    """Each block is read from the source into the hand, then written to the target."""
    machine = Machine("copying")
    machine.shared("source", Data, "what is copied", cell=SOURCE, per_block=True, initial=ANY)
    machine.shared("target", Data, "where to", cell=TARGET, per_block=True, initial=ANY)
    own = memory(VOLUME_WORKER)
    machine.memory("phase", Phase, "how far it is", cell=own)
    machine.memory("block", Block, "its block", cell=own, while_=lambda s: s.phase == Phase.READ)
    machine.memory("hand", Data, "what was read", cell=own, while_=lambda s: s.phase == Phase.READ)
    machine.memory("copied", Bool, "the block is copied", cell=own, per_block=True)

    @machine.action(by=VOLUME_WORKER)
    def read(s: State, b: Block) -> None:
        """A block is read."""
        when(s.phase != Phase.READ)
        when(~s.copied[b])
        s.phase = Phase.READ
        s.block = b
        s.hand = s.source[b]

    @machine.action(by=VOLUME_WORKER)
    def write(s: State) -> None:
        """It is written."""
        when(s.phase == Phase.READ)
        s.target[s.block] = s.hand
        s.copied[s.block] = True
        s.phase = Phase.COPIED

    machine.check(*properties)
    return machine


def comparing(
    update: Callable[[State], None] | None, *properties: Property, equal_at_first: bool = False
) -> Machine:
    """Any data goes through three places in a row; ghosts compare it as `update` says."""
    machine = Machine("comparing")
    for name in ("first", "second", "third"):
        machine.memory(name, Data, "a place", cell=memory(HOST_PORT), initial=ANY)
    machine.ghost("flag", Bool, "a truth value")
    machine.ghost("phase", Phase, "an enum")
    machine.ghost("count", Int(0, 3), "a number")
    machine.ghost("data", Data, "data")
    if equal_at_first:
        machine.initially(lambda s: (s.first == s.second) & (s.second == s.third))

    @machine.action(by=HOST_PORT)
    def move_on(s: State, new: Data) -> None:
        """Data moves on."""
        s.first, s.second, s.third = s.second, s.third, new
        if update is not None:
            update(s)

    machine.check(*properties)
    return machine


def explored(machine: Machine, blocks: int = 1, *, folded: bool = False) -> tuple[Successors, Exploration]:
    oracle = Oracle(machine, blocks, folded=folded)
    exploration = oracle.explore(Limits(max_states=STATES_MAX))
    return successors_of(oracle, exploration), exploration


def checked(machine: Machine, blocks: int = 1, *, folded: bool = False) -> SymbolicData:
    graph, exploration = explored(machine, blocks, folded=folded)
    return check_symbolic_data(machine, blocks, graph, exploration.findings)


# ---- agreement ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("blocks", "figures"), [(1, (3, 2, 7, 6)), (2, (8, 8, 21, 11))])
def test_claims_of_one_premise_are_discharged_together(blocks: int, figures: tuple[int, ...]) -> None:
    found = checked(copying(COPIED_IS_EQUAL, TARGET_IS_EQUAL, SOURCE_STAYS, TARGET_STAYS), blocks)
    assert list(found.properties.values()) == [True, False, True, False]
    assert (found.controls, found.edges, found.classes, found.queries) == figures


def test_where_a_premise_does_not_imply_all_that_is_claimed_each_claim_is_asked_for() -> None:
    first, second, third = (Var(name, DATA) for name in ("first", "second", "third"))
    solver = DataSolver()
    premise = solver.label([(0, 1, True)], [first, second, third])
    follows, fails = solver.number(second == first), solver.number((first == second) & (second == third))
    solver.discharge([(premise, follows), (premise, fails), (premise, solver.number(TRUE))])
    assert (solver.queries, solver.claims) == (1, 0)
    assert solver.refutation((premise, follows)) is None
    assert solver.refutation((premise, fails)) == "first = second = value 0, third = value 1"
    solver.discharge([(premise, follows), (fails, premise), (fails, solver.number(first == third))])
    assert (solver.queries, solver.claims) == (4, 4)
    assert solver.refutation((fails, solver.number(first == third))) is None
    assert solver.queries == 4


def test_steps_that_differ_in_data_arguments_alone_are_one_control_edge() -> None:
    kept = step("kept", "", holds=lambda old, new: new.first == old.second)
    same = step("same", "", holds=lambda old, new: new.third == old.third)
    found = checked(comparing(None, kept, same))
    assert found.properties == {"kept": True, "same": False}
    assert (found.controls, found.edges) == (1, 1)


def test_what_means_nothing_is_the_same_data_everywhere() -> None:
    emptied = step(
        "hands-are-emptied",
        "",
        holds=lambda old, new: (old.phase == Phase.READ) | (new.phase == Phase.READ) | (old.hand == new.hand),
    )
    kept = step("hands-stay", "", holds=lambda old, new: old.hand == new.hand)
    assert checked(copying(emptied, kept)).properties == {"hands-are-emptied": True, "hands-stay": False}


def test_only_the_properties_that_were_asked_are_judged() -> None:
    machine = copying(TARGET_IS_EQUAL)
    graph, _ = explored(machine)
    found = check_symbolic_data(machine, 1, graph, findings=(), properties=[COPIED_IS_EQUAL])
    assert found.properties == {"copied-is-equal": True}


def test_a_ghost_that_remembers_a_difference_splits_control() -> None:
    def remember(s: State) -> None:
        s.flag = s.flag | (s.second != s.third)

    machine = comparing(
        remember,
        always("all-the-same", "", holds=lambda s: ~s.flag),
        always("the-same-until-then", "", holds=lambda s: s.flag | (s.first == s.second)),
        step("remembered", "", holds=lambda old, new: ~old.flag | new.flag),
        equal_at_first=True,
    )
    found = checked(machine)
    assert found.properties == {"all-the-same": False, "the-same-until-then": True, "remembered": True}
    assert (found.controls, found.edges) == (2, 3)


def test_a_control_that_tells_of_a_difference_is_labelled_with_it() -> None:
    def tell(s: State) -> None:
        s.phase = ite(s.second == s.third, Phase.READ, Phase.COPIED)

    tells = always(
        "tells",
        "",
        holds=lambda s: (
            (s.phase == Phase.IDLE)
            | ((s.phase == Phase.READ) & (s.first == s.second))
            | ((s.phase == Phase.COPIED) & (s.first != s.second))
        ),
    )
    assert checked(comparing(tell, tells)).properties == {"tells": True}


def test_numbers_and_data_of_ghosts_may_depend_on_comparisons() -> None:
    def update(s: State) -> None:
        s.count = ite(s.second == s.third, 0, 1) + ite(s.first == s.second, 1, 2)
        s.data = ite(s.second == s.third, s.second, s.third)

    machine = comparing(
        update,
        always("counted", "", holds=lambda s: (s.count != 1) | (s.first == s.second)),
        always("never-three", "", holds=lambda s: s.count < 3),
        step("the-later", "", holds=lambda old, new: new.data == new.second),
    )
    assert checked(machine).properties == {"counted": True, "never-three": False, "the-later": True}


def test_a_folded_graph_is_followed_as_it_is() -> None:
    machine = copying(SOURCE_STAYS)
    machine.shared("mail", Bool, "on its way", cell=channel("mail", HOST_PORT, VOLUME_WORKER), initial=True)
    machine.memory("inbox", Bool, "received", cell=memory(VOLUME_WORKER))

    @machine.action(by=VOLUME_WORKER, folds="nothing reads either place")
    def receive(s: State) -> None:
        """The message is received."""
        when(s.mail)
        s.mail, s.inbox = False, True

    whole, folded = checked(machine), checked(machine, folded=True)
    assert whole.properties == folded.properties == {"source-stays": True}
    assert (whole.edges, folded.edges) == (7, 3)


# ---- what two values do not settle ---------------------------------------------------------------


def test_a_property_that_only_three_values_violate_is_not_taken_for_true() -> None:
    def crowded(s: State) -> object:
        return (s.first == s.second) | (s.second == s.third) | (s.first == s.third)

    with pytest.raises(TwoValuesDoNotSettle, match=r"follows from \{data = blank data\} at") as caught:
        checked(comparing(None, always("crowded", "", holds=crowded)))
    assert "first = value 1, second = value 2, third = value 3" in str(caught.value)


def test_a_ghost_that_only_three_values_set_is_not_taken_for_unset() -> None:
    def update(s: State) -> None:
        s.flag = (s.first != s.second) & (s.second != s.third) & (s.first != s.third)

    with pytest.raises(TwoValuesDoNotSettle, match="leads to a control that the search found"):
        checked(comparing(update, always("unset", "", holds=lambda s: ~s.flag)))


def test_ghost_data_that_three_values_lead_elsewhere_is_not_taken_for_settled() -> None:
    def update(s: State) -> None:
        rest = ite(s.first == s.third, s.first, s.third)
        s.data = ite(s.first == s.second, s.first, ite(s.second == s.third, s.first, rest))

    with pytest.raises(TwoValuesDoNotSettle, match="z3 refutes that the-first, which"):
        checked(comparing(update, step("the-first", "", holds=lambda old, new: new.data == old.first)))


def test_initial_states_of_three_values_are_not_left_out() -> None:
    def leave(s: State) -> None:
        s.flag = True

    machine = comparing(leave)
    machine.initially(lambda s: (s.first != s.second) & (s.second != s.third))
    with pytest.raises(TwoValuesDoNotSettle, match="the initial states of control"):
        checked(machine)


# ---- planted faults ------------------------------------------------------------------------------


def lead_elsewhere(graph: Successors, index: int, change: int) -> None:
    steps = next(steps for steps in graph.successors.values() if index in dict(steps))
    place = next(place for place, (taken, _) in enumerate(steps) if taken == index)
    steps[place] = index, steps[place][1] ^ change


@pytest.mark.parametrize(
    ("corrupt", "found"),
    [
        (lambda g: lead_elsewhere(g, 0, bit("target[0]")), r"takes disk 508 read\(0\) in state \("),
        (lambda g: lead_elsewhere(g, 1, bit("copied[0]")), r"but the step leads to \(phase=COPIED, cop"),
        (lambda g: g.successors[0].append((1, 0)), r"write\(\) in state \(\), where its guard does not hold"),
        (lambda g: g.successors[0].clear(), r"lacks disk 508 read\(0\) in state"),
        (lambda g: g.successors.pop(0), r"lacks the initial state \(\)"),
    ],
    ids=["other data", "other control", "guard", "missing edge", "missing initial state"],
)
def test_a_corrupted_graph_is_found(corrupt: Callable[[Successors], object], found: str) -> None:
    machine = copying(COPIED_IS_EQUAL)
    graph, _ = explored(machine)
    assert 0 in graph.initial
    corrupt(graph)
    with pytest.raises(EngineDisagreement, match=f"copying at 1 block: the graph .*{found}"):
        check_symbolic_data(machine, 1, graph, ())


def test_a_state_too_many_drops_an_equality_and_is_found() -> None:
    machine = copying(COPIED_IS_EQUAL)
    graph, _ = explored(machine)
    copied = next(state for state, steps in graph.successors.items() if not steps)
    graph.successors[copied ^ bit("target[0]")] = []
    with pytest.raises(EngineDisagreement) as caught:
        check_symbolic_data(machine, 1, graph, ())
    assert not isinstance(caught.value, TwoValuesDoNotSettle)
    assert str(caught.value) == (
        "copying at 1 block: z3 refutes that copied-is-equal, which the search violates nowhere, follows "
        "from {hand = blank data} at control (phase=COPIED, copied[0]=True); "
        "by blank data = hand = value 0, target[0] = value 1, source[0] = value 2"
    )


@pytest.mark.parametrize(
    ("at", "facts", "refuted"),
    [
        (Phase.IDLE, ((0, 1, True), (2, 3, True)), "the initial states of control () satisfy"),
        (Phase.READ, (), "write() from {} at control"),
        (Phase.COPIED, ((0, 1, True), (0, 2, True)), "write() from {source[0] = hand} at control"),
    ],
)
def test_a_wrong_label_is_refuted(
    monkeypatch: pytest.MonkeyPatch, at: Phase, facts: tuple[tuple[int, int, bool], ...], refuted: str
) -> None:
    """Symbols: 0 blank data, 1 hand, 2 source, 3 target."""
    machine = copying()
    graph, _ = explored(machine)
    phase = Packing(Layout(machine, 1)).fields["phase"]
    right = symbolic_data._Check._label_controls

    def wrong(check: symbolic_data._Check) -> dict[int, Label]:
        labels = right(check)
        return {c: Label(99, facts) if c & phase.mask == phase.place(at) else labels[c] for c in labels}

    monkeypatch.setattr(symbolic_data._Check, "_label_controls", wrong)
    with pytest.raises(EngineDisagreement) as caught:
        check_symbolic_data(machine, 1, graph, ())
    assert not isinstance(caught.value, TwoValuesDoNotSettle)
    assert refuted in str(caught.value)


@pytest.mark.parametrize("missed", [TARGET_IS_EQUAL, TARGET_STAYS], ids=lambda item: item.id)
def test_a_violation_that_the_search_misses_is_found(missed: Property) -> None:
    machine = copying(missed)
    with pytest.raises(EngineDisagreement, match=f"{missed.id}, which the search violates nowhere") as caught:
        check_symbolic_data(machine, 1, explored(machine)[0], ())
    assert not isinstance(caught.value, TwoValuesDoNotSettle)


def test_a_violation_that_the_search_invents_is_found() -> None:
    machine = copying(COPIED_IS_EQUAL)
    with pytest.raises(EngineDisagreement, match="violates copied-is-equal, which follows from every label"):
        check_symbolic_data(machine, 1, explored(machine)[0], {"copied-is-equal"})


def test_a_folding_that_settles_which_data_is_written_is_found() -> None:
    machine = Machine("writing")
    machine.memory("full", Bool, "there is data", cell=memory(HOST_PORT))
    machine.memory("place", Data, "data", cell=memory(HOST_PORT), while_=lambda s: s.full)

    @machine.action(by=HOST_PORT, folds="a wrong reason: with other data it is another step")
    def write(s: State, new: Data) -> None:
        """Data is written."""
        s.full = True
        s.place = new

    assert checked(machine).properties == {}
    with pytest.raises(EngineDisagreement, match=r"write\(0\) from .* leads to {place = blank data}"):
        checked(machine, folded=True)


def bit(slot: str) -> int:
    return Packing(Layout(copying(), 1)).fields[slot].mask


# ---- on machines that were not made for it -------------------------------------------------------


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.booleans().flatmap(lambda folded: st.tuples(machines(handover=folded), st.just(folded))),
    st.integers(1, 2),
)
def test_random_machines_agree(drawn: tuple[Machine, bool], blocks: int) -> None:
    machine, folded = drawn
    oracle = Oracle(machine, blocks, folded=folded)
    exploration = oracle.explore(Limits(max_states=500))
    assume(exploration.complete)
    assume(not folded or not diamond_violations(oracle, 5_000))
    graph = successors_of(oracle, exploration)
    try:
        found = check_symbolic_data(machine, blocks, graph, exploration.findings)
    except TwoValuesDoNotSettle:
        return
    assert {name for name, holds in found.properties.items() if not holds} == set(exploration.findings)


@pytest.mark.slow
@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("name", ["first-embodiment-closed", "third-embodiment-two-slots"])
def test_the_catalogue_agrees(name: str, folded: bool) -> None:
    machine = machine_of(design_named(name))
    graph, exploration = explored(machine, folded=folded)
    found = check_symbolic_data(machine, 1, graph, exploration.findings)
    judged = {item.id for item in machine.properties.values() if item.kind in (Kind.ALWAYS, Kind.STEP)}
    assert found.properties == {name: name not in exploration.findings for name in judged}
    assert found.queries < found.classes


# ---- the graph of controls ---------------------------------------------------------------------


def of_controls(machine: Machine, blocks: int) -> tuple[Successors, list[int]]:
    """The graph of the controls, and all states that a search with two values of data reaches."""
    oracle = control_oracle(machine, blocks)
    assert oracle.data_values == 1
    states = [state for level in Oracle(machine, blocks).explore().levels for state in level]
    return successors_of(oracle, oracle.explore()), states


@pytest.mark.parametrize("blocks", [1, 2])
def test_on_the_graph_of_controls_the_verdicts_are_those_on_all_states(blocks: int) -> None:
    machine = copying(COPIED_IS_EQUAL, TARGET_IS_EQUAL, SOURCE_STAYS, TARGET_STAYS)
    graph, states = of_controls(machine, blocks)
    violated = {"target-is-equal", "target-stays"}
    found = check_symbolic_data(machine, blocks, graph, violated, levels=[states])
    assert {name for name, holds in found.properties.items() if not holds} == violated
    assert found.properties == checked(machine, blocks).properties


def test_a_control_that_only_one_of_the_searches_reaches_is_a_disagreement() -> None:
    machine = copying(COPIED_IS_EQUAL)
    graph, states = of_controls(machine, 1)
    mask = Control(machine, 1).mask
    lost = states[-1] & mask
    kept = [state for state in states if state & mask != lost]
    with pytest.raises(EngineDisagreement, match="the search with two values of data lacks control"):
        check_symbolic_data(machine, 1, graph, (), levels=[kept])
    del graph.successors[lost]
    with pytest.raises(EngineDisagreement, match="the graph lacks control"):
        check_symbolic_data(machine, 1, graph, (), levels=[states])


def test_a_state_that_the_search_missed_is_a_disagreement_where_it_matters() -> None:
    """Without the states in which source and target differed, labels claim more than steps keep."""
    machine = copying(COPIED_IS_EQUAL)
    graph, states = of_controls(machine, 1)
    control = Control(machine, 1)
    source, target = (control.packing.fields[f"{name}[0]"] for name in ("source", "target"))
    alike = [s for s in states if bool(s & source.mask) == bool(s & target.mask)]
    with pytest.raises(EngineDisagreement):
        check_symbolic_data(machine, 1, graph, (), levels=[alike])
