"""What distinguishes the embodiments: who waits for what, who asks whom, and what a backup touches.

Each is a positive sentence that holds in some embodiments and is violated in others, as the document says it of them;
neither is a fault. The catalogue declares which is which, and `docs/distinctions.md` is made from the verdicts.
"""

from __future__ import annotations

from typing import Any

from splitproof.spec.properties import Property, count, possible, step
from splitproof.spec.vocabulary import Event, PairState, StepKind

__all__ = ["DISTINCTIONS", "PAUSE_DOES_NOT_WAIT"]


def _reports_split(before: Any, after: Any) -> Any:
    return before.split_outstanding & ~after.split_outstanding


def _accepts(before: Any, after: Any) -> Any:
    return ~before.backup_accepted & after.backup_accepted


def _begins_tape(before: Any, after: Any) -> Any:
    return ~before.tape_begun & after.tape_begun


def _writes_target(before: Any, after: Any, b: Any) -> Any:
    return ~before.copy_written[b] & after.copy_written[b]


def _under_way(s: Any) -> Any:
    return s.run_under_way


_SPLIT_REPORTED_AFTER_COPYING = step(
    "split-reported-after-copying",
    "the split is reported only when no difference is left",
    cites=("R03", "R04", "R07", "R52"),
    trigger=lambda before, after, b: _reports_split(before, after),
    holds=lambda before, after, b: ~_reports_split(before, after) | ~before.uncopied[b],
)

_BACKUP_ACCEPTED_AFTER_COPYING = step(
    "backup-accepted-after-copying",
    "a backup is accepted only while the target view is SPLIT",
    cites=("R70", "R77", "R93"),
    trigger=_accepts,
    holds=lambda before, after: ~_accepts(before, after) | (before.pair.target_view == PairState.SPLIT),
)

_TAPE_BEGINS_AFTER_RANGE = step(
    "tape-begins-after-range-copy",
    "the first record is written only when no difference is left in the range",
    cites=("R46", "R47", "R72", "R82", "R96", "R103", "R107"),
    trigger=lambda before, after, b: _begins_tape(before, after) & before.in_range[b],
    holds=lambda before, after, b: ~(_begins_tape(before, after) & before.in_range[b]) | ~before.uncopied[b],
)

_TAPE_BEGINS_AFTER_VOLUME = step(
    "tape-begins-after-volume-copy",
    "the first record is written only when no difference is left outside of the range",
    cites=("R48", "R72", "R75", "G11"),
    trigger=lambda before, after, b: _begins_tape(before, after) & ~before.in_range[b],
    holds=lambda before, after, b: ~(_begins_tape(before, after) & ~before.in_range[b]) | ~before.uncopied[b],
    needs_blocks=2,
)

_TAPE_BEGINS_AFTER_STAGING = step(
    "tape-begins-after-staging",
    "the first record is written only when the whole range is staged",
    cites=("R42", "R87"),
    trigger=lambda before, after, b: _begins_tape(before, after) & before.in_range[b],
    holds=lambda before, after, b: ~(_begins_tape(before, after) & before.in_range[b]) | before.staged[b],
    needs_blocks=2,
)

_BACKUP_REQUESTS_NO_COPY = step(
    "backup-requests-no-copy",
    "503 never asks for a copy",
    cites=("R64", "R65", "R73"),
    trigger=lambda before, after, b: ~before.run_under_way & after.run_under_way,
    holds=lambda before, after, b: before.requested[b] | ~after.requested[b],
)

_BACKUP_WRITES_NO_TARGET = step(
    "backup-writes-no-target",
    "no block is written to the target on request of a backup",
    cites=("R86", "R89"),
    trigger=_writes_target,
    holds=lambda before, after, b: ~_writes_target(before, after, b) | ~before.requested[b],
)

_TAPE_READS_NO_SOURCE = count(
    "tape-reads-no-source",
    "503 never reads the source volume",
    cites=("R33", "R82"),
    event=Event.SOURCE_READ,
    during=_under_way,
    at_most=0,
)

_BACKUP_WAITS_FOR_NO_COPY = possible(
    "backup-waits-for-no-copy",
    "503 can end its work without any copying",
    cites=("R48", "R72", "R75", "R85", "R106"),
    trigger=lambda s: s.backup_running,
    reaches=lambda s: ~s.backup_running,
    without=(StepKind.COPY,),
)

_COMMAND_WAITS_FOR_NO_COPY = possible(
    "command-waits-for-no-copy",
    "once the pair is split, 502 can accept the backup without any copying",
    cites=("R09", "R70", "R77", "R79"),
    trigger=lambda s: s.backup_outstanding & (s.pair.source_view == PairState.SPLIT),
    reaches=lambda s: s.backup_accepted | ~s.backup_outstanding,
    without=(StepKind.COPY, StepKind.PAIR),
)

_TWO_LAN_MESSAGES = count(
    "two-lan-messages",
    "the servers exchange two messages a run",
    cites=("R50", "R57", "R92", "R95"),
    event=Event.LAN_MESSAGE,
    during=_under_way,
    at_least=2,
    at_most=2,
)

_ONE_COMMAND = count(
    "one-command",
    "the servers command the controller once a run",
    cites=("R51", "R58", "R90", "R91", "G24"),
    event=Event.COMMAND,
    during=_under_way,
    at_least=1,
    at_most=1,
)

_TWO_REPORTS = count(
    "two-reports",
    "the controller reports to the servers twice a run",
    cites=("R52", "R68", "R94", "R97", "G24"),
    event=Event.REPORT,
    during=_under_way,
    at_least=2,
    at_most=2,
)

_NO_PAIR_QUERY = count(
    "no-pair-query",
    "no server asks for the state of the pair",
    cites=("R06", "R70", "R74", "R78", "R105"),
    event=Event.PAIR_QUERY,
    during=_under_way,
    at_most=0,
)

_NO_BACKUP_QUERY = count(
    "no-backup-query",
    "no server asks for the state of the backup",
    cites=("R97",),
    event=Event.BACKUP_QUERY,
    during=_under_way,
    at_most=0,
)

_NO_PAUSE = count(
    "no-pause",
    "101 never pauses its I/O",
    cites=("R92", "R98"),
    event=Event.PAUSE,
    during=_under_way,
    at_most=0,
)

PAUSE_DOES_NOT_WAIT = possible(
    "pause-does-not-wait",
    "a pause that meets the pair in DUPLEX can end without any copying or destaging",
    cites=("R98",),
    trigger=lambda s: s.paused & (s.pair.source_view == PairState.DUPLEX),
    reaches=lambda s: ~s.paused,
    without=(StepKind.COPY, StepKind.DESTAGE),
)
"""Asked of designs in which 101 pauses."""

DISTINCTIONS: tuple[Property, ...] = (
    _SPLIT_REPORTED_AFTER_COPYING,
    _BACKUP_ACCEPTED_AFTER_COPYING,
    _TAPE_BEGINS_AFTER_RANGE,
    _TAPE_BEGINS_AFTER_VOLUME,
    _TAPE_BEGINS_AFTER_STAGING,
    _BACKUP_REQUESTS_NO_COPY,
    _BACKUP_WRITES_NO_TARGET,
    _TAPE_READS_NO_SOURCE,
    _BACKUP_WAITS_FOR_NO_COPY,
    _COMMAND_WAITS_FOR_NO_COPY,
    _TWO_LAN_MESSAGES,
    _ONE_COMMAND,
    _TWO_REPORTS,
    _NO_PAIR_QUERY,
    _NO_BACKUP_QUERY,
    _NO_PAUSE,
)
"""Asked of every design whose embodiment they describe."""
