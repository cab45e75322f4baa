"""The identifiers of an exported model: one for each name of the machine, none reserved, none twice."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from splitproof.checker.export.trees import trees_of
from splitproof.model.declarations import Action
from splitproof.model.expressions import Const, Param, walk
from splitproof.model.machine import Machine
from splitproof.model.types import EnumType

__all__ = ["BoundNames", "Names"]


class Names:
    """What a machine's variables, enum members, actions, parameters and properties are called in a language.

    `reserved`: words that the language, or what is generated from it, keeps to itself; compared without case.
    """

    def __init__(self, machine: Machine, reserved: Iterable[str]) -> None:
        self._machine = machine
        self._taken = {word.lower() for word in reserved}
        self._leaves = {name: self.new(name) for name in machine.leaves}
        self._types: dict[EnumType, str] = {}
        self._members: dict[tuple[EnumType, enum.Enum], str] = {}
        for type_ in _enums_of(machine):
            self._types[type_] = self.new(type_.name)
            for member in type_.members:
                self._members[type_, member] = self.new(f"{type_.name}_{member.name}")
        self._actions = {action.label: self.new(self._plain(action)) for action in machine.actions}
        self._parameters: dict[str, str] = {}
        for action in machine.actions:
            for parameter in action.parameters:
                self._name_parameter(parameter)
        self._properties = {name: self.new(name) for name in machine.properties}

    def new(self, wanted: str) -> str:
        """An identifier that is not taken yet, as close to what is wanted as can be."""
        plain = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_")
        if not re.match(r"[A-Za-z]", plain):
            plain = f"x_{plain}".rstrip("_")
        name, number = plain, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{plain}_{number}"
        self._taken.add(name.lower())
        return name

    def leaf(self, name: str) -> str:
        return self._leaves[name]

    def type(self, type_: EnumType) -> str:
        return self._types[type_]

    def member(self, type_: EnumType, member: enum.Enum) -> str:
        """The constant for a member of an enum."""
        return self._members[type_, member]

    def action(self, action: Action) -> str:
        return self._actions[action.label]

    def parameter(self, name: str) -> str:
        """The name of an action's parameter. Actions share it where they share the parameter's name."""
        return self._parameters[name]

    def property_name(self, id: str) -> str:
        return self._properties[id]

    @property
    def enums(self) -> tuple[EnumType, ...]:
        """The enums of the state, and those that no more than constants are of."""
        return tuple(self._types)

    def _plain(self, action: Action) -> str:
        """The action's own name where no other processor has an action of that name."""
        shared = sum(other.name == action.name for other in self._machine.actions) > 1
        return action.label if shared else action.name

    def _name_parameter(self, parameter: Param) -> None:
        if parameter.name not in self._parameters:
            self._parameters[parameter.name] = self.new(parameter.name)


def _enums_of(machine: Machine) -> dict[EnumType, None]:
    """Those of variables first; each once, in an order that is always the same."""
    types = [leaf.type for leaf in machine.leaves.values()]
    types += [node.type for tree in trees_of(machine) for node in walk(tree) if isinstance(node, Const)]
    return dict.fromkeys(type_ for type_ in types if isinstance(type_, EnumType))


class BoundNames:
    """Names for the blocks that quantifiers range over: one for each depth, so that none hides another."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._bound: list[str] = []
        self._depth = 0

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """A name other than those of the quantifiers around it."""
        if self._depth == len(self._bound):
            self._bound.append(self._names.new(f"each_{self._depth + 1}"))
        self._depth += 1
        try:
            yield self._bound[self._depth - 1]
        finally:
            self._depth -= 1
