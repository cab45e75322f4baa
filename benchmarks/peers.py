"""What outside checkers need for a design, and what the compiled engine does: Spin depth and breadth first, Rumur.

    python benchmarks/peers.py prior-art-wait --blocks 2 --runs 3

Everybody searches the same unfolded machine without properties, on one core: all states, one transition a step. The
fastest of the runs is shown, `ratio` is its CPU time to the compiled engine's. Exits with 1 where the counts differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.export.peers import PeerRun, run_rumur, run_spin
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine

PEERS: dict[str, Callable[[Machine, int], PeerRun]] = {
    "Spin, depth first": lambda machine, blocks: run_spin(machine, blocks, [], timeout_s=3600),
    "Spin, breadth first": lambda machine, blocks: run_spin(
        machine, blocks, [], breadth_first=True, timeout_s=3600
    ),
    "Rumur": lambda machine, blocks: run_rumur(machine, blocks, [], timeout_s=3600),
}


def measure(peer: str, machine: Machine, blocks: int, runs: int = 1) -> PeerRun:
    """The fastest of some runs of one of `PEERS`.

    Raises:
        PeerError: the peer is not installed, refuses the model, or did not finish.
    """
    return min((PEERS[peer](machine, blocks) for _ in range(runs)), key=lambda run: run.cpu_seconds)


def compiled_seconds(machine: Machine, blocks: int, runs: int) -> tuple[int, int, float]:
    """States, transitions and CPU seconds of the compiled engine on one thread; its first run makes the code."""
    engine = CompiledEngine(machine, blocks, [], folded=False)
    found, best = engine.explore(threads=1), float("inf")
    for _ in range(runs):
        started = time.process_time()
        engine.explore(threads=1)
        best = min(best, time.process_time() - started)
    return found.states, found.transitions, best


def main() -> int:
    """Measure everybody on one design and print a line for each."""
    parser = argparse.ArgumentParser(description="What Spin and Rumur need for a design.")
    parser.add_argument("design", help="NAME, NAME+key=value..., or path/to/file.py:NAME")
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="the fastest of so many counts")
    asked = parser.parse_args()
    machine = load_machine(asked.design)
    print(f"{asked.design}, blocks={asked.blocks}")
    print(f"{'':20} {'states':>12} {'transitions':>13} {'CPU s':>8} {'ratio':>7} {'build s':>8} {'MB':>7}")
    states, transitions, ours = compiled_seconds(machine, asked.blocks, asked.runs)
    print(f"{'compiled':20} {states:12,} {transitions:13,} {ours:8.2f} {1:7.1f}")
    agree = True
    for peer in PEERS:
        run = measure(peer, machine, asked.blocks, asked.runs)
        agree = agree and (run.states, run.transitions) == (states, transitions)
        print(
            f"{peer:20} {run.states:12,} {run.transitions:13,} {run.cpu_seconds:8.2f} {run.cpu_seconds / ours:7.1f} "
            f"{run.seconds_to_build:8.2f} {run.memory_bytes / 1e6:7.0f}",
            flush=True,
        )
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
