"""Lemmas in words, put together from the meanings that the design declares, and grouped by what they speak of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from splitproof.checker.proof.candidates import Clause, Literal
from splitproof.checker.proof.steps import Lemma
from splitproof.checker.proof.words import Word
from splitproof.model.expressions import And, Expr, Not, Or
from splitproof.model.machine import Machine

__all__ = ["Line", "Sentences"]


@dataclass(frozen=True)
class Line:
    """One or several lemmas that differ in one place, as one sentence. `text`: as a formula.

    `conditions`: how many clauses it would be if each word that stands for several conditions were spelled out.
    """

    lemmas: tuple[Lemma, ...]
    sentence: str
    text: str
    conditions: int


class Sentences:
    """Says clauses over the words of a machine."""

    def __init__(self, machine: Machine, words: Sequence[Word]) -> None:
        self._machine = machine
        self._words = words

    def of(self, clause: Clause) -> str:
        """One clause: what it concludes is a positive literal, if there is one, and about data if possible."""
        return self._say(*self._concluding(clause))

    def _concluding(self, clause: Clause) -> tuple[list[Literal], list[Literal]]:
        last = max(clause, key=lambda literal: (literal[1], self._words[literal[0]].is_equality, literal))
        return [literal for literal in clause if literal != last], [last]

    def lines(self, lemmas: Sequence[Lemma]) -> dict[str, list[Line]]:
        """Lemmas as sentences, by subject; properties are left out.

        Lemmas that are the same but for one literal are one sentence: `while A: B, C and D`. What holds under no
        condition is a sentence each.
        """
        found: dict[str, list[Line]] = {}
        left = [lemma for lemma in lemmas if lemma.clause]
        while left:
            common, together = self._widest(left)
            together.sort(key=lambda lemma: lemma.clause)
            left = [lemma for lemma in left if lemma not in together]
            if len(together) == 1:
                base, differing = self._concluding(together[0].clause)
            else:
                base = [literal for literal in together[0].clause if literal in common]
                differing = [next(x for x in lemma.clause if x not in common) for lemma in together]
            line = Line(
                tuple(together),
                self._say(base, differing),
                self._formula(base, differing),
                sum(self._conditions(lemma.clause) for lemma in together),
            )
            found.setdefault(self._subject(line), []).append(line)
        return dict(sorted(found.items()))

    def _widest(self, lemmas: Sequence[Lemma]) -> tuple[frozenset[Literal], list[Lemma]]:
        """The literals that most lemmas share but for one of theirs, and those lemmas."""
        groups: dict[frozenset[Literal], list[Lemma]] = {}
        for lemma in lemmas:
            for literal in lemma.clause:
                groups.setdefault(frozenset(lemma.clause) - {literal}, []).append(lemma)
        common = max(groups, key=lambda key: (len(groups[key]) if key else 1, -len(key)))
        return common, groups[common] if common else groups[common][:1]

    def _subject(self, line: Line) -> str:
        words = [self._words[place] for lemma in line.lemmas for place, _ in lemma.clause]
        if any(word.is_equality for word in words):
            return "where the same data is"
        if any(word.per_block for word in words):
            return "each block"
        return "the whole"

    def _conditions(self, clause: Clause) -> int:
        """Of a disjunction of words, each of which may be a conjunction."""
        return math.prod(self._parts((self._words[place].node), sign) for place, sign in clause)

    def _parts(self, node: Expr, is_true: bool) -> int:
        """How many conditions it takes to say that something is true, or is false."""
        match node:
            case And(parts) if is_true:
                return sum(self._parts(part, is_true) for part in parts)
            case Or(parts) if not is_true:
                return sum(self._parts(part, is_true) for part in parts)
            case And(parts) | Or(parts):
                return math.prod(self._parts(part, is_true) for part in parts)
            case Not(part):
                return self._parts(part, not is_true)
            case _:
                return 1

    def _say(self, common: Sequence[Literal], differing: Sequence[Literal]) -> str:
        """That something in `common` holds, or everything in `differing`."""
        if self._is_one_effect(common, differing):
            causes = [self._fact((place, not sign)) for place, sign in differing]
            return f"while {_list(causes, 'or')}: {self._fact(common[0])}"
        claim = _list([self._fact(literal) for literal in differing], "and")
        premises = [self._fact((place, not sign)) for place, sign in common]
        return f"while {_list(premises, 'and')}: {claim}" if premises else claim

    def _is_one_effect(self, common: Sequence[Literal], differing: Sequence[Literal]) -> bool:
        """Whether it is better said the other way round: one thing holds under each of several conditions."""
        is_positive = len(common) == 1 and common[0][1]
        return is_positive and len(differing) > 1 and not any(sign for _, sign in differing)

    def _formula(self, common: Sequence[Literal], differing: Sequence[Literal]) -> str:
        """That something in `common` holds, or everything in `differing`."""
        if self._is_one_effect(common, differing):
            causes = " | ".join(self._literal((place, not sign)) for place, sign in differing)
            return f"{causes} => {self._literal(common[0])}"
        claim = " & ".join(self._literal(literal) for literal in differing)
        premises = " & ".join(self._literal((place, not sign)) for place, sign in common)
        return f"{premises} => {claim}" if premises else claim

    def _literal(self, literal: Literal) -> str:
        text = self._words[literal[0]].text
        return text if literal[1] else text.replace(" = ", " != ") if " = " in text else f"~{text}"

    def _fact(self, literal: Literal) -> str:
        word, is_true = self._words[literal[0]], literal[1]
        return word.positive if is_true else word.negative


def _list(parts: Sequence[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
