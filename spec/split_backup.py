"""What is asked of a split-mirror backup: the properties, each a positive sentence with its citations.

The words: `logical[b]` is what a host read of block b returns; `image[b]` is `logical[b]` at the instant of the split;
the central invariant, TAPE = IMAGE, is `tape-is-image` with `end-report-is-true`. The document never says that the
tape equals the source at the split; it says the backup is consistent (R08, R114) and that the difference table holds
what was unreflected at the instant of the split (R55). The project takes the split-time reading.
"""

from __future__ import annotations

from typing import Any

from splitproof.spec.pair_states import legal_steps, legal_views
from splitproof.spec.properties import Property, always, leads_to, possible, step
from splitproof.spec.vocabulary import PairState, StepKind

__all__ = [
    "BACKUP_CAN_END",
    "BACKUP_ENDS",
    "BACKUP_FOLLOWS_ITS_SPLIT",
    "CLIENT_RESUMES",
    "DIFFERENCE_IS_SOUND",
    "DUPLEX_IS_MIRRORED",
    "END_CLOSES_THE_BACKUP",
    "END_REPORT_IS_TRUE",
    "LEGAL_PAIR_STATES",
    "LEGAL_PAIR_TRANSITIONS",
    "MIRROR_IN_DUPLEX",
    "NO_ACKNOWLEDGED_WRITE_LOST",
    "PROPERTIES",
    "READ_LATEST_WRITE",
    "SPLIT_CAN_COMPLETE",
    "SPLIT_COMPLETES",
    "SPLIT_DOES_NOT_WAIT",
    "SPLIT_FINDS_NO_WRITE",
    "SPLIT_IS_REPORTED",
    "SPLIT_LIES_IN_ITS_COMMAND",
    "STAGING_IS_IMAGE",
    "TAPE_IS_IMAGE",
    "TARGET_IS_IMAGE",
    "WITH_PAUSE",
    "WRITE_IS_ACKNOWLEDGED",
    "WRITE_NEVER_WAITS",
    "WRITE_REACHES_SOURCE",
]


def _at_rest_in_duplex(s: Any, b: Any) -> Any:
    mirrored = (s.pair.source_view == PairState.DUPLEX) & (s.pair.target_view == PairState.DUPLEX)
    outstanding = s.marked[b] | s.in_copy[b] | s.in_destage[b] | s.cached[b] | s.mark_outstanding[b]
    return mirrored & ~outstanding


def _views_are(s: Any, views: tuple[PairState, PairState]) -> Any:
    return (s.pair.source_view == views[0]) & (s.pair.target_view == views[1])


def _same_views(before: Any, after: Any) -> Any:
    return (before.pair.source_view == after.pair.source_view) & (
        before.pair.target_view == after.pair.target_view
    )


def _splits(before: Any, after: Any) -> Any:
    return (before.pair.source_view != PairState.SPLIT) & (after.pair.source_view == PairState.SPLIT)


def _becomes_duplex(before: Any, after: Any) -> Any:
    return (before.pair.source_view != PairState.DUPLEX) & (after.pair.source_view == PairState.DUPLEX)


def _reports_end(before: Any, after: Any) -> Any:
    return ~before.end_reported & after.end_reported


def _any(terms: Any) -> Any:
    first, *rest = terms
    for term in rest:
        first = first | term
    return first


TAPE_IS_IMAGE = always(
    "tape-is-image",
    "every tape record equals the source at the split",
    cites=(
        "R05",
        "R08",
        "R15",
        "R47",
        "R72",
        "R82",
        "R83",
        "R114",
        "G02",
        "G03",
        "G04",
        "G06",
        "G08",
        "G09",
        "G26",
    ),
    trigger=lambda s, b: s.tape[b].written,
    holds=lambda s, b: ~s.tape[b].written | (s.tape[b].data == s.backup_image[b]),
    carries=lambda s, b: s.tape[b].data,
)

TARGET_IS_IMAGE = always(
    "target-is-image",
    "while the target view is SPLIT, the target equals the source at the split",
    cites=("R13", "R37", "R44", "G02", "G07", "G09"),
    trigger=lambda s, b: s.pair.target_view == PairState.SPLIT,
    holds=lambda s, b: (s.pair.target_view != PairState.SPLIT) | (s.target[b] == s.image[b]),
    carries=lambda s, b: s.image[b],
)

MIRROR_IN_DUPLEX = always(
    "mirror-in-duplex",
    "while both views are DUPLEX, a block that nothing is outstanding for is the same on source and target",
    cites=("R35", "R36", "R54", "G04", "G07", "G18", "G33"),
    trigger=_at_rest_in_duplex,
    holds=lambda s, b: ~_at_rest_in_duplex(s, b) | (s.target[b] == s.source[b]),
    carries=lambda s, b: s.source[b],
)

DIFFERENCE_IS_SOUND = always(
    "difference-is-sound",
    "while the source view is SPLIT, a block whose target differs from the image is marked or in copy",
    cites=("R13", "R38", "R55", "G01", "G05", "G32"),
    trigger=lambda s, b: (s.pair.source_view == PairState.SPLIT) & ~s.marked[b],
    holds=lambda s, b: (
        (s.pair.source_view != PairState.SPLIT) | s.marked[b] | s.in_copy[b] | (s.target[b] == s.image[b])
    ),
    carries=lambda s, b: s.image[b],
)

STAGING_IS_IMAGE = always(
    "staging-is-image",
    "every block that is staged for the tape equals the source at the split",
    cites=("R63", "R82", "R83", "R88", "G08"),
    trigger=lambda s, b: s.staged[b],
    holds=lambda s, b: ~s.staged[b] | (s.staging[b] == s.backup_image[b]),
    carries=lambda s, b: s.staging[b],
)

LEGAL_PAIR_STATES = always(
    "legal-pair-states",
    "the two views of the pair are one of the document's states",
    cites=("R34", "R35", "R36", "R37", "R38", "R43", "R44"),
    trigger=lambda s: s.pair.source_view != PairState.SIMPLEX,
    holds=lambda s: s.target_view_outstanding | _any(_views_are(s, views) for views in legal_views()),
)

LEGAL_PAIR_TRANSITIONS = step(
    "legal-pair-transitions",
    "the views of the pair change only as the document's states allow",
    cites=("R39", "R43", "R44", "G21"),
    trigger=lambda before, after: ~_same_views(before, after),
    holds=lambda before, after: (
        _same_views(before, after)
        | before.target_view_outstanding
        | after.target_view_outstanding
        | _any(_views_are(before, old) & _views_are(after, new) for old, new in legal_steps())
    ),
)

READ_LATEST_WRITE = always(
    "read-latest-write",
    "a host read returns the last acknowledged write of the block, or one that is not acknowledged yet",
    cites=("R32", "G14", "G18", "G33"),
    trigger=lambda s, b: s.cached[b],
    holds=lambda s, b: (
        (s.logical[b] == s.last_acknowledged[b]) | (s.being_written[b] & (s.logical[b] == s.incoming[b]))
    ),
)

NO_ACKNOWLEDGED_WRITE_LOST = always(
    "no-acknowledged-write-lost",
    "what the cache no longer holds as dirty is on the source volume",
    cites=("R29", "R31", "G18", "G33"),
    trigger=lambda s, b: ~s.cached[b] & ~s.in_destage[b],
    holds=lambda s, b: (
        s.cached[b]
        | s.in_destage[b]
        | (s.source[b] == s.last_acknowledged[b])
        | (s.being_written[b] & (s.source[b] == s.incoming[b]))
    ),
)

END_REPORT_IS_TRUE = step(
    "end-report-is-true",
    "when a good end of the backup is reported, every block of the range is on the tape",
    cites=("R08", "R68", "G17"),
    trigger=lambda before, after, b: _reports_end(before, after) & before.in_range[b],
    holds=lambda before, after, b: (
        ~(_reports_end(before, after) & before.in_range[b]) | before.tape[b].written
    ),
)

DUPLEX_IS_MIRRORED = step(
    "duplex-is-mirrored",
    "the pair becomes DUPLEX only when no block is marked as different",
    cites=("R36", "G32"),
    trigger=lambda before, after, b: _becomes_duplex(before, after),
    holds=lambda before, after, b: ~_becomes_duplex(before, after) | ~before.marked[b],
)

END_CLOSES_THE_BACKUP = step(
    "end-closes-the-backup",
    "when a good end is reported, no backup is accepted any more, and a resync is let in",
    cites=("R68", "G12"),
    trigger=_reports_end,
    holds=lambda before, after: ~_reports_end(before, after) | ~after.backup_accepted,
)

SPLIT_LIES_IN_ITS_COMMAND = step(
    "split-lies-in-its-command",
    "the split step lies between the receipt of its command and the report of its end",
    cites=("R43", "R51", "R52", "G01", "G23"),
    trigger=_splits,
    holds=lambda before, after: ~_splits(before, after) | (before.split_received & after.split_outstanding),
)

SPLIT_DOES_NOT_WAIT = possible(
    "split-does-not-wait",
    "a split commanded in DUPLEX can be reported without any copying or destaging",
    cites=("R07", "R43", "R52"),
    trigger=lambda s: s.split_outstanding & (s.pair.source_view == PairState.DUPLEX),
    reaches=lambda s: ~s.split_outstanding,
    without=(StepKind.COPY, StepKind.DESTAGE),
)

WRITE_NEVER_WAITS = possible(
    "write-never-waits",
    "a host write can be acknowledged without any copying, destaging or backup",
    cites=("R29", "R30", "G35"),
    trigger=lambda s: s.write_outstanding,
    reaches=lambda s: ~s.write_outstanding,
    without=(StepKind.COPY, StepKind.DESTAGE, StepKind.BACKUP, StepKind.PAIR),
)

BACKUP_CAN_END = possible(
    "backup-can-end",
    "once the split is relayed, the backup can end, without new host I/O",
    cites=("R31", "R54", "R68", "R75"),
    trigger=lambda s: s.backup_outstanding,
    reaches=lambda s: ~s.backup_outstanding,
    without=(StepKind.HOST_IO,),
)

SPLIT_CAN_COMPLETE = possible(
    "split-can-complete",
    "after a split the target view can become SPLIT, without new host I/O and without a resync",
    cites=("R44", "R54", "G21"),
    trigger=lambda s: s.pair.source_view == PairState.SPLIT,
    reaches=lambda s: s.pair.target_view == PairState.SPLIT,
    without=(StepKind.HOST_IO, StepKind.PAIR),
)

BACKUP_FOLLOWS_ITS_SPLIT = step(
    "backup-follows-its-split",
    "503 is told to back up only after a split of the same run",
    cites=("R46", "R58", "G25", "G26"),
    trigger=lambda before, after: ~before.backup_notified & after.backup_notified,
    holds=lambda before, after: before.backup_notified | ~after.backup_notified | before.split_in_run,
)

SPLIT_IS_REPORTED = leads_to(
    "split-is-reported",
    "a split commanded in DUPLEX is reported in the end, however many writes come",
    cites=("R07", "R43", "R52", "R94", "G34"),
    trigger=lambda s: s.split_outstanding & (s.pair.source_view == PairState.DUPLEX),
    reaches=lambda s: ~s.split_outstanding,
)

SPLIT_COMPLETES = leads_to(
    "split-completes",
    "after a split the target view becomes SPLIT in the end, unless the pair is joined again",
    cites=("R44", "R54", "R69", "G10", "G34"),
    trigger=lambda s: s.pair.source_view == PairState.SPLIT,
    reaches=lambda s: (s.pair.target_view == PairState.SPLIT) | (s.pair.source_view != PairState.SPLIT),
)

BACKUP_ENDS = leads_to(
    "backup-ends",
    "an accepted backup ends, and 102 learns of it, however many writes come",
    cites=("R31", "R68", "R75", "R97", "R104", "G10", "G34"),
    trigger=lambda s: s.backup_accepted,
    reaches=lambda s: ~s.backup_outstanding,
)

WRITE_IS_ACKNOWLEDGED = leads_to(
    "write-is-acknowledged",
    "an accepted host write is acknowledged in the end",
    cites=("R29", "R30", "G34", "G35"),
    trigger=lambda s: s.write_outstanding,
    reaches=lambda s: ~s.write_outstanding,
)

WRITE_REACHES_SOURCE = leads_to(
    "write-reaches-source",
    "what lies in a dirty slot reaches the source volume in the end, or is overwritten",
    cites=("R11", "R31", "G34"),
    trigger=lambda s, b: s.cached[b],
    reaches=lambda s, b: ~s.cached[b] | s.destage_written[b],
)

CLIENT_RESUMES = leads_to(
    "client-resumes",
    "101 resumes its I/O in the end when it has paused",
    cites=("R95", "R98", "G25"),
    trigger=lambda s: s.paused,
    reaches=lambda s: ~s.paused,
)

SPLIT_FINDS_NO_WRITE = step(
    "split-finds-no-write",
    "the split finds no host write that is issued and not acknowledged",
    cites=("R92", "R98", "G20", "G22", "G25"),
    trigger=_splits,
    holds=lambda before, after: ~_splits(before, after) | ~before.write_in_flight,
)

PROPERTIES: tuple[Property, ...] = (
    TAPE_IS_IMAGE,
    TARGET_IS_IMAGE,
    MIRROR_IN_DUPLEX,
    DIFFERENCE_IS_SOUND,
    STAGING_IS_IMAGE,
    LEGAL_PAIR_STATES,
    LEGAL_PAIR_TRANSITIONS,
    READ_LATEST_WRITE,
    NO_ACKNOWLEDGED_WRITE_LOST,
    DUPLEX_IS_MIRRORED,
    END_REPORT_IS_TRUE,
    END_CLOSES_THE_BACKUP,
    SPLIT_LIES_IN_ITS_COMMAND,
    BACKUP_FOLLOWS_ITS_SPLIT,
    SPLIT_DOES_NOT_WAIT,
    WRITE_NEVER_WAITS,
    BACKUP_CAN_END,
    SPLIT_CAN_COMPLETE,
    SPLIT_IS_REPORTED,
    SPLIT_COMPLETES,
    BACKUP_ENDS,
    WRITE_IS_ACKNOWLEDGED,
    WRITE_REACHES_SOURCE,
)
"""Asked of every design, the central one first."""

WITH_PAUSE: tuple[Property, ...] = (SPLIT_FINDS_NO_WRITE, CLIENT_RESUMES)
"""Asked besides of designs in which 101 pauses its I/O for the split."""
