"""One search in a process of its own, as a user has it: prints what `contenders.py` reads.

    python benchmarks/one_search.py compiled DESIGN BLOCKS THREADS REDUCTIONS

REDUCTIONS: `none`, or some of `folding,blocks,data`, of which the last two are symmetries. Prints, as JSON: states,
transitions, the seconds of the search alone (CPU, wall), and the resident bytes that it added.
"""

from __future__ import annotations

import json
import sys
import time

from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.memory import resident_bytes
from splitproof.checker.search.engine import Engine, Limits
from splitproof.checker.search.oracle import Oracle
from splitproof.model.loading import load_machine


def main() -> int:
    name, design, blocks, threads, reductions = sys.argv[1:]
    machine, asked = load_machine(design), frozenset(reductions.split(","))
    engine: Engine
    if name == "graph":
        engine = Oracle(machine, int(blocks), [], folded="folding" in asked)
    else:
        blocks_alike, data_alike = "blocks" in asked, "data" in asked
        engine = CompiledEngine(
            machine,
            int(blocks),
            [],
            folded="folding" in asked,
            symmetry=blocks_alike,
            data_symmetry=data_alike,
        )
        if (engine.is_block_symmetric, engine.is_data_symmetric) != (blocks_alike, data_alike):
            sys.exit(f"{design} has no such symmetry")
    engine.explore(Limits(max_states=1))  # makes the code, as the compiler of the other contenders does
    before, cpu, wall = resident_bytes(), time.process_time(), time.perf_counter()
    found = engine.explore(threads=int(threads)) if isinstance(engine, CompiledEngine) else engine.explore()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if not found.complete:
        sys.exit(f"the search did not end: {found.limit}")
    print(
        json.dumps(
            {
                "states": found.states,
                "transitions": found.transitions,
                "cpu": cpu,
                "wall": wall,
                "bytes": resident_bytes() - before,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
