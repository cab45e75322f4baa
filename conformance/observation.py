"""Judging what was observed of a real controller, by the very properties that the model is checked for.

`OBSERVED` declares the words of the properties as variables, with the types that the model gives them and
without any action. A property of `splitproof.spec` is traced over it once; `judge` evaluates that tree, never
the Python function: on Python values `~True` is -2, which is truthy, and a broken controller would pass. What
was not observed is UNKNOWN, and a verdict that needs it is `Unknown`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import TracedProperty
from splitproof.model.evaluation import UNKNOWN, evaluate
from splitproof.model.expressions import Expr
from splitproof.model.machine import Machine
from splitproof.model.misuse import nearest
from splitproof.model.properties import trace_property
from splitproof.model.records import Bool, Data, Record, field
from splitproof.model.types import BOOL, DATA, Type
from splitproof.spec.properties import Kind, Property
from splitproof.spec.vocabulary import PairState

__all__ = [
    "OBSERVED",
    "Finding",
    "Holds",
    "Observation",
    "Unknown",
    "Verdict",
    "Violated",
    "judge",
    "judge_step",
]

Cell = tuple[str, int | None]
"""A variable of `OBSERVED` by its full name (`tape.data`), and the block, None if it is not per block."""

_BYTES_SHOWN: Final = 16

Seen = tuple[str, int | None, bool]
"""A cell that was looked at; the last is whether after the step."""


class _Tape(Record):
    written = field(Bool, "there is a record of the block")
    data = field(Data, "what the record holds")


class _Pair(Record):
    source_view = field(PairState, "the state of the pair as the source shows it")
    target_view = field(PairState, "the state of the pair as the target shows it")


def _observed() -> Machine:
    machine = Machine(
        "an observation", "what can be seen of a controller at one instant; it has no steps of its own"
    )
    # Ghosts are what only properties may read, and nothing but properties reads an observation.
    machine.ghost("tape", _Tape, "the tape", per_block=True, numeral=303)
    machine.ghost("pair", _Pair, "the two views of the pair", numeral=510)
    for name, meaning in _GLOBAL:
        machine.ghost(name, Bool, meaning)
    for name, declared, meaning in _PER_BLOCK:
        machine.ghost(name, declared, meaning, per_block=True)
    return machine


_GLOBAL: tuple[tuple[str, str], ...] = (
    ("target_view_outstanding", "the source view is set and the target view is still to be set"),
    ("split_received", "the split was called"),
    ("split_outstanding", "the split was called and has not returned"),
    ("split_in_run", "the pair is split, and was not joined since"),
    ("backup_notified", "a backup was accepted"),
    ("backup_accepted", "a backup is accepted and has not ended"),
    ("end_reported", "a good end of the backup was reported"),
    ("tape_begun", "a record is on the tape"),
    ("run_under_way", "a split and a backup are under way"),
)
_PER_BLOCK: tuple[tuple[str, object, str], ...] = (
    ("logical", Data, "what a host read returned"),
    ("last_acknowledged", Data, "the last acknowledged write, or the contents at the start"),
    ("being_written", Bool, "a write is called and not acknowledged"),
    ("incoming", Data, "what that write holds"),
    ("image", Data, "the contents at the last split"),
    ("backup_image", Data, "the contents at the split that the backup is of"),
    ("source", Data, "what is on the source volume"),
    ("target", Data, "what is on the target volume"),
    ("staged", Bool, "the block is ready for the tape"),
    ("staging", Data, "what was read for the tape"),
    ("cached", Bool, "the cache holds newer data than the source volume"),
    ("marked", Bool, "the block is marked as different"),
    ("uncopied", Bool, "the block is not reflected to the target yet"),
    ("copy_written", Bool, "the block has been written to the target"),
    ("requested", Bool, "the copy of the block is asked for by a backup"),
    ("mark_outstanding", Bool, "the block is stored and its difference not marked yet"),
    ("in_copy", Bool, "the block is being copied"),
    ("in_destage", Bool, "the block is being destaged"),
    ("in_range", Bool, "the block is in the range of the backup"),
)
OBSERVED: Final = _observed()
"""The words in which a controller is observed: those of every property of kind always or step."""


class Observation:
    """What was seen of a controller with `block_count` blocks at one instant.

    `cells`: (name, block) to value; the block is None for what is not per block. Data is any `bytes`, and is
    compared for equality only. A cell that is left out, or given as UNKNOWN, was not observed.

    Raises:
        ValueError: a cell does not exist or holds a value of another type; the message says what is accepted.
    """

    def __init__(self, block_count: int, cells: Mapping[Cell, object]) -> None:
        if block_count < 1:
            raise ValueError(
                f"an observation of {block_count} blocks would satisfy anything; give block_count >= 1"
            )
        self.block_count = block_count
        self._cells = dict(cells)
        for (name, block), value in self._cells.items():
            _check_place(name, block, block_count)
            if value is not UNKNOWN:
                _check_value(_shown(name, block), OBSERVED.leaves[name].type, value)

    def __getitem__(self, cell: Cell) -> Any:
        """The value of a cell, UNKNOWN if it was not observed."""
        _check_place(*cell, self.block_count)
        return self._cells.get(cell, UNKNOWN)


def _check_place(name: str, block: int | None, block_count: int) -> None:
    leaf = OBSERVED.leaves.get(name)
    if leaf is None:
        hint = nearest(name, OBSERVED.leaves) or f"there are {', '.join(OBSERVED.leaves)}"
        raise ValueError(f"nothing that is observed is called {name}; {hint}")
    if leaf.per_block and (block is None or not 0 <= block < block_count):
        raise ValueError(
            f"{_shown(name, block)} is no cell; {name} has one for each block, 0 to {block_count - 1}"
        )
    if not leaf.per_block and block is not None:
        raise ValueError(f"{_shown(name, block)} is no cell; {name} is not per block, give None as its block")


def _check_value(place: str, type_: Type, value: object) -> None:
    if type_ is DATA:
        # Not bytearray or memoryview: what was observed must not change under the judge's hands.
        accepted, expected = isinstance(value, bytes), "bytes"
    else:
        accepted, expected = type_.accepts(value), "True or False" if type_ is BOOL else type_.describe()
    if not accepted:
        raise ValueError(
            f"{place} was observed as {value!r}, of type {type(value).__name__}; it takes {expected}"
        )


@dataclass(frozen=True)
class Finding:
    """What a property comes to at one block; `block` is None if it is not per block.

    `holds`, `triggered`: None where that cannot be known. `cells`: what deciding it looked at, in that order.
    """

    block: int | None
    holds: bool | None
    triggered: bool | None
    cells: Mapping[Seen, Any]

    @property
    def unobserved(self) -> tuple[str, ...]:
        """The cells that it looked at in vain."""
        return tuple(_seen(*cell) for cell, value in self.cells.items() if value is UNKNOWN)


@dataclass(frozen=True)
class _Judged:
    """A property, judged; one finding a block, or a single one for a property that is not per block."""

    property: Property
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        raise TypeError("a verdict is neither true nor false; match it with Holds, Violated and Unknown")


class Holds(_Judged):
    """It holds at every block. Where `triggered` is not True, it had nothing to say."""

    def __str__(self) -> str:
        return f"HOLDS  {self.property.id}"


class Violated(_Judged):
    """It fails at one block at least, whatever was not observed."""

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.holds is False)

    @property
    def blocks(self) -> tuple[int | None, ...]:
        """The blocks at which it fails."""
        return tuple(finding.block for finding in self.failures)

    def __str__(self) -> str:
        lines = [f"VIOLATED  {self.property.id}{_at(self.blocks)}", f"  required: {self.property.statement}"]
        cells = [
            (_seen(*cell), value, cell[0])
            for failure in self.failures
            for cell, value in failure.cells.items()
        ]
        rows = [(place, _text(value), OBSERVED.leaves[name].meaning) for place, value, name in cells]
        places, values = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
        lines += [f"  {place:{places}}  {value:{values}}  {meaning}" for place, value, meaning in rows]
        return "\n".join(lines)


class Unknown(_Judged):
    """It fails nowhere as far as can be seen, and more would have to be seen to say that it holds."""

    @property
    def blocks(self) -> tuple[int | None, ...]:
        """The blocks at which it cannot be known."""
        return tuple(finding.block for finding in self.findings if finding.holds is None)

    @property
    def limit(self) -> str:
        """What kept it from a verdict."""
        if not self.findings:
            return f"it means nothing below {self.property.needs_blocks} blocks"
        places = [place for finding in self.findings if finding.holds is None for place in finding.unobserved]
        return f"not observed: {', '.join(places)}"

    def __str__(self) -> str:
        return f"UNKNOWN  {self.property.id}{_at(self.blocks)}  {self.limit}"


Verdict = Holds | Violated | Unknown


def judge(item: Property, observation: Observation) -> Verdict:
    """What the property comes to on an observation, block by block and as a whole.

    Raises:
        ValueError: it is not of kind always; one observation cannot decide any other.
        ModelError: it speaks of something that `OBSERVED` has no word for.
    """
    if item.kind is not Kind.ALWAYS:
        raise ValueError(
            f"{item.id} is of kind {item.kind.value}; one observation decides properties of kind always only"
        )
    return _judge(item, observation, None)


def judge_step(item: Property, before: Observation, after: Observation) -> Verdict:
    """What the property comes to over a step, of which these are the observations.

    Raises:
        ValueError: it is not of kind step, or the observations are of different volumes.
        ModelError: it speaks of something that `OBSERVED` has no word for.
    """
    if item.kind is not Kind.STEP:
        raise ValueError(
            f"{item.id} is of kind {item.kind.value}; a step decides properties of kind step only"
        )
    if before.block_count != after.block_count:
        raise ValueError(f"a step from {before.block_count} to {after.block_count} blocks is none")
    return _judge(item, before, after)


def _judge(item: Property, observation: Observation, after: Observation | None) -> Verdict:
    if observation.block_count < item.needs_blocks:
        return Unknown(item, ())
    traced = _traced(item)
    blocks: tuple[int | None, ...] = tuple(range(observation.block_count)) if item.per_block else (None,)
    findings = tuple(_find(traced, observation, after, block) for block in blocks)
    answers = [finding.holds for finding in findings]
    if False in answers:
        return Violated(item, findings)
    return Unknown(item, findings) if None in answers else Holds(item, findings)


@functools.cache
def _traced(item: Property) -> TracedProperty:
    return trace_property(OBSERVED, item)


def _find(
    traced: TracedProperty, observation: Observation, after: Observation | None, block: int | None
) -> Finding:
    holds, cells = _value(traced.holds, observation, after, block)
    triggered, _ = _value(traced.trigger, observation, after, block)
    return Finding(block, holds, triggered, cells)


def _value(
    node: Expr, observation: Observation, after: Observation | None, block: int | None
) -> tuple[bool | None, dict[Seen, Any]]:
    """A truth value, None for UNKNOWN, with the cells that deciding it looked at."""
    cells: dict[Seen, Any] = {}

    def lookup(name: str, place: int | None, is_after: bool) -> Any:
        looked_at = after if is_after and after is not None else observation
        cells[name, place, is_after] = looked_at[name, place]
        return cells[name, place, is_after]

    known = {} if block is None else {BLOCK_PARAMETER.name: block}
    value = evaluate(node, lookup, observation.block_count, known)
    return (None if value is UNKNOWN else bool(value)), cells


def _text(value: Any) -> str:
    """A value, of long data the beginning."""
    if isinstance(value, bytes) and len(value) > _BYTES_SHOWN:
        return f"{value[:_BYTES_SHOWN]!r}..."
    return value.name if isinstance(value, PairState) else repr(value)


def _seen(name: str, block: int | None, after: bool) -> str:
    return _shown(name, block) + (" afterwards" if after else "")


def _shown(name: str, block: int | None) -> str:
    """`tape.data` of block 1 as the properties write it: `tape[1].data`."""
    if block is None:
        return name
    first, dot, rest = name.partition(".")
    return f"{first}[{block}]{dot}{rest}"


def _at(blocks: tuple[int | None, ...]) -> str:
    numbers = [str(block) for block in blocks if block is not None]
    return f"  block{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else ""
