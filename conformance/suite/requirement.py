"""What a test of the suite is about: the requirements, the property, and the level that it needs."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from splitproof.spec.properties import Property

__all__ = ["MARK", "About", "Level", "about", "comes_with_suite", "requirement"]


MARK = "splitproof"
"""The marker that holds a test's `About`."""


class Level(enum.Enum):
    """Profiles are levels: each includes those before it."""

    CORE = "core"
    """What every controller must offer, by a single client."""
    SEQUENTIAL = "sequential"
    """A single client, with optional operations."""
    CONCURRENT = "concurrent"
    """Several clients at once."""
    SCHEDULED = "scheduled"
    """The controller is stepped through the interleavings that matter."""
    FAULTS = "faults"
    """The controller fails as a whole, and starts again."""


@dataclass(frozen=True)
class About:
    """`cites`: requirements and gaps; `property`: the property that a failure violates."""

    property: Property
    cites: tuple[str, ...]
    level: Level


def comes_with_suite(file: Path) -> bool:
    """Whether a file of tests is one of the suite's, and not one of the user's."""
    return file.resolve().is_relative_to(Path(__file__).resolve().parent)


F = TypeVar("F", bound=Callable[..., Any])


def requirement(item: Property, *cites: str, level: Level = Level.CORE) -> Callable[[F], F]:
    """Mark a test; without `cites`, it is about what the property cites."""
    found = About(item, cites or item.cites, level)

    def mark(test: F) -> F:
        marked: F = pytest.mark.splitproof(found)(test)
        return marked

    return mark


def about(test: Callable[..., Any]) -> About:
    """What a test was marked with."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == MARK]
    found: About = marks[0].args[0]
    return found
