"""Asks one solver about SMT-LIB files: `python -m splitproof.checker.proof.solver z3 FILE...` in a fresh process.

One line a file: its answer. Nothing else of the project is imported, so that nothing of it can sway the answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["answers", "main"]

TIMEOUT_MS = 60_000
"""For one file."""


def answers(solver: str, files: list[str]) -> list[str]:
    """sat, unsat, unknown, or what is wrong with the file, for each."""
    ask = {"z3": _z3, "cvc5": _cvc5}[solver]
    return list(ask(files))


def _z3(files: list[str]) -> Iterator[str]:
    """Through the interpreter of SMT-LIB that the program `z3` has, too; `(reset)` makes it forget the last file."""
    import z3

    context = z3.Context()
    for file in files:
        commands = f"(reset)(set-option :timeout {TIMEOUT_MS}){Path(file).read_text(encoding='utf-8')}"
        try:
            said = z3.z3core.Z3_eval_smtlib2_string(context.ref(), commands)
        except z3.Z3Exception as error:
            said = f"error: {error}"
        yield " ".join(said.replace("(error", "error:").split())


def _cvc5(files: list[str]) -> Iterator[str]:
    for file in files:
        yield _cvc5_about(file)


def _cvc5_about(file: str) -> str:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(TIMEOUT_MS))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(
        cvc5.InputLanguage.SMT_LIB_2_6, Path(file).read_text(encoding="utf-8"), Path(file).name
    )
    symbols = parser.getSymbolManager()
    said = ""
    try:
        while not (command := parser.nextCommand()).isNull():
            said += str(command.invoke(solver, symbols))
    except RuntimeError as error:
        return f"error: {' '.join(str(error).split())}"
    return " ".join(said.split())


def main() -> None:
    """Print the answers."""
    solver, *files = sys.argv[1:]
    for answer in answers(solver, files):
        sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    main()
