"""The next cycle: joined again, mirrored again, split again, and the tapes of before stay what they are."""

from __future__ import annotations

import contextlib

from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.protocol.adapter import Rejected
from splitproof.conformance.suite.requirement import Level, requirement
from splitproof.conformance.suite.tapes import check_tape
from splitproof.conformance.verdicts import PropertyViolated
from splitproof.spec.split_backup import SPLIT_COMPLETES, TAPE_IS_IMAGE

BLOCKS = 4


@requirement(TAPE_IS_IMAGE, "R69", "G09", "G12", level=Level.SEQUENTIAL)
def test_g12_each_cycle_has_an_image_of_its_own(lab: Lab) -> None:
    lab.needs("resync")
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    written: dict[int, int] = {}
    tapes: list[tuple[dict[int, int], str]] = []
    for cycle in range(3):
        for block in (cycle, 3):
            written[block] = next(lab.numbers)
            session.write(block, written[block])
        session.call("split")
        image = dict(written)
        written[0] = next(lab.numbers)
        session.write(0, written[0])  # after the split: of the next image
        backup = lab.back_up(session, whole(session))
        check_tape(lab, session, initial, image, backup)
        tapes.append((image, backup))
        session.call("resync")
        if not lab.settles(session, lambda: session.pair_state() == DUPLEX):
            sentence = (
                f"after resync the pair does not reach DUPLEX in its time; it is {session.pair_state()}"
            )
            raise PropertyViolated.because(SPLIT_COMPLETES, sentence, ["split()", "backup", "resync()"])
    for image, backup in tapes:
        check_tape(lab, session, initial, image, backup)


@requirement(TAPE_IS_IMAGE, "G12", level=Level.SEQUENTIAL)
def test_g12_a_resync_during_a_backup_is_refused_or_does_no_harm(lab: Lab) -> None:
    lab.needs("resync")
    session = lab.mirrored(BLOCKS)
    initial = [session.read(block) for block in range(BLOCKS)]
    number = next(lab.numbers)
    session.write(2, number)
    session.call("split")
    backup = lab.back_up(session, whole(session))
    for block in range(BLOCKS):
        session.write(block, next(lab.numbers))
    with contextlib.suppress(Rejected):  # as the closed designs do
        session.call("resync")
    check_tape(lab, session, initial, {2: number}, backup)
