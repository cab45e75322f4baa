"""Real controllers: the figures of docs/real-controllers.md.

`python benchmarks/real_controllers.py speed` prints how many scenarios a second each controller does: a fresh pair of 8
blocks, a write, a split, a write, a backup of everything, its tape checked.

`... latency` measures how long a split takes, and writes docs/split-latency.svg: by the size of the volume, by what was
written since the last split, and by how many writers go on meanwhile.

`... histories 1000` judges so many histories of racing writers. Controllers may be named after each; one that cannot be
had here is named with the reason.
"""

import argparse
import contextlib
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from line_plots import Panel, Point, svg

from splitproof.conformance.adapters import BUILT_IN
from splitproof.conformance.histories.judgement import judge_history
from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.lab.session import Session, tagged
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.protocol.adapter import BackupState
from splitproof.conformance.runner.opening import AdapterNotFound, adapter
from splitproof.spec.vocabulary import PairState

SCENARIO_SECONDS = 5.0
SPLITS = 31
PLOT = Path(__file__).resolve().parent.parent / "docs" / "split-latency.svg"
PLOTTED = ["qemu", "qemu-mirror", "reflink-xfs", "reflink-btrfs"]
VOLUME_BLOCKS = 1024
SIZES = (16, 64, 256, 1024)
WRITTEN = (0, 16, 64, 256, 1024)
WRITERS = (0, 1, 2, 4, 8)


@contextlib.contextmanager
def opened(name: str) -> Iterator[Lab | None]:
    try:
        lab = Lab(adapter(name))
    except AdapterNotFound as error:
        print(error)
        yield None
        return
    try:
        yield lab
    finally:
        lab.close()


# ---- speed ---------------------------------------------------------------------------------------


def scenario(lab: Lab, session: Session) -> None:
    lab.mirrored(8)
    before = next(lab.numbers)
    session.write(3, before)
    session.call("split")
    session.write(3, next(lab.numbers))
    backup = session.backup(whole(session))
    while session.backup_status(backup).state is not BackupState.COMPLETED:
        pass
    assert session.tape_image(backup)[3] == tagged(before, session.capabilities.block_size_bytes)


def print_speed(names: list[str]) -> None:
    for name in names:
        with opened(name) as lab:
            if lab is None:
                continue
            session = lab.session
            start, done = time.perf_counter(), 0
            while time.perf_counter() - start < SCENARIO_SECONDS:
                scenario(lab, session)
                done += 1
            rate = done / (time.perf_counter() - start)
            print(f"{name}: {session.capabilities.name}, {rate:.1f} scenarios/s", flush=True)


# ---- latency -------------------------------------------------------------------------------------


@contextlib.contextmanager
def writing(lab: Lab, session: Session, writers: int) -> Iterator[None]:
    """So many writers, each on blocks of its own, one write after the other."""
    over = threading.Event()

    def write(first: int) -> None:
        while not over.is_set():
            for block in range(first, VOLUME_BLOCKS, max(WRITERS)):
                session.write(block, next(lab.numbers))
                if over.is_set():
                    return

    threads = [threading.Thread(target=write, args=(first,)) for first in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def milliseconds(lab: Lab, size: int, written: int, writers: int) -> Point:
    """Of SPLITS splits, each of a pair that was split and joined before: its first copy is long over."""
    session = lab.mirrored(size)
    took = []
    for turn in range(SPLITS + 1):
        for block in range(written):
            session.write(block, next(lab.numbers))
        with writing(lab, session, writers):
            if writers:
                time.sleep(0.02)
            start = time.perf_counter()
            session.call("split")
            end = time.perf_counter()
        if turn:
            took.append((end - start) * 1000)
        assert lab.settles(session, lambda: session.pair_state().target is PairState.SPLIT)
        session.call("resync")
        assert lab.settles(session, lambda: session.pair_state() == DUPLEX)
    return Point(statistics.median(took), min(took), max(took))


def plot_latency(names: list[str], output: Path) -> None:
    settings = {
        "by the size of the volume": [(f"{size:,}", (size, 0, 0)) for size in SIZES],
        "by the blocks written since": [(f"{written:,}", (VOLUME_BLOCKS, written, 0)) for written in WRITTEN],
        "by the writers that go on": [(str(writers), (VOLUME_BLOCKS, 0, writers)) for writers in WRITERS],
    }
    under = (
        "blocks, none written",
        f"blocks written, of {VOLUME_BLOCKS:,}",
        f"writers, {VOLUME_BLOCKS:,} blocks",
    )
    panels = [
        Panel(title, axis, [text for text, _ in points], {})
        for (title, points), axis in zip(settings.items(), under, strict=True)
    ]
    for name in names:
        with opened(name) as lab:
            if lab is None:
                continue
            print(lab.session.capabilities.name)
            for panel, points in zip(panels, settings.values(), strict=True):
                panel.lines[name] = [milliseconds(lab, *setting) for _, setting in points]
                shown = (f"{point.middle:.1f}, {point.high:.1f}" for point in panel.lines[name])
                print(f"| `{name}` | {panel.title} | {' | '.join(shown)} |", flush=True)
    title = f"Split latency: median of {SPLITS} splits, quickest to slowest"
    output.write_text(svg(title, "milliseconds", panels), encoding="utf-8")


# ---- histories -----------------------------------------------------------------------------------


def judge_histories(name: str, count: int) -> None:
    with opened(name) as lab:
        if lab is None:
            return
        start = time.perf_counter()
        totals: Counter[str] = Counter()
        while totals["histories"] < count:
            for history in race(lab):
                found = judge_history(history)
                totals.update(found.judged)
                totals.update(histories=1, operations=len(history.operations), findings=len(found.findings))
                totals.update(said_nothing=bool(found.missing), undecided=bool(found.limits))
                for finding in found.findings:
                    print(finding)
        print(f"{name}: {lab.session.capabilities.name}, {time.perf_counter() - start:.0f} s")
        for what, number in totals.items():
            print(f"  {what}: {number:,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    speed = commands.add_parser("speed")
    speed.add_argument("names", nargs="*", default=list(BUILT_IN))
    latency = commands.add_parser("latency")
    latency.add_argument("names", nargs="*", default=PLOTTED)
    latency.add_argument("--output", type=Path, default=PLOT)
    histories = commands.add_parser("histories")
    histories.add_argument("count", type=int)
    histories.add_argument("name", nargs="?", default="qemu")
    given = parser.parse_args()
    if given.command == "speed":
        print_speed(given.names)
    elif given.command == "latency":
        plot_latency(given.names, given.output)
    else:
        judge_histories(given.name, given.count)
