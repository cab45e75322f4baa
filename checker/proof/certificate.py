"""A proof written down so that anybody can check it: obligations in SMT-LIB 2, with quantifiers, one a file.

Each file asks a solver for a counterexample to one part of the argument, and `unsat` says that there is none:

- `start`: the lemmas hold initially;
- `step-NN-...`: one action keeps them, and satisfies the step properties, for any number of blocks;
- `safety-...`: the lemmas imply a property;
- `ranking-...`: where the lemmas hold, states and steps are as ranking arguments need them (`premises`).
- `rule-...`: why that is enough for what comes about in the end (`ranking_rule`).

And one asks for an example, where `sat` is right: `possible-NN-...`: with two blocks, the lemmas leave room for the
action, so that nothing was proved by assuming what cannot be.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from splitproof.checker.proof.premises import Premises
from splitproof.checker.proof.ranking_files import ranking_files
from splitproof.checker.proof.ranking_rule import RULE_FILES
from splitproof.checker.proof.sentences import Sentences
from splitproof.checker.proof.smtlib import Text
from splitproof.checker.proof.steps import Lemma
from splitproof.checker.proof.transitions import (
    Transition,
    initial_transition,
    standing_transition,
    structure_of,
    transitions_of,
)
from splitproof.checker.proof.words import Word
from splitproof.model.errors import ModelError
from splitproof.model.expressions import At, Expr, Var, walk
from splitproof.model.machine import Machine
from splitproof.spec.properties import Kind

__all__ = [
    "FORMAT",
    "MANIFEST",
    "README",
    "Certificate",
    "certificate_of",
    "possible_file",
    "ranking_file",
    "step_file",
    "write_certificate",
]

FORMAT = 1
MANIFEST, README = "manifest.json", "README.md"

_HERE = "here?"
_BLOCKS_OF_EXAMPLES = 2


@dataclass(frozen=True)
class _Named:
    """A lemma with its name in the certificate."""

    name: str
    node: Expr
    sentence: str
    over_step: bool = False
    property_id: str | None = None


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate, by name, and what each is for."""

    files: dict[str, str]
    manifest: dict[str, Any]


def step_file(number: int, label: str) -> str:
    """The name of an action's obligation."""
    return f"step-{number:02}-{_slug(label)}.smt2"


def possible_file(number: int, label: str) -> str:
    """The name of the example in which an action can be taken."""
    return f"possible-{number:02}-{_slug(label)}.smt2"


def ranking_file(number: int, label: str) -> str:
    """The name of what ranking arguments need of an action."""
    return f"ranking-{number:02}-{_slug(label)}.smt2"


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def certificate_of(
    machine: Machine,
    words: Sequence[Word],
    lemmas: Sequence[Lemma],
    never_fired: frozenset[str],
    ranked: Sequence[Premises] = (),
) -> Certificate:
    """The certificate of an invariant.

    `never_fired`: actions that are never taken; no example is asked for. `ranked`: the arguments that rest on it.
    """
    named = list(_named(machine, words, lemmas))
    files: dict[str, tuple[str, str, str]] = {}
    text = Text(machine)
    start = initial_transition(machine)
    files["start.smt2"] = (
        _step(text, start, named, is_start=True),
        "unsat",
        "the lemmas hold initially",
    )
    transitions = transitions_of(machine)
    for number, transition in enumerate(transitions, start=1):
        says = f"{transition.name} keeps the lemmas"
        files[step_file(number, transition.name)] = (
            _step(text, transition, named, is_start=False),
            "unsat",
            says,
        )
    for item in named:
        if item.property_id is not None and not item.over_step:
            says = f"the lemmas imply {item.property_id}"
            files[f"safety-{item.property_id}.smt2"] = _safety(text, named, item), "unsat", says
    for name, content, says in ranking_files(
        text,
        lambda title: _head(text, title, "unsat says that it is so"),
        _assumed(text, named),
        [(ranking_file(number, step.name), step) for number, step in enumerate(transitions, start=1)],
        standing_transition(machine),
        [premise for item in ranked for premise in item.premises],
    ):
        files[name] = content, "unsat", says
    if any(item.property.kind is Kind.LEADS_TO for item in ranked):
        files |= {name: (content, "unsat", says) for name, (content, says) in RULE_FILES.items()}
    few = Text(machine, _BLOCKS_OF_EXAMPLES)
    for number, transition in enumerate(transitions, start=1):
        if transition.name not in never_fired:
            says = f"{transition.name} can be taken where the lemmas hold"
            files[possible_file(number, transition.name)] = _possible(few, transition, named), "sat", says
    contents = {name: content for name, (content, _, _) in files.items()}
    manifest = {
        "format": FORMAT,
        "made_by": f"splitproof {version('splitproof')}",
        "design": machine.name,
        "meaning": machine.meaning,
        "proves": "for every number of blocks, any data and any number of steps",
        "properties": [
            {
                "id": item.property_id,
                "statement": item.sentence,
                "kind": "step" if item.over_step else "always",
            }
            for item in named
            if item.property_id is not None
        ]
        + [item.json() for item in ranked],
        "actions": [transition.name for transition in transitions],
        "never_taken": sorted(never_fired),
        "lemmas": {item.name: item.sentence for item in named},
        "files": {
            name: {"sha256": _hash(content), "expects": expects, "says": says}
            for name, (content, expects, says) in files.items()
        },
    }
    return Certificate(contents, manifest)


def _named(machine: Machine, words: Sequence[Word], lemmas: Sequence[Lemma]) -> Iterator[_Named]:
    sentences = Sentences(machine, words)
    for number, node in enumerate(structure_of(machine), start=1):
        yield _Named(
            f"structure.{number}", node, "what means nothing is forgotten, and numbers keep their range"
        )
    for number, lemma in enumerate(lemmas, start=1):
        if lemma.property_id is not None:
            statement = machine.properties[lemma.property_id].statement
            name = f"property.{lemma.property_id}"
            yield _Named(name, lemma.node, statement, lemma.over_step, lemma.property_id)
        else:
            yield _Named(f"lemma.{number}", lemma.node, sentences.of(lemma.clause))


def _head(text: Text, title: str, expects: str) -> list[str]:
    return [f"; {title}: {expects}", "(set-logic ALL)", *text.sorts(), *text.state()]


def _definitions(text: Text, named: Sequence[_Named], prefix: str = "") -> list[str]:
    lines = []
    for item in named:
        if not item.over_step:
            lines += [f"; {item.sentence}", text.lemma(f"{prefix}{item.name}", item.node)]
    return lines


def _assumed(text: Text, named: Sequence[_Named]) -> list[str]:
    kept = [item for item in named if not item.over_step]
    return [*_definitions(text, named), *(text.for_every_block(item.name) for item in kept)]


def _step(text: Text, transition: Transition, named: Sequence[_Named], is_start: bool) -> str:
    title = "the lemmas hold initially" if is_start else f"{transition.name} keeps the lemmas"
    lines = _head(text, title, "a counterexample would be a model; unsat says that there is none")
    lines += text.parameters(transition)
    if not is_start:
        lines += ["; the lemmas hold before the step, for every block", *_assumed(text, named)]
    lines += ["; the step can be taken", f"(assert {text.of(transition.guard)})"]
    lines += ["; the state after it", *text.next_state(transition)]
    lines.append(f"(assert {text.of(transition.constraint, transition, everything=True)})")
    lines.append("; the lemmas after it; what speaks of nothing that changes is as it was")
    judged = []
    for item in named:
        if is_start and item.over_step:
            continue
        if not is_start and not _is_touched(transition, item):
            judged.append(item.name)
            continue
        judged.append(f"after.{item.name}")
        lines.append(text.lemma(judged[-1], item.node, transition, over_step=item.over_step))
    kept = " ".join(f"({name} {_HERE})" for name in judged)
    lines += ["; one of them fails, for one block", f"(assert (not (and true {kept})))", "(check-sat)", ""]
    return "\n".join(lines)


def _is_touched(transition: Transition, item: _Named) -> bool:
    """Whether a lemma reads a variable that the step may change, in either state."""
    return item.over_step or any(
        isinstance(part, Var | At) and part.name in transition.changed for part in walk(item.node)
    )


def _safety(text: Text, named: Sequence[_Named], item: _Named) -> str:
    lines = _head(text, f"the lemmas imply {item.property_id}", "unsat says that they do")
    lines += _assumed(text, named)
    lines += [f"(declare-const {_HERE} Block)", text.lemma("claim", item.node)]
    return "\n".join([*lines, f"(assert (not (claim {_HERE})))", "(check-sat)", ""])


def _possible(text: Text, transition: Transition, named: Sequence[_Named]) -> str:
    title = f"{transition.name} can be taken where the lemmas hold, with {_BLOCKS_OF_EXAMPLES} blocks"
    lines = _head(text, title, "sat says that it can")
    lines += [*text.parameters(transition), *_assumed(text, named), f"(assert {text.of(transition.guard)})"]
    return "\n".join([*lines, "(check-sat)", ""])


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def write_certificate(certificate: Certificate, directory: Path) -> None:
    """Write a certificate into a directory, which is made, and must hold nothing else.

    Raises:
        ModelError: it cannot be written, or the directory holds other files.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        ours = {MANIFEST, README, *certificate.files}
        if any(directory.iterdir()) and not (directory / MANIFEST).is_file():
            raise ModelError(f"{directory} holds other files; name a new or empty directory", "")
        for old in directory.iterdir():
            if old.name not in ours and old.suffix == ".smt2":
                old.unlink()  # of an earlier certificate
        for name, content in certificate.files.items():
            (directory / name).write_text(content, encoding="utf-8")
        manifest = json.dumps(certificate.manifest, indent=1, ensure_ascii=False)
        (directory / MANIFEST).write_text(manifest + "\n", encoding="utf-8")
        (directory / README).write_text(_readme(certificate.manifest), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{directory} cannot be written: {error.strerror}", "") from error


def _readme(manifest: dict[str, Any]) -> str:
    files = "\n".join(
        f"| `{name}` | {item['says']} | {item['expects']} |" for name, item in manifest["files"].items()
    )
    proved = "\n".join(map(_said, manifest["properties"]))
    return f"""# {manifest["design"]}: a certificate

{manifest["meaning"]}

Proved {manifest["proves"]}:

{proved}

Check it without trusting who made it: `cvc5 FILE` and `z3 FILE` print what the last column says, for each file.
`splitproof certify DIRECTORY` does so for all of them, and sees that none is missing or changed.

The lemmas hold initially (`start`), every action keeps them (`step`), and they imply the properties (`safety`); so the
properties hold in every state that can be reached. What remains to be believed is that the definitions at the head of
each `step` file are the design: the state (`declare-fun`), the guard, and the state after the step (`next...`).
`possible` files show that the lemmas do not exclude an action for no reason. `ranking` files, if there are any, prove
the premises of ranking arguments, which `manifest.json` lists. That a property of the kind `leads to` follows from
them, for finitely many blocks and runs that keep the promises named above, is the reasoning in `docs/proofs.md` of
splitproof; its steps, which speak of no design, are the `rule` files.

| file | says | expected |
|---|---|---|
{files}
"""


def _said(item: dict[str, Any]) -> str:
    """A property, and what it rests on: that blocks are finitely many, and on whose promises."""
    promised = [f"{how}: {', '.join(item[key])}" for key, how in _FAIR.items() if item.get(key)]
    fair = f", on every run that is {'; '.join(promised)}" if promised else ""
    under = f" (with finitely many blocks{fair})" if "premises" in item else ""
    return f"- `{item['id']}`: {item['statement']}{under}"


_FAIR = {"weakly_fair": "weakly fair to", "strongly_fair": "strongly fair to"}
