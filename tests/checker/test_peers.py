"""Outside peers: Spin and Rumur, each on the exported model, against the oracle.

Exact numbers of states and transitions, the violated properties, and of Rumur how many states or steps violate each.
The catalogue's numbers stand in `docs/exports.md`.
"""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.export.commands import PeerError, missing_tools
from splitproof.checker.export.peers import RUMUR, SPIN, PeerRun, run_rumur, run_spin
from splitproof.checker.search.oracle import Exploration, Limits, Oracle
from splitproof.checker.search.successors import successors_of
from splitproof.model import Int, Machine, State, ite, memory, when
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.interpreter import Interpreter
from splitproof.model.layout import Valuation
from splitproof.model.loading import load_machine
from splitproof.model.types import BLOCK
from splitproof.spec.properties import Kind, Property
from splitproof.spec.vocabulary import HOST_PORT
from tests.awkward_machine import awkward
from tests.large_designs import LARGE
from tests.random_machines import machines

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "examples" / "lock.py"
TABLE = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")


def needs(*tools: str) -> None:
    missing = missing_tools(tools)
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; on Debian: apt-get install {' '.join(missing)}")


def judged(machine: Machine, blocks: int) -> list[Property]:
    """What a peer can judge."""
    return [
        item
        for item in machine.properties.values()
        if item.kind in (Kind.ALWAYS, Kind.STEP) and item.needs_blocks <= blocks
    ]


def violations(oracle: Oracle, exploration: Exploration) -> dict[str, int]:
    """How many states violate each `always` property, and how many steps each `step` property."""
    found = {}
    not_ = oracle.grounding.terms.not_
    graph = successors_of(oracle, exploration).successors
    for name, item in oracle.properties.items():
        if item.property.kind is Kind.ALWAYS:
            bad = oracle.selection(not_(item.holds))
            found[name] = sum(len(bad(level)) for level in exploration.levels)
        else:
            found[name] = sum(
                index in item.steps and not oracle.holds_in(item.steps[index], state)
                for state, steps in graph.items()
                for index, _ in steps
            )
    return found


def assert_agrees(run: PeerRun, exploration: Exploration) -> None:
    assert run.states == exploration.states
    assert run.violated == tuple(sorted(exploration.findings))
    if run.transitions is not None:
        assert run.transitions == exploration.transitions


def assert_both_agree(machine: Machine, blocks: int) -> Exploration:
    """Spin and Rumur say of the whole machine what the oracle says."""
    properties = judged(machine, blocks)
    oracle = Oracle(machine, blocks, properties)
    exploration = oracle.explore()
    assert_agrees(run_spin(machine, blocks, properties, optimised=False), exploration)
    run = run_rumur(machine, blocks, properties, optimised=False)
    assert run.transitions is not None
    assert_agrees(run, exploration)
    assert run.violations is not None
    counted = violations(oracle, exploration)
    assert {name: run.violations.get(name, 0) for name in counted} == counted
    return exploration


# -- small designs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "states", "transitions", "violated"),
    [("lock", 3, 4, set()), ("broken_lock", 13, 24, {"mutual-exclusion"})],
)
def test_both_locks_are_as_the_peers_see_them(
    name: str, states: int, transitions: int, violated: set[str]
) -> None:
    needs(*SPIN, *RUMUR)
    exploration = assert_both_agree(load_machine(f"{LOCK}:{name}"), 2)
    assert (exploration.states, exploration.transitions) == (states, transitions)
    assert set(exploration.findings) == violated


def test_breadth_first_spin_sees_the_same() -> None:
    needs(*SPIN)
    machine = load_machine(f"{LOCK}:broken_lock")
    properties = judged(machine, 1)
    run = run_spin(machine, 1, properties, breadth_first=True, optimised=False)
    assert_agrees(run, Oracle(machine, 1, properties).explore())


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_machine_that_is_awkward_to_write_down(blocks: int) -> None:
    needs(*SPIN, *RUMUR)
    exploration = assert_both_agree(awkward(), blocks)
    assert exploration.findings


class Hue(enum.Enum):
    RED = "red"
    BLUE = "blue"


def test_what_no_variable_can_hold_is_known_to_the_peers() -> None:
    """Sums that leave every domain on the way, and values of an enum that no variable is of."""
    needs(*SPIN, *RUMUR)
    machine = Machine("counter", "counts to 2, by what it compares on the way")
    machine.memory("count", Int(0, 2), "so far", cell=memory(HOST_PORT))

    @machine.action(by=HOST_PORT)
    def up(s: State) -> None:
        """Count on."""
        when(s.count - 2 < 0)
        when(ite(s.count < 2, Hue.RED, Hue.BLUE) == Hue.RED)
        s.count = s.count + 1

    exploration = assert_both_agree(machine, 1)
    assert (exploration.states, exploration.transitions) == (3, 2)


@pytest.mark.parametrize(("blocks", "states", "transitions"), [(1, 78, 278), (2, 1056, 6000)])
def test_the_cache_of_the_language_page(blocks: int, states: int, transitions: int, tmp_path: Path) -> None:
    needs(*SPIN, *RUMUR)
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    page = tmp_path / "cache.py"
    page.write_text(
        "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)), encoding="utf-8"
    )
    exploration = assert_both_agree(load_machine(f"{page}:machine"), blocks)
    assert (exploration.states, exploration.transitions) == (states, transitions)


def test_the_control_alone_is_the_same_for_all() -> None:
    """With one value of data nothing is left of a state but its control."""
    needs(*SPIN, *RUMUR)
    machine = awkward()
    exploration = Oracle(machine, 2, [], data_values=1).explore()
    assert_agrees(run_spin(machine, 2, [], optimised=False, data_values=1), exploration)
    assert_agrees(run_rumur(machine, 2, [], optimised=False, data_values=1), exploration)
    assert exploration.states < Oracle(machine, 2, []).explore().states


# -- machines that nobody designed ---------------------------------------------------------------------------


@pytest.mark.slow
@settings(
    max_examples=8,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(machine=machines(), blocks=st.integers(1, 2))
def test_the_peers_and_the_oracle_agree_on_random_machines(machine: Machine, blocks: int) -> None:
    needs(*SPIN, *RUMUR)
    exploration = Oracle(machine, blocks, []).explore(Limits(max_states=5000))
    assume(exploration.complete and exploration.states > 10)
    assert_both_agree(machine, blocks)


# -- the catalogue -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the table in `docs/exports.md`."""

    design: str
    states: int
    transitions: int
    violated: tuple[str, ...]


def rows() -> dict[str, Row]:
    """The table, with the ids that the words in its last column stand for."""
    words = {
        word: tuple(ids.split(", "))
        for word, ids in re.findall(r"^- (\w+): ([\w, -]+)$", TABLE, re.MULTILINE)
    } | {"none": ()}
    lines = re.findall(r"^\| `([^`|]+)` \| ([\d,]+) \| ([\d,]+) \| (\w+) \|$", TABLE, re.MULTILINE)
    return {
        design: Row(design, int(states.replace(",", "")), int(transitions.replace(",", "")), words[word])
        for design, states, transitions, word in lines
    }


BY_RUMUR = (
    "prior-art-wait",
    "second-embodiment",
    "first-embodiment-closed",
    "third-embodiment-closed",
    "third-embodiment-two-slots",
    "fourth-embodiment-stage-closed",
)
"""Compiling its verifier of a design takes several seconds."""


def test_the_page_has_a_row_for_each_design() -> None:
    assert list(rows()) == list(CATALOGUE)


@pytest.mark.parametrize(
    "design",
    [
        pytest.param(name, marks=[] if name == "second-embodiment-closed" else pytest.mark.slow)
        for name in CATALOGUE
        if name not in LARGE[:-1]
    ],
)
def test_spin_confirms_the_table(design: str) -> None:
    needs(*SPIN)
    machine, row = load_machine(design), rows()[design]
    run = run_spin(machine, 1, judged(machine, 1), optimised=design in LARGE)
    assert (run.states, run.violated) == (row.states, row.violated)
    assert run.transitions in (row.transitions, None)


@pytest.mark.slow
def test_spin_confirms_two_blocks() -> None:
    needs(*SPIN)
    counts = re.search(r"At 2 blocks `([\w-]+)` has ([\d,]+) states and ([\d,]+) transitions", TABLE)
    assert counts is not None
    machine = load_machine(counts[1])
    run = run_spin(machine, 2, judged(machine, 2))
    assert [f"{run.states:,}", f"{run.transitions:,}"] == [counts[2], counts[3]]
    assert run.violated == ()


@pytest.mark.slow
@pytest.mark.parametrize("design", BY_RUMUR)
def test_rumur_confirms_the_table(design: str) -> None:
    needs(*RUMUR)
    machine, row = load_machine(design), rows()[design]
    run = run_rumur(machine, 1, judged(machine, 1), optimised=False)
    assert (run.states, run.transitions, run.violated) == (row.states, row.transitions, row.violated)


@pytest.mark.slow
@pytest.mark.parametrize("design", [name for name in CATALOGUE if name not in LARGE])
def test_the_oracle_confirms_the_table(design: str) -> None:
    machine, row = load_machine(design), rows()[design]
    exploration = Oracle(machine, 1, judged(machine, 1)).explore()
    assert (exploration.states, exploration.transitions) == (row.states, row.transitions)
    assert tuple(sorted(exploration.findings)) == row.violated


# -- symmetry ------------------------------------------------------------------------------------------------


def orbits(machine: Machine, blocks: int) -> int:
    """How many states there are up to renaming blocks, by renaming each in every way."""
    oracle = Oracle(machine, blocks, [])
    interpreter = Interpreter(machine, blocks)
    states = (oracle.packing.unpack(state) for level in oracle.explore().levels for state in level)
    return len({min(renamed(interpreter, state)) for state in states})


def renamed(interpreter: Interpreter, state: Valuation) -> Iterator[tuple[str, ...]]:
    layout = interpreter.layout
    blind = set()  # a reference that means nothing names no block
    for slot, condition in layout.conditions:
        known = {} if slot.block is None else {"b": slot.block}
        if slot.leaf.type is BLOCK and not interpreter.value(condition, state, known):
            blind.add(slot.position)
    for order in itertools.permutations(range(interpreter.blocks)):
        after = list(state)
        for slot in layout.slots:
            value = state[slot.position]
            if slot.leaf.type is BLOCK:
                value = None if slot.position in blind else order[value]
            block = None if slot.block is None else order[slot.block]
            after[layout.position[slot.leaf.name, block]] = value
        yield tuple(map(repr, after))


def test_with_symmetry_rumur_counts_states_up_to_renaming_blocks() -> None:
    needs(*RUMUR)
    machine = awkward()
    exact = run_rumur(machine, 2, [], optimised=False)
    run = run_rumur(machine, 2, [], symmetry=True, optimised=False)
    assert run.states == orbits(machine, 2)
    assert run.states < exact.states


# -- what goes wrong -----------------------------------------------------------------------------------------


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    machine = load_machine(f"{LOCK}:lock")
    with pytest.raises(PeerError, match="spin and gcc cannot be found"):
        run_spin(machine, 1, [])
    with pytest.raises(PeerError, match="rumur and gcc cannot be found"):
        run_rumur(machine, 1, [])


def test_a_search_that_ends_early_is_no_answer() -> None:
    needs(*SPIN)
    machine = load_machine("second-embodiment-closed")
    with pytest.raises(PeerError, match="did not finish"):
        run_spin(machine, 1, [], optimised=False, depth_max=10)
    with pytest.raises(PeerError, match="took more than"):
        run_spin(machine, 1, [], optimised=False, timeout_s=0.001)
