"""Builds the documentation as a site: `make docs`. It needs `pip install 'splitproof[docs]'`, and no network.

Pages are Markdown of this folder and of the root; what splitproof knows by itself (commands, requirements and what
checks each, explanations, schemas) is written from it. A link that leads nowhere is an error. The same input makes the
same bytes.
"""

from __future__ import annotations

import contextlib
import html
import io
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

from splitproof.__main__ import run
from splitproof.app import app
from splitproof.checker.citations import citations
from splitproof.explain_command import explanations
from splitproof.spec.catalogue import entry, gaps, requirements
from splitproof.spec.split_backup import PROPERTIES, WITH_PAUSE

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
TITLE_MAX = 42


@dataclass
class Page:
    """`name`: of its file, without the ending. `source`: where its links start; None for a generated page."""

    name: str
    title: str
    text: str
    source: Path | None = None


# ---- generated pages


def commands() -> str:
    """Each command with its help, as it prints it."""
    os.environ["COLUMNS"] = "100"
    names = [
        item.name or item.callback.__name__.replace("_", "-")
        for item in app.registered_commands
        if item.callback
    ]
    parts = ["# Commands", "", "As `splitproof COMMAND --help` prints it.", ""]
    for name in ["", *names]:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            run([*([name] if name else []), "--help"])
        shown = re.sub(
            r"(?m)^Usage: .*? (?=\[OPTIONS\])", f"Usage: splitproof {name}".rstrip() + " ", printed.getvalue()
        )
        parts += [f"## splitproof {name}".rstrip(), "", "```text", shown.strip("\n"), "```", ""]
    return "\n".join(parts)  # fmt: skip


def requirement_pages() -> str:
    """Every requirement and gap: what it says, what was decided, what checks it; and the properties."""
    parts = [
        "# Requirements, and what checks each",
        "",
        "What the document says (R), what it leaves open and was decided (G), and the properties. From `spec/`.",
        "",
        "## Properties",
        "",
        "| property | kind | what it says | checks |",
        "|---|---|---|---|",
    ]
    parts += [
        f"| `{item.id}` | {item.kind.value} | {_cell(item.statement)} | {', '.join(item.cites)} |"
        for item in (*PROPERTIES, *WITH_PAUSE)
    ]
    checks = citations()
    for heading, entries in (("Requirements", requirements()), ("Gaps", gaps())):
        parts += ["", f"## {heading}", ""]
        for identifier in entries:
            found: Any = entry(identifier)
            title = f": {found.title}" if hasattr(found, "title") else ""
            parts += [
                f"### {identifier}{title}",
                "",
                f"*{found.section}, {found.lines}* {found.text}",
                "",
            ]
            if hasattr(found, "closing"):
                parts += [f"Answer: {found.closing}", ""]
            parts += [f"- checked by {check}" for check in checks.get(identifier, [])]
            parts += [f"- nothing checks it: {found.why_not}"] if found.why_not else []
            parts.append("")
    return "\n".join(parts)


def explanation_page() -> str:
    """What `splitproof explain` says."""
    parts = ["# Verdicts, findings and errors", "", "What `splitproof explain ID` says.", ""]
    for item in explanations().values():
        parts += [f"## {item.id}", "", f"*{item.kind}*: {item.title}.", "", item.text, ""]
        parts += [f"Messages say: {'; '.join(f'`{words}`' for words in item.says)}", ""] if item.says else []
    return "\n".join(parts)


def schema_page() -> str:
    """Every JSON Schema, whole."""
    parts = [
        "# JSON Schemas",
        "",
        "Draft 2020-12; tests hold the real outputs to them. In words: [JSON forms](json.md).",
        "",
    ]
    for file in sorted((DOCS / "schemas").glob("*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        parts += [f"## {file.stem}", "", f"{schema['title']}: [schemas/{file.name}](schemas/{file.name})", ""]
        keys = schema.get("properties", {})
        if keys:
            parts += ["| key | what it is |", "|---|---|"]
            parts += [f"| `{key}` | {_cell(_words(value))} |" for key, value in keys.items()]
            parts.append("")
    return "\n".join(parts)


def _words(schema: dict[str, Any]) -> str:
    """What a schema says, short."""
    if "$ref" in schema:
        kind = schema["$ref"].rpartition("/")[2].removesuffix(".json")
    elif "enum" in schema:
        kind = "one of " + ", ".join("null" if value is None else str(value) for value in schema["enum"])
    elif "anyOf" in schema:
        kind = " or ".join(map(_words, schema["anyOf"]))
    elif schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        kind = f"a list: {_words(schema['items'])}"
    else:
        kind = schema.get("type", schema.get("const", "anything"))
        kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{kind}; {schema['description']}" if "description" in schema else kind


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


GENERATED: dict[str, Callable[[], str]] = {
    "commands": commands,
    "requirements": requirement_pages,
    "explanations": explanation_page,
    "schemas": schema_page,
}


# ---- pages


def pages() -> dict[str, list[Page]]:
    """The sections, and the pages of each."""
    listed = tomllib.loads((DOCS / "site.toml").read_text(encoding="utf-8"))["section"]
    found = {section["title"]: [_page(name) for name in section["pages"]] for section in listed}
    known = {page.source for section in found.values() for page in section}
    others = [file for file in sorted(DOCS.glob("*.md")) if file not in known]
    if others:
        found["More"] = [_page(file.name) for file in others]
    return found


def _page(name: str) -> Page:
    if name in GENERATED:
        text = GENERATED[name]()
        return Page(name, _title(text), text)
    source = (DOCS / name).resolve()
    text = source.read_text(encoding="utf-8")
    if source == ROOT / "README.md":
        return Page("index", "splitproof", text, source)
    return Page(source.stem.lower(), _title(text), text, source)


def _title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"docs: a page has no heading: {text[:60]!r}")
    return found[1]


class _Citations(Extension):
    """R29 and G08 lead to what they say; not in code, and not in links."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802  # the name that the library calls
        md.inlinePatterns.register(_Citation(self._here, md), "citation", 60)


class _Citation(InlineProcessor):
    ANCESTOR_EXCLUDES = ("a", "h1", "h2", "h3")

    def __init__(self, here: str, md: markdown.Markdown) -> None:
        super().__init__(r"\b([RG]\d{2,3})\b", md)
        self._here = here
        self._known = {*requirements(), *gaps()}

    def handleMatch(self, found: re.Match[str], data: str) -> tuple[Any, int | None, int | None]:  # type: ignore[override]  # noqa: N802
        if found[1] not in self._known:
            return None, None, None
        place = "" if self._here == "requirements" else "requirements.html"
        link = ElementTree.Element("a", {"class": "cite", "href": f"{place}#{found[1].lower()}"})
        link.text = found[1]
        return link, found.start(0), found.end(0)


def slug(text: str, separator: str) -> str:
    """The id of a heading; of a requirement, its own id."""
    found = re.match(r"^([RG]\d{2,3})(:|$)", text)
    words = found[1] if found else re.sub(r"[^\w\s-]", "", text)
    return re.sub(r"[\s_]+", separator, words.strip().lower())


def rendered(page: Page, by_source: dict[Path, Page]) -> tuple[str, list[tuple[str, str]], set[Path]]:
    """The HTML of a page, its headings of the second order, and the files that it leads to."""
    converter = markdown.Markdown(
        extensions=["tables", "fenced_code", "sane_lists", "toc", _Citations(page.name)],
        extension_configs={"toc": {"slugify": slug}},
    )
    body = converter.convert(page.text)
    files: set[Path] = set()

    def led(match: re.Match[str]) -> str:
        attribute, target = match[1], html.unescape(match[2])
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, hash_, fragment = target.partition("#")
        file = ((page.source or DOCS / "page.md").parent / path).resolve()
        if file in by_source:
            return f'{attribute}="{by_source[file].name}.html{hash_}{fragment}"'
        if path.endswith(".html"):
            return match[0]
        if not file.exists() or not file.is_relative_to(ROOT):
            raise SystemExit(f"docs: {page.source or page.name} leads to {target}, which is not there")
        if file.is_dir():
            return (
                f'{attribute}="{file.name}.html"' if file.name in GENERATED else f'{attribute}="index.html"'
            )
        files.add(file)
        return f'{attribute}="{_copied(file).as_posix()}"'

    body = re.sub(r'\b(href|src)="([^"]*)"', led, body)
    tokens: Any = getattr(converter, "toc_tokens")  # noqa: B009  # the extension adds it
    tops = [child for token in tokens for child in token["children"]] or tokens
    return body, [(token["id"], html.unescape(token["name"])) for token in tops if token["level"] == 2], files


def _copied(file: Path) -> Path:
    """Where a file that is no page stands in the site."""
    return file.relative_to(DOCS) if file.is_relative_to(DOCS) else Path("files") / file.relative_to(ROOT)


# ---- the search


class _Sections(HTMLParser):
    """What the parts of a page say, each under its heading: `(id, heading, text)`, as the search finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._id, self._heading, self._text, self._in_heading = "", "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HEADINGS:
            self.close_section()
            self._id, self._heading, self._in_heading = dict(attrs).get("id") or "", "", True
        elif tag in _BLOCKS:
            self._text += " "

    def handle_endtag(self, tag: str) -> None:
        self._in_heading = self._in_heading and tag not in _HEADINGS

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self._heading += data
        else:
            self._text += data

    def close_section(self) -> None:
        if self._heading:
            self.found.append((self._id, self._heading, " ".join(self._text.split())))
        self._text = ""


_HEADINGS = ("h1", "h2", "h3")
_BLOCKS = ("p", "li", "td", "th", "pre", "br")


def searched(page: Page, body: str) -> list[tuple[str, str, str, str, str]]:
    """The entries of a page in the index: its name, its title, and each part's id, heading and text."""
    parser = _Sections()
    parser.feed(body)
    parser.close_section()
    return [(page.name, _short(page.title), *section) for section in parser.found]


def index_script(entries: list[tuple[str, str, str, str, str]]) -> str:
    """A script and no JSON: a page opened from a disk may fetch nothing, but it may load a script beside it."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f"window.SITE_INDEX = [\n{lines}\n];\n"


# ---- the site


def build(target: Path) -> int:
    """Write the site; how many pages it has."""
    sections = pages()
    every = [page for section in sections.values() for page in section]
    by_source = {page.source: page for page in every if page.source is not None}
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    ).from_string((DOCS / "page.html").read_text(encoding="utf-8"))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    nav = [
        {
            "title": title,
            "pages": [{"name": page.name, "title": _short(page.title)} for page in listed],
        }
        for title, listed in sections.items()
    ]
    index: list[tuple[str, str, str, str, str]] = []
    for page in every:
        body, inside, files = rendered(page, by_source)
        index += searched(page, body)
        text = template.render(title=page.title, name=page.name, sections=nav, inside=inside, body=body)
        (target / f"{page.name}.html").write_text(text, encoding="utf-8")
        for file in sorted(files):
            place = target / _copied(file)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    (target / "search-index.js").write_text(index_script(index), encoding="utf-8")
    shutil.copyfile(DOCS / "search.js", target / "search.js")
    for fault in dead_links(target):
        raise SystemExit(f"docs: {fault}")
    return len(every)


def _short(title: str) -> str:
    words = title.split(":")[0]
    return words if len(words) <= TITLE_MAX else words[: TITLE_MAX - 1].rsplit(" ", 1)[0] + " \u2026"


def dead_links(site: Path) -> Iterator[str]:
    """Links within a site that lead nowhere."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(site.glob("*.html"))}
    ids = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in texts.items()}
    for name, text in texts.items():
        for target in re.findall(r'\b(?:href|src)="([^"]*)"', text):
            path, _, fragment = html.unescape(target).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            if path and not (site / path).is_file():
                yield f"{name} leads to {path}, which is not there"
            elif fragment and fragment not in ids[path or name]:
                yield f"{name} leads to #{fragment} of {path or name}, which is not there"


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    number = build(place)
    sys.stdout.write(f"{number} pages: {place / 'index.html'}\n")
