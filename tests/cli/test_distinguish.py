"""What tells the embodiments apart, as the document says it and as the docs show it."""

from pathlib import Path

import pytest

from splitproof.__main__ import run

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@pytest.mark.slow
def test_the_page_is_what_the_command_finds(tmp_path: Path) -> None:
    made = tmp_path / "distinctions.md"
    assert run(["distinguish", "--format", "markdown", "--output", str(made)]) == 0
    assert made.read_text(encoding="utf-8") == (DOCS / "distinctions.md").read_text(encoding="utf-8")
