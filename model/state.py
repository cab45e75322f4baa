"""The symbolic state: what a design's functions are handed as `s` while they are traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from splitproof.model.declarations import Declarations
from splitproof.model.errors import (
    ModelError,
    UndeclaredError,
    UnknownNameError,
    design_frame,
    place,
    source_line,
)
from splitproof.model.expressions import FALSE, At, Const, Expr, Var, fresh_block, lift, same, truth
from splitproof.model.misuse import Incomplete, describe, nearest
from splitproof.model.records import Record
from splitproof.model.source import statement_text
from splitproof.model.tracing import Clause, Update, current_trace, looking
from splitproof.model.types import BLOCK, DATA, Type

__all__ = ["State", "default_of", "derive", "view_of", "when"]


def when(condition: object, *, needs_blocks: int = 1, idle: str | None = None) -> None:
    """A guard clause: the action can be taken only where the condition holds.

    A clause that in no reachable state is all that blocks its action is reported as dead, unless the design says so:
    with fewer than `needs_blocks` blocks, or at all (`idle`, the reason).
    """
    trace = current_trace("when(...)")
    node = truth(condition, "when()")
    frame = design_frame()
    where, text = ("", "") if frame is None else (place(frame.f_code, frame.f_lineno), statement_text(frame))
    trace.clauses.append(Clause(node, where, text, needs_blocks, idle))


class State:
    """The state, symbolically: `s.name` is a variable, a record, a per-block column or a named predicate.

    Reads see the state before the step; assignments describe the state after it. `after=True` gives the state
    after the step, for step properties.
    """

    def __init__(self, machine: Declarations, after: bool = False) -> None:
        object.__setattr__(self, "_machine", machine)
        object.__setattr__(self, "_after", after)

    _machine: Declarations
    _after: bool

    def __getattr__(self, name: str) -> Any:
        machine = self._machine
        if name in machine.variables:
            variable = machine.variables[name]
            if variable.record is not None:
                return _Rows(self, name) if variable.per_block else _Fields(self, name)
            return _Column(self, name) if variable.per_block else _read(self, name)
        if name in machine.predicates:
            if machine.predicates[name].per_block:
                return _Derived(self, name)
            return derive(self, name)
        raise _unknown(machine, name)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        variable = self._machine.variables.get(name)
        if variable is None:
            if name in self._machine.predicates:
                raise ModelError(
                    f"{name} is a predicate, derived from the state; write the variables that it speaks of"
                )
            raise _unknown(self._machine, name)
        if variable.per_block:
            raise ModelError(_Column(self, name)._remedy)
        if variable.record is None:
            _write(self, name, None, value)
        else:
            _write_record(self, name, variable.record, None, value)

    def __setitem__(self, name: str, value: object) -> None:
        setattr(self, name, value)


class _View(Incomplete):
    """A declared name that stands for several values."""

    _state: State

    def __init__(self, state: State, name: str) -> None:
        object.__setattr__(self, "_state", state)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        raise UnknownNameError(f"{self._name} has no {name}; {self._remedy}")

    def __setattr__(self, name: str, value: object) -> None:
        raise ModelError(f"{self._name}.{name} cannot be written; {self._remedy}")

    def __getitem__(self, block: object) -> Any:
        raise ModelError(f"{self._name}[...] cannot be read; {self._remedy}")

    def __setitem__(self, block: object, value: object) -> None:
        raise ModelError(f"{self._name}[...] cannot be written; {self._remedy}")


class _Fields(_View):
    """A record that is not per block."""

    @property
    def _remedy(self) -> str:
        fields = ", ".join(_record(self._state, self._name).fields)
        return f"{self._name} is one record; name a field of it after a dot: {fields}"

    def __getattr__(self, field_name: str) -> Any:
        leaf = _leaf_name(self._state, self._name, field_name)
        if self._state._machine.leaves[leaf].per_block:
            return _Column(self._state, leaf)
        return _read(self._state, leaf)

    def __setattr__(self, field_name: str, value: object) -> None:
        _write(self._state, _leaf_name(self._state, self._name, field_name), None, value)


class _Row(_View):
    """One block's row of a per-block record."""

    _index: Expr

    def __init__(self, state: State, name: str, index: Expr) -> None:
        super().__init__(state, name)
        object.__setattr__(self, "_index", index)

    @property
    def _remedy(self) -> str:
        fields = ", ".join(_record(self._state, self._name).fields)
        return f"{self._name}[{self._index}] is one record; name a field of it after a dot: {fields}"

    def __getattr__(self, field_name: str) -> Any:
        return _read(self._state, _leaf_name(self._state, self._name, field_name), self._index)

    def __setattr__(self, field_name: str, value: object) -> None:
        _write(self._state, _leaf_name(self._state, self._name, field_name), self._index, value)


class _Rows(_View):
    """A per-block record: `s.row[b].field`, `s.row.field[b]`, `s.row.each(field=...)`."""

    @property
    def _remedy(self) -> str:
        fields = ", ".join(_record(self._state, self._name).fields)
        return f"{self._name} has a record for each block; write {self._name}[b]. and a field of it: {fields}"

    def __getitem__(self, block: object) -> _Row:
        return _Row(self._state, self._name, lift(block, BLOCK))

    def __setitem__(self, block: object, value: object) -> None:
        _write_record(self._state, self._name, _record(self._state, self._name), lift(block, BLOCK), value)

    def __getattr__(self, field_name: str) -> _Column:
        return _Column(self._state, _leaf_name(self._state, self._name, field_name))

    def each(self, **values: object) -> None:
        """Write fields of all rows at once: `each(flag=False, data=lambda b: s.other[b])`."""
        if not values:
            raise ModelError(f"{self._name}.each() names no field; write {self._name}.each(field=..., ...)")
        for field_name, value in values.items():
            _Column(self._state, _leaf_name(self._state, self._name, field_name)).each(value)


class _Column(_View):
    """A per-block variable: `s.difference[b]`, `s.difference.each(...)`."""

    @property
    def _remedy(self) -> str:
        name = self._name
        return f"{name} has a value for each block; write {name}[b], or {name}.each(...) to write all of them"

    def __getitem__(self, block: object) -> Expr:
        return _read(self._state, self._name, lift(block, BLOCK))

    def __setitem__(self, block: object, value: object) -> None:
        _write(self._state, self._name, lift(block, BLOCK), value)

    def each(self, value: object | Callable[[Any], object]) -> None:
        """Write all blocks at once: one value, or a function of the block."""
        bound = fresh_block()
        is_function = callable(value) and not isinstance(value, type | Incomplete)
        written = value(bound) if is_function else value  # type: ignore[operator]  # callable() was asked
        node = _in_domain(self._state, self._name, written)
        current_trace(f"writing {self._name}").updates.append(
            Update(self._name, None, bound, node, source_line())
        )


class _Derived(_View):
    """A named predicate of a block, read like a per-block variable."""

    @property
    def _remedy(self) -> str:
        return f"{self._name} is a predicate of a block, and derived; read {self._name}[b]"

    def __getitem__(self, block: object) -> Expr:
        return derive(self._state, self._name, lift(block, BLOCK))


def derive(state: State, name: str, *block: Expr) -> Expr:
    """What a named predicate says of the state, and of the block if it is per block."""
    state._machine.is_settled = False
    with looking(f"predicate {name}"):
        return lift(state._machine.predicates[name].holds(state, *block))


class _Unit:
    """A record with per-block fields, seen for one block."""

    def __init__(self, fields: _Fields, block: Expr) -> None:
        self._fields, self._block = fields, block

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._fields, name)
        return value[self._block] if isinstance(value, _Column) else value


def view_of(state: State, record: str, block: Expr | None) -> object:
    """The record, or what of it concerns one block: what `while_` of a field is handed."""
    if state._machine.variables[record].per_block:
        assert block is not None
        return _Row(state, record, block)
    fields = _Fields(state, record)
    return fields if block is None else _Unit(fields, block)


def _record(state: State, name: str) -> type[Record]:
    record = state._machine.variables[name].record
    assert record is not None
    return record


def _leaf_name(state: State, record: str, field_name: str) -> str:
    name = f"{record}.{field_name}"
    if name not in state._machine.leaves:
        known = _record(state, record).fields
        near = nearest(field_name, list(known)) or f"its fields are {', '.join(known)}"
        raise UnknownNameError(f"{record} has no field {field_name}; {near}")
    return name


def _read(state: State, name: str, index: Expr | None = None) -> Expr:
    leaf = state._machine.leaves[name]
    if index is None:
        return Var(name, leaf.type, state._after)
    return At(name, index, leaf.type, state._after)


def _write(state: State, name: str, index: Expr | None, value: object) -> None:
    if state._machine.leaves[name].per_block and index is None:
        raise ModelError(_Column(state, name)._remedy)
    node = _in_domain(state, name, value)
    current_trace(f"writing {name}").updates.append(Update(name, index, None, node, source_line()))


def _write_record(state: State, name: str, record: type[Record], index: Expr | None, value: object) -> None:
    if not isinstance(value, record):
        raise ModelError(f"{name} takes a {record.__name__}(...), not {describe(value)}")
    leaves = {field_name: state._machine.leaves[f"{name}.{field_name}"] for field_name in record.fields}
    written = {field_name: default_of(leaf.type) for field_name, leaf in leaves.items()} | value.values
    given = _Given(written)
    for field_name, item in record.fields.items():
        leaf = leaves[field_name]
        is_needed = leaf.type in (BLOCK, DATA) and field_name not in value.values
        if is_needed and (item.while_ is None or not same(lift(item.while_(given)), FALSE)):
            raise ModelError(
                f"{describe(value)} leaves out {field_name}, which means something then; name its value"
            )
        if leaf.per_block and index is None:
            _Column(state, leaf.name).each(written[field_name])
        else:
            _write(state, leaf.name, index, written[field_name])


class _Given:
    """A record as it is written, for the `while_` of its fields."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Expr:
        return lift(self._values[name])


def default_of(type_: Type) -> Const:
    """The type's first value: what a variable holds while it means nothing."""
    return Const(type_.values(1)[0], type_)


def _in_domain(state: State, name: str, value: object) -> Expr:
    type_ = state._machine.leaves[name].type
    node = lift(value, type_)
    if isinstance(node, Const) and not isinstance(value, Expr) and not type_.accepts(node.value):
        raise ModelError(
            f"{describe(node.value)} is outside the domain of {name}; accepted is {type_.describe()}"
        )
    return node


def _unknown(machine: Declarations, name: str) -> UndeclaredError:
    known = [*machine.variables, *machine.predicates]
    near = nearest(name, known) or f"declared are {', '.join(known) or 'none'}"
    return UndeclaredError(f"{machine.name} has no variable or predicate `{name}`; {near}")
