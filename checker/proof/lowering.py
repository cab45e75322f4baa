"""From trees over the state to z3, for volumes of any size: blocks and data are of uninterpreted sorts.

A per-block variable is a function of the block. Quantifiers are not left to z3: what is assumed for every block is
assumed for each block that is named (which is implied), and what is assumed of some block names one. A proof found
with these instances is a proof; `certificate` writes it with the quantifiers as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from splitproof.checker.proof.terms import (
    add,
    application,
    choice,
    conjunction,
    disjunction,
    equality,
    implication,
    negation,
)
from splitproof.model.errors import ModelError
from splitproof.model.expressions import (
    And,
    At,
    Const,
    Eq,
    Every,
    Expr,
    Ite,
    Less,
    Member,
    Not,
    Or,
    Param,
    Plus,
    Some,
    Var,
    children,
    key,
    show,
)
from splitproof.model.machine import Machine
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Int, Type

__all__ = ["Instances", "Sorts"]


class Sorts:
    """The sorts and symbols of one machine in a context of z3 of its own."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.context = z3.Context()
        self.block = z3.DeclareSort("Block", self.context)
        self.data = z3.DeclareSort("Data", self.context)
        self.lowered: dict[tuple[Any, ...], tuple[Any, list[Any]]] = {}
        """Terms of trees without quantifiers, which are the same for all who share these sorts; what parameters stand
        for is kept with them, as it is known by its `id`."""
        self._enums: dict[Type, tuple[Any, list[Any]]] = {}
        self._symbols: dict[tuple[str, str], Any] = {}
        self._traits: dict[int, tuple[Expr, frozenset[str], bool]] = {}
        for leaf in machine.leaves.values():
            if leaf.per_block and leaf.type is BLOCK:
                raise ModelError(
                    f"{leaf.name} holds a block for each block; proofs for every size need references of which "
                    "there is one only",
                    leaf.where,
                )

    def truth(self, value: bool) -> Any:
        return z3.BoolVal(value, self.context)

    def traits(self, node: Expr) -> tuple[frozenset[str], bool]:
        """The free parameters of a tree, and whether it quantifies; the tree is kept, as its `id` is its key."""
        found = self._traits.get(id(node))
        if found is None:
            free: frozenset[str] = frozenset()
            quantifies = isinstance(node, Every | Some)
            if isinstance(node, Param):
                free = frozenset((node.name,))
            for child in children(node):
                names, inner = self.traits(child)
                free |= names
                quantifies |= inner
            if isinstance(node, Every | Some):
                free -= {node.bound.name}
            found = self._traits[id(node)] = node, free, quantifies
        return found[1:]

    def sort(self, type_: Type) -> Any:
        if type_ is BOOL:
            return z3.BoolSort(self.context)
        if type_ is BLOCK:
            return self.block
        if type_ is DATA:
            return self.data
        if isinstance(type_, Int):
            return z3.IntSort(self.context)
        return self._enum(type_)[0]

    def _enum(self, type_: Type) -> tuple[Any, list[Any]]:
        assert isinstance(type_, EnumType)
        if type_ not in self._enums:
            name = f"{type_.name} {len(self._enums)}"  # classes of one name may be different
            values = [f"{name}.{member.name}" for member in type_.members]
            self._enums[type_] = z3.EnumSort(name, values, self.context)
        return self._enums[type_]

    def members(self, type_: EnumType) -> dict[int, Any]:
        """The values of an enumeration by the identities of their terms."""
        terms = self._enum(type_)[1]
        return {term.get_id(): member for term, member in zip(terms, type_.members, strict=True)}

    def constant(self, node: Const) -> Any:
        """A value. Of blocks and data, there is one that variables hold while they mean nothing."""
        type_ = node.type
        if type_ is BOOL:
            return self.truth(node.value)
        if type_ is BLOCK or type_ is DATA:
            return self.symbol("first value", type_)
        if isinstance(type_, Int):
            return z3.IntVal(node.value, self.context)
        assert isinstance(type_, EnumType)
        return self._enum(type_)[1][type_.members.index(node.value)]

    def symbol(self, name: str, type_: Type) -> Any:
        """A constant of a type; a set of blocks is a predicate."""
        found = self._symbols.get((name, type_.name))
        if found is None:
            if type_ is BLOCK_SET:
                found = z3.Function(name, self.block, z3.BoolSort(self.context))
            else:
                found = z3.Const(name, self.sort(type_))
            self._symbols[name, type_.name] = found
        return found

    def parameter(self, parameter: Param) -> Any:
        """What a step can be taken for, or the block that an invariant is asked about."""
        return self.symbol(f"parameter {parameter.name}", parameter.type)

    def function(self, name: str) -> Any:
        """A per-block variable."""
        found = self._symbols.get((name, "function"))
        if found is None:
            found = z3.Function(name, self.block, self.sort(self.machine.leaves[name].type))
            self._symbols[name, "function"] = found
        return found

    def read(self, name: str, block: Any) -> Any:
        """What a per-block variable holds for a block."""
        type_ = self.machine.leaves[name].type
        wrapper = z3.BoolRef if type_ is BOOL else z3.ArithRef if isinstance(type_, Int) else z3.ExprRef
        return application(self.function(name), block, wrapper)


class Instances:
    """A solver and the blocks that it has names for.

    What is asserted for every block is asserted for each of them, also for those that get their name later.
    """

    def __init__(self, sorts: Sorts, solver: Any) -> None:
        self.sorts = sorts
        self.solver = solver
        self.blocks: list[Any] = []
        self._universals: list[tuple[Any, Param, Expr, dict[str, Any]]] = []
        self._quantified: dict[tuple[Any, ...], Any] = {}
        self._polarities: set[tuple[Any, bool]] = set()
        self._memo: dict[tuple[Any, ...], tuple[Any, list[Any]]] = {}

    def add_block(self, block: Any) -> None:
        """Name a further block."""
        self.blocks.append(block)
        for guard, bound, body, known in list(self._universals):
            self._instantiate(guard, bound, body, known, block)

    def assert_for_every_block(self, bound: Param, body: Expr, guard: Any = None) -> None:
        """Assert a tree about `bound` for every block; under a condition, if there is one."""
        self._assert_universal(guard, bound, body, {})

    def _assert_universal(self, guard: Any, bound: Param, body: Expr, known: dict[str, Any]) -> None:
        self._universals.append((guard, bound, body, known))
        for block in list(self.blocks):
            self._instantiate(guard, bound, body, known, block)

    def _instantiate(self, guard: Any, bound: Param, body: Expr, known: dict[str, Any], block: Any) -> None:
        lowered = self.lower(body, {**known, bound.name: block}, positive=True, negative=False)
        add(self.solver, lowered if guard is None else implication(guard, lowered))

    def assert_tree(self, node: Expr) -> None:
        """Assert a closed tree."""
        add(self.solver, self.lower(node, {}, positive=True, negative=False))

    def lower(
        self, node: Expr, known: Mapping[str, Any], *, positive: bool = True, negative: bool = True
    ) -> Any:
        """The tree as a term of z3. `positive`, `negative`: whether it is going to be asserted, or its negation."""
        free, quantifies = self.sorts.traits(node)
        values = [known.get(name) for name in free]
        ids = tuple(map(id, values))
        memo = self._memo if quantifies else self.sorts.lowered
        at = (id(node), positive, negative, ids) if quantifies else (id(node), ids)
        found = memo.get(at)
        if found is None:
            found = memo[at] = self._lower(node, known, positive, negative), values
        return found[0]

    def _lower(self, node: Expr, known: Mapping[str, Any], positive: bool, negative: bool) -> Any:
        sorts = self.sorts

        def of(part: Expr) -> Any:
            return self.lower(part, known, positive=positive, negative=negative)

        def both(part: Expr) -> Any:
            return self.lower(part, known)

        match node:
            case Const():
                return sorts.constant(node)
            case Var(name, type_):
                return sorts.symbol(name, type_)
            case Param(name):
                return known[name] if name in known else sorts.parameter(node)
            case At(name, index):
                return sorts.read(name, both(index))
            case Member(chosen, block):
                assert isinstance(chosen, Param)
                return application(sorts.parameter(chosen), both(block), z3.BoolRef)
            case Not(operand):
                return negation(self.lower(operand, known, positive=negative, negative=positive))
            case And(operands):
                return conjunction(sorts.context, [of(part) for part in operands])
            case Or(operands):
                return disjunction(sorts.context, [of(part) for part in operands])
            case Eq(left, right):
                return equality(both(left), both(right))
            case Less(left, right):
                return both(left) < both(right)
            case Plus(left, right, sign):
                return both(left) + sign * both(right)
            case Ite(condition, yes, no):
                return choice(both(condition), of(yes), of(no))
            case Every() | Some():
                return self._quantifier(node, known, positive, negative)
            case _:
                raise TypeError(type(node))

    def _quantifier(
        self, node: Every | Some, known: Mapping[str, Any], positive: bool, negative: bool
    ) -> Any:
        """A truth value that stands for the quantifier, with what follows from it being true, and being false."""
        names, _ = self.sorts.traits(node)
        free = {name: known[name] for name in sorted(names) if name in known}
        at = (key(node), tuple(map(id, free.values())))
        stands = self._quantified.get(at)
        if stands is None:
            stands = z3.Bool(f"quantified {len(self._quantified)}", self.sorts.context)
            self._quantified[at] = stands
        for truth, is_needed in ((True, positive), (False, negative)):
            if is_needed and (at, truth) not in self._polarities:
                self._polarities.add((at, truth))
                self._define(node, stands if truth else negation(stands), truth, free)
        return stands

    def _define(self, node: Every | Some, guard: Any, truth: bool, known: dict[str, Any]) -> None:
        """What follows where the quantifier has this truth value."""
        body = node.body if truth else ~node.body
        if isinstance(node, Every) is truth:
            self._assert_universal(guard, node.bound, body, known)
            return
        if known:
            raise ModelError(
                f"`{show(node)}` asks about some block for each block; proofs for every size need conditions "
                "that quantify over blocks once",
                "",
            )
        witness = z3.FreshConst(self.sorts.block, "witness")
        self.add_block(witness)
        self._instantiate(guard, node.bound, body, known, witness)
