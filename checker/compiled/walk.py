"""Questions about steps between known states, as LLVM IR: who leads where, and what can still be reached.

No transition is stored; states are expanded again, and the table says which number a successor has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from splitproof.checker.compiled.control import BATCH, Word
from splitproof.checker.compiled.ir import Function, Variable
from splitproof.checker.compiled.kernel import Batch, fill_hashes, peek
from splitproof.checker.compiled.table import Table

__all__ = ["StepWalk", "arrive", "mark", "pick", "stuck", "sweep"]


class StepWalk:
    """A function that visits the states HEAD to END and all their successors, a batch at a time."""

    def __init__(self, name: str, words: int) -> None:
        self.f = f = Function(name, {"control": "ptr"})
        self._table, self._batch = Table(f, words), Batch(f, words)
        self.labels = f.load_pointer("%control", Word.LABELS)
        self.origins = f.load_pointer("%control", Word.ORIGINS)
        self.marks = f.load_pointer("%control", Word.MARKS)
        self.first, self.end = f.load("%control", Word.HEAD), f.load("%control", Word.END)

    @contextmanager
    def successors(
        self, skips: Callable[[str], str] | None, goes_on: Callable[[], str] | None
    ) -> Iterator[str]:
        """What is written inside is done for each successor, whose place in the batch is yielded.

        `skips`: an i1 for states that are not expanded. `goes_on`: an i1 without which no new batch is begun.
        """
        f = self.f
        done = f.variable(self.first)
        backwards = f.compare("ne", f.load("%control", Word.BACKWARDS), 0)
        last = f.binary("sub", f.binary("add", self.first, self.end), 1)
        with f.loop() as batches:
            f.stay(batches, f.compare("ult", f.get(done), self.end))
            if goes_on is not None:
                f.stay(batches, goes_on())
            count = f.variable(0)
            with f.loop() as filling:
                begin = f.get(count)
                f.stay(filling, f.compare("ult", f.get(done), self.end))
                f.stay(filling, f.compare("ult", begin, BATCH))
                mirrored = f.binary("sub", last, f.get(done))
                number = f.op(f"select i1 {backwards}, i64 {mirrored}, i64 {f.get(done)}")
                f.add(done, 1)
                if skips is None:
                    self._expand(number, begin, count)
                else:
                    with f.where(f.op(f"xor i1 {skips(number)}, true")):
                        self._expand(number, begin, count)
            peek(f, self._table, self._batch, f.get(count))
            with f.counting(0, f.get(count)) as place:
                yield place
        f.store(f.get(done), "%control", Word.HEAD)

    def _expand(self, number: str, begin: str, count: Variable) -> None:
        f = self.f
        state, after = self._table.state(number), self._batch.after
        made = f.op(f"call i64 @labelled(ptr {state}, ptr {after}, i64 {begin}, ptr %control)")
        with f.counting(begin, made) as place:
            f.store(number, self.origins, place)
        fill_hashes(f, self._table, self._batch, begin, made)
        f.set(count, made)

    def number_of(self, place: str) -> str:
        """The number of a successor; all ones if it was never found."""
        hashed, start = self.f.load(self._batch.hashes, place), self.f.load(self._batch.places, place)
        return self._table.find(self._batch.state(place), hashed, start)

    def mark_of(self, number: str) -> str:
        """The marks of a state."""
        return self.f.op(f"zext i8 {self.f.load(self.marks, number, 'i8')} to i64")


def arrive(words: int) -> str:
    """`void @arrive(ptr control)`: steps from HEAD to END that lead to a marked state, into FOUND.

    Three words each: the number of the state, the step, the number of the state after it. Ends early at FOUND_MAX.
    """
    walk = StepWalk("arrive", words)
    f = walk.f
    found = f.load_pointer("%control", Word.FOUND)
    count, most = f.variable(0), f.load("%control", Word.FOUND_MAX)
    with walk.successors(None, lambda: f.compare("ult", f.get(count), most)) as place:
        number = walk.number_of(place)
        with f.where(f.compare("ne", number, -1)), f.where(f.compare("ne", walk.mark_of(number), 0)):
            at = f.binary("mul", f.get(count), 3)
            f.store(f.load(walk.origins, place), found, at)
            label = f.op(f"zext i32 {f.load(walk.labels, place, 'i32')} to i64")
            f.store(label, found, f.binary("add", at, 1))
            f.store(number, found, f.binary("add", at, 2))
            f.add(count, 1)
    f.store(f.get(count), "%control", Word.FOUND_COUNT)
    return f.finish()


def sweep(words: int) -> str:
    """`void @sweep(ptr control)`: a state gets the marks of its successors, those that MASKS allows for the step.

    CHANGED counts the states that got some. States that have all of WANTED are not expanded.
    """
    walk = StepWalk("sweep", words)
    f = walk.f
    masks, wanted = f.load_pointer("%control", Word.MASKS), f.load("%control", Word.WANTED)
    changed = f.variable(f.load("%control", Word.CHANGED))
    with walk.successors(lambda number: f.compare("eq", walk.mark_of(number), wanted), None) as place:
        origin = f.load(walk.origins, place)
        label = f.op(f"zext i32 {f.load(walk.labels, place, 'i32')} to i64")
        allowed = f.op(f"zext i8 {f.load(masks, label, 'i8')} to i64")
        mine = walk.mark_of(origin)
        lacking = f.binary("and", allowed, f.binary("xor", mine, wanted))
        with f.where(f.compare("ne", lacking, 0)):
            number = walk.number_of(place)
            with f.where(f.compare("ne", number, -1)):
                new = f.binary("and", walk.mark_of(number), lacking)
                with f.where(f.compare("ne", new, 0)):
                    f.store(f.op(f"trunc i64 {f.binary('or', mine, new)} to i8"), walk.marks, origin, "i8")
                    f.add(changed, 1)
    f.store(f.get(changed), "%control", Word.CHANGED)
    return f.finish()


def mark(words: int) -> str:
    """`void @mark(ptr control)`: each state HEAD to END gets the marks that `@goals` says."""
    f = Function("mark", {"control": "ptr"})
    states, marks = f.load_pointer("%control", Word.STATES), f.load_pointer("%control", Word.MARKS)
    with f.counting(f.load("%control", Word.HEAD), f.load("%control", Word.END)) as number:
        bits = f.op(f"call i64 @goals(ptr {f.at(states, f.binary('mul', number, words))})")
        f.store(f.op(f"trunc i64 {bits} to i8"), marks, number, "i8")
    return f.finish()


def stuck(words: int, goals: int) -> str:
    """`void @stuck(ptr control)`: of the states HEAD to END that `@triggers` names and that lack the mark, the
    smallest for each goal, into BEST.
    """
    f = Function("stuck", {"control": "ptr"})
    states, marks = f.load_pointer("%control", Word.STATES), f.load_pointer("%control", Word.MARKS)
    best = f.load_pointer("%control", Word.BEST)
    with f.counting(f.load("%control", Word.HEAD), f.load("%control", Word.END)) as number:
        state = f.at(states, f.binary("mul", number, words))
        has = f.op(f"zext i8 {f.load(marks, number, 'i8')} to i64")
        lacks = f.binary("and", f.op(f"call i64 @triggers(ptr {state})"), f.binary("xor", has, -1))
        with f.where(f.compare("ne", lacks, 0)):
            for goal in range(goals):
                with f.where(f.compare("ne", f.binary("and", lacks, 1 << goal), 0)):
                    place = f.at(best, (2 + 2 * words) * goal)
                    f.do(f"call void @note(ptr {place}, ptr {state}, ptr {state}, i64 0)")
    return f.finish()


def pick(words: int) -> str:
    """`void @pick(ptr control)`: numbers of the states HEAD to END where `@holds` says 1, into FOUND.

    Ends early at FOUND_MAX.
    """
    f = Function("pick", {"control": "ptr"})
    states, found = f.load_pointer("%control", Word.STATES), f.load_pointer("%control", Word.FOUND)
    count, most = f.variable(0), f.load("%control", Word.FOUND_MAX)
    head, end = f.variable(f.load("%control", Word.HEAD)), f.load("%control", Word.END)
    with f.loop() as loop:
        number = f.get(head)
        f.stay(loop, f.compare("ult", number, end))
        f.stay(loop, f.compare("ult", f.get(count), most))
        f.store(number, found, f.get(count))
        f.add(count, f.op(f"call i64 @holds(ptr {f.at(states, f.binary('mul', number, words))})"))
        f.add(head, 1)
    f.store(f.get(head), "%control", Word.HEAD)
    f.store(f.get(count), "%control", Word.FOUND_COUNT)
    return f.finish()
