"""The catalogue under fairness: what is done in the end, what is starved, and which promises that takes."""

import pytest

from splitproof.checker.check import Options, check
from splitproof.checker.counterexamples.traces import passed_over
from splitproof.checker.fairness.liveness import find_lasso
from splitproof.checker.fairness.run_graph import RunGraph
from splitproof.checker.search.control import is_about_control
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Holds, Violated
from splitproof.model.fairness import Promise, promises_of
from splitproof.model.interpreter import Step
from splitproof.model.loading import load_machine
from splitproof.spec.properties import Kind
from splitproof.spec.vocabulary import VOLUME_WORKER
from tests.fair_runs import judged, lasso_of, shape, violated, weakened


@pytest.mark.parametrize(
    ("design", "needed", "without"),
    [
        ("second-embodiment-closed", ("complete_split",), {"split-completes": (33, 6)}),
        (
            "second-embodiment-two-slots",
            ("complete_split", "take_slot"),
            {"split-completes": (33, 6), "write-reaches-source": (3, 6)},
        ),
        (
            "first-embodiment-closed+host_io=serial",
            ("complete_split", "split"),
            {"split-completes": (34, 6), "split-is-reported": (11, 11)},
        ),
    ],
)
def test_which_steps_must_be_strongly_fair(
    design: str, needed: tuple[str, ...], without: dict[str, tuple[int, int]]
) -> None:
    assert violated(load_machine(design)) == {}
    assert violated(weakened(design, *needed)) == {}
    assert violated(weakened(design)) == without
    for name in needed:
        assert violated(weakened(design, *(other for other in needed if other != name))) != {}


@pytest.mark.parametrize("backup", ["first", "second", "third"])
def test_one_table_for_both_sides_of_the_split_can_always_finish_and_may_never_do_so(backup: str) -> None:
    """G10: reachability cannot see it; strong fairness of everything that 508 does when it is free does not help."""
    machine = load_machine(f"{backup}-embodiment-closed+post_split_table=same")
    asked = [machine.properties[name] for name in ("split-can-complete", "split-completes")]
    can, does = (item.verdict for item in check(machine, 1, asked, Options(symbolic=False)).properties)
    assert can == Holds()
    assert isinstance(does, Violated)
    assert shape(does.trace)[1] == (
        "acknowledge",
        "accept_write",
        "claim_requested" if backup == "first" else "claim",
        "store",
        "read_source",
        "write_target",
        "release",
    )
    assert passed_over(does.trace) == []


class AnyStep(Promise):
    """That a processor takes a step, whichever, if it can take one: the fairness of a process."""

    def covers(self, step: Step) -> bool:
        return step.action.by == self.action.by and step.action.fairness is not None


def test_fairness_of_the_disk_worker_as_one_process_is_too_weak() -> None:
    machine = load_machine("second-embodiment-closed")
    by_action = promises_of(machine, 1)
    worker = [promise for promise in by_action if promise.action.by == VOLUME_WORKER]
    as_process = [promise for promise in by_action if promise not in worker] + [AnyStep(worker[0].action, ())]
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    oracle = Oracle(machine, 1, asked, data_values=1)
    exploration = oracle.explore()
    found = {}
    for promises in (by_action, as_process):
        graph = RunGraph(oracle, exploration, promises)
        lassos_of = {item.id: find_lasso(graph, item) for item in asked}
        found[len(promises)] = {name: lasso for name, lasso in lassos_of.items() if lasso is not None}
    assert found[len(by_action)] == {}
    starved = found[len(as_process)]["split-completes"]
    steps = [oracle.steps[index] for index, _ in starved.cycle]
    assert {step.action.name for step in steps if step.action.by == VOLUME_WORKER} == {
        "take_slot",
        "write_source",
        "finish_destage",
    }


def test_prior_art_that_waits_for_a_quiet_moment_may_wait_for_ever() -> None:
    """R04: even if 501 passes over no moment at which it could split, there may be none."""
    assert violated(load_machine("prior-art-wait")) == {"split-is-reported": (12, 6)}
    assert violated(weakened("prior-art-wait", "complete_split")) == {"split-is-reported": (10, 10)}


@pytest.mark.parametrize(
    "design",
    [
        "first-embodiment-closed",
        "third-embodiment-two-slots",
        "fourth-embodiment-stage-closed",
        "second-embodiment-host-polls-two-slots",
        "third-embodiment-closed+workers=2",
    ],
)
def test_closed_designs_get_everything_done(design: str) -> None:
    machine = load_machine(design)
    found = judged(machine)
    assert found.traces == {}
    assert found.triggered == {item.id for item in machine.properties.values() if item.kind is Kind.LEADS_TO}


@pytest.mark.slow
def test_a_second_command_to_split_keeps_the_client_paused_for_ever() -> None:
    """G39: as written, nobody refuses a split of a pair that is split; 502 waits, and so do 102 and 101."""
    machine = load_machine("fourth-embodiment-stage")
    trace = lasso_of(machine, "client-resumes")
    assert shape(trace)[1] == ()
    assert trace.actions[-2:] == ("accept_backup", "command_copy")


@pytest.mark.slow
@pytest.mark.parametrize("design", ["prior-art-wait", "second-embodiment-closed+post_split_table=same"])
def test_runs_with_data_and_runs_of_the_control_agree(design: str) -> None:
    machine = load_machine(design)
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    lengths = []
    for data_values in (1, 2):
        oracle = Oracle(machine, 1, asked, data_values=data_values)
        graph = RunGraph(oracle, oracle.explore())
        found = {item.id: find_lasso(graph, item) for item in asked}
        lengths.append({name: lasso.length for name, lasso in found.items() if lasso is not None})
    assert lengths[0] == lengths[1] != {}
    assert is_about_control(machine, asked)


class WholeAction(Promise):
    """That an action is taken, for whichever block."""

    def covers(self, step: Step) -> bool:
        return step.action is self.action


@pytest.mark.slow
def test_fairness_among_blocks_is_needed_from_two_blocks_on() -> None:
    machine = load_machine("second-embodiment-closed")
    asked = [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]
    oracle = Oracle(machine, 2, asked, data_values=1)
    exploration = oracle.explore()
    assert exploration.states == 70_051
    as_declared = RunGraph(oracle, exploration)
    assert [item.id for item in asked if find_lasso(as_declared, item) is not None] == []
    whole = [WholeAction(action, ()) for action in machine.actions if action.fairness is not None]
    for_any_block = RunGraph(oracle, exploration, whole)
    assert [item.id for item in asked if find_lasso(for_any_block, item) is not None] == [
        "split-completes",
        "backup-ends",
        "write-reaches-source",
    ]
