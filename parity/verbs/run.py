"""Owns `parity run`: it checks, trains and times a suite's entries, and writes and reports the results; or plans and collects.

It refuses to keep arrays in the results: they stay in the store.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution.frameworks import training as training_names
from parity.execution.launcher import diagnosis, planning
from parity.execution.launcher.environments import Unavailable, installed
from parity.judgement.verdicts import exit_status
from parity.reporting import pages
from parity.reporting.results import Curve, Results, Speed, read, write
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.suites import Suite, SuiteEntry
from parity.trials import full_size, limits, machine, selected_frameworks, selection, speed, suites, training
from parity.trials import options as asking
from parity.trials import report_rows as collating
from parity.trials.bench_rounds import Sampled
from parity.trials.networks import LARGE_SIZES, batch_size_of
from parity.trials.options import DTYPES
from parity.trials.session import JudgedTrial, Session, judge_record
from parity.trials.trial import Options, Trial
from parity.verbs import bench, terminal
from parity.verbs.bench import bench_result
from parity.verbs.check import CheckCall, document, make_trials, show
from parity.verbs.result_files import Places
from parity.verbs.terminal import not_built, progress, timings

REPORTS = "reports"
"""Default directory of reports, below the store. The project's own reports/ are renewed only if the user names them."""
PLACES = Places()
PLANNED = ("agreement", "sampling")
"""Tasks whose requests can be written beforehand; other tasks need earlier results."""


@dataclass
class Outcome:
    """What a suite has given so far. kept: timed processes out of the store. interrupted: while it was timing.
    left: entries that were not begun then."""

    judged: list[JudgedTrial] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    kept: list[Sampled] = field(default_factory=list)
    interrupted: bool = False
    left: list[str] = field(default_factory=list)


def main(
    suite: str,
    frameworks: Sequence[str],
    store: Path | None,
    output: Path | None,
    plan: Path | None,
    collect: Path | None,
    so_far: bool,
    places: Places = PLACES,
) -> int:
    """The verb. The exit status is that of the check; 3 (incomplete) if a speed cell could not be timed.

    places: files of what was judged, as those of `check`; curves and speeds are in the report's data.
    """
    places.reach()
    loaded = language.load(suite if suite.endswith((".yaml", ".yml")) else f"suites/{suite}")
    if not isinstance(loaded, Suite):
        raise UsageError(f"{suite} is no suite; `parity list suites` shows them")
    suites.check(loaded)
    elsewhere = plan is not None or collect is not None  # the cases run on another machine
    named = selected_frameworks.that_train(tuple(frameworks) or (training_names() if elsewhere else ()))
    if not elsewhere:
        not_built.tell(frameworks)
    store = asking.store(store)
    asking.place(plan or output or store, *(() if plan or collect else (store,)))
    if plan is not None:
        return write_plan(loaded, named, plan)
    outcome = Outcome(judged=collect_plan(loaded, named, collect)) if collect else run(loaded, named, store, so_far)
    again, output = command(suite, output), output or store / REPORTS / loaded.name
    results = Results(
        suite=loaded.name,
        command=again,
        environment=environment(named),
        rows=collating.rows(outcome.judged),
        curves=outcome.curves,
        speeds=outcome.speeds,
        made=datetime.now(UTC).date().isoformat(),
    )
    write(results, output / "data")
    pages.write(read(output / "data"), output)  # from the written data, so that `parity report` gives the same bytes
    show(outcome.judged, results.command)
    places.write(document(outcome.judged, CheckCall(store=store), results.command))
    terminal.say(f"report: {output / 'index.html'}")
    timed = bench_result.Benched(outcome.speeds, outcome.kept, outcome.interrupted)
    for line in (*timings.from_store(outcome.speeds, outcome.kept), *bench_result.complaints(timed), *outcome.left):
        terminal.say(line, error=True)
    if outcome.interrupted:
        return 130
    status = exit_status(judged_trial.verdict for judged_trial in outcome.judged) if outcome.judged else 0
    later = bench_result.status(timed) if outcome.speeds else 0
    return 1 if 1 in (status, later) else max(status, later) if outcome.judged or outcome.speeds else 5


def command(suite: str, output: Path | None) -> str:
    """The command that makes this report again, in the same place."""
    return f"parity run {suite}" + ("" if output is None else f" --output {output}")


def run(suite: Suite, frameworks: Sequence[str], store: Path, so_far: bool = False) -> Outcome:
    """Runs every entry in order. Unchanged cases that were recorded before are taken over. so_far: take over only, run
    nothing."""
    outcome = Outcome()
    if so_far and not all(_large(entry) for entry in suite.entries):
        raise UsageError(f"{suite.name} asks for more than large networks, which alone are settled one by one: run it")
    if so_far and not full_size.begun(store):
        raise UsageError(f"no network of {suite.name} is finished in {store}: `parity run {suite.name}` begins", status=5)
    for entry in suite.entries:
        _check_size(entry)
    for entry in suite.entries:
        named = selected_frameworks.that_train(entry.frameworks) if entry.frameworks else tuple(frameworks)
        with progress.bar(f"{entry.task}: {', '.join(entry.specs)}", None) as bar:
            session = Session(store, named, on_record=bar.record, on_notice=bar.notice)
            if entry.task in PLANNED:
                outcome.judged += _agree(entry, session, so_far)
            elif entry.task == "training":
                _train(entry, session, outcome, bar)
            else:
                _time(entry, session, outcome)
        if outcome.interrupted:
            rest = suite.entries[suite.entries.index(entry) + 1 :]
            outcome.left += [f"not begun: {entry.task} of {', '.join(entry.specs)}" for entry in rest]
            break
    return outcome


def _check_size(entry: SuiteEntry) -> None:
    """Checks the batches and steps of an entry, before any entry runs. Raises UsageError if they are too many."""
    if not (entry.steps or entry.batch_sizes):
        return
    for architecture in selection.select(entry.specs).architectures:
        graph = expand(architecture, entry.size or ("small" if entry.task == "agreement" else "full"))
        for batch_size in entry.batch_sizes or [batch_size_of(graph, entry.size or "small")]:
            batches = {"speed": speed.BATCHES, "agreement": entry.steps or 1}.get(entry.task, 1)
            limits.check_case(graph, batch_size, batches, walked=entry.task != "speed")


def agreement_trials(entry: SuiteEntry) -> list[Trial]:
    """The cases of an agreement or sampling entry."""
    selected = selection.select(entry.specs)
    made: list[Trial] = []
    for options in _options(entry):
        made += make_trials(selected, options)
    return made


def write_plan(suite: Suite, frameworks: Sequence[str], folder: Path) -> int:
    """Writes self-contained requests of the suite's agreement and sampling entries, for machines without network.

    Raises UsageError if the suite has no such entries. Entries that are left out are named.
    """
    left = dict.fromkeys(entry.task for entry in suite.entries if entry.task not in PLANNED)
    if all(entry.task in left for entry in suite.entries):
        raise UsageError(f"{suite.name} has {' and '.join(left)} alone: only agreement and sampling can be planned", status=5)
    made = _plannable(suite)
    for name in frameworks:
        for dtype in dict.fromkeys(trial.case.dtype for trial in made):
            planned = [planning.PlannedCase(trial.case, trial.arrays) for trial in made if trial.case.dtype == dtype]
            target = folder / f"{name.replace('[', '-').replace(']', '')}-{dtype}"
            digest = planning.implementation_digest(name)
            planning.write_request(target, name, planned, versions=_versions(name), implementation=digest)
            terminal.say(f"python -m parity.execution.launcher {target} {target / planning.RESULTS}")
    if left:
        terminal.say(f"left out, since it cannot be planned: {', '.join(left)}", error=True)
    return 0


def collect_plan(suite: Suite, frameworks: Sequence[str], folder: Path) -> list[JudgedTrial]:
    """Judges the results of a plan. A case without a result is `not_compared`."""
    made = {trial.case.id: trial for trial in _plannable(suite)}
    judged = []
    for request, reading in planning.collect(folder):
        if request.framework not in frameworks:
            continue
        records, out = reading.latest(), request.directory / planning.RESULTS
        for notice in reading.notices:
            terminal.say(notice, error=True)
        for entry in request.entries:
            trial = made.get(entry.case.id)
            if trial is None:
                raise UsageError(
                    f"{request.directory}: {entry.case.id} is not of this suite; write the plan with this parity again"
                )
            record = records.get(entry.key)
            if record is None or (record.case, record.framework) != (entry.case.id, request.framework):
                record = Session.absent(trial, request.framework, "no record came back")
            judged.append(
                JudgedTrial(trial, request.framework, record, judge_record(trial, request.framework, record, out), out)
            )
    if not judged:
        raise UsageError(f"{folder} holds no request of {', '.join(frameworks)}", status=5)
    return judged


def environment(frameworks: Sequence[str]) -> dict[str, Any]:
    """Machine and frameworks, for the report's table."""
    import numpy

    import parity

    here = {
        "processor": machine.processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "harness": f"parity {parity.__version__}, Python {platform.python_version()}, numpy {numpy.__version__}",
    }
    described: dict[str, Mapping[str, Any]] = {}
    for item in diagnosis.diagnose(frameworks):
        if item.description is not None:
            kept = ("version", "versions", "settings", "devices", "default_mode")
            described[item.framework] = {key: item.description[key] for key in kept}
    return {"machine": here, "frameworks": described}


def _plannable(suite: Suite) -> list[Trial]:
    suites = [entry for entry in suite.entries if entry.task in PLANNED]
    return [trial for entry in suites for trial in agreement_trials(entry)]


def _versions(framework: str) -> Mapping[str, str]:
    """The versions in the framework's environment; {} if there is none here, as for a plan for another machine."""
    try:
        return installed(framework).versions
    except Unavailable:
        return {}


def _options(entry: SuiteEntry) -> list[Options]:
    dtypes, size = tuple(entry.dtypes) or DTYPES, entry.size or "small"
    return [
        Options(dtypes=dtypes, device=device, mode=mode, size=size, seed=seed, nodes=entry.nodes, steps=entry.steps)
        for device in entry.devices or ["cpu"]
        for mode in (*entry.modes,) or (None,)
        for seed in entry.seeds
    ]


def _large(entry: SuiteEntry) -> bool:
    return entry.task == "agreement" and entry.size in LARGE_SIZES


def _agree(entry: SuiteEntry, session: Session, so_far: bool) -> list[JudgedTrial]:
    """Judges an agreement entry. At a large size networks run one at a time, since their arrays would not fit together."""
    if not _large(entry):
        return session.run(agreement_trials(entry))
    selected = selection.select(entry.specs)
    judged = list(full_size.settle(selected.architectures, _options(entry), session, so_far))
    if so_far:
        return judged
    rest = replace(selected, architectures=())
    made = [trial for options in _options(entry) for trial in make_trials(rest, options)]
    return judged + (session.run(made) if made else [])


def _train(entry: SuiteEntry, session: Session, outcome: Outcome, bar: progress.Bar) -> None:
    initializer = selection.initializer(entry.initializer or "glorot_uniform")
    optimizer = selection.optimizer(entry.optimizer or "adam")
    for architecture in selection.select(entry.specs).architectures:
        for options in _options(entry):
            taken = training.course(
                architecture,
                initializer,
                optimizer,
                entry,
                options,
                session.store,
                lambda step: bar.advance(f"reference, step {step}"),
            )
            judged = session.run([taken.trial])
            outcome.judged += judged
            outcome.curves += training.curves(taken, judged)


def _time(entry: SuiteEntry, session: Session, outcome: Outcome) -> None:
    architectures = selection.select(entry.specs).architectures
    for options in _options(entry.model_copy(update={"modes": []})):  # bench combines modes with cells itself
        sized = replace(options, size=entry.size or "full")
        loads = bench.workloads(
            architectures, sized, entry.modes or ["default"], entry.batch_sizes or [32], entry.optimizer or bench.OPTIMIZER
        )
        speeds = bench.take(session, loads, sized, bench.PROCESSES)
        outcome.speeds += speeds.speeds
        outcome.kept += speeds.kept
        outcome.interrupted = outcome.interrupted or speeds.interrupted
        if speeds.interrupted:
            return
