"""Running Spin and Rumur, each with the C compiler, on a model that was exported for it.

A run is complete or an error; what a peer says is read from its output and never guessed.
"""

from __future__ import annotations

import re
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from splitproof.checker.export.commands import PeerError, first_line, found, require, run_command
from splitproof.checker.export.murphi import murphi
from splitproof.checker.export.promela import promela
from splitproof.checker.export.prose import initial_states, judged_by
from splitproof.model.layout import Layout
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property

__all__ = ["RUMUR", "SPIN", "PeerRun", "run_rumur", "run_spin"]

SPIN = ("spin", "gcc")
"""What a run of Spin needs."""

RUMUR = ("rumur", "gcc")
"""What a run of Rumur needs."""

DEPTH = 100_000
"""How long a path Spin may follow depth first at the first try; the memory for it is taken at once."""

_TOO_SHALLOW = "max search depth too small"


@dataclass(frozen=True)
class PeerRun:
    """What a peer says of a design.

    `states`, `transitions`: of the design, the peer's own bookkeeping taken off. Spin counts a state that violates a
    property as one transition more, which is taken off as well, unless its errors include steps that violate one: then
    the transitions are None. `violated`: property ids, sorted. `violations`: by property id, how many states or steps
    violate it; None if the peer does not count them.
    `seconds`, `cpu_seconds`, `memory_bytes`: of the search alone, its peak of memory in use; `seconds_to_build`: of all
    that makes the program that searches, from exporting to compiling.
    """

    states: int
    transitions: int | None
    violated: tuple[str, ...]
    violations: Mapping[str, int] | None
    seconds: float
    cpu_seconds: float
    seconds_to_build: float
    memory_bytes: int


def run_spin(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    *,
    breadth_first: bool = False,
    optimised: bool = True,
    data_values: int = 2,
    depth_max: int = 10_000_000,
    timeout_s: float = 600,
) -> PeerRun:
    """Spin's search of the whole design, depth first unless told otherwise.

    `optimised`: have the compiler optimise the program, which takes longer than searching a hundred thousand states.
    `data_values`: how many values of data are told apart; with 1, only the control is left of a state.
    `depth_max`: the longest path that a search depth first may follow, tried from `DEPTH` on.

    Raises:
        PeerError: see the class.
    """
    require(SPIN)
    flags = ["-DBFS"] if breadth_first else []
    with tempfile.TemporaryDirectory(prefix="splitproof-") as name:
        folder = Path(name)
        started = time.perf_counter()
        (folder / "model.pml").write_text(promela(machine, blocks, properties, data_values), encoding="utf-8")
        run_command(folder, timeout_s, "spin", "-a", "-o2", "model.pml")
        level = "-O2" if optimised else "-O0"
        run_command(folder, timeout_s, "gcc", level, "-DSAFETY", "-w", *flags, "-o", "pan", "pan.c")
        seconds_to_build = time.perf_counter() - started
        depth = min(DEPTH, depth_max)
        while True:
            done = run_command(folder, timeout_s, "./pan", "-c0", *([] if breadth_first else [f"-m{depth}"]))
            if _TOO_SHALLOW not in done.text or depth == depth_max:
                break
            depth = min(depth * 10, depth_max)
    said = done.text
    if _TOO_SHALLOW in said or "Search not completed" in said:
        raise PeerError(f"Spin did not finish: {first_line(said)}")
    asked = judged_by(properties, blocks)
    complaints = [line for line in said.splitlines() if re.match(r"pan:\d+:", line)]
    numbers = [re.match(r"pan:\d+: assertion violated\s+!\((\d+)\)", line) for line in complaints]
    if None in numbers:
        raise PeerError(f"Spin reports something else than a property: {complaints[numbers.index(None)]}")
    violated = {asked[int(number[1]) - 1] for number in numbers if number is not None}
    bookkeeping = 1 + len(initial_states(machine, Layout(machine, blocks, data_values)))
    return PeerRun(
        states=int(found(r"^\s*(\d+) states, stored", said)) - 1,
        transitions=(
            None
            if any(item.kind is Kind.STEP for item in violated)
            else int(found(r"^\s*(\d+) transitions", said)) - bookkeeping - int(found(r"errors: (\d+)", said))
        ),
        violated=tuple(sorted(item.id for item in violated)),
        violations=None,
        seconds=done.seconds,
        cpu_seconds=done.cpu_seconds,
        seconds_to_build=seconds_to_build,
        memory_bytes=done.memory_bytes,
    )


def run_rumur(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    *,
    symmetry: bool = False,
    threads: int = 1,
    optimised: bool = True,
    data_values: int = 2,
    timeout_s: float = 600,
) -> PeerRun:
    """Rumur's search of the whole design; with `symmetry`, of states up to renaming blocks.

    `optimised`, `data_values`: as for Spin.

    Raises:
        PeerError: see the class.
        ModelError: the design cannot be exported with symmetry.
    """
    require(RUMUR)
    reduction = ["--symmetry-reduction", "exhaustive" if symmetry else "off"]
    options = [
        "--deadlock-detection",
        "off",
        "--output-format",
        "machine-readable",
        "--threads",
        str(threads),
    ]
    with tempfile.TemporaryDirectory(prefix="splitproof-") as name:
        folder = Path(name)
        started = time.perf_counter()
        text = murphi(machine, blocks, properties, symmetry=symmetry, covers=True, data_values=data_values)
        (folder / "model.m").write_text(text, encoding="utf-8")
        run_command(folder, timeout_s, "rumur", "-o", "model.c", "model.m", *options, *reduction)
        level = "-O3" if optimised else "-O0"
        run_command(folder, timeout_s, "gcc", level, "-w", "-mcx16", "-o", "model", "model.c", "-lpthread")
        seconds_to_build = time.perf_counter() - started
        done = run_command(
            folder, timeout_s, "./model", accepted=(0, 1)
        )  # 1: some property was never violated
    root = ET.fromstring(done.text)
    summary = root.find("summary")
    if summary is None or root.find("error") is not None:
        raise PeerError(f"Rumur did not finish: {done.text.strip()[-400:]}")
    violations: Counter[str] = Counter()
    for item in root.findall("cover_result"):  # a step property is covered in many rules
        violations[item.get("message", "")] += int(item.get("count", ""))
    return PeerRun(
        states=int(summary.get("states", "")),
        transitions=int(summary.get("rules_fired", "")),
        violated=tuple(sorted(name for name, count in violations.items() if count)),
        violations=violations,
        seconds=done.seconds,
        cpu_seconds=done.cpu_seconds,
        seconds_to_build=seconds_to_build,
        memory_bytes=done.memory_bytes,
    )
