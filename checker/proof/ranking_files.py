"""The files of a certificate that prove the premises of ranking arguments: one about states, one for each action.

Lemmas of the certificate are assumed in each, so that the premises need to hold in reachable states only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from splitproof.checker.proof.premises import Premise
from splitproof.checker.proof.smtlib import ANY_BLOCK, Text
from splitproof.checker.proof.transitions import Transition
from splitproof.model.expressions import TRUE, same
from splitproof.model.ranking import AWAITED

__all__ = ["ranking_files"]

_HERE = "here?"


def ranking_files(
    text: Text,
    head: Callable[[str], list[str]],
    steps: Sequence[tuple[str, Transition, Sequence[str]]],
    premises: Sequence[Premise],
) -> Iterator[tuple[str, str, str]]:
    """The name, the content and the meaning of each file; `unsat` is the right answer of all of them.

    `head`: how a file with this title begins. `steps`: each action, and the step that changes nothing, with its file
    and the lemmas that are assumed.
    """
    if not premises:
        return
    awaited = f"(declare-const {text.of(AWAITED)} Block)"
    for name, transition, assumed in steps:
        if transition.changed:
            says = f"{transition.name} is as the ranking arguments need it"
        else:
            says = "what the ranking arguments need of every state is true"
        lines = [*head(says), *text.parameters(transition), awaited, *assumed]
        lines += ["; the step can be taken", f"(assert {text.of(transition.guard)})"]
        lines += ["; the state after it", *text.next_state(transition), *_claims(text, transition, premises)]
        yield name, "\n".join(lines), says


def _claims(text: Text, transition: Transition, premises: Sequence[Premise]) -> Iterator[str]:
    """The premises that a step might break, and that one of them is broken, for one block."""
    yield "; what is claimed; what is not here speaks of nothing that changes"
    claimed = [(item, item.of_step(transition, ANY_BLOCK)) for item in premises]
    claimed = [(item, node) for item, node in claimed if not same(node, TRUE)]
    definitions = text.definitions([(item.id, node) for item, node in claimed], transition)
    for (item, _), lines in zip(claimed, definitions, strict=True):
        yield f"; {item.says}"
        yield from lines
    kept = " ".join(f"({item.id} {_HERE})" for item, _ in claimed)
    yield from ("; one of them fails, for one block", f"(assert (not (and true {kept})))", "(check-sat)", "")
