"""From what a user writes to a controller: `package.module:factory`, `path/to/file.py:factory`, a command, or a name.

The names are those of the adapters that come with the suite.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from splitproof.conformance.adapters import BUILT_IN
from splitproof.conformance.protocol.adapter import AdapterFault, FaultKind
from splitproof.conformance.protocol.stdio import StdioTransport
from splitproof.conformance.protocol.transport import LocalTransport, Transport
from splitproof.model.source import required_parameters

__all__ = ["AdapterNotFound", "adapter", "command"]


class AdapterNotFound(ValueError):  # noqa: N818  # what was named is not there
    """What was named is no adapter; the message says what would be."""


def command(text: str) -> Callable[[], Transport]:
    """Opens the controller that a command starts."""
    return lambda: StdioTransport(text)


def adapter(text: str) -> Callable[[], Transport]:
    """Opens the controller that a factory makes, a function or class without parameters, or one of `BUILT_IN`.

    Raises:
        AdapterNotFound: there is no such module or factory, loading it fails, or the machine lacks what it needs.
    """
    if text in BUILT_IN:
        return _built_in(text)
    module_name, colon, name = text.rpartition(":")
    if not colon or not name:
        raise AdapterNotFound(
            f"{text} names no factory; write package.module:factory or path/to/file.py:factory, or one of the "
            f"adapters that come with the suite: {', '.join(BUILT_IN)}"
        )
    module = _module(module_name)
    factory: Any = module
    for part in name.split("."):
        factory = getattr(factory, part, None)
    if not callable(factory):
        own = vars(module).get("__name__")
        names = [
            key
            for key, value in vars(module).items()
            if callable(value) and not key.startswith("_") and getattr(value, "__module__", None) == own
        ]
        raise AdapterNotFound(
            f"{module_name} has no function or class {name}; it has {', '.join(names) or 'none'}"
        )
    if needed := required_parameters(factory):
        raise AdapterNotFound(
            f"{name} of {module_name} takes {', '.join(needed)}; a factory is a function or class without parameters"
        )
    return lambda: LocalTransport(_made(factory, text))


def _made(factory: Callable[[], Any], text: str) -> Any:
    try:
        return factory()
    except AdapterFault:  # an adapter may say itself why there is none
        raise
    except Exception as error:
        raise AdapterFault(FaultKind.RAISED, f"{text} raised {type(error).__name__}: {error}") from error


def _built_in(name: str) -> Callable[[], Transport]:
    found = BUILT_IN[name]
    module: Any = importlib.import_module(found.module)
    missing = module.absent(*found.arguments)
    if missing is not None:
        raise AdapterNotFound(f"{name} cannot be tested here: {missing}")
    if hasattr(module, "make"):
        return lambda: LocalTransport(module.make(*found.arguments))
    return lambda: StdioTransport(module.command(*found.arguments))


def _module(name: str) -> Any:
    try:
        if not name.endswith(".py"):
            return importlib.import_module(name)
        path = Path(name)
        spec = importlib.util.spec_from_file_location(f"_adapter_{path.stem}", path)
        if spec is None or spec.loader is None or not path.is_file():
            raise AdapterNotFound(f"there is no file {name}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses and pickles look their module up
        spec.loader.exec_module(module)
        return module
    except AdapterNotFound:
        raise
    except Exception as error:
        raise AdapterNotFound(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
