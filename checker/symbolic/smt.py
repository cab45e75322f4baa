"""From expression trees to z3: control is evaluated away, what is left speaks of data and is lowered.

Both passes are driven by the tree: each node kind becomes what it means. Data is of an uninterpreted sort,
and enum members, blocks and whole numbers become integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import z3

from splitproof.checker.search.engine import Limits, OutOfTimeError
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import (
    TRUE,
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
    """Discharges claims about data with z3, each once; those with one premise together.

    `queries`: how often z3 was asked. `claims`: how many different claims were discharged. A truth value is kept as
    its conjuncts, by number: few are ever different. `limits`: once their time is up, questions raise OutOfTimeError.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.queries = 0
        self._sort = z3.DeclareSort("Data")
        self._solver = z3.SimpleSolver()
        self._constants: dict[str, Any] = {}
        self._conjuncts: dict[tuple[Any, ...], int] = {}
        self._trees: list[Expr] = []
        self._lowered: list[tuple[Any, Any]] = []  # with its negation
        self._equations: dict[tuple[int, int, bool], tuple[int, ...]] = {}
        self._terms: dict[tuple[Any, ...], int] = {}
        self._numbers: dict[tuple[int, ...], int] = {}
        self._conjunctions: list[tuple[int, ...]] = []
        self._refutations: dict[Claim, str | None] = {}

    @property
    def claims(self) -> int:
        return len(self._refutations)

    def number(self, node: Expr) -> int:
        """The number of a truth value over data; equal trees have the same."""
        return self._conjunction(self._conjuncts_of(node))

    def label(self, facts: Iterable[tuple[int, int, bool]], values: Sequence[Expr]) -> int:
        """The number of: of each two values (by place), that they are equal, or that they differ."""
        terms = [self._terms.setdefault(key(value), len(self._terms)) for value in values]
        found: dict[int, None] = {}
        for first, second, equal in facts:
            pair = terms[first], terms[second], equal
            equation = self._equations.get(pair)
            if equation is None:
                node = values[first] == values[second]
                equation = self._equations[pair] = self._conjuncts_of(node if equal else ~node)
            found.update(dict.fromkeys(equation))
        return self._conjunction(tuple(found))

    def both(self, first: int, second: int) -> int:
        """The number of the conjunction of two truth values."""
        found = dict.fromkeys((*self._conjunctions[first], *self._conjunctions[second]))
        return self._conjunction(tuple(found))

    def _conjuncts_of(self, node: Expr) -> tuple[int, ...]:
        parts = node.operands if isinstance(node, And) else (node,)
        return tuple(dict.fromkeys(self._conjunct(part) for part in parts if part is not TRUE))

    def _conjunct(self, node: Expr) -> int:
        found = self._conjuncts.setdefault(key(node), len(self._trees))
        if found == len(self._trees):
            self._trees.append(node)
            lowered = self._lower(node)
            self._lowered.append((lowered, z3.Not(lowered)))
        return found

    def _conjunction(self, conjuncts: tuple[int, ...]) -> int:
        found = self._numbers.setdefault(conjuncts, len(self._conjunctions))
        if found == len(self._conjunctions):
            self._conjunctions.append(conjuncts)
        return found

    def discharge(self, claims: Iterable[Claim]) -> None:
        """Ask z3 whether premises imply all that is claimed of them, a question a premise.

        Where one does not, its claims are left to be asked for one by one.
        """
        together: dict[int, list[Claim]] = {}
        for claim in dict.fromkeys(claims):
            if claim not in self._refutations:
                together.setdefault(claim[0], []).append(claim)
        for premise, group in together.items():
            conclusions = {part for _, conclusion in group for part in self._conjunctions[conclusion]}
            if self._model(premise, sorted(conclusions)) is None:
                self._refutations.update(dict.fromkeys(group))

    def refutation(self, claim: Claim) -> str | None:
        """Data for which the claim fails, in words; None if there is none.

        Raises:
            RuntimeError: z3 gives up, which it does not on claims of this kind.
        """
        if claim not in self._refutations:
            premise, conclusion = claim
            model = self._model(premise, self._conjunctions[conclusion])
            self._refutations[claim] = None if model is None else self._describe(model, claim)
        return self._refutations[claim]

    def fails_with_two_values(self, claim: Claim) -> bool:
        """Whether the claim fails already with data of two values, which is what a search tries."""
        first, second = self._constant(name_of(BLANK)), self._constant("the other value")
        premise, conclusion = claim
        few = [z3.Or(one == first, one == second) for one in self._constants.values()]
        return self._model(premise, self._conjunctions[conclusion], few) is not None

    def _model(self, premise: int, conclusions: Sequence[int], assumptions: Sequence[Any] = ()) -> Any:
        """Data with which the premise holds and not all of some conjuncts do; None if there is none."""
        if self._limits.time_is_up:
            raise OutOfTimeError(self._limits.time_text)
        self.queries += 1
        self._solver.push()
        try:
            self._solver.add(*(self._lowered[part][0] for part in self._conjunctions[premise]))
            refuting = [self._lowered[part][1] for part in conclusions]
            self._solver.add(z3.Or(refuting) if refuting else z3.BoolVal(False), *assumptions)
            answer = self._solver.check()
            if answer == z3.unknown:
                implied = " & ".join(show(self._trees[part]) for part in conclusions)
                raise RuntimeError(f"z3 gives up on whether `{self._shown(premise)}` implies `{implied}`")
            return self._solver.model() if answer == z3.sat else None
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
        trees = (self._trees[part] for number in claim for part in self._conjunctions[number])
        parts = (part for tree in trees for part in walk(tree) if part.type is DATA)
        together: dict[str, list[str]] = {}
        for name in dict.fromkeys(name_of(part) for part in parts if isinstance(part, Const | Var | Param)):
            value = str(model.eval(self._constant(name), model_completion=True))
            together.setdefault(value, []).append(name)
        return ", ".join(f"{' = '.join(names)} = value {n}" for n, names in enumerate(together.values()))

    def _shown(self, number: int) -> str:
        return " & ".join(show(self._trees[part]) for part in self._conjunctions[number])


def name_of(node: Expr) -> str:
    """The name of a data constant in z3 and in messages; no variable has that of a parameter or of BLANK."""
    match node:
        case Var(name):
            return name
        case Param(name):
            return f"parameter {name}"
        case _:
            return "blank data"
