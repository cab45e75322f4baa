"""The pages about conformance: made from what they describe, and what they say is so."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.conformance.histories.history import KINDS
from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import Capabilities, Controller
from splitproof.conformance.protocol.document import protocol_document
from splitproof.conformance.protocol.operations import OPERATIONS
from splitproof.conformance.runner.opening import adapter
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import NotOffered, Undecided, Verdict
from splitproof.spec.split_backup import SPLIT_DOES_NOT_WAIT

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
GUIDE = (DOCS / "conformance.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return [text for name, text in fences if name == language]


def test_the_page_of_the_protocol_is_current() -> None:
    published = (DOCS / "adapter-protocol.md").read_text(encoding="utf-8")
    made = "".join(f"{line}\n" for line in protocol_document())
    assert made == published, (
        "run: python -m splitproof.conformance.protocol.document > docs/adapter-protocol.md"
    )


def test_the_page_of_the_protocol_has_every_operation_and_every_capability() -> None:
    page = (DOCS / "adapter-protocol.md").read_text(encoding="utf-8")
    for form in OPERATIONS:
        assert f"### `{form.name}({', '.join(form.parameters)})`" in page
    for item in fields(Capabilities):
        assert f"| `{item.name}` |" in page


def test_the_protocol_for_python_has_the_required_operations_of_the_table() -> None:
    methods = {
        name for name, value in vars(Controller).items() if callable(value) and not name.startswith("_")
    }
    assert methods == {form.name for form in OPERATIONS if not form.optional}


@pytest.mark.parametrize(
    "name", [name for name, test in suite_tests().items() if about(test).level is not Level.SCHEDULED]
)
def test_the_controller_of_the_guide_conforms(name: str, tmp_path: Path) -> None:
    page = tmp_path / "guide.py"
    page.write_text(blocks("python")[0])
    outcome = outcome_of(suite_tests()[name], adapter(f"{page}:Controller"), Limits())
    if about(suite_tests()[name]).level is Level.CORE:
        assert outcome is None, outcome
    else:
        assert outcome is None or isinstance(outcome, NotOffered | Undecided), outcome
        assert (
            not isinstance(outcome, Undecided) or about(suite_tests()[name]).property is SPLIT_DOES_NOT_WAIT
        )


def test_the_history_of_the_guide_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "history.ndjson"
    (text,) = [block for block in blocks("") if "splitproof-history" in block]
    page.write_text(text)
    assert run(["judge", str(page)]) == 4
    assert (
        "a write between the split and the end of its backup, to a block of the tape"
        in capsys.readouterr().out
    )


def test_the_guide_names_every_verdict_and_every_kind_of_operation() -> None:
    for verdict in Verdict:
        assert f"\n| {verdict.value} |" in GUIDE
    for kind in KINDS:
        assert f"`{kind}`" in GUIDE
