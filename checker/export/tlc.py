"""Running TLC, on a module that was exported for it.

What it says is read from its messages by their number (`-tool`), and never guessed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from splitproof.checker.export.commands import PeerError, first_line, found, require, run_command
from splitproof.checker.export.tla import tla, tla_configuration
from splitproof.checker.export.tla_notation import module_name
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property

__all__ = ["TLC", "TlcRun", "run_tlc"]

TLC = ("java",)
"""What a run of TLC needs, besides the archive `tla2tools.jar`."""

_MESSAGE = re.compile(
    r"^@!@!@STARTMSG (\d+):(\d+) @!@!@\n(.*?)^@!@!@ENDMSG \1 @!@!@$", re.MULTILINE | re.DOTALL
)
_ERROR = "1"
"""Of the second number, which says what kind a message is of."""

# TLC's numbers of its messages (tlc2.output.EC)
_INITIAL, _SEARCHED, _DEPTH, _STATE = 2190, 2199, 2194, 2217
_VIOLATED_AT_START = (2107, 2108, 2230)  # an invariant, a property; an invariant that is no more than FALSE
_VIOLATED = (*_VIOLATED_AT_START, 2110, 2112, 2116)  # an invariant, a step, a run
_IS_DECIDED = (0, 12, 13, 151)  # exit codes: nothing is violated; a state; a step or a run; FALSE


@dataclass(frozen=True)
class TlcRun:
    """What TLC says of a design.

    `violation`: its sentence about the first property that it found violated, or None; a search ends there.
    `states`, `transitions`, `depth`: of the whole design, where nothing is violated; else None. The depth is that of
    the last state to be found, in steps.
    `steps`: of the run it shows of a violation, a shortest one with one thread, if it is of a state or a step; of a
    fair run those before it repeats itself, and those that it repeats.
    `seconds`, `cpu_seconds`, `memory_bytes`: of the whole process, which reads the module as well.
    """

    violation: str | None
    states: int | None
    transitions: int | None
    depth: int | None
    steps: int | None
    seconds: float
    cpu_seconds: float
    memory_bytes: int


def run_tlc(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    *,
    jar: Path,
    data_values: int = 2,
    threads: int = 1,
    optimised: bool = True,
    timeout_s: float = 600,
) -> TlcRun:
    """TLC's search of the whole design, or until it finds a property violated.

    `jar`: the archive `tla2tools.jar`, of any version. `data_values`: as for Spin. `optimised`: have Java optimise
    what runs often, which a short run does not repay.

    Raises:
        PeerError: see the class.
    """
    require(TLC)
    if not jar.is_file():
        raise PeerError(f"there is no archive of TLC at {jar}")
    name = module_name(machine)
    compiler = ["-XX:+UseParallelGC"] if optimised else ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    with tempfile.TemporaryDirectory(prefix="splitproof-") as temporary:
        folder = Path(temporary)
        (folder / f"{name}.tla").write_text(tla(machine, blocks, properties, name), encoding="utf-8")
        configuration = tla_configuration(machine, blocks, properties, data_values, says_deadlock=False)
        (folder / f"{name}.cfg").write_text(configuration, encoding="utf-8")
        done = run_command(
            folder,
            timeout_s,
            "java",
            *compiler,
            f"-Djava.io.tmpdir={folder}",
            *["-cp", str(jar.resolve()), "tlc2.TLC"],
            *["-tool", "-deadlock", "-workers", str(threads), "-metadir", "states", f"{name}.tla"],
            accepted=None,
        )
    messages = [(int(number), kind, text.strip()) for number, kind, text in _MESSAGE.findall(done.text)]
    said = {number: text for number, _, text in messages}
    violations = [(number, text) for number, _, text in messages if number in _VIOLATED]
    if done.status not in _IS_DECIDED or bool(violations) != (done.status != 0):
        complaints = [text for _, kind, text in messages if kind == _ERROR]
        raise PeerError(f"TLC did not finish: {' '.join(complaints or [first_line(done.text)])}")
    if violations:
        number, violation = violations[0]
        last = said.get(_STATE, "1:" if number in _VIOLATED_AT_START else "")
        steps = int(found(r"^(\d+):", last)) - 1
        return TlcRun(violation, None, None, None, steps, done.seconds, done.cpu_seconds, done.memory_bytes)
    generated, distinct = (
        _number(found(p, said[_SEARCHED])) for p in (r"([\d,]+) states gen", r"([\d,]+) distinct")
    )
    return TlcRun(
        None,
        distinct,
        generated - _number(found(r"([\d,]+) distinct", said[_INITIAL])),
        _number(found(r"is (\d+)\.", said[_DEPTH])) - 1,
        None,
        done.seconds,
        done.cpu_seconds,
        done.memory_bytes,
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))
