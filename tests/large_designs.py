"""The designs of the catalogue whose spaces are large at 1 block already."""

from __future__ import annotations

__all__ = ["LARGE"]

LARGE = ("fourth-embodiment-reflect", "fourth-embodiment-stage", "fourth-embodiment-wait")
"""Two million states and more: minutes for whoever searches in Python, a quarter of a minute at least for Spin."""
