"""`certify`: what is left of a proof for others to check. Nothing of what found it is loaded."""

from __future__ import annotations

from pathlib import Path

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.certify import certified_lines
from splitproof.checker.proof.certify import certify as run_certify
from splitproof.output import json_text, write

__all__ = ["certify"]


def certify(directory: Path, format: str, output: Path | None) -> int:
    """Re-check a certificate; what is wrong with it exits like a violation."""
    found = run_certify(directory)
    if format == "json":
        report = {
            "design": found.design,
            "properties": list(found.properties),
            "files": found.answers,
            "faults": list(found.faults),
            "timing": {solver: round(seconds, 3) for solver, seconds in found.seconds.items()},
        }
        write(json_text(report), output)
    else:
        proved = [f"PROVED    {name:<28} ({found.design})" for name in found.properties if not found.faults]
        write([*proved, *certified_lines(found)], output)
    return ExitCode.VIOLATED if found.faults else ExitCode.HOLDS
