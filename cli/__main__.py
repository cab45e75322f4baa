"""The `splitproof` command: what each outcome exits with, and what is said of each error."""

from __future__ import annotations

import errno
import gc
import io
import sys
import traceback
from collections.abc import Sequence

from typer.exceptions import Abort, TyperException

from splitproof.app import app
from splitproof.checker.counterexamples.traces import ReplayError
from splitproof.checker.disagreements import EngineDisagreement
from splitproof.checker.exit_codes import ExitCode
from splitproof.model.errors import ModelError
from splitproof.output import UNWRITABLE, discard

__all__ = ["main"]

OBJECTS_A_COLLECTION = 100_000
"""New objects after which cycles are looked for; trees and graphs are kept, and looking through them takes time."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNWRITABLE)
    gc.freeze()  # modules stay
    gc.set_threshold(OBJECTS_A_COLLECTION)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code (see `ExitCode`)."""
    try:
        code = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except TyperException as error:
        sentence = error.format_message().replace(
            ": Value error, ", ": "
        )  # so typer's validation begins its own
        return _fail(f"{sentence} (splitproof --help shows what is accepted)", ExitCode.USAGE)
    except ModelError as error:
        return _fail(str(error), ExitCode.USAGE)
    except (EngineDisagreement, ReplayError) as error:
        return _fail(f"internal error, no verdict of this run is to be trusted: {error}", ExitCode.INTERNAL)
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        discard(sys.__stdout__)  # typer makes 1 of it, which is the code of a violation
        return ExitCode.USAGE
    except (KeyboardInterrupt, Abort):
        return _interrupted()
    except OSError as error:
        return _os_error(error)
    except Exception:  # noqa: BLE001  # whatever it was, it is told, and exits with 70
        return _bug()
    if code == ExitCode.INTERRUPTED:  # which typer makes of Ctrl-C
        return _interrupted()
    return int(code or ExitCode.HOLDS)


def _interrupted() -> int:
    return _fail("interrupted; what was not decided by then has no verdict", ExitCode.INTERRUPTED)


def _os_error(error: OSError) -> int:
    """A full disk is said; what else goes wrong beneath is an error of this program, not the 1 of a violation."""
    if error.errno != errno.ENOSPC:
        return _bug()
    if error.filename is None:
        discard(sys.__stdout__)
    return _fail(f"{error.filename or 'standard output'} cannot be written: {error.strerror}", ExitCode.USAGE)


def _bug() -> int:
    return _fail(f"internal error, there is no verdict\n{traceback.format_exc().rstrip()}", ExitCode.INTERNAL)


def _fail(sentence: str, code: ExitCode) -> int:
    try:
        print(f"splitproof: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        discard(sys.__stderr__)  # there is nobody left to tell; the code says it
    return code


if __name__ == "__main__":
    main()
