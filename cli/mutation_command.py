"""`mutate`: what becomes of every small change of a design."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from splitproof.checker.variants.mutation_report import markdown, summary_lines
from splitproof.checker.variants.mutations import CLOSED, Fate, judge_mutants
from splitproof.checker.verdicts import ExitCode
from splitproof.output import json_text, status, write

__all__ = ["mutate"]


def mutate(
    designs: Sequence[str], blocks: int, format: str, output: Path | None, processes: int | None
) -> int:
    """Judge the mutants of the designs; of the closed ones if none is named."""
    names = list(designs) or list(CLOSED)
    with status(f"mutate: {len(names)} designs") as say:
        judged = judge_mutants(names, blocks, processes, lambda done, all_: say(f"mutate: {done} of {all_}"))
    if format == "json":
        by_design = {
            name: [item.json() for item in judged if item.design == name] for name in dict.fromkeys(names)
        }
        write(json_text({"blocks": blocks, "mutants": by_design}), output)
    else:
        write((markdown if format == "markdown" else summary_lines)(judged, blocks), output)
    fates = {item.fate for item in judged}
    if Fate.SURVIVED in fates:
        return ExitCode.VIOLATED
    return ExitCode.UNKNOWN if Fate.UNDECIDED in fates else ExitCode.HOLDS
