"""The commands and their options. Each parses, calls the checker, prints, and returns an exit code.

A command loads its own module when it is called, so that none waits for the solvers and libraries of the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from splitproof.checker.engines import EngineChoice
from splitproof.options import (
    AdapterArgument,
    BeyondOption,
    BlocksOption,
    BrokenProofsOption,
    CertificateOption,
    CommandOption,
    ConfirmOption,
    ConformFormat,
    ConformFormatOption,
    DeclaredDesignsArgument,
    DepthOption,
    DesignArgument,
    Engine,
    EngineOption,
    EntryArgument,
    EveryOption,
    ExamplesOption,
    ExpectedOption,
    Export,
    FoldOption,
    Format,
    FormatOption,
    HistoriesOption,
    InductionOption,
    InitOption,
    JobsOption,
    MaxMemoryOption,
    MaxSecondsOption,
    MaxStatesOption,
    MutatedDesignsArgument,
    OnlyBlocksOption,
    OutputOption,
    Profile,
    ProfileOption,
    ProofSecondsOption,
    PropertiesOption,
    ProveOption,
    ReportFormat,
    ReportFormatOption,
    ReportsOption,
    SeedOption,
    SliceOption,
    StoriesOption,
    SymmetryOption,
    TableFormat,
    TableFormatOption,
    TestsOption,
    ThreadsOption,
    TimeBudgetOption,
    ToExplainArgument,
    ToRepairOption,
    ToShowArgument,
    TraceFormat,
    TraceFormatOption,
    TraceOption,
)
from splitproof.output import destination

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
    "5 nothing selected, 70 internal error, 130 interrupted.",
)


def _print_version(asked: bool) -> None:
    if asked:
        from splitproof import __version__

        typer.echo(f"splitproof {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Nothing is done before the command."""


@app.command(short_help="Check the whole catalogue against its declared verdicts.")
def verify(
    designs: DeclaredDesignsArgument = None,
    blocks: OnlyBlocksOption = None,
    prove: ProveOption = False,
    max_seconds: ProofSecondsOption = None,
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
            raise typer.BadParameter("--prove goes with no number of blocks")
        to = destination(format.value, output, report)
        return proof_table_command.verify_proofs(designs or [], max_seconds, jobs, to)
    if max_seconds is not None:
        raise typer.BadParameter("--max-seconds limits proofs; searches have theirs in [tool.splitproof]")
    return catalogue_commands.verify(designs or [], blocks, jobs, destination(format.value, output, report))


@app.command(short_help="List the designs, or the choices of one.")
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


@app.command(short_help="Take each safeguard back alone: what breaks?")
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


@app.command(short_help="Check what tells the embodiments apart.")
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


@app.command(short_help="Check one design: verdicts and counterexamples.")
def check(
    design: DesignArgument,
    blocks: BlocksOption = 1,
    properties: PropertiesOption = None,
    max_states: MaxStatesOption = None,
    max_seconds: MaxSecondsOption = None,
    max_memory: MaxMemoryOption = None,
    engine: EngineOption = Engine.AUTO,
    threads: ThreadsOption = None,
    symmetry: SymmetryOption = True,
    slice_: SliceOption = True,
    fold: FoldOption = None,
    depth: DepthOption = None,
    induction: InductionOption = False,
    stories: StoriesOption = False,
    trace: TraceOption = None,
    format: ReportFormatOption = ReportFormat.TEXT,
    output: OutputOption = None,
    report: ReportsOption = None,
) -> int:
    """Check one design: a verdict for each property, and the shortest counterexample as a story."""
    from splitproof import check_commands

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
        slice=slice_,
    )
    if depth is not None:
        if report or format not in (ReportFormat.TEXT, ReportFormat.JSON):
            raise typer.BadParameter("--engine bmc has no verdict to report: its formats are text and json")
        from splitproof import bounded_command

        return bounded_command.check(request, depth, induction, stories, trace, format.value, output)
    return check_commands.check(request, stories, trace, destination(format.value, output, report))


@app.command(short_help="Prove one design for every number of blocks.")
def prove(
    design: DesignArgument,
    properties: PropertiesOption = None,
    certificate: CertificateOption = None,
    max_seconds: MaxSecondsOption = None,
    format: ReportFormatOption = ReportFormat.TEXT,
    output: OutputOption = None,
    report: ReportsOption = None,
) -> int:
    """Prove one design for every number of blocks, any data and any number of steps.

    What fails at a small size is told as a counterexample instead; what can be neither proved nor refuted is unknown.
    """
    from splitproof import prove_command

    to = destination(format.value, output, report)
    return prove_command.prove(design, tuple(properties or ()), certificate, max_seconds, to)


@app.command(short_help="Re-check a proof with cvc5 and with z3.")
def certify(
    directory: Annotated[
        Path, typer.Argument(help="What `prove --certificate` has left.", exists=True, file_okay=False)
    ],
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Re-check a proof with cvc5 and with z3, in fresh processes; exits with 1 if anything is amiss."""
    from splitproof import certify_command

    return certify_command.certify(directory, format.value, output)


@app.command(short_help="Change every guard and effect: what notices?")
def mutate(
    designs: MutatedDesignsArgument = None,
    blocks: BlocksOption = 1,
    format: TableFormatOption = TableFormat.TEXT,
    output: OutputOption = None,
    jobs: JobsOption = None,
    prove: BrokenProofsOption = False,
) -> int:
    """Drop every guard clause, drop or alter every effect, one at a time: what catches it, and what survives.

    Exits with 1 if a mutant survives that is another design, or breaks no proof and should; with 3 if one is undecided.
    """
    from splitproof import mutation_command

    return mutation_command.mutate(designs or [], blocks, format.value, output, jobs, prove)


@app.command(short_help="Find the smallest changes that mend a design.")
def repair(
    design: DesignArgument,
    blocks: BlocksOption = 1,
    properties: ToRepairOption = None,
    every: EveryOption = False,
    beyond: BeyondOption = 0,
    confirm: ConfirmOption = False,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Find the smallest sets of changed choices that make a violated property hold, out of all such designs.

    Exits with 0 if there is one, with 1 if there is none or one is not confirmed, with 5 if nothing is violated.
    """
    from splitproof import repair_command

    request = repair_command.Request(design, blocks, tuple(properties or ()), every, beyond, confirm)
    return repair_command.repair(request, format.value, output)


@app.command(short_help="Tell a saved counterexample: text, page, diagram.")
def trace(
    file: ToShowArgument,
    format: TraceFormatOption = TraceFormat.TEXT,
    output: OutputOption = None,
) -> int:
    """Replay a saved counterexample step by step, or judge a history, and tell it; as a page with `--format html`."""
    from splitproof import trace_command

    return trace_command.trace(file, format.value, output)


@app.command(short_help="Write a design for Spin, Rumur or TLC.")
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


@app.command(short_help="Show what the document says, and what checks it.")
def requirement(
    identifier: EntryArgument = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Show what the document says, what was decided, and what checks it."""
    from splitproof import requirement_command

    return requirement_command.requirement(identifier, format.value, output)


@app.command(short_help="Explain a verdict, an exit code, an error.")
def explain(
    identifier: ToExplainArgument = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Explain a verdict, an exit code, a property, or an error message."""
    from splitproof import explain_command

    return explain_command.explain(identifier, format.value, output)


@app.command(short_help="Test a real controller.")
def conform(
    adapter: AdapterArgument = None,
    command: CommandOption = None,
    profile: ProfileOption = Profile.CONCURRENT,
    seed: SeedOption = None,
    examples: ExamplesOption = 30,
    time_budget: TimeBudgetOption = None,
    expected: ExpectedOption = None,
    init: InitOption = None,
    tests: TestsOption = None,
    histories: HistoriesOption = None,
    format: ConformFormatOption = ConformFormat.TEXT,
    output: OutputOption = None,
    report: ReportsOption = None,
) -> int:
    """Test a real controller: is its tape the source at the split?

    Exits with 0 pass, 1 fail, 2 error of the adapter, 3 unknown or partial, 4 vacuous.
    """
    from splitproof import conform_commands

    if init is not None:
        return conform_commands.init(init, adapter is not None or command is not None, output)
    options = {
        "adapter": adapter,
        "command": command,
        "profile": profile.value,
        "seed": seed,
        "examples": examples,
        "time_budget_seconds": time_budget,
        "expected": expected,
        "histories": histories,
        "tests": tuple(tests or ()),
    }
    to = destination(format.value, output, report, conform_commands.OWN_REPORTS)
    return conform_commands.conform(options, to)


@app.command(short_help="Judge a recorded history.")
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
