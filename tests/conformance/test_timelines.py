"""What is shown of a history: the operations that contradict each other, what they did, and what the tape holds."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from splitproof.__main__ import run
from splitproof.conformance.histories.history import History, Operation, Outcome, save_history
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.timelines.chart import svg_lines
from splitproof.conformance.timelines.page import history_page
from splitproof.conformance.timelines.telling import mermaid_lines, text_lines
from splitproof.conformance.timelines.timeline import OPERATIONS_MAX, Timeline, timeline

SVG = "{http://www.w3.org/2000/svg}"


def write(number: int, block: int, call: int, returned: int | None, client: int = 1) -> Operation:
    outcome = Outcome.INDEFINITE if returned is None else Outcome.OK
    return Operation(number, "write", call, returned, outcome, client, block=block, value=f"w{number}")


BEFORE, AFTER = write(1, 0, 10, 20), write(2, 0, 120, 130)


def told(*operations: Operation, tape: dict[int, str], split: tuple[int, int] = (100, 110)) -> Timeline:
    later = [
        Operation(50, "split", *split),
        Operation(51, "backup", 200, 201, backup="b", extents=((0, 2),)),
        Operation(52, "completed", 300, 301, backup="b"),
        Operation(53, "tape", 310, 311, backup="b", records=tape),
    ]
    history = History({"": ["zero", "zero"]}, [*operations, *later])
    return timeline(history, judge_history(history), "run.ndjson")


def read(value: str, call: int, returned: int) -> Operation:
    return Operation(70, "read", call, returned, client=3, block=0, value=value)


@pytest.mark.parametrize(
    ("found", "roles"),
    [
        (
            told(BEFORE, AFTER, tape={0: "zero", 1: "zero"}),
            {1: "had overwritten it", 50: "was called only then", 53: "has it"},
        ),
        (
            told(BEFORE, AFTER, tape={0: "w2", 1: "zero"}),
            {50: "had returned", 2: "wrote it only then", 53: "has it"},
        ),
        (
            told(BEFORE, AFTER, tape={0: "w1", 1: "w1"}),
            {1: "wrote it elsewhere", 53: "has it", 50: "the split"},
        ),
        (told(BEFORE, AFTER, tape={0: "w1", 1: "w9"}), {53: "has it", 50: "the split"}),
        (
            told(write(3, 0, 101, 102), write(4, 1, 103, 104), tape={0: "zero", 1: "w4"}),
            {3: "took the one away", 4: "wrote the other only then", 50: "the split", 53: "has it"},
        ),
        (told(BEFORE, AFTER, tape={0: "w1"}), {52: "reported a good end", 53: "lacks it"}),
        (
            told(BEFORE, AFTER, tape={0: "w1", 1: "zero"}, split=(400, 410)),
            {51: "was accepted all the same"},
        ),
        (
            told(BEFORE, AFTER, Operation(60, "resync", 150, 160), tape={0: "w1", 1: "zero"}),
            {60: "joined the pair", 51: "was accepted all the same"},
        ),
        (
            told(BEFORE, AFTER, read("zero", 30, 40), tape={0: "w1", 1: "zero"}),
            {1: "had overwritten it", 70: "was called only then"},
        ),
        (
            told(BEFORE, AFTER, read("w2", 30, 40), tape={0: "w1", 1: "zero"}),
            {70: "had returned", 2: "wrote it only then"},
        ),
    ],
    ids=[
        *("stale", "leaked", "elsewhere", "never", "torn", "missing"),
        *("unsplit", "joined", "stale read", "read of the future"),
    ],
)
def test_each_kind_of_finding_says_what_each_operation_did(found: Timeline, roles: dict[int, str]) -> None:
    (scene,) = found.scenes
    assert scene.roles == roles
    assert scene.finding is not None
    assert {one.id for one in scene.finding.operations} <= {one.id for one in scene.operations}
    page = history_page(found)
    assert scene.finding.sentence in page
    for role in roles.values():
        assert role in page
        assert any(role in line for line in text_lines(found))


def test_a_stale_tape_is_shown_with_what_the_block_may_have_held() -> None:
    meanwhile = write(3, 0, 105, 115)
    (scene,) = told(BEFORE, meanwhile, AFTER, tape={0: "zero", 1: "zero"}).scenes
    assert list(map(list, scene.windows)) == [[100, 110]]
    assert [(span.place, span.value, span.high) for span in scene.spans] == [(("", 0), "zero", 20)]
    wrong, right = scene.records
    assert (wrong.place, wrong.value, wrong.is_wrong, wrong.possible) == (
        ("", 0),
        "zero",
        True,
        ("w3", "w1"),
    )
    assert (right.place, right.value, right.is_wrong) == (("", 1), "zero", False)


def test_what_never_returned_may_have_been_held_by_then() -> None:
    (scene,) = told(BEFORE, write(3, 0, 90, None), AFTER, tape={0: "zero", 1: "zero"}).scenes
    assert scene.records[0].possible == ("w3", "w1")


def test_a_history_that_holds_shows_the_instant_of_its_tape() -> None:
    found = told(BEFORE, AFTER, tape={0: "w1", 1: "zero"})
    (scene,) = found.scenes
    assert scene.finding is None
    assert scene.witnesses == frozenset()
    ((name, instant),) = scene.instants
    assert name == "backup b #53"
    assert 100 <= instant <= 110
    assert any("shows this instant" in line for line in svg_lines(found))
    assert "HOLDS" in history_page(found)


def bars(found: Timeline) -> dict[int, tuple[float, float]]:
    """The bar of each operation of the chart: top and bottom."""
    root = ElementTree.fromstring("\n".join(svg_lines(found)))
    result = {}
    for group in root.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        assert box is not None
        top = float(box.attrib["y"])
        result[int(group.attrib["data-op"])] = (top, top + float(box.attrib["height"]))
    return result


def test_bars_overlap_in_the_chart_exactly_if_the_operations_did() -> None:
    writes = [
        write(3, 0, 95, 104, client=2),
        write(4, 0, 101, 102, client=3),
        write(5, 0, 109, 125, client=2),
    ]
    found = told(BEFORE, *writes, AFTER, tape={0: "zero", 1: "zero"})
    drawn, operations = bars(found), {one.id: one for one in found.scenes[0].operations}
    assert set(drawn) == set(operations) == {1, 2, 3, 4, 5, 50, 51, 52, 53}
    for one, two in itertools.combinations(operations.values(), 2):
        assert one.returned is not None
        assert two.returned is not None
        (top, bottom), (above, below) = drawn[one.id], drawn[two.id]
        overlap = one.call < two.returned and two.call < one.returned
        assert (top < below and above < bottom) == overlap, (one, two)


def test_the_band_of_the_split_and_the_bar_of_a_stale_value_do_not_touch() -> None:
    root = ElementTree.fromstring("\n".join(svg_lines(told(BEFORE, AFTER, tape={0: "zero", 1: "zero"}))))

    def extent(kind: str) -> tuple[float, float]:
        (box,) = (each for each in root.iter(f"{SVG}rect") if each.get("class") == kind)
        return float(box.attrib["y"]), float(box.attrib["y"]) + float(box.attrib["height"])

    assert extent("span")[1] < extent("window")[0]


def test_a_mermaid_diagram_calls_before_it_returns_and_tells_the_finding() -> None:
    lines = list(mermaid_lines(told(BEFORE, AFTER, write(3, 1, 125, None), tape={0: "w2", 1: "zero"})))
    assert lines[0] == "sequenceDiagram"
    assert lines.index("    C1->>K: #35;2 write(block 0, w2)") < lines.index(
        "    K-->>C1: returned #35;2 at 0.000 ms"
    )
    assert "    Note over C1: #35;2 wrote it only then" in lines
    assert lines[-1].startswith("    Note over C0,K: leaked: backup b has w2 for block 0")
    declared = {line.split()[1] for line in lines if line.strip().startswith("participant")}
    assert {name for line in lines[1:] for name in re.findall(r"\b[CK]\d*(?=->>|-->>|:)", line)} <= declared


def long_history(number: int) -> History:
    """A tape that is stale in the middle of many operations."""
    before = [write(10 + n, n % 2, 10 * n, 10 * n + 4, client=1 + n % 3) for n in range(number)]
    now = 10 * number
    middle = [
        Operation(1, "split", now, now + 5),
        Operation(2, "backup", now + 10, now + 11, backup="b", extents=((0, 1),)),
        Operation(3, "completed", now + 20, now + 21, backup="b"),
        Operation(4, "tape", now + 30, now + 31, backup="b", records={0: "zero"}),
    ]
    start = now + 40
    after = [write(10 + number + n, n % 2, start + 10 * n, start + 10 * n + 4) for n in range(number)]
    return History({"": ["zero", "zero"]}, [*before, *middle, *after])


def test_of_a_long_history_what_matters_is_kept_and_the_rest_counted() -> None:
    history = long_history(20_000)
    found = timeline(history, judge_history(history), "long.ndjson")
    (scene,) = found.scenes
    kept = {one.id for one in found.operations}
    assert {1, 2, 3, 4, 10} <= {one.id for one in scene.operations} <= kept  # 10 overwrote it, 40,000 before
    assert len(kept) == OPERATIONS_MAX
    assert sum(found.skipped) + len(kept) == found.total == 40_004
    page = history_page(found)
    assert len(page.encode()) < 200_000
    assert "39,754 others are not shown" in page
    shown = sum(
        int(number.replace(",", "")) for number in re.findall(r"&hellip; ([\d,]+) operations? not", page)
    )
    assert shown == found.total - len(kept)


def test_findings_beyond_the_first_are_counted() -> None:
    reads = [Operation(100 + n, "read", 400 + n, 400 + n, client=3, block=0, value="zero") for n in range(10)]
    found = told(BEFORE, AFTER, *reads, tape={0: "w1", 1: "zero"})
    assert len(found.scenes) == 6
    assert found.omitted_findings == 4
    assert "4 further findings" in history_page(found)
    assert "and 4 further findings" in list(text_lines(found))


def test_names_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    history = History(
        {"": [evil]},
        [
            Operation(1, "write", 1, 2, block=0, value="x"),
            Operation(2, "read", 3, 4, block=0, value=evil, client=1),
        ],
    )
    page = history_page(timeline(history, judge_history(history), evil))
    assert "<script>alert" not in page
    assert page.count("</script>") == 1
    assert not re.findall(r"(?:src|href)\s*=|url\(|@import|fetch\(|https?://(?!www\.w3\.org/2000/svg)", page)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "run.ndjson"
    history = long_history(3)
    save_history(history, file)
    return file


@pytest.mark.parametrize("format", ["text", "json", "html", "svg", "mermaid"])
def test_trace_shows_a_history(saved: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", str(saved), "--format", format]) == 0
    out = capsys.readouterr().out
    assert "stale" in out or "had overwritten" in out
    if format == "json":
        assert json.loads(out)["scenes"][0]["witnesses"] == [10, 1]


@pytest.mark.parametrize("format", ["itf", "pytest"])
def test_a_history_is_no_run_of_a_design(
    saved: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", str(saved), "--format", format]) == 2
    assert f"a history cannot be shown as {format}; accepted are text, json" in capsys.readouterr().err


def test_a_truncated_history_is_refused(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved.write_text("".join(saved.read_text().splitlines(keepends=True)[:-1]))
    assert run(["trace", str(saved)]) == 2
    assert "is truncated" in capsys.readouterr().err
