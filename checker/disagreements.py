"""What is raised where two ways to decide the same thing differ: no verdict is to be trusted then."""

from __future__ import annotations

__all__ = ["EngineDisagreement", "TwoValuesDoNotSettle"]


class EngineDisagreement(Exception):  # noqa: N818  # two engines differ; which of them errs is not known
    """The search and the check with symbolic data differ."""


class TwoValuesDoNotSettle(EngineDisagreement):
    """What the search found with two data values does not carry over to data of any kind.

    No engine is at fault: a property, a ghost, a `while_` or an initial constraint compares data in a way
    that takes more than two values to fail, or more than equalities to prove.
    """
