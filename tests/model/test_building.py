"""Declaring a design is quick: checks and searches build hundreds of designs."""

import time

from splitproof.model import Block, Machine, State, ite, when
from tests.model.sample_design import DISK, Phase, sample


def declare(machine: Machine, number: int) -> None:
    """An action of the usual size, of which there are sixty in a large design."""

    def step(s: State, b: Block) -> None:
        """It takes up, or puts down, a block."""
        row = s.row[b]
        when(s.hand.phase == Phase.BUSY)
        when(s.hand.block == b)
        when(row.dirty | (s.hand.count < 3))
        row.dirty = row.dirty & ~s.seen[b]
        s.seen[b] = row.dirty
        s.hand.count = ite(s.hand.count < 3, s.hand.count + 1, 0)
        s.image.each(lambda c: ite(s.row[c].dirty, s.row[c].data, s.volume[c]))

    step.__name__ = f"step_{number}"
    machine.action(by=DISK)(step)


def test_sixty_actions_are_declared_in_a_fraction_of_a_second() -> None:
    """About 40 ms on an idle machine; the limit leaves room for a busy one."""
    spent = []
    for _ in range(5):
        machine = sample()
        begun = time.process_time()
        for number in range(60):
            declare(machine, number)
        spent.append(time.process_time() - begun)
        assert len(machine.actions) == 60
    assert min(spent) < 0.25
