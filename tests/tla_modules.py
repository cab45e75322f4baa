"""Modules of TLA+, read by a parser that is not ours and then checked and evaluated here as TLC would.

What the exports use of the language is supported, and nothing else. Conjuncts are evaluated in order: the first
`x' = ...` or `x \\in ...` of a variable gives it its value, a later one compares, and reading x' before is an error.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tla

__all__ = ["Module", "TlaError"]

Values = Mapping[str, Any]
Function = tuple[tuple[Any, Any], ...]
"""A function as its pairs, in the order of its domain."""

_BUILT_IN = {"/\\", "\\/", "~", "=", "#", "<", "+", "-", "..", "\\in", "'", "[]", "~>", "UNCHANGED", "SUBSET"}


class TlaError(Exception):
    """A module that TLC would refuse."""


@dataclass
class Module:
    """A parsed module. `constants`: a value for each of its constants; a set is a tuple.

    Raises:
        TlaError: a name is used that is not declared, or declared where it is known already.
    """

    text: str
    constants: Values
    definitions: dict[str, Any] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = dict.fromkeys(self.constants, 0)
        for unit in tla.parse(self.text).units:
            match type(unit).__name__:
                case "Constants":
                    assert {name.operator for name in unit.names} == set(self.constants)
                case "Variables":
                    self.variables = [name.operator for name in unit.names]
                    for name in self.variables:
                        _declare(known, name)
                case "OperatorDefinition":
                    inside = dict(known)
                    for parameter in unit.arity or ():
                        _declare(inside, parameter.operator)
                    _check_names(unit.definiens, inside)
                    _declare(known, unit.name, len(unit.arity or ()))
                    self.definitions[unit.name] = unit
                case other:
                    raise TlaError(f"a module holds {other}")

    # -- behaviour ---------------------------------------------------------------------------------------------

    def initial_states(self) -> set[tuple[Any, ...]]:
        found = set()
        for values in self._solve(self.definitions["Init"].definiens, {}, {}, prime=False):
            found.add(self._state(values, "Init"))
        return found

    def successors(self, state: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
        """Every way to take a step, with the action's name and the state after it."""
        now = dict(zip(self.variables, state, strict=True))
        found = []
        for item in self.definitions["Next"].definiens.arguments:
            name = _called(item.expression)
            choices = self._solve(item.expression, now, {}, prime=True)
            found += [(name, self._state(after, name)) for after in choices]
        return found

    def holds(self, name: str, state: tuple[Any, ...], after: tuple[Any, ...] | None = None) -> bool:
        """Whether an invariant holds in a state, or with `after`, the action inside `[][...]_vars` of a step."""
        node = self.definitions[name].definiens
        if after is not None:
            (node,) = node.arguments
            node = node.action
        values = dict(zip(self.variables, state, strict=True))
        return self._truth(node, values, dict(zip(self.variables, after or (), strict=False)))

    def _state(self, values: Values, where: str) -> tuple[Any, ...]:
        missing = [name for name in self.variables if name not in values]
        if missing:
            raise TlaError(f"{where} says nothing of {', '.join(missing)}")
        return tuple(values[name] for name in self.variables)

    # -- formulas that choose values ---------------------------------------------------------------------------

    def _solve(self, node: Any, now: Values, given: Values, prime: bool) -> Iterator[Values]:
        """Every way to give variables their next values (first ones, without `prime`) so that the formula holds."""
        match type(node).__name__:
            case "VerticalList" if node.operator == "/\\":
                yield from self._solve_all([item.expression for item in node.arguments], now, given, prime)
                return
            case "Quantification" if node.quantifier == "\\E":
                for bound in self._bindings(node.declarations, now, given):
                    yield from self._solve(node.predicate, {**now, **bound}, given, prime)
                return
            case "Let":
                yield from self._solve(node.expression, self._let(node, now, given), given, prime)
                return
            case "OperatorApplication" if node.operator == "UNCHANGED":
                same = {item.operator: now[item.operator] for item in node.arguments[0].items}
                if given.keys() & same.keys():
                    raise TlaError(f"{sorted(given.keys() & same.keys())} is unchanged, and something else")
                yield {**given, **same}
                return
            case "OperatorApplication" if node.operator in ("=", "\\in"):
                name = _assigned(node.arguments[0], prime)
                if name in self.variables and name not in given and (prime or name not in now):
                    seen = now if prime else {**now, **given}
                    value = self.value(node.arguments[1], seen, given)
                    for choice in (value,) if node.operator == "=" else value:
                        yield {**given, name: choice}
                    return
            case "OperatorApplication" if node.operator in self.definitions:
                definition = self.definitions[node.operator]
                arguments = [self.value(item, now, given) for item in node.arguments or ()]
                bound = dict(zip([p.operator for p in definition.arity or ()], arguments, strict=True))
                yield from self._solve(definition.definiens, {**now, **bound}, given, prime)
                return
        if self._truth(node, now if prime else {**now, **given}, given):
            yield given

    def _solve_all(self, parts: Sequence[Any], now: Values, given: Values, prime: bool) -> Iterator[Values]:
        if not parts:
            yield given
            return
        for found in self._solve(parts[0], now, given, prime):
            yield from self._solve_all(parts[1:], now, found, prime)

    def _bindings(self, declarations: Sequence[Any], now: Values, given: Values) -> Iterator[Values]:
        names = [item.arguments[0].operator for item in declarations]
        sets = [self.value(item.arguments[1], now, given) for item in declarations]
        for values in itertools.product(*sets):
            yield dict(zip(names, values, strict=True))

    def _let(self, node: Any, now: Values, given: Values) -> Values:
        found = dict(now)
        for item in node.definitions:
            found[item.name] = self.value(item.definiens, found, given)
        return found

    # -- values ------------------------------------------------------------------------------------------------

    def _truth(self, node: Any, now: Values, after: Values) -> bool:
        value = self.value(node, now, after)
        if not isinstance(value, bool):
            raise TlaError(f"{value!r} is no truth value")
        return value

    def value(self, node: Any, now: Values, after: Values) -> Any:
        """The value of an expression; `after` is what is known of the next state."""

        def of(part: Any) -> Any:
            return self.value(part, now, after)

        match type(node).__name__:
            case "Parentheses":
                return of(node.expression)
            case "BooleanLiteral":
                return node.value == "TRUE"
            case "SetOfBooleans":
                return (False, True)
            case "StringLiteral":
                return node.value.strip('"')
            case "IntegralNumeral":
                return int(node.value)
            case "SetEnumeration":
                return tuple(map(of, node.items))
            case "If":
                return of(node.then) if self._truth(node.predicate, now, after) else of(node.else_)
            case "VerticalList":
                parts = (self._truth(item.expression, now, after) for item in node.arguments)
                return all(parts) if node.operator == "/\\" else any(parts)
            case "Quantification":
                bindings = self._bindings(node.declarations, now, after)
                parts = (self._truth(node.predicate, {**now, **bound}, after) for bound in bindings)
                return all(parts) if node.quantifier == "\\A" else any(parts)
            case "Choose":
                return of(node.declaration.arguments[1])[0]  # of TRUE: any, and always the same
            case "Let":
                return self.value(node.expression, self._let(node, now, after), after)
            case "OperatorApplication":
                return self._applied(node, now, after, of)
            case _:
                return self._function(node, now, after, of)

    def _function(self, node: Any, now: Values, after: Values, of: Callable[[Any], Any]) -> Any:
        """The value of what makes, applies or collects functions."""
        match type(node).__name__:
            case "Function":
                (declaration,) = node.declaration
                name, domain = declaration.arguments[0].operator, of(declaration.arguments[1])
                return tuple((key, self.value(node.value, {**now, name: key}, after)) for key in domain)
            case "FunctionApplication":
                return dict(of(node.function))[of(node.arguments[0])]
            case "Except":
                changed = dict(of(node.function))
                for change in node.changes:
                    changed[of(change.item[0][0])] = of(change.expression)
                return tuple(changed.items())
            case "SetOfFunctions":
                domain, values = of(node.domain), of(node.codomain)
                return tuple(
                    tuple(zip(domain, choice, strict=True))
                    for choice in itertools.product(values, repeat=len(domain))
                )
            case "SetSlice":
                name = node.declaration.arguments[0].operator
                members = of(node.declaration.arguments[1])
                return tuple(m for m in members if self._truth(node.predicate, {**now, name: m}, after))
            case other:
                raise TlaError(f"no meaning is given to {other}")

    def _applied(self, node: Any, now: Values, after: Values, of: Callable[[Any], Any]) -> Any:
        operator: str = node.operator
        arguments: list[Any] = list(node.arguments or ())
        match operator, len(arguments):
            case "'", 1:
                name = arguments[0].operator
                if name not in after:
                    raise TlaError(f"{name}' is read before it has a value")
                return after[name]
            case "/\\", _:
                return all(self._truth(item, now, after) for item in arguments)
            case "\\/", _:
                return any(self._truth(item, now, after) for item in arguments)
            case "~", 1:
                return not self._truth(arguments[0], now, after)
            case "-", 1:
                return -of(arguments[0])
            case "SUBSET", 1:
                members = of(arguments[0])
                sizes = range(len(members) + 1)
                return tuple(frozenset(c) for size in sizes for c in itertools.combinations(members, size))
            case _, 2 if operator in _OF_TWO:
                return _OF_TWO[operator](of(arguments[0]), of(arguments[1]))
            case _, 0 if operator in now:
                return now[operator]
            case _, 0 if operator in self.constants:
                return self.constants[operator]
            case _ if operator in self.definitions:
                definition = self.definitions[operator]
                names = [parameter.operator for parameter in definition.arity or ()]
                bound = dict(zip(names, map(of, arguments), strict=True))
                return self.value(definition.definiens, {**now, **bound}, after)
        raise TlaError(f"{operator} has no value here")


_OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "#": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "..": lambda low, high: tuple(range(low, high + 1)),
    "\\in": lambda member, members: member in members,
}


def _called(node: Any) -> str:
    """The action that a disjunct of Next takes."""
    call = node.predicate if type(node).__name__ == "Quantification" else node
    return str(call.operator)


def _assigned(node: Any, prime: bool) -> str | None:
    """The variable that `node` is, primed or not."""
    if type(node).__name__ != "OperatorApplication":
        return None
    if prime:
        return node.arguments[0].operator if node.operator == "'" else None
    return str(node.operator) if not node.arguments else None


def _declare(known: dict[str, int], name: str, arity: int = 0) -> None:
    if name in known:
        raise TlaError(f"{name} is declared where it is known already")
    known[name] = arity


def _check_names(node: Any, known: dict[str, int]) -> None:
    """Every name is declared, with as many parameters as it is given, and none hides another."""
    kind = type(node).__name__
    if isinstance(node, list) or type(node) is tuple:  # a node is a tuple, too, of a type of its own
        for item in node:
            _check_names(item, known)
        return
    if kind == "OperatorApplication" and node.operator not in _BUILT_IN:
        count = len(node.arguments or ())
        if known.get(node.operator) != count:
            raise TlaError(f"{node.operator} of {count} is not declared")
    declared = {"Quantification": "declarations", "Function": "declaration"}.get(kind)
    bound = [] if declared is None else list(getattr(node, declared))
    bound += [node.declaration] if kind in ("Choose", "SetSlice") else []
    inside = dict(known)
    for item in bound:
        _check_names(item.arguments[1], known)
        _declare(inside, item.arguments[0].operator)
    for item in node.definitions if kind == "Let" else ():
        _check_names(item.definiens, inside)
        _declare(inside, item.name)
    skipped = {"declaration", "declarations", "definitions", "start", "end"}
    for name in getattr(node, "_fields", ()):
        if name not in skipped:
            _check_names(getattr(node, name), inside)
