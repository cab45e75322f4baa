"""The suite that holds a real controller to the model's properties.

`judge` puts a property of `splitproof.spec` to an `Observation`; `splitproof.conformance.sequential` drives
a `Controller` and judges it as it goes. The latter needs Hypothesis (`pip install splitproof[conformance]`)
and is therefore not imported here.
"""

from splitproof.conformance.adapter import Controller, Rejected
from splitproof.conformance.observation import Finding, Holds, Observation, Unknown, Verdict, Violated, judge

__all__ = [
    "Controller",
    "Finding",
    "Holds",
    "Observation",
    "Rejected",
    "Unknown",
    "Verdict",
    "Violated",
    "judge",
]
