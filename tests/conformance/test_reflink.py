"""Copy-on-write file systems under the suite: FICLONE is a split, a copy is none, and nothing stays mounted."""

from __future__ import annotations

import functools
import os
import re
import signal
import time
from pathlib import Path

import pytest

from splitproof.conformance.adapters.reflink import absent, command, in_namespace
from splitproof.conformance.lab.lab import Lab, Limits
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.mutants.mutant import RACE, TAPE
from splitproof.conformance.protocol.stdio import StdioTransport
from splitproof.conformance.runner.opening import AdapterNotFound, adapter
from splitproof.conformance.suite.requirement import Level, about
from splitproof.conformance.verdicts import PropertyViolated
from tests.whole_suite import COPIED_OR_GROUPED, EXPLORED, OF_EMBODIMENTS, not_offered_by

FILE_SYSTEMS = ("xfs", "btrfs")
TESTED = [
    name
    for name, test in suite_tests().items()
    if about(test).level in (Level.CORE, Level.SEQUENTIAL, Level.CONCURRENT)
    and (name not in EXPLORED or name == TAPE)
]
"""All, but for what the explored tests share: a few minutes of system calls."""


@functools.cache
def missing(file_system: str) -> str | None:
    return absent(file_system)


@pytest.fixture(params=FILE_SYSTEMS)
def file_system(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    reason = missing(name)
    if reason is not None:
        pytest.skip(reason)
    return name


def loop_devices() -> set[str]:
    """Those that stand for a file of ours, as every namespace sees them."""
    backing = Path("/sys/block").glob("loop*/loop/backing_file")
    return {str(path) for path in backing if "/image" in path.read_text()}


def test_splits_by_clone_hold_in_one_cycle_after_another(file_system: str) -> None:
    for name in ("test_r68_an_accepted_backup_ends", "test_g12_each_cycle_has_an_image_of_its_own"):
        found = outcome_of(suite_tests()[name], lambda: StdioTransport(command(file_system)), Limits())
        assert found is None, found


@pytest.mark.slow
def test_a_file_system_passes(file_system: str) -> None:
    lab = Lab(adapter(f"reflink-{file_system}"), Limits(examples=10))
    assert not_offered_by(lab, TESTED) == (OF_EMBODIMENTS & set(TESTED)) | COPIED_OR_GROUPED


COPIES = """
import os, sys, time
from splitproof.conformance.adapters.reflink import BLOCK_SIZE_BYTES, ReflinkController, mount
from splitproof.conformance.protocol.serve import serve

class CopiesLikeCp(ReflinkController):
    def clone(self):
        for block in range(self.block_count):
            os.pwrite(self.volumes["target"], self.read(block), block * BLOCK_SIZE_BYTES)
            time.sleep(0.002)  # as the copy of a large volume takes its time

class ClonesNothing(ReflinkController):
    def clone(self):
        pass

    def read_volume(self, role, block):
        return super().read_volume("source", block)

serve({"copies": CopiesLikeCp, "nothing": ClonesNothing}[sys.argv[2]](mount(sys.argv[1]), "wrong"))
"""


@pytest.mark.slow
def test_a_copy_that_is_no_clone_is_torn(file_system: str, tmp_path: Path) -> None:
    script = tmp_path / "copies.py"
    script.write_text(COPIES)
    wrong = in_namespace(str(script), file_system, "copies")
    found = outcome_of(suite_tests()[RACE], lambda: StdioTransport(wrong), Limits())
    assert isinstance(found, PropertyViolated), found
    assert found.kind == "torn"
    assert len(re.findall(r"client \d+  called", str(found))) == 2


@pytest.mark.slow
def test_a_backup_of_the_source_itself_is_caught(file_system: str, tmp_path: Path) -> None:
    script = tmp_path / "copies.py"
    script.write_text(COPIES)
    wrong = in_namespace(str(script), file_system, "nothing")
    found = outcome_of(suite_tests()[TAPE], lambda: StdioTransport(wrong), Limits(shrink_seconds_max=0.5))
    assert isinstance(found, PropertyViolated), found


def test_nothing_is_mounted_where_others_see_it_and_nothing_stays(file_system: str) -> None:
    before = Path("/proc/mounts").read_text()
    loops = loop_devices()
    transport = StdioTransport(command(file_system))
    try:
        transport.submit("capabilities", {}).result(timeout=30)
        assert Path("/proc/mounts").read_text() == before
        assert loop_devices() > loops
        os.kill(transport.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while loop_devices() != loops:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        transport.close(2.0)
    assert Path("/proc/mounts").read_text() == before


def test_who_may_not_mount_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        AdapterNotFound, match="reflink-xfs cannot be tested here: mounting a file system needs root"
    ):
        adapter("reflink-xfs")


def test_without_the_tools_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == "mkfs.btrfs" else name)
    assert absent("btrfs") == "there is no mkfs.btrfs on the path; Debian has it in the package btrfs-progs"
