"""Each test of the language declares more on top of the same small design."""

import pytest

from splitproof.model import Machine
from tests.model.sample_design import sample


@pytest.fixture
def machine() -> Machine:
    return sample()
