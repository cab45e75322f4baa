"""Machine code from textual IR, kept in the user's cache directory.

An object file is named by the hash of everything that it depends on: the text, the pipeline, the processor, llvmlite
and Python's architecture. It ends with a digest of itself, so that a damaged file is compiled anew; a directory that
cannot be written, or is not there, is no error.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

__all__ = ["Code", "cache_directory"]

_DIGEST_BYTES = 32


def cache_directory() -> Path | None:
    """Where object files are kept: `splitproof` in XDG_CACHE_HOME or ~/.cache; None of a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):
        return Path(base) / "splitproof"
    try:
        return Path.home() / ".cache" / "splitproof"
    except RuntimeError:  # as in a container that runs as a number, which has no name
        return None


class Code:
    """A module of IR as machine code in this process.

    `optimise`: 0 compiles fast, 2 makes fast code; fast code from an earlier run is taken whatever is asked for.
    `is_fast`: which of them it is.
    """

    def __init__(self, text: str, optimise: int) -> None:
        self._text = text
        machine = _target_machine(optimise)
        parts = [llvmlite.__version__, machine.triple, llvm.get_host_cpu_name(), _PIPELINE, text]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        place = cache_directory()
        file = None if place is None else place / f"{key}.o"
        kept = None if file is None else _read(file)
        self.is_fast = kept is not None or optimise > 0
        if kept is None:
            kept = _compiled(text, machine, optimise)
            if optimise > 0 and file is not None:
                _write(file, kept)
        backing = llvm.parse_assembly("")
        backing.triple = machine.triple
        self._engine = llvm.create_mcjit_compiler(backing, machine)
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(kept))
        self._engine.finalize_object()

    def function(self, name: str, *arguments: Any, returns: Any = None) -> Any:
        """A function as ctypes calls it, without the GIL."""
        return ctypes.CFUNCTYPE(returns, *arguments)(self._engine.get_function_address(name))


_PIPELINE = "2"
"""Raised when the passes below change: few, as the whole pipelines of O1 and O2 take longer and gain nothing here."""


def _target_machine(optimise: int) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        opt=optimise, cpu=llvm.get_host_cpu_name(), codemodel="jitdefault", jit=True
    )


def _compiled(text: str, machine: Any, optimise: int) -> bytes:
    module = llvm.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    if optimise:
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    found: bytes = machine.emit_object(module)
    return found


def _read(file: Path) -> bytes | None:
    """The object code, if the file is there and whole."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    code, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(file: Path, code: bytes) -> None:
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as made:
            made.write(code + hashlib.sha256(code).digest())
        Path(name).replace(file)  # whole or not at all, whoever else writes
