"""Owns `parity bench --twin`: what a realization costs over a hand-written step of the same framework, in turns in one process.

It refuses to time what did not pass its check, and a twin that computes something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from parity.documents import schema
from parity.errors import UsageError
from parity.execution.launcher.launching import only_writer
from parity.judgement import alternation
from parity.judgement.alternation import Overhead
from parity.judgement.verdicts import PASSING
from parity.reporting import wording
from parity.trials import options as asking
from parity.trials import overheads, report_rows, selected_frameworks
from parity.trials.session import Session
from parity.trials.speed import Workload
from parity.trials.trial import Options
from parity.verbs import bench, terminal
from parity.verbs.bench import bench_result
from parity.verbs.terminal import not_built, progress, verbosity

NO_TWIN = "no_twin"


@dataclass(frozen=True)
class TwinCell:
    """One workload in one framework. verdict: of its check, or what keeps it from a number. samples: the raw turns."""

    workload: Workload
    framework: str
    verdict: str
    found: Overhead
    samples: Sequence[Mapping[str, Any]] = ()


def dispatch(inputs: Sequence[str], inputs_from: Path | None, evaluation: bool, **options: Any) -> int:
    """The command. Raises UsageError for a model of the user's own, which has no twin, and for an option of such models."""
    if inputs or inputs_from is not None or evaluation or any("=" in spec for spec in options["specs"]):
        raise UsageError("--twin times architectures against hand-written steps; models of your own are timed without --twin")
    return main(**options)


def main(json_path: Path | None, twin: Path, best: bool, frameworks: Sequence[str], **options: Any) -> int:
    """The verb: gate, alternate, print."""
    report_rows.reach(json_path)
    cells, interrupted = taken(twin=twin, best=best, frameworks=frameworks, **options)
    not_built.tell(frameworks)
    show(cells, best)
    if json_path is not None:
        report_rows.replace(json_path, schema.spelled(bench_result.measured([], verbosity.typed(), overheads=rows(cells))))
    if interrupted:
        terminal.say("interrupted: cells that have no row were not measured; run the same command again", error=True)
    return 130 if interrupted else status(cells)


def taken(
    specs: str | Sequence[str],
    *,
    twin: Path,
    best: bool,
    frameworks: str | Sequence[str],
    devices: str | Sequence[str],
    modes: str | Sequence[str],
    batch_sizes: Sequence[int],
    processes: int,
    size: str,
    store: str | Path | None,
    optimizer: str,
    again: bool,
) -> tuple[list[TwinCell], bool]:
    """The cells, and whether Ctrl-C ended the run. Nothing is taken from the store, so `again` asks for nothing more."""
    specs, frameworks, devices, modes = map(asking.words, (specs, frameworks, devices, modes))
    chosen = bench.asked(specs, devices, modes, batch_sizes, processes, size, optimizer)
    named = selected_frameworks.that_train(frameworks)
    overheads.file_of(twin, named[0])
    place = asking.store(store)
    asking.place(place)
    cells: list[TwinCell] = []
    for device in devices:
        with progress.bar("checking and alternating", None) as bar:
            session = Session(place, named, threads=bench.THREADS, on_record=bar.record, on_notice=bar.notice)
            loads = bench.workloads(chosen, Options(device=device, size=size), modes, batch_sizes, optimizer)
            try:
                with only_writer(place / "bench"):
                    cells.extend(measure(session, loads, bench.gate(session, loads), twin, processes, best))
            except KeyboardInterrupt:
                return cells, True
    return cells, False


def measure(
    session: Session,
    loads: Sequence[Workload],
    gated: Mapping[tuple[int, str], Any],
    folder: Path,
    processes: int,
    best: bool,
) -> Iterator[TwinCell]:
    """Each workload in each framework of the session, one after the other."""
    for place, load in enumerate(loads):
        for framework in session.frameworks:
            file, verdict = overheads.file_of(folder, framework), gated[(place, framework)].verdict
            if verdict not in PASSING - {"unsupported"}:
                yield TwinCell(load, framework, verdict, Overhead(verdict, gated[(place, framework)].reason))
            elif not file.is_file():
                yield TwinCell(load, framework, NO_TWIN, Overhead(NO_TWIN, f"there is no {file}"))
            else:
                yield _timed(session, load, framework, verdict, file, processes, best)


def _timed(session: Session, load: Workload, framework: str, verdict: str, file: Path, processes: int, best: bool) -> TwinCell:
    samples: list[Mapping[str, Any]] = []
    for _ in range(processes):
        outcome, reason, measurements = overheads.sampled(load, framework, file, session, best=best)
        if measurements is None:
            first = reason.splitlines()[0] if reason else ""
            return TwinCell(load, framework, outcome, Overhead(outcome, first), samples)
        samples.append(measurements)
    found = alternation.overhead(samples)
    return TwinCell(load, framework, found.why or verdict, found, samples)


def show(cells: Sequence[TwinCell], best: bool) -> None:
    """A row a cell: how many times as long a realization's step takes as its twin's."""
    twin = "twin in its best form" if best else "twin"
    columns = ("workload", "framework", "mode", f"over its {twin}", "A/A", "ms", "rounds", "processes")
    shown = Table(*columns, box=None, header_style="bold")
    for cell in cells:
        load, found = cell.workload, cell.found
        number = wording.SHORT.get(found.why, found.why.replace("_", " ")) if found.why else wording.interval(found.ratio)
        control = "" if found.why else wording.interval(found.control)
        milliseconds = f"{found.milliseconds:.3g}" if isfinite(found.milliseconds) else ""
        words = (f"{load.architecture}, batch {load.batch_size}", cell.framework, load.mode, number, control, milliseconds)
        shown.add_row(*map(escape, words), str(found.rounds), str(found.processes))
    terminal.show(shown)
    for cell in cells:
        if cell.found.reason:
            terminal.say(f"{cell.workload.architecture}, {cell.framework}: {cell.found.reason}", error=True)


def status(cells: Sequence[TwinCell]) -> int:
    """1 where something differs; 3 where a cell has no number."""
    whys = {cell.found.why for cell in cells}
    if whys & {"differs", "nonfinite", "nondeterministic", "mistrusted", "reduced_precision"}:
        return 1
    return 3 if whys - {"", "unsupported"} or not cells else 0


def rows(cells: Sequence[TwinCell]) -> list[dict[str, Any]]:
    """For `--json`: what each cell came to, with its raw turns."""
    found = []
    for cell in cells:
        said = asdict(replace(cell.found, milliseconds=0.0))
        said["milliseconds"] = cell.found.milliseconds if isfinite(cell.found.milliseconds) else None
        load = cell.workload
        about = {"spec": load.architecture, "framework": cell.framework, "mode": load.mode, "batch_size": load.batch_size}
        found.append({**about, "verdict": cell.verdict, **said, "samples": [dict(sample) for sample in cell.samples]})
    return found
