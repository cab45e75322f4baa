"""The compiled functions of an engine: fast to make first, fast to run once that pays."""

from __future__ import annotations

import ctypes
from typing import Any

from splitproof.checker.compiled.objects import Code

__all__ = ["OPTIMISE_FROM", "SearchCode", "WalkCode"]

OPTIMISE_FROM = 1_000_000
"""States from which on a search is worth the tenth of a second that fast code takes to make."""


class SearchCode:
    """The functions of a search, each called with a control record and without the GIL."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._take(Code(self._text, optimise=0))

    def _take(self, code: Code) -> None:
        self._code = code
        self.expand = _procedure(code, "expand")
        self.expand_shared = _procedure(code, "expand_shared")
        self.rehash = _procedure(code, "rehash")
        self.rehash_shared = _procedure(code, "rehash_shared")
        self.judge = _procedure(code, "judge_all")
        self.relocate = code.function("relocate", ctypes.c_void_p, *[ctypes.c_uint64] * 3)
        self.find = code.function("find_state", ctypes.c_void_p, ctypes.c_void_p, returns=ctypes.c_uint64)

    def has_run(self, states: int) -> None:
        """Between two portions: optimise the code if the search turns out to be long."""
        if not self._code.is_fast and states >= OPTIMISE_FROM:
            self._take(Code(self._text, optimise=2))


class WalkCode:
    """Functions that each take a control record; optimised if many states will be visited."""

    def __init__(self, text: str, states: int) -> None:
        self._code = Code(text, optimise=2 if states >= OPTIMISE_FROM else 0)
        self.function = self._code.function

    def procedure(self, name: str) -> Any:
        return _procedure(self._code, name)


def _procedure(code: Code, name: str) -> Any:
    return code.function(name, ctypes.c_void_p)
