"""From expression trees to z3: control is evaluated away, what is left speaks of data and is lowered.

Both passes are driven by the tree: each node kind becomes what it means. Data is of an uninterpreted sort,
and enum members, blocks and whole numbers become integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import z3

from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Less,
    Member,
    Not,
    Or,
    Param,
    Plus,
    Some,
    Var,
    all_of,
    any_of,
    children,
    ite,
    key,
    lift,
    show,
    walk,
)
from splitproof.model.state import default_of
from splitproof.model.types import BLOCK, BOOL, DATA, EnumType

__all__ = ["BLANK", "Claim", "DataSolver", "Lookup", "name_of", "residual"]

BLANK: Final = default_of(DATA)
"""What a data slot holds while it means nothing: a constant of the data sort like any other."""

Lookup = Callable[[str, int | None, bool], Expr]
"""(leaf, block or None, after the step?) to a constant, or to a tree over data."""

Claim = tuple[int, int]
"""That one tree implies another, for data of any kind; by the numbers that the solver has given them."""


def residual(node: Expr, lookup: Lookup, blocks: int, known: Mapping[str, Expr]) -> Expr:
    """What is left of a tree once control is known; a `Const` if nothing of it depends on data.

    `known`: values of parameters by name; a data parameter stands for itself.
    """

    def of(part: Expr) -> Expr:
        return residual(part, lookup, blocks, known)

    match node:
        case Const():
            return node
        case Var(name, _, after):
            return lookup(name, None, after)
        case Param(name):
            return known[name]
        case At(name, index, _, after):
            return _for_block(of(index), lambda block: lookup(name, block, after), blocks)
        case Member(chosen, block):
            members = of(chosen)
            assert isinstance(members, Const)  # a set of blocks is a parameter
            return _for_block(of(block), lambda one: Const(one in members.value, BOOL), blocks)
        case Not(operand):
            return _folded(~of(operand))
        case And(operands) | Or(operands):
            return (all_of if isinstance(node, And) else any_of)(*map(of, operands))
        case Every(bound, body) | Some(bound, body):
            cases = [{**known, bound.name: Const(block, BLOCK)} for block in range(blocks)]
            join = all_of if isinstance(node, Every) else any_of
            return join(*(residual(body, lookup, blocks, case) for case in cases))
        case Eq(left, right):
            return of(left) == of(right)
        case Less(left, right):
            return _folded(Less(of(left), of(right)))
        case Plus(left, right, sign):
            return _folded(Plus(of(left), of(right), sign))
        case Ite(condition, yes, no):
            test = of(condition)
            return (
                ite(test, of(yes), of(no)) if not isinstance(test, Const) else of(yes if test.value else no)
            )
        case _:
            raise TypeError(type(node))


def _for_block(index: Expr, of: Callable[[int], Expr], blocks: int) -> Expr:
    """The value for the block that the index is; in a ghost, that may depend on data."""
    if isinstance(index, Const):
        return of(index.value)
    found = of(blocks - 1)
    for block in reversed(range(blocks - 1)):
        found = ite(index == Const(block, BLOCK), of(block), found)
    return found


def _folded(node: Expr) -> Expr:
    """The constant that the node is, if everything below it is one."""
    if not all(isinstance(child, Const) for child in children(node)):
        return node
    return lift(evaluate(node, lambda name, block, after: None, blocks=0))


class DataSolver:
    """Discharges claims about data with z3, each once.

    `queries`: how often z3 was asked. `claims`: how many different claims were discharged.
    """

    def __init__(self) -> None:
        self.queries = 0
        self._sort = z3.DeclareSort("Data")
        self._solver = z3.SimpleSolver()
        self._constants: dict[str, Any] = {}
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._trees: list[Expr] = []
        self._lowered: list[Any] = []
        self._refutations: dict[Claim, str | None] = {}

    @property
    def claims(self) -> int:
        return len(self._refutations)

    def number(self, node: Expr) -> int:
        """The number of a truth value over data; equal trees have the same."""
        found = self._numbers.setdefault(key(node), len(self._trees))
        if found == len(self._trees):
            self._trees.append(node)
            self._lowered.append(self._lower(node))
        return found

    def refutation(self, claim: Claim) -> str | None:
        """Data for which the claim fails, in words; None if there is none.

        Raises:
            RuntimeError: z3 gives up, which it does not on claims of this kind.
        """
        if claim not in self._refutations:
            self._refutations[claim] = self._counterexample(claim, [])
        return self._refutations[claim]

    def fails_with_two_values(self, claim: Claim) -> bool:
        """Whether the claim fails already with data of two values, which is what a search tries."""
        first, second = self._constant(name_of(BLANK)), self._constant("the other value")
        return (
            self._counterexample(
                claim, [z3.Or(one == first, one == second) for one in self._constants.values()]
            )
            is not None
        )

    def _counterexample(self, claim: Claim, assumptions: list[Any]) -> str | None:
        self.queries += 1
        premise, conclusion = claim
        self._solver.push()
        try:
            self._solver.add(self._lowered[premise], z3.Not(self._lowered[conclusion]), *assumptions)
            answer = self._solver.check()
            if answer == z3.unknown:
                raise RuntimeError(
                    f"z3 gives up on whether `{self._shown(premise)}` implies `{self._shown(conclusion)}`"
                )
            return self._describe(self._solver.model(), claim) if answer == z3.sat else None
        finally:
            self._solver.pop()

    def _lower(self, node: Expr) -> Any:
        match node:
            case Const(bool(value)):
                return z3.BoolVal(value)
            case Const(value, EnumType(members=members)):
                return z3.IntVal(members.index(value))
            case Const() | Var() | Param() if node.type is DATA:
                return self._constant(name_of(node))
            case Const(int(value)):
                return z3.IntVal(value)
            case Not(operand):
                return z3.Not(self._lower(operand))
            case And(operands):
                return z3.And(*map(self._lower, operands))
            case Or(operands):
                return z3.Or(*map(self._lower, operands))
            case Eq(left, right):
                return self._lower(left) == self._lower(right)
            case Less(left, right):
                return self._lower(left) < self._lower(right)
            case Plus(left, right, sign):
                return self._lower(left) + sign * self._lower(right)
            case Ite(condition, yes, no):
                return z3.If(self._lower(condition), self._lower(yes), self._lower(no))
            case _:
                raise TypeError(f"`{show(node)}` is left over, but control is known when z3 is asked")

    def _constant(self, name: str) -> Any:
        if name not in self._constants:
            self._constants[name] = z3.Const(name, self._sort)
        return self._constants[name]

    def _describe(self, model: Any, claim: Claim) -> str:
        """The data that the claim speaks of; what has the same value together."""
        parts = (part for number in claim for part in walk(self._trees[number]) if part.type is DATA)
        together: dict[str, list[str]] = {}
        for name in dict.fromkeys(name_of(part) for part in parts if isinstance(part, Const | Var | Param)):
            value = str(model.eval(self._constant(name), model_completion=True))
            together.setdefault(value, []).append(name)
        return ", ".join(f"{' = '.join(names)} = value {n}" for n, names in enumerate(together.values()))

    def _shown(self, number: int) -> str:
        return show(self._trees[number])


def name_of(node: Expr) -> str:
    """The name of a data constant in z3 and in messages; no variable has that of a parameter or of BLANK."""
    match node:
        case Var(name):
            return name
        case Param(name):
            return f"parameter {name}"
        case _:
            return "blank data"
