"""What a search asks of states and steps, numbered: the bits of OPEN and HITS, and the notes in BEST.

A violation keeps the smallest state (and step) that shows it; a trigger is only seen or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from splitproof.checker.compiled.control import MASKS_MAX
from splitproof.checker.ground.grounding import GroundProperty
from splitproof.checker.ground.terms import Terms
from splitproof.model.errors import ModelError
from splitproof.model.expressions import FALSE, TRUE, Expr
from splitproof.spec.properties import Kind

__all__ = ["Question", "Questions"]


@dataclass(frozen=True)
class Question:
    """`number`: its bit. `is_trigger`: whether it asks for the trigger rather than for a violation.

    `over_step`: whether it is asked of steps rather than of states.
    """

    number: int
    property_id: str
    is_trigger: bool
    over_step: bool


class Questions:
    """The questions of some properties.

    `of_states`: with the tree that holds where the answer is yes. `of_steps`: by ground step, the same. `refutation`:
    the question that asks every state whether it breaks the assumption of a reduction; None if nothing is assumed.
    """

    def __init__(
        self, terms: Terms, properties: Mapping[str, GroundProperty], assumption: Expr = TRUE
    ) -> None:
        self.all: list[Question] = []
        self.of_states: list[tuple[Question, Expr]] = []
        self.of_steps: dict[int, list[tuple[Question, Expr]]] = {}
        for name, item in properties.items():
            if item.property.kind is Kind.STEP:
                self._ask_steps(
                    name, {i: terms.not_(node) for i, node in item.steps.items()}, is_trigger=False
                )
                self._ask_steps(name, item.step_triggers, is_trigger=True)
                continue
            if item.property.kind is Kind.ALWAYS:
                self._ask_states(name, terms.not_(item.holds), is_trigger=False)
            self._ask_states(name, item.trigger, is_trigger=True)
        self._ask_states("", terms.not_(assumption), is_trigger=False)
        self.refutation = self.all[-1] if assumption is not TRUE else None
        if len(self.all) > 64 * MASKS_MAX:
            raise ModelError(
                f"the compiled engine judges at most {32 * MASKS_MAX} properties at once, and here are "
                f"{len(properties)}; name some with --property, or take --engine graph",
                "",
            )

    @property
    def masks(self) -> int:
        """Words of bits that the questions take."""
        return -(-len(self.all) // 64)

    def open_masks(self) -> list[int]:
        """The bits of all questions, in words."""
        return [
            sum(1 << q.number % 64 for q in self.all if q.number // 64 == word) for word in range(self.masks)
        ]

    def _ask_states(self, name: str, node: Expr, *, is_trigger: bool) -> None:
        if node is not FALSE:
            self.of_states.append((self._new(name, is_trigger, over_step=False), node))

    def _ask_steps(self, name: str, nodes: Mapping[int, Expr], *, is_trigger: bool) -> None:
        if nodes:
            question = self._new(name, is_trigger, over_step=True)
            for index, node in nodes.items():
                self.of_steps.setdefault(index, []).append((question, node))

    def _new(self, name: str, is_trigger: bool, over_step: bool) -> Question:
        question = Question(len(self.all), name, is_trigger, over_step)
        self.all.append(question)
        return question
