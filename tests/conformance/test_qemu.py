"""QEMU under the suite: right as it is, caught when it is configured wrong, and never left running."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.conformance.adapters.catching import catch_wrong, judged, wrong_table
from splitproof.conformance.adapters.misconfigurations import MISCONFIGURATIONS, Misconfiguration
from splitproof.conformance.adapters.qemu import QemuController, absent, make
from splitproof.conformance.adapters.qemu_group import QemuGroupController
from splitproof.conformance.adapters.storage_daemon import CommandRefused
from splitproof.conformance.adapters.volume_files import BLOCK_SIZE_BYTES
from splitproof.conformance.histories.history import Extents
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.mutants.mutant import RACE
from splitproof.conformance.protocol.adapter import AdapterFault, BackupState, FaultKind
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.runner.opening import adapter
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import NotOffered, PropertyViolated, Verdict, verdict_of
from splitproof.spec.vocabulary import PairState
from tests.processes import assert_ends_with_its_starter, until
from tests.whole_suite import EXPLORED, OF_EMBODIMENTS

needs_qemu = pytest.mark.skipif(absent() is not None, reason=absent() or "")
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"

NOT_STEPPED = (Level.CORE, Level.SEQUENTIAL, Level.CONCURRENT)
TESTED = [name for name, test in suite_tests().items() if about(test).level in NOT_STEPPED]
NOT_OFFERED = OF_EMBODIMENTS | {
    "test_r90_the_combined_command_backs_up_its_own_split",
    "test_r94_the_combined_command_returns_while_nothing_is_copied",
    "test_r38_the_target_view_is_pending_while_differences_are_left",
    "test_r13_what_the_target_lacks_of_the_image_is_marked",
    "test_r49_a_pair_that_is_split_during_its_creation_copy_has_the_whole_image",
}


NOT_OFFERED_BY_MIRROR = NOT_OFFERED | {
    "test_r08_the_tapes_of_a_group_show_one_instant",
    "test_r29_a_write_is_acknowledged_while_nothing_is_copied",
    "test_r07_a_split_returns_while_nothing_is_copied",
}


def check(name: str, controller: str = "qemu", not_offered: set[str] = NOT_OFFERED) -> None:
    found = outcome_of(suite_tests()[name], adapter(controller), Limits())
    if name in not_offered:
        assert isinstance(found, NotOffered), found
    else:
        assert found is None, found


@needs_qemu
@pytest.mark.parametrize("name", [name for name in TESTED if name not in EXPLORED])
def test_qemu_passes(name: str) -> None:
    check(name)


@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TESTED if name in EXPLORED])
def test_qemu_passes_whatever_a_client_does(name: str) -> None:
    check(name)


@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("name", TESTED)
def test_the_mirror_job_of_qemu_passes(name: str) -> None:
    check(name, "qemu-mirror", NOT_OFFERED_BY_MIRROR)


@needs_qemu
@pytest.mark.slow
def test_what_races_with_the_split_of_qemu_is_judged_and_holds() -> None:
    lab = Lab(adapter("qemu"))
    try:
        for _ in range(5):
            for history in race(lab):
                judgement = judge_history(history)
                assert judgement.word == "holds", [str(finding) for finding in judgement.findings]
                assert judgement.judged["tape-is-image"] >= 6
    finally:
        lab.close()


# ---- configured wrong ----------------------------------------------------------------------------


@needs_qemu
def test_two_cycles_of_qemu_configured_right_have_no_finding() -> None:
    assert judged(make) == ()


def raced(wrong: Misconfiguration) -> bool:
    return about(suite_tests()[wrong.test]).level is Level.CONCURRENT


@needs_qemu
@pytest.mark.parametrize(
    "wrong",
    [one for one in MISCONFIGURATIONS if one.kind is not None and not raced(one)],
    ids=lambda one: one.name,
)
def test_each_finding_is_of_the_kind_that_is_declared_and_names_its_operations(
    wrong: Misconfiguration,
) -> None:
    findings = judged(wrong.make)
    assert {finding.kind for finding in findings} == {wrong.kind}
    expected: dict[str, set[tuple[str, ...]]] = {
        "leaked": {("split", "write")},
        "stale": {("write", "split")},
        "phantom": {("tape",), ("write", "tape")},
    }
    named = {tuple(operation.kind for operation in finding.operations) for finding in findings}
    assert wrong.kind is not None
    assert named <= expected[wrong.kind.value]


@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("wrong", MISCONFIGURATIONS, ids=lambda one: one.name)
def test_a_misconfiguration_is_caught_by_the_property_that_it_names(wrong: Misconfiguration) -> None:
    found = catch_wrong(wrong)
    assert found.as_declared, found
    if raced(wrong):
        assert len(re.findall(r"client \d+  called", found.told)) == 2, found.told


@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("name", ["qemu-created-empty", "qemu-resync-clears-bitmap"])
def test_what_only_quiet_blocks_show_is_caught_among_several_clients_too(name: str) -> None:
    """One block is never written, and one only while the pair is split."""
    (wrong,) = (one for one in MISCONFIGURATIONS if one.name == name)
    found = outcome_of(suite_tests()[RACE], lambda: LocalTransport(wrong.make()), Limits())
    assert isinstance(found, PropertyViolated), found
    assert wrong.kind is not None
    assert found.kind == wrong.kind.value


@needs_qemu
@pytest.mark.slow
def test_the_published_table_of_misconfigurations_is_current() -> None:
    page = (DOCS / "real-controllers.md").read_text(encoding="utf-8")
    made = "".join(f"{line}\n" for line in wrong_table())
    assert made in page, "put what python -m splitproof.conformance.adapters.catching prints into the page"


# ---- the adapter ---------------------------------------------------------------------------------


@pytest.fixture
def controller() -> Iterator[QemuController]:
    made = make()
    yield made
    made.close()


def mirror(controller: QemuController, blocks: int) -> None:
    controller.reset(blocks)
    controller.create_pair()
    until(lambda: controller.pair_state().target is PairState.DUPLEX)


def data(mark: bytes) -> bytes:
    return mark * BLOCK_SIZE_BYTES


@needs_qemu
def test_a_held_copy_leaves_the_target_and_the_image_as_they_were(controller: QemuController) -> None:
    mirror(controller, 8)
    before = controller.target_image()
    controller.hold_copy()
    for block in (2, 5):
        controller.write(block, data(b"w"))
    controller.split()
    assert controller.target_image() == before
    controller.write(5, data(b"x"))  # copy before write
    after = list(before)
    after[5] = data(b"w")
    assert controller.target_image() == after
    backup = controller.backup(((1, 2), (5, 1)))
    until(lambda: controller.backup_status(backup).state is BackupState.COMPLETED)
    assert controller.backup_status(backup).segments_done == 2
    assert controller.tape_image(backup) == {1: before[1], 2: data(b"w"), 5: data(b"w")}
    assert controller.pair_state().target is PairState.SPLIT_PENDING
    controller.release_copy()
    until(lambda: controller.pair_state().target is PairState.SPLIT)
    after[2] = data(b"w")
    assert controller.target_image() == after
    assert controller.read(5) == data(b"x")


@needs_qemu
def test_a_resync_copies_what_changed_and_no_more(controller: QemuController) -> None:
    mirror(controller, 64)
    controller.split()
    until(lambda: controller.pair_state().target is PairState.SPLIT)
    controller.write(7, data(b"n"))
    controller.resync()
    until(lambda: controller.daemon.jobs()[str(controller.copy_job)].status == "concluded")
    assert controller.daemon.jobs()[str(controller.copy_job)].done == BLOCK_SIZE_BYTES
    until(lambda: controller.pair_state().target is PairState.DUPLEX)
    assert controller.target_image()[7] == data(b"n")


@pytest.fixture
def group() -> Iterator[QemuGroupController]:
    made = QemuGroupController()
    yield made
    made.close()


@needs_qemu
def test_pairs_of_a_group_are_split_together_and_backed_up_across_their_edges(
    group: QemuGroupController,
) -> None:
    group.reset_group(3, 4)
    group.create_pair()
    until(lambda: group.pair_state().target is PairState.DUPLEX)
    before = [group.read(block) for block in range(12)]
    assert before == list(group.target_image())
    group.hold_copy()
    group.write(4, data(b"w"))
    group.split()
    for block in (3, 4, 8):
        group.write(block, data(b"x"))
    assert group.pair_state().target is PairState.SPLIT_PENDING
    backup = group.backup(((3, 6), (0, 1)))
    until(lambda: group.backup_status(backup).state is BackupState.COMPLETED)
    assert group.backup_status(backup).segments_done == 2
    assert group.tape_image(backup) == {
        0: before[0],
        3: before[3],
        4: data(b"w"),
        **{block: before[block] for block in range(5, 9)},
    }
    group.release_copy()
    until(lambda: group.pair_state().target is PairState.SPLIT)
    assert list(group.target_image()) == [*before[:4], data(b"w"), *before[5:]]


@needs_qemu
def test_a_group_that_cannot_be_split_as_a_whole_is_not_split_at_all(
    group: QemuGroupController, monkeypatch: pytest.MonkeyPatch
) -> None:
    group.reset_group(2, 4)
    group.create_pair()
    until(lambda: group.pair_state().target is PairState.DUPLEX)
    action = group.pairs[1].split_action()
    action["data"] = {**action["data"], "device": "nobody"}  # type: ignore[dict-item]
    monkeypatch.setattr(group.pairs[1], "split_action", lambda: action)
    jobs = group.daemon.jobs()
    with pytest.raises(CommandRefused):
        group.split_pairs()
    assert group.daemon.jobs() == jobs == {}


@needs_qemu
def test_a_group_of_fewer_pairs_leaves_nothing_of_the_others(group: QemuGroupController) -> None:
    group.reset_group(3, 4)
    group.reset(8)
    assert len(group.daemon.execute("query-named-block-nodes")) == 2
    assert len(list(group.daemon.folder.glob("p*"))) == 2


@needs_qemu
def test_one_daemon_serves_every_volume_and_keeps_nothing_of_the_last(controller: QemuController) -> None:
    pid = controller.daemon.pid
    for _ in range(3):
        mirror(controller, 8)
        controller.hold_copy()
        controller.write(0, data(b"w"))
        controller.split()
        controller.backup(((0, 8),))
    controller.reset(8)
    assert controller.daemon.pid == pid
    assert controller.daemon.jobs() == {}
    assert len(controller.daemon.execute("query-named-block-nodes")) == 2
    assert len(list(controller.daemon.folder.glob("v*"))) == 2


class KilledAtBackup(QemuController):
    """Its daemon is killed while a tape is being written."""

    tape_bytes_per_second = BLOCK_SIZE_BYTES

    def backup(self, extents: Extents) -> str:
        accepted = super().backup(extents)
        os.kill(self.daemon.pid, signal.SIGKILL)
        return accepted


@needs_qemu
def test_a_daemon_that_is_killed_during_a_backup_is_an_error_that_says_so() -> None:
    found = outcome_of(
        suite_tests()["test_r68_an_accepted_backup_ends"], lambda: LocalTransport(KilledAtBackup()), Limits()
    )
    assert verdict_of(found) is Verdict.ERROR
    assert isinstance(found, AdapterFault)
    assert found.kind is FaultKind.DIED
    assert re.fullmatch(
        r"qemu-storage-daemon was killed by signal 9 during (a write|query-jobs|nothing that was asked of it)",
        str(found),
    )


@needs_qemu
def test_after_a_daemon_was_killed_the_next_test_gets_another() -> None:
    made: list[QemuController] = []

    def opens() -> LocalTransport:
        made.append(make())
        return LocalTransport(made[-1])

    lab = Lab(opens)
    try:
        lab.mirrored(8)
        os.kill(made[0].daemon.pid, signal.SIGKILL)
        assert made[0].daemon.ends()
        with pytest.raises(AdapterFault, match="was killed by signal 9"):
            lab.session.pair_state()
        lab.mirrored(8)
    finally:
        lab.close()
    assert [one.daemon.alive for one in made] == [False, False]
    assert not any(one.daemon.folder.exists() for one in made)


@needs_qemu
def test_the_daemon_does_not_outlive_a_process_that_is_killed() -> None:
    code = (
        "import time; from splitproof.conformance.adapters.qemu import make; "
        "print(make().daemon.pid, flush=True); time.sleep(60)"
    )
    assert_ends_with_its_starter(code)


@pytest.mark.parametrize("lacking", ["qemu-storage-daemon", "setpriv"])
def test_without_a_tool_the_command_says_what_to_install(
    lacking: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"qemu-storage-daemon", "setpriv"} - {lacking}
    monkeypatch.setattr(shutil, "which", lambda name: name if name in found else None)
    assert run(["conform", "qemu"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert (
        f"qemu cannot be tested here: there is no {lacking} on the path; Debian has it in the package" in told
    )
