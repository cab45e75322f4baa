"""Compiled code is kept in files; nothing that happens to them is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitproof.checker.compiled import kernels, objects
from tests.grid_machine import assert_is_a_grid, sized

pytestmark = pytest.mark.usefixtures("cache")


def test_fast_code_is_kept_and_found_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "OPTIMISE_FROM", 100)
    assert_is_a_grid(sized(6, 3).explore(), 6, 3)
    (kept,) = cache.glob("*.o")

    def refuse(*_: object) -> bytes:
        raise AssertionError("it was compiled again")

    monkeypatch.setattr(objects, "_compiled", refuse)
    assert_is_a_grid(sized(6, 3).explore(), 6, 3)
    assert list(cache.iterdir()) == [kept]


def test_a_damaged_object_file_is_made_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "OPTIMISE_FROM", 100)
    assert_is_a_grid(sized(6, 3).explore(), 6, 3)
    (kept,) = cache.glob("*.o")
    whole = kept.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        kept.write_bytes(damaged)
        assert_is_a_grid(sized(6, 3).explore(), 6, 3)
        assert kept.read_bytes() == whole


def test_nowhere_to_keep_object_files_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(kernels, "OPTIMISE_FROM", 100)
    assert_is_a_grid(sized(6, 3).explore(), 6, 3)


def test_a_user_without_a_home_keeps_no_object_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that runs as a number there is no HOME, and no entry to take it from."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    monkeypatch.setattr(kernels, "OPTIMISE_FROM", 100)
    assert objects.cache_directory() is None
    assert_is_a_grid(sized(6, 3).explore(), 6, 3)
