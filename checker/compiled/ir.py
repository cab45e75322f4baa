"""Functions of LLVM IR as text, with loops and branches that nest.

No name of a model reaches the text: values are `%t1`, `%t2`, ... and blocks `b1`, `b2`, ... A variable is memory
on the stack, which the first pass of every pipeline turns into registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["ALL_ONES", "Function", "Loop", "Variable"]

ALL_ONES = (1 << 64) - 1


@dataclass(frozen=True)
class Variable:
    """A 64-bit number that is assigned more than once; `place` is the pointer to it."""

    place: str


@dataclass(frozen=True)
class Loop:
    """A loop that is being written; `end` is the block behind it."""

    begin: str
    end: str


class Function:
    """A function being written. Operands are the text of registers or of numbers; all are i64 unless said."""

    def __init__(
        self, name: str, parameters: dict[str, str], returns: str = "void", attributes: str = ""
    ) -> None:
        shown = ", ".join(f"{type_} %{parameter}" for parameter, type_ in parameters.items())
        self._head = (
            f"define {attributes.partition('|')[0]} {returns} @{name}({shown}) {attributes.partition('|')[2]}"
        )
        self._returns = returns
        self._entry: list[str] = []
        self._lines: list[str] = []
        self._count = 0

    def text(self) -> str:
        """The definition."""
        return "\n".join([f"{self._head} {{", "entry:", *self._entry, *self._lines, "}", ""])

    # -- instructions ----------------------------------------------------------------------------------

    def do(self, instruction: str) -> None:
        self._lines.append(f"  {instruction}")

    def op(self, instruction: str) -> str:
        """The register that takes the value."""
        self._count += 1
        self.do(f"%t{self._count} = {instruction}")
        return f"%t{self._count}"

    def binary(self, operator: str, left: str | int, right: str | int) -> str:
        return self.op(f"{operator} i64 {left}, {right}")

    def compare(self, relation: str, left: str | int, right: str | int) -> str:
        """An i1: `eq`, `ne`, `ult`, `ule`, `ugt`, `uge` or, of signed numbers, `slt`."""
        return self.op(f"icmp {relation} i64 {left}, {right}")

    def at(self, base: str, index: str | int, type_: str = "i64") -> str:
        """The pointer to an element of an array."""
        return base if index == 0 else self.op(f"getelementptr {type_}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str | int = 0, type_: str = "i64") -> str:
        return self.op(f"load {type_}, ptr {self.at(base, index, type_)}")

    def load_pointer(self, base: str, index: int) -> str:
        return self.op(f"load ptr, ptr {self.at(base, index)}")

    def store(self, value: str | int, base: str, index: str | int = 0, type_: str = "i64") -> None:
        self.do(f"store {type_} {value}, ptr {self.at(base, index, type_)}")

    def prefetch(self, place: str, *, write: bool = False) -> None:
        self.do(f"call void @llvm.prefetch.p0(ptr {place}, i32 {int(write)}, i32 3, i32 1)")

    # -- variables -------------------------------------------------------------------------------------

    def variable(self, initial: str | int) -> Variable:
        self._count += 1
        made = Variable(f"%v{self._count}")
        self._entry.append(f"  {made.place} = alloca i64")
        self.set(made, initial)
        return made

    def get(self, variable: Variable) -> str:
        return self.op(f"load i64, ptr {variable.place}")

    def set(self, variable: Variable, value: str | int) -> None:
        self.do(f"store i64 {value}, ptr {variable.place}")

    def add(self, variable: Variable, amount: str | int) -> None:
        self.set(variable, self.binary("add", self.get(variable), amount))

    # -- control ---------------------------------------------------------------------------------------

    def block(self) -> str:
        """The name of a new block."""
        self._count += 1
        return f"b{self._count}"

    def begin(self, block: str) -> None:
        self._lines.append(f"{block}:")

    def jump(self, block: str) -> None:
        self.do(f"br label %{block}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        self.do(f"br i1 {condition}, label %{yes}, label %{no}")

    @contextmanager
    def where(self, condition: str) -> Iterator[None]:
        """What is written inside is done where an i1 holds."""
        inside, behind = self.block(), self.block()
        self.branch(condition, inside, behind)
        self.begin(inside)
        yield
        self.jump(behind)
        self.begin(behind)

    @contextmanager
    def loop(self) -> Iterator[Loop]:
        made = Loop(self.block(), self.block())
        self.jump(made.begin)
        self.begin(made.begin)
        yield made
        self.jump(made.begin)
        self.begin(made.end)

    def stay(self, loop: Loop, condition: str) -> None:
        """Leave the loop unless an i1 holds."""
        inside = self.block()
        self.branch(condition, inside, loop.end)
        self.begin(inside)

    def leave(self, loop: Loop) -> None:
        """Leave the loop; what follows in this block is never reached."""
        self.jump(loop.end)
        self.begin(self.block())

    @contextmanager
    def counting(self, first: str | int, end: str | int) -> Iterator[str]:
        """A loop over `first, first + 1, ... end - 1`; yields the number."""
        number = self.variable(first)
        with self.loop() as loop:
            current = self.get(number)
            self.stay(loop, self.compare("ult", current, end))
            yield current
            self.set(number, self.binary("add", current, 1))

    def give(self, value: str | int | None = None) -> None:
        """Return; what follows in this block is never reached."""
        self.do("ret void" if value is None else f"ret {self._returns} {value}")
        self.begin(self.block())

    def finish(self, value: str | int | None = None) -> str:
        """Return at the end of the function; its text."""
        self.do("ret void" if value is None else f"ret {self._returns} {value}")
        return self.text()
