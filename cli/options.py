"""Options of the commands, and the values that they accept."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from splitproof.output import writable, writable_folder

__all__ = [
    "AdapterArgument",
    "BeyondOption",
    "BlocksOption",
    "BrokenProofsOption",
    "CertificateOption",
    "CommandOption",
    "ConfirmOption",
    "DeclaredDesignsArgument",
    "DepthOption",
    "DesignArgument",
    "Engine",
    "EngineOption",
    "EntryArgument",
    "EveryOption",
    "ExamplesOption",
    "ExpectedOption",
    "Export",
    "FoldOption",
    "Format",
    "FormatOption",
    "HistoriesOption",
    "InductionOption",
    "InitOption",
    "JobsOption",
    "MaxMemoryOption",
    "MaxSecondsOption",
    "MaxStatesOption",
    "MutatedDesignsArgument",
    "OnlyBlocksOption",
    "OutputOption",
    "Profile",
    "ProfileOption",
    "ProofSecondsOption",
    "PropertiesOption",
    "ProveOption",
    "ReportFormat",
    "ReportFormatOption",
    "ReportsOption",
    "SeedOption",
    "SliceOption",
    "StoriesOption",
    "SymmetryOption",
    "TableFormat",
    "TableFormatOption",
    "TestsOption",
    "ThreadsOption",
    "TimeBudgetOption",
    "ToExplainArgument",
    "ToRepairOption",
    "ToShowArgument",
    "TraceFormat",
    "TraceFormatOption",
    "TraceOption",
]


class Profile(StrEnum):
    """How much of a controller is tested; each profile includes those before it."""

    CORE = "core"
    SEQUENTIAL = "sequential"
    CONCURRENT = "concurrent"
    SCHEDULED = "scheduled"
    FAULTS = "faults"


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


class Engine(StrEnum):
    """How runs are searched for."""

    AUTO = "auto"
    GRAPH = "graph"
    COMPILED = "compiled"
    BMC = "bmc"


class Export(StrEnum):
    """What a design is exported to."""

    PROMELA = "promela"
    MURPHI = "murphi"
    TLA = "tla"
    DOT = "dot"
    GRAPHML = "graphml"


class TableFormat(StrEnum):
    """How a table is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class ReportFormat(StrEnum):
    """How verdicts are reported."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


class ConformFormat(StrEnum):
    """How a run of the suite is reported."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


class TraceFormat(StrEnum):
    """How a counterexample is shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    SVG = "svg"
    MERMAID = "mermaid"
    ITF = "itf"
    PYTEST = "pytest"


DesignArgument = Annotated[
    str, typer.Argument(help="NAME, NAME+key=value..., or path/to/file.py:NAME", metavar="DESIGN")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
ReportFormatOption = Annotated[ReportFormat, typer.Option("--format", help="How to report the verdicts.")]
ConformFormatOption = Annotated[ConformFormat, typer.Option("--format", help="How to report the verdicts.")]
ReportsOption = Annotated[
    list[str] | None,
    typer.Option("--report", help="Write a further report; may be repeated.", metavar="KIND=PATH"),
]
TableFormatOption = Annotated[TableFormat, typer.Option("--format", help="How to print the table.")]
TraceFormatOption = Annotated[TraceFormat, typer.Option("--format", help="How to show the counterexample.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", help="Write the result to a file instead.", dir_okay=False, callback=writable),
]
AdapterArgument = Annotated[
    str | None,
    typer.Argument(help="module:factory, file.py:factory, or a name such as qemu", metavar="[ADAPTER]"),
]
CommandOption = Annotated[
    str | None, typer.Option("--command", help="The controller as a command that speaks JSON lines instead.")
]
ProfileOption = Annotated[
    Profile, typer.Option("--profile", help="How much is tested; each includes those before it.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="Other examples; without it, the same every time.")
]
ExamplesOption = Annotated[int, typer.Option("--examples", min=1, help="Examples a property.")]
TimeBudgetOption = Annotated[
    float | None,
    typer.Option("--time-budget", min=0.001, help="Seconds; what is not decided by then is unknown."),
]
ExpectedOption = Annotated[
    Path | None, typer.Option("--expected", help="A TOML file of expected failures.", dir_okay=False)
]
InitOption = Annotated[
    Path | None,
    typer.Option(
        "--init", help="Test nothing: write an adapter to start from into this empty folder.", metavar="DIR"
    ),
]
TestsOption = Annotated[
    list[str] | None,
    typer.Option("--test", help="This test only, whatever the profile; may be given several times."),
]
HistoriesOption = Annotated[
    Path | None,
    typer.Option(
        "--histories",
        help="Save what led to a failure, and what several clients did, there.",
        file_okay=False,
        callback=writable_folder,
    ),
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Processes; one for each core unless given.")
]
BlocksOption = Annotated[int, typer.Option("--blocks", min=1, max=8, help="Blocks of the volumes.")]
MaxStatesOption = Annotated[
    int | None, typer.Option("--max-states", min=1, help="End as unknown after so many states.")
]
MaxSecondsOption = Annotated[
    float | None, typer.Option("--max-seconds", min=0.001, help="End as unknown after so long.")
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What searches; auto: graph, then compiled where it gets large; bmc: a SAT solver, to a depth.",
    ),
]
MaxMemoryOption = Annotated[
    int | None, typer.Option("--max-memory", min=1, help="End as unknown at so many MiB.", metavar="MIB")
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Of the compiled engine; one for each core unless given."),
]
SymmetryOption = Annotated[
    bool,
    typer.Option(
        "--symmetry/--no-symmetry",
        help="Let the compiled engine count states that differ in names of blocks or values of data only once.",
    ),
]
SliceOption = Annotated[
    bool,
    typer.Option(
        "--slice/--no-slice",
        help="With --property, from 2 blocks on: leave out what the properties do not depend on.",
    ),
]
InductionOption = Annotated[
    bool,
    typer.Option("--induction", help="With --engine bmc: what holds to the depth may hold for ever."),
]
DepthOption = Annotated[
    int | None, typer.Option("--depth", min=0, help="Steps to look ahead; of the engine bmc only.")
]
FoldOption = Annotated[
    bool | None,
    typer.Option(
        "--fold/--no-fold",
        help="Deliver messages at once where that loses nothing; from 2 blocks on unless given.",
    ),
]
StoriesOption = Annotated[
    bool, typer.Option("--stories", help="Tell the story of every violation, not of the first only.")
]
TraceOption = Annotated[
    Path | None,
    typer.Option("--trace", help="Save the first counterexample as JSON.", dir_okay=False, callback=writable),
]
ProveOption = Annotated[
    bool,
    typer.Option(
        "--prove", help="For every number of blocks; the closed designs of the catalogue if none is named."
    ),
]
MutatedDesignsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help="Designs that are as they declare; the closed ones if none is named.", metavar="[DESIGN]..."
    ),
]
BrokenProofsOption = Annotated[
    bool,
    typer.Option(
        "--prove", help="Also name the clause of the invariant that each mutant breaks that is caught."
    ),
]
ProofSecondsOption = Annotated[
    float | None,
    typer.Option("--max-seconds", min=0.001, help="With --prove: end a design as unknown after so long."),
]
PropertiesOption = Annotated[
    list[str] | None,
    typer.Option("--property", help="This property only; may be repeated.", metavar="ID"),
]
DeclaredDesignsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help="Designs that declare `expects`; if none is named, those of [tool.splitproof] in pyproject.toml, "
        "else the whole catalogue.",
        metavar="[DESIGN]...",
    ),
]
OnlyBlocksOption = Annotated[
    int | None,
    typer.Option("--blocks", min=1, max=8, help="Check at this size only; from 2 on the closed designs."),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--certificate",
        help="Leave the proof here, for others to check.",
        file_okay=False,
        callback=writable_folder,
    ),
]
ToRepairOption = Annotated[
    list[str] | None,
    typer.Option(
        "--property", help="What is to hold; tape-is-image unless given; may be repeated.", metavar="ID"
    ),
]
EveryOption = Annotated[
    bool, typer.Option("--all", help="Everything of the kinds always and step is to hold.")
]
BeyondOption = Annotated[
    int, typer.Option("--beyond", min=0, help="Also sets of so many more changes than the smallest.")
]
ConfirmOption = Annotated[bool, typer.Option("--confirm", help="Check each repair with one block more, too.")]
ToShowArgument = Annotated[
    Path,
    typer.Argument(
        help="A counterexample saved with `check --trace`, or a history of a controller (NDJSON).",
        exists=True,
        dir_okay=False,
    ),
]
EntryArgument = Annotated[
    str | None,
    typer.Argument(
        help="R01 to R114, G01 to G39 or a property; all entries if none is named.", metavar="[ID]"
    ),
]
ToExplainArgument = Annotated[
    str | None,
    typer.Argument(
        help="A verdict, exit-N, a property, an error or its message; a list if none is given.",
        metavar="[ID]",
    ),
]
