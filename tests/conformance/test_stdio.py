"""Controllers in other processes: they pass, and whatever a broken one does ends in a fault, with no process left."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from splitproof.conformance.lab.lab import Limits
from splitproof.conformance.lab.session import Session, tagged, value_of
from splitproof.conformance.mutants.kill_table import outcome_of, suite_tests
from splitproof.conformance.protocol.adapter import (
    AdapterFault,
    BackupState,
    Capabilities,
    FaultKind,
    Indefinite,
    PairViews,
    Rejected,
    Unsupported,
)
from splitproof.conformance.protocol.shapes import ShapeError
from splitproof.conformance.protocol.stdio import StdioTransport
from splitproof.conformance.protocol.transport import LocalTransport, Transport
from splitproof.conformance.reference import ReferenceController
from splitproof.conformance.verdicts import Undecided
from splitproof.spec.vocabulary import PairState

SERVES = "from splitproof.conformance import serve\nfrom splitproof.conformance.reference import ReferenceController\n"


def declares(**changed: Any) -> str:
    """Capabilities, with a time limit that a busy machine does not reach."""
    record = {
        "block_size_bytes": 16,
        "block_count_max": 8,
        "call_seconds_max": 60,
        "settle_seconds_max": 0.5,
        "operations": [],
        "name": "broken",
    }
    return json.dumps(record | changed)


ANSWERS = """
import json, os, subprocess, sys, time
def answer(request, **reply):
    sys.stdout.write(json.dumps({"id": request["id"], **reply}) + "\\n")
    sys.stdout.flush()
def requests():
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "capabilities":
            answer(request, ok=DECLARES)
        else:
            yield request
"""


def script(body: str, **changed: Any) -> str:
    """A controller that says what it is, and then does as `body` says."""
    return f"DECLARES = {json.loads(declares(**changed))}\n{ANSWERS}{body}"


Start = Callable[[str], StdioTransport]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a script; nothing of its process group is alive afterwards."""
    started: list[StdioTransport] = []

    def start(source: str) -> StdioTransport:
        script = tmp_path / f"controller{len(started)}.py"
        script.write_text(source)
        started.append(StdioTransport(shlex.join([sys.executable, str(script)])))
        return started[-1]

    yield start
    for transport in started:
        transport.close(0.2)
        assert not group_is_alive(transport.pid)


def group_is_alive(group: int) -> bool:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:  # a killed child of ours is reaped by init, in its own time
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True


def test_the_same_controller_answers_the_same_over_json_lines(start: Start) -> None:
    transports: list[Transport] = [
        LocalTransport(ReferenceController(pumped=True)),
        start(SERVES + "serve(ReferenceController(pumped=True))"),
    ]
    told = []
    for transport in transports:
        session = Session(lambda transport=transport: transport)  # type: ignore[misc]
        session.reset(3)
        session.write(1, 7)
        session.call("create_pair")
        views = session.pair_state()
        while session.pump("any", 10):
            pass
        session.call("split")
        backup = session.backup(((0, 1), (1, 2)))
        status = session.backup_status(backup)
        marked = session.call("differences")
        while session.pump("any", 10):
            pass
        records = session.tape_image(backup)
        with pytest.raises(Rejected, match="there is a pair"):
            session.call("create_pair")
        told.append(
            (
                views,
                status,
                marked,
                backup,
                records,
                session.read(1),
                session.target_image(),
                session.capabilities,
            )
        )
        assert session.backup_status(backup).state is BackupState.COMPLETED
        session.close()
    assert told[0] == told[1]
    assert told[0][0] == PairViews(PairState.DUPLEX_PENDING, PairState.DUPLEX_PENDING)


@pytest.mark.slow
def test_the_suite_passes_a_conforming_process(start: Start) -> None:
    for name in (
        "test_r08_the_tape_is_the_source_at_the_split",
        "test_r29_a_write_is_acknowledged_while_nothing_is_copied",
    ):
        opens = lambda: start(SERVES + "serve(ReferenceController())")  # noqa: E731
        assert outcome_of(suite_tests()[name], opens, Limits()) is None, name


FAULTS = {
    "hangs": (
        "for request in requests(): time.sleep(60)",
        FaultKind.HUNG,
        "reset did not return within 0.5 s, its call_seconds_max",
    ),
    "dies": (
        "for request in requests(): print('out of tape', file=sys.stderr); sys.exit(3)",
        FaultKind.DIED,
        "during reset(4): the controller's process ended with exit code 3; its last words: out of tape",
    ),
    "is killed": (
        "for request in requests(): os.kill(os.getpid(), 9)",
        FaultKind.DIED,
        "the controller's process ended with signal SIGKILL",
    ),
    "dies in the middle of an answer": (
        "for request in requests(): os.write(1, b'{\"id\": 2, '); os._exit(4)",
        FaultKind.DIED,
        "ended with exit code 4",
    ),
    "answers twice": (
        "for request in requests(): answer(request, ok=17); answer(request, ok=None)",
        FaultKind.GARBAGE,
        "reset returned 17",
    ),
    "closes its output": (
        "for request in requests(): os.close(1); time.sleep(60)",
        FaultKind.DIED,
        "the controller's process closed its output",
    ),
    "logs to standard output": (
        "for request in requests(): print('writing block 1', flush=True)",
        FaultKind.GARBAGE,
        "'writing block 1' is not JSON; an answer is one JSON object a line (write logs to standard error)",
    ),
    "answers another request": (
        "for request in requests(): answer({'id': 99}, ok=None)",
        FaultKind.GARBAGE,
        "answers no request: none has the id 99",
    ),
    "answers a request of before": (
        "for request in requests(): answer({'id': 1}, ok=None)",
        FaultKind.GARBAGE,
        "answers request 1 again; one request has one answer",
    ),
    "answers with a text for a number": (
        "for request in requests(): answer({'id': '2'}, ok=None)",
        FaultKind.GARBAGE,
        "answers no request: `id` is '2', and has to be the number that the request has",
    ),
    "answers neither": (
        "for request in requests(): answer(request)",
        FaultKind.GARBAGE,
        "is no answer; one is",
    ),
    "invents an error": (
        "for request in requests(): answer(request, error={'kind': 'busy'})",
        FaultKind.GARBAGE,
        "`error` is",
    ),
    "answers with a wrong value": (
        "for request in requests(): answer(request, ok=17)",
        FaultKind.GARBAGE,
        "reset returned 17 of type int; accepted is no value",
    ),
    "floods with lines": (
        "for request in requests():\n    while True: print('{}', flush=False)",
        FaultKind.GARBAGE,
        "is no answer",
    ),
    "floods without a line": (
        "for request in requests():\n    while True: sys.stdout.write('x' * 65536)",
        FaultKind.GARBAGE,
        "without an end of line",
    ),
    "floods standard error and hangs": (
        "for request in requests():\n    while True: sys.stderr.write('x' * 65536)",
        FaultKind.HUNG,
        "did not return",
    ),
    "never reads": (
        "time.sleep(0)\nfor request in requests():\n    time.sleep(60)",
        FaultKind.HUNG,
        "did not return",
    ),
    "leaves a child": (
        "for request in requests():\n    subprocess.Popen(['sleep', '60']); sys.exit(0)",
        FaultKind.DIED,
        "ended with exit code 0|closed its output|did not return",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_broken_process_does_ends_in_a_fault_and_leaves_no_process(
    start: Start, fault: str
) -> None:
    source, kind, message = FAULTS[fault]
    limit = 0.5 if kind is FaultKind.HUNG or fault == "leaves a child" else 60
    session = Session(lambda: start(script(source, call_seconds_max=limit)))
    with pytest.raises(AdapterFault) as caught:
        session.reset(4)
    if fault == "leaves a child":
        assert caught.value.kind in (FaultKind.DIED, FaultKind.HUNG)  # the child holds the pipe
    else:
        assert (caught.value.kind, message in str(caught.value)) == (kind, True), str(caught.value)
    with pytest.raises(AdapterFault, match="was lost before"):
        session.read(0)
    session.close()


def test_a_command_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(AdapterFault, match="cannot be started"):
        StdioTransport("./no-such-controller")


@pytest.mark.parametrize("kind", ["rejected", "indefinite", "unsupported"])
def test_the_three_errors_are_the_three_answers(start: Start, kind: str) -> None:
    source = f"for request in requests(): answer(request, error={{'kind': '{kind}', 'message': 'so there'}})"
    session = Session(lambda: start(script(source)))
    answers = {"rejected": Rejected, "indefinite": Indefinite, "unsupported": Unsupported}
    with pytest.raises(answers[kind], match="so there"):
        session.reset(4)
    assert session.fault is None


def test_answers_may_come_in_another_order(start: Start) -> None:
    source = """
held = None
for request in requests():
    if request["op"] == "read" and held is None:
        held = request
    elif request["op"] == "read":
        for one in (request, held):
            answer(one, ok=("%02x" % one["args"]["block"]) * 16)
    else:
        answer(request, ok=None)
"""
    session = Session(lambda: start(script(source)))
    session.reset(4)
    first, second = session.begin("read", block=1), session.begin("read", block=2)
    assert (second.result(), first.result()) == (b"\2" * 16, b"\1" * 16)


def test_an_answer_may_come_in_pieces(start: Start) -> None:
    source = """
for request in requests():
    line = json.dumps({"id": request["id"], "ok": "07" * 16 if request["op"] == "read" else None}).encode()
    for index in range(len(line)):
        os.write(1, line[index : index + 1])
    os.write(1, b"\\n")
"""
    session = Session(lambda: start(script(source)))
    session.reset(4)
    assert [session.read(block) for block in range(4)] == [b"\7" * 16] * 4


def test_a_request_arrives_whole_although_signals_interrupt_its_sending(start: Start) -> None:
    """A write to a full pipe that a signal interrupts is cut short, and the rest has to be sent again."""
    size = 1 << 20
    source = """
for request in requests():
    if request["op"] == "write":
        assert request["args"]["data"] == ("77" * DECLARES["block_size_bytes"])
    answer(request, ok=None)
"""
    slowly = """
def slowly():
    rest = b""
    while chunk := os.read(0, 4096):
        *lines, rest = (rest + chunk).split(b"\\n")
        yield from lines
"""
    body = script(source, block_size_bytes=size).replace("for line in sys.stdin", "for line in slowly()")
    session = Session(lambda: start(slowly + body))
    session.reset(1)
    (writer,) = [one for one in threading.enumerate() if one.name.startswith("_write_requests")]
    assert writer.ident is not None
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        call = session.begin("write", block=0, data=b"w" * size)
        interrupted_until = time.monotonic() + 30.0
        while not call.returned and time.monotonic() < interrupted_until:
            signal.pthread_kill(writer.ident, signal.SIGUSR1)
            time.sleep(0.0001)
        assert call.result(1.0) is None
    finally:
        signal.signal(signal.SIGUSR1, before)


SCENARIO = "test_r68_an_accepted_backup_ends"


@pytest.mark.slow
@pytest.mark.parametrize("request_number", range(2, 18, 3))
def test_a_process_that_dies_at_some_request_is_an_error_that_says_so(
    start: Start, request_number: int
) -> None:
    """In the middle of a scenario, whichever it is: the verdict is an error of the adapter, never on the controller."""
    dying = f"""
import os, sys
from splitproof.conformance import serve
from splitproof.conformance.reference import ReferenceController
def requests():
    for number, line in enumerate(sys.stdin, start=1):
        if number == {request_number}:
            print("power lost", file=sys.stderr, flush=True)
            os._exit(5)
        yield line
serve(ReferenceController(), requests())
"""
    outcome = outcome_of(suite_tests()[SCENARIO], lambda: start(dying), Limits())
    assert isinstance(outcome, AdapterFault)
    assert outcome.kind is FaultKind.DIED
    assert "ended with exit code 5; its last words: power lost" in str(outcome)


# ---- in the same process -------------------------------------------------------------------------


class Broken(ReferenceController):
    """Replaced method by method."""

    def capabilities(self) -> Capabilities:
        return Capabilities(64, 8, call_seconds_max=0.2, settle_seconds_max=0.5)


def local(**methods: Any) -> Session:
    return Session(lambda: LocalTransport(type("Wrong", (Broken,), methods)()))


@pytest.mark.parametrize(
    ("methods", "kind", "message"),
    [
        ({"read": lambda self, block: time.sleep(2)}, FaultKind.HUNG, "read did not return within 0.2 s"),
        ({"read": lambda self, block: 1 / 0}, FaultKind.RAISED, "read raised ZeroDivisionError"),
        ({"read": lambda self, block: "text"}, FaultKind.GARBAGE, "'text' of type str; accepted is bytes"),
        ({"read": lambda self, block: b"x"}, FaultKind.GARBAGE, "1 bytes; accepted is a whole block of 64"),
        ({"read": None}, FaultKind.GARBAGE, "has no method read, which every controller has"),
        ({"read": lambda self: b""}, FaultKind.RAISED, "read raised TypeError"),
    ],
)
def test_whatever_a_broken_object_does_ends_in_a_fault(
    methods: dict[str, Any], kind: FaultKind, message: str
) -> None:
    session = local(**methods)
    session.reset(4)
    with pytest.raises(AdapterFault) as caught:
        session.read(0)
    assert caught.value.kind is kind
    assert message in str(caught.value)
    session.close()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (Capabilities(4, 8), "block_size_bytes is 4; accepted is a whole number, 8 or more"),
        (Capabilities(64, 8, frozenset({"fly"})), "declares fly; optional operations are resync, "),
        (Capabilities(64, 8, frozenset({"hold_copy"})), "hold_copy is declared without release_copy"),
        (Capabilities(64, 8, call_seconds_max=0), "call_seconds_max is 0"),
        (None, "accepted is a Capabilities record"),
    ],
)
def test_capabilities_that_mean_nothing_are_a_fault(declared: Capabilities | None, message: str) -> None:
    with pytest.raises(AdapterFault, match=message):
        local(capabilities=lambda self: declared)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({}, "block_size_bytes and block_count_max are not declared, and every controller declares them"),
        ({"block_size_bytes": 64}, "block_count_max is not declared, and every controller declares it"),
        (["resync"], "['resync'] of type list; accepted is an object"),
        ({"block_size_bytes": 64, "block_count_max": 8, "speed": 1}, "there is no speed; there are "),
        (
            {"block_size_bytes": 64, "block_count_max": 8, "operations": "resync"},
            "operations is 'resync'; accepted is a list of names",
        ),
    ],
)
def test_a_process_that_declares_what_means_nothing_is_told_what_is_accepted(
    start: Start, declared: Any, message: str
) -> None:
    source = (
        "import json, sys\n"
        "for line in sys.stdin:\n"
        f"    print(json.dumps({{'id': json.loads(line)['id'], 'ok': {declared!r}}}), flush=True)"
    )
    with pytest.raises(AdapterFault) as caught:
        Session(lambda: start(source))
    assert caught.value.kind is FaultKind.GARBAGE
    assert str(caught.value).startswith("capabilities: `ok` is ")
    assert message in str(caught.value)
    assert "see below" not in str(caught.value)


def test_where_we_noticed_a_wrong_value_is_not_told() -> None:
    session = local(read=lambda self, block: b"x")
    session.reset(4)
    with pytest.raises(AdapterFault) as caught:
        session.read(0)
    assert caught.value.__cause__ is None  # an adapter that raises is told where
    session.close()


def test_an_argument_of_another_shape_is_our_own_mistake() -> None:
    session = local()
    session.reset(4)
    with pytest.raises(ShapeError, match="accepted is the number of a block, 0 to 3"):
        session.read(4)


def test_a_hung_controller_is_an_error_and_the_next_test_gets_a_new_one() -> None:
    made: list[ReferenceController] = []

    class Hangs(Broken):
        def split(self) -> None:
            time.sleep(2)

    def opens() -> Transport:
        made.append(Hangs())
        return LocalTransport(made[-1])

    outcome = outcome_of(suite_tests()["test_r68_an_accepted_backup_ends"], opens, Limits())
    assert isinstance(outcome, AdapterFault)
    assert len(made) == 1


def test_a_time_budget_ends_a_call_that_a_controller_allows_an_hour_for(start: Start) -> None:
    source = script("for request in requests(): time.sleep(3600)", call_seconds_max=3600)
    test = suite_tests()["test_r68_an_accepted_backup_ends"]
    limits = Limits(deadline=time.monotonic() + 5.0)
    outcome = outcome_of(test, lambda: start(source), limits)
    assert isinstance(outcome, Undecided)
    assert str(outcome) in (
        "the time budget ended while reset was under way",
        "the time budget ended while capabilities was under way",
    )


def test_a_wait_that_the_time_budget_ends_says_nothing_of_the_controller() -> None:
    """A write that has not returned yet is no violation if it is we who stopped waiting."""

    class Slow(Broken):
        def capabilities(self) -> Capabilities:
            return Capabilities(64, 8, call_seconds_max=3600.0)

        def write(self, block: int, data: bytes) -> None:
            time.sleep(3)

    session = Session(lambda: LocalTransport(Slow()), deadline=time.monotonic() + 1.0)
    session.reset(4)
    call = session.begin("write", block=0, data=tagged(1, 64))
    with pytest.raises(Undecided, match="the time budget ended while write was under way"):
        call.wait(3600.0)
    with pytest.raises(AdapterFault, match="was lost before"):
        session.read(0)


def test_a_call_that_takes_longer_than_declared_hangs_although_there_is_a_time_budget() -> None:
    session = Session(
        lambda: LocalTransport(type("Wrong", (Broken,), {"read": lambda self, block: time.sleep(2)})()),
        deadline=time.monotonic() + 60.0,
    )
    session.reset(4)
    with pytest.raises(AdapterFault, match=r"read did not return within 0\.2 s"):
        session.read(0)


def test_tags_differ_in_every_part_and_are_told_from_other_data() -> None:
    assert value_of(tagged(0x53, 64)) == "w53"  # as it is on the disk: w0000053
    assert value_of(tagged(17, 64)[:32] + tagged(18, 64)[32:]).startswith("x")
    assert value_of(b"\0" * 64) == value_of(b"\0" * 64) != value_of(b"\0" * 63)
