"""What a run reached, in the specification's own states and transitions; and that a run which reached nothing fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from splitproof.conformance.lab.coverage import AbstractState, Coverage, UnderWay, possible_states
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import Capabilities, PairViews
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.verdicts import Vacuous
from splitproof.spec.pair_states import legal_pair_transitions, legal_views
from splitproof.spec.vocabulary import PairState

SIMPLEX, CREATING, DUPLEX, PENDING, SPLIT = legal_views()
TAPE = "test_r08_the_tape_is_the_source_at_the_split"


def look(views: tuple[PairState, PairState]) -> PairViews:
    return PairViews(*views)


@pytest.mark.parametrize(
    ("declared", "number"),
    [((), 9), (("hold_copy",), 18), (("resync",), 17), (("hold_copy", "differences", "resync"), 46)],
)
def test_the_states_are_those_that_the_specification_has_and_the_controller_leads_to(
    declared: tuple[str, ...], number: int
) -> None:
    states = list(possible_states(frozenset(declared)))
    assert len(states) == len(set(states)) == number
    assert {state.views for state in states} == set(legal_views())


def test_a_backup_and_an_uncopied_block_are_where_the_properties_let_them_be() -> None:
    states = list(possible_states({"hold_copy", "differences", "resync"}))
    backed_up = {state.views for state in states if state.backup is not UnderWay.NOTHING}
    assert backed_up == {PENDING, SPLIT}
    assert {state.views for state in states if state.rewritten} == {PENDING}
    assert {state.views for state in states if state.again} == {CREATING, DUPLEX, PENDING, SPLIT}


@pytest.mark.parametrize(("reached", "said"), [(4, "1 more state;"), (3, "2 more states;")])
def test_states_that_are_not_listed_are_counted(reached: int, said: str) -> None:
    coverage = Coverage()
    for state in list(possible_states(frozenset()))[:reached]:
        coverage.reached(state)
    assert any(line.startswith(f"  never: {said}") for line in coverage.lines())


def test_a_transition_counts_when_it_is_seen_and_when_it_is_passed() -> None:
    coverage = Coverage(declared=frozenset({"resync"}))
    coverage.did("create_pair", look(SIMPLEX), look(DUPLEX), accepted=True)
    coverage.did("split", look(DUPLEX), look(PENDING), accepted=True)
    coverage.did("wait", look(PENDING), look(SPLIT), accepted=True)
    coverage.did("split", look(SPLIT), look(SPLIT), accepted=False)
    assert dict(coverage.transitions) == {
        (SIMPLEX, CREATING): 1,
        (CREATING, DUPLEX): 1,
        (DUPLEX, PENDING): 1,
        (PENDING, SPLIT): 1,
    }
    assert coverage.operations["split", SPLIT, False] == 1
    assert "  never: resync" in list(coverage.lines())


def test_what_is_no_transition_is_named_and_counts_as_none() -> None:
    coverage = Coverage()
    coverage.did("wait", look(SPLIT), look(DUPLEX), accepted=True)  # through CREATING: a resync that ended
    coverage.did("wait", look(DUPLEX), look(CREATING), accepted=True)
    coverage.did(
        "delete_pair", look(SPLIT), look(SIMPLEX), accepted=True
    )  # of which the document says nothing
    assert dict(coverage.transitions) == {(SPLIT, CREATING): 1, (CREATING, DUPLEX): 1}
    assert coverage.json()["unlike"] == {"duplex to duplex pending": 1}


def test_without_resync_nobody_asks_for_the_transitions_that_join_a_pair() -> None:
    assert len(Coverage(declared=frozenset({"resync"})).possible_transitions) == 7
    assert set(Coverage().possible_transitions) == {
        edge for edge in legal_pair_transitions().edges if edge[1] != CREATING or edge[0] == SIMPLEX
    }


def test_one_property_reaches_every_transition_and_its_own_trigger() -> None:
    lab = Lab(lambda: LocalTransport(ReferenceController()), Limits())
    suite_tests()[TAPE](lab)
    lab.close()
    told = lab.coverage.json()
    assert all(entry["count"] for entry in told["transitions"]), told["transitions"]
    assert len(told["transitions"]) == 7
    assert told["triggers"]["tape-is-image"] > 100
    assert told["unlike"] == {}
    assert told["states"]["possible"] == 46
    assert told["states"]["reached"] >= 25
    assert lab.coverage.states[AbstractState(PENDING, held=True, rewritten=True)] > 0
    tried = {entry["operation"]: entry for entry in told["operations"] if entry["in"] == "split"}
    assert tried["split"]["refused"] > 0
    assert tried["split"]["accepted"] == 0


class Fast(ReferenceController):
    """Declares that it can hold its copying, and does not: nothing is ever uncopied when it is looked at."""

    def hold_copy(self) -> None:
        """Nothing happens."""

    def split(self) -> None:
        super().split()
        while super().pair_state().target is not PairState.SPLIT:
            pass


def test_a_run_that_never_reached_split_pending_is_vacuous() -> None:
    outcome = outcome_of(suite_tests()[TAPE], lambda: LocalTransport(Fast()), Limits(examples=15))
    assert isinstance(outcome, Vacuous)
    assert "a pair in SPLIT PENDING" in outcome.missing


def test_what_is_only_done_while_nobody_looks_is_tried() -> None:
    """A controller that gets on with its work when it is asked how it is, and whose backup does not wait for that."""

    class Polled:
        def __init__(self) -> None:
            self.reset(8)

        def capabilities(self) -> Capabilities:
            return Capabilities(16, 64)

        def reset(self, block_count: int) -> None:
            self.source, self.target = [b"\0" * 16] * block_count, [b"\xff" * 16] * block_count
            self.state, self.tapes = PairState.SIMPLEX, list[dict[int, bytes]]()

        def write(self, block: int, data: bytes) -> None:
            self.source[block] = data

        def read(self, block: int) -> bytes:
            return self.source[block]

        def create_pair(self) -> None:
            self.state = PairState.DUPLEX

        def split(self) -> None:
            self.state = PairState.SPLIT_PENDING

        def pair_state(self) -> PairViews:
            if self.state in (PairState.DUPLEX, PairState.SPLIT_PENDING):
                self.target = list(self.source)
            if self.state is PairState.SPLIT_PENDING:
                self.state = PairState.SPLIT
            is_split = self.state is PairState.SPLIT
            return PairViews(PairState.SPLIT if is_split else self.state, self.state)

        def backup(self, extents: tuple[tuple[int, int], ...]) -> str:
            blocks = [block for first, count in extents for block in range(first, first + count)]
            self.tapes.append({block: self.target[block] for block in blocks})
            return str(len(self.tapes) - 1)

        def backup_status(self, backup: str) -> Any:
            from splitproof.conformance.protocol.adapter import BackupState, BackupStatus

            return BackupStatus(BackupState.COMPLETED)

        def tape_image(self, backup: str) -> dict[int, bytes]:
            return self.tapes[int(backup)]

    make: Callable[[], object] = Polled
    outcome = outcome_of(suite_tests()[TAPE], lambda: LocalTransport(make()), Limits(shrink_seconds_max=0.5))
    assert outcome is not None
    assert "tape-is-image" in str(outcome)
