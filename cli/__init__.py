"""splitproof: a model checker and conformance suite for storage-controller designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["__version__"]

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """The version is looked up when it is asked for, which takes as long as a small search."""
    if name == "__version__":
        from importlib.metadata import version

        return version("splitproof")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
