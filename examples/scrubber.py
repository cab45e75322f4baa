"""A controller with one more processor: a scrubber that has blocks copied again, in case the target has rotted.

The catalogue's closed first embodiment is taken as it is, a processor is added, and the properties of the
document are asked again, unchanged. The scrubber picks a mirrored block and marks it as different, so that 508
copies it again. After a split that would be wrong: the target is the image then, and the source is not. So it
looks at the pair state first.

`careless_scrubber` looks, and then marks in a second step: the pair can be split in between. `careful_scrubber`
looks at the pair state in the access that marks. Try it:

    splitproof check  examples/scrubber.py:careless_scrubber
    splitproof verify examples/scrubber.py:careful_scrubber examples/scrubber.py:careless_scrubber
"""

from __future__ import annotations

import enum

from splitproof.model import Block, Machine, Processor, Record, State, field, memory, when
from splitproof.model.catalogue import CATALOGUE, machine_of
from splitproof.spec.vocabulary import PairState

SCRUBBER = Processor("scrubber", None, "has mirrored blocks copied again, one after the other")


class Phase(enum.Enum):
    """How far the scrubber is."""

    IDLE = "idle"
    PICKED = "picked"


class Scrub(Record):
    phase = field(Phase, "how far it is")
    block = field(Block, "the block that it picked", while_=lambda r: r.phase == Phase.PICKED)


def careful_scrubber() -> Machine:
    """It marks a block only if the very access that marks it sees the pair mirrored."""
    return _with_scrubber(
        "careful-scrubber", looks_again=True
    )  # with the verdicts of the design that it extends


def careless_scrubber() -> Machine:
    """It trusts what it saw when it picked the block: a split can come between, and then the image is lost."""
    machine = _with_scrubber("careless-scrubber", looks_again=False)
    lost = (
        "target-is-image",
        "tape-is-image",
        "staging-is-image",
        "difference-is-sound",
    )
    machine.check(expects=dict.fromkeys(lost, "violated"))
    return machine


def _with_scrubber(name: str, looks_again: bool) -> Machine:
    machine = machine_of(CATALOGUE["first-embodiment-closed"].design)
    machine.name = name
    machine.memory("scrub", Scrub, "what the scrubber is at", cell=memory(SCRUBBER))
    machine.grant(SCRUBBER, "pair")  # it may look at the pair state, with a row or alone,
    machine.grant(SCRUBBER, "row", write=True)  # and mark rows

    @machine.action(by=SCRUBBER)
    def pick(s: State, b: Block) -> None:
        """The scrubber sees the pair mirrored, and picks a block."""
        when(s.scrub.phase == Phase.IDLE)
        when(s.pair.source_view == PairState.DUPLEX)
        s.scrub = Scrub(phase=Phase.PICKED, block=b)

    @machine.action(by=SCRUBBER)
    def mark(s: State) -> None:
        """The scrubber marks the block as different."""
        row = s.row[s.scrub.block]
        when(s.scrub.phase == Phase.PICKED)
        mirrored = s.pair.source_view == PairState.DUPLEX
        row.difference = row.difference | (mirrored if looks_again else True)
        s.scrub.phase = Phase.IDLE

    return machine
