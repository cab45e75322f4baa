"""What the adapter for the Linux target is made of, on this side of the machine: bytes, and what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from splitproof.conformance.adapters import iscsi, scsi
from splitproof.conformance.adapters.initramfs import archive, initramfs, kernel_below
from splitproof.conformance.adapters.lio import KERNEL_ROOT
from splitproof.conformance.runner.opening import AdapterNotFound, adapter

# ---- SCSI ----------------------------------------------------------------------------------------


def test_an_extended_copy_is_as_spc_4_lays_it_out() -> None:
    source, destination = (bytes([1, 3, 0, 16]) + bytes([mark]) * 16 for mark in (0x6A, 0x6B))
    command = scsi.extended_copy(source, destination, (16, 528), 24)
    assert command.cdb.hex() == "83" + "00" * 9 + f"{16 + 2 * 32 + 28:08x}" + "0000"
    assert command.data_out is not None
    header, first, second, segment = (
        command.data_out[low:high].hex() for low, high in ((0, 16), (16, 48), (48, 80), (80, 108))
    )
    assert header == "00180040" + "00000000" + "0000001c" + "00000000"
    assert first == "e4000000" + "01030010" + "6a" * 16 + "00" * 4 + "00000200"
    assert second == "e4000000" + "01030010" + "6b" * 16 + "00" * 4 + "00000200"
    assert segment == "02000018" + "00000001" + "0000" + "0018" + f"{16:016x}" + f"{528:016x}"


@pytest.mark.parametrize(
    ("command", "cdb"),
    [
        (scsi.read(8, 3), "28000000000800000300"),
        (scsi.write(8, bytes(1024)), "2a000000000800000200"),
        (scsi.write_same(512, 64), "41000000020000004000"),
        (scsi.device_identification(), "120183010000"),
        (scsi.operating_parameters(), "8403" + "00" * 8 + "00000040" + "0000"),
        (scsi.copy_status(7), "840007" + "00" * 7 + "00000040" + "0000"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_each_command_is_as_its_standard_lays_it_out(command: scsi.Command, cdb: str) -> None:
    assert command.cdb.hex() == cdb


def test_a_device_is_named_by_its_own_naa_designator() -> None:
    vendor = bytes.fromhex("0201000461626364")
    port = bytes.fromhex("0193000860014055b11700f1")
    device = bytes.fromhex("0103001060014055b11700f00000000000000000")
    page = bytes.fromhex("00830024") + vendor + port + device
    assert scsi.designator_of(page) == device
    with pytest.raises(ValueError, match="no NAA designator"):
        scsi.designator_of(page[: 4 + len(vendor) + len(port)])


def test_a_segment_is_as_long_as_the_target_and_the_field_allow() -> None:
    parameters = bytearray(64)
    parameters[16:20] = (64 * 512).to_bytes(4, "big")
    assert scsi.segment_sectors_max(bytes(parameters)) == 64
    parameters[16:20] = (1 << 28).to_bytes(4, "big")
    assert scsi.segment_sectors_max(bytes(parameters)) == 65535


# ---- the initial file system ----------------------------------------------------------------------


def test_an_archive_has_the_folders_above_each_file_and_an_end() -> None:
    made = archive({"a/b": (0o100644, b"12345")})
    names = []
    at = 0
    while at < len(made):
        assert made[at : at + 6] == b"070701"
        fields = [int(made[at + 6 + 8 * number : at + 14 + 8 * number], 16) for number in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = made[at + 110 : at + 110 + name_size - 1].decode()
        at += 110 + name_size + -(110 + name_size) % 4
        names.append((name, oct(mode), made[at : at + size]))
        at += size + -size % 4
    assert names == [("a", "0o40755", b""), ("a/b", "0o100644", b"12345"), ("TRAILER!!!", "0o0", b"")]


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """Two, of which 6.10 is the newer; its modules a-b and c, and d built in."""
    (tmp_path / "boot").mkdir()
    for version in ("6.9.0-cloud-amd64", "6.10.0-cloud-amd64"):
        (tmp_path / "boot" / f"vmlinuz-{version}").write_bytes(b"")
        modules = tmp_path / "lib" / "modules" / version
        modules.mkdir(parents=True)
        (modules / "modules.builtin").write_text("kernel/d.ko\n")
        (modules / "a-b.ko").write_bytes(b"\x7fELF\0depends=c,d\0name=a_b\0")
        (modules / "c.ko").write_bytes(b"\x7fELF\0depends=\0name=c\0")
    return tmp_path


def test_the_newest_kernel_is_taken_and_a_module_comes_after_what_it_needs(kernels: Path) -> None:
    kernel = kernel_below(kernels, "cloud-amd64")
    assert kernel is not None
    assert kernel.image.name == "vmlinuz-6.10.0-cloud-amd64"
    assert [path.name for path in kernel.in_order(["a_b", "c"])] == ["c.ko", "a-b.ko"]
    with pytest.raises(FileNotFoundError, match=r"vmlinuz-6\.10\.0-cloud-amd64 has no module e\.ko"):
        kernel.in_order(["e"])
    assert kernel_below(kernels, "arm64") is None


def test_modules_are_listed_in_their_order_with_their_parameters(kernels: Path) -> None:
    kernel = kernel_below(kernels, "cloud-amd64")
    assert kernel is not None
    made = initramfs(b"#!/init", {"/bin/tool": b"tool"}, kernel.in_order(["a_b"]), {"c": "size=1"})
    assert b"c.ko size=1\na-b.ko \n" in made
    assert b"bin/tool\0" in made


# ---- what is missing -------------------------------------------------------------------------------


def refusal() -> str:
    with pytest.raises(AdapterNotFound) as raised:
        adapter("lio")
    return str(raised.value)


@pytest.fixture
def complete(tmp_path: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which only the library may be missing."""
    for tool in ("busybox", "dmsetup", "setpriv", "qemu-system-x86_64"):
        (tmp_path / tool).write_bytes(b"")
    monkeypatch.setattr(
        shutil, "which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None
    )
    monkeypatch.setenv(KERNEL_ROOT, str(kernels))
    return tmp_path


@pytest.mark.parametrize(
    ("tool", "package"),
    [
        ("busybox", "busybox-static"),
        ("dmsetup", "dmsetup"),
        ("setpriv", "util-linux"),
        ("qemu-system-x86_64", "qemu-system-x86"),
    ],
)
def test_without_a_tool_it_is_said_what_to_install(complete: Path, tool: str, package: str) -> None:
    (complete / tool).unlink()
    expected = f"there is no {tool} on the path; Debian has it in the package {package}"
    assert refusal() == f"lio cannot be tested here: {expected}"


def test_a_busybox_that_needs_libraries_is_refused(complete: Path) -> None:
    (complete / "busybox").write_bytes(b"/lib64/ld-linux-x86-64.so.2")
    assert "busybox is linked dynamically" in refusal()


def test_without_a_kernel_it_is_said_where_one_was_looked_for(
    complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KERNEL_ROOT, str(complete / "elsewhere"))
    told = refusal()
    assert "there is no kernel of Debian's package linux-image-cloud-amd64" in told
    assert str(complete / "elsewhere") in told
    assert KERNEL_ROOT in told


@pytest.mark.usefixtures("complete")
def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iscsi, "_LIBRARY", "libiscsi-that-nobody-has.so")
    assert (
        "there is no library libiscsi-that-nobody-has.so; Debian has it in the package libiscsi7" in refusal()
    )
