"""Which engine searches: the oracle for small spaces, machine code for those that outgrow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from splitproof.checker.ground.cone import Cone
from splitproof.checker.search.engine import Engine, Exploration, Limits, Progress
from splitproof.checker.search.oracle import Oracle
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property

__all__ = ["ORACLE_STATES_MAX", "EngineChoice", "search"]

ORACLE_STATES_MAX = 3_000
"""States up to which `auto` stays with the oracle: about as long as it takes to make machine code."""


class EngineChoice(StrEnum):
    """`auto` begins with the oracle, and starts over in machine code where the space outgrows it."""

    AUTO = "auto"
    GRAPH = "graph"
    COMPILED = "compiled"


def search(
    machine: Machine,
    blocks: int,
    properties: Sequence[Property],
    *,
    folded: bool,
    data_values: int,
    cone: Cone | None = None,
    choice: EngineChoice,
    limits: Limits,
    threads: int | None = None,
    symmetry: bool = True,
    progress: Callable[[Progress], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> tuple[Engine, Exploration]:
    """The engine chosen, and what it found. `say` is told of a change of engine, and why states are not one."""
    limits = limits.started()
    oracle: Oracle | None = None
    if choice is not EngineChoice.COMPILED:
        is_tried = choice is EngineChoice.AUTO and _is_above(limits.max_states)
        oracle = Oracle(machine, blocks, properties, folded, data_values, cone)
        tried = replace(limits, max_states=ORACLE_STATES_MAX) if is_tried else limits
        exploration = oracle.explore(tried, progress)
        if not is_tried or exploration.limit != f"{ORACLE_STATES_MAX:,} states":
            return oracle, exploration
        if say is not None:
            say(f"more than {ORACLE_STATES_MAX:,} states: going on with the compiled engine")
    from splitproof.checker.compiled.engine import CompiledEngine  # llvmlite takes its time to load
    from splitproof.checker.compiled.symmetry import UnsoundSymmetryError

    say = say or _silence
    is_reduced = symmetry and blocks > 1
    engine = CompiledEngine(
        machine,
        blocks,
        properties,
        folded,
        data_values,
        cone,
        like=oracle,
        symmetry=is_reduced,
        data_symmetry=is_reduced,
    )
    if engine.symmetry.block_obstacle is not None:
        say(f"blocks keep their names: {engine.symmetry.block_obstacle}")
    if engine.symmetry.data_obstacle is not None:
        say(f"data keep their values: {engine.symmetry.data_obstacle}")
    try:
        return engine, engine.explore(limits, progress, threads)
    except UnsoundSymmetryError as refuted:
        say(f"data keep their values: {refuted}")
    engine = CompiledEngine(
        machine, blocks, properties, folded, data_values, cone, like=engine, symmetry=is_reduced
    )
    return engine, engine.explore(limits, progress, threads)


def _silence(_text: str) -> None:
    pass


def _is_above(max_states: int | None) -> bool:
    return max_states is None or max_states > ORACLE_STATES_MAX
