"""Where results go: standard output or a file; progress goes to standard error, and only on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from splitproof.checker.reports import REPORTS, Report, report_lines
from splitproof.checker.search.engine import Progress
from splitproof.checker.texts import count
from splitproof.model.errors import ModelError

if TYPE_CHECKING:
    from splitproof.checker.jobs import Job, Outcome

__all__ = ["json_text", "remark", "report_asked", "run_jobs", "search_progress", "show", "status", "write"]


def write(lines: Iterable[str], output: Path | None) -> None:
    """Print lines, or write them to a file.

    Raises:
        ModelError: the file, or standard output, cannot be written.
    """
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        try:
            typer.echo(text, nl=False)
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is left in the buffer would fail again when Python ends, and change the exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise ModelError(f"standard output cannot be written: {error.strerror}", "") from error
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}", "") from error


def show(
    format: str,
    output: Path | None,
    reports: Sequence[Report],
    own: Mapping[str, Callable[[], Iterable[str]]],
    also: Sequence[str] = (),
) -> None:
    """Print a result in a format, and write the further reports asked for as `KIND=PATH`.

    `own`: the lines of the formats that the command has for itself, text and json among them.

    Raises:
        ModelError: a report is of no known kind, or cannot be written.
    """
    write(own[format]() if format in own else report_lines(format, reports), output)
    for text in also:
        kind, path = report_asked(text, own)
        write(own[kind]() if kind in own else report_lines(kind, reports), path)


def report_asked(text: str, own: Iterable[str] = ("text", "json")) -> tuple[str, Path]:
    """`KIND=PATH` in its parts. `own`: kinds that the command has for itself.

    Raises:
        ModelError: it has another form, or there is no such kind of report.
    """
    kind, equals, path = text.partition("=")
    accepted = (*own, *REPORTS)
    if not equals or not path or kind not in accepted:
        raise ModelError(f"--report {text} is no KIND=PATH; accepted kinds are {', '.join(accepted)}", "")
    return kind, Path(path)


def json_text(value: Any) -> list[str]:
    """A value as indented JSON, its keys in the order given."""
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def remark(sentence: str) -> None:
    """Something that is not part of the result, on standard error."""
    typer.echo(f"splitproof: {sentence}", err=True)


@contextmanager
def status(text: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done; nothing if that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import rich.console

    with rich.console.Console(stderr=True).status(text) as line:
        yield line.update


@contextmanager
def search_progress(what: str) -> Iterator[Callable[[Progress], None]]:
    """The progress of a search, on a terminal."""
    with status(what) as say:

        def show(progress: Progress) -> None:
            rate = progress.states / max(progress.seconds, 1e-9)
            say(
                f"{what}: {progress.states:,} states, {rate:,.0f} a second, depth {progress.depth}, "
                f"{progress.frontier:,} at the frontier, {progress.memory >> 20:,} MiB"
            )

        yield show


def run_jobs(jobs: Sequence[Job], what: str, processes: int | None) -> list[Outcome]:
    """The outcomes of many checks, with a line on a terminal that says how far they are."""
    from splitproof.checker.jobs import run

    with status(f"{what}: {len(jobs)} searches") as say:
        finished = 0

        def done(outcome: Outcome) -> None:
            nonlocal finished
            finished += 1
            states = outcome.result["states"]
            say(
                f"{what}: {finished} of {len(jobs)}; {outcome.job.design}, "
                f"{count(outcome.job.blocks, 'block')}, {states:,} states"
            )

        return run(jobs, processes, done)
