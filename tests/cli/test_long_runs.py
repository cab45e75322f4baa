"""Long runs, real ones: a page of 200 steps stays small; of thousands, no step that matters is lost."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from splitproof.__main__ import run
from splitproof.checker.counterexamples.explorer import explored
from splitproof.checker.counterexamples.page import html_page
from splitproof.checker.counterexamples.saved import SavedTrace, saved_json
from splitproof.checker.counterexamples.shortening import STEPS_MAX, nearest, shortened
from splitproof.checker.counterexamples.traces import Trace, replay
from splitproof.model import Interpreter
from splitproof.model.interpreter import Step
from splitproof.model.loading import load_machine
from splitproof.spec.split_backup import TAPE_IS_IMAGE
from tests.browser import Browser

DESIGN = "third-embodiment"
SIZE_MAX = 200_000


def long_run(length: int) -> Trace:
    """A run of so many steps at least that ends in a violation: a walk that avoids one until then."""
    machine = load_machine(DESIGN)
    interpreter = Interpreter(machine, 1)
    wanted = interpreter.traced(TAPE_IS_IMAGE)
    chance = random.Random(0)
    initial = min(interpreter.initial_states(), key=repr)
    state = initial
    steps: list[Step] = []
    while True:
        choices = list(interpreter.enabled(state))
        chosen = chance.choice(choices)
        after = interpreter.take(state, chosen)
        if not interpreter.holds(wanted, after):
            if len(steps) + 1 >= length:
                return replay(machine, 1, initial, [*steps, chosen], TAPE_IS_IMAGE)
            chosen = chance.choice(
                [step for step in choices if interpreter.holds(wanted, interpreter.take(state, step))]
            )
            after = interpreter.take(state, chosen)
        steps.append(chosen)
        state = after
        assert len(steps) < 2 * length


@pytest.fixture(scope="module")
def of_200() -> tuple[Trace, str]:
    trace = long_run(200)
    return trace, html_page(trace, TAPE_IS_IMAGE, DESIGN)


@pytest.fixture(scope="module")
def of_3000() -> tuple[Trace, dict[str, Any]]:
    trace = long_run(3000)
    return trace, explored(trace, TAPE_IS_IMAGE, DESIGN)


@pytest.mark.slow
def test_a_page_of_200_steps_is_whole_and_small(of_200: tuple[Trace, str]) -> None:
    trace, text = of_200
    assert 200 <= len(trace.steps) <= STEPS_MAX
    assert len(text.encode()) < SIZE_MAX
    assert all(f"<td>{number}</td>" in text for number in range(1, len(trace.steps) + 1))
    assert "only counted" not in text


def replayed_values(page: dict[str, Any]) -> list[Any]:
    """What each slot holds at the end, by the changes that the page tells."""
    values = list(page["start"])
    for step in page["steps"]:
        for slot, old, new in step["changes"]:
            assert values[slot] == old or step["count"] > 1
            values[slot] = new
    return values


@pytest.mark.slow
def test_of_thousands_of_steps_those_that_matter_are_there(of_3000: tuple[Trace, dict[str, Any]]) -> None:
    trace, page = of_3000
    length = len(trace.steps)
    assert length >= 3000
    assert page["length"] == length
    assert len(page["steps"]) <= 2 * STEPS_MAX + 1
    assert sum(step["count"] for step in page["steps"]) == length
    assert page["folded"] == sum(step["count"] for step in page["steps"] if step["count"] > 1) > 2_000
    numbers = [step["number"] for step in page["steps"]]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == length
    for step in page["steps"]:
        if step["count"] == 1:
            taken = trace.steps[step["number"] - 1].step
            assert step["action"] == taken.action.name
        else:
            assert not step["core"]
            assert step["tells"] == f"{step['count']:,} steps that have no part in it"
    guilty = [page["steps"][row] for row in {*page["pair"], *page["roles"].values()}]
    assert guilty
    assert all(step["core"] and step["count"] == 1 for step in guilty)
    ((name, wrong, _), (_, wanted, _)) = page["ends"]
    values = replayed_values(page)
    assert values[page["wrong"][0]][0] == wrong
    assert values[page["wanted"]][0] == wanted
    assert page["slots"][page["wrong"][0]][0] == name


@pytest.mark.slow
def test_no_step_of_the_causal_chain_is_lost_however_small_a_page_is(
    of_3000: tuple[Trace, dict[str, Any]],
) -> None:
    _, page = of_3000
    smaller = shortened({**page, "folded": 0}, steps_max=1)

    def core(of: dict[str, Any]) -> list[int]:
        return [step["number"] for step in of["steps"] if step["core"]]

    assert core(smaller) == core(page)
    assert len(smaller["steps"]) < len(page["steps"])
    assert replayed_values(smaller) == replayed_values(page)


@pytest.mark.slow
def test_the_browser_shows_a_run_of_thousands_of_steps(
    browser: Browser, of_3000: tuple[Trace, dict[str, Any]], tmp_path: Path
) -> None:
    trace, page = of_3000
    saved, shown = tmp_path / "long.json", tmp_path / "long.html"
    saved.write_text(json.dumps(saved_json(SavedTrace(trace, TAPE_IS_IMAGE, DESIGN))), encoding="utf-8")
    assert run(["trace", str(saved), "--format", "html", "--output", str(shown)]) == 0
    assert shown.stat().st_size < SIZE_MAX
    length = len(trace.steps)
    browser.open(shown, 1280, 800, f"#t={length}")
    assert browser.run("document.querySelector('#step').textContent") == f"{length} of {length}"
    assert f"{page['folded']:,} steps" in browser.run("document.querySelector('#folded').textContent")
    assert (
        browser.run("[...document.querySelectorAll('td.wrong')].map(c => Number(c.dataset.slot))")
        == (page["wrong"])
    )
    browser.press("f")
    numbers = browser.run(
        "[...document.querySelectorAll('#steps tr[data-step] .n')].map(c => Number(c.textContent))"
    )
    assert numbers == [step["number"] for step in page["steps"] if step["count"] == 1]
    counted = browser.run("[...document.querySelectorAll('#steps tr.fold .what')].map(c => c.textContent)")
    assert len(counted) == sum(step["count"] > 1 for step in page["steps"])
    browser.press("Home")
    browser.press("ArrowRight")
    first = page["steps"][0]["number"]
    assert browser.run("document.querySelector('#step').textContent") == f"{first} of {length}"


@pytest.mark.parametrize(
    ("length", "wanted", "most", "expected"),
    [
        (5, [], 3, [2, 3, 4]),
        (5, [2], 1, [2]),
        (5, [2], 3, [1, 2, 3]),
        (9, [0, 8], 6, [0, 1, 2, 6, 7, 8]),
        (3, [-1, 1, 7], 9, [0, 1, 2]),
        (9, [0, 2, 4, 6, 8], 2, [0, 2, 4, 6, 8]),  # what is wanted is never left out
    ],
)
def test_the_nearest_are_kept(length: int, wanted: list[int], most: int, expected: list[int]) -> None:
    assert nearest(length, wanted, most) == expected
