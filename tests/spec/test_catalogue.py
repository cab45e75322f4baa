"""The catalogue is complete and well formed, and its loader names the file and the entry of every fault."""

import re
from pathlib import Path

import pytest

from splitproof.spec.catalogue import (
    CatalogueError,
    Embodiment,
    Entry,
    Gap,
    Kind,
    Requirement,
    UnknownIdentifier,
    entry,
    gaps,
    read_entries,
    requirements,
)

SECTIONS = {
    "Background": (18, 40),
    "Summary": (42, 50),
    "First Embodiment": (80, 137),
    "Second Embodiment": (139, 149),
    "Third Embodiment": (151, 157),
    "Fourth Embodiment": (159, 185),
    "Variations": (187, 203),
}
"""First and last line of each section of the specification but the list of drawings, which nothing cites."""

FIGURES = {f"Fig. {number}" for number in range(1, 12)}

REQUIREMENT = """
[[requirement]]
id = "R01"
text = "A sentence."
lines = "L21"
section = "Background"
kinds = ["CX", "ST"]
embodiments = ["all"]
"""

GAP = """
[[gap]]
id = "G01"
title = "a title"
text = "A sentence."
closing = "An answer."
lines = "L118-120, L49"
section = "First Embodiment"
"""

ENTRIES: list[Entry] = [*requirements().values(), *gaps().values()]


def first_line(each: Entry) -> int:
    found = re.match(r"L(\d+)", each.lines)
    assert found is not None
    return int(found[1])


def test_the_ids_are_complete_and_in_order() -> None:
    assert list(requirements()) == [f"R{number:02d}" for number in range(1, 115)]
    assert list(gaps()) == [f"G{number:02d}" for number in range(1, 40)]
    assert all(each.id == key for key, each in [*requirements().items(), *gaps().items()])


def test_an_entry_carries_everything_the_file_says() -> None:
    assert entry("R43") == Requirement(
        id="R43",
        text="When a pair is split, the source view of the pair state (516) becomes 'split' immediately, "
        "whatever is still uncopied.",
        lines="L112",
        section="First Embodiment",
        figure="Fig. 2",
        kinds=(Kind.ORDERING, Kind.RESPONSIVENESS),
        embodiments=(Embodiment.ALL,),
    )
    assert entry("G30") == Gap(
        id="G30",
        title="faults of the backup device",
        text="There is no path for an error, a short write or the end of the medium: the end of the backup "
        "is then reported falsely or not at all, and a retry after a resync gives another image.",
        closing="Report the end with a status, good or failed, and allow a retry only on the same split.",
        lines="L133",
        section="First Embodiment",
        figure="Fig. 4",
        why_not="faults of the backup device are not modelled",
    )


def test_the_catalogue_is_loaded_once_and_cannot_be_changed() -> None:
    assert requirements() is requirements()
    assert gaps() is gaps()
    with pytest.raises(TypeError):
        requirements()["R01"] = requirements()["R02"]  # type: ignore[index]  # what the test is about


@pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.id)
def test_the_section_and_the_figure_are_those_of_the_lines(each: Entry) -> None:
    """Every cited line lies in a section of the text, the first one in the section that is named."""
    low, high = SECTIONS[each.section]
    assert low <= first_line(each) <= high
    for start, end in re.findall(r"L(\d+)(?:-(\d+))?", each.lines):
        assert int(start) < int(end or 10_000)
        assert any(low <= int(start) and int(end or start) <= high for low, high in SECTIONS.values())
    assert each.figure is None or each.figure in FIGURES


def test_requirements_follow_the_document() -> None:
    lines = [first_line(each) for each in requirements().values()]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("kind", "long_name"),
    [(Kind.STRUCTURE, "structure"), (Kind("NI"), "non-interference"), (Kind("CX"), "context")],
)
def test_kinds_have_long_names(kind: Kind, long_name: str) -> None:
    assert kind.long_name == long_name


@pytest.mark.parametrize(
    ("identifier", "nearest"),
    [
        ("R5", "the nearest are R05, "),
        ("g7", "the nearest are G07, "),
        ("R043", "the nearest are R43, "),
        ("r115", "the nearest are R15, R11, R114;"),
        ("114", "the nearest are R114, "),
    ],
)
def test_an_unknown_identifier_names_the_nearest(identifier: str, nearest: str) -> None:
    with pytest.raises(UnknownIdentifier) as failure:
        entry(identifier)
    assert f"there is no requirement or gap '{identifier}'; {nearest}" in str(failure.value)


def test_an_identifier_like_no_other_gets_the_ranges() -> None:
    with pytest.raises(LookupError) as failure:
        entry("tape-is-image")
    assert str(failure.value) == (
        "there is no requirement or gap 'tape-is-image'; "
        "requirements run from R01 to R114, gaps from G01 to G39"
    )


def test_a_file_of_ones_own_is_read_like_the_packaged_one(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GAP + 'why_not = "not yet"\n', encoding="utf-8")
    read = read_entries(Gap, file.read_text(encoding="utf-8"), file.name)
    assert list(read) == ["G01"]
    assert (read["G01"].figure, read["G01"].why_not) == (None, "not yet")


@pytest.mark.parametrize(
    ("sound", "faulty", "message"),
    [
        (
            'section = "Background"',
            'section = "Background"\npage = "3"',
            "R01: unknown key ['page']; the keys are",
        ),
        ('section = "Background"\n', "", "R01: missing key ['section']"),
        ('id = "R01"\n', "", "the table due as R01: missing key ['id']"),
        ('id = "R01"', 'id = "R02"', "R02: the id is out of sequence; R01 is due here"),
        ('id = "R01"', 'id = "G01"', "G01: the id is out of sequence; R01 is due here"),
        ('id = "R01"', "id = 1", "1: the id is out of sequence; R01 is due here"),
        ('"CX", "ST"', '"CX", "XX"', "R01: kinds has ['XX']; only ['ST', 'SA', "),
        ('["CX", "ST"]', '"CX"', "R01: kinds is 'CX'; a list out of ['ST', 'SA', "),
        ('"CX", "ST"', "", "R01: kinds is []; a list out of"),
        ('"CX", "ST"', '"CX", "CX"', "R01: kinds is ['CX', 'CX']; a list out of"),
        ('["all"]', '["fifth"]', "R01: embodiments has ['fifth']; only ['prior-art', "),
        ('["all"]', '["all", "first"]', "R01: embodiments is ['all', 'first']; 'all' stands alone"),
        ('"A sentence."', '" "', "R01: text is ' '; a sentence or word is expected"),
        ('"A sentence."', "7", "R01: text is 7; a sentence or word is expected"),
        ('"L21"', '"21-22"', "R01: lines is '21-22'; write 'L12' or 'L12-14, L20'"),
        ("[[requirement]]", "[[requirements]]", ": [[requirement]] tables, and nothing else, are expected"),
        ("[[requirement]]", "[requirement]", ": [[requirement]] tables, and nothing else, are expected"),
        (
            "[[requirement]]",
            "title = 'x'\n[[requirement]]",
            ": [[requirement]] tables, and nothing else, are expected",
        ),
        ("[[requirement]]", "[[requirement", " is not valid TOML: "),
    ],
)
def test_a_planted_fault_is_named_with_its_file_and_entry(sound: str, faulty: str, message: str) -> None:
    assert sound in REQUIREMENT
    with pytest.raises(CatalogueError) as failure:
        read_entries(Requirement, REQUIREMENT.replace(sound, faulty), "planted.toml")
    assert str(failure.value).startswith("planted.toml")
    assert message in str(failure.value)


def test_a_repeated_id_is_named() -> None:
    with pytest.raises(CatalogueError) as failure:
        read_entries(Gap, GAP + GAP, "planted.toml")
    assert str(failure.value) == "planted.toml, G01: the id is given twice; G02 is due here"


def test_a_skipped_id_is_named() -> None:
    with pytest.raises(CatalogueError) as failure:
        read_entries(Gap, GAP + GAP.replace("G01", "G03"), "planted.toml")
    assert str(failure.value) == "planted.toml, G03: the id is out of sequence; G02 is due here"
