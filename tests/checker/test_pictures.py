"""Pictures of the state graph: what is drawn, and what is too large to be."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from splitproof.checker.export import pictures
from splitproof.checker.export.pictures import dot, graphml
from splitproof.model import Bool, Machine, Processor, State, memory, when
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine

LOCK = Path(__file__).resolve().parent.parent.parent / "examples" / "lock.py"


def one_way() -> Machine:
    """From one state to another, and not back; a quote in a name must not end a string."""
    walker = Processor('the "walker"')
    machine = Machine("one-way")
    machine.memory("gone", Bool, "on the other side", cell=memory(walker))
    machine.memory("waving", Bool, "its hand is up", cell=memory(walker))

    @machine.action(by=walker)
    def go(s: State) -> None:
        """The walker goes."""
        when(~s.gone)
        s.gone = True

    @machine.action(by=walker)
    def wave(s: State) -> None:
        """The walker waves."""
        s.waving = ~s.waving

    return machine


def read(text: str) -> Any:
    return nx.read_graphml(io.BytesIO(text.encode()), node_type=int, force_multigraph=True)


def test_the_components_of_a_way_without_return() -> None:
    assert dot(one_way(), 1).splitlines() == [
        "// one-way, 1 block: 4 states, 6 steps.",
        "// Each node is a strongly connected component: states that can all be reached from each other.",
        'digraph "one-way" {',
        "  node [shape=box];",
        '  0 [label="2 states\\nfrom 0 steps on", style=bold];',
        '  1 [label="2 states\\nfrom 1 step on"];',
        '  0 -> 1 [label="the \\"walker\\" go"];',
        "}",
    ]


def test_every_state_shows_what_differs_from_the_first() -> None:
    lines = dot(one_way(), 1, whole=True).splitlines()
    assert '  0 [label="0", style=bold];' in lines
    assert sum("->" in line for line in lines) == 6
    assert sum("gone = True\\nwaving = True" in line for line in lines) == 1


def test_graphml_is_read_back_with_the_values_of_variables() -> None:
    components = read(graphml(one_way(), 1))
    assert {number: values["states"] for number, values in components.nodes(data=True)} == {0: 2, 1: 2}
    assert {(a, b): values["transitions"] for a, b, values in components.edges(data=True) if a != b} == {
        (0, 1): 2
    }
    states = read(graphml(load_machine(f"{LOCK}:broken_lock"), 1, whole=True))
    assert (states.number_of_nodes(), states.number_of_edges()) == (13, 24)
    both_inside = [n for n, v in states.nodes(data=True) if v["left"] == v["right"] == "INSIDE"]
    assert [states.nodes[number]["depth"] for number in both_inside] == [4]


def test_what_is_too_large_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WHOLE_STATES_MAX", 3)
    monkeypatch.setattr(pictures, "COMPONENTS_STATES_MAX", 3)
    with pytest.raises(ModelError, match="more than 3 states, too many to draw each; draw its components"):
        dot(one_way(), 1, whole=True)
    with pytest.raises(ModelError, match="too many to draw the components of; take fewer blocks"):
        graphml(one_way(), 1)
