"""Ground trees simplified by what is known, such as what a guard says where its step is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from splitproof.checker.ground.terms import Terms
from splitproof.model.expressions import FALSE, TRUE, And, Const, Eq, Expr, Ite, Or, Var

__all__ = ["Context", "Simplifier"]


class Context:
    """What is known: which values variables may still have, and which other trees are true or false."""

    __slots__ = ("domains", "facts", "memo", "variables")

    def __init__(
        self, domains: dict[Var, frozenset[Any]], facts: dict[Expr, bool], variables: frozenset[Var]
    ) -> None:
        self.domains = domains
        self.facts = facts
        self.variables = variables
        self.memo: dict[Expr, Expr] = {}

    def value(self, variable: Var) -> Any:
        """The only value that the variable may have; None if there are several."""
        left = self.domains.get(variable)
        return next(iter(left)) if left is not None and len(left) == 1 else None


class Simplifier(Terms):
    """Terms, and what becomes of them in a context."""

    def __init__(self, domains: Mapping[str, tuple[Any, ...]]) -> None:
        super().__init__(domains)
        self.nothing_known = Context({}, {}, frozenset())

    def assume(self, context: Context, node: Expr, truth: bool = True) -> Context | None:
        """What is known once the node is known to be `truth`, too; None if that cannot be."""
        domains, facts = dict(context.domains), dict(context.facts)
        pending = [node if truth else self.not_(node)]
        variables = context.variables
        while pending:
            fact = pending.pop()
            if fact is FALSE or facts.get(fact) is False:
                return None
            literal = self._literals.get(fact)
            if literal is not None:
                variable, values = literal
                left = domains.get(variable, self._sets[variable.name]) & values
                if not left:
                    return None
                domains[variable] = left
            elif isinstance(fact, And):
                pending += fact.operands
            elif fact is not TRUE:
                facts[fact] = True
                facts[self.not_(fact)] = False
            variables |= self._free[fact]
        return Context(domains, facts, variables)

    def under(self, node: Expr, context: Context) -> Expr:
        """A tree that has the same value as the node wherever the context holds; smaller if possible."""
        if isinstance(node, Const) or (context.variables and self._free[node].isdisjoint(context.variables)):
            return node
        found = context.memo.get(node)
        if found is None:
            found = context.memo[node] = self._under(node, context)
        return found

    def _under(self, node: Expr, context: Context) -> Expr:
        fact = context.facts.get(node)
        if fact is not None:
            return TRUE if fact else FALSE
        literal = self._literals.get(node)
        if literal is not None:
            return self._literal_under(*literal, context)
        match node:
            case Var():
                value = context.value(node)
                return node if value is None else self.const(value, node.type)
            case And(operands) | Or(operands):
                return self._junction_under(isinstance(node, And), operands, context)
            case Ite(condition, yes, no):
                return self._ite_under(condition, yes, no, context)
            case Eq(left, right):
                return self._eq_under(left, right, context)
            case _:
                return self._with_children(node, lambda child: self.under(child, context))

    def _literal_under(self, variable: Var, values: frozenset[Any], context: Context) -> Expr:
        possible = context.domains.get(variable, self._sets[variable.name])
        inside = values & possible
        if not inside or len(inside) == len(possible):
            return TRUE if inside else FALSE
        if len(inside) > 1 and len(possible) - len(inside) == 1:  # "not that one" is shorter
            inside = self._sets[variable.name] - (possible - values)
        return self.literal(variable, inside)

    def _eq_under(self, left: Expr, right: Expr, context: Context) -> Expr:
        left, right = self.under(left, context), self.under(right, context)
        if isinstance(left, Var) and isinstance(right, Var):
            mine = context.domains.get(left, self._sets[left.name])
            if mine.isdisjoint(context.domains.get(right, self._sets[right.name])):
                return FALSE
        return self.eq(left, right)

    def _ite_under(self, condition: Expr, yes: Expr, no: Expr, context: Context) -> Expr:
        test = self.under(condition, context)
        with_it, without_it = self.assume(context, test), self.assume(context, test, truth=False)
        if with_it is None or without_it is None:
            return self.under(no if with_it is None else yes, context)
        return self.ite(test, self.under(yes, with_it), self.under(no, without_it))

    def _junction_under(self, is_and: bool, operands: tuple[Expr, ...], context: Context) -> Expr:
        """Each operand under what those before it leave open, literals first; again if there are new ones."""
        build, absorbing = (self.and_, FALSE) if is_and else (self.or_, TRUE)
        inner, parts = context, []
        for operand in sorted(operands, key=lambda part: part not in self._literals):  # stable
            part = self.under(operand, inner)
            extended = None if part is absorbing else self.assume(inner, part, truth=is_and)
            if extended is None:
                return absorbing
            inner = extended
            parts.append(part)
        node = build(*parts)
        if not isinstance(node, And | Or) or not self._has_new_literal(node, operands):
            return node
        return self._junction_under(isinstance(node, And), node.operands, context)

    def _has_new_literal(self, node: And | Or, before: tuple[Expr, ...]) -> bool:
        if node in self._literals:
            return False
        known = {literal[0] for part in before if (literal := self._literals.get(part)) is not None}
        found = {literal[0] for part in node.operands if (literal := self._literals.get(part)) is not None}
        return not found <= known
