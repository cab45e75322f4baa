"""Where fair runs can stay, as LLVM IR: what `fairness/fair_components.py` does, on a graph in compressed sparse rows.

The states in question are found breadth first, into ORDER. Rounds then take them apart into strongly connected
components, by paths (Gabow, 2000). Of a component that is whole, one of three things is settled at once:

- a promise is due in all its states and kept by none of its steps: no fair run stays inside, and its states are OUT;
- else a strong one is due in some of them and kept by none: those are OUT, and the others are visited AGAIN;
- else a fair run can go round in it for ever, and it is a PART.
"""

from __future__ import annotations

from collections.abc import Sequence

from splitproof.checker.compiled.edges import edges_of, read_number, write_number
from splitproof.checker.compiled.ir import Function, Variable
from splitproof.checker.compiled.run_record import AGAIN, ASKED, GOAL, OPEN, OUT, PART, TO_VISIT, RunWord

__all__ = ["mark_case", "parts_kernel"]


def mark_case(words: int) -> str:
    """`void @mark_case(ptr record)`: each state HEAD to END, of so many words, gets the marks that `@case` says."""
    f = Function("mark_case", {"record": "ptr"})
    states, marks = f.load_pointer("%record", RunWord.STATES), f.load_pointer("%record", RunWord.MARKS)
    with f.counting(f.load("%record", RunWord.HEAD), f.load("%record", RunWord.END)) as number:
        bits = f.op(f"call i64 @case(ptr {f.at(states, f.binary('mul', number, words))})")
        f.store(f.op(f"trunc i64 {bits} to i8"), marks, number, "i8")
    return f.finish()


def parts_kernel(promises: int, width: int) -> str:
    """The other functions of this module. `promises`: words of 64 that they take; `width`: bits of a step in STEPS."""
    return "".join([spread(), settle(promises, width), parts(), renew(), pick_parts(), arrive_at(width)])


def _has(f: Function, marks: str, state: str, mark: int) -> str:
    """An i1: whether a state has a mark."""
    return f.compare("ne", f.binary("and", read_number(f, marks, state, 8), mark), 0)


def spread() -> str:
    """`void @spread(ptr record, i64 first, i64 end)`: a level of what is waiting, appended to ORDER.

    Those are the states `first` to `end` that are ASKED, and the OPEN ones that a step leads to from the states of
    ORDER that lie at HEAD to END.
    """
    f = Function("spread", {"record": "ptr", "first": "i64", "end": "i64"})
    targets, first = f.load_pointer("%record", RunWord.TARGETS), f.load_pointer("%record", RunWord.FIRST)
    marks, places = f.load_pointer("%record", RunWord.MARKS), f.load_pointer("%record", RunWord.PLACES)
    order = f.load_pointer("%record", RunWord.ORDER)
    count = f.variable(f.load("%record", RunWord.COUNT))

    def admit(state: str, mark: int) -> None:
        is_new = f.compare("eq", read_number(f, places, state), OUT)
        with f.where(is_new), f.where(_has(f, marks, state, mark)):
            write_number(f, str(TO_VISIT), places, state)
            write_number(f, state, order, f.get(count))
            f.add(count, 1)

    with f.counting("%first", "%end") as state:
        admit(state, ASKED)
    head, end = f.load("%record", RunWord.HEAD), f.load("%record", RunWord.END)
    with (
        f.counting(head, end) as place,
        f.counting(*edges_of(f, first, read_number(f, order, place))) as edge,
    ):
        admit(read_number(f, targets, edge), OPEN)
    f.store(f.get(count), "%record", RunWord.COUNT)
    return f.finish()


def parts() -> str:
    """`void @parts(ptr record)`: goes on with a round from place HEAD of ORDER, until END or for BUDGET edges.

    A round is over if HEAD has come to END and DEPTH is 0.
    """
    f = Function("parts", {"record": "ptr"})
    walk = _Paths(f)
    head, end = f.variable(f.load("%record", RunWord.HEAD)), f.load("%record", RunWord.END)
    budget = f.variable(f.load("%record", RunWord.BUDGET))
    with f.loop() as edges:
        f.stay(edges, f.compare("ne", f.get(budget), 0))
        f.add(budget, -1)
        is_root = f.compare("eq", f.get(walk.depth), 0)
        root, way = f.block(), f.block()
        f.branch(is_root, root, way)
        f.begin(root)
        place = f.get(head)
        f.stay(edges, f.compare("ult", place, end))
        f.add(head, 1)
        walk.visit(read_number(f, walk.order, place))
        f.jump(edges.begin)
        f.begin(way)
        walk.go_on()
    f.store(f.get(head), "%record", RunWord.HEAD)
    walk.keep()
    return f.finish()


class _Paths:
    """The walk of `@parts`, an edge at a time: the way from the root, and the stack of what is not settled."""

    def __init__(self, f: Function) -> None:
        self._f = f
        self.order, self._places = self._pointer(RunWord.ORDER), self._pointer(RunWord.PLACES)
        self._first, self._targets = self._pointer(RunWord.FIRST), self._pointer(RunWord.TARGETS)
        self._stack, self._boundaries = self._pointer(RunWord.STACK), self._pointer(RunWord.BOUNDARIES)
        self._calls, self._call_edges = self._pointer(RunWord.CALLS), self._pointer(RunWord.CALL_EDGES)
        self.depth, self._height = self._number(RunWord.DEPTH), self._number(RunWord.HEIGHT)
        self._boundary = self._number(RunWord.BOUNDARY)

    def _pointer(self, word: RunWord) -> str:
        return self._f.load_pointer("%record", word)

    def _number(self, word: RunWord) -> Variable:
        return self._f.variable(self._f.load("%record", word))

    def keep(self) -> None:
        """Write to the record where the next call goes on."""
        kept = (
            (self.depth, RunWord.DEPTH),
            (self._height, RunWord.HEIGHT),
            (self._boundary, RunWord.BOUNDARY),
        )
        for variable, word in kept:
            self._f.store(self._f.get(variable), "%record", word)

    def visit(self, state: str) -> None:
        """Step to a state if it is to be visited; if it is on the stack, what lies above it there is one component."""
        f = self._f
        at = read_number(f, self._places, state)
        with f.where(f.compare("eq", at, TO_VISIT)):
            self._push(state)
        is_on_stack = f.compare("ult", f.binary("sub", at, TO_VISIT + 1), PART - TO_VISIT - 1)
        with f.where(is_on_stack), f.loop() as popping:
            below = f.binary("sub", f.get(self._boundary), 1)
            f.stay(popping, f.compare("ugt", read_number(f, self._boundaries, below), at))
            f.set(self._boundary, below)

    def _push(self, state: str) -> None:
        f = self._f
        height, depth, boundary = f.get(self._height), f.get(self.depth), f.get(self._boundary)
        place = f.binary("add", height, TO_VISIT + 1)
        write_number(f, state, self._stack, height)
        write_number(f, place, self._places, state)
        write_number(f, place, self._boundaries, boundary)
        write_number(f, state, self._calls, depth)
        write_number(f, read_number(f, self._first, state), self._call_edges, depth)
        for variable in (self._height, self.depth, self._boundary):
            f.add(variable, 1)

    def go_on(self) -> None:
        """Take the next edge of the last state on the way, or leave that state."""
        f = self._f
        last = f.binary("sub", f.get(self.depth), 1)
        state, edge = read_number(f, self._calls, last), read_number(f, self._call_edges, last)
        _, end = edges_of(f, self._first, state)
        takes, leaves, behind = f.block(), f.block(), f.block()
        f.branch(f.compare("ult", edge, end), takes, leaves)
        f.begin(takes)
        write_number(f, f.binary("add", edge, 1), self._call_edges, last)
        self.visit(read_number(f, self._targets, edge))
        f.jump(behind)
        f.begin(leaves)
        f.set(self.depth, last)
        self._leave(state)
        f.jump(behind)
        f.begin(behind)

    def _leave(self, state: str) -> None:
        f = self._f
        place, below = read_number(f, self._places, state), f.binary("sub", f.get(self._boundary), 1)
        with f.where(f.compare("eq", read_number(f, self._boundaries, below), place)):
            base = f.binary("sub", place, TO_VISIT + 1)
            f.do(f"call void @settle(ptr %record, i64 {base}, i64 {f.get(self._height)})")
            f.set(self._boundary, below)
            f.set(self._height, base)


def settle(words: int, width: int) -> str:
    """`void @settle(ptr record, i64 base, i64 top)`: what becomes of the component that lies on the STACK there."""
    parameters = {"record": "ptr", "base": "i64", "top": "i64"}
    f = Function("settle", parameters, "void", "internal|noinline")
    promises = _Promises(f, words, width)
    strong = [f.load(f.load_pointer("%record", RunWord.STRONG), word) for word in range(words)]
    always, ever = promises.none(-1), promises.none()
    with f.counting("%base", "%top") as place:
        enabled = promises.enabled(promises.member(place), keeping=True)
        for word, due in enumerate(enabled):
            f.set(always[word], f.binary("and", f.get(always[word]), f.get(due)))
            f.set(ever[word], f.binary("or", f.get(ever[word]), f.binary("and", f.get(due), strong[word])))
    missed_weakly = promises.missed(always)
    with f.where(promises.is_any(missed_weakly)):
        with f.counting("%base", "%top") as place:
            write_number(f, str(OUT), promises.places, promises.member(place))
        f.give()
    missed = promises.missed(ever)
    is_missed = promises.is_any(missed)
    with f.where(f.op(f"xor i1 {is_missed}, true")):
        number = f.binary("add", f.load("%record", RunWord.PARTS), 1)
        f.store(number, "%record", RunWord.PARTS)
        with f.counting("%base", "%top") as place:
            write_number(f, f.binary("or", number, PART), promises.places, promises.member(place))
        f.give()
    left = f.variable(f.load("%record", RunWord.LEFT))
    with f.counting("%base", "%top") as place:
        state = promises.member(place)
        write_number(f, str(OUT), promises.places, state)
        enabled = promises.enabled(state)
        due_here = [f.binary("and", f.get(due), missed[word]) for word, due in enumerate(enabled)]
        with f.where(f.op(f"xor i1 {promises.is_any(due_here)}, true")):
            write_number(f, str(AGAIN), promises.places, state)
            f.add(left, 1)
    f.store(f.get(left), "%record", RunWord.LEFT)
    return f.finish()


class _Promises:
    """Sets of promises, a word for 64 of them, of the component that `@settle` looks at."""

    def __init__(self, f: Function, words: int, width: int) -> None:
        self._f, self._words, self._width = f, words, width
        self.places, self._stack = self._pointer(RunWord.PLACES), self._pointer(RunWord.STACK)
        self._first, self._targets = self._pointer(RunWord.FIRST), self._pointer(RunWord.TARGETS)
        self._steps, self._kept_by = self._pointer(RunWord.STEPS), self._pointer(RunWord.KEPT)
        self._lowest = f.binary("add", "%base", TO_VISIT + 1)
        self._span = f.binary("sub", PART, self._lowest)
        self._kept = self.none()

    def _pointer(self, word: RunWord) -> str:
        return self._f.load_pointer("%record", word)

    def none(self, value: int = 0) -> list[Variable]:
        """A set to begin with, all words alike."""
        return [self._f.variable(value) for _ in range(self._words)]

    def member(self, place: str) -> str:
        """The state at a place of the stack."""
        return read_number(self._f, self._stack, place)

    def enabled(self, state: str, *, keeping: bool = False) -> list[Variable]:
        """The promises for which a step can be taken. `keeping`: note those kept by steps that stay inside."""
        f, found = self._f, self.none()
        with f.counting(*edges_of(f, self._first, state)) as edge:
            step = f.binary("mul", read_number(f, self._steps, edge, self._width), self._words)
            inside = "0"
            if keeping:
                place = read_number(f, self.places, read_number(f, self._targets, edge))
                is_inside = f.compare("ult", f.binary("sub", place, self._lowest), self._span)
                inside = f.op(f"sext i1 {is_inside} to i64")
            for word in range(self._words):
                kept = f.load(self._kept_by, f.binary("add", step, word))
                f.set(found[word], f.binary("or", f.get(found[word]), kept))
                if keeping:
                    now = f.binary("or", f.get(self._kept[word]), f.binary("and", kept, inside))
                    f.set(self._kept[word], now)
        return found

    def missed(self, due: Sequence[Variable]) -> list[str]:
        """Of what is due, what no step inside keeps."""
        f = self._f
        return [
            f.binary("and", f.get(due[word]), f.binary("xor", f.get(self._kept[word]), -1))
            for word in range(self._words)
        ]

    def is_any(self, promises: Sequence[str]) -> str:
        """An i1: whether the set is not empty."""
        f, joined = self._f, promises[0]
        for word in promises[1:]:
            joined = f.binary("or", joined, word)
        return f.compare("ne", joined, 0)


def renew() -> str:
    """`void @renew(ptr record)`: what was to be visited AGAIN, of the places HEAD to END of ORDER, is TO_VISIT."""
    f = Function("renew", {"record": "ptr"})
    order, places = f.load_pointer("%record", RunWord.ORDER), f.load_pointer("%record", RunWord.PLACES)
    with f.counting(f.load("%record", RunWord.HEAD), f.load("%record", RunWord.END)) as place:
        state = read_number(f, order, place)
        with f.where(f.compare("eq", read_number(f, places, state), AGAIN)):
            write_number(f, str(TO_VISIT), places, state)
    return f.finish()


def pick_parts() -> str:
    """`void @pick_parts(ptr record)`: the states at HEAD to END of ORDER that lie in a PART, into FOUND.

    Ends early at FOUND_MAX.
    """
    f = Function("pick_parts", {"record": "ptr"})
    order, places = f.load_pointer("%record", RunWord.ORDER), f.load_pointer("%record", RunWord.PLACES)
    found, most = f.load_pointer("%record", RunWord.FOUND), f.load("%record", RunWord.FOUND_MAX)
    head, end = f.variable(f.load("%record", RunWord.HEAD)), f.load("%record", RunWord.END)
    count = f.variable(0)
    with f.loop() as loop:
        place = f.get(head)
        f.stay(loop, f.compare("ult", place, end))
        f.stay(loop, f.compare("ult", f.get(count), most))
        state = read_number(f, order, place)
        f.add(head, 1)
        with f.where(f.compare("uge", read_number(f, places, state), PART)):
            f.store(state, found, f.get(count))
            f.add(count, 1)
    f.store(f.get(head), "%record", RunWord.HEAD)
    f.store(f.get(count), "%record", RunWord.FOUND_COUNT)
    return f.finish()


def arrive_at(width: int) -> str:
    """`void @arrive_at(ptr record)`: steps from states at HEAD to END to those with the mark GOAL, into FOUND.

    Three words each: the state, the step, and the state after it. With REACHED, HEAD and END are places of ORDER. Ends
    early at FOUND_MAX.
    """
    f = Function("arrive_at", {"record": "ptr"})
    order, marks = f.load_pointer("%record", RunWord.ORDER), f.load_pointer("%record", RunWord.MARKS)
    first, targets = f.load_pointer("%record", RunWord.FIRST), f.load_pointer("%record", RunWord.TARGETS)
    steps = f.load_pointer("%record", RunWord.STEPS)
    found, most = f.load_pointer("%record", RunWord.FOUND), f.load("%record", RunWord.FOUND_MAX)
    head, end = f.variable(f.load("%record", RunWord.HEAD)), f.load("%record", RunWord.END)
    is_reached = f.compare("ne", f.load("%record", RunWord.REACHED), 0)
    count = f.variable(0)
    with f.loop() as loop:
        place = f.get(head)
        f.stay(loop, f.compare("ult", place, end))
        f.stay(loop, f.compare("ult", f.get(count), most))
        state = f.variable(place)
        with f.where(is_reached):
            f.set(state, read_number(f, order, place))
        with f.counting(*edges_of(f, first, f.get(state))) as edge:
            target = read_number(f, targets, edge)
            with f.where(_has(f, marks, target, GOAL)):
                at = f.binary("mul", f.get(count), 3)
                f.store(f.get(state), found, at)
                f.store(read_number(f, steps, edge, width), found, f.binary("add", at, 1))
                f.store(target, found, f.binary("add", at, 2))
                f.add(count, 1)
        f.add(head, 1)
    f.store(f.get(head), "%record", RunWord.HEAD)
    f.store(f.get(count), "%record", RunWord.FOUND_COUNT)
    return f.finish()
