"""Owns `parity run`: it checks, trains and times a suite's entries, and writes and reports the results; or plans and collects.

It refuses to keep arrays in the results: they stay in the store.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution.frameworks import training as training_names
from parity.execution.launcher import diagnosis
from parity.judgement.verdicts import exit_status
from parity.reporting import pages
from parity.reporting.results import Results, read, write
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.suites import Suite, SuiteEntry
from parity.trials import full_size, limits, machine, selected_frameworks, selection, speed, suites, training
from parity.trials import options as asking
from parity.trials import report_rows as collating
from parity.trials.networks import LARGE_SIZES, batch_size_of
from parity.trials.session import JudgedTrial, Session
from parity.verbs import bench, terminal
from parity.verbs.bench import bench_result
from parity.verbs.check import CheckCall, document, make_trials, show
from parity.verbs.result_files import Places
from parity.verbs.run import entries, planned_elsewhere
from parity.verbs.run.entries import Outcome
from parity.verbs.terminal import not_built, progress, timings

REPORTS = "reports"
"""Default directory of reports, below the store. The project's own reports/ are renewed only if the user names them."""
PLACES = Places()


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
    away = plan is not None or collect is not None  # the cases run on another machine
    named = selected_frameworks.that_train(tuple(frameworks) or (training_names() if away else ()))
    if not away:
        not_built.tell(frameworks)
    store = asking.store(store)
    asking.place(plan or output or store, *(() if plan or collect else (store,)))
    if plan is not None:
        return planned_elsewhere.write_plan(loaded, named, plan)
    outcome = planned_elsewhere.collected(loaded, named, collect, store) if collect else run(loaded, named, store, so_far)
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
            if entry.task in entries.CHECKED:
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


def _large(entry: SuiteEntry) -> bool:
    return entry.task == "agreement" and entry.size in LARGE_SIZES


def _agree(entry: SuiteEntry, session: Session, so_far: bool) -> list[JudgedTrial]:
    """Judges an agreement entry. At a large size networks run one at a time, since their arrays would not fit together."""
    if not _large(entry):
        return session.run(entries.agreement_trials(entry))
    selected = selection.select(entry.specs)
    judged = list(full_size.settle(selected.architectures, entries.options(entry), session, so_far))
    if so_far:
        return judged
    rest = replace(selected, architectures=())
    made = [trial for options in entries.options(entry) for trial in make_trials(rest, options)]
    return judged + (session.run(made) if made else [])


def _train(entry: SuiteEntry, session: Session, outcome: Outcome, bar: progress.Bar) -> None:
    initializer = selection.initializer(entry.initializer or "glorot_uniform")
    optimizer = selection.optimizer(entry.optimizer or "adam")
    for architecture in selection.select(entry.specs).architectures:
        for options in entries.options(entry):
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
    for sized, loads in entries.timed(entry):
        speeds = bench.take(session, loads, sized, bench.PROCESSES)
        outcome.speeds += speeds.speeds
        outcome.kept += speeds.kept
        outcome.interrupted = outcome.interrupted or speeds.interrupted
        if speeds.interrupted:
            return
