"""What is proved is true: on machines that nobody designed, at every size that can be searched."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, assume, given, settings

from splitproof.checker.proof.certificate import certificate_of
from splitproof.checker.proof.certificate_directory import write_certificate
from splitproof.checker.proof.kinds import BY_INVARIANT
from splitproof.checker.proof.prove import Found, find_invariant
from splitproof.checker.proof.solver import answers
from splitproof.checker.search.oracle import Limits, Oracle
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Every
from splitproof.model.machine import Machine
from splitproof.spec.properties import Property
from tests.random_machines import machines

STATES_MAX = 4_000
SHORT_WALKS = {2: 300}

thorough = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=8,
    phases=[Phase.reuse, Phase.generate],  # machines do not shrink in reasonable time
)


def attempt(machine: Machine) -> tuple[list[Property], Found]:
    """The properties that hold at 1 block, and what came of trying to prove them."""
    asked = [item for item in machine.properties.values() if item.kind in BY_INVARIANT]
    oracle = Oracle(machine, 1, asked)
    space = oracle.explore(Limits(max_states=STATES_MAX))
    left = [item for item in asked if item.id not in space.findings]
    assume(space.complete and space.states and left)
    found, refusal = None, ""
    try:
        found = find_invariant(machine, left, oracle, space, walks=SHORT_WALKS)
    except ModelError as error:
        refusal = str(error)
    assert found is not None or "proofs for every size need" in refusal
    assume(found is not None)
    assert found is not None
    return left, found


@thorough
@given(machines())
def test_an_invariant_holds_in_every_reachable_state(machine: Machine) -> None:
    left, found = attempt(machine)
    for blocks in (1, 2):
        proved = [item for item in left if item.id not in found.invariant.stuck]
        oracle = Oracle(machine, blocks, proved)
        space = oracle.explore(Limits(max_states=STATES_MAX))
        assert not space.findings
        states = [state for level in space.levels for state in level]
        for lemma in found.invariant.lemmas:
            if not lemma.over_step:
                node = oracle.grounding.expression(Every(BLOCK_PARAMETER, lemma.node))
                ground = oracle.grounding.terms.under(node, oracle.grounding.terms.nothing_known)
                assert len(oracle.selection(ground)(states)) == len(states)


@thorough
@given(machines())
def test_solvers_confirm_what_the_search_has_found(machine: Machine) -> None:
    """The certificate is written from the tree by other means than those of the search."""
    _, found = attempt(machine)
    assume(any(lemma.property_id for lemma in found.invariant.lemmas))
    certificate = certificate_of(machine, found.words, found.invariant, frozenset())
    obligations = [name for name, item in certificate.manifest["files"].items() if item["expects"] == "unsat"]
    with TemporaryDirectory() as directory:
        write_certificate(certificate, Path(directory))
        files = [str(Path(directory) / name) for name in obligations]
        assert dict(zip(obligations, answers("z3", files), strict=True)) == dict.fromkeys(
            obligations, "unsat"
        )
