"""The initial file system of a small virtual machine: busybox, programs with their libraries, modules, and a script.

An archive in the `newc` form of cpio, as the kernel's documentation describes it
(https://docs.kernel.org/driver-api/early-userspace/buffer-format.html).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

__all__ = ["Kernel", "archive", "initramfs", "kernel_below", "program_files"]

_MAGIC: Final = "070701"
_FOLDER, _PROGRAM, _FILE = 0o040755, 0o100755, 0o100644
_END: Final = "TRAILER!!!"


class Kernel:
    """A kernel of a Debian package: `image`, and its modules by name."""

    def __init__(self, image: Path, modules: Path) -> None:
        self.image = image
        self._files = {path.stem.replace("-", "_"): path for path in modules.rglob("*.ko")}
        names = (modules / "modules.builtin").read_text(encoding="utf-8").split()
        self._built_in = {PurePosixPath(name).name.split(".")[0].replace("-", "_") for name in names}

    def in_order(self, names: Sequence[str]) -> list[Path]:
        """The files of these modules and of those that they need, which come first.

        Raises:
            FileNotFoundError: the kernel has no such module.
        """
        ordered: dict[str, Path] = {}

        def add(name: str) -> None:
            if name in ordered or name in self._built_in:
                return
            if name not in self._files:
                raise FileNotFoundError(f"{self.image.name} has no module {name}.ko")
            for needed in _needed_by(self._files[name]):
                add(needed)
            ordered[name] = self._files[name]

        for name in names:
            add(name)
        return list(ordered.values())


def _needed_by(module: Path) -> list[str]:
    """What the module says of itself."""
    found = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    return [name.replace("-", "_") for name in found[1].decode().split(",") if name] if found else []


def kernel_below(root: Path, flavour: str) -> Kernel | None:
    """The newest kernel of a flavour that is installed, or unpacked, below a folder; None if there is none."""
    images = sorted(root.glob(f"boot/vmlinuz-*-{flavour}"), key=_version)
    for image in reversed(images):
        for modules in root.glob(f"*/modules/{image.name.removeprefix('vmlinuz-')}"):
            return Kernel(image, modules)
        for modules in root.glob(f"usr/*/modules/{image.name.removeprefix('vmlinuz-')}"):
            return Kernel(image, modules)
    return None


def _version(image: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", image.name)]


def program_files(program: Path) -> dict[str, bytes]:
    """A program and the libraries that it is linked with, by the paths where it looks for them."""
    told = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    libraries = re.findall(r"(/\S+) \(0x", told)
    return {path: Path(path).read_bytes() for path in (str(program), *libraries)}


def initramfs(
    init: bytes, programs: Mapping[str, bytes], modules: Sequence[Path], options: Mapping[str, str]
) -> bytes:
    """`programs`: path to contents. `options`: module to the parameters that it is loaded with.

    The script finds the modules in `/modules`, and in `/modules/order` their names, each with its parameters.
    """
    order = "".join(f"{path.name} {options.get(path.stem, '')}\n" for path in modules)
    files = {"init": (_PROGRAM, init), "modules/order": (_FILE, order.encode())}
    files |= {f"modules/{path.name}": (_FILE, path.read_bytes()) for path in modules}
    files |= {path.lstrip("/"): (_PROGRAM, contents) for path, contents in programs.items()}
    return archive(files)


def archive(files: Mapping[str, tuple[int, bytes]]) -> bytes:
    """`files`: path to mode and contents; the folders above them are made."""
    folders = {str(folder): (_FOLDER, b"") for path in files for folder in PurePosixPath(path).parents}
    del folders["."]
    entries = [*sorted(folders.items()), *files.items(), (_END, (0, b""))]
    return b"".join(_records(entries))


def _records(entries: Sequence[tuple[str, tuple[int, bytes]]]) -> Iterator[bytes]:
    for number, (path, (mode, contents)) in enumerate(entries):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(contents), 0, 0, 0, 0, len(name), 0)
        head = _MAGIC + "".join(f"{field:08X}" for field in fields)
        yield _padded(head.encode() + name)
        yield _padded(contents)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
