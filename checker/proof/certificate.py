"""A proof written down so that anybody can check it: obligations in SMT-LIB 2, with quantifiers, one a file.

Each file asks a solver for a counterexample to one part of the argument, and `unsat` says that there is none:

- `start`: the lemmas hold initially;
- `step-NN-...`: one action keeps them, and satisfies the step properties, for any number of blocks. Only those lemmas
  are assumed that this rests on, and those that read nothing that changes are not asked about (`coverage`);
- `safety-...`: the lemmas imply a property;
- `ranking-...`: where the lemmas hold, states and steps are as ranking arguments need them (`premises`).
- `rule-...`: why that is enough for what comes about in the end (`ranking_rule`).

And some ask for an example, where `sat` is right: `possible-NN`: with two blocks, the lemmas leave room for each of
some actions, so that nothing was proved by assuming what cannot be (`examples`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from splitproof.checker.proof.certificate_files import (
    FORMAT,
    START_FILE,
    STATES_FILE,
    possible_file,
    ranking_file,
    safety_file,
    step_file,
)
from splitproof.checker.proof.examples import BLOCKS_OF_EXAMPLES, examples
from splitproof.checker.proof.premises import Premise, Premises
from splitproof.checker.proof.ranking_files import ranking_files
from splitproof.checker.proof.ranking_rule import RULE_FILES
from splitproof.checker.proof.search import Invariant
from splitproof.checker.proof.sentences import Sentences
from splitproof.checker.proof.smtlib import ANY_BLOCK, Text
from splitproof.checker.proof.transitions import (
    HERE,
    Transition,
    at_block,
    initial_transition,
    standing_transition,
    transitions_of,
)
from splitproof.checker.proof.words import Word
from splitproof.model.expressions import At, Const, Expr, Var, walk
from splitproof.model.machine import Machine
from splitproof.model.ranking import AWAITED
from splitproof.model.types import BLOCK
from splitproof.spec.properties import Kind

__all__ = ["Certificate", "certificate_of"]

_HERE = "here?"


@dataclass(frozen=True, eq=False)
class _Named:
    """A lemma with its name in the certificate."""

    name: str
    node: Expr
    sentence: str
    over_step: bool = False
    property_id: str | None = None


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate, by name, and what each is for."""

    files: dict[str, str]
    manifest: dict[str, Any]


def certificate_of(
    machine: Machine,
    words: Sequence[Word],
    invariant: Invariant,
    never_fired: frozenset[str],
    ranked: Sequence[Premises] = (),
) -> Certificate:
    """The certificate of an invariant.

    `never_fired`: actions that are never taken; no example is asked for. `ranked`: the arguments that rest on it.
    """
    named = _Lemmas(machine, words, invariant)
    text, few = Text(machine), Text(machine, BLOCKS_OF_EXAMPLES)
    transitions = transitions_of(machine)
    possible = [transition for transition in transitions if transition.name not in never_fired]
    found = list(
        examples(
            few,
            lambda title: _head(few, title, "sat says that they can"),
            _assumed(few, named.of_states),
            possible,
        )
    )
    files = {
        name: (content, "unsat", says)
        for name, content, says in (
            *_of_lemmas(text, machine, transitions, named),
            *_of_ranking(text, machine, transitions, named, ranked),
        )
    }
    files |= {
        possible_file(number): (example.content, "sat", example.says)
        for number, example in enumerate(found, start=1)
    }
    contents = {name: content for name, (content, _, _) in files.items()}
    manifest = {
        "format": FORMAT,
        "made_by": f"splitproof {version('splitproof')}",
        "design": machine.name,
        "meaning": machine.meaning,
        "proves": "for every number of blocks, any data and any number of steps",
        "properties": [
            {
                "id": item.property_id,
                "statement": item.sentence,
                "kind": "step" if item.over_step else "always",
            }
            for item in named
            if item.property_id is not None
        ]
        + [item.json() for item in ranked],
        "actions": [transition.name for transition in transitions],
        "never_taken": sorted(never_fired),
        "possible": [list(example.labels) for example in found],
        "lemmas": {
            item.name: {"says": item.sentence, "is": text.of(at_block(item.node, ANY_BLOCK))}
            for item in named.of_states
        },
        "files": {
            name: {"sha256": _hash(content), "expects": expects, "says": says}
            for name, (content, expects, says) in files.items()
        },
    }
    return Certificate(contents, manifest)


class _Lemmas:
    """The lemmas of an invariant with their names, and which each step keeps them by."""

    def __init__(self, machine: Machine, words: Sequence[Word], invariant: Invariant) -> None:
        self._invariant = invariant
        self._named = dict(self._name(machine, words))

    def _name(self, machine: Machine, words: Sequence[Word]) -> Iterator[tuple[int, _Named]]:
        sentences = Sentences(machine, words)
        for number, lemma in enumerate(self._invariant.structure, start=1):
            says = "what means nothing is forgotten, and numbers keep their range"
            yield lemma.number, _Named(f"structure.{number}", lemma.node, says)
        kept = [lemma for lemma in self._invariant.lemmas if lemma.of_step is None]
        for number, lemma in enumerate(kept, start=1):
            if lemma.property_id is not None:
                statement = machine.properties[lemma.property_id].statement
                name = f"property.{lemma.property_id}"
                named = _Named(name, lemma.node, statement, lemma.over_step, lemma.property_id)
            else:
                named = _Named(f"lemma.{number}", lemma.node, sentences.of(lemma.clause))
            yield lemma.number, named

    def __iter__(self) -> Iterator[_Named]:
        return iter(self._named.values())

    @property
    def of_states(self) -> list[_Named]:
        """Those that a state satisfies, and not a step."""
        return [item for item in self if not item.over_step]

    def because(self, place: int, judged: Collection[_Named]) -> list[_Named]:
        """What has to hold before a step for it to keep some lemmas. `place`: see `Invariant`."""
        return self._because(place, (number for number, item in self._named.items() if item in judged))

    def premises_because(self, premises: Sequence[Premise], place: int) -> list[_Named]:
        """What has to hold before a step for the premises."""
        asked = {premise.id for premise in premises}
        numbers = [
            item.number for item in self._invariant.lemmas if item.of_step and item.property_id in asked
        ]
        return self._because(place, numbers)

    def _because(self, place: int, numbers: Iterable[int]) -> list[_Named]:
        because = {
            reason.number for number in numbers for reason in self._invariant.because.get((number, place), ())
        }
        return [item for number, item in self._named.items() if number in because]


def _of_lemmas(
    text: Text, machine: Machine, transitions: Sequence[Transition], named: _Lemmas
) -> Iterator[tuple[str, str, str]]:
    """The files that prove the lemmas, and those that say what follows: name, content and meaning."""
    yield START_FILE, _start(text, initial_transition(machine), named), "the lemmas hold initially"
    for number, transition in enumerate(transitions, start=1):
        says = f"{transition.name} keeps the lemmas"
        yield step_file(number, transition.name), _step(text, number, transition, named), says
    for item in named:
        if item.property_id is not None and not item.over_step:
            yield safety_file(item.property_id), _safety(text, item), f"the lemmas imply {item.property_id}"


def _of_ranking(
    text: Text,
    machine: Machine,
    transitions: Sequence[Transition],
    named: _Lemmas,
    ranked: Sequence[Premises],
) -> Iterator[tuple[str, str, str]]:
    """The files that prove the premises of arguments, and those of the rule by which a property follows from them."""
    premises = [premise for item in ranked for premise in item.premises]
    taken = [(ranking_file(place, step.name), step) for place, step in enumerate(transitions, start=1)]
    steps = [
        (name, step, _assumed(text, named.premises_because(premises, place), [*_blocks_of(step), AWAITED]))
        for place, (name, step) in enumerate([*taken, (STATES_FILE, standing_transition(machine))], start=1)
    ]
    yield from ranking_files(
        text, lambda title: _head(text, title, "unsat says that it is so"), steps, premises
    )
    if any(item.property.kind is Kind.LEADS_TO for item in ranked):
        yield from ((name, content, says) for name, (content, says) in RULE_FILES.items())


def _head(text: Text, title: str, expects: str) -> list[str]:
    return [f"; {title}: {expects}", "(set-logic ALL)", *text.sorts(), *text.state()]


def _assumed(text: Text, lemmas: Sequence[_Named], named: Sequence[Expr] = ()) -> list[str]:
    """That lemmas hold, for every block. `named`: some blocks, for which it is said again: that follows, but a solver
    has to find the blocks that it is to apply a lemma to.
    """
    lines = []
    for item in lemmas:
        lines += [f"; {item.sentence}", text.lemma(item.name, item.node), text.for_every_block(item.name)]
    if lemmas and named:
        lines.append("; so they hold for these blocks")
        for block in map(text.of, named):
            lines.append(f"(assert (and true {' '.join(f'({item.name} {block})' for item in lemmas)}))")
    return lines


def _blocks_of(transition: Transition) -> Iterator[Expr]:
    """Those that a step is taken for, and the one that is asked about."""
    yield HERE
    yield from (item for item in transition.parameters if item.type is BLOCK)


_COUNTEREXAMPLE = "a counterexample would be a model; unsat says that there is none"


def _start(text: Text, start: Transition, named: _Lemmas) -> str:
    lines = _head(text, "the lemmas hold initially", _COUNTEREXAMPLE)
    return "\n".join([*lines, *text.parameters(start), *_taken(text, start, named.of_states)])


def _step(text: Text, place: int, transition: Transition, named: _Lemmas) -> str:
    lines = _head(text, f"{transition.name} keeps the lemmas", _COUNTEREXAMPLE)
    lines += text.parameters(transition)
    judged = [item for item in named if _is_touched(transition, item)]
    held = [Var(leaf.name, BLOCK) for leaf in text.machine.leaves.values() if leaf.type is BLOCK]
    lines.append("; lemmas that hold before the step, for every block")
    lines += _assumed(text, named.because(place, judged), [*_blocks_of(transition), *held])
    left = [item.name for item in named if item not in judged]
    if left:
        lines.append(f"; of nothing that changes speak {', '.join(left)}")
    return "\n".join([*lines, *_taken(text, transition, judged)])


def _taken(text: Text, transition: Transition, judged: Sequence[_Named]) -> Iterator[str]:
    """The step, and that one of these lemmas fails after it, for one block."""
    yield from ("; the step can be taken", f"(assert {text.of(transition.guard)})")
    yield from ("; the state after it", *text.next_state(transition))
    if not isinstance(transition.constraint, Const):
        yield f"(assert {text.of(transition.constraint, transition, everything=True)})"
    yield "; the lemmas after it"
    for item in judged:
        yield f"; {item.sentence}"
        yield text.lemma(f"after.{item.name}", item.node, transition, over_step=item.over_step)
    kept = "".join(f" (after.{item.name} {_HERE})" for item in judged)
    yield from ("; one of them fails, for one block", f"(assert (not (and true{kept})))", "(check-sat)", "")


def _is_touched(transition: Transition, item: _Named) -> bool:
    """Whether a lemma reads a variable that the step may change, in either state."""
    return item.over_step or any(
        isinstance(part, Var | At) and part.name in transition.changed for part in walk(item.node)
    )


def _safety(text: Text, item: _Named) -> str:
    lines = _head(text, f"the lemmas imply {item.property_id}", "unsat says that they do")
    lines += _assumed(text, [item])
    lines += [f"(declare-const {_HERE} Block)", text.lemma("claim", item.node)]
    return "\n".join([*lines, f"(assert (not (claim {_HERE})))", "(check-sat)", ""])


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
