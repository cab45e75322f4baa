"""Proofs of many designs at once: the closed designs of the catalogue, or those named, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from splitproof.checker.jobs import spread
from splitproof.checker.proof.proof_report import proof_report
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.results import proof_lines
from splitproof.checker.reports import Report
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.loading import load_machine

__all__ = ["PROVED_DESIGNS", "ProofJob", "ProofOutcome", "prove_all"]

PROVED_DESIGNS: tuple[str, ...] = tuple(
    name for name in CATALOGUE if name.endswith(("-closed", "-two-slots"))
)
"""The designs of the catalogue of which everything is to be proved that an invariant can prove."""


@dataclass(frozen=True)
class ProofJob:
    """All properties of a design that an invariant can prove; with one invariant, as it is cheaper than one each."""

    design: str
    max_seconds: float | None = None


@dataclass(frozen=True)
class ProofOutcome:
    """What came of a job: `result` is `ProofResult.json()`, `lines` it as text, `report` it for CI."""

    job: ProofJob
    result: dict[str, Any]
    lines: tuple[str, ...]
    report: Report


def prove_all(
    jobs: Sequence[ProofJob],
    processes: int | None = None,
    done: Callable[[ProofOutcome], None] | None = None,
) -> list[ProofOutcome]:
    """The outcomes in the order of the jobs; `done` is called as each comes in.

    `processes`: at most this many at once, each with two solvers for a second or two at the end; one for each core
    unless given.

    Raises:
        ModelError: a design cannot be loaded, or is outside what can be proved.
    """
    return spread(_outcome, jobs, processes, done)


def _outcome(job: ProofJob) -> ProofOutcome:
    result = prove(load_machine(job.design), max_seconds=job.max_seconds)
    return ProofOutcome(job, result.json(), tuple(proof_lines(result)), proof_report(job.design, result))
