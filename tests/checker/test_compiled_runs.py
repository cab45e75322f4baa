"""The graph of runs in machine code finds what the one in Python finds: the same lassos, step by step."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.engines import EngineChoice
from splitproof.checker.fairness import compiled_runs, lassos, liveness
from splitproof.checker.fairness.compiled_runs import CompiledRuns, RunsTooLargeError
from splitproof.checker.fairness.lassos import Lasso
from splitproof.checker.fairness.liveness import find_lasso, judge_leads_to
from splitproof.checker.fairness.run_graph import RunGraph
from splitproof.checker.fairness.runs import Runs
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.checker.texts import verdict_line
from splitproof.checker.verdicts import Unknown, Violated
from splitproof.model.catalogue import CATALOGUE
from splitproof.model.declarations import Fairness
from splitproof.model.fairness import Promise, promises_of
from splitproof.model.interpreter import Step
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property
from tests.fair_runs import Edge, graphs, machine_of, weakened
from tests.large_designs import LARGE
from tests.random_machines import machines

WEAK, STRONG = Fairness.WEAK, Fairness.STRONG


def asked_of(machine: Machine) -> list[Property]:
    return [item for item in machine.properties.values() if item.kind is Kind.LEADS_TO]


def lassos_of(graph: Runs) -> dict[str, Lasso | None]:
    return {item.id: find_lasso(graph, item) for item in asked_of(graph.engine.machine)}


def both(
    machine: Machine, blocks: int = 1, data_values: int = 1, promises: tuple[Promise, ...] | None = None
) -> dict[str, Lasso | None]:
    """The lassos, the same on both graphs."""
    asked = asked_of(machine)
    oracle = Oracle(machine, blocks, asked, data_values=data_values)
    engine = CompiledEngine(machine, blocks, asked, data_values=data_values)
    in_python = RunGraph(oracle, oracle.explore(), promises)
    compiled = CompiledRuns(engine, engine.explore(), promises)
    assert compiled.count == len(in_python.states)
    assert compiled.is_exact == in_python.is_exact
    found = lassos_of(in_python)
    assert lassos_of(compiled) == found
    return found


# -- the same as in Python -----------------------------------------------------------------------------


@settings(max_examples=30)
@given(graphs(9))
def test_random_graphs_have_the_same_lassos(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]],
) -> None:
    both(machine_of(*drawn, last=9))


class NoStep(Promise):
    """One that no step keeps, so that it is never due."""

    def covers(self, step: Step) -> bool:
        return False


@settings(max_examples=15)
@given(graphs(6), st.sampled_from([60, 64, 70]))
def test_promises_of_more_than_one_word_have_the_same_lassos(
    drawn: tuple[tuple[Fairness | None, ...], set[Edge], tuple[set[int], set[int]]], others: int
) -> None:
    machine = machine_of(*drawn, last=6)
    promises = promises_of(machine, 1)
    before = tuple(NoStep(machine.actions[0], ()) for _ in range(others))
    assert both(machine, promises=(*before, *promises)) == both(machine)


@settings(max_examples=15)
@given(machines(), st.data(), st.sampled_from([1, 2]))
def test_random_machines_have_the_same_lassos(machine: Machine, data: st.DataObject, blocks: int) -> None:
    fairness = st.sampled_from([None, WEAK, STRONG])
    machine.actions = [replace(action, fairness=data.draw(fairness)) for action in machine.actions]
    for item in list(machine.properties.values()):
        if item.kind is Kind.ALWAYS:
            machine.check(replace(item, id=f"{item.id}-later", kind=Kind.LEADS_TO))
    for data_values in (1, 2):
        both(machine, blocks, data_values)


@pytest.mark.parametrize("design", sorted(set(CATALOGUE) - set(LARGE)))
def test_designs_have_the_same_lassos(design: str) -> None:
    both(load_machine(design))


@pytest.mark.slow
@pytest.mark.parametrize("design", sorted(LARGE))
def test_large_designs_have_the_same_lassos(design: str) -> None:
    assert both(load_machine(design))["client-resumes"] is not None


@pytest.mark.parametrize(
    ("design", "blocks", "lengths"),
    [
        ("second-embodiment-two-slots", 1, {"split-completes": (33, 6), "write-reaches-source": (3, 6)}),
        (
            "first-embodiment-closed+host_io=serial",
            1,
            {"split-completes": (34, 6), "split-is-reported": (11, 11)},
        ),
        (
            "prior-art-wait",
            2,
            {"split-is-reported": (14, 10), "split-completes": (36, 6), "write-reaches-source": (3, 9)},
        ),
    ],
)
def test_designs_with_weak_fairness_alone_have_the_same_lassos(
    design: str, blocks: int, lengths: dict[str, tuple[int, int]]
) -> None:
    found = both(weakened(design), blocks)
    assert {name: lasso.length for name, lasso in found.items() if lasso is not None} == lengths


@pytest.mark.slow
def test_two_threads_find_the_same_lasso_as_one_at_two_blocks() -> None:
    machine = load_machine("second-embodiment-host-polls")
    found = []
    for threads in (1, 2):
        engine = CompiledEngine(machine, 2, asked_of(machine), data_values=1)
        found.append(lassos_of(CompiledRuns(engine, engine.explore(threads=threads))))
    assert found[0] == found[1]
    lasso = found[0]["split-completes"]
    assert lasso is not None
    assert lasso.length == (24, 15)


# -- limits --------------------------------------------------------------------------------------------


def test_runs_are_judged_neither_folded_nor_up_to_the_names_of_blocks() -> None:
    machine = load_machine("second-embodiment-closed")
    folding = CompiledEngine(machine, 1, [], folded=True, data_values=1)
    with pytest.raises(ValueError, match="search without folding"):
        CompiledRuns(folding, folding.explore())
    symmetric = CompiledEngine(machine, 2, [], data_values=1, symmetry=True)
    with pytest.raises(ValueError, match="for each block by itself; search without symmetry"):
        CompiledRuns(symmetric, symmetric.explore())
    engine = CompiledEngine(machine, 1, [], data_values=1)
    with pytest.raises(ValueError, match="after a complete one"):
        CompiledRuns(engine, engine.explore(Limits(max_states=100)))


def test_what_does_not_fit_into_memory_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the graph takes: 4 bytes a state and 6 a step, then 25 a state less the table of 65,536 slots."""
    machine = load_machine("first-embodiment")
    engine = CompiledEngine(machine, 1, asked_of(machine), data_values=1)
    exploration = engine.explore(threads=1)
    states, steps = 16_136, 60_714
    assert (exploration.states, exploration.transitions) == (states, steps)
    monkeypatch.setattr(compiled_runs, "resident_bytes", lambda: 100_000_000)
    needed = 100_000_000 + 4 * (states + 1) + 6 * steps + 25 * states - 4 * 65_536
    with pytest.raises(RunsTooLargeError) as refused:
        CompiledRuns(engine, exploration, max_memory=needed - 1)
    assert str(refused.value) == (
        f"{needed - 1:,} bytes of memory; the 16,136 states and 60,714 steps of all runs may take {needed:,}"
    )
    assert lassos_of(CompiledRuns(engine, exploration, max_memory=needed))["split-completes"] is not None


def test_memory_that_runs_out_leaves_a_property_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_runs, "resident_bytes", lambda: 3 << 30)
    machine = load_machine("prior-art-wait")
    found = judge_leads_to(
        machine, 1, asked_of(machine), Limits(max_memory=3 << 30), choice=EngineChoice.COMPILED
    )
    assert found.traces == {}
    assert set(found.limits) == {item.id for item in asked_of(machine)}
    (reason,) = set(found.limits.values())
    assert reason == (
        "3,221,225,472 bytes of memory; the 2,646 states and 8,601 steps of all runs may take "
        "3,221,287,666, while looking at all runs"
    )


def test_time_that_runs_out_leaves_a_property_undecided() -> None:
    machine = load_machine("prior-art-wait")
    result = check(
        machine, 1, asked_of(machine), Options(Limits(max_seconds=0), engine=EngineChoice.COMPILED)
    )
    assert {item.verdict for item in result.properties} == {Unknown("0 seconds, while looking at all runs")}


def test_an_interrupt_leaves_undecided_what_is_not_decided_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = load_machine("prior-art-wait")
    asked, judged = asked_of(machine), list[Property]()

    def interrupted(graph: Runs, item: Property) -> Lasso | None:
        judged.append(item)
        if len(judged) > 1:
            raise KeyboardInterrupt
        return find_lasso(graph, item)

    monkeypatch.setattr(liveness, "find_lasso", interrupted)
    found = judge_leads_to(machine, 1, asked, choice=EngineChoice.COMPILED)
    assert judged == asked[:2]
    assert set(found.traces) == {"split-is-reported"}
    assert found.limits == {item.id: "interrupted, while looking at all runs" for item in asked[1:]}


def test_a_cycle_that_may_not_be_the_shortest_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = load_machine("prior-art-wait")
    asked = [machine.properties["split-is-reported"]]
    monkeypatch.setattr(lassos, "CYCLE_PLACES_MAX", 0)
    for choice in (EngineChoice.GRAPH, EngineChoice.COMPILED):
        result = check(machine, 1, asked, Options(engine=choice))
        (item,) = result.properties
        assert isinstance(item.verdict, Violated)
        assert not item.verdict.shortest
        assert verdict_line(result, item) == (
            "VIOLATED  split-is-reported            (12 steps, then 6 for ever, "
            "no shorter way there; other cycles may be shorter, 1 block)"
        )
