"""What each mutant that a search catches breaks of the proof of its design."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from splitproof.checker.proof.broken import ProofOfDesign
from splitproof.checker.variants.mutations import Fate, Judged
from splitproof.model.loading import load_machine
from splitproof.model.mutants import mutations_of

__all__ = ["BrokenProofs", "broken_proofs", "proofs_markdown"]


@dataclass(frozen=True)
class BrokenProofs:
    """The mutants of one design, those that are caught with what they break.

    `unproved`: what the design declares to hold and no invariant was found for. `unsound`: mutants that violate what
    is proved and break nothing, of which there are none unless the proof is wrong. `beside`: those that are caught,
    break nothing, and violate what no invariant proves.
    """

    design: str
    judged: tuple[Judged, ...]
    unproved: tuple[str, ...]
    unsound: tuple[Judged, ...]
    beside: tuple[Judged, ...]

    @property
    def caught(self) -> list[Judged]:
        return [item for item in self.judged if item.fate is Fate.CAUGHT]

    @property
    def breaking(self) -> int:
        """How many of those that are caught break something."""
        return sum(item.breaks is not None for item in self.caught)

    def lines(self) -> Iterator[str]:
        """As text: how many break something, and then each."""
        caught = self.caught
        yield f"{self.design}: {self.breaking} of {len(caught)} mutants that are caught break the proof"
        if self.unproved:
            yield f"  not proved: {', '.join(self.unproved)}"
        for item in caught:
            breaks = f"breaks {item.breaks}" if item.breaks is not None else "breaks nothing"
            wrong = "UNSOUND" if item in self.unsound else "caught"
            yield f"  {wrong:<8} {item.action}: {item.kind}: {item.text}: violates {item.by}; {breaks}"


def proofs_markdown(found: Sequence[BrokenProofs]) -> Iterator[str]:
    """A chapter of the mutation report: what the proofs of the designs lose, and what breaks none of them."""
    yield "## What is left of the proof"
    yield ""
    yield "Each mutant that is caught is held against the proof of its design, for every number of blocks:"
    yield "which clause of the invariant, property or premise of a ranking argument fails?"
    yield "`splitproof mutate DESIGN --prove` names it."
    yield ""
    yield "| design | caught | of these break the proof | violate what is proved, and break nothing | not proved |"
    yield "|---|---|---|---|---|"
    for one in found:
        unproved = ", ".join(one.unproved) or "-"
        counts = f"{len(one.caught)} | {one.breaking} | {len(one.unsound)}"
        yield f"| {one.design} | {counts} | {unproved} |"
    yield ""
    for one in found:
        for item in (*one.unsound, *one.beside):
            yield f"- {one.design}, {item.action}, {item.kind} `{item.text}`: breaks nothing; caught by {item.by}."
    yield ""


def broken_proofs(
    design: str, judged: Sequence[Judged], say: Callable[[str], None] = lambda text: None
) -> BrokenProofs:
    """What the mutants of a design break; `judged` are all of them, in order.

    Raises:
        ModelError: the design is not as it declares.
    """
    machine = load_machine(design)
    proof = ProofOfDesign(machine, lambda text: say(f"{design}: {text}"))
    found: list[Judged] = []
    for mutation, item in zip(mutations_of(machine), judged, strict=True):
        if item.fate is Fate.CAUGHT:
            say(f"{design}: {len(found)} of {len(judged)} mutants held against the proof")
            part = next(proof.broken_by(mutation), None)
            found.append(item if part is None else replace(item, breaks=str(part)))
        else:
            found.append(item)
    idle = [item for item in found if item.fate is Fate.CAUGHT and item.breaks is None]
    return BrokenProofs(
        design,
        tuple(found),
        proof.unproved,
        tuple(item for item in idle if item.by in proof.proved),
        tuple(item for item in idle if item.by not in proof.proved),
    )
