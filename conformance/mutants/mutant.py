"""Broken controllers: the reference controller, each with one thing wrong, which the suite must find.

A mutant names the property that must catch it and the test; docs/kill-table.md is made from what the suite does find.
What is wrong is an answer of the policy, one of the controller's parts, or an operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from splitproof.conformance.protocol.adapter import Controller
from splitproof.conformance.reference.command_port import CommandPort
from splitproof.conformance.reference.common_memory import CommonMemory
from splitproof.conformance.reference.controller import ReferenceController
from splitproof.conformance.reference.host_port import HostPort
from splitproof.conformance.reference.policy import EMBODIMENTS, Policy
from splitproof.conformance.reference.tape_port import TapePort
from splitproof.conformance.reference.volume_worker import VolumeWorker
from splitproof.conformance.verdicts import Verdict
from splitproof.spec.properties import Property

__all__ = [
    "FIRST",
    "FOURTH",
    "MUTANTS",
    "RACE",
    "READ",
    "TAPE",
    "THIRD",
    "Mutant",
    "mutant",
    "policy_mutant",
]

TAPE: Final = "test_r08_the_tape_is_the_source_at_the_split"
RACE: Final = "test_r08_the_tape_is_the_source_at_the_split_among_several_clients"
READ: Final = "test_r32_a_read_returns_the_last_acknowledged_write"

FIRST: Final = EMBODIMENTS["first-embodiment"]
THIRD: Final = EMBODIMENTS["third-embodiment"]
FOURTH: Final = EMBODIMENTS["fourth-embodiment-reflect"]


@dataclass(frozen=True)
class Mutant:
    """`make` makes one; `test` must come to `verdict`, by a violation of `property`."""

    name: str
    wrong: str
    cites: tuple[str, ...]
    make: Callable[[], Controller]
    property: Property | None
    test: str
    verdict: Verdict = Verdict.FAIL


MUTANTS: Final[list[Mutant]] = []
"""In the order of declaration, once the modules `mutants_of_...` are imported."""

_PARTS: Final[dict[type[Any], str]] = {
    CommonMemory: "memory_type",
    HostPort: "host_port_type",
    CommandPort: "command_port_type",
    TapePort: "tape_port_type",
    VolumeWorker: "worker_type",
}

P = TypeVar("P", bound=type[Any])


def mutant(
    name: str,
    wrong: str,
    *cites: str,
    violates: Property | None,
    test: str,
    policy: Policy = FIRST,
    pumped: bool = False,
    hasty: bool = False,
    claims: str = "",
    verdict: Verdict = Verdict.FAIL,
) -> Callable[[P], P]:
    """Declare a broken controller: a subclass of `ReferenceController`, or of one of its parts.

    `pumped`: if that shows at once what threads show now and then. `hasty`: with short limits, for what does not come.
    `claims`: the embodiment that it declares to be, if that is not the one of its policy.
    """

    def declare(made: P) -> P:
        controller = _controller_with(
            made, (_SHORT if hasty else {}) | ({"claims": claims} if claims else {})
        )
        MUTANTS.append(
            Mutant(name, wrong, cites, lambda: controller(policy, pumped=pumped), violates, test, verdict)
        )
        return made

    return declare


def policy_mutant(
    name: str,
    wrong: str,
    *cites: str,
    violates: Property,
    test: str,
    policy: Policy,
    pumped: bool = True,
    hasty: bool = False,
    claims: str = "",
) -> None:
    """Declare a controller that is broken by an answer of its policy."""
    declare = mutant(
        name,
        wrong,
        *cites,
        violates=violates,
        test=test,
        policy=policy,
        pumped=pumped,
        hasty=hasty,
        claims=claims,
    )
    declare(ReferenceController)


_SHORT: Final = {"call_seconds_max": 0.5, "settle_seconds_max": 1.0}


def _controller_with(made: type[Any], changes: dict[str, Any]) -> type[ReferenceController]:
    base = made if issubclass(made, ReferenceController) else ReferenceController
    parts = {place: made for part, place in _PARTS.items() if issubclass(made, part)}
    return type(made.__name__, (base,), changes | parts)
