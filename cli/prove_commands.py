"""`prove` and `certify`: every number of blocks, and what is left for others to check."""

from __future__ import annotations

from pathlib import Path

from splitproof.check_commands import selected
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.proof.certify import certify as run_certify
from splitproof.checker.proof.proof_report import proof_report
from splitproof.checker.proof.prove import prove as run_prove
from splitproof.checker.proof.results import certified_lines, proof_lines
from splitproof.model.loading import load_machine
from splitproof.output import Destination, json_text, status, write

__all__ = ["certify", "prove"]


def prove(
    design: str,
    properties: tuple[str, ...],
    directory: Path | None,
    max_seconds: float | None,
    destination: Destination,
) -> int:
    """Prove a design, print what came of it, leave the certificate and write further reports if asked."""
    machine = load_machine(design)
    with status(design) as say:
        result = run_prove(
            machine,
            selected(machine, properties),
            directory,
            max_seconds,
            lambda what: say(f"{design}: {what}"),
        )
    own = {"text": lambda: proof_lines(result), "json": lambda: json_text(result.json())}
    destination.show([proof_report(design, result)], own)
    return result.exit_code


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
