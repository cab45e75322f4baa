"""What the text of a design's functions tells: the wording of a clause, and comparisons that Python keeps to
itself.

`s.phase is Phase.IDLE`, `s.phase in {...}` and a comparison whose result is dropped never reach the
expression tree: Python decides them while the design is declared, and the design silently means something
else. The compiled code shows where they are.
"""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from types import CodeType, FrameType, FunctionType
from typing import Any

from splitproof.model.errors import ModelError, place

__all__ = ["check_parameters", "check_source", "place_of", "required_parameters", "statement_text"]

_DECIDED = {
    dis.opmap["IS_OP"]: "compares objects of Python, before there is a state; compare values with == or !=",
    dis.opmap["CONTAINS_OP"]: "looks into a collection of Python, before there is a state; write .isin(A, B)",
} | {
    code: "compares objects of Python, before there is a state; absence is a Bool of its own"
    for name, code in dis.opmap.items()
    if name.endswith("_NONE")
}
_COMPUTED = {
    dis.opmap[name] for name in ("COMPARE_OP", "BINARY_OP", "UNARY_INVERT", "UNARY_NOT") if name in dis.opmap
}
_DROPPED = "is computed and dropped; write when(...) around a condition, or = to assign"
_CACHE, _POP = dis.opmap["CACHE"], dis.opmap["POP_TOP"]
_SUSPECT = re.compile(
    b"[%b]|[%b]%b*%b" % tuple(re.escape(bytes(codes)) for codes in (_DECIDED, _COMPUTED, [_CACHE], [_POP]))
)
"""The same as `_suspects`, told from the operations alone, which is quick."""

_Span = tuple[int | None, int | None, int | None, int | None]
"""First and last line, first and last column (of the UTF-8 text); None where the compiler left it out."""


def place_of(function: Callable[..., Any]) -> str:
    """`file:line` of where a function begins; empty if it is none of Python's own."""
    code = getattr(function, "__code__", None)
    return place(code) if isinstance(code, CodeType) else ""


def statement_text(frame: FrameType) -> str:
    """The text of the call that a frame is making, on one line."""
    span = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    return _text(frame.f_code, span) or linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()


_SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def required_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the parameters that a caller must give.

    One with a default, as in `lambda s, limit=limit: ...`, is how Python binds a loop variable.
    """
    if isinstance(function, FunctionType) and not function.__code__.co_kwonlyargcount:
        code = function.__code__  # which is quicker
        return code.co_varnames[: code.co_argcount - len(function.__defaults__ or ())]
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return ()  # it is written in C, and says nothing of them
    return tuple(p.name for p in parameters if p.default is p.empty and p.kind not in _SEVERAL)


def check_parameters(what: str, function: Callable[..., Any], accepted: str) -> None:
    """The function takes what it will be given, `accepted` ("(s, b)"), or `*` anything."""
    required = required_parameters(function)
    code = getattr(function, "__code__", None)
    takes_any = isinstance(code, CodeType) and bool(code.co_flags & inspect.CO_VARARGS)
    if len(required) != len(accepted.split(",")) and not takes_any:
        raise ModelError(f"{what} takes ({', '.join(required)}); accepted is {accepted}", place_of(function))


def check_source(function: Callable[..., Any]) -> None:
    """Refuse what Python would decide about the function's parameters, as far as its text is at hand."""
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        _check_code(code, frozenset(required_parameters(function)))


@cache  # a design built again, with other choices, has most of its functions again
def _check_code(code: CodeType, names: frozenset[str]) -> None:
    suspects = list(_suspects(code))
    if suspects:
        names = names | _assigned(code, names)
    for span, offence in suspects:
        text = _text(code, span)
        if text and names & _names(text):
            raise ModelError(f"`{text}` {offence}", place(code, span[0]))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _check_code(constant, names)


def _suspects(code: CodeType) -> Iterator[tuple[_Span, str]]:
    """The places where Python decides or drops something."""
    if _SUSPECT.search(code.co_code[::2]) is None:
        return
    previous: tuple[int, _Span] | None = None
    for operation, span in zip(code.co_code[::2], code.co_positions(), strict=True):
        if operation == _CACHE:
            continue
        if operation in _DECIDED:
            yield span, _DECIDED[operation]
        elif operation == _POP and previous is not None and previous[0] in _COMPUTED:
            yield previous[1], _DROPPED
        previous = operation, span


def _text(code: CodeType, span: _Span) -> str:
    first, last, start, end = span
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return " ".join(line.decode().strip() for line in lines)


def _assigned(code: CodeType, names: frozenset[str]) -> frozenset[str]:
    """The local names that a function gives to what it takes from `names`: `row`, in `row = s.row[b]`."""
    last = max(
        (line for _, line, _, _ in code.co_positions() if line is not None), default=code.co_firstlineno
    )
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : last]
    try:
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:  # a lambda, which assigns nothing
        return frozenset()
    pairs = [pair for node in ast.walk(tree) if isinstance(node, ast.Assign) for pair in _pairs(node)]
    found = names
    for _ in pairs:  # a name may be taken from another one
        found |= {name for target, value in pairs if found & _mentioned(value) for name in _mentioned(target)}
    return found


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to what; `a, b = c, d` is two assignments."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        elif isinstance(target, ast.Name | ast.Tuple):
            yield target, node.value


def _names(text: str) -> set[str]:
    """The names in the text of an expression."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return set()
    return _mentioned(tree)


def _mentioned(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
