"""The report of a run: its verdict, as text, JSON and one page of HTML; see also `suite_report`."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from splitproof.checker.verdicts import ExitCode
from splitproof.conformance.adapter import Capabilities
from splitproof.conformance.operations import OPTIONAL
from splitproof.conformance.verdicts import Verdict

if TYPE_CHECKING:
    from splitproof.conformance.plugin import TestResult

__all__ = ["Report"]

_CORE: Final = "core"
_PRECEDENCE: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNKNOWN, Verdict.PARTIAL, Verdict.VACUOUS)
_EXIT: Final = {
    Verdict.ERROR: ExitCode.USAGE,
    Verdict.FAIL: ExitCode.VIOLATED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
    Verdict.PARTIAL: ExitCode.UNKNOWN,
    Verdict.VACUOUS: ExitCode.VACUOUS,
    Verdict.PASS: ExitCode.HOLDS,
}


@dataclass(frozen=True)
class Report:
    """What a run came to; `capabilities` is None if the controller never said what it is."""

    subject: str
    profile: str
    seed: int | None
    capabilities: Capabilities | None
    results: tuple[TestResult, ...]

    @property
    def verdict(self) -> Verdict:
        """Of the profile: the gravest of those not as expected; partial if some of the core was skipped."""
        found = {result.verdict for result in self.results if result.expected is None}
        if any(
            result.verdict is Verdict.SKIPPED and result.about.level.value == _CORE for result in self.results
        ):
            found.add(Verdict.PARTIAL)
        return next((verdict for verdict in _PRECEDENCE if verdict in found), Verdict.PASS)

    @property
    def exit_code(self) -> ExitCode:
        """Zero only for a pass."""
        return _EXIT[self.verdict] if self.results else ExitCode.NOTHING_SELECTED

    @property
    def requirements(self) -> Mapping[str, str]:
        """Each requirement or gap that a test cites, and the gravest verdict of its tests."""
        order = (*_PRECEDENCE, Verdict.SKIPPED, Verdict.PASS)
        cited: dict[str, set[Verdict]] = {}
        for result in self.results:
            for identifier in result.about.cites:
                cited.setdefault(identifier, set()).add(result.verdict)
        words: dict[str, str] = {}
        for identifier in sorted(cited):
            verdicts = cited[identifier]
            if Verdict.PASS in verdicts:
                verdicts = verdicts - {Verdict.SKIPPED}  # part of it was seen, and that passed
            words[identifier] = next(verdict for verdict in order if verdict in verdicts).value
        return words

    # ---- forms ---------------------------------------------------------------------------------------

    def json(self) -> dict[str, Any]:
        """Everything but `timing` is the same on every run of a controller that repeats itself."""
        return {
            "subject": self.subject,
            "profile": self.profile,
            "seed": self.seed,
            "capabilities": _capabilities(self.capabilities),
            "verdict": self.verdict.value,
            "exit_code": int(self.exit_code),
            "results": [
                {
                    "test": result.test,
                    "verdict": result.verdict.value,
                    "expected": result.expected is not None,
                    "level": result.about.level.value,
                    "property": result.about.property.id,
                    "cites": list(result.about.cites),
                    "kind": result.kind,
                    "text": result.text,
                }
                for result in self.results
            ],
            "requirements": dict(self.requirements),
            "timing": {"seconds": round(sum(result.seconds for result in self.results), 3)},
        }

    def lines(self) -> Iterator[str]:
        """For people: what is not a pass first said whole, then the table, then the verdict."""
        for result in self.results:
            if result.verdict not in (Verdict.PASS, Verdict.SKIPPED) and result.expected is None:
                yield f"{result.test}"
                yield from (f"  {line}" for line in result.text.splitlines())
                yield ""
        width = max((len(result.test) for result in self.results), default=0)
        for result in self.results:
            word = f"{result.verdict.value} (expected)" if result.expected else result.verdict.value
            why = f"  {result.text}" if result.verdict is Verdict.SKIPPED else ""
            yield f"{word:<18}{result.about.level.value:<12}{result.test:<{width}}{why}".rstrip()
        yield ""
        yield self.summary

    @property
    def summary(self) -> str:
        """One line, the verdict first."""
        counts = Counter(result.verdict.value for result in self.results)
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        seed = "the same examples every time" if self.seed is None else f"seed {self.seed}"
        name = self.capabilities.name if self.capabilities else self.subject
        return (
            f"{self.verdict.name}  {name}, profile {self.profile}: {listed or 'nothing was tested'} ({seed})"
        )

    def html(self) -> str:
        """One page, with nothing to load from elsewhere."""
        escape = html.escape
        declared = self.capabilities.operations if self.capabilities else frozenset()
        facts = [
            ("controller", self.capabilities.name if self.capabilities else "(it never said)"),
            ("adapter", self.subject),
            ("profile", self.profile),
            ("examples", "the same every time" if self.seed is None else f"seed {self.seed}"),
            ("declares", ", ".join(sorted(declared)) or "nothing optional"),
            ("does not declare", ", ".join(name for name in OPTIONAL if name not in declared) or "-"),
        ]
        body = [
            f"<h1 class='{self.verdict.value}'>{escape(self.summary)}</h1>",
            _table(("", ""), [(escape(name), escape(value)) for name, value in facts]),
            "<h2>Tests</h2>",
            _table(
                ("verdict", "level", "test", "property", "cites"), [_row(result) for result in self.results]
            ),
            "<h2>Requirements</h2>",
            _table(
                ("entry", "verdict"),
                [(escape(name), _word(verdict)) for name, verdict in self.requirements.items()],
            ),
            "<h2>What was found</h2>",
        ]
        for result in self.results:
            if result.text and result.verdict is not Verdict.PASS:
                body.append(f"<h3 id='{escape(result.test, quote=True)}'>{escape(result.test)}</h3>")
                body.append(f"<pre>{escape(result.text)}</pre>")
        return _PAGE.format(title=escape(f"Conformance of {self.subject}"), body="\n".join(body))


def _capabilities(value: Capabilities | None) -> dict[str, Any] | None:
    if value is None:
        return None
    record = {item.name: getattr(value, item.name) for item in fields(value)}
    return record | {"operations": sorted(value.operations)}


def _row(result: TestResult) -> tuple[str, ...]:
    escape = html.escape
    name = escape(result.test)
    link = f"<a href='#{name}'>{name}</a>" if result.text and result.verdict is not Verdict.PASS else name
    word = _word(result.verdict.value) + (" (expected)" if result.expected else "")
    cites = ", ".join(result.about.cites)
    return word, escape(result.about.level.value), link, escape(result.about.property.id), escape(cites)


def _word(verdict: str) -> str:
    return f"<b class='{verdict}'>{verdict}</b>"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{heads}</tr>\n{lines}</table>"


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.4 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ border: 1px solid #ccc; padding: .2em .6em; text-align: left; }}
pre {{ background: #f4f4f4; padding: 1em; overflow-x: auto; }} h1 {{ font-size: 1.3em; }}
.pass {{ color: #06703a; }} .fail, .error {{ color: #b00020; }} .skipped {{ color: #666; }}
.unknown, .partial, .vacuous {{ color: #8a5a00; }}
</style></head><body>
{body}
</body></html>
"""
