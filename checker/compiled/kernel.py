"""The search itself as LLVM IR: exact, open addressing, states in the order of their discovery.

A slot of the table holds the number of a state (plus one, so that zero is empty) and 28 bits of its hash; the
state itself is looked at where these agree, so that nothing rests on the hash being free of collisions. A slot is
claimed by one compare-and-swap however many words a state has, and memory is 8 bytes a slot and 8 a word.

Successors are made, hashed and fetched in batches: a table of gigabytes is a cache miss an access, and a batch has
as many of them under way as the memory allows. Most successors are known, and half of those were met just before:
where steps do not depend on each other, neighbours in the order of discovery lead to the same states. Each thread
remembers the last states that it entered, in a small cache that needs neither the table nor the states.
"""

from __future__ import annotations

from splitproof.checker.compiled.control import BATCH, CHUNK, CLAIM, INDEX_BITS, RECENT, Word
from splitproof.checker.compiled.ir import Function, Loop, Variable

__all__ = ["common", "fill_hashes", "peek", "search_kernel"]

DECLARATIONS = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n"
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_INDEX_MASK = (1 << INDEX_BITS) - 1


def hash_state(words: int) -> str:
    """`i64 @hash(ptr state)`: the words folded, then the finaliser of splitmix64 (Steele et al., 2014)."""
    f = Function("hash", {"state": "ptr"}, "i64", "internal|alwaysinline")
    mixed = f.load("%state")
    for word in range(1, words):
        spread = f.binary("mul", f.binary("xor", mixed, f.binary("lshr", mixed, 29)), _MULTIPLIERS[0])
        mixed = f.binary("add", f.binary("xor", spread, f.binary("lshr", spread, 32)), f.load("%state", word))
    for shift, multiplier in ((32, _MULTIPLIERS[1]), (29, _MULTIPLIERS[2])):
        mixed = f.binary("mul", f.binary("xor", mixed, f.binary("lshr", mixed, shift)), multiplier)
    return f.finish(f.binary("xor", mixed, f.binary("lshr", mixed, 32)))


def home_slot() -> str:
    """`i64 @home(i64 hash, i64 slots)`: the high bits of the hash, scaled to a table of any size (Lemire, 2019)."""
    f = Function("home", {"hash": "i64", "slots": "i64"}, "i64", "internal|alwaysinline")
    wide, size = f.op("zext i64 %hash to i128"), f.op("zext i64 %slots to i128")
    product = f.op(f"mul i128 {wide}, {size}")
    return f.finish(f.op(f"trunc i128 {f.op(f'lshr i128 {product}, 64')} to i64"))


def same_state(words: int) -> str:
    """`i1 @same(ptr a, ptr b)`."""
    f = Function("same", {"a": "ptr", "b": "ptr"}, "i1", "internal|alwaysinline")
    differs = f.binary("xor", f.load("%a"), f.load("%b"))
    for word in range(1, words):
        differs = f.binary("or", differs, f.binary("xor", f.load("%a", word), f.load("%b", word)))
    return f.finish(f.compare("eq", differs, 0))


def find_slot(words: int) -> str:
    """`i64 @find(ptr control, ptr state, i64 hash)`: the number of a state that is known; all ones if it is not."""
    f = Function("find", {"control": "ptr", "state": "ptr", "hash": "i64"}, "i64", "internal|alwaysinline")
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    states = f.load_pointer("%control", Word.STATES)
    tag = f.binary("shl", "%hash", INDEX_BITS)
    place = f.variable(f.op(f"call i64 @home(i64 %hash, i64 {slots})"))
    with f.loop():
        current = f.get(place)
        slot = f.load(table, current)
        with f.where(f.compare("eq", slot, 0)):
            f.give(-1)
        with f.where(_has_tag(f, slot, tag)):
            number = f.binary("sub", f.binary("and", slot, _INDEX_MASK), 1)
            known = f.at(states, f.binary("mul", number, words))
            with f.where(f.op(f"call i1 @same(ptr {known}, ptr %state)")):
                f.give(number)
        _advance(f, place, current, slots)
    return f.finish(-1)


def find_for_python() -> str:
    """`i64 @find_state(ptr control, ptr state)`, for Python."""
    f = Function("find_state", {"control": "ptr", "state": "ptr"}, "i64")
    hashed = f.op("call i64 @hash(ptr %state)")
    return f.finish(f.op(f"call i64 @find(ptr %control, ptr %state, i64 {hashed})"))


def _has_tag(f: Function, slot: str, tag: str) -> str:
    return f.compare("eq", f.binary("lshr", f.binary("xor", slot, tag), INDEX_BITS), 0)


def _advance(f: Function, place: Variable, current: str, slots: str) -> None:
    following = f.binary("add", current, 1)
    wraps = f.compare("eq", following, slots)
    f.set(place, f.op(f"select i1 {wraps}, i64 0, i64 {following}"))


def insert_state(words: int, *, shared: bool) -> str:
    """`i64 @insert(ptr control, ptr state, i64 hash, i64 number)`: 1 if the state is new and took the number.

    With threads the state is written to its place before the slot that names it is claimed; whoever sees the
    slot sees the state.
    """
    parameters = {
        "table": "ptr",
        "slots": "i64",
        "states": "ptr",
        "state": "ptr",
        "hash": "i64",
        "number": "i64",
    }
    f = Function("insert_shared" if shared else "insert", parameters, "i64", "internal|alwaysinline")
    tag = f.binary("shl", "%hash", INDEX_BITS)
    entry = f.binary("or", tag, f.binary("add", "%number", 1))
    place = f.variable(f.op("call i64 @home(i64 %hash, i64 %slots)"))
    own = f.at("%states", f.binary("mul", "%number", words))
    found = f.variable(0)
    with f.loop():
        current = f.get(place)
        slot_place = f.at("%table", current)
        order = "atomic " if shared else ""
        f.set(found, f.op(f"load {order}i64, ptr {slot_place}{' acquire, align 8' if shared else ''}"))
        with f.where(f.compare("eq", f.get(found), 0)):
            for word in range(words):
                f.store(f.load("%state", word), own, word)
            if shared:
                swap = f.op(f"cmpxchg ptr {slot_place}, i64 0, i64 {entry} acq_rel acquire, align 8")
                with f.where(f.op(f"extractvalue {{i64, i1}} {swap}, 1")):
                    f.give(1)
                f.set(found, f.op(f"extractvalue {{i64, i1}} {swap}, 0"))
            else:
                f.store(entry, slot_place)
                f.give(1)
        slot = f.get(found)
        with f.where(_has_tag(f, slot, tag)):
            other = f.binary("sub", f.binary("and", slot, _INDEX_MASK), 1)
            known = f.at("%states", f.binary("mul", other, words))
            with f.where(f.op(f"call i1 @same(ptr {known}, ptr %state)")):
                f.give(0)
        _advance(f, place, current, "%slots")
    return f.finish(0)


def expand(words: int, *, shared: bool) -> str:
    """`void @expand(ptr control)`: judge and expand states from HEAD on, until END or LIMIT is reached.

    With threads, each claims portions of the frontier and chunks of places for new states.
    """
    f = Function("expand_shared" if shared else "expand", {"control": "ptr"})
    needed = (Word.STATES, Word.AFTER, Word.HASHES, Word.RECENT)
    pointers = {word: f.load_pointer("%control", word) for word in needed}
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
            count = _make_batch(f, words, head, f.get(until), pointers)
            _peek_batch(f, words, count, pointers)
            _insert_batch(f, words, count, pointers, following, (chunk_end, taken) if shared else None)
        if not shared:
            f.leave(claims)
    if not shared:
        f.store(f.get(head), "%control", Word.HEAD)
    f.store(f.get(following), "%control", Word.NEXT)
    f.store(f.get(chunk_end), "%control", Word.CHUNK_END)
    return f.finish()


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


def _make_batch(f: Function, words: int, head: Variable, until: str, pointers: dict[Word, str]) -> str:
    """States before `until` are judged and expanded until there are enough successors; how many there are."""
    count = f.variable(0)
    after, states = pointers[Word.AFTER], pointers[Word.STATES]
    with f.loop() as states_left:
        current, first = f.get(head), f.get(count)
        f.stay(states_left, f.compare("ult", current, until))
        f.stay(states_left, f.compare("ult", first, BATCH))
        state = f.at(states, f.binary("mul", current, words))
        f.do(f"call void @judge(ptr {state}, ptr %control)")
        made = f.op(f"call i64 @successors(ptr {state}, ptr {after}, i64 {first}, ptr %control)")
        f.set(count, _drop_recent(f, words, first, made, pointers))
        f.add(head, 1)
    return f.get(count)


def _drop_recent(f: Function, words: int, first: str, made: str, pointers: dict[Word, str]) -> str:
    """Of the successors `first` to `made`, those that are not known from lately move up; where they end.

    They are replaced by their representatives and hashed, and their slots are fetched. What is remembered is in the
    table, or in this batch and about to be: a successor is dropped only if it equals such a state in full. There is
    no branch, which would be mispredicted every other time.
    """
    after, hashes, recent = pointers[Word.AFTER], pointers[Word.HASHES], pointers[Word.RECENT]
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    kept = f.variable(first)
    with f.counting(first, made) as number:
        state = f.at(after, f.binary("mul", number, words))
        f.do(f"call void @canonical(ptr {state})")
        hashed = f.op(f"call i64 @hash(ptr {state})")
        known = f.at(recent, f.binary("mul", f.binary("and", hashed, RECENT - 1), words))
        is_new = f.op(f"xor i1 {f.op(f'call i1 @same(ptr {known}, ptr {state})')}, true")
        place = f.at(after, f.binary("mul", f.get(kept), words))
        for word in range(words):
            value = f.load(state, word)
            f.store(value, known, word)
            f.store(value, place, word)
        f.store(hashed, hashes, f.get(kept))
        f.prefetch(f.at(table, f.op(f"call i64 @home(i64 {hashed}, i64 {slots})")))
        f.add(kept, f.op(f"zext i1 {is_new} to i64"))
    return f.get(kept)


def fill_hashes(
    f: Function,
    words: int,
    arrays: tuple[str, str, str, str],
    first: str | int,
    end: str,
    *,
    fresh: bool = True,
) -> None:
    """Hash the states `first` to `end` of a buffer, and fetch the slots where they belong.

    `fresh`: they come from steps, and are replaced by their representatives first.
    """
    after, hashes, table, slots = arrays
    with f.counting(first, end) as number:
        state = f.at(after, f.binary("mul", number, words))
        if fresh:
            f.do(f"call void @canonical(ptr {state})")
        hashed = f.op(f"call i64 @hash(ptr {state})")
        f.store(hashed, hashes, number)
        f.prefetch(f.at(table, f.op(f"call i64 @home(i64 {hashed}, i64 {slots})")))


def _peek_batch(f: Function, words: int, count: str, pointers: dict[Word, str]) -> None:
    """Fetch the states that will be compared."""
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    peek(f, words, count, (pointers[Word.HASHES], table, slots, pointers[Word.STATES]))


def peek(f: Function, words: int, count: str, arrays: tuple[str, str, str, str]) -> None:
    """For each hash of a batch, fetch the state that the slot names, if it may be the same."""
    hashes, table, slots, states = arrays
    with f.counting(0, count) as number:
        hashed = f.load(hashes, number)
        home = f.at(table, f.op(f"call i64 @home(i64 {hashed}, i64 {slots})"))
        slot = f.op(f"load atomic i64, ptr {home} unordered, align 8")  # another thread may be writing it
        with f.where(_has_tag(f, slot, f.binary("shl", hashed, INDEX_BITS))):
            index = f.binary("sub", f.binary("and", slot, _INDEX_MASK), 1)
            f.prefetch(f.at(states, f.binary("mul", index, words)))


def _insert_batch(
    f: Function,
    words: int,
    count: str,
    pointers: dict[Word, str],
    following: Variable,
    chunks: tuple[Variable, str] | None,
) -> None:
    after, hashes, states = pointers[Word.AFTER], pointers[Word.HASHES], pointers[Word.STATES]
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    name = "insert" if chunks is None else "insert_shared"
    with f.counting(0, count) as number:
        if chunks is not None:
            chunk_end, taken = chunks
            with f.where(f.compare("eq", f.get(following), f.get(chunk_end))):
                f.set(following, f.op(f"atomicrmw add ptr {taken}, i64 {CHUNK} monotonic"))
                f.set(chunk_end, f.binary("add", f.get(following), CHUNK))
        state = f.at(after, f.binary("mul", number, words))
        arguments = f"ptr {table}, i64 {slots}, ptr {states}, ptr {state}"
        hashed = f.load(hashes, number)
        f.add(following, f.op(f"call i64 @{name}({arguments}, i64 {hashed}, i64 {f.get(following)})"))


def rehash(words: int, *, shared: bool) -> str:
    """`void @rehash(ptr control)`: enter the states HEAD to END, which are all different, into an empty table."""
    f = Function("rehash_shared" if shared else "rehash", {"control": "ptr"})
    states, hashes = f.load_pointer("%control", Word.STATES), f.load_pointer("%control", Word.HASHES)
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    head, end = f.variable(f.load("%control", Word.HEAD)), f.load("%control", Word.END)
    with f.loop() as batches:
        first = f.get(head)
        f.stay(batches, f.compare("ult", first, end))
        left = f.binary("sub", end, first)
        count = f.op(f"select i1 {f.compare('ult', left, BATCH)}, i64 {left}, i64 {BATCH}")
        batch = f.at(states, f.binary("mul", first, words))
        fill_hashes(f, words, (batch, hashes, table, slots), 0, count, fresh=False)
        with f.counting(0, count) as number:
            hashed = f.load(hashes, number)
            tag = f.binary("shl", hashed, INDEX_BITS)
            entry = f.binary("or", tag, f.binary("add", f.binary("add", first, number), 1))
            _place(f, table, slots, f.op(f"call i64 @home(i64 {hashed}, i64 {slots})"), entry, shared=shared)
        f.set(head, f.binary("add", first, count))
    f.store(f.get(head), "%control", Word.HEAD)
    return f.finish()


def _place(f: Function, table: str, slots: str, home: str, entry: str, *, shared: bool) -> None:
    """Write an entry to the first empty slot from its home on."""
    place = f.variable(home)
    with f.loop() as probing:
        slot = f.at(table, f.get(place))
        if shared:
            swap = f.op(f"cmpxchg ptr {slot}, i64 0, i64 {entry} monotonic monotonic, align 8")
            taken = f.op(f"xor i1 {f.op(f'extractvalue {{i64, i1}} {swap}, 1')}, true")
        else:
            taken = f.compare("ne", f.load(slot), 0)
        f.stay(probing, taken)
        _advance(f, place, f.get(place), slots)
    if not shared:
        f.store(entry, table, f.get(place))


def relocate(words: int) -> str:
    """`void @relocate(ptr control, i64 from, i64 to, i64 count)`: give consecutive states other numbers."""
    f = Function("relocate", {"control": "ptr", "from": "i64", "to": "i64", "count": "i64"})
    states = f.load_pointer("%control", Word.STATES)
    table, slots = f.load_pointer("%control", Word.TABLE), f.load("%control", Word.SLOTS)
    with f.counting(0, "%count") as offset:
        source, target = f.binary("add", "%from", offset), f.binary("add", "%to", offset)
        old, new = f.at(states, f.binary("mul", source, words)), f.at(states, f.binary("mul", target, words))
        hashed = f.op(f"call i64 @hash(ptr {old})")
        tag = f.binary("shl", hashed, INDEX_BITS)
        wanted = f.binary("or", tag, f.binary("add", source, 1))
        place = f.variable(f.op(f"call i64 @home(i64 {hashed}, i64 {slots})"))
        with f.loop() as probing:
            f.stay(probing, f.compare("ne", f.load(table, f.get(place)), wanted))
            _advance(f, place, f.get(place), slots)
        f.store(f.binary("or", tag, f.binary("add", target, 1)), table, f.get(place))
        for word in range(words):
            f.store(f.load(old, word), new, word)
    return f.finish()


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


def common(words: int) -> str:
    """What every module begins with."""
    return "".join([DECLARATIONS, hash_state(words), home_slot(), same_state(words), find_slot(words)])


def search_kernel(words: int) -> str:
    """The functions of a search, besides `@judge` and `@successors`."""
    return "".join(
        [
            insert_state(words, shared=False),
            insert_state(words, shared=True),
            expand(words, shared=False),
            expand(words, shared=True),
            rehash(words, shared=False),
            rehash(words, shared=True),
            relocate(words),
            find_for_python(),
            note(words),
        ]
    )
