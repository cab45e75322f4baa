"""Many checks at once: the catalogue, or the ablations of a design, on all cores.

A job is named by text, as on the command line, so that a worker process builds its own machine; what comes back is
the JSON form of the result and the stories of its violations.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from splitproof.checker.check import Options, check
from splitproof.checker.engines import EngineChoice
from splitproof.checker.search.memory import available_bytes
from splitproof.checker.texts import story_lines
from splitproof.model.ablations import ABLATIONS, Ablation
from splitproof.model.catalogue import CATALOGUE, DISTINGUISHED, VARIATIONS, ask_distinctions
from splitproof.model.design import CHOICES, Design
from splitproof.model.errors import ModelError
from splitproof.model.loading import load_machine
from splitproof.spec.properties import Kind

__all__ = [
    "TWO_BLOCKS",
    "Job",
    "Outcome",
    "ablations_of",
    "catalogue_jobs",
    "distinction_jobs",
    "run",
    "spread",
]

_ALLOCATIONS_A_COLLECTION = 100_000
"""New objects of a worker before it looks for circles of them; Python's own number is 700."""

_Job = TypeVar("_Job")
_Outcome = TypeVar("_Outcome")

TWO_BLOCKS: tuple[str, ...] = (
    "third-embodiment-closed",
    "first-embodiment-closed",
    "second-embodiment-closed",
)
"""What `verify` checks at 2 blocks by default; `--blocks 2` checks all closed designs there."""


@dataclass(frozen=True)
class Job:
    """A design, as the command line names it, at a size.

    `kinds`: of the properties asked, all unless given. `distinctions`: ask, instead of the design's properties, what
    distinguishes its embodiment and means something first at this size.
    """

    design: str
    blocks: int
    kinds: frozenset[Kind] = frozenset(Kind)
    options: Options = field(default_factory=Options)
    distinctions: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a job: `result` is `CheckResult.json()`, `stories` the lines for each violated property."""

    job: Job
    result: dict[str, Any]
    exit_code: int
    as_declared: bool
    stories: dict[str, list[str]]

    @property
    def violated(self) -> dict[str, int]:
        """The violated properties, with the steps of their counterexamples."""
        return {
            item["id"]: item["depth"] for item in self.result["properties"] if item["verdict"] == "violated"
        }


def catalogue_jobs(blocks: int | None) -> list[Job]:
    """The catalogue, and as much of 2 blocks as a minute allows; or the closed designs at `blocks`, if it is given.

    At 1 block everything is checked, symbolic data for the named designs. At 2 blocks, `TWO_BLOCKS` without the
    properties of kind `possible`. From 2 blocks on only the closed designs are worth their time: those as written
    are decided at 1 block, where their counterexamples lie. Large jobs come first, so that cores stay busy. All outgrow
    the oracle, so that none begins with it.
    """
    options = Options(engine=EngineChoice.COMPILED)
    if blocks is not None and blocks > 1:
        closed = (name for name in CATALOGUE if name.endswith(("-two-slots", "-closed")))
        return [Job(name, blocks, options=options) for name in closed]
    named = [Job(name, 1, options=options) for name in CATALOGUE]
    varied = [Job(name, 1, options=replace(options, symbolic=False)) for name in VARIATIONS]
    if blocks is not None:
        return [*named, *varied]
    larger = [Job(name, 2, frozenset({Kind.ALWAYS, Kind.STEP}), options) for name in TWO_BLOCKS]
    return [*larger, *named, *varied]


def distinction_jobs() -> list[Job]:
    """What distinguishes the embodiments, at the smallest size at which it means anything; no data is compared."""
    options = Options(control=True)
    return [
        Job(name, blocks, options=options, distinctions=True) for blocks in (2, 1) for name in DISTINGUISHED
    ]


def ablations_of(design: Design) -> list[Ablation]:
    """The predictions for a simple closed design; for others every single change of a choice, with none."""
    if design.name in CATALOGUE and design.name.endswith("-closed"):
        return [
            ablation
            for ablation in ABLATIONS
            if design.backup in ablation.only and design.split in ablation.splits
        ]
    found = []
    for key, question in CHOICES.items():
        for answer in question.answers:
            override = f"{key}={answer}"
            try:
                design.but(**{key: answer})
            except ModelError:
                continue  # the value that the design has, or a choice that changes nothing in it
            found.append(Ablation(override, (), question.cites))
    return [ablation for ablation in found if not ablation.override.startswith("backup=")]


def run(
    jobs: Sequence[Job], processes: int | None = None, done: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """The outcomes, in the order of the jobs; `done` is called as each comes in.

    `processes`: at most this many at once; one for each core unless given.
    """
    return spread(_outcome, jobs, processes, done)


def spread(
    work: Callable[[_Job], _Outcome],
    jobs: Sequence[_Job],
    processes: int | None = None,
    done: Callable[[_Outcome], None] | None = None,
) -> list[_Outcome]:
    """What `work` makes of each job, in their order, in as many processes as there are cores unless told otherwise.

    `work` is a function of a module, and jobs and outcomes can be pickled; equal jobs are done once.
    """

    def told(outcome: _Outcome) -> _Outcome:
        if done is not None:
            done(outcome)
        return outcome

    count = min(processes or os.cpu_count() or 1, len(jobs))
    if count <= 1:
        return [told(work(job)) for job in jobs]
    context = multiprocessing.get_context("spawn")
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin_work)
    try:  # and not `with`, which would wait for workers that never came to be
        futures = {pool.submit(work, job): job for job in dict.fromkeys(jobs)}
        outcomes = {futures[future]: told(future.result()) for future in as_completed(futures)}
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        raise
    pool.shutdown()
    return [outcomes[job] for job in jobs]


def _begin_work() -> None:
    """Set up a process that works for another.

    Ctrl-C reaches every process of a terminal. The one that waits for the others ends them; one of them that ended by
    itself could take a lock of their queue with it, and that one would wait for ever. A graph is millions of tuples,
    none of them in a circle: to look for circles as often as usual takes a twentieth of the time.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_A_COLLECTION)


def _shared(options: Options) -> Options:
    """What one of several processes may take: one thread, and its part of the memory."""
    if multiprocessing.parent_process() is None:
        return options
    part = available_bytes() // (os.cpu_count() or 1)
    limits = options.limits
    return replace(options, threads=1, limits=replace(limits, max_memory=limits.max_memory or part))


def _outcome(job: Job) -> Outcome:
    machine = load_machine(job.design)
    if job.distinctions:
        asked = [item for item in ask_distinctions(machine) if item.needs_blocks == job.blocks]
    else:
        asked = [item for item in machine.properties.values() if item.kind in job.kinds]
    result = check(machine, job.blocks, asked, options=_shared(job.options))
    stories = {item.asked.id: list(story_lines(item, result.design)) for item in result.properties}
    return Outcome(
        job, result.json(), int(result.exit_code), result.as_declared, {k: v for k, v in stories.items() if v}
    )
