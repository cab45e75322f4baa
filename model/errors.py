"""The one error of the modelling language: it says what, where, and what would be accepted."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["ModelError", "source_line"]

_LANGUAGE = ("splitproof.model.",)
_DESIGNS = ("splitproof.model.controller", "splitproof.model.catalogue")


class ModelError(Exception):
    """A design that means nothing, or that breaks a rule of the language or of the document.

    The message names the offence and what would be accepted; `where` is `file:line` of the design's own source, taken
    from the call stack when the error is raised while a design is being declared.
    """

    def __init__(self, message: str, where: str | None = None) -> None:
        self.message = message
        self.where = where if where is not None else source_line()
        super().__init__(f"{self.where}: {message}" if self.where else message)


def source_line() -> str:
    """`file:line` of the innermost caller that belongs to a design rather than to the language; empty if none does."""
    frame = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        is_language = module.startswith(_LANGUAGE) and not module.startswith(_DESIGNS)
        if not is_language:
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""
