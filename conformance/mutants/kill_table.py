"""The kill table: which test catches which broken controller; `python -m` this module prints the page."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from splitproof.conformance import suite
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.levels.concurrent import race
from splitproof.conformance.mutants import (  # the mutants declare themselves
    embodiments,  # noqa: F401
    image,  # noqa: F401
    policy,  # noqa: F401
    recovery,  # noqa: F401
    reports,  # noqa: F401
)
from splitproof.conformance.mutants.mutant import MUTANTS, Mutant
from splitproof.conformance.protocol.transport import LocalTransport, Transport
from splitproof.conformance.suite.requirement import About, about
from splitproof.conformance.verdicts import PropertyViolated, Verdict, verdict_of

__all__ = ["Caught", "catch", "kill_table", "outcome_of", "suite_tests"]


@functools.cache
def suite_tests() -> Mapping[str, Callable[..., None]]:
    """Every test of the suite by name, in the order of the files."""
    tests: dict[str, Callable[..., None]] = {}
    for module in sorted(pkgutil.iter_modules(suite.__path__), key=lambda one: one.name):
        if module.name.startswith("test_"):
            members = vars(importlib.import_module(f"{suite.__name__}.{module.name}"))
            for name, test in members.items():
                if name.startswith("test_"):
                    tests.update(_expanded(name, test))
    return tests


def _expanded(name: str, test: Callable[..., None]) -> Iterator[tuple[str, Callable[..., None]]]:
    """A test, or one for each of its parameters under the name that pytest gives it."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield name, test
        return
    (parameter, values), ids = marks[0].args, marks[0].kwargs["ids"]
    for value in values:
        bound = functools.partial(test, **{parameter: value})
        yield f"{name}[{ids(value)}]", functools.update_wrapper(bound, test)


def outcome_of(test: Callable[..., None], opens: Callable[[], Transport], limits: Limits) -> Exception | None:
    """What a test says of a controller; None if it passes."""
    lab = Lab(opens, limits)
    try:
        arguments: dict[str, Any] = {"lab": lab}
        if "histories" in inspect.signature(test).parameters:
            arguments["histories"] = race(lab)
        test(**arguments)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the outcome
        return error
    finally:
        lab.close()
    return None


@dataclass(frozen=True)
class Caught:
    """How a mutant was caught: by which property, and how the finding was of what kind."""

    mutant: Mutant
    about: About
    verdict: Verdict
    violation: PropertyViolated | None

    @property
    def as_declared(self) -> bool:
        """By the property, and with the verdict, that the mutant names."""
        by = None if self.violation is None else self.violation.property
        return self.verdict is self.mutant.verdict and by is self.mutant.property


def catch(mutant: Mutant, limits: Limits | None = None) -> Caught:
    """Run the test that must catch a mutant."""
    test = suite_tests()[mutant.test]
    error = outcome_of(test, lambda: LocalTransport(mutant.make()), limits or Limits(shrink_seconds_max=2.0))
    violation = error if isinstance(error, PropertyViolated) else None
    return Caught(mutant, about(test), verdict_of(error), violation)


def kill_table() -> Iterator[str]:
    """The page, line by line.

    Raises:
        AssertionError: a mutant is not caught as it declares.
    """
    yield "# The kill table"
    yield ""
    yield "Broken controllers, each the reference controller with one thing wrong, and what catches them. The project's"
    yield "tests make this table again; a mutant that is not caught as it declares fails them. Printed by"
    yield "`python -m splitproof.conformance.mutants.kill_table`."
    yield ""
    yield "| mutant | what is wrong | cites | caught by | level | verdict |"
    yield "|---|---|---|---|---|---|"
    for mutant in MUTANTS:
        caught = catch(mutant)
        if not caught.as_declared:
            raise AssertionError(f"{mutant.name} is not caught as declared: {caught}")
        how = mutant.verdict.value if mutant.property is None else f"violates `{mutant.property.id}`"
        cells = (
            mutant.name,
            mutant.wrong,
            ", ".join(mutant.cites),
            f"`{mutant.test}`",
            caught.about.level.value,
            how,
        )
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    import sys

    sys.stdout.writelines(f"{line}\n" for line in kill_table())
