"""The reference evaluation: Kleene's truth tables, quantifiers, and what is not known."""

import itertools
from typing import Any

import pytest

from splitproof.model import UNKNOWN, Int, every, implies, ite, none, some
from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import At, Expr, Param, Var
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL

T, F, U = True, False, UNKNOWN
P, Q = Var("p", BOOL), Var("q", BOOL)
N, M = Var("n", Int(0, 3)), Var("m", Int(0, 3))


def value(node: Expr, blocks: int = 1, known: dict[str, Any] | None = None, **variables: Any) -> Any:
    """The value where the variables are as given: one value, or a list of one for each block."""

    def lookup(name: str, block: int | None, after: bool) -> Any:
        found = variables[name + ("_after" if after else "")]
        return found if block is None else found[block]

    return evaluate(node, lookup, blocks, known or {})


@pytest.mark.parametrize(
    ("p", "q", "conjunction", "disjunction", "implication"),
    [
        (T, T, T, T, T),
        (T, F, F, T, F),
        (T, U, U, T, U),
        (F, T, F, T, T),
        (F, F, F, F, T),
        (F, U, F, U, T),
        (U, T, U, T, T),
        (U, F, F, U, U),
        (U, U, U, U, U),
    ],
)
def test_kleene(p: Any, q: Any, conjunction: Any, disjunction: Any, implication: Any) -> None:
    assert value(P & Q, p=p, q=q) is conjunction
    assert value(P | Q, p=p, q=q) is disjunction
    assert value(implies(P, Q), p=p, q=q) is implication


@pytest.mark.parametrize(("p", "negation"), [(T, F), (F, T), (U, U)])
def test_negation(p: Any, negation: Any) -> None:
    assert value(~P, p=p) is negation


def test_what_is_known_decides_wherever_it_stands() -> None:
    for values in itertools.permutations([U, F, T]):
        operands: dict[str, Any] = dict(zip("pqr", values, strict=True))
        assert value(P & Q & Var("r", BOOL), **operands) is F
        assert value(P | Q | Var("r", BOOL), **operands) is T


@pytest.mark.parametrize(
    ("column", "for_every", "for_some", "for_none"),
    [
        ([T, T, T], T, T, F),
        ([T, F, T], F, T, F),
        ([F, F, F], F, F, T),
        ([T, U, T], U, T, F),
        ([U, F, U], F, U, U),
        ([F, U, F], F, U, U),
        ([U, F, T], F, T, F),
    ],
)
def test_quantifiers(column: list[Any], for_every: Any, for_some: Any, for_none: Any) -> None:
    def holds(block: Expr) -> Expr:
        return At("c", block, BOOL)

    assert value(every(holds), 3, c=column) is for_every
    assert value(some(holds), 3, c=column) is for_some
    assert value(none(holds), 3, c=column) is for_none


def test_nested_quantifiers_keep_their_blocks_apart() -> None:
    node = every(lambda b: some(lambda c: At("c", b, BOOL) == ~At("c", c, BOOL)))
    assert value(node, 2, c=[T, F]) is T
    assert value(node, 2, c=[T, T]) is F


@pytest.mark.parametrize(
    ("p", "yes", "no", "found"),
    [(T, 1, 2, 1), (F, 1, 2, 2), (T, 1, U, 1), (F, 1, U, U), (U, 1, 2, U), (U, 2, 2, 2), (U, U, U, U)],
)
def test_a_choice_that_makes_no_difference_is_known(p: Any, yes: Any, no: Any, found: Any) -> None:
    assert value(ite(P, N, M), p=p, n=yes, m=no) == found


@pytest.mark.parametrize(("n", "m"), [(U, 1), (1, U), (U, U)])
def test_what_is_computed_from_the_unknown_is_unknown(n: Any, m: Any) -> None:
    for node in (N == M, N != M, N < M, N <= M, N + M, N - M):
        assert value(node, n=n, m=m) is U


def test_numbers() -> None:
    assert value(N + M - 1, n=2, m=3) == 4
    assert value(N < M, n=2, m=3) is T
    assert value(N <= M, n=3, m=3) is T
    assert value(N > M, n=3, m=3) is F
    assert value(N.isin(0, 2), n=2) is T


def test_an_unknown_index_makes_the_value_unknown() -> None:
    reference = Var("r", BLOCK)
    assert value(At("c", reference, BOOL), 2, c=[F, T], r=1) is T
    assert value(At("c", reference, BOOL), 2, c=[T, T], r=U) is U
    assert value(At("c", reference, BOOL), 2, c=[T, U], r=1) is U


def test_membership() -> None:
    node = Param("chosen", BLOCK_SET)[Param("b", BLOCK)]
    assert value(node, 2, {"chosen": frozenset({1}), "b": 1}) is T
    assert value(node, 2, {"chosen": frozenset({1}), "b": 0}) is F
    assert value(node, 2, {"chosen": U, "b": 0}) is U
    assert value(node, 2, {"chosen": frozenset({1}), "b": U}) is U


def test_both_sides_of_a_step() -> None:
    assert value(Var("n", Int(0, 3), after=True) > N, n=1, n_after=2) is T


def test_the_unknown_is_no_truth_value_of_python() -> None:
    with pytest.raises(TypeError, match="UNKNOWN is neither true nor false; compare with `is UNKNOWN`"):
        bool(UNKNOWN)
    assert repr(UNKNOWN) == "UNKNOWN"
