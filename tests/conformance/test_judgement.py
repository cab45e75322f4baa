"""The judge of histories: against brute force over the property's own tree, against z3, and finding by finding."""

import itertools
import textwrap
from collections.abc import Iterator

import pytest
import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from splitproof.conformance.histories.findings import FindingKind, Judgement
from splitproof.conformance.histories.history import History, Operation, Outcome
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.observation import Holds, Observation, judge
from splitproof.spec.split_backup import READ_LATEST_WRITE, TAPE_IS_IMAGE

quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


# ---- two oracles ---------------------------------------------------------------------------------


def images(history: History, split: Operation) -> Iterator[tuple[str, ...]]:
    """What the volume can have held at the split: every order in time, every fate of a doubtful write."""
    writes = [
        one for one in history.operations if one.kind == "write" and one.outcome is not Outcome.REJECTED
    ]
    doubtful = [one for one in writes if one.outcome is Outcome.INDEFINITE]
    for count in range(len(doubtful) + 1):
        for lost in itertools.combinations(doubtful, count):
            yield from _orders(history, [*(one for one in writes if one not in lost), split], split)


def _orders(history: History, operations: list[Operation], split: Operation) -> Iterator[tuple[str, ...]]:
    def extend(rest: frozenset[Operation], held: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for one in rest:
            if any(other.returned is not None and other.returned < one.call for other in rest):
                continue
            if one is split:
                yield held
                continue
            assert one.block is not None
            assert one.value is not None
            yield from extend(rest - {one}, (*held[: one.block], one.value, *held[one.block + 1 :]))

    yield from extend(frozenset(operations), tuple(history.initial[""]))


def tape_can_be(history: History, image: tuple[str, ...]) -> bool:
    """What the tree of the property says of the tape and an image."""
    (tape,) = (one for one in history.operations if one.kind == "tape")
    assert tape.records is not None
    cells: dict[tuple[str, int | None], object] = {}
    for block, value in tape.records.items():
        cells["tape.written", block] = True
        cells["tape.data", block] = value.encode()
        cells["backup_image", block] = image[block].encode()
    return isinstance(judge(TAPE_IS_IMAGE, Observation(len(image), cells)), Holds)


def accepted(judgement: Judgement) -> bool:
    return all(finding.property is not TAPE_IS_IMAGE for finding in judgement.findings)


@pytest.mark.parametrize("values", ["tagged", "repeated"])
@quiet
@given(data=st.data())
def test_the_judge_agrees_with_every_order_under_the_tree_of_the_property(
    histories: dict[str, st.SearchStrategy[History]], values: str, data: st.DataObject
) -> None:
    history = data.draw(histories[values])
    (split,) = (one for one in history.operations if one.kind == "split")
    expected = any(tape_can_be(history, image) for image in set(images(history, split)))
    judgement = judge_history(history)
    assert accepted(judgement) == expected, judgement
    assert judgement.judged[TAPE_IS_IMAGE.id] == 1


@quiet
@given(data=st.data())
def test_the_judge_agrees_with_z3(
    histories: dict[str, st.SearchStrategy[History]], data: st.DataObject
) -> None:
    history = data.draw(histories["longer"])
    for crash_consistent in (False, True):
        judgement = judge_history(history, crash_consistent=crash_consistent)
        assert accepted(judgement) == explicable(history, crash_consistent), judgement


def explicable(history: History, crash_consistent: bool) -> bool:
    """Whether z3 finds an instant for each write and for the cut. Real time is the only order; ties are free."""
    solver, cut = z3.Solver(), z3.Real("cut")
    (split,) = (one for one in history.operations if one.kind == "split")
    (tape,) = (one for one in history.operations if one.kind == "tape")
    if not crash_consistent:
        solver.add(split.call <= cut, cut <= split.returned)
    assert tape.records is not None
    for block, shown in tape.records.items():
        writes = [
            one
            for one in history.operations
            if one.kind == "write" and one.block == block and one.outcome is not Outcome.REJECTED
        ]
        at = {one.id: z3.Real(f"at{one.id}") for one in writes}
        rank = {one.id: z3.Int(f"rank{one.id}") for one in writes}  # the order within one instant
        cut_rank = z3.Int(f"cut-rank{block}")
        for one in writes:
            solver.add(at[one.id] >= one.call)
            if one.returned is not None:
                solver.add(at[one.id] <= one.returned)

        def before(
            left: z3.ExprRef, left_rank: z3.ExprRef, right: z3.ExprRef, right_rank: z3.ExprRef
        ) -> z3.BoolRef:
            return z3.Or(left < right, z3.And(left == right, left_rank < right_rank))

        solver.add(z3.Distinct(*rank.values(), cut_rank))
        ahead = {one.id: before(at[one.id], rank[one.id], cut, cut_rank) for one in writes}
        # What may not have happened can be put after everything: it has no last instant.
        origins = (
            [z3.And(*[z3.Not(ahead[one.id]) for one in writes])]
            if history.initial[""][block] == shown
            else []
        )
        origins += [
            z3.And(
                ahead[one.id],
                *[
                    z3.Or(
                        z3.Not(ahead[other.id]),
                        before(at[other.id], rank[other.id], at[one.id], rank[one.id]),
                    )
                    for other in writes
                    if other is not one
                ],
            )
            for one in writes
            if one.value == shown
        ]
        solver.add(z3.Or(*origins))
    return bool(solver.check() == z3.sat)


# ---- the findings --------------------------------------------------------------------------------


def write(number: int, block: int, call: int, returned: int | None, client: int = 1) -> Operation:
    outcome = Outcome.INDEFINITE if returned is None else Outcome.OK
    return Operation(number, "write", call, returned, outcome, client, block=block, value=f"w{number}")


def history_of(*operations: Operation, tape: dict[int, str], split: tuple[int, int] = (100, 110)) -> History:
    later = [
        Operation(50, "split", *split),
        Operation(51, "backup", 200, 201, backup="b", extents=((0, 2),)),
        Operation(52, "completed", 300, 301, backup="b"),
        Operation(53, "tape", 310, 311, backup="b", records=tape),
    ]
    return History({"": ["zero", "zero"]}, [*operations, *later])


BEFORE, AFTER = write(1, 0, 10, 20), write(2, 0, 120, 130)


def only(judgement: Judgement) -> tuple[FindingKind, tuple[int, ...]]:
    """The one finding: its kind, and the operations that it names."""
    (finding,) = judgement.findings
    assert judgement.word == "violated"
    return finding.kind, tuple(operation.id for operation in finding.operations)


@pytest.mark.parametrize(
    ("writes", "tape", "kind", "named"),
    [
        ((BEFORE, AFTER), {0: "zero", 1: "zero"}, FindingKind.STALE, (1, 50)),
        ((BEFORE, AFTER), {0: "w2", 1: "zero"}, FindingKind.LEAKED, (50, 2)),
        ((BEFORE, AFTER), {0: "w1", 1: "w1"}, FindingKind.PHANTOM, (1, 53)),
        ((BEFORE, AFTER), {0: "w1", 1: "w9"}, FindingKind.PHANTOM, (53,)),
        # Both within the split: block 0 lost `zero` before w4 was called, and the tape has both.
        ((write(3, 0, 101, 102), write(4, 1, 103, 104)), {0: "zero", 1: "w4"}, FindingKind.TORN, (3, 4)),
        ((BEFORE, AFTER), {0: "w1"}, FindingKind.MISSING, (52, 53)),
    ],
)
def test_a_finding_names_the_operations_that_contradict_each_other(
    writes: tuple[Operation, ...], tape: dict[int, str], kind: FindingKind, named: tuple[int, ...]
) -> None:
    assert only(judge_history(history_of(*writes, tape=tape))) == (kind, named)


def test_a_finding_reads_as_a_sentence() -> None:
    (finding,) = judge_history(history_of(BEFORE, AFTER, tape={0: "w2", 1: "zero"})).findings
    assert (
        str(finding)
        == textwrap.dedent("""
        VIOLATED  tape-is-image  leaked  block 0
          required: every tape record equals the source at the split
          backup b has w2 for block 0, which was written only after split #50 had returned
          #50 split()                                  client 0  called 0.000 ms, returned 0.000 ms
          #2 write(block 0, w2)                        client 1  called 0.000 ms, returned 0.000 ms
    """)
        .strip("\n")
        .rstrip()
    )


@pytest.mark.parametrize(
    ("earlier", "tape", "said"),
    [
        (
            (BEFORE,),
            {0: "zero"},
            "has zero for block 0, its contents at the start, which #1 write(block 0, w1) had",
        ),
        (
            (write(7, 0, 1, 2), BEFORE),
            {0: "w7"},
            "has w7 for block 0, which #1 write(block 0, w1) had overwritten",
        ),
    ],
)
def test_contents_from_before_every_write_are_called_so(
    earlier: tuple[Operation, ...], tape: dict[int, str], said: str
) -> None:
    findings = judge_history(history_of(*earlier, tape={1: "zero", **tape})).findings
    assert [said in one.sentence for one in findings] == [True]


def test_a_right_tape_passes_with_an_instant_of_the_split() -> None:
    judgement = judge_history(history_of(BEFORE, AFTER, tape={0: "w1", 1: "zero"}))
    assert judgement.word == "holds"
    (instant,) = judgement.instants.values()
    assert 100 <= instant <= 110


def test_crash_consistency_asks_for_one_instant_wherever_it_is() -> None:
    stale = history_of(BEFORE, AFTER, tape={0: "zero", 1: "zero"})
    assert judge_history(stale, crash_consistent=True).findings == ()
    later = write(3, 1, 140, 150)
    torn = history_of(BEFORE, AFTER, later, tape={0: "zero", 1: "w3"})
    assert only(judge_history(torn, crash_consistent=True)) == (FindingKind.TORN, (1, 3))


@pytest.mark.parametrize("value", ["zero", "w3"])
def test_a_write_that_never_returned_may_have_happened_or_not(value: str) -> None:
    doubtful = write(3, 1, 30, None)
    assert judge_history(history_of(BEFORE, AFTER, doubtful, tape={0: "w1", 1: value})).word == "holds"


def test_a_write_that_never_returned_did_not_happen_before_it_was_called() -> None:
    doubtful = write(3, 1, 150, None)
    assert only(judge_history(history_of(BEFORE, AFTER, doubtful, tape={0: "w1", 1: "w3"}))) == (
        FindingKind.LEAKED,
        (50, 3),
    )


def test_a_rejected_write_did_not_happen() -> None:
    refused = BEFORE._replace(outcome=Outcome.REJECTED)
    assert (
        only(judge_history(history_of(refused, AFTER, tape={0: "w1", 1: "zero"})))[0] is FindingKind.PHANTOM
    )


def read(value: str, call: int, returned: int, block: int = 0) -> Operation:
    return Operation(70, "read", call, returned, client=3, block=block, value=value)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (read("w1", 30, 40), None),
        (read("w1", 122, 125), None),  # while w2 is being written
        (read("w2", 122, 125), None),
        (read("zero", 30, 40), (FindingKind.STALE, (1, 70))),
        (read("w1", 131, 140), (FindingKind.STALE, (2, 70))),
        (read("w2", 30, 40), (FindingKind.PHANTOM, (70, 2))),
        (read("w1", 30, 40, block=1), (FindingKind.PHANTOM, (1, 70))),
    ],
)
def test_a_read_returns_the_last_acknowledged_write_or_a_concurrent_one(
    observed: Operation, expected: tuple[FindingKind, tuple[int, ...]] | None
) -> None:
    judgement = judge_history(history_of(BEFORE, AFTER, observed, tape={0: "w1", 1: "zero"}))
    assert judgement.judged[READ_LATEST_WRITE.id] == 1
    if expected is None:
        assert judgement.word == "holds"
    else:
        assert only(judgement) == expected


def test_a_backup_that_no_split_precedes_is_a_finding_of_its_own() -> None:
    assert only(judge_history(history_of(BEFORE, AFTER, tape={0: "w1", 1: "zero"}, split=(400, 410)))) == (
        FindingKind.UNSPLIT,
        (51,),
    )


def test_a_backup_after_a_resync_is_of_no_split() -> None:
    joined = Operation(60, "resync", 150, 160)
    assert only(judge_history(history_of(BEFORE, AFTER, joined, tape={0: "w1", 1: "zero"}))) == (
        FindingKind.UNSPLIT,
        (60, 51),
    )


def test_a_split_that_may_not_have_happened_leaves_two_images() -> None:
    second = Operation(61, "split", 150, None, Outcome.INDEFINITE)
    for value in ("w1", "w2"):
        assert judge_history(history_of(BEFORE, AFTER, second, tape={0: value, 1: "zero"})).findings == ()
    assert (
        only(judge_history(history_of(BEFORE, AFTER, second, tape={0: "zero", 1: "zero"})))[0]
        is FindingKind.STALE
    )


def test_a_combined_command_is_its_own_split() -> None:
    history = history_of(BEFORE, AFTER, tape={0: "w2", 1: "zero"})
    combined = Operation(51, "split_and_backup", 140, 150, backup="b", extents=((0, 2),))
    operations = [combined if one.id == 51 else one for one in history.operations]
    assert judge_history(History(history.initial, operations)).findings == ()


# ---- several volumes -----------------------------------------------------------------------------


def group(
    data: str, *, log_split: tuple[int, int], data_split: tuple[int, int], together: bool = True
) -> History:
    """A log record, then the data that depends on it; each volume is split and backed up."""
    operations = [
        Operation(1, "write", 20, 30, volume="log", block=0, value="x logged"),
        Operation(2, "write", 40, 50, volume="data", block=0, value="x"),
        Operation(3, "split", *log_split, volume="log"),
        Operation(4, "split", *data_split, volume="data"),
    ]
    for number, (volume, value) in enumerate([("log", "nothing"), ("data", data)]):
        operations += [
            Operation(10 + number, "backup", 200, 201, volume=volume, backup="b", extents=((0, 1),)),
            Operation(20 + number, "tape", 300, 301, volume=volume, backup="b", records={0: value}),
        ]
    return History({"log": ["nothing"], "data": ["nothing"]}, operations, group=together)


def test_the_tapes_of_a_consistency_group_show_one_instant() -> None:
    assert judge_history(group("nothing", log_split=(5, 25), data_split=(5, 60))).findings == ()
    found = only(judge_history(group("x", log_split=(5, 60), data_split=(5, 60))))
    assert found == (FindingKind.TORN, (1, 2))
    assert judge_history(group("x", log_split=(5, 25), data_split=(45, 60), together=False)).findings == ()


def test_splits_one_after_the_other_are_no_split_of_a_group() -> None:
    found = only(judge_history(group("x", log_split=(5, 25), data_split=(45, 60))))
    assert found == (FindingKind.TORN, (3, 4))


# ---- what a pass is worth ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writes", "tape", "missing"),
    [
        ((AFTER,), {0: "zero", 1: "zero"}, "a write that was acknowledged before the split was called"),
        (
            (BEFORE,),
            {0: "w1", 1: "zero"},
            "a write between the split and the end of its backup, to a block of the tape",
        ),
        (
            (write(3, 1, 10, 20), AFTER),
            {0: "zero"},
            "a tape that holds anything but what the volume held at the start",
        ),
        ((BEFORE, write(2, 0, 120, 130, client=2)), {0: "w1", 1: "zero"}, "a write that overlaps the split"),
    ],
)
def test_a_history_in_which_nothing_could_go_wrong_is_vacuous(
    writes: tuple[Operation, ...], tape: dict[int, str], missing: str
) -> None:
    history = history_of(*writes, tape=tape)
    operations = [
        one._replace(extents=((0, len(tape)),)) if one.kind == "backup" else one for one in history.operations
    ]
    judgement = judge_history(History(history.initial, operations))
    assert judgement.word == "vacuous"
    assert missing in judgement.missing


def test_a_history_without_a_tape_is_vacuous() -> None:
    judgement = judge_history(History({"": ["zero"]}, [BEFORE]))
    assert (judgement.word, judgement.missing) == ("vacuous", ("a tape of an accepted backup of a split",))


def test_a_tape_that_was_never_read_is_unknown() -> None:
    history = history_of(BEFORE, AFTER, tape={0: "w1", 1: "zero"})
    judgement = judge_history(
        History(history.initial, [one for one in history.operations if one.kind != "tape"])
    )
    assert judgement.word == "unknown"
    assert judgement.limits == ("the tape of backup b was never read after its good end",)
