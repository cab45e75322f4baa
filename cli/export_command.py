"""`export`: a design as a model for an outside checker, or its state graph as a picture."""

from __future__ import annotations

from pathlib import Path

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.export.formats import Request, export
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.output import status, write

__all__ = ["export_design"]


def export_design(design: str, to: str, blocks: int, symmetry: bool, whole: bool, output: Path | None) -> int:
    """Write the export; of several files, those that go beside the first have its name and their own ending."""
    machine = load_machine(design)
    module = output.stem if output is not None and to == "tla" else ""
    with status(f"exporting {design}"):
        files = export(to, Request(machine, blocks, symmetry, whole, module))
    first, *beside = files
    if output is not None and output.suffix in beside:
        raise ModelError(f"{output} is where a second file goes; give the first another ending, {first}", "")
    for ending, text in files.items():
        file = output if output is None or ending == first else output.with_suffix(ending)
        write(text.splitlines(), file)
    return ExitCode.HOLDS
