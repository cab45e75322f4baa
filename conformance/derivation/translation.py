"""From a counterexample of the model to words of a schedule: what a controller is asked and pumped, in that order.

`ACTIONS` says of each step of the model what it is to the adapter; nothing is said of any single counterexample. A call
has its effect in one step, and everything that belongs to it moves there: what comes before is invisible, and an answer
may as well come at once. What is still to be done after the answer is work of the controller's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from splitproof.checker.counterexamples.traces import Trace
from splitproof.model.choices import DifferenceMarked, Response, Split, TargetViewSet
from splitproof.model.design import Design
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import (
    BACKUP_FOLLOWS_ITS_SPLIT,
    DIFFERENCE_IS_SOUND,
    DUPLEX_IS_MIRRORED,
    END_REPORT_IS_TRUE,
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    MIRROR_IN_DUPLEX,
    NO_ACKNOWLEDGED_WRITE_LOST,
    READ_LATEST_WRITE,
    STAGING_IS_IMAGE,
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
)
from splitproof.spec.vocabulary import (
    BACKUP_SERVER,
    CLIENT_SERVER,
    HOST,
    LAN,
    SECOND_VOLUME_WORKER,
    Processor,
)

__all__ = ["ACTIONS", "JUDGED_AS", "Unmapped", "words_of"]


class Unmapped(Exception):  # noqa: N818  # an answer
    """A counterexample that a controller cannot be led through; the message is the reason."""


@dataclass(frozen=True)
class Pump:
    """Work of a kind, so many steps of it; `all` if nothing of the kind is left afterwards."""

    kind: str
    steps: int = 1
    all: bool = False


@dataclass(frozen=True)
class Call:
    """A call that is over in this step, for all that anyone sees."""

    word: str


@dataclass(frozen=True)
class Effect:
    """The step in which a call has its effect; the call is put here."""

    word: str


@dataclass(frozen=True)
class Part:
    """Another step of a call that can be seen from outside."""

    of: str


@dataclass(frozen=True)
class Begin:
    """A new call is taken up."""

    of: str


@dataclass(frozen=True)
class Answer:
    """A call returns."""

    of: str


_SILENT: Final = None
"""Seen by nobody outside: something is passed on, or answered at once."""

ACTIONS: Final = MappingProxyType(
    {
        # 501: host writes
        "accept_write": Begin("write"),
        "receive_write": Begin("write"),
        "store": Effect("write"),
        "mark_difference": Part("write"),
        "acknowledge": Answer("write"),
        # 501 and 502: the pair
        "create_pair": Call("pair"),
        "resync": Call("resync"),
        "receive_split_command": Begin("split"),
        "split": Effect("split"),
        "refuse_split": _SILENT,  # it changes nothing
        "command_copy": Part("split"),
        "set_target_view": Part("split"),
        "report_split": Answer("split"),
        "answer_split": Answer("split"),
        "answer_refusal": _SILENT,
        "receive_pair_question": _SILENT,
        "read_pair_state": _SILENT,
        "answer_pair_question": _SILENT,
        # 502: the backup
        "receive_backup_command": Begin("split"),  # if it is the one that splits, too
        "accept_backup": Call("start"),
        "refuse_backup": _SILENT,
        "report_refusal": _SILENT,
        "notify_tape": _SILENT,
        "receive_done": _SILENT,
        "close_backup": Pump("backup"),
        "report_end": _SILENT,
        "answer_under_way": _SILENT,
        "answer_ended": _SILENT,
        "answer_refused": _SILENT,
        # 503
        "receive_notice": _SILENT,
        "rewind_tape": Pump("backup"),
        "read_parameters": _SILENT,
        "check_block": Pump("backup"),
        "see_copied": _SILENT,
        "see_all_copied": Pump("backup"),
        "read_source_into_staging": Pump("backup"),
        "recheck_block": Pump("backup"),
        "read_target": Pump("backup"),
        "write_tape": Pump("backup"),
        "report_done": Pump("backup", 2),  # file marks, then the report
        # 508
        "take_slot": Pump("destage"),
        "take_later_version": Pump("destage"),
        "write_source": Pump("destage"),
        "finish_destage": Pump("destage"),
        "poll_requests": _SILENT,
        "claim": Pump("copy"),
        "claim_requested": Pump("copy"),
        "read_source": Pump("copy"),
        "write_target": Pump("copy"),
        "release": Pump("copy"),
        "complete_mirror": Pump("copy", all=True),
        "complete_split": Pump("copy", all=True),
    }
)
"""What each step of a controller's model is to the adapter. Steps of servers and network are the client's own."""

JUDGED_AS: Final = MappingProxyType(
    {
        BACKUP_FOLLOWS_ITS_SPLIT: BACKUP_FOLLOWS_ITS_SPLIT,
        TAPE_IS_IMAGE: TAPE_IS_IMAGE,
        STAGING_IS_IMAGE: TAPE_IS_IMAGE,
        MIRROR_IN_DUPLEX: TAPE_IS_IMAGE,
        DUPLEX_IS_MIRRORED: TAPE_IS_IMAGE,
        TARGET_IS_IMAGE: TARGET_IS_IMAGE,
        DIFFERENCE_IS_SOUND: DIFFERENCE_IS_SOUND,
        READ_LATEST_WRITE: READ_LATEST_WRITE,
        NO_ACKNOWLEDGED_WRITE_LOST: READ_LATEST_WRITE,
        END_REPORT_IS_TRUE: END_REPORT_IS_TRUE,
        LEGAL_PAIR_STATES: LEGAL_PAIR_STATES,
        LEGAL_PAIR_TRANSITIONS: LEGAL_PAIR_TRANSITIONS,
    }
)
"""By what a violation shows on a controller: what is staged wrongly, or mirrored wrongly, comes to the tape."""

_CLIENTS: Final = frozenset({CLIENT_SERVER, BACKUP_SERVER, LAN, HOST})
_COMBINED: Final = "both"
_OWN_WORK: Final = MappingProxyType({"write": "host", "split": "command"})
"""The kind of work that a call leaves behind when it has returned."""


def words_of(trace: Trace, design: Design, violated: Property) -> tuple[str, Property]:
    """The schedule that leads a controller through the trace, and on until the fault shows, and how that is judged.

    For the words see `schedules.Schedule`.

    Raises:
        Unmapped: there is none.
    """
    if violated not in JUDGED_AS:
        raise Unmapped(f"a controller does not show what {violated.id} speaks of")
    reader = _Reader(design)
    for taken in trace.steps:
        reader.read(taken.action, taken.step.action.by)
    words = _words(reader.items)
    judged = _judged_as(words, violated)
    return " ".join(_completed(words, judged)), judged


@dataclass
class _Open:
    """A call that is being read: whether it is put, whether it has returned, and up to where it reaches.

    `missing`: the parts that it has before it returns and that were not read yet.
    """

    missing: set[str]
    is_put: bool = False
    is_answered: bool = False
    reaches: int | None = None


def _parts_before_answer(design: Design) -> dict[str, set[str]]:
    """What a design does between the effect of a call and its answer."""
    parts: dict[str, set[str]] = {"write": set(), "split": set()}
    if design.difference_marked is DifferenceMarked.BEFORE_ACK:
        parts["write"].add("mark_difference")
    if design.split is Split.COMBINED and design.response is Response.AFTER_SPLIT:
        if design.target_view_set is TargetViewSet.AFTER_COMMAND:
            parts["split"].add("set_target_view")
        else:
            parts["split"].add("command_copy")
    return parts


class _Reader:
    """Reads the steps of a trace one by one."""

    def __init__(self, design: Design) -> None:
        self.combined = design.split is Split.COMBINED
        self.before_answer = _parts_before_answer(design)
        self.items: list[str | Pump] = []
        self.open: dict[str, _Open] = {}

    def read(self, action: str, by: Processor) -> None:
        """One step."""
        if by in _CLIENTS:
            return
        if by is SECOND_VOLUME_WORKER:
            raise Unmapped("pump does not say which of two volume workers is to take a step")
        if action not in ACTIONS:
            raise Unmapped(f"the adapter has nothing for the step {action}")
        match ACTIONS[action]:
            case Pump() as pump:
                self._put(pump)
            case Call("start") if self.combined:
                pass  # accepted by the command that splits
            case Call(word):
                self._put(word)
            case Begin(of):
                self.open.pop(of, None)
            case Effect(word):
                self._take_part(word, action, is_effect=True)
            case Part(of):
                self._take_part(of, action, is_effect=False)
            case Answer(of):
                call = self._opened(of)
                if not call.is_put:
                    self._take_part(of, action, is_effect=True)
                call.is_answered = True

    def _opened(self, word: str) -> _Open:
        return self.open.setdefault(word, _Open(set(self.before_answer[word])))

    def _put(self, item: str | Pump, of: str | None = None) -> None:
        """An item, if no other call has something left to do first."""
        for word, call in self.open.items():
            if word != of and call.is_put and not call.is_answered and call.missing:
                raise Unmapped(f"something else happens in the middle of the call {word}")
        self.items.append(item)

    def _take_part(self, word: str, action: str, is_effect: bool) -> None:
        call = self._opened(word)
        call.missing.discard(action)
        if call.is_answered:
            self._put(Pump(_OWN_WORK[word]), word)
            return
        if call.reaches not in (None, len(self.items)):
            raise Unmapped(f"something else happens in the middle of the call {word}")
        if is_effect:
            self._put(_COMBINED if word == "split" and self.combined else word, word)
            call.is_put = True
        call.reaches = len(self.items)


def _words(items: Sequence[str | Pump]) -> list[str]:
    """Steps of one kind in a row are one word; those that leave nothing, and the last ones, go on to the end."""
    runs: list[str | Pump] = []
    for item in items:
        last = runs[-1] if runs else None
        if isinstance(item, Pump) and isinstance(last, Pump) and last.kind == item.kind:
            runs[-1] = Pump(item.kind, last.steps + item.steps, item.all)
        else:
            runs.append(item)
    return [
        run
        if isinstance(run, str)
        else f"{run.kind}!"
        if run.all or number == len(runs)
        else f"{run.kind}*{run.steps}"
        for number, run in enumerate(runs, start=1)
    ]


def _completed(words: Sequence[str], judged: Property) -> list[str]:
    """The words with what makes a fault show, and a pass mean something: a block that is written before the split and
    after it, and a backup."""
    if judged is READ_LATEST_WRITE:
        return [*words, "read", "end", "read"]
    is_split, has_started, was_written = _state_after(words)
    before = [] if was_written else ["write", "end"]
    after = [*([] if is_split else ["split"]), *([] if has_started else ["start"])]
    return [*before, *words, *after, "backup!", "write", "end"]


def _state_after(words: Sequence[str]) -> tuple[bool, bool, bool]:
    """Whether the pair is split in the end, and backed up since; whether a write came before the first split."""
    is_split = has_started = was_split = was_written = False
    for word in words:
        match word:
            case "write":
                was_written |= not was_split
            case "start":
                has_started = is_split
            case "split" | "both":
                is_split, has_started, was_split = True, word == _COMBINED, True
            case "resync":
                is_split = has_started = False
    return is_split, has_started, was_written


def _judged_as(words: Sequence[str], violated: Property) -> Property:
    """A backup that is asked of a pair which is not split is refused, or was accepted wrongly: nothing else counts."""
    is_split = False
    for word in words:
        if word in ("split", _COMBINED, "resync"):
            is_split = word != "resync"
        elif word == "start" and not is_split:
            return BACKUP_FOLLOWS_ITS_SPLIT
    return JUDGED_AS[violated]
