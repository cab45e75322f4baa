"""The documentation as a site: it builds without a network, nothing leads nowhere, and it has what splitproof knows."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from splitproof.app import app
from splitproof.explain_command import explanations
from splitproof.spec.catalogue import gaps, requirements
from splitproof.spec.split_backup import PROPERTIES
from tests.browser import Browser, launched

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "docs" / "build.py"


def built(folder: Path, seed: str) -> dict[str, bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run(
        [sys.executable, str(BUILD), str(folder)], env=environment, check=True, capture_output=True, timeout=300
    )  # fmt: skip
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(tmp_path_factory.mktemp("site") / "docs", "1")


def text_of(site: dict[str, bytes], name: str) -> str:
    return site[name].decode()


def test_every_page_of_the_docs_is_in_the_site(site: dict[str, bytes]) -> None:
    sources = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md"]
    assert {f"{file.stem.lower()}.html" for file in sources} <= set(site)
    start = text_of(site, "index.html")
    for name in site:
        if name.endswith(".html"):
            assert f'href="{name}"' in start, f"{name} is not in the navigation"


def test_the_site_is_the_same_whatever_the_hash_seed(site: dict[str, bytes], tmp_path: Path) -> None:
    assert built(tmp_path / "again", "2") == site


def test_the_site_asks_for_nothing_from_elsewhere(site: dict[str, bytes]) -> None:
    for name in site:
        if name.endswith(".html"):
            text = text_of(site, name)
            assert not re.findall(r'<(?:link|iframe)\b|\bsrc="https?:|@import|url\(', text), name
            assert re.findall(r"<script\b[^>]*>", text) == ['<script src="search.js">'], name
    assert not re.findall(r"https?:|\bfetch\b|XMLHttpRequest", text_of(site, "search.js"))


def test_what_splitproof_knows_is_in_the_reference(site: dict[str, bytes]) -> None:
    commands = text_of(site, "commands.html")
    for item in app.registered_commands:
        assert item.callback is not None
        name = item.name or item.callback.__name__.replace("_", "-")
        assert f">splitproof {name}</h2>" in commands
        assert f"Usage: splitproof {name} [OPTIONS]" in commands
    catalogue = text_of(site, "requirements.html")
    for identifier in (*requirements(), *gaps()):
        assert f'id="{identifier.lower()}"' in catalogue
    checks = len(re.findall(r"<li>checked by |<li>nothing checks it: ", catalogue))
    assert checks >= len(requirements()) + len(gaps())
    assert all(f"<code>{item.id}</code>" in catalogue for item in PROPERTIES)
    assert all(f'id="{item}"' in text_of(site, "explanations.html") for item in explanations())
    schemas = text_of(site, "schemas.html")
    for file in sorted((ROOT / "docs" / "schemas").glob("*.json")):
        assert f'href="schemas/{file.name}"' in schemas
        assert site[f"schemas/{file.name}"] == file.read_bytes()


def test_a_citation_leads_to_what_it_says_and_code_is_left_alone(site: dict[str, bytes]) -> None:
    assert '<a class="cite" href="requirements.html#g08">G08</a>' in text_of(site, "explanations.html")
    readme = text_of(site, "index.html")
    assert "splitproof requirement G08" in readme


def indexed(site: dict[str, bytes]) -> list[list[str]]:
    script = text_of(site, "search-index.js")
    entries: list[list[str]] = json.loads(script.removeprefix("window.SITE_INDEX = ").removesuffix(";\n"))
    return entries


def test_the_index_has_every_page_and_leads_to_parts_that_are_there(site: dict[str, bytes]) -> None:
    entries = indexed(site)
    assert {f"{page}.html" for page, *_ in entries} == {name for name in site if name.endswith(".html")}
    for page, _, identifier, heading, _ in entries:
        assert f'id="{identifier}"' in text_of(site, f"{page}.html")
        assert heading
    said = {identifier: text for page, _, identifier, _, text in entries if page == "requirements"}
    assert all(identifier.lower() in said for identifier in (*requirements(), *gaps()))
    assert "the copy can finish" in said["g08"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    yield from launched(tmp_path_factory)


@pytest.fixture
def opened(browser: Browser, site: dict[str, bytes], tmp_path: Path) -> Callable[..., None]:
    """Opens a page of the site from the disk, without a network."""
    for name, content in site.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    def open_(name: str, width: int = 1280) -> None:
        browser.open(tmp_path / name, width, 800)

    return open_


PLACES = "[...document.querySelectorAll('#found a')].map(link => link.getAttribute('href'))"
INDEX_IS_THERE = """new Promise(done => {
  const look = () => document.getElementById('told').textContent ? done() : setTimeout(look, 10);
  look();
})"""


def typed(browser: Browser, words: str) -> list[str]:
    """Where the search leads to; the first key puts the reader into it."""
    for key in ("/", *words):
        browser.press(key)
    browser.run(INDEX_IS_THERE)
    found: list[str] = browser.run(PLACES)
    return found


def test_the_search_works_with_keys_alone_and_without_a_network(
    browser: Browser, opened: Callable[..., None]
) -> None:
    opened("index.html")
    places = typed(browser, "g08")
    assert places[0] == "requirements.html#g08"
    assert "explanations.html#stale" in places
    assert browser.run("document.getElementById('told').textContent") == f"{len(places)} places"
    browser.press("ArrowDown")
    assert browser.run("document.activeElement.getAttribute('href')") == places[0]
    browser.press("ArrowDown")
    browser.press("ArrowUp")
    assert browser.run("document.activeElement.getAttribute('href')") == places[0]
    browser.press("Escape")
    assert browser.run("document.getElementById('found').hidden")
    assert browser.run("document.activeElement === document.body")


def test_the_search_finds_what_has_every_word_and_says_when_nothing_has(
    browser: Browser, opened: Callable[..., None], site: dict[str, bytes]
) -> None:
    opened("commands.html", 390)
    places = typed(browser, "Staging Lock")
    expected = {
        f"{page}.html#{identifier}"
        for page, title, identifier, heading, text in indexed(site)
        if all(word in f"{title}\n{heading}\n{text}".lower() for word in ("staging", "lock"))
    }
    assert len(expected) > 3
    assert set(places) <= expected
    assert len(places) == min(len(expected), 20)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    opened("commands.html")
    assert typed(browser, "quagga") == []
    told = browser.run("document.getElementById('told').textContent")
    assert told == "nothing has all of these words"
    assert browser.run("document.getElementById('found').hidden")


def test_without_a_script_the_site_is_read_as_it_is(site: dict[str, bytes]) -> None:
    for name in site:
        if name.endswith(".html"):
            text = text_of(site, name)
            assert '<form id="search" role="search" hidden>' in text
            assert text.index("<main>") < text.index('<nav id="pages"')


def test_no_page_is_wider_than_a_narrow_screen(
    browser: Browser, opened: Callable[..., None], site: dict[str, bytes]
) -> None:
    for name in sorted(site):
        if name.endswith(".html"):
            opened(name, 390)
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("splitproof_docs_build", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# A\n\n[there](nowhere.md)", "leads to nowhere.md, which is not there"),
        ("# A\n\n![it](nowhere.png)", "leads to nowhere.png, which is not there"),
        ("# A\n\n[out](../../../../etc/passwd)", "which is not there"),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(builder: Any, text: str, sentence: str) -> None:
    page = builder.Page("a", "A", text, ROOT / "docs" / "a.md")
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        builder.rendered(page, {})


def test_a_part_that_is_not_there_is_an_error(builder: Any, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="x">A</h1><a href="#x">x</a><a href="b.html#y">y</a>', encoding="utf-8"
    )
    (tmp_path / "b.html").write_text('<p id="z"></p><a href="c.html">c</a>', encoding="utf-8")
    assert list(builder.dead_links(tmp_path)) == [
        "a.html leads to #y of b.html, which is not there",
        "b.html leads to c.html, which is not there",
    ]
