"""Predictions: what breaks when a closed design takes back one closing choice.

Made from the gaps and from a prototype, before the searches that they are held against; `docs/findings.md` tells which
of them a search has corrected.
"""

from __future__ import annotations

from dataclasses import dataclass

from splitproof.model.choices import Backup, Split

__all__ = ["ABLATIONS", "Ablation"]


@dataclass(frozen=True)
class Ablation:
    """A prediction: what breaks when a closed design takes back one closing choice.

    `only`, `splits`: the designs that it speaks of.
    `breaks`: properties predicted violated beyond those of the closed design, at least; empty if it stays closed.
    """

    override: str
    breaks: tuple[str, ...]
    cites: tuple[str, ...]
    only: tuple[Backup, ...] = tuple(Backup)
    splits: tuple[Split, ...] = tuple(Split)


_LOOKING = (Backup.ON_DEMAND, Backup.WAIT_ALL, Backup.STAGE)
_REFLECTING = (Backup.ON_DEMAND, Backup.WAIT_ALL)
_SEPARATE, _COMBINED = (Split.SEPARATE,), (Split.COMBINED,)

ABLATIONS: tuple[Ablation, ...] = (
    Ablation("difference_marked=before-store", ("mirror-in-duplex", "tape-is-image"), ("G01",)),
    Ablation("difference_marked=before-ack", ("tape-is-image",), ("G01",), splits=_SEPARATE),
    Ablation(
        "difference_marked=before-ack", (), ("G01", "G22"), splits=_COMBINED
    ),  # a drained pause lies behind the mark
    Ablation("difference_marked=after-ack", ("tape-is-image",), ("G01",)),
    Ablation("difference_marked=at-destage", ("tape-is-image",), ("G05",)),
    Ablation("dirty_counts=yes", (), ("G05",)),
    Ablation("difference_cleared=after-write", ("mirror-in-duplex", "tape-is-image"), ("G07",)),
    Ablation("difference_cleared=compare", ("mirror-in-duplex",), ("G07",), splits=_SEPARATE),
    Ablation("difference_cleared=compare", ("mirror-in-duplex",), ("G07",), (Backup.STAGE,), _COMBINED),
    Ablation(
        "difference_cleared=compare", (), ("G07",), _REFLECTING, _COMBINED
    ),  # at 1 block: its copy ends before the job
    Ablation("difference_cleared=generation", (), ("G07",)),
    Ablation("in_flight=invisible", ("tape-is-image",), ("G06",), _LOOKING),
    Ablation(
        "in_flight=invisible", (), ("G06", "R80"), (Backup.HOST_POLLS,)
    ),  # 508 reports SPLIT with free hands
    Ablation("copy_reads=source", ("mirror-in-duplex", "tape-is-image"), ("G04",)),
    Ablation("pre_split_slot=overwritten", ("tape-is-image",), ("G03",)),
    Ablation("post_split_write=overwrites", ("tape-is-image",), ("G02",)),
    Ablation("post_split_write=held-at-store", (), ("G02", "G35")),
    Ablation("post_split_table=same", ("tape-is-image",), ("G09",)),
    Ablation("post_split_table=own-forgotten", ("mirror-in-duplex",), ("G09",)),
    Ablation("staging=unlocked", ("tape-is-image",), ("G08",), (Backup.STAGE,)),
    Ablation("staging=unit-locked", (), ("G08",), (Backup.STAGE,)),
    Ablation("staging=range-locked", (), ("G08",), (Backup.STAGE,)),
    Ablation("report=after-any-copy", ("tape-is-image",), ("G17",), (Backup.ON_DEMAND,)),
    Ablation("workers=2", (), ("R110", "G18")),
    Ablation("workers=2+ownership=none", ("no-acknowledged-write-lost", "tape-is-image"), ("G18",)),
    Ablation("workers=2+ownership=copy", ("no-acknowledged-write-lost",), ("G18",)),
    Ablation("workers=2+ownership=destage", ("mirror-in-duplex",), ("G18",)),
    Ablation("destage_clean=blind", ("no-acknowledged-write-lost",), ("G33",)),
    Ablation("creation=marks-none", ("mirror-in-duplex", "tape-is-image"), ("G32",)),
    Ablation("target_view_set=after-command", ("legal-pair-transitions",), ("G21",)),
    Ablation("accept_check=none", ("tape-is-image",), ("G26",), splits=_SEPARATE),
    Ablation(
        "accept_check=none", ("backup-can-end", "client-resumes"), ("G12", "G27", "G39"), splits=_COMBINED
    ),
    Ablation("resync=unguarded", ("tape-is-image",), ("G12",)),
    Ablation("host_io=serial", (), ("G01", "G20"), splits=_SEPARATE),
    Ablation("split_when=any-time", (), ("R49", "G32")),
    Ablation("check_unit=unit", (), ("G16",), (Backup.ON_DEMAND, Backup.STAGE)),
    Ablation("acknowledge=after-copying", ("split-does-not-wait",), ("R07", "R40")),
    Ablation("pause=stops-issuing", ("split-finds-no-write",), ("G22",), splits=_COMBINED),
    Ablation("response=at-instruction", ("split-lies-in-its-command",), ("G23",), splits=_COMBINED),
    Ablation("split=two-commands", (), ("G24",), splits=_COMBINED),
    Ablation("end=reported", (), ("R68", "G24"), splits=_COMBINED),
    Ablation("end=polled", (), ("R97", "G24"), splits=_SEPARATE),
    Ablation("servers=1", (), ("R20", "R113")),
    Ablation("device=disk", (), ("R112",)),
    Ablation("volume_io=ports", (), ("R110",)),
    Ablation("lan=duplicating", ("split-finds-no-write", "client-resumes"), ("G25",), splits=_COMBINED),
    Ablation("lan=duplicating+run_numbers=checked", (), ("R109", "G25")),
)
"""What is predicted for each choice of a closed design taken alone, from the gaps and from a prototype."""
