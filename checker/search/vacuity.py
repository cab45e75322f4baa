"""What a pass would say nothing about: steps never taken, guard clauses that never block, data that nobody wrote.

Judged on complete searches only: what was not met yet may still come. A clause is *live* if in some reachable state
it alone blocks its action, for some choice of parameters; one that never is could be dropped without a trace, so it
is either redundant or not what was meant. Clauses are judged on searches that interleave everything: where messages
are delivered at once, a clause may seem dead that is not. Actions are judged always: a step that can be taken before a
folded one can be taken after it, so that one that is never taken there shows that folding is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from splitproof.checker.ground.decision import Template
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Engine, Exploration, Limits, OutOfTimeError
from splitproof.checker.search.oracle import Oracle, slices
from splitproof.model.conditions import BLOCK_PARAMETER
from splitproof.model.declarations import Action
from splitproof.model.errors import ModelError
from splitproof.model.expressions import FALSE, Expr
from splitproof.model.properties import trace_property
from splitproof.model.tracing import Clause
from splitproof.model.types import DATA, DATA_VALUES, values_of
from splitproof.spec.properties import Property
from splitproof.spec.vocabulary import StepKind

__all__ = ["DeadClause", "Vacuity", "is_live", "liveness_questions", "vacuity_of"]

_FEW_STATES = 1024
"""A live clause is most often live in one of so many states, taken from everywhere: they are asked first."""


@dataclass(frozen=True)
class DeadClause:
    """A guard clause that in no reachable state is all that blocks its action."""

    action: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.where}) of {self.action}"

    def json(self) -> dict[str, str]:
        return {"action": self.action, "where": self.where, "text": self.text}


@dataclass(frozen=True)
class Vacuity:
    """What a complete search has never met.

    `never_fired`: labels of actions that no reachable state can take, but for those that are declared so.
    `misdeclared`: sentences about actions that are declared never to be taken, and are.
    `places`: `file:line` of each of these actions, the former first.
    `uncarried`: properties whose `carries` is only ever data that was there at the start.
    `limit`: what ended the look at guard clauses; there may be dead ones that are not named.
    """

    never_fired: tuple[str, ...] = ()
    misdeclared: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    dead_clauses: tuple[DeadClause, ...] = ()
    uncarried: frozenset[str] = frozenset()
    limit: str | None = None


def vacuity_of(engine: Engine, exploration: Exploration, limits: Limits | None = None) -> Vacuity:
    """The vacuity of a search; nothing if it is not complete. Of a slice, that of its actions: their guards are whole.

    Data is followed at one block: what one block carries, more do.

    Raises:
        ModelError: a property names data that it `carries`, and in no initial state all data is the same.
    """
    limits = (limits or Limits()).started()
    if not exploration.complete:
        return Vacuity()
    fired = {action.label for action in engine.actions if exploration.fired[action.label]}
    dead: list[DeadClause] = []
    limit = None
    if not engine.folded:
        try:
            dead.extend(_dead_clauses(engine, exploration, fired, limits))  # those before the time is up
        except OutOfTimeError as late:
            limit = str(late)
    never_fired = list(_never_fired(engine, fired))
    misdeclared = dict(_misdeclared(engine, (a for a in engine.actions if a.label in fired)))
    return Vacuity(
        never_fired=tuple(action.label for action in never_fired),
        misdeclared=tuple(misdeclared),
        places=tuple(action.where for action in (*never_fired, *misdeclared.values())),
        dead_clauses=tuple(dead),
        uncarried=frozenset(_uncarried(engine)),
        limit=limit,
    )


def _never_fired(engine: Engine, fired: set[str]) -> Iterator[Action]:
    for action in engine.actions:
        if action.label not in fired and action.idle is None and action.needs_blocks <= engine.blocks:
            yield action


def _misdeclared(engine: Engine, fired: Iterable[Action]) -> Iterator[tuple[str, Action]]:
    for action in fired:
        if action.idle is not None:
            yield f"{action.label} is declared idle ({action.idle}), and is taken", action
        elif action.needs_blocks > engine.blocks:
            needs = f"{action.label} is declared to need {action.needs_blocks} blocks"
            yield f"{needs}, and is taken with {engine.blocks}", action


# -- guard clauses


def _dead_clauses(
    engine: Engine, exploration: Exploration, fired: set[str], limits: Limits
) -> Iterator[DeadClause]:
    """Of the actions that are taken at all; those that never are, are reported themselves.

    Raises:
        OutOfTimeError: the limits' time was up between two clauses.
    """
    oracle = engine.oracle
    apart = max(exploration.states // _FEW_STATES, 1)
    few = [state for level in exploration.levels for state in level[::apart]]
    for action in oracle.actions:
        if action.label not in fired:
            continue
        _require_time(limits)
        suspects = [
            place
            for place, (clause, question) in enumerate(liveness_questions(oracle, action))
            if clause.idle is None
            and clause.needs_blocks <= oracle.blocks
            and not is_live(oracle, question, few)
        ]
        asked = list(liveness_questions(engine, action)) if suspects else []
        for clause, question in (asked[place] for place in suspects):
            _require_time(limits)
            if not engine.holds_somewhere(question, exploration):
                yield DeadClause(action.label, clause.where, clause.text)


def _require_time(limits: Limits) -> None:
    if limits.time_is_up:
        raise OutOfTimeError(limits.time_text)


def is_live(oracle: Oracle, question: Expr, states: Sequence[int]) -> bool:
    """Whether a question of `liveness_questions` holds in one of the states."""
    if question is FALSE:
        return False
    selection = oracle.selection(question)
    return any(selection(portion) for portion in slices(states))


def liveness_questions(engine: Engine, action: Action) -> Iterator[tuple[Clause, Expr]]:
    """Each clause of an action, and where it alone blocks the action for some choice of parameters."""
    grounding = engine.grounding
    terms = grounding.terms
    found: list[list[Expr]] = [[] for _ in action.clauses]
    values = [values_of(parameter.type, engine.blocks, engine.data_values) for parameter in action.parameters]
    for arguments in itertools.product(*values):
        known = {parameter.name: value for parameter, value in zip(action.parameters, arguments, strict=True)}
        clauses = [grounding.expression(clause.condition, known) for clause in action.clauses]
        for place, clause in enumerate(clauses):
            others = clauses[:place] + clauses[place + 1 :]
            alone = terms.and_(*others, terms.not_(clause))
            found[place].append(terms.under(alone, terms.nothing_known))
    for clause_, questions in zip(action.clauses, found, strict=True):
        yield clause_, terms.or_(*questions)


# -- data that a host wrote


def _of_one_block(engine: Engine, asked: Sequence[Property]) -> Oracle:
    if engine.blocks == 1 and engine.data_values == DATA_VALUES and engine.cone is None:
        return engine.oracle
    return Oracle(engine.machine, 1, asked)


def _uncarried(engine: Engine) -> Iterator[str]:
    """The properties that only ever judge data that was there at the start.

    From the initial states in which all data is 0, with all that hosts write being 1 and all other data 0, a 1 is
    data that a host wrote. No step looks at data: if some run makes a property judge what a host wrote, so does the
    run with the same steps and these values.
    """
    properties = (item.property for item in engine.properties.values())
    asked = [item for item in properties if item.carries is not None and item.needs_blocks <= 1]
    if not asked:
        return
    oracle = _of_one_block(engine, asked)
    pending = {item.id: _judges_written(oracle, item) for item in asked}
    starts = [state for state in oracle.initial if not any(_data_of(oracle, state))]
    if not starts:
        raise ModelError(
            f"{oracle.machine.name} has no initial state in which all data is the same; {', '.join(pending)} can "
            "only be asked whether they judge data that a host wrote (carries=...) where there is one",
            "",
        )
    program = oracle.program(Template("add", lambda step, after: [f"add({after})"]), _writing_ones(oracle))
    seen, level = set(starts), sorted(starts)
    while level and pending:
        pending = {name: node for name, node in pending.items() if not is_live(oracle, node, level)}
        found: set[int] = set()
        program(level, found.add)
        level = sorted(found - seen)
        seen |= found
    yield from pending


def _judges_written(oracle: Oracle, item: Property) -> Expr:
    """Where a property's trigger holds and what it carries is 1."""
    traced = trace_property(oracle.machine, item)
    assert traced.carries is not None
    grounding = oracle.grounding
    terms = grounding.terms
    cases = [{BLOCK_PARAMETER.name: block} for block in range(oracle.blocks)] if item.per_block else [{}]
    one = terms.const(1, DATA)
    found = [
        terms.and_(
            grounding.expression(traced.trigger, case),
            terms.eq(grounding.expression(traced.carries, case), one),
        )
        for case in cases
    ]
    return terms.under(terms.or_(*found), terms.nothing_known)


def _data_of(oracle: Oracle, state: int) -> Iterator[int]:
    values = oracle.packing.unpack(state)
    return (values[slot.position] for slot in oracle.grounding.layout.slots if slot.leaf.type is DATA)


def _writing_ones(oracle: Oracle) -> list[GroundStep]:
    def as_asked(action: Action, arguments: tuple[Any, ...]) -> bool:
        wanted = 1 if action.kind is StepKind.HOST_IO else 0
        given = zip(action.parameters, arguments, strict=True)
        return all(value == wanted for parameter, value in given if parameter.type is DATA)

    return [step for step in oracle.steps if as_asked(step.action, step.arguments)]
