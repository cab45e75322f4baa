"""What 101 and 102 tell each other over the LAN, and what the LAN may do to it [R18, R109, G25].

With `split=separate` 101 relays the end of the split; otherwise it pauses its I/O for the split and resumes afterwards.
"""

from __future__ import annotations

from splitproof.model.choices import AcceptCheck, Lan, Pause, RunNumbers, Servers, Split
from splitproof.model.controller.messages import LanMessage, lan_messages
from splitproof.model.controller.phases import ClientPhase, LanCopy, ServerPhase
from splitproof.model.declarations import Fairness
from splitproof.model.design import Design
from splitproof.model.machine import Machine
from splitproof.model.state import State, when
from splitproof.spec.vocabulary import BACKUP_SERVER, CLIENT_SERVER, LAN, Event, StepKind

__all__ = ["AT_ONCE", "HANDOVER", "declare_lan"]

_WEAK, _MESSAGE = Fairness.WEAK, StepKind.MESSAGE
AT_ONCE = "when 102 starts does not matter: the split waits for its own guard, and no property sees the start"
_AWAITED = "the message is sent only when it is awaited; where the LAN delivers it again, this blocks"
HANDOVER = (
    "a hand-over between servers: it alone empties its channel and fills the next, and no property sees it"
)


def declare_lan(machine: Machine, design: Design) -> None:
    """The start of a run, and the answer of 101; nothing if there is one server."""
    if design.servers is Servers.ONE:
        return
    _declare_start(machine, design)
    if design.split is Split.SEPARATE:
        _declare_relay(machine, design)
    else:
        _declare_pause(machine, design)
        _declare_resumption(machine, design)
    if design.lan is Lan.DUPLICATING:
        for message in lan_messages(design):
            _declare_duplicates(machine, design, message)


def _declare_start(machine: Machine, design: Design) -> None:
    pauses = design.split is not Split.SEPARATE
    started = _started(design)

    @machine.action(
        by=BACKUP_SERVER,
        kind=_MESSAGE,
        folds=_unless_copied(AT_ONCE, design),
        cites=("R18", "R50", "R92"),
        counts=(Event.LAN_MESSAGE,),
    )
    def start_run(s: State) -> None:
        """102 tells 101 over the LAN to start."""
        when(s.server == ServerPhase.IDLE)
        s.server = ServerPhase.STARTED
        s.lan_start = True

    @machine.action(
        by=CLIENT_SERVER,
        kind=_MESSAGE,
        fair=_WEAK,
        folds=None if pauses else _unless_copied(HANDOVER, design),
        cites=("R50", "R92"),
        counts=(Event.PAUSE,) if pauses else (),
    )
    def receive_start(s: State) -> None:
        """101 receives the start."""
        when(s.lan_start)
        when(s.client == ClientPhase.IDLE, idle=_AWAITED)
        s.lan_start = False
        s.client = started


def _declare_relay(machine: Machine, design: Design) -> None:
    """101 tells 102 that the split is complete [R57, R58]."""

    @machine.action(
        by=CLIENT_SERVER,
        kind=_MESSAGE,
        fair=_WEAK,
        folds=_unless_copied(HANDOVER, design),
        cites=("R57",),
        counts=(Event.LAN_MESSAGE,),
    )
    def relay_split(s: State) -> None:
        """101 relays over the LAN that the split is complete."""
        when(s.client == ClientPhase.RELAYING)
        s.client = ClientPhase.IDLE
        s.lan_split = True

    @machine.action(
        by=BACKUP_SERVER,
        kind=_MESSAGE,
        fair=_WEAK,
        folds=_unless_copied(HANDOVER, design),
        cites=("R57", "R58"),
    )
    def receive_relay(s: State) -> None:
        """102 learns from 101 that the split is complete."""
        when(s.lan_split)
        when(s.server == ServerPhase.STARTED, idle=_AWAITED)
        s.lan_split = False
        s.server = ServerPhase.CLEARED


def _declare_pause(machine: Machine, design: Design) -> None:
    """101 reports that its I/O is paused [R92, R99]."""

    @machine.action(
        by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, cites=("R92", "R99", "G22"), counts=(Event.LAN_MESSAGE,)
    )
    def report_pause(s: State) -> None:
        """101 reports over the LAN that its I/O is paused."""
        when(s.client == ClientPhase.PAUSING)
        if design.pause is Pause.DRAINS:
            when(~s.writing)
        s.client = ClientPhase.PAUSED
        s.lan_paused = True

    @machine.action(
        by=BACKUP_SERVER,
        kind=_MESSAGE,
        fair=_WEAK,
        folds=_unless_copied(HANDOVER, design),
        cites=("R92", "R93"),
    )
    def receive_pause(s: State) -> None:
        """102 learns that the I/O of 101 is paused."""
        when(s.lan_paused)
        when(s.server == ServerPhase.STARTED, idle=_AWAITED)
        s.lan_paused = False
        s.server = ServerPhase.CLEARED


def _declare_resumption(machine: Machine, design: Design) -> None:
    """101 resumes its I/O when 102 says so [R95]."""
    resumed = ServerPhase.COMMANDED if design.split is Split.COMBINED else ServerPhase.RESUMED

    @machine.action(
        by=BACKUP_SERVER,
        kind=_MESSAGE,
        fair=_WEAK,
        folds=_unless_copied(HANDOVER, design),
        cites=("R95",),
        counts=(Event.LAN_MESSAGE,),
    )
    def send_resume(s: State) -> None:
        """102 tells 101 over the LAN to resume its I/O."""
        when(s.server == ServerPhase.RESPONDED)
        s.server = resumed
        s.lan_resume = True

    if design.accept_check is AcceptCheck.VERIFIES_SPLIT:

        @machine.action(
            by=BACKUP_SERVER,
            kind=_MESSAGE,
            fair=_WEAK,
            folds=_unless_copied(HANDOVER, design),
            cites=("R95", "G27", "G39"),
            counts=(Event.LAN_MESSAGE,),
        )
        def send_resume_after_refusal(s: State) -> None:
            """102 tells 101 over the LAN to resume its I/O, and gives up."""
            when(s.server == ServerPhase.REFUSED)
            s.server = ServerPhase.IDLE
            s.lan_resume = True

    @machine.action(by=CLIENT_SERVER, kind=_MESSAGE, fair=_WEAK, cites=("R95",))
    def receive_resume(s: State) -> None:
        """101 resumes its I/O."""
        when(s.lan_resume)
        when(s.client == ClientPhase.PAUSED, idle=_AWAITED)
        s.lan_resume = False
        s.client = ClientPhase.IDLE


def _declare_duplicates(machine: Machine, design: Design, message: LanMessage) -> None:
    """The LAN keeps a copy of a message, and delivers it at any time, of one message at a time.

    Which of the two comes first makes no difference: the first is the message, the other one the copy. So a receiver
    that knows which runs it has taken a message of refuses every copy.
    """
    awaited, taken = {
        LanCopy.START: (ClientPhase.IDLE, _started(design)),
        LanCopy.SPLIT: (ServerPhase.STARTED, ServerPhase.CLEARED),
        LanCopy.PAUSED: (ServerPhase.STARTED, ServerPhase.CLEARED),
        LanCopy.RESUME: (ClientPhase.PAUSED, ClientPhase.IDLE),
    }[message.copy]
    own = "client" if message.receiver == CLIENT_SERVER else "server"
    refuses = design.run_numbers is RunNumbers.CHECKED

    def duplicate(s: State) -> None:
        when(s[message.name])
        when(s.lan_copy == LanCopy.NONE)
        s.lan_copy = message.copy

    def receive_again(s: State) -> None:
        when(s.lan_copy == message.copy)
        s.lan_copy = LanCopy.NONE
        if not refuses:
            when(s[own] == awaited)
            s[own] = taken

    duplicate.__name__ = f"duplicate_{message.copy.name.lower()}"
    duplicate.__doc__ = f"The LAN will deliver '{message.text}' once more."
    receive_again.__name__ = f"{'refuse' if refuses else 'receive'}_{message.copy.name.lower()}_again"
    ending = ", and refuses it" if refuses else ""
    receive_again.__doc__ = f"{message.receiver.numeral} receives '{message.text}' once more{ending}."
    cites = ("R109", "G25")
    machine.action(by=LAN, kind=_MESSAGE, cites=cites)(duplicate)
    machine.action(by=message.receiver, kind=_MESSAGE, fair=_WEAK, cites=cites)(receive_again)


def _unless_copied(reason: str, design: Design) -> str | None:
    """Why a step may be taken before all others; not where the LAN can copy the message while it is on its way."""
    return None if design.lan is Lan.DUPLICATING else reason


def _started(design: Design) -> ClientPhase:
    return ClientPhase.ORDERED if design.split is Split.SEPARATE else ClientPhase.PAUSING
