"""Real controllers: scenarios a second, and how long a split takes depending on what is left to copy.

`python benchmarks/real_controllers.py` prints the figures of docs/real-controllers.md; a controller that cannot be had
here is named with the reason. A scenario: a fresh pair of 8 blocks, a write, a split, a write, a backup of everything,
its tape checked.
"""

import statistics
import time

from splitproof.conformance.adapter import BackupState
from splitproof.conformance.adapters import BUILT_IN
from splitproof.conformance.lab import DUPLEX, Lab, whole
from splitproof.conformance.opening import AdapterNotFound, adapter
from splitproof.conformance.session import Session, tagged

SCENARIOS = 100
SPLITS = 15
VOLUME_BLOCKS = 1024
DIFFERENCES = (0, 16, 64, 256, 1024)


def paired(session: Session, block_count: int) -> None:
    session.reset(block_count)
    session.call("create_pair")
    while session.pair_state() != DUPLEX:
        pass


def scenario(lab: Lab, session: Session) -> None:
    paired(session, 8)
    before = next(lab.numbers)
    session.write(3, before)
    session.call("split")
    session.write(3, next(lab.numbers))
    backup = session.backup(whole(session))
    while session.backup_status(backup).state is not BackupState.COMPLETED:
        pass
    assert session.tape_image(backup)[3] == tagged(before, session.capabilities.block_size_bytes)


def scenarios_a_second(lab: Lab, session: Session) -> float:
    start = time.perf_counter()
    for _ in range(SCENARIOS):
        scenario(lab, session)
    return SCENARIOS / (time.perf_counter() - start)


def split_milliseconds(lab: Lab, session: Session, differences: int) -> tuple[float, float]:
    """Median and worst, over SPLITS."""
    took = []
    for _ in range(SPLITS):
        paired(session, VOLUME_BLOCKS)
        for block in range(differences):
            session.write(block, next(lab.numbers))
        start = time.perf_counter()
        session.call("split")
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), max(took)


for name in BUILT_IN:
    try:
        lab = Lab(adapter(name))
    except AdapterNotFound as error:
        print(error)
        continue
    try:
        session = lab.session
        print(f"{name}: {session.capabilities.name}, {scenarios_a_second(lab, session):.0f} scenarios/s")
        for differences in DIFFERENCES:
            median, worst = split_milliseconds(lab, session, differences)
            print(
                f"  split with {differences:>4} of {VOLUME_BLOCKS} blocks written: {median:6.2f} ms, worst {worst:6.2f}"
            )
    finally:
        lab.close()
