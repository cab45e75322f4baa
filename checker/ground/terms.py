"""Ground trees, kept small: equal trees are one node, and constants fold while they are built.

A truth value that depends on one variable alone is a *literal*: the variable and the values for which it
holds. Every way to write it becomes the same node, so that `x != A & x != B` and `x == C | x == D` of a
four-valued x are one. Expressions are total, so that conjuncts may be reordered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from splitproof.model.evaluation import evaluate
from splitproof.model.expressions import FALSE, TRUE, And, Const, Eq, Expr, Ite, Less, Not, Or, Plus, Var
from splitproof.model.types import BOOL, Int, Type

__all__ = ["Literal", "Terms"]

Literal = tuple[Var, frozenset[Any]]
"""A variable and the values for which the literal holds."""

_Key = tuple[Any, ...]


class Terms:
    """Builds ground trees. Two trees that it returns are equal only if they are one object.

    `domains`: the values of each variable by name, in the order of their codes.
    """

    def __init__(self, domains: Mapping[str, tuple[Any, ...]]) -> None:
        self._values = domains
        self._sets = {name: frozenset(values) for name, values in domains.items()}
        self._nodes: dict[_Key, Expr] = {}
        self._free: dict[Expr, frozenset[Var]] = {TRUE: frozenset(), FALSE: frozenset()}
        self._literals: dict[Expr, Literal] = {}
        self._negations: dict[Expr, Expr] = {TRUE: FALSE, FALSE: TRUE}

    # -- what is known of a node -----------------------------------------------------------------------

    def free(self, node: Expr) -> frozenset[Var]:
        """The variables in it."""
        return self._free[node]

    def as_literal(self, node: Expr) -> Literal | None:
        """The one variable that the truth value depends on, and the values for which it holds."""
        return self._literals.get(node)

    def domain(self, variable: Var) -> tuple[Any, ...]:
        """All values of a variable, in the order of their codes."""
        return self._values[variable.name]

    # -- building --------------------------------------------------------------------------------------

    def const(self, value: Any, type_: Type) -> Expr:
        if type_ is BOOL:
            return TRUE if value else FALSE
        kept = Int(value, value) if isinstance(type_, Int) else type_
        return self._shared(("const", kept.name, value), lambda: Const(value, kept), ())

    def var(self, name: str, type_: Type, after: bool = False) -> Expr:
        """The variable; a constant if it has one value only."""
        values = self._values[name]
        if len(values) == 1:
            return self.const(values[0], type_)
        key = ("var", name, after)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Var(name, type_, after)
            self._free[found] = frozenset((found,))
            if type_ is BOOL:
                self._literals[found] = (found, frozenset((True,)))
        return found

    def literal(self, variable: Var, values: frozenset[Any]) -> Expr:
        """The truth value that holds for these values of the variable."""
        key = ("literal", id(variable), values)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._literal(variable, values)
            if not isinstance(found, Const):
                self._literals[found] = (variable, values)
                self._free[found] = frozenset((variable,))
        return found

    def _literal(self, variable: Var, values: frozenset[Any]) -> Expr:
        domain = self.domain(variable)
        inside = [value for value in domain if value in values]
        if not inside or len(inside) == len(domain):
            return TRUE if inside else FALSE
        if variable.type is BOOL:
            return variable if inside[0] else Not(variable)
        positive = len(inside) * 2 <= len(domain) or len(inside) == 1
        listed = inside if positive else [value for value in domain if value not in values]
        equations = tuple(Eq(variable, self.const(value, variable.type)) for value in listed)
        node: Expr = equations[0] if len(equations) == 1 else Or(equations)
        return node if positive else Not(node)

    def not_(self, operand: Expr) -> Expr:
        found = self._negations.get(operand)
        if found is None:
            found = self._negations[operand] = self._negation(operand)
            self._negations[found] = operand
        return found

    def _negation(self, operand: Expr) -> Expr:
        literal = self._literals.get(operand)
        if literal is not None:
            variable, values = literal
            return self.literal(variable, self._sets[variable.name] - values)
        match operand:
            case And(operands):
                return self.or_(*(self.not_(part) for part in operands))
            case Or(operands):
                return self.and_(*(self.not_(part) for part in operands))
            case Ite(condition, yes, no):
                return self.ite(condition, self.not_(yes), self.not_(no))
            case _:
                return self._shared(("not", id(operand)), lambda: Not(operand), (operand,))

    def and_(self, *operands: Expr) -> Expr:
        return self._junction(And, operands)

    def or_(self, *operands: Expr) -> Expr:
        return self._junction(Or, operands)

    def _junction(self, kind: type[And] | type[Or], operands: Iterable[Expr]) -> Expr:
        """Flat, without repetition; literals of one variable become one."""
        absorbing = FALSE if kind is And else TRUE
        sets: dict[Var, frozenset[Any]] = {}
        parts: dict[Expr, Var | None] = {}  # in order; a literal stands where its variable first occurred
        for operand in self._flat(kind, operands):
            if operand is absorbing:
                return absorbing
            literal = self._literals.get(operand)
            if literal is None:
                parts[operand] = None
                continue
            variable, values = literal
            known = sets.get(variable)
            if known is None:
                parts[variable] = variable
                sets[variable] = values
            else:
                sets[variable] = known & values if kind is And else known | values
        found = []
        for part, variable_ in parts.items():
            node = part if variable_ is None else self.literal(variable_, sets[variable_])
            if node is absorbing or (variable_ is None and self.not_(node) in parts):
                return absorbing
            if not isinstance(node, Const):
                found.append(node)
        if len(found) < 2:
            return found[0] if found else self.not_(absorbing)
        return self._shared((kind.__name__, *map(id, found)), lambda: kind(tuple(found)), found)

    def _flat(self, kind: type[And] | type[Or], operands: Iterable[Expr]) -> Iterable[Expr]:
        unit = TRUE if kind is And else FALSE
        for operand in operands:
            if isinstance(operand, kind) and operand not in self._literals:
                yield from operand.operands
            elif operand is not unit:
                yield operand

    def eq(self, left: Expr, right: Expr) -> Expr:
        if left is right:
            return TRUE
        if isinstance(left, Const):
            left, right = right, left
        if isinstance(left, Const) and isinstance(right, Const):
            return TRUE if left.value == right.value else FALSE
        if isinstance(left, Var) and isinstance(right, Const):
            return self.literal(left, frozenset((right.value,)) & self._sets[left.name])
        if isinstance(right, Ite) and not isinstance(left, Ite):
            left, right = right, left
        if left.type is BOOL and not (isinstance(left, Var) and isinstance(right, Var)):
            return self.ite(left, right, self.not_(right))
        if isinstance(left, Ite):
            yes, no = self.eq(left.yes, right), self.eq(left.no, right)
            if isinstance(right, Const) or isinstance(yes, Const) or isinstance(no, Const):
                return self.ite(left.condition, yes, no)
        if (
            isinstance(left, Var)
            and isinstance(right, Var)
            and (left.name, left.after) > (right.name, right.after)
        ):
            left, right = right, left
        return self._truth(("eq", id(left), id(right)), lambda: Eq(left, right), (left, right))

    def less(self, left: Expr, right: Expr) -> Expr:
        if isinstance(left, Const) and isinstance(right, Const):
            return TRUE if left.value < right.value else FALSE
        if isinstance(left, Ite) and isinstance(right, Const):
            return self.ite(left.condition, self.less(left.yes, right), self.less(left.no, right))
        if isinstance(right, Ite) and isinstance(left, Const):
            return self.ite(right.condition, self.less(left, right.yes), self.less(left, right.no))
        return self._truth(("less", id(left), id(right)), lambda: Less(left, right), (left, right))

    def plus(self, left: Expr, right: Expr, sign: int) -> Expr:
        if isinstance(right, Const):
            if isinstance(left, Const):
                total = left.value + sign * right.value
                return self.const(total, Int(total, total))
            if right.value == 0:
                return left
        return self._shared(
            ("plus", id(left), id(right), sign), lambda: Plus(left, right, sign), (left, right)
        )

    def ite(self, condition: Expr, yes: Expr, no: Expr) -> Expr:
        if isinstance(condition, Const):
            return yes if condition.value else no
        if yes is no:
            return yes
        if yes.type is BOOL:
            for branch, other, holds in ((yes, no, True), (no, yes, False)):
                if isinstance(branch, Const):
                    test = condition if holds else self.not_(condition)
                    return self.or_(test, other) if branch.value else self.and_(self.not_(test), other)
            return self._truth(
                _ids("ite", condition, yes, no), lambda: Ite(condition, yes, no), (condition, yes, no)
            )
        return self._shared(
            _ids("ite", condition, yes, no), lambda: Ite(condition, yes, no), (condition, yes, no)
        )

    def _shared(self, key: _Key, build: Callable[[], Expr], parts: Iterable[Expr]) -> Expr:
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = build()
            self._free[found] = frozenset().union(*(self._free[part] for part in parts))
        return found

    def _truth(self, key: _Key, build: Callable[[], Expr], parts: tuple[Expr, ...]) -> Expr:
        """A node that becomes a literal if one variable decides it."""
        found = self._nodes.get(key)
        if found is None:
            free: frozenset[Var] = frozenset().union(*(self._free[part] for part in parts))
            if len(free) > 1:
                return self._shared(key, build, parts)
            (variable,) = free
            found = self._nodes[key] = self.literal(variable, self._where(build(), variable))
        return found

    def _where(self, node: Expr, variable: Var) -> frozenset[Any]:
        """The values of its only variable for which the truth value holds."""

        def holds(value: Any) -> bool:
            return bool(evaluate(node, lambda name, block, after: value, blocks=0))

        return frozenset(filter(holds, self.domain(variable)))

    # -- rewriting -------------------------------------------------------------------------------------

    def substitute(self, node: Expr, values: Mapping[Var, Expr]) -> Expr:
        """The tree with variables replaced."""
        return self._rewrite(node, values, {})

    def _rewrite(self, node: Expr, values: Mapping[Var, Expr], memo: dict[Expr, Expr]) -> Expr:
        if self._free[node].isdisjoint(values):
            return node
        found = memo.get(node)
        if found is None:
            if isinstance(node, Var):
                found = values[node]
            else:
                found = self._with_children(node, lambda child: self._rewrite(child, values, memo))
            memo[node] = found
        return found

    def _with_children(self, node: Expr, change: Callable[[Expr], Expr]) -> Expr:
        literal = self._literals.get(node)
        if literal is not None:  # its inner nodes are not shared ones
            return self._literal_of(change(literal[0]), *literal)
        match node:
            case Not(operand):
                return self.not_(change(operand))
            case And(operands):
                return self.and_(*map(change, operands))
            case Or(operands):
                return self.or_(*map(change, operands))
            case Eq(left, right):
                return self.eq(change(left), change(right))
            case Less(left, right):
                return self.less(change(left), change(right))
            case Plus(left, right, sign):
                return self.plus(change(left), change(right), sign)
            case Ite(condition, yes, no):
                return self.ite(change(condition), change(yes), change(no))
            case _:
                raise TypeError(type(node))

    def _literal_of(self, value: Expr, variable: Var, values: frozenset[Any]) -> Expr:
        """Whether `value`, put in the variable's place, is among the values."""
        domain = self.domain(variable)
        positive = len(values) * 2 <= len(domain)
        listed = (item for item in domain if (item in values) is positive)
        node = self.or_(*(self.eq(value, self.const(item, variable.type)) for item in listed))
        return node if positive else self.not_(node)


def _ids(kind: str, *parts: Expr) -> _Key:
    return (kind, *map(id, parts))
