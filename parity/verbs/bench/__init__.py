"""Owns `parity bench`: training speed of models that pass the check, in fresh processes, in rounds over all cells.

It refuses to time what was not checked, to keep one process's samples as if they were many, and to quote what it did not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from parity.documents import schema
from parity.errors import UsageError
from parity.judgement.verdicts import GREEN, PASSING, worst
from parity.reporting import speeds as timed
from parity.reporting.results import Results, Speed
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.mistakes import did_you_mean, short
from parity.trials import limits, report_rows, selected_frameworks, selection, speed
from parity.trials import options as asking
from parity.trials.bench_rounds import CONTROL, PEAK, Rounds, TimedCell, measure
from parity.trials.session import JudgedTrial, Session
from parity.trials.speed import Workload
from parity.trials.trial import Options
from parity.verbs import terminal
from parity.verbs.bench.bench_result import Benched, compact, complaints, measured, status
from parity.verbs.terminal import not_built, progress, timings, verbosity

THREADS = 2
PROCESSES = 5
"""Fresh ones a cell, where nothing is said: the least of which a ratio has an interval (budgets.LEAST_ROUNDS)."""
OPTIMIZER: str = "adam"
INITIALIZER, PEAK_OPTIMIZER = "glorot_uniform", "sgd"


@dataclass(frozen=True)
class Gated:
    """The verdict of a workload's check in one framework, and what it says where that does not pass."""

    verdict: str
    reason: str = ""


def workloads(
    architectures: Sequence[language.Architecture],
    options: Options,
    modes: Sequence[str],
    batch_sizes: Sequence[int],
    optimizer: str = OPTIMIZER,
) -> list[Workload]:
    """What is timed, each in one mode and batch size."""
    started = selection.initializer(INITIALIZER), selection.optimizer(optimizer)
    return [
        speed.workload(architecture, *started, replace(options, mode=mode), batch)
        for architecture in architectures
        for mode in modes
        for batch in batch_sizes
    ]


def gate(session: Session, loads: Sequence[Workload]) -> dict[tuple[int, str], Gated]:
    """(place of a workload, framework) -> the verdict of its check: of that size, precision, mode and number of threads."""
    return gated_by(session.run([trial for load in loads for trial in load.gate]), loads)


def gated_by(judged: Sequence[JudgedTrial], loads: Sequence[Workload]) -> dict[tuple[int, str], Gated]:
    """The same from trials of the workloads' checks that have been judged."""
    places = {id(trial): place for place, load in enumerate(loads) for trial in load.gate}
    groups: dict[tuple[int, str], list[JudgedTrial]] = {}
    for judged_trial in judged:
        groups.setdefault((places[id(judged_trial.trial)], judged_trial.framework), []).append(judged_trial)
    return {key: _gated(judged) for key, judged in groups.items()}


def _gated(judged: Sequence[JudgedTrial]) -> Gated:
    verdict = worst([judged_trial.verdict for judged_trial in judged])
    bad = [comparison for judged_trial in judged for comparison in judged_trial.comparisons if comparison.verdict not in GREEN]
    first = next((report_rows.sentence(comparison) for comparison in bad if comparison.verdict == verdict), "")
    return Gated(verdict, first.splitlines()[0] if first else "")


def cells_of(
    loads: Sequence[Workload], gated: Mapping[tuple[int, str], Gated], frameworks: Sequence[str], options: Options
) -> list[TimedCell]:
    """Every workload in every framework that passed its check; the first of each once more (A/A); and of each framework the
    product of matrices, which no rate may exceed."""
    cells, passing = [], dict[str, None]()
    for place, load in enumerate(loads):
        good = [name for name in frameworks if gated[(place, name)].verdict in PASSING - {"unsupported"}]
        cells += [TimedCell(load, name) for name in good]
        cells += [TimedCell(load, name, CONTROL) for name in good[:1]]
        passing |= dict.fromkeys(good)
    if not passing:
        return []
    product = speed.peak(selection.initializer(INITIALIZER), selection.optimizer(PEAK_OPTIMIZER), replace(options, mode=None))
    return [*cells, *(TimedCell(product, name, PEAK) for name in passing)]


def take(
    session: Session,
    loads: Sequence[Workload],
    options: Options,
    processes: int,
    *,
    again: bool = False,
    on_process: Callable[[], None] = lambda: None,
) -> Benched:
    """Gates and measures. Cells of frameworks that did not pass are among the result, with what kept them from it."""
    alone = replace(session, threads=THREADS)
    gated = gate(alone, loads)
    cells = cells_of(loads, gated, alone.frameworks, options)
    result = measure(cells, alone, processes, _has_quiet, again=again, on_process=on_process) if cells else Rounds()
    return benched(loads, gated, session.frameworks, cells, result, processes)


def benched(
    loads: Sequence[Workload],
    gated: Mapping[tuple[int, str], Gated],
    frameworks: Sequence[str],
    cells: Sequence[TimedCell],
    found: Rounds,
    processes: int,
) -> Benched:
    """What was measured, with the cells that did not pass their check."""
    made = [
        _refused(load, name, gated[(place, name)])
        for place, load in enumerate(loads)
        for name in frameworks
        if not any(cell.workload is load and cell.framework == name for cell in cells)
    ]
    made += [_speed(cell, found, processes) for cell in cells]
    return Benched(timed.settled(made), [item for item in found.sampled if item.kept], found.interrupted)


def _has_quiet(measurements: Mapping[str, Any]) -> bool:
    return any(map(timed.quiet, measurements["blocks"]))


def _refused(load: Workload, framework: str, gated: Gated) -> Speed:
    return replace(_blank(load, framework), verdict=gated.verdict, reason=gated.reason)


def _blank(load: Workload, framework: str, role: str = "") -> Speed:
    case = load.timed.case
    return Speed(
        case=case.id,
        spec=case.spec,
        framework=framework,
        framework_version="",
        device=case.device,
        dtype=case.dtype,
        mode=case.mode,
        batch_size=case.batch_size,
        processes=[],
        verdict="not_compared",
        size=case.size,
        role=role,
        flops=float(load.flops),
        checked_batch=load.checked_batch,
        dropping=load.dropping,
    )


def _speed(cell: TimedCell, result: Rounds, processes: int) -> Speed:
    """A cell's row: its processes with their raw blocks, and the worst that one of them answered."""
    sampled = result.of(cell)
    ran = [item for item in sampled if item.measurements]
    failed = next((item for item in sampled if item.outcome != "ran"), None)
    bad = next((sampled for sampled in ran if sampled.verdict not in PASSING), None)
    blank = _blank(cell.workload, cell.framework, cell.role)
    if not ran:
        verdict = failed.outcome if failed else "interrupted" if result.interrupted else "not_compared"
        return replace(blank, verdict=verdict, reason=failed.reason if failed else "")
    return replace(
        blank,
        framework_version=ran[0].framework_version,
        mode=ran[0].mode,
        processes=[compact(sampled.measurements or {}, sampled.round) for sampled in ran],
        verdict=bad.verdict if bad else worst([sampled.verdict for sampled in ran]),
        reason=(bad or failed or ran[0]).reason,
        asked=1 if cell.role == PEAK else processes,
    )


def bench(
    specs: str | Sequence[str],
    *,
    frameworks: str | Sequence[str] = (),
    devices: str | Sequence[str] = ("cpu",),
    modes: str | Sequence[str] = ("default",),
    batch_sizes: Sequence[int] = (32,),
    processes: int = PROCESSES,
    size: str = "full",
    store: str | Path | None = None,
    optimizer: str = OPTIMIZER,
    again: bool = False,
) -> list[Speed]:
    """Checks models, and times those that pass. Gives one cell with raw samples per architecture, framework, device, mode and
    batch size.

    processes: fresh ones a cell. size: `full`, the published network, where nothing is said, as on the command line.
    optimizer: its name, at its default hyper-parameters. again: what the store has measured is measured anew. Raises SpecError,
    UsageError, and KeyboardInterrupt after Ctrl-C; whole rounds stay in the store. One word may stand where several can.
    """
    benched = _bench(specs, frameworks, devices, modes, batch_sizes, processes, size, store, optimizer, again)
    if benched.interrupted:
        raise KeyboardInterrupt
    return list(benched.speeds)


def _bench(
    specs: str | Sequence[str],
    frameworks: str | Sequence[str],
    devices: str | Sequence[str],
    modes: str | Sequence[str],
    batch_sizes: Sequence[int],
    processes: int,
    size: str,
    store: str | Path | None,
    optimizer: str,
    again: bool,
) -> Benched:
    specs, frameworks, devices, modes = map(asking.words, (specs, frameworks, devices, modes))
    chosen = asked(specs, devices, modes, batch_sizes, processes, size, optimizer)
    store = asking.store(store)
    asking.place(store)
    made: list[Benched] = []
    for device in devices:
        options = Options(device=device, size=size)
        with progress.bar("checking and timing", None) as bar:
            session = Session(store, selected_frameworks.that_train(frameworks), on_record=bar.record, on_notice=bar.notice)
            loads = workloads(chosen, options, modes, batch_sizes, optimizer)
            made.append(take(session, loads, options, processes, again=again))
        if made[-1].interrupted:
            break
    return Benched(
        [item for each in made for item in each.speeds],
        [sampled for each in made for sampled in each.kept],
        any(each.interrupted for each in made),
    )


def asked(
    specs: Sequence[str],
    devices: Sequence[str],
    modes: Sequence[str],
    batch_sizes: Sequence[int],
    processes: int,
    size: str,
    optimizer: str,
) -> tuple[language.Architecture, ...]:
    """The architectures to be timed, once every word and number is one that could be. Raises SpecError, UsageError."""
    asking.check((), devices, modes)
    chosen = selection.select(specs).architectures
    if not chosen:
        raise UsageError("bench times architectures; `parity list architectures` shows them", status=5)
    if optimizer not in language.names("optimizers"):
        close = did_you_mean(optimizer, language.names("optimizers"))
        raise UsageError(f"there is no optimizer `{short(optimizer)}`{close or '; `parity list optimizers` shows them'}")
    limits.check_numbers(batch_sizes=batch_sizes, processes=processes)
    for architecture in chosen:
        limits.check_case(expand(architecture, size), max(batch_sizes, default=1), speed.BATCHES, walked=False)
    return chosen


def main(json_path: Path | None, **options: Any) -> int:
    """The verb: gate, measure, print; `--json` writes the raw samples and what they say."""
    report_rows.reach(json_path)
    benched = _bench(**options)
    not_built.tell(options["frameworks"])
    results = Results("bench", "parity bench", speeds=benched.speeds)
    timings.show(results)
    for line in timings.sentences(benched.speeds, benched.kept):
        terminal.say(line)
    if json_path is not None:
        report_rows.replace(
            json_path, schema.spelled(measured(benched.speeds, verbosity.typed(), tuple(timings.ranked(results))))
        )
    for line in complaints(benched):
        terminal.say(line, error=True)
    return status(benched)
