"""Owns the way from trials to judged trials: it writes requests, runs workers, reads records and has them judged.

It refuses to make trials and to print; progress is reported by callbacks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from parity.execution import arrays as array_files
from parity.execution.launcher import adopting, planning, target_sources
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.launcher.launching import launch, only_writer
from parity.execution.launcher.worker_process import Limits
from parity.execution.records import Record
from parity.judgement import differences, verdicts
from parity.judgement.comparison import Comparison, by
from parity.trials.networks import LARGE_SIZES
from parity.trials.options import DTYPES
from parity.trials.trial import Trial, asked_of

PROMPT = 1 << 26
"""Bytes of a record's arrays up to which it is judged at once. Larger ones wait until the worker has given its memory back."""
OnRecord = Callable[[str, Record], None]
FEW = 100
"""Cases up to which one process runs both precisions of a framework: its import, seconds of a core, weighs more than they do.
More cases get a process for each precision, so that two cores have work until the end."""


@dataclass(frozen=True)
class JudgedTrial:
    """One trial in one framework: its record, and its comparisons. `out`: the folder of the record's arrays."""

    trial: Trial
    framework: str
    record: Record
    comparisons: Sequence[Comparison]
    out: Path

    @property
    def verdict(self) -> str:
        return verdicts.worst(comparison.verdict for comparison in self.comparisons)


@dataclass(frozen=True)
class Session:
    """The settings with which trials run. realizations: framework -> `package.module:Class` of the user's own."""

    store: Path
    frameworks: Sequence[str]
    realizations: Mapping[str, str] = field(default_factory=dict)
    python_path: Sequence[Path] = ()
    threads: int = 1
    timeout: float = 600.0
    at_once: int = 2
    on_record: OnRecord = lambda _framework, _record: None
    on_notice: Callable[[str], None] = lambda _notice: None

    def run(self, trials: Sequence[Trial]) -> list[JudgedTrial]:
        """Runs every trial in every framework, in the order of frameworks and trials. Existing records are reused."""
        jobs = [(name, dtypes) for name in self.frameworks for dtypes in self._together(name, trials)]
        # Here, not in the threads: threads that parse at once raise SystemError in CPython 3.11 (recursion depth mismatch).
        code = {name: planning.implementation_digest(name, self.sources(name)) for name in self.frameworks}
        stopped = Event()
        with ThreadPoolExecutor(max_workers=min(self.at_once, os.cpu_count() or 1)) as pool:
            batches = [pool.submit(self._run_one, *job, trials, code[job[0]], stopped.is_set) for job in jobs]
            try:
                return [judged_trial for batch in batches for judged_trial in batch.result()]
            except BaseException:  # Ctrl-C, or a batch that failed: the pool waits for its threads, so they must end
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def sources(self, framework: str) -> list[Path]:
        """The user's own files that a realization is made of. An edit makes another
        realization, and old records become invalid."""
        target = self.realizations.get(framework)
        return target_sources.of(target, self.python_path) if target else []

    def _together(self, framework: str, trials: Sequence[Trial]) -> list[tuple[str, ...]]:
        """The precisions that share a process. A realization of the user's own may settle on one while it is imported; large
        networks leave the memory of one to the other."""
        dtypes = tuple(dict.fromkeys(trial.case.dtype for trial in trials))
        large = any(trial.case.size in LARGE_SIZES for trial in trials)
        alone = large or len(trials) > FEW or framework in self.realizations
        return [(dtype,) for dtype in dtypes] if alone else [dtypes] if dtypes else []

    def _run_one(
        self, framework: str, dtypes: Sequence[str], trials: Sequence[Trial], code: str, stop: Callable[[], bool]
    ) -> list[JudgedTrial]:
        """The trials of a job, judged while its worker goes on with the next ones."""
        chosen = asked_of([trial for dtype in dtypes for trial in trials if trial.case.dtype == dtype], framework)
        if not chosen:
            return []
        plain = framework.replace("[", "-").replace("]", "")
        name = "-".join((plain, *dtypes))
        out = self.store / "records" / name
        try:
            environment = installed(framework)
        except Unavailable as error:
            records = [self.absent(trial, framework, str(error)) for trial in chosen]
            for record in records:
                self.on_record(framework, record)
            return [self._judged(trial, framework, record, out, stop) for trial, record in zip(chosen, records, strict=True)]
        judged: dict[int, JudgedTrial] = {}
        with only_writer(self.store / "requests" / name):  # otherwise another parity's worker would read this request
            written = planning.write_request(
                self.store / "requests" / name,
                framework,
                [planning.PlannedCase(trial.case, trial.arrays) for trial in chosen],
                versions=environment.versions,
                implementation=code,
                realization=self.realizations.get(framework),
                threads=self.threads,
            )
            places: dict[str, list[int]] = {}
            for place, entry in enumerate(written.entries):
                places.setdefault(entry.key, []).append(place)

            def take(record: Record) -> None:
                self.on_record(framework, record)
                if record.arrays is None or (out / record.arrays.file).stat().st_size <= PROMPT:
                    for place in places[record.key]:
                        judged[place] = self._judged(chosen[place], framework, record, out, stop)

            adopting.adopt(out, places, framework_folders(self.store / "records", plain))
            records = launch(
                self.store / "requests" / name,
                environment.interpreter,
                out,
                limits=Limits(timeout=self.timeout),
                python_path=self.python_path,
                on_record=take,
                on_notice=self.on_notice,
                stop=stop,
            )
        for place, record in enumerate(records):
            if place not in judged:
                judged[place] = self._judged(chosen[place], framework, record, out, stop)
        return [judged[place] for place in range(len(chosen))]

    def _judged(self, trial: Trial, framework: str, record: Record, out: Path, stop: Callable[[], bool]) -> JudgedTrial:
        if stop():
            raise KeyboardInterrupt
        return JudgedTrial(trial, framework, record, judge_record(trial, framework, record, out), out)

    @staticmethod
    def absent(trial: Trial, framework: str, reason: str) -> Record:
        case = trial.case
        return Record("0" * 64, case.id, framework, "unavailable", case.dtype, case.device, case.mode, reason)


def framework_folders(records: Path, plain: str) -> list[Path]:
    """Where a framework's records lie: a folder for each choice of precisions that shared a process."""
    kinds = "|".join(DTYPES)
    return [path for path in sorted(records.glob(f"{plain}-*")) if re.fullmatch(f"{re.escape(plain)}(-({kinds}))+", path.name)]


def judge_record(trial: Trial, framework: str, record: Record, out: Path) -> list[Comparison]:
    """Comparisons of one record, with known differences applied. A case that did not run gives one comparison that says so."""
    case = trial.case
    if record.outcome != "ran":
        verdict = verdicts.of_outcome(record.outcome)
        comparisons = [Comparison(case.id, "outcome", "", verdict, case.dtype, reason=record.reason, outcome=record.outcome)]
    else:
        arrays = array_files.load(out, record.arrays) if record.arrays else {}
        comparisons = trial.judge(arrays)
    named = [by(comparison, framework, record.framework_version) for comparison in comparisons]
    return differences.apply(case, framework, record, named)
