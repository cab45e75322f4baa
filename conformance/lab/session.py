"""A controller under test: every call checked against the table of operations, limited in time, and recorded.

What the suite knows of a controller, it knows through a session. A session that saw a fault is over: each further call
fails with that fault, and the next test gets a new controller.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from splitproof.conformance.histories.history import (
    KINDS,
    Extents,
    History,
    Outcome,
    Recorder,
    initial_contents,
)
from splitproof.conformance.protocol.adapter import (
    AdapterFault,
    BackupStatus,
    Capabilities,
    FaultKind,
    Indefinite,
    PairViews,
    Rejected,
    Unsupported,
)
from splitproof.conformance.protocol.operations import OPTIONAL, form_of
from splitproof.conformance.protocol.shapes import ShapeError, Volume
from splitproof.conformance.protocol.transport import Transport
from splitproof.conformance.verdicts import Undecided

__all__ = ["Call", "Session", "arguments_text", "tagged", "value_of"]

_TAG_BYTES = 8
_CLOSE_SECONDS_MAX = 2.0
_WAIT_SLACK_SECONDS = 0.005
"""By which a wait may end early."""
_FIRST_CALL_SECONDS_MAX = 30.0
"""For `capabilities`, which says how long the others may take: time to start a controller."""


def tagged(number: int, size: int) -> bytes:
    """The data of the write of this number: no two are alike, and a block of two halves is neither.

    `size`: bytes of a block, 8 at least.
    """
    return (b"w%07x" % number * (size // _TAG_BYTES + 1))[:size]


def value_of(data: bytes) -> str:
    """A short name for data; equal data has equal names, and a tag its own, without the zeros (`w0000053`: `w53`)."""
    try:
        number = int(data[1:_TAG_BYTES], 16)
    except ValueError:
        number = -1
    if number >= 0 and data == tagged(number, len(data)):
        return f"w{number:x}"
    return f"x{hashlib.sha256(data).hexdigest()[:12]}"


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """The arguments of an operation, data by its short name."""
    return ", ".join(
        f"block {value}" if key == "block" else value_of(value) if isinstance(value, bytes) else str(value)
        for key, value in arguments.items()
    )


class Call:
    """A call that may still be under way."""

    def __init__(self, session: Session, name: str, arguments: Mapping[str, Any], client: int) -> None:
        self._session, self.name, self._arguments, self._client = session, name, arguments, client
        self._recorder = session.recorder
        self._called = self._recorder.now()
        self._returned: int | None = None
        self._recorded = False
        self._future: Future[Any] = session.transport.submit(name, arguments)
        self._future.add_done_callback(self._stamp)

    def _stamp(self, future: Future[Any]) -> None:
        self._returned = self._recorder.now()

    @property
    def told(self) -> str:
        """The operation with its arguments."""
        return f"{self.name}({arguments_text(self._arguments)})"

    @property
    def returned(self) -> bool:
        """Whether there is an answer."""
        return self._future.done()

    def wait(self, seconds_max: float) -> bool:
        """Wait for an answer; whether there is one."""
        try:
            self._future.exception(timeout=self._session.seconds_left(seconds_max))
        except TimeoutError:
            self._check_budget()
            return False
        return True

    def _check_budget(self) -> None:
        """Leave if it was the time budget that ended a wait, which says nothing of the controller.

        Raises:
            Undecided: it was. Nobody knows what the call will do, so the session is over.
        """
        if self._session.is_over_time:
            message = f"the time budget ended while {self.name} was under way"
            self._session.lost(AdapterFault(FaultKind.HUNG, message))
            raise Undecided(message) from None

    def result(self, seconds_max: float | None = None) -> Any:
        """The result, checked and recorded.

        Raises:
            Rejected, Indefinite, Unsupported: the controller's answer.
            AdapterFault: it broke its contract, or there is no answer within its own time limit.
            Undecided: the time budget ended first.
        """
        limit = self._session.call_seconds_max if seconds_max is None else seconds_max
        try:
            result = self._future.result(timeout=self._session.seconds_left(limit))
            form_of(self.name).result.check(result, self._session.volume)
        except TimeoutError:
            self._record(Outcome.INDEFINITE)
            self._check_budget()
            own = seconds_max is None and self.name != "capabilities"  # which declares it
            whose = ", its call_seconds_max" if own else ""
            message = (
                f"{self.name} did not return within {limit:g} s{whose}{self._session.transport.last_words()}"
            )
            raise self._session.lost(AdapterFault(FaultKind.HUNG, message, self.told)) from None
        except KeyboardInterrupt:  # what is done on the way out must not wait for it again
            self._session.lost(AdapterFault(FaultKind.HUNG, f"interrupted during {self.name}"))
            raise
        except (Rejected, Unsupported):
            self._record(Outcome.REJECTED)
            raise
        except Indefinite:
            self._record(Outcome.INDEFINITE)
            raise
        except ShapeError as error:
            self._record(Outcome.INDEFINITE)
            fault = AdapterFault(FaultKind.GARBAGE, f"{self.name} returned {error}", self.told)
            raise self._session.lost(fault) from None  # where we noticed it is of no use to anybody
        except AdapterFault as fault:
            self._record(Outcome.INDEFINITE)
            raise self._session.lost(self._located(fault)) from fault.__cause__
        self._record(Outcome.OK, result)
        return result

    def _located(self, fault: AdapterFault) -> AdapterFault:
        """The same, with the call that it ended, in its words too unless these speak of it."""
        says_it = str(fault).startswith(self.name) or " during " in str(fault)
        return AdapterFault(fault.kind, str(fault) if says_it else f"during {self.told}: {fault}", self.told)

    def _record(self, outcome: Outcome, result: Any = None) -> None:
        if self._recorded:
            return
        self._recorded = True
        kind = {"tape_image": "tape", "target_image": "target"}.get(self.name, self.name)
        # The stamp may come a moment after the result; later is wider, and wider accuses nobody wrongly.
        stamped = self._recorder.now() if self._returned is None else self._returned
        returned = None if outcome is Outcome.INDEFINITE else stamped
        detail = self._detail(result)
        if kind == "backup_status":
            if result is None or result.state.value != "completed":
                return
            kind = "completed"
        if kind in KINDS:
            self._recorder.record(kind, self._called, returned, outcome, client=self._client, **detail)

    def _detail(self, result: Any) -> dict[str, Any]:
        detail = {
            key: self._arguments[key] for key in ("block", "extents", "backup") if key in self._arguments
        }
        match self.name:
            case "write":
                detail["value"] = value_of(self._arguments["data"])
            case "read" if result is not None:
                detail["value"] = value_of(result)
            case "backup" | "split_and_backup":
                detail["backup"] = result
            case "tape_image" if result is not None:
                detail["records"] = {block: value_of(data) for block, data in result.items()}
            case "target_image" if result is not None:
                detail["records"] = {block: value_of(data) for block, data in enumerate(result)}
        return detail


class Session:
    """Opens a controller and asks what it is. `deadline`: of `time.monotonic()`, at which every wait ends.

    Raises:
        AdapterFault: it did not answer, or what it declares means nothing.
    """

    def __init__(self, open_transport: Callable[[], Transport], deadline: float | None = None) -> None:
        self.transport = open_transport()
        self._deadline = deadline
        self.recorder = Recorder()
        self.volume = Volume()
        self.fault: AdapterFault | None = None
        self.call_seconds_max = _FIRST_CALL_SECONDS_MAX
        try:
            self.capabilities: Capabilities = self.call("capabilities")
            unknown = sorted(self.capabilities.operations - set(OPTIONAL))
            if unknown:
                raise AdapterFault(
                    FaultKind.GARBAGE,
                    f"capabilities declares {', '.join(unknown)}; optional operations are {', '.join(OPTIONAL)}",
                )
            for name in sorted(self.capabilities.operations):
                lacking = set(form_of(name).together_with) - self.capabilities.operations
                if lacking:
                    raise AdapterFault(FaultKind.GARBAGE, f"{name} is declared without {', '.join(lacking)}")
        except (AdapterFault, Undecided):
            self.close()
            raise
        except (Rejected, Indefinite, Unsupported) as error:
            self.close()
            raise AdapterFault(FaultKind.GARBAGE, f"capabilities answers with an error: {error}") from error
        self.call_seconds_max = self.capabilities.call_seconds_max

    def seconds_left(self, seconds_max: float) -> float:
        """How long to wait: so long, or until the deadline."""
        if self._deadline is None:
            return seconds_max
        return min(seconds_max, max(0.0, self._deadline - time.monotonic()))

    @property
    def is_over_time(self) -> bool:
        """Whether a wait that has just ended was ended by the deadline."""
        return self._deadline is not None and time.monotonic() > self._deadline - _WAIT_SLACK_SECONDS

    def has(self, name: str) -> bool:
        """Whether the controller declares the operation, or must have it."""
        return not form_of(name).optional or name in self.capabilities.operations

    def begin(self, name: str, *, client: int = 0, **arguments: Any) -> Call:
        """Begin a call.

        Raises:
            AdapterFault: the session is over.
            ShapeError: an argument is not of the shape that the table gives it.
        """
        if self.fault is not None:
            raise AdapterFault(self.fault.kind, f"the controller was lost before: {self.fault}")
        for key, shape in form_of(name).parameters.items():
            shape.check(arguments[key], self.volume)
        return Call(self, name, arguments, client)

    def call(self, name: str, *, client: int = 0, **arguments: Any) -> Any:
        """Make a call and wait for it, no longer than the controller says that a call takes."""
        return self.begin(name, client=client, **arguments).result()

    def history(self, **about: Any) -> History:
        """What was done since the last reset, with the contents at the start as far as they were read."""
        operations = self.recorder.history({}).operations
        initial = initial_contents(operations, self.volume.block_count or 0)
        return History({"": initial}, operations, about={"controller": self.capabilities.name, **about})

    def lost(self, fault: AdapterFault) -> AdapterFault:
        """The session is over."""
        self.fault = self.fault or fault
        return fault

    def lost_if_open(self, call: Call) -> None:
        """The session is over if this call has still no answer: nobody knows what it will do."""
        if not call.returned:
            self.lost(AdapterFault(FaultKind.HUNG, f"{call.name} never returned"))

    def close(self) -> None:
        """Let the controller go."""
        self.transport.close(_CLOSE_SECONDS_MAX)

    # ---- the operations, with their types ------------------------------------------------------------

    def reset(self, block_count: int) -> None:
        """A new volume, and a new history."""
        self.volume = Volume(self.capabilities.block_size_bytes, block_count)
        self.recorder = Recorder()
        self.call("reset", block_count=block_count)

    def reset_group(self, pair_count: int, block_count: int) -> None:
        """A new group of pairs of so many blocks each, and a new history."""
        self.volume = Volume(self.capabilities.block_size_bytes, pair_count * block_count)
        self.recorder = Recorder()
        self.call("reset_group", pair_count=pair_count, block_count=block_count)

    def write(self, block: int, number: int, client: int = 0) -> None:
        """Write the data of this number."""
        data = tagged(number, self.capabilities.block_size_bytes)
        self.call("write", client=client, block=block, data=data)

    def read(self, block: int, client: int = 0) -> bytes:
        """What a host read returns."""
        data: bytes = self.call("read", client=client, block=block)
        return data

    def pair_state(self) -> PairViews:
        """The two views."""
        views: PairViews = self.call("pair_state")
        return views

    def backup(self, extents: Extents, client: int = 0) -> str:
        """Start a backup."""
        identifier: str = self.call("backup", client=client, extents=extents)
        return identifier

    def backup_status(self, backup: str, client: int = 0) -> BackupStatus:
        """How far it is."""
        status: BackupStatus = self.call("backup_status", client=client, backup=backup)
        return status

    def tape_image(self, backup: str, client: int = 0) -> Mapping[int, bytes]:
        """The records of its tape."""
        records: Mapping[int, bytes] = self.call("tape_image", client=client, backup=backup)
        return records

    def target_image(self) -> Sequence[bytes]:
        """The target volume."""
        image: Sequence[bytes] = self.call("target_image")
        return image

    def pump(self, kind: str, steps: int = 1) -> int:
        """Have the controller do work of a kind; how many steps it found to do."""
        done: int = self.call("pump", kind=kind, steps=steps)
        return done
