"""The counterexample page, in a headless browser without a network: what is highlighted is what the JSON says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from splitproof.__main__ import run
from splitproof.checker.counterexamples.page import html_page
from splitproof.checker.counterexamples.saved import load_trace
from splitproof.model.errors import ModelError
from tests.browser import Browser

RACE = "third-embodiment-closed+staging=unlocked"
SCREENS = [(1280, 800), (420, 800)]
SIZE_MAX = 200_000


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("race") / "race.json"
    assert run(["check", RACE, "--property", "tape-is-image", "--trace", str(file)]) == 1
    return file


@pytest.fixture(scope="module")
def page(saved: Path) -> Path:
    file = saved.with_suffix(".html")
    assert run(["trace", str(saved), "--format", "html", "--output", str(file)]) == 0
    return file


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def marked(browser: Browser, kind: str) -> set[int]:
    """The slots of the cells with a class."""
    return set(browser.run(f"[...document.querySelectorAll('td.{kind}')].map(c => Number(c.dataset.slot))"))


def at(browser: Browser) -> dict[str, str]:
    fragment = browser.run("location.hash.slice(1)")
    return dict(part.split("=", 1) for part in fragment.split("&"))


def changed(data: dict[str, Any], state: int) -> set[int]:
    return {slot for slot, _, _ in data["steps"][state - 1]["changes"]} if state else set()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_keys_move_to_the_states_that_the_json_names(
    browser: Browser, page: Path, width: int, height: int
) -> None:
    data = data_of(page)
    last = len(data["steps"])
    browser.open(page, width, height)
    assert int(at(browser)["t"]) == data["opens"] == 37, "it opens at the first divergence"
    assert marked(browser, "wrong") == set()
    browser.press("v")
    assert int(at(browser)["t"]) == data["ticks"]["violation"] == last
    assert marked(browser, "changed") == changed(data, last)
    assert marked(browser, "wrong") == set(data["wrong"])
    assert "\u2260" in browser.run("document.querySelector('td.wrong').textContent"), "never colour alone"
    for key, state in [
        ("ArrowLeft", last - 1),
        ("ArrowUp", last - 2),
        ("ArrowRight", last - 1),
        ("ArrowRight", last),
    ]:
        browser.press(key)
        assert int(at(browser)["t"]) == state
        assert marked(browser, "changed") == changed(data, state)
    browser.press("Home")
    assert int(at(browser)["t"]) == 0
    assert marked(browser, "changed") == set()
    browser.press("ArrowLeft")
    assert int(at(browser)["t"]) == 0
    browser.press("End")
    assert int(at(browser)["t"]) == last
    browser.press("d")
    assert int(at(browser)["t"]) == data["ticks"]["divergence"]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_a_click_on_a_cell_lights_up_its_causes(
    browser: Browser, page: Path, width: int, height: int
) -> None:
    data = data_of(page)
    last, wrong = len(data["steps"]), data["wrong"][0]
    browser.open(page, width, height, f"#t={last}")
    target = next(slot for slot, (name, _, _) in enumerate(data["slots"]) if name == "target[0]")
    for slot in (target, wrong):
        browser.run(f"document.querySelector('td[data-slot=\"{slot}\"]').click()")
        lit = browser.run(
            "[...document.querySelectorAll('#steps tr.cause')].map(r => Number(r.dataset.step))"
        )
        by = next(step for step in reversed(data["steps"]) if str(slot) in step["causes"])
        assert lit == by["causes"][str(slot)]
    browser.press("p")
    assert int(at(browser)["t"]) == last, "the tape is written once"
    browser.run(f"document.querySelector('td[data-slot=\"{target}\"]').click()")
    browser.press("p")
    assert target in changed(data, int(at(browser)["t"]))


def test_the_guilty_are_bracketed_and_the_others_folded(browser: Browser, page: Path) -> None:
    data = data_of(page)
    browser.open(page, 1280, 800)
    guilty = browser.run(
        "[...document.querySelectorAll('#steps tr.guilty')].map(r => Number(r.dataset.step))"
    )
    assert guilty == sorted({*data["pair"], *data["roles"].values()}) == [33, 34, 36, 37]
    assert browser.run("document.querySelectorAll('#arrows path.pair').length") == 1
    shown = browser.run("document.querySelectorAll('tr[data-step]').length")
    folded = browser.run(
        "[...document.querySelectorAll('tr.fold')].map(r => r.dataset.to - r.dataset.from + 1).reduce((a, b) => a + b)"
    )
    assert shown + folded == len(data["steps"])
    assert folded >= 15
    browser.press("f")
    assert browser.run("document.querySelectorAll('tr[data-step]').length") == len(data["steps"])
    browser.press("f")
    assert browser.run("document.querySelectorAll('tr[data-step]').length") == shown
    browser.press("?")
    assert browser.run("document.querySelector('#help').open") is True
    browser.press("Escape")
    browser.press("v")
    assert int(at(browser)["t"]) == len(data["steps"])


def test_the_address_says_what_is_shown(browser: Browser, page: Path) -> None:
    data = data_of(page)
    browser.open(page, 1280, 800, "#t=15&b=0&lane=503")
    assert at(browser)["t"] == "15"
    assert at(browser)["lane"] == "503"
    assert marked(browser, "changed") == changed(data, 15)
    browser.open(page, 1280, 800, "#t=999&b=7&lane=nobody")
    assert int(at(browser)["t"]) == len(data["steps"])
    assert "lane" not in at(browser)


def test_arrows_join_the_steps_of_the_json(browser: Browser, page: Path) -> None:
    data = data_of(page)
    browser.open(page, 1280, 800)
    browser.press("f")
    kinds = browser.run(
        "['message', 'data', 'store'].map(k => document.querySelectorAll(`#arrows > path.${k}`).length)"
    )
    pairs = {
        kind: {(a, b) for a, b, k, _ in data["arrows"] if k == kind} for kind in ("message", "data", "store")
    }
    assert kinds == [len(pairs["message"]), len(pairs["data"]), len(pairs["store"])]
    assert all(kinds)


def test_the_page_is_dark_where_that_is_preferred_and_prints_without_its_controls(
    browser: Browser, page: Path
) -> None:
    browser.open(page, 1280, 800)
    paper = "getComputedStyle(document.body).backgroundColor"
    try:
        browser.media(prefers_color_scheme="dark")
        assert browser.run(paper) == "rgb(22, 24, 29)"
        browser.media(prefers_color_scheme="light")
        assert browser.run(paper) == "rgb(255, 255, 255)"
        browser.media("print")
        assert browser.run("getComputedStyle(document.querySelector('#slide')).display") == "none"
        box = "document.querySelector('#lanes')"
        assert browser.run(f"{box}.scrollHeight <= {box}.clientHeight + 2"), "no step is cut off"
    finally:
        browser.media()


def test_a_lasso_marks_what_is_repeated(browser: Browser, tmp_path: Path) -> None:
    saved, page = tmp_path / "lasso.json", tmp_path / "lasso.html"
    command = ["check", "third-embodiment", "--property", "split-completes", "--trace", str(saved)]
    assert run(command) == 1
    assert run(["trace", str(saved), "--format", "html", "--output", str(page)]) == 0
    data = data_of(page)
    browser.open(page, 1280, 800)
    assert int(at(browser)["t"]) == data["loop"]
    repeated = browser.run(
        "[...document.querySelectorAll('#steps tr.for-ever')].map(r => Number(r.dataset.step))"
    )
    assert repeated == list(range(data["loop"], len(data["steps"])))
    assert browser.run("document.querySelector('#steps tr.loop-start').dataset.step") == str(data["loop"])
    assert "for ever from here" in browser.run("document.querySelector('.ticks').textContent")


def test_no_part_of_the_page_is_wider_than_a_narrow_screen(browser: Browser, page: Path) -> None:
    browser.open(page, 420, 800)
    assert browser.run("document.documentElement.scrollWidth") <= 420


def test_the_page_asks_for_nothing_and_is_a_table_without_a_script(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    data = data_of(page)
    assert not re.findall(
        r"(?:src|href)\s*=|url\((?!#)|@import|fetch\(|https?://(?!www\.w3\.org/2000/svg)", text
    )
    table = re.search(r'<table id="plain">(.*?)</table>', text, re.DOTALL)
    assert table is not None
    assert table[1].count("<tr") == len(data["steps"]) + 1
    assert "tape.data[0]: \u2013 &rarr; b (w2)" in table[1]
    assert '<details id="plain-all" open>' in text
    assert len(text.encode()) < SIZE_MAX / 2


def test_the_page_is_the_same_whatever_the_hash_seed(saved: Path) -> None:
    def made(seed: str) -> bytes:
        command = [sys.executable, "-m", "splitproof", "trace", str(saved), "--format", "html"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120).stdout

    assert made("1") == made("2")


def test_what_a_design_is_called_cannot_break_out_of_the_page(saved: Path) -> None:
    found = load_trace(saved)
    text = html_page(found.trace, found.property, "</script><script>alert(1)</script>")
    assert "<script>alert" not in text
    assert text.count("</script>") == 2


def shown(saved: Path, format: str, folder: Path) -> Path:
    file = folder / f"shown.{format}"
    assert run(["trace", str(saved), "--format", format, "--output", str(file)]) == 0
    return file


def test_an_svg_is_well_formed_and_names_the_guilty(saved: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(shown(saved, "svg", tmp_path)).getroot()
    words = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("34  check_block(block 0)" in text and "checks" in text for text in words)
    assert words[-1] == "at the end tape.data[0] is b (w2), image[0] is a (w1)"


def test_a_mermaid_diagram_declares_whom_it_speaks_of(saved: Path, tmp_path: Path) -> None:
    lines = shown(saved, "mermaid", tmp_path).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "sequenceDiagram"
    declared = {line.split()[1] for line in lines if line.strip().startswith("participant")}
    spoken_of = {name for line in lines[1:] for name in re.findall(r"\bL\d+\b", line)}
    assert declared == spoken_of
    assert "    Note over L4: 34 check_block(block 0): checks" in lines
    assert (
        sum(line.strip().startswith("rect ") for line in lines)
        == sum(line == "    end" for line in lines)
        == 4
    )


def test_a_trace_in_itf_is_read_back(saved: Path, tmp_path: Path) -> None:
    file = shown(saved, "itf", tmp_path)
    found, first = load_trace(file), load_trace(saved)
    assert found.trace.states == first.trace.states
    assert found.trace.actions == first.trace.actions
    itf = json.loads(file.read_text(encoding="utf-8"))
    assert all(set(state) == {"#meta", *itf["vars"]} for state in itf["states"])
    assert [state["#meta"]["index"] for state in itf["states"]] == list(range(40))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda itf: itf["states"][5].update({"target[0]": "q"}), "state 5: target[0] is 'q'"),
        (lambda itf: itf["#meta"].pop("source"), "without #meta.source"),
        (lambda itf: itf.update(states=[]), "without states"),
        (lambda itf: itf["states"][3].pop("mbt::actionTaken"), "does not say in mbt::actionTaken"),
        (lambda itf: itf["states"].pop(), "does not see tape-is-image violated"),
    ],
)
def test_a_spoilt_itf_is_refused(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Any, sentence: str
) -> None:
    file = shown(saved, "itf", tmp_path)
    itf = json.loads(file.read_text(encoding="utf-8"))
    spoil(itf)
    file.write_text(json.dumps(itf), encoding="utf-8")
    assert run(["trace", str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_counterexample_as_a_test_fails_once_the_fault_is_gone(saved: Path, tmp_path: Path) -> None:
    text = shown(saved, "pytest", tmp_path).read_text(encoding="utf-8")
    program: dict[str, Any] = {"__file__": "story.py"}
    exec(compile(text, "story.py", "exec"), program)  # it is our own program
    name = "test_third_embodiment_closed_staging_unlocked_violates_tape_is_image"
    program[name]()
    program["COUNTEREXAMPLE"]["source"] = "third-embodiment-closed"
    with pytest.raises(ModelError, match="does not fit third-embodiment-closed"):
        program[name]()
