"""Failures that are expected: known, explained, and gone by a date. An entry that does not fit is an error itself.

```toml
[[expected]]
test = "test_r29_a_write_is_acknowledged_while_nothing_is_copied"
verdict = "fail"                # or unknown, skipped
reason = "writes to a protected slot wait for destage"
link = "https://example.org/issues/17"
expires = 2027-01-31
```
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from splitproof.conformance.verdicts import Verdict
from splitproof.model.misuse import nearest

__all__ = ["Expected", "ExpectedError", "check_known", "load_expected"]

_KEYS = {"test": str, "verdict": str, "reason": str, "link": str, "expires": datetime.date}
_VERDICTS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.SKIPPED)


class ExpectedError(ValueError):
    """A file of expected failures that means nothing, or no longer."""


@dataclass(frozen=True)
class Expected:
    """An expected failure."""

    test: str
    verdict: Verdict
    reason: str
    link: str
    expires: datetime.date


def load_expected(path: Path, today: datetime.date) -> Mapping[str, Expected]:
    """The entries by test.

    Raises:
        ExpectedError: the file cannot be read, an entry lacks something, or has expired.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExpectedError(f"{path} cannot be read: {error}") from error
    if set(document) - {"expected"}:
        raise ExpectedError(f"{path}: there are only tables [[expected]], not {', '.join(sorted(document))}")
    entries: dict[str, Expected] = {}
    for number, table in enumerate(document.get("expected", []), start=1):
        where = f"{path}, entry {number}"
        if set(table) != set(_KEYS):
            raise ExpectedError(f"{where} has {', '.join(sorted(table))}; each has {', '.join(_KEYS)}")
        for key, type_ in _KEYS.items():
            if type(table[key]) is not type_ or not table[key]:
                raise ExpectedError(f"{where}: {key} is {table[key]!r}; it is a {type_.__name__}, not empty")
        verdicts = {verdict.value: verdict for verdict in _VERDICTS}
        if table["verdict"] not in verdicts:
            raise ExpectedError(f"{where}: verdict is {table['verdict']!r}; there are {', '.join(verdicts)}")
        if table["expires"] < today:
            raise ExpectedError(
                f"{where}: {table['test']} expired on {table['expires']}; mend it, or decide anew"
            )
        if table["test"] in entries:
            raise ExpectedError(f"{where}: there is an entry for {table['test']} already")
        entries[table["test"]] = Expected(**{**table, "verdict": verdicts[table["verdict"]]})
    return entries


def check_known(names: Iterable[str], tests: Collection[str], where: str) -> None:
    """Each name is that of a test; `where` says who gave them.

    Raises:
        ExpectedError: one does not.
    """
    for name in names:
        if name not in tests:
            hint = nearest(name, tests, most=1)
            raise ExpectedError(f"{where}: there is no test {name}" + (f"; {hint}" if hint else ""))
