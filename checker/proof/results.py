"""What came of a proof, as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.certify import SOLVERS, Certified, certified_lines
from splitproof.checker.proof.premises import Premises
from splitproof.checker.proof.search import Stuck
from splitproof.checker.proof.sentences import Line
from splitproof.checker.proof.transitions import STANDING
from splitproof.checker.quantities import count
from splitproof.checker.texts import story_lines
from splitproof.checker.verdicts import PropertyResult, Unknown, Verdict, Violated
from splitproof.spec.properties import Expectation, Kind, Property

__all__ = ["ProofResult", "PropertyProof", "Proved", "proof_lines"]

SCOPE = "every number of blocks, any data, any number of steps"
FAIR_SCOPE = "every finite number of blocks, any data, under the fairness that follows"
POSSIBLE_SCOPE = "every finite number of blocks, any data"
_NOT_ASKED = "an invariant proves `always` and `step`; `leads to` and `possible` need a ranking argument"
_WIDTH = 108


@dataclass(frozen=True)
class Proved:
    """For every number of blocks, with a certificate that two solvers confirm."""

    word = "proved"


@dataclass(frozen=True)
class PropertyProof:
    """The verdict for one property.

    `stuck`: where an attempt to prove it ended. `vacuous`: at 1 block its trigger never occurs. `ranked`: the ranking
    argument that it is proved by, if it is of the kind *leads to* or *possible*. `clauses`: of the invariant, beside
    properties, that its proof needs.
    """

    asked: Property
    verdict: Verdict | Proved
    stuck: Stuck | None = None
    vacuous: bool = False
    expected: Expectation | None = None
    ranked: Premises | None = None
    clauses: int | None = None

    @property
    def scope(self) -> str:
        """What a proof of it speaks of."""
        if self.ranked is None:
            return SCOPE
        return FAIR_SCOPE if self.asked.kind is Kind.LEADS_TO else POSSIBLE_SCOPE

    def json(self) -> dict[str, Any]:
        violated = None
        if isinstance(self.verdict, Violated):
            violated = PropertyResult(self.asked, self.verdict, expected=self.expected).json()
        return {
            "id": self.asked.id,
            "verdict": self.verdict.word,
            "vacuous": self.vacuous,
            "clauses": self.clauses if isinstance(self.verdict, Proved) else None,
            "expected": self.expected.verdict if self.expected else None,
            "blocks": self.verdict.trace.blocks if isinstance(self.verdict, Violated) else None,
            "depth": violated["depth"] if violated else None,
            "trace": violated["trace"] if violated else None,
            "limit": self.verdict.limit if isinstance(self.verdict, Unknown) else None,
            "fairness": None
            if self.ranked is None or self.asked.kind is not Kind.LEADS_TO
            else {"weak": list(self.ranked.weak), "strong": list(self.ranked.strong)},
            "stuck": None
            if self.stuck is None
            else {"step": self.stuck.step, "before": self.stuck.before, "after": self.stuck.after},
        }


@dataclass(frozen=True)
class ProofResult:
    """What a proof of one design found.

    `lines`: the invariant in sentences, by subject, beside the properties themselves. `certified`: what the solvers
    say of its certificate. `left_out`: properties of kinds that no invariant proves. `samples`: different reachable
    combinations of words that were looked at. `queries`: questions to z3.
    """

    design: str
    properties: tuple[PropertyProof, ...]
    lines: Mapping[str, Sequence[Line]]
    certified: Certified | None
    directory: Path | None
    never_fired: tuple[str, ...]
    left_out: tuple[str, ...]
    samples: int
    queries: int
    seconds: float

    @property
    def clauses(self) -> int:
        """Of the invariant, beside the properties."""
        return sum(len(line.lemmas) for lines in self.lines.values() for line in lines)

    @property
    def conditions(self) -> int:
        """The clauses that these would be if each word that stands for several conditions were spelled out."""
        return sum(line.conditions for lines in self.lines.values() for line in lines)

    @property
    def exit_code(self) -> ExitCode:
        """Violated before unknown before vacuous before proved."""
        verdicts = [item.verdict for item in self.properties]
        if not verdicts:
            return ExitCode.NOTHING_SELECTED
        if any(isinstance(verdict, Violated) for verdict in verdicts):
            return ExitCode.VIOLATED
        if any(isinstance(verdict, Unknown) for verdict in verdicts):
            return ExitCode.UNKNOWN
        is_vacuous = self.never_fired or any(item.vacuous for item in self.properties)
        return ExitCode.VACUOUS if is_vacuous else ExitCode.HOLDS

    def json(self) -> dict[str, Any]:
        certified = self.certified
        return {
            "design": self.design,
            "scope": SCOPE,
            "properties": [item.json() for item in self.properties],
            "invariant": {
                subject: [
                    {
                        "sentence": line.sentence,
                        "formula": line.text,
                        "clauses": len(line.lemmas),
                        "conditions": line.conditions,
                    }
                    for line in lines
                ]
                for subject, lines in self.lines.items()
            },
            "clauses": self.clauses,
            "conditions": self.conditions,
            "certificate": None
            if certified is None
            else {"files": certified.answers, "solvers": list(SOLVERS), "faults": list(certified.faults)},
            "never_fired": list(self.never_fired),
            "left_out": list(self.left_out),
            "samples": self.samples,
            "queries": self.queries,
            "timing": {
                "seconds": round(self.seconds, 3),
                "certificate_seconds": {}
                if certified is None
                else {solver: round(seconds, 3) for solver, seconds in certified.seconds.items()},
            },
        }


def proof_lines(result: ProofResult) -> Iterator[str]:
    """The report: a counterexample first, then a line for each property, then the invariant."""
    for item in result.properties:
        if isinstance(item.verdict, Violated):
            yield from story_lines(PropertyResult(item.asked, item.verdict), result.design)
            break
    told = False
    for item in result.properties:
        if isinstance(item.verdict, Violated) and not told:
            told = True  # its story is above
            continue
        yield from _property_lines(item)
    yield from _invariant_lines(result)
    yield from (f"VACUOUS   {label} never happens at 1 block" for label in result.never_fired)
    if result.left_out:
        yield f"not asked: {', '.join(result.left_out)} ({_NOT_ASKED})"


def _property_lines(item: PropertyProof) -> Iterator[str]:
    match item.verdict:
        case Proved():
            vacuous = "  VACUOUS: it never has anything to say at 1 block" if item.vacuous else ""
            yield f"PROVED    {item.asked.id:<28} ({item.scope}){vacuous}"
            if item.ranked is not None:
                yield from _fairness_lines(item.ranked)
        case Violated() as violated:
            size = count(violated.trace.blocks, "block")
            yield f"VIOLATED  {item.asked.id:<28} ({count(violated.depth, 'step')}, {size})"
        case Unknown(limit):
            yield f"UNKNOWN   {item.asked.id:<28} (ended: {limit})"
            if item.stuck is not None:
                yield from _stuck_lines(item.stuck)


def _fairness_lines(ranked: Premises) -> Iterator[str]:
    """The promises that a proof rests on, weak ones apart from strong ones."""
    for when, labels in (
        ("stays possible", ranked.weak),
        ("is possible again and again", ranked.strong),
    ):
        if labels:
            text = f"none of these {when} and is never taken: {', '.join(dict.fromkeys(labels))}"
            yield from textwrap.wrap(text, _WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 12)


def _stuck_lines(stuck: Stuck) -> Iterator[str]:
    of_state = stuck.step == STANDING
    fails = "it fails in" if of_state else f"`{stuck.step}` breaks it from"
    yield f"          {fails} a state that no clause over the words tells from reachable ones;"
    named = "matters" if of_state else "the step names"
    yield f"          a predicate that does would help. True of it, for each block that {named}:"
    for words in stuck.before:
        yield f"            {', '.join(words)}"
    if not of_state:
        yield f"          and after the step: {', '.join(stuck.after)}"


def _invariant_lines(result: ProofResult) -> Iterator[str]:
    certified = result.certified
    if certified is None:
        return
    sentences = sum(map(len, result.lines.values()))
    if sentences:
        size = f"{count(sentences, 'sentence')}, {count(result.clauses, 'clause')}"
        if result.conditions > result.clauses:
            size += f"; {count(result.conditions, 'condition')}, as some words stand for several"
        yield f"because these hold in every reachable state ({size}):"
    number = 0
    for subject, lines in result.lines.items():
        yield f"  {subject}"
        for line in lines:
            number += 1
            yield f"  {number:>3}. {line.text}"
            yield f"       {line.sentence}"
    yield from certified_lines(certified)
    if result.directory is not None:
        yield f"replay:   splitproof certify {result.directory}"
