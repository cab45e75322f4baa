"""The commands and their options. Each parses, calls the checker, prints, and returns an exit code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from splitproof import (
    __version__,
    bounded_command,
    catalogue_commands,
    check_commands,
    prove_commands,
    requirement_command,
)

__all__ = ["app"]

app = typer.Typer(
    name="splitproof",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Decide whether a storage controller's backup is the image of its split.\n\n"
    "Exit codes: 0 holds, 1 violated, 2 usage or model error, 3 unknown (a limit ended it), 4 vacuous, "
    "5 nothing selected, 70 internal error.",
)


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


class Engine(StrEnum):
    """How runs are searched for."""

    AUTO = "auto"
    GRAPH = "graph"
    BMC = "bmc"


_Design = Annotated[
    str, typer.Argument(help="NAME, NAME+key=value..., or path/to/file.py:NAME", metavar="DESIGN")
]
_Format = Annotated[Format, typer.Option("--format", help="How to print the result.")]
_Output = Annotated[
    Path | None, typer.Option("--output", help="Write the result to a file instead.", dir_okay=False)
]
_Blocks = Annotated[int, typer.Option("--blocks", min=1, max=8, help="Blocks of the volumes.")]
_MaxStates = Annotated[
    int | None, typer.Option("--max-states", min=1, help="End as unknown after so many states.")
]
_MaxSeconds = Annotated[
    float | None, typer.Option("--max-seconds", min=0.001, help="End as unknown after so long.")
]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"splitproof {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Nothing is done before the command."""


@app.command()
def verify(
    designs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Designs that declare `expects`; the whole catalogue if none is named.",
            metavar="[DESIGN]...",
        ),
    ] = None,
    blocks: Annotated[
        int | None,
        typer.Option("--blocks", min=1, max=8, help="Check at this size only; from 2 on the closed designs."),
    ] = None,
    format: _Format = Format.TEXT,
    output: _Output = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes; one for each core unless given.")
    ] = None,
) -> int:
    """Check every design of the catalogue, and hold each verdict against the declared one.

    Exits with 0 exactly when each property of each design gets the verdict that the design declares.
    """
    return catalogue_commands.verify(designs or [], blocks, format.value, output, jobs)


@app.command()
def designs(
    name: Annotated[
        str | None, typer.Argument(help="A design; all of them if none is named.", metavar="[NAME]")
    ] = None,
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """List the designs of the catalogue, or the choices and declared verdicts of one."""
    return catalogue_commands.designs(name, format.value, output)


@app.command()
def ablate(
    design: _Design,
    blocks: _Blocks = 1,
    format: _Format = Format.TEXT,
    output: _Output = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes; one for each core unless given.")
    ] = None,
) -> int:
    """Take each closing choice back alone: what breaks, and in how many steps.

    Exits with 0 exactly when each breaks what the catalogue predicts, and nothing else does.
    """
    return catalogue_commands.ablate(design, blocks, format.value, output, jobs)


@app.command()
def check(
    design: _Design,
    blocks: _Blocks = 1,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="Check this property only; may be repeated.", metavar="ID"),
    ] = None,
    max_states: _MaxStates = None,
    max_seconds: _MaxSeconds = None,
    fold: Annotated[
        bool | None,
        typer.Option(
            "--fold/--no-fold",
            help="Deliver messages at once where that loses nothing; from 2 blocks on unless given.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="How to search: completely, or to a depth with a SAT solver.")
    ] = Engine.AUTO,
    depth: Annotated[
        int | None, typer.Option("--depth", min=0, help="Steps to look ahead; of the engine bmc only.")
    ] = None,
    stories: Annotated[
        bool, typer.Option("--stories", help="Tell the story of every violation, not of the first only.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Save the first counterexample as JSON.", dir_okay=False)
    ] = None,
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """Check one design: a verdict for each property, and the shortest counterexample as a story."""
    if (engine is Engine.BMC) != (depth is not None):
        raise typer.BadParameter("--engine bmc takes --depth K, and no other engine does")
    request = check_commands.Request(design, blocks, tuple(properties or ()), max_states, max_seconds, fold)
    if depth is not None:
        return bounded_command.check(request, depth, stories, trace, format.value, output)
    return check_commands.check(request, stories, trace, format.value, output)


@app.command()
def prove(
    design: _Design,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="Prove this property only; may be repeated.", metavar="ID"),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="Leave the proof here, for others to check.", file_okay=False),
    ] = None,
    max_seconds: _MaxSeconds = None,
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """Prove one design for every number of blocks, any data and any number of steps.

    What fails at a small size is told as a counterexample instead; what can be neither proved nor refuted is unknown.
    """
    return prove_commands.prove(
        design, tuple(properties or ()), certificate, max_seconds, format.value, output
    )


@app.command()
def certify(
    directory: Annotated[
        Path, typer.Argument(help="What `prove --certificate` has left.", exists=True, file_okay=False)
    ],
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """Re-check a proof with cvc5 and with z3, in fresh processes; exits with 1 if anything is amiss."""
    return prove_commands.certify(directory, format.value, output)


@app.command()
def trace(
    file: Annotated[
        Path, typer.Argument(help="A counterexample saved with `check --trace`.", exists=True, dir_okay=False)
    ],
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """Replay a saved counterexample step by step, and tell it."""
    return check_commands.trace(file, format.value, output)


@app.command()
def requirement(
    identifier: Annotated[
        str | None,
        typer.Argument(
            help="R01 to R114, G01 to G39 or a property; all entries if none is named.", metavar="[ID]"
        ),
    ] = None,
    format: _Format = Format.TEXT,
    output: _Output = None,
) -> int:
    """Show what the document says, what was decided, and what checks it."""
    return requirement_command.requirement(identifier, format.value, output)
