"""A failure reads as a story, its commands work, and what it is made from can be judged and shown again."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.histories.findings import FindingKind
from splitproof.conformance.histories.history import (
    UNREAD,
    History,
    Operation,
    initial_contents,
    load_history,
)
from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.timelines.stories import Failure, failure_of
from splitproof.conformance.verdicts import PropertyViolated, story_lines
from splitproof.spec.split_backup import LEGAL_PAIR_STATES, TAPE_IS_IMAGE

TAPE = "test_r08_the_tape_is_the_source_at_the_split"
ADAPTER = """
from splitproof.conformance.reference import ReferenceController

class Live(ReferenceController):
    \"\"\"Its tape has what the source holds by now.\"\"\"

    def tape_image(self, backup):
        return {block: self.read(block) for block in super().tape_image(backup)}
"""


class Live(ReferenceController):
    """Its tape has what the source holds by now."""

    def tape_image(self, backup: str) -> dict[int, bytes]:
        return {block: self.read(block) for block in super().tape_image(backup)}


@pytest.fixture(scope="module")
def failure() -> Failure:
    outcome = outcome_of(suite_tests()[TAPE], lambda: LocalTransport(Live()), Limits(shrink_seconds_max=2.0))
    assert isinstance(outcome, PropertyViolated)
    return failure_of(outcome)


def test_the_two_operations_are_named_with_their_times(failure: Failure) -> None:
    assert failure.item is TAPE_IS_IMAGE
    assert failure.finding is not None
    assert failure.finding.kind is FindingKind.LEAKED
    split, write = failure.finding.operations
    assert (split.kind, write.kind) == ("split", "write")
    assert split.returned is not None
    assert split.returned <= write.call


def test_the_story_has_what_was_done_what_contradicts_and_what_the_tape_holds(failure: Failure) -> None:
    told = list(failure.lines())
    assert failure.finding is not None
    split, write = failure.finding.operations
    assert told[0].startswith("VIOLATED  tape-is-image")
    assert "what happened:" in told
    assert any(line.endswith("split()") for line in told[told.index("what happened:") :])
    assert f"the contradiction (leaked): {failure.finding.sentence}" in told
    marked = [line for line in told if "\u25ba" in line]
    assert [f"#{split.id} split()" in marked[0], f"#{write.id} write" in marked[1]] == [True, True]
    assert any(f": {write.value} \u2260; it may have held" in line for line in told)


def test_the_object_of_a_failure_is_json_that_says_the_same(failure: Failure) -> None:
    told = json.loads(json.dumps(failure.json()))
    assert told["kind"] == "leaked"
    assert failure.finding is not None
    assert told["contradiction"] == [one.id for one in failure.finding.operations]
    assert told["timeline"]["scenes"][0]["witnesses"] == sorted(told["contradiction"])
    assert told["story"] == list(failure.story)


def test_a_failure_that_no_history_shows_names_no_operations() -> None:
    failure = failure_of(PropertyViolated.because(LEGAL_PAIR_STATES, "they are not", ["split()"]))
    assert failure.timeline is None
    assert list(failure.lines())[-1] == "    1  split()"


def test_what_nobody_read_at_the_start_is_no_phantom() -> None:
    operations = [
        Operation(1, "write", 0, 1, block=1, value="w1"),
        Operation(2, "split", 2, 3),
        Operation(3, "backup", 4, 5, backup="b", extents=((0, 2),)),
        Operation(4, "tape", 6, 7, backup="b", records={0: "x", 1: "w1"}),
    ]
    assert initial_contents(operations, 2) == [UNREAD, UNREAD]
    history = History({"": [UNREAD, UNREAD]}, operations)
    assert failure_of(PropertyViolated(TAPE_IS_IMAGE, "text", history=history)).finding is None
    read = [Operation(0, "read", -2, -1, block=0, value="zero"), *operations]
    assert initial_contents(read, 2) == ["zero", UNREAD]


# ---- as a vendor meets it ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run with a seed that fails, in a folder with its report and its histories; and what it printed."""
    folder = tmp_path_factory.mktemp("vendor")
    (folder / "vendor.py").write_text(ADAPTER)
    arguments = ["--seed", "7", "--examples", "20", "--test", TAPE, "--test", RACE, "--histories", "saved"]
    code, output = splitproof(folder, "conform", "vendor:Live", *arguments, "--report", "html=report.html")
    assert code == 1, output
    return folder, output


RACE = "test_r08_the_tape_is_the_source_at_the_split_among_several_clients"


def splitproof(folder: Path, *arguments: str) -> tuple[int, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "splitproof", *arguments],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return finished.returncode, finished.stdout + finished.stderr


def commands(output: str, word: str) -> Iterator[list[str]]:
    for line in output.splitlines():
        if line.strip().startswith(f"{word}: "):
            name, *arguments = shlex.split(line.partition(":")[2])
            assert name == "splitproof"
            yield arguments


@pytest.mark.slow
def test_the_command_that_shows_it_again_does(run: tuple[Path, str]) -> None:
    folder, output = run
    again = list(commands(output, "again"))
    assert [arguments[-1] for arguments in again] == [TAPE, RACE]
    assert again[0][:6] == ["conform", "vendor:Live", "--seed", "7", "--examples", "20"]
    code, repeated = splitproof(folder, *again[0])
    assert code == 1
    assert f"{TAPE}\n" in repeated  # its threads do not repeat themselves step by step
    assert repeated.index("what happened:") < repeated.index("the contradiction")


@pytest.mark.slow
def test_its_histories_are_saved_judged_again_and_shown(run: tuple[Path, str]) -> None:
    folder, output = run
    judged = list(commands(output, "judge"))
    assert len(judged) == 2
    for arguments in judged:
        code, told = splitproof(folder, *arguments)
        assert code == 1
        assert "VIOLATED  tape-is-image  leaked" in told
    history = load_history(folder / "saved" / f"{TAPE}.ndjson")
    assert history.about["test"] == TAPE
    assert history.about["seed"] == 7
    (first, *_) = commands(output, "look")
    assert splitproof(folder, *first)[0] == 0
    assert "<svg" in (folder / "history.html").read_text()


class Page(HTMLParser):
    """What it loads, and the classes of what it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        self.loaded += [str(found[key]) for key in ("src", "href") if key in found]
        self.classes += str(found.get("class", "")).split()


@pytest.mark.slow
def test_the_page_has_the_lanes_with_both_operations_and_loads_nothing(run: tuple[Path, str]) -> None:
    folder, _ = run
    text = (folder / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.loaded == [f"#{TAPE}", f"#{RACE}"]
    assert page.classes.count("wide") == page.classes.count("narrow") == 2
    assert page.classes.count("witness") == 8
    assert "splitproof conform vendor:Live --seed 7 --examples 20" in text


@pytest.mark.slow
def test_a_test_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "vendor.py").write_text(ADAPTER)
    code, output = splitproof(tmp_path, "conform", "vendor:Live", "--test", f"{TAPE}s")
    assert code == 2
    assert f"there is no test {TAPE}s; did you mean {TAPE}" in output


def test_what_was_done_several_times_running_is_told_once_and_counted() -> None:
    assert list(story_lines(["split()", "read(block 0)", "read(block 0)", "read(block 0)", "split()"])) == [
        "    1  split()",
        "    2  read(block 0)    (3 times)",
        "    5  split()",
    ]
