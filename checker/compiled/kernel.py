"""The search itself as LLVM IR: states in the order of their discovery, and the table that knows them.

Successors are made, hashed and fetched in batches: a table of gigabytes is a cache miss an access, and a batch has
as many of them under way as the memory allows. Most successors are known, and half of those were met just before:
where steps do not depend on each other, neighbours in the order of discovery lead to the same states. Each thread
remembers the last states that it entered, in a small cache that needs neither the table nor the states.
"""

from __future__ import annotations

from splitproof.checker.compiled.control import BATCH, CHUNK, CLAIM, RECENT, Word
from splitproof.checker.compiled.ir import Function, Loop, Variable
from splitproof.checker.compiled.table import Table

__all__ = ["Batch", "fill_hashes", "find_for_python", "note", "peek", "search_kernel"]


def expand(words: int, *, shared: bool) -> str:
    """`void @expand(ptr control)`: judge and expand states from HEAD on, until END or LIMIT is reached.

    With threads, each claims portions of the frontier and chunks of places for new states.
    """
    f = Function("expand_shared" if shared else "expand", {"control": "ptr"})
    table, batch = Table(f, words), Batch(f, words)
    recent = f.load_pointer("%control", Word.RECENT)
    end, limit = f.load("%control", Word.END), f.load("%control", Word.LIMIT)
    following = f.variable(f.load("%control", Word.NEXT))
    chunk_end = f.variable(f.load("%control", Word.CHUNK_END))
    head, until = f.variable(0 if shared else f.load("%control", Word.HEAD)), f.variable(end)
    taken = f.load_pointer("%control", Word.SHARED) if shared else ""
    with f.loop() as claims:
        if shared:
            _claim(f, claims, taken, end, limit, head, until)
        with f.loop() as batches:
            f.stay(batches, f.compare("ult", f.get(head), f.get(until)))
            if not shared:
                f.stay(batches, f.compare("ule", f.get(following), limit))
            count = _make_batch(f, table, batch, recent, head, f.get(until))
            peek(f, table, batch, count)
            _insert_batch(f, table, batch, count, following, (chunk_end, taken) if shared else None)
        if not shared:
            f.leave(claims)
    if not shared:
        f.store(f.get(head), "%control", Word.HEAD)
    f.store(f.get(following), "%control", Word.NEXT)
    f.store(f.get(chunk_end), "%control", Word.CHUNK_END)
    return f.finish()


class Batch:
    """Buffers of successors that are handled together, for a function with the record `%control`."""

    def __init__(self, f: Function, words: int) -> None:
        self._f, self.words = f, words
        self.after = f.load_pointer("%control", Word.AFTER)
        self.hashes = f.load_pointer("%control", Word.HASHES)
        self.places = f.load_pointer("%control", Word.PLACES)

    def state(self, number: str) -> str:
        """The pointer to a successor."""
        return self._f.at(self.after, self._f.binary("mul", number, self.words))


def _claim(
    f: Function, claims: Loop, taken: str, end: str, limit: str, head: Variable, until: Variable
) -> None:
    room = f.op(f"load atomic i64, ptr {taken} monotonic, align 8")
    f.stay(claims, f.compare("ule", room, limit))
    place = f.load_pointer("%control", Word.HEAD)
    begin = f.op(f"atomicrmw add ptr {place}, i64 {CLAIM} monotonic")
    f.stay(claims, f.compare("ult", begin, end))
    f.set(head, begin)
    stop = f.binary("add", begin, CLAIM)
    f.set(until, f.op(f"select i1 {f.compare('ult', stop, end)}, i64 {stop}, i64 {end}"))


def _make_batch(f: Function, table: Table, batch: Batch, recent: str, head: Variable, until: str) -> str:
    """States before `until` are judged and expanded until there are enough successors; how many there are."""
    count = f.variable(0)
    with f.loop() as states_left:
        current, first = f.get(head), f.get(count)
        f.stay(states_left, f.compare("ult", current, until))
        f.stay(states_left, f.compare("ult", first, BATCH))
        state = table.state(current)
        f.do(f"call void @judge(ptr {state}, ptr %control)")
        made = f.op(f"call i64 @successors(ptr {state}, ptr {batch.after}, i64 {first}, ptr %control)")
        f.set(count, _drop_recent(f, table, batch, recent, first, made))
        f.add(head, 1)
    return f.get(count)


def _drop_recent(f: Function, table: Table, batch: Batch, recent: str, first: str, made: str) -> str:
    """Of the successors `first` to `made`, those that are not known from lately move up; where they end.

    They are replaced by their representatives and hashed, and their slots are fetched. What is remembered is in the
    table, or in this batch and about to be: a successor is dropped only if it equals such a state in full. There is
    no branch, which would be mispredicted every other time.
    """
    kept = f.variable(first)
    with f.counting(first, made) as number:
        state = batch.state(number)
        f.do(f"call void @canonical(ptr {state})")
        hashed = f.op(f"call i64 @hash(ptr {state})")
        known = f.at(recent, f.binary("mul", f.binary("and", hashed, RECENT - 1), batch.words))
        is_new = f.op(f"xor i1 {f.op(f'call i1 @same(ptr {known}, ptr {state})')}, true")
        place = batch.state(f.get(kept))
        for word in range(batch.words):
            value = f.load(state, word)
            f.store(value, known, word)
            f.store(value, place, word)
        f.store(hashed, batch.hashes, f.get(kept))
        table.fetch(hashed)
        f.add(kept, f.op(f"zext i1 {is_new} to i64"))
    return f.get(kept)


def fill_hashes(f: Function, table: Table, batch: Batch, first: str, end: str) -> None:
    """Of the successors `first` to `end`: replace them by their representatives, hash them, and fetch their slots."""
    with f.counting(first, end) as number:
        state = batch.state(number)
        f.do(f"call void @canonical(ptr {state})")
        hashed = f.op(f"call i64 @hash(ptr {state})")
        f.store(hashed, batch.hashes, number)
        table.fetch(hashed)


def peek(f: Function, table: Table, batch: Batch, count: str) -> None:
    """For each successor of a batch, note where the look for it goes on, and fetch the state that may be the same."""
    with f.counting(0, count) as number:
        f.store(table.peek(f.load(batch.hashes, number)), batch.places, number)


def _insert_batch(
    f: Function,
    table: Table,
    batch: Batch,
    count: str,
    following: Variable,
    chunks: tuple[Variable, str] | None,
) -> None:
    with f.counting(0, count) as number:
        if chunks is not None:
            chunk_end, taken = chunks
            with f.where(f.compare("eq", f.get(following), f.get(chunk_end))):
                f.set(following, f.op(f"atomicrmw add ptr {taken}, i64 {CHUNK} monotonic"))
                f.set(chunk_end, f.binary("add", f.get(following), CHUNK))
        hashed, place = f.load(batch.hashes, number), f.load(batch.places, number)
        is_shared = chunks is not None
        f.add(following, table.insert(batch.state(number), hashed, place, f.get(following), shared=is_shared))


def rehash(words: int, *, shared: bool) -> str:
    """`void @rehash(ptr control)`: enter the states HEAD to END, which are all different, into an empty table."""
    f = Function("rehash_shared" if shared else "rehash", {"control": "ptr"})
    table, hashes = Table(f, words), f.load_pointer("%control", Word.HASHES)
    head, end = f.variable(f.load("%control", Word.HEAD)), f.load("%control", Word.END)
    with f.loop() as batches:
        first = f.get(head)
        f.stay(batches, f.compare("ult", first, end))
        left = f.binary("sub", end, first)
        count = f.op(f"select i1 {f.compare('ult', left, BATCH)}, i64 {left}, i64 {BATCH}")
        with f.counting(0, count) as number:
            hashed = f.op(f"call i64 @hash(ptr {table.state(f.binary('add', first, number))})")
            f.store(hashed, hashes, number)
            table.fetch(hashed)
        with f.counting(0, count) as number:
            table.enter(f.load(hashes, number), f.binary("add", first, number), shared=shared)
        f.set(head, f.binary("add", first, count))
    f.store(f.get(head), "%control", Word.HEAD)
    return f.finish()


def relocate(words: int) -> str:
    """`void @relocate(ptr control, i64 from, i64 to, i64 count)`: give consecutive states other numbers."""
    f = Function("relocate", {"control": "ptr", "from": "i64", "to": "i64", "count": "i64"})
    table = Table(f, words)
    with f.counting(0, "%count") as offset:
        source, target = f.binary("add", "%from", offset), f.binary("add", "%to", offset)
        old, new = table.state(source), table.state(target)
        table.rename(f.op(f"call i64 @hash(ptr {old})"), source, target)
        for word in range(words):
            f.store(f.load(old, word), new, word)
    return f.finish()


def find_for_python(words: int) -> str:
    """`i64 @find_state(ptr control, ptr state)`: the number of a state that is known; else all ones."""
    f = Function("find_state", {"control": "ptr", "state": "ptr"}, "i64")
    table = Table(f, words)
    hashed = f.op("call i64 @hash(ptr %state)")
    return f.finish(table.find("%state", hashed, table.home(hashed)))


def note(words: int) -> str:
    """`void @note(ptr best, ptr after, ptr before, i64 step)`: keep the smallest (after, before, step)."""
    f = Function(
        "note", {"best": "ptr", "after": "ptr", "before": "ptr", "step": "i64"}, "void", "internal|noinline"
    )
    smaller = f.op(f"icmp eq i64 {f.load('%best')}, 0")  # the first one
    decided = smaller
    pairs = [(f.load("%after", w), f.load("%best", 2 + w)) for w in reversed(range(words))]
    pairs += [(f.load("%before", w), f.load("%best", 2 + words + w)) for w in reversed(range(words))]
    pairs.append(("%step", f.load("%best", 1)))
    for mine, kept in pairs:
        below, differs = f.compare("ult", mine, kept), f.compare("ne", mine, kept)
        open_ = f.op(f"xor i1 {decided}, true")
        smaller = f.op(f"or i1 {smaller}, {f.op(f'and i1 {open_}, {below}')}")
        decided = f.op(f"or i1 {decided}, {differs}")
    with f.where(smaller):
        f.store(1, "%best")
        f.store("%step", "%best", 1)
        for word in range(words):
            f.store(f.load("%after", word), "%best", 2 + word)
            f.store(f.load("%before", word), "%best", 2 + words + word)
    return f.finish()


def search_kernel(words: int) -> str:
    """The functions of a search, besides `@judge` and `@successors`."""
    return "".join(
        [
            expand(words, shared=False),
            expand(words, shared=True),
            rehash(words, shared=False),
            rehash(words, shared=True),
            relocate(words),
            find_for_python(words),
            note(words),
        ]
    )
