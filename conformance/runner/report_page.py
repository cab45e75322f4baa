"""The report of a run as one page of HTML, with nothing to load from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Final

from splitproof.conformance.histories.history import history_lines
from splitproof.conformance.lab.coverage import Coverage, views_text
from splitproof.conformance.protocol.operations import OPTIONAL
from splitproof.conformance.runner.report import Report
from splitproof.conformance.runner.results import TestResult
from splitproof.conformance.timelines.chart import BY_WIDTH, STYLE, both_lines
from splitproof.conformance.verdicts import Verdict
from splitproof.spec.pair_states import legal_pair_transitions, legal_views

__all__ = ["report_page"]

_OPERATIONS_MAX: Final = 300
"""Of a history that is put into the page; a longer one is in the file that `--histories` saves."""


def report_page(report: Report) -> str:
    """The page."""
    escape = html.escape
    body = [f"<h1 class='{report.verdict.value}'>{escape(report.summary)}</h1>", _facts(report)]
    body += ["<h2>Tests</h2>"]
    rows = [_row(result) for result in report.results]
    body += [_table(("verdict", "level", "test", "property", "cites"), rows)]
    failures = [one for one in report.results if _is_told(one)]
    if failures:
        body.append("<h2>What was found</h2>")
        for result in failures:
            body += _failure(report, result)
    entries = [(escape(name), _word(verdict)) for name, verdict in report.requirements.items()]
    body += ["<h2>Requirements</h2>", _table(("entry", "verdict"), entries)]
    if report.coverage is not None:
        body += ["<h2>What was reached</h2>", *_coverage(report.coverage)]
    return _PAGE.format(
        title=escape(f"Conformance of {report.subject}"), body="\n".join(body), by_width=BY_WIDTH
    )


def _facts(report: Report) -> str:
    known = report.capabilities
    declared = known.operations if known else frozenset()
    facts = [
        ("controller", known.name if known else "(it never said)"),
        ("adapter", report.subject),
        ("tested", report.selection),
        ("examples", "the same every time" if report.seed is None else f"seed {report.seed}"),
        ("declares", ", ".join(sorted(declared)) or "nothing optional"),
        ("does not declare", ", ".join(name for name in OPTIONAL if name not in declared) or "-"),
    ]
    facts += [("less than was asked for", remark) for remark in report.remarks]
    if report.under_declared:
        facts.append(("works, though not declared", ", ".join(report.under_declared)))
    return _table(("", ""), [(html.escape(name), html.escape(value)) for name, value in facts])


def _failure(report: Report, result: TestResult) -> Iterator[str]:
    escape = html.escape
    yield f"<h3 id='{escape(result.test, quote=True)}'>{escape(result.test)}</h3>"
    failure = result.failure
    if failure is not None and failure.timeline is not None and failure.finding is not None:
        yield f"<p class='fail'>{escape(failure.finding.sentence)}.</p>"
        yield "<div class='scroll'>"
        yield from both_lines(failure.timeline, failure.timeline.scenes[0], STYLE)
        yield "</div>"
        yield (
            "<p class='key'>Time runs down, in order and not to scale. A bar is an operation from its call to its "
            "return, the band the split; beside them is when each block held the value that was read. Red are the two "
            "operations that contradict each other.</p>"
        )
    yield f"<pre>{escape(result.text)}</pre>"
    again = "\n".join(report.again(result))
    if again:
        yield f"<p>Again:</p><pre>{escape(again)}</pre>"
    if failure is None or failure.history is None or failure.timeline is None:
        return
    if len(failure.history.operations) <= _OPERATIONS_MAX:
        lines = "\n".join(history_lines(failure.history))
        yield (
            "<details><summary>The history; saved to a file, <code>splitproof judge FILE</code> judges it again"
            f"</summary><pre>{escape(lines)}</pre></details>"
        )


def _coverage(coverage: Coverage) -> Iterator[str]:
    possible, missing = coverage.possible, coverage.missing
    yield (
        f"<p>{len(possible) - len(missing)} of the {len(possible)} abstract states that the specification has for a "
        "controller with these operations were reached by a single client.</p>"
    )
    graph = legal_pair_transitions()
    edges = [
        (
            views_text(old),
            views_text(new),
            graph.edges[old, new]["cause"],
            _count(coverage.transitions[old, new]),
        )
        for old, new in coverage.possible_transitions
    ]
    yield _table(("from", "to", "because", "times"), edges)
    for views in legal_views():
        rows = [
            (html.escape(str(state)), _count(coverage.states[state]))
            for state in possible
            if state.views == views
        ]
        yield f"<details><summary>{html.escape(views_text(views))}</summary>"
        yield _table(("state", "looks"), rows)
        yield "</details>"
    said = [(html.escape(name), _count(count)) for name, count in sorted(coverage.triggers.items())]
    yield _table(("property", "had something to say"), said)
    tried = [
        (html.escape(name), html.escape(views_text(views)), str(accepted), str(refused))
        for name, views, accepted, refused in coverage.by_operation()
    ]
    yield "<details><summary>Operations</summary>"
    yield _table(("operation", "while the pair is", "accepted", "refused"), tried)
    yield "</details>"


def _count(number: int) -> str:
    return f"{number:,}" if number else "<b class='unknown'>never</b>"


def _is_told(result: TestResult) -> bool:
    """Whether there is more to say than its verdict."""
    return bool(result.text) and result.verdict not in (Verdict.PASS, Verdict.SKIPPED)


def _row(result: TestResult) -> tuple[str, ...]:
    escape = html.escape
    name = escape(result.test)
    link = f"<a href='#{name}'>{name}</a>" if _is_told(result) else name
    if result.verdict is Verdict.SKIPPED:
        link += f"<br><span class='key'>{escape(result.text)}</span>"
    word = _word(result.verdict.value) + (" (expected)" if result.expected else "")
    cites = ", ".join(result.about.cites)
    return word, escape(result.about.level.value), link, escape(result.about.property.id), escape(cites)


def _word(verdict: str) -> str:
    return f"<b class='{verdict}'>{verdict}</b>"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{heads}</tr>\n{lines}</table>"


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.4 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; margin: .5em 0; }}
td, th {{ border: 1px solid #8886; padding: .2em .6em; text-align: left; }}
pre {{ background: #8881; padding: 1em; overflow-x: auto; }} h1 {{ font-size: 1.3em; }}
.pass {{ color: #0a8a48; }} .fail, .error {{ color: #d01030; }} .skipped {{ color: #777; }}
.unknown, .partial, .vacuous {{ color: #a06a00; }} .key {{ font-size: 13px; color: #777; }}
.scroll {{ overflow-x: auto; }} td + td, h3 {{ overflow-wrap: anywhere; }}
{by_width}
</style></head><body>
{body}
</body></html>
"""
