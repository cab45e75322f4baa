"""Histories on disk, and `splitproof judge`: what is read back is what was saved, and what is none is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.conformance.histories.history import (
    History,
    HistoryError,
    Operation,
    Outcome,
    Recorder,
    load_history,
    save_history,
)

OPERATIONS = [
    Operation(1, "write", 10, 20, client=1, block=0, value="w1"),
    Operation(2, "write", 11, None, Outcome.INDEFINITE, client=2, block=1, value="w2"),
    Operation(3, "write", 12, 19, Outcome.REJECTED, client=3, block=1, value="w3"),
    Operation(4, "read", 30, 40, client=1, block=0, value="w1"),
    Operation(5, "split", 100, 110),
    Operation(6, "write", 120, 130, client=1, block=0, value="w6"),
    Operation(7, "write", 105, 115, client=2, block=1, value="w7"),
    Operation(8, "backup", 140, 150, backup="b", extents=((0, 2),)),
    Operation(9, "completed", 200, 210, backup="b"),
    Operation(10, "tape", 220, 230, backup="b", records={0: "w1", 1: "w7"}),
]
HISTORY = History({"": ["zero", "zero"]}, OPERATIONS, about={"controller": "mine"})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "history.ndjson"
    save_history(HISTORY, path)
    return path


def test_what_is_saved_is_read_back(saved: Path) -> None:
    loaded = load_history(saved)
    assert list(loaded.operations) == OPERATIONS
    assert (loaded.initial, loaded.group, loaded.about) == (HISTORY.initial, False, HISTORY.about)


def test_operations_of_many_threads_are_recorded_once_each() -> None:
    recorder = Recorder()

    def work() -> None:
        for _ in range(200):
            call = recorder.now()
            recorder.record("read", call, recorder.now(), block=0, value="x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    operations = recorder.history({"": ["x"]}).operations
    assert sorted(operation.id for operation in operations) == list(range(1, 801))
    assert all(
        operation.returned is not None and operation.call <= operation.returned for operation in operations
    )


def line(number: int, **fields: object) -> Callable[[list[str]], list[str]]:
    """The file with fields of one line changed; None takes one out."""

    def change(lines: list[str]) -> list[str]:
        record = json.loads(lines[number]) | fields
        kept = {key: value for key, value in record.items() if value is not None or key == "return"}
        return [*lines[:number], json.dumps(kept), *lines[number + 1 :]]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], "is truncated: it has no end line after 10 operations"),
        (
            lambda lines: [*lines[:-2], lines[-1]],
            "is truncated: it ends with a count of 10 after 9 operations",
        ),
        (lambda lines: [*lines[:3], lines[3][:20]], ":4 is not JSON"),
        (lambda lines: [*lines, lines[1]], "there is more after the end line"),
        (lambda lines: lines[1:], "is no history: the first line of one is"),
        (lambda lines: [], "is no history: the first line of one is"),
        (lambda lines: ["<xml/>"], "is no history: the first line of one is"),
        (lambda lines: [*lines[:3], "17"], "an operation is a JSON object, not 17"),
        (line(0, version=2), "is a history of version 2; this judge reads version 1"),
        (line(0, initial={}), "`initial` gives for each volume the values of its blocks"),
        (line(1, kind="wirte"), ":2: `kind` is 'wirte'; there are reset, create_pair, write,"),
        (line(1, outcome="maybe"), "`outcome` is 'maybe'; there are ok, rejected, indefinite"),
        (line(1, **{"return": None}), "write has no `return`; only an indefinite operation may lack it"),
        (line(1, **{"return": 9}), "write returned at 9, before its call at 10"),
        (line(1, value=None), "write has no `value`"),
        (line(1, block=2), "there is no block 2; the volume has blocks 0 to 1"),
        (line(1, block="0"), "there is no block '0'"),
        (line(1, volume="log"), "there is no volume 'log'; the header names "),
        (line(1, id=2), "there is an operation #2 already"),
        (line(1, id="a"), "`id` and `call` are whole numbers"),
        (line(8, extents=[[0]]), "`extents` are pairs"),
        (line(8, extents=[[0, 3]]), "there is no block 2"),
        (line(10, records={"x": "w1"}), "`records` block to value"),
    ],
)
def test_what_is_no_history_is_refused_with_its_place(
    saved: Path,
    change: Callable[[list[str]], list[str]],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved.write_text("".join(f"{one}\n" for one in change(saved.read_text().splitlines())))
    with pytest.raises(HistoryError) as caught:
        load_history(saved)
    assert message in str(caught.value)
    assert run(["judge", str(saved)]) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there_or_not_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["judge", str(tmp_path / "none")]) == 2
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert run(["judge", str(tmp_path / "binary")]) == 2
    assert "it is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "code", "printed"),
    [
        (
            lambda lines: lines,
            0,
            "HOLDS  10 operations; judged end-report-is-true 1 time, read-latest-write 1 time",
        ),
        (line(10, records={"0": "w6", "1": "zero"}), 1, "VIOLATED  tape-is-image  leaked  block 0"),
        (line(9, backup="c"), 3, "UNKNOWN  the tape of backup c was never read after its good end"),
        (
            line(6, block=1, call=90, **{"return": 95}),
            4,
            "VACUOUS  the history has no such thing: a write between",
        ),
    ],
)
def test_judge_says_what_a_history_comes_to(
    saved: Path,
    change: Callable[[list[str]], list[str]],
    code: int,
    printed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved.write_text("".join(f"{one}\n" for one in change(saved.read_text().splitlines())))
    assert run(["judge", str(saved)]) == code
    assert printed in capsys.readouterr().out
    assert run(["judge", str(saved), "--format", "json"]) == code
    assert json.loads(capsys.readouterr().out)["exit_code"] == code


def test_judge_for_crash_consistency_forgives_the_wrong_instant(saved: Path) -> None:
    change = line(10, records={"0": "w6", "1": "w7"})
    saved.write_text("".join(f"{one}\n" for one in change(saved.read_text().splitlines())))
    assert run(["judge", str(saved)]) == 1
    assert run(["judge", str(saved), "--crash-consistent"]) == 0
