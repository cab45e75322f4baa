"""The catalogue: what it declares, and how designs are named and varied."""

from __future__ import annotations

import pytest

from splitproof.checker.citations import citations
from splitproof.checker.jobs import ablations_of
from splitproof.model.ablations import ABLATIONS
from splitproof.model.catalogue import CATALOGUE, VARIATIONS, design_named, entry_of, machine_of
from splitproof.model.choices import Backup, Staging, Workers
from splitproof.model.controller import build
from splitproof.model.design import CHOICES
from splitproof.model.errors import ModelError
from splitproof.spec.catalogue import gaps, requirements
from splitproof.spec.split_backup import PROPERTIES


def test_every_design_declares_a_verdict_with_citations_for_every_property() -> None:
    for entry in CATALOGUE.values():
        assert set(entry.expects) == {item.id for item in PROPERTIES}
        for expected in entry.expects.values():
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


def test_every_prediction_is_about_a_design_that_exists() -> None:
    for ablation in ABLATIONS:
        assert set(ablation.breaks) <= {item.id for item in PROPERTIES}
        for backup in ablation.only:
            name = {Backup.ON_DEMAND: "first", Backup.WAIT_ALL: "second", Backup.STAGE: "third"}.get(backup)
            if name is not None:
                design_named(f"{name}-embodiment-closed+{ablation.override}")


def test_every_value_of_every_choice_that_closes_something_is_ablated() -> None:
    for name in ("first-embodiment-closed", "second-embodiment-closed", "third-embodiment-closed"):
        design = CATALOGUE[name].design
        predicted = {ablation.override.rpartition("+")[2] for ablation in ablations_of(design)}
        for key, question in CHOICES.items():
            if key == "backup" or (key in design.idle_choices() and key != "ownership"):
                continue
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
        ("nothing", "there are first-embodiment"),
        ("first-embodiment+stagin=unlocked", "did you mean staging"),
        ("first-embodiment-closed+staging=unlocked", "changes nothing"),
        ("third-embodiment-closed+staging=unlock", "did you mean unlocked"),
        ("third-embodiment-closed+staging", "is no override"),
        ("third-embodiment-closed+staging=rechecked", "has staging=rechecked already"),
        ("third-embodiment-closed+workers=2+workers=2", "twice"),
        ("first-embodiment-closed+ownership=none", "add workers=2"),
        ("second-embodiment-closed+check_unit=unit", "does not check block by block"),
        ("second-embodiment-closed+report=after-any-copy", "only backup=on-demand asks for copies"),
    ],
)
def test_a_bad_name_or_a_meaningless_override_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        design_named(text)


def test_a_choice_that_is_said_to_be_idle_changes_no_step() -> None:
    for entry in CATALOGUE.values():
        for key in entry.design.idle_choices():
            for answer in CHOICES[key].answers:
                varied = build(
                    entry.design._with(key, answer)
                    if getattr(entry.design, key) is not answer
                    else entry.design
                )
                assert _shape(varied) == _shape(build(entry.design)), f"{entry.design.name}: {key}={answer}"


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
