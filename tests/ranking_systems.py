"""Small fair systems with a ranking argument each: what the rule of ranking arguments is held against.

A system is a number and a flag for each block, which actions change; some are promised weakly, some strongly, some not
at all. Its argument is put together so that as many premises as possible hold, from sets of *views*: what the number
is, and the flag of a block. Nothing here judges it: `premises_of` says what an argument has to keep, and a search for
fair lassos whether the property holds.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from splitproof.checker.proof.premises import premises_of
from splitproof.checker.proof.transitions import HERE, standing_transition, transitions_of
from splitproof.model.cells import memory
from splitproof.model.declarations import Fairness
from splitproof.model.expressions import FALSE, all_of, any_of, ite
from splitproof.model.interpreter import Interpreter
from splitproof.model.machine import Machine
from splitproof.model.ranking import AWAITED, Falls, Helps
from splitproof.model.records import Block
from splitproof.model.state import State, when
from splitproof.model.types import BOOL, Int
from splitproof.spec.properties import Property, leads_to, possible
from splitproof.spec.vocabulary import HOST_PORT

__all__ = ["ARRIVES", "CAN_ARRIVE", "Help", "Move", "Part", "System", "failing_premises", "system_of"]

LAST = 2
ARRIVES, CAN_ARRIVE = "arrives", "can-arrive"

View = tuple[int, bool]
"""The number, and the flag of a block; of what is not about a block, the second says nothing and is False."""

Views = frozenset[View]
_State = tuple[int, tuple[bool, ...]]


@dataclass(frozen=True)
class Move:
    """An action: for each view that it can be taken in, the view that it leads to. `by_block`: taken for a block."""

    fair: Fairness | None
    by_block: bool
    along: tuple[tuple[View, View], ...]


@dataclass(frozen=True)
class Part:
    """A part of a rank. `by_block`: a set of blocks."""

    by_block: bool
    views: Views


@dataclass(frozen=True)
class Help:
    """A helpful step: the place of its action, and where it is needed."""

    place: int
    needed: Views


@dataclass(frozen=True)
class System:
    """Actions, the numbers where the property is triggered and reached, and an argument for it.

    `pending`: the numbers where it is declared to be pending; None where nothing is declared.
    """

    blocks: int
    moves: tuple[Move, ...]
    trigger: frozenset[int]
    goal: frozenset[int]
    pending: frozenset[int] | None
    rank: tuple[Part, ...]
    helpful: tuple[Help, ...]

    def machine(self) -> Machine:
        """The system in the language, with its property as `leads to` and as `possible`.

        Raises:
            ModelError: an action can never be taken or changes nothing.
        """
        machine = Machine("system")
        machine.memory("n", Int(0, LAST), "where it is", cell=memory(HOST_PORT))
        machine.memory("flag", BOOL, "of the block", cell=memory(HOST_PORT), per_block=True)
        for place, move in enumerate(self.moves):
            machine.action(by=HOST_PORT, fair=move.fair)(_step(place, move))
        for kind, name in ((leads_to, ARRIVES), (possible, CAN_ARRIVE)):
            item: Property = kind(
                name,
                "it comes to a goal",
                trigger=lambda s: s.n.isin(*sorted(self.trigger)),
                reaches=lambda s: s.n.isin(*sorted(self.goal)),
            )
            machine.check(item)
            machine.argue(
                name,
                rank=[Falls(f"part {place}", _said(part)) for place, part in enumerate(self.rank)],
                helpful=[
                    Helps(f"move_{item.place}", _said(Part(self.moves[item.place].by_block, item.needed)))
                    for item in self.helpful
                ],
                pending=None if self.pending is None else _said(Part(False, _plain(self.pending))),
            )
        return machine


def _plain(numbers: Iterable[int]) -> Views:
    return frozenset((number, False) for number in numbers)


def _is_in(s: Any, views: Iterable[View], flag: Any) -> Any:
    return any_of(FALSE, *(all_of(s.n == n, FALSE | (flag == on)) for n, on in sorted(views)))


def _said(part: Part) -> Callable[..., Any]:
    if part.by_block:
        return lambda s, b: _is_in(s, part.views, s.flag[b])
    return lambda s: any_of(FALSE, *(s.n == n for n, _ in sorted(part.views)))


def _step(place: int, move: Move) -> Callable[..., None]:
    def by_block(s: State, b: Block) -> None:
        """It moves for a block."""
        when(_is_in(s, (view for view, _ in move.along), s.flag[b]))
        n, flag = s.n, s.flag[b]
        for view, (number, on) in move.along:
            here = _is_in(s, [view], s.flag[b])
            n, flag = ite(here, number, n), ite(here, on, flag)
        s.n = n
        s.flag[b] = flag

    def plain(s: State) -> None:
        """It moves."""
        when(any_of(FALSE, *(s.n == n for (n, _), _ in move.along)))
        n = s.n
        for (before, _), (after, _) in move.along:
            n = ite(s.n == before, after, n)
        s.n = n

    made: Callable[..., None] = by_block if move.by_block else plain
    made.__name__ = f"move_{place}"
    return made


# -- which premises fail


def failing_premises(machine: Machine, property_id: str, blocks: int) -> set[str]:
    """The kinds of the premises that fail in a reachable state or at a step from one; `missing` if there are none."""
    item = machine.properties[property_id]
    found = premises_of(machine, item)
    if found.missing is not None:
        return {"missing"}
    interpreter = Interpreter(machine, blocks)
    transitions = {step.name: step for step in transitions_of(machine)}
    demands = {
        name: [(premise.name.partition(".")[0], premise.of_step(step, HERE)) for premise in found.premises]
        for name, step in [("", standing_transition(machine)), *transitions.items()]
    }
    cases = [{HERE.name: block, AWAITED.name: block} for block in range(blocks)]
    failing = set()
    for name, known, before, after in _steps_of(interpreter):
        for kind, demand in demands[name]:
            if kind not in failing and not all(
                interpreter.value(demand, before, known | case, after) for case in cases
            ):
                failing.add(kind)
    return failing


def _steps_of(interpreter: Interpreter) -> Iterator[tuple[str, dict[str, Any], Any, Any]]:
    """Each reachable state, as a step that changes nothing, and each step from one."""
    todo = deque(interpreter.initial_states())
    seen = set(todo)
    while todo:
        state = todo.popleft()
        yield "", {}, state, state
        for step in interpreter.enabled(state):
            after = interpreter.take(state, step)
            names = [parameter.name for parameter in step.action.parameters]
            yield step.action.label, dict(zip(names, step.arguments, strict=True)), state, after
            if after not in seen:
                seen.add(after)
                todo.append(after)


# -- drawing a system and an argument for it


def system_of(chance: random.Random) -> System:
    """A system whose argument keeps the premises as far as it can; half of the time one thing is changed afterwards."""
    blocks = chance.choice([1, 1, 2])
    moves = tuple(_move(chance) for _ in range(chance.randint(2, 4)))
    numbers = range(LAST + 1)
    goal = frozenset([LAST])
    trigger = frozenset(chance.sample(numbers, chance.randint(1, LAST)))
    system = System(blocks, moves, trigger, goal, None, (), ())
    system = _argued(system, chance)
    return _spoiled(system, chance) if chance.random() < 0.5 else system


def _move(chance: random.Random) -> Move:
    by_block = chance.random() < 0.5
    flags = (False, True) if by_block else (False,)
    views = list(itertools.product(range(LAST + 1), flags))
    along = []
    for view in chance.sample(views, chance.randint(1, min(3, len(views)))):
        targets = [other for other in views if other != view]
        along.append((view, chance.choice(targets)))
    return Move(chance.choice([Fairness.WEAK, Fairness.STRONG, None]), by_block, tuple(along))


class _Graph:
    """The reachable states of a system, and its steps: the place of the action, the block, before, after."""

    def __init__(self, system: System) -> None:
        self.system = system
        start: _State = (0, (False,) * system.blocks)
        todo, self.states = [start], {start}
        self.steps: list[tuple[int, int, _State, _State]] = []
        while todo:
            state = todo.pop()
            for place, move in enumerate(system.moves):
                for block in range(system.blocks if move.by_block else 1):
                    after = self.after(move, block, state)
                    if after is None:
                        continue
                    self.steps.append((place, block, state, after))
                    if after not in self.states:
                        self.states.add(after)
                        todo.append(after)

    def after(self, move: Move, block: int, state: _State) -> _State | None:
        target = dict(move.along).get(view_of(move.by_block, state, block))
        if target is None:
            return None
        flags = list(state[1])
        if move.by_block:
            flags[block] = target[1]
        return target[0], tuple(flags)


def view_of(by_block: bool, state: _State, block: int) -> View:
    return state[0], state[1][block] if by_block else False


def _argued(system: System, chance: random.Random) -> System:
    graph = _Graph(system)
    declared = None
    if chance.random() < 0.3:  # what follows the trigger until it is reached
        declared = set(system.trigger - system.goal)
        for _ in graph.states:
            declared |= {
                after[0]
                for _, _, before, after in graph.steps
                if before[0] in declared and after[0] not in system.goal
            }
    pending = frozenset(range(LAST + 1)) - system.goal if declared is None else frozenset(declared)
    steps = [step for step in graph.steps if step[2][0] in pending and step[3][0] in pending]
    rank: list[Part] = []
    for _ in range(chance.randint(0, 3)):
        part = _falling(chance, steps, system.blocks)
        rank.append(part)
        steps = [step for step in steps if _is_unmoved(part, step, system.blocks)]
    places = [place for place, move in enumerate(system.moves) if move.fair is not None]
    chance.shuffle(places)
    helpful: list[Help] = []
    for place in places:
        helpful.append(Help(place, _needed(graph, pending, steps, helpful, place)))
    return replace(
        system,
        pending=None if declared is None else pending,
        rank=tuple(rank),
        helpful=tuple(item for item in helpful if item.needed) or tuple(helpful),
    )


def _views(by_block: bool) -> list[View]:
    return list(itertools.product(range(LAST + 1), (False, True) if by_block else (False,)))


def _falling(chance: random.Random, steps: list[tuple[int, int, _State, _State]], blocks: int) -> Part:
    """Some views, without those that a step leads to from elsewhere."""
    by_block = chance.random() < 0.5
    views = _views(by_block)
    outside = set(chance.sample(views, chance.randint(0, len(views))))
    for _ in views:
        outside |= {
            view_of(by_block, after, block)
            for _, _, before, after in steps
            for block in range(blocks)
            if view_of(by_block, before, block) in outside
        }
    return Part(by_block, frozenset(views) - outside)


def _is_unmoved(part: Part, step: tuple[int, int, _State, _State], blocks: int) -> bool:
    _, _, before, after = step
    return all(
        (view_of(part.by_block, before, block) in part.views)
        == (view_of(part.by_block, after, block) in part.views)
        for block in range(blocks)
    )


def _needed(
    graph: _Graph,
    pending: frozenset[int],
    steps: list[tuple[int, int, _State, _State]],
    nearer: list[Help],
    place: int,
) -> Views:
    """Where a step may be said to be needed: as many views as its premises allow, given those that are nearer."""
    system = graph.system
    move = system.moves[place]
    blocks = range(system.blocks if move.by_block else 1)

    def is_ready(item: Help, state: _State) -> bool:
        other = system.moves[item.place]
        return any(
            view_of(other.by_block, state, block) in item.needed
            and graph.after(other, block, state) is not None
            for block in range(system.blocks if other.by_block else 1)
        )

    needed = set(_views(move.by_block))
    if move.fair is Fairness.WEAK:
        for state, block in itertools.product(graph.states, blocks):
            if state[0] in pending and graph.after(move, block, state) is None:
                needed.discard(view_of(move.by_block, state, block))
    before_that: set[View] = set()
    while needed != before_that:
        before_that = set(needed)
        for (taken, by, before, after), block in itertools.product(steps, blocks):
            kept = view_of(move.by_block, after, block) in needed and (taken, by) != (place, block)
            if not kept and not any(is_ready(item, after) for item in nearer):
                needed.discard(view_of(move.by_block, before, block))
    return frozenset(needed)


def _spoiled(system: System, chance: random.Random) -> System:
    """One thing is otherwise: an action more, a promise, the argument; what was put together may not hold any more."""
    place = chance.randrange(len(system.moves))
    move = system.moves[place]
    kind = chance.choice(["move", "promise", "needed", "rank", "order", "pending"])
    if kind == "move":
        return replace(system, moves=(*system.moves, replace(_move(chance), fair=None)))
    if kind == "promise":
        other = Fairness.WEAK if move.fair is Fairness.STRONG else Fairness.STRONG
        moves = list(system.moves)
        moves[place] = replace(move, fair=other if move.fair is not None else None)
        return replace(system, moves=tuple(moves))
    if kind == "needed" and system.helpful:
        number = chance.randrange(len(system.helpful))
        helpful = list(system.helpful)
        views = _views(system.moves[helpful[number].place].by_block)
        helpful[number] = replace(
            helpful[number], needed=frozenset(chance.sample(views, chance.randint(1, len(views))))
        )
        return replace(system, helpful=tuple(helpful))
    if kind == "rank":
        by_block = chance.random() < 0.5
        part = Part(by_block, frozenset(chance.sample(_views(by_block), 2)))
        return replace(system, rank=(part, *system.rank))
    if kind == "order":
        return replace(system, helpful=system.helpful[::-1])
    return replace(system, pending=frozenset(chance.sample(range(LAST + 1), 2)))
