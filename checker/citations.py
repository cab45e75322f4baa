"""What checks each requirement and gap: properties, cells and their access rules, actions, choices, predictions.

Derived from what cites it; nothing is listed by hand.
"""

from __future__ import annotations

from functools import cache

from splitproof.model.ablations import ABLATIONS
from splitproof.model.catalogue import CATALOGUE, VARIATIONS, design_named, machine_of
from splitproof.model.design import CHOICES
from splitproof.spec.distinctions import DISTINCTIONS, PAUSE_DOES_NOT_WAIT
from splitproof.spec.pair_states import legal_pair_transitions
from splitproof.spec.split_backup import PROPERTIES, WITH_PAUSE

__all__ = ["citations"]


@cache
def citations() -> dict[str, list[str]]:
    """By identifier, what cites it: `property tape-is-image`, `action split of host I/O 501`, ..."""
    found: dict[str, dict[str, None]] = {}

    def cite(identifiers: tuple[str, ...], what: str) -> None:
        for identifier in identifiers:
            found.setdefault(identifier, {})[what] = None

    cite(
        ("R22", "R56"), "every search: each processor's steps are interleaved with all others, in every order"
    )
    for item in (*PROPERTIES, *WITH_PAUSE, *DISTINCTIONS, PAUSE_DOES_NOT_WAIT):
        cite(item.cites, f"property {item.id}: {item.statement}")
    for question in CHOICES.values():
        values = ", ".join(str(answer) for answer in question.answers)
        cite(question.cites, f"choice {question.key} ({values}): {question.text}")
    for ablation in ABLATIONS:
        what = f"breaks {', '.join(ablation.breaks)}" if ablation.breaks else "breaks nothing"
        cite(ablation.cites, f"ablation {ablation.override}: {what}")
    for before, after, edge in legal_pair_transitions().edges(data=True):
        cite(
            edge["cites"],
            f"legal transition {before[0].value}, {before[1].value} to {after[0].value}, {after[1].value}",
        )
    for name in [*CATALOGUE, *VARIATIONS]:
        machine = machine_of(design_named(name))
        for leaf in machine.leaves.values():
            cite(leaf.cell.cites, f"access rule of {leaf.cell}")
        for action in machine.actions:
            cite(action.cites, f"step {action.name} of {action.by}")
    return {identifier: list(found[identifier]) for identifier in sorted(found)}
