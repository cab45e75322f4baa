"""The commands and their options. Each parses, calls the checker, prints, and returns an exit code.

A command loads its own module when it is called, so that none waits for the solvers and libraries of the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitproof import __version__
from splitproof.checker.search.engines import EngineChoice
from splitproof.options import (
    BlocksOption,
    DesignArgument,
    Engine,
    EngineOption,
    Export,
    Format,
    FormatOption,
    JobsOption,
    MaxMemoryOption,
    MaxSecondsOption,
    MaxStatesOption,
    OutputOption,
    Profile,
    ReportFormat,
    ReportFormatOption,
    ReportsOption,
    TableFormat,
    TableFormatOption,
    ThreadsOption,
    TraceFormat,
    TraceFormatOption,
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
            help="Designs that declare `expects`; if none is named, those of [tool.splitproof] in pyproject.toml, "
            "else the whole catalogue.",
            metavar="[DESIGN]...",
        ),
    ] = None,
    blocks: Annotated[
        int | None,
        typer.Option("--blocks", min=1, max=8, help="Check at this size only; from 2 on the closed designs."),
    ] = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove",
            help="For every number of blocks; the closed designs of the catalogue if none is named.",
        ),
    ] = False,
    max_seconds: Annotated[
        float | None,
        typer.Option("--max-seconds", min=0.001, help="With --prove: end a design as unknown after so long."),
    ] = None,
    format: ReportFormatOption = ReportFormat.TEXT,
    output: OutputOption = None,
    report: ReportsOption = None,
    jobs: JobsOption = None,
) -> int:
    """Check every design of the catalogue, and hold each verdict against the declared one.

    Exits with 0 exactly when each property of each design gets the verdict that the design declares. With --prove, of
    each property that holds in every state or of every step, and for every number of blocks.
    """
    from splitproof import catalogue_commands, proof_table_command

    if prove:
        if blocks is not None:
            raise typer.BadParameter("--prove is for every number of blocks; leave --blocks out")
        if report or format not in (ReportFormat.TEXT, ReportFormat.JSON):
            raise typer.BadParameter("--prove reports as text or json")
        return proof_table_command.verify_proofs(designs or [], max_seconds, format.value, output, jobs)
    if max_seconds is not None:
        raise typer.BadParameter("--max-seconds limits proofs; searches have theirs in [tool.splitproof]")
    return catalogue_commands.verify(designs or [], blocks, format.value, output, jobs, report or [])


@app.command()
def designs(
    name: Annotated[
        str | None, typer.Argument(help="A design; all of them if none is named.", metavar="[NAME]")
    ] = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """List the designs of the catalogue, or the choices and declared verdicts of one."""
    from splitproof import catalogue_commands

    return catalogue_commands.designs(name, format.value, output)


@app.command()
def ablate(
    design: DesignArgument,
    blocks: BlocksOption = 1,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    jobs: JobsOption = None,
) -> int:
    """Take each closing choice back alone: what breaks, and in how many steps.

    Exits with 0 exactly when each breaks what the catalogue predicts, and nothing else does.
    """
    from splitproof import catalogue_commands

    return catalogue_commands.ablate(design, blocks, format.value, output, jobs)


@app.command()
def distinguish(
    format: TableFormatOption = TableFormat.TEXT,
    output: OutputOption = None,
    jobs: JobsOption = None,
) -> int:
    """Check what tells the embodiments apart: who waits for what, who asks whom, what a backup touches.

    Exits with 0 exactly when each verdict is what the document says of the embodiment.
    """
    from splitproof import distinguish_command

    return distinguish_command.distinguish(format.value, output, jobs)


@app.command()
def check(
    design: DesignArgument,
    blocks: BlocksOption = 1,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="Check this property only; may be repeated.", metavar="ID"),
    ] = None,
    max_states: MaxStatesOption = None,
    max_seconds: MaxSecondsOption = None,
    max_memory: MaxMemoryOption = None,
    engine: EngineOption = Engine.AUTO,
    threads: ThreadsOption = None,
    symmetry: Annotated[
        bool,
        typer.Option(
            "--symmetry/--no-symmetry",
            help="Let the compiled engine count states that differ in the names of blocks only once.",
        ),
    ] = True,
    fold: Annotated[
        bool | None,
        typer.Option(
            "--fold/--no-fold",
            help="Deliver messages at once where that loses nothing; from 2 blocks on unless given.",
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", min=0, help="Steps to look ahead; of the engine bmc only.")
    ] = None,
    induction: Annotated[
        bool,
        typer.Option(
            "--induction", help="With --engine bmc: what holds to the depth may hold for ever, by induction."
        ),
    ] = False,
    stories: Annotated[
        bool, typer.Option("--stories", help="Tell the story of every violation, not of the first only.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Save the first counterexample as JSON.", dir_okay=False)
    ] = None,
    format: ReportFormatOption = ReportFormat.TEXT,
    output: OutputOption = None,
    report: ReportsOption = None,
) -> int:
    """Check one design: a verdict for each property, and the shortest counterexample as a story."""
    from splitproof import bounded_command, check_commands

    if (engine is Engine.BMC) != (depth is not None):
        raise typer.BadParameter("--engine bmc takes --depth K, and no other engine does")
    if induction and depth is None:
        raise typer.BadParameter("--induction goes with --engine bmc --depth K")
    request = check_commands.Request(
        design=design,
        blocks=blocks,
        properties=tuple(properties or ()),
        max_states=max_states,
        max_seconds=max_seconds,
        max_memory=None if max_memory is None else max_memory << 20,
        fold=fold,
        engine=EngineChoice.AUTO if engine is Engine.BMC else EngineChoice(engine.value),
        threads=threads,
        symmetry=symmetry,
    )
    if depth is not None:
        if report or format not in (ReportFormat.TEXT, ReportFormat.JSON):
            raise typer.BadParameter("--engine bmc has no verdict to report: its formats are text and json")
        return bounded_command.check(request, depth, induction, stories, trace, format.value, output)
    return check_commands.check(request, stories, trace, format.value, output, report or [])


@app.command()
def prove(
    design: DesignArgument,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="Prove this property only; may be repeated.", metavar="ID"),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help="Leave the proof here, for others to check.", file_okay=False),
    ] = None,
    max_seconds: MaxSecondsOption = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Prove one design for every number of blocks, any data and any number of steps.

    What fails at a small size is told as a counterexample instead; what can be neither proved nor refuted is unknown.
    """
    from splitproof import prove_commands

    return prove_commands.prove(
        design, tuple(properties or ()), certificate, max_seconds, format.value, output
    )


@app.command()
def certify(
    directory: Annotated[
        Path, typer.Argument(help="What `prove --certificate` has left.", exists=True, file_okay=False)
    ],
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Re-check a proof with cvc5 and with z3, in fresh processes; exits with 1 if anything is amiss."""
    from splitproof import prove_commands

    return prove_commands.certify(directory, format.value, output)


@app.command()
def mutate(
    designs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Designs that are as they declare; the closed ones if none is named.", metavar="[DESIGN]..."
        ),
    ] = None,
    blocks: BlocksOption = 1,
    format: Annotated[
        TableFormat, typer.Option("--format", help="How to print the result.")
    ] = TableFormat.TEXT,
    output: OutputOption = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes; one for each core unless given.")
    ] = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="Also name the clause of the invariant that each mutant breaks that is caught."
        ),
    ] = False,
) -> int:
    """Drop every guard clause, drop or alter every effect, one at a time: what catches it, and what survives.

    Exits with 1 if a mutant survives that is another design, or breaks no proof and should; with 3 if one is undecided.
    """
    from splitproof import mutation_command

    return mutation_command.mutate(designs or [], blocks, format.value, output, jobs, prove)


@app.command()
def repair(
    design: DesignArgument,
    blocks: BlocksOption = 1,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property", help="What is to hold; tape-is-image unless given; may be repeated.", metavar="ID"
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Everything of the kinds always and step is to hold.")
    ] = False,
    beyond: Annotated[
        int, typer.Option("--beyond", min=0, help="Also sets of so many more changes than the smallest.")
    ] = 0,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Check each repair with one block more, too.")
    ] = False,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Find the smallest sets of changed choices that make a violated property hold, out of all such designs.

    Exits with 0 if there is one, with 1 if there is none or one is not confirmed, with 5 if nothing is violated.
    """
    from splitproof import repair_command

    request = repair_command.Request(design, blocks, tuple(properties or ()), every, beyond, confirm)
    return repair_command.repair(request, format.value, output)


@app.command()
def trace(
    file: Annotated[
        Path, typer.Argument(help="A counterexample saved with `check --trace`.", exists=True, dir_okay=False)
    ],
    format: TraceFormatOption = TraceFormat.TEXT,
    output: OutputOption = None,
) -> int:
    """Replay a saved counterexample step by step, and tell it; as a page, with `--format html --output FILE`."""
    from splitproof import trace_command

    return trace_command.trace(file, format.value, output)


@app.command()
def export(
    design: DesignArgument,
    to: Annotated[Export, typer.Option("--to", help="What to write; see docs/exports.md.")],
    blocks: BlocksOption = 1,
    symmetry: Annotated[
        bool, typer.Option("--symmetry", help="murphi: blocks are a scalarset, interchangeable.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="dot, graphml: every state, not only strongly connected components."),
    ] = False,
    output: OutputOption = None,
) -> int:
    """Write a design as a model for Spin, Rumur or TLC, or its state graph as a picture.

    A model has the states, the steps and the properties of the design: what the outside checker says of it is an
    independent opinion on the same question.
    """
    from splitproof import export_command

    return export_command.export_design(design, to.value, blocks, symmetry, whole, output)


@app.command()
def requirement(
    identifier: Annotated[
        str | None,
        typer.Argument(
            help="R01 to R114, G01 to G39 or a property; all entries if none is named.", metavar="[ID]"
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Show what the document says, what was decided, and what checks it."""
    from splitproof import requirement_command

    return requirement_command.requirement(identifier, format.value, output)


@app.command()
def explain(
    identifier: Annotated[
        str | None,
        typer.Argument(
            help="A verdict, exit-N, a property, an error or its message; a list if none is given.",
            metavar="[ID]",
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Explain a verdict, an exit code, a property, or an error message."""
    from splitproof import explain_command

    return explain_command.explain(identifier, format.value, output)


@app.command()
def conform(
    adapter: Annotated[
        str | None,
        typer.Argument(help="module:factory, file.py:factory, or a name such as qemu", metavar="[ADAPTER]"),
    ] = None,
    command: Annotated[
        str | None,
        typer.Option("--command", help="The controller as a command that speaks JSON lines instead."),
    ] = None,
    profile: Annotated[
        Profile, typer.Option("--profile", help="How much is tested; each includes those before it.")
    ] = Profile.CONCURRENT,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Other examples; without it, the same every time.")
    ] = None,
    examples: Annotated[int, typer.Option("--examples", min=1, help="Examples a property.")] = 30,
    time_budget: Annotated[
        float | None,
        typer.Option("--time-budget", min=0.001, help="Seconds; what is not decided by then is unknown."),
    ] = None,
    expected: Annotated[
        Path | None, typer.Option("--expected", help="A TOML file of expected failures.", dir_okay=False)
    ] = None,
    histories: Annotated[
        Path | None, typer.Option("--histories", help="Save what several clients did there.", file_okay=False)
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page of HTML, too.", dir_okay=False)
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write JUnit XML, too.", dir_okay=False)
    ] = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Test a real controller: is its tape the source at the split?

    Exits with 0 pass, 1 fail, 2 error of the adapter, 3 unknown or partial, 4 vacuous.
    """
    from splitproof import conform_commands

    options = {
        "adapter": adapter,
        "command": command,
        "profile": profile.value,
        "seed": seed,
        "examples": examples,
        "time_budget_seconds": time_budget,
        "expected": expected,
        "histories": histories,
    }
    return conform_commands.conform(options, format.value, output, report, junit)


@app.command()
def judge(
    history: Annotated[Path, typer.Argument(help="A history of a controller, as NDJSON.", dir_okay=False)],
    crash_consistent: Annotated[
        bool, typer.Option("--crash-consistent", help="A tape may show any one instant, not only the split.")
    ] = False,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Judge a recorded history: does each tape show one instant of its split, each read the last write?"""
    from splitproof import conform_commands

    return conform_commands.judge(history, crash_consistent, format.value, output)
