"""Re-checking a certificate: that it is whole, and that z3 and cvc5, each in a fresh process, agree to all of it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splitproof.checker.proof.certificate_files import MANIFEST, README, required_files
from splitproof.checker.proof.coverage import uncovered
from splitproof.checker.proof.manifest import read_manifest
from splitproof.checker.proof.ranking_rule import RULE_FILES

__all__ = ["SOLVERS", "Certified", "certified_lines", "certify"]

_PROCESSES = {"cvc5": 2, "z3": 1}
"""Fresh processes for each solver: z3 takes half the time, so two cores have the same to do."""

SOLVERS = tuple(_PROCESSES)


@dataclass(frozen=True)
class Certified:
    """What came of a re-check: `faults` is empty if everything is as it should be.

    `answers`: how many files were asked about. `seconds`: until each solver had answered, all of them running at once.
    """

    design: str
    properties: tuple[str, ...]
    answers: int
    seconds: dict[str, float]
    faults: tuple[str, ...]


def certify(directory: Path) -> Certified:
    """Re-check the certificate in a directory."""
    manifest, faults = read_manifest(directory)
    if manifest is None:
        return Certified("", (), 0, {}, tuple(faults))
    texts, wrong = _files(directory, manifest)
    faults += wrong or uncovered(manifest, texts)
    properties = tuple(item["id"] for item in manifest["properties"])
    if faults:
        return Certified(manifest["design"], properties, 0, {}, tuple(faults))
    names = sorted(manifest["files"], key=lambda name: (-len(texts[name]), name))
    asked = [(solver, part) for solver, parts in _PROCESSES.items() for part in _dealt(names, texts, parts)]
    started = time.perf_counter()
    processes = [_start(solver, [str(directory / name) for name in part]) for solver, part in asked]
    with ThreadPoolExecutor(len(processes)) as waiting:
        outcomes = list(waiting.map(_outcome, processes))
    seconds: dict[str, float] = {}
    for (solver, part), process, (said, complaint, ended) in zip(asked, processes, outcomes, strict=True):
        seconds[solver] = max(seconds.get(solver, 0.0), ended - started)
        answers = said.splitlines()
        if process.returncode or len(answers) != len(part):
            reason = (complaint.strip().splitlines() or ["it answers for fewer files than it was given"])[-1]
            faults.append(f"{solver} could not be run: {reason}")
            continue
        for name, answer in zip(part, answers, strict=True):
            expected = manifest["files"][name]["expects"]
            if answer != expected:
                faults.append(f"{name}: {solver} says {answer}, expected is {expected}")
    return Certified(manifest["design"], properties, len(names), seconds, tuple(faults))


def certified_lines(certified: Certified) -> Iterator[str]:
    """What a re-check found."""
    if certified.faults:
        yield from (f"REJECTED  {fault}" for fault in certified.faults)
    else:
        yield f"certificate: {certified.answers} obligations, each confirmed by {' and by '.join(SOLVERS)}"


def _dealt(names: Sequence[str], texts: Mapping[str, str], parts: int) -> list[list[str]]:
    """The files, so dealt out that each part has as much to read. `names`: the longest first."""
    dealt: list[list[str]] = [[] for _ in range(parts)]
    sizes = [0] * parts
    for name in names:
        part = sizes.index(min(sizes))
        dealt[part].append(name)
        sizes[part] += len(texts[name])
    return [part for part in dealt if part]


def _start(solver: str, files: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "splitproof.checker.proof.solver", solver, *files]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _outcome(process: subprocess.Popen[str]) -> tuple[str, str, float]:
    """What it says on both streams, and when it had ended."""
    said, complaint = process.communicate()
    return said, complaint, time.perf_counter()


def _files(directory: Path, manifest: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The text of each file, and what is wrong with the files as such."""
    faults = []
    listed = manifest["files"]
    required = required_files(manifest)
    for name, expects in required.items():
        if name not in listed:
            faults.append(f"{MANIFEST}: does not list {name}, without which nothing follows")
        elif listed[name]["expects"] != expects:
            faults.append(
                f"{MANIFEST}: expects {listed[name]['expects']} of {name}; the argument needs {expects}"
            )
    faults += [
        f"{MANIFEST}: lists {name}, which is no part of the argument"
        for name in listed
        if name not in required
    ]
    present = {file.name for file in directory.iterdir()}
    faults += [
        f"{name}: is no part of the certificate" for name in sorted(present - {MANIFEST, README, *listed})
    ]
    texts = {}
    for name, item in listed.items():
        if name not in present:
            faults.append(f"{name}: is missing")
            continue
        content = (directory / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != item["sha256"]:
            faults.append(f"{name}: was changed after the certificate was made")
        elif name in RULE_FILES and content.decode("utf-8", "replace") != RULE_FILES[name][0]:
            faults.append(f"{name}: is not the rule by which properties follow from premises in this version")
        texts[name] = content.decode("utf-8", "replace")
    return texts, faults
