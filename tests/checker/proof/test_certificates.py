"""Certificates: whole, with quantifiers, and rejected with the file named as soon as something is amiss."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from splitproof.checker.proof.certificate_files import required_files
from splitproof.checker.proof.certify import certify
from splitproof.checker.proof.coverage import uncovered
from splitproof.checker.proof.prove import prove
from splitproof.checker.proof.solver import answers
from splitproof.model.loading import load_machine

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificates") / "lock"
    prove(load_machine(f"{EXAMPLES / 'lock.py'}:lock"), directory=directory)
    return directory


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def test_a_certificate_has_an_obligation_for_the_start_each_step_and_each_property(made: Path) -> None:
    assert sorted(file.name for file in made.iterdir()) == [
        "README.md",
        "manifest.json",
        "possible-01.smt2",
        "possible-02.smt2",
        "possible-03.smt2",
        "safety-mutual-exclusion.smt2",
        "start.smt2",
        "step-01-left-leave.smt2",
        "step-02-right-leave.smt2",
        "step-03-left-test-and-set.smt2",
        "step-04-right-test-and-set.smt2",
    ]


def test_hypotheses_are_quantified_and_no_more_than_the_proof_needs(made: Path) -> None:
    text = (made / "step-03-left-test-and-set.smt2").read_text(encoding="utf-8")
    assert "(declare-sort Block 0)" in text
    assert "; while right is 'inside': a processor holds the lock" in text
    assert "(assert (forall ((x? Block)) (lemma.2 x?)))" in text
    assert text.count("(assert (forall") == 1
    assert text.count("(check-sat)") == 1


def test_the_manifest_says_what_each_lemma_is(made: Path) -> None:
    assert json.loads((made / "manifest.json").read_text(encoding="utf-8"))["lemmas"] == {
        "property.mutual-exclusion": {
            "says": "at most one processor is inside",
            "is": "(not (and (= left Phase.INSIDE) (= right Phase.INSIDE)))",
        },
        "lemma.2": {
            "says": "while right is 'inside': a processor holds the lock",
            "is": "(or taken (not (= right Phase.INSIDE)))",
        },
        "lemma.3": {
            "says": "while left is 'inside': a processor holds the lock",
            "is": "(or taken (not (= left Phase.INSIDE)))",
        },
    }


def test_actions_that_can_be_taken_in_one_state_share_an_example(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["possible"] == [
        ["left leave"],
        ["right leave"],
        ["left test_and_set", "right test_and_set"],
    ]


def test_both_solvers_confirm_it(made: Path) -> None:
    found = certify(made)
    assert not found.faults
    assert found.properties == ("mutual-exclusion",)
    assert found.answers == 9


def test_it_is_the_same_bytes_every_time(made: Path, tmp_path: Path) -> None:
    prove(load_machine(f"{EXAMPLES / 'lock.py'}:lock"), directory=tmp_path / "again")
    for file in made.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def _edit(directory: Path, name: str, old: str, new: str) -> None:
    text = (directory / name).read_text(encoding="utf-8")
    assert old in text
    (directory / name).write_text(text.replace(old, new), encoding="utf-8")


def _edit_and_hash(directory: Path, name: str, old: str, new: str) -> None:
    _edit(directory, name, old, new)
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name]["sha256"] = hashlib.sha256((directory / name).read_bytes()).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _manifest(directory: Path, change: Callable[[Any], object]) -> None:
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda d: _edit(d, "start.smt2", "(check-sat)", "(assert false)(check-sat)"),
            "start.smt2: was changed after the certificate was made",
        ),
        (lambda d: (d / "start.smt2").unlink(), "start.smt2: is missing"),
        (
            lambda d: (d / "more.smt2").write_text("", encoding="utf-8"),
            "more.smt2: is no part of the certificate",
        ),
        (lambda d: (d / "manifest.json").unlink(), "manifest.json: cannot be read"),
        (
            lambda d: (d / "manifest.json").write_text("[]", encoding="utf-8"),
            "manifest.json: is of another format",
        ),
        (lambda d: _manifest(d, lambda m: m.pop("actions")), "manifest.json: lacks actions"),
        (
            lambda d: _manifest(d, lambda m: m["files"].pop("start.smt2")),
            "manifest.json: does not list start.smt2, without which nothing follows",
        ),
        (
            lambda d: _manifest(d, lambda m: m["files"]["start.smt2"].update(expects="sat")),
            "manifest.json: expects sat of start.smt2; the argument needs unsat",
        ),
        (
            lambda d: _edit_and_hash(
                d, "step-03-left-test-and-set.smt2", "(assert (and (= left", "(assert (or (= left"
            ),
            "step-03-left-test-and-set.smt2: cvc5 says sat, expected is unsat",
        ),
        (
            lambda d: _edit_and_hash(d, "step-03-left-test-and-set.smt2", " (after.lemma.3 here?)", ""),
            "step-03-left-test-and-set.smt2: does not ask about lemma.3",
        ),
        (
            lambda d: _edit_and_hash(d, "start.smt2", " (after.lemma.2 here?)", ""),
            "start.smt2: does not ask about lemma.2",
        ),
        (
            lambda d: _edit_and_hash(d, "step-03-left-test-and-set.smt2", "(or taken (not", "(or false (not"),
            "step-03-left-test-and-set.smt2: lemma.2 is not what manifest.json says",
        ),
        (
            lambda d: _edit_and_hash(d, "step-03-left-test-and-set.smt2", "(lemma.2 x?)", "(lemma.7 x?)"),
            "step-03-left-test-and-set.smt2: assumes lemma.7, which is no lemma of manifest.json",
        ),
        (
            lambda d: _manifest(d, lambda m: m["possible"][2].pop()),
            "manifest.json: has no example in which `right test_and_set` can be taken",
        ),
        (
            lambda d: _manifest(d, lambda m: m["files"]["start.smt2"].pop("sha256")),
            "manifest.json: lacks files.start.smt2.sha256",
        ),
        (lambda d: _manifest(d, lambda m: m["actions"].append(3)), "manifest.json: actions.4 is no text"),
        (lambda d: _manifest(d, lambda m: m.update(lemmas=[])), "manifest.json: lemmas is no object"),
        (
            lambda d: _manifest(d, lambda m: m["properties"].append({"id": "all-is-well", "kind": "sure"})),
            "manifest.json: all-is-well is of the kind 'sure'; accepted are always, step, leads to, possible",
        ),
        (
            lambda d: _edit_and_hash(d, "possible-03.smt2", "(check-sat)", "(assert taken)(check-sat)"),
            "possible-03.smt2: z3 says unsat, expected is sat",
        ),
        (
            lambda d: _edit_and_hash(d, "start.smt2", "(check-sat)", "(check-sat"),
            "start.smt2: cvc5 says error",
        ),
        (
            lambda d: _edit_and_hash(d, "start.smt2", "(check-sat)", "(check-sat)(check-sat)"),
            "start.smt2: cvc5 says unsat unsat, expected is unsat",
        ),
    ],
)
def test_what_is_amiss_is_named(copied: Path, spoil: Callable[[Path], object], fault: str) -> None:
    spoil(copied)
    found = certify(copied)
    assert any(text.startswith(fault) for text in found.faults), found.faults


@pytest.mark.parametrize(
    ("changed", "faults"),
    [("f", []), ("g", ["step-01-x-go.smt2: does not ask about b"]), ("gg", [])],
)
def test_a_lemma_that_reads_what_a_step_changes_is_asked_about(changed: str, faults: list[str]) -> None:
    manifest = {
        "lemmas": {"a": {"is": "(not f)"}, "b": {"is": "(or (not (g any?)) f.f)"}},
        "actions": ["x go"],
        "never_taken": ["x go"],
        "possible": [],
        "properties": [],
    }
    texts = {
        "start.smt2": "(assert (not (and true (after.a here?) (after.b here?))))\n",
        "step-01-x-go.smt2": f"(define-fun next.{changed} () Bool f)\n"
        "(assert (not (and true (after.a here?))))\n",
    }
    assert list(uncovered(manifest, texts)) == faults


def test_a_property_that_is_argued_for_has_premises_that_are_asked_about() -> None:
    argued = [{"id": "ends", "kind": "leads to"}, {"id": "all-is-well", "kind": "possible"}]
    manifest = {"lemmas": {}, "actions": [], "never_taken": [], "possible": [], "properties": argued}
    names = required_files(manifest)
    texts = dict.fromkeys(names, "") | {
        "ranking-states.smt2": "(assert (not (and true (ends.help here?))))\n",
    }
    assert list(uncovered(manifest, texts)) == [
        "ranking-states.smt2: does not ask about the premises of all-is-well"
    ]


def test_a_solver_is_asked_about_each_file_afresh(made: Path) -> None:
    files = [str(made / "start.smt2"), str(made / "possible-01.smt2")] * 2
    for solver in ("z3", "cvc5"):
        assert answers(solver, files) == ["unsat", "sat"] * 2
