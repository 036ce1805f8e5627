"""Owns the driving of native optimizers as black boxes: it runs every run of every object in one process, and reads the
records.

It refuses to name a form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution import own_path
from parity.execution.launcher import supervisor_client
from parity.execution.names import BATCH, HYPERPARAMETER, PARAMETER, RATE, array_name, numbers, under
from parity.execution.worker.native_optimizers import packed, unpacked
from parity.fingerprinting.naming import SeenRun
from parity.reference_impl.replay import SeenStep
from parity.spec.cases import Case
from parity.trials import probes
from parity.trials.fingerprint_runs import FIRST, RUNS, DrivenRun
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Trial

Array = npt.NDArray[Any]


NUDGED = RUNS[0].name
PATIENCE = 120.0
"""Seconds for one run of one object. A thousand steps of 22 numbers take a second, so an object that takes longer hangs."""


@dataclass(frozen=True)
class NativeObject:
    """One object: its name as the user wrote it, its import path, and values of its own arguments."""

    target: str
    path: str
    settings: Mapping[str, float | bool]


def drive(
    framework: str,
    native_objects: Sequence[NativeObject],
    values: Sequence[Mapping[str, float]] | None = None,
    further: Sequence[Sequence[DrivenRun]] | None = None,
) -> list[DrivenRecord]:
    """The records of all objects, driven in one process in float64. Objects that fail in float64 run again in float32 (MXNet
    keeps float32 state).

    values: each object's hyper-parameters, by the formulas' names, for one run on ordinary draws; by default values and draws
    that tell forms apart, and further runs. further: each object's further runs, if not all."""
    first = DrivenRun(FIRST, len(probes.RATES), {}, probes.ordinary_draws if values else probes.fingerprint_draws)
    runs = [(first, *own) for own in further or [() if values else RUNS] * len(native_objects)]
    values = values or [probes.SEPARATING] * len(native_objects)
    with supervisor_client.folder("parity-fingerprint-") as store:
        session = Session(store, [framework], python_path=own_path.of_caller(), timeout=PATIENCE)
        records = _driven(session, native_objects, runs, values, "float64")
        crashed = [place for place, driven in enumerate(records) if driven.record.outcome == "crashed"]
        again = _driven(
            session,
            [native_objects[place] for place in crashed],
            [runs[place] for place in crashed],
            [values[place] for place in crashed],
            "float32",
        )
        for place, driven in zip(crashed, again, strict=True):
            records[place] = driven
    return records


def _driven(
    session: Session,
    native_objects: Sequence[NativeObject],
    runs: Sequence[Sequence[DrivenRun]],
    values: Sequence[Mapping[str, float]],
    dtype: str,
) -> list[DrivenRecord]:
    """The records of every object's runs. The first run has the values of `values`, each further run its own."""
    every = {run.name: run for own in runs for run in own}
    draws = {name: packed(run.draws(dtype)) for name, run in every.items()}
    trials = [
        _trial(native_object, draws[run.name], run.values or first, run.steps, place)
        for native_object, own, first in zip(native_objects, runs, values, strict=True)
        for place, run in enumerate(own)
    ]
    read = iter(_read(judged) for judged in session.run(trials))
    return [replace(next(read), further={run.name: next(read) for run in own[1:]}) for own in runs]


def _trial(
    native_object: NativeObject, arrays: Mapping[str, Array], values: Mapping[str, float], steps: int, place: int
) -> Trial:
    case = Case(
        spec=native_object.target,
        task="fingerprint",
        dtype=str(next(iter(arrays.values())).dtype),
        optimizer=native_object.path,
        mode="default",
        arguments=dict(native_object.settings),
        hyperparameters=values,
        steps=steps,
        seed=place,
    )
    return Trial(case, arrays, lambda _: [], "fingerprints")


@dataclass(frozen=True)
class DrivenRecord(JudgedTrial):
    """A judged trial with the arrays of its record, since the store is removed, and with its further runs."""

    arrays: Mapping[str, Array] = field(default_factory=dict)
    further: Mapping[str, DrivenRecord] = field(default_factory=dict)


def _read(judged: JudgedTrial) -> DrivenRecord:
    stored = judged.record.arrays
    arrays = unpacked(array_files.load(judged.out, stored)) if stored else {}
    return DrivenRecord(
        replace(judged.trial, arrays=unpacked(judged.trial.arrays)),
        judged.framework,
        judged.record,
        judged.comparisons,
        judged.out,
        arrays,
    )


def without_zeros(shown: SeenRun) -> SeenRun:
    """The run without hyper-parameters that are 0, which take no part in a name."""
    return replace(shown, hyperparameters={name: value for name, value in shown.hyperparameters.items() if value})


def further(driven: DrivenRecord) -> SeenRun | str:
    """The steps of a further run, or the reason why there are none. NaN and infinity are kept, since no form gives them."""
    if driven.record.outcome != "ran":
        return f"refused, {driven.record.reason.splitlines()[0]}"
    return without_zeros(observed_run(driven))


def seen_of(target: str, driven: DrivenRecord) -> SeenRun:
    """The steps of a record. Raises UsageError if it holds none, or if they hold NaN or infinity."""
    record = driven.record
    if record.outcome == "unavailable":
        raise UsageError(record.reason, status=3)
    if record.outcome == "timed_out":
        raise UsageError(f"{target} did not take its {len(probes.RATES)} steps: {record.reason.splitlines()[0]}", status=3)
    if record.outcome != "ran":
        raise UsageError(
            f"{target} cannot be fingerprinted as optimizer: {record.reason.splitlines()[0]} (`--as` names another kind)"
        )
    shown = observed_run(driven)
    for number, step in enumerate(shown.steps):
        if not all(np.isfinite(array).all() for array in step.after.values()):
            raise UsageError(f"{target} returned NaN or infinity in step {number + 1}, for finite gradients: it has no formula")
    return shown


def observed_run(driven: DrivenRecord) -> SeenRun:
    hyperparameters = {name: float(array) for name, array in under(driven.arrays, HYPERPARAMETER).items()}
    return SeenRun(hyperparameters, steps_of(driven.trial.arrays, driven.arrays), driven.trial.case.dtype)


def steps_of(inputs: Mapping[str, Array], arrays: Mapping[str, Array]) -> list[SeenStep]:
    """The given gradients and the weights that came back, step by step."""
    weights = under(inputs, PARAMETER)
    rate = float(arrays[array_name(HYPERPARAMETER, "learning_rate")])
    steps = []
    for k in numbers(inputs, BATCH):
        gradients = {name: inputs[array_name(BATCH, k, name)] for name in weights}
        after = {name: arrays[array_name(PARAMETER, k, name)] for name in weights}
        steps.append(SeenStep(weights, gradients, after, rate * float(inputs[array_name(BATCH, k, RATE)])))
        weights = after
    return steps
