"""Questions that are asked of a compiled exploration afterwards: where something holds, who leads there, what can
still be reached.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterator, Mapping, Sequence

from splitproof.checker.compiled.control import BATCH, Word, best_words
from splitproof.checker.compiled.ir import ALL_ONES
from splitproof.checker.compiled.kernel import find_for_python, note
from splitproof.checker.compiled.kernels import WalkCode
from splitproof.checker.compiled.lowering import word_count, words_of
from splitproof.checker.compiled.memory import Array
from splitproof.checker.compiled.program import bits_function, labelled_function
from splitproof.checker.compiled.search import CompiledExploration
from splitproof.checker.compiled.space import Buffers, Level, Space
from splitproof.checker.compiled.walk import arrive, mark, pick, stuck, sweep
from splitproof.checker.ground.grounding import GroundProperty
from splitproof.checker.search.engine import Arrival, Engine, Finding, Limits, OutOfTimeError
from splitproof.model.expressions import Expr

__all__ = ["arrival_code", "arrivals", "first_stuck", "holds_somewhere", "select"]

GOALS_MAX = 8
"""Properties decided together: the bits of a byte."""

_PORTION = 1 << 20
"""States visited between two chances to be interrupted."""

_FOUND = 1 << 16
"""Results taken together."""


class _Walk:
    """Functions over the states of a space, with the record they are called with."""

    def __init__(self, engine: Engine, space: Space, code: WalkCode, goals: int = 0) -> None:
        words = word_count(engine.packing)
        self.space = space
        self._code = code
        self.buffers = Buffers(words, len(engine.steps), best_words(words) * goals)
        self.control = self.buffers.control
        space.attach(self.control)

    def run(self, name: str, first: int, end: int) -> None:
        self.control[Word.HEAD], self.control[Word.END] = first, end
        self._code.procedure(name)(self.control)

    def number(self, state: int) -> int | None:
        """The number of a state; None if it is not in the space."""
        words = (ctypes.c_uint64 * self.space.words)(*words_of(state, self.space.words))
        find = self._code.function("find_state", ctypes.c_void_p, ctypes.c_void_p, returns=ctypes.c_uint64)
        number: int = find(self.control, words)
        return None if number == ALL_ONES else number

    def portions(
        self, name: str, first: int, end: int, *, backwards: bool = False, limits: Limits | None = None
    ) -> None:
        """All states from `first` to `end`, a portion at a time.

        Raises:
            OutOfTimeError: the limits' time was up between two portions.
        """
        starts = range(first, end, _PORTION)
        self.control[Word.BACKWARDS] = int(backwards)
        for start in reversed(starts) if backwards else starts:
            if limits is not None and limits.time_is_up:
                raise OutOfTimeError(limits.time_text)
            self.run(name, start, min(start + _PORTION, end))

    def found(self, name: str, level: Level, width: int) -> Iterator[list[int]]:
        """What a function finds in a level, `width` words a result."""
        slack = BATCH + len(self.buffers.counts)
        results = (ctypes.c_uint64 * (width * (_FOUND + slack)))()
        self.control[Word.FOUND] = ctypes.addressof(results)
        self.control[Word.FOUND_MAX] = _FOUND
        self.control[Word.HEAD] = level.first
        while self.control[Word.HEAD] < level.end:
            self.run(name, self.control[Word.HEAD], level.end)
            flat = results[: width * self.control[Word.FOUND_COUNT]]
            for at in range(0, len(flat), width):
                yield flat[at : at + width]


def _code(common: str, words: int, functions: Sequence[str], states: int) -> WalkCode:
    return WalkCode(common + note(words) + "".join(functions), states)


def arrival_code(engine: Engine, common: str) -> WalkCode:
    """What `arrivals` runs on. `common`: what every module begins with."""
    words = word_count(engine.packing)
    return _code(common, words, [labelled_function(engine), arrive(words), find_for_python(words)], 0)


def select(engine: Engine, common: str, node: Expr, level: Level) -> list[int]:
    """As `Engine.select`, sorted."""
    words = word_count(engine.packing)
    code = _code(common, words, [bits_function(engine, "holds", [node]), pick(words)], 0)
    walk = _Walk(engine, level.space, code)
    return sorted(level.space.read(number, number + 1)[0] for (number,) in walk.found("pick", level, 1))


def holds_somewhere(engine: Engine, common: str, node: Expr, exploration: CompiledExploration) -> bool:
    """As `Engine.holds_somewhere`."""
    words = word_count(engine.packing)
    space = exploration.space
    code = _code(common, words, [bits_function(engine, "holds", [node]), pick(words)], 0)
    found = _Walk(engine, space, code).found("pick", Level(space, 0, space.count), 1)
    return next(found, None) is not None


def arrivals(engine: Engine, code: WalkCode, level: Level, goals: Collection[int]) -> list[Arrival]:
    """As `Engine.arrivals`."""
    space = level.space
    walk = _Walk(engine, space, code)
    marks = Array(space.numbered)
    walk.control[Word.MARKS] = marks.address
    numbers = {number: goal for goal in goals if (number := walk.number(goal)) is not None}
    for number in numbers:
        marks.write(number, b"\x01")
    found = [
        (space.read(before, before + 1)[0], step, numbers[after])
        for before, step, after in walk.found("arrive", level, 3)
    ]
    marks.free()
    return found


def first_stuck(
    engine: Engine,
    common: str,
    exploration: CompiledExploration,
    items: Mapping[str, GroundProperty],
    limits: Limits,
) -> dict[str, Finding]:
    """As `Engine.first_stuck`: up to eight properties in the same sweeps."""
    names = list(items)
    found: dict[str, Finding] = {}
    for start in range(0, len(names), GOALS_MAX):
        part = {name: items[name] for name in names[start : start + GOALS_MAX]}
        found |= _Reachability(engine, common, exploration, part).findings(limits)
    return found


class _Reachability:
    """Marks, one byte a state: the goals that can be reached from it.

    Most steps lead to a neighbouring level, so that a sweep from the last state to the first follows whole paths;
    the next one turns back, until nothing changes or nothing is left to be shown.
    """

    def __init__(
        self,
        engine: Engine,
        common: str,
        exploration: CompiledExploration,
        items: Mapping[str, GroundProperty],
    ) -> None:
        words = word_count(engine.packing)
        self._words, self._items, self._exploration = words, items, exploration
        functions = [
            labelled_function(engine),
            bits_function(engine, "goals", [item.holds for item in items.values()]),
            bits_function(engine, "triggers", [item.trigger for item in items.values()]),
            mark(words),
            sweep(words),
            stuck(words, len(items)),
        ]
        code = _code(common, words, functions, exploration.space.count)
        self._walk = _Walk(engine, exploration.space, code, len(items))
        self._marks = Array(exploration.space.numbered)
        self._allowed = (ctypes.c_uint8 * max(len(engine.steps), 1))()
        for step in engine.steps:
            for bit, item in enumerate(items.values()):
                if step.action.kind not in item.property.without:
                    self._allowed[step.index] |= 1 << bit
        control = self._walk.control
        control[Word.MARKS] = self._marks.address
        control[Word.MASKS] = ctypes.addressof(self._allowed)
        control[Word.WANTED] = (1 << len(items)) - 1

    def findings(self, limits: Limits) -> dict[str, Finding]:
        try:
            return self._sweep(limits)
        finally:
            self._marks.free()

    def _sweep(self, limits: Limits) -> dict[str, Finding]:
        count = self._exploration.space.count
        self._walk.portions("mark", 0, count)
        stuck = self._stuck()
        backwards = changed = True
        while stuck and changed:
            self._walk.control[Word.CHANGED] = 0
            self._walk.portions("sweep", 0, count, backwards=backwards, limits=limits)
            changed = self._walk.control[Word.CHANGED] > 0
            backwards = not backwards
            stuck = self._stuck()
        return stuck

    def _stuck(self) -> dict[str, Finding]:
        """For each property, the first state that is not known to reach the goal."""
        found: dict[str, Finding] = {}
        best, width = self._walk.buffers.best, best_words(self._words)
        for depth, level in enumerate(self._exploration.levels):
            assert isinstance(level, Level)
            self._walk.portions("stuck", level.first, level.end)
            for bit, name in enumerate(self._items):
                if best[width * bit]:
                    state = sum(best[width * bit + 2 + word] << 64 * word for word in range(self._words))
                    found.setdefault(name, Finding(self._items[name].property.id, depth, state))
                    best[width * bit] = 0
            if len(found) == len(self._items):
                break
        return found
