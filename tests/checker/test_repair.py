"""Repair: the pruned search finds exactly what trying every design finds, and confirms each repair by a search."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import pytest

from splitproof.__main__ import run
from splitproof.checker.search.oracle import Exploration, Oracle
from splitproof.checker.variants import repair
from splitproof.checker.variants.repair import (
    GIVEN,
    Lattice,
    closed_of,
    failing_sets,
    repairs_of,
    violated_in,
)
from splitproof.model.catalogue import CATALOGUE, design_named
from splitproof.model.choices import Choice, Ownership, Pause
from splitproof.model.controller import build
from splitproof.model.design import CHOICES, Design
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine
from splitproof.spec.split_backup import MIRROR_IN_DUPLEX, TAPE_IS_IMAGE, WRITE_NEVER_WAITS

CLOSED = "second-embodiment-closed"


def lattice_of(text: str, keys: Sequence[str], *properties: object) -> Lattice:
    """The designs that differ from the one named in these keys."""
    design = design_named(text)
    values = {
        key: (getattr(design, key), *(v for v in CHOICES[key].answers if v is not getattr(design, key)))
        for key in keys
    }
    return Lattice(design, properties or [TAPE_IS_IMAGE], values=values)  # type: ignore[arg-type]  # properties


def by_brute_force(lattice: Lattice) -> list[dict[str, Choice]]:
    """Every assignment is searched; of those that hold, the sets of changes that contain no other."""
    repairs = []
    for values in itertools.product(*lattice.values.values()):
        assignment = dict(zip(lattice.values, values, strict=True))
        changes = {key: value for key, value in assignment.items() if value is not lattice.values[key][0]}
        try:
            design = lattice.with_changes(changes)
        except ModelError:
            continue  # it changes nothing, or makes no sense
        if lattice.counterexample(design) is None:
            repairs.append(changes)
    return [one for one in repairs if not any(other.items() < one.items() for other in repairs)]


def as_set(repairs: Sequence[Mapping[str, Choice]]) -> set[frozenset[tuple[str, Choice]]]:
    return {frozenset(changes.items()) for changes in repairs}


def test_one_fault_is_repaired_by_one_change() -> None:
    found = repairs_of(lattice_of(f"{CLOSED}+in_flight=invisible", ["in_flight", "resync", "accept_check"]))
    assert [{key: str(value) for key, value in changes.items()} for changes in found.found] == [
        {"in_flight": "visible"}
    ]
    assert found.cost_max is None, "whatever else is changed, this is changed as well"
    assert (found.searches, found.counterexamples) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "keys", "properties", "smallest"),
    [
        (
            f"{CLOSED}+in_flight=invisible+resync=unguarded",
            ["in_flight", "resync", "accept_check", "difference_cleared"],
            [TAPE_IS_IMAGE],
            2,
        ),
        (
            f"{CLOSED}+difference_cleared=after-write+post_split_table=own-forgotten",
            ["difference_cleared", "post_split_table", "in_flight"],
            [TAPE_IS_IMAGE, MIRROR_IN_DUPLEX],
            2,
        ),
        (
            "third-embodiment-closed+staging=unlocked+post_split_write=overwrites",
            ["staging", "post_split_write", "pre_split_slot"],
            [TAPE_IS_IMAGE],
            2,
        ),
    ],
)
def test_the_pruned_search_finds_what_brute_force_finds(
    text: str, keys: Sequence[str], properties: Sequence[object], smallest: int
) -> None:
    lattice = lattice_of(text, keys, *properties)
    expected = by_brute_force(lattice)
    searched = lattice.searches
    pruned = lattice_of(text, keys, *properties)
    found = repairs_of(pruned, beyond=len(keys))
    assert as_set(found.found) == as_set(expected)
    assert len(found.found[0]) == smallest
    assert found.cost_max is None, "nothing is left to try"
    assert pruned.searches < searched


@pytest.mark.slow
def test_only_the_smallest_sets_are_found_unless_more_are_asked_for() -> None:
    keys = ["staging", "post_split_write", "pre_split_slot"]
    text = "third-embodiment-closed+staging=unlocked+post_split_write=overwrites"
    every = repairs_of(lattice_of(text, keys), beyond=len(keys)).found
    smallest = repairs_of(lattice_of(text, keys)).found
    assert smallest == every[: len(smallest)]
    assert {len(changes) for changes in smallest} == {2}


def test_where_nothing_helps_there_is_no_repair() -> None:
    found = repairs_of(lattice_of(f"{CLOSED}+in_flight=invisible", ["resync", "host_io"]))
    assert (found.found, found.cost_max) == ((), None)


def test_the_safeguards_that_a_closed_design_needs_are_named() -> None:
    lattice = lattice_of("second-embodiment", ["in_flight", "resync", "dirty_counts"])
    closed = design_named(f"{CLOSED}+dirty_counts=yes")
    written = lattice_of(
        f"{CLOSED}+in_flight=invisible+resync=unguarded", ["in_flight", "resync", "dirty_counts"]
    )
    assert failing_sets(written, closed) == [("in_flight",), ("resync",)]
    assert closed_of(lattice.design) is CATALOGUE[CLOSED].design


def test_a_safeguard_that_makes_no_difference_is_not_named() -> None:
    """With one volume worker there is nothing to own; without 101 that pauses there is no pause."""
    written = lattice_of(f"{CLOSED}+resync=unguarded", ["resync"])
    without = Lattice(
        dataclasses.replace(written.design, ownership=Ownership.NONE, pause=Pause.STOPS_ISSUING),
        [TAPE_IS_IMAGE],
    )
    assert failing_sets(without, CATALOGUE[CLOSED].design) == [("resync",)]


def test_what_repair_leaves_as_it_is_are_choices() -> None:
    assert set(CHOICES) > GIVEN
    assert GIVEN.isdisjoint(Lattice(design_named("third-embodiment"), [TAPE_IS_IMAGE]).values)


def test_what_else_a_design_violates_is_told() -> None:
    assert violated_in(CATALOGUE[CLOSED].design) == ["write-never-waits"]
    assert violated_in(design_named(f"{CLOSED}+destage_clean=blind")) == [
        "tape-is-image",
        "target-is-image",
        "difference-is-sound",
        "staging-is-image",
        "read-latest-write",
        "no-acknowledged-write-lost",
        "write-never-waits",
    ]


def test_a_search_that_ends_at_a_limit_is_no_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = lattice_of(CLOSED, ["resync"])
    engine = Oracle(build(lattice.design), 1, [])
    ended = Exploration(limit="the memory of this machine")
    monkeypatch.setattr(repair, "search", lambda *_, **__: (engine, ended))
    with pytest.raises(
        ModelError, match=r"ended at its limit \(the memory of this machine\), and decides nothing"
    ):
        lattice.counterexample(lattice.design)
    ended.limit = "interrupted"
    with pytest.raises(KeyboardInterrupt):
        violated_in(lattice.design)


def test_a_choice_that_makes_no_difference_is_not_tried_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without backup=stage, `staging` changes no step: a counterexample runs with all of its values, or with none."""
    lattice = lattice_of("second-embodiment", ["staging", "resync"])
    trace = lattice.counterexample(lattice.design)
    assert trace is not None
    built: list[Design] = []

    def counted(design: Design, *, argued: bool) -> Machine:
        built.append(design)
        return build(design, argued=argued)

    monkeypatch.setattr(repair, "build", counted)
    own = {key: values[0] for key, values in lattice.values.items()}
    assert all(lattice.runs(trace, {**own, "staging": value}) for value in lattice.values["staging"])
    assert len(lattice.values["staging"]) == 4
    assert len(built) == 1


def test_a_property_without_runs_to_try_is_refused() -> None:
    with pytest.raises(ModelError, match="write-never-waits is of the kind `possible`"):
        Lattice(CATALOGUE[CLOSED].design, [WRITE_NEVER_WAITS])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([CLOSED], 5, "there is nothing to repair"),
        ([CLOSED, "--property", "write-never-waits"], 2, "accepted are tape-is-image"),
        (["no-embodiment"], 2, "there is no design"),
    ],
)
def test_repair_says_what_it_cannot_do(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["repair", *arguments]) == code
    captured = capsys.readouterr()
    assert sentence in captured.out + captured.err


@pytest.mark.slow
def test_the_command_names_the_repair_and_the_safeguards(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["repair", f"{CLOSED}+in_flight=invisible"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{CLOSED}+in_flight=invisible, 1 block: tape-is-image"
    assert [line.strip() for line in lines[1:5]] == [
        "1 change: +in_flight=visible",
        "leaves violated write-never-waits",
        "1 change: +difference_cleared=generation",
        "leaves violated write-never-waits",
    ]
    assert lines[5].startswith("all up to 1 change; ")
    assert lines[6:] == [f"{CLOSED} fails without", "  in_flight=visible"]
