"""The graph of runs as LLVM IR: every step that changes a state, in compressed sparse rows.

The edges of a state are those `FIRST[state]` to `FIRST[state + 1]`, in the order of their steps.
"""

from __future__ import annotations

from splitproof.checker.compiled.control import Word
from splitproof.checker.compiled.ir import Function
from splitproof.checker.compiled.run_record import RunWord
from splitproof.checker.compiled.walk import StepWalk

__all__ = ["close_edges", "edges_of", "read_edges", "read_number", "write_number"]


def read_number(f: Function, base: str, index: str | int, width: int = 32) -> str:
    """An entry of an array of numbers of `width` bits."""
    return f.op(f"zext i{width} {f.load(base, index, f'i{width}')} to i64")


def write_number(f: Function, value: str, base: str, index: str | int, width: int = 32) -> None:
    """Store an entry of an array of numbers of `width` bits."""
    f.store(f.op(f"trunc i64 {value} to i{width}"), base, index, f"i{width}")


def edges_of(f: Function, first: str, state: str) -> tuple[str, str]:
    """The first edge of a state, and the one behind its last."""
    return read_number(f, first, state), read_number(f, first, f.binary("add", state, 1))


def read_edges(words: int, width: int) -> str:
    """`void @read_edges(ptr control)`: appends the edges of the states HEAD to END; FOUND points to the `RunRecord`.

    `FIRST[state + 1]` gets how many edges the state has. Steps take `width` bits; MASKS says which are fair.
    """
    walk = StepWalk("read_edges", words)
    f = walk.f
    record, fair = f.load_pointer("%control", Word.FOUND), f.load_pointer("%control", Word.MASKS)
    first, targets = f.load_pointer(record, RunWord.FIRST), f.load_pointer(record, RunWord.TARGETS)
    steps = f.load_pointer(record, RunWord.STEPS)
    count = f.variable(f.load(record, RunWord.EDGES))
    staying = f.variable(f.load(record, RunWord.STAYING))
    staying_fair = f.variable(f.load(record, RunWord.STAYING_FAIR))
    with walk.successors(None, None) as place:
        origin, number = f.load(walk.origins, place), walk.number_of(place)
        step = read_number(f, walk.labels, place)
        with f.where(f.compare("eq", origin, number)):
            f.add(staying, 1)
            f.add(staying_fair, f.op(f"zext i8 {f.load(fair, step, 'i8')} to i64"))
        with f.where(f.compare("ne", origin, number)):
            edge, following = f.get(count), f.binary("add", origin, 1)
            write_number(f, number, targets, edge)
            write_number(f, step, steps, edge, width)
            write_number(f, f.binary("add", read_number(f, first, following), 1), first, following)
            f.set(count, f.binary("add", edge, 1))
    f.store(f.get(count), record, RunWord.EDGES)
    f.store(f.get(staying), record, RunWord.STAYING)
    f.store(f.get(staying_fair), record, RunWord.STAYING_FAIR)
    return f.finish()


def close_edges(width: int) -> str:
    """`void @close_edges(ptr record)`: counts of the states HEAD to END become places; edges are sorted by step."""
    f = Function("close_edges", {"record": "ptr"})
    first, targets = f.load_pointer("%record", RunWord.FIRST), f.load_pointer("%record", RunWord.TARGETS)
    steps = f.load_pointer("%record", RunWord.STEPS)
    with f.counting(f.load("%record", RunWord.HEAD), f.load("%record", RunWord.END)) as state:
        following = f.binary("add", state, 1)
        begin = read_number(f, first, state)
        end = f.binary("add", begin, read_number(f, first, following))
        write_number(f, end, first, following)
        with f.counting(f.binary("add", begin, 1), end) as edge:
            step, target = read_number(f, steps, edge, width), read_number(f, targets, edge)
            hole = f.variable(edge)
            with f.loop() as moving:
                current = f.get(hole)
                f.stay(moving, f.compare("ugt", current, begin))
                before = f.binary("sub", current, 1)
                smaller = read_number(f, steps, before, width)
                f.stay(moving, f.compare("ugt", smaller, step))
                write_number(f, smaller, steps, current, width)
                write_number(f, read_number(f, targets, before), targets, current)
                f.set(hole, before)
            write_number(f, step, steps, f.get(hole), width)
            write_number(f, target, targets, f.get(hole))
    return f.finish()
