"""`conform` and `judge`: a real controller, and the history of one."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.quantities import count
from splitproof.conformance.histories.findings import Judgement
from splitproof.conformance.histories.history import History, HistoryError, load_history
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.skeleton import NotEmpty, write_skeleton
from splitproof.model.errors import ModelError
from splitproof.output import Destination, json_text, status, write

__all__ = ["OWN_REPORTS", "conform", "init", "judge"]

_CODES = {
    "holds": ExitCode.HOLDS,
    "violated": ExitCode.VIOLATED,
    "unknown": ExitCode.UNKNOWN,
    "vacuous": ExitCode.VACUOUS,
}


OWN_REPORTS = ("text", "json", "html")
"""The reports that `conform` has for itself."""


def conform(options: dict[str, Any], destination: Destination) -> int:
    """Run the suite against a controller; `options` as the fields of `running.Request`."""
    for module in ("pytest", "hypothesis"):
        if importlib.util.find_spec(module) is None:
            raise ModelError(f"conform needs {module}: pip install 'splitproof[conformance]'", "")
    from splitproof.conformance.runner.report_page import report_page
    from splitproof.conformance.runner.running import Request, run_suite
    from splitproof.conformance.runner.suite_report import suite_report

    if (options["adapter"] is None) == (options["command"] is None):
        raise ModelError("name one controller: MODULE:FACTORY, or --command COMMAND", "")
    try:
        with status("conform") as say:
            result = run_suite(Request(**options), say)
    except ValueError as error:
        raise ModelError(str(error), "") from error
    own: dict[str, Callable[[], Iterable[str]]] = {
        "text": result.lines,
        "json": lambda: json_text(result.json()),
        "html": lambda: report_page(result).splitlines(),
    }
    destination.show([suite_report(result)], own)
    return result.exit_code


def init(folder: Path, names_controller: bool, output: Path | None) -> int:
    """Write an adapter to start from; `names_controller`: one to test was named as well."""
    if names_controller:
        raise ModelError("--init writes an adapter and tests nothing; name a controller without it", "")
    try:
        written = write_skeleton(folder)
    except NotEmpty as error:
        raise ModelError(str(error), "") from error
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror}", "") from error
    lines = [f"wrote {path}" for path in written]
    lines += [f"next: cd {shlex.quote(str(folder))} && splitproof conform adapter.py:make --profile core"]
    write([*lines, "it fails, and says why; README.md says how to go on"], output)
    return ExitCode.HOLDS


def judge(path: Path, crash_consistent: bool, format: str, output: Path | None) -> int:
    """Judge a history that was saved."""
    try:
        history = load_history(path)
    except HistoryError as error:
        raise ModelError(str(error), "") from error
    judgement = judge_history(history, crash_consistent=crash_consistent)
    code = _CODES[judgement.word]
    if format == "json":
        write(json_text(_judgement_json(judgement, code)), output)
    else:
        write(_judgement_lines(path, history, judgement), output)
    return code


def _judgement_lines(path: Path, history: History, judgement: Judgement) -> Iterator[str]:
    for finding in judgement.findings:
        yield from str(finding).splitlines()
        yield ""
    yield from (f"UNKNOWN  {limit}" for limit in judgement.limits)
    yield from (f"VACUOUS  the history has no such thing: {missing}" for missing in judgement.missing)
    judged = ", ".join(f"{name} {count(number, 'time')}" for name, number in sorted(judgement.judged.items()))
    yield f"{judgement.word.upper()}  {len(history.operations):,} operations; judged {judged or 'nothing'}"
    if judgement.findings:
        yield f"look:     splitproof trace {shlex.quote(str(path))} --format html --output history.html"


def _judgement_json(judgement: Judgement, code: ExitCode) -> dict[str, Any]:
    return {
        "verdict": judgement.word,
        "exit_code": int(code),
        "findings": [
            {
                "property": finding.property.id,
                "kind": finding.kind.value,
                "places": [{"volume": volume, "block": block} for volume, block in finding.places],
                "operations": [operation.id for operation in finding.operations],
                "sentence": finding.sentence,
            }
            for finding in judgement.findings
        ],
        "judged": dict(sorted(judgement.judged.items())),
        "instants": dict(judgement.instants),
        "limits": list(judgement.limits),
        "missing": list(judgement.missing),
    }
