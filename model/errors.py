"""The one error of the modelling language: it says what, where, and what would be accepted."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import PurePath
from types import CodeType, FrameType

__all__ = [
    "ModelError",
    "UndeclaredError",
    "UnknownNameError",
    "design_frame",
    "place",
    "source_line",
    "with_block_names",
]

_OURS = "splitproof."
_LANGUAGE = "splitproof.model."
_DESIGNS = ("splitproof.model.controller", "splitproof.model.catalogue")
_BETWEEN = "contextlib"  # through which the language calls itself


class ModelError(Exception):
    """A design that means nothing, or that breaks a rule of the language or of the document.

    The message names the offence and what would be accepted; `where` is `file:line` of the design's own
    source, taken from the call stack when the error is raised while a design is being declared.
    """

    def __init__(self, message: str, where: str | None = None) -> None:
        self.message = with_block_names(message)
        self.where = where if where is not None else source_line()
        super().__init__(f"{self.where}: {self.message}" if self.where else self.message)


class UnknownNameError(ModelError, AttributeError):
    """A name that means nothing here. An AttributeError too, so that `hasattr` keeps its meaning."""


class UndeclaredError(UnknownNameError):
    """A variable or predicate that is not declared, or not yet."""


def design_frame() -> FrameType | None:
    """The innermost caller that belongs to a design; None if another part of splitproof calls first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_DESIGNS) or not module.startswith((_OURS, _BETWEEN)):
            return frame
        if module.startswith(_OURS) and not module.startswith(_LANGUAGE):
            return None
        frame = frame.f_back
    return None


def source_line() -> str:
    """`file:line` of the innermost caller that belongs to a design; empty if none does."""
    frame = design_frame()
    return "" if frame is None else place(frame.f_code, frame.f_lineno)


def place(code: CodeType, line: int | None = None) -> str:
    """`file:line` of a function's code, by default of where it begins."""
    return f"{_file_name(code.co_filename)}:{code.co_firstlineno if line is None else line}"


@cache
def _file_name(path: str) -> str:
    return PurePath(path).name


def with_block_names(text: str) -> str:
    """The text with readable names for bound blocks: b1, b2, ... in the order in which they appear.

    Inside a tree their names are unique in the process, and would differ with what was declared before.
    """
    names: dict[str, str] = {}
    return re.sub(r"(?<![\w.])_\d+\b", lambda found: names.setdefault(found[0], f"b{len(names) + 1}"), text)
