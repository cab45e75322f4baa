"""By what properties of each kind are proved; `count` by nothing."""

from __future__ import annotations

from typing import Final

from splitproof.spec.properties import Kind

__all__ = ["BY_INVARIANT", "BY_RANKING"]

BY_INVARIANT: Final = (Kind.ALWAYS, Kind.STEP)
BY_RANKING: Final = (Kind.LEADS_TO, Kind.POSSIBLE)
