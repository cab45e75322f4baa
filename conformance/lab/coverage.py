"""What a run came to, in the words of the specification: abstract states, transitions of the pair, triggers.

Nothing is restated. The states of the pair and the steps between them are those of `spec.pair_states`. Whether there
may be a backup, or a block that is not copied, in such a state is asked of the properties' trees, with all else
unknown; how often a property had something to say is its own trigger. What could be reached and was not is named.
"""

from __future__ import annotations

import enum
import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Any, Final

from splitproof.checker.quantities import count
from splitproof.conformance.observation import Observation, Verdict, Violated, judge, judge_step
from splitproof.conformance.protocol.adapter import PairViews
from splitproof.spec.pair_states import Views, legal_pair_transitions, legal_views
from splitproof.spec.split_backup import BACKUP_FOLLOWS_ITS_SPLIT, DIFFERENCE_IS_SOUND, TARGET_IS_IMAGE
from splitproof.spec.vocabulary import PairState

__all__ = ["AbstractState", "Coverage", "UnderWay", "views_text"]


class UnderWay(enum.Enum):
    """The backup that has not ended, as far as the controller says."""

    NOTHING = "no backup"
    PART = "a backup of a part"
    WHOLE = "a backup of everything"


@dataclass(frozen=True)
class AbstractState:
    """What matters of a state, and nothing else.

    `held`: copying is withheld. `rewritten`: a block that is not copied yet was written after the split. `again`: the
    pair was split and joined before.
    """

    views: Views
    held: bool = False
    backup: UnderWay = UnderWay.NOTHING
    rewritten: bool = False
    again: bool = False

    def __str__(self) -> str:
        words = [views_text(self.views)]
        words += ["copying held"] if self.held else []
        words += [self.backup.value] if self.backup is not UnderWay.NOTHING else []
        words += ["an uncopied block rewritten"] if self.rewritten else []
        words += ["a later cycle"] if self.again else []
        return ", ".join(words)


@dataclass
class Coverage:
    """How often what was reached; `situations`: further ones, by the words in which the suite asks for them.

    `transitions` counts a step of the pair whether it was seen, or passed between two looks. `unlike`: views that
    follow each other and are no transition of the document. `operations`: (name, views before it, whether accepted).
    `triggers`: property to the blocks and instants at which it had something to say.
    """

    states: Counter[AbstractState] = field(default_factory=Counter)
    transitions: Counter[tuple[Views, Views]] = field(default_factory=Counter)
    unlike: Counter[tuple[Views, Views]] = field(default_factory=Counter)
    operations: Counter[tuple[str, Views, bool]] = field(default_factory=Counter)
    triggers: Counter[str] = field(default_factory=Counter)
    situations: Counter[str] = field(default_factory=Counter)
    declared: frozenset[str] = frozenset()

    def add(self, other: Coverage) -> None:
        """Count what another run came to, as well."""
        for name in ("states", "transitions", "unlike", "operations", "triggers", "situations"):
            getattr(self, name).update(getattr(other, name))
        self.declared |= other.declared

    def reached(self, state: AbstractState) -> None:
        """The controller is in this state."""
        self.states[state] += 1

    def did(self, name: str, before: PairViews | None, after: PairViews | None, accepted: bool) -> None:
        """An operation, and the views before and after it."""
        if before is None or after is None:
            return
        old, new = (before.source, before.target), (after.source, after.target)
        self.operations[name, old, accepted] += 1
        if old == new or name == "delete_pair":  # of which the document says nothing
            return
        path = _steps(old, new)
        self.transitions.update(path)
        self.unlike[old, new] += not path

    def judged(self, verdict: Verdict) -> None:
        """A property was judged."""
        self.triggers[verdict.property.id] += sum(finding.triggered is True for finding in verdict.findings)

    @property
    def possible(self) -> tuple[AbstractState, ...]:
        """Every state that a controller with these optional operations can come to."""
        return tuple(possible_states(self.declared))

    @property
    def missing(self) -> tuple[AbstractState, ...]:
        """Those that were not reached."""
        return tuple(state for state in self.possible if not self.states[state])

    @property
    def possible_transitions(self) -> tuple[tuple[Views, Views], ...]:
        """Those that lead on, and those that join the pair if the controller can."""
        return tuple(
            (old, new)
            for old, new in legal_pair_transitions().edges
            if "resync" in self.declared or not _joins(old, new)
        )

    def json(self) -> dict[str, Any]:
        """In the order of a cycle."""
        graph = legal_pair_transitions()
        possible = self.possible
        return {
            "states": {
                "reached": sum(1 for state in possible if self.states[state]),
                "possible": len(possible),
                "counts": {str(state): self.states[state] for state in possible},
                "beyond": {str(state): self.states[state] for state in self._beyond()},
            },
            "transitions": [
                {
                    "from": views_text(old),
                    "to": views_text(new),
                    "cause": graph.edges[old, new]["cause"],
                    "cites": list(graph.edges[old, new]["cites"]),
                    "count": self.transitions[old, new],
                }
                for old, new in self.possible_transitions
            ],
            "unlike": {
                f"{views_text(old)} to {views_text(new)}": count
                for (old, new), count in sorted(self.unlike.items(), key=str)
                if count
            },
            "operations": [
                {"operation": name, "in": views_text(views), "accepted": accepted, "refused": refused}
                for name, views, accepted, refused in self.by_operation()
            ],
            "triggers": dict(sorted(self.triggers.items())),
        }

    def by_operation(self) -> Iterator[tuple[str, Views, int, int]]:
        """Operation, views, how often it was accepted there, and how often refused."""
        places = sorted({(name, views) for name, views, _ in self.operations}, key=str)
        for name, views in places:
            yield name, views, self.operations[name, views, True], self.operations[name, views, False]

    def _beyond(self) -> list[AbstractState]:
        """What was reached although the specification speaks of no such state, or does not ask for it."""
        return sorted((state for state in self.states if state not in set(self.possible)), key=str)

    def lines(self) -> Iterator[str]:
        """For people."""
        possible, missing = self.possible, self.missing
        edges = self.possible_transitions
        walked = sum(1 for edge in edges if self.transitions[edge])
        yield (
            f"coverage: {len(possible) - len(missing)} of {len(possible)} abstract states of the specification, "
            f"{walked} of {len(edges)} transitions of the pair"
        )
        for edge in edges:
            if not self.transitions[edge]:
                yield f"  never: {legal_pair_transitions().edges[edge]['cause']}"
        for state in missing[:_MISSING_SHOWN]:
            yield f"  never: {state}"
        if len(missing) > _MISSING_SHOWN:
            further = count(len(missing) - _MISSING_SHOWN, "more state")
            yield f"  never: {further}; --format json and --report list them"


_MISSING_SHOWN: Final = 4


def views_text(views: Views) -> str:
    """Both views, once if they agree."""
    return "/".join(dict.fromkeys(view.value for view in views))


def possible_states(declared: Set[str]) -> Iterator[AbstractState]:
    """The abstract states of the specification, as far as these optional operations lead to them and show them."""
    can_hold, sees, joins = "hold_copy" in declared, "differences" in declared, "resync" in declared
    for views in legal_views():
        for held, backup, rewritten, again in itertools.product(
            (False, True), UnderWay, (False, True), (False, True)
        ):
            possible = (
                (can_hold or not held)
                and (_may_be_backed_up(views) or backup is UnderWay.NOTHING)
                and ((sees and _may_be_uncopied(views)) or not rewritten)
                and ((joins and views[0] is not PairState.SIMPLEX) or not again)
            )
            if possible:
                yield AbstractState(views, held, backup, rewritten, again)


@functools.cache
def _may_be_backed_up(views: Views) -> bool:
    """Whether a backup may be accepted in this state of the pair."""
    before = Observation(
        1, {("backup_notified", None): False, ("split_in_run", None): views[0] is PairState.SPLIT}
    )
    after = Observation(1, {("backup_notified", None): True})
    return not isinstance(judge_step(BACKUP_FOLLOWS_ITS_SPLIT, before, after), Violated)


@functools.cache
def _may_be_uncopied(views: Views) -> bool:
    """Whether the target may lack a block of the image: the image counts, and the target need not be it."""
    shown: dict[tuple[str, int | None], object] = {
        ("pair.source_view", None): views[0],
        ("pair.target_view", None): views[1],
        ("target", 0): b"old",
        ("image", 0): b"new",
    }
    counts = judge(DIFFERENCE_IS_SOUND, Observation(1, shown | {("marked", 0): False}))
    unlike = judge(TARGET_IS_IMAGE, Observation(1, shown))
    return counts.findings[0].triggered is True and not isinstance(unlike, Violated)


@functools.cache
def _steps(old: Views, new: Views) -> tuple[tuple[Views, Views], ...]:
    """The transition from one to the other, or the two of which the second is a pending state that ended; or none."""
    graph = legal_pair_transitions()
    if old not in graph or new not in graph:
        return ()
    if graph.has_edge(old, new):
        return ((old, new),)
    between = [one for one in graph.successors(old) if graph.has_edge(one, new) and _settles(one, new)]
    return ((old, between[0]), (between[0], new)) if len(between) == 1 else ()


def _joins(old: Views, new: Views) -> bool:
    """Whether a split pair is joined again."""
    return old[0] is PairState.SPLIT and new[0] is not PairState.SPLIT


def _settles(old: Views, new: Views) -> bool:
    """Whether a controller takes this transition by itself: nothing is pending any more."""
    pending = (PairState.DUPLEX_PENDING, PairState.SPLIT_PENDING)
    return old[1] in pending and new[1] not in pending
