"""Arguments for what can be reached, and about a block that is awaited: proved, or refused with the step named."""

from pathlib import Path

import pytest

from splitproof.checker.proof.certify import certify
from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.results import Proved, proof_lines
from splitproof.checker.verdicts import Violated
from splitproof.model import Block, Bool, Cell, Fairness, Falls, Helps, Machine, Processor, State, none, when
from splitproof.spec.properties import Property, leads_to, possible
from splitproof.spec.vocabulary import StepKind

HOST, WORKER = Processor("host"), Processor("worker")
ROW = Cell("row", per_block=True)

CAN_BE_CLEAN = possible(
    "can-be-clean",
    "without the host, every block can be clean",
    trigger=lambda s: ~none(lambda b: s.dirty[b]),
    reaches=lambda s: none(lambda b: s.dirty[b]),
    without=(StepKind.HOST_IO,),
)
IS_CLEANED = leads_to(
    "is-cleaned",
    "what is dirty is clean in the end",
    trigger=lambda s, b: s.dirty[b],
    reaches=lambda s, b: ~s.dirty[b],
)
DIRTY = Falls("blocks that are dirty", lambda s, b: s.dirty[b])


def rows(asked: Property, kind: StepKind = StepKind.DESTAGE, stuck: bool = False) -> Machine:
    """The host makes rows dirty, without end; the worker cleans one, or, if it is stuck, no block that is locked."""
    machine = Machine("rows")
    machine.shared("dirty", Bool, "to be cleaned", cell=ROW, per_block=True)
    machine.shared("locked", Bool, "not to be touched", cell=ROW, per_block=True)

    @machine.action(by=HOST, kind=StepKind.HOST_IO)
    def soil(s: State, b: Block) -> None:
        """The host writes."""
        when(~s.dirty[b])
        s.dirty[b] = True

    if stuck:

        @machine.action(by=HOST, kind=StepKind.HOST_IO)
        def lock(s: State, b: Block) -> None:
            """The host locks a row."""
            when(~s.locked[b])
            s.locked[b] = True

    @machine.action(by=WORKER, kind=kind, fair=Fairness.WEAK)
    def clean(s: State, b: Block) -> None:
        """The worker cleans a row."""
        when(s.dirty[b])
        when(~s.locked[b])
        s.dirty[b] = False

    machine.check(asked)
    return machine


def argued(machine: Machine) -> Machine:
    """Each with the argument that holds while nothing is locked."""
    if CAN_BE_CLEAN.id in machine.properties:
        machine.argue(CAN_BE_CLEAN.id, rank=[DIRTY], helpful=[Helps("clean", lambda s, b: s.dirty[b])])
    else:
        machine.argue(
            IS_CLEANED.id,
            rank=[Falls("it is dirty", lambda s, a: s.dirty[a])],
            helpful=[Helps("clean", lambda s, a, b: (a == b) & s.dirty[b])],
            per_block=True,
        )
    return machine


def test_what_the_host_undoes_can_be_reached_without_the_host(tmp_path: Path) -> None:
    """As `leads to` the same rank would be refused: the host makes rows dirty again."""
    result = prove(argued(rows(CAN_BE_CLEAN)), directory=tmp_path)
    (found,) = result.properties
    assert found.verdict == Proved()
    assert found.json()["fairness"] is None
    assert next(proof_lines(result)) == (
        "PROVED    can-be-clean                 (every finite number of blocks, any data)"
    )
    assert certify(tmp_path).faults == ()
    (tmp_path / "ranking-02-worker-clean.smt2").unlink()
    assert certify(tmp_path).faults == ("ranking-02-worker-clean.smt2: is missing",)


def test_one_block_is_awaited_while_others_get_dirty_again(tmp_path: Path) -> None:
    result = prove(argued(rows(IS_CLEANED)), directory=tmp_path)
    (found,) = result.properties
    assert found.verdict == Proved()
    assert found.json()["fairness"] == {"weak": ["worker clean"], "strong": []}
    assert certify(tmp_path).faults == ()


@pytest.mark.parametrize("asked", [CAN_BE_CLEAN, IS_CLEANED])
def test_where_a_row_may_be_locked_nothing_is_proved(asked: Property) -> None:
    (found,) = prove(argued(rows(asked, stuck=True))).properties
    assert isinstance(found.verdict, Violated)
    assert found.verdict.trace.blocks == 1


def test_a_step_that_is_to_be_done_without_does_not_help() -> None:
    machine = argued(rows(CAN_BE_CLEAN, kind=StepKind.HOST_IO))
    assert premises_of(machine, CAN_BE_CLEAN).missing == (
        "`worker clean` is a step that the property is to be reached without"
    )


def test_an_argument_about_a_block_is_none_for_all_of_them() -> None:
    machine = rows(IS_CLEANED)
    machine.argue(IS_CLEANED.id, rank=[DIRTY], helpful=[Helps("clean", lambda s, b: s.dirty[b])])
    assert premises_of(machine, IS_CLEANED).missing == (
        "the property is per block, and its argument speaks of no block that is awaited"
    )
