"""Random machines, built through the public language: what every engine is compared on.

The rules of the language (one cell a step, no ghost and no data comparison in a guard, each variable written
once, numbers within their domain) hold by construction. The few machines that break one all the same are
dropped by `machines`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter, Signature
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from splitproof.model.cells import Cell, channel, memory
from splitproof.model.errors import ModelError
from splitproof.model.expressions import Const
from splitproof.model.interpreter import Interpreter
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, BlockSet, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.spec.properties import always, possible, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, Processor, StepKind
from tests.random_terms import (
    DECLARED,
    NUMBERS,
    PLAIN,
    VALUES,
    Builder,
    Draw,
    Drawer,
    Leaf,
    Phase,
    Scope,
    Spec,
    write,
    write_each,
)

__all__ = ["assume_it_starts", "machines"]

TABLE = Cell("table")
ROW = Cell("row", per_block=True)
BLOCKS = (1, 2)
"""The sizes at which they are looked at."""


class _Draft:
    """A machine being drawn."""

    def __init__(self, draw: Draw, handover: bool) -> None:
        self.drawer = Drawer(draw)
        self.machine = Machine("random")
        self.handover = handover
        self.leaves: list[Leaf] = []
        self.any_left = 3

    def declare(self) -> Machine:
        for name, processor in (("mine", HOST_PORT), ("yours", VOLUME_WORKER)):
            self._record(name, 3, cell=memory(processor), where=name)
        self._record("row", 3, cell=ROW, where="row", per_block=True, word_of=TABLE)
        self._single("sign", self.drawer.one(*PLAIN), cell=TABLE, where="table", also_in=ROW)
        self._single("ghost", self.drawer.one("bool", "low", "mode"), where="ghost")
        self._single("kept", self.drawer.one("data", "bool"), where="ghost", per_block=True)
        self._words()
        for number in range(2 + self.drawer.below(5)):
            _ActionDraft(self, number).declare()
        if self.handover:
            self._hand_over()
        self._properties()
        if self.drawer.chance(25):
            constraint = self.drawer.truth(self.everything(("parameter", "b")))
            self.machine.initially(lambda s, b: Builder(s, {"b": b})(constraint))
        return self.machine

    def everything(self, *blocks: Spec) -> Scope:
        """What a property may read."""
        columns = tuple((leaf, None) for leaf in self.leaves if leaf.per_block)
        variables = tuple(leaf for leaf in self.leaves if not leaf.per_block)
        return Scope(variables, columns, (), blocks, judges=True)

    def _initial(self, kind: str, *, must_be_any: bool = False) -> Any:
        if kind == "block":
            return None
        if must_be_any or (self.any_left > 0 and self.drawer.chance(20)):
            self.any_left -= 1
            return ANY
        return self.drawer.one(None, *VALUES.get(kind, ()))

    def _record(self, name: str, size: int, *, where: str, per_block: bool = False, **options: Any) -> None:
        """A record: its first field always means something, any other may depend on an earlier one."""
        fields: dict[str, Any] = {}
        known: list[Leaf] = []
        for number in range(size - self.drawer.below(size)):
            kind = self.drawer.one("bool", "phase", *(("mode", *NUMBERS, "data", "block") if known else ()))
            kind = "block" if number == 1 and self.drawer.chance(50) else kind
            own_column = number > 0 and not per_block and self.drawer.chance(25)
            is_column = per_block or own_column
            usable = [
                leaf for leaf in known if leaf.kind in ("bool", "phase") and leaf.per_block <= is_column
            ]
            condition = self._condition_on(usable) if kind == "block" or self.drawer.chance(40) else None
            if kind == "block" and condition is None:
                kind = "data"
            leaf = Leaf(f"{name}.f{number}", kind, is_column, where, condition)
            fields[f"f{number}"] = field(
                DECLARED[kind],
                "random",
                initial=self._initial(kind, must_be_any=kind == "data" and condition is None),
                while_=None if condition is None else _while(condition),
                per_block=own_column,
            )
            known.append(leaf)
        record = type(name.title(), (Record,), fields)
        self.machine.shared(name, record, "random", per_block=per_block, **options)
        self.leaves += known

    def _condition_on(self, usable: list[Leaf]) -> tuple[Leaf, tuple[Any, ...]] | None:
        if not usable:
            return None
        leaf = self.drawer.one(*usable)
        if leaf.kind == "bool":
            return leaf, self.drawer.one((True,), (False,))
        return leaf, self.drawer.one((Phase.WORK,), (Phase.WORK, Phase.DONE), (Phase.REST,))

    def _single(self, name: str, kind: str, *, where: str, per_block: bool = False, **options: Any) -> None:
        """A variable of its own. Its condition may be anything about what is settled before it."""
        if self.drawer.chance(40):
            condition = self.drawer.truth(self._settled_before(where == "ghost", per_block))
            options["while_"] = (
                (lambda s, b: Builder(s, {"b": b})(condition))
                if per_block
                else lambda s: Builder(s, {})(condition)
            )
        declare = self.machine.ghost if where == "ghost" else self.machine.shared
        declare(name, DECLARED[kind], "random", per_block=per_block, initial=self._initial(kind), **options)
        self.leaves.append(Leaf(name, kind, per_block, where))

    def _settled_before(self, is_ghost: bool, per_block: bool) -> Scope:
        leaves = [
            leaf for leaf in self.leaves if leaf.kind != "block" and (is_ghost or leaf.where != "ghost")
        ]
        columns = tuple(
            (leaf, None) for leaf in leaves if leaf.per_block and (per_block or not leaf.condition)
        )
        variables = tuple(leaf for leaf in leaves if not leaf.per_block)
        return Scope(variables, columns, (), (("parameter", "b"),) if per_block else (), judges=is_ghost)

    def _words(self) -> None:
        word, of_block = (
            self.drawer.truth(self.everything()),
            self.drawer.truth(self.everything(("parameter", "b"))),
        )
        self.machine.predicate("word", "random", lambda s: Builder(s, {})(word))
        self.machine.predicate("of_block", "random", lambda s, b: Builder(s, {"b": b})(of_block))

    def _properties(self) -> None:
        words = (Leaf("word", "bool", False, ""), Leaf("of_block", "bool", True, ""))
        scope = self.everything()
        scope = replace(
            scope, variables=(*scope.variables, words[0]), columns=(*scope.columns, (words[1], None))
        )
        per_block = replace(scope, blocks=(("parameter", "b"), *scope.blocks))
        truth, chance = self.drawer.truth, self.drawer.chance
        one, two = truth(scope), truth(scope)
        of_block, trigger = truth(per_block), truth(per_block)
        self.machine.check(
            always("always", "random", holds=lambda s: Builder(s, {})(one)),
            always(
                "always-of-block",
                "random",
                holds=lambda s, b: Builder(s, {"b": b})(of_block),
                trigger=(lambda s, b: Builder(s, {"b": b})(trigger)) if chance(70) else None,
            ),
        )
        scope, per_block = replace(scope, over_step=True), replace(per_block, over_step=True)
        three, four = truth(scope), truth(scope)
        self.machine.check(
            step(
                "step",
                "random",
                holds=lambda old, new: Builder(old, {}, new)(three),
                trigger=(lambda old, new: Builder(old, {}, new)(four)) if chance(70) else None,
            ),
        )
        five = truth(per_block)
        self.machine.check(
            step("step-of-block", "random", holds=lambda old, new, b: Builder(old, {"b": b}, new)(five))
        )
        self._possibilities(one, two)

    def _hand_over(self) -> None:
        """A message whose receipt nothing else sees, so that it may be folded; its consequence is seen."""
        machine = self.machine
        machine.shared("mail", Bool, "on its way", cell=channel("mail", HOST_PORT, VOLUME_WORKER))
        machine.memory("inbox", Bool, "received", cell=memory(VOLUME_WORKER))
        mine, yours = (self._own(name) for name in ("mine", "yours"))
        posted, (cause, new), (leaf, value) = (
            self.drawer.truth(mine, 1),
            self._consequence(mine),
            self._consequence(yours),
        )

        @machine.action(by=HOST_PORT)
        def post(s: State) -> None:
            """A message is sent."""
            when(~s.mail)
            condition = Builder(s, {})(posted)
            if not isinstance(condition, Const):
                when(condition)
            s.mail = True
            write(s, cause.path, None, Builder(s, {})(new))

        @machine.action(by=VOLUME_WORKER, kind=StepKind.MESSAGE, folds="nothing else reads either place")
        def receive(s: State) -> None:
            """It is received."""
            when(s.mail)
            when(~s.inbox)
            s.mail, s.inbox = False, True

        @machine.action(by=VOLUME_WORKER)
        def obey(s: State) -> None:
            """What it asks for is done."""
            when(s.inbox)
            s.inbox = False
            write(s, leaf.path, None, Builder(s, {})(value))

    def _own(self, name: str) -> Scope:
        own = [leaf for leaf in self.leaves if leaf.where == name and not leaf.per_block]
        return Scope(tuple(own))

    def _consequence(self, scope: Scope) -> tuple[Leaf, Spec]:
        leaf = self.drawer.one(*(leaf for leaf in scope.variables if leaf.kind not in ("data", "block")))
        return leaf, self.drawer.value(scope, leaf.kind, 1)

    def _possibilities(self, one: Spec, two: Spec) -> None:
        for number, (trigger, goal) in enumerate(((one, two), (two, one))):
            without = self.drawer.one((), (StepKind.COPY,), (StepKind.COPY, StepKind.DESTAGE))
            self.machine.check(
                possible(
                    f"possible-{number}",
                    "random",
                    trigger=lambda s, spec=trigger: Builder(s, {})(spec),
                    reaches=lambda s, spec=goal: Builder(s, {})(spec),
                    without=without,
                )
            )


def _while(condition: tuple[Leaf, tuple[Any, ...]]) -> Callable[[Any], Any]:
    leaf, values = condition
    part = leaf.path.partition(".")[2]
    if leaf.kind == "bool":
        return lambda r: getattr(r, part) if values == (True,) else ~getattr(r, part)
    return lambda r: getattr(r, part).isin(*values)


PARAMETERS: dict[str, Any] = {"b": Block, "c": Block, "d": Data, "chosen": BlockSet}


class _ActionDraft:
    """An action being drawn: who takes it, what it may touch, its guard and its writes."""

    def __init__(self, draft: _Draft, number: int) -> None:
        self.draft, self.drawer, self.number = draft, draft.drawer, number
        self.own = self.drawer.one("mine", "yours")
        self.touches = self.drawer.one("row", "nothing", "row", "table", "word", "row")
        self.parameters = self.drawer.one(
            (), (), ("b",), ("b",), ("d",), ("b", "c"), ("b", "d"), ("chosen",), ("chosen", "b")
        )
        self.leaves = draft.leaves
        self.clauses: list[Spec] = []
        self.blocks = self._block_terms()
        if self.touches == "row" and not self.blocks:
            self.touches = "nothing"
        self.row = self._row_index() if self.touches == "row" else None
        self.scope = self._scope()
        self.writes: list[tuple[Leaf, str, Spec | None, Spec]] = []

    def declare(self) -> None:
        for _ in range(self.drawer.below(3)):
            self.clauses.append(self.drawer.truth(self.scope))
        writable = [leaf for leaf in self.leaves if self._may_write(leaf)]
        for leaf in self.drawer.draw(
            st.lists(st.sampled_from(writable), min_size=1, max_size=4, unique=True)
        ):
            self._write(leaf)
        if not self.writes:
            return
        processor: Processor = {"mine": HOST_PORT, "yours": VOLUME_WORKER}[self.own]
        kind = self.drawer.one(StepKind.COPY, StepKind.DESTAGE, StepKind.OTHER)
        folds = "to see what folding does" if self.drawer.chance(3 if self.draft.handover else 15) else None
        self.draft.machine.action(by=processor, kind=kind, folds=folds)(self._function())

    def _block_terms(self) -> tuple[Spec, ...]:
        """Parameters, and references of its own memory, which the guard then says to mean something."""
        terms: list[Spec] = [("parameter", name) for name in self.parameters if PARAMETERS[name] is Block]
        for leaf in self.leaves:
            if (
                leaf.where == self.own
                and leaf.kind == "block"
                and not leaf.per_block
                and self.drawer.chance(90)
            ):
                self.clauses.append(leaf.meaning(None))
                terms.append(leaf.read(None))
        return tuple(terms)

    def _row_index(self) -> Spec:
        references = tuple(term for term in self.blocks if term[0] == "read")
        index: Spec = self.drawer.one(*self.blocks, *references, *references)
        if self.drawer.chance(15):
            test = self.drawer.truth(replace(self._own_scope(), columns=()), depth=0)
            index = ("ite", test, index, self.drawer.one(*self.blocks))
        return index

    def _own_scope(self) -> Scope:
        own = [leaf for leaf in self.leaves if leaf.where == self.own]
        return Scope(
            variables=tuple(leaf for leaf in own if not leaf.per_block),
            columns=tuple((leaf, None) for leaf in own if leaf.per_block),
            blocks=self.blocks,
            data=tuple(("parameter", name) for name in self.parameters if PARAMETERS[name] is Data),
            sets=tuple(name for name in self.parameters if PARAMETERS[name] is BlockSet),
        )

    def _scope(self) -> Scope:
        scope = self._own_scope()
        rows = tuple(leaf for leaf in self.leaves if leaf.where == "row")
        signs = tuple(leaf for leaf in self.leaves if leaf.where == "table" and self.touches != "nothing")
        scope = replace(scope, variables=scope.variables + signs)
        if self.row is not None:
            return replace(scope, columns=scope.columns + tuple((leaf, (self.row,)) for leaf in rows))
        return replace(scope, quantified=rows) if self.touches == "word" else scope

    def _may_write(self, leaf: Leaf) -> bool:
        if leaf.where in (self.own, "ghost"):
            return True
        if leaf.where == "row":
            return self.touches in ("row", "word")
        return leaf.where == "table" and self.touches in ("table", "word")

    def _write(self, leaf: Leaf) -> None:
        """A write of one block (`at`), of all blocks (`each`), or of a variable that is not per block
        (`plain`)."""
        scope = self.scope
        if leaf.where == "ghost":
            everything = self.draft.everything(*self.blocks)
            scope = replace(everything, data=scope.data, sets=scope.sets)
        term: Spec | None = None
        how = "plain"
        if leaf.per_block:
            term = self.row if leaf.where == "row" else self.drawer.one(None, *self.blocks)
            how = "each" if term is None else "at"
        if how == "each":
            bound: Spec = ("bound", "each")
            columns = scope.columns + tuple((item, (bound,)) for item in scope.quantified)
            scope = replace(scope, blocks=(*scope.blocks, bound), columns=columns)
        value = self._number(leaf, scope) if leaf.kind in NUMBERS else self.drawer.value(scope, leaf.kind, 1)
        if value != ("none",):
            self.writes.append((leaf, how, term, value))

    def _number(self, leaf: Leaf, scope: Scope) -> Spec:
        """A value within the domain; sometimes one more than before, or another kind of number shifted."""
        if not leaf.per_block and leaf.where == self.own and self.drawer.chance(30):
            now: Spec = ("read", leaf.path, None, False)
            self.clauses.append(("less", now, ("const", VALUES[leaf.kind][-1])))
            return ("plus", now, ("const", 1))
        shifted = [("low", "high", 1), ("signed", "low", 1), ("high", "low", -1)]
        source = [(kind, change) for kind, target, change in shifted if target == leaf.kind]
        if source and self.drawer.chance(30):
            kind, change = source[0]
            return ("plus" if change > 0 else "minus", self.drawer.value(scope, kind, 0), ("const", 1))
        return self.drawer.value(scope, leaf.kind, 1)

    def _function(self) -> Callable[..., None]:
        clauses, writes = list(self.clauses), list(self.writes)
        names = self.parameters

        def function(s: Any, *parameters: Any) -> None:
            build = Builder(s, dict(zip(names, parameters, strict=True)))
            for condition in map(build, clauses):
                if not isinstance(condition, Const):
                    when(condition)
            for leaf, how, term, value in writes:
                if how == "each":
                    write_each(s, leaf.path, build.of_bound("each", value))
                else:
                    write(s, leaf.path, None if term is None else build(term), build(value))

        function.__name__ = f"act_{self.number}"
        function.__doc__ = f"Random action {self.number}."
        kind = Parameter.POSITIONAL_OR_KEYWORD
        parameters = [Parameter(name, kind, annotation=PARAMETERS[name]) for name in names]
        function.__signature__ = Signature([Parameter("s", kind), *parameters])  # type: ignore[attr-defined]  # as inspect reads it
        return function


def _has_start(machine: Machine, blocks: int) -> bool:
    """Whether there is an initial state; what a random machine demands of it can exclude all."""
    try:
        next(Interpreter(machine, blocks).initial_states())
    except ModelError:
        return False
    return True


@st.composite
def machines(draw: Draw, handover: bool = False) -> Machine:
    """A small machine with a state to start from, an action and properties of all kinds.

    `handover`: among its actions is one that may be folded; otherwise some say so that may not.
    """
    try:
        machine = _Draft(draw, handover).declare()
    except ModelError:
        assume(False)
        raise
    assume(machine.actions and all(_has_start(machine, blocks) for blocks in BLOCKS))
    return machine


def assume_it_starts(machine: Machine, blocks: int) -> None:
    """Drop the example if its constraint leaves no initial state."""
    try:
        next(Interpreter(machine, blocks).initial_states())
    except ModelError:
        assume(False)
