"""What works and is not declared is reported; what cannot be seen is unknown, and never passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.levels.declarations import under_declared
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import Capabilities, Unsupported
from splitproof.conformance.protocol.operations import OPTIONAL
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import EMBODIMENTS, ReferenceController
from splitproof.conformance.reference.policy import Acknowledge
from splitproof.conformance.verdicts import NotOffered, Undecided

HAS = ("resync", "delete_pair", "split_and_backup", "target_image", "differences", "hold_copy")


class Declares(ReferenceController):
    """Less than it has."""

    declared: frozenset[str] = frozenset()
    immediate = True

    def capabilities(self) -> Capabilities:
        known = super().capabilities()
        return replace(known, operations=self.declared, split_is_immediate=self.immediate)


def found(**changed: Any) -> tuple[str, ...]:
    make: type[Declares] = type("Vendor", (Declares,), changed)
    lab = Lab(lambda: LocalTransport(make(EMBODIMENTS["fourth-embodiment-reflect"])))
    assert lab.session.capabilities.operations == make.declared
    names = under_declared(lab)
    lab.close()
    return tuple(name for name in names if name in HAS)


def test_what_works_and_is_not_declared_is_named() -> None:
    assert found() == HAS
    assert set(HAS) < set(OPTIONAL)


def test_what_is_declared_is_not_named() -> None:
    assert found(declared=frozenset({"resync", "hold_copy", "release_copy"})) == (
        "delete_pair",
        "split_and_backup",
        "target_image",
        "differences",
    )


def refuses(*_: object) -> None:
    raise Unsupported("no")


def test_what_is_refused_or_does_not_do_what_it_says_is_not_named() -> None:
    assert found(resync=refuses, hold_copy=lambda self: None, target_image=lambda self: [b"?" * 64] * 2) == (
        "delete_pair",
        "split_and_backup",
        "differences",
    )


def test_a_controller_that_was_never_opened_is_not_opened_for_it() -> None:
    def opens() -> LocalTransport:
        raise AssertionError

    assert under_declared(Lab(opens)) == ()


WAITS = "test_r07_a_split_returns_while_nothing_is_copied"


@pytest.mark.parametrize("name", [WAITS, "test_r94_the_combined_command_returns_while_nothing_is_copied"])
def test_whether_a_split_waits_is_unknown_where_copying_cannot_be_held(name: str) -> None:
    test = suite_tests()[name]
    make = type("Vendor", (Declares,), {"declared": frozenset({"split_and_backup"})})
    outcome = outcome_of(test, lambda: LocalTransport(make()), Limits())
    assert isinstance(outcome, Undecided)
    assert "neither hold_copy nor pump" in str(outcome)


def test_a_controller_that_says_that_its_split_is_not_immediate_is_not_asked() -> None:
    make = type("Vendor", (Declares,), {"immediate": False})
    assert isinstance(outcome_of(suite_tests()[WAITS], lambda: LocalTransport(make()), Limits()), NotOffered)


class WaitsForItsCopies(ReferenceController):
    """Its split returns when everything is copied, and its copying can be held: the two together never return."""

    def __init__(self) -> None:
        super().__init__(replace(EMBODIMENTS["first-embodiment"], acknowledge=Acknowledge.AFTER_COPYING))

    def capabilities(self) -> Capabilities:
        known = super().capabilities()
        held = known.operations | {"hold_copy", "release_copy"}
        return replace(known, operations=held, split_is_immediate=False, call_seconds_max=0.3)


@pytest.mark.parametrize(
    "name",
    [
        "test_r29_a_write_is_acknowledged_while_nothing_is_copied",
        "test_r38_the_target_view_is_pending_while_differences_are_left",
        "test_r49_a_pair_that_is_split_during_its_creation_copy_has_the_whole_image",
    ],
)
def test_a_split_that_waits_is_not_called_while_its_copying_is_held(name: str) -> None:
    outcome = outcome_of(suite_tests()[name], lambda: LocalTransport(WaitsForItsCopies()), Limits())
    assert isinstance(outcome, NotOffered)
    assert "declares that its split is not immediate" in str(outcome)


def test_a_pumped_split_that_waits_leaves_no_difference_to_speak_of() -> None:
    """Nothing is held: the split itself copies, so that no difference is left when it returns."""
    test = suite_tests()["test_r38_the_target_view_is_pending_while_differences_are_left"]
    waiting = EMBODIMENTS["prior-art-wait"]
    outcome = outcome_of(test, lambda: LocalTransport(ReferenceController(waiting, pumped=True)), Limits())
    assert isinstance(outcome, NotOffered)
    assert "nothing is left to copy" in str(outcome)
