"""Owns `parity bench`: training speed of models that pass the check, in fresh processes, in rounds over all cells.

It refuses to time a model that was not checked, to count samples of one process as independent, and to quote bare seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from parity.errors import UsageError
from parity.judgement.verdicts import PASSING, worst
from parity.reporting import summary, wording
from parity.reporting.results import Results, Speed
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.trials import asked_frameworks, limits, output, selection
from parity.trials import draws as drawing
from parity.trials import options as asking
from parity.trials.networks import architecture_trials
from parity.trials.options import STORE
from parity.trials.session import JudgedTrial, Session
from parity.trials.streams import stream
from parity.trials.trial import Options, Trial
from parity.verbs import terminal
from parity.verbs.terminal import progress, unasked

THREADS = 2
PROCESSES = 5
"""Fresh processes per cell by default, the smallest number that shows how processes differ."""
BUSY = "other programs took the machine in every block of some cells: they have no number; run again when it is idle"
BATCHES = 4
"""Number of different batches that a process cycles through, so that no step sees the numbers of the step before."""


def speed_trial(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    options: Options,
    batch_size: int,
    steps: int = 0,
) -> Trial:
    """The trial of float32 training steps of the whole graph, native dropout included."""
    graph = expand(architecture, options.size)
    draws = drawing.draw(graph, initializer, "float32", seed=options.seed, batch_size=batch_size, batches=BATCHES)
    case = options.case(
        architecture.name,
        "float32",
        task="speed",
        size=options.size,
        graph=graph,
        initializer=initializer.name,
        optimizer=optimizer.name,
        hyperparameters=optimizer.default_values(),
        batch_size=batch_size,
        steps=steps,
        activations=False,
    )
    return Trial(case, draws.arrays, lambda _arrays: [], "speed")


def gate(
    session: Session, architectures: Sequence[language.Architecture], options: Options, modes: Sequence[str]
) -> dict[tuple[str, str, str], str]:
    """(architecture, framework, mode) -> the verdict of its check in float32 and in that mode."""
    verdicts: dict[tuple[str, str, str], str] = {}
    for mode in modes:
        trials = [
            trial
            for architecture in architectures
            for trial in architecture_trials(
                architecture,
                selection.initializer("glorot_uniform"),
                selection.optimizer("adam"),
                replace(options, dtypes=("float32",), mode=mode, nodes=False),
            )
        ]
        for judged_trial in session.run(trials):
            key = (summary.base(judged_trial.trial.case.spec), judged_trial.framework, mode)
            verdicts[key] = worst(
                [judged_trial.verdict, *([verdicts[key]] if key in verdicts else [])]
            )  # of the whole graph and its phases
    return verdicts


def measure(
    session: Session,
    architectures: Sequence[language.Architecture],
    options: Options,
    modes: Sequence[str],
    batch_sizes: Sequence[int],
    processes: int,
    verdicts: dict[tuple[str, str, str], str],
    on_process: Callable[[], None] = lambda: None,
) -> list[Speed]:
    """Times all cells in rounds, in shuffled order, with a fresh process per cell and round, one process at a time. Cells that
    other programs disturbed are timed again, in up to as many further rounds."""
    initializer, optimizer = selection.initializer("glorot_uniform"), selection.optimizer("adam")
    trials = {
        (architecture.name, mode, batch): speed_trial(architecture, initializer, optimizer, replace(options, mode=mode), batch)
        for architecture in architectures
        for mode in modes
        for batch in batch_sizes
    }
    cells = [(key, framework) for key in trials for framework in session.frameworks]
    samples: dict[Any, list[JudgedTrial]] = {cell: [] for cell in cells}
    for number in range(2 * processes):
        for place in stream("bench", options.seed, number).permutation(len(cells)):
            (name, mode, batch), framework = cell = cells[place]
            again = number >= processes and _quiet(samples[cell]) >= processes
            if verdicts[(name, framework, mode)] in PASSING and not again:
                item = replace(
                    session, frameworks=(framework,), threads=THREADS, at_once=1, store=session.store / f"bench/round{number}"
                )
                samples[cell] += item.run([trials[(name, mode, batch)]])
            if number < processes:
                on_process()
    return [
        _speed(trials[key].case, framework, verdicts[(key[0], framework, key[1])], samples[(key, framework)])
        for key, framework in cells
    ]


def _quiet(runs: Sequence[JudgedTrial]) -> int:
    """Number of processes with at least one block that other programs did not disturb. A process that did not run counts too,
    so that it is not repeated."""
    timed = [judged_trial.record.measurements for judged_trial in runs]
    return sum(found is None or any(summary.quiet(block) for block in found["blocks"]) for found in timed)


def _speed(case: Case, framework: str, verdict: str, runs: Sequence[JudgedTrial]) -> Speed:
    timed = [
        judged_trial.record
        for judged_trial in runs
        if judged_trial.record.outcome == "ran" and judged_trial.record.measurements
    ]
    failed = next((judged_trial.record for judged_trial in runs if judged_trial.record.outcome != "ran"), None)
    return Speed(
        case=case.id,
        spec=case.spec,
        framework=framework,
        framework_version=timed[0].framework_version if timed else "",
        device=case.device,
        dtype=case.dtype,
        mode=timed[0].mode if timed else case.mode,
        batch_size=case.batch_size,
        processes=[_compact(record.measurements or {}) for record in timed],
        verdict=verdict if timed or failed is None else failed.outcome,
        reason=failed.reason.splitlines()[0] if failed and failed.reason else "",
    )


def _compact(measurements: Any) -> dict[str, Any]:
    """The measurements of a process that results keep: all blocks, and of the warm-up its length."""
    kept = {key: measurements[key] for key in ("import_seconds", "build_seconds", "first_step_ns", "second_step_ns", "threads")}
    warm = measurements["warmup"]
    return {**kept, "warmup": {"steps": len(warm["steps_ns"]), "flat": warm["flat"]}, "blocks": measurements["blocks"]}


def bench(
    specs: str | Sequence[str],
    *,
    frameworks: str | Sequence[str] = (),
    devices: str | Sequence[str] = ("cpu",),
    modes: str | Sequence[str] = ("default",),
    batch_sizes: Sequence[int] = (32,),
    processes: int = PROCESSES,
    size: str = "full",
    store: str | Path = STORE,
) -> list[Speed]:
    """Checks models, and times those that pass. Gives one cell with raw samples per architecture, framework, device, mode and
    batch size.

    processes: number of fresh processes per cell. A single word may stand for a sequence of words. Raises SpecError,
    UsageError.
    """
    specs, frameworks, devices, modes = map(asking.words, (specs, frameworks, devices, modes))
    asking.check((), devices, modes)
    chosen = selection.select(specs).architectures
    if not chosen:
        raise UsageError("bench times architectures; `parity list architectures` shows them", status=5)
    limits.check_numbers(batch_sizes=batch_sizes, processes=processes)
    for architecture in chosen:
        limits.check_case(expand(architecture, size), max(batch_sizes, default=1), BATCHES, walked=False)
    asking.place(Path(store))
    speeds: list[Speed] = []
    for device in devices:
        options = Options(device=device, size=size)
        with progress.bar("checking and timing", None) as bar:
            session = Session(Path(store), asked_frameworks.that_train(frameworks), on_record=bar.record, on_notice=bar.notice)
            verdicts = gate(session, chosen, options, modes)
            speeds += measure(session, chosen, options, modes, batch_sizes, processes, verdicts)
    return speeds


def main(json_path: Path | None, **options: Any) -> int:
    """The verb: checks, measures and prints; `--json` writes the raw samples."""
    output.reach(json_path)
    speeds = bench(**options)
    unasked.tell(options["frameworks"])
    terminal.show(table(Results("bench", "parity bench", speeds=speeds)))
    terminal.say(stated(options["size"]))
    if json_path is not None:
        output.write_speed_json(json_path, speeds)
    if any(speed.processes and not summary.measured(speed) for speed in speeds):
        terminal.say(BUSY, error=True)
    return 0 if all(summary.measured(speed) for speed in speeds) else 3


def stated(size: str) -> str:
    """A sentence on the size that was timed, since the speed of the small probe says nothing about the published network."""
    told = {"small": "the small probes that `check` judges, not the published networks", "full": "the published networks"}
    return f"timed at size {size}: {told[size]}" if size in told else f"timed at size {size}"


def table(results: Results) -> Table:
    """The table of workloads by cells: each time as a multiple of the fastest, with its interval."""
    shown = Table("workload", "framework", "mode", "times the fastest", "median ms", "processes", box=None, header_style="bold")
    for (spec, device, batch), cells in summary.speeds(results).items():
        for cell in cells:
            count = str(len(cell.speed.processes))
            name = f"{spec}, batch {batch}, {device}"
            shown.add_row(
                escape(name),
                escape(cell.speed.framework),
                escape(cell.speed.mode),
                wording.speed_text(cell),
                wording.milliseconds(cell.median_ns),
                count,
            )
    return shown
