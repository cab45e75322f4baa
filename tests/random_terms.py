"""Random trees of the language: drawn first as nested tuples, because the language calls some functions more
than once, and then turned into symbolic values. What a scope does not allow is not drawn.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from splitproof.model.expressions import all_of, any_of, every, implies, ite, lift, none, some
from splitproof.model.records import Block, Bool, Data
from splitproof.model.types import Int

__all__ = [
    "DECLARED",
    "NUMBERS",
    "PLAIN",
    "VALUES",
    "Builder",
    "Draw",
    "Drawer",
    "Leaf",
    "Phase",
    "Scope",
    "Spec",
    "write",
    "write_each",
]

Spec = tuple[Any, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]


class Phase(enum.Enum):
    REST = "rest"
    WORK = "work"
    DONE = "done"


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


DECLARED: dict[str, Any] = {
    "bool": Bool,
    "phase": Phase,
    "mode": Mode,
    "low": Int(0, 2),
    "high": Int(1, 3),
    "signed": Int(-1, 1),
    "data": Data,
    "block": Block,
}
VALUES: dict[str, tuple[Any, ...]] = {
    "bool": (False, True),
    "phase": tuple(Phase),
    "mode": tuple(Mode),
    "low": (0, 1, 2),
    "high": (1, 2, 3),
    "signed": (-1, 0, 1),
}
NUMBERS = ("low", "high", "signed")
PLAIN = ("bool", "phase", "mode", *NUMBERS)


@dataclass(frozen=True)
class Leaf:
    """A variable that was declared: `path` as it is read, `where` its cell by name.

    `condition`: the leaf that says when it means something, with the values for which it does.
    """

    path: str
    kind: str
    per_block: bool
    where: str
    condition: tuple[Leaf, tuple[Any, ...]] | None = None

    def read(self, term: Spec | None, after: bool = False) -> Spec:
        return ("read", self.path, term if self.per_block else None, after)

    def meaning(self, term: Spec | None, after: bool = False) -> Spec:
        """When it means something; for a reference, which always has a condition."""
        assert self.condition is not None
        leaf, values = self.condition
        now = leaf.read(term, after)
        if leaf.kind == "bool":
            return now if values == (True,) else ("not", now)
        return ("among", now, values)


@dataclass(frozen=True)
class Scope:
    """What an expression may read. `columns`: with the block terms they may be indexed by; None for any.

    `blocks`: block terms at hand; `data`, `sets`: parameters; `judges`: data may be compared.
    """

    variables: tuple[Leaf, ...]
    columns: tuple[tuple[Leaf, tuple[Spec, ...] | None], ...] = ()
    quantified: tuple[Leaf, ...] = ()
    blocks: tuple[Spec, ...] = ()
    data: tuple[Spec, ...] = ()
    sets: tuple[str, ...] = ()
    judges: bool = False
    over_step: bool = False


@cache
def _below(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


class Drawer:
    """Draws specs of values that a scope allows."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def one(self, *options: Any) -> Any:
        return options[self.below(len(options))] if len(options) > 1 else options[0]

    def below(self, bound: int) -> int:
        return int(self.draw(_below(bound)))

    def chance(self, percent: int) -> bool:
        return self.below(100) >= 100 - percent  # shrinks towards what does not happen

    def value(self, scope: Scope, kind: str, depth: int = 2) -> Spec:
        """A value of a kind; a number of any kind lies in the domain of its own kind."""
        if kind == "bool":
            return self.truth(scope, depth)
        found = list(scope.blocks) if kind == "block" else 3 * list(self._reads(scope, kind))
        if kind == "data":
            found += scope.data
        elif kind != "block":
            found += [("const", value) for value in VALUES[kind]]
        if not found:
            return ("none",)
        if depth > 0 and self.chance(20):
            branches = (self.value(scope, kind, depth - 1) for _ in range(2))
            return ("ite", self.truth(scope, depth - 1), *branches)
        chosen: Spec = self.one(*found)
        return chosen

    def _reads(self, scope: Scope, kind: str) -> Iterator[Spec]:
        after = scope.over_step and self.chance(50)
        return (leaf.read(term, after) for leaf, term in self._places(scope, kind))

    def _places(self, scope: Scope, kind: str) -> Iterator[tuple[Leaf, Spec | None]]:
        for leaf in scope.variables:
            if leaf.kind == kind:
                yield leaf, None
        for leaf, terms in scope.columns:
            if leaf.kind == kind:
                for term in scope.blocks if terms is None else terms:
                    yield leaf, term

    def truth(self, scope: Scope, depth: int = 2) -> Spec:
        forms = ["read", "read", "equal", "member", "among"]
        if depth > 0:
            forms += ["not", "and", "or", "less", "ite", "quantified", "implies", "equal", "reference"]
        form = self.one(*forms)
        below = depth - 1
        if form == "not":
            return ("not", self.truth(scope, below))
        if form in ("and", "or"):
            count = 2 + self.below(2)
            return (form, *(self.truth(scope, below) for _ in range(count)))
        if form == "implies":
            return ("implies", self.truth(scope, below), self.truth(scope, below))
        if form == "ite":
            return ("ite", *(self.truth(scope, below) for _ in range(3)))
        if form == "less":
            sides = [self.number(scope, below), self.number(scope, below)]
            return (self.one("less", "at most"), *sides)
        if form == "quantified":
            return self._quantified(scope, below)
        if form == "reference":
            return self._reference(scope, below)
        return self._atom(scope, form, below)

    def _atom(self, scope: Scope, form: str, depth: int) -> Spec:
        if form == "member" and scope.sets and scope.blocks:
            return ("member", self.one(*scope.sets), self.one(*scope.blocks))
        if form == "among":
            kind = self.one("phase", "low", "mode")
            return (
                "among",
                self.value(scope, kind, depth),
                self.draw(st.sets(st.sampled_from(VALUES[kind]), min_size=1)),
            )
        if form == "equal":
            kinds = ["phase", "mode", "low", "block", "bool"] + (["data"] if scope.judges else [])
            kind = self.one(*kinds)
            if kind == "low" and depth > 0:
                return ("equal", self.number(scope, depth), self.number(scope, depth))
            left = self.value(scope, kind, min(depth, 1)) if kind != "bool" else self._flag(scope)
            right = self.value(scope, kind, min(depth, 1)) if kind != "bool" else self._flag(scope)
            if ("none",) not in (left, right):
                return ("equal", left, right)
        return self._flag(scope)

    def _flag(self, scope: Scope) -> Spec:
        found = list(self._reads(scope, "bool"))
        if not found:
            members = self.one((Phase.REST,), (Phase.WORK,), (Phase.WORK, Phase.DONE))
            return ("among", self.value(scope, "phase", 0), members)
        chosen: Spec = self.one(*found)
        return chosen

    def _quantified(self, scope: Scope, depth: int) -> Spec:
        bound = f"q{depth}"
        term = ("bound", bound)
        columns: list[tuple[Leaf, tuple[Spec, ...] | None]] = [
            item for item in scope.columns if item[1] is None
        ]
        columns += [(leaf, (term,)) for leaf in scope.quantified]
        inner = replace(scope, columns=tuple(columns), blocks=(*scope.blocks, term))
        return (self.one("every", "some", "no"), bound, self.truth(inner, depth))

    def _reference(self, scope: Scope, depth: int) -> Spec:
        """Something about the block that a variable refers to, where it refers to one."""
        found = list(self._places(scope, "block"))
        if not found:
            return self.truth(scope, depth)
        leaf, term = self.one(*found)
        after = scope.over_step and self.chance(50)
        body = self.truth(replace(scope, blocks=(*scope.blocks, leaf.read(term, after))), depth)
        return (self.one("and", "implies"), leaf.meaning(term, after), body)

    def number(self, scope: Scope, depth: int) -> Spec:
        """A number of any size."""
        left = self.value(scope, self.one(*NUMBERS), min(depth, 1))
        if depth > 0 and self.chance(40):
            return (self.one("plus", "minus"), left, self.value(scope, self.one(*NUMBERS), 0))
        return left


class Builder:
    """Turns specs into symbolic values of a state (and the state after it)."""

    def __init__(self, state: Any, terms: dict[str, Any], after: Any = None) -> None:
        self.state = state
        self.after = after
        self.terms = dict(terms)

    def __call__(self, spec: Spec) -> Any:
        form, *parts = spec
        if form == "const":
            return lift(parts[0])
        if form == "bound" or form == "parameter":
            return self.terms[parts[0]]
        if form == "read":
            path, term, after = parts
            return read(self.after if after else self.state, path, None if term is None else self(term))
        if form == "member":
            return self.terms[parts[0]][self(parts[1])]
        if form == "among":
            return self(parts[0]).isin(*sorted(parts[1], key=str))
        if form in ("every", "some", "no"):
            return {"every": every, "some": some, "no": none}[form](self.of_bound(parts[0], parts[1]))
        return self._operation(form, [self(part) for part in parts])

    def _operation(self, form: str, operands: list[Any]) -> Any:
        operations: dict[str, Callable[..., Any]] = {
            "not": lambda a: ~a,
            "and": all_of,
            "or": any_of,
            "implies": implies,
            "ite": ite,
            "equal": lambda a, b: a == b,
            "less": lambda a, b: a < b,
            "at most": lambda a, b: a <= b,
            "plus": lambda a, b: a + b,
            "minus": lambda a, b: a - b,
        }
        return operations[form](*operands)

    def of_bound(self, bound: str, body: Spec) -> Callable[[Any], Any]:
        def holds(block: Any) -> Any:
            inner = Builder(self.state, {**self.terms, bound: block}, self.after)
            return inner(body)

        return holds


def read(state: Any, path: str, block: Any) -> Any:
    """The variable at `a` or `a.b`, for a block if one is given."""
    name, _, part = path.partition(".")
    found = getattr(state[name], part) if part else state[name]
    return found if block is None else found[block]


def write(state: Any, path: str, block: Any, value: Any) -> None:
    name, _, part = path.partition(".")
    if block is not None:
        (getattr(state[name], part) if part else state[name])[block] = value
    elif part:
        setattr(state[name], part, value)
    else:
        state[name] = value


def write_each(state: Any, path: str, value: Callable[[Any], Any]) -> None:
    name, _, part = path.partition(".")
    (getattr(state[name], part) if part else state[name]).each(value)
