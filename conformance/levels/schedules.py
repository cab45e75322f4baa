"""Interleavings of host I/O with a controller's own steps, each of them a counterexample of some design.

For controllers that are pumped. `schedules.toml` is derived from the model (see `derived_schedules`); here a controller
is led through it. Between two words nothing happens by itself.
"""

from __future__ import annotations

import functools
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.lab.session import Session, tagged, value_of
from splitproof.conformance.levels.client import ClientRecord
from splitproof.conformance.levels.watches import WATCHES, Event
from splitproof.conformance.observation import Violated, judge, judge_step
from splitproof.conformance.protocol.adapter import POLLED, PairViews, Rejected
from splitproof.conformance.timelines.stories import arguments_text
from splitproof.conformance.verdicts import PropertyViolated, Vacuous
from splitproof.spec.properties import Kind, Property

__all__ = ["Schedule", "lead_through", "run_schedule", "schedule_of", "schedules"]

STEPS_MAX: Final = 5
FREE_RUNS_MAX: Final = 2
"""Up to so many runs of steps are tried with every number of steps; more of them with one more and one less."""
_LEFT_OVER: Final = ("host", "command")
"""What is left of a call is as long as it is."""
BLOCKS: Final = 1


@dataclass(frozen=True)
class Schedule:
    """`words`: pair, write, read, split, start (a backup), both (with one command), resync, and steps.

    `copy*3`: so many steps of a kind, or what there is; `copy!`: until there is none; `end`: of everything.
    `judged`: the property that one of the `stories` violates.
    """

    name: str
    judged: Property
    words: tuple[str, ...]
    cites: tuple[str, ...]
    stories: tuple[str, ...]

    def variants(self) -> Iterator[tuple[str, ...]]:
        """As the story has it, and then with other numbers of steps: a controller's are not those of the model."""
        choices = [self._choices(word) for word in self.words]
        yield self.words
        yield from (words for words in itertools.product(*choices) if words != self.words)

    def _choices(self, word: str) -> list[str]:
        kind, star, count = word.partition("*")
        if not star or kind in _LEFT_OVER:
            return [word]
        runs = sum("*" in one and one.partition("*")[0] not in _LEFT_OVER for one in self.words)
        near = range(STEPS_MAX + 1) if runs <= FREE_RUNS_MAX else range(int(count) - 1, int(count) + 2)
        return [f"{kind}*{number}" for number in near]


@functools.cache
def schedules() -> tuple[Schedule, ...]:
    """All of them, in the order of the file."""
    text = (
        resources.files("splitproof.conformance.levels")
        .joinpath("schedules.toml")
        .read_text(encoding="utf-8")
    )
    judged = {item.id: item for item in WATCHES}
    return tuple(
        Schedule(
            row["name"],
            judged[row["judged"]],
            tuple(row["words"].split()),
            tuple(row["cites"]),
            tuple(row["stories"]),
        )
        for row in tomllib.loads(text)["schedule"]
    )


def schedule_of(story: str) -> Schedule:
    """The schedule of a story, such as `tape-is-image of first-embodiment-closed+in_flight=invisible`.

    Raises:
        KeyError: there is none.
    """
    for schedule in schedules():
        if story in schedule.stories:
            return schedule
    raise KeyError(story)


def run_schedule(lab: Lab, schedule: Schedule) -> None:
    """Run every variant, and judge the schedule's property after each word.

    Raises:
        PropertyViolated: it fails in one of them.
        Vacuous: none of them put it to the test.
    """
    watch = WATCHES[schedule.judged]
    lab.needs("pump", *watch.needs)
    telling = sum(lead_through(lab, words, schedule.judged) for words in schedule.variants())
    if not telling:
        raise Vacuous([watch.situation])


def lead_through(lab: Lab, words: tuple[str, ...], item: Property) -> bool:
    """Lead a fresh controller through these words; whether the property was put to the test.

    Raises:
        PropertyViolated: it fails.
    """
    return _Variant(lab, item).run(words)


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
            match word:
                case "pair":
                    self._do("create_pair")
                case "write":
                    self._do("write", block=0, data=self._next_data())
                case "read":
                    self._do("read", block=0)
                case "start":
                    self._back_up()
                case "both" if self.session.has("split_and_backup"):
                    self._do("split_and_backup", extents=((0, BLOCKS),))
                case "both":
                    self._do("split")
                    self._back_up()
                case "split" | "resync":
                    self._do(word)
                case "end":
                    self._pump_all("any")
                case _ if word.endswith("!"):
                    self._pump_all(word[:-1])
                case _:
                    kind, _, count = word.partition("*")
                    self._pump(kind, int(count))
        if "pair" in words and not self.client.is_split:
            self._split_at_last()
        return self.telling > 0

    def _split_at_last(self) -> None:
        """The last split was refused, as something was under way that this controller finishes first."""
        self._do("split")
        self._back_up()
        self._do("write", block=0, data=self._next_data())
        self._pump_all("any")

    def _back_up(self) -> None:
        """Where the host has to ask for the state of the pair first, everything goes on until it is split."""
        if self.session.capabilities.embodiment == POLLED and self.client.is_split:
            self._pump_all("command")
            self._pump_all("copy")
        self._do("backup", extents=((0, BLOCKS),))

    def _next_data(self) -> bytes:
        return tagged(next(self.lab.numbers), self.session.capabilities.block_size_bytes)

    def _pump_all(self, kind: str) -> None:
        while self._do("pump", kind=kind, steps=1):
            pass

    def _pump(self, kind: str, steps: int) -> None:
        done = 0
        while done < steps and self._do("pump", kind=kind, steps=1):
            done += 1

    def _do(self, name: str, **arguments: Any) -> bool:
        """Whether it was done; judges what it brought about."""
        if not self.session.has(name):
            return False
        shown = arguments_text(arguments)
        before: PairViews | None = self.session.pair_state() if self.watch.views else None
        try:
            result = self.session.call(name, **arguments)
        except Rejected as reason:
            self.story.append(f"{name}({shown}) rejected: {reason}")
            self._judge(Event(name, arguments, None, False, before, before))
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
                raise PropertyViolated.of(verdict, self.story, self.session.history())
            self.telling += bool(look.telling)
