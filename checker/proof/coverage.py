"""Whether the files of a certificate speak of the same lemmas, and leave none out.

A step file need not assume what its proof does without, and need not ask about a lemma that reads nothing that the
step changes. So it is seen here, in the text and without any solver, that what a file assumes are lemmas, that a lemma
is the same in all files, and that each is asked about after each step or reads nothing of what is different then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from splitproof.checker.proof.certificate_files import (
    MANIFEST,
    START_FILE,
    STATES_FILE,
    possible_file,
    required_files,
    step_file,
)
from splitproof.checker.proof.kinds import BY_RANKING
from splitproof.spec.properties import Kind

__all__ = ["uncovered"]

_DEFINED = re.compile(r"^\(define-fun (\S+) \(\(any\? Block\)\) Bool\n  (.*)\)$", re.MULTILINE)
_NEXT = re.compile(r"^\(define-fun next\.(\S+) ", re.MULTILINE)
_FOR_EVERY_BLOCK = re.compile(r"^\(assert \(forall \(\(x\? Block\)\) \((\S+) x\?\)\)\)$", re.MULTILINE)
_CLAIM = re.compile(r"^\(assert \(not \(and true(.*)\)\)\)$", re.MULTILINE)
_WORD = re.compile(r"[^\s()]+")


def uncovered(manifest: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    """What is amiss, with the file named. `texts`: the files of the certificate, by name."""
    lemmas = {name: item["is"] for name, item in manifest["lemmas"].items()}
    examples = {possible_file(number): labels for number, labels in enumerate(manifest["possible"], start=1)}
    shown = {label for labels in examples.values() for label in labels}
    yield from (
        f"{MANIFEST}: has no example in which `{label}` can be taken"
        for label in manifest["actions"]
        if label not in shown and label not in manifest["never_taken"]
    )
    for name in required_files(manifest):
        for lemma in _FOR_EVERY_BLOCK.findall(texts[name]):
            if lemma not in lemmas:
                yield f"{name}: assumes {lemma}, which is no lemma of {MANIFEST}"
        if name not in examples:  # there quantifiers are spelt out
            for lemma, text in _DEFINED.findall(texts[name]):
                if lemma in lemmas and text != lemmas[lemma]:
                    yield f"{name}: {lemma} is not what {MANIFEST} says"
    reads = {lemma: frozenset(_WORD.findall(text)) for lemma, text in lemmas.items()}
    judged = {START_FILE: frozenset(lemmas)}
    over_steps = {
        f"property.{item['id']}" for item in manifest["properties"] if Kind(item["kind"]) is Kind.STEP
    }
    for number, label in enumerate(manifest["actions"], start=1):
        name = step_file(number, label)
        changed = set(_NEXT.findall(texts[name]))
        touched = {lemma for lemma, words in reads.items() if words & changed}
        judged[name] = frozenset(touched | over_steps)
    argued = [item["id"] for item in manifest["properties"] if Kind(item["kind"]) in BY_RANKING]
    premises = {word.partition(".")[0] for word in _claimed(texts[STATES_FILE])} if argued else set()
    yield from (
        f"{STATES_FILE}: does not ask about the premises of {name}" for name in argued if name not in premises
    )
    for name, needed in judged.items():
        claimed = _claimed(texts[name])
        yield from (
            f"{name}: does not ask about {lemma}"
            for lemma in sorted(needed)
            if f"after.{lemma}" not in claimed
        )


def _claimed(text: str) -> set[str]:
    """What a file asks about."""
    return {word for claim in _CLAIM.findall(text) for word in _WORD.findall(claim)}
