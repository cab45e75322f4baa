"""How TLA+ writes values, expressions and names."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from splitproof.checker.export.names import BoundNames, Names
from splitproof.checker.export.notation import Notation
from splitproof.model.machine import Machine
from splitproof.model.types import BLOCK, BLOCK_SET, BOOL, DATA, EnumType, Int, Type

__all__ = ["KEYWORDS", "TlaNotation", "module_name"]

KEYWORDS = """
action assume assumption axiom by case choose constant constants corollary def define defs domain else enabled except
extends hence have if in instance lambda lemma let local module new obvious omitted only other pick proof
proposition prove qed recursive sf_ state step subset suffices take temporal then theorem unchanged union use
variable variables wf_ with witness boolean true false string nat int real seq len append head tail
block data firstblock firstdata init next spec vars typeok
"""
"""Of TLA+ and its standard modules, and the names that every exported module has."""


def module_name(machine: Machine) -> str:
    """The machine's name as one word: `broken-lock` is BrokenLock."""
    words = re.findall(r"[A-Za-z0-9]+", machine.name)
    joined = "".join(word[0].upper() + word[1:] for word in words)
    return joined if joined[:1].isalpha() else f"Design{joined}"


class TlaNotation(Notation):
    negation, conjunction, disjunction, equal, unequal = "~", "/\\", "\\/", "=", "#"

    def __init__(self, names: Names) -> None:
        self.bound = BoundNames(names)

    def constant(self, value: Any, type_: Type) -> str:
        if type_ in (BLOCK, DATA):  # only ever the first value: there are no literals
            return "FirstBlock" if type_ == BLOCK else "FirstData"
        if isinstance(type_, EnumType):
            return f'"{value.name}"'
        return f"({value})" if isinstance(type_, Int) and value < 0 else str(value).upper()

    def ite(self, condition: str, yes: str, no: str) -> str:
        return f"(IF {condition} THEN {yes} ELSE {no})"

    def member(self, chosen: str, block: str) -> str:
        return f"{block} \\in {chosen}"

    def quantified(self, is_every: bool, body: Callable[[str], str]) -> str:
        with self.bound.fresh() as name:
            return f"(\\{'A' if is_every else 'E'} {name} \\in Block : {body(name)})"

    def values(self, type_: Type) -> str:
        """The set of a type's values."""
        match type_:
            case EnumType(members=members):
                return f"{{{', '.join(self.constant(member, type_) for member in members)}}}"
            case Int(low=low, high=high):
                return f"{low}..{high}"
        return {BOOL: "BOOLEAN", BLOCK: "Block", DATA: "Data", BLOCK_SET: "SUBSET Block"}[type_]
