"""What outside checkers need for a design: Spin depth first and breadth first, and Rumur.

    python benchmarks/peers.py third-embodiment-closed --blocks 2 --runs 3

Every peer searches the exported model without properties, on one core: all states, one transition a step. The
fastest of the runs is shown. `measure` is what other benchmarks compare themselves with.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

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


def main() -> None:
    """Measure the peers on one design and print a line for each."""
    parser = argparse.ArgumentParser(description="What Spin and Rumur need for a design.")
    parser.add_argument("design", help="NAME, NAME+key=value..., or path/to/file.py:NAME")
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="the fastest of so many counts")
    asked = parser.parse_args()
    machine = load_machine(asked.design)
    print(f"{asked.design}, {asked.blocks} blocks")
    print(f"{'':20} {'states':>12} {'transitions':>13} {'s':>8} {'CPU s':>8} {'build s':>8} {'MB':>7}")
    for peer in PEERS:
        run = measure(peer, machine, asked.blocks, asked.runs)
        print(
            f"{peer:20} {run.states:12,} {run.transitions:13,} {run.seconds:8.2f} {run.cpu_seconds:8.2f} "
            f"{run.seconds_to_build:8.2f} {run.memory_bytes / 1e6:7.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
