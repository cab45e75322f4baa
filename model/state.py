"""The symbolic state: what a design's functions are handed as `s` while they are traced."""

from __future__ import annotations

import difflib
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from splitproof.model.errors import ModelError
from splitproof.model.expressions import At, Const, Expr, Param, Var, fresh_block, lift, show
from splitproof.model.records import Record
from splitproof.model.types import BLOCK, BOOL, Type

if TYPE_CHECKING:
    from splitproof.model.machine import Machine

__all__ = ["Clause", "State", "Trace", "Update", "tracing", "when"]


@dataclass(frozen=True)
class Clause:
    """One `when(...)`: a conjunct of a guard, with its place in the source."""

    condition: Expr
    where: str
    text: str


@dataclass(frozen=True)
class Update:
    """One write. `index` is the block written, None for a global variable; `bound` makes it a write of all blocks."""

    name: str
    index: Expr | None
    bound: Param | None
    value: Expr
    where: str


@dataclass
class Trace:
    """What a traced function has said so far."""

    clauses: list[Clause] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)


_current: list[Trace] = []


@contextmanager
def tracing() -> Iterator[Trace]:
    """Collect the clauses and updates of the function called inside."""
    trace = Trace()
    _current.append(trace)
    try:
        yield trace
    finally:
        _current.pop()


def _trace(what: str) -> Trace:
    if not _current:
        raise ModelError(f"{what} outside an action; it belongs into a function under @machine.action")
    return _current[-1]


def when(condition: object) -> None:
    """A guard clause: the action can be taken only where the condition holds."""
    trace = _trace("when(...)")
    node = lift(condition)
    if node.type is not BOOL:
        raise ModelError(f"when() takes a truth value; `{show(node)}` is a {node.type.name}")
    frame = sys._getframe(1)
    path = frame.f_code.co_filename
    text = linecache.getline(path, frame.f_lineno).strip()
    trace.clauses.append(Clause(node, f"{Path(path).name}:{frame.f_lineno}", text))


def _caller() -> str:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


class State:
    """The state, symbolically: `s.name` is a variable, a record, a per-block column or a named predicate.

    Reads see the state before the step; assignments describe the state after it. `after=True` gives the state after
    the step, for step properties.
    """

    def __init__(self, machine: Machine, after: bool = False) -> None:
        object.__setattr__(self, "_machine", machine)
        object.__setattr__(self, "_after", after)

    _machine: Machine
    _after: bool

    def __getattr__(self, name: str) -> Any:
        machine = self._machine
        if name in machine.variables:
            variable = machine.variables[name]
            if variable.record is not None:
                return _Rows(self, name) if variable.per_block else _Fields(self, name)
            return _Column(self, name) if variable.per_block else _read(self, name)
        if name in machine.predicates:
            predicate = machine.predicates[name]
            if predicate.per_block:
                return _Derived(self, predicate.holds)
            return lift(predicate.holds(self))
        raise _unknown(machine, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        variable = self._machine.variables.get(name)
        if variable is None:
            raise _unknown(self._machine, name)
        if variable.per_block:
            raise ModelError(f"{name} has a value for each block; write {name}[b] = ..., or {name}.each(...) for all of them")
        if variable.record is None:
            _write(self, name, None, value)
        else:
            _write_record(self, name, variable.record, None, value)

    def __setitem__(self, name: str, value: object) -> None:
        setattr(self, name, value)


class _Fields:
    """A record that is not per block."""

    def __init__(self, state: State, name: str) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, field_name: str) -> Any:
        leaf = _leaf_name(self._state, self._name, field_name)
        if self._state._machine.leaves[leaf].per_block:
            return _Column(self._state, leaf)
        return _read(self._state, leaf)

    def __setattr__(self, field_name: str, value: object) -> None:
        _write(self._state, _leaf_name(self._state, self._name, field_name), None, value)


class _Row:
    """One block's row of a per-block record."""

    def __init__(self, state: State, name: str, index: Expr) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_index", index)

    def __getattr__(self, field_name: str) -> Any:
        return _read(self._state, _leaf_name(self._state, self._name, field_name), self._index)

    def __setattr__(self, field_name: str, value: object) -> None:
        _write(self._state, _leaf_name(self._state, self._name, field_name), self._index, value)


class _Rows:
    """A per-block record: `s.row[b].field`, `s.row.field[b]`, `s.row.each(field=...)`."""

    def __init__(self, state: State, name: str) -> None:
        self._state, self._name = state, name

    def __getitem__(self, block: object) -> _Row:
        return _Row(self._state, self._name, lift(block, BLOCK))

    def __setitem__(self, block: object, value: object) -> None:
        record = self._state._machine.variables[self._name].record
        assert record is not None
        _write_record(self._state, self._name, record, lift(block, BLOCK), value)

    def __getattr__(self, field_name: str) -> _Column:
        return _Column(self._state, _leaf_name(self._state, self._name, field_name))

    def each(self, **values: object) -> None:
        """Write fields of all rows at once: `each(flag=False, data=lambda b: s.other[b])`."""
        for field_name, value in values.items():
            _Column(self._state, _leaf_name(self._state, self._name, field_name)).each(value)


class _Column:
    """A per-block variable: `s.difference[b]`, `s.difference.each(...)`."""

    def __init__(self, state: State, name: str) -> None:
        self._state, self._name = state, name

    def __getitem__(self, block: object) -> Expr:
        return _read(self._state, self._name, lift(block, BLOCK))

    def __setitem__(self, block: object, value: object) -> None:
        _write(self._state, self._name, lift(block, BLOCK), value)

    def each(self, value: object | Callable[[Any], object]) -> None:
        """Write all blocks at once: one value, or a function of the block."""
        bound = fresh_block()
        written = value(bound) if callable(value) and not isinstance(value, type) else value
        leaf = self._state._machine.leaves[self._name]
        node = _in_domain(leaf.name, leaf.type, written)
        _trace(f"writing {self._name}").updates.append(Update(self._name, None, bound, node, _caller()))


class _Derived:
    """A named predicate of a block, read like a per-block variable."""

    def __init__(self, state: State, holds: Callable[..., Any]) -> None:
        self._state, self._holds = state, holds

    def __getitem__(self, block: object) -> Expr:
        return lift(self._holds(self._state, lift(block, BLOCK)))


def _leaf_name(state: State, record: str, field_name: str) -> str:
    name = f"{record}.{field_name}"
    if name not in state._machine.leaves:
        fields = state._machine.variables[record].record
        known = ", ".join(fields.fields) if fields is not None else ""
        raise ModelError(f"{record} has no field {field_name}; its fields are {known}")
    return name


def _read(state: State, name: str, index: Expr | None = None) -> Expr:
    leaf = state._machine.leaves[name]
    if index is None:
        return Var(name, leaf.type, state._after)
    return At(name, index, leaf.type, state._after)


def _write(state: State, name: str, index: Expr | None, value: object) -> None:
    leaf = state._machine.leaves[name]
    if leaf.per_block and index is None:
        raise ModelError(f"{name} has a value for each block; write {name}[b] = ..., or {name}.each(...) for all of them")
    node = _in_domain(name, leaf.type, value)
    _trace(f"writing {name}").updates.append(Update(name, index, None, node, _caller()))


def _write_record(state: State, name: str, record: type[Record], index: Expr | None, value: object) -> None:
    if not isinstance(value, record):
        raise ModelError(f"{name} takes a {record.__name__}(...), not {value!r}")
    for field_name in record.fields:
        leaf = state._machine.leaves[f"{name}.{field_name}"]
        written = value.values.get(field_name)
        written = default_of(leaf.type) if written is None else written
        if leaf.per_block and index is None:
            _Column(state, leaf.name).each(written)
        else:
            _write(state, leaf.name, index, written)


def default_of(type_: Type) -> Const:
    """The type's first value: what a variable holds while it means nothing."""
    return Const(type_.values(1)[0], type_)


def _in_domain(name: str, type_: Type, value: object) -> Expr:
    node = lift(value)
    if isinstance(node, Const) and not isinstance(value, Expr) and not type_.accepts(node.value):
        raise ModelError(f"{node.value!r} is outside the domain of {name}, which is {type_.describe()}")
    return lift(node, type_)


def _unknown(machine: Machine, name: str) -> ModelError:
    known = [*machine.variables, *machine.predicates]
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"declared are {', '.join(known) or 'none'}"
    return ModelError(f"{machine.name} has no variable or predicate `{name}`; {hint}")
