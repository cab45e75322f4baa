"""The controller of the document, with its servers: one module a processor, one function that builds a design."""

from __future__ import annotations

from splitproof.model.controller.command_port import declare_command_port
from splitproof.model.controller.host_port import declare_host_writes, declare_pair_commands
from splitproof.model.controller.lan import declare_lan
from splitproof.model.controller.memory import declare_memory, workers_of
from splitproof.model.controller.predicates import declare_predicates
from splitproof.model.controller.progress import declare_progress
from splitproof.model.controller.servers import declare_servers
from splitproof.model.controller.tape_port import declare_tape_port
from splitproof.model.controller.volume_worker import declare_completion, declare_volume_worker
from splitproof.model.design import Design
from splitproof.model.machine import Machine

__all__ = ["build"]


def build(design: Design, lean: bool = True, *, argued: bool = True) -> Machine:
    """The machine of a design: its memory, its words, and the steps of each processor.

    `lean=False` keeps the tape and the image after they have been judged, for comparison with the lean model.
    `argued`: with the arguments why things come about, which only proofs read.
    """
    machine = Machine(design.name, f"backup={design.backup}")
    declare_memory(machine, design, lean)
    declare_predicates(machine, design)
    declare_lan(machine, design)
    declare_servers(machine, design)
    declare_host_writes(machine, design)
    declare_pair_commands(machine, design)
    declare_command_port(machine, design, lean)
    declare_tape_port(machine, design, lean)
    for name, worker in workers_of(design).items():
        declare_volume_worker(machine, design, name, worker)
    declare_completion(machine, design)
    if argued:
        declare_progress(machine, design)
    return machine
