"""The reference controller: a real one, made from nothing of the model, and healthy in ten thousand scenarios."""

from __future__ import annotations

import ast
import random
import threading
import time
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest

from splitproof.conformance.derivation.derived_schedules import policy_of
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.protocol.adapter import BackupState, Indefinite, Rejected, Unsupported
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import AS_WRITTEN, EMBODIMENTS, Policy, ReferenceController
from splitproof.conformance.reference.policy import Backup, Ownership, PreSplitSlot, Split, SplitWhen, Workers
from splitproof.conformance.reference.volumes import Tape, TapeError, Volume
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.design import CHOICES
from splitproof.spec.vocabulary import PairState

ROOT = Path(__file__).resolve().parent.parent.parent
TWO_WORKERS = replace(EMBODIMENTS["first-embodiment"], workers=Workers.TWO, ownership=Ownership.FULL)
HEALTHY: dict[str, Policy] = {**EMBODIMENTS, "two workers": TWO_WORKERS}


# ---- not the model -----------------------------------------------------------------------------------


def imported_by(module: str) -> set[str]:
    """What a module of ours needs, directly or not; what the packages around it say of themselves is left out."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        path = ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")
        if name in found or not path.exists():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("splitproof."):
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def test_the_reference_needs_nothing_of_the_model_or_the_checker() -> None:
    modules = [path.stem for path in (ROOT / "conformance" / "reference").glob("*.py")]
    needed = set().union(*(imported_by(f"splitproof.conformance.reference.{name}") for name in modules))
    assert "splitproof.conformance.protocol.adapter" in needed
    assert not {name for name in needed if name.split(".")[1] in ("model", "checker")}


def test_its_policies_are_the_designs_by_their_words() -> None:
    for item in fields(Policy):
        known = {answer.value for answer in CHOICES[item.name].answers}
        assert {answer.value for answer in type(getattr(TWO_WORKERS, item.name))} <= known
    for name, policy in AS_WRITTEN.items():
        assert policy_of(CATALOGUE[name].design) == policy
    for name, policy in EMBODIMENTS.items():
        entry = CATALOGUE.get(f"{name}-two-slots")
        if entry is not None:
            as_ours = replace(policy_of(entry.design), split_when=SplitWhen.ANY_TIME)
            assert as_ours == policy


# ---- its parts ---------------------------------------------------------------------------------------


def test_a_tape_has_a_header_records_and_two_file_marks() -> None:
    tape = Tape("backup 1")
    assert tape.records() == {}
    tape.append(3, b"three")
    tape.append(0, b"zero")
    tape.append_file_marks()
    assert tape.records() == {3: b"three", 0: b"zero"}
    tape.append(7, b"behind the marks")
    assert tape.records() == {3: b"three", 0: b"zero"}


def test_a_tape_that_ends_within_a_record_is_no_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = Tape("backup 1")
    tape.append(0, b"zero")
    monkeypatch.setattr(tape, "_end", tape._end - 3)
    with pytest.raises(TapeError, match="ends within the record at byte 16"):
        tape.records()


def test_a_volume_keeps_its_blocks_apart() -> None:
    volume = Volume([b"aa", b"bb", b"cc"])
    volume.write(1, b"xy")
    assert volume.read(1) == b"xy"
    assert volume.contents() == [b"aa", b"xy", b"cc"]


# ---- its drivers -------------------------------------------------------------------------------------


def written(number: int) -> bytes:
    return b"%064d" % number


def test_pumped_it_does_nothing_by_itself_and_counts_what_it_does() -> None:
    controller = ReferenceController(pumped=True)
    controller.reset(2)
    controller.create_pair()
    time.sleep(0.05)
    assert controller.pair_state().target is PairState.DUPLEX_PENDING
    assert controller.pump("destage", 5) == 0
    # claim, read, write, release of two blocks, and the look that finds nothing left
    assert controller.pump("copy", 100) == 9
    assert controller.pair_state().target is PairState.DUPLEX
    controller.write(0, written(1))
    assert controller.pump("destage", 100) == 3
    assert controller.pump("host", 1) == 0
    controller.split()
    assert controller.pump("copy", 1) == 0  # it is commanded after the report [R53]
    assert controller.pump("command", 5) == 1
    assert controller.pump("copy", 100) == 5
    controller.close()


def test_in_threads_it_cannot_be_pumped() -> None:
    controller = ReferenceController()
    with pytest.raises(Unsupported):
        controller.pump("any", 1)
    controller.close()


def scenario(controller: ReferenceController, choices: random.Random) -> list[object]:
    """What a client sees of one run, with pumps and losses of power in between; the tapes are checked on the way."""
    seen: list[object] = []
    blocks = choices.randint(1, 4)
    controller.reset(blocks)
    contents = [controller.read(block) for block in range(blocks)]
    images: dict[str, list[bytes]] = {}

    def some_work() -> None:
        if choices.random() < 0.1:
            controller.crash()
            controller.recover()
        for _ in range(choices.randint(0, 4)):
            kind = choices.choice(["copy", "destage", "backup", "host", "command", "any"])
            seen.append((kind, controller.pump(kind, choices.randint(1, 6))))

    def some_writes() -> None:
        for _ in range(choices.randint(0, 3)):
            block = choices.randrange(blocks)
            contents[block] = written(choices.randrange(10**9))
            controller.write(block, contents[block])
            some_work()
            block = choices.randrange(blocks)
            assert controller.read(block) == contents[block]

    def everything() -> None:
        while controller.pump("any", 64):
            pass

    some_writes()
    controller.create_pair()
    for _ in range(choices.randint(1, 2)):
        some_work()
        some_writes()
        if controller.policy.split_when is SplitWhen.DUPLEX or choices.random() < 0.7:
            everything()
        extents = ((choices.randrange(blocks), 1),) if choices.random() < 0.3 else ((0, blocks),)
        if controller.policy.split is Split.COMBINED:
            images[controller.split_and_backup(extents)] = list(contents)
        else:
            controller.split()
            image = list(contents)
            some_work()
            some_writes()
            if controller.policy.backup is Backup.HOST_POLLS:
                everything()
            images[controller.backup(extents)] = image
        some_work()
        some_writes()
        try:
            controller.resync()
        except Rejected:
            everything()
            controller.resync()
    everything()
    for backup, image in images.items():
        assert controller.backup_status(backup).state is BackupState.COMPLETED
        tape = controller.tape_image(backup)
        assert tape
        assert all(image[block] == data for block, data in tape.items()), (backup, tape, image)
    return [*seen, [controller.read(block) for block in range(blocks)], controller.target_image()]


def test_under_the_scheduler_the_same_calls_have_the_same_results() -> None:
    first, second = (ReferenceController(TWO_WORKERS, pumped=True) for _ in range(2))
    for number in range(20):
        assert scenario(first, random.Random(number)) == scenario(second, random.Random(number))


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_controller_never_fails(name: str) -> None:
    controller = ReferenceController(HEALTHY[name], pumped=True)
    for number in range(50):
        scenario(controller, random.Random(f"{name} {number}"))


@pytest.mark.slow
def test_a_healthy_controller_never_fails_in_ten_thousand_scenarios() -> None:
    counted: Counter[str] = Counter()
    for name, policy in HEALTHY.items():
        controller = ReferenceController(policy, pumped=True)
        for number in range(10_000 // len(HEALTHY) + 1):
            scenario(controller, random.Random(f"long {name} {number}"))
            counted[name] += 1
    assert sum(counted.values()) >= 10_000


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_controller_never_fails_among_several_clients(name: str) -> None:
    lab = Lab(lambda: LocalTransport(ReferenceController(HEALTHY[name])))
    for history in race(lab):
        assert not judge_history(history).findings
    lab.close()


# ---- what is under way when it is reset or closed -----------------------------------------------------


@pytest.mark.parametrize("pumped", [False, True], ids=["threads", "pumped"])
def test_a_write_that_waits_is_answered_when_the_controller_is_reset(pumped: bool) -> None:
    policy = replace(EMBODIMENTS["first-embodiment"], pre_split_slot=PreSplitSlot.PROTECTED)
    policy = replace(policy, copy_reads=type(policy.copy_reads).AFTER_DESTAGE)
    held = replace(policy, post_split_write=type(policy.post_split_write).HELD_AT_STORE)
    controller = ReferenceController(held, pumped=pumped)
    controller.reset(1)
    controller.create_pair()
    while controller.pair_state().target is not PairState.DUPLEX:
        if pumped:
            controller.pump("any", 1)
    controller.hold_copy()
    controller.write(0, written(1))
    controller.split()
    answers: list[BaseException] = []

    def write() -> None:
        try:
            controller.write(0, written(2))
        except Indefinite as answer:
            answers.append(answer)

    client = threading.Thread(target=write)
    client.start()
    client.join(0.1)
    assert client.is_alive()
    controller.reset(1)
    client.join(5)
    assert not client.is_alive()
    assert len(answers) == 1
    controller.close()


def test_closed_it_leaves_no_thread() -> None:
    before = threading.active_count()
    controller = ReferenceController(TWO_WORKERS)
    assert threading.active_count() == before + 5
    controller.close()
    assert threading.active_count() == before
