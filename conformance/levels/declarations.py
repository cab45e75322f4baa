"""Operations that a controller has and does not declare: each is tried where it has to work.

What is not declared is not tested, so that a controller which says less than it can passes more easily than it should.
`pump` is not tried: a controller that offers it does nothing by itself, and the core of the suite would have noticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from splitproof.conformance.lab.lab import DUPLEX, Lab, whole
from splitproof.conformance.lab.session import Session
from splitproof.conformance.protocol.adapter import AdapterFault, Indefinite, Rejected, Unsupported
from splitproof.conformance.verdicts import Undecided
from splitproof.spec.vocabulary import PairState

__all__ = ["under_declared", "under_declared_line"]

_BLOCKS: Final = 2
_HELD_SECONDS: Final = 0.1
"""How long a split stays pending if its copying is held; a controller that holds nothing is done sooner."""


def under_declared(lab: Lab) -> tuple[str, ...]:
    """Those that work although they are not declared; a fault, or the time budget, ends the search."""
    if lab.session_or_none is None:
        return ()
    found = []
    for name, works in _TRIALS.items():
        try:
            if not lab.session.has(name) and works(lab, lab.mirrored(_BLOCKS)):
                found.append(name)
        except (Rejected, Indefinite, Unsupported):
            continue
        except (AdapterFault, Undecided):
            break
    return tuple(found)


def under_declared_line(names: Sequence[str]) -> str:
    """For people."""
    return f"under-declared: {', '.join(names)} works, and is not declared; what is declared is tested"


def _resync(lab: Lab, session: Session) -> bool:
    session.call("split")
    session.call("resync")
    return lab.settles(session, lambda: session.pair_state() == DUPLEX)


def _delete_pair(_: Lab, session: Session) -> bool:
    session.call("delete_pair")
    return session.pair_state().source is PairState.SIMPLEX


def _split_and_backup(lab: Lab, session: Session) -> bool:
    backup = session.call("split_and_backup", extents=whole(session))
    return session.pair_state().source is PairState.SPLIT and lab.ends(session, backup) is not None


def _target_image(_: Lab, session: Session) -> bool:
    return list(session.target_image()) == [session.read(block) for block in range(_BLOCKS)]


def _differences(_: Lab, session: Session) -> bool:
    return not session.call("differences")


def _hold_copy(lab: Lab, session: Session) -> bool:
    session.call("hold_copy")
    session.write(0, next(lab.numbers))
    session.call("split")
    until = time.monotonic() + _HELD_SECONDS
    pending = True
    while pending and time.monotonic() < until:
        pending = session.pair_state().target is PairState.SPLIT_PENDING
    session.call("release_copy")
    return pending and lab.settles(session, lambda: session.pair_state().target is PairState.SPLIT)


def _crash(_: Lab, session: Session) -> bool:
    session.call("crash")
    session.call("recover")
    session.read(0)
    return True


_TRIALS: Final[Mapping[str, Callable[[Lab, Session], bool]]] = MappingProxyType(
    {
        "resync": _resync,
        "delete_pair": _delete_pair,
        "split_and_backup": _split_and_backup,
        "target_image": _target_image,
        "differences": _differences,
        "hold_copy": _hold_copy,
        "crash": _crash,
    }
)
