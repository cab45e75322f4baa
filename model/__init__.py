"""The modelling language and the catalogue of designs.

A design needs nothing but these names, and the properties of `splitproof.spec.properties`; `docs/language.md`
teaches them. Inside this package modules import each other by their own names.
"""

from splitproof.model.cells import GHOST, Cell, channel, memory
from splitproof.model.declarations import Action, Fairness
from splitproof.model.errors import ModelError
from splitproof.model.evaluation import UNKNOWN
from splitproof.model.expressions import all_of, any_of, every, implies, ite, none, some
from splitproof.model.interpreter import Interpreter, Step
from splitproof.model.machine import Machine
from splitproof.model.ranking import Falls, Helps
from splitproof.model.records import ANY, Block, BlockSet, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import Int
from splitproof.spec.vocabulary import Processor, StepKind

__all__ = [
    "ANY",
    "GHOST",
    "UNKNOWN",
    "Action",
    "Block",
    "BlockSet",
    "Bool",
    "Cell",
    "Data",
    "Fairness",
    "Falls",
    "Helps",
    "Int",
    "Interpreter",
    "Machine",
    "ModelError",
    "Processor",
    "Record",
    "State",
    "Step",
    "StepKind",
    "all_of",
    "any_of",
    "channel",
    "every",
    "field",
    "implies",
    "ite",
    "memory",
    "none",
    "some",
    "when",
]
