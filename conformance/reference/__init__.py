"""A controller that conforms, with processors, volumes, cache and tape: what the suite must pass, and what the broken
controllers are made from. It is written from the document, and takes nothing from the model of it.

`splitproof conform splitproof.conformance.reference:ReferenceController` runs the first embodiment, in threads.
"""

from splitproof.conformance.reference.controller import BLOCK_SIZE_BYTES, ReferenceController
from splitproof.conformance.reference.policy import AS_WRITTEN, EMBODIMENTS, Policy

__all__ = ["AS_WRITTEN", "BLOCK_SIZE_BYTES", "EMBODIMENTS", "Policy", "ReferenceController"]
