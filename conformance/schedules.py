"""Interleavings of host I/O with a controller's own steps, each around one gap of the document, tried exhaustively.

For controllers that are pumped. A schedule is a line of words; `copy*`, `destage*` and `backup*` stand for any number
of such steps up to `STEPS_MAX`, and every combination of numbers is run. Between two words nothing happens by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from splitproof.conformance.adapter import PairViews, Rejected
from splitproof.conformance.client import ClientRecord
from splitproof.conformance.lab import Lab
from splitproof.conformance.observation import Violated, judge, judge_step
from splitproof.conformance.session import Session, tagged, value_of
from splitproof.conformance.stories import arguments_text
from splitproof.conformance.verdicts import PropertyViolated, Vacuous
from splitproof.conformance.watches import WATCHES, Event
from splitproof.spec.properties import Kind, Property

__all__ = ["SCHEDULES", "Schedule", "run_schedule"]

STEPS_MAX: Final = 5
BLOCKS: Final = 2


@dataclass(frozen=True)
class Schedule:
    """`words`: pair, write, read, split, start (a backup of block 0), resync, end (of everything under way), or steps.

    Writes and reads are of block 0.
    """

    name: str
    cites: tuple[str, ...]
    words: str

    def variants(self) -> Iterator[tuple[str, ...]]:
        """With a number of steps in place of each star."""
        choices = [
            [f"{word[:-1]} {count}" for count in range(STEPS_MAX + 1)] if word.endswith("*") else [word]
            for word in self.words.split()
        ]
        return itertools.product(*choices)


SCHEDULES: Final = (
    Schedule(
        "rewritten-while-destaged", ("G33",), "pair write destage* write destage* read split write start end"
    ),
    Schedule("written-while-copied", ("G07",), "pair write destage* copy* write copy* split write start end"),
    Schedule("copied-beneath-a-slot", ("G04",), "pair write copy* destage* split write start backup* end"),
    Schedule("split-while-copied", ("G06",), "pair write destage* copy* split write start backup* end"),
    Schedule(
        "slot-rewritten-after-the-split", ("G03",), "pair write destage* split write destage* start end"
    ),
    Schedule("destaged-after-the-split", ("G02",), "pair write split copy* write destage* start backup* end"),
    Schedule(
        "overtaken-between-check-and-read",
        ("G08",),
        "pair write split start backup* write copy* destage* end",
    ),
    Schedule("resync-under-a-backup", ("G12",), "pair write split start backup* write resync copy* end"),
    Schedule(
        "next-cycle",
        ("G09",),
        "pair write split write destage* copy* end resync end split copy* write start end",
    ),
)
"""Each is a race that one closing choice of the model's designs excludes; see `splitproof ablate`."""


def run_schedule(lab: Lab, schedule: Schedule, item: Property) -> None:
    """Run every variant, and judge the property after each word.

    Raises:
        PropertyViolated: it fails in one of them.
        Vacuous: none of them put it to the test.
    """
    lab.needs("pump")
    telling = sum(_Variant(lab, item).run(words) for words in schedule.variants())
    if not telling:
        raise Vacuous([WATCHES[item].situation])


class _Variant:
    def __init__(self, lab: Lab, item: Property) -> None:
        self.lab = lab
        self.watch = WATCHES[item]
        self.session: Session = lab.fresh(BLOCKS)
        self.client = ClientRecord(tuple(self.session.read(block) for block in range(BLOCKS)))
        self.story: list[str] = []
        self.telling = 0

    def run(self, words: tuple[str, ...]) -> bool:
        """Whether the property was put to the test."""
        for word in words:
            name, _, count = word.partition(" ")
            match name:
                case "pair":
                    self._do("create_pair")
                    self._finish()
                case "write":
                    data = tagged(next(self.lab.numbers), self.session.capabilities.block_size_bytes)
                    self._do("write", block=0, data=data)
                case "read":
                    self._do("read", block=0)
                case "start":
                    self._do("backup", extents=((0, 1),))
                case "end":
                    self._finish()
                case "split" | "resync":
                    self._do(name)
                case _:
                    self._pump(name, int(count))
        return self.telling > 0

    def _finish(self) -> None:
        while self._pump("any", 1):
            pass

    def _pump(self, kind: str, steps: int) -> int:
        done = 0
        while done < steps and self._do("pump", kind=kind, steps=1):
            done += 1
        return done

    def _do(self, name: str, **arguments: Any) -> bool:
        if not self.session.has(name):
            return False
        shown = arguments_text(arguments)
        before: PairViews | None = self.session.pair_state() if self.watch.views else None
        try:
            result = self.session.call(name, **arguments)
        except Rejected as reason:
            self.story.append(f"{name}({shown}) rejected: {reason}")
            return False
        if name != "pump" or result:
            told = value_of(result) if isinstance(result, bytes) else result
            self.story.append(f"{name}({shown})" + ("" if told is None or name == "pump" else f" -> {told}"))
        after: PairViews | None = self.session.pair_state() if self.watch.views else None
        event = Event(name, arguments, result, True, before, after)
        self.client.learn(event.name, arguments, result)
        self._judge(event)
        return name != "pump" or bool(result)

    def _judge(self, event: Event) -> None:
        item = self.watch.property
        for look in self.watch.look(self.session, self.client, event):
            is_step = item.kind is Kind.STEP and look.after is not None
            verdict = (
                judge_step(item, look.before, look.after)
                if is_step and look.after
                else judge(item, look.before)
            )
            if isinstance(verdict, Violated):
                raise PropertyViolated.of(verdict, self.story)
            self.telling += bool(look.telling)
