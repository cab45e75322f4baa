"""Terms of z3, made and asked about without the checks of its Python layer.

`z3.And` and its like look up the sort of each argument, compare it and wrap it: nine tenths of what a search for an
invariant took. A tree of the language has been checked when it was declared, so that its terms are of the right sorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3
from z3 import z3core

__all__ = [
    "add",
    "application",
    "check",
    "choice",
    "conjunction",
    "disjunction",
    "equality",
    "implication",
    "negation",
]


def conjunction(context: Any, operands: Sequence[Any]) -> Any:
    """All of some truth values."""
    return z3.BoolRef(z3core.Z3_mk_and(context.ref(), len(operands), _array(operands)), context)


def disjunction(context: Any, operands: Sequence[Any]) -> Any:
    """One of some truth values."""
    return z3.BoolRef(z3core.Z3_mk_or(context.ref(), len(operands), _array(operands)), context)


def negation(operand: Any) -> Any:
    """That a truth value is false."""
    return z3.BoolRef(z3core.Z3_mk_not(operand.ctx_ref(), operand.ast), operand.ctx)


def implication(premise: Any, conclusion: Any) -> Any:
    """That one truth value follows from another."""
    return z3.BoolRef(z3core.Z3_mk_implies(premise.ctx_ref(), premise.ast, conclusion.ast), premise.ctx)


def equality(left: Any, right: Any) -> Any:
    """That two terms of one sort are the same."""
    return z3.BoolRef(z3core.Z3_mk_eq(left.ctx_ref(), left.ast, right.ast), left.ctx)


def choice(condition: Any, yes: Any, no: Any) -> Any:
    """One of two terms of one sort."""
    ast = z3core.Z3_mk_ite(condition.ctx_ref(), condition.ast, yes.ast, no.ast)
    wrapper = next((kind for kind in (z3.BoolRef, z3.ArithRef) if isinstance(yes, kind)), z3.ExprRef)
    return wrapper(ast, condition.ctx)


def application(function: Any, argument: Any, wrapper: Any) -> Any:
    """What a function of one argument gives for it. `wrapper`: the class of terms of its sort."""
    return wrapper(
        z3core.Z3_mk_app(function.ctx_ref(), function.ast, 1, _array([argument])),
        function.ctx,
    )


def add(solver: Any, term: Any) -> None:
    """`solver.add`, for a truth value of its own context."""
    z3core.Z3_solver_assert(solver.ctx.ref(), solver.solver, term.ast)


def check(solver: Any, assumptions: Sequence[Any]) -> Any:
    """`solver.check`, for truth values of its own context."""
    answer = z3core.Z3_solver_check_assumptions(
        solver.ctx.ref(), solver.solver, len(assumptions), _array(assumptions)
    )
    return z3.CheckSatResult(answer)


def _array(terms: Sequence[Any]) -> Any:
    return (z3.Ast * len(terms))(*[term.ast for term in terms])
