"""Owns networks at full size: each is judged in one precision at a time, and kept as verdicts without its gigabytes of arrays.

Verdicts from the same code in the same environments are reused. It refuses to run two networks at once.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from parity.execution import records, sealed
from parity.execution.damaged_files import Damaged, parsed
from parity.execution.launcher import planning, target_sources
from parity.execution.launcher.environments import Unavailable, installed
from parity.judgement import differences
from parity.judgement.comparison import Comparison
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.trials import selection
from parity.trials.networks import architecture_trials, masked, programs
from parity.trials.session import JudgedTrial, Session, judge_record
from parity.trials.trial import Options, Trial

TIMEOUT = 3600.0
JUDGING = "parity.trials.full_size"
"""The name of this module. Its imports contain all code that draws, runs and judges, except a framework's implementation."""

Architecture = language.Architecture


def settle(
    architectures: Sequence[Architecture], options: Sequence[Options], session: Session, so_far: bool = False
) -> Iterator[JudgedTrial]:
    """Every network in every precision, in order; each is written to disk before the next begins.

    so_far: run nothing; a network that is not settled is `not_compared`.
    """
    for architecture in architectures:
        for option in options:
            for dtype in option.dtypes:
                yield from _one(architecture, replace(option, dtypes=(dtype,)), session, so_far)


def _one(architecture: Architecture, options: Options, session: Session, so_far: bool) -> Iterator[JudgedTrial]:
    name = f"{architecture.name}-{options.dtypes[0]}"
    file = session.store / "settled" / f"{name}-{_key(architecture, options, session)}.jsonl"
    if so_far and not file.exists():
        yield from _waiting(architecture, options, session)
        return
    if not file.exists():
        place = session.store / "unsettled" / name
        alone = replace(session, store=place, at_once=1, timeout=TIMEOUT)
        initializer, optimizer = _started()
        judged: list[JudgedTrial] = []
        for trial in architecture_trials(architecture, initializer, optimizer, options):
            for framework in session.frameworks:
                _give_back()
                judged += map(_light, replace(alone, frameworks=(framework,)).run([trial]))
        if any(judged_trial.record.outcome not in records.FINAL for judged_trial in judged):
            yield from judged  # the next run asks again, since a crash is not a verdict
            return
        _write(file, judged)
        shutil.rmtree(place, ignore_errors=True)
    yield from _settled_before(file)


def _give_back() -> None:
    """Returns freed memory to the system: the C library keeps what walks and judgements have freed,
    and a worker is about to need as much."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _waiting(architecture: Architecture, options: Options, session: Session) -> Iterator[JudgedTrial]:
    """A `not_compared` trial per framework, for a network that has not been settled yet."""
    initializer, optimizer = _started()
    more = {"initializer": initializer.name, "optimizer": optimizer.name, "size": options.size}
    graph, rates = masked(expand(architecture, options.size))
    for program in programs(graph, bool(rates)):
        trial = Trial(options.case(program, options.dtypes[0], **more), {}, _settled, "architectures")
        for name in session.frameworks:
            record = session.absent(trial, name, "not settled so far; `parity run` of the suite goes on with it")
            yield JudgedTrial(trial, name, record, judge_record(trial, name, record, Path()), Path())


def _key(architecture: Architecture, options: Options, session: Session) -> str:
    """A key of everything that the verdicts depend on: the spec, the options, the code, the environments."""
    code = target_sources.digest([JUDGING])
    specs = [item.model_dump(mode="json") for item in (architecture, *_started())]
    frameworks = {
        name: [planning.implementation_digest(name), _versions(name), differences.of_cases(name)] for name in session.frameworks
    }
    own = dict(session.realizations), {name: records.source_digest(session.sources(name)) for name in session.frameworks}
    key = [specs, asdict(options), code, frameworks, own]
    return sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _started() -> tuple[language.Initializer, language.Optimizer]:
    """The initializer and the optimizer of every case."""
    return selection.initializer("glorot_uniform"), selection.optimizer("adam")


def _versions(framework: str) -> Mapping[str, str]:
    try:
        return installed(framework).versions
    except Unavailable:
        return {}


def _write(file: Path, judged: Sequence[JudgedTrial]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(
            {
                "case": judged_trial.trial.case.to_json(),
                "kind": judged_trial.trial.kind,
                "redraws": judged_trial.trial.redraws,
                "framework": judged_trial.framework,
                "record": records.encode(judged_trial.record),
                "comparisons": [asdict(comparison) for comparison in judged_trial.comparisons],
            }
        )
        for judged_trial in judged
    ]
    sealed.write_sealed_lines(file, lines)


def _settled_before(file: Path) -> Iterator[JudgedTrial]:
    """The judged trials that `_write` wrote. Raises Damaged if the file is not whole, so
    that hours of work are not lost silently."""
    mend = "remove the file, and the same command settles the network again"
    for number, line in enumerate(sealed.read_sealed_lines(file, mend), start=1):
        try:
            yield _read(line)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Damaged(f"{file}, line {number}: a field is missing or of the wrong kind ({error}): {mend}") from None


def _read(line: str) -> JudgedTrial:
    table: dict[str, Any] = parsed(line)
    trial = Trial(Case.from_json(table["case"]), {}, _settled, table["kind"], table["redraws"])
    comparisons = [Comparison(**comparison) for comparison in table["comparisons"]]
    return JudgedTrial(trial, table["framework"], records.decode(table["record"]), comparisons, Path())


def _light(judged_trial: JudgedTrial) -> JudgedTrial:
    """The judged trial without arrays, reference and graph."""
    case = (
        replace(judged_trial.trial.case, graph=None) if judged_trial.trial.case.graph is not None else judged_trial.trial.case
    )
    return replace(
        judged_trial,
        trial=Trial(case, {}, _settled, judged_trial.trial.kind, judged_trial.trial.redraws),
        record=replace(judged_trial.record, arrays=None),
    )


def _settled(_: Mapping[str, Any]) -> list[Comparison]:
    raise RuntimeError("a settled trial is not judged again")
