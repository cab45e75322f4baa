"""The figures of the README and of `docs/findings.md`: each claim is a search, run here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from splitproof.__main__ import run
from splitproof.checker.check import Options, check
from splitproof.checker.verdicts import Violated
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine

ROOT = Path(__file__).resolve().parent.parent

FINDINGS = [
    ("third-embodiment", "tape-is-image", 27, ("read_target", "write_tape")),
    ("second-embodiment", "no-acknowledged-write-lost", 10, ("finish_destage",)),
    (
        "first-embodiment-closed+report=after-any-copy",
        "tape-is-image",
        40,
        ("see_copied", "read_target", "write_tape"),
    ),
    (
        "third-embodiment-closed+difference_cleared=compare",
        "mirror-in-duplex",
        30,
        ("finish_destage", "complete_mirror"),
    ),
    ("third-embodiment-closed+difference_marked=before-store", "mirror-in-duplex", 12, ("finish_destage",)),
    (
        "third-embodiment-closed+staging=unlocked",
        "tape-is-image",
        39,
        ("read_source_into_staging", "write_tape"),
    ),
    (
        "second-embodiment-closed+target_view_set=after-command",
        "legal-pair-transitions",
        15,
        ("set_target_view",),
    ),
    ("second-embodiment-closed+destage_clean=blind", "no-acknowledged-write-lost", 9, ("finish_destage",)),
    ("second-embodiment-closed", "write-never-waits", 15, ("split",)),
]


@pytest.mark.parametrize(("design", "property_id", "steps", "ending"), FINDINGS)
def test_a_finding_is_what_the_search_finds(
    design: str, property_id: str, steps: int, ending: tuple[str, ...]
) -> None:
    machine = load_machine(design)
    result = check(machine, 1, [machine.properties[property_id]], Options(symbolic=False))
    verdict = result.properties[0].verdict
    assert isinstance(verdict, Violated)
    assert verdict.shortest
    assert verdict.depth == steps
    assert verdict.trace.actions[-len(ending) :] == ending


@pytest.mark.parametrize(
    "design",
    [
        "first-embodiment-closed+difference_cleared=generation",
        "third-embodiment-closed+staging=unit-locked",
        "third-embodiment-closed+staging=range-locked",
        "second-embodiment-closed+post_split_write=held-at-store",
    ],
)
def test_what_is_said_to_close_a_gap_as_well_does(design: str) -> None:
    result = check(load_machine(design), 1, options=Options(symbolic=False))
    assert [item.asked.id for item in result.properties if item.verdict.word != "holds"] == [
        "write-never-waits"
    ]


def test_the_scrubber_of_the_examples_is_as_it_says() -> None:
    for name in ("careful_scrubber", "careless_scrubber"):
        machine = load_machine(f"{ROOT / 'examples' / 'scrubber.py'}:{name}")
        assert check(machine, 1, options=Options(symbolic=False)).as_declared


def test_every_design_that_the_documentation_names_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
    pages += sorted((ROOT / "examples").glob("*.py"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(
        re.findall(r"\b(?:first|second|third|fourth)-embodiment[a-z-]*(?:\+[a-z_]+=[a-z0-9-]+)*", text)
    )
    named |= {f"{ROOT}/{found}" for found in re.findall(r"\bexamples/[a-z_]+\.py:[a-z_]+", text)}
    assert len(named) >= 12
    for design in sorted(named):
        assert isinstance(load_machine(design.rstrip("-")), Machine)


@pytest.mark.parametrize("arguments", [["designs", "third-embodiment-closed"], ["requirement", "G08"]])
def test_the_quick_commands_of_the_readme_run(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"splitproof {' '.join(arguments)}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert run(arguments) == 0
    assert capsys.readouterr().out
