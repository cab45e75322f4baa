"""From what a user writes to a machine: `NAME`, `NAME+key=value`, or `path/to/file.py:NAME`."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from splitproof.model.catalogue import design_named, machine_of
from splitproof.model.design import Design
from splitproof.model.errors import ModelError
from splitproof.model.machine import Machine
from splitproof.model.source import place_of, required_parameters

__all__ = ["load_choices", "load_design", "load_machine"]


def load_machine(text: str) -> Machine:
    """The machine that `text` names: of the catalogue, or of a user's file.

    In a file, `NAME` is a `Machine`, a `Design`, or a function without parameters that returns one of them; a `Design`
    takes overrides, as those of the catalogue do.

    Raises:
        ModelError: there is no such design or file, the file fails when it is loaded, or what it names is no machine.
    """
    found = _load(text)
    return machine_of(found) if isinstance(found, Design) else found


def load_design(text: str) -> Design | None:
    """The design whose choices make the machine that `text` names; None of a machine that is written by hand.

    Raises:
        ModelError: see `load_machine`.
    """
    found = _load(text)
    return found if isinstance(found, Design) else None


def load_choices(text: str) -> Design:
    """The design that `text` names, for what asks for its choices.

    Raises:
        ModelError: see `load_machine`; or it is a machine that is written by hand.
    """
    found = load_design(text)
    if found is None:
        raise ModelError(
            f"{text} is a Machine, which has no choices to take back or to change; accepted are a design of the "
            "catalogue (NAME, NAME+key=value) and a Design in a file of yours",
            "",
        )
    return found


def _load(text: str) -> Machine | Design:
    path, colon, name = text.partition(".py:")
    if not colon:
        if ":" in text:
            raise ModelError(f"{text} names no file of Python; write path/to/file.py:NAME", "")
        if text.endswith(".py"):
            known = _designs(_module(Path(text)))
            raise ModelError(
                f"say which design of {text}: {' or '.join(f'{text}:{name}' for name in known)}", ""
            )
        return design_named(text)
    name, *overrides = name.split("+")
    found = _object(Path(f"{path}.py"), name)
    if isinstance(found, Design):
        changes = dict(override.partition("=")[::2] for override in overrides)
        return found.but(**changes)
    if overrides:
        raise ModelError(
            f"{name} of {path}.py is a machine; overrides such as +{overrides[0]} need a Design", ""
        )
    return found


def _object(path: Path, name: str) -> Machine | Design:
    module = _module(path)
    if not hasattr(module, name):
        raise ModelError(f"{path} has no {name}; its designs are {', '.join(_designs(module))}", "")
    found = getattr(module, name)
    if callable(found) and not isinstance(found, type):
        if required := required_parameters(found):
            raise ModelError(
                f"{name} of {path} takes {', '.join(required)}; a design is a Machine, a Design, or a function that "
                "takes nothing and returns one",
                place_of(found),
            )
        with _failures(f"{name} of {path} fails when it is called", path):
            found = found()
    if not isinstance(found, Machine | Design):
        raise ModelError(
            f"{name} of {path} is a {type(found).__name__}; "
            "expected a Machine, a Design, or a function that returns one",
            "",
        )
    return found


def _designs(module: ModuleType) -> list[str]:
    """What a file can be asked for: designs, and functions that take nothing and say that they return one.

    Raises:
        ModelError: there are none.
    """
    names = []
    for name, value in vars(module).items():
        is_own = (
            inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        )
        if is_own and not inspect.signature(value).parameters:
            returned = value.__annotations__.get("return")
            if returned in (Machine, Design, "Machine", "Design"):
                names.append(name)
        elif isinstance(value, Machine | Design):
            names.append(name)
    if not names:
        raise ModelError(
            f"{Path(module.__file__ or module.__name__).name} has no designs; "
            "a design is a Machine, a Design, or a function `def NAME() -> Machine`",
            "",
        )
    return names


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise ModelError(f"there is no file {path}; expected path/to/file.py:NAME", "")
    spec = importlib.util.spec_from_file_location(f"splitproof_design_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # as an import does; dataclasses look their module up there
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with _failures(f"{path} fails when it is loaded", path):
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent.resolve()))
    return module


@contextlib.contextmanager
def _failures(what: str, path: Path) -> Iterator[None]:
    """A user's file may fail in any way; all of them are reported as one sentence."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if isinstance(error, SyntaxError):  # its traceback ends in the import system
            where = f"{Path(error.filename or path).name}:{error.lineno}"
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
        raise ModelError(f"{what}: {type(error).__name__}: {error}", where) from error
