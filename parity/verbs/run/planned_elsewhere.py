"""Owns the plan of a suite for another machine, and the collecting of what came back: checks, training and timed rounds.

It refuses a record that belongs to no case of the suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.errors import UsageError
from parity.execution import records, request
from parity.execution.launcher import plan, planning
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.launcher.plan import PlannedRun
from parity.spec import specs as language
from parity.spec.suites import Suite, SuiteEntry
from parity.trials import selected_frameworks, selection, training
from parity.trials.bench_rounds import PEAK, Rounds, TimedCell, of_judged
from parity.trials.session import JudgedTrial, Session, judge_record
from parity.trials.speed import Workload
from parity.trials.streams import stream
from parity.trials.trial import Options, Trial
from parity.verbs import bench, terminal
from parity.verbs.bench import Gated
from parity.verbs.bench.bench_result import Benched
from parity.verbs.run import entries
from parity.verbs.run.entries import Outcome

GATE = "gate"
Asked = tuple[language.Architecture, language.Initializer, language.Optimizer, SuiteEntry, Options]
"""What a training is begun with."""


@dataclass(frozen=True)
class TimedPart:
    """What a speed entry asks for under one set of options. cells: as if every check passed; it has not run yet."""

    options: Options
    loads: list[Workload]
    frameworks: tuple[str, ...]
    cells: list[TimedCell]

    def folder(self, cell: TimedCell, number: int) -> str:
        """The folder of a cell's request. The A/A pair is one request, run twice a round."""
        load = "peak" if cell.role == PEAK else str(next(i for i, load in enumerate(self.loads) if load is cell.workload))
        return f"timed{number}-{load}-{_plain(cell.framework)}"


def write_plan(suite: Suite, frameworks: Sequence[str], folder: Path) -> int:
    """Writes self-contained requests of every entry, and the order in which they run, for machines without network."""
    folder.mkdir(parents=True, exist_ok=True)
    runs: list[PlannedRun] = []
    made = _untimed(suite, frameworks)
    for name in frameworks:
        for dtype in dict.fromkeys(trial.case.dtype for trial in made):
            runs.append(_request(folder, f"{_plain(name)}-{dtype}", name, [t for t in made if t.case.dtype == dtype], 1))
    for number, part in enumerate(_timed(suite, frameworks)):
        for name in part.frameworks:
            gate = [trial for load in part.loads for trial in load.gate]
            runs.append(_request(folder, f"{GATE}{number}-{_plain(name)}", name, gate, bench.THREADS))
        for cell in {part.folder(cell, number): cell for cell in part.cells}.values():
            _request(folder, part.folder(cell, number), cell.framework, [cell.workload.timed], bench.THREADS)
        runs += _rounds(part, number)
    plan.write(folder, runs)
    for name in dict.fromkeys(_frameworks(folder)):
        terminal.say(f"# {name}: --python {name}=/path/to/python, which has the versions of `parity env list`")
    terminal.say(f"python -m parity.execution.launcher {folder} --python FRAMEWORK=/path/to/python")
    return 0


def _frameworks(folder: Path) -> Iterator[str]:
    yield from (asked.framework for asked in planning.requests(folder))


def _rounds(part: TimedPart, number: int) -> Iterator[PlannedRun]:
    """Every cell once a round, in shuffled order; the product of matrices in the first one alone."""
    for round_ in range(bench.PROCESSES):
        cells = [cell for cell in part.cells if cell.role != PEAK or round_ == 0]
        for place in stream("bench", "order", round_).permutation(len(cells)):
            cell = cells[place]
            yield PlannedRun(part.folder(cell, number), _results(cell, round_))


def _results(cell: TimedCell, round_: int) -> str:
    return f"round{round_}{'-again' if cell.role and cell.role != PEAK else ''}"


def _request(folder: Path, place: str, framework: str, trials: Sequence[Trial], threads: int) -> PlannedRun:
    asked = [planning.PlannedCase(trial.case, trial.arrays) for trial in trials]
    digest, versions = planning.implementation_digest(framework), _versions(framework)
    planning.write_request(folder / place, framework, asked, versions=versions, implementation=digest, threads=threads)
    return PlannedRun(place, planning.RESULTS)


def collected(suite: Suite, frameworks: Sequence[str], folder: Path, store: Path) -> Outcome:
    """Judges and summarizes what came back. Cells whose check did not pass have no number, whatever was measured."""
    outcome = Outcome(judged=collect_plan(suite, frameworks, folder))
    by_id = {(one.framework, one.trial.case.id): one for one in outcome.judged}
    for entry in (entry for entry in suite.entries if entry.task == "training"):
        for course in _courses(entry, store):
            back = [by_id[name, course.trial.case.id] for name in frameworks if (name, course.trial.case.id) in by_id]
            outcome.curves += training.curves(course, back)
    for number, part in enumerate(_timed(suite, frameworks)):
        outcome.speeds += _benched(part, number, folder).speeds
    if not outcome.judged and not outcome.speeds:
        raise UsageError(f"{folder} holds no request of {', '.join(frameworks)}", status=5)
    return outcome


def _benched(part: TimedPart, number: int, folder: Path) -> Benched:
    gates = [
        judged
        for name in part.frameworks
        for judged in _judged(
            folder / f"{GATE}{number}-{_plain(name)}", planning.RESULTS, [t for load in part.loads for t in load.gate], name
        )
    ]
    gated = bench.gated_by(gates, part.loads)
    gated = {(i, name): gated.get((i, name), Gated("not_compared")) for i in range(len(part.loads)) for name in part.frameworks}
    cells = bench.cells_of(part.loads, gated, part.frameworks, part.options)
    found = Rounds()
    for cell in cells:
        place = folder / part.folder(cell, number)
        for round_ in range(1 if cell.role == PEAK else bench.PROCESSES):
            if (place / _results(cell, round_) / records.FILE).is_file():
                (judged,) = _judged(place, _results(cell, round_), [cell.workload.timed], cell.framework)
                found.sampled.append(of_judged(cell, round_, judged))
    return bench.benched(part.loads, gated, part.frameworks, cells, found, bench.PROCESSES)


def collect_plan(suite: Suite, frameworks: Sequence[str], folder: Path) -> list[JudgedTrial]:
    """Judges the results of checks and training. A case without a result is `not_compared`."""
    made = _untimed(suite, frameworks)
    judged = []
    for name in frameworks:
        for dtype in dict.fromkeys(trial.case.dtype for trial in made):
            place = folder / f"{_plain(name)}-{dtype}"
            if (place / "request.json").is_file():
                judged += _judged(place, planning.RESULTS, [t for t in made if t.case.dtype == dtype], name)
    return judged


def _judged(place: Path, results: str, trials: Sequence[Trial], framework: str) -> list[JudgedTrial]:
    """The trials of a request with what came back of them."""
    asked, out, made = request.read(place), place / results, {trial.case.id: trial for trial in trials}
    reading = records.read(out)
    for notice in reading.notices:
        terminal.say(notice, error=True)
    found, latest = [], reading.latest()
    for entry in asked.entries:
        trial = made.get(entry.case.id)
        if trial is None or asked.framework != framework:
            raise UsageError(f"{place}: {entry.case.id} is not of this suite; write the plan with this parity again")
        record = latest.get(entry.key)
        if record is None or (record.case, record.framework) != (entry.case.id, framework):
            record = Session.absent(trial, framework, "no record came back")
        found.append(JudgedTrial(trial, framework, record, judge_record(trial, framework, record, out), out))
    return found


def _untimed(suite: Suite, frameworks: Sequence[str]) -> list[Trial]:
    """The trials of checks and of training; training's reference is not trained for a plan."""
    made = [trial for entry in suite.entries if entry.task in entries.CHECKED for trial in entries.agreement_trials(entry)]
    for entry in suite.entries:
        if entry.task == "training":
            made += [course.trial for course in _begun(entry)]
    return made


def _begun(entry: SuiteEntry) -> Iterator[training.BegunCourse]:
    yield from (training.begun(*asked, Path()) for asked in _asked(entry))


def _courses(entry: SuiteEntry, store: Path) -> Iterator[training.Course]:
    yield from (training.course(*asked, store) for asked in _asked(entry))


def _asked(entry: SuiteEntry) -> Iterator[Asked]:
    initializer = selection.initializer(entry.initializer or "glorot_uniform")
    optimizer = selection.optimizer(entry.optimizer or "adam")
    for architecture in selection.select(entry.specs).architectures:
        for options in entries.options(entry):
            yield architecture, initializer, optimizer, entry, options


def _timed(suite: Suite, frameworks: Sequence[str]) -> Iterator[TimedPart]:
    for entry in (entry for entry in suite.entries if entry.task == "speed"):
        named = selected_frameworks.that_train(entry.frameworks) if entry.frameworks else tuple(frameworks)
        for options, loads in entries.timed(entry):
            passing = {(place, name): Gated("agrees") for place in range(len(loads)) for name in named}
            yield TimedPart(options, loads, tuple(named), bench.cells_of(loads, passing, named, options))


def _plain(framework: str) -> str:
    return framework.replace("[", "-").replace("]", "")


def _versions(framework: str) -> Mapping[str, str]:
    """The versions in the framework's environment; {} if there is none here, as for a plan for another machine."""
    try:
        return installed(framework).versions
    except Unavailable:
        return {}
