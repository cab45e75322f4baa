"""The other end of `stdio`, for controllers in Python: `serve(MyController())` in a script is an adapter process.

A process of its own keeps a controller that may crash away from the suite.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from typing import Any, TextIO

from splitproof.conformance.protocol.operations import form_of
from splitproof.conformance.protocol.stdio import ERRORS

__all__ = ["serve"]


def serve(controller: Any, requests: Iterable[str] | None = None, answers: TextIO | None = None) -> None:
    """Answer requests, each in a thread of its own, until there are no more.

    An exception that is no answer ends the process with its traceback, as a crash of a controller would.
    """
    lock = threading.Lock()
    output = answers or sys.stdout

    def answer(request: dict[str, Any]) -> None:
        form = form_of(request["op"])
        method = getattr(controller, form.name, None)
        reply: dict[str, Any] = {"id": request["id"]}
        if method is None:
            reply["error"] = {"kind": "unsupported", "message": f"there is no {form.name}"}
        else:
            arguments = (shape.load(request["args"][name]) for name, shape in form.parameters.items())
            try:
                reply["ok"] = form.result.dump(method(*arguments))
            except tuple(ERRORS.values()) as error:
                kind = next(name for name, one in ERRORS.items() if isinstance(error, one))
                reply["error"] = {"kind": kind, "message": str(error)}
        with lock:
            output.write(json.dumps(reply, separators=(",", ":")) + "\n")
            output.flush()

    for line in sys.stdin if requests is None else requests:
        threading.Thread(target=_or_exit, args=(answer, json.loads(line)), daemon=True).start()


def _or_exit(answer: Any, request: dict[str, Any]) -> None:
    try:
        answer(request)
    except BaseException:  # noqa: BLE001  # the process ends, with the traceback
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
