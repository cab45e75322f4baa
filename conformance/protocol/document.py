"""docs/adapter-protocol.md, from the table of operations; `python -m` this module prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from splitproof.conformance.protocol.adapter import EMBODIMENTS, PROTOCOL, Capabilities
from splitproof.conformance.protocol.operations import OPERATIONS, OperationForm
from splitproof.conformance.protocol.stdio import ERRORS, LINE_BYTES_MAX

__all__ = ["protocol_document"]

_HEAD = f"""# The adapter protocol

`{PROTOCOL}`. Printed by `python -m splitproof.conformance.protocol.document`; do not edit.

An adapter is what the suite speaks to: a Python object with the operations below as methods (`splitproof conform
package.module:factory`, or `pytest --pyargs splitproof.conformance --controller package.module:factory`), or a process
in any language that speaks JSON lines (`splitproof conform --command ./adapter`, or `--controller-command ./adapter`).

## Answers

Every operation ends in one of these. Anything else (another exception, another shape, no answer in time, a process that
ends) is a fault of the adapter: the test comes to *error*, and the next one gets a new controller.

| in Python | in JSON | meaning |
|---|---|---|
| returns | `"ok"` | it happened, at an instant within the call |
| raises `Rejected` | kind `"rejected"` | it definitely did not happen |
| raises `Indefinite` | kind `"indefinite"` | it may have happened, or may happen yet |
| raises `Unsupported` | kind `"unsupported"` | there is no such operation |

Operations are called from several threads at once, and a process may answer requests in any order.

## JSON lines

One JSON object a line: requests on standard input, answers on standard output. Standard error is for logs. At the end
of its input the process ends; two seconds later its process group is killed.

```
-> {{"id": 1, "op": "capabilities", "args": {{}}}}
<- {{"id": 1, "ok": {{"block_size_bytes": 512, "block_count_max": 64, "operations": ["resync", "delete_pair"]}}}}
-> {{"id": 2, "op": "reset", "args": {{"block_count": 4}}}}
<- {{"id": 2, "ok": null}}
-> {{"id": 3, "op": "write", "args": {{"block": 0, "data": "77303030..."}}}}
<- {{"id": 3, "error": {{"kind": "rejected", "message": "the volume is offline"}}}}
```

`kind` is {", ".join(f'`"{kind}"`' for kind in ERRORS)}. A line has at most {LINE_BYTES_MAX:,} bytes.

## Capabilities

What the controller declares is tested, what it does not declare is skipped.

| key | default | meaning |
|---|---|---|
"""

_MEANINGS = {
    "block_size_bytes": "bytes of a block, 8 or more",
    "block_count_max": "the largest volume that `reset` can make, 8 blocks or more",
    "operations": "the optional operations that the controller has",
    "split_is_immediate": "whether `split` returns without waiting for any copying",
    "atomic_block_io": "whether a read or write of a block is atomic among others of that block that are under way at "
    "the same time; if not, the suite has one at a time for each block, as a host's block layer does",
    "writes_survive_crash": "whether an acknowledged write is kept through `crash`, which the document does not ask",
    "call_seconds_max": "within which every operation returns",
    "settle_seconds_max": "within which outstanding copying, and a backup, come to an end when nothing is written",
    "name": "for reports",
    "embodiment": "which design of the document it is, if it is one of them: "
    + ", ".join(f"`{name}`" for name in EMBODIMENTS)
    + "; then what distinguishes that one is tested",
}


def protocol_document() -> Iterator[str]:
    """The page, line by line."""
    yield from _HEAD.splitlines()
    for item in fields(Capabilities):
        has_default = item.name not in ("block_size_bytes", "block_count_max")
        default = f"`{_shown(item.default)}`" if has_default else "required"
        yield f"| `{item.name}` | {default} | {_MEANINGS[item.name]} |"
    for title, optional in (("Operations", False), ("Optional operations", True)):
        yield ""
        yield f"## {title}"
        for form in OPERATIONS:
            if form.optional is optional:
                yield from _operation(form)


def _shown(default: object) -> str:
    return "[]" if isinstance(default, frozenset) else str(default) or '""'


def _operation(form: OperationForm) -> Iterator[str]:
    yield ""
    yield f"### `{form.name}({', '.join(form.parameters)})`"
    yield ""
    yield form.meaning
    yield ""
    if form.together_with:
        yield f"Together with {', '.join(f'`{name}`' for name in form.together_with)}."
        yield ""
    yield "| | JSON | Python |"
    yield "|---|---|---|"
    for name, shape in form.parameters.items():
        yield f"| `{name}` | {shape.json} | {shape.python} |"
    yield f"| result | {form.result.json} | {form.result.python} |"


if __name__ == "__main__":
    import sys

    sys.stdout.writelines(f"{line}\n" for line in protocol_document())
