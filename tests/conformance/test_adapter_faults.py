"""An adapter that breaks its contract is told by the shortest way there, once, and with what it said last."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from splitproof.conformance.histories.history import Extents
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.lab.session import Session
from splitproof.conformance.levels.exploration import explore
from splitproof.conformance.protocol.adapter import AdapterFault, Capabilities, FaultKind
from splitproof.conformance.protocol.stdio import StdioTransport
from splitproof.conformance.protocol.transport import LocalTransport
from splitproof.conformance.reference import ReferenceController
from splitproof.spec.properties import Property
from splitproof.spec.split_backup import READ_LATEST_WRITE, TAPE_IS_IMAGE


class LiesLater(ReferenceController):
    """After the third write to block 2 it answers reads with too little."""

    def reset(self, block_count: int) -> None:
        self.written = 0
        super().reset(block_count)

    def write(self, block: int, data: bytes) -> None:
        super().write(block, data)
        self.written += block == 2

    def read(self, block: int) -> bytes:
        return super().read(block) if self.written < 3 else b"?"


class Raises(ReferenceController):
    def backup(self, extents: Extents) -> str:
        raise OSError("no such device")


class Hangs(ReferenceController):
    opened = 0

    def capabilities(self) -> Capabilities:
        type(self).opened += 1
        return replace(super().capabilities(), call_seconds_max=0.5)

    def split(self) -> None:
        time.sleep(5.0)


def fault(lab: Lab, item: Property = TAPE_IS_IMAGE) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        explore(lab, item)
    lab.close()
    return caught.value


def lab(make: Callable[[], ReferenceController], limits: Limits | None = None) -> Lab:
    return Lab(lambda: LocalTransport(make()), limits or Limits())


def story(told: AdapterFault) -> list[str]:
    return str(told).partition("what happened:\n")[2].splitlines()


@pytest.mark.slow
def test_the_way_to_a_fault_is_made_shorter() -> None:
    found, shorter = (fault(lab(LiesLater, Limits(shrink_seconds_max=seconds))) for seconds in (0.0, 20.0))
    assert {found.kind, shorter.kind} == {FaultKind.GARBAGE}
    assert story(shorter)[-1].endswith("read(block 2)  <-- garbage")
    assert sum("write(block 2, " in line for line in story(shorter)) == 3
    assert len(story(shorter)) <= len(story(found)) // 3


def test_a_fault_names_the_call_with_its_arguments() -> None:
    told = fault(lab(Raises))
    assert str(told).startswith("backup raised OSError: no such device\nwhat happened:\n")
    assert [line.strip() for line in story(told)] == ["1  backup(((0, 1),))  <-- raised"]
    assert isinstance(told.__cause__, OSError)


def test_the_same_fault_in_another_test_is_told_by_the_same_story_and_not_looked_for_again() -> None:
    both = lab(Raises)
    first = fault(both)
    made: list[ReferenceController] = []

    def make() -> LocalTransport:
        made.append(Raises())
        return LocalTransport(made[-1])

    both.open_transport = make
    assert str(fault(both, READ_LATEST_WRITE)) == str(first)
    assert len(made) == 1


def test_the_same_fault_in_other_words_keeps_them() -> None:
    class Counts(Raises):
        calls = 0

        def backup(self, extents: Extents) -> str:
            type(self).calls += 1
            raise OSError(f"device {self.calls}")

    both = lab(Counts)
    assert "device 1\n" in str(fault(both))
    assert "device 2\n" in str(fault(both, READ_LATEST_WRITE))
    assert Counts.calls == 2


def test_a_call_that_hangs_is_not_tried_again() -> None:
    told = fault(lab(Hangs))
    assert (told.kind, Hangs.opened) == (FaultKind.HUNG, 1)
    assert story(told)[-1].endswith("split()  <-- hung")


SAYS = """
import json, sys, time
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "capabilities":
        declared = {"block_size_bytes": 16, "block_count_max": 8, "call_seconds_max": 2}
        print(json.dumps({"id": request["id"], "ok": declared}), flush=True)
        continue
    for number in range(LINES):
        print("attempt", number, "timed out", file=sys.stderr, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (0, ""),
        (1, "; its last words: attempt 0 timed out"),
        (9, "; its last words:" + "".join(f"\n    attempt {number} timed out" for number in range(4, 9))),
    ],
)
def test_a_process_that_hangs_is_told_with_what_it_said_last(tmp_path: Path, lines: int, said: str) -> None:
    (tmp_path / "says.py").write_text(f"LINES = {lines}\n{SAYS}")
    session = Session(lambda: StdioTransport(shlex.join([sys.executable, str(tmp_path / "says.py")])))
    with pytest.raises(AdapterFault) as caught:
        session.reset(4)
    assert str(caught.value) == f"reset did not return within 2 s, its call_seconds_max{said}"
    session.transport.close(0.1)
