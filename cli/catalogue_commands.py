"""`verify`, `designs` and `ablate`: the catalogue, and what its choices are good for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from splitproof.checker.check import Options
from splitproof.checker.check_report import check_report
from splitproof.checker.exit_codes import ExitCode
from splitproof.checker.jobs import Job, Outcome, ablations_of, catalogue_jobs
from splitproof.checker.quantities import count
from splitproof.checker.texts import vacuity_sentences
from splitproof.model.ablations import Ablation
from splitproof.model.catalogue import CATALOGUE, VARIATIONS, entry_of
from splitproof.model.design import CHOICES, Design
from splitproof.model.loading import load_choices
from splitproof.output import Destination, json_text, run_jobs, write
from splitproof.settings import read_settings
from splitproof.spec.split_backup import PROPERTIES, TAPE_IS_IMAGE, WITH_PAUSE

__all__ = ["ablate", "designs", "families", "short_name", "verify"]


def verify(
    names: Sequence[str],
    blocks: int | None,
    processes: int | None,
    destination: Destination,
) -> int:
    """Check the designs named, else those of the project's settings, else the catalogue; hold verdicts as declared."""
    settings = None if names else read_settings(Path.cwd())
    if settings is not None:
        blocks, processes = blocks or settings.blocks, processes or settings.jobs
        destination = destination.and_to(settings.reports)
        jobs = [Job(name, blocks or 1, options=Options(settings.limits)) for name in settings.designs]
    else:
        jobs = [Job(name, blocks or 1) for name in names] if names else catalogue_jobs(blocks)
    outcomes = run_jobs(jobs, "verify", processes)
    code = _verify_code(outcomes)
    own: dict[str, Callable[[], Iterable[str]]] = {
        "text": lambda: _verify_lines(outcomes),
        "json": lambda: json_text({"exit_code": code, "results": [outcome.result for outcome in outcomes]}),
    }
    reports = [check_report(outcome.job.design, outcome.result, outcome.stories) for outcome in outcomes]
    destination.show(reports, own)
    return code


def _verify_code(outcomes: Sequence[Outcome]) -> int:
    """Undecided is unknown, decided otherwise than declared is violated; a vacuous pass is no pass."""
    verdicts = [item for outcome in outcomes for item in outcome.result["properties"]]
    wrong = [item for item in verdicts if item["verdict"] not in ("unknown", item["expected"] or "holds")]
    if wrong:
        return ExitCode.VIOLATED
    if any(item["verdict"] == "unknown" for item in verdicts):
        return ExitCode.UNKNOWN
    if any(_vacuities(outcome.result) for outcome in outcomes):
        return ExitCode.VACUOUS
    return ExitCode.HOLDS


def _vacuities(result: Mapping[str, Any]) -> list[str]:
    words = {
        "never triggered": "never has anything to say",
        "initial data only": "never judges what a host wrote",
    }
    properties = [item for item in result["properties"] if item["vacuous"] is not None]
    return [
        *(f"{item['id']} {words[item['vacuous']]}" for item in properties),
        *vacuity_sentences(result),
    ]


def _verify_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    by_job = {(outcome.job.design, outcome.job.blocks): outcome for outcome in outcomes}
    sizes = sorted({outcome.job.blocks for outcome in outcomes})
    for blocks in sizes:
        for family, names in families().items():
            columns = [outcome for name in names if (outcome := by_job.get((name, blocks))) is not None]
            if columns:
                yield from _table(family, columns)
                yield ""
        others = [
            outcome
            for outcome in outcomes
            if outcome.job.blocks == blocks and outcome.job.design not in CATALOGUE
        ]
        yield from (_outcome_line(outcome) for outcome in others)
        if others:
            yield ""
    yield from _stories(outcomes)
    yield from _summary(outcomes)


def families() -> dict[str, list[str]]:
    """The designs of the catalogue, those with one heading in one table."""
    families: dict[str, list[str]] = {"as written": [], "closed": [], "two slots": []}
    for name in CATALOGUE:
        suffix = next((s for s in ("two-slots", "closed") if name.endswith(s)), "as-written")
        families[suffix.replace("-", " ")].append(name)
    return families


def _table(family: str, columns: Sequence[Outcome]) -> Iterator[str]:
    """A row a property, a column a design; a number is the steps of the shortest counterexample."""
    size = count(columns[0].job.blocks, "block")
    yield (
        f"{family}, {size}, any number of writes: `holds` in all states, or violated in so many steps "
        "(10+6: in ten, with six for ever after)"
    )
    heads = [short_name(outcome.job.design) for outcome in columns]
    for part in (0, 1):
        yield f"{'':<28}" + "".join(f"{head[part]:>11}" for head in heads)
    for item in (*PROPERTIES, *WITH_PAUSE):
        cells = [_cell(outcome, item.id) for outcome in columns]
        if any(cell != "-" for cell in cells):
            yield f"{item.id:<28}" + "".join(f"{cell:>11}" for cell in cells)
    yield f"{'states':<28}" + "".join(f"{outcome.result['states']:>11,}" for outcome in columns)


def short_name(name: str) -> tuple[str, str]:
    """The two lines of a column's head."""
    embodiment, _, variant = name.partition("-embodiment")
    if embodiment == name:
        return "prior art", name.removeprefix("prior-art-")
    for suffix in ("-two-slots", "-closed"):
        variant = variant.removesuffix(suffix)
    return embodiment, variant.removeprefix("-")


def _cell(outcome: Outcome, property_id: str) -> str:
    for item in outcome.result["properties"]:
        if item["id"] == property_id:
            declared = item["expected"] or "holds"
            text = _length(item) if item["verdict"] == "violated" else str(item["verdict"])
            return text if item["verdict"] == declared else f"{text} (!)"
    return "-"


def _length(item: dict[str, Any]) -> str:
    """Steps of a counterexample; of a lasso, `10+6`: ten, then six for ever."""
    return str(item["depth"]) if item["loop"] is None else f"{item['loop']}+{item['depth'] - item['loop']}"


def _outcome_line(outcome: Outcome) -> str:
    result = outcome.result
    violated = ", ".join(f"{name} {depth}" for name, depth in outcome.violated.items())
    declared = "as declared" if outcome.as_declared else "NOT AS DECLARED"
    held = sum(item["verdict"] == "holds" for item in result["properties"])
    unknown = ", ".join(item["id"] for item in result["properties"] if item["verdict"] == "unknown")
    text = "1 holds" if held == 1 else f"{held} hold"
    text += (f"; violated: {violated}" if violated else "") + (f"; unknown: {unknown}" if unknown else "")
    size = f"{count(outcome.job.blocks, 'block')}, {result['states']:>9,} states"
    return f"{outcome.job.design:<44} {size}: {declared}: {text}"


def _stories(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The story of the central invariant for the designs of the catalogue, and of every violation not declared."""
    for outcome in outcomes:
        undeclared = [
            item["id"]
            for item in outcome.result["properties"]
            if item["verdict"] == "violated" and (item["expected"] or "holds") == "holds"
        ]
        is_named = outcome.job.blocks == 1 and outcome.job.design in CATALOGUE
        central = [TAPE_IS_IMAGE.id] if is_named and TAPE_IS_IMAGE.id in outcome.stories else []
        for property_id in dict.fromkeys([*central, *undeclared]):
            yield from outcome.stories[property_id]
            yield ""


def _summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        where = f"{outcome.job.design}, {count(outcome.job.blocks, 'block')}"
        for item in outcome.result["properties"]:
            declared = item["expected"] or "holds"
            if item["verdict"] != declared:
                because = f" ({', '.join(item['because'])})" if item["because"] else ""
                yield f"NOT AS DECLARED  {where}: {item['id']} is {item['verdict']}, declared {declared}{because}"
        yield from (f"VACUOUS  {where}: {sentence}" for sentence in _vacuities(outcome.result))
        yield from (f"UNKNOWN  {where}: {sentence}" for sentence in outcome.result["unfinished"])
    verdicts = [item for outcome in outcomes for item in outcome.result["properties"]]
    declared_so = sum(item["verdict"] == (item["expected"] or "holds") for item in verdicts)
    claims = sum(outcome.result["symbolic"]["classes"] for outcome in outcomes if outcome.result["symbolic"])
    complete = all(outcome.result["complete"] for outcome in outcomes)
    searches = (
        f"over {len(outcomes)} complete search{'' if len(outcomes) == 1 else 'es'} of every interleaving"
    )
    yield (
        f"{declared_so} of {len(verdicts)} verdicts as declared, "
        f"{searches if complete else 'not every search was complete'}"
    )
    if claims:
        yield f"z3 agrees at 1 block: {claims:,} conditions decided for data of any kind"


def designs(name: str | None, format: str, output: Path | None) -> int:
    """List the catalogue, or print one design."""
    if name is None:
        if format == "json":
            write(json_text([_design_json(entry.design) for entry in CATALOGUE.values()]), output)
        else:
            lines = [f"{key:<32} {entry.meaning}" for key, entry in CATALOGUE.items()]
            lines += ["", "variations that `verify` checks besides:", *(f"  {text}" for text in VARIATIONS)]
            write(lines, output)
        return ExitCode.HOLDS
    design = load_choices(name)
    write(json_text(_design_json(design)) if format == "json" else _design_lines(design), output)
    return ExitCode.HOLDS


def _design_json(design: Design) -> dict[str, Any]:
    entry = entry_of(design)
    return {
        "name": design.name,
        "meaning": entry.meaning if entry else "",
        "choices": {
            key: {"value": str(answer), "meaning": answer.meaning, "cites": list(CHOICES[key].cites)}
            for key, answer in design.choices().items()
        },
        "expects": {key: expected.verdict for key, expected in entry.expects.items()} if entry else {},
    }


def _design_lines(design: Design) -> Iterator[str]:
    entry = entry_of(design)
    yield design.name + (f": {entry.meaning}" if entry else "")
    idle = design.idle_choices()
    for key, question in CHOICES.items():
        answer = design.choices()[key]
        others = ", ".join(str(other) for other in question.answers if other is not answer)
        yield f"  {key}={answer}" + ("   (makes no difference here)" if key in idle else "")
        yield f"      {question.text} {answer.meaning} [{', '.join(question.cites)}]; or {others}"
    if entry:
        yield "  declared verdicts:"
        for key, expected in entry.expects.items():
            yield f"      {key:<28} {expected.verdict:<9} [{', '.join(expected.cites)}]"


def ablate(name: str, blocks: int, format: str, output: Path | None, processes: int | None) -> int:
    """Check the design, and each design that takes one choice back."""
    design = load_choices(name)
    predicted = entry_of(design) is not None and name.endswith("-closed")
    ablations = ablations_of(design)
    jobs = [Job(name, blocks), *(Job(f"{name}+{ablation.override}", blocks) for ablation in ablations)]
    base, *outcomes = run_jobs(jobs, "ablate", processes)
    rows = [
        _ablation_json(ablation, outcome, base, predicted)
        for ablation, outcome in zip(ablations, outcomes, strict=True)
    ]
    agrees = all(row["agrees"] is not False for row in rows)
    if format == "json":
        write(json_text({"design": name, "blocks": blocks, "agrees": agrees, "ablations": rows}), output)
    else:
        write(_ablation_lines(base, rows, predicted), output)
    return ExitCode.HOLDS if agrees else ExitCode.VIOLATED


def _ablation_json(ablation: Ablation, outcome: Outcome, base: Outcome, predicted: bool) -> dict[str, Any]:
    """`breaks`: what is violated beyond the base, with steps. It agrees if what was predicted breaks, and nothing
    breaks where nothing was predicted to."""
    breaks = {key: depth for key, depth in outcome.violated.items() if key not in base.violated}
    agrees = set(ablation.breaks) <= set(breaks) and bool(ablation.breaks) == bool(breaks)
    mends = [key for key in base.violated if key not in outcome.violated]
    return {
        "override": ablation.override,
        "cites": list(ablation.cites),
        "predicted": list(ablation.breaks) if predicted else None,
        "breaks": breaks,
        "mends": mends,
        "states": outcome.result["states"],
        "complete": outcome.result["complete"],
        "agrees": agrees if predicted else None,
    }


def _ablation_lines(base: Outcome, rows: Sequence[dict[str, Any]], predicted: bool) -> Iterator[str]:
    yield _outcome_line(base)
    yield "each choice changed alone; the number is the steps of the shortest counterexample"
    for row in rows:
        breaks = ", ".join(f"{key} {depth}" for key, depth in row["breaks"].items()) or "nothing"
        mends = f"; now holds: {', '.join(row['mends'])}" if row["mends"] else ""
        cites = ", ".join(row["cites"])
        yield f"  {row['override']:<34} [{cites}] breaks {breaks}{mends}"
        if row["agrees"] is False:
            yield f"  {'':<34} PREDICTED to break {', '.join(row['predicted']) or 'nothing'}"
    if predicted:
        agreeing = sum(row["agrees"] is True for row in rows)
        yield f"{agreeing} of {len(rows)} as predicted"
