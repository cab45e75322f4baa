"""Expressions are built as written, simplified where that loses nothing, and shown as a designer would write
them.
"""

import enum
from typing import Any

import pytest

from splitproof.model import (
    Block,
    Bool,
    Data,
    Int,
    Machine,
    Record,
    State,
    all_of,
    any_of,
    every,
    field,
    implies,
    ite,
    memory,
    none,
    some,
)
from splitproof.model.expressions import (
    FALSE,
    TRUE,
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Not,
    Or,
    Param,
    Var,
    children,
    key,
    lift,
    rewrite,
    same,
    show,
    walk,
)
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType
from splitproof.spec.vocabulary import Processor
from tests.model.sample_design import Phase

P, Q = Var("p", BOOL), Var("q", BOOL)
N = Var("n", Int(0, 3))
B = Param("b", BLOCK)


def column(block: object) -> Expr:
    return At("c", lift(block, BLOCK), BOOL)


SHOWN: list[tuple[Any, str]] = [
    (P & Q & ~P, "p & q & ~p"),
    (P & (Q | ~P), "p & (q | ~p)"),
    ((P & Q) | ~(P | Q), "(p & q) | ~(p | q)"),
    (N + 1 < N, "(n + 1) < n"),
    (1 + N, "1 + n"),
    (2 - N, "2 - n"),
    (N <= 2, "~(2 < n)"),
    (N >= 2, "~(n < 2)"),
    (2 > N, "n < 2"),  # noqa: SIM300  # the reflected operator
    (2 <= N, "~(n < 2)"),  # noqa: SIM300  # the reflected operator
    (Var("phase", EnumType.of(Phase)) != Phase.IDLE, "~(phase == IDLE)"),
    (Var("phase", EnumType.of(Phase)).isin(*Phase), "(phase == IDLE) | (phase == BUSY)"),
    (implies(P, Q), "~p | q"),
    (ite(P, N, 0) == 1, "ite(p, n, 0) == 1"),
    (Param("chosen", BLOCK_SET)[B], "chosen[b]"),
    (At("c", Var("r", BLOCK), BOOL, after=True), "c[r]'"),
    (every(lambda b: some(lambda c: column(b) & column(c))), "every b1: (some b2: (c[b1] & c[b2]))"),
    (none(column) | some(column), "(every b1: ~c[b1]) | (some b2: c[b2])"),
]


@pytest.mark.parametrize(("node", "text"), SHOWN)
def test_shown_as_it_would_be_written(node: Expr, text: str) -> None:
    assert show(node) == text


@pytest.mark.parametrize(
    ("node", "simplified"),
    [
        (P & True, P),
        (True & P, P),
        (P & False, FALSE),
        (P | True, TRUE),
        (False | P, P),
        (P & P, P),
        (~~P, P),
        (~TRUE, FALSE),
        (P == True, P),  # noqa: E712  # builds a node
        (P == False, ~P),  # noqa: E712  # builds a node
        (P == P, TRUE),  # builds a node
        (Var("n", Int(0, 3)) == N, TRUE),
        (lift(1) == 2, FALSE),
        (ite(P, N, N), N),
        (ite(True, P, Q), P),
        (all_of(), TRUE),
        (any_of(), FALSE),
        (all_of(P, all_of(Q, P)), And((P, Q))),
        (any_of(any_of(P, Q), FALSE), Or((P, Q))),
    ],
)
def test_simplified(node: Expr, simplified: Expr) -> None:
    assert same(node, simplified)


def test_nodes_are_what_the_operators_say() -> None:
    assert isinstance(P == Q, Eq)
    assert isinstance(P != Q, Not)
    assert isinstance(ite(P, 1, 2), Ite)
    assert ite(P, 1, 5).type == Int(1, 5)
    assert (N + N).type == Int(0, 6)
    assert (N - 1).type == Int(-1, 2)
    assert isinstance(every(column), Every)


def test_trees_are_the_same_whatever_their_bound_blocks_are_called() -> None:
    assert same(every(column), every(column))
    assert key(every(column)) == key(every(column))
    assert not same(every(column), some(column))
    assert not same(every(lambda b: some(lambda c: column(b))), every(lambda b: some(column)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (P, Q),
        (P, Var("p", BOOL, after=True)),
        (TRUE, lift(1)),
        (N + 1, N - 1),
        (column(B), column(Param("c", BLOCK))),
        (lift(Phase.IDLE), lift(Phase.BUSY)),
    ],
)
def test_trees_that_are_not_the_same(left: Expr, right: Expr) -> None:
    assert not same(left, right)
    assert key(left) != key(right)


def test_nodes_are_hashed_by_identity() -> None:
    assert len({P, Q, Var("p", BOOL)}) == 3
    assert {P: 1}[P] == 1


def test_walking_visits_every_node_once() -> None:
    node = ite(P, N + 1, 0) == 1
    assert [show(part) for part in walk(node)] == [
        "ite(p, n + 1, 0) == 1",
        "ite(p, n + 1, 0)",
        "p",
        "n + 1",
        "n",
        "1",
        "0",
        "1",
    ]
    assert [show(child) for child in children(node)] == ["ite(p, n + 1, 0)", "1"]


EVERY_KIND = all_of(
    ite(P, N + 1, N - 1) < 2,
    every(lambda b: ~column(b)) | some(lambda b: Param("chosen", BLOCK_SET)[b] & (b == B)),
    (N == 3) == Q,
)


def test_rewriting_nothing_gives_the_same_tree() -> None:
    assert same(rewrite(EVERY_KIND, lambda node: None), EVERY_KIND)


def test_rewriting_exchanges_the_topmost_nodes_of_every_kind() -> None:
    renamed = rewrite(
        EVERY_KIND, lambda node: Var("m", Int(0, 3)) if isinstance(node, Var) and node.name == "n" else None
    )
    assert show(renamed) == show(EVERY_KIND).replace("n +", "m +").replace("n -", "m -").replace(
        "n ==", "m =="
    )
    indexed = rewrite(column(B), lambda node: Var("r", BLOCK) if node is B else None)
    assert show(indexed) == "c[r]"


class Hand(Record):
    busy = field(Bool, "a bool")
    block = field(Block, "a reference", while_=lambda r: r.busy)
    data = field(Data, "data", while_=lambda r: r.busy)
    seen = field(Bool, "a bool per block", per_block=True)


def test_the_state_is_read_by_name_field_and_block() -> None:
    class Row(Record):
        data = field(Data, "data", while_=lambda r: r.dirty)
        dirty = field(Bool, "a bool")

    machine = Machine("design")
    own = memory(Processor("disk"))
    machine.memory("hand", Hand, "a record", cell=own)
    machine.memory("row", Row, "a record per block", cell=own, per_block=True)
    machine.memory("mode", enum.Enum("Mode", ["A", "B"]), "an enum", cell=own)
    machine.predicate("held", "a word", lambda s, b: s.hand.busy & (s.hand.block == b))
    s = State(machine)
    after: Any = State(machine, after=True)
    assert [
        show(node) for node in (s.hand.busy, s["mode"], s.row[B].dirty, s.row.dirty[B], s.hand.seen[B])
    ] == [
        "hand.busy",
        "mode",
        "row.dirty[b]",
        "row.dirty[b]",
        "hand.seen[b]",
    ]
    assert show(s.held[s.hand.block]) == "hand.busy"
    assert show(after.held[B]) == "hand.busy' & (hand.block' == b)"
    assert s.hand.data.type is DATA


def test_constants_of_each_type() -> None:
    assert isinstance(lift(Phase.IDLE), Const)
    assert lift(True) is TRUE
    assert lift(3).type == Int(3, 3)
    assert lift(Phase.BUSY).type.describe() == "Phase.IDLE | Phase.BUSY"
