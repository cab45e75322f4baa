"""A lock between two processors, right and wrong: the smallest complete design.

    splitproof check examples/lock.py:lock           holds
    splitproof check examples/lock.py:broken_lock    violated, in four steps

The lock is one word of shared memory. A correct processor tests and sets it in one step. The broken one tests
it, remembers in its own memory that it was free, and sets it in a second step: the other comes in between.
"""

import enum

from splitproof.model import Bool, Cell, Machine, Processor, State, memory, when
from splitproof.spec.properties import always, possible

LEFT, RIGHT = Processor("left"), Processor("right")
OWN_MEMORY = {"left": LEFT, "right": RIGHT}

# A step touches the memory of the processor that takes it and one other cell. Here is the only other one.
WORD = Cell("lock word", readers=frozenset({LEFT, RIGHT}), writers=frozenset({LEFT, RIGHT}))


class Phase(enum.Enum):
    """How far a processor is; a variable starts with the first member unless it says otherwise."""

    OUTSIDE = "outside"
    SAW_FREE = "saw the lock free"
    INSIDE = "inside"


# Properties are sentences about every design that has these words. `trigger` says when there is something to
# judge: where it never comes true, a pass would mean nothing, and the check says so.
MUTUAL_EXCLUSION = always(
    "mutual-exclusion",
    "at most one processor is inside",
    holds=lambda s: ~((s.left == Phase.INSIDE) & (s.right == Phase.INSIDE)),
    trigger=lambda s: (s.left == Phase.INSIDE) | (s.right == Phase.INSIDE),
)
LEFT_CAN_ENTER = possible(
    "left-can-enter",
    "whatever has happened, left can still get inside",
    trigger=lambda s: s.left == Phase.OUTSIDE,
    reaches=lambda s: s.left == Phase.INSIDE,
)


def two_processors(name: str, meaning: str) -> Machine:
    """What both designs share: the lock, a memory for each processor, and the way out."""
    machine = Machine(name, meaning)
    machine.shared("taken", Bool, "a processor holds the lock", cell=WORD)
    for own, processor in OWN_MEMORY.items():
        machine.memory(own, Phase, f"how far {processor} is", cell=memory(processor))
        declare_leave(machine, own, processor)
    return machine


def declare_leave(machine: Machine, own: str, processor: Processor) -> None:
    """The way out of one processor."""

    @machine.action(by=processor)
    def leave(s: State) -> None:
        """The processor goes outside and gives the lock back."""
        when(s[own] == Phase.INSIDE)
        s.taken = False
        s[own] = Phase.OUTSIDE


def declare_test_and_set(machine: Machine, own: str, processor: Processor) -> None:
    @machine.action(by=processor)
    def test_and_set(s: State) -> None:
        """The processor finds the lock free, takes it and goes inside."""
        when(s[own] == Phase.OUTSIDE, idle="whoever is inside holds the lock")
        when(~s.taken)
        s.taken = True
        s[own] = Phase.INSIDE


def declare_test_then_set(machine: Machine, own: str, processor: Processor) -> None:
    @machine.action(by=processor)
    def test(s: State) -> None:
        """The processor finds the lock free."""
        when(s[own] == Phase.OUTSIDE)
        when(~s.taken)
        s[own] = Phase.SAW_FREE

    @machine.action(by=processor)
    def set_and_enter(s: State) -> None:
        """The processor takes the lock that it saw free, and goes inside."""
        when(s[own] == Phase.SAW_FREE)
        s.taken = True
        s[own] = Phase.INSIDE


def lock() -> Machine:
    """The correct lock."""
    machine = two_processors("lock", "the lock is tested and set in one step")
    for own, processor in OWN_MEMORY.items():
        declare_test_and_set(machine, own, processor)
    machine.check(MUTUAL_EXCLUSION, LEFT_CAN_ENTER)
    return machine


def broken_lock() -> Machine:
    """The wrong lock. Its fault is declared: finding it is what is expected of a check."""
    machine = two_processors("broken-lock", "the lock is tested in one step and set in another")
    for own, processor in OWN_MEMORY.items():
        declare_test_then_set(machine, own, processor)
    machine.check(MUTUAL_EXCLUSION, LEFT_CAN_ENTER, expects={"mutual-exclusion": "violated"})
    return machine
