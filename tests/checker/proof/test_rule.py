"""The rule of ranking arguments itself: where the premises hold of a system, no fair run waits for ever.

Systems and arguments are drawn (`tests.ranking_systems`); the premises are those that `prove` proves, evaluated on all
states and steps of the system, and the lassos are looked for by the search that `check` uses.
"""

import random
import re
from collections import Counter

import pytest
import z3
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.fairness.liveness import judge_leads_to
from splitproof.checker.proof.ranking_rule import RULE_FILES
from splitproof.checker.verdicts import Holds
from splitproof.model.declarations import Fairness
from splitproof.model.machine import Machine
from tests.ranking_systems import ARRIVES, CAN_ARRIVE, Help, Move, Part, System, failing_premises, system_of

WEAK, STRONG = Fairness.WEAK, Fairness.STRONG
thorough = settings(
    max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def waits_for_ever(machine: Machine, blocks: int) -> bool:
    """Whether a fair run triggers `leads to` and never reaches the goal."""
    return ARRIVES in judge_leads_to(machine, blocks, [machine.properties[ARRIVES]]).traces


def can_arrive(machine: Machine, blocks: int) -> bool:
    (found,) = check(machine, blocks, [machine.properties[CAN_ARRIVE]], Options(symbolic=False)).properties
    return isinstance(found.verdict, Holds)


@thorough
@given(st.randoms(use_true_random=False))
def test_where_the_premises_hold_every_fair_run_arrives(chance: random.Random) -> None:
    system = system_of(chance)
    assume(system.helpful)
    machine = system.machine()
    if waits_for_ever(machine, system.blocks):
        assert failing_premises(machine, ARRIVES, system.blocks)


@thorough
@given(st.randoms(use_true_random=False))
def test_where_the_premises_hold_it_can_arrive(chance: random.Random) -> None:
    system = system_of(chance)
    assume(system.helpful)
    machine = system.machine()
    if not failing_premises(machine, CAN_ARRIVE, system.blocks):
        assert can_arrive(machine, system.blocks)


def test_what_is_drawn_is_often_proved_and_often_refuted() -> None:
    """Otherwise the two tests above would say nothing."""
    fates: Counter[tuple[bool, bool]] = Counter()
    fair: Counter[Fairness | None] = Counter()
    for seed in range(150):
        system = system_of(random.Random(seed))
        if not system.helpful:
            continue
        machine = system.machine()
        judged = judge_leads_to(machine, system.blocks, [machine.properties[ARRIVES]])
        if ARRIVES not in judged.triggered:
            continue
        is_proved = not failing_premises(machine, ARRIVES, system.blocks)
        fates[ARRIVES in judged.traces, is_proved] += 1
        if is_proved:
            fair.update({system.moves[item.place].fair for item in system.helpful})
    assert fates[True, True] == 0
    assert fates[True, False] >= 50
    assert fates[False, True] >= 25
    assert fair[WEAK] >= 10
    assert fair[STRONG] >= 10


# -- each premise is needed: without it alone, something is "proved" that a fair run refutes


def moves(*given_: tuple[Fairness | None, int, int]) -> tuple[Move, ...]:
    """Actions that lead from one number to another."""
    return tuple(Move(fair, False, (((n, False), (after, False)),)) for fair, n, after in given_)


def at(*numbers: int) -> frozenset[tuple[int, bool]]:
    return frozenset((number, False) for number in numbers)


def system(
    made: tuple[Move, ...],
    *helpful: tuple[int, frozenset[tuple[int, bool]]],
    pending: set[int] | None = None,
    rank: tuple[Part, ...] = (),
) -> System:
    """It begins at 0, where it is triggered, and is to come to 2."""
    declared = None if pending is None else frozenset(pending)
    steps = tuple(Help(place, needed) for place, needed in helpful)
    return System(1, made, frozenset({0}), frozenset({2}), declared, rank, steps)


TOGGLED = ((None, 0, 1), (WEAK, 1, 0))
"""The host leads away from 0 again and again."""

ONE_PREMISE_FAILS = {
    "start": system(moves((WEAK, 1, 2), (None, 0, 1)), (0, at(1)), pending={1}),
    "stays": system(moves((WEAK, 0, 2), (None, 0, 1)), (0, at(0)), pending={0}),
    "help": system(moves((WEAK, 0, 1)), (0, at(0)), rank=(Part(False, at(0)),)),
    "steady": system(moves((WEAK, 0, 2), *TOGGLED), (0, at(0, 1)), (2, at(1))),
    "falls": system(moves((WEAK, 0, 1), (WEAK, 1, 0)), (0, at(0)), (1, at(1)), rank=(Part(False, at(0)),)),
    "progress": system(moves((WEAK, 0, 1), (WEAK, 1, 0)), (0, at(0)), (1, at(1))),
}


@pytest.mark.parametrize("premise", ONE_PREMISE_FAILS)
def test_no_premise_can_be_left_out(premise: str) -> None:
    made = ONE_PREMISE_FAILS[premise]
    machine = made.machine()
    assert failing_premises(machine, ARRIVES, 1) == {premise}
    assert waits_for_ever(machine, 1)


def test_what_is_needed_and_disabled_again_and_again_takes_a_strong_promise() -> None:
    """The system that lacks nothing but a steady guard."""
    made = system(moves((STRONG, 0, 2), *TOGGLED), (0, at(0, 1)), (2, at(1)))
    machine = made.machine()
    assert failing_premises(machine, ARRIVES, 1) == set()
    assert not waits_for_ever(machine, 1)


def test_without_a_promise_there_are_no_premises() -> None:
    made = system(moves((None, 0, 2)), (0, at(0)))
    machine = made.machine()
    assert failing_premises(machine, ARRIVES, 1) == {"missing"}
    assert waits_for_ever(machine, 1)
    assert failing_premises(machine, CAN_ARRIVE, 1) == set()
    assert can_arrive(machine, 1)


# -- the steps of the proof of the rule, as solvers are asked about them


def assertions_of(name: str) -> tuple[list[str], list[str]]:
    """What a file declares, and what it asserts."""
    parts = re.split(r"(?m)^(?=\(assert )", RULE_FILES[name][0].replace("(check-sat)", ""))
    lines = "".join(parts).splitlines()
    asserted = parts[1:]
    declared = [line for line in lines if line.startswith("(declare-")]
    return declared, [re.sub(r"(?m)^(;|\(declare-).*$", "", part) for part in asserted]


def answer(declared: list[str], asserted: list[str]) -> str:
    solver = z3.Solver(ctx=z3.Context())
    solver.set("rlimit", 2_000_000)
    solver.from_string("\n".join([*declared, *asserted]))
    return str(solver.check())


@pytest.mark.parametrize("name", RULE_FILES)
def test_each_step_of_its_proof_is_valid_and_rests_on_all_that_is_assumed(name: str) -> None:
    declared, asserted = assertions_of(name)
    assert answer(declared, asserted) == "unsat"
    assert len(asserted) >= 3
    for place in range(len(asserted)):
        assert answer(declared, asserted[:place] + asserted[place + 1 :]) != "unsat", asserted[place]
