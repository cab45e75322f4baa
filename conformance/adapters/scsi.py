"""The SCSI commands that the adapter for the Linux target sends: reading, writing, EXTENDED COPY and its results.

As SPC-4 and SBC-3 define them. A copy is described by a parameter list: the two devices, each by the name that its
page 83h gives, and one segment, from blocks to blocks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

__all__ = [
    "SECTOR_BYTES",
    "Command",
    "copy_status",
    "designator_of",
    "device_identification",
    "extended_copy",
    "operating_parameters",
    "read",
    "segment_sectors_max",
    "write",
    "write_same",
]

SECTOR_BYTES: Final = 512

_READ_10: Final = 0x28
_WRITE_10: Final = 0x2A
_WRITE_SAME_10: Final = 0x41
_INQUIRY: Final = 0x12
_EXTENDED_COPY: Final = 0x83
_RECEIVE_COPY_RESULTS: Final = 0x84
_COPY_STATUS: Final = 0x00
_OPERATING_PARAMETERS: Final = 0x03
_IDENTIFICATION_PAGE: Final = 0x83
_IDENTIFICATION_DESCRIPTOR: Final = 0xE4
_BLOCK_TO_BLOCK: Final = 0x02
_NAA: Final = 3
_NO_LIST_IDENTIFIER: Final = 0x18
"""The list id is not used: the command returns when its copy has been made, and says how that went."""


@dataclass(frozen=True)
class Command:
    """`data_out` is sent with it; `data_in_bytes` at most come back."""

    name: str
    cdb: bytes
    data_out: bytes | None = None
    data_in_bytes: int = 0


def read(sector: int, count: int) -> Command:
    """READ (10)."""
    return Command(
        "READ", struct.pack(">BBIBHB", _READ_10, 0, sector, 0, count, 0), None, count * SECTOR_BYTES
    )


def write(sector: int, data: bytes) -> Command:
    """WRITE (10)."""
    count = len(data) // SECTOR_BYTES
    return Command("WRITE", struct.pack(">BBIBHB", _WRITE_10, 0, sector, 0, count, 0), data)


def write_same(sector: int, count: int) -> Command:
    """WRITE SAME (10) of zeros."""
    cdb = struct.pack(">BBIBHB", _WRITE_SAME_10, 0, sector, 0, count, 0)
    return Command("WRITE SAME", cdb, bytes(SECTOR_BYTES))


def device_identification() -> Command:
    """INQUIRY for page 83h."""
    return Command("INQUIRY", struct.pack(">BBBHB", _INQUIRY, 1, _IDENTIFICATION_PAGE, 256, 0), None, 256)


def designator_of(page: bytes) -> bytes:
    """The NAA designator of the device itself in page 83h, as it stands there.

    Raises:
        ValueError: there is none.
    """
    at = 4
    while at + 4 <= len(page):
        end = at + 4 + page[at + 3]
        if page[at + 1] & 0x3F == _NAA:  # the association is 0: the device
            return page[at:end]
        at = end
    raise ValueError("the device has no NAA designator, by which EXTENDED COPY could name it")


def extended_copy(source: bytes, destination: bytes, sectors: tuple[int, int], count: int) -> Command:
    """EXTENDED COPY (83h) of `count` sectors; `sectors`: from where on the one to where on the other."""
    devices = b"".join(map(_device, (source, destination)))
    segment = struct.pack(">BBHHHHHQQ", _BLOCK_TO_BLOCK, 0, 0x18, 0, 1, 0, count, *sectors)
    listed = struct.pack(">BBHIII", 0, _NO_LIST_IDENTIFIER, len(devices), 0, len(segment), 0)
    parameters = listed + devices + segment
    return Command("EXTENDED COPY", struct.pack(">B9xI2x", _EXTENDED_COPY, len(parameters)), parameters)


def _device(designator: bytes) -> bytes:
    """An identification descriptor of a disk with sectors."""
    head = bytes([_IDENTIFICATION_DESCRIPTOR, 0, 0, 0])
    return head + designator.ljust(24, b"\0") + b"\0" + SECTOR_BYTES.to_bytes(3, "big")


def operating_parameters() -> Command:
    """RECEIVE COPY RESULTS (84h): what the copy manager can do."""
    return _results("RECEIVE COPY RESULTS (operating parameters)", _OPERATING_PARAMETERS)


def segment_sectors_max(parameters: bytes) -> int:
    """The sectors that one segment may have, by the operating parameters and the width of its field."""
    return min(int.from_bytes(parameters[16:20], "big") // SECTOR_BYTES, 0xFFFF)


def copy_status(list_identifier: int) -> Command:
    """RECEIVE COPY RESULTS (84h): how far a copy is."""
    return _results("RECEIVE COPY RESULTS (copy status)", _COPY_STATUS, list_identifier)


def _results(name: str, service_action: int, list_identifier: int = 0) -> Command:
    size = 64
    cdb = struct.pack(">BBB7xI2x", _RECEIVE_COPY_RESULTS, service_action, list_identifier, size)
    return Command(name, cdb, None, size)
