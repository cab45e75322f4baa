"""What a proof of a design comes to, as a report."""

from __future__ import annotations

from dataclasses import replace

from splitproof.checker.check_report import place_of_design, property_finding
from splitproof.checker.proof.results import ProofResult, PropertyProof
from splitproof.checker.quantities import count
from splitproof.checker.reports import Finding, Report
from splitproof.checker.texts import story_lines
from splitproof.checker.verdicts import PropertyResult, Unknown, Violated

__all__ = ["proof_report"]


def proof_report(source: str, result: ProofResult) -> Report:
    """What a proof comes to. `source`: the design as it was named."""
    found = [_finding(source, item, result.design) for item in result.properties]
    found += [
        Finding(f"never fired: {label}", "error", f"VACUOUS: {label} never happens at 1 block")
        for label in result.never_fired
    ]
    if not result.properties:
        found.append(
            Finding("nothing selected", "error", "no property is of a kind that an invariant proves")
        )
    return Report(f"{result.design}, every number of blocks", tuple(found), place_of_design(source))


def _finding(source: str, item: PropertyProof, design: str) -> Finding:
    name, statement, verdict = item.asked.id, item.asked.statement, item.verdict
    if isinstance(verdict, Violated):
        told = PropertyResult(item.asked, verdict, expected=item.expected)
        found = property_finding(source, told.json(), list(story_lines(told, design)))
        return replace(found, message=f"{found.message} ({count(verdict.trace.blocks, 'block')})")
    if isinstance(verdict, Unknown):
        return Finding(name, "error", f"UNKNOWN: {verdict.limit}", statement)
    if item.expected is not None and item.expected.verdict != "holds":
        return Finding(name, "failure", f"PROVED, but is declared {item.expected.verdict}", statement)
    if item.vacuous:
        return Finding(name, "error", "VACUOUS: never triggered at 1 block", statement)
    return Finding(name, "pass", f"proved: {item.scope}", statement)
