"""How fast the engines are, side by side in one run: `make bench`, or `make bench CASES="DESIGN:BLOCKS ..."`.

Every contender searches the same space to its end, in a process of its own, in turn so that a busy machine disturbs
all alike; all must count the same states and transitions, or the run fails. Shown are medians and, for the search
itself, the spread. With no cases given, `benchmarks/results.md` and `benchmarks/results.svg` are written.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.contenders import CONTENDERS, OURS, TLC_ARCHIVE, Run, Space
from benchmarks.plot import plot

HERE = Path(__file__).parent
RUNS = 5
LONG = 20
"""Seconds: a contender that takes longer is run only once more."""

_FOLDED, _BLOCKS = frozenset({"folding"}), frozenset({"blocks"})
_REDUCED = frozenset({"folding", "blocks", "data"})
SPACES = (
    Space("prior-art-wait", 1),
    Space("third-embodiment-closed", 1),
    Space("prior-art-wait", 2),
    Space("second-embodiment-closed", 2),
    Space("second-embodiment-closed", 2, _FOLDED),
    Space("second-embodiment-closed", 2, _BLOCKS),
    Space("second-embodiment-closed", 2, _REDUCED),
    Space("prior-art-wait", 3, _REDUCED),
    Space("second-embodiment-closed", 3, _REDUCED),
)

Runs = dict[str, list[Run]]


def measured(space: Space, runs: int) -> Runs:
    """All runs of everybody who can search the space."""
    taking_part = {name: one for name, one in CONTENDERS.items() if space.reductions <= one.reductions}
    found: Runs = {}
    for turn in range(runs):
        for name, contender in taking_part.items():
            before = found.setdefault(name, [])
            states = found[OURS][0].states if found[OURS] else 0
            if states > contender.states_max or (turn > 1 and max(run.wall for run in before) > LONG):
                continue
            before.append(contender.search(space))
    return {name: done for name, done in found.items() if done}


def agree(runs: Runs) -> bool:
    """Whether all counted the same: states, and transitions if they count them as we do."""
    found = [run for done in runs.values() for run in done]
    transitions = {run.transitions for run in found} - {None}
    return len({run.states for run in found}) == len(transitions) == 1


def table(space: Space, runs: Runs) -> str:
    """The runs as a table of Markdown."""
    first = runs[OURS][0]
    lines = [
        f"### {space}",
        "",
        f"{first.states:,} states, {first.transitions:,} transitions.",
        "",
        "| engine | start-up s | search: CPU s | spread | wall s | M states/s | bytes/state | CPU | whole |",
        "|---|---|---|---|---|---|---|---|---|",
    ]

    def middle(done: Sequence[Run], what: Callable[[Run], float]) -> float:
        return median(map(what, done))

    ours = runs[OURS]
    our_cpu = middle(ours, lambda run: run.cpu)
    our_whole = middle(ours, lambda run: run.start_up + run.wall)
    for name, done in runs.items():
        cpu, wall = middle(done, lambda run: run.cpu), middle(done, lambda run: run.wall)
        whole = middle(done, lambda run: run.start_up + run.wall)
        times = [run.cpu for run in done]
        per_state = middle(done, lambda run: run.memory / run.states)
        memory = (
            f"{per_state:.1f}" if first.states >= 10**6 else ""
        )  # below, of nothing but what is always there
        lines.append(
            f"| {name} | {middle(done, lambda run: run.start_up):.2f} | {cpu:.3f} | {min(times):.3f}-{max(times):.3f} "
            f"| {wall:.3f} | {first.states / wall / 1e6:.2f} | {memory} "
            f"| {cpu / our_cpu:.1f} | {whole / our_whole:.1f} |"
        )
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What ran all this: the processor, its cores, and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text().splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]

    def first_line(*command: str) -> str:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        return (said.stdout or said.stderr).splitlines()[0].strip()

    tools = [
        first_line("spin", "-V"),
        first_line("rumur", "--version"),
        first_line("gcc", "--version"),
        first_line("java", "-cp", str(TLC_ARCHIVE), "tlc2.TLC"),
    ]
    return (
        f"{len(names) or '?'} cores ({names[0] if names else platform.processor()}), {platform.system()}, "
        f"Python {platform.python_version()}, llvmlite {version('llvmlite')}; {'; '.join(tools)}."
    )


PREAMBLE = """# Measured

Written by `make bench`. Every engine searches the same space to its end, on one core unless it says otherwise, each
run in a new process; medians, and the spread of the search. Start-up is all else of that process: for ours imports,
grounding and quick code, for C, Spin and Rumur writing the model and compiling it. Our fast code is made within the
search, after a million states, and is in its time; a second run of the same search finds it in the cache and runs
nothing else: `again`, the row to hold beside programs that were compiled before they were timed. The
last two columns are the CPU time of the search, and the wall time of everything, as multiples of those of `compiled`.
Bytes a state: what the search added to our process, and the whole process of the others, from a million states on; that
of TLC is the heap that Java takes, and its search is its whole process. No properties are watched. All counts agreed.

"""


def main() -> int:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description="The engines beside C, Spin, Rumur and TLC.")
    parser.add_argument("cases", nargs="*", metavar="DESIGN:BLOCKS", help="instead of the published ones")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    spaces = [
        Space(design, int(blocks)) for design, _, blocks in (case.rpartition(":") for case in asked.cases)
    ] or SPACES
    all_runs: dict[Space, Runs] = {}
    for space in spaces:
        runs = all_runs[space] = measured(space, asked.runs)
        print(table(space, runs), flush=True)
        if not agree(runs):
            print(f"the engines disagree about {space}", file=sys.stderr)
            return 1
    if not asked.cases:
        tables = "\n".join(table(space, runs) for space, runs in all_runs.items())
        text = f"{PREAMBLE}{machine()}\n\n![wall seconds of whole processes against states](results.svg)\n\n{tables}"
        (HERE / "results.md").write_text(text, encoding="utf-8")
        (HERE / "results.svg").write_text(plot(all_runs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
