"""Where results go: standard output or a file; progress goes to standard error, and only on a terminal."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from splitproof.checker.quantities import count
from splitproof.checker.reports import REPORTS, Report, report_lines
from splitproof.checker.search.engine import Progress
from splitproof.model.errors import ModelError

if TYPE_CHECKING:
    from splitproof.checker.jobs import Job, Outcome

__all__ = [
    "OWN_FORMATS",
    "UNWRITABLE",
    "Destination",
    "destination",
    "discard",
    "json_text",
    "remark",
    "run_jobs",
    "search_progress",
    "status",
    "writable",
    "writable_folder",
    "write",
]


UNWRITABLE = "backslashreplace"
"""How a character is written that an output cannot hold: an ellipsis in Latin-1, a byte of a file's name in UTF-8."""


def discard(stream: TextIO | None) -> None:
    """Let a stream that cannot be written lead nowhere.

    What is left in its buffer would fail again when Python ends, and change the exit code to 120.
    """
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
            discard(sys.stdout)
            raise ModelError(f"standard output cannot be written: {error.strerror}", "") from error
        return
    try:
        output.write_text(text, encoding="utf-8", errors=UNWRITABLE)
    except OSError as error:
        raise ModelError(f"{output} cannot be written: {error.strerror}", "") from error


def writable(file: Path | None) -> Path | None:
    """The file, which can be written; asked before the work begins. Nothing is changed, and none is left behind.

    Raises:
        ModelError: it cannot be written.
    """
    if file is None or (file.exists() and not file.is_file()):
        return file  # a pipe must not be opened twice, nor a device
    if not file.parent.is_dir():
        raise ModelError(f"{file} cannot be written: there is no folder {file.parent}", "")
    try:
        if file.exists():
            file.open("ab").close()
        else:
            file.open("xb").close()
            file.unlink()
    except OSError as error:
        raise ModelError(f"{file} cannot be written: {error.strerror}", "") from error
    return file


def writable_folder(folder: Path | None) -> Path | None:
    """The folder, which is there or can be made, and can be written; asked before the work begins.

    Raises:
        ModelError: it cannot be written.
    """
    if folder is not None:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        try:
            tempfile.TemporaryFile(dir=there).close()
        except OSError as error:
            raise ModelError(f"{folder} cannot be written: {error.strerror}", "") from error
    return folder


OWN_FORMATS = ("text", "json")
"""The formats that every command has for itself."""


@dataclass(frozen=True)
class Destination:
    """Where a result goes, and as what: in `format` to `file`, or to standard output; `further`: reports besides."""

    format: str
    file: Path | None
    further: tuple[tuple[str, Path], ...] = ()

    def and_to(self, reports: Sequence[tuple[str, Path]]) -> Destination:
        """These reports, before the further ones."""
        return replace(self, further=(*reports, *self.further))

    def show(self, reports: Sequence[Report], own: Mapping[str, Callable[[], Iterable[str]]]) -> None:
        """Print a result, and write the further reports. `own`: the lines of the command's own formats.

        Raises:
            ModelError: a file cannot be written.
        """
        for kind, file in ((self.format, self.file), *self.further):
            write(own[kind]() if kind in own else report_lines(kind, reports), file)


def destination(
    format: str, file: Path | None, reports: Sequence[str] | None, own: Sequence[str] = OWN_FORMATS
) -> Destination:
    """The options `--format`, `--output` and `--report` of a command, read before it begins its work.

    Raises:
        ModelError: a report has another form than `KIND=PATH`, there is no such kind, or it cannot be written.
    """
    return Destination(format, file, tuple(_kind_and_path(text, own) for text in reports or ()))


def _kind_and_path(text: str, own: Sequence[str]) -> tuple[str, Path]:
    kind, equals, path = text.partition("=")
    accepted = (*own, *REPORTS)
    if not equals or not path or kind not in accepted:
        raise ModelError(f"--report {text} is no KIND=PATH; accepted kinds are {', '.join(accepted)}", "")
    file = Path(path)
    writable(file)
    return kind, file


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

    # By a descriptor of its own: pytest, under which `conform` runs, has 2 lead elsewhere while a test runs.
    with (
        os.fdopen(
            os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding, errors=UNWRITABLE
        ) as terminal,
        rich.console.Console(file=terminal).status(text) as line,
    ):
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
