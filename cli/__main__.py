"""The `splitproof` command: what each outcome exits with, and what is said of each error."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from typer.exceptions import Abort, Exit, TyperException

from splitproof.app import app
from splitproof.checker.counterexamples.traces import ReplayError
from splitproof.checker.disagreements import EngineDisagreement
from splitproof.checker.exit_codes import ExitCode
from splitproof.model.errors import ModelError

__all__ = ["main"]

OBJECTS_A_COLLECTION = 100_000
"""New objects after which cycles are looked for; trees and graphs are kept, and looking through them takes time."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    gc.freeze()  # modules stay
    gc.set_threshold(OBJECTS_A_COLLECTION)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code (see `ExitCode`)."""
    try:
        code = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except Exit as stop:
        return stop.exit_code
    except TyperException as error:
        return _fail(f"{error.format_message()} (splitproof --help shows what is accepted)", ExitCode.USAGE)
    except ModelError as error:
        return _fail(str(error), ExitCode.USAGE)
    except (EngineDisagreement, ReplayError) as error:
        return _fail(f"internal error, no verdict of this run is to be trusted: {error}", ExitCode.INTERNAL)
    except BrokenPipeError:
        return ExitCode.USAGE
    except (KeyboardInterrupt, Abort):
        return _fail("interrupted", ExitCode.UNKNOWN)
    return int(code or ExitCode.HOLDS)


def _fail(sentence: str, code: ExitCode) -> int:
    print(f"splitproof: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
