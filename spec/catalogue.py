"""The requirements and gaps of the source document, as validated data.

`requirements.toml` says what the document states, `gaps.toml` what it leaves open. Whatever checks an entry
cites its id; an entry that nothing checks carries the reason, `why_not`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypeVar

__all__ = [
    "CatalogueError",
    "Embodiment",
    "Entry",
    "Gap",
    "Kind",
    "Requirement",
    "UnknownIdentifier",
    "entry",
    "gaps",
    "read_entries",
    "requirements",
]


class CatalogueError(ValueError):
    """A catalogue file is malformed; the message names the file and the entry."""


class UnknownIdentifier(LookupError):  # noqa: N818 - it names what was asked for, not a fault of the catalogue
    """No requirement or gap has this id; the message names the nearest ones."""


class Kind(Enum):
    """What sort of statement a requirement is; the value is the code used in the catalogue."""

    STRUCTURE = "ST"
    SAFETY = "SA"
    LIVENESS = "LI"
    RESPONSIVENESS = "RE"
    ORDERING = "OR"
    NON_INTERFERENCE = "NI"
    CONTEXT = "CX"

    @property
    def long_name(self) -> str:
        """The word for readers, such as "non-interference"."""
        return self.name.lower().replace("_", "-")


class Embodiment(Enum):
    """Which designs of the document a requirement speaks about."""

    PRIOR_ART = "prior-art"
    FIRST = "first"
    SECOND = "second"
    SECOND_HOST_POLLS = "second-host-polls"
    THIRD = "third"
    FOURTH = "fourth"
    VARIATIONS = "variations"
    ALL = "all"
    """Every embodiment and its variations, but not the prior art; stands alone."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One citable statement or gap; `lines` are lines of the specification, such as "L112-114"."""

    id: str
    lines: str
    section: str
    figure: str | None = None
    why_not: str | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement(Entry):
    """A statement of the document, paraphrased."""

    text: str
    kinds: tuple[Kind, ...]
    embodiments: tuple[Embodiment, ...]


@dataclass(frozen=True, kw_only=True)
class Gap(Entry):
    """What the document leaves open, and the answer taken here."""

    title: str
    text: str
    closing: str


E = TypeVar("E", Requirement, Gap)

_VOCABULARIES: Mapping[str, type[Enum]] = {"kinds": Kind, "embodiments": Embodiment}
_LINES = re.compile(r"L\d+(-\d+)?(, L\d+(-\d+)?)*")


@cache
def requirements() -> Mapping[str, Requirement]:
    """R01, R02, ... in the order of the document."""
    return _packaged(Requirement, "requirements.toml")


@cache
def gaps() -> Mapping[str, Gap]:
    """G01, G02, ... in order."""
    return _packaged(Gap, "gaps.toml")


def entry(identifier: str) -> Entry:
    """The requirement or gap with this id.

    Raises:
        UnknownIdentifier: there is none.
    """
    known: dict[str, Entry] = {**requirements(), **gaps()}
    if identifier in known:
        return known[identifier]
    shape = re.fullmatch(r"([RrGg])(\d+)", identifier)  # "r5" is meant as R05, which difflib ranks behind R95
    wanted = f"{shape[1].upper()}{int(shape[2]):02d}" if shape else identifier.upper()
    nearest = ", ".join(get_close_matches(wanted, known, n=3, cutoff=0.5))
    raise UnknownIdentifier(
        f"there is no requirement or gap {identifier!r}; "
        + (f"the nearest are {nearest}; " if nearest else "")
        + f"requirements run from R01 to R{len(requirements()):02d}, gaps from G01 to G{len(gaps()):02d}"
    )


def read_entries(form: type[E], toml: str, file: str) -> Mapping[str, E]:
    """The entries in a TOML text, by id; `file` is the name used in errors.

    Raises:
        CatalogueError: an entry is malformed, given twice or out of sequence.
    """
    table = form.__name__.lower()
    try:
        document = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file} is not valid TOML: {error}") from error
    rows = document.pop(table, None)
    if document or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError(f"{file}: [[{table}]] tables, and nothing else, are expected at the top")
    entries: dict[str, E] = {}
    for position, row in enumerate(rows, start=1):
        due = f"{form.__name__[0]}{position:02d}"
        identifier = str(row.get("id", f"the table due as {due}"))
        where = f"{file}, {identifier}"
        if identifier in entries:
            raise CatalogueError(f"{where}: the id is given twice; {due} is due here")
        if "id" in row and identifier != due:
            raise CatalogueError(f"{where}: the id is out of sequence; {due} is due here")
        entries[due] = _build(form, row, where)
    return MappingProxyType(entries)


def _packaged(form: type[E], file: str) -> Mapping[str, E]:
    return read_entries(form, files("splitproof.spec").joinpath(file).read_text(encoding="utf-8"), file)


def _build(form: type[E], row: Mapping[str, object], where: str) -> E:
    known = {field.name for field in fields(form)}
    needed = {field.name for field in fields(form) if field.default is MISSING}
    if unknown := sorted(set(row) - known):
        raise CatalogueError(f"{where}: unknown key {unknown}; the keys are {sorted(known)}")
    if missing := sorted(needed - set(row)):
        raise CatalogueError(f"{where}: missing key {missing}")
    values: dict[str, object] = {}
    for key, raw in row.items():
        if key in _VOCABULARIES:
            values[key] = _words(raw, f"{where}: {key}", _VOCABULARIES[key])
        elif not isinstance(raw, str) or not raw.strip():
            raise CatalogueError(f"{where}: {key} is {raw!r}; a sentence or word is expected")
        else:
            values[key] = raw
    if not _LINES.fullmatch(str(values["lines"])):
        raise CatalogueError(f"{where}: lines is {row['lines']!r}; write 'L12' or 'L12-14, L20'")
    return form(**values)  # type: ignore[arg-type]  # the loop above is the type check


def _words(raw: object, where: str, vocabulary: type[Enum]) -> tuple[Enum, ...]:
    accepted = [word.value for word in vocabulary]
    if not isinstance(raw, list) or not raw or len(set(map(str, raw))) != len(raw):
        raise CatalogueError(f"{where} is {raw!r}; a list out of {accepted} is expected")
    if strangers := [word for word in raw if word not in accepted]:
        raise CatalogueError(f"{where} has {strangers}; only {accepted} are accepted")
    if "all" in raw and len(raw) > 1:
        raise CatalogueError(f"{where} is {raw!r}; 'all' stands alone")
    return tuple(vocabulary(word) for word in raw)
