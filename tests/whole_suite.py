"""The suite, test by test, on a controller that stays open."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from splitproof.conformance.lab.lab import Lab
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.mutants.kill_table import suite_tests
from splitproof.conformance.verdicts import NotOffered

EXPLORED = {
    name for name, test in suite_tests().items() if "explore" in inspect.unwrap(test).__code__.co_names
}
"""Tests of hundreds of scenarios each."""

OF_EMBODIMENTS = {
    name for name, test in suite_tests().items() if test.__module__.endswith(".test_embodiments")
}
"""They need `differences`, to see what is not copied."""

COPIED_OR_GROUPED = {
    "test_r08_the_tapes_of_a_group_show_one_instant",
    "test_r90_the_combined_command_backs_up_its_own_split",
    "test_r94_the_combined_command_returns_while_nothing_is_copied",
    "test_r29_a_write_is_acknowledged_while_nothing_is_copied",
    "test_r38_the_target_view_is_pending_while_differences_are_left",
    "test_r49_a_pair_that_is_split_during_its_creation_copy_has_the_whole_image",
    "test_r07_a_split_returns_while_nothing_is_copied",
}
"""Tests of what a controller of one pair does not have, if its split is at once and there is nothing left to copy."""


def not_offered_by(lab: Lab, names: Iterable[str]) -> set[str]:
    """Those that speak of what the controller does not declare; all others pass. The lab is closed at the end."""
    skipped = set()
    try:
        histories = race(lab)
        for name in names:
            test = suite_tests()[name]
            recorded = {"histories": histories} if "histories" in inspect.signature(test).parameters else {}
            try:
                test(lab, **recorded)
            except NotOffered:
                skipped.add(name)
    finally:
        lab.close()
    return skipped
