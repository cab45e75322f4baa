"""One run of a compiled search: Python drives the levels, machine code does the rest."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from splitproof.checker.compiled.control import BATCH, CHUNK, CLAIM, SLOT_BYTES, SLOTS_MAX, Word, best_words
from splitproof.checker.compiled.crew import Crew
from splitproof.checker.compiled.kernels import SearchCode
from splitproof.checker.compiled.lowering import word_count, words_of
from splitproof.checker.compiled.memory import resident_bytes
from splitproof.checker.compiled.questions import Questions
from splitproof.checker.compiled.space import Buffers, Level, Space
from splitproof.checker.compiled.symmetry import UnsoundSymmetryError
from splitproof.checker.search.engine import Engine, Exploration, Finding, Limits, Progress
from splitproof.checker.search.memory import available_bytes

__all__ = ["CompiledExploration", "Search"]

SHARED_FROM = 1 << 13
"""States of a level from which on threads pay."""

PORTION = 1 << 16
"""States expanded between two looks at the limits: some hundredths of a second."""

_MEMORY_SHARE = 0.9
"""Of the memory that the machine has left, what a search takes unless it is told."""


@dataclass
class CompiledExploration(Exploration):
    """What a compiled search has found; the states stay in `space`."""

    space: Space = field(kw_only=True)


class Search:
    """Breadth first over the states of an engine, until done or at a limit."""

    def __init__(
        self,
        engine: Engine,
        questions: Questions,
        code: SearchCode,
        limits: Limits,
        progress: Callable[[Progress], None] | None,
        threads: int | None = None,
    ) -> None:
        self._engine, self._questions, self._code = engine, questions, code
        self._limits, self._progress = limits.started(), progress
        self._started = time.perf_counter()
        self._words = word_count(engine.packing)
        self._memory_before = resident_bytes()
        self._memory_max = self._memory_budget()
        self._space = Space(self._words, max(self._memory_max // (8 * self._words + SLOT_BYTES), 1 << 16))
        notes = best_words(self._words) * len(questions.all)
        self._buffers = [
            Buffers(self._words, len(engine.steps), notes) for _ in range(threads or os.cpu_count() or 1)
        ]
        self._levels: list[Level] = []
        self._result = CompiledExploration(space=self._space, levels=self._levels)
        self._crew = Crew([buffers.control for buffers in self._buffers], code)
        self._interrupted = False

    def _memory_budget(self) -> int:
        """Bytes that states and table may take."""
        if self._limits.max_memory is not None:
            return max(self._limits.max_memory - self._memory_before, 0)
        return int(available_bytes() * _MEMORY_SHARE)

    def run(self) -> CompiledExploration:
        result = self._result
        with self._interrupts(), contextlib.closing(self._crew):
            self._visit_levels()
        result.complete = result.limit is None
        result.states = self._space.count
        result.step_counts = [sum(counts) for counts in zip(*(b.counts for b in self._buffers), strict=True)]
        result.step_counts = result.step_counts[: len(self._engine.steps)]
        result.transitions = sum(result.step_counts)
        result.depth = max(len(self._levels) - 1, 0)
        result.fired = {action.label: 0 for action in self._engine.actions}
        for step, count in zip(self._engine.steps, result.step_counts, strict=True):
            result.fired[step.action.label] += count
        result.seconds = time.perf_counter() - self._started
        return result

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """The first interrupt ends the search between two portions, with what it found; a second one is the usual."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        usual = signal.getsignal(signal.SIGINT)

        def note(_signal: int, _frame: Any) -> None:
            self._interrupted = True
            signal.signal(signal.SIGINT, usual)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)

    # -- levels ----------------------------------------------------------------------------------------

    def _visit_levels(self) -> None:
        space, result = self._space, self._result
        for buffers in self._buffers:
            space.attach(buffers.control)
            for mask, bits in enumerate(self._questions.open_masks()):
                buffers.control[Word.OPEN + mask] = bits
        self._admit_initial()
        first = 0
        while first < space.count:
            end = space.count
            self._levels.append(Level(space, first, end))
            if result.limit is None and len(self._levels) - 1 == self._limits.max_depth:
                result.limit = f"depth {self._limits.max_depth}"
            if result.limit is None and self._limits.until_violated:
                self._judge(first, end)
                self._collect()
                if not self._limits.until_violated.isdisjoint(result.findings):
                    result.limit = "the first violation"
            judged = first if result.limit is not None else self._expand(first, end)
            if judged < end:
                self._judge(judged, end)
            self._collect()
            if result.limit is not None and judged == first:
                return
            first = end

    def _admit_initial(self) -> None:
        states, space = self._engine.initial, self._space
        if self._limits.max_states is not None and len(states) > self._limits.max_states:
            states = states[: self._limits.max_states]
            self._result.limit = f"{self._limits.max_states:,} states"
        if len(states) > space.capacity:
            states = states[: space.capacity]
            self._result.limit = self._memory_text()
        while space.slots // 2 < len(states):
            space.replace_table(space.larger())
        space.append(states)
        self._enter_all()
        for buffers in self._buffers if states else ():
            buffers.remember(words_of(states[0], self._words))

    def _expand(self, first: int, end: int) -> int:
        """Expand a level; the first state that a limit left unexpanded."""
        is_shared = len(self._buffers) > 1 and end - first >= SHARED_FROM
        head = (self._expand_shared if is_shared else self._expand_alone)(first, end)
        if self._result.limit is not None and self._limits.max_states is not None:
            self._space.truncate(min(self._space.count, self._limits.max_states))
        return head

    def _expand_alone(self, first: int, end: int) -> int:
        control = self._buffers[0].control
        slack = BATCH + len(self._engine.steps)
        head = first
        control[Word.NEXT] = self._space.count
        while head < end and self._make_room(slack):
            control[Word.HEAD], control[Word.END] = head, min(head + PORTION, end)
            control[Word.LIMIT] = self._space.room - slack
            self._code.expand(control)
            head, self._space.count = control[Word.HEAD], control[Word.NEXT]
            self._look(end - first)
            if self._result.limit is not None:
                break
        return head

    def _expand_shared(self, first: int, end: int) -> int:
        """The same by all threads, which take portions of the level and chunks of numbers from two counters."""
        space, count = self._space, len(self._buffers)
        slack = count * (CHUNK + BATCH + CLAIM * len(self._engine.steps))
        crew, head = self._crew, first
        crew.begin(space.count)
        while head < end:
            if space.room - space.count < 2 * slack:
                space.count = crew.compact()
                if not self._make_room(slack):
                    break
                crew.begin(space.count)
            head = crew.expand(head, min(head + PORTION * count, end), space.room - slack)
            space.count = crew.numbered
            self._look(end - first, crew.states)
            if self._result.limit is not None:
                break
        space.count = crew.compact()
        return head

    def _make_room(self, slack: int) -> bool:
        """Let the table grow if a batch might not fit; False if there is no memory for it."""
        space = self._space
        if space.room - space.count > 2 * slack:
            return True
        slots = space.larger()
        while slots // 5 * 4 - space.count <= 2 * slack:
            slots *= 2
        if slots > SLOTS_MAX:
            self._result.limit = f"{space.count:,} states, as the table cannot number many more"
            return False
        capacity = min(space.capacity, (self._memory_max - SLOT_BYTES * slots) // (8 * self._words))
        if capacity - space.count <= 2 * slack:
            self._result.limit = self._memory_text()
            return False
        space.capacity = capacity
        space.replace_table(slots)
        self._enter_all()
        return True

    def _memory_text(self) -> str:
        if self._limits.max_memory is not None:
            return f"{self._limits.max_memory:,} bytes of memory"
        return "the memory of this machine"

    def _enter_all(self) -> None:
        """Enter all states into an empty table."""
        control = self._buffers[0].control
        for buffers in self._buffers:
            self._space.attach(buffers.control)
        if len(self._buffers) > 1 and self._space.count >= SHARED_FROM:
            self._crew.rehash(self._space.count)
        else:
            control[Word.HEAD], control[Word.END] = 0, self._space.count
            self._code.rehash(control)

    def _judge(self, first: int, end: int) -> None:
        """Judge states that are not expanded."""
        control = self._buffers[0].control
        control[Word.HEAD], control[Word.END] = first, end
        self._code.judge(control)

    # -- looks -----------------------------------------------------------------------------------------

    def _look(self, frontier: int, states: int | None = None) -> None:
        """At limits, answered questions and the time; between two portions. `states`: found, if not all numbers are."""
        limits, result, space = self._limits, self._result, self._space
        seconds = time.perf_counter() - self._started
        count = space.count if states is None else states
        if limits.max_states is not None and count > limits.max_states:
            result.limit = f"{limits.max_states:,} states"
        elif self._interrupted:
            result.limit = "interrupted"
        elif limits.time_is_up:
            result.limit = limits.time_text
        self._close_triggers()
        self._code.has_run(count)
        if self._progress is not None:
            transitions = sum(sum(buffers.counts) for buffers in self._buffers)
            memory = self._memory_before + space.bytes
            self._progress(Progress(count, transitions, len(self._levels) - 1, frontier, seconds, memory))

    def _close_triggers(self) -> None:
        """Triggers that were seen are asked for no longer."""
        masks = range(self._questions.masks)
        if not any(buffers.control[Word.HITS + mask] for buffers in self._buffers for mask in masks):
            return
        for question in self._questions.all:
            mask, bit = divmod(question.number, 64)
            if any(buffers.control[Word.HITS + mask] >> bit & 1 for buffers in self._buffers):
                self._result.triggered.add(question.property_id)
                self._close(question.number)

    def _close(self, number: int) -> None:
        mask, bit = divmod(number, 64)
        for buffers in self._buffers:
            buffers.control[Word.OPEN + mask] &= ~(1 << bit)
            buffers.control[Word.HITS + mask] &= ~(1 << bit)

    def _collect(self) -> None:
        """The violations that a level shows; their properties are watched no longer."""
        self._close_triggers()
        depth = len(self._levels) - 1
        width = best_words(self._words)
        for question in self._questions.all:
            noted = []
            for buffers in self._buffers:
                found = buffers.best[width * question.number : width * (question.number + 1)]
                if found[0]:
                    after, before = self._state(found[2:]), self._state(found[2 + self._words :])
                    noted.append((after, before, found[1]))
                    buffers.best[width * question.number] = 0
            if noted and question is self._questions.refutation:
                raise UnsoundSymmetryError(
                    f"an obligation fails {depth} steps from the start", min(noted)[0], depth
                )
            if noted:
                self._result.findings[question.property_id] = self._finding(question, min(noted), depth)
                self._close(question.number)

    def _state(self, words: list[int]) -> int:
        return sum(word << 64 * place for place, word in enumerate(words[: self._words]))

    def _finding(self, question: Any, noted: tuple[int, int, int], depth: int) -> Finding:
        after, before, index = noted
        if question.over_step:
            return Finding(question.property_id, depth + 1, after, before, self._engine.steps[index])
        return Finding(question.property_id, depth, after)
