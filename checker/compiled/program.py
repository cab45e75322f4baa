"""The model's part of the generated code: successors of a state, and what is asked of states and steps."""

from __future__ import annotations

from collections.abc import Sequence

from splitproof.checker.compiled.control import Word, best_words
from splitproof.checker.compiled.ir import Function
from splitproof.checker.compiled.lowering import WordLowering, word_count
from splitproof.checker.compiled.questions import Question, Questions
from splitproof.checker.ground.decision_tree import Node, Switch, Visit, Where, decision_tree, rule_of
from splitproof.checker.ground.grounding import GroundStep
from splitproof.checker.search.engine import Engine
from splitproof.model.expressions import Expr

__all__ = ["bits_function", "judge_function", "labelled_function", "successors_function"]


def successors_function(engine: Engine, questions: Questions) -> str:
    """`i64 @successors(ptr state, ptr after, i64 count, ptr control)`: appends the states after each step.

    Returns the new count. Counts the steps by number, and asks the questions that are open about each.
    """
    return _Successors(engine, questions, labelled=False).text()


def labelled_function(engine: Engine) -> str:
    """`i64 @labelled(...)`: the same with the numbers of the steps in LABELS, and nothing counted or asked."""
    return _Successors(engine, None, labelled=True).text()


class _Successors:
    def __init__(self, engine: Engine, questions: Questions | None, *, labelled: bool) -> None:
        self._engine = engine
        self._questions = questions
        self._labelled = labelled
        self._words = word_count(engine.packing)
        name = "labelled" if labelled else "successors"
        parameters = {"state": "ptr", "after": "ptr", "first": "i64", "control": "ptr"}
        self._f = f = Function(name, parameters, "i64", "internal|noinline")
        self._count = f.variable("%first")
        self._labels = f.load_pointer("%control", Word.LABELS) if labelled else ""
        self._counts = f.load_pointer("%control", Word.COUNTS) if not labelled else ""
        masks = questions.masks if questions is not None else 0
        self._open = [f.load("%control", Word.OPEN + mask) for mask in range(masks)]
        self._lowering = WordLowering(f, engine.grounding.terms, engine.packing, "%state")

    def text(self) -> str:
        f, engine = self._f, self._engine
        forced = engine.forced
        for step in forced:
            with f.where(self._lowering.truth(step.guard)), self._lowering.scope():
                self._leaf(step)
                f.give(f.get(self._count))
        alone = {step.index for step in forced}
        terms = engine.grounding.terms
        rules = [rule_of(terms, step) for step in engine.steps if step.index not in alone]
        self._nodes(decision_tree(terms, rules))
        return f.finish(f.get(self._count))

    def _nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            match node:
                case Visit(step):
                    self._leaf(step)
                case Where(conditions, then):
                    with self._f.where(self._lowering.conjunction(conditions)), self._lowering.scope():
                        self._nodes(then)
                case Switch():
                    self._switch(node)

    def _switch(self, node: Switch) -> None:
        f = self._f
        field = self._engine.packing.fields[node.slot.name]
        code, behind = self._lowering.code(node.slot.name), f.block()
        cases = {value: f.block() for value in node.cases}
        listed = " ".join(f"i64 {field.codes[value]}, label %{block}" for value, block in cases.items())
        f.do(f"switch i64 {code}, label %{behind} [ {listed} ]")
        for value, then in node.cases.items():
            f.begin(cases[value])
            with self._lowering.scope():
                self._nodes(then)
            f.jump(behind)
        f.begin(behind)

    def _leaf(self, step: GroundStep) -> None:
        f = self._f
        count = f.get(self._count)
        place = f.at("%after", f.binary("mul", count, self._words))
        for word, value in enumerate(self._lowering.after(step)):
            f.store(value, place, word)
        if self._labelled:
            f.store(step.index, self._labels, count, "i32")
        else:
            f.store(f.binary("add", f.load(self._counts, step.index), 1), self._counts, step.index)
        f.set(self._count, f.binary("add", count, 1))
        asked = self._questions.of_steps.get(step.index, []) if self._questions is not None else []
        for question, node in asked:
            _ask(f, self._lowering, self._open, question, node, f"ptr {place}, ptr %state, i64 {step.index}")


def judge_function(engine: Engine, questions: Questions) -> str:
    """`void @judge(ptr state, ptr control)`: asks the open questions about a state.

    `void @judge_all(ptr control)`: about the states HEAD to END.
    """
    f = Function("judge", {"state": "ptr", "control": "ptr"}, "void", "internal|noinline")
    open_ = [f.load("%control", Word.OPEN + mask) for mask in range(questions.masks)]
    lowering = WordLowering(f, engine.grounding.terms, engine.packing, "%state")
    for question, node in questions.of_states:
        _ask(f, lowering, open_, question, node, "ptr %state, ptr %state, i64 0")
    one = f.finish()
    f = Function("judge_all", {"control": "ptr"})
    states = f.load_pointer("%control", Word.STATES)
    with f.counting(f.load("%control", Word.HEAD), f.load("%control", Word.END)) as number:
        state = f.at(states, f.binary("mul", number, word_count(engine.packing)))
        f.do(f"call void @judge(ptr {state}, ptr %control)")
    return one + f.finish()


def _ask(
    f: Function, lowering: WordLowering, open_: Sequence[str], question: Question, node: Expr, noted: str
) -> None:
    """If the question is open and the answer is yes, note it. A closed one costs a test of a bit."""
    mask, bit = divmod(question.number, 64)
    is_open = f.compare("ne", f.binary("and", open_[mask], 1 << bit), 0)
    with f.where(is_open), lowering.scope(), f.where(lowering.truth(node)):
        if question.is_trigger:
            f.store(
                f.binary("or", f.load("%control", Word.HITS + mask), 1 << bit), "%control", Word.HITS + mask
            )
        else:
            width = best_words(len(lowering.words)) * question.number
            best = f.at(f.load_pointer("%control", Word.BEST), width)
            f.do(f"call void @note(ptr {best}, {noted})")


def bits_function(engine: Engine, name: str, nodes: Sequence[Expr]) -> str:
    """`i64 @name(ptr state)`: bit i is set where node i holds."""
    f = Function(name, {"state": "ptr"}, "i64", "internal|noinline")
    lowering = WordLowering(f, engine.grounding.terms, engine.packing, "%state")
    found = "0"
    for bit, node in enumerate(nodes):
        value = f.op(f"zext i1 {lowering.truth(node)} to i64")
        found = f.binary("or", found, f.binary("shl", value, bit))
    return f.finish(found)
