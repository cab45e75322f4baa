"""States as integers: bit fields, the order of words, and values that do not fit."""

import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from splitproof.checker.ground.packing import Packing
from splitproof.model.cells import Cell, memory
from splitproof.model.errors import ModelError
from splitproof.model.layout import Layout
from splitproof.model.machine import Machine
from splitproof.model.records import Block, Bool, Record, field
from splitproof.model.types import Int
from splitproof.spec.vocabulary import HOST_PORT


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Only(enum.Enum):
    ONE = "one"


class Hand(Record):
    full = field(Bool, "something is in it")
    block = field(Block, "which block", while_=lambda r: r.full)


def machine() -> Machine:
    made = Machine("packed")
    made.memory("hand", Hand, "one hand", cell=memory(HOST_PORT))
    made.shared("colour", Colour, "one of three", cell=Cell("colour"))
    made.shared("only", Only, "always the same", cell=Cell("only"))
    made.shared("level", Int(-2, 2), "per block", cell=Cell("level", per_block=True), per_block=True)
    made.shared("lit", Bool, "per block", cell=Cell("lit", per_block=True), per_block=True)
    return made


def packing(blocks: int) -> Packing:
    return Packing(Layout(machine(), blocks))


def test_globals_lie_lowest_and_each_block_has_a_word_of_the_same_width() -> None:
    places = {name: (item.shift, item.bits) for name, item in packing(blocks=3).fields.items()}
    assert places == {
        "hand.full": (0, 1),
        "hand.block": (1, 2),
        "colour": (3, 2),
        "only": (5, 0),
        "level[0]": (5, 3),
        "lit[0]": (8, 1),
        "level[1]": (9, 3),
        "lit[1]": (12, 1),
        "level[2]": (13, 3),
        "lit[2]": (16, 1),
    }


def test_the_widths_of_globals_of_a_word_and_of_all_are_known() -> None:
    packed = packing(blocks=3)
    assert (packed.global_bits, packed.block_bits, packed.bits) == (5, 4, 17)


def test_a_reference_takes_no_bits_where_there_is_one_block() -> None:
    assert packing(blocks=1).fields["hand.block"].bits == 0


def test_a_value_is_its_place_among_the_values_of_its_type() -> None:
    state = (True, 2, Colour.BLUE, Only.ONE, -2, False, 0, True, 2, False)
    packed = 0b1 | 2 << 1 | 2 << 3 | 0 << 5 | 2 << 9 | 1 << 12 | 4 << 13
    assert packing(blocks=3).pack(state) == packed
    assert packing(blocks=3).unpack(packed) == state


@given(data=st.data(), blocks=st.integers(1, 3))
def test_unpacking_undoes_packing(data: st.DataObject, blocks: int) -> None:
    packed = packing(blocks)
    state = tuple(data.draw(st.sampled_from(slot.values)) for slot in packed.layout.slots)
    assert packed.unpack(packed.pack(state)) == state
    assert packed.pack(state) < 1 << packed.bits


def test_a_value_outside_its_domain_is_refused_by_the_name_of_its_variable() -> None:
    state = (False, 0, Colour.RED, Only.ONE, 3, False)
    with pytest.raises(ModelError, match=r"3 is outside the domain of level\[0\]: .*-2"):
        packing(blocks=1).pack(state)


def test_a_state_with_a_value_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        packing(blocks=1).pack((False, 0, Colour.RED))
