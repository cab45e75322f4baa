"""The controller of the document, with its servers: one module a processor, one function that builds a design."""

from __future__ import annotations

from splitproof.model.controller.command_port import declare_command_port
from splitproof.model.controller.host_port import declare_host_writes, declare_pair_commands
from splitproof.model.controller.memory import declare_memory, workers_of
from splitproof.model.controller.predicates import declare_predicates
from splitproof.model.controller.servers import declare_backup_server, declare_client_server
from splitproof.model.controller.tape_port import declare_tape_port
from splitproof.model.controller.volume_worker import declare_completion, declare_volume_worker
from splitproof.model.design import Design
from splitproof.model.machine import Machine
from splitproof.spec.split_backup import PROPERTIES

__all__ = ["build"]


def build(design: Design, lean: bool = True) -> Machine:
    """The machine of a design: its memory, its words, the steps of each processor, and every property.

    `lean=False` keeps the tape and the image after they have been judged, for comparison with the lean model.
    """
    machine = Machine(design.name, f"backup={design.backup}")
    declare_memory(machine, design, lean)
    declare_predicates(machine, design)
    declare_backup_server(machine)
    declare_client_server(machine)
    declare_host_writes(machine, design)
    declare_pair_commands(machine, design)
    declare_command_port(machine, design)
    declare_tape_port(machine, design, lean)
    for name, worker in workers_of(design).items():
        declare_volume_worker(machine, design, name, worker)
    declare_completion(machine, design)
    machine.check(*PROPERTIES)
    return machine
