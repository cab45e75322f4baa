"""The browser that the tests of pages share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.browser import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = shutil.which("chromium") or shutil.which("google-chrome")
    if command is None:
        pytest.skip("there is no chromium")
    found = Browser(command, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()
