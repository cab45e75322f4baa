"""One of the states that differ in the values of a block's data only: the same verdicts, depths and stories."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from splitproof.checker.check import Options, check
from splitproof.checker.compiled.engine import CompiledEngine
from splitproof.checker.compiled.symmetry import UnsoundSymmetryError
from splitproof.checker.counterexamples.traces import replay
from splitproof.checker.search.engine import Exploration, Finding, Limits
from splitproof.checker.search.engines import EngineChoice
from splitproof.checker.search.oracle import Oracle
from splitproof.checker.verdicts import Violated
from splitproof.model.cells import Cell, memory
from splitproof.model.expressions import TRUE
from splitproof.model.interpreter import Interpreter
from splitproof.model.loading import load_machine
from splitproof.model.machine import Machine
from splitproof.model.records import ANY, Block, Bool, Data, Record, field
from splitproof.model.state import State, when
from splitproof.model.types import BLOCK, DATA
from splitproof.spec.properties import Kind, Property, always, implies_, step
from splitproof.spec.vocabulary import HOST_PORT, VOLUME_WORKER, StepKind
from tests.random_machines import assume_it_starts, machines
