"""Ground trees as clauses of propositional logic (Tseitin): what a slot holds is bits, as in `Packing`.

A truth value becomes a literal, any other value a literal for each value that it may have. Literals are whole numbers
as in DIMACS: variables 1 to `bits` are the state, and `bits` more the state after a step, where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from splitproof.checker.ground.packing import Packing
from splitproof.model.expressions import And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BOOL

__all__ = ["Circuit"]


class Circuit:
    """Clauses that define literals over a state.

    `clauses`, `variables`: what has been defined so far. `true`: a literal that holds.
    """

    def __init__(self, packing: Packing) -> None:
        self.packing = packing
        self.variables = 2 * packing.bits
        self.clauses: list[tuple[int, ...]] = []
        self.true = self.new()
        self.clauses.append((self.true,))
        self._truths: dict[Expr, int] = {}
        self._cases: dict[Expr, dict[Any, int]] = {}
        self._junctions: dict[tuple[int, ...], int] = {}

    def new(self) -> int:
        """A further variable."""
        self.variables += 1
        return self.variables

    def bit(self, index: int, *, after: bool = False) -> int:
        """A bit of the packed state."""
        return index + 1 + (self.packing.bits if after else 0)

    def all_of(self, literals: list[int]) -> int:
        """A literal that holds where all of them do."""
        kept = tuple(sorted({literal for literal in literals if literal != self.true}))
        if -self.true in kept or any(-literal in kept for literal in kept):
            return -self.true
        if not kept:
            return self.true
        if len(kept) == 1:
            return kept[0]
        if kept not in self._junctions:
            found = self._junctions[kept] = self.new()
            self.clauses += [(-found, literal) for literal in kept]
            self.clauses.append((found, *(-literal for literal in kept)))
        return self._junctions[kept]

    def any_of(self, literals: list[int]) -> int:
        """A literal that holds where one of them does."""
        return -self.all_of([-literal for literal in literals])

    def truth(self, node: Expr) -> int:
        """The literal of a truth value."""
        if node not in self._truths:
            self._truths[node] = self._truth(node)
        return self._truths[node]

    def _truth(self, node: Expr) -> int:
        match node:
            case Const(value):
                return self.true if value else -self.true
            case Var():
                return self.cases(node).get(True, -self.true)
            case Not(operand):
                return -self.truth(operand)
            case And(operands):
                return self.all_of([self.truth(part) for part in operands])
            case Or(operands):
                return self.any_of([self.truth(part) for part in operands])
            case Eq(left, right) if left.type is BOOL:
                one, other = self.truth(left), self.truth(right)
                return self.any_of([self.all_of([one, other]), self.all_of([-one, -other])])
            case Eq(left, right):
                ours, theirs = self.cases(left), self.cases(right)
                return self.any_of([self.all_of([ours[v], theirs[v]]) for v in ours if v in theirs])
            case Less(left, right):
                pairs = [
                    self.all_of([one, other])
                    for low, one in self.cases(left).items()
                    for high, other in self.cases(right).items()
                    if low < high
                ]
                return self.any_of(pairs)
            case Ite(condition, yes, no):
                test = self.truth(condition)
                branches = [self.all_of([test, self.truth(yes)]), self.all_of([-test, self.truth(no)])]
                return self.any_of(branches)
            case _:
                raise TypeError(type(node))

    def cases(self, node: Expr) -> Mapping[Any, int]:
        """For each value that the tree may have, the literal that it has it."""
        if node not in self._cases:
            self._cases[node] = self._values(node)
        return self._cases[node]

    def _values(self, node: Expr) -> dict[Any, int]:
        if node.type is BOOL and not isinstance(node, Var):
            holds = self.truth(node)
            return {True: holds, False: -holds}
        match node:
            case Const(value):
                return {value: self.true}
            case Var(name):
                return {
                    value: self.all_of(self.holds(name, value))
                    for value in self.packing.fields[name].slot.values
                }
            case Ite(condition, yes, no):
                test, ours, theirs = self.truth(condition), self.cases(yes), self.cases(no)
                return {
                    value: self.any_of(
                        [
                            self.all_of([test, ours.get(value, -self.true)]),
                            self.all_of([-test, theirs.get(value, -self.true)]),
                        ]
                    )
                    for value in dict.fromkeys([*ours, *theirs])
                }
            case Plus(left, right, sign):
                sums: dict[Any, list[int]] = {}
                for one, is_one in self.cases(left).items():
                    for other, is_other in self.cases(right).items():
                        sums.setdefault(one + sign * other, []).append(self.all_of([is_one, is_other]))
                return {value: self.any_of(literals) for value, literals in sums.items()}
            case _:
                raise TypeError(type(node))

    def holds(self, name: str, value: Any, *, after: bool = False) -> list[int]:
        """The bits of a slot for a value, as literals."""
        found = self.packing.fields[name]
        code = found.codes[value]
        return [
            self.bit(found.shift + index, after=after) * (1 if code >> index & 1 else -1)
            for index in range(found.bits)
        ]
