"""`mutate`: what becomes of every small change of a design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.variants.broken_proofs import BrokenProofs, broken_proofs, proofs_markdown
from splitproof.checker.variants.mutation_report import markdown, summary_lines
from splitproof.checker.variants.mutations import CLOSED, Fate, Judged, judge_mutants
from splitproof.output import json_text, status, write

__all__ = ["mutate"]


def _report(
    judged: Sequence[Judged], broken: Sequence[BrokenProofs], blocks: int, format: str
) -> Iterator[str]:
    if format == "markdown":
        yield from markdown(judged, blocks)
        yield from proofs_markdown(broken) if broken else ()
    else:
        yield from summary_lines(judged, blocks)
        for proof in broken:
            yield from proof.lines()


def mutate(
    designs: Sequence[str],
    blocks: int,
    format: str,
    output: Path | None,
    processes: int | None,
    prove: bool = False,
) -> int:
    """Judge the mutants of the designs; of the closed ones if none is named.

    `prove`: also say what those that are caught break of the proof of their design.
    """
    names = list(designs) or list(CLOSED)
    with status(f"mutate: {len(names)} designs") as say:
        judged = judge_mutants(names, blocks, processes, lambda done, all_: say(f"mutate: {done} of {all_}"))
        broken = [
            broken_proofs(name, [item for item in judged if item.design == name], say)
            for name in (dict.fromkeys(names) if prove else ())
        ]
    if prove:
        judged = [item for proof in broken for item in proof.judged]
    if format == "json":
        by_design = {
            name: [item.json() for item in judged if item.design == name] for name in dict.fromkeys(names)
        }
        write(json_text({"blocks": blocks, "mutants": by_design}), output)
    else:
        write([*_report(judged, broken, blocks, format)], output)
    fates = {item.fate for item in judged}
    if Fate.SURVIVED in fates or any(proof.unsound for proof in broken):
        return ExitCode.VIOLATED
    return ExitCode.UNKNOWN if Fate.UNDECIDED in fates else ExitCode.HOLDS
