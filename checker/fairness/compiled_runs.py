"""The graph of runs in compressed sparse rows, made and taken apart in machine code.

States keep the numbers that the search gave them, in which each level is a range; where a choice between states is
to be canonical, packed states are compared. What all this takes is known once the search is over: `RunsTooLargeError`
is raised before memory is taken that is not there.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from splitproof.checker.compiled.control import Word
from splitproof.checker.compiled.edges import close_edges, read_edges
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.kernels import OPTIMISE_FROM, WalkCode
from splitproof.checker.compiled.memory import Array, resident_bytes
from splitproof.checker.compiled.parts import mark_case, parts_kernel
from splitproof.checker.compiled.program import bits_function, labelled_function
from splitproof.checker.compiled.run_record import ASKED, GOAL, PART, RunRecord, RunWord
from splitproof.checker.compiled.search import CompiledExploration
from splitproof.checker.compiled.space import SLOTS_MIN, Buffers, Level
from splitproof.checker.fairness.runs import Runs, Waiting
from splitproof.checker.search.engine import Arrival
from splitproof.checker.search.memory import available_bytes
from splitproof.model.expressions import Expr
from splitproof.model.fairness import Promise

__all__ = ["CompiledRuns", "RunsTooLargeError"]

NUMBERS_MAX = (1 << 31) - 2
"""States, so that a place and a part can be told apart in 32 bits."""

EDGES_MAX = (1 << 32) - 1

_PORTION = 1 << 20
"""States, or edges, between two looks at the time."""

_FOUND = 1 << 16
"""Results taken together."""

_WORKSPACE_BYTES = 1 + 4 + 4 + 4 + 4 + 4 + 4
"""Of a state while runs are judged: marks, order, place, stack, boundaries, and the way with its next edges."""

_MEMORY_SHARE = 0.9
"""Of the memory that the machine has left, what is taken unless a limit is given."""


class RunsTooLargeError(Exception):
    """What all runs take does not fit into the memory that there is; `str` says how much that would be."""


class CompiledRuns(Runs):
    """The graph of a complete search without folding and symmetry; the table of its space is given back.

    `max_memory`: bytes of the whole process. `look`: called between portions of work; it may raise.
    """

    def __init__(
        self,
        engine: CompiledEngine,
        exploration: CompiledExploration,
        promises: Sequence[Promise] | None = None,
        *,
        max_memory: int | None = None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(engine, exploration, promises)
        self._levels = [level for level in exploration.levels if isinstance(level, Level)]
        self._space, self.look = exploration.space, look
        self._width = 16 if len(engine.steps) <= 1 << 16 else 32
        self._require_memory(exploration, max_memory)
        self.count = count = exploration.states
        self._arrays: dict[RunWord, Array] = {}
        self.record = RunRecord()
        self._reserve(RunWord.FIRST, 4 * (count + 1))
        self._reserve(RunWord.TARGETS, 4 * exploration.transitions)
        self._reserve(RunWord.STEPS, self._width // 8 * exploration.transitions)
        self._words = max(-(-len(self.promises) // 64), 1)
        self._kept = (ctypes.c_uint64 * max(self._words * len(engine.steps), 1))()
        for step, kept in enumerate(self.kept):
            for word, bits in enumerate(self._in_words(kept)):
                self._kept[self._words * step + word] = bits
        self.record[RunWord.KEPT] = ctypes.addressof(self._kept)
        self._strong = (ctypes.c_uint64 * self._words)(*self._in_words(self.strong))
        self.record[RunWord.STRONG] = ctypes.addressof(self._strong)
        self._read_edges(engine)
        self.is_exact = not self.record[RunWord.STAYING_FAIR]
        self._first = _numbers(self._arrays[RunWord.FIRST], count + 1)
        self._targets = _numbers(self._arrays[RunWord.TARGETS], self.record[RunWord.EDGES])
        self._steps = _numbers(self._arrays[RunWord.STEPS], self.record[RunWord.EDGES], self._width)
        for word in (RunWord.ORDER, RunWord.PLACES, RunWord.STACK, RunWord.BOUNDARIES):
            self._reserve(word, 4 * count)
        self._reserve(RunWord.CALLS, 4 * count)
        self._reserve(RunWord.CALL_EDGES, 4 * count)
        self._reserve(RunWord.MARKS, count)

    def _require_memory(self, exploration: CompiledExploration, max_memory: int | None) -> None:
        """Nothing if all that follows fits.

        Raises:
            RunsTooLargeError: it does not.
        """
        states, steps = exploration.states, exploration.transitions
        size = f"the {states:,} states and {steps:,} steps of all runs"
        if states > NUMBERS_MAX or steps > EDGES_MAX:
            raise RunsTooLargeError(f"{size}, where {NUMBERS_MAX:,} and {EDGES_MAX:,} can be told apart")
        graph = 4 * (states + 1) + (4 + self._width // 8) * steps
        work = max(_WORKSPACE_BYTES * states - self._space.table_bytes, 0)  # the table is given back before
        has = resident_bytes()
        limit = int(available_bytes() * _MEMORY_SHARE) + has if max_memory is None else max_memory
        if has + graph + work > limit:
            raise RunsTooLargeError(f"{limit:,} bytes of memory; {size} may take {has + graph + work:,}")

    def _reserve(self, word: RunWord, size: int) -> None:
        self._arrays[word] = Array(size)
        self.record[word] = self._arrays[word].address

    def _in_words(self, promises: int) -> list[int]:
        return [promises >> 64 * word & (1 << 64) - 1 for word in range(self._words)]

    def _read_edges(self, engine: CompiledEngine) -> None:
        words = self._space.words
        functions = [labelled_function(engine), read_edges(words, self._width), close_edges(self._width)]
        code = engine.code(functions, self.count)
        buffers = Buffers(words, len(engine.steps), 0)
        fair = (ctypes.c_uint8 * max(len(self.kept), 1))(*(kept != 0 for kept in self.kept))
        self._space.attach(buffers.control)
        buffers.control[Word.FOUND] = ctypes.addressof(self.record)
        buffers.control[Word.MASKS] = ctypes.addressof(fair)
        for first in range(0, self.count, _PORTION):
            buffers.control[Word.HEAD] = first
            buffers.control[Word.END] = min(first + _PORTION, self.count)
            code.procedure("read_edges")(buffers.control)
            self.look()
        self._space.replace_table(SLOTS_MIN)
        self._space.attach(buffers.control)
        self.record[RunWord.STATES] = buffers.control[Word.STATES]
        self.portions(code.procedure("close_edges"), self.count)

    def portions(self, function: Callable[[Any], None], end: int) -> None:
        """Call a function for HEAD 0 to `end`, a portion at a time."""
        for first in range(0, end, _PORTION):
            self.record[RunWord.HEAD], self.record[RunWord.END] = first, min(first + _PORTION, end)
            function(self.record)
            self.look()

    def packed(self, state: int) -> int:
        return self._space.read(state, state + 1)[0]

    def edges(self, state: int) -> Iterable[tuple[int, int]]:
        start, end = self._first[state], self._first[state + 1]
        return zip(self._steps[start:end], self._targets[start:end], strict=True)

    def level(self, depth: int) -> tuple[int, int]:
        """The numbers of the states that are first reached in so many steps; none beyond the last."""
        if depth >= len(self._levels):
            return self.count, self.count
        return self._levels[depth].first, self._levels[depth].end

    @property
    def depth(self) -> int:
        """Steps to the farthest level."""
        return len(self._levels) - 1

    def waiting(self, asked: Expr, open_: Expr) -> Waiting:
        assert isinstance(self.engine, CompiledEngine)
        case = bits_function(self.engine, "case", [asked, open_]) + mark_case(self._space.words)
        marking = WalkCode(case, self.count)
        self.portions(marking.procedure("mark_case"), self.count)
        return _Waiting(self, _kernel(self._words, self._width, self.count >= OPTIMISE_FROM))

    def array(self, word: RunWord) -> Array:
        """One of the arrays of the record."""
        return self._arrays[word]


@cache
def _kernel(promises: int, width: int, is_fast: bool) -> WalkCode:
    """Machine code that no model has a part in, so that it is made once a process."""
    return WalkCode(parts_kernel(promises, width), OPTIMISE_FROM if is_fast else 0)


class _Waiting(Waiting):
    """ORDER holds the states, level by level. One at a time, as the arrays are the graph's."""

    def __init__(self, graph: CompiledRuns, code: WalkCode) -> None:
        self._graph, self._code, self._record = graph, code, graph.record
        self._numbers: dict[int, int] = {}
        places = graph.array(RunWord.PLACES)
        ctypes.memset(places.address, 0, 4 * graph.count)
        self._places = _numbers(places, graph.count)
        self._marks = (ctypes.c_uint8 * graph.count).from_address(graph.array(RunWord.MARKS).address)
        self._results = (ctypes.c_uint64 * (3 * (_FOUND + len(graph.kept))))()
        self._record[RunWord.FOUND] = ctypes.addressof(self._results)
        self._record[RunWord.FOUND_MAX] = _FOUND
        self._ends = self._find_levels()
        self._take_apart()

    def _find_levels(self) -> list[int]:
        """How many states lie in the levels up to each."""
        record, graph = self._record, self._graph
        spread = self._code.function("spread", ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
        record[RunWord.COUNT] = head = 0
        ends: list[int] = []
        while len(ends) <= graph.depth or record[RunWord.COUNT] > head:
            record[RunWord.HEAD], record[RunWord.END] = head, record[RunWord.COUNT]
            head = record[RunWord.COUNT]
            spread(record, *graph.level(len(ends)))
            ends.append(record[RunWord.COUNT])
            graph.look()
        return ends

    def _take_apart(self) -> None:
        """Rounds of strongly connected components, until every state is in a fair part or in none."""
        record, graph, parts = self._record, self._graph, self._code.procedure("parts")
        record[RunWord.PARTS] = 0
        while True:
            record[RunWord.LEFT] = record[RunWord.HEAD] = 0
            record[RunWord.END] = record[RunWord.COUNT]
            while record[RunWord.HEAD] < record[RunWord.END] or record[RunWord.DEPTH]:
                record[RunWord.BUDGET] = _PORTION
                parts(record)
                graph.look()
            if not record[RunWord.LEFT]:
                return
            graph.portions(self._code.procedure("renew"), record[RunWord.COUNT])

    def _found(self, name: str, span: tuple[int, int], width: int) -> Iterator[Sequence[int]]:
        """What a function finds from HEAD to END, `width` words a result."""
        record, function = self._record, self._code.procedure(name)
        record[RunWord.HEAD], record[RunWord.END] = span
        while record[RunWord.HEAD] < record[RunWord.END]:
            function(record)
            flat = self._results[: width * record[RunWord.FOUND_COUNT]]
            yield from (flat[at : at + width] for at in range(0, len(flat), width))
            self._graph.look()

    def _level(self, depth: int) -> tuple[int, int]:
        return self._ends[depth - 1] if depth else 0, self._ends[depth]

    def entries(self) -> tuple[int, list[int]]:
        for depth in range(len(self._ends)):
            found = [state for (state,) in self._found("pick_parts", self._level(depth), 1)]
            if found:
                for state in found:
                    self._packed(state)
                return depth, found
        return len(self._ends), []

    def part(self, state: int) -> int:
        place = self._places[state]
        return place if place >= PART else 0

    def _number(self, state: int) -> int:
        """The number of a packed state that was an entry, or that a step to a place was found from."""
        return self._numbers[state]

    def arrivals(self, depth: int, places: Collection[int]) -> list[Arrival]:
        found = []
        for is_open in (0, 1):
            goals = [self._number(place // 2) for place in places if place % 2 == is_open]
            for goal in goals:
                self._marks[goal] |= GOAL
            self._record[RunWord.REACHED] = is_open
            span = self._level(depth) if is_open else self._graph.level(depth)
            for before, step, after in self._found("arrive_at", span, 3):
                found.append((2 * self._packed(before) + is_open, step, 2 * self._packed(after) + is_open))
            for goal in goals:
                self._marks[goal] &= ~GOAL & 0xFF
        return found

    def _packed(self, number: int) -> int:
        packed = self._graph.packed(number)
        self._numbers[packed] = number
        return packed

    def begins(self, depth: int, state: int) -> bool:
        number = self._number(state)
        first, end = self._graph.level(depth)
        return first <= number < end and bool(self._marks[number] & ASKED)


def _numbers(array: Array, count: int, width: int = 32) -> Any:
    """An array as a sequence of numbers of so many bits."""
    kind = ctypes.c_uint32 if width == 32 else ctypes.c_uint16
    return (kind * count).from_address(array.address)
