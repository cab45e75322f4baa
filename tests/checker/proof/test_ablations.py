"""No closing choice that is taken back is proved away: what a search finds violated has no proof at all.

The counterexample is a run of the steps that proofs speak of (`admission`), which excludes every invariant, whoever
finds it. Besides, the search for an invariant is left to itself with some of them.
"""

from collections.abc import Iterator

import pytest

from splitproof.checker.check import Options, check
from splitproof.checker.proof.admission import failing_premise, not_admitted
from splitproof.checker.proof.batch import PROVED_DESIGNS
from splitproof.checker.proof.kinds import BY_INVARIANT
from splitproof.checker.proof.premises import Premises, premises_of
from splitproof.checker.proof.prove import find_invariant
from splitproof.checker.proof.refusals import refusal_of
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.ablations import ABLATIONS
from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind, Property

THIRD = "third-embodiment-closed"


def ablations(design: str) -> Iterator[str]:
    """The design with each of its closing choices taken back, alone, where that has a meaning."""
    closed = design_named(design)
    seen: set[str] = set()
    for ablation in ABLATIONS:
        applies = closed.backup in ablation.only and closed.split in ablation.splits
        if not applies or ablation.override in seen:
            continue
        seen.add(ablation.override)
        name = f"{design}+{ablation.override}"
        try:
            design_named(name)
        except ModelError:
            continue
        yield name


def asked_of(machine: Machine) -> list[Property]:
    """What is proved of a closed design."""
    return [
        item
        for item in machine.properties.values()
        if item.kind in BY_INVARIANT or (item.kind is Kind.LEADS_TO and item.id in machine.arguments)
    ]


def excluded(name: str, blocks: int = 1) -> set[str]:
    """What a search finds violated, each seen to have no proof."""
    machine = machine_of(design_named(name))
    result = check(machine, blocks, asked_of(machine), Options(symbolic=False))
    found = set()
    for item in result.properties:
        if not isinstance(item.verdict, Violated):
            continue
        found.add(item.asked.id)
        if item.asked.kind is Kind.LEADS_TO:
            premises = premises_of(machine, item.asked).premises
            assert premises
            assert failing_premise(premises, item.verdict.trace) is not None
        else:
            assert not_admitted(item.verdict.trace, item.asked) is None
    return found


@pytest.mark.parametrize(
    ("choice", "violated"),
    [
        ("copy_reads=source", {"mirror-in-duplex", "target-is-image", "tape-is-image"}),
        ("staging=unlocked", {"tape-is-image"}),
        ("resync=unguarded", {"backup-ends", "tape-is-image"}),
        ("post_split_table=same", {"backup-ends", "split-completes", "tape-is-image"}),
        ("workers=2+ownership=none", {"no-acknowledged-write-lost", "tape-is-image"}),
        ("workers=2+ownership=destage", {"tape-is-image"}),
        ("workers=2+resync=unguarded", {"backup-ends", "tape-is-image"}),
        ("workers=2+post_split_table=same", {"backup-ends", "split-completes", "write-reaches-source"}),
    ],
)
def test_a_counterexample_of_an_ablation_excludes_every_proof(choice: str, violated: set[str]) -> None:
    assert excluded(f"{THIRD}+{choice}") >= violated


def test_so_does_one_that_needs_two_blocks() -> None:
    """Whoever clears the mark of one block as he reads another loses one."""
    assert excluded(f"{THIRD}+difference_marked=after-ack", blocks=2) >= {"tape-is-image"}


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["copy_reads=source", "staging=unlocked", "resync=unguarded"])
def test_the_search_for_an_invariant_finds_none_by_itself(choice: str) -> None:
    """Nobody tells it of the counterexample."""
    name = f"{THIRD}+{choice}"
    machine = machine_of(design_named(name))
    violated = excluded(name)
    wrong = [item for item in asked_of(machine) if item.id in violated]
    invariants = [item for item in wrong if item.kind in BY_INVARIANT]
    ranked: list[Premises] = [premises_of(machine, item) for item in wrong if item.kind is Kind.LEADS_TO]
    oracle = Oracle(machine, 1, [])
    space = oracle.explore()
    found = find_invariant(machine, invariants, oracle, space, walks={}, ranked=ranked)
    assert {item.id for item in invariants} == {
        item.id for item in invariants if item.id in found.invariant.stuck
    }
    assert all(refusal_of(item, found, oracle, space) is not None for item in ranked)


@pytest.mark.long
@pytest.mark.parametrize("design", PROVED_DESIGNS)
def test_no_ablation_that_a_search_violates_has_a_proof(design: str) -> None:
    found = {name: excluded(name) for name in ablations(design)}
    assert len(found) >= 30
    assert sum(map(bool, found.values())) >= 14
