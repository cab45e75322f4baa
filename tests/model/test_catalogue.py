"""The catalogue: what it declares, and how designs are named and varied."""

from __future__ import annotations

import pytest

from splitproof.checker.citations import citations
from splitproof.checker.jobs import ablations_of
from splitproof.model.ablations import ABLATIONS
from splitproof.model.catalogue import (
    CATALOGUE,
    DISTINGUISHED,
    VARIATIONS,
    ask_distinctions,
    design_named,
    entry_of,
    machine_of,
)
from splitproof.model.choices import Backup, Split, Staging, Workers
from splitproof.model.controller import build
from splitproof.model.design import CHOICES
from splitproof.model.errors import ModelError
from splitproof.spec.catalogue import gaps, requirements
from splitproof.spec.split_backup import PROPERTIES, WITH_PAUSE


def test_every_design_declares_a_verdict_with_citations_for_every_property() -> None:
    for entry in CATALOGUE.values():
        machine = machine_of(entry.design)
        assert set(entry.expects) == set(machine.properties)
        if entry.design.name in DISTINGUISHED:
            ask_distinctions(machine)
        assert set(machine.expects) == set(machine.properties)
        for expected in machine.expects.values():
            assert expected.cites
            assert all(cited in requirements() or cited in gaps() for cited in expected.cites)


def test_every_requirement_and_gap_is_cited_by_a_check_or_says_why_not() -> None:
    cited = set(citations())
    entries = {**requirements(), **gaps()}
    assert cited <= set(entries), "a citation names an entry that does not exist"
    neither = [name for name, entry in entries.items() if name not in cited and not entry.why_not]
    both = [name for name, entry in entries.items() if name in cited and entry.why_not]
    assert not neither, "nothing checks these, and they do not say why"
    assert not both, "these are checked, and still say why they are not"


def test_variations_name_designs_and_keep_their_verdicts() -> None:
    for text in VARIATIONS:
        design = design_named(text)
        assert design.name == text
        assert entry_of(design) is CATALOGUE[text.partition("+")[0]]
        assert machine_of(design).expects == dict(CATALOGUE[text.partition("+")[0]].expects)


def test_the_whole_document_is_in_the_catalogue() -> None:
    assert len(CATALOGUE) == 23
    for backup in Backup:
        assert any(entry.design.backup is backup for entry in CATALOGUE.values())
    said = [design_named(text) for text in [*CATALOGUE, *VARIATIONS]]
    for key, question in CHOICES.items():
        taken = {getattr(design, key) for design in said}
        if key in ("split", "servers", "volume_io", "device", "workers", "end", "backup"):
            assert taken == set(question.answers), f"{key}: no design of the catalogue takes every answer"


def test_every_prediction_is_about_a_design_that_exists() -> None:
    for ablation in ABLATIONS:
        assert set(ablation.breaks) <= {item.id for item in (*PROPERTIES, *WITH_PAUSE)}
        designs = [
            name
            for name, entry in CATALOGUE.items()
            if name.endswith("-closed") and ablation in ablations_of(entry.design)
        ]
        assert designs
        for name in designs:
            design_named(f"{name}+{ablation.override}")


def test_every_value_of_every_choice_that_closes_something_is_ablated() -> None:
    for name in (name for name in CATALOGUE if name.endswith("-closed")):
        design = CATALOGUE[name].design
        predicted = {ablation.override.rpartition("+")[2] for ablation in ablations_of(design)}
        for key, question in CHOICES.items():
            if key in ("backup", "split") or (key in design.idle_choices() and key != "ownership"):
                continue
            if key == "lan" and design.split is Split.SEPARATE:
                continue  # millions of states; `lan=duplicating` alone is told in docs/findings.md
            others = {f"{key}={answer}" for answer in question.answers if answer is not getattr(design, key)}
            others -= {"pre_split_slot=two-slots", "copy_reads=through-cache"}  # the other closed family
            assert others <= predicted, f"{name}: no prediction for {sorted(others - predicted)}"


def test_an_override_changes_one_choice_and_the_name() -> None:
    design = design_named("third-embodiment-closed+staging=unlocked+workers=2")
    assert design.staging is Staging.UNLOCKED
    assert design.workers is Workers.TWO
    assert entry_of(design) is None
    assert not machine_of(design).expects


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("third-embodiment-close", "did you mean third-embodiment-closed"),
        ("nothing", "there are prior-art-unchecked"),
        ("first-embodiment+stagin=unlocked", "did you mean staging"),
        ("first-embodiment-closed+staging=unlocked", "changes nothing"),
        ("third-embodiment-closed+staging=unlock", "did you mean unlocked"),
        ("third-embodiment-closed+staging", "is no override"),
        ("third-embodiment-closed+staging=rechecked", "has staging=rechecked already"),
        ("third-embodiment-closed+workers=2+workers=2", "twice"),
        ("first-embodiment-closed+ownership=none", "add workers=2"),
        ("second-embodiment-closed+check_unit=unit", "does not check block by block"),
        ("second-embodiment-closed+report=after-any-copy", "only backup=on-demand asks for copies"),
        ("fourth-embodiment-wait+backup=host-polls", "cannot wait for the split"),
        ("third-embodiment+lan=duplicating+servers=1", "one server uses no LAN"),
        ("third-embodiment+pause=drains", "add split=combined"),
        ("third-embodiment+run_numbers=checked", "add lan=duplicating"),
        ("fourth-embodiment-wait+host_io=serial", "does not see which write"),
        ("third-embodiment+volume_io=ports+workers=2", "508 does no volume I/O"),
    ],
)
def test_a_bad_name_or_a_meaningless_override_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        design_named(text)


def test_a_choice_that_is_said_to_be_idle_changes_no_step() -> None:
    for entry in CATALOGUE.values():
        own = _shape(build(entry.design))
        for key in entry.design.idle_choices():
            for answer in CHOICES[key].answers:
                if getattr(entry.design, key) is not answer:
                    varied = _shape(build(entry.design._with(key, answer)))
                    assert varied == own, f"{entry.design.name}: {key}={answer}"


def _shape(machine: object) -> list[tuple[str, str, str]]:
    from splitproof.model.expressions import show
    from splitproof.model.machine import Machine

    assert isinstance(machine, Machine)
    return [
        (
            action.label,
            " & ".join(show(c.condition) for c in action.clauses),
            "; ".join(show(u.value) for u in action.updates),
        )
        for action in machine.actions
    ]
