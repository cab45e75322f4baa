"""How fast the engines are, measured side by side: `make bench`, or `bench.py DESIGN:BLOCKS ...`.

Seconds are CPU seconds of the search alone, the best of some runs taken in turn, so that a busy machine disturbs all
alike. Every engine must find the same states and transitions, or the run fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.c_source import model_header
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.memory import resident_bytes
from splitproof.checker.search.oracle import Oracle
from splitproof.model.loading import load_machine
from splitproof.spec.properties import Kind

HERE = Path(__file__).parent
CASES = ("second-embodiment-closed:1", "second-embodiment-closed:2")
RUNS = 3


@dataclass(frozen=True)
class Row:
    """What one run of one engine took. `memory`: resident bytes a state at the end; 0 where not measured."""

    states: int
    transitions: int
    seconds: float
    memory: float


Engine = Callable[[str, int], Callable[[], Row]]
"""Prepares a design for a number of blocks; what it returns is run several times."""


def compiled(threads: int) -> Engine:
    def prepare(design: str, blocks: int) -> Callable[[], Row]:
        engine = CompiledEngine(*_asked(design, blocks), folded=True)
        engine.explore(threads=threads)  # the first run makes the code

        def run() -> Row:
            clock = time.perf_counter if threads > 1 else time.process_time
            before, started = resident_bytes(), clock()
            found = engine.explore(threads=threads)
            seconds = clock() - started
            return Row(found.states, found.transitions, seconds, (resident_bytes() - before) / found.states)

        return run

    return prepare


def oracle(design: str, blocks: int) -> Callable[[], Row]:
    engine = Oracle(*_asked(design, blocks), folded=True)

    def run() -> Row:
        started = time.process_time()
        found = engine.explore()
        return Row(found.states, found.transitions, time.process_time() - started, 0)

    return run


def c_search(design: str, blocks: int) -> Callable[[], Row]:
    folder = Path(tempfile.mkdtemp(prefix="splitproof-bench-"))
    header = model_header(CompiledEngine(*_asked(design, blocks), folded=True))
    (folder / "model.h").write_text(header, encoding="ascii")
    program = folder / "search"
    command = ["gcc", "-O2", "-march=native", f"-I{folder}", "-o", str(program), str(HERE / "search.c")]
    subprocess.run(command, check=True)

    def run() -> Row:
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
        states, transitions = int(output[0]), int(output[1])
        return Row(states, transitions, float(output[4]), int(output[5]) / states)

    return run


# Spin and Rumur are measured by peers.py on the exported model, which interleaves messages; here they are delivered at
# once, so that the states differ. Their rows join once both search the same space.
ENGINES: dict[str, Engine] = {
    "C, gcc -O2": c_search,
    "compiled": compiled(1),
    f"compiled, {os.cpu_count()} threads (wall)": compiled(os.cpu_count() or 1),
    "graph": oracle,
}


def _asked(design: str, blocks: int) -> tuple:  # type: ignore[type-arg]  # machine, blocks, properties
    machine = load_machine(design)
    return machine, blocks, [item for item in machine.properties.values() if item.kind is Kind.ALWAYS]


def measure(design: str, blocks: int) -> bool:
    """Print a table; whether all engines found the same."""
    print(f"\n{design}, {blocks} blocks")
    print(
        f"{'engine':<28}{'states':>14}{'transitions':>14}{'seconds':>10}{'M/s':>8}{'B/state':>9}{'to C':>7}"
    )
    runs = {}
    for name, prepare in ENGINES.items():
        if prepare is not oracle or blocks == 1:
            runs[name] = prepare(design, blocks)
    best: dict[str, Row] = {}
    for _ in range(RUNS):
        for name, run in runs.items():
            row = run()
            if name not in best or row.seconds < best[name].seconds:
                best[name] = row
    for name, row in best.items():
        to_c = row.seconds / best["C, gcc -O2"].seconds
        print(
            f"{name:<28}{row.states:>14,}{row.transitions:>14,}{row.seconds:>10.3f}"
            f"{row.states / row.seconds / 1e6:>8.2f}{row.memory:>9.1f}{to_c:>7.2f}"
        )
    return len({(row.states, row.transitions) for row in best.values()}) == 1


def main() -> int:
    agree = [
        measure(design, int(blocks))
        for design, _, blocks in (case.rpartition(":") for case in sys.argv[1:] or CASES)
    ]
    if not all(agree):
        print("the engines disagree", file=sys.stderr)
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
