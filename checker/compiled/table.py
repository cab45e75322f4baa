"""The table that knows the states, as LLVM IR: exact, open addressing, 4 bytes a slot.

A slot holds the number of a state, plus one so that zero is empty, in as many bits as the table needs, and a part of
the state's hash in the bits that are left; the state itself is looked at where these agree, so that nothing rests on
the hash being free of collisions. A slot is claimed by one compare-and-swap however many words a state has.

Slots come in lines of the cache. The look for a state begins at the first slot of a line and goes on slot by slot: a
line has its empty slots last, and one comparison of vectors says where in it the look ends.
"""

from __future__ import annotations

from collections.abc import Callable

from splitproof.checker.compiled.control import LINE, Word
from splitproof.checker.compiled.ir import Function, Variable

__all__ = ["Table", "common"]

_DECLARATIONS = f"""declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i{LINE} @llvm.cttz.i{LINE}(i{LINE}, i1)
"""
_SALTS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def hash_state(words: int) -> str:
    """`i64 @hash(ptr state)`: products of two words each, folded to 64 bits, as in wyhash (Wang Yi, 2019)."""
    f = Function("hash", {"state": "ptr"}, "i64", "internal|alwaysinline")
    salted = [f.binary("xor", f.load("%state", word), _SALTS[word % len(_SALTS)]) for word in range(words)]
    mixed = _folded(f, salted[0], salted[1] if words > 1 else str(_SALTS[1]))
    for word in salted[2:]:
        mixed = _folded(f, f.binary("xor", mixed, word), str(_SALTS[0]))
    return f.finish(mixed)


def _folded(f: Function, left: str, right: str) -> str:
    """The halves of a product of 128 bits, as one."""
    wide = f.op(f"mul i128 {f.op(f'zext i64 {left} to i128')}, {f.op(f'zext i64 {right} to i128')}")
    high = f.op(f"trunc i128 {f.op(f'lshr i128 {wide}, 64')} to i64")
    return f.binary("xor", f.op(f"trunc i128 {wide} to i64"), high)


def same_state(words: int) -> str:
    """`i1 @same(ptr a, ptr b)`."""
    f = Function("same", {"a": "ptr", "b": "ptr"}, "i1", "internal|alwaysinline")
    differs = f.binary("xor", f.load("%a"), f.load("%b"))
    for word in range(1, words):
        differs = f.binary("or", differs, f.binary("xor", f.load("%a", word), f.load("%b", word)))
    return f.finish(f.compare("eq", differs, 0))


def common(words: int) -> str:
    """What every module begins with."""
    return "".join([_DECLARATIONS, hash_state(words), same_state(words)])


class Table:
    """The table and the states of the record `%control`, for a function; what it needs is loaded when this is made.

    Numbers and places are i64, entries of slots i32.
    """

    def __init__(self, f: Function, words: int) -> None:
        self._f, self._words = f, words
        self._slots = f.load_pointer("%control", Word.TABLE)
        self._states = f.load_pointer("%control", Word.STATES)
        bits = f.load("%control", Word.SLOT_BITS)
        self._last = f.binary("sub", f.binary("shl", 1, bits), 1)
        self._shift = f.binary("sub", 64, bits)
        self._numbers = f.op(f"trunc i64 {self._last} to i32")
        self._tags = f.op(f"xor i32 {self._numbers}, -1")

    def state(self, number: str) -> str:
        """The pointer to a state."""
        return self._f.at(self._states, self._f.binary("mul", number, self._words))

    def home(self, hashed: str) -> str:
        """The slot where the look for a state begins, the first of a line: by the high bits of its hash."""
        return self._f.binary("and", self._f.binary("lshr", hashed, self._shift), -LINE)

    def fetch(self, hashed: str) -> None:
        """Have the line on its way that is the home of a state."""
        self._f.prefetch(self._slot(self.home(hashed)))

    def peek(self, hashed: str) -> str:
        """The first slot that is empty or may hold a state; the state that it holds is fetched.

        What is before that slot has another hash and stays, so that `find` and `insert` go on there.
        """
        tag = self._tag(hashed)
        place = self._first(hashed, lambda line: self._either(line, tag))
        entry = self._f.op(f"load atomic i32, ptr {self._slot(place)} unordered, align 4")
        self._f.prefetch(self.state(self._number(entry)))  # of an empty slot: nowhere, which is no error
        return place

    def find(self, state: str, hashed: str, start: str) -> str:
        """The number of a state that is known; else all ones. `start`: its home, or as `peek` says."""
        f, tag = self._f, self._tag(hashed)
        place, found = f.variable(start), f.variable(-1)
        with f.loop() as probing:
            entry = f.load(self._slots, f.get(place), "i32")
            with f.where(self._is_empty(entry)):
                f.leave(probing)
            with f.where(self._may_be(entry, tag)):
                number = self._number(entry)
                with f.where(self._is(number, state)):
                    f.set(found, number)
                    f.leave(probing)
            self._advance(place, 1)
        return f.get(found)

    def insert(self, state: str, hashed: str, start: str, number: str, *, shared: bool) -> str:
        """1 if the state is new and took the number, else 0. `start`: as `peek` says.

        With threads the state is written to its place before the slot that names it is claimed; whoever sees the slot
        sees the state.
        """
        f, tag = self._f, self._tag(hashed)
        own, entry = self.state(number), self._entry(tag, number)
        place, is_new = f.variable(start), f.variable(0)
        with f.loop() as probing:
            slot = self._slot(f.get(place))
            found = f.op(f"load atomic i32, ptr {slot} {'acquire' if shared else 'unordered'}, align 4")
            with f.where(self._is_empty(found)):
                for word in range(self._words):
                    f.store(f.load(state, word), own, word)
                if shared:
                    f.prefetch(f.at(own, 64), write=True)
                    swap = f.op(f"cmpxchg ptr {slot}, i32 0, i32 {entry} acq_rel acquire, align 4")
                    with f.where(f.op(f"extractvalue {{i32, i1}} {swap}, 1")):
                        f.set(is_new, 1)
                        f.leave(probing)
                    f.jump(probing.begin)  # another thread was first: look at what it has put there
                    f.begin(f.block())
                else:
                    f.store(entry, slot, type_="i32")
                    f.set(is_new, 1)
                    f.leave(probing)
            with f.where(self._may_be(found, tag)), f.where(self._is(self._number(found), state)):
                f.leave(probing)
            self._advance(place, 1)
        return f.get(is_new)

    def enter(self, hashed: str, number: str, *, shared: bool) -> None:
        """Name a state, which the table does not know, in the first empty slot from its home on."""
        f, entry = self._f, self._entry(self._tag(hashed), number)
        if not shared:
            f.store(entry, self._slot(self._first(hashed, self._empty)), type_="i32")
            return
        place = f.variable(self._first(hashed, self._empty))
        with f.loop() as probing:
            slot = self._slot(f.get(place))
            swap = f.op(f"cmpxchg ptr {slot}, i32 0, i32 {entry} monotonic monotonic, align 4")
            f.stay(probing, f.op(f"xor i1 {f.op(f'extractvalue {{i32, i1}} {swap}, 1')}, true"))
            self._advance(place, 1)

    def rename(self, hashed: str, number: str, new: str) -> None:
        """Give the slot of a state another number."""
        f, tag = self._f, self._tag(hashed)
        wanted = self._entry(tag, number)
        place = f.variable(self.home(hashed))
        with f.loop() as probing:
            entry = f.load(self._slots, f.get(place), "i32")
            f.stay(probing, f.op(f"icmp ne i32 {entry}, {wanted}"))
            self._advance(place, 1)
        f.store(self._entry(tag, new), self._slot(f.get(place)), type_="i32")

    # -- entries ---------------------------------------------------------------------------------------

    def _tag(self, hashed: str) -> str:
        """What an entry holds of a hash: low bits, as the high ones are in its place."""
        return self._f.op(f"and i32 {self._f.op(f'trunc i64 {hashed} to i32')}, {self._tags}")

    def _entry(self, tag: str, number: str) -> str:
        following = self._f.op(f"trunc i64 {self._f.binary('add', number, 1)} to i32")
        return self._f.op(f"or i32 {tag}, {following}")

    def _number(self, entry: str) -> str:
        """The number of the state in a slot; all ones if it is empty."""
        named = self._f.op(f"zext i32 {self._f.op(f'and i32 {entry}, {self._numbers}')} to i64")
        return self._f.binary("sub", named, 1)

    def _is_empty(self, entry: str) -> str:
        return self._f.op(f"icmp eq i32 {entry}, 0")

    def _may_be(self, entry: str, tag: str) -> str:
        return self._f.op(f"icmp eq i32 {self._f.op(f'and i32 {entry}, {self._tags}')}, {tag}")

    def _is(self, number: str, state: str) -> str:
        return self._f.op(f"call i1 @same(ptr {self.state(number)}, ptr {state})")

    # -- places ----------------------------------------------------------------------------------------

    def _slot(self, place: str) -> str:
        return self._f.at(self._slots, place, "i32")

    def _advance(self, place: Variable, distance: int) -> None:
        f = self._f
        f.set(place, f.binary("and", f.binary("add", f.get(place), distance), self._last))

    def _first(self, hashed: str, wanted: Callable[[str], str]) -> str:
        """The place of the first slot from a home on that is wanted; `wanted` makes a vector of i1 of a line.

        Another thread may be writing to the line, and each of its slots may be seen as before or as after that. The
        load is volatile, as LLVM would else be free to make anything of such a race.
        """
        f = self._f
        place, found = f.variable(self.home(hashed)), f.variable(0)
        with f.loop() as lines:
            at = self._slot(f.get(place))
            line = f.op(f"load volatile <{LINE} x i32>, ptr {at}, align {4 * LINE}")
            ones = f.op(f"bitcast <{LINE} x i1> {wanted(line)} to i{LINE}")
            f.set(found, f.op(f"zext i{LINE} {ones} to i64"))
            f.stay(lines, f.compare("eq", f.get(found), 0))
            self._advance(place, LINE)
        ones = f.op(f"trunc i64 {f.get(found)} to i{LINE}")
        first = f.op(f"call i{LINE} @llvm.cttz.i{LINE}(i{LINE} {ones}, i1 true)")
        return f.binary("add", f.get(place), f.op(f"zext i{LINE} {first} to i64"))

    def _empty(self, line: str) -> str:
        return self._f.op(f"icmp eq <{LINE} x i32> {line}, zeroinitializer")

    def _either(self, line: str, tag: str) -> str:
        """Which slots are empty or have the tag."""
        f = self._f
        bare = f.op(f"and <{LINE} x i32> {line}, {self._alike(self._tags)}")
        tagged = f.op(f"icmp eq <{LINE} x i32> {bare}, {self._alike(tag)}")
        return f.op(f"or <{LINE} x i1> {self._empty(line)}, {tagged}")

    def _alike(self, value: str) -> str:
        """A vector of the same number."""
        vector = f"<{LINE} x i32>"
        one = self._f.op(f"insertelement {vector} poison, i32 {value}, i64 0")
        return self._f.op(f"shufflevector {vector} {one}, {vector} poison, {vector} zeroinitializer")
