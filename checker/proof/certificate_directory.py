"""The directory of a certificate: its files, the manifest, and what people are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from splitproof.checker.proof.certificate import Certificate
from splitproof.checker.proof.certificate_files import MANIFEST, README
from splitproof.model.errors import ModelError

__all__ = ["write_certificate"]


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
properties hold in every state that can be reached. A file assumes those lemmas that its proof needs; a `step` file
leaves out lemmas that read nothing that the step changes, and says so. `manifest.json` has all of them.

What remains to be believed is that the definitions at the head of each `step` file are the design: the state
(`declare-fun`), the guard, and the state after the step (`next...`).
`possible` files show that the lemmas leave room for each action that is ever taken. `ranking` files, if there are any,
prove the premises of ranking arguments, which `manifest.json` lists. That a property of the kind `leads to` follows
from them, for finitely many blocks and runs that keep the promises named above, is the reasoning in `docs/proofs.md` of
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
