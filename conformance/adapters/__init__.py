"""Adapters for storage that many people run; each starts and stops what it needs by itself.

`splitproof conform qemu`, or `pytest --pyargs splitproof.conformance --controller qemu`. See docs/real-controllers.md.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BUILT_IN"]

BUILT_IN: Final = {
    "qemu": "splitproof.conformance.adapters.qemu",
    "qemu-mirror": "splitproof.conformance.adapters.qemu_mirror",
}
"""The short name of each, and its module, which has `make()` and `absent()`: a sentence on what is missing, or None."""
