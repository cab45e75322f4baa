"""The page of a history, in a headless browser without a network: what is lit is what the JSON says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from splitproof.__main__ import run
from splitproof.conformance.histories.history import History, Operation, Outcome, save_history
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.report_page import report_page
from splitproof.conformance.runner.results import TestResult as Result
from splitproof.conformance.suite.requirement import about
from splitproof.conformance.timelines.stories import failure_of
from splitproof.conformance.verdicts import PropertyViolated, Verdict
from tests.browser import Browser

SCREENS = [(1280, 800), (420, 800)]


def write(number: int, block: int, call: int, returned: int | None, client: int) -> Operation:
    outcome = Outcome.INDEFINITE if returned is None else Outcome.OK
    return Operation(number, "write", call, returned, outcome, client, block=block, value=f"w{number}")


OPERATIONS = [
    write(1, 0, 100_000, 180_000, 1),
    write(2, 1, 150_000, 250_000, 2),
    write(3, 0, 300_000, 380_000, 1),
    Operation(4, "split", 500_000, 720_000),
    write(5, 0, 600_000, 780_000, 1),
    write(6, 1, 610_000, None, 2),
    write(7, 1, 800_000, 880_000, 1),
    Operation(8, "backup", 800_000, 840_000, backup="b", extents=((0, 2),)),
    Operation(9, "completed", 900_000, 910_000, backup="b"),
    Operation(10, "tape", 920_000, 930_000, backup="b", records={0: "w1", 1: "w7"}),
]
"""The tape is stale at block 0, and block 1 leaked."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    history = folder / "run.ndjson"
    save_history(History({"": ["zero", "zero"]}, OPERATIONS), history)
    for kind in ("html", "json"):
        assert run(["trace", str(history), "--format", kind, "--output", str(folder / f"run.{kind}")]) == 0
    return folder / "run.html"


@pytest.fixture
def data(page: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return told


def at(browser: Browser) -> dict[str, str]:
    return dict(part.split("=", 1) for part in browser.run("location.hash.slice(1)").split("&"))


SEEN = "(e => !e.closest('svg') || e.getClientRects().length)"
"""Of a scene there are two charts, of which the width decides."""


def ops(browser: Browser, selector: str) -> list[int]:
    found: list[int] = browser.run(
        f"[...document.querySelectorAll('{selector}')].filter({SEEN}).map(e => Number(e.dataset.op))"
    )
    return found


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_keys_go_through_the_operations_and_the_findings(
    browser: Browser, page: Path, data: dict[str, Any], width: int, height: int
) -> None:
    browser.open(page, width, height)
    first, second = data["scenes"]
    assert (first["kind"], second["kind"]) == ("stale", "leaked")
    assert ops(browser, ".scene:not([hidden]) .operation") == first["operations"]
    witnesses = browser.run(
        f"[...document.querySelectorAll('.scene:not([hidden]) .witness')].filter({SEEN})"
        ".map(e => Number(e.parentNode.dataset.op))"
    )
    assert witnesses == sorted(first["witnesses"]) == [3, 4]
    for number in first["witnesses"]:
        browser.press("w")
        assert at(browser) == {"finding": "1", "op": str(number)}
        assert set(ops(browser, ".picked")) == {number}
        assert f"#{number} " in browser.run("document.querySelector('#picked').textContent")
    browser.press("ArrowRight")
    assert at(browser)["op"] == str(first["operations"][first["operations"].index(4) + 1])
    browser.press("Home")
    assert at(browser)["op"] == str(first["operations"][0])
    browser.press("ArrowLeft")
    assert at(browser)["op"] == str(first["operations"][0])
    browser.press("End")
    assert at(browser)["op"] == str(first["operations"][-1])
    browser.press("n")
    assert at(browser) == {"finding": "2"}
    assert ops(browser, ".scene:not([hidden]) .operation") == second["operations"]
    browser.press("n")
    assert at(browser) == {"finding": "2"}
    browser.press("p")
    assert at(browser) == {"finding": "1"}
    browser.press("?")
    assert browser.run("document.querySelector('#help').open")
    browser.press("Escape")


def test_a_click_lights_the_operations_of_the_same_block(
    browser: Browser, page: Path, data: dict[str, Any]
) -> None:
    browser.open(page, 1280, 800)
    browser.run("document.querySelector('.scene:not([hidden]) .operation[data-op=\"3\"] rect').parentNode"
                ".dispatchEvent(new MouseEvent('click', {bubbles: true}))")  # fmt: skip
    assert at(browser)["op"] == "3"
    aside = set(ops(browser, "#operations tr.aside"))
    assert aside == {one["id"] for one in data["operations"] if one["block"] == 1}


def test_the_address_leads_to_a_finding_and_an_operation(browser: Browser, page: Path) -> None:
    browser.open(page, 1280, 800, "#finding=2&op=7")
    assert at(browser) == {"finding": "2", "op": "7"}
    assert browser.run("document.querySelector('#finding-1').hidden")
    browser.open(page, 1280, 800, "#finding=99&op=none")
    assert at(browser) == {"finding": "2"}


def test_the_tape_is_shown_beside_what_the_block_may_have_held(browser: Browser, page: Path) -> None:
    browser.open(page, 1280, 800)
    rows = browser.run(
        "[...document.querySelectorAll('.scene:not([hidden]) .records tbody tr')]"
        ".map(r => [...r.cells].map(c => c.textContent))"
    )
    assert rows == [["block 0", "\u2260 w1", "w5, w3"], ["block 1", "w7", "\u2713"]]


def test_no_part_is_wider_than_a_narrow_screen_and_print_shows_all(browser: Browser, page: Path) -> None:
    browser.open(page, 420, 800)
    assert browser.run("document.documentElement.scrollWidth") <= 420
    chart = "document.querySelector('.scene:not([hidden]) .scroll')"
    assert browser.run(f"{chart}.scrollWidth <= {chart}.clientWidth"), "it scrolls sideways"
    beyond = (
        "[...document.querySelectorAll('.chart.narrow text')].filter(e => e.getClientRects().length && {})"
    )
    outside = beyond.format("e.getBBox().x + e.getBBox().width > e.ownerSVGElement.viewBox.baseVal.width")
    assert browser.run(f"{outside}.map(e => e.textContent)") == []
    try:
        browser.media("print")
        assert browser.run("getComputedStyle(document.querySelector('.scene .scroll')).maxHeight") == "none"
    finally:
        browser.media()


def test_without_a_script_all_findings_and_operations_are_there(page: Path, data: dict[str, Any]) -> None:
    text = page.read_text(encoding="utf-8")
    assert '<details id="plain-all" open>' in text
    assert len(re.findall(r'<section class="scene" id="finding-\d"', text)) == 2
    assert [text.count(f'class="chart {width}"') for width in ("wide", "narrow")] == [2, 2]
    table = re.search(r'<table id="operations">(.*?)</table>', text, re.DOTALL)
    assert table is not None
    assert re.findall(r'<tr data-op="(\d+)"', table[1]) == [str(one["id"]) for one in data["operations"]]
    assert "1: had overwritten it" in table[1]
    assert not re.findall(r"(?:src|href)\s*=|url\(|@import|fetch\(|https?://(?!www\.w3\.org/2000/svg)", text)


def test_the_page_is_the_same_whatever_the_hash_seed(page: Path) -> None:
    def made(seed: str) -> bytes:
        command = [sys.executable, "-m", "splitproof", "trace", "run.ndjson", "--format", "html"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            command, env=environment, cwd=page.parent, capture_output=True, check=True, timeout=120
        ).stdout

    assert made("1") == made("2")


def test_the_report_of_a_run_is_no_wider_than_a_narrow_screen(browser: Browser, tmp_path: Path) -> None:
    history = History({"": ["zero", "zero"]}, OPERATIONS)
    violation = PropertyViolated.of(judge_history(history).findings[0], history=history)
    name, test = max(suite_tests().items(), key=lambda item: len(item[0].partition("[")[0]))
    failed = Result(name, about(test), Verdict.FAIL, str(violation), None, 0.1, failure=failure_of(violation))
    page = tmp_path / "report.html"
    page.write_text(report_page(Report("adapter.py:make", "core", None, None, (failed,))), encoding="utf-8")
    for width, chart in ((420, "narrow"), (1280, "wide")):
        browser.open(page, width, 800)
        assert browser.run("document.documentElement.scrollWidth") <= width
        seen = "[...document.querySelectorAll('.chart')].filter(e => e.getClientRects().length)"
        assert browser.run(f"{seen}.map(e => e.classList[1])") == [chart]
