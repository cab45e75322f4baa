"""What options accept is written out for the help pages; it is what there is, and all of it."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from splitproof.checker.engines import EngineChoice
from splitproof.checker.export.formats import FORMATS
from splitproof.checker.reports import REPORTS
from splitproof.conform_commands import OWN_REPORTS
from splitproof.conformance.suite.requirement import Level
from splitproof.options import ConformFormat, Engine, Export, Profile, ReportFormat
from splitproof.output import OWN_FORMATS


@pytest.mark.parametrize(
    ("accepted", "known"),
    [
        (ReportFormat, [*OWN_FORMATS, *REPORTS]),
        (ConformFormat, [*OWN_REPORTS, *REPORTS]),
        (Export, [*FORMATS]),
        (Profile, [level.value for level in Level]),
        (Engine, [*(choice.value for choice in EngineChoice), "bmc"]),
    ],
)
def test_an_option_accepts_what_there_is_in_the_same_order(accepted: type[Enum], known: list[Any]) -> None:
    assert [item.value for item in accepted] == known
