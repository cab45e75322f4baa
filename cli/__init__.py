"""splitproof: a model checker and conformance suite for storage-controller designs."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("splitproof")
