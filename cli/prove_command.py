"""`prove`: every number of blocks."""

from __future__ import annotations

from pathlib import Path

from splitproof.check_commands import selected
from splitproof.checker.proof.proof_report import proof_report
from splitproof.checker.proof.prove import prove as run_prove
from splitproof.checker.proof.results import proof_lines
from splitproof.model.loading import load_machine
from splitproof.output import Destination, json_text, status

__all__ = ["prove"]


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
