"""One client that does one thing at a time, with Hypothesis choosing what: the first of the suite's levels.

```python
machine = sequential_machine(make_controller)
run_state_machine_as_test(machine)      # from hypothesis.stateful; or TestIt = machine.TestCase
assert not machine.coverage.missing     # a run that exercised nothing has shown nothing
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from splitproof.conformance.adapter import Controller, Rejected
from splitproof.conformance.observation import Finding, Observation, Violated, judge
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import READ_LATEST_WRITE, TAPE_IS_IMAGE

__all__ = [
    "JUDGED",
    "ClientRecord",
    "Coverage",
    "PropertyViolated",
    "SequentialMachine",
    "sequential_machine",
]


class PropertyViolated(AssertionError):  # noqa: N818  # a verdict, named as verdicts are
    """The controller violates a property: which, at which block, with what values, and after what."""

    def __init__(self, verdict: Violated, story: list[str]) -> None:
        self.verdict = verdict
        told = [f"  {number:>3}  {line}" for number, line in enumerate(story, start=1)]
        super().__init__("\n".join([str(verdict), "what happened:", *told]))


class ClientRecord:
    """What a client knows of the source from its own operations: nobody else writes, and no two overlap.

    Contents are one `bytes` a block. `at_split` is None before the first split; `image` (the contents at the
    split that the backup is of) and `at_backup` (when it was called) before the first backup.
    """

    def __init__(self, initial: list[bytes]) -> None:
        self.initial = tuple(initial)
        self.acknowledged = list(initial)
        self.at_split: tuple[bytes, ...] | None = None
        self.image: tuple[bytes, ...] | None = None
        self.at_backup: tuple[bytes, ...] | None = None

    def split(self) -> None:
        """A split was acknowledged."""
        self.at_split = tuple(self.acknowledged)

    def backup(self) -> None:
        """A backup was accepted; it keeps the image of the split that it is of."""
        self.image, self.at_backup = self.at_split, tuple(self.acknowledged)

    def rewritten_before_backup(self, block: int) -> bool:
        """Whether the block was written before the split, and again between the split and its backup.

        Only then do the initial contents, the image and the live source differ: no two writes are alike.
        """
        if self.image is None or self.at_backup is None:
            return False
        return self.initial[block] != self.image[block] != self.at_backup[block]


JUDGED: dict[Property, tuple[str, Callable[[ClientRecord, int], bool]]] = {
    TAPE_IS_IMAGE: (
        "a block written before the split, and again between the split and its backup, is on the tape",
        ClientRecord.rewritten_before_backup,
    ),
    READ_LATEST_WRITE: (
        "a block is read after a write of it was acknowledged",
        lambda client, block: client.acknowledged[block] != client.initial[block],
    ),
}
"""What is judged after each operation, with the situation in which an answer tells something."""


class Coverage:
    """How often a run asked something, added up over its examples; counts are of (observation, block).

    `judged`: property id to how often it had an answer. `triggered`: how often its trigger was seen to be
    true, too. `telling`: how often it had an answer in the situation that `JUDGED` names and its trigger was
    not false.
    """

    def __init__(self) -> None:
        self.judged: Counter[str] = Counter()
        self.triggered: Counter[str] = Counter()
        self.telling: Counter[str] = Counter()

    def count(self, item: Property, finding: Finding, client: ClientRecord) -> None:
        """Count what `judge` found at one block."""
        if finding.holds is None or finding.block is None:
            return
        _, is_telling = JUDGED[item]
        self.judged[item.id] += 1
        self.triggered[item.id] += finding.triggered is True
        self.telling[item.id] += finding.triggered is not False and is_telling(client, finding.block)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the run never exercised; a pass counts only if this is empty."""
        return tuple(
            f"{item.id}: never was it so that {situation}"
            for item, (situation, _) in JUDGED.items()
            if not self.telling[item.id]
        )


_BLOCKS: st.SearchStrategy[int] = st.runner().flatmap(lambda machine: st.integers(0, machine.block_count - 1))


class SequentialMachine(RuleBasedStateMachine):
    """Drives a controller and judges it after each operation; `sequential_machine` makes one."""

    make_controller: ClassVar[Callable[[], Controller]]
    coverage: ClassVar[Coverage]

    def __init__(self) -> None:
        super().__init__()
        self.controller = type(self).make_controller()
        self.block_count = self.controller.block_count
        # The initial contents are arbitrary: the first read of a block, before all else, says what they are.
        self.client = ClientRecord([self.controller.read(block) for block in range(self.block_count)])
        self.story: list[str] = []
        self.writes = 0

    @rule(block=_BLOCKS)
    def write(self, block: int) -> None:
        self.writes += 1
        data = f"write {self.writes:04}".encode()  # no two alike, or a wrong one could pass for the right one
        if self._accepts(f"write(block {block}, {data!r})", lambda: self.controller.write(block, data)):
            self.client.acknowledged[block] = data
        self._judge()

    @rule(block=_BLOCKS)
    def read(self, block: int) -> None:
        reads: dict[int, bytes] = {}
        if self._accepts(f"read(block {block})", lambda: reads.update({block: self.controller.read(block)})):
            self.story[-1] += f" -> {reads[block]!r}"
        self._judge(reads)

    @rule()
    def split(self) -> None:
        if self._accepts("split()", self.controller.split):
            self.client.split()
        self._judge()

    @precondition(lambda self: self.client.at_split is not None)
    @rule(blocks=st.frozensets(_BLOCKS, min_size=1))
    def backup(self, blocks: frozenset[int]) -> None:
        listed = ", ".join(map(str, sorted(blocks)))
        if self._accepts(f"backup(blocks {listed})", lambda: self.controller.backup(blocks)):
            self.client.backup()
        self._judge()

    def _accepts(self, told: str, operation: Callable[[], None]) -> bool:
        """Carry out an operation and tell it; false if it was rejected."""
        self.story.append(told)
        try:
            operation()
        except Rejected as reason:
            self.story[-1] += f" rejected: {reason}"
            return False
        return True

    def _judge(self, reads: dict[int, bytes] | None = None) -> None:
        observation = self._observe(reads or {})
        for item in JUDGED:
            verdict = judge(item, observation)
            for finding in verdict.findings:
                self.coverage.count(item, finding, self.client)
            if isinstance(verdict, Violated):
                raise PropertyViolated(verdict, self.story)

    def _observe(self, reads: dict[int, bytes]) -> Observation:
        """What is known between two operations. `reads`: block to what a read of it has just returned."""
        client, tape = self.client, self.controller.tape()
        cells: dict[tuple[str, int | None], Any] = {}
        for block, data in tape.items():
            cells["tape.data", block] = data
        for block, data in reads.items():
            cells["logical", block] = data
        for block in range(self.block_count):
            cells["tape.written", block] = block in tape
            cells["last_acknowledged", block] = client.acknowledged[block]
            cells["being_written", block] = False
            if client.image is not None:
                cells["backup_image", block] = client.image[block]
        return Observation(self.block_count, cells)


def sequential_machine(make_controller: Callable[[], Controller]) -> type[SequentialMachine]:
    """A Hypothesis state machine for a controller, with a coverage of its own.

    `make_controller`: a fresh controller, called for each example. A few blocks are best: every block is read
    before each example, and faults show where operations meet in a block.
    """
    members = {"make_controller": staticmethod(make_controller), "coverage": Coverage()}
    return type("SequentialMachine", (SequentialMachine,), members)
