"""Groups of pairs: whose block a number is, and what one history of them all says volume by volume."""

from __future__ import annotations

from splitproof.conformance.histories.findings import FindingKind
from splitproof.conformance.histories.groups import history_of_group, parts_of
from splitproof.conformance.histories.history import History, Operation
from splitproof.conformance.histories.judgement import judge_history


def test_an_extent_that_crosses_pairs_has_a_part_of_each() -> None:
    assert list(parts_of(((0, 4),), 4)) == [(0, 0, 4)]
    assert list(parts_of(((3, 6), (1, 1)), 4)) == [(0, 3, 1), (1, 0, 4), (2, 0, 1), (0, 1, 1)]


def group(tape: dict[int, str], extents: tuple[tuple[int, int], ...] = ((0, 4),)) -> History:
    """Two pairs of two blocks; block 1 of the first is written, then block 0 of the second, both during the split."""
    operations = [
        Operation(3, "split", 10, 100),
        Operation(4, "write", 20, 30, block=1, value="first"),
        Operation(5, "write", 40, 50, block=2, value="second"),
        Operation(6, "backup", 110, 120, backup="b", extents=extents),
        Operation(7, "completed", 130, 140, backup="b"),
        Operation(8, "tape", 150, 160, backup="b", records=tape),
    ]
    return history_of_group(History({"": ["i0", "i1", "i2", "i3"]}, operations), 2)


WHOLE = {0: "i0", 1: "i1", 2: "i2", 3: "i3"}


def test_each_operation_is_of_its_volume_and_those_on_all_are_of_each() -> None:
    made = group(WHOLE)
    assert made.group
    assert made.initial == {"pair 0": ["i0", "i1"], "pair 1": ["i2", "i3"]}
    assert [(one.id, one.kind, one.volume, one.block) for one in made.operations] == [
        (1, "split", "pair 0", None),
        (2, "split", "pair 1", None),
        (3, "write", "pair 0", 1),
        (4, "write", "pair 1", 0),
        (5, "backup", "pair 0", None),
        (6, "backup", "pair 1", None),
        (7, "completed", "pair 0", None),
        (8, "completed", "pair 1", None),
        (9, "tape", "pair 0", None),
        (10, "tape", "pair 1", None),
    ]
    assert [one.extents for one in made.operations[4:6]] == [((0, 2),), ((0, 2),)]
    assert [one.records for one in made.operations[8:]] == [{0: "i0", 1: "i1"}, {0: "i2", 1: "i3"}]


def test_a_backup_of_one_pair_is_of_no_other() -> None:
    made = group({1: "first"}, extents=((1, 1),))
    assert [(one.volume, one.extents) for one in made.operations if one.kind == "backup"] == [
        ("pair 0", ((1, 1),))
    ]


def test_tapes_that_show_the_later_write_and_not_the_earlier_one_are_torn_across_volumes() -> None:
    for right in (WHOLE, WHOLE | {1: "first"}, WHOLE | {1: "first", 2: "second"}):
        assert judge_history(group(right)).findings == ()
    (found,) = judge_history(group(WHOLE | {2: "second"})).findings
    assert found.kind is FindingKind.TORN
    assert found.places == (("pair 0", 1), ("pair 1", 0))
    assert [operation.value for operation in found.operations] == ["first", "second"]
