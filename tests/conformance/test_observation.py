"""The properties of the model judge a real controller, unchanged: what holds, fails, and cannot be known."""

import dataclasses
import subprocess
import sys
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitproof.conformance.observation import (
    OBSERVED,
    Holds,
    Observation,
    Unknown,
    Violated,
    judge,
    judge_step,
)
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.errors import ModelError
from splitproof.model.evaluation import UNKNOWN, evaluate
from splitproof.model.expressions import Expr, Param, lift
from splitproof.model.machine import Machine
from splitproof.model.properties import trace_property
from splitproof.model.state import State
from splitproof.model.types import DATA
from splitproof.spec.properties import Kind, Property, always
from splitproof.spec.split_backup import (
    LEGAL_PAIR_TRANSITIONS,
    PROPERTIES,
    READ_LATEST_WRITE,
    SPLIT_DOES_NOT_WAIT,
    TAPE_IS_IMAGE,
)
from splitproof.spec.vocabulary import PairState

# ---- the judge, three-valued -------------------------------------------------------------------

TAPED: dict[tuple[str, int | None], object] = {
    ("tape.written", 0): True,
    ("tape.data", 0): b"a",
    ("backup_image", 0): b"a",
}


def test_equal_data_of_any_kind_holds_and_its_trigger_is_seen() -> None:
    for data in (b"", b"\x00" * 512, b"\xff"):
        verdict = judge(
            TAPE_IS_IMAGE, Observation(1, {**TAPED, ("tape.data", 0): data, ("backup_image", 0): data})
        )
        assert isinstance(verdict, Holds)
        assert verdict.findings[0].triggered is True


@pytest.mark.parametrize("hidden", TAPED)
def test_hiding_any_cell_that_a_verdict_needs_makes_it_unknown(hidden: tuple[str, int | None]) -> None:
    for cells in ({c: v for c, v in TAPED.items() if c != hidden}, {**TAPED, hidden: UNKNOWN}):
        for data in (b"a", b"b"):
            shown = {**cells, ("backup_image", 0): data} if hidden[0] != "backup_image" else cells
            verdict = judge(TAPE_IS_IMAGE, Observation(1, shown))
            if hidden[0] == "tape.written" and data == b"a":
                assert isinstance(verdict, Holds)  # written or not, the data is right
                assert verdict.findings[0].triggered is None
            else:
                assert isinstance(verdict, Unknown)
                assert verdict.blocks == (0,)


def test_an_unknown_verdict_names_the_cells_that_it_lacks() -> None:
    verdict = judge(TAPE_IS_IMAGE, Observation(2, {("tape.written", 0): False, ("tape.written", 1): True}))
    assert str(verdict) == "UNKNOWN  tape-is-image  block 1  not observed: tape[1].data, backup_image[1]"


def test_a_violation_stands_whatever_else_was_not_observed() -> None:
    verdict = judge(TAPE_IS_IMAGE, Observation(3, {**TAPED, ("tape.data", 0): b"b"}))
    assert isinstance(verdict, Violated)
    assert verdict.blocks == (0,)
    assert [finding.holds for finding in verdict.findings] == [False, None, None]


def test_what_is_not_written_holds_without_a_trigger() -> None:
    verdict = judge(TAPE_IS_IMAGE, Observation(1, {("tape.written", 0): False}))
    assert isinstance(verdict, Holds)
    assert verdict.findings[0].triggered is False


def test_a_write_that_is_not_acknowledged_yet_may_be_read() -> None:
    cells: dict[tuple[str, int | None], object] = {
        ("logical", 0): b"new",
        ("last_acknowledged", 0): b"old",
        ("being_written", 0): True,
        ("incoming", 0): b"new",
    }
    assert isinstance(judge(READ_LATEST_WRITE, Observation(1, cells)), Holds)
    assert isinstance(judge(READ_LATEST_WRITE, Observation(1, {**cells, ("incoming", 0): b"x"})), Violated)
    assert isinstance(judge(READ_LATEST_WRITE, Observation(1, {**cells, ("incoming", 0): UNKNOWN})), Unknown)


always_properties = pytest.mark.parametrize(
    "item", [item for item in PROPERTIES if item.kind is Kind.ALWAYS], ids=lambda item: item.id
)
properties = pytest.mark.parametrize(
    "item", [item for item in PROPERTIES if item.kind in (Kind.ALWAYS, Kind.STEP)], ids=lambda item: item.id
)


def ask(item: Property, seen: Observation) -> Holds | Violated | Unknown:
    """Of one observation, or of a step that shows nothing else."""
    return judge(item, seen) if item.kind is Kind.ALWAYS else judge_step(item, seen, seen)


@properties
def test_every_property_of_a_kind_that_is_observed_can_be_asked_and_seeing_nothing_is_unknown(
    item: Property,
) -> None:
    assert isinstance(ask(item, Observation(2, {})), Unknown)


@properties
def test_the_observed_words_have_the_types_that_the_model_gives_them(item: Property) -> None:
    model = machine_of(design_named("third-embodiment-closed"))
    for name in sorted(words(item)):
        assert type_in(OBSERVED, name) == type_in(model, name), name


def words(item: Property) -> set[str]:
    verdict = ask(item, Observation(1, {}))
    return {name for finding in verdict.findings for name, *_ in finding.cells}


def type_in(machine: Machine, name: str) -> tuple[str, bool]:
    """The type of a variable or a predicate, and whether there is one a block."""
    first, _, field = name.partition(".")
    value: Any = getattr(State(machine), first)
    value = getattr(value, field) if field else value
    per_block = not isinstance(value, Expr)
    return lift(value[BLOCK_PARAMETER] if per_block else value).type.describe(), per_block


@always_properties
@given(data=st.data(), blocks=st.integers(1, 3))
def test_the_verdict_is_that_of_the_closed_tree(item: Property, data: st.DataObject, blocks: int) -> None:
    """Block by block, as `judge` goes, and under the quantifier, as an engine does."""
    cells: dict[tuple[str, int | None], object] = {}
    for leaf in (OBSERVED.leaves[name] for name in sorted(words(item))):
        values = (b"a", b"b") if leaf.type is DATA else leaf.type.values(blocks)
        for block in range(blocks) if leaf.per_block else (None,):
            cells[leaf.name, block] = data.draw(st.sampled_from([*values, UNKNOWN]))
    observation = Observation(blocks, cells)
    closed = trace_property(OBSERVED, item).for_all_blocks
    value = evaluate(closed, lambda name, block, after: observation[name, block], blocks)
    expected = Unknown if value is UNKNOWN else Holds if value else Violated
    assert type(judge(item, observation)) is expected


def test_a_property_sees_symbols_and_never_what_was_observed() -> None:
    seen: list[tuple[Any, ...]] = []

    def spied(function: Callable[..., Any]) -> Callable[..., Any]:
        def spy(*arguments: Any) -> Any:
            seen.append(arguments)
            return function(*arguments)

        return spy

    assert TAPE_IS_IMAGE.trigger is not None
    item = dataclasses.replace(
        TAPE_IS_IMAGE, holds=spied(TAPE_IS_IMAGE.holds), trigger=spied(TAPE_IS_IMAGE.trigger)
    )
    for written in (True, False, UNKNOWN, True):
        judge(item, Observation(1, {**TAPED, ("tape.written", 0): written, ("tape.data", 0): b"b"}))
    assert len(seen) == 2, "traced once: holds and trigger"
    assert all(isinstance(s, State) and isinstance(b, Param) for s, b in seen)


def test_a_negated_truth_value_is_not_a_python_integer() -> None:
    """`~True` is -2 in Python, which is truthy: the function itself would let every tape pass."""
    seen = SimpleNamespace(tape=[SimpleNamespace(written=True, data=b"b")], backup_image=[b"a"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later warn of ~True
        assert TAPE_IS_IMAGE.holds(seen, 0)
    assert isinstance(judge(TAPE_IS_IMAGE, Observation(1, {**TAPED, ("tape.data", 0): b"b"})), Violated)


def test_too_few_blocks_for_a_property_is_unknown() -> None:
    item = dataclasses.replace(TAPE_IS_IMAGE, needs_blocks=2)
    verdict = judge(item, Observation(1, TAPED))
    assert str(verdict) == "UNKNOWN  tape-is-image  it means nothing below 2 blocks"


# ---- what is refused ---------------------------------------------------------------------------


def test_a_verdict_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="match it with Holds, Violated and Unknown"):
        bool(judge(TAPE_IS_IMAGE, Observation(1, {})))


VIEWS = ("pair.source_view", None), ("pair.target_view", None)


def seen_views(source: PairState, target: PairState) -> Observation:
    return Observation(1, {VIEWS[0]: source, VIEWS[1]: target, ("target_view_outstanding", None): False})


@pytest.mark.parametrize(
    ("target", "expected"), [(PairState.SPLIT_PENDING, Holds), (PairState.SPLIT, Violated)]
)
def test_a_step_is_judged_over_the_observations_before_and_after_it(
    target: PairState, expected: type[Holds | Violated]
) -> None:
    before, after = seen_views(PairState.DUPLEX, PairState.DUPLEX), seen_views(PairState.SPLIT, target)
    verdict = judge_step(LEGAL_PAIR_TRANSITIONS, before, after)
    assert type(verdict) is expected
    assert verdict.findings[0].triggered is True
    if isinstance(verdict, Violated):
        assert "pair.target_view afterwards" in str(verdict)


def test_a_step_between_volumes_of_different_sizes_is_none() -> None:
    with pytest.raises(ValueError, match="a step from 1 to 2 blocks is none"):
        judge_step(LEGAL_PAIR_TRANSITIONS, Observation(1, {}), Observation(2, {}))


def test_a_property_of_another_kind_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"tape-is-image is of kind always; a step decides .* kind step only"
    ):
        judge_step(TAPE_IS_IMAGE, Observation(1, {}), Observation(1, {}))
    with pytest.raises(ValueError, match=r"split-does-not-wait is of kind possible; .* of kind always only"):
        judge(SPLIT_DOES_NOT_WAIT, Observation(1, {}))


def test_a_property_with_a_word_that_is_not_observed_is_refused_by_name() -> None:
    item = always("of-a-lock", "the lock is held", holds=lambda s, b: s.lock[b])
    with pytest.raises(ModelError, match=r"of-a-lock cannot be asked of an observation: .* `lock`"):
        judge(item, Observation(1, {}))


@pytest.mark.parametrize(
    ("blocks", "cell", "value", "message"),
    [
        (0, ("tape.data", 0), b"", "an observation of 0 blocks would satisfy anything"),
        (1, ("tape.date", 0), b"", "called tape.date; did you mean tape.data"),
        (1, ("tape.data", 1), b"", r"tape\[1\].data is no cell; tape.data has one for each block, 0 to 0"),
        (1, ("tape.data", None), b"", "tape.data is no cell"),
        (1, ("pair.source_view", 0), True, r"pair\[0\].source_view is no cell; .* is not per block"),
        (
            1,
            ("tape.data", 0),
            bytearray(b"a"),
            r"tape\[0\].data was observed as .* type bytearray; it takes bytes",
        ),
        (1, ("tape.data", 0), None, "type NoneType; it takes bytes"),
        (1, ("tape.written", 0), 1, "type int; it takes True or False"),
        (1, ("pair.source_view", None), "split", "it takes PairState.SIMPLEX"),
    ],
)
def test_an_observation_of_something_else_is_refused(
    blocks: int, cell: tuple[str, int | None], value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Observation(blocks, {cell: value})


def test_judging_loads_neither_hypothesis_nor_pytest_nor_a_prover() -> None:
    code = "import sys, splitproof.conformance; print({'hypothesis', 'pytest', 'z3'} & set(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert finished.stdout.strip() == "set()"
