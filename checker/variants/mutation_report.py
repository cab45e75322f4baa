"""The mutation report: how many mutants each property catches, and which ones nothing catches."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from splitproof.checker.quantities import count
from splitproof.checker.variants.mutations import Fate, Judged

__all__ = ["markdown", "summary_lines"]

_WIDTH = 118

_MEANING = {
    Fate.CAUGHT: "a property is violated that the design declares to hold, or the other way round",
    Fate.REFUSED: "the language refuses the change: a cell, a reference, a domain, or a step without effect",
    Fate.VACUOUS: "every verdict stands, but something is never taken, never triggered or never blocks",
    Fate.EQUIVALENT: "the same reachable states and steps at this size: no other design",
    Fate.SURVIVED: "another design, and nothing that is asked notices",
    Fate.UNDECIDED: "the search ended at a limit",
}


def summary_lines(judged: Sequence[Judged], blocks: int) -> Iterator[str]:
    """The report as text: a line a design, then every mutant that is neither caught nor refused."""
    for design in _designs(judged):
        mine = [item for item in judged if item.design == design]
        fates = Counter(item.fate for item in mine)
        counts = ", ".join(f"{fates[fate]} {fate}" for fate in Fate if fates[fate])
        yield f"{design}, blocks={blocks}: {len(mine)} mutants: {counts}"
        for fate in (Fate.UNDECIDED, Fate.SURVIVED, Fate.VACUOUS, Fate.EQUIVALENT):
            for item in mine:
                if item.fate is fate:
                    because = f": {item.by}" if item.by else ""
                    yield f"  {fate:<10} {item.action}: {item.kind}: {item.text} ({item.where}){because}"


def markdown(judged: Sequence[Judged], blocks: int) -> Iterator[str]:
    """The report as a page."""
    designs = _designs(judged)
    yield "# Mutations: does anything notice?"
    yield ""
    yield from _introduction(blocks)
    yield ""
    yield "| design | mutants | " + " | ".join(Fate) + " |"
    yield "|---|" + "---|" * (len(Fate) + 1)
    for design in designs:
        fates = Counter(item.fate for item in judged if item.design == design)
        cells = " | ".join(str(fates[fate]) for fate in Fate)
        yield f"| {design} | {sum(fates.values())} | {cells} |"
    yield ""
    yield from (f"- *{fate}*: {_MEANING[fate]}." for fate in Fate)
    yield ""
    yield from _by_property(judged)
    for fate, title in (
        (Fate.SURVIVED, "What nothing notices"),
        (Fate.UNDECIDED, "What is not decided"),
        (Fate.EQUIVALENT, "What makes no difference"),
    ):
        yield from _listed(judged, fate, title, len(designs))


def _introduction(blocks: int) -> Iterator[str]:
    size = count(blocks, "block")
    yield from textwrap.wrap(
        f"Every guard clause of each closed design is dropped, and every effect dropped or altered, at {size}, one "
        "at a time; then everything is searched again. Written by `make mutations`; `splitproof mutate DESIGN` shows "
        "one design, with the place of each change in the source. Properties of the kind *leads to* are asked last, of "
        "what is another design and breaks nothing else; of their lassos, what is repeated for ever counts once.",
        _WIDTH,
    )


def _designs(judged: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(item.design for item in judged))


def _by_property(judged: Sequence[Judged]) -> Iterator[str]:
    yield "## Which property catches how many"
    yield ""
    yield "The first property that is violated, in the fewest steps and the most."
    yield ""
    yield "| property | mutants | steps |"
    yield "|---|---|---|"
    caught = [item for item in judged if item.fate is Fate.CAUGHT]
    counts = Counter(item.by for item in caught)
    for by, number in sorted(counts.items(), key=lambda found: (-found[1], found[0])):
        steps = [item.steps for item in caught if item.by == by and item.steps is not None]
        yield f"| {by} | {number} | {f'{min(steps)} to {max(steps)}' if steps else '-'} |"
    yield ""


def _listed(judged: Sequence[Judged], fate: Fate, title: str, designs: int) -> Iterator[str]:
    """One row for a change, however many designs it is made in."""
    rows: dict[tuple[str, str, str], list[Judged]] = {}
    for item in judged:
        if item.fate is fate:
            rows.setdefault((item.action, item.kind, item.text), []).append(item)
    if not rows:
        return
    yield f"## {title}"
    yield ""
    yield "| step | change | in | why |"
    yield "|---|---|---|---|"
    for (action, kind, text), found in rows.items():
        where = "all" if len(found) == designs else ", ".join(_short(item.design) for item in found)
        reasons = "; ".join(dict.fromkeys(item.by for item in found if item.by))
        shown = text.replace("|", "\\|")
        yield f"| {action} | {kind}: `{shown}` | {where} | {reasons} |"
    yield ""


def _short(design: str) -> str:
    return design.replace("-embodiment", "")
